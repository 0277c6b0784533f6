from __future__ import annotations

import codecs

import pytest

from omnicorpus.charset import decode, utf8

RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей чаю. " * 5
JAPANESE = "いろはにほへと ちりぬるを。我が世誰ぞ常ならむ。" * 5
CHINESE = "天地玄黄,宇宙洪荒。日月盈昃,辰宿列张。" * 5


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (CHINESE, "gb18030"),
    ],
)
def test_header_meta_and_detection_lead_to_the_same_text(text: str, charset: str) -> None:
    body = text.encode(charset)
    meta = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">'.encode() + body
    assert decode(body, charset)[0] == text
    assert decode(meta)[0].endswith(text)
    assert decode(body)[0] == text


def test_valid_utf8_wins_over_a_header_that_lies() -> None:
    assert decode("naïve café".encode(), "iso-8859-1") == ("naïve café", "utf-8")


@pytest.mark.parametrize(
    ("mark", "charset"),
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")],
)
def test_a_byte_order_mark_wins_over_everything(mark: bytes, charset: str) -> None:
    assert decode(mark + RUSSIAN.encode(charset), "windows-1252") == (RUSSIAN, charset)


def test_latin_labels_mean_the_windows_code_page() -> None:
    assert decode(b"\x93quoted\x94 \x80", "ISO-8859-1")[0] == "“quoted” €"


def test_a_stateful_charset_is_not_taken_for_ascii() -> None:
    assert decode(JAPANESE.encode("iso2022_jp"), "iso-2022-jp")[0] == JAPANESE


@pytest.mark.parametrize("label", ["", "none", "utf-8859-1", "base64", "rot13", "x" * 500])
def test_labels_that_name_no_charset_are_passed_over(label: str) -> None:
    assert decode("naïve".encode(), label) == ("naïve", "utf-8")


def test_bytes_of_no_charset_become_replacement_marks() -> None:
    text, _ = decode(b"abc \xff\xfe\xfa def", "utf-8")
    assert text.startswith("abc ")
    assert text.endswith(" def")


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        ("naïve café".encode(), "iso-8859-1"),
        (b"\xef\xbb\xbf" + RUSSIAN.encode(), None),
        (RUSSIAN.encode("utf-16-le"), "utf-16-le"),
        (JAPANESE.encode("iso2022_jp"), "iso-2022-jp"),
        (b"abc \xff\xfe\xfa def", "utf-8"),
        (b"\x93quoted\x94 \x80", "ISO-8859-1"),
    ],
)
def test_a_page_in_utf8_is_its_text_in_utf8(body: bytes, declared: str | None) -> None:
    assert utf8(body, declared) == decode(body, declared)[0].encode("utf-8", "replace")
