"""Markup to blocks: the runs of text and the images of a page, in reading order, each with its place in the tree.

A block is what a reader sees as one paragraph, heading, cell or item: text between two borders that break a line. The
reader never recurses and never looks back, so time and memory are linear in the markup, however it nests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus import mathml, scan
from omnicorpus.image_candidates import BLANKS, LAZY, ORIGINALS, SETS
from omnicorpus.tree import NESTING, TooDeep

_TOKEN = re.compile(r'<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]*+(?:="[^"]*+"|=))*+[^>=]*+)>([^<]*+)')
"""A quote opens a value only behind an equals sign: names of attributes may hold quotes too, and a reader that pairs
those would run to the end of the page from every tag. Nothing is tried twice."""
_ATTRIBUTE = re.compile(r'\s([^\s=>"]+)(?:="([^"]*)")?')
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,200}?url\(\s*[\"']?([^\"')]{1,2000})", re.IGNORECASE)

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
        "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article", "dl", "dd", "dt",
        "figcaption", "summary", "button", "header", "footer", "legend", "main", "aside", "nav", "form", "table",
        "caption", "tr", "ul", "menu", "figure", "details",
    ), scan.OTHER),
    **dict.fromkeys(("img", "amp-img", "amp-anim", "image"), scan.MEDIA),
    **dict.fromkeys(("ol", "li", "td", "th", "pre"), scan.OTHER),
    "source": scan.MEDIA,
    **dict.fromkeys(_PLAYERS, scan.MEDIA),
}  # fmt: skip
"""What each known element does; `scan.read` wants body first; ol, li, td, th, pre, source and the players last."""

TAGS = tuple(_KINDS)
"""The known elements: the number of a tag in `Columns.nodes` is its place here."""
_PRE = TAGS.index("pre")
_NUMBERED = re.compile(r"\s(?:start|value|reversed|colspan|rowspan)=")
_COMMENT = re.compile("<!--.*?-->", re.DOTALL)
_PLACES = 1 << (4 * len(TAGS)).bit_length()


NAMES = 1_000
"""Characters of one element's names that are looked at: all images of a page may stand in an element with a name as
long as the page."""

SOURCES = 50
"""<source> elements of one <picture> or player that are looked at: a page may hold thousands of images in one picture,
and each asks all of them. The most of 1,419 real pages is 16."""

Ints = NDArray[np.int32]
Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Columns:
    """What `read` found, as arrays for those that compute: tables as `omnicorpus.scan` describes them, `text` the
    characters that text items are spans of; the names by their number are spans of `pool` up to `ends`."""

    nodes: Ints
    items: Ints
    text: Codes
    pool: Codes
    ends: Ints


@dataclass(slots=True)
class Nodes:
    """The elements that break lines, as columns; 0 is the body, a parent has a smaller index than its children.

    `first` and `last` bound the items of a node: page.items[first:last]. `names` are class, id, role, rel and itemprop.
    """

    tags: list[str]
    names: list[str]
    parents: list[int]
    depths: list[int]
    first: list[int]
    last: list[int]

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


@dataclass(frozen=True)
class Page:
    """What `read` found. Most of a page is never asked for as objects, so that they are made when they are.

    `given` holds the attributes of those lists, entries and cells that have a number (start, value, spans) or are
    reversed. `sources` are those of each list that pictures name, `backgrounds` the addresses of background images by
    their position among the items. `text` has the characters that texts are spans of.
    """

    columns: Columns
    body: str
    text: str
    given: dict[int, dict[str, str]]
    sources: dict[int, list[dict[str, str]]]
    backgrounds: dict[int, str]
    _pictures: dict[int, Picture] = field(default_factory=dict, repr=False)

    @cached_property
    def nodes(self) -> Nodes:
        """The elements."""
        strings = [self.name(number) for number in range(len(self.columns.ends))]
        words = [*TAGS, *strings]
        tags, names, *places = self.columns.nodes[: scan.NODE_LAST + 1].tolist()
        return Nodes([words[tag] for tag in tags], [strings[name] for name in names], *places)

    @cached_property
    def items(self) -> list[Item]:
        """All items, in reading order."""
        kinds = self.columns.items[scan.ITEM_KIND].tolist()
        return [
            self._block(position) if kind == scan.TEXT else self.picture(position)
            for position, kind in enumerate(kinds)
        ]

    @cached_property
    def pictures(self) -> dict[int, list[int]]:
        """The columns of each picture, by its position, in reading order, and the elements near it (see
        `scan.pictures`). Not made for pages with more than the items allowed: 1 kB each."""
        told = scan.pictures(self.columns.items, self.columns.nodes).tolist()
        return {position: columns for position, *columns in told}

    @cached_property
    def _names(self) -> tuple[str, list[int]]:
        ends = [
            *self.columns.ends.tolist(),
            0,
        ]  # behind the last name, which is before the first one for an index of -1
        return _text(self.columns.pool), ends

    def name(self, number: int) -> str:
        """The name of a number in `columns`: names of an element, or an unknown tag; at most `NAMES` characters."""
        names, ends = self._names
        start = ends[number - 1]
        return names[start : min(ends[number], start + NAMES)]

    def picture(self, position: int) -> Picture:
        """The picture at a position."""
        found = self._pictures.get(position)
        if found is None:
            found = self._pictures[position] = self._picture(position)
        return found

    def _picture(self, position: int) -> Picture:
        body = self.body
        columns = self.pictures[position]
        _, node, start, end, _, _, _, tag, sources, silent, alone = columns[: scan.ITEM_OUTER]
        own = attributes(body[start:end])
        if position in self.backgrounds:
            return Picture(
                "img", {**own, "src": self.backgrounds[position]}, node, names=self.name(columns[scan.ITEM_NAMES])
            )
        return Picture(
            TAGS[tag],
            own,
            node,
            self.sources.get(sources, []),
            self.link_of(columns),
            self.names_of(columns),
            silent == 1,
            alone == 1,
        )

    def link_of(self, columns: list[int]) -> str | None:
        """The address of the link around a picture."""
        start, end = columns[scan.ITEM_LINKED : scan.ITEM_LINKS + 1]
        return unescape(self.body[start:end]) if 0 <= start < end else None

    def names_of(self, columns: list[int]) -> str:
        """Class and id of a picture and of the inline elements around it."""
        names = self.name(columns[scan.ITEM_NAMES])
        if columns[scan.ITEM_OUTER + 2] < 0:  # the innermost of them; most pictures stand in none
            return names.strip()
        outer = columns[scan.ITEM_OUTER : scan.ITEM_OUTER + 3]
        return " ".join([names, *[self.name(each) for each in outer if each >= 0]]).strip()

    def _block(self, position: int) -> Block:
        _, node, start, end, names, linked, links, strong, timed = self.columns.items[
            : scan.ITEM_TIMED + 1, position
        ].tolist()
        return Block(self.text[start:end], node, linked, links, self.name(names), strong, timed == 1)


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
    found: dict[str, str] = dict(_ATTRIBUTE.findall(raw))
    return {name: unescape(value) for name, value in found.items()} if "&" in raw else found


def read(body: str, *, backgrounds: bool = False) -> Page:
    """Read the markup of a body, as `omnicorpus.tree.parse` returns it. Raises `TooDeep`.

    With `backgrounds`, the background image of a line-breaking element's style is a picture at the element's start.
    """
    scanned = _scanned(body, backgrounds=backgrounds)
    if scanned[3].size:
        body = _with_latex(body, scanned[3].T.tolist())
        scanned = _scanned(body, backgrounds=backgrounds)
    nodes, items, sources, _, numbered, text, pool, ends, depth = scanned
    if depth > NESTING:
        raise TooDeep(depth)
    given: dict[int, dict[str, str]] = {}
    if numbered:
        for node in (nodes[scan.NODE_HIDDEN] & scan.NUMBERED).nonzero()[0].tolist():
            start, end = nodes[scan.NODE_RAW : scan.NODE_RAW_END + 1, node].tolist()
            raw = body[start:end]
            if _NUMBERED.search(raw):
                given[node] = attributes(raw)
    lists: dict[int, list[dict[str, str]]] = {}
    if sources.size:
        for number, start, end in sources.T.tolist():
            if len(held := lists.setdefault(number, [])) < SOURCES:
                held.append(attributes(body[start:end]))
    found: dict[int, str] = {}
    if backgrounds:
        nodes, items, found = _with_found_backgrounds(nodes, items, body)
    return Page(Columns(nodes, items, text, pool, ends), body, _text(text), given, lists, found)


@cache
def _tables() -> tuple[NDArray[np.uint64], Ints, NDArray[np.uint8], NDArray[np.uint64], Ints, NDArray[np.uint64]]:
    """What `scan.read` needs to know of the known tags: how to find them, and their kinds; the attributes in which a
    picture's address may stand beside src, or a larger copy's address; and the words of addresses of placeholders."""
    kinds = np.array(list(_KINDS.values()), dtype=np.uint8)
    telling = [name for name in LAZY if name != "data-src"]  # which `scan.read` knows
    names, places = _table([*telling, *(name for name in (*SETS, *ORIGINALS) if name not in telling)], 512)
    offers = (places >= len(telling)).astype(np.int32)
    return (*_table(TAGS, _PLACES), kinds, names, offers, _table(sorted(BLANKS), 128)[0])


def _table(words: Sequence[str], places: int) -> tuple[NDArray[np.uint64], Ints]:
    return scan.numbered(codes("".join(words)), np.cumsum([len(word) for word in words], dtype=np.int32), places)


def codes(text: str) -> Codes:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _text(codes: NDArray[np.uint32]) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _scanned(body: str, *, backgrounds: bool) -> tuple[Any, ...]:
    return scan.read(codes(body), *_tables(), _PRE, NESTING, backgrounds)


def _with_latex(body: str, formulas: list[list[int]]) -> str:
    """The markup with the LaTeX of each formula in the place of its elements; a formula that never ends is cut.
    `formulas` are rows of what `scan.read` found."""
    pieces = []
    done = 0
    for start, end, text_end in formulas:
        tokens = _TOKEN.findall(_COMMENT.sub("", body[start:text_end]))
        closed = bool(tokens[-1][0]) and tokens[-1][1] == "math"
        pieces += [body[done:start], f"<math>{_latex(tokens)}</math>" if closed else ""]
        done = end
    return "".join((*pieces, body[done:]))


def _with_found_backgrounds(nodes: Ints, items: Ints, body: str) -> tuple[Ints, Ints, dict[int, str]]:
    """The tables without the backgrounds that have no address, and the addresses of the others."""
    found: dict[int, str] = {}
    dropped = np.zeros(items.shape[1] + 1, dtype=np.int32)
    for position in np.flatnonzero(items[scan.ITEM_KIND] == scan.BACKGROUND).tolist():
        start, end = items[scan.ITEM_START : scan.ITEM_END + 1, position].tolist()
        if match := _BACKGROUND.search(unescape(body[start:end])):
            found[position - int(dropped.sum())] = match[1].strip()
        else:
            dropped[position] = 1
    moved = np.cumsum(dropped) - dropped
    nodes[scan.NODE_FIRST] -= moved[nodes[scan.NODE_FIRST]]
    nodes[scan.NODE_LAST] -= moved[nodes[scan.NODE_LAST]]
    items = items[:, dropped[:-1] == 0]
    items[scan.ITEM_KIND] = np.minimum(items[scan.ITEM_KIND], scan.PICTURE)
    return nodes, items, found


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
