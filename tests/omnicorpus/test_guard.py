from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import guard

INNER = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "2606:4700::200:5efe:10.0.0.1",
    "no address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses_are_not_public(address: str) -> None:
    assert guard.public(address) is False


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_outer_addresses_are_public(address: str) -> None:
    assert guard.public(address) is True


@pytest.mark.parametrize(
    "host",
    ["127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.0.0.1.", "１２７.0.0.1"],
)
def test_every_notation_of_loopback_is_read(host: str) -> None:
    assert guard.literal(host) == "127.0.0.1"
    assert guard.refusal(f"http://{host}/a.png") == "private_address"


def test_names_are_no_literals() -> None:
    assert guard.literal("example.com") is None
    assert guard.literal("a1.example.org1x") is None


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_judged_alike_however_it_is_carried(number: int) -> None:
    address = IPv4Address(number)
    verdict = guard.public(str(address))
    assert guard.public(f"::ffff:{address}") is verdict
    assert guard.public(f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}") is verdict
    assert guard.literal(str(number)) == str(address)
    assert guard.literal(hex(number)) == str(address)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://example.com/a.png", None),
        ("http://example.com:8080/a.png", None),
        ("http://[2606:4700:4700::1111]/a.png", None),
        ("ftp://example.com/a.png", "bad_scheme"),
        ("file:///etc/passwd", "bad_scheme"),
        ("gopher://example.com/", "bad_scheme"),
        ("data:image/png;base64,AAAA", "bad_scheme"),
        ("//example.com/a.png", "bad_scheme"),
        ("http:///a.png", "bad_url"),
        ("http://user:secret@example.com/a.png", "bad_url"),
        ("http://example.com:99999/", "bad_url"),
        ("http://[::1/", "bad_url"),
        ("http://256.256.256.256/", "bad_url"),
        ("http://example.com:22/", "bad_port"),
        ("http://example.com:6379/", "bad_port"),
        ("http://localhost/", "private_address"),
        ("http://intranet/", "private_address"),
        ("http://a.localhost/", "private_address"),
        ("http://printer.local/", "private_address"),
        ("http://metadata.google.internal/", "private_address"),
        ("http://169.254.169.254/latest/meta-data/", "private_address"),
        ("http://[::ffff:127.0.0.1]/", "private_address"),
        ("http://127.0.0.1:8000/", "private_address"),
    ],
)
def test_refusals(url: str, reason: str | None) -> None:
    assert guard.refusal(url) == reason


def test_the_test_server_opens_itself_and_the_names_under_test_only() -> None:
    server = "127.0.0.1:8000"
    assert guard.refusal("http://127.0.0.1:8000/a.png", server) is None
    assert guard.refusal("http://pictures.test/a.png", server) is None
    assert guard.refusal("http://127.0.0.1:8001/a.png", server) == "private_address"
    assert guard.refusal("http://localhost:8000/a.png", server) == "private_address"
    assert guard.refusal("http://latest/a.png", server) == "private_address"
