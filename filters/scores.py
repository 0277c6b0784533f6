"""Thresholds over what scorers said of a document. They act last, on stored numbers: moving one scores nothing again.

OmniCorpus publishes its five scores and no threshold; the defaults judge nothing. A document that has no score, because
its language has no model, is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from omnicorpus.document import Document, Drop, Scores, Statistics

Bounds = tuple[float | None, float | None]
"""The least and the largest value that is kept; null leaves that side open."""


@dataclass(frozen=True, slots=True)
class ScoreBounds:
    """One threshold per score, by its column's name; None switches it off. Drops carry the same name.

    fluency_prob, non_advertisement_prob: the least that is kept.
    politics_prob, porn_prob, toxic_prob, flagged_share, ngram_surprise: the largest.
    line_count ... stop_word_share: least and largest, of the document's statistics.
    others: (name, least, largest) of the config's own columns.
    """

    fluency_prob: float | None = None
    non_advertisement_prob: float | None = None
    politics_prob: float | None = None
    porn_prob: float | None = None
    toxic_prob: float | None = None
    flagged_share: float | None = None
    ngram_surprise: float | None = None
    line_count: Bounds | None = None
    line_length: Bounds | None = None
    token_count: Bounds | None = None
    sentence_count: Bounds | None = None
    non_alphabetic_share: Bounds | None = None
    unique_word_share: Bounds | None = None
    symbol_word_ratio: Bounds | None = None
    mean_word_length: Bounds | None = None
    stop_word_share: Bounds | None = None
    others: tuple[tuple[str, float | None, float | None], ...] = ()

    def __post_init__(self) -> None:
        for name, (least, largest) in _bounds(self).items():
            if least is not None and largest is not None and least > largest:
                raise ValueError(f"{name}: the least value, {least}, is above the largest, {largest}")


_LEAST = ("fluency_prob", "non_advertisement_prob")
_LARGEST = ("politics_prob", "porn_prob", "toxic_prob", "flagged_share", "ngram_surprise")
_STATISTICS = tuple(Statistics.__slots__)


def _bounds(bounds: ScoreBounds) -> dict[str, Bounds]:
    """What is judged, in the order in which it is: models first, as people look for their names in the ledger."""
    found: dict[str, Bounds] = {name: (getattr(bounds, name), None) for name in _LEAST}
    found |= {name: (None, getattr(bounds, name)) for name in _LARGEST}
    found |= {name: (least, largest) for name, least, largest in bounds.others}
    found |= {name: getattr(bounds, name) or (None, None) for name in _STATISTICS}
    return {name: pair for name, pair in found.items() if pair != (None, None)}


def judged(bounds: ScoreBounds) -> tuple[str, ...]:
    """The scores and statistics that have a threshold."""
    return tuple(_bounds(bounds))


def is_statistic(name: str) -> bool:
    return name in _STATISTICS


def judge(document: Document, bounds: ScoreBounds) -> Drop | None:
    """The first score out of its bounds, or None."""
    for name, (least, largest) in _bounds(bounds).items():
        value = _value(document.scores, name)
        if value is None:
            continue
        if least is not None and value < least:
            return Drop(name, value, least)
        if largest is not None and value > largest:
            return Drop(name, value, largest)
    return None


def _value(scores: Scores, name: str) -> float | None:
    if name in _STATISTICS:
        found: float | None = getattr(scores.statistics, name, None)
        return found
    if name in _LEAST or name in _LARGEST:
        return getattr(scores, name)  # type: ignore[no-any-return]
    return dict(scores.others).get(name)
