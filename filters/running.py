"""Words within a text that is written without spaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ByFirst = Mapping[str, tuple[str, ...]]
"""Words by their first character, long ones first."""


def by_first(words: Iterable[str]) -> ByFirst:
    found: dict[str, list[str]] = {}
    for word in sorted(set(words), key=lambda word: (-len(word), word)):
        found.setdefault(word[0], []).append(word)
    return {first: tuple(rest) for first, rest in found.items()}


def characters_in(text: str, words: ByFirst) -> int:
    """How many characters stand in one of the words: from left to right, the longest that begins at a place."""
    found = place = 0
    while place < len(text):
        step = 1
        for word in words.get(text[place], ()):
            if text.startswith(word, place):
                step = len(word)
                found += step
                break
        place += step
    return found
