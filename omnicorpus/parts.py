"""Chosen items of a page become the parts of a document: kinds, lists, tables as Markdown rows, images with
captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from omnicorpus.blocks import Block, Nodes, Page, Picture
from omnicorpus.document import Image, Kind, MediaKind, Part, Text
from omnicorpus.image_candidates import absolute, best_address, declared_size, larger_address

_HEADERS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LISTS = frozenset(("ul", "ol", "dl", "menu"))
_ENTRIES = frozenset(("li", "dt", "dd"))
_CELLS = frozenset(("td", "th"))
_SHAPING = _HEADERS | _LISTS | _ENTRIES | {"pre", "blockquote", "details", "table", "tr"}
_NOT_IN_DATA = _HEADERS | _LISTS | {"table", "pre", "article", "section", "form"}
_TELLING = frozenset(("aside", "nav", "footer", "header", "figure"))
NEAR = 4
"""Ancestors whose class names and ids go into the context of an image."""


def assemble(page: Page, chosen: Sequence[bool], images: Mapping[int, Image]) -> tuple[Part, ...]:
    """The parts of the chosen items. `chosen[i]` belongs to `page.items[i]`; `images` holds the part for the
    position of each picture that has an address (see `images_of`)."""
    places = _places(page.nodes)
    parts: list[Part] = []
    lines: list[str] = []
    open_group = -1
    group_kind: Kind = "text"
    open_row = -1
    open_entry = -1
    last_block_node = -1

    def flush() -> None:
        nonlocal open_group, open_row, open_entry
        if lines:
            parts.append(Text("\n".join(lines), group_kind))
            lines.clear()
        open_group = open_row = open_entry = -1

    seen: set[str] = set()
    for position, (item, wanted) in enumerate(zip(page.items, chosen, strict=True)):
        if not wanted:
            continue
        if isinstance(item, Picture):
            image = images.get(position)
            if image is not None and image.url not in seen:
                seen.add(image.url)
                flush()
                parts.append(image)
            continue
        kind, group, entry = places[item.node]
        if group < 0:
            flush()
            parts.append(Text(item.text, kind))
            continue
        if group != open_group:
            flush()
            open_group = group
            group_kind = kind
        if kind == "table":
            row, cell = entry, item.node
            text = " ".join(item.text.split()).replace("|", "\\|")
            if row == open_row and lines:
                lines[-1] += (" " if cell == last_block_node else " | ") + text
            else:
                lines.append(text)
                open_row = row
        elif kind == "list":
            if entry == open_entry:
                lines.append("  " + item.text.replace("\n", "\n  "))
            else:
                lines.append("- " + item.text.replace("\n", "\n  "))
                open_entry = entry
        else:
            lines.append(item.text)
        last_block_node = item.node
    flush()
    return tuple(parts)


def _places(nodes: Nodes) -> list[tuple[Kind, int, int]]:
    """For each node: the kind of text in it, the node that gathers it (-1: stands alone), and its row or item."""
    places: list[tuple[Kind, int, int]] = [("text", -1, -1)]
    for index, (tag, parent) in enumerate(zip(nodes.tags, nodes.parents, strict=True)):
        if not index:
            continue
        if tag not in _SHAPING:
            places.append(places[parent])
            continue
        kind, group, entry = places[parent]
        if tag in _HEADERS:
            places.append(("header", -1, -1))
        elif kind == "table":
            places.append((kind, group, index if tag == "tr" else entry))
        elif tag == "pre":
            places.append(("code", -1, -1))
        elif tag == "blockquote":
            places.append(("quote", index, -1))
        elif tag == "details":
            places.append(("detail", index, -1))
        elif tag in _LISTS:
            places.append(("list", group if kind == "list" else index, entry if kind == "list" else -1))
        elif tag in _ENTRIES:
            places.append(("list", group if kind == "list" else parent, index))
        elif tag == "table" and _is_data(nodes, index):
            places.append(("table", index, -1))
        else:
            places.append((kind, group, entry))
    return places


def _is_data(nodes: Nodes, table: int) -> bool:
    """Whether a table holds data, not a page's layout: no table, heading or list inside, some rows of several cells."""
    rows = cells = 0
    for index in range(table + 1, len(nodes)):
        if nodes.depths[index] <= nodes.depths[table]:
            break
        tag = nodes.tags[index]
        if tag in _NOT_IN_DATA:
            return False
        rows += tag == "tr"
        cells += tag in _CELLS
    return rows >= 2 and cells >= rows + 2


def context(nodes: Nodes, item: Picture) -> str:
    """Class names and ids of an image and of its near ancestors, lower case; also the names of the elements that say
    much."""
    words = [item.names] if item.names else []
    index = item.node
    for _ in range(NEAR):
        if index < 0:
            break
        if nodes.names[index]:
            words.append(nodes.names[index])
        if nodes.tags[index] in _TELLING:
            words.append(nodes.tags[index])
        index = nodes.parents[index]
    return " ".join(words).lower()


def picture_part(nodes: Nodes, item: Picture, base: str) -> Image | None:
    """The image part of a picture, or None where it has no address."""
    attributes = item.attributes
    kind: MediaKind = "image"
    media: str | None = None
    larger: str | None = None
    if item.tag in ("video", "amp-video", "audio"):
        kind = "audio" if item.tag == "audio" else "video"
        source = attributes.get("src") or next((each["src"] for each in item.sources if each.get("src")), None)
        media = absolute(base, source) if source else None
        address = attributes.get("poster") or attributes.get("data-poster") or source
    else:
        address = best_address(attributes, item.sources)
        larger = larger_address(attributes, item.sources, item.link)
    url = absolute(base, address) if address else None
    if not url:
        return None
    width, height = declared_size(attributes)
    larger = absolute(base, larger) if larger else None
    return Image(
        url=url,
        larger=None if larger == url else larger,
        alt=" ".join(attributes.get("alt", "").split()) or None,
        declared_width=width,
        declared_height=height,
        context=context(nodes, item),
        kind=kind,
        media=media,
    )


def images_of(page: Page, base: str) -> dict[int, Image]:
    """The image part of every picture of the page that has an address, by its position; `base` resolves addresses."""
    captions = _captions(page)
    found = {}
    for position, item in enumerate(page.items):
        if isinstance(item, Picture):
            image = picture_part(page.nodes, item, base)
            if image is not None:
                if captions and (caption := captions.get(_figure(page.nodes, item.node))):
                    image = replace(image, caption=caption)
                found[position] = image
    return found


def _figure(nodes: Nodes, index: int) -> int:
    """The nearest <figure> around a node, itself included, within `NEAR` steps; -1 where there is none."""
    for _ in range(NEAR):
        if index < 0 or nodes.tags[index] == "figure":
            return index
        index = nodes.parents[index]
    return -1


def _captions(page: Page) -> dict[int, str]:
    """The text of the <figcaption> of each <figure>, by the figure's node."""
    nodes = page.nodes
    found: dict[int, str] = {}
    for index, tag in enumerate(nodes.tags):
        if tag == "figcaption" and (figure := _figure(nodes, nodes.parents[index])) > 0:
            texts = (
                item.text for item in page.items[nodes.first[index] : nodes.last[index]] if isinstance(item, Block)
            )
            if text := " ".join(" ".join(texts).split()):
                found.setdefault(figure, text)
    return found
