"""Paragraphs in another language than their document's. What a language is, is for the caller to measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
        code, score = identify(words.text)
        if code is not None and score >= certainty and not are_alike(code, language):
            found[place] = Drop("foreign_paragraph", round(score, 4), certainty, code)
            foreign += words.count
    return found if foreign <= share * whole else {}
