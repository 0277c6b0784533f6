"""The native parser, behind one function: a page's HTML becomes clean, balanced markup of its body.

Lexbor (through selectolax) does the repair that a browser does and serialises the tree again. What comes back is well
formed, so that `omnicorpus.blocks` can read it in one compiled pass instead of walking nodes: walking costs
about 1 µs per property and node, the tokeniser 0.5 µs per tag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from omnicorpus import hostile

NESTING = 2_000
"""Open elements at once. Browsers cut at 512; a parser needs time in the square of the depth (every <div> looks
through all open elements for a <p>): 100,000 deep takes minutes, 2,000 deep a hundredth of a second."""

DEEP_TAGS = 200_000_000
"""Open elements at once, times tags: what a parser looks at where each tag looks through all of them, in 0.4 s. With
the most tags of the settings' default, 300,000, elements may still nest 666 deep."""

_CHECK_FROM = 10_000
"""Pages with fewer `<` cannot nest so deep that parsing takes over 0.1 s; `omnicorpus.blocks.read` counts them."""

_SILENT = [
    "script", "style", "template", "iframe", "frame", "frameset", "object", "applet", "canvas", "select", "datalist",
    "textarea", "title", "xmp", "noembed", "noframes", "plaintext", "dialog", "progress", "meter", "option",
    "optgroup", "button", "base", "basefont", "param", "rp", "rt",
]  # fmt: skip
"""Elements without readable text of the page; those whose text is not escaped when serialised must be among them.
Also cut here are `nav` and `footer` that hold no h1,
main or article, and buttons: of the gold pages' main bodies (1.6 million tokens) 79 tokens stand in them, of all
items 21 %."""

_ASKED = ("meta", "link[rel~=canonical i]", "link[rel~=license i]", "nav", "footer", *_SILENT, "svg")
"""Everything that is read or cut; of what is cut, each element is named once, or it would be cut twice."""
_IMAGE = 1 << hostile.NAMED.index("image")


@lru_cache(maxsize=4_096)
def _selector(named: int) -> str:
    """Those of `_ASKED` that can be on a page with the elements `named`, as `hostile.survey` tells them: matching costs
    50 ns for each selector and element. Of vector graphics, those that hold no image are cut."""
    bits = {name: 1 << place for place, name in enumerate(hostile.NAMED)}
    if named & _IMAGE:
        named &= ~bits["svg"]
    return ", ".join(each for each in _ASKED if named & bits[each.partition("[")[0]])


ATTRIBUTES = 10_000
"""Attributes of one element. A parser compares each with all before it: 100,000 take 16 s, 10,000 a sixth of a
second."""

REOPENED = 2_000_000
"""Formatting elements left open at once, times tags. HTML opens all of them again in each later paragraph: 1,000 of
them before 10,000 paragraphs make ten million elements, 30 s and 4 GB."""

_FEW = 20
"""Formatting elements that may be left open on a page of any length."""


class TooManyTags(ValueError):  # noqa: N818 - a verdict on the page, no fault of the program
    """The page has `count` `<`, more than were allowed."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} tags")
        self.count = count


class TooManyAttributes(ValueError):  # noqa: N818 - a verdict on the page, no fault of the program
    """An element has more than `ATTRIBUTES` attributes, `count` at most."""

    def __init__(self, count: int) -> None:
        super().__init__(f"more than {ATTRIBUTES} attributes in one element")
        self.count = count


class TooMuchFormatting(ValueError):  # noqa: N818 - a verdict on the page, no fault of the program
    """Formatting elements are left open, so that up to `count` elements would be made of them, over `REOPENED`."""

    def __init__(self, count: int) -> None:
        super().__init__(f"more than {REOPENED} elements from open formatting")
        self.count = count


class TooDeep(ValueError):  # noqa: N818 - a verdict on the page, no fault of the program
    """The page nests deeper than `limit`; `depth` is the depth at which counting stopped."""

    def __init__(self, depth: int, limit: int = NESTING) -> None:
        super().__init__(f"more than {limit} elements open at once")
        self.depth = depth
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Tree:
    """`body` is balanced markup of the body, its silent elements taken out; `head` the page's statements of itself.

    `head` holds (tag, attributes) of every meta element and of links to the canonical address and a licence; `title` is
    the text of the title element; `ld` the texts of `application/ld+json` scripts; `language` the lang attribute of the
    root; `base` the href of <base>; `forum` says that an element is of schema.org's types for forums and question
    pages.
    """

    body: str
    title: str | None
    head: tuple[tuple[str, dict[str, str | None]], ...]
    ld: tuple[str, ...]
    language: str | None
    base: str | None
    forum: bool


def parse(html: str | bytes, most_tags: int | None = None) -> Tree:
    """Parse a page. Raises `TooManyTags` beyond `most_tags`, `TooDeep`, `TooManyAttributes`, `TooMuchFormatting`. Bytes
    are read as UTF-8, wrong bytes as U+FFFD."""
    source = html.encode("utf-8", "replace") if isinstance(html, str) else html
    if b"\x00" in source:
        source = source.replace(b"\x00", b"")
    named, words = _surveyed(source, most_tags)
    page = LexborHTMLParser(source)
    root = page.root
    if root is None or page.body is None:
        return Tree("", None, (), (), None, None, False)
    title: str | None = None
    head: list[tuple[str, dict[str, str | None]]] = []
    ld: list[str] = []
    cut: list[LexborNode] = []
    asked = _selector(named)
    for node in page.css(asked) if asked else ():
        tag = node.tag
        if tag in ("meta", "link"):
            head.append((tag, node.attributes))
            continue
        if tag == "script":
            kind = (node.attributes.get("type") or "").strip().lower()
            if kind == "application/ld+json":
                ld.append(node.text())
            elif kind.startswith("math/tex"):
                _replace_by_latex(node, display="display" in kind)
                continue
        elif tag in ("nav", "footer"):
            if node.css_first("h1, main, article") is not None:
                continue
        elif tag == "title":
            title = title or node.text()
        elif tag == "base":
            head.append((tag, node.attributes))
        cut.append(node)
    if words & hostile.LICENSE:
        head.extend(("a", node.attributes) for node in page.css("a[rel~=license]"))
    for node in reversed(cut):  # inner ones first: what is cut must not be touched again
        node.decompose()
    if words & hostile.DRAWN:
        _drop_twins(page, of_sources=b"math/tex" in source)
    body = page.body.html or ""
    return Tree(
        body=body,
        title=title,
        head=tuple(head),
        ld=tuple(ld),
        language=root.attributes.get("lang") or root.attributes.get("xml:lang"),
        base=next(
            (attributes.get("href") for tag, attributes in head if tag == "base" and attributes.get("href")), None
        ),
        forum=words & hostile.FORUM != 0 and ("DiscussionForumPosting" in body or "schema.org/QAPage" in body),
    )


def with_plain_images(
    html: bytes, address: Callable[[Mapping[str, str], Sequence[Mapping[str, str]]], str | None]
) -> str:
    """The page with `address(attributes, sources)` as the src of every image, for engines that read nothing else.

    Images of <noscript>, twins of the lazy ones, are cut out.
    """
    page = LexborHTMLParser(html)
    page.strip_tags(["noscript"])
    for node in page.css("img, amp-img"):
        parent = node.parent
        around = parent.css("source") if parent is not None and parent.tag == "picture" else []
        sources = [{name: value or "" for name, value in each.attributes.items()} for each in around]
        found = address({name: value or "" for name, value in node.attributes.items()}, sources)
        if found:
            node.attrs["src"] = found
    return page.html or ""


def _drop_twins(page: LexborHTMLParser, *, of_sources: bool) -> None:
    """Cut what KaTeX and MathJax drew where the formula's MathML or, with `of_sources`, its script stands beside it."""
    drawn = ".katex-mathml ~ .katex-html, mjx-container:has(mjx-assistive-mml) > mjx-math"
    if of_sources:
        drawn += ", .MathJax_Preview, .MathJax, .MathJax_Display, .MathJax_SVG, .MathJax_CHTML, .mjx-chtml"
    else:
        drawn += ", .MathJax:has(.MJX_Assistive_MathML) > :not(.MJX_Assistive_MathML)"
    for node in reversed(page.css(drawn)):
        if node.tag not in ("html", "body"):  # pages name those too by what their scripts may draw
            node.decompose()


def _replace_by_latex(node: LexborNode, *, display: bool) -> None:
    """Put the source of a MathJax formula, between dollar signs, where its script stood."""
    mark = "$$" if display else "$"
    node.replace_with(f"{mark}{node.text().strip()}{mark}")


def _surveyed(source: bytes, most_tags: int | None) -> tuple[int, int]:
    """Which elements and words may be in the page (see `hostile.survey`). Raises where parsing would take too long."""
    codes = np.frombuffer(source, dtype=np.uint8)
    tags, attributes, formatting, named, words = hostile.survey(codes)
    if most_tags is not None and tags > most_tags:
        raise TooManyTags(tags)
    if tags >= _CHECK_FROM:
        nesting = min(NESTING, DEEP_TAGS // tags)
        if (depth := hostile.depth(codes, tags, nesting)) > nesting:
            raise TooDeep(depth, nesting)
    if attributes > ATTRIBUTES or (formatting > _FEW and formatting * tags > REOPENED):
        attributes, formatting = hostile.most(codes)
        if attributes > ATTRIBUTES:
            raise TooManyAttributes(attributes)
        if formatting > _FEW and (count := formatting * tags) > REOPENED:
            raise TooMuchFormatting(count)
    return named, words
