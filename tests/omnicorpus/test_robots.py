from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import robots


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a.png", True),
        ("User-agent: *\nDisallow: /", "/a.png", False),
        ("User-agent: *\nDisallow:", "/a.png", True),
        ("User-agent: *\nDisallow: /private", "/private/a.png", False),
        ("User-agent: *\nDisallow: /private/\nAllow: /private/open", "/private/open.png", True),
        ("User-agent: *\nAllow: /p\nDisallow: /p", "/p.png", True),
        ("user-AGENT: OmniCorpus/1.0\nDISALLOW: /x\n\nuser-agent: *\ndisallow: /", "/a.png", True),
        ("User-agent: omnicorpus\nDisallow: /x\n\nUser-agent: *\nDisallow: /", "/x.png", False),
        ("User-agent: other\nDisallow: /", "/a.png", True),
        ("User-agent: other\nUser-agent: omnicorpus\nDisallow: /", "/a.png", False),
        ("User-agent: omnicorpus\nDisallow: /a\nUser-agent: omnicorpus\nDisallow: /b", "/b", False),
        ("User-agent: omnicorpus\nUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: omnicorpusbot\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /*.png$", "/a/b.png", False),
        ("User-agent: *\nDisallow: /*.png$", "/a/b.png?x", True),
        ("User-agent: *\nDisallow: /*?", "/a.png?w=1", False),
        ("User-agent: *\nDisallow: /a*c*e", "/abcde", False),
        ("User-agent: *\nDisallow: /a*c*e", "/abdce", False),
        ("User-agent: *\nDisallow: /a*c*e", "/abe", True),
        ("User-agent: *\nDisallow: /ü", "/%C3%BC.png", False),
        ("User-agent: *\nDisallow: /%c3%bc", "/ü.png", False),
        ("User-agent: *\nDisallow: /%7Ejoe", "/~joe/a.png", False),
        ("﻿User-agent: *\r\nDisallow: /a # why\r\n", "/a", False),
        ("Disallow: /a", "/a", True),
        ("User-agent: *\nSitemap: https://a.example/s.xml\nDisallow: /a", "/a", False),
        ("<html>not a robots file</html>", "/a", True),
    ],
)
def test_robots(text: str, path: str, allowed: bool) -> None:
    assert robots.rules(text.encode()).allow(f"https://a.example{path}") is allowed


def test_the_root_is_a_path() -> None:
    assert robots.ALLOW_ALL.allow("https://a.example") is True


def test_what_follows_500_kib_is_ignored() -> None:
    text = b"User-agent: *\n" + b"#" * robots.MAX_BYTES + b"\nDisallow: /"
    assert robots.rules(text).allow("https://a.example/") is True


def test_the_longest_crawl_delay_counts() -> None:
    assert robots.rules(b"User-agent: *\nCrawl-delay: 2.5\nCrawl-delay: 1\nCrawl-delay: soon").delay == 2.5


def test_a_pattern_of_many_stars_is_judged_at_once() -> None:
    text = "User-agent: *\nDisallow: /" + "*a" * 20_000 + "$"
    assert robots.rules(text.encode()).allow("https://a.example/" + "a" * 20_000 + "b") is True


@given(st.text("ab*", max_size=8), st.booleans(), st.text("ab", max_size=10))
def test_patterns_mean_what_their_regular_expression_means(pattern: str, anchored: bool, path: str) -> None:
    pattern, path = f"/{pattern}", f"/{path}"
    expression = ".*".join(map(re.escape, pattern.split("*"))) + ("$" if anchored else "")
    rules = robots.Rules(((pattern + "$" * anchored, False),))
    assert rules.allow(f"https://a.example{path}") is (re.match(expression, path) is None)


@given(st.binary(max_size=400))
def test_any_bytes_are_rules(content: bytes) -> None:
    robots.rules(b"User-agent: *\nDisallow: " + content).allow("https://a.example/x")


@pytest.mark.parametrize(
    ("tags", "reservation", "token"),
    [
        ([], None, None),
        (["all"], None, None),
        (["noai"], None, "noai"),
        (["max-image-preview:large, NoImageAI"], None, "noimageai"),
        (["nofollow", "noindex"], None, "noindex"),
        (["googlebot: noindex"], None, None),
        (["googlebot: noindex, nofollow, omnicorpus: noai"], None, "noai"),
        (["omnicorpus: none"], None, "none"),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST, noindex"], None, "noindex"),
        ([], "1", "tdm-reservation"),
        ([], "0", None),
    ],
)
def test_opt_outs(tags: list[str], reservation: str | None, token: str | None) -> None:
    assert robots.opt_out(tags, reservation) == token


def test_only_honoured_tokens_refuse() -> None:
    assert robots.opt_out(["noindex"], "1", honoured=("noai",)) is None
