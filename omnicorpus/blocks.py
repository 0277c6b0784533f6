"""Markup to blocks: the runs of text and the images of a page, in reading order, each with its place in the tree.

A block is what a reader sees as one paragraph, heading, cell or item: text between two borders that break a line. The
reader never recurses and never looks back, so time and memory are linear in the markup, however it nests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus import mathml, scan
from omnicorpus.tree import NESTING, TooDeep

_TOKEN = re.compile(r'<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]*+(?:="[^"]*+"|=))*+[^>=]*+)>([^<]*+)')
"""A quote opens a value only behind an equals sign: names of attributes may hold quotes too, and a reader that pairs
those would run to the end of the page from every tag. Nothing is tried twice."""
_ATTRIBUTE = re.compile(r'\s([^\s=>"]+)(?:="([^"]*)")?')
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,200}?url\(\s*[\"']?([^\"')]{1,2000})", re.IGNORECASE)
_HIDDEN = re.compile(
    r'\shidden(?:[\s=]|$)|style="[^"]*(?:display\s*:\s*none|visibility\s*:\s*hidden)|aria-hidden="true"', re.IGNORECASE
)

_INLINE = [
    "abbr",
    "acronym",
    "bdi",
    "bdo",
    "big",
    "blink",
    "cite",
    "code",
    "data",
    "del",
    "dfn",
    "font",
    "i",
    "ins",
    "kbd",
    "label",
    "mark",
    "nobr",
    "output",
    "q",
    "ruby",
    "rb",
    "rtc",
    "s",
    "samp",
    "small",
    "strike",
    "sub",
    "sup",
    "tt",
    "u",
    "var",
    "map",
    "slot",
]
"""Elements that do not break a line and need no care. What is not named here does, unknown names too: a page's own
elements hold blocks."""

_PLAYERS = ("video", "audio", "amp-video")
_KINDS: dict[str, int] = {
    "body": scan.OTHER,
    **dict.fromkeys(_INLINE, scan.PLAIN),
    **dict.fromkeys(("b", "strong", "em"), scan.STRONG),
    **dict.fromkeys(("area", "input", "link", "meta", "param", "track", "base", "embed"), scan.EMPTY),
    **dict.fromkeys(("hr", "col"), scan.RULE),
    "a": scan.LINK,
    "span": scan.SPAN,
    "br": scan.LINE,
    "wbr": scan.WORD,
    "noscript": scan.QUIET,
    "picture": scan.CHOICE,
    "time": scan.DATED,
    "math": scan.MATH,
    **dict.fromkeys((
        "p", "div", "li", "td", "th", "h1", "h2", "h3", "h4", "blockquote", "section", "article", "dd", "dt",
        "figcaption", "summary", "button", "header", "footer", "legend", "main", "aside", "nav", "form", "table", "ul",
        "ol", "figure", "details",
    ), scan.OTHER),
    **dict.fromkeys(("img", "amp-img", "amp-anim", "image"), scan.MEDIA),
    "pre": scan.OTHER,
    "source": scan.MEDIA,
    **dict.fromkeys(_PLAYERS, scan.MEDIA),
}  # fmt: skip
"""What each known element does; `scan.read` wants body first; pre, source and the players last."""

TAGS = tuple(_KINDS)
"""The known elements: the number of a tag in `Columns.nodes` is its place here."""
_COUNTED = np.array([TAGS.index(tag) for tag in ("ol", "li", "td", "th")])
_NUMBERED = re.compile(r"\s(?:start|value|reversed|colspan|rowspan)=")
_SHORTEST = len(' start=""')
_PLACES = 1 << (4 * len(TAGS)).bit_length()


@dataclass(frozen=True, slots=True)
class Columns:
    """What `read` found, as arrays for those that compute: tables as `omnicorpus.scan` describes them, `text` the
    characters that text items are spans of, `strings` the names by their number."""

    nodes: Ints
    items: Ints
    text: NDArray[np.uint32]
    strings: list[str]


Ints = NDArray[np.int32]


@dataclass(slots=True)
class Nodes:
    """The elements that break lines, as columns; 0 is the body, a parent has a smaller index than its children.

    `first` and `last` bound the items of a node: page.items[first:last]. `names` are class, id, role, rel and itemprop.
    `given` holds the attributes of those lists, entries and cells that have a number (start, value, spans) or are
    reversed.
    """

    tags: list[str]
    names: list[str]
    parents: list[int]
    depths: list[int]
    first: list[int]
    last: list[int]
    hidden: list[bool]
    given: dict[int, dict[str, str]]

    def __len__(self) -> int:
        return len(self.tags)


@dataclass(slots=True)
class Block:
    """A run of text. `node` is the index of the innermost line-breaking element around it.

    `linked` counts the characters of `text` inside links, `links` the links, `names` holds class and id of the first
    inline element within. `strong` counts characters in b, strong and h-like inline elements. `latex` says that the
    whole block is a formula.
    """

    text: str
    node: int
    linked: int = 0
    links: int = 0
    names: str = ""
    strong: int = 0
    timed: bool = False
    latex: bool = False


@dataclass(slots=True)
class Picture:
    """An image, video or audio element at its place. `attributes` are as written, entities resolved.

    `sources` are the attributes of the <source> elements of its <picture>, <video> or <audio>. `link` is the address of
    the link around it, `alone` says that no text stood before it in that link. `names` holds class and id of itself and
    of inline elements around it. `silent` marks an image of a <noscript>.
    """

    tag: str
    attributes: dict[str, str]
    node: int
    sources: list[dict[str, str]] = field(default_factory=list)
    link: str | None = None
    names: str = ""
    silent: bool = False
    alone: bool = False


Item = Block | Picture


@dataclass(slots=True)
class Page:
    """`items` in reading order, each with the index of its node; `columns` the same as arrays."""

    nodes: Nodes
    items: list[Item]
    columns: Columns


def unescape(text: str) -> str:
    """Resolve the five character references that a serialiser writes."""
    if "&" not in text:
        return text
    return (
        text.replace("&nbsp;", "\xa0")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&amp;", "&")
    )


def attributes(raw: str) -> dict[str, str]:
    """The attributes of one serialised tag, entities resolved; the value of a bare attribute is empty."""
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(raw)}


def read(body: str, *, backgrounds: bool = False) -> Page:
    """Read the markup of a body, as `omnicorpus.tree.parse` returns it. Raises `TooDeep`.

    With `backgrounds`, the background image of a line-breaking element's style is a picture at the element's start.
    """
    if "<math" in body:
        body = _with_latex(body)
    nodes, items, sources, _, n_nodes, n_items, n_sources, _, text, pool, ends, depth = _scanned(
        body, latex=True, backgrounds=backgrounds
    )
    if depth > NESTING:
        raise TooDeep(depth)
    count = int(ends[0])
    bounds = ends[1 : count + 1].tolist()
    names = _text(pool[: bounds[-1]])
    strings = [names[start:end] for start, end in pairwise([0, *bounds])]
    columns = Columns(nodes[:, :n_nodes], items[:, :n_items], text, strings)
    lists: dict[int, list[dict[str, str]]] = {}
    for number, start, end in sources[:, :n_sources].T.tolist():
        lists.setdefault(number, []).append(attributes(body[start:end]))
    page = Page(_nodes(columns, body), _items(columns, body, lists), columns)
    return _with_found_backgrounds(page, body) if backgrounds else page


@cache
def _tag_table() -> tuple[NDArray[np.uint64], Ints, NDArray[np.uint8]]:
    """What `scan.read` needs to know of the known tags: how to find them, and their kinds."""
    ends = np.cumsum([len(tag) for tag in TAGS], dtype=np.int32)
    keys, numbers = scan.numbered(_codes("".join(TAGS)), ends, _PLACES)
    return keys, numbers, np.array(list(_KINDS.values()), dtype=np.uint8)


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _text(codes: NDArray[np.uint32]) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _scanned(body: str, *, latex: bool, backgrounds: bool) -> tuple[Any, ...]:
    codes = _codes(body)
    less = int(np.count_nonzero(codes == ord("<")))
    return scan.read(codes, less, *_tag_table(), TAGS.index("pre"), NESTING, latex, backgrounds)


def _with_latex(body: str) -> str:
    """The markup with the LaTeX of each formula in the place of its elements; a formula that never ends is cut."""
    spans, count = itemgetter(3, 7)(_scanned(body, latex=False, backgrounds=False))
    pieces = []
    done = 0
    for start, end, text_end in spans[:, :count].T.tolist():
        tokens = _TOKEN.findall(body[start:text_end])
        closed = bool(tokens[-1][0]) and tokens[-1][1] == "math"
        pieces += [body[done:start], f"<math>{_latex(tokens)}</math>" if closed else ""]
        done = end
    return "".join((*pieces, body[done:]))


def _nodes(columns: Columns, body: str) -> Nodes:
    tags, names, parents, depths, first, last = columns.nodes[: scan.NODE_LAST + 1].tolist()
    strings = columns.strings
    words = [*TAGS, *strings]
    hidden = [False] * len(tags)
    hiding = [
        node
        for node in np.flatnonzero(columns.nodes[scan.NODE_HIDDEN]).tolist()
        if _HIDDEN.search(body[columns.nodes[scan.NODE_RAW, node] : columns.nodes[scan.NODE_RAW_END, node]])
    ]
    if hiding:
        for node in hiding:
            hidden[node] = True
        for node in range(hiding[0], len(tags)):
            hidden[node] = hidden[node] or hidden[parents[node]]
    given = {}
    starts, ends = columns.nodes[scan.NODE_RAW], columns.nodes[scan.NODE_RAW_END]
    counted = np.isin(columns.nodes[0], _COUNTED) & (ends - starts > _SHORTEST)
    for node in np.flatnonzero(counted).tolist():
        raw = body[starts[node] : ends[node]]
        if _NUMBERED.search(raw):
            given[node] = attributes(raw)
    return Nodes(
        [words[tag] for tag in tags],
        [strings[name] for name in names],
        parents,
        depths,
        first,
        last,
        hidden,
        given,
    )


def _items(columns: Columns, body: str, lists: Mapping[int, list[dict[str, str]]]) -> list[Item]:
    """The items as objects; a background is a picture whose address is not yet looked for."""
    strings = columns.strings
    text = _text(columns.text)
    items: list[Item] = []
    for position, (kind, node, start, end, names, linked, links, strong, timed) in enumerate(
        columns.items[: scan.ITEM_TIMED + 1].T.tolist()
    ):
        if kind == scan.TEXT:
            items.append(Block(text[start:end], node, linked, links, strings[names], strong, timed == 1))
        elif kind == scan.PICTURE:
            silent, alone, *outer = columns.items[scan.ITEM_SILENT :, position].tolist()
            items.append(
                Picture(
                    TAGS[strong],
                    attributes(body[start:end]),
                    node,
                    lists.get(timed, []),
                    unescape(body[linked:links]) if 0 <= linked < links else None,
                    " ".join((strings[names], *(strings[each] for each in outer if each >= 0))).strip(),
                    silent == 1,
                    alone == 1,
                )
            )
        else:
            items.append(Picture("img", attributes(body[start:end]), node, names=strings[names]))
    return items


def _with_found_backgrounds(page: Page, body: str) -> Page:
    """The page with the addresses of background images as their src, and without those that have none."""
    items, columns = page.items, page.columns
    dropped = np.zeros(len(items) + 1, dtype=np.int32)
    for position in np.flatnonzero(columns.items[scan.ITEM_KIND] == scan.BACKGROUND).tolist():
        item = items[position]
        start, end = columns.items[scan.ITEM_START, position], columns.items[scan.ITEM_END, position]
        if isinstance(item, Picture) and (found := _BACKGROUND.search(unescape(body[start:end]))):
            item.attributes["src"] = found[1].strip()
        else:
            dropped[position] = 1
    kept = np.flatnonzero(dropped[:-1] == 0)
    moved = np.cumsum(dropped) - dropped
    columns.nodes[scan.NODE_FIRST] -= moved[columns.nodes[scan.NODE_FIRST]]
    columns.nodes[scan.NODE_LAST] -= moved[columns.nodes[scan.NODE_LAST]]
    page.nodes.first, page.nodes.last = columns.nodes[[scan.NODE_FIRST, scan.NODE_LAST]].tolist()
    columns.items[scan.ITEM_KIND, kept] = np.minimum(columns.items[scan.ITEM_KIND, kept], scan.PICTURE)
    found_columns = Columns(columns.nodes, columns.items[:, kept], columns.text, columns.strings)
    return Page(page.nodes, [items[position] for position in kept.tolist()], found_columns)


def _latex(tokens: list[tuple[str, str, str, str]]) -> str:
    """The LaTeX of a <math> element, escaped, between dollar signs (two where it is displayed): the source that it
    carries, else what its elements say, else its text."""
    given = attributes(tokens[0][2])
    source: list[str] = []
    inside = False
    for slash, tag, raw, text in tokens:
        if tag == "annotation":
            inside = not slash and "tex" in raw.lower()
        if inside:
            source.append(text)
    formula = unescape("".join(source)).strip() or given.get("alttext", "").strip()
    if formula.startswith(r"{\displaystyle ") and formula.endswith("}"):
        formula = formula[len(r"{\displaystyle ") : -1].strip()
    if not formula:
        formula = mathml.latex(
            (slash == "/", tag, attributes(raw) if raw else {}, unescape(text)) for slash, tag, raw, text in tokens[:-1]
        )
    if not formula:
        return " ".join(" ".join(text for _, _, _, text in tokens[:-1]).split())
    mark = "$$" if given.get("display") == "block" or given.get("mode") == "display" else "$"
    return f"{mark}{formula}{mark}".replace("&", "&amp;").replace("<", "&lt;")
