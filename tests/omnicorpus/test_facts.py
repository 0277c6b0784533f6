from __future__ import annotations

import pytest

from omnicorpus.document import Facts
from omnicorpus.facts import read_facts
from omnicorpus.tree import parse

URL = "http://example.test/a/page.html"


def facts(head: str) -> Facts:
    return read_facts(parse(f"<html><head>{head}</head><body><p>Text</body></html>"), URL)


def test_a_silent_page_has_no_facts() -> None:
    assert facts("") == Facts()


def test_the_head_speaks() -> None:
    assert facts(
        "<title>Title of the window</title><meta property=og:title content=' The  river '>"
        "<meta name=author content='A. Writer'><meta property=article:published_time content='2024-05-01T10:00:00Z'>"
        "<meta property=og:site_name content=Example><link rel=canonical href=/river><link rel=license "
        "href=//l.test/by>"
    ) == Facts(
        title="The river",
        author="A. Writer",
        published="2024-05-01T10:00:00+00:00",
        site_name="Example",
        canonical="http://example.test/river",
        license="http://l.test/by",
    )


def test_json_ld_speaks_where_metas_do_not() -> None:
    found = facts(
        '<script type="application/ld+json">{"@graph": [{"headline": "The river", "datePublished": "2024-05-01",'
        ' "author": [{"name": "A"}, {"name": "B"}], "publisher": {"name": "Example"}, "license": "http://l.test/by"}]}</script>'
    )
    assert found == Facts("The river", "A, B", "2024-05-01T00:00:00", "Example", None, "http://l.test/by")


def test_a_link_of_the_body_may_name_the_licence() -> None:
    html = (
        "<p>Text<footer><a rel='nofollow license' href='//l.test/by'>CC BY</a><a rel=canonical href=/x>x</a></footer>"
    )
    found = read_facts(parse(html), URL)
    assert (found.license, found.canonical) == ("http://l.test/by", None)


def test_an_author_is_a_name_without_by() -> None:
    assert facts("<meta name=author content='By A. Writer'>").author == "A. Writer"
    assert facts("<meta name=author content='Byron'>").author == "Byron"


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("2024-05-01", "2024-05-01T00:00:00"),
        ("2024年5月1日", "2024-05-01T00:00:00"),
        ("2024/05/01 10:20", "2024-05-01T10:20:00"),
        ("Wed, 01 May 2024 10:00:00 GMT", "2024-05-01T10:00:00+00:00"),
        ("last spring", "last spring"),
        ("2024/99/99", "2024/99/99"),
    ],
)
def test_dates(written: str, published: str) -> None:
    assert facts(f"<meta name=date content='{written}'>").published == published


def test_robots_tokens() -> None:
    head = "<meta name=ROBOTS content='NoAI, noimageai'><meta name=tdm-reservation content=1>"
    head += "<meta name=googlebot content=none>"
    assert facts(head).robots == ("noai", "noimageai", "tdm-reservation")
    assert facts("<meta name=tdm-reservation content=0>").robots == ()


@pytest.mark.parametrize("script", ["[" * 100_000, "{", '"text"', '[{"headline": 7}]', '{"@graph": 7}'])
def test_broken_json_ld_is_passed_over(script: str) -> None:
    assert facts(f'<script type="application/ld+json">{script}</script>') == Facts()
