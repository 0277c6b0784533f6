"""The compiled reading of markup against a slow and simple one, written here with a regular expression."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus import hostile, scan
from omnicorpus.blocks import TAGS, Block, Picture, read, unescape
from omnicorpus.image_candidates import LAZY, absolute, best_address, declared_size, is_placeholder, starts
from omnicorpus.parts import shown
from omnicorpus.tree import TooManyAttributes, parse

TOKEN = re.compile(
    r'<!--.*?-->|<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]*+(?:="[^"]*+"|=))*+[^>=]*+)>((?:[^<]|<!--.*?-->)*+)', re.DOTALL
)
COMMENT = re.compile("<!--.*?-->", re.DOTALL)
BASES = ("https://h.test/p/q.html?r#s", "http://h.test", "https://h.test/p//q", "https://h.test/p/../q", "x:y", "")
NAMES = re.compile(r'\s(?:class|id|itemprop|role|rel)="([^"]*)"')
INLINE = {"a", "b", "span", "i"}

PIECES = (
    "<div>", "</div>", '<p class="x y" id="z">', "</p>", "<b>", "</b>", '<a href="/l?a&amp;b">', "</a>", "<i>", "</i>",
    "<pre>", "</pre>", '<x-y role="r">', "</x-y>", '<p title=" class=" id="q">', '<p title="<b>">', "<!-- <p> -->",
    "<!--", "-->",
    "words and, more.", " ", "\n", "&lt;", "&amp;lt;", "&nbsp;", "\x0b", "\u3000", "中文。", '"', "<p a", '<p a="', "𝐀",
)  # fmt: skip


def reference(markup: str) -> tuple[list[str], list[str], list[int], list[tuple[str, int, int]]]:
    """Tags, names and parents of the elements that break lines, and (text, element, linked) of each block."""
    tags, names, parents, found = ["body"], [""], [-1], []
    node = linked = pre = 0
    text = ""
    link = after_link = False

    def close() -> None:
        nonlocal text, linked
        plain = text
        for code, character in (("nbsp", "\xa0"), ("lt", "<"), ("gt", ">"), ("quot", '"'), ("amp", "&")):
            plain = plain.replace(f"&{code};", character)
        lines = plain.replace("\x0b", "\n").split("\n") if pre else plain.split("\x0b")
        lines = [line.rstrip() if pre else " ".join(line.split()) for line in lines]
        plain = "\n".join(lines).strip("\n") if pre else "\n".join(line for line in lines if line)
        if plain:
            found.append((plain, node, min(linked, len(plain))))
        text = ""
        linked = 0

    for slash, tag, raw, behind in TOKEN.findall(markup):
        if not tag:
            continue
        after = COMMENT.sub("", behind)
        if tag not in INLINE:
            close()
            if slash and node and tags[node] == tag:
                pre -= tag == "pre"
                node = parents[node]
            elif not slash:
                tags.append(tag)
                names.append(" ".join(NAMES.findall(raw)))
                parents.append(node)
                node = len(tags) - 1
                pre += tag == "pre"
        elif tag == "a":
            link = not slash
            if slash:
                after_link = True
            elif after_link and text:
                text += " "
        if not pre and (not after or after.isspace()):
            text += " " if after and text else ""
        elif after:
            text += after
            linked += len(after) if link else 0
            after_link = False
    close()
    return tags, names, parents, found


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_compiled_reading_is_the_plain_reading(pieces: list[str]) -> None:
    markup = "<body>" + "".join(pieces)
    tags, names, parents, texts = reference(markup)
    page = read(markup)
    assert (page.nodes.tags, page.nodes.names, page.nodes.parents) == (tags, names, parents)
    assert [(item.text, item.node, item.linked) for item in page.items if isinstance(item, Block)] == texts


HIDDEN = re.compile(
    r'\shidden(?:[\s=]|$)|style="[^"]*(?:display\s*:\s*none|visibility\s*:\s*hidden)|aria-hidden="true"', re.IGNORECASE
)


@settings(max_examples=500)
@given(
    st.lists(
        st.sampled_from(
            ("hidden", "HIDDEN", "display", "Display", "visibility", ":", "none", "NONE", " ", "\n", "\u3000", ";", "x",
             'aria-', '="true"', '="', '"', ' style="', ' data-style="', "style=")
        ), max_size=14,
    )
)  # fmt: skip
def test_an_element_that_hides_itself_is_told(pieces: list[str]) -> None:
    page = read(f"<body><p {''.join(pieces)}>")
    start, end, hidden = page.columns.nodes[scan.NODE_RAW : scan.NODE_HIDDEN + 1, 1].tolist()
    raw = page.body[start:end]
    told = ("hidden" in raw or "display" in raw) and HIDDEN.search(raw) is not None
    assert hidden & scan.HIDES == (scan.HIDES if told else 0)


SHOW = """
import json, sys
from omnicorpus.blocks import read
print([repr(read(markup, backgrounds=True).items) for markup in json.load(sys.stdin)])
"""


@pytest.mark.slow
def test_uncompiled_reading_stays_within_its_arrays_and_says_the_same() -> None:
    more = ("<img src=a>", "<picture>", "</picture>", "<source src=b>", "<video>", "</video>", "<br>", "<hr>", "<math>")
    dice = random.Random(3)
    pages = ["".join(dice.choices(PIECES + more, k=dice.randrange(60))) for _ in range(150)]
    said = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SHOW],
            input=json.dumps(pages), capture_output=True, text=True, check=True,
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
        ).stdout
        for disabled in ("0", "1")
    ]  # fmt: skip
    assert said[0] == said[1]


def test_sources_belong_to_the_picture_or_the_player_around_them() -> None:
    page = read('<body><picture><source srcset="b"><img src="a"></picture><video><source src="v"></video><img src="c">')
    assert [item.sources for item in page.items if isinstance(item, Picture)] == [[{"srcset": "b"}], [{"src": "v"}], []]


@settings(max_examples=500)
@given(
    st.lists(
        st.sampled_from(
            ('src="a&amp;b.jpg"', 'src=""', 'alt="a &lt;&quot;b&amp;amp;&nbsp;&gt;"', 'alt="&x;"', 'width="40"',
             'width=""', 'width="40px"', 'height="0"', 'height="123456"', 'height="px"', 'style="width:3px"',
             'style="top:3px"', 'data-src="c.jpg"', 'data-src="/c.jpg"', 'data-src="/c/blank.gif"',
             'class="x y"', 'title=" width="', 'srcset="d.jpg 2x"', "lazyload", 'zoomfile="e"', 'x:y="z"',
             'data-a_1="2"')
        ), unique=True, max_size=6,
    )
)  # fmt: skip
def test_a_glance_at_a_picture_says_what_its_attributes_say(written: list[str]) -> None:
    page = read(f"<body><img {' '.join(written)}>")
    columns = page.pictures[0]
    given = page.picture(0).attributes
    address = best_address(given)
    image = shown(page, "https://h.test/").get(0)
    assert (image and image.url) == (absolute("https://h.test/", address) if address else None)
    assert image is None or (image.declared_width, image.declared_height) == declared_size(given)
    if columns[scan.ITEM_SOURCE] >= 0:
        alt = given.get("alt", "")
        assert columns[scan.ITEM_ALT] == len(alt)
        assert unescape(page.body[slice(*columns[scan.ITEM_ALT_START : scan.ITEM_ALT_END + 1])]) == alt
        assert columns[scan.ITEM_OFFERS] == ("srcset" in given)
        assert columns[scan.ITEM_LAZY] == ("data-src" in given)
        assert not {*LAZY} - {"data-src"} & given.keys()


def test_most_pictures_need_no_more_than_a_glance() -> None:
    page = read(
        '<body><img class="x" src="a.jpg" alt="b" width="40" loading="lazy"><img src="a.jpg" data-lazy="b.jpg">'
    )
    columns = [page.pictures[position][scan.ITEM_ALT : scan.ITEM_HEIGHT + 1] for position in page.pictures]
    assert columns[0] == [1, 40, -1]
    assert [page.pictures[position][scan.ITEM_SOURCE] >= 0 for position in page.pictures] == [True, False]


ADDRESS = (
    "http://", "https://", "HTTP://", "//", "/", "a", "Ab1", "x.jpg", ".", "..", "-", "_", "%20", "blank", "Spacer.gif",
    "?", "a=b", "#", ":", "&amp;", "&quot;", ";", " ", "é", "1x1",
)  # fmt: skip


@settings(max_examples=1_000)
@given(st.lists(st.sampled_from(ADDRESS), max_size=8), st.sampled_from(BASES))
def test_an_address_of_a_known_form_is_put_behind_its_beginning(pieces: list[str], base: str) -> None:
    page = read(f'<body><img src="{"".join(pieces)}">')
    start, end = page.pictures[0][scan.ITEM_SOURCE : scan.ITEM_SOURCE_END + 1]
    form = page.pictures[0][scan.ITEM_FORM]
    if form != scan.UNSURE:
        source = unescape(page.body[start:end])
        assert not is_placeholder(source)
        assert ("", "", *starts(base))[form] + source == absolute(base, source)


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("http://a.test/b.jpg", scan.WHOLE),
        ("https://a.test/../b c.jpg", scan.UNSURE),
        ("https://a.test/b.jpg?c=1:2,3", scan.WHOLE),
        ("https://a.test/b.jpg?c=1&amp;d=2", scan.WHOLE),
        ("https://a.test/b.jpg?c=1&lt;d=2", scan.UNSURE),
        ("/b.jpg?c=1&amp;d=2", scan.OF_HOST),
        ("/b&amp;c.jpg", scan.UNSURE),
        ("//a.test/b.jpg?w=3", scan.OF_SCHEME),
        ("/b/c.jpg", scan.OF_HOST),
        ("b/c_d%20-1.jpg", scan.OF_FOLDER),
        ("../b.jpg", scan.UNSURE),
        ("b/.c.jpg", scan.UNSURE),
        ("b//c.jpg", scan.UNSURE),
        ("data:image/gif;base64,", scan.UNSURE),
        ("/blank/a.jpg", scan.OF_HOST),
        ("/a/blank.jpg", scan.UNSURE),
        ("/blank/a.jpg?b", scan.UNSURE),
        ("", scan.UNSURE),
    ],
)
def test_the_form_of_an_address_is_told_where_it_is_plain(source: str, form: int) -> None:
    assert read(f'<body><img src="{source}">').pictures[0][scan.ITEM_FORM] == form


LINKS = (
    "a", ".jpg", ".JPEG", ".Png", ".webp", ".g\u0131f", ".av\u0130f", ".gif", ".avif", ".", "?", "#", "b", "&amp;",
    "\n", "/",
)  # fmt: skip
FILE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)", re.IGNORECASE)
TO_FILE = re.compile(FILE.pattern + r"(?:[?#]|$)", re.IGNORECASE)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(LINKS), min_size=1, max_size=6))
def test_a_link_to_an_image_file_is_told(pieces: list[str]) -> None:
    page = read(f'<body><a href="{"".join(pieces)}"><img src="a.jpg"></a>')
    link = page.picture(0).link or ""
    told = scan.LED + scan.NAMES_FILE * bool(FILE.search(link)) + scan.TO_FILE * bool(TO_FILE.search(link))
    assert page.pictures[0][scan.ITEM_LED] == told


def test_pictures_know_the_elements_near_them_and_whether_their_names_say_lazy() -> None:
    page = read(
        '<body><div class="a"><p><span class="x Lazyload"><img src="b.jpg"></span><img class="c" src="d.jpg"></p></div>'
    )
    found = []
    for columns in page.pictures.values():
        near = columns[scan.ITEM_COLUMNS :]
        tags = [TAGS[tag] for tag in near[: scan.NEAR] if tag >= 0]
        found.append((tags, [page.name(name) for name in near[scan.NEAR :] if name > 0], columns[scan.ITEM_LAZY]))
    around = ["p", "div", "body", "body"]
    assert found == [(around, ["a"], 1), (around, ["a"], 0)]


def most(markup: bytes) -> tuple[int, int]:
    return hostile.most(np.frombuffer(markup, dtype=np.uint8))


@pytest.mark.parametrize(
    ("markup", "attributes"),
    [
        (b"<p>", 0),
        (b"<p a b c>", 3),
        (b"<p a=\"<>\" b='>' c=d/e f>", 4),
        (b'<p a="b"c="d">', 2),
        (b"a < b c d > e", 0),
        (b"<script>'<a x=\"'</script><p a b c>", 3),
        (b"<svg><style><p a b></style></svg>", 2),
    ],
)
def test_attributes_are_counted_through_quotes(markup: bytes, attributes: int) -> None:
    assert most(markup)[0] == attributes


@settings(max_examples=500)
@given(
    st.lists(
        st.sampled_from(
            ["<p", "</p", "<b ", "<b", "</b>", ">", "'", '"', '="', "='", "= '", "=", " a", "/", " ", "<", "x"]
        )
    )
)
def test_a_survey_never_says_less_than_the_count(pieces: list[str]) -> None:
    markup = "".join(pieces).encode()
    tags, attributes, formatting, _, _ = survey(markup)
    exact = most(markup)
    assert tags == markup.count(b"<")
    assert attributes >= exact[0]
    assert formatting >= exact[1]


def survey(markup: bytes) -> tuple[int, int, int, int, int]:
    return hostile.survey(np.frombuffer(markup, dtype=np.uint8))


def test_a_survey_finds_elements_and_words_that_the_tree_is_searched_for() -> None:
    named = survey(b"<SCRIPT></script><Nav><plaintext><p><basefontx <linkage title='<svg>'>")[3]
    found = [name for place, name in enumerate(hostile.NAMED) if named >> place & 1]
    assert {"script", "nav", "plaintext", "svg"} <= set(found)
    assert not {"link", "title", "meta"} & set(found)
    words = [survey(markup)[4] for markup in (b"<a rel=license>", b"MathJax", b"mjx-c", b"katex", b"lice mjx")]
    assert words == [hostile.LICENSE, hostile.DRAWN, hostile.DRAWN, hostile.DRAWN, 0]
    forums = [survey(markup)[4] for markup in (b"schema.org/QAPage", b"DiscussionForumPosting", b"QPage ForumPosting")]
    assert forums == [hostile.FORUM, hostile.FORUM, 0]


def test_attributes_with_tags_in_their_values_are_refused() -> None:
    markup = "<p " + " ".join(f'a{number}="<>"' for number in range(20_000)) + ">"
    with pytest.raises(TooManyAttributes):
        parse(markup)


def test_open_formatting_is_counted_where_it_has_attributes() -> None:
    assert most(b"<b id=1><i class=x><b></b><font color=red></i></i>")[1] == 2
