"""Pages mixed from gold pages: one page's frame, another's body, and what surrounds bodies on yet others.

A page is taken apart into its body (the smallest element that holds nearly all of its gold text) and its rubbish (the
largest elements that hold nearly none of it, inside the body as well). In a mixed page some rubbish is left out, some
exchanged for that of other pages, some set beside it, and in half of the pages the body is another page's. The markup
stays that of real templates and what is gold stays known, so that a few hundred labelled pages teach as if they were
more.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

BODY_SHARE = 0.97
"""Of the page's gold words that its body must hold."""

RUBBISH_SHARE = 0.05
"""Of an element's words that may be gold where it counts as rubbish."""

RUBBISH_WORDS = 600
"""Words of the largest element that is exchanged as a whole."""

RUBBISH_BYTES = 20_000
"""Markup of the largest element that is passed on to another page."""

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")
_MARK = "\ue000{}\ue001"
_MARKS = re.compile("\ue000(\\d*)\ue001")
_WITHOUT_TEXT = frozenset(("script", "style", "noscript", "template", "-text", "-comment"))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A page and the text of its main body; `kind` is the set that it comes from."""

    kind: str
    url: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A page taken apart. `html` and `body` hold marks: of `rubbish` by number, of the body without one. `body` is None
    where no element below <body> holds the gold text."""

    page: Labelled
    html: str
    body: str | None
    rubbish: tuple[str, ...]


def _words(text: str) -> list[str]:
    return [word.lower() for word in _TOKEN.findall(text)]


def take_apart(page: Labelled) -> Frame:
    """The frame of a page."""
    tree = LexborHTMLParser(page.html)
    gold = _words(page.text)
    runs = set(zip(gold, gold[1:], gold[2:], gold[3:], strict=False))
    singles = set(gold)

    def measured(node: LexborNode) -> tuple[int, float]:
        """Words, and how many of them are gold by the runs of four that they stand in."""
        words = _words(node.text(separator=" "))
        own = list(zip(words, words[1:], words[2:], words[3:], strict=False))
        held = sum(run in runs for run in own) / len(own) if own else float(singles.issuperset(words))
        return len(words), held * len(words)

    top = tree.body
    if top is None or not gold:
        return Frame(page, page.html, None, ())
    whole = measured(top)[1]
    main: LexborNode | None = None
    found: list[LexborNode] = []
    waiting = list(top.iter())
    while waiting:
        node = waiting.pop()
        if node.tag in _WITHOUT_TEXT:
            continue
        words, right = measured(node)
        if 0 < words <= RUBBISH_WORDS and right <= RUBBISH_SHARE * words:
            found.append(node)
            continue
        if right >= BODY_SHARE * whole:
            main = node
        waiting.extend(node.iter())
    rubbish = []
    for number, node in enumerate(found):
        rubbish.append(node.html or "")
        node.replace_with(_MARK.format(number))
    body = None
    if main is not None:
        body = main.html
        main.replace_with(_MARK.format(""))
    return Frame(page, tree.html or "", body, tuple(rubbish))


def mix(frames: Sequence[Frame], at: int, chance: random.Random) -> Labelled:
    """A page around the frame of `frames[at]`. Bodies of forums stay among forums."""
    own = other = frames[at]
    if own.body is not None and chance.random() < 0.5:
        drawn = frames[chance.randrange(len(frames))]
        if drawn.body is not None and (drawn.page.kind == "forum") == (own.page.kind == "forum"):
            other = drawn
    wildness = chance.random()
    body = _filled(other.body or "", other, frames, wildness, chance)
    html = _filled(own.html, own, frames, wildness, chance)
    return replace(own.page, html=_MARKS.sub(lambda _: body, html), text=other.page.text)


def _filled(html: str, frame: Frame, frames: Sequence[Frame], wildness: float, chance: random.Random) -> str:
    """`html` of `frame` with its rubbish back in place, or other rubbish, more of it, or none."""

    def piece(mark: re.Match[str]) -> str:
        if not mark[1]:
            return mark[0]
        own = frame.rubbish[int(mark[1])]
        dice = chance.random() / max(wildness, 1e-6)
        if dice < 0.4:
            return ""
        if dice < 0.8:
            return _foreign(frames, chance)
        if dice < 1.0:
            return own + _foreign(frames, chance) if chance.random() < 0.5 else _foreign(frames, chance) + own
        return own

    return _MARKS.sub(piece, html)


def _foreign(frames: Sequence[Frame], chance: random.Random) -> str:
    rubbish = frames[chance.randrange(len(frames))].rubbish
    drawn = chance.choice(rubbish) if rubbish else ""
    return drawn if len(drawn) <= RUBBISH_BYTES else ""
