"""A document, or a drop, as lines for a terminal: each with the name of a style that the terminal knows how to show.

Page text is data: control characters, and with them every escape sequence, are made visible and never obeyed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Protocol

from omnicorpus.document import Document, Image, Text
from omnicorpus.schema import Dropped

LONGEST_TEXT = 2_000
"""Characters of one text part that are printed; the rest is counted."""

_STYLES = {"header": "bold", "code": "cyan", "formula": "cyan", "quote": "italic", "detail": "dim"}


class Console(Protocol):
    """What is asked of a terminal: rich's Console has it."""

    def print(
        self, *objects: object, style: str | None, markup: bool | None, emoji: bool | None, highlight: bool | None
    ) -> None: ...


def print_document(document: Document, console: Console) -> None:
    """Print a document's facts and its parts in reading order."""
    _print(document_lines(document), console)


def print_dropped(dropped: Dropped, console: Console, *, twin: str | None = None) -> None:
    """Print what was dropped and why. `twin` is the address of the document that was kept instead."""
    _print(dropped_lines(dropped, twin=twin), console)


def _print(lines: Iterator[tuple[str, str]], console: Console) -> None:
    for style, line in lines:
        console.print(visible(line), style=style or None, markup=False, emoji=False, highlight=False)


def visible(text: str) -> str:
    """`text` with control characters, and marks that turn the direction of what follows, replaced by U+FFFD."""
    return "".join(
        "\ufffd"
        if character not in "\n\t" and (_category(character) in ("Cc", "Cs") or character in _TURNS)
        else character
        for character in text
    )


_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _category(character: str) -> str:
    return unicodedata.category(character)


def document_lines(document: Document) -> Iterator[tuple[str, str]]:
    """Pairs of style and text, in the order in which they are printed."""
    yield "bold underline", document.facts.title or "Untitled"
    yield "blue", document.url
    facts = [document.language or "language unknown"]
    if document.language_score is not None:
        facts[0] += f" {document.language_score:.2f}"
    if document.crawled_at is not None:
        facts.append(f"crawled {document.crawled_at:%Y-%m-%d %H:%M:%S}")
    facts.append(f"{document.warc.file} at {document.warc.offset:,}")
    yield "dim", " · ".join(facts)
    for part in document.parts:
        yield "", ""
        yield from _image(part) if isinstance(part, Image) else _text(part)
    yield "", ""


def _text(part: Text) -> Iterator[tuple[str, str]]:
    style = _STYLES.get(part.kind, "")
    mark = "│ " if part.kind in ("quote", "code", "formula") else ""
    yield style, mark + part.text[:LONGEST_TEXT].replace("\n", f"\n{mark}")
    if len(part.text) > LONGEST_TEXT:
        yield "dim", f"… and {len(part.text) - LONGEST_TEXT:,} characters more"


def _image(image: Image) -> Iterator[tuple[str, str]]:
    yield "magenta", f"[{image.kind}] {image.url}"
    if image.caption:
        yield "italic", f"  {image.caption}"
    if image.alt:
        yield "", f"  alt: {image.alt}"
    found = []
    if image.measures is not None:
        measures = image.measures
        if measures.error is not None:
            found.append(f"no picture: {measures.error}")
        if measures.width is not None:
            found.append(f"{measures.width} × {measures.height}")
        if measures.nsfw is not None:
            found.append(f"nsfw {measures.nsfw:.3f}")
        if measures.aesthetic is not None:
            found.append(f"aesthetic {measures.aesthetic:.2f}")
    if image.clip_similarity is not None:
        found.append(f"similarity {image.clip_similarity:.3f}")
    if found:
        yield "dim", "  " + " · ".join(found)
    if image.best_sentence:
        yield "dim", f"  “{image.best_sentence}”"


def dropped_lines(dropped: Dropped, *, twin: str | None = None) -> Iterator[tuple[str, str]]:
    """Pairs of style and text: rule and measure, the address, and what was taken away."""
    drop = dropped.drop
    reason = f"{dropped.stage} · {drop.rule}"
    if drop.value is not None:
        reason += f" · {drop.value:.6g}"
    if drop.threshold is not None:
        reason += f" against {drop.threshold:.6g}"
    yield "bold red", reason
    if dropped.url is not None:
        yield "blue", dropped.url
    if drop.detail is not None:
        yield "", drop.detail
    if drop.twin is not None:
        yield "", f"kept instead: {twin or drop.twin}"
    if dropped.part is not None:
        yield from _image(dropped.part) if isinstance(dropped.part, Image) else _text(dropped.part)
    yield "", ""
