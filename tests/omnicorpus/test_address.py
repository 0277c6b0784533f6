"""Addresses: what counts as the same page, and who owns a host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus.address import MAX_LENGTH, canonical, host, registered_domain


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/a/b?x=1&y=2",
        "HTTPS://EXAMPLE.org:443/a/b?x=1&y=2",
        "http://example.org:80/a/b?x=1&y=2",
        "//example.org/a/b?x=1&y=2",
        " https://example.org/a/b?x=1&y=2\n",
        "https://example.org./a/b?x=1&y=2",
        "https://user:word@example.org/a/b?x=1&y=2",
        "https://example.org/a/b?x=1&y=2#part",
        "https://example.org/a/./c/../b?x=1&y=2",
        "https://example.org/%61/b?x=1&y=2",
        "https://example.org/a/b?y=2&x=1",
        "https://example.org/a/b?x=1&&y=2&",
        "https://example.org/a/b?x=1&utm_source=mail&y=2&fbclid=IwAR0",
        "https://example.org/a/b;jsessionid=0F3A?x=1&y=2&PHPSESSID=81b",
    ],
)
def test_one_page_has_one_canonical_form(other: str) -> None:
    assert canonical(other) == "https://example.org/a/b?x=1&y=2"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a", "https://example.org/a/"),
        ("https://example.org/a?x=1", "https://example.org/a?x=2"),
        ("https://example.org/a?x=1&x=2", "https://example.org/a?x=2&x=1"),
        ("https://example.org/a", "https://example.org:8443/a"),
        ("https://example.org/a", "https://www.example.org/a"),
        ("https://example.org/a%2Fb", "https://example.org/a/b"),
        ("https://example.org/a?q=b%26c", "https://example.org/a?q=b&c"),
    ],
)
def test_different_pages_stay_different(first: str, second: str) -> None:
    assert canonical(first) != canonical(second)


def test_letters_outside_ascii_are_the_same_escaped_or_bare() -> None:
    assert canonical("https://bücher.example/straße?q=日本") == canonical(
        "https://xn--bcher-kva.example/stra%c3%9fe?q=%e6%97%a5%E6%9C%AC"
    )


def test_an_empty_path_is_the_root_and_an_empty_query_is_none() -> None:
    assert canonical("http://example.org?utm_medium=x") == "https://example.org/"


@pytest.mark.parametrize(
    "text", ["", "not an address", "data:image/png;base64,AAAA", "http://", "http://[::1", "http://a:b/"]
)
def test_what_is_no_web_address_comes_back_as_it_is(text: str) -> None:
    assert canonical(text) == text.replace(" ", "")


def test_an_overlong_address_is_its_own_form() -> None:
    url = "http://example.org/" + "a" * MAX_LENGTH
    assert canonical(url) == url


@given(st.text(max_size=60) | st.text(alphabet="ht:/.a%2?&=#;@[]é\ud800", max_size=60).map("http://e.org/".__add__))
def test_the_canonical_form_is_its_own_canonical_form(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


def test_hosts() -> None:
    assert host("https://user@Example.ORG:80/x") == "example.org"
    assert host("http://[2001:DB8::1]:80/") == "[2001:db8::1]"
    assert host("mailto:a@b.org") == ""
    assert host("http://[::1") == ""


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://news.example.co.uk/a", "example.co.uk"),
        ("https://www.example.org", "example.org"),
        ("https://one.blogspot.com/", "one.blogspot.com"),
        ("https://blogspot.com/", "blogspot.com"),
        ("https://docs.gimp.test/x", "gimp.test"),
        ("http://localhost:8000/", "localhost"),
        ("http://192.168.0.1/", "192.168.0.1"),
        ("http://[::1]/", "[::1]"),
        ("https://www.食狮.公司.cn/", "xn--85x722f.xn--55qx5d.cn"),
        ("nonsense", ""),
    ],
)
def test_registered_domains(url: str, domain: str) -> None:
    assert registered_domain(url) == domain
