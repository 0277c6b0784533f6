"""What a site's owner asks of robots: robots.txt (RFC 9309) and the X-Robots-Tag and TDM reservation headers. Pure: no
network here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

AGENT = "omnicorpus"
"""The product token that robots.txt files may name."""

MAX_BYTES = 500 * 1024
"""RFC 9309 2.5: at least 500 KiB must be read; what follows is ignored."""

OPT_OUTS = ("noai", "noimageai", "noindex", "noimageindex", "none", "tdm-reservation")
"""The tokens that refuse a picture: noai and noimageai (DeviantArt's convention, honoured by img2dataset), noindex,
noimageindex and none (search engines' robots meta tag), tdm-reservation (W3C TDMRep, when it is 1)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines of one robots.txt that speak to us: (path pattern, whether it allows), and seconds between requests if
    it asks."""

    lines: tuple[tuple[str, bool], ...] = ()
    delay: float | None = None

    def allow(self, url: str) -> bool:
        """The longest matching pattern decides; allow wins among equals; a path that none matches is allowed."""
        if not self.lines:
            return True
        parts = urlsplit(url)
        path = _normal(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
        verdict, longest = True, -1
        for pattern, allows in self.lines:
            length = len(pattern)
            if (length > longest or (length == longest and allows)) and _matches(pattern, path):
                verdict, longest = allows, length
        return verdict


ALLOW_ALL = Rules()


def rules(content: bytes, agent: str = AGENT) -> Rules:
    """The rules of a robots.txt for a product token: of all groups that name it, else of all groups for `*`."""
    own: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    named = False
    agents: list[str] = []
    naming = False
    for key, value in _fields(content):
        if key == "user-agent":
            if not naming:
                agents = []
            naming = True
            agents.append(_product(value))
            named = named or agents[-1] == agent.lower()
            continue
        if key in ("allow", "disallow", "crawl-delay"):
            naming = False
            if agent.lower() in agents:
                own.append((key, value))
            elif "*" in agents:
                others.append((key, value))
    return _rules(own if named else others)


def _fields(content: bytes) -> Iterable[tuple[str, str]]:
    text = content[:MAX_BYTES].decode("utf-8-sig", "replace")
    for line in re.split(r"[\r\n]+", text):
        key, colon, value = line.split("#", 1)[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _product(value: str) -> str:
    if value.startswith("*"):
        return "*"
    token = re.match(r"[A-Za-z_-]+", value)
    return "" if token is None else token.group().lower()


def _rules(lines: list[tuple[str, str]]) -> Rules:
    delay = None
    found: list[tuple[str, bool]] = []
    for key, value in lines:
        if key == "crawl-delay":
            if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value):
                delay = max(delay or 0.0, float(value))
        elif value:
            found.append((_normal(value), key == "allow"))
    return Rules(tuple(found), delay)


def _normal(path: str) -> str:
    """Percent-encoded alike, so that "/ü" and "/%c3%bc" match: RFC 9309 2.2.2."""
    path = re.sub(r"%([0-9a-fA-F]{2})", _unreserved, path)
    return quote(path, safe="/%?*$=&;:@!'()+,~#[]")


def _unreserved(match: re.Match[str]) -> str:
    letter = chr(int(match.group(1), 16))
    return letter if letter.isascii() and (letter.isalnum() or letter in "-._~") else match.group().upper()


def _matches(pattern: str, path: str) -> bool:
    """`*` is any run, a final `$` the end. Linear: the pieces between stars are sought from left to right."""
    anchored = pattern.endswith("$")
    first, *pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not pieces:
        return at == len(path) if anchored else True
    *middle, last = pieces
    for piece in middle:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return len(path) - at >= len(last) and path.endswith(last) if anchored else path.find(last, at) >= 0


def opt_out(
    tags: Sequence[str], reservation: str | None = None, honoured: Sequence[str] = OPT_OUTS, agent: str = AGENT
) -> str | None:
    """The first honoured token of X-Robots-Tag header values that speaks to us, or "tdm-reservation"; None where
    nothing refuses.

    A value may begin with a robot's name ("googlebot: noindex"): then it holds for that robot until the next name.
    Directives that take a value ("unavailable_after: 25 Jun 2030") are no names.
    """
    for tag in tags:
        ours = True
        for field in tag.lower().split(","):
            name, colon, rest = field.partition(":")
            token = name.strip()
            if colon and token not in _VALUED:
                ours = token in (agent, "*", "robots")
                token = rest.strip()
            if ours and token in honoured:
                return token
    if reservation is not None and reservation.strip() == "1" and "tdm-reservation" in honoured:
        return "tdm-reservation"
    return None


_VALUED = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
