"""Pictures through whole runs: whether a picture finds its caption, and a crawl's pictures fetched over HTTP.

    PYTHONPATH=. python benchmarks/picture_runs.py captions
    PYTHONPATH=. python benchmarks/picture_runs.py crawl [--crawl FILE.warc.gz] [--html PAGE.html] [--png PAGE.png]

`captions` runs the pipeline over pages of one picture and 20 captions each, of which one is the picture's own. `crawl`
serves a crawl's pictures on loopback and runs the pipeline over its pages with the web as the only source; `--html`
writes 12 documents of it as a page, `--png` shows that page as Debian's chromium does. Both score with the stand-in.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from filters import document, image, preliminary
from omnicorpus import job, schema, shadow, table
from omnicorpus.document import Document
from omnicorpus.warc import Response, read_body, responses
from tests import build
from tests.web import Reply, Request, Web, serve

DATA = Path("../shared/data")

NEAR = 10
"""Captions before a picture, and as many after it: images.sentences, so that all are compared with it."""


def run(folder: Path, config: dict[str, Any]) -> None:
    """The pipeline, as a user runs it."""
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump({"pipeline": "common_crawl", "languages": "all", "workers": 2, **config}))
    subprocess.run([sys.executable, "-m", "pipelines.cli", "run", str(path)], check=True, capture_output=True)


def documents(root: Path) -> list[Document]:
    return [
        document for path in job.result_files(str(root), "documents") for document in schema.documents(table.read(path))
    ]


CLIP = {"model": "stand-in", "pretrained": None, "device": "cpu"}


def without(settings: type) -> dict[str, None]:
    return dict.fromkeys(rule for rule in shadow.rules(settings) if rule != "decodable")


LENIENT = {
    "preliminary": without(preliminary.PreliminarySettings),
    "refine": {
        "image": without(image.ImageSettings),
        "document": without(document.RefinedSettings),
        "detailed": None,
        "personal": None,
    },
}
"""No rule about texts and pictures: rows of captions are no prose, and stamps are small."""


def captions(folder: Path) -> None:
    told = json.loads((DATA / "captions" / "captions.json").read_text())
    own = {entry["file"]: entry["captions"]["en"] for entry in told if "en" in entry["captions"]}
    chance = random.Random(0)
    records = []
    for number, (name, caption) in enumerate(own.items()):
        shown = chance.sample(sorted(set(own.values()) - {caption}), 2 * NEAR - 1)
        shown.insert(chance.randrange(2 * NEAR), caption)
        lines = [f"<p>{escape(each)}</p>" for each in shown]
        picture = f'<img src="https://stamps.test/{name}" width="300" height="300">'
        body = "".join([*lines[:NEAR], picture, *lines[NEAR:]])
        html = f"<html><head><title>Page {number}</title></head><body><article>{body}</article></body></html>"
        records.append(build.record(f"https://stamps.test/{number}", html.encode()))
        content = (DATA / "captions" / name).read_bytes()
        records.append(build.record(f"https://stamps.test/{name}", content, mime="image/png"))
    crawl = build.warc(folder / "stamps.warc.gz", *records)
    images = {"sources": ["warc"], "clip": CLIP, "sentences": NEAR}
    run(folder, {"input": [crawl], "output": str(folder / "run"), "images": images, **LENIENT})
    shown_images = [each for page in documents(folder / "run") for each in page.images()]
    best = [(each.best_sentence, own[each.url.rpartition("/")[2]]) for each in shown_images]
    right = sum(found is not None and found in caption for found, caption in best)  # some captions are two sentences
    print(f"{len(own)} pages, {len(best)} pictures kept with {2 * NEAR} captions near each: {right} have their own as "
          f"best_sentence, {right / len(best):.2f} (chance {1 / (2 * NEAR):.2f})")  # fmt: skip


def crawl(folder: Path, path: str, html: str | None = None, png: str | None = None) -> None:
    held: dict[tuple[str, str], Reply] = {}
    for record in responses(path):
        if isinstance(record, Response) and record.status == 200 and record.mime.startswith("image/"):
            parts = urlsplit(record.url)
            place = record.locator
            content = read_body(place.file, place.offset, place.length)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            held[str(parts.hostname), target] = Reply(200, content, (("Content-Type", record.mime),))

    def answer(request: Request) -> Reply:
        return held.get((request.host, request.path), Reply(404))

    with serve(answer) as web:
        fetching = {"contact": "benchmark@example.org", "test_server": web.address}
        images = {"sources": ["web"], "fetch": fetching, "clip": CLIP}
        run(folder, {"input": [path], "output": str(folder / "run"), "images": images})
    told(web, folder / "run", held)
    if html is not None or png is not None:
        page = Path(html) if html is not None else folder / "page.html"
        command = [
            sys.executable,
            "-m",
            "pipelines.cli",
            "sample",
            str(folder / "run"),
            "-n",
            "12",
            "--html",
            str(page),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(f"{page}: {page.stat().st_size:,} bytes")
        if png is not None:
            photograph(page, Path(png), folder / "browser")


def told(web: Web, root: Path, held: dict[tuple[str, str], Reply]) -> None:
    """What the run has, and what the server's log says of how it asked."""
    rows = table.read_all(job.result_files(str(root), "images"), schema.IMAGES, ["error", "width"]).to_pylist()
    errors = Counter(row["error"] for row in rows if row["error"] is not None)
    measured = sum(row["width"] is not None for row in rows)
    print(
        f"{len(held)} pictures served, {len(rows)} addresses asked for, {measured} fetched and measured; {dict(errors)}"
    )
    asked = sorted(request.at for request in web.log if request.path != "/robots.txt")
    robots = Counter(web.paths())["/robots.txt"]
    print(f"the server's log: {len(asked)} requests for pictures, {robots} for robots.txt, at most "
          f"{max(web.most.values())} at once, {(len(asked) - 1) / (asked[-1] - asked[0]):.1f} a second")  # fmt: skip
    found = documents(root)
    print(f"{len(found)} documents with {sum(len(list(page.images())) for page in found)} pictures")


def photograph(page: Path, png: Path, profile: Path) -> None:
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")
    subprocess.run(
        ["chromium", *flags, f"--user-data-dir={profile}", f"--screenshot={png.absolute()}",
         "--window-size=1200,3000", page.absolute().as_uri()],
        check=True, capture_output=True,
    )  # fmt: skip
    print(f"{png}: {png.stat().st_size:,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("captions")
    crawling = commands.add_parser("crawl")
    crawling.add_argument("--crawl", default=str(DATA / "crawls" / "freedombox.warc.gz"))
    crawling.add_argument("--html", help="where to write 12 documents as a page")
    crawling.add_argument("--png", help="where to write how chromium shows that page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if given.command == "captions":
            captions(Path(name))
        else:
            crawl(Path(name), given.crawl, given.html, given.png)


if __name__ == "__main__":
    main()
