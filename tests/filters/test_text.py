import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import text
from filters.words import Words
from omnicorpus.document import Drop

ENGLISH = (
    "The harbour of the town was built in the year of the great storm, and it has served the fishing boats since. "
    "Visitors walk along the old wall to see them return with their catch. In winter the quay lies empty and quiet."
)
GOOD = {
    "en": ENGLISH,
    "zh": "这座港口建于大风暴的那一年，从那时起就一直为渔船服务。游客沿着古老的城墙散步，观看渔船满载而归。",
    "ja": "この港は大嵐の年に造られ、それ以来ずっと漁船に使われています。訪れる人は古い壁に沿って歩きます。",
    "ko": "이 항구는 큰 폭풍이 있던 해에 지어졌고 그 이후로 어선들이 사용하고 있다. 방문객은 성벽을 따라 걷는다.",
    "th": "ท่าเรือแห่งนี้สร้างขึ้นในปีที่มีพายุใหญ่และเรือประมงก็ใช้มาตั้งแต่นั้น นักท่องเที่ยวเดินไปตามกำแพงเก่าเพื่อดูเรือกลับมา",
    "ar": "بني هذا الميناء في عام العاصفة الكبرى، ومنذ ذلك الحين تستخدمه قوارب الصيد. يمشي الزوار على طول الجدار.",
    "ru": "Гавань города была построена в год великой бури, и с тех пор она служит рыбацким лодкам. Зимой причал пуст.",
    "hi": "यह बंदरगाह बड़े तूफान के साल में बनाया गया था और तब से मछली पकड़ने वाली नावें इसका उपयोग करती हैं।",
    "km": "កំពង់ផែនេះត្រូវបានសាងសង់នៅក្នុងឆ្នាំនៃព្យុះដ៏ធំ ហើយចាប់តាំងពីពេលនោះមក ទូកនេសាទបានប្រើប្រាស់វា។",
    "vi": "Bến cảng này được xây dựng vào năm xảy ra cơn bão lớn và từ đó các tàu đánh cá đã sử dụng nó.",
    "fi": "Kaupungin satama rakennettiin suuren myrskyn vuonna, ja se on siitä lähtien palvellut kalastusveneitä.",
}
PER_TEXT: list[Callable[[Words], Drop | None]] = [
    text.mean_word_length,
    text.symbol_ratio,
    text.bullet_lines,
    text.ellipsis_lines,
    text.alphabetic_words,
    text.stop_words,
    text.duplicate_lines,
    text.duplicate_line_characters,
    text.duplicate_paragraphs,
    text.duplicate_paragraph_characters,
    text.top_n_gram,
    text.duplicate_n_grams,
    text.lorem_ipsum,
    text.curly_brackets,
    text.unreadable_characters,
    text.line_breaks,
    text.continuous_line_breaks,
    text.frequent_word,
    text.digits,
]


@pytest.mark.parametrize("rule", PER_TEXT)
@pytest.mark.parametrize("language", GOOD)
def test_good_prose_of_every_script_passes(rule: Callable[[Words], Drop | None], language: str) -> None:
    assert rule(Words(GOOD[language], language)) is None


@pytest.mark.parametrize("rule", [*PER_TEXT, text.word_count, text.sentence_count])
@given(value=st.text(max_size=300))
def test_a_verdict_names_its_rule_and_what_it_measured(rule: Callable[[Words], Drop | None], value: str) -> None:
    drop = rule(Words(value, "en"))
    assert drop is None or (drop.rule == rule.__name__ and drop.value is not None and drop.threshold is not None)


@pytest.mark.parametrize("number", [49, 50, 100, 101])
def test_word_count_keeps_what_lies_between_its_bounds(number: int) -> None:
    expected = {49: Drop("word_count", 49, 50), 101: Drop("word_count", 101, 100)}.get(number)
    assert text.word_count(Words("word " * number), minimum=50, maximum=100) == expected


def test_a_chinese_text_of_eighty_characters_has_fifty_words() -> None:
    assert text.word_count(Words("港" * 80)) is None
    assert text.word_count(Words("港" * 79)) == Drop("word_count", 49.4, 50)


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        ("a b c d e", "en", Drop("mean_word_length", 1.0, 3.0)),
        ("incomprehensibilities antidisestablishmentarian", "en", Drop("mean_word_length", 23.0, 10.0)),
        ("이 배는 참 커", "ko", Drop("mean_word_length", 1.25, 1.8)),
        ("港 口 建 于 那 年", "zh", None),
        ("a b c 港 口", "zh", Drop("mean_word_length", 1.0, 2.0)),
        ("", "en", None),
    ],
)
def test_mean_word_length_is_bounded_by_language(value: str, language: str, expected: Drop | None) -> None:
    assert text.mean_word_length(Words(value, language)) == expected


def test_symbol_ratio_counts_hashes_and_ellipses_apart() -> None:
    assert text.symbol_ratio(Words("# one two # three four")) == Drop("symbol_ratio", 0.5, 0.1)
    assert text.symbol_ratio(Words("one... two… three four")) == Drop("symbol_ratio", 0.5, 0.1)
    assert text.symbol_ratio(Words("word " * 20 + "# …")) is None


def test_bullet_lines_and_ellipsis_lines_are_shares_of_the_lines() -> None:
    menu = Words("\n".join(f"- item {i}" for i in range(20)))
    assert text.bullet_lines(menu) == Drop("bullet_lines", 1.0, 0.9)
    assert text.bullet_lines(Words("Heading\n\nA line.\n- one\n• two")) is None
    assert text.ellipsis_lines(Words("Teaser one…\nTeaser two...\nA full line.")) == Drop("ellipsis_lines", 0.6667, 0.3)


def test_a_number_or_a_dash_at_the_start_of_a_sentence_is_no_bullet() -> None:
    assert text.bullet_lines(Words("3 men went.\n-\n1990 was a good year.")) is None


def test_alphabetic_words_measures_words_without_a_letter() -> None:
    assert text.alphabetic_words(Words("12 13 14 words here")) == Drop("alphabetic_words", 0.4, 0.8)
    assert text.alphabetic_words(Words("4K and MP3 hold letters")) is None


@pytest.mark.parametrize(
    ("value", "language", "found"),
    [
        ("cheap shoes brand sale", "en", 0),
        ("shoes of leather", "en", 1),
        ("Schuhe Angebot Preis Versand Rabatt", "de", 0),
        ("皮鞋 折扣 新款", "zh", 0),
        ("카메라 렌즈 삼각대 모델", "ko", 0),
    ],
)
def test_lists_of_names_hold_too_few_stop_words(value: str, language: str, found: int) -> None:
    assert text.stop_words(Words(value, language)) == Drop("stop_words", found, 2)


def test_chinese_taken_for_japanese_keeps_its_stop_words() -> None:
    assert text.stop_words(Words(GOOD["zh"], "ja")) is None


@pytest.mark.parametrize("language", [None, "km", "xx"])
def test_without_a_list_stop_words_are_not_judged(language: str | None) -> None:
    assert text.stop_words(Words("brand sale shoes", language)) is None


def test_repeated_lines_and_paragraphs() -> None:
    lines = Words("Share\nA long and quite particular line.\nShare\nShare")
    assert text.duplicate_lines(lines) == Drop("duplicate_lines", 0.5, 0.3)
    assert text.duplicate_line_characters(Words("\n".join([ENGLISH] * 2))) == Drop(
        "duplicate_line_characters", round(len(ENGLISH) / (2 * len(ENGLISH) + 1), 4), 0.2
    )
    paragraphs = Words("\n\n".join(["One.", "Two.", "One.", "One."]))
    assert text.duplicate_paragraphs(paragraphs) == Drop("duplicate_paragraphs", 0.5, 0.3)
    assert text.duplicate_paragraph_characters(paragraphs) == Drop("duplicate_paragraph_characters", 0.3636, 0.2)


def test_top_n_gram_finds_a_phrase_that_fills_the_text() -> None:
    drop = text.top_n_gram(Words("buy now " * 30))
    assert drop is not None and (drop.rule, drop.threshold, drop.detail) == ("top_n_gram", 0.2, "2 words")
    chinese = text.top_n_gram(Words("立即购买" * 30))
    assert chinese is not None and (chinese.rule, chinese.detail) == ("top_n_gram", "2 words")


@pytest.mark.parametrize("passage", [ENGLISH, GOOD["zh"], GOOD["ja"], GOOD["th"], GOOD["km"]])
def test_duplicate_n_grams_finds_a_passage_that_comes_twice(passage: str) -> None:
    drop = text.duplicate_n_grams(Words(f"{passage}\n\n{passage}"))
    assert drop is not None and (drop.rule, drop.threshold, drop.detail) == ("duplicate_n_grams", 0.15, "5 words")
    assert drop.value == pytest.approx(0.43, abs=0.08)


def brute_force(words: list[str], n: int) -> int:
    """Characters of words that lie in a run of n that began before, counted once."""
    seen: set[tuple[str, ...]] = set()
    covered: set[int] = set()
    for start in range(len(words) - n + 1):
        run = tuple(words[start : start + n])
        if run in seen:
            covered.update(range(start, start + n))
        seen.add(run)
    return sum(len(words[index]) for index in covered)


@given(st.lists(st.sampled_from(["a", "bb", "ccc"]), min_size=1, max_size=60), st.integers(2, 6))
def test_duplicate_n_grams_agrees_with_counting_by_hand(pieces: list[str], n: int) -> None:
    value = " ".join(pieces)
    expected = brute_force(pieces, n) / len(value)
    drop = text.duplicate_n_grams(Words(value), maxima=((n, 0.0),))
    assert (0.0 if drop is None else drop.value) == pytest.approx(expected, abs=1e-4)


def test_sentence_count_and_its_threshold() -> None:
    assert text.sentence_count(Words("One. Two.")) == Drop("sentence_count", 2, 3)
    assert text.sentence_count(Words("One. Two. Three.")) is None


def test_lorem_ipsum_is_dropped_and_a_page_about_it_kept() -> None:
    filler = "Lorem ipsum dolor sit amet, consectetur adipiscing elit."
    assert text.lorem_ipsum(Words(filler)) == Drop("lorem_ipsum", 1.0, 0.1)
    about = Words(f"{ENGLISH * 3}\n\nDesigners call it lorem ipsum.")
    assert text.lorem_ipsum(about) is None
    assert text.lorem_ipsum(about, maximum=0.0) is not None


def test_curly_brackets_are_counted_per_word() -> None:
    assert text.curly_brackets(Words("a { b } c")) == Drop("curly_brackets", 0.6667, 0.05)
    assert text.curly_brackets(Words("word " * 50 + "{x}")) is None


def test_unreadable_characters_are_a_share_of_all() -> None:
    assert text.unreadable_characters(Words("ab\ufffd\x01")) == Drop("unreadable_characters", 0.5, 0.01)
    assert text.unreadable_characters(Words("tab\tand\r\nlines")) is None


def test_line_breaks_per_word_and_in_runs() -> None:
    assert text.line_breaks(Words("Home\nNews\nSport\nContact")) == Drop("line_breaks", 0.75, 0.3)
    broken = "word\n\n\n\nword\n\n\n\nword"
    assert text.continuous_line_breaks(Words(broken)) == Drop("continuous_line_breaks", 0.4, 0.1)
    assert text.continuous_line_breaks(Words("word\n\nword\n\nword")) is None


def test_a_word_that_fills_the_text_is_named() -> None:
    assert text.frequent_word(Words("Sale sale shoes sale")) == Drop("frequent_word", 0.75, 0.2, "sale")


def test_digits_of_all_scripts_count() -> None:
    assert text.digits(Words("12 34 ab")) == Drop("digits", 0.6667, 0.2)
    assert text.digits(Words("١٢٣٤ ab")) == Drop("digits", 0.6667, 0.2)


def test_every_rule_says_where_its_number_comes_from() -> None:
    for rule in [*PER_TEXT, text.word_count, text.sentence_count]:
        assert re.search(r"Gopher|C4|FineWeb|OmniCorpus", rule.__doc__ or ""), rule.__name__
