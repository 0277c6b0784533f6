from dataclasses import fields, replace

import pytest

from filters.preliminary import PreliminarySettings, judge
from omnicorpus.document import Document, Drop, Image, Kind, Locator, Part, Text

PARAGRAPH = (
    "The harbour of the town was built in the year of the great storm, and it has served the fishing boats since. "
    "Visitors walk along the old wall to see them return with their catch. In winter the quay lies empty and quiet. "
    "A ferry still crosses to the island twice a day, except on holidays."
)
OFF = PreliminarySettings(**{field.name: None for field in fields(PreliminarySettings)})


def doc(*parts: str | Part, language: str | None = "en") -> Document:
    made = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    return Document("0" * 32, "https://example.org/", None, Locator("a.warc", 0, 1), made, language=language)


def test_a_good_page_passes() -> None:
    assert (
        judge(doc(Text("The harbour", "header"), PARAGRAPH, Image("https://example.org/a.png")), PreliminarySettings())
        is None
    )


def test_an_empty_document_is_too_short() -> None:
    assert judge(doc(), PreliminarySettings()) == Drop("word_count", 0, 50)


@pytest.mark.parametrize(("kind", "expected"), [("code", None), ("formula", None), ("text", "curly_brackets")])
def test_a_page_that_shows_code_is_judged_by_its_prose(kind: Kind, expected: str | None) -> None:
    code = "\n".join(f"if (x[{i}] == {i}) {{ y[{i}] = {i}; }} # {{ {i} }}" for i in range(100))
    drop = judge(doc(PARAGRAPH, Text(code, kind)), PreliminarySettings())
    assert (drop and drop.rule) == expected


def test_a_page_with_a_table_of_numbers_is_judged_by_its_prose() -> None:
    table = "\n".join(" | ".join(str(row * column) for column in range(12)) for row in range(40))
    assert judge(doc(PARAGRAPH, Text(table, "table")), PreliminarySettings()) is None


def test_the_first_rule_in_order_decides() -> None:
    spam = doc("buy { now } # " * 40)
    assert judge(spam, PreliminarySettings()) == Drop("sentence_count", 0, 3)
    without = replace(PreliminarySettings(), sentence_count=None)
    drop = judge(spam, without)
    assert drop is not None and drop.rule == "curly_brackets"


def test_none_switches_a_rule_off() -> None:
    assert judge(doc("# { } 1 1 1 1 1 …"), OFF) is None


BAD: dict[str, Document] = {
    "word_count": doc("Too short."),
    "sentence_count": doc("word and " * 60),
    "lorem_ipsum": doc(PARAGRAPH.replace("harbour", "lorem ipsum")),
    "curly_brackets": doc(PARAGRAPH + " {}" * 10),
    "unreadable_characters": doc(PARAGRAPH + "\ufffd" * 10),
    "symbol_ratio": doc(PARAGRAPH + " # # # # # # # # # #"),
    "line_breaks": doc(PARAGRAPH.replace(" ", "\n")),
    "continuous_line_breaks": doc(PARAGRAPH.replace(". ", ".\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n")),
    "bullet_lines": doc(Text("- " + PARAGRAPH.replace(". ", ".\n- "), "list")),
    "ellipsis_lines": doc(PARAGRAPH.replace(". ", "...\n")),
    "digits": doc(PARAGRAPH + " 1234567890" * 10),
    "mean_word_length": doc("I am so it is. " * 20),
    "alphabetic_words": doc(PARAGRAPH + " 1 2 3 4 5" * 5),
    "stop_words": doc(PARAGRAPH, language="fi"),
    "frequent_word": doc(PARAGRAPH + " sale" * 40),
    "duplicate_lines": doc("\n".join([PARAGRAPH, "Share"] + ["Share"] * 2)),
    "duplicate_line_characters": doc(f"{PARAGRAPH}\n{PARAGRAPH}"),
    "duplicate_paragraphs": doc(PARAGRAPH, "Share", "Share", "Share"),
    "duplicate_paragraph_characters": doc(PARAGRAPH, PARAGRAPH),
    "top_n_gram": doc(PARAGRAPH + " special offer" * 15),
    "duplicate_n_grams": doc(PARAGRAPH + " " + PARAGRAPH),
}


@pytest.mark.parametrize("rule", [field.name for field in fields(PreliminarySettings)])
def test_each_setting_switches_the_rule_of_its_name(rule: str) -> None:
    settings = replace(OFF, **{rule: getattr(PreliminarySettings(), rule)})
    drop = judge(BAD[rule], settings)
    assert drop is not None and drop.rule == rule
    assert judge(doc(PARAGRAPH), settings) is None
