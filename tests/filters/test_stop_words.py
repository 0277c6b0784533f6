import pytest

from filters.stop_words import GOPHER, han_stop_words, stop_endings, stop_words


def test_english_has_the_words_of_gopher() -> None:
    assert stop_words("en") == GOPHER == {"the", "be", "to", "of", "and", "that", "have", "with"}


@pytest.mark.parametrize(
    ("language", "word"), [("de", "und"), ("zh", "的"), ("th", "และ"), ("nn", "og"), ("yue", "的")]
)
def test_other_languages_have_their_list_or_a_neighbours(language: str, word: str) -> None:
    assert word in stop_words(language)


@pytest.mark.parametrize("language", ["km", "lo", "my", "bo", "xx"])
def test_a_language_without_a_list_has_none(language: str) -> None:
    assert stop_words(language) == frozenset()


def test_lists_hold_words_only() -> None:
    assert all(word[0].isalpha() for word in stop_words("zh") | stop_words("ko"))
    assert all(word for word in han_stop_words())


def test_korean_has_endings() -> None:
    assert "는" in stop_endings("ko") and stop_endings("en") == ()
