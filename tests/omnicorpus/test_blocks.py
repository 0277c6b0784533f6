from __future__ import annotations

import pytest

from omnicorpus.blocks import Block, Picture, read
from omnicorpus.tree import NESTING, TooDeep, parse


def texts(markup: str) -> list[str]:
    return [item.text for item in read(f"<body>{markup}</body>").items if isinstance(item, Block)]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>a</p><p>b</p>", ["a", "b"]),
        ("<p>a<b>b</b>c</p>", ["abc"]),
        ("<p>a <b>b</b>\n c</p>", ["a b c"]),
        ("a<div>b</div>c", ["a", "b", "c"]),
        ("<my-part>a</my-part><my-part>b</my-part>", ["a", "b"]),
        ("<td>a</td><td>b</td>", ["a", "b"]),
        ("<p><a>a</a><a>b</a></p>", ["a b"]),
        ("<p>a<br>b<br><br>c</p>", ["a\nb", "c"]),
        ("<p>1 &lt; 2 &amp;&amp; a&nbsp;b</p>", ["1 < 2 && a b"]),
        ("<p>&amp;lt;</p>", ["&lt;"]),
        ("<pre>a\n  b\n</pre>", ["a\n  b"]),
        ("<p>a<noscript>b</noscript></p>", ["a"]),
    ],
)
def test_texts(markup: str, expected: list[str]) -> None:
    assert texts(markup) == expected


def test_links_are_counted_by_their_characters() -> None:
    (block,) = read('<body><p>one <a href="/x">two</a></p></body>').items
    assert isinstance(block, Block)
    assert (block.text, block.linked, block.links) == ("one two", 3, 1)


def test_pictures_know_their_link_and_their_sources() -> None:
    markup = '<picture><source srcset="b.jpg"><img src="a.jpg" alt="1 &quot;2&quot;"></picture>'
    (picture,) = read(f'<body><a href="/x?a&amp;b">{markup}</a></body>').items
    assert isinstance(picture, Picture)
    assert picture.attributes == {"src": "a.jpg", "alt": '1 "2"'}
    assert picture.sources == [{"srcset": "b.jpg"}]
    assert (picture.link, picture.alone, picture.silent) == ("/x?a&b", True, False)


def test_nodes_bound_their_items() -> None:
    page = read("<body><div><p>a</p><p>b</p></div><p>c</p></body>")
    assert page.nodes.tags[-4:] == ["div", "p", "p", "p"]
    div = page.nodes.tags.index("div")
    assert (page.nodes.first[div], page.nodes.last[div]) == (0, 2)


def test_quotes_in_names_of_attributes_hide_nothing() -> None:
    assert texts('<p a"="">one</p><p b"c="d">two</p>') == ["one", "two"]
    assert texts('<p a"="">"</p>' * 20_000) == ['"'] * 20_000


def test_what_nests_too_deep_is_refused() -> None:
    with pytest.raises(TooDeep):
        read("<div>" * (NESTING + 1) + "</div>" * (NESTING + 1))


def test_a_comment_neither_shows_nor_hides_what_follows_it() -> None:
    page = read(parse("<p>hello <!-- x --><b>big</b><!-- <p>no</p> --> world</p>").body)
    assert [item.text for item in page.items if isinstance(item, Block)] == ["hello big world"]
