import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.words import Words, prose
from omnicorpus.document import Document, Image, Locator, Text

CHINESE = "自由软件尊重用户的自由。"
JAPANESE = "カメラの設定を開いてください。"
THAI = "ภาษาไทยเขียนติดกันโดยไม่เว้นวรรคระหว่างคำ"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("The well-known cat's tail.", ["the", "well-known", "cat's", "tail"]),
        ("Version 2.10.34 costs 3.50 €!", ["version", "2.10.34", "costs", "3.50"]),
        ("Größe, «naïve» – l’été", ["größe", "naïve", "l’été"]),
        ("हिन्दी में लिखा है।", ["हिन्दी", "में", "लिखा", "है"]),
        ("كيف حالك؟ بخير، شكرا", ["كيف", "حالك", "بخير", "شكرا"]),
        ("می‌خواهم بروم", ["می‌خواهم", "بروم"]),
        ("한국어 문장입니다.", ["한국어", "문장입니다"]),
        ("བོད་ཡིག་གི་ཚིག", ["བོད", "ཡིག", "གི", "ཚིག"]),
        ("自由软件, Linux 6.1", ["自", "由", "软", "件", "linux", "6.1"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("ភាសា", ["ភា", "សា"]),
        ("", []),
        (" \n…!? ", []),
    ],
)
def test_a_unit_is_a_word_or_one_character_of_a_script_without_spaces(text: str, units: list[str]) -> None:
    assert Words(text).units == units


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("one two three", 3),
        ("自由软件用户自由" * 2, 10),
        ("のののののののののののののの", 4),
        ("กกกกกกกกกกกกกกกก", 5),
        ("Linux 自由软件用户自由", 6),
        ("བོད་ཡིག་" * 19, 20),
        ("Bến cảng này được xây dựng vào năm xảy ra cơn bão", 12 / 1.3),
        ("Der Vogel đ flog über das große Wasser", 8),
    ],
)
def test_characters_count_as_the_fraction_of_a_word_that_they_are(text: str, count: float) -> None:
    assert Words(text).count == pytest.approx(count)


def test_the_share_of_words_in_scripts_without_spaces() -> None:
    assert Words("plain words").unspaced_share == 0.0
    assert Words(CHINESE).unspaced_share == 1.0
    assert Words("one two three four five 自由软件用户自由").unspaced_share == pytest.approx(0.5)
    assert Words("").unspaced_share == 0.0


def test_units_per_word_follows_the_script() -> None:
    assert Words("plain words").units_per_word == 1.0
    assert Words("自由软件").units_per_word == pytest.approx(1.6)
    assert Words("").units_per_word == 1.0


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", 3),
        ('He said "Stop." Then (really.) he went on…', 3),
        ("Version 3.5 of example.org is out.", 1),
        ("A headline without an end", 0),
        ("一句话。第二句！第三句？", 3),
        ("これは文です。次の文です。", 2),
        ("यह एक वाक्य है। दूसरा वाक्य।", 2),
        ("هل هذا سؤال؟ نعم. شكرا", 2),
        ("នេះជាប្រយោគ។ មួយទៀត។", 2),
        (f"{THAI} {THAI} คำ", 2),
    ],
)
def test_sentences_end_by_the_marks_of_their_script(text: str, sentences: int) -> None:
    assert Words(text).sentence_count == sentences


def test_lines_and_paragraphs_leave_out_what_is_empty() -> None:
    words = Words("One\n two \n\n \n\nThree\n")
    assert words.lines == ["One", "two", "Three"]
    assert words.paragraphs == ["One\n two", "Three"]


def test_prose_leaves_out_code_tables_formulas_and_images() -> None:
    parts = (
        Text("A heading", "header"),
        Text("def f(): return {}", "code"),
        Text("A paragraph.", "text"),
        Image("https://example.org/a.png", alt="never read"),
        Text("1 | 2", "table"),
        Text("- an item", "list"),
        Text("e = mc^2", "formula"),
    )
    document = Document("0" * 32, "https://example.org/", None, Locator("a.warc", 0, 1), parts, language="en")
    assert prose(document) == Words("A heading\n\nA paragraph.\n\n- an item", "en")


@given(st.text())
def test_every_view_of_any_text_exists(text: str) -> None:
    words = Words(text)
    assert words.count >= 0
    assert 0.0 <= words.unspaced_share <= 1.0
    assert len(words.codes) == len(words.widths) == len(words.units)
    assert all(words.units) and not any(any(c.isspace() for c in unit) for unit in words.units)
    assert words.sentence_count >= 0 and words.spaced_word_length >= 0
    assert words.count <= len(words.units) or not words.units


@given(st.lists(st.sampled_from(["cat", "自由", "カメラ", "ดี", "où", "3.5"]), min_size=1))
def test_words_are_counted_alike_whatever_stands_between(pieces: list[str]) -> None:
    assert Words(" ".join(pieces)).count == pytest.approx(Words("\n\n".join(pieces)).count)
