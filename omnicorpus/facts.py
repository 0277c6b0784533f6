"""What a page says of itself in its head: title, author, date, canonical address, licence, robots."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

from omnicorpus.document import Facts
from omnicorpus.image_candidates import joined
from omnicorpus.tree import Tree

LONGEST = 1_000
"""Characters that any one fact may have; what is longer is no fact."""

_TITLES = ("og:title", "twitter:title", "dc.title", "citation_title")
_AUTHORS = ("author", "article:author", "dc.creator", "parsely-author", "sailthru.author", "citation_author", "byl")
_DATES = (
    "article:published_time", "og:published_time", "datepublished", "date", "pubdate", "publishdate", "publish_date",
    "dc.date", "dc.date.issued", "dcterms.created", "parsely-pub-date", "sailthru.date", "citation_publication_date",
    "weibo:article:create_at", "apub:time",
)  # fmt: skip
_SITES = ("og:site_name", "application-name", "dc.publisher")
_ROBOTS = frozenset(("robots", "ccbot"))
"""The meta names whose tokens count: every robot, and the one whose crawl is read here."""
_NAMES = frozenset((
    *_TITLES, *_AUTHORS, *_DATES, *_SITES, *_ROBOTS, "tdm-reservation", "og:url", "dc.rights", "dcterms.license",
    "og:locale", "content-language",
))  # fmt: skip
"""All the meta names that are read."""
_NUMBERS_DATE = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*$")


def read_facts(tree: Tree, url: str) -> Facts:
    """The facts of one page; `url` resolves the canonical address and the licence where they are relative."""
    metas: dict[str, str] = {}
    robots: list[str] = []
    canonical = license_ = None
    for tag, attributes in tree.head:
        if tag == "meta":
            name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
            if not name or (name := name.strip().lower()) not in _NAMES:
                continue
            content = (attributes.get("content") or "").strip()
            if not content:
                continue
            metas.setdefault(name, content)
            if name in _ROBOTS:
                robots.extend(token for token in re.split(r"[,;\s]+", content[:LONGEST].lower()) if token)
            elif name == "tdm-reservation" and content == "1":
                robots.append("tdm-reservation")
        elif tag in ("link", "a"):
            relations = (attributes.get("rel") or "").lower().split()
            href = (attributes.get("href") or "").strip()
            if href and tag == "link" and "canonical" in relations and canonical is None:
                canonical = _resolved(url, href)
            elif href and "license" in relations and license_ is None:
                license_ = _resolved(url, href)
    described = _described(tree.ld)
    return Facts(
        title=_fact(_first(metas, _TITLES) or described.get("headline") or tree.title),
        author=_fact(_author(metas) or described.get("author")),
        published=_date(_first(metas, _DATES) or described.get("datePublished")),
        site_name=_fact(_first(metas, _SITES) or described.get("publisher")),
        canonical=canonical or _resolved(url, metas.get("og:url")),
        license=license_
        or _resolved(url, described.get("license") or metas.get("dc.rights") or metas.get("dcterms.license")),
        language=_fact(tree.language or metas.get("og:locale") or metas.get("content-language")),
        robots=tuple(dict.fromkeys(robots)),
    )


def _first(metas: dict[str, str], names: tuple[str, ...]) -> str | None:
    for name in names:
        if name in metas:
            return metas[name]
    return None


def _author(metas: dict[str, str]) -> str | None:
    author = _first(metas, _AUTHORS)
    if author is None or author.startswith(("http://", "https://")):
        return None
    return re.sub(r"^by\s+", "", author, flags=re.IGNORECASE)


def _fact(text: str | None) -> str | None:
    text = " ".join(text.split()) if text else ""
    return text if text and len(text) <= LONGEST else None


def _resolved(url: str, href: str | None) -> str | None:
    if not href or len(href) > LONGEST:
        return None
    try:
        address = joined(url, href)
    except ValueError:
        return None
    return address if address.startswith(("http://", "https://")) else None


def _date(text: str | None) -> str | None:
    """ISO 8601 where the text can be read as a date, else the text itself."""
    text = _fact(text)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        if match := _NUMBERS_DATE.match(text):
            return datetime(*(int(group) for group in match.groups() if group)).isoformat()  # type: ignore[arg-type]
        return parsedate_to_datetime(text).isoformat()
    except ValueError:
        return text


def _described(scripts: tuple[str, ...]) -> dict[str, str]:
    """The first headline, author, date, publisher and licence among the page's JSON-LD descriptions of works."""
    found: dict[str, str] = {}
    for script in scripts:
        if len(script) > 1_000_000:
            continue
        try:
            data = json.loads(script)
        except (ValueError, RecursionError):
            continue
        for work in _works(data):
            for key in ("headline", "datePublished", "license"):
                value = work.get(key)
                if isinstance(value, str):
                    found.setdefault(key, value)
            for key in ("author", "publisher"):
                name = _name(work.get(key))
                if name:
                    found.setdefault(key, name)
    return found


def _works(data: object) -> Iterator[dict[str, object]]:
    for thing in data if isinstance(data, list) else [data]:
        if isinstance(thing, dict):
            graph = thing.get("@graph")
            for each in graph if isinstance(graph, list) else [thing]:
                if isinstance(each, dict) and ("headline" in each or "datePublished" in each):
                    yield each


def _name(value: object) -> str | None:
    if isinstance(value, list):
        names = [name for name in map(_name, value) if name]
        return ", ".join(names) or None
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) and value.strip() else None
