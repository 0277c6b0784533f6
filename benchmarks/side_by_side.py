"""Pages and what is extracted of them, side by side as pictures, for people to look at.

    PYTHONPATH=. python benchmarks/side_by_side.py OUT --pages 20

Left the page as a browser shows it without scripts and without the network (pictures of a crawl are taken from its
WARC, style sheets are absent), right the extract; both from the top, `--height` CSS pixels of each. Needs chromium.
The pages are spread evenly over the three crawls and over the gold sets of forums and articles.
"""

from __future__ import annotations

import argparse
import gzip
import html as escaping
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image as Picture

from omnicorpus import charset, warc
from omnicorpus.document import Image, Part
from omnicorpus.extraction import Extract, extract
from omnicorpus.warc import Response

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
CRAWLS = ("handbook", "gimp", "freedombox")
GOLD = ("forum", "article", "scrapinghub", "readability")
WIDTH = 900
SCALE = 0.6
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
    f"--force-device-scale-factor={SCALE}", "--allow-file-access-from-files",
)  # fmt: skip
_SOURCE = re.compile(r"""(\ssrc=)(["'])([^"']*)\2""", re.IGNORECASE)
_STYLE = (
    "body{font:16px/1.4 sans-serif;width:820px;margin:20px}pre,.table,.list{white-space:pre-wrap}"
    "pre,.table{background:#eee;font:14px monospace;padding:6px}.quote{border-left:4px solid #999;padding-left:8px}"
    ".formula{color:#808}.detail{border:1px dashed #999}.list{border-left:4px solid #8c8;padding-left:8px}"
    ".picture{border:2px solid #c60;padding:4px;color:#a50;font-size:13px;overflow-wrap:anywhere}"
    "img{max-width:400px;max-height:200px}"
)


def spread(pages: list[tuple[str, str]], count: int) -> Iterator[tuple[str, str]]:
    """`count` of the pages, evenly."""
    return (pages[index * len(pages) // count] for index in range(min(count, len(pages))))


def crawled(name: str, pictures: dict[str, bytes]) -> list[tuple[str, str]]:
    """(address, HTML) of a crawl's pages; its pictures go to `pictures`."""
    pages = []
    for record in warc.responses(str(DATA / "crawls" / f"{name}.warc.gz")):
        if not isinstance(record, Response) or record.status != 200:
            continue
        if record.is_html and record.body is not None:
            pages.append((record.url, charset.decode(record.body, record.charset)[0]))
        elif record.mime.startswith("image/"):
            pictures[record.url] = warc.read_body(record.locator.file, record.locator.offset, record.locator.length)
    return pages


def gold(name: str) -> list[tuple[str, str]]:
    with gzip.open(DATA / "gold" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [(page["url"], page["html"]) for page in map(json.loads, lines)]


def local(url: str, pictures: dict[str, bytes], folder: Path) -> str | None:
    """The file of a picture of the crawl, written where it was not."""
    data = pictures.get(url)
    if data is None:
        return None
    path = folder / f"{abs(hash(url)):x}{Path(url).suffix[:5]}"
    if not path.exists():
        path.write_bytes(data)
    return path.as_uri()


_NO_SCRIPTS = "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">"


def page_with_local_pictures(url: str, html: str, pictures: dict[str, bytes], folder: Path) -> str:
    return _SOURCE.sub(lambda found: f'{found[1]}"{local(urljoin(url, found[3]), pictures, folder) or found[3]}"', html)


def shown(extract: Extract, pictures: dict[str, bytes], folder: Path) -> str:
    """An extract as HTML, every part in a box of its kind."""
    facts = extract.facts
    head = escaping.escape(f"{facts.title} | {facts.author} | {facts.published} | {facts.site_name}")
    body = "".join(_part(part, pictures, folder) for part in extract.parts)
    return f"<meta charset=utf-8><style>{_STYLE}</style><p style='color:#06c'>{head}</p>{body}"


def _part(part: Part, pictures: dict[str, bytes], folder: Path) -> str:
    if isinstance(part, Image):
        path = local(part.url, pictures, folder)
        words = escaping.escape(f"{part.kind} {part.url} | alt: {part.alt} | caption: {part.caption}")
        return f"<div class=picture>{f'<img src={path}><br>' if path else ''}{words}</div>"
    words = escaping.escape(part.text)
    if part.kind == "code":
        return f"<pre>{words}</pre>"
    if part.kind == "header":
        return f"<h3>{words}</h3>"
    return f"<p class={part.kind} dir=auto>{words}</p>"


def screenshot(html: str, height: int, folder: Path) -> Picture.Image:
    """The first `height` CSS pixels of a page. Raises CalledProcessError where the browser fails."""
    page, picture = folder / "page.html", folder / "page.png"
    page.write_text(html, encoding="utf-8", errors="replace")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            ["chromium", *FLAGS, f"--user-data-dir={profile}", f"--window-size={WIDTH},{height}",
             f"--screenshot={picture}", page.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    with Picture.open(picture) as opened:
        return opened.convert("RGB")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--pages", type=int, default=20)
    arguments.add_argument("--height", type=int, default=2_400)
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sources = [*CRAWLS, *GOLD]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, source in enumerate(sources):
            pictures: dict[str, bytes] = {}
            pages = crawled(source, pictures) if source in CRAWLS else gold(source)
            count = options.pages // len(sources) + (place < options.pages % len(sources))
            for number, (url, html) in enumerate(spread(pages, count)):
                sides = (
                    screenshot(page_with_local_pictures(url, html, pictures, folder), options.height, folder),
                    screenshot(shown(extract(html, url), pictures, folder), options.height, folder),
                )
                both = Picture.new("RGB", (sides[0].width + sides[1].width + 10, sides[0].height), "black")
                both.paste(sides[0], (0, 0))
                both.paste(sides[1], (sides[0].width + 10, 0))
                path = options.out / f"{source}-{number}.png"
                both.quantize(64).save(path, optimize=True)
                print(path, url, flush=True)


if __name__ == "__main__":
    main()
