"""What can be counted in a document's prose: the measures of OmniCorpus' figure 8. They judge nothing by themselves."""

from __future__ import annotations

import unicodedata
from functools import cache

from filters.running import ByFirst, by_first, characters_in
from filters.stop_words import every_stop_word, is_running
from filters.words import Words
from omnicorpus.document import Statistics


@cache
def _marks() -> frozenset[str]:
    """Vowel signs and accents of their own: parts of a letter (an Indian text is a quarter of these)."""
    return frozenset(sign for sign in map(chr, range(0x300, 0x11FFF)) if unicodedata.category(sign)[0] == "M")


def statistics(words: Words) -> Statistics | None:
    """None for a text without a word."""
    if not words.units:
        return None
    text, units = words.text, words.units
    visible = sum(map(len, text.split()))
    letters = sum(map(str.isalpha, text)) + (0 if text.isascii() else sum(map(_marks().__contains__, text)))
    ellipses = text.count("...") + text.count("…") - text.count("……")
    return Statistics(
        line_count=len(words.lines),
        line_length=_rounded(sum(map(len, words.lines)) / len(words.lines)),
        token_count=len(units),
        sentence_count=words.sentence_count,
        non_alphabetic_share=_rounded(1 - letters / visible),
        unique_word_share=_rounded(len(words.counts) / len(units)),
        symbol_word_ratio=_rounded((text.count("#") + ellipses) / words.count),
        mean_word_length=_rounded(words.spaced_word_length) or None,
        stop_word_share=stop_word_share(words),
    )


def stop_word_share(words: Words) -> float | None:
    """The share of the tokens that are stop words; in scripts without spaces, of the characters that stand in one."""
    if words.language is None or not words.units:
        return None
    listed = every_stop_word(words.language)
    if not listed:
        return None
    if is_running(words.language):
        found = characters_in(words.text, _by_first(words.language))
        return _rounded(min(1.0, found / len(words.units)))
    return _rounded(sum(words.counts[word] for word in listed & words.counts.keys()) / len(words.units))


@cache
def _by_first(language: str) -> ByFirst:
    return by_first(every_stop_word(language))


def _rounded(value: float) -> float:
    return round(value, 4)
