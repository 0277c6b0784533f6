# ruff: noqa: E501 - texts read better unbroken

from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from filters.detailed import DetailedSettings, refine
from filters.personal import PersonalSettings
from omnicorpus.document import Document, Drop, Facts, Image, Kind, Locator, Measures, Part, Text

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
    parts = refined(Text("- Oil the hinges\n- Close the door\n- oil the hinges\n- close the door\n- No\n- No", "list"))
    assert parts == (Text("- Oil the hinges\n- Close the door\n- No\n- No", "list"),)
    terms = (
        Text("- Points\n- the position\n- Unit of measure\n- of this\n- Angle\n- Unit of measure\n- of that", "list"),
    )
    assert refined(*terms) == terms


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
            "Call +44 20 7946\u200b 0958 or ada@harbour.uk",
            "Tel. 030 / 901820",
            "View this post on Instagram",
            "The quay is open. It was built by the",
            "The quay is open, (https://a.test/b) https://a.test/c",
            "３ people like it",
            "4 people like it",
            "References",
            "Порт города был построен в год великой бури и служит рыбакам, которые вечером возвращаются с уловом.",
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


def by_script(text: str) -> tuple[str | None, float]:
    return ("ru", 0.95) if "города" in text.lower() else ("en", 0.95)


FOREIGN = replace(SETTINGS, foreign_paragraph=0.9)
ALL = replace(FOREIGN, site_line=(("example.org", "The night"),), foreign_words=8, foreign_share=0.6)


@settings(max_examples=400)
@given(st.lists(PARTS, max_size=8), st.sampled_from(["en", "zh", "de", None]))
def test_filtering_twice_is_filtering_once(parts: list[Part], language: str | None) -> None:
    once, drops = refine(doc(*parts, language=language), ALL, PersonalSettings(), by_script)
    twice, more = refine(once, ALL, PersonalSettings(), by_script)
    assert twice == once
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


def test_a_foreign_paragraph_is_cut_and_a_quoted_one_stays() -> None:
    russian = (
        "Порт города был построен в год великой бури и с тех пор служит рыбакам, которые вечером возвращаются с уловом "
    )
    russian += "и продают его на рынке у старой стены."
    document, drops = refine(
        doc(PARAGRAPH, PARAGRAPH + " So it is.", russian, Text(russian + " Да.", "quote")), FOREIGN, None, by_script
    )
    assert document.parts == (Text(PARAGRAPH), Text(PARAGRAPH + " So it is."), Text(russian + " Да.", "quote"))
    assert drops == [(2, Drop("foreign_paragraph", 0.95, 0.9, "ru"))]
    assert refine(doc(PARAGRAPH, PARAGRAPH + " So it is.", russian), SETTINGS, None, by_script)[1] == []


def test_lines_of_a_paragraph_are_kept_once() -> None:
    line = "We sailed from the harbour in the year of the storm,"
    other = "and the old wall of the quay was the last that we saw."
    document, drops = refine(doc(f"{line}\n{other}", f"The night was cold.\n{line}\n{other}"), SETTINGS)
    assert document.parts == (Text(f"{line}\n{other}"), Text("The night was cold."))
    assert drops == [(1, Drop("duplicate_line", 2, 0, line))]


def test_items_that_differ_in_a_number_are_kept_once() -> None:
    items = Text("\n".join(f"- {count} boats came home" for count in (3, 4, 5, 6)), "list")
    document, drops = refine(doc(PARAGRAPH, items), SETTINGS)
    assert document.parts == (Text(PARAGRAPH), Text("- 3 boats came home", "list"))
    assert [drop.rule for _, drop in drops] == ["near_duplicate_item"] * 3


def test_a_document_ends_with_a_whole_sentence() -> None:
    document, drops = refine(
        doc(PARAGRAPH, image(), "The wall stands. It was built by the", header("More"), "and the,"), SETTINGS
    )
    assert document.parts == (Text(PARAGRAPH), image(), Text("The wall stands."))
    assert [(at, drop.rule) for at, drop in drops] == [(2, "broken_ending"), (3, "empty_header"), (4, "broken_ending")]
    before_a_list = (Text("The wall is of stone, and"), Text("- granite from the north\n- lime from the south", "list"))
    assert refined(PARAGRAPH, *before_a_list) == (Text(PARAGRAPH), *before_a_list)


def test_sections_that_are_empty_go() -> None:
    assert refined(header("The harbour"), header("References"), header("History"), PARAGRAPH) == (
        header("The harbour"), header("History"), Text(PARAGRAPH),
    )  # fmt: skip
    kept = (header("References"), Text(PARAGRAPH))
    assert refined(*kept) == kept


def test_a_site_has_lines_of_its_own() -> None:
    club = replace(SETTINGS, site_line=(("example.org", "harbour news club"), ("elsewhere.test", "The")))
    document, drops = refine(doc(PARAGRAPH, "Harbour News Club: join today and save a tenth."), club)
    assert document.parts == (Text(PARAGRAPH),)
    assert [drop.rule for _, drop in drops] == ["site_line"]


def test_letters_in_old_forms_are_made_the_letters() -> None:
    document, drops = refine(doc(PARAGRAPH, "Ｔｈｅ ﬁshing boats come home."), SETTINGS)
    assert document.parts == (Text(PARAGRAPH), Text("The fishing boats come home."))
    assert [drop.rule for _, drop in drops] == ["compatibility_forms"]


def test_personal_data_is_masked_before_the_rules_look() -> None:
    picture = Image(
        "https://example.org/a.png", caption="Ask ada@harbour.uk", best_sentence="Write to ada@harbour.uk now."
    )
    document = doc(
        PARAGRAPH + " Write to ada@harbour.uk now.",
        picture,
        "Phone: +44 20 7946 0958",
        Text("ip 93.184.216.34", "code"),
    )
    left, drops = refine(replace(document, facts=Facts(author="ada@harbour.uk")), SETTINGS, PersonalSettings())
    assert left.parts == (
        Text(PARAGRAPH + " Write to <EMAIL> now."),
        replace(picture, caption="Ask <EMAIL>", best_sentence="Write to <EMAIL> now."),
        Text("ip <IP>", "code"),
    )
    assert left.facts.author == "<EMAIL>"
    assert drops == [
        (0, Drop("personal.email", 1, 0)),
        (1, Drop("personal.email", 1, 0)),
        (2, Drop("contact_line", 0, 8, "Phone: <PHONE>")),
        (2, Drop("personal.phone", 1, 0)),
        (3, Drop("personal.ip", 1, 0)),
    ]


GOOD = {
    "en": ("The harbour of the town was built in the year of the great storm, and it has served the boats since.",
           "Visitors walk along the old wall to see them return with their catch, and in winter the quay lies quiet.",
           "The council has promised to mend the pier before the next season begins, whatever the work may cost."),
    "de": ("Der Hafen der Stadt wurde im Jahr des großen Sturms gebaut und dient seitdem den Fischern der ganzen Küste.",
           "Besucher gehen auf der alten Mauer spazieren und sehen zu, wie die Boote am Abend mit ihrem Fang heimkehren.",
           "Der Rat hat versprochen, die Mole vor der nächsten Saison zu erneuern, was immer die Arbeit kosten mag."),
    "zh": ("这座城市的港口建于大风暴的那一年，从那以后一直为沿岸的渔船服务。",
           "游客沿着古老的城墙散步，看着渔民们在傍晚带着收获归来，冬天的码头则十分安静。",
           "市政府承诺在下一个季节开始之前修好码头，不管这项工程要花多少钱。"),
    "ru": ("Порт города был построен в год великой бури и с тех пор служит рыбакам всего побережья.",
           "Гости гуляют по старой стене и смотрят, как лодки вечером возвращаются с уловом, а зимой здесь тихо.",
           "Совет обещал починить пристань до начала следующего сезона, сколько бы эта работа ни стоила."),
}  # fmt: skip
PHRASES = st.sampled_from(
    [
        *(
            "YouTube",
            "Subscribe",
            "Services",
            "Share",
            "Follow us",
            "Advertisement",
            "Cookies",
            "All rights reserved",
            "Photo: Ada",
        ),
        *(
            "Read more",
            "Click here",
            "Tags: a, b",
            "Source: Reuters",
            "Impressum",
            "Teilen",
            "Werbung",
            "关注我们",
            "版权所有",
            "广告",
        ),
        *(
            "来源：新华网",
            "第04版：要闻",
            "词条标签",
            "Поделиться",
            "Реклама",
            "Войти",
            "casino bonus deposit",
            "porn",
            "12:30",
            "#tag @a",
        ),
        *(
            "https://a.test/b",
            "+44 20 7946 0958",
            "view this post on instagram",
            "Page 2 of 7",
            "Main article: Harbour",
            "1234567890",
        ),
    ]
)


@given(st.sampled_from(sorted(GOOD)), PHRASES, st.integers(0, 3), st.sampled_from([" ", "\n"]))
def test_no_phrase_costs_a_good_paragraph_a_sentence(language: str, phrase: str, at: int, gap: str) -> None:
    sentences = GOOD[language]
    text = gap.join([*sentences[:at], phrase, *sentences[at:]])
    left, _ = refine(doc(header("The harbour"), text, language=language), SETTINGS, PersonalSettings())
    assert all(sentence in left.text() for sentence in sentences)


def test_a_line_that_a_sentence_goes_on_in_is_no_line_of_its_own() -> None:
    text = "The terms that we add to prevent abusive or illegal usage are described on our\nTerms of Use page."
    assert refined(PARAGRAPH, text) == (Text(PARAGRAPH), Text(text))


def test_a_question_that_is_asked_again_has_its_answer() -> None:
    ask = "How can I get a copy of all the pages on my own Web site from you?'"
    assert refined(ask, PARAGRAPH, ask) == (Text(ask), Text(PARAGRAPH), Text(ask))


def test_a_short_sentence_may_be_said_in_another_section() -> None:
    said = "The following similar hardware will also work well with this box."
    parts = (
        header("One board"),
        Text(said),
        Text(PARAGRAPH),
        header("Another board"),
        Text(said),
        Text("It is small."),
    )
    assert refined(*parts) == parts
    assert refined(said, PARAGRAPH, said) == (Text(said), Text(PARAGRAPH))
