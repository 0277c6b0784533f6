"""Chosen items of a page become the parts of a document: kinds, lists, tables as Markdown rows, images with
captions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from omnicorpus import place
from omnicorpus.blocks import NAMES, TAGS, Page, Picture, unescape
from omnicorpus.document import Image, Kind, MediaKind, Part, Text
from omnicorpus.image_candidates import (
    absolute,
    best_address,
    declared_size,
    is_placeholder,
    larger_address,
    linked_image,
    starts,
    styled_size,
)
from omnicorpus.scan import (
    ITEM_ALT_END,
    ITEM_ALT_START,
    ITEM_COLUMNS,
    ITEM_END,
    ITEM_FORM,
    ITEM_HEIGHT,
    ITEM_LED,
    ITEM_NAMES,
    ITEM_NODE,
    ITEM_OFFERS,
    ITEM_SILENT,
    ITEM_SOURCE,
    ITEM_SOURCES,
    ITEM_STYLE,
    ITEM_STYLE_END,
    NAMES_FILE,
    NEAR,
    NODE_FIRST,
    NODE_LAST,
    NODE_PARENT,
    NODE_TAG,
    PICTURE,
)

_CELLS = frozenset(("td", "th"))
_TELLING = frozenset(TAGS.index(tag) for tag in ("aside", "nav", "footer", "header", "figure"))

COLUMNS = 200
"""Columns of a table; cells beyond stand in the last one. HTML allows a cell to span 1,000."""

TWIN_REACH = 3
"""Items between a picture and its <noscript> twin, and the picture: some pages set an empty one between."""

_DIGITS = re.compile(r"\s*([+-]?\d{1,9})\s*")
_FORMULA_SIGNS = frozenset("\\^_=")


_ROLES = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), place.HEADER),
    **dict.fromkeys(("ul", "dl", "menu"), place.UNORDERED),
    **dict.fromkeys(_CELLS, place.CELL),
    **dict.fromkeys(("article", "section", "form"), place.HOLDER),
    "ol": place.ORDERED,
    "li": place.ENTRY,
    "dt": place.TERM,
    "dd": place.EXPLANATION,
    "pre": place.PREFORMATTED,
    "blockquote": place.QUOTATION,
    "details": place.DETAILS,
    "table": place.TABLE,
    "caption": place.CAPTION,
    "tr": place.ROW,
}
_TAG_ROLES = np.array([_ROLES.get(tag, place.NO_ROLE) for tag in TAGS], dtype=np.uint8)
_KINDS: tuple[Kind, ...] = get_args(Kind)
_NUMBER_KIND = tuple(_KINDS[_KINDS.index(kind)] for kind in place.KINDS)
_LIST, _TABLE, _TEXT = (place.KINDS.index(kind) for kind in ("list", "table", "text"))


_Words = tuple[str, int, int, int, int]
"""The text of a block of the body, the cell or the entry of a list that it stands in (-1: none), and how that entry
begins: how far it stands in (characters), its mark (see `place`), its number."""


@dataclass(slots=True)
class _Grid:
    """The cells of a data table: row and column of each cell's node, the columns, whether the first row is a header."""

    cells: dict[int, tuple[int, int]]
    columns: int
    header: bool


def assemble(page: Page, chosen: Sequence[bool] | NDArray[np.bool_], images: Mapping[int, Image]) -> tuple[Part, ...]:
    """The parts of the chosen items. `chosen[i]` belongs to `page.items[i]`; `images` holds the part for the
    position of each picture that has an address (see `images_of`)."""
    flags = np.asarray(chosen, dtype=np.bool_)
    if not flags.any():
        return ()
    rows = place.chosen(page.columns.items, page.columns.nodes, _TAG_ROLES, *_numbers(page), flags).tolist()
    words = page.text
    grids: dict[int, _Grid] = {}
    parts: list[Part] = []
    run: list[_Words] = []
    seen: set[str] = set()
    begun: set[int] = set()
    group = kind = -1

    def flush() -> None:
        if kind == _TABLE:
            if group not in grids:
                grids[group] = _grid(page, group)
            text = _table(grids[group], run)
        elif kind == _LIST:
            text = _list(run, begun)
        else:
            text = "\n".join([words[0] for words in run])
        parts.append(Text(text, _NUMBER_KIND[kind]))
        run.clear()

    for position, sort, start, end, next_kind, next_group, entry, indent, mark, number in rows:
        if sort == PICTURE:
            image = images.get(position)
            if image is not None and image.url not in seen:
                seen.add(image.url)
                if run:
                    flush()
                parts.append(image)
            continue
        if next_group != group or group < 0:
            if run:
                flush()
            group, kind = next_group, next_kind
        text = words[start:end]
        if group >= 0:
            run.append((text, entry, indent, mark, number))
        elif next_kind == _TEXT and text[0] in "$\\" and _is_formula(text):
            parts.append(Text(text, "formula"))
        else:
            parts.append(Text(text, _NUMBER_KIND[next_kind]))
    if run:
        flush()
    return tuple(parts)


def _is_formula(text: str) -> bool:
    r"""Whether a text that begins with $ or a backslash is one formula: $$…$$, \[…\], or $…$ with a sign that amounts
    of money lack."""
    if text.startswith("$$"):
        return len(text) > 4 and text.endswith("$$") and "$" not in text[2:-2]
    if text.startswith("$"):
        inner = text[1:-1]
        return text.endswith("$") and "$" not in inner and not _FORMULA_SIGNS.isdisjoint(inner)
    return len(text) > 4 and text.startswith("\\[") and text.endswith("\\]")


_NONE_GIVEN = np.zeros(0, dtype=np.int64)
_NONE_FALLING = np.zeros(0, dtype=np.uint8)


def _numbers(page: Page) -> tuple[NDArray[Any], NDArray[Any]]:
    """The numbers that lists and entries are given, and which lists count down (see `omnicorpus.place`)."""
    nodes = page.columns.nodes
    if not page.given:
        return _NONE_GIVEN, _NONE_FALLING
    numbers = np.full(nodes.shape[1], place.MISSING, dtype=np.int64)
    falling = np.zeros(nodes.shape[1], dtype=np.uint8)
    for node, given in page.given.items():
        tag = nodes[NODE_TAG, node]
        if tag == _OL:
            falling[node] = "reversed" in given
            numbers[node] = _number(given.get("start"), place.MISSING)
        elif tag == _LI:
            numbers[node] = _number(given.get("value"), place.MISSING)
    return numbers, falling


_OL, _LI, _FIGURE, _FIGCAPTION = (TAGS.index(tag) for tag in ("ol", "li", "figure", "figcaption"))


def _number(text: str | None, otherwise: int) -> int:
    match = _DIGITS.fullmatch(text) if text else None
    return int(match[1]) if match else otherwise


_MARKS = ("", "- ", ": ")


def _list(run: Sequence[_Words], begun: set[int]) -> str:
    """Entries with their marks, one a line; further lines and nested lists stand in below the entry's words.

    `begun` are the entries that have their mark already, before a picture: what follows there has none.
    """
    lines: list[tuple[int, str]] = []
    for text, entry, indent, sort, number in run:
        mark = f"{number}. " if sort == place.NUMBER else _MARKS[sort]
        inside = indent + len(mark)
        first, *more = text.split("\n") if "\n" in text else (text,)
        if entry in begun:
            lines.append((inside, first))
        else:
            lines.append((indent, mark + first))
            begun.add(entry)
        if more:
            lines += [(inside, line) for line in more]
    outermost = lines[0][0]
    return "\n".join([" " * (indent - outermost) + line for indent, line in lines])


def _grid(page: Page, table: int) -> _Grid:
    """Where each cell of a table stands, spans counted."""
    nodes = page.nodes
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
            given = page.given.get(index, {})
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


def _table(grid: _Grid, run: Sequence[_Words]) -> str:
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

    for words, entry, *_ in run:
        text = " ".join(words.split()).replace("|", "\\|")
        cell = grid.cells.get(entry)
        if cell is None:
            close()
            lines.append(text)
            continue
        if cell[0] != row:
            close()
            row = cell[0]
        texts[cell[1]] = f"{texts[cell[1]]} {text}" if cell[1] in texts else text
    close()
    return "\n".join(lines)


def context(page: Page, position: int) -> str:
    """Class names and ids of an image and of its `NEAR` ancestors, lower case; also the names of the elements that say
    much."""
    columns = page.pictures[position]
    names = page.names_of(columns) if position not in page.backgrounds else page.name(columns[ITEM_NAMES])
    words = [names[:NAMES]] if names else []
    for tag, name in zip(columns[ITEM_COLUMNS : ITEM_COLUMNS + NEAR], columns[ITEM_COLUMNS + NEAR :], strict=True):
        if name > 0:
            words.append(page.name(name))
        if tag in _TELLING:
            words.append(TAGS[tag])
    return " ".join(words).lower()


class Shown(NamedTuple):
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
    beginnings: tuple[str | None, ...]
    try:
        beginnings = (None, "", *starts(base))
    except ValueError:
        beginnings = (None,) * 5
    silent = []
    for position, columns in page.pictures.items():
        if columns[ITEM_SILENT]:
            silent.append(position)
        start, end, _, width, height = columns[ITEM_SOURCE : ITEM_HEIGHT + 1]
        # what `_shown` would find: the attributes of most pictures need not be read for it, which takes half the time
        begins = beginnings[columns[ITEM_FORM]] if start >= 0 else None
        if begins is not None:
            url: str | None = begins + unescape(page.body[start:end])
        elif start >= 0 and not is_placeholder(source := unescape(page.body[start:end])):
            url = absolute(base, source)
        else:
            if image := _shown(page.picture(position), base):
                found[position] = image
            continue
        if url:
            sides = width if width >= 0 else None, height if height >= 0 else None
            if columns[ITEM_STYLE_END]:
                style = page.body[columns[ITEM_STYLE] : columns[ITEM_STYLE_END]]
                sides = styled_size(unescape(style), *sides)
            found[position] = Shown(url, None, *sides)
    for position in silent:
        if position in found:
            _leave_one(page, base, found, position)
    return found


def _leave_one(page: Page, base: str, found: dict[int, Shown], silent: int) -> None:
    """Of the picture in a <noscript> and one of the same host and name just before it, leave what a reader with scripts
    sees: a bare src is a preview that scripts exchange, any other address is what they exchange it for."""
    first = max(page.columns.nodes[NODE_FIRST, page.pictures[silent][ITEM_NODE]], silent - TWIN_REACH)
    for seen in range(silent - 1, first - 1, -1):
        if seen not in page.pictures or page.pictures[seen][ITEM_SILENT]:
            return
        if seen in found:
            url, other = found[seen].url, found[silent].url
            if url != other and _host_and_name(url) == _host_and_name(other) and found[seen].media is None:
                preview = absolute(base, page.picture(seen).attributes.get("src", "")) == url
                del found[seen if preview else silent]
            return


_SIZE = re.compile(r"[-_]\d+x\d+(?=\.|$)")


def _host_and_name(url: str) -> tuple[str, str]:
    """The host of an address, and the last part of its path without the size that a CMS writes there."""
    host, _, path = url.partition("?")[0].partition("://")[2].partition("/")
    return host, _SIZE.sub("", path.rpartition("/")[2])


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
    page: Page,
    base: str,
    found: Mapping[int, Shown] | None = None,
    chosen: Sequence[bool] | NDArray[np.bool_] | None = None,
) -> dict[int, Image]:
    """The image part of every picture of the page that has an address, by its position; `base` resolves addresses.
    `found` is what `shown` says, if it was asked before; with `chosen`, only the chosen items are of interest."""
    if found is None:
        found = shown(page, base)
    wanted = {position: each for position, each in found.items() if chosen is None or chosen[position]}
    captions = _captions(page) if wanted else {}
    return {position: _image(page, position, each, base, captions) for position, each in wanted.items()}


def _image(page: Page, position: int, seen: Shown, base: str, captions: Mapping[int, str]) -> Image:
    columns = page.pictures[position]
    kind: MediaKind = "image"
    larger = None
    if columns[ITEM_SOURCE] >= 0 and not columns[ITEM_OFFERS] and columns[ITEM_SOURCES] not in page.sources:
        # what `larger_address` would find without reading the attributes
        if columns[ITEM_LED] & NAMES_FILE:
            larger = linked_image(page.link_of(columns))
        alt = unescape(page.body[columns[ITEM_ALT_START] : columns[ITEM_ALT_END]])
    else:
        item = page.picture(position)
        kind = _kind(item)
        alt = item.attributes.get("alt", "")
        if kind == "image":
            larger = larger_address(item.attributes, item.sources, item.link)
    larger = absolute(base, larger) if larger else None
    return Image(
        url=seen.url,
        larger=None if larger == seen.url else larger,
        alt=" ".join(alt.split()) or None,
        declared_width=seen.declared_width,
        declared_height=seen.declared_height,
        context=context(page, position),
        kind=kind,
        media=seen.media,
        caption=captions.get(_figure(page, columns[ITEM_NODE])) if captions else None,
    )


def _figure(page: Page, node: int) -> int:
    """The nearest <figure> around a node, itself included, within `NEAR` steps; -1 where there is none."""
    tags, parents = page.columns.nodes[NODE_TAG], page.columns.nodes[NODE_PARENT]
    for _ in range(NEAR):
        if node < 0 or tags[node] == _FIGURE:
            return node
        node = int(parents[node])
    return -1


def _captions(page: Page) -> dict[int, str]:
    """The text of the <figcaption> of each <figure>, by the figure's node."""
    found: dict[int, str] = {}
    nodes = page.columns.nodes
    for index in np.flatnonzero(nodes[NODE_TAG] == _FIGCAPTION).tolist():
        parent, _, first, last = nodes[NODE_PARENT : NODE_LAST + 1, index].tolist()
        if (figure := _figure(page, parent)) > 0:
            kinds, _, starts, ends = page.columns.items[: ITEM_END + 1, first:last].tolist()
            texts = (
                page.text[start:end] for kind, start, end in zip(kinds, starts, ends, strict=True) if kind != PICTURE
            )
            if text := " ".join(" ".join(texts).split()):
                found.setdefault(figure, text)
    return found
