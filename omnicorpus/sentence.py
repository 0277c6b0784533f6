"""Sentences of a text in any script, for models that read one sentence at a time. Pure.

A sentence ends at a full stop, question or exclamation mark of any script, with the quotes and brackets that close
behind it. Where a script writes spaces, one must follow; Chinese and Japanese marks end a sentence by themselves. A
line break always ends one. What this simple rule gets wrong (an abbreviation before a capital) costs a similarity a
little context, never a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_CHARACTERS = 400
"""A longer run is cut at a space, or in the middle: text towers read 64 to 128 word pieces."""

_CLOSERS = r"[\"'”’»›」』）\)\]】》〉]*"
_END = re.compile(
    rf"(?:[.!?…‽]+{_CLOSERS}(?=\s)"
    rf"|[。．！？｡︒]+{_CLOSERS}"
    rf"|[؟۔।॥።၊။។៕᠃᠉]+{_CLOSERS}(?=\s|$))"
    r"|[\r\n\u2028\u2029]+"
)
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?:[A-Za-zÀ-ÿА-Яа-я]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|approx|Fig|fig|No|no|Vol|vol|pp|cf|ca|bzw|z\.B|d\.h|u\.a"
    r"|e\.g|i\.e|U\.S|a\.m|p\.m|Inc|Ltd|Co|Nr|Abb|Tel|S|p\.ej|Sra?|Mme|Mlle|M)\.$"
)


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without outer space, none empty, none over MAX_CHARACTERS."""
    return [piece for sentence in _split(text) for piece in _pieces(sentence)]


def _split(text: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        mark = text[match.start()]
        if mark == "." and _continues(text, start, end):
            continue
        if sentence := text[start:end].strip():
            yield sentence
        start = end
    if rest := text[start:].strip():
        yield rest


def _continues(text: str, start: int, end: int) -> bool:
    """Whether a full stop was only an abbreviation's: a small letter follows, or a known one precedes."""
    following = text[end : end + 2].strip()
    return following[:1].islower() or _ABBREVIATED.search(text, max(start, end - 12), end) is not None


def _pieces(sentence: str) -> Iterator[str]:
    while len(sentence) > MAX_CHARACTERS:
        cut = sentence.rfind(" ", MAX_CHARACTERS // 2, MAX_CHARACTERS)
        cut = MAX_CHARACTERS if cut < 0 else cut
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence
