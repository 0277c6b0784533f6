from __future__ import annotations

import pytest

from filters.flagged import flagged_share, languages
from filters.words import Words


def test_there_are_lists_of_28_languages() -> None:
    assert len(languages()) == 28
    assert {"en", "zh", "ru", "ar", "hi", "ja", "fr-CA"} <= languages()


@pytest.mark.parametrize(
    ("text", "language", "share"),
    [
        ("the tide comes in", "en", 0.0),
        ("what an asshole this is", "en", 0.2),
        ("2 girls 1 cup and more", "en", 4 / 6),
        ("Assam and cockpit are whole words", "en", 0.0),
        ("das ist doch arschloch", "de", 0.25),
        ("quelle merde mes amis", "fr", 0.25),
    ],
)
def test_the_share_is_of_whole_words_and_phrases(text: str, language: str, share: float) -> None:
    assert flagged_share(Words(text, language)) == share


def test_running_scripts_are_searched_within_their_text() -> None:
    clean, bad = Words("今天天气很好", "zh"), Words("今天肛交天气", "zh")
    assert flagged_share(clean) == 0.0
    assert flagged_share(bad) == 2 / 6


@pytest.mark.parametrize(("text", "language"), [("kahit ano", "sw"), ("any text", None), ("", "en"), ("...", "en")])
def test_without_a_list_or_a_word_there_is_no_share(text: str, language: str | None) -> None:
    assert flagged_share(Words(text, language)) is None


def test_a_written_variant_takes_the_list_of_its_language() -> None:
    assert flagged_share(Words("han er en kuk", "nb")) == flagged_share(Words("han er en kuk", "no")) == 0.25
