"""Which network addresses may be asked. A crawl's pages were written by strangers: an address of theirs must never make
us ask a machine of our own network (server-side request forgery), in whatever notation it is written.

`refusal` judges a URL before a request and again after each redirect; `public` judges the numeric address at the moment
of connecting, so that a name which resolves differently the second time gains nothing.
"""

from __future__ import annotations

import re
import socket
import unicodedata
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

WEB_PORTS = frozenset({80, 443})

BLOCKED_PORTS = frozenset(
    {1719, 1720, 1723, 2049, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668}
    | {6669, 6679, 6697, 9200, 10080, 11211, 27017}
)
"""Ports over 1023 that are refused: those that browsers block (WHATWG Fetch, "bad port"), and the usual databases. Of
the ports under 1024 only 80 and 443 are asked."""

NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""RFC 6052 and RFC 8215: the last 32 bits are an IPv4 address that a gateway would ask for us."""

IPV4_COMPATIBLE = IPv6Network("::/96")
SITE_LOCAL = IPv6Network("fec0::/10")
"""RFC 3879: deprecated, still routed inside old networks."""

ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""RFC 5214: bits 32–63 of an address whose last 32 bits are an IPv4 address."""


def public(address: str) -> bool:
    """Whether a numeric address belongs to the public internet.

    Refused: private, loopback, link-local (with the metadata services at 169.254.169.254 and fd00:ec2::254), CGNAT
    100.64/10, multicast, reserved and documentation ranges, of both families, and every IPv6 form that carries such an
    IPv4 address.
    """
    try:
        ip = ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = _carried(ip)
        if inner is not None:
            return _public(inner)
        if ip in SITE_LOCAL:
            return False
    return _public(ip)


def _public(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not (
        ip.is_multicast or ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_reserved or ip.is_unspecified
    )


def _carried(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside an IPv6 one: mapped, compatible, 6to4, Teredo, NAT64, ISATAP."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    bits = int(ip)
    if ip in IPV4_COMPATIBLE or any(ip in network for network in NAT64) or (bits >> 32) & 0xFFFFFFFF in ISATAP:
        return IPv4Address(bits & 0xFFFFFFFF)
    return None


def literal(host: str) -> str | None:
    """The numeric address that a host text means, None for a name. Raises ValueError where it is a number but no
    address.

    As the C library and browsers read it: "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433" and full-width digits are
    all 127.0.0.1.
    """
    host = unicodedata.normalize("NFKC", host).strip("[]").rstrip(".").replace("。", ".")
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    if re.fullmatch(r"(?:.*\.)?(?:0[xX][0-9a-fA-F]*|[0-9]+)", host) is None:
        return None
    try:
        return str(IPv4Address(socket.inet_aton(host)))
    except OSError as error:
        raise ValueError(f"{host!r} ends in a number and is no address") from error


def refusal(url: str, test_server: str | None = None) -> str | None:
    """Why a URL must not be asked, None where it may: "bad_scheme", "bad_url", "bad_port", "private_address".

    `test_server` is "address:port" of a loopback server that tests may ask: that address itself, and every name under
    .test, which RFC 6761 keeps free of real sites.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "bad_url"
    if parts.scheme not in ("http", "https"):
        return "bad_scheme"
    if not host or parts.username is not None or parts.password is not None:
        return "bad_url"
    try:
        address = literal(host)
    except ValueError:
        return "bad_url"
    if stands_in(host, test_server) or (test_server is not None and parts.netloc == test_server):
        return None
    if address is None:
        if _inward(host):
            return "private_address"
    elif not public(address):
        return "private_address"
    if port is not None and port not in WEB_PORTS and (port < 1024 or port in BLOCKED_PORTS):
        return "bad_port"
    return None


def stands_in(host: str, test_server: str | None) -> bool:
    """Whether a host's connections go to the test server."""
    return test_server is not None and host.lower().rstrip(".").endswith(".test")


INWARD_ENDINGS = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".corp", ".home")


def _inward(host: str) -> bool:
    """Names that only mean something inside a network: localhost, single labels, mDNS, and the usual inner endings."""
    name = unicodedata.normalize("NFKC", host).lower().rstrip(".")
    return "." not in name or f".{name}".endswith(INWARD_ENDINGS)
