from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus.blocks import read
from omnicorpus.document import Image, Part, Text
from omnicorpus.image_candidates import LAZY, LAZY_SETS
from omnicorpus.parts import COLUMNS, NAMES, assemble, images_of
from omnicorpus.tree import parse

BASE = "http://example.test/a/page.html"


def parts(html: str) -> tuple[Part, ...]:
    """The parts of a page of which everything is main body."""
    page = read(parse(html).body)
    return assemble(page, [True] * len(page.items), images_of(page, BASE))


def test_an_ordered_list_keeps_its_numbers() -> None:
    assert parts("<ol><li>a<li>b</ol>") == (Text("1. a\n2. b", "list"),)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("start=9", "9. a\n10. b\n11. c"),
        ("start=-1", "-1. a\n0. b\n1. c"),
        ("reversed", "3. a\n2. b\n1. c"),
        ("reversed start=10", "10. a\n9. b\n8. c"),
        ("start=99999999999999999999", "1. a\n2. b\n3. c"),
        ("start=x", "1. a\n2. b\n3. c"),
    ],
)
def test_numbers_begin_where_the_list_says(attributes: str, expected: str) -> None:
    assert parts(f"<ol {attributes}><li>a<li>b<li>c</ol>") == (Text(expected, "list"),)


def test_an_entry_may_set_its_own_number() -> None:
    assert parts("<ol><li>a<li value=7>b<li>c</ol>") == (Text("1. a\n7. b\n8. c", "list"),)


def test_entries_that_are_not_main_body_count_too() -> None:
    page = read(parse("<ol><li>a<li>b<li>c</ol>").body)
    assert assemble(page, [True, False, True], {}) == (Text("1. a\n3. c", "list"),)


def test_nested_lists_stand_in_below_their_entry() -> None:
    html = "<ol><li>a<ul><li>b<ol start=4><li>c</ol></ul><li>d<p>e</p></ol>"
    assert parts(html) == (Text("1. a\n   - b\n     4. c\n2. d\n   e", "list"),)


def test_a_list_goes_on_counting_behind_a_picture() -> None:
    found = parts("<ol><li>a<li><img src=x.jpg>b<li>c</ol>")
    assert found == (Text("1. a", "list"), Image("http://example.test/a/x.jpg"), Text("2. b\n3. c", "list"))


def test_words_of_an_entry_behind_a_picture_have_no_mark() -> None:
    found = parts("<ul><li>press <img src=x.jpg> to go<li>b</ul>")
    assert found == (Text("- press", "list"), Image("http://example.test/a/x.jpg"), Text("to go\n- b", "list"))


def test_a_list_that_begins_with_a_nested_entry_has_no_outer_space() -> None:
    assert parts("<ul><li><ul><li>a</ul><li>b</ul>") == (Text("- a\n- b", "list"),)


def test_definitions_stand_below_their_term() -> None:
    html = "<dl><dt>river<dd>water that runs<dd>a story<dt>bank</dl>"
    assert parts(html) == (Text("river\n: water that runs\n: a story\nbank", "list"),)


def test_a_table_is_markdown_with_a_rule_below_its_header() -> None:
    html = "<table><tr><th>a<th>b</tr><tr><td>1<td>2</tr></table>"
    assert parts(html) == (Text("| a | b |\n| --- | --- |\n| 1 | 2 |", "table"),)


def test_the_rows_of_thead_are_a_header_without_th() -> None:
    html = "<table><thead><tr><td>a<td>b</thead><tbody><tr><td>1<td>2</table>"
    assert parts(html) == (Text("| a | b |\n| --- | --- |\n| 1 | 2 |", "table"),)


def test_a_table_without_a_header_has_no_rule() -> None:
    html = "<table><tr><th>a<td>1</tr><tr><th>b<td>2</tr></table>"
    assert parts(html) == (Text("| a | 1 |\n| b | 2 |", "table"),)


def test_empty_and_spanned_cells_keep_the_columns() -> None:
    html = (
        "<table><tr><th rowspan=2>a<th colspan=2>b<th>c</tr><tr><td>d<td>e<td>f</tr>"
        "<tr><td><td>g<td><td>h|i</tr></table>"
    )
    assert parts(html) == (
        Text("| a | b |  | c |\n| --- | --- | --- | --- |\n|  | d | e | f |\n|  | g |  | h\\|i |", "table"),
    )


def test_the_caption_of_a_table_is_a_text_before_it() -> None:
    html = "<table><caption>Rivers</caption><tr><th>a<th>b</tr><tr><td>1<td>2</tr></table>"
    assert parts(html) == (Text("Rivers"), Text("| a | b |\n| --- | --- |\n| 1 | 2 |", "table"))


def test_a_picture_in_a_cell_stands_between_its_words() -> None:
    html = "<table><tr><td>a<td>b</tr><tr><td>1<img src=x.jpg><td>2</tr></table>"
    assert parts(html) == (
        Text("| a | b |\n| 1 |  |", "table"),
        Image("http://example.test/a/x.jpg"),
        Text("|  | 2 |", "table"),
    )


def test_spans_of_a_hostile_table_are_bounded() -> None:
    html = "<table>" + "<tr>" + "<td rowspan=99999999 colspan=1000>a" * 300 + "</tr>" + "<tr><td>b<td>c</table>"
    (found,) = parts(html)
    assert isinstance(found, Text)
    assert max(line.count("|") for line in found.text.split("\n")) == COLUMNS + 1


def test_a_layout_table_is_no_table() -> None:
    html = "<table><tr><td><h2>a</h2><td>b</tr><tr><td>c<td>d</tr></table>"
    assert parts(html) == (Text("a", "header"), Text("b"), Text("c"), Text("d"))


def test_code_keeps_lines_that_are_elements() -> None:
    html = "<pre><div>if wide:</div><div>    swim()</div></pre><pre>walk()</pre>"
    assert parts(html) == (Text("if wide:\n    swim()", "code"), Text("walk()", "code"))


def test_code_keeps_breaks_and_blanks() -> None:
    assert parts("<pre>a<br>  b\n\n\tc</pre>") == (Text("a\n  b\n\n\tc", "code"),)
    assert parts("<pre>a\n    <span>b</span>    <b>c</b></pre>") == (Text("a\n    b    c", "code"),)


def test_details_and_quotes_are_parts_of_their_kind() -> None:
    html = "<details><summary>More</summary><p>a<p>b</details><blockquote><p>c<p>d</blockquote>"
    assert parts(html) == (Text("More\na\nb", "detail"), Text("c\nd", "quote"))


@pytest.mark.parametrize("text", ["$$x$$", r"\[x^2\]", r"$\alpha$", "$x_1$"])
def test_a_formula_by_itself_is_a_part_of_its_kind(text: str) -> None:
    assert parts(f"<p>{text}</p>") == (Text(text, "formula"),)


@pytest.mark.parametrize("text", ["$5 or $6", "$ and $", "$x^2$ and $y^2$", "It costs $5"])
def test_money_and_sentences_are_no_formulas(text: str) -> None:
    assert parts(f"<p>{text}</p>") == (Text(text),)


def test_a_video_has_its_address_and_its_poster() -> None:
    html = "<video poster=p.jpg><source src=v.webm><source src=v.mp4></video><audio src=a.mp3></audio>"
    assert parts(html) == (
        Image("http://example.test/a/p.jpg", kind="video", media="http://example.test/a/v.webm"),
        Image("http://example.test/a/a.mp3", kind="audio", media="http://example.test/a/a.mp3"),
    )


def addresses(html: str) -> list[str]:
    return [part.url.removeprefix("http://example.test/") for part in parts(html) if isinstance(part, Image)]


@pytest.mark.parametrize("name", [*LAZY, "data-anything"])
def test_an_image_hides_in_every_lazy_attribute(name: str) -> None:
    assert addresses(f"<p>a<img src='data:image/gif;base64,R0' {name}='/i.jpg'>b") == ["i.jpg"]


@pytest.mark.parametrize("name", ["srcset", *LAZY_SETS])
def test_an_image_hides_in_every_set(name: str) -> None:
    assert addresses(f"<img src=/blank.gif {name}='/s,w_3.jpg 320w, /l,w_6.jpg 640w'>") == ["l,w_6.jpg"]


@pytest.mark.parametrize(
    "html",
    [
        "<picture><source srcset=/m.webp media='(max-width: 9px)'><img src=/i.jpg></picture>",
        "<picture><source srcset=/i.jpg><img></picture>",
        "<amp-img src=/i.jpg width=9 height=9></amp-img>",
        "<svg><image xlink:href=/i.jpg></image></svg>",
        "<svg><image href=/i.jpg /></svg>",
        "<img data-src=/i.jpg class=lazyload><noscript><img src=/i.jpg></noscript>",
        "<noscript><img src=/i.jpg></noscript>",
        "<img src=/i.jpg><img src=/i.jpg>",
    ],
)
def test_one_image_however_it_is_written(html: str) -> None:
    assert addresses(f"<p>a{html}b</p>") == ["i.jpg"]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<div><div><img src=/60/i.jpg></div><img><noscript><img src=/900/i.jpg></noscript></div>", ["900/i.jpg"]),
        ("<img src=/i.jpg?w=9><noscript><img src=/i.jpg></noscript>", ["i.jpg"]),
        ("<img src=/i-30x20.jpg><noscript><img src=/i.jpg></noscript>", ["i.jpg"]),
        ("<img src=/60/i.jpg data-src=/900/i.jpg><noscript><img src=/300/i.jpg></noscript>", ["900/i.jpg"]),
        ("<img src=/i.jpg><noscript><img src=/count.php?id=1 width=1></noscript>", ["i.jpg", "count.php?id=1"]),
        ("<img src=/i.jpg><noscript><img src=//cdn.test/2/i.jpg></noscript>", ["i.jpg", "http://cdn.test/2/i.jpg"]),
        ("<img src=/i.jpg><img class=lazy><noscript><img src=/j.jpg></noscript>", ["i.jpg", "j.jpg"]),
        ("<img src=/1/i.jpg> words <noscript><img src=/2/i.jpg></noscript>", ["1/i.jpg", "2/i.jpg"]),
        ("<div><img src=/1/i.jpg></div><div><noscript><img src=/2/i.jpg></noscript></div>", ["1/i.jpg", "2/i.jpg"]),
        ("<img src=/1/i.jpg><img><img><img><noscript><img src=/2/i.jpg></noscript>", ["1/i.jpg", "2/i.jpg"]),
        ("<video src=/1/i.mp4></video><noscript><img src=/2/i.mp4></noscript>", ["1/i.mp4", "2/i.mp4"]),
    ],
)
def test_of_two_addresses_of_one_image_with_and_without_scripts_one_is_kept(html: str, expected: list[str]) -> None:
    assert addresses(f"<p>a</p>{html}<p>b</p>") == expected


def test_of_thousands_of_sources_the_first_fifty_are_looked_at() -> None:
    empty = "<source srcset=data:,>"
    assert addresses(f"<picture>{empty * 49}<source srcset=/i.jpg><img></picture>") == ["i.jpg"]
    assert addresses(f"<picture>{empty * 50}<source srcset=/i.jpg><img></picture>") == []


def test_an_image_that_links_to_its_larger_self() -> None:
    (found,) = parts("<a href=/full.jpg><img src=/thumb.jpg></a>")
    assert found == Image("http://example.test/thumb.jpg", larger="http://example.test/full.jpg")


def test_the_original_of_a_thumbnail_that_the_cms_names() -> None:
    (found,) = parts("<img src=/i-300x200.jpg data-orig-file=/i.jpg>")
    assert found == Image("http://example.test/i-300x200.jpg", larger="http://example.test/i.jpg")


_RUN = st.lists(
    st.sampled_from(["word", "image", "p", "div", "span", "li", "td", "figure", "b", "a", "br"]), max_size=40
)


@settings(max_examples=200)
@given(_RUN)
def test_images_stand_between_the_same_words_as_on_the_page(pieces: list[str]) -> None:
    html = ""
    expected = []
    for number, piece in enumerate(pieces):
        if piece == "word":
            html += f" w{number} "
            expected.append(f"w{number}")
        elif piece == "image":
            html += f"<img src=/i{number}>"
            expected.append(f"i{number}")
        else:
            html += f"<{piece}>" if piece in ("br", "a") else f"</{piece}><{piece}>"
    found = [
        word
        for part in parts(html)
        for word in ([part.url.rsplit("/", 1)[-1]] if isinstance(part, Image) else re.findall(r"w[0-9]+", part.text))
    ]
    assert found == expected


_MARKUP = st.lists(
    st.sampled_from(
        ["<table>", "</table>", "<tr>", "<td>", "<th>", "<td rowspan=3>", "<td colspan=0>", "<td colspan=-1>",
         "<thead>", "<caption>", "<ol>", "<ol reversed>", "<ul>", "<li>", "<li value=-2>", "</ul>", "</ol>", "<dl>",
         "<dt>", "<dd>", "<p>", "<img src=i.jpg>", "<h2>", "</h2>", "<pre>", "</pre>", "a", "b c", " ", "<br>"]
    ),
    max_size=50,
)  # fmt: skip


@settings(max_examples=300)
@given(_MARKUP)
def test_every_letter_is_in_exactly_one_part(pieces: list[str]) -> None:
    found = parts("".join(pieces))
    given_letters = "".join(piece for piece in pieces if not piece.startswith("<"))
    kept = "".join(part.text for part in found if isinstance(part, Text))
    assert sorted(filter(str.isalpha, kept)) == sorted(filter(str.isalpha, given_letters))
    assert all(part.text == part.text.strip("\n") for part in found if isinstance(part, Text))


def test_a_name_as_long_as_the_page_is_not_repeated_for_every_image() -> None:
    found = parts(
        f"<div class={'x' * 100_000}>" + "".join(f"<img src={number}.png>" for number in range(50)) + "</div>"
    )
    assert {len(part.context) for part in found if isinstance(part, Image)} == {NAMES}
