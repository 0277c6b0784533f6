"""Markup to blocks: the runs of text and the images of a page, in reading order, each with its place in the tree.

A block is what a reader sees as one paragraph, heading, cell or item: text between two borders that break a line. The
reader never recurses and never looks back, so time and memory are linear in the markup, however it nests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from omnicorpus.tree import NESTING, TooDeep

_TOKEN = re.compile(r'<(/?)([a-zA-Z][^\s/>]*)((?:[^>"]|"[^"]*")*)>([^<]*)')
_ATTRIBUTE = re.compile(r'\s([^\s=>"]+)(?:="([^"]*)")?')
_CLASS_OR_ID = re.compile(r'\s(?:class|id|itemprop|role|rel)="([^"]*)"')
_HIDDEN = re.compile(
    r'\shidden(?:[\s=]|$)|style="[^"]*(?:display\s*:\s*none|visibility\s*:\s*hidden)|aria-hidden="true"', re.IGNORECASE
)

INLINE = frozenset(
    "a abbr acronym b bdi bdo big blink cite code data del dfn em font i ins kbd label mark nobr output q ruby rb rtc s "
    "samp small span strike strong sub sup time tt u var wbr picture noscript map area input slot".split()
)
"""Elements that do not break a line. Whatever is not here does, unknown names too: a page's own elements hold blocks."""

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_MEDIA = frozenset(("img", "amp-img", "amp-anim", "image", "video", "amp-video", "audio", "source"))
BREAK = "\x0b"
"""Stands for <br> inside a block until the block is closed; a white-space character that HTML never needs."""

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}


@dataclass(slots=True)
class Node:
    """An element that breaks lines. `first` and `last` bound its blocks: page.blocks[first:last]."""

    tag: str
    names: str
    parent: int
    depth: int
    first: int
    last: int = -1
    hidden: bool = False


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
    """`items` in reading order; `nodes[0]` is the body. A node's parent has a smaller index than the node."""

    nodes: list[Node]
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


def read(body: str) -> Page:
    """Read the markup of a body, as `omnicorpus.tree.parse` returns it. Raises `TooDeep`."""
    nodes: list[Node] = [Node("body", "", -1, 0, 0)]
    items: list[Item] = []
    node = 0
    pieces: list[str] = []
    linked = strong = links = 0
    names = ""
    timed = False
    in_link = link_start = 0
    link: str | None = None
    in_strong = 0
    in_pre = 0
    in_silent = 0
    broke = False
    spans: list[str] = []
    open_media: list[Picture] = []
    sources: list[dict[str, str]] | None = None
    math: list[tuple[str, str, str, str]] | None = None
    after_link = False

    named: dict[str, tuple[str, bool]] = {"": ("", False)}

    def close() -> None:
        nonlocal linked, strong, links, names, timed, broke
        if pieces:
            text = "".join(pieces)
            pieces.clear()
            text = _preformatted(text) if in_pre else _collapsed(text)
            if text:
                items.append(Block(text, node, min(linked, len(text)), links, names, min(strong, len(text)), timed))
        linked = strong = links = 0
        names = ""
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
        elif tag == "br":
            if broke:
                close()
            elif pieces:
                pieces.append(BREAK)
                broke = True
        elif tag in _MEDIA:
            if slash:
                if open_media and tag in ("video", "audio", "amp-video"):
                    open_media.pop()
            elif tag == "source":
                if sources is not None:
                    sources.append(attributes(raw))
                elif open_media:
                    open_media[-1].sources.append(attributes(raw))
            else:
                given = attributes(raw)
                picture = Picture(tag, given, node, sources or [], unescape(link) if link else None, " ".join((_names(raw), *spans[-3:])).strip())
                picture.silent = in_silent > 0
                picture.alone = in_link > 0 and link_start == linked
                close_at = (linked, strong, links, names, timed)
                if pieces:
                    close()
                    _, _, _, names, timed = close_at
                items.append(picture)
                if tag in ("video", "audio", "amp-video"):
                    open_media.append(picture)
        elif tag in INLINE:
            if tag == "a":
                if slash:
                    in_link = 0
                    link = None
                    after_link = True
                else:
                    in_link = 1
                    link_start = linked
                    links += 1
                    start = raw.find(' href="') + 7
                    link = raw[start : raw.find('"', start)] if start > 6 else None
                    if after_link and pieces:
                        pieces.append(" ")
            elif tag == "picture":
                sources = None if slash else []
            elif tag == "noscript":
                in_silent += -1 if slash else 1
            elif tag in ("b", "strong", "em"):
                in_strong += -1 if slash else 1
            elif tag == "time":
                timed = True
            elif tag == "math":
                pass
            if raw and not names and not slash and tag not in _VOID:
                names = _names(raw)
            if tag == "span":
                if slash:
                    if spans:
                        spans.pop()
                else:
                    spans.append(_names(raw) if raw else "")
        elif tag == "math":
            math = [(slash, tag, raw, text)]
            continue
        elif slash:
            if pieces:
                close()
            else:
                links = 0
                names = ""
            if node and nodes[node].tag == tag:
                nodes[node].last = len(items)
                if tag == "pre":
                    in_pre -= 1
                node = nodes[node].parent
        elif tag in _VOID:
            close()
        else:
            if pieces:
                close()
            else:
                links = 0
                names = ""
            known = named.get(raw)
            if known is None:
                known = named[raw] = (_names(raw), _is_hidden(raw))
            above = nodes[node]
            if above.depth >= NESTING:
                raise TooDeep(above.depth)
            nodes.append(Node(tag, known[0], node, above.depth + 1, len(items), -1, above.hidden or known[1]))
            node = len(nodes) - 1
            if tag == "pre":
                in_pre += 1
        if text and not in_silent:
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
    close()
    for each in nodes:
        if each.last < 0:
            each.last = len(items)
    return Page(nodes, items)


def _collapsed(text: str) -> str:
    text = unescape(text)
    if BREAK not in text:
        return " ".join(text.split())
    return "\n".join(line for line in (" ".join(line.split()) for line in text.split(BREAK)) if line)


def _preformatted(text: str) -> str:
    lines = [line.rstrip() for line in unescape(text).replace(BREAK, "\n").split("\n")]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def _latex(tokens: list[tuple[str, str, str, str]]) -> str:
    """The LaTeX source that a <math> element carries, between dollar signs; else its text."""
    source: list[str] = []
    plain: list[str] = []
    inside = False
    for slash, tag, raw, text in tokens:
        if tag == "annotation":
            inside = not slash and "tex" in raw.lower()
            if not inside and not slash:
                continue
        (source if inside else plain).append(text)
        if slash and tag == "math":
            break
    latex = unescape("".join(source)).strip()
    if not latex:
        given = attributes(tokens[0][2])
        latex = (given.get("alttext") or "").strip()
    if latex:
        return f"${latex}$".replace("<", "&lt;")
    return " ".join("".join(plain).split())
