"""Markup to blocks: the runs of text and the images of a page, in reading order, each with its place in the tree.

A block is what a reader sees as one paragraph, heading, cell or item: text between two borders that break a line. The
reader never recurses and never looks back, so time and memory are linear in the markup, however it nests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from omnicorpus import mathml
from omnicorpus.tree import NESTING, TooDeep

_TOKEN = re.compile(r'<(/?)([a-zA-Z][^\s/>]*)([^>"]*(?:"[^"]*"[^>"]*)*)>([^<]*)')
_ATTRIBUTE = re.compile(r'\s([^\s=>"]+)(?:="([^"]*)")?')
_CLASS_OR_ID = re.compile(r'\s(?:class|id|itemprop|role|rel)="([^"]*)"')
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

_OTHER, _PLAIN, _LINK, _SPAN, _STRONG, _LINE, _MEDIA, _EMPTY, _WORD, _QUIET, _CHOICE, _DATED, _MATH, _RULE = range(14)
_KINDS: dict[str, int] = {
    **dict.fromkeys(_INLINE, _PLAIN),
    **dict.fromkeys(("img", "amp-img", "amp-anim", "image", "video", "amp-video", "audio", "source"), _MEDIA),
    **dict.fromkeys(("b", "strong", "em"), _STRONG),
    **dict.fromkeys(("area", "input", "link", "meta", "param", "track", "base", "embed"), _EMPTY),
    **dict.fromkeys(("hr", "col"), _RULE),
    "a": _LINK,
    "span": _SPAN,
    "br": _LINE,
    "wbr": _WORD,
    "noscript": _QUIET,
    "picture": _CHOICE,
    "time": _DATED,
    "math": _MATH,
}
_PLAYERS = frozenset(("video", "audio", "amp-video"))
BREAK = "\x0b"
"""Stands for <br> inside a block until the block is closed; a white-space character that HTML never needs."""


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
    hidden: list[bool]

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
    """`items` in reading order, each with the index of its node."""

    nodes: Nodes
    items: list[Item]


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


def _names(raw: str) -> str:
    return " ".join(_CLASS_OR_ID.findall(raw)) if '="' in raw else ""


def _is_hidden(raw: str) -> bool:
    return ("hidden" in raw or "display" in raw) and _HIDDEN.search(raw) is not None


def read(body: str, *, backgrounds: bool = False) -> Page:
    """Read the markup of a body, as `omnicorpus.tree.parse` returns it. Raises `TooDeep`.

    With `backgrounds`, the background image of a line-breaking element's style is a picture at the element's start.
    """
    tags, node_names, parents, depths, first, last, hidden = ["body"], [""], [-1], [0], [0], [-1], [False]
    items: list[Item] = []
    node = 0
    pieces: list[str] = []
    linked = strong = links = 0
    names = ""
    timed = broke = after_link = in_link = False
    link: str | None = None
    link_start = in_strong = in_pre = in_silent = 0
    spans: list[str] = []
    players: list[Picture] = []
    sources: list[dict[str, str]] | None = None
    math: list[tuple[str, str, str, str]] | None = None
    named: dict[str, tuple[str, bool]] = {"": ("", False)}

    def close() -> None:
        nonlocal linked, strong, timed, broke
        text = "".join(pieces)
        pieces.clear()
        text = _preformatted(text) if in_pre else _collapsed(text)
        if text:
            items.append(Block(text, node, min(linked, len(text)), links, names, min(strong, len(text)), timed))
        linked = strong = 0
        timed = broke = False

    for slash, tag, raw, text in _TOKEN.findall(body):
        if math is not None:
            math.append((slash, tag, raw, text))
            if not (slash and tag == "math"):
                continue
            latex = _latex(math)
            math = None
            if latex and not in_silent:
                pieces.append(latex)
                broke = False
        else:
            kind = _KINDS.get(tag, _OTHER)
            if kind == _OTHER:
                if pieces:
                    close()
                links = 0
                names = ""
                if slash:
                    if tags[node] == tag and node:
                        last[node] = len(items)
                        in_pre -= tag == "pre"
                        node = parents[node]
                else:
                    known = named.get(raw)
                    if known is None:
                        known = named[raw] = (_names(raw), _is_hidden(raw))
                    depth = depths[node] + 1
                    if depth > NESTING:
                        raise TooDeep(depth)
                    tags.append(tag)
                    node_names.append(known[0])
                    parents.append(node)
                    depths.append(depth)
                    first.append(len(items))
                    last.append(-1)
                    hidden.append(hidden[node] or known[1])
                    node = len(tags) - 1
                    in_pre += tag == "pre"
                    if backgrounds and "url(" in raw and (found := _BACKGROUND.search(unescape(raw))):
                        items.append(Picture("img", attributes(raw) | {"src": found[1].strip()}, node, names=known[0]))
            elif slash:
                if kind == _LINK:
                    in_link = False
                    link = None
                    after_link = True
                elif kind == _SPAN:
                    if spans:
                        spans.pop()
                elif kind == _STRONG:
                    in_strong -= 1
                elif kind == _QUIET:
                    in_silent -= 1
                elif kind == _CHOICE:
                    sources = None
                elif kind == _MEDIA and players and tag in _PLAYERS:
                    players.pop()
            elif kind == _MEDIA:
                if tag == "source":
                    if sources is not None:
                        sources.append(attributes(raw))
                    elif players:
                        players[-1].sources.append(attributes(raw))
                else:
                    picture = Picture(
                        tag,
                        attributes(raw),
                        node,
                        sources or [],
                        unescape(link) if link else None,
                        " ".join((_names(raw), *spans[-3:])).strip(),
                        in_silent > 0,
                        in_link and link_start == linked,
                    )
                    if pieces:
                        close()
                        link_start = 0
                    items.append(picture)
                    if tag in _PLAYERS:
                        players.append(picture)
            elif kind == _LINE:
                if broke:
                    close()
                elif pieces:
                    pieces.append(BREAK)
                    broke = True
            elif kind == _MATH:
                math = [(slash, tag, raw, text)]
                continue
            elif kind == _RULE:
                if pieces:
                    close()
            elif kind < _LINE:
                if kind == _LINK:
                    in_link = True
                    link_start = linked
                    links += 1
                    start = raw.find(' href="') + 7
                    link = raw[start : raw.find('"', start)] if start > 6 else None
                    if after_link and pieces:
                        pieces.append(" ")
                elif kind == _STRONG:
                    in_strong += 1
                if raw:
                    if kind == _SPAN:
                        own = _names(raw)
                        spans.append(own)
                        names = names or own
                    elif not names:
                        names = _names(raw)
                elif kind == _SPAN:
                    spans.append("")
            elif kind == _QUIET:
                in_silent += 1
            elif kind == _CHOICE:
                sources = []
            elif kind == _DATED:
                timed = True
        if not text or in_silent:
            continue
        if in_pre:
            pieces.append(text)
        elif text.isspace():
            if pieces:
                pieces.append(" ")
            continue
        else:
            pieces.append(text)
        broke = after_link = False
        if in_link:
            linked += len(text)
        if in_strong:
            strong += len(text)
    if pieces:
        close()
    last = [len(items) if each < 0 else each for each in last]
    return Page(Nodes(tags, node_names, parents, depths, first, last, hidden), items)


def _collapsed(text: str) -> str:
    text = unescape(text)
    if BREAK not in text:
        return " ".join(text.split())
    return "\n".join(line for line in (" ".join(line.split()) for line in text.split(BREAK)) if line)


def _preformatted(text: str) -> str:
    return "\n".join(line.rstrip() for line in unescape(text).replace(BREAK, "\n").split("\n")).strip("\n")


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
            (slash == "/", tag, attributes(raw) if raw else {}, unescape(text))
            for slash, tag, raw, text in tokens[:-1]
        )
    if not formula:
        return " ".join(" ".join(text for _, _, _, text in tokens[:-1]).split())
    mark = "$$" if given.get("display") == "block" or given.get("mode") == "display" else "$"
    return f"{mark}{formula}{mark}".replace("&", "&amp;").replace("<", "&lt;")
