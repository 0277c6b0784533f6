from __future__ import annotations

import pytest

from omnicorpus.language import identify


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The tide comes in twice a day and leaves the boats dry.", "en"),
        ("Die Flut kommt zweimal am Tag und lässt die Boote liegen.", "de"),
        ("潮水每天涨落两次,船只搁浅在沙滩上。", "zh"),
        ("潮は一日に二度満ちて、舟を浜に残していく。", "ja"),
        ("يأتي المد مرتين في اليوم ويترك القوارب على الرمال.", "ar"),
        ("Прилив приходит дважды в день и оставляет лодки на песке.", "ru"),
    ],
)
def test_languages_are_told_apart_with_certainty(text: str, code: str) -> None:
    found, score = identify(text)
    assert found == code
    assert 0.65 < score <= 1.0


@pytest.mark.parametrize("text", ["", "   \n ", "12345 --- 67,8 %", "☃☃☃"])
def test_a_text_without_letters_has_no_language(text: str) -> None:
    assert identify(text) == (None, 0.0)


def test_only_the_start_counts() -> None:
    assert identify("The tide comes in twice a day. " * 60 + "Die Flut kommt zweimal am Tag. " * 5_000)[0] == "en"
