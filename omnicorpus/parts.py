"""Chosen items of a page become the parts of a document: kinds, lists, tables as Markdown rows, images with
captions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from omnicorpus.blocks import Block, Nodes, Page, Picture
from omnicorpus.document import Image, Kind, MediaKind, Part, Text
from omnicorpus.image_candidates import absolute, best_address, declared_size, larger_address
from omnicorpus.scan import ITEM_KIND, PICTURE

_HEADERS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LISTS = frozenset(("ul", "ol", "dl", "menu"))
_ENTRIES = frozenset(("li", "dt", "dd"))
_CELLS = frozenset(("td", "th"))
_SHAPING = _HEADERS | _LISTS | _ENTRIES | _CELLS | {"pre", "blockquote", "details", "table", "caption"}
_NOT_IN_DATA = _HEADERS | _LISTS | {"table", "pre", "article", "section", "form"}
_TELLING = frozenset(("aside", "nav", "footer", "header", "figure"))
NEAR = 4
"""Ancestors whose class names and ids go into the context of an image."""

COLUMNS = 200
"""Columns of a table; cells beyond stand in the last one. HTML allows a cell to span 1,000."""

_DIGITS = re.compile(r"\s*([+-]?\d{1,9})\s*")
_FORMULA = re.compile(r"\$\$[^$]+\$\$|\\\[.+\\\]|\$[^$]*[\\^_=][^$]*\$", re.DOTALL)


@dataclass(slots=True)
class _Place:
    """Where a node's text goes: its kind, the node that gathers it (-1: it stands alone), the cell or list entry."""

    kind: Kind = "text"
    group: int = -1
    entry: int = -1


@dataclass(slots=True)
class _Entry:
    """How an entry of a list begins: its mark and how far it stands in, in characters."""

    mark: str
    indent: int


@dataclass(slots=True)
class _Grid:
    """The cells of a data table: row and column of each cell's node, the columns, whether the first row is a header."""

    cells: dict[int, tuple[int, int]]
    columns: int
    header: bool


def assemble(page: Page, chosen: Sequence[bool], images: Mapping[int, Image]) -> tuple[Part, ...]:
    """The parts of the chosen items. `chosen[i]` belongs to `page.items[i]`; `images` holds the part for the
    position of each picture that has an address (see `images_of`)."""
    nodes = page.nodes
    places, entries = _places(nodes)
    grids: dict[int, _Grid] = {}
    parts: list[Part] = []
    run: list[Block] = []
    seen: set[str] = set()
    begun: set[int] = set()
    group = -1

    def flush() -> None:
        if not run:
            return
        kind = places[run[0].node].kind
        if kind == "table":
            if group not in grids:
                grids[group] = _grid(nodes, group)
            text = _table(grids[group], run, places)
        elif kind == "list":
            text = _list(entries, run, places, begun)
        else:
            text = "\n".join(block.text for block in run)
        parts.append(Text(text, kind))
        run.clear()

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
        place = places[item.node]
        if place.group != group or group < 0:
            flush()
            group = place.group
        if group < 0:
            kind = "formula" if place.kind == "text" and _FORMULA.fullmatch(item.text) else place.kind
            parts.append(Text(item.text, kind))
        else:
            run.append(item)
    flush()
    return tuple(parts)


def _places(nodes: Nodes) -> tuple[list[_Place], dict[int, _Entry]]:
    """The place of each node, and how each entry of a list begins."""
    places = [_Place()]
    entries: dict[int, _Entry] = {}
    next_number: dict[int, int] = {}
    steps: dict[int, int] = {}
    sizes = Counter(parent for tag, parent in zip(nodes.tags, nodes.parents, strict=True) if tag == "li")
    for index, (tag, parent) in enumerate(zip(nodes.tags, nodes.parents, strict=True)):
        if not index:
            continue
        place = places[parent]
        if tag not in _SHAPING:
            pass
        elif tag in _HEADERS:
            place = _Place("header")
        elif place.kind == "table":
            if tag in _CELLS:
                place = _Place("table", place.group, index)
            elif tag == "caption":
                place = _Place()
        elif tag == "pre":
            place = _Place("code", index)
        elif tag == "blockquote":
            place = _Place("quote", index)
        elif tag == "details":
            place = _Place("detail", index)
        elif tag in _LISTS:
            if tag == "ol":
                given = nodes.given.get(index, {})
                steps[index] = -1 if "reversed" in given else 1
                next_number[index] = _number(given.get("start"), sizes[index] if "reversed" in given else 1)
            place = _Place("list", place.group, place.entry) if place.kind == "list" else _Place("list", index)
        elif tag in _ENTRIES:
            inside = place.kind == "list"
            above = entries.get(place.entry) if inside else None
            indent = above.indent + len(above.mark) if above is not None else 0
            mark = {"dt": "", "dd": ": "}.get(tag, "- ")
            if parent in next_number:
                number = _number(nodes.given.get(index, {}).get("value"), next_number[parent])
                next_number[parent] = number + steps[parent]
                mark = f"{number}. "
            entries[index] = _Entry(mark, min(indent, 40))
            place = _Place("list", place.group if inside else parent, index)
        elif tag == "table" and _is_data(nodes, index):
            place = _Place("table", index)
        places.append(place)
    return places, entries


def _number(text: str | None, otherwise: int) -> int:
    match = _DIGITS.fullmatch(text) if text else None
    return int(match[1]) if match else otherwise


def _list(entries: Mapping[int, _Entry], run: Sequence[Block], places: Sequence[_Place], begun: set[int]) -> str:
    """Entries with their marks, one a line; further lines and nested lists stand in below the entry's words.

    `begun` are the entries that have their mark already, before a picture: what follows there has none.
    """
    lines: list[tuple[int, str]] = []
    for block in run:
        entry = places[block.node].entry
        begins = entries.get(entry, _Entry("", 0))
        first, *more = block.text.split("\n")
        inside = begins.indent + len(begins.mark)
        lines.append((inside, first) if entry in begun else (begins.indent, begins.mark + first))
        lines.extend((inside, line) for line in more)
        begun.add(entry)
    outermost = lines[0][0]
    return "\n".join(" " * max(indent - outermost, 0) + line for indent, line in lines)


def _grid(nodes: Nodes, table: int) -> _Grid:
    """Where each cell of a table stands, spans counted."""
    cells: dict[int, tuple[int, int]] = {}
    below: dict[int, int] = {}
    row = -1
    column = columns = 0
    of_head: set[int] = set()
    header = True
    for index in range(table + 1, len(nodes)):
        if nodes.depths[index] <= nodes.depths[table]:
            break
        tag = nodes.tags[index]
        if tag == "thead" or (tag == "tr" and nodes.parents[index] in of_head):
            of_head.add(index)
        if tag == "tr":
            row, column = row + 1, 0
            below = {place: left - 1 for place, left in below.items() if left > 1}
        elif tag in _CELLS and row >= 0:
            while column in below:
                column += 1
            given = nodes.given.get(index, {})
            width = max(1, min(_number(given.get("colspan"), 1), COLUMNS))
            height = max(1, min(_number(given.get("rowspan"), 1), 65_534))
            cells[index] = (row, min(column, COLUMNS - 1))
            if height > 1:
                below.update(dict.fromkeys(range(column, min(column + width, COLUMNS)), height))
            column = min(column + width, COLUMNS)
            columns = max(columns, column)
            if row == 0 and tag == "td" and nodes.parents[index] not in of_head:
                header = False
    return _Grid(cells, columns, header and bool(cells))


def _table(grid: _Grid, run: Sequence[Block], places: Sequence[_Place]) -> str:
    """Markdown rows, with a rule below the header row; words of a table that stand in no cell are a line by themselves.

    A row that an image has cut in two is two rows, each with empty cells for the other's.
    """
    lines: list[str] = []
    texts: dict[int, str] = {}
    row = -1

    def close() -> None:
        nonlocal row
        if texts:
            lines.append("| " + " | ".join(texts.get(column, "") for column in range(grid.columns)) + " |")
            if row == 0 and grid.header:
                lines.append("|" + " --- |" * grid.columns)
            texts.clear()

    for block in run:
        text = " ".join(block.text.split()).replace("|", "\\|")
        place = grid.cells.get(places[block.node].entry)
        if place is None:
            close()
            lines.append(text)
            continue
        if place[0] != row:
            close()
            row = place[0]
        texts[place[1]] = f"{texts[place[1]]} {text}" if place[1] in texts else text
    close()
    return "\n".join(lines)


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


@dataclass(frozen=True, slots=True)
class Shown:
    """What of an image must be known before it is chosen: its absolute address, for a video its own (`media`), and the
    size that the page declares, in CSS pixels."""

    url: str
    media: str | None
    declared_width: int | None
    declared_height: int | None


def _kind(item: Picture) -> MediaKind:
    if item.tag in ("video", "amp-video"):
        return "video"
    return "audio" if item.tag == "audio" else "image"


def shown(page: Page, base: str) -> dict[int, Shown]:
    """The address and size of every picture of the page that has an address, by its position; `base` resolves
    addresses."""
    found = {}
    for position in np.flatnonzero(page.columns.items[ITEM_KIND] == PICTURE).tolist():
        item = page.items[position]
        if isinstance(item, Picture) and (image := _shown(item, base)) is not None:
            found[position] = image
    return found


def _shown(item: Picture, base: str) -> Shown | None:
    attributes = item.attributes
    media: str | None = None
    if _kind(item) == "image":
        address = best_address(attributes, item.sources)
    else:
        source = attributes.get("src") or next((each["src"] for each in item.sources if each.get("src")), None)
        media = absolute(base, source) if source else None
        address = attributes.get("poster") or attributes.get("data-poster") or source
    url = absolute(base, address) if address else None
    return Shown(url, media, *declared_size(attributes)) if url else None


def images_of(
    page: Page, base: str, found: Mapping[int, Shown] | None = None, chosen: Sequence[bool] | None = None
) -> dict[int, Image]:
    """The image part of every picture of the page that has an address, by its position; `base` resolves addresses.
    `found` is what `shown` says, if it was asked before; with `chosen`, only the chosen items are of interest."""
    if found is None:
        found = shown(page, base)
    wanted = {position: each for position, each in found.items() if chosen is None or chosen[position]}
    captions = _captions(page) if wanted else {}
    return {position: _image(page, position, each, base, captions) for position, each in wanted.items()}


def _image(page: Page, position: int, seen: Shown, base: str, captions: Mapping[int, str]) -> Image:
    item = page.items[position]
    if not isinstance(item, Picture):
        raise TypeError(f"item {position} is no picture")
    kind = _kind(item)
    larger = larger_address(item.attributes, item.sources, item.link) if kind == "image" else None
    larger = absolute(base, larger) if larger else None
    return Image(
        url=seen.url,
        larger=None if larger == seen.url else larger,
        alt=" ".join(item.attributes.get("alt", "").split()) or None,
        declared_width=seen.declared_width,
        declared_height=seen.declared_height,
        context=context(page.nodes, item),
        kind=kind,
        media=seen.media,
        caption=captions.get(_figure(page.nodes, item.node)) if captions else None,
    )


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
    if "figcaption" not in nodes.tags:
        return found
    for index, tag in enumerate(nodes.tags):
        if tag == "figcaption" and (figure := _figure(nodes, nodes.parents[index])) > 0:
            texts = (
                item.text for item in page.items[nodes.first[index] : nodes.last[index]] if isinstance(item, Block)
            )
            if text := " ".join(" ".join(texts).split()):
                found.setdefault(figure, text)
    return found
