"""What a document says again: items of a list that differ in a number or a name only, lines that stand above too."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from filters.words import Words

_NO_WORD = re.compile(r"[\W_]+")
_COUNT = re.compile(r"^\W*\d[\d.,]*(?= )")
_INDENTED = re.compile(r"\s+(?![\s\-–—*+•◦▪▸]|\d{1,3}[.)])")
_LIKE = 0.8
"""Least share of words, of both items together, that near-identical items have in common."""
_LONG = 8
"""Fewest words of items that are compared by their words; shorter ones of a good list share that many by nature."""


def items(lines: Sequence[str]) -> list[int]:
    """Which lines of a list are an item each: those that go on in an indented line, and that line, are not."""
    whole = []
    for place, line in enumerate(lines):
        goes_on = place + 1 < len(lines) and _INDENTED.match(lines[place + 1]) is not None
        if not goes_on and not _INDENTED.match(line):
            whole.append(place)
    return whole


def near_duplicates(lines: Sequence[str], *, copies: int = 4) -> frozenset[int]:
    """Which lines of a list say what one above says, where at least `copies` of them do; the first of them is none.

    Lines are near-identical that begin with another count ("3 people liked it") or differ in signs alone, and have two
    words or more besides; and long lines in a row that share most of their words with the first of the row. Numbers
    elsewhere are what a list is about: prices, versions, models. The values are ours: of good manuals' lists, parallel
    instructions ("press Ctrl to ...") come in twos and threes.
    """
    if len(lines) < copies:
        return frozenset()
    shapes = [" ".join(_NO_WORD.sub(" ", _COUNT.sub("", line.lower())).split()) for line in lines]
    numbers = Counter(shapes)
    again: set[int] = set()
    if len(numbers) < len(shapes):
        seen: set[str] = set()
        for place, shape in enumerate(shapes):
            if shape in seen and numbers[shape] >= copies and Words(shape).count >= 2:
                again.add(place)
            seen.add(shape)
    return frozenset(again | _rows(shapes, copies))


def duplicates(lines: Sequence[str], *, fewest: float = 2) -> list[int]:
    """Which lines of a list stand above too, beside their copy or together with a line that stands beside it above.

    A line alone that comes again may be a term with another meaning, or the same remark on another thing.
    """
    names = [" ".join(line.lower().split()).lstrip("-*•· ") for line in lines]
    if len(set(names)) == len(names):
        return []
    first: dict[str, int] = {}
    original = [first.setdefault(name, place) for place, name in enumerate(names)]
    found = []
    for place, origin in enumerate(original):
        if origin == place or Words(names[place]).count < fewest:
            continue
        before = place > 0 and original[place - 1] in (origin, origin - 1)
        after = place + 1 < len(lines) and original[place + 1] in (origin, origin + 1)
        if before or after:
            found.append(place)
    return found


def _rows(shapes: Sequence[str], copies: int) -> set[int]:
    again: set[int] = set()
    first: frozenset[str] = frozenset()
    row: list[int] = []
    for place, shape in enumerate([*shapes, ""]):
        words = frozenset(shape.split() if shape.isascii() else Words(shape).units)
        if len(words) >= _LONG and len(words & first) >= _LIKE * len(words | first):
            row.append(place)
            continue
        if len(row) >= copies:
            again.update(row[1:])
        row, first = [place], words
    return again


def repeated_lines(text: str, seen: set[str], *, fewest: float = 10) -> list[str]:
    """The lines of a text that are in `seen`, or twice in the text, and have at least so many words; all are added."""
    if "\n" not in text:
        return []
    again = []
    for line in text.split("\n"):
        name = " ".join(line.lower().split())
        if name in seen and Words(name).count >= fewest:
            again.append(line)
        seen.add(name)
    return again


def without(text: str, lines: Collection[str]) -> str:
    """The text without the last occurrence of each of `lines`."""
    kept = text.split("\n")
    for line in lines:
        del kept[len(kept) - 1 - kept[::-1].index(line)]
    return "\n".join(kept).strip()
