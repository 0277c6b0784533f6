"""Paragraphs in another language than their document's. What a language is, is for the caller to measure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from filters.stop_words import GOPHER, stop_words
from filters.words import Words
from omnicorpus.document import Drop

Identify = Callable[[str], tuple[str | None, float]]
"""The language of a text, an ISO 639 code or None, and how certain that is, 0-1."""

_ALIKE = (
    "bs hr sh sr sl", "da nb nn no sv", "cs sk", "id ms jv su", "es gl ca pt ast an oc it la", "ru uk be bg mk sr",
    "de als lb nds bar nl",
    "zh yue wuu ja", "ar arz fa ckb azb ur", "hi mr ne bh mai sa", "tr az", "fr oc wa", "et fi",
)  # fmt: skip
_GROUPS = [frozenset(group.split()) for group in _ALIKE]
"""Languages that an identifier takes for one another in short texts."""


LETTERS = 300
"""Characters of a paragraph that are identified."""

_SCRIPTS = {
    "zh": "\u3400-\u9fff", "ja": "\u3041-\u30ff", "ko": "\uac00-\ud7a3", "ru": "\u0400-\u04ff", "uk": "\u0400-\u04ff",
    "bg": "\u0400-\u04ff", "ar": "\u0600-\u06ff", "fa": "\u0600-\u06ff", "ur": "\u0600-\u06ff", "el": "\u0370-\u03ff",
    "he": "\u0590-\u05ff", "th": "\u0e00-\u0e7f", "hi": "\u0900-\u097f",
}  # fmt: skip
_OWN = {language: re.compile(f"[{script}]") for language, script in _SCRIPTS.items()}
_PLAIN = 0.15
"""Least share of characters in the script of the language."""
_ENGLISH = 0.08
_FULL = 0.45
"""Least share of words among the eight of English that Gopher names, and among the longer lists of other languages: of
French and Spanish six words of ten are in their own list, and up to 0.37 of a neighbour's are."""


def is_plainly(language: str, words: Words) -> bool:
    """Whether a paragraph is so plainly in a language that no identifier needs to be asked.

    By the script, where few other languages have it, or by the words that every English text is full of.
    """
    if language == "en":
        return sum(words.counts[word] for word in GOPHER) >= _ENGLISH * len(words.units)
    script = _OWN.get(language)
    if script is None:
        common = stop_words(language)
        return sum(unit in common for unit in words.units) >= _FULL * max(1, len(words.units))
    text = words.text[:LETTERS]
    kana = language == "zh" and _OWN["ja"].search(text) is not None
    return not kana and len(script.findall(text)) >= _PLAIN * len(text)


def are_alike(one: str, other: str) -> bool:
    """Whether two languages are the same, or so near that a paragraph's language can't be told for certain."""
    return one == other or any(one in group and other in group for group in _GROUPS)


def foreign_paragraphs(
    paragraphs: Sequence[Words],
    language: str | None,
    identify: Identify,
    *,
    certainty: float = 0.9,
    fewest: float = 20,
    share: float = 0.3,
) -> dict[int, Drop]:
    """Which paragraphs of at least `fewest` words are in another language, with at least so much certainty.

    None of a document of unknown language; none where they hold more than `share` of the words of all that were looked
    at: such a page is meant to be read in two languages. The drop's value is the certainty, its detail the language.
    Table 11 has no such rule; the numbers are ours.
    """
    if language is None:
        return {}
    found: dict[int, Drop] = {}
    foreign = whole = 0.0
    for place, words in enumerate(paragraphs):
        if words.count < fewest:
            continue
        whole += words.count
        if is_plainly(language, words):
            continue
        code, score = identify(words.text[:LETTERS])
        if code is not None and score >= certainty and not are_alike(code, language):
            found[place] = Drop("foreign_paragraph", round(score, 4), certainty, code)
            foreign += words.count
    return found if foreign <= share * whole else {}
