from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus.document import Image, Part, Text
from omnicorpus.engine import ExtractionSettings, PageRefused
from omnicorpus.extraction import extract

URL = "http://example.test/a/page.html"
SENTENCE = "A long sentence about the river, its banks, and the people who have lived beside it for many years. "


def page(body: str, head: str = "<title>The river</title>") -> str:
    """An article with enough text around `body` that its main body is beyond doubt."""
    around = "".join(f"<p>{SENTENCE * 3}</p>" for _ in range(3))
    return f"<html><head>{head}</head><body><article><h1>The river</h1>{around}{body}{around}</article></body></html>"


def parts(body: str) -> tuple[Part, ...]:
    """The parts that `body` alone adds to the page."""
    plain = extract(page(""), URL).parts
    found = extract(page(body), URL).parts
    return tuple(part for part in found if part not in plain)


def images(body: str) -> list[str]:
    return [part.url for part in extract(page(body), URL).parts if isinstance(part, Image)]


def test_paragraphs_and_headings_are_parts_in_reading_order() -> None:
    words = f"Below the bridge. {SENTENCE}".strip()
    assert parts(f"<h2>The lower river</h2><p>{words}</p>") == (Text("The lower river", "header"), Text(words))


def test_an_image_stands_between_the_words_it_stood_between() -> None:
    first, second = f"First, {SENTENCE}".strip(), f"Second, {SENTENCE}".strip()
    found = parts(f"<p>{first}<img src='river.jpg' alt='The river'>{second}</p>")
    assert [part.text if isinstance(part, Text) else part.url for part in found] == [
        first,
        "http://example.test/a/river.jpg",
        second,
    ]


def test_navigation_and_footer_are_not_main_body() -> None:
    html = page("").replace("<article>", "<nav><a href=/>Home</a><a href=/b>About</a></nav><article>")
    html = html.replace("</body>", "<footer>All rights reserved</footer></body>")
    assert extract(html, URL).parts == extract(page(""), URL).parts


def test_a_navigation_that_was_never_closed_does_not_swallow_the_page() -> None:
    html = page("").replace("<article>", "<nav><a href=/>Home</a><article>")
    assert SENTENCE.strip() in " ".join(part.text for part in extract(html, URL).parts if isinstance(part, Text))


def test_code_keeps_its_line_breaks() -> None:
    code = "def river():\n    return 'wide'"
    assert Text(code, "code") in parts(f"<p>{SENTENCE}</p><pre><code>{code}</code></pre>")


def test_a_list_is_one_part_with_an_item_on_each_line() -> None:
    items = [f"{word}: {SENTENCE}".strip() for word in ("One", "Two")]
    found = parts("<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>")
    assert found == (Text("\n".join(f"- {item}" for item in items), "list"),)


def test_a_quote_is_a_part_of_its_own() -> None:
    words = f"They said: {SENTENCE}".strip()
    assert parts(f"<blockquote><p>{words}</p></blockquote>") == (Text(words, "quote"),)


def test_neighbouring_blocks_never_glue_words() -> None:
    found = parts(f"<div>{SENTENCE}end</div><div>begin {SENTENCE}</div>")
    assert "endbegin" not in "".join(part.text + " " for part in found if isinstance(part, Text))


def test_two_breaks_end_a_paragraph_and_one_breaks_a_line() -> None:
    first, second, third = (f"{word} {SENTENCE}".strip() for word in ("One", "Two", "Three"))
    found = parts(f"<div>{first}<br>{second}<br><br>{third}</div>")
    assert found == (Text(f"{first}\n{second}"), Text(third))


def test_formulas_are_kept_as_latex() -> None:
    mathml = (
        "<math><semantics><mrow><mi>a</mi></mrow>"
        '<annotation encoding="application/x-tex">a^2 &lt; b</annotation></semantics></math>'
    )
    found = parts(f"<p>{SENTENCE}We write {mathml} for it. {SENTENCE}</p>")
    assert "We write $a^2 < b$ for it." in found[0].text  # type: ignore[union-attr]


def test_a_mathjax_script_is_kept_as_latex() -> None:
    found = parts(f"<p>{SENTENCE}We write <script type='math/tex'>a<b</script> for it. {SENTENCE}</p>")
    assert "We write $a<b$ for it." in found[0].text  # type: ignore[union-attr]


def test_a_lazy_image_and_its_noscript_twin_are_one_image() -> None:
    body = (
        "<figure><img src='data:image/gif;base64,R0lGOD' data-src='/big.jpg'>"
        f"<noscript><img src='/big.jpg'></noscript></figure><p>{SENTENCE}</p>"
    )
    assert images(body) == ["http://example.test/big.jpg"]


def test_addresses_are_resolved_against_the_base_of_the_page() -> None:
    html = page("<img src='river.jpg' width=600 height=400>", "<base href='http://media.test/x/'>")
    assert [part.url for part in extract(html, URL).parts if isinstance(part, Image)] == [
        "http://media.test/x/river.jpg"
    ]


def test_an_image_carries_its_alt_text_size_and_the_names_around_it() -> None:
    body = "<div class='Media-Box'><img src='r.jpg' alt=' The  river ' width=600 height='400px'></div>"
    (image,) = (part for part in extract(page(body), URL).parts if isinstance(part, Image))
    assert (image.alt, image.declared_width, image.declared_height) == ("The river", 600, 400)
    assert "media-box" in image.context.split()


def test_the_caption_of_a_figure_goes_with_its_image() -> None:
    body = f"<figure><img src=a.jpg width=600><figcaption>The <b>old</b> bridge</figcaption></figure><p>{SENTENCE}</p>"
    found = {part.url: part.caption for part in extract(page(body), URL).parts if isinstance(part, Image)}
    assert found == {"http://example.test/a/a.jpg": "The old bridge"}


def test_background_images_are_candidates_only_on_request() -> None:
    body = f"<div style='height:400px;background-image:url(&quot;/deep.jpg&quot;)'><p>{SENTENCE}</p></div>"
    assert images(body) == []
    found = extract(page(body), URL, ExtractionSettings(css_backgrounds=True)).parts
    assert [part.url for part in found if isinstance(part, Image)] == ["http://example.test/deep.jpg"]


def test_trafilatura_is_an_engine_with_its_lazy_images_mended() -> None:
    html = page("<p><img src='data:image/gif;base64,R0lGOD' data-src='/big.jpg' alt='Big'></p>")
    found = extract(html, URL, ExtractionSettings(engine="trafilatura"))
    assert [part.url for part in found.parts if isinstance(part, Image)] == ["http://example.test/big.jpg"]
    assert (SENTENCE * 3).strip() in [part.text for part in found.parts if isinstance(part, Text)]
    assert found.facts.title == "The river"


def test_bytes_and_text_give_the_same() -> None:
    assert extract(page("<p>Füße 中文</p>").encode(), URL) == extract(page("<p>Füße 中文</p>"), URL)


def test_a_page_without_text_has_no_parts() -> None:
    assert extract("", URL).parts == ()
    assert extract("<html><body><script>x</script></body></html>", URL).parts == ()


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        (b"<p>" + b"x" * 2_000, "page_bytes"),
        (b"<p>" * 300, "page_tags"),
        (b"<p>a" * 60, "page_items"),
    ],
)
def test_limits_of_the_settings(html: bytes, rule: str) -> None:
    limits = ExtractionSettings(page_bytes=1_500, page_tags=250, page_items=50)
    with pytest.raises(PageRefused) as refused:
        extract(html, URL, limits)
    assert refused.value.rule == rule
    assert refused.value.value > refused.value.threshold


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        (b"<div>" * 100_000, "page_depth"),
        (b"<div>" * 5_000 + b"</div>" * 5_000, "page_depth"),
        (b"<ul><li>" * 50_000, "page_depth"),
        (b"<table>" + b"<x><div> </x>" * 50_000, "page_depth"),
        (b"<b><div> </b>" * 50_000, "page_depth"),
        (b"<div>" * 1_950 + b"</p>" * 240_000, "page_depth"),
        (b"<p " + b" ".join(b"a%d=1" % i for i in range(1_000_000)) + b">x", "tag_attributes"),
        (b"<p>" + b"".join(b"<b id=%d>" % i for i in range(1_000)) + b"</p>" + b"<p>x</p>" * 10_000, "open_formatting"),
        (b"<p>x" * 25_000_000, "page_bytes"),
    ],
)
def test_hostile_pages_are_refused_with_their_reason(html: bytes, rule: str) -> None:
    with pytest.raises(PageRefused) as refused:
        extract(html, URL)
    assert refused.value.rule == rule


@pytest.mark.parametrize(
    "html",
    [
        "\x00" * 100,
        "<" * 10_000,
        "<p>\ud800 lone surrogate</p>",
        "<p>" + "&" * 100_000,
        "<p a='" + "x>" * 10_000,
        "<!--" + "-" * 100_000,
        "<pre>" + "\n" * 1_000_000,
        "<img srcset='" + "a " * 200_000 + "'>",
        "<base href='http://['><img src='//[a]'><p>text",
        "<plaintext>" + "<b>" * 1_000,
        "<nav><nav><footer><nav>a</nav></footer></nav></nav>",
        "<svg><image xlink:href=a.png><title>x",
        "<math><mi>x",
        "<script type='application/ld+json'>" + "[" * 100_000 + "</script><p>x",
        "<frameset><frame></frameset>",
        "<table><tr><td>a<table><tr><td>b",
        "<p>" + "\u202e\u2066\u200f" * 10_000 + "<img src=a alt='\u202e'>" + "\u2069" * 10_000,
        "<!DOCTYPE p [<!ENTITY a 'x'>" + "".join(f"<!ENTITY a{n} '{'&a;' * 100}'>" for n in range(100)) + "]><p>&a99;",
        "<p>" + "&CounterClockwiseContourIntegral;" * 50_000,
    ],
)
def test_broken_pages_are_read_without_an_error(html: str) -> None:
    assert isinstance(extract(html, URL).parts, tuple)


_TAGS = st.sampled_from(
    [
        "p",
        "div",
        "span",
        "a",
        "b",
        "i",
        "ul",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "h1",
        "pre",
        "br",
        "img",
        "picture",
        "source",
        "noscript",
        "math",
        "svg",
        "nav",
        "footer",
        "video",
        "audio",
        "figure",
        "figcaption",
        "blockquote",
        "details",
        "summary",
        "select",
        "option",
        "template",
        "form",
        "input",
        "x-y",
        "dl",
        "dt",
        "dd",
        "script",
        "style",
        "title",
    ]
)
_PIECES = st.one_of(
    _TAGS.map(lambda tag: f"<{tag}>"),
    _TAGS.map(lambda tag: f"</{tag}>"),
    st.tuples(
        _TAGS, st.sampled_from(["src", "srcset", "data-src", "class", "style", "href", "width"]), st.text(max_size=20)
    ).map(lambda each: f"<{each[0]} {each[1]}={each[2]!r}>"),
    st.text(max_size=40),
)


@settings(max_examples=300)
@given(st.lists(_PIECES, max_size=60).map("".join))
def test_any_markup_gives_parts_without_empty_texts(html: str) -> None:
    first = extract(html, URL)
    assert first == extract(html, URL)
    for part in first.parts:
        assert part.url if isinstance(part, Image) else part.text == part.text.strip("\n") and part.text.strip()


@pytest.mark.parametrize("root", ["html", "body"])
def test_a_page_that_is_named_by_what_draws_its_formulas_is_kept(root: str) -> None:
    markup = f"<{root} class=MathJax><script type=math/tex>x</script><p>{'Some words of a page. ' * 20}"
    assert "Some words" in "".join(
        part.text for part in extract(markup, "http://a.test/").parts if isinstance(part, Text)
    )


def test_bytes_of_another_charset_are_replaced_and_the_rest_is_read() -> None:
    html = "<p>Ein Satz über Bäume.</p>".encode("cp1252") + "<p>Noch ein Satz über Bäume.</p>".encode()
    found = [part.text for part in extract(html, URL).parts if isinstance(part, Text)]
    assert found == ["Ein Satz \ufffdber B\ufffdume.", "Noch ein Satz über Bäume."]


def test_a_long_text_that_begins_with_a_dollar_sign_is_read_once() -> None:
    text = "$" + "a=b " * 100_000
    assert [len(part.text) for part in extract(f"<p>{text}", "http://a.test/").parts if isinstance(part, Text)] == [
        400_000
    ]


@pytest.mark.parametrize(
    "around",
    [
        "<a href='/" + ".jp" * 500_000 + "'>{}</a>",
        "<span class='" + "l" * 1_500_000 + "'>{}</span>",
        "<div class='" + "l" * 1_500_000 + "'>{}</div>",
        "<noscript>{}</noscript>",
    ],
)
def test_many_pictures_in_an_element_as_long_as_the_page_are_read_in_time(around: str) -> None:
    """Looking through the link, or through the names, for each of them took minutes."""
    pictures = "".join(f"<img src=/{number}.jpg>" for number in range(15_000))
    found = extract(f"<p>{SENTENCE}</p>{around.format(pictures)}<p>{SENTENCE}</p>", URL)
    assert [part.text for part in found.parts if isinstance(part, Text)] == [SENTENCE.strip()] * 2


def test_a_base_too_long_to_stand_in_each_address_is_no_base() -> None:
    html = page("<img src='river.jpg' width=600 height=400>", f"<base href='http://media.test/{'x' * 3_000}/'>")
    assert [part.url for part in extract(html, URL).parts if isinstance(part, Image)] == [
        "http://example.test/a/river.jpg"
    ]
