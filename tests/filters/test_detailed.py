from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from filters.detailed import DetailedSettings, refine
from omnicorpus.document import Document, Drop, Image, Kind, Locator, Measures, Part, Text

PARAGRAPH = (
    "The harbour of the town was built in the year of the great storm, and it has served the fishing boats since. "
    "Visitors walk along the old wall to see them return with their catch."
)
SETTINGS = DetailedSettings()
NOTHING: dict[str, Any] = {
    field.name: False if field.type == "bool" else None
    for field in fields(DetailedSettings)
    if field.type == "bool" or "None" in str(field.type)
}
OFF = DetailedSettings(**NOTHING)


def image(name: str = "a", sha256: str | None = None) -> Image:
    return Image(f"https://example.org/{name}.png", measures=Measures(sha256=sha256) if sha256 else None)


def doc(*parts: str | Part, language: str | None = "en") -> Document:
    made = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    return Document("0" * 32, "https://example.org/", None, Locator("a.warc", 0, 1), made, language=language)


def header(text: str) -> Text:
    return Text(text, "header")


def refined(*parts: str | Part) -> tuple[Part, ...]:
    return refine(doc(*parts), SETTINGS)[0].parts


def test_a_good_document_is_given_back_untouched() -> None:
    document = doc(header("The harbour"), PARAGRAPH, image(), Text("- one item\n- another item", "list"))
    assert refine(document, SETTINGS) == (document, [])
    assert refine(document, SETTINGS)[0] is document


def test_furniture_goes_and_each_cut_names_its_part() -> None:
    document, drops = refine(
        doc("Share on Facebook", PARAGRAPH, "Advertisement", image(), "All rights reserved"), SETTINGS
    )
    assert document.parts == (Text(PARAGRAPH), image())
    assert drops == [
        (0, Drop("social_media", 1.0, 0.6, "Share on Facebook")),
        (2, Drop("advertisement", 1.0, 0.6, "Advertisement")),
        (4, Drop("copyright_notice", 1.0, 0.6, "All rights reserved")),
    ]


def test_a_line_is_cut_out_of_a_list_that_stays() -> None:
    parts = refined(Text("- Oil the hinges\n- Share on Facebook\n- Close the door", "list"))
    assert parts == (Text("- Oil the hinges\n- Close the door", "list"),)


def test_a_cut_within_a_paragraph_keeps_the_paragraph() -> None:
    document, drops = refine(doc(f"{PARAGRAPH} Read more »"), SETTINGS)
    assert document.parts == (Text(PARAGRAPH),)
    assert drops == [(0, Drop("teaser_ending", 12, 0, " Read more »"))]


def test_an_item_is_kept_once_in_its_list() -> None:
    parts = refined(Text("- Oil the hinges\n- Close the door\n- oil the hinges\n- No\n- No", "list"))
    assert parts == (Text("- Oil the hinges\n- Close the door\n- No\n- No", "list"),)


def test_mojibake_is_repaired_and_counted() -> None:
    document, drops = refine(doc(PARAGRAPH.replace("It", "Itâ€™s") + " The vloggersâ€™ quay."), SETTINGS)
    assert document.parts == (Text(PARAGRAPH + " The vloggers’ quay."),)
    assert drops == [(0, Drop("mojibake", detail="â€"))]


def test_code_tables_and_formulas_are_left_alone() -> None:
    kinds: tuple[Kind, ...] = ("code", "table", "formula")
    parts = tuple(Text("Share on Facebook ____________________ [1]", kind) for kind in kinds)
    assert refined(*parts) == parts


def test_an_image_beside_it_protects_a_caption() -> None:
    assert refined(PARAGRAPH, image(), "Old quay", PARAGRAPH[:60] + ".") == (
        Text(PARAGRAPH), image(), Text("Old quay"), Text(PARAGRAPH[:60] + "."),
    )  # fmt: skip
    assert refined(PARAGRAPH, "Old quay", "New quay", PARAGRAPH[:60] + ".") == (
        Text(PARAGRAPH),
        Text(PARAGRAPH[:60] + "."),
    )


def test_a_credit_beside_an_image_is_no_caption() -> None:
    document, drops = refine(doc(image(), "Ada Smith/Getty Images", PARAGRAPH), SETTINGS)
    assert document.parts == (image(), Text(PARAGRAPH))
    assert [(at, drop.rule) for at, drop in drops] == [(1, "caption_noise")]


def test_one_short_paragraph_before_a_long_one_is_its_heading() -> None:
    assert refined(PARAGRAPH, "The wall", PARAGRAPH[:70] + ".") == (
        Text(PARAGRAPH), Text("The wall"), Text(PARAGRAPH[:70] + "."),
    )  # fmt: skip


def test_one_short_paragraph_under_a_heading_is_its_content() -> None:
    parts = (header("Return value"), Text("Boolean"), header("Syntax"), Text(PARAGRAPH))
    assert refined(*parts) == parts


def test_runs_of_short_paragraphs_are_menus() -> None:
    assert refined("Home", "News", "Sport", PARAGRAPH) == (Text(PARAGRAPH),)


def test_headings_left_without_content_go_too() -> None:
    document, drops = refine(
        doc(PARAGRAPH, header("Share"), "Share on Facebook", header("Comments"), "Leave a comment"), SETTINGS
    )
    assert document.parts == (Text(PARAGRAPH),)
    assert [drop.rule for _, drop in drops] == ["empty_header", "social_media", "empty_header", "account"]


def test_a_title_and_its_first_heading_stay() -> None:
    parts = (header("The harbour"), header("History"), Text(PARAGRAPH))
    assert refined(*parts) == parts


def test_paragraphs_and_images_are_kept_once() -> None:
    again = Image("https://example.org/copy.png", measures=Measures(sha256="ab"))
    document, drops = refine(doc(PARAGRAPH, image("a", "ab"), PARAGRAPH.upper(), again, image("b", "cd")), SETTINGS)
    assert document.parts == (Text(PARAGRAPH), image("a", "ab"), image("b", "cd"))
    assert [(at, drop.rule) for at, drop in drops] == [(2, "duplicate_paragraph"), (3, "duplicate_image")]


def test_images_without_an_address_go() -> None:
    document, drops = refine(doc(PARAGRAPH, Image("data:image/png;base64,AAAA")), SETTINGS)
    assert document.parts == (Text(PARAGRAPH),)
    assert drops == [(1, Drop("empty_image", detail="data:image/png;base64,AAAA"))]


def test_a_document_of_nothing_but_furniture_has_no_parts_left() -> None:
    assert refined(header("Menu"), "Log in", "Share on Facebook") == ()


def test_rules_that_are_off_cut_nothing() -> None:
    document = doc("Share on Facebook [1]", "HOME", "12345678", image(), image(), header("End"))
    assert refine(document, OFF) == (document, [])


LINES = st.sampled_from(
    [
        *(PARAGRAPH, PARAGRAPH.upper(), "Share on Facebook", "Home", "HOME AND GARDEN AND SPORT", "12 34 56 78"),
        *("It was over.", "Photo: Ada Smith", "Ada Smith/Getty Images", "The quay is open. It was rebu... Read more"),
        *("Built in 1879.[1][2] (Photo: A)", "Name ____________________ Date ____________________", "Read more"),
        *("(完)", "■ ■", "a\u200bb (完) ■", "[edit]", ".[1] Read more", "港口今天重新开放。（完）", "来源：新华网"),
        *("上一篇 下一篇", "感谢阅读", "- ", "x" * 50, "Advertisement\n\n\n\nHarbour news\nTags: a, b"),
        *(
            "Continue reading... [...]",
            "Call: 555 010 77 88",
            "#a1 #b2 #c3",
            "",
            "By Ada Smith",
            "vloggersâ€™ videos Ã©",
        ),
    ]
)
PARTS = st.one_of(
    st.builds(
        Text,
        st.lists(LINES | st.text(max_size=30), min_size=1, max_size=4).map("\n".join).map(str.strip).filter(bool),
        st.sampled_from(["text", "list", "header", "quote", "code", "table", "detail"]),
    ),
    st.builds(Image, st.sampled_from(["https://a.test/1.png", "https://a.test/2.png", "data:x", ""])),
)


@settings(max_examples=300)
@given(st.lists(PARTS, max_size=8), st.sampled_from(["en", "zh", "de", None]))
def test_filtering_twice_is_filtering_once(parts: list[Part], language: str | None) -> None:
    once, drops = refine(doc(*parts, language=language), SETTINGS)
    twice, more = refine(once, SETTINGS)
    assert twice.parts == once.parts
    assert more == []
    assert all(0 <= at < len(parts) for at, _ in drops)
    assert len(once.parts) <= len(parts)


@given(st.lists(PARTS, max_size=6))
def test_every_rule_of_a_drop_is_a_setting(parts: list[Part]) -> None:
    names = {field.name for field in fields(DetailedSettings)}
    assert {drop.rule for _, drop in refine(doc(*parts), SETTINGS)[1]} <= names


@given(st.lists(PARTS, max_size=6), st.sampled_from([f.name for f in fields(DetailedSettings)]))
def test_a_rule_that_is_off_never_decides(parts: list[Part], name: str) -> None:
    off = getattr(OFF, name)
    if off in (None, False):
        drops = refine(doc(*parts), replace(SETTINGS, **{name: off}))[1]
        assert name not in {drop.rule for _, drop in drops}
