import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.phrases import FAMILIES, FLAGGED, Family, holds_any, phrases

LANGUAGES = ["en", "zh", "de", "fr", "es", "pt", "it", "ja", "ko", "ru", "ar", "sw", None]


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    line=st.text(max_size=80).map(str.lower) | st.sampled_from(["tags: a, b", "see tags: a", "read more", "版权所有"])
)
def test_one_search_finds_what_the_families_find(line: str, language: str | None) -> None:
    every = [phrases(family, language) for family in FAMILIES]
    found = any(family.marks.search(line) or family.notices.search(line) for family in every)
    assert holds_any(line, language) == found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("family", [*FAMILIES, FLAGGED])
def test_nothing_holds_a_mark(family: Family, language: str | None) -> None:
    known = phrases(family, language)
    assert not known.marks.search("") and not known.notices.search("")


def test_free_text_is_taken_along_at_the_start_of_a_line_only() -> None:
    assert not holds_any("the harbour, tags: boats", "en")
    assert holds_any("tags: boats", "en")


def test_words_are_whole_words_where_words_have_spaces() -> None:
    assert holds_any("login now", "en") and not holds_any("blogin", "en")
    assert holds_any("点击分享到微信", "zh")
