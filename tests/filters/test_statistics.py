from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.running import by_first, characters_in
from filters.statistics import statistics
from filters.words import Words
from omnicorpus.document import Statistics


def test_every_number_of_a_small_text() -> None:
    text = "The tide comes in.\nThe boats, all 12 of them, wait..."
    assert statistics(Words(text, "en")) == Statistics(
        line_count=2,
        line_length=26.0,
        token_count=11,
        sentence_count=2,
        non_alphabetic_share=0.186,
        unique_word_share=0.9091,
        symbol_word_ratio=0.0909,
        mean_word_length=3.3636,
        stop_word_share=0.6364,
    )


def test_a_text_without_a_word_has_no_statistics() -> None:
    assert statistics(Words("", "en")) is None
    assert statistics(Words("... !", "en")) is None


def test_in_chinese_characters_are_tokens_and_no_word_stands_between_spaces() -> None:
    found = statistics(Words("这是我们的船。", "zh"))
    assert found is not None
    assert (found.token_count, found.sentence_count, found.mean_word_length) == (6, 1, None)
    assert found.stop_word_share is not None
    assert found.stop_word_share > 0.3


def test_vowel_signs_are_letters() -> None:
    found = statistics(Words("नाव किनारे पर है", "hi"))
    assert found is not None
    assert found.non_alphabetic_share == 0.0


@pytest.mark.parametrize("language", ["km", "qqq", None])
def test_without_a_list_there_is_no_stop_word_share(language: str | None) -> None:
    found = statistics(Words("some words here", language))
    assert found is not None
    assert found.stop_word_share is None


@given(st.text(max_size=300), st.sampled_from(["en", "zh", "ja", "th", "ko", "hi", None]))
def test_shares_are_shares_for_any_text(text: str, language: str | None) -> None:
    found = statistics(Words(text, language))
    if found is not None:
        assert 0.0 <= found.non_alphabetic_share <= 1.0
        assert 0.0 < found.unique_word_share <= 1.0
        assert found.stop_word_share is None or 0.0 <= found.stop_word_share <= 1.0


def test_the_longest_word_at_a_place_counts_and_none_twice() -> None:
    assert characters_in("abcabxab", by_first(["ab", "abc", "bx"])) == 3 + 2 + 2
    assert characters_in("", by_first(["ab"])) == 0
