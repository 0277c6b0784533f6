from __future__ import annotations

from dataclasses import replace

import pytest

from filters.scores import ScoreBounds, judge, judged
from omnicorpus.document import Document, Drop, Scores, Statistics
from tests.build import doc

SHORT = Statistics(3, 20.0, 12, 2, 0.1, 0.9, 0.0, 4.5, 0.4)
SCORED = Scores(fluency_prob=0.9, toxic_prob=0.4, flagged_share=0.01, statistics=SHORT, others=(("quality", 2.5),))


def scored(scores: Scores = SCORED) -> Document:
    return replace(doc("Some text."), scores=scores)


def test_without_thresholds_nothing_is_dropped() -> None:
    assert judge(scored(), ScoreBounds()) is None
    assert judged(ScoreBounds()) == ()


@pytest.mark.parametrize(
    ("bounds", "drop"),
    [
        (ScoreBounds(fluency_prob=0.9), None),
        (ScoreBounds(fluency_prob=0.95), Drop("fluency_prob", 0.9, 0.95)),
        (ScoreBounds(toxic_prob=0.4), None),
        (ScoreBounds(toxic_prob=0.3), Drop("toxic_prob", 0.4, 0.3)),
        (ScoreBounds(flagged_share=0.005), Drop("flagged_share", 0.01, 0.005)),
        (ScoreBounds(line_count=(4, None)), Drop("line_count", 3, 4)),
        (ScoreBounds(stop_word_share=(None, 0.3)), Drop("stop_word_share", 0.4, 0.3)),
        (ScoreBounds(stop_word_share=(0.1, 0.5)), None),
        (ScoreBounds(others=(("quality", 3.0, None),)), Drop("quality", 2.5, 3.0)),
        (ScoreBounds(others=(("quality", None, 3.0),)), None),
    ],
)
def test_each_threshold_drops_with_its_own_name_and_what_was_measured(bounds: ScoreBounds, drop: Drop | None) -> None:
    assert judge(scored(), bounds) == drop


def test_a_document_without_the_score_is_kept() -> None:
    bounds = ScoreBounds(politics_prob=0.0, line_count=(9, None), others=(("quality", 9.0, None),))
    assert judge(scored(Scores()), bounds) is None


def test_bounds_that_nothing_can_meet_are_refused() -> None:
    with pytest.raises(ValueError, match=r"line_count: the least value, 5, is above the largest, 3"):
        ScoreBounds(line_count=(5, 3))
