"""Web addresses: one canonical form to compare by, hosts, and registered domains. tldextract enters the project here.

A canonical form is a key, never an address to fetch: it calls http and https the same, and a server need not.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

import tldextract

TRACKING = frozenset(
    {
        "__hsfp",
        "__hssc",
        "__hstc",
        "__s",
        "_branch_match_id",
        "_ga",
        "_gl",
        "_hsenc",
        "_hsmi",
        "_openstat",
        "dclid",
        "epik",
        "fb_action_ids",
        "fb_action_types",
        "fb_ref",
        "fb_source",
        "fbclid",
        "gad_source",
        "gbraid",
        "gclid",
        "gclsrc",
        "hsctatracking",
        "igsh",
        "igshid",
        "li_fat_id",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "ml_subscriber",
        "ml_subscriber_hash",
        "msclkid",
        "oly_anon_id",
        "oly_enc_id",
        "rb_clickid",
        "s_kwcid",
        "srsltid",
        "ttclid",
        "twclid",
        "vero_conv",
        "vero_id",
        "wbraid",
        "wickedid",
        "wt_mc",
        "yclid",
        "ysclid",
        "zanpid",
    }
)
"""Query parameters that name a click or a recipient, as these services append them: Google, Meta, Microsoft, Yandex,
TikTok, X, LinkedIn, Pinterest, Mailchimp, HubSpot, Marketo, Omeda, Vero, MailerLite, Webtrekk, Branch, Awin."""

TRACKING_PREFIXES = ("utm_", "hsa_", "pk_", "mtm_", "matomo_", "piwik_", "at_recipient_", "at_campaign")
"""Families of them: Urchin/Google Analytics, HubSpot ads, Piwik/Matomo, AT Internet."""

SESSION = frozenset(("phpsessid", "jsessionid", "aspsessionid", "asp.net_sessionid", "cfid", "cftoken"))
"""Query parameters that name a visit: the session identifiers of PHP, Java, ASP and ColdFusion."""

MAX_LENGTH = 8_192
"""Characters of an address that are looked at. A longer one is its own canonical form: servers refuse it anyway
(Apache's LimitRequestLine is 8,190 bytes)."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid)=[^/;]*", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]]")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def canonical(url: str) -> str:
    """The form of an address under which two addresses of one page are equal.

    Lower case for scheme and host, host names in their ASCII form without a last dot, http as https, no default port,
    no fragment, no user name, dot segments resolved, percent-escapes only where needed and in upper case, parameters of
    campaigns and sessions away, the rest sorted by name (those of one name keep their order), no empty query. Path and
    query keep their case: servers tell it apart. Idempotent. What is no web address comes back without white space and
    fragment.
    """
    text = _CONTROL.sub("", url.strip())
    split = _split(text)
    if split is None or split.scheme.lower() not in _DEFAULT_PORTS:
        return text.split("#", 1)[0]
    name = _ascii_host(split.hostname or "")
    if not name:
        return text.split("#", 1)[0]
    try:
        port = split.port
    except ValueError:
        return text.split("#", 1)[0]
    if port is not None and port not in _DEFAULT_PORTS.values():
        name = f"{name}:{port}"
    query = _query(split.query)
    return f"https://{name}{_path(split.path)}{'?' + query if query else ''}"


def host(url: str) -> str:
    """The host's name in lower case and ASCII, an IPv6 address in brackets; empty where an address has none."""
    split = _split(_CONTROL.sub("", url.strip()))
    return "" if split is None else _ascii_host(split.hostname or "")


def registered_domain(url: str) -> str:
    """The domain that someone registered: "news.example.co.uk" belongs to "example.co.uk".

    By the Public Suffix List in tldextract's own snapshot, private suffixes too, so that each blog of a blog host is
    its own. The host itself for a number, for a single label and for a suffix alone; the last two labels where the list
    doesn't know the ending.
    """
    return _registered(host(url))


@lru_cache(maxsize=65_536)
def _registered(name: str) -> str:
    if not name or _is_number(name):
        return name
    found = _extract.extract_str(name)
    if found.suffix:
        return f"{found.domain}.{found.suffix}" if found.domain else name
    return ".".join(name.split(".")[-2:])


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _split(text: str) -> SplitResult | None:
    if len(text) > MAX_LENGTH:
        return None
    try:
        return urlsplit(f"https:{text}" if text.startswith("//") else text)
    except ValueError:
        return None


@lru_cache(maxsize=65_536)
def _ascii_host(name: str) -> str:
    name = name.rstrip(".").lower()
    if ":" in name:
        return f"[{name}]"
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _path(path: str) -> str:
    path = _escapes(_SESSION_PATH.sub("", path))
    if "/." in path:
        path = _without_dots(path)
    return path or "/"


def _without_dots(path: str) -> str:
    segments = path.split("/")
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)


def _query(query: str) -> str:
    if not query:
        return ""
    kept = [
        _escapes(pair)
        for pair in query.split("&")
        if pair and not _is_noise(pair.split("=", 1)[0].lower().removeprefix("amp;"))
    ]
    return "&".join(sorted(kept, key=lambda pair: pair.split("=", 1)[0]))


def _is_noise(name: str) -> bool:
    return name in TRACKING or name in SESSION or name.startswith(TRACKING_PREFIXES)


def _escapes(text: str) -> str:
    """Escape what may not stand bare, undo the escapes of what may, and write the rest in upper case."""
    if "%" in text:
        text = _BAD_PERCENT.sub("%25", text)
        text = _ESCAPE.sub(_escape, text)
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(_quoted, text)
    return text


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _quoted(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))
