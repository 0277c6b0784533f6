"""Pages of free manuals with their main bodies, cut out by each manual's own template: more sites to learn from.

    python benchmarks/manual_pages.py FOLDER      downloads 37 Debian packages (about 250 MB) and unpacks them there

`pages(FOLDER)` gives the pages. The manuals are in English, German, French, Japanese, Korean, Chinese, Russian,
Vietnamese and Hindi, made by a dozen programs (DocBook, Sphinx, Texinfo, AsciiDoc, mdBook, MkDocs and others).
"""

from __future__ import annotations

import argparse
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

_BOOK = (("body",), ".navheader, .navfooter")
_SPHINX = (
    ("article.bd-article", "div[itemprop=articleBody]", "div.body[role=main]", "div.body", "div[role=main]", "main"),
    ".headerlink",
)
_TEXINFO = (("#main", "body"), ".header, .nav_table, #tocframe, .footer, .contents, .nav-panel, #toc, .toc")
_DISPLAY = (("#DisplayArea",), "")
_ASCIIDOC = (("#content",), "")

TEMPLATES: dict[str, tuple[tuple[str, ...], str]] = {
    "apache2-doc": (("#page-content",), ".top, #quickview, .path"),
    "aptitude-doc-ja": _BOOK,
    "aptitude-doc-ru": _BOOK,
    "cmake-doc": _SPHINX,
    "copyq-doc": _SPHINX,
    "cppreference-doc-en-html": (("#mw-content-text",), ".t-navbar, .editsection, .t-page-template"),
    "debian-faq-fr": _BOOK,
    "debian-faq-zh-cn": _BOOK,
    "debian-policy": _SPHINX,
    "debian-reference-de": _BOOK,
    "debian-reference-ja": _BOOK,
    "debian-reference-zh-cn": _BOOK,
    "developers-reference": _SPHINX,
    "developers-reference-fr": _SPHINX,
    "developers-reference-ja": _SPHINX,
    "docbook-xsl-doc-html": _BOOK,
    "frr-doc": _SPHINX,
    "installation-guide-amd64": _BOOK,
    "kicad-doc-ja": _ASCIIDOC,
    "kicad-doc-zh": _ASCIIDOC,
    "libreoffice-help-hi": _DISPLAY,
    "libreoffice-help-ja": _DISPLAY,
    "libreoffice-help-ko": _DISPLAY,
    "libreoffice-help-ru": _DISPLAY,
    "libreoffice-help-vi": _DISPLAY,
    "libreoffice-help-zh-cn": _DISPLAY,
    "lilypond-doc-html": _TEXINFO,
    "lilypond-doc-html-ja": _TEXINFO,
    "maint-guide": _BOOK,
    "maxima-doc": _TEXINFO,
    "mkdocs-doc": (("div[role=main]",), ""),
    "octave-doc": _TEXINFO,
    "postgresql-doc-15": _BOOK,
    "python-bs4-doc": _SPHINX,
    "python-scipy-doc": _SPHINX,
    "python-sklearn-doc": _SPHINX,
    "rust-doc": (("main",), ""),
}
"""For each package the selectors of its main body, the first that is found, and of what is cut from it."""

PAGES = 12
"""Pages taken from each package."""

_NO_PAGES = ("genindex", "search", "modindex", "sitemap", "toc")


@dataclass(frozen=True, slots=True)
class Manual:
    """A page with its truth; `site` is the package."""

    site: str
    url: str
    html: str
    text: str
    images: tuple[str, ...]


def pages(folder: Path) -> Iterator[Manual]:
    """`PAGES` pages of every package, drawn with a fixed seed. Raises FileNotFoundError where a package is missing."""
    chance = random.Random(1)
    for package, (bodies, cut) in TEMPLATES.items():
        root = folder / package
        if not root.is_dir():
            raise FileNotFoundError(f"no {root}: run `python benchmarks/manual_pages.py {folder}` first")
        files = sorted(file for file in root.rglob("*.html") if _is_page(file))
        chance.shuffle(files)
        taken = 0
        for file in files:
            page = _page(package, file, f"http://{package}.test/{file.relative_to(root)}", bodies, cut)
            if page is not None:
                yield page
                taken += 1
            if taken == PAGES:
                break


def _is_page(file: Path) -> bool:
    return (
        file.is_file()
        and 4_000 < file.stat().st_size < 400_000
        and "_modules" not in file.parts
        and not any(word in file.name for word in _NO_PAGES)
    )


def _page(package: str, file: Path, url: str, bodies: tuple[str, ...], cut: str) -> Manual | None:
    html = file.read_text("utf8", "replace")
    tree = LexborHTMLParser(html)
    body = next((found for selector in bodies if (found := tree.css_first(selector)) is not None), None)
    if body is None:
        return None
    for selector in filter(None, ("script, style", cut)):
        while (node := body.css_first(selector)) is not None:
            node.decompose()
    text = body.text(separator=" ").strip()
    if len(text) < 300:
        return None
    sources = (image.attributes.get("src") for image in body.css("img"))
    return Manual(package, url, html, text, tuple(urljoin(url, source) for source in sources if source))


def download(folder: Path) -> None:
    """Fetch and unpack the packages that are not there. Needs apt and dpkg."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in TEMPLATES:
        if (folder / package).is_dir():
            continue
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        unpacked = folder / f"{package}.part"
        subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
        archive.unlink()
        unpacked.rename(folder / package)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    download(arguments.parse_args().folder)
