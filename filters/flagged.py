"""The share of a text that stands in its language's list of obscene words. A measure, for thresholds elsewhere.

`flagged_words.txt` holds LDNOOBW's lists (CC BY 4.0; its head says more) of 28 languages. They were written by many
hands and are no judgement of a page: a medical text and a novel hold such words as well, so only shares mean something.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filters.running import ByFirst, by_first, characters_in
from filters.words import Words

_SAME = {"nb": "no", "nn": "no", "tl": "fil", "yue": "zh", "wuu": "zh", "arz": "ar", "fr": "fr-CA"}
"""A language whose texts are measured by another's list, or by both where it has its own."""
_RUNNING = frozenset({"zh", "ja", "th"})
"""Languages that write no spaces: their words are looked for within the text."""


@dataclass(frozen=True, slots=True)
class _List:
    """`single`: words of one unit. `phrases`: of several, by the first. `running`: of any, in a text without spaces."""

    single: frozenset[str]
    phrases: dict[str, tuple[tuple[str, ...], ...]]
    running: ByFirst | None


@cache
def _lists() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("flagged_words.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            language, word = line.split("\t")
            found.setdefault(language, []).append(word)
    return {language: tuple(words) for language, words in found.items()}


def languages() -> frozenset[str]:
    """Codes of the languages that have a list."""
    return frozenset(_lists())


@cache
def _list(language: str) -> _List | None:
    words = (*_lists().get(language, ()), *_lists().get(_SAME.get(language, ""), ()))
    if not words:
        return None
    single: set[str] = set()
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for word in words:
        units = tuple(Words(word).units)
        if len(units) == 1:
            single.add(units[0])
        elif units:
            phrases.setdefault(units[0], []).append(units)
    # A single Latin letter or syllable would be found inside other words.
    inside = by_first(word for word in words if len(word) > 1 and not word.isascii())
    ordered = {first: tuple(sorted(rest, key=len, reverse=True)) for first, rest in phrases.items()}
    return _List(frozenset(single), ordered, inside if language in _RUNNING else None)


def flagged_share(words: Words) -> float | None:
    """The share of the tokens that are obscene, 0–1; None for a language without a list, or where there is no
    word."""
    listed = None if words.language is None else _list(words.language)
    if listed is None or not words.units:
        return None
    if listed.running is not None:
        return min(1.0, characters_in(words.text.lower(), listed.running) / len(words.units))
    hits = sum(words.counts[unit] for unit in listed.single & words.counts.keys())
    if listed.phrases.keys() & words.counts.keys():
        hits += _in_phrases(words.units, listed)
    return min(1.0, hits / len(words.units))


def _in_phrases(units: list[str], listed: _List) -> int:
    """How many units stand in phrases, those that are obscene by themselves aside."""
    hits = 0
    for place, unit in enumerate(units):
        for phrase in listed.phrases.get(unit, ()):
            if tuple(units[place : place + len(phrase)]) == phrase:
                hits += sum(part not in listed.single for part in phrase)
                break
    return hits
