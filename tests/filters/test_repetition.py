from hypothesis import given
from hypothesis import strategies as st

from filters.repetition import duplicates, items, near_duplicates, repeated_lines, without

SPAM = "Book cheap flights from {} to the warm islands of the south today"


def test_items_that_differ_in_a_number_only_are_said_once() -> None:
    lines = [f"- {count} people found this helpful" for count in (10, 12, 3, 40)]
    assert near_duplicates(lines) == {1, 2, 3}
    assert near_duplicates(lines[:3]) == frozenset()
    assert near_duplicates(lines[:3], copies=3) == {1, 2}


def test_long_items_that_differ_in_a_name_only_are_said_once() -> None:
    lines = [f"- {SPAM.format(city)}" for city in ("Rome", "Paris", "Oslo", "Lima")]
    assert near_duplicates(["- Our offers", *lines, "- Terms"]) == {2, 3, 4}
    assert near_duplicates(lines[:3]) == frozenset()


def test_chinese_items_are_compared_by_characters() -> None:
    lines = [
        f"- 立即预订从{city}飞往南方温暖岛屿的廉价机票享受阳光沙滩假期" for city in ("北京", "上海", "广州", "成都")
    ]
    assert near_duplicates(lines) == {1, 2, 3}


def test_short_items_and_numbers_are_lists_of_their_own_right() -> None:
    assert near_duplicates([f"- {year}" for year in range(1990, 2000)]) == frozenset()
    assert near_duplicates([f"- Lens {length}" for length in (10, 20, 35, 50)]) == frozenset()
    assert near_duplicates([f"- apu{model}c2" for model in range(1, 6)]) == frozenset()
    assert (
        near_duplicates([f"- Price: {price} EUR (with a disk of {price} GB)" for price in range(40, 46)]) == frozenset()
    )
    assert (
        near_duplicates(["- Press Ctrl to add", "- Press Shift to add", "- Press Alt to add", "- Press F1"])
        == frozenset()
    )


@given(
    st.lists(
        st.sampled_from(["- 1 person likes it", "- 2 people like it", "- 3 people like it", SPAM, "x", ""]), max_size=12
    )
)
def test_what_is_left_has_nothing_near_identical(lines: list[str]) -> None:
    again = near_duplicates(lines)
    left = [line for place, line in enumerate(lines) if place not in again]
    assert len(left) == len(lines) - len(again)
    for shape in ("people like it",):
        assert sum(shape in line for line in left) <= 3


def test_lines_are_counted_over_the_document() -> None:
    seen: set[str] = set()
    verse = "We sailed from the harbour in the year of the storm"
    assert repeated_lines(f"{verse}\nThe night was cold", seen) == []
    assert repeated_lines(f"{verse.upper()}\nThe night was cold", seen) == [verse.upper()]
    assert without(f"{verse}\nThe night\n{verse}", [verse]) == f"{verse}\nThe night"


def test_long_words_are_words() -> None:
    lines = [
        "Deep Learning Tutorial: Softmax Regression, by Chris",
        "Naive Bayes: Classification Tutorial, by Simone Rossi",
    ]
    assert (
        near_duplicates(lines * 1 + ["Difference of Softmax and Sigmoid Functions: by Saimadhu", "Logistic Regression"])
        == frozenset()
    )


def test_items_of_several_lines_are_no_lines_of_their_own() -> None:
    lines = ["- One paper", "  A. Smith", "  [pdf]", "- Another paper", "  A. Smith", "- A third", "- A fourth"]
    assert items(lines) == [5, 6]
    assert items(["- One", "  - inner", "    1. more"]) == [0, 1, 2]


def test_a_block_that_comes_again_is_a_duplicate_and_a_term_is_none() -> None:
    assert duplicates(["- Home page", "- All news", "- Sport", "- Home page", "- All news"]) == [3, 4]
    assert duplicates(["- The same thing", "- the  same thing", "- No", "- No"]) == [1]
    assert duplicates(["- Unit of measure", "- of this", "- Angle", "- Unit of measure", "- of that"]) == []
