import ftfy
import pytest
from ftfy.badness import is_bad
from hypothesis import given
from hypothesis import strategies as st

from filters.mojibake import repaired


@pytest.mark.parametrize(
    "text", ["Net Café", "vloggers’ videos", "82° F", "الملفين الحادي عشر", "Größe über alles, naïve"]
)
def test_utf8_read_as_windows_1252_is_read_again(text: str) -> None:
    wrong = text.encode().decode("cp1252", "ignore") if "ا" not in text else text.encode().decode("latin-1")
    assert repaired(wrong) == text


@pytest.mark.parametrize(
    "text",
    [
        "Größe, naïve, l’été",
        "日本語の文章です。",
        "Всё хорошо, спасибо",
        "การทดสอบ",
        "¿Dónde está?",
        "a ± b × c ÷ d °C §",
    ],
)
def test_good_text_is_left_as_it_is(text: str) -> None:
    assert repaired(text) is text


@given(st.text(max_size=80))
def test_what_was_repaired_needs_no_more_than_a_few_repairs(text: str) -> None:
    for _ in range(10):
        after = repaired(text)
        if after == text:
            return
        text = after
    raise AssertionError(text)


@pytest.mark.parametrize("charset", ["latin-1", "cp1252", "cp1250", "cp1251"])
@pytest.mark.parametrize(
    "text",
    [
        "déjà vu à l’école",
        "Größe über «naïve» – 82° F",
        "Всё хорошо, спасибо за всё",
        "日本語の文章です",
        "Zażółć gęślą",
    ],
)
def test_the_look_that_saves_time_misses_nothing(charset: str, text: str) -> None:
    wrong = text.encode().decode(charset, "replace")
    assert repaired(wrong) == (ftfy.fix_encoding(wrong) if is_bad(wrong) else wrong)
