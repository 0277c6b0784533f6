from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus.image_candidates import (
    absolute,
    best_address,
    declared_size,
    is_placeholder,
    joined,
    larger_address,
    largest,
    srcset,
)


@pytest.mark.parametrize(
    ("value", "candidates"),
    [
        ("a.jpg", [("a.jpg", 1000.0)]),
        ("a.jpg 1x, b.jpg 2x", [("a.jpg", 1000.0), ("b.jpg", 2000.0)]),
        ("a.jpg 320w,b.jpg 640w", [("a.jpg", 320.0), ("b.jpg", 640.0)]),
        (
            "w_300,h_200/a.jpg 300w, w_600,h_400/a.jpg 600w",
            [("w_300,h_200/a.jpg", 300.0), ("w_600,h_400/a.jpg", 600.0)],
        ),
        ("my river.jpg 2x", [("my river.jpg", 2000.0)]),
        ("a.jpg, b.jpg 1.5x", [("a.jpg", 1000.0), ("b.jpg", 1500.0)]),
        ("", []),
        (" , ", []),
    ],
)
def test_srcset(value: str, candidates: list[tuple[str, float]]) -> None:
    assert srcset(value) == candidates


def test_the_largest_candidate_that_is_no_placeholder() -> None:
    assert largest("a.jpg 320w, b.jpg 640w, c.jpg 320w") == "b.jpg"
    assert largest("data:image/gif;base64,R0lGOD 900w, a.jpg 1w") == "a.jpg"
    assert largest("") is None


@pytest.mark.parametrize(
    ("attributes", "address"),
    [
        ({"src": "a.jpg"}, "a.jpg"),
        ({"src": "blank.gif", "data-src": "/a.jpg"}, "/a.jpg"),
        ({"src": "thumb.jpg", "data-original": "/a.jpg"}, "/a.jpg"),
        ({"src": "a.jpg", "data-orig-file": "/full.jpg"}, "a.jpg"),
        ({"src": "data:image/gif;base64,R0", "srcset": "a.jpg 1x, b.jpg 2x"}, "b.jpg"),
        ({"data-lazy-srcset": "a.jpg 320w, b.jpg 640w"}, "b.jpg"),
        ({"data-whatever": "https://example.test/a.webp"}, "https://example.test/a.webp"),
        ({"data-config": '{"src": "a.jpg"}'}, None),
        ({"src": "data:image/gif;base64,R0"}, "data:image/gif;base64,R0"),
        ({}, None),
    ],
)
def test_the_address_that_a_reader_would_see(attributes: dict[str, str], address: str | None) -> None:
    assert best_address(attributes) == address


def test_sources_of_a_picture_without_media_go_first() -> None:
    sources = [{"srcset": "small.jpg", "media": "(max-width: 600px)"}, {"srcset": "large.jpg 2x, mid.jpg 1x"}]
    assert best_address({}, sources) == "large.jpg"
    assert best_address({"src": "own.jpg"}, sources) == "own.jpg"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "data:image/gif;base64,R0",
        "/img/blank.gif",
        "x/placeholder.svg?v=1",
        "about:blank",
        "blank.gif",
        "a.b/s_blank.PNG",
    ],
)
def test_placeholders(address: str) -> None:
    assert is_placeholder(address)


@pytest.mark.parametrize("address", ["/a.jpg", "/blankenese.jpg", "/spacecraft.png", "/loading-dock.jpeg.html"])
def test_names_that_only_look_like_placeholders(address: str) -> None:
    assert not is_placeholder(address)


def test_addresses_become_absolute() -> None:
    assert absolute("http://a.test/b/c", " d e.jpg#x ") == "http://a.test/b/d%20e.jpg"
    assert absolute("http://a.test/b/c", "//m.test/d.jpg") == "http://m.test/d.jpg"
    assert absolute("http://a.test/", "//[a") is None


@settings(max_examples=1_500)
@given(
    base=st.sampled_from(
        ("http://a.test/b/c?d#e", "https://a.test", "http://a.test//b/../c//d;e", "file:///a/b.html", "a/b", "", "//[",
         "http://a.test/b/..", "data:x", "about:blank", "ftp://u@a.test:21/b/")
    ),
    pieces=st.lists(
        st.sampled_from(
            ("/", "//", "http://", "https://a.test/", "a", "b.jpg", "A.test", ".", "..", "/..", "?", "c=d&e", ":",
             ":80", ";", "#f", "%20", "[", "@", "é", "data:", "x+y", "!", ",", "~")
        ), max_size=7,
    ),
)  # fmt: skip
def test_plain_addresses_are_what_urljoin_makes_of_them(base: str, pieces: list[str]) -> None:
    address = "".join(pieces)

    def said(join: Callable[[str, str], str]) -> str | None:
        try:
            return join(base, address)
        except ValueError:
            return None

    assert said(joined) == said(urljoin)


@pytest.mark.parametrize(
    ("attributes", "sources", "link", "larger"),
    [
        ({"src": "/s.jpg", "srcset": "/s.jpg 400w, /l.jpg 1200w"}, [], None, "/l.jpg"),
        ({"src": "/s.jpg"}, [{"srcset": "/s.webp 400w, /l.webp 1200w"}], None, "/l.webp"),
        ({"src": "/s.jpg", "srcset": "/s.jpg 400w"}, [], "/original.png", "/original.png"),
        ({"src": "/s.jpg"}, [], "/about.html", None),
        ({"src": "/s.jpg", "srcset": "data:image/gif;base64,AAAA 2x"}, [], None, None),
        ({"src": "/s.jpg"}, [], None, None),
        ({"src": "/s-300x200.jpg", "data-orig-file": "/s.jpg", "srcset": "/m.jpg 600w"}, [], None, "/s.jpg"),
        ({"src": "/s.jpg", "data-large_image": "/l.jpg", "data-full": "1"}, [], None, "/l.jpg"),
        ({"src": "/s.jpg", "data-full": "1"}, [], None, None),
    ],
)
def test_the_largest_copy_that_the_page_offers(
    attributes: dict[str, str], sources: list[dict[str, str]], link: str | None, larger: str | None
) -> None:
    assert larger_address(attributes, sources, link) == larger


def test_declared_sizes() -> None:
    assert declared_size({"width": "600", "height": "400px"}) == (600, 400)
    assert declared_size({"width": "100%", "style": "height: 20px; max-width: 7px"}) == (None, 20)
    assert declared_size({}) == (None, None)


@given(st.text(max_size=200))
def test_any_srcset_gives_addresses(value: str) -> None:
    assert all(address and size >= 0 for address, size in srcset(value))
