"""How near the plan before the bill is: a forecast from a probe of N crawl files beside a run over ten times as many.

    PYTHONPATH=. python benchmarks/forecast.py --made 20 --nsfw --workers 0
    PYTHONPATH=. python benchmarks/forecast.py ../shared/data/crawls/*.warc.gz --nsfw --workers 0

The first makes a web in which, as in the real one, another page shows other pictures. The second deals the pages of a
few sites out to small files, each with the pictures that it shows: few pictures, met again and again. A forecast is of
processors of one's own, so what the run's shards stood in a processor's queue is taken from its seconds of the clock,
and told apart.
"""

from __future__ import annotations

import argparse
import gzip
import html
import io
import json
import os
import random
import tempfile
import time
from pathlib import Path

from PIL import Image

from omnicorpus import address, cluster, config, forecast, job, storage, warc
from omnicorpus.forecast import Machines, Probe
from omnicorpus.runner import Inline
from omnicorpus.sentence import sentences
from pipelines import common_crawl
from pipelines.page import Page, PageSettings, read_page
from tests import build


def deal(crawls: list[str], folder: Path, pieces: int) -> tuple[str, ...]:
    """Every page goes to one file in turn, and the pictures that it shows with it: a crawl's files are all alike."""
    parts = [bytearray() for _ in range(pieces)]
    held: list[set[str]] = [set() for _ in range(pieces)]
    pages = 0
    for path in crawls:
        data = storage.read_bytes(path)
        found = [item for item in warc.responses(path) if isinstance(item, warc.Response)]
        pictures = {address.canonical(item.url): item.locator for item in found if item.mime.startswith("image/")}
        for item in found:
            page = read_page(item, PageSettings()) if item.is_html else None
            if not isinstance(page, Page):
                continue
            place = pages % pieces
            pages += 1
            shown = {address.canonical(image.larger or image.url) for image in page.document.images()}
            wanted = [pictures[url] for url in sorted(shown & pictures.keys() - held[place])]
            held[place] |= shown
            for where in (item.locator, *wanted):
                parts[place] += data[where.offset : where.offset + where.length]
    for number, part in enumerate(parts):
        (folder / f"piece-{number:03d}.warc.gz").write_bytes(part)
    return tuple(str(folder / f"piece-{number:03d}.warc.gz") for number in range(pieces))


def made(folder: Path, pages: int, pieces: int) -> tuple[str, ...]:
    """A web without an end: pages of real sentences, no two pages alike, most of their pictures shown nowhere else.

    Each has 6 to 30 sentences of the gold pages and up to 7 pictures, one of which all pages of its site show.
    """
    chance = random.Random(1)
    told = [item["text"] for name in ("scrapinghub", "readability") for item in _gold(name)]
    known = [part for text in told for line in text.splitlines() for part in sentences(line) if len(part.split()) > 5]
    logos = [_picture(chance, 160) for _ in range(40)]
    files = []
    for number in range(pieces):
        records = []
        for page in range(pages):
            site, body = chance.randrange(len(logos)), []
            url = f"https://site-{site}.test/{number}-{page}"
            shown = {f"https://site-{site}.test/logo.jpg": logos[site]}
            for turn in range(chance.randrange(7)):
                shown[f"{url}-{turn}.jpg"] = _picture(chance, chance.randrange(200, 500))
            for picture in shown:
                text = " ".join(chance.choices(known, k=chance.randrange(3, 8)))
                body.append(f"<p>{html.escape(text)}</p><img src='{picture}' alt='a picture'>")
            told_all = f"<html><body><article><h1>Page {page}</h1>{''.join(body)}</article></body></html>"
            records.append(build.record(url, told_all.encode()))
            records += [build.record(name, content, mime="image/jpeg") for name, content in shown.items()]
        files.append(build.warc(folder / f"piece-{number:03d}.warc.gz", *records))
    return tuple(files)


GOLD = Path(__file__).parents[2] / "shared" / "data" / "gold"


def _gold(name: str) -> list[dict[str, str]]:
    with gzip.open(GOLD / f"{name}.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def _picture(chance: random.Random, side: int) -> bytes:
    """A photograph's weight in bytes, of blurred noise."""
    noise = Image.frombytes("RGB", (side // 8, side // 8), chance.randbytes(3 * (side // 8) ** 2))
    held = io.BytesIO()
    noise.resize((side, side)).save(held, "JPEG", quality=85)
    return held.getvalue()


def measured(
    root: Path, files: tuple[str, ...], amount: float, given: argparse.Namespace, *, warm: bool = True
) -> Probe:
    workers: int = given.workers
    settings = config.fill(common_crawl.Settings, values(files, root, nsfw=given.nsfw), "benchmark")
    stages = common_crawl.stages(settings, files)
    identity = job.Identity("common_crawl", files, config.plain(settings))
    return forecast.probe(
        str(root), stages, identity, amount, lambda: cluster.embedded(workers) if workers else Inline(),
        lambda _progress: None, max(1, workers), warm=warm and workers == 0,
    )  # fmt: skip


def values(files: tuple[str, ...], root: Path, *, nsfw: bool) -> dict[str, object]:
    return {
        "pipeline": "common_crawl", "input": list(files), "output": str(root), "languages": "all",
        "images": {"sources": ["warc"], "clip": None, "nsfw": {"enabled": nsfw}},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crawls", nargs="*")
    parser.add_argument("--made", type=int, default=20, help="pages a file, where no crawls are given")
    parser.add_argument("--probe", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2, help="0 runs in this process")
    parser.add_argument("--nsfw", action="store_true", help="with the NSFW model, which a run has by default")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="forecast-") as name:
        folder = Path(name)
        pieces = 10 * given.probe
        files = deal(given.crawls, folder, pieces) if given.crawls else made(folder, given.made, pieces)
        smaller, larger = forecast.probed(files, given.probe)
        whole, (less, more) = forecast.amounts(files, (smaller, larger))
        small = measured(folder / "small", smaller, less, given, warm=False)
        large = measured(folder / "large", larger, more, given)
        settings = config.fill(common_crawl.Settings, values(files, folder / "whole", nsfw=given.nsfw), "benchmark")
        stages = common_crawl.stages(settings, files)
        told = forecast.forecast(stages, small, large, whole, Machines(1, max(1, given.workers)))
        begun = time.monotonic()
        real = measured(folder / "whole", files, whole, given)
        clock = time.monotonic() - begun
        waited = sum(load.waited for load in real.loads.values()) / max(1, given.workers)
        written = sum(1 for path in (folder / "whole").rglob("*") if path.is_file() and "lease" not in path.parts)
    print(f"{'stage':<20}{'forecast s':>12}{'measured s':>12}{'off':>8}{'written':>10}{'measured':>10}")
    for cost in told.stages:
        load = real.loads[cost.stage]
        print(
            f"{cost.stage:<20}{cost.seconds:>12.1f}{load.seconds:>12.1f}{_off(cost.seconds, load.seconds):>8}"
            f"{cost.written / 1e6:>10.1f}{load.written / 1e6:>10.1f}"
        )
    names = ("seconds", "read", "written")
    for quantity in names:
        told_sum = told.totals[quantity]
        real_sum = sum(getattr(load, quantity) for load in real.loads.values())
        print(f"all {quantity}: forecast {told_sum:,.1f}, measured {real_sum:,.1f}: {_off(told_sum, real_sum)}")
    puts = sum(cost.shards * (len(stage.tables) + 1) for cost, stage in zip(told.stages, stages, strict=True))
    print(f"objects written: forecast {puts:,}, measured {written:,} (with run.json, state.json, manifest.json)")
    own, forecasted = clock - waited, told.hours * 3600
    print(f"seconds of the clock: forecast {forecasted:.1f}, measured {own:.1f}: {_off(forecasted, own)}")
    print(f"  and {waited:.1f} s that the run stood in queues for a processor")
    print(f"load: {before:.1f} before the probes, {os.getloadavg()[0]:.1f} at the end")
    for warning in told.warnings:
        print(f"note: {warning}")


def _off(told: float, real: float) -> str:
    return f"{100 * (told / real - 1):+.0f} %" if real else "-"


if __name__ == "__main__":
    main()
