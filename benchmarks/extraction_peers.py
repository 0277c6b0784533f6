"""Our extraction engine beside the released ones, over the gold pages, alternately in one process.

    bash benchmarks/extraction.sh            (make bench-extraction)

Every engine reads every page once, in turn, so that a busy machine is equally busy for all. With `--turn 20` an engine
reads twenty pages before the next one's turn: it then has its own code in the processor's caches, as in a run, not that
of the others. Times are processor milliseconds a page; "ratio" is how many times trafilatura's mean (and 99th
percentile) exceeds an engine's on the same pages.

Ours reads bytes in UTF-8, as `pipelines/page.py` hands them on from a crawl; the others read text, as they want it, and
making that of bytes is in nobody's time. With `--text` ours reads text, too.

What an engine does once for a process (reading tables and weights, compiling expressions) is not in its pages' times:
it reads one page before all others, and the column "first page" says what that took. Imports are in neither. With
`--start` the processor seconds of importing ours are printed too: after an installation, when Numba compiles, and
later. `--web FOLDER` reads the pages of `web_pages.py` instead of the gold's.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import web_pages
from extraction_score import SETS, gold, predicted, scorer
from lxml import html as lxml_html
from magic_html import GeneralExtractor
from readability import Document
from resiliparse.extract.html2text import extract_plain_text
from trafilatura import bare_extraction

from omnicorpus.extraction import extract

Result = dict[str, object]
Markup = Any
"""A page as an engine reads it: text, or bytes in UTF-8."""


def trafilatura_result(found: Any, url: str) -> Result:
    if found is None:
        return {"text": "", "images": []}
    images = [urljoin(url, each.get("src", "")) for each in found.body.iter("graphic")]
    return {"text": " ".join(found.body.itertext()), "images": images}


def _from_markup(markup: str, url: str) -> Result:
    if not markup or not markup.strip():
        return {"text": "", "images": []}
    tree = lxml_html.fromstring(markup)
    images = [urljoin(url, each.get("src", "")) for each in tree.iter("img")]
    return {"text": "\n".join(tree.itertext()), "images": images}


_MAGIC = GeneralExtractor()


def _from_magic(found: Any, url: str) -> Result:
    return _from_markup(found["html"], url)


ENGINES: dict[str, tuple[Callable[[Markup, str], Any], Callable[[Any, str], Result]]] = {
    "omnicorpus": (extract, lambda found, _: predicted(found.parts)),
    "trafilatura": (lambda html, url: bare_extraction(html, url=url, include_images=True), trafilatura_result),
    "magic-html": (lambda html, url: _MAGIC.extract(html, base_url=url), _from_magic),
    "magic-html, forum mode": (lambda html, url: _MAGIC.extract(html, base_url=url, html_type="forum"), _from_magic),
    "readability-lxml": (lambda html, url: Document(html.replace("\x00", ""), url=url).summary(), _from_markup),
    "resiliparse": (
        lambda html, _: extract_plain_text(html, main_content=True),
        lambda found, _: {"text": found, "images": []},
    ),
}
"""Each engine's call, which is timed, and how its answer is read, which is not."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--engines", nargs="*", default=list(ENGINES))
    arguments.add_argument("--start", action="store_true")
    arguments.add_argument("--turn", type=int, default=1, help="Pages that an engine reads before the next one's turn.")
    arguments.add_argument("--text", action="store_true", help="Ours reads text, not bytes.")
    arguments.add_argument("--web", type=Path, metavar="FOLDER", help="The pages that web_pages.py has laid there.")
    options = arguments.parse_args()
    sets = {group: gold(group) for group in SETS} if options.web is None else web_pages.sets(options.web)

    def markup(name: str, page: dict[str, object]) -> Markup:
        html = str(page["html"])
        return html.encode() if name == "omnicorpus" and not options.text else html

    if options.start:
        with tempfile.TemporaryDirectory() as folder:
            print(
                f"import of omnicorpus.extraction, compiling: {_import_seconds(folder):.1f} s of processor time; ",
                end="",
            )
            print(f"compiled before: {_import_seconds(folder):.2f} s\n", flush=True)
    score = scorer().score
    spent: dict[str, list[float]] = {name: [] for name in options.engines}
    text_f1: dict[str, list[float]] = {name: [] for name in options.engines}
    image_f1: dict[str, list[float]] = {name: [] for name in options.engines}
    first: dict[str, float] = {}
    for name in options.engines:
        page = next(iter(sets.values()))[0]
        html = markup(name, page)
        started = time.process_time()
        ENGINES[name][0](html, str(page["url"]))
        first[name] = 1000 * (time.process_time() - started)
    print("| set | engine | text P | R | F1 | image P | R | F1 | ms mean | ms p99 | failed |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for group, pages in sets.items():
        results: dict[str, dict[str, Result]] = {name: {} for name in options.engines}
        times: dict[str, list[float]] = {name: [] for name in options.engines}
        failed = dict.fromkeys(options.engines, 0)
        turns = [pages[start : start + options.turn] for start in range(0, len(pages), options.turn)]
        for name, page in (
            (name, page) for place, turn in enumerate(turns) for name in _order(options.engines, place) for page in turn
        ):
            html = markup(name, page)
            started = time.process_time()
            try:
                found = ENGINES[name][0](html, str(page["url"]))
            except Exception:  # a peer that stops on a page gets nothing for it, and the rest is measured
                if name == "omnicorpus":
                    raise
                failed[name] += 1
                found = None
            times[name].append(1000 * (time.process_time() - started))
            if found:
                results[name][str(page["id"])] = ENGINES[name][1](found, str(page["url"]))
        for name in options.engines:
            row = score(pages, results[name])
            spent[name] += times[name]
            text_f1[name].append(row["text_f1"])
            columns = [f"{row[key]:.3f}" for key in ("text_p", "text_r", "text_f1")]
            if "img_f1" in row:
                image_f1[name].append(row["img_f1"])
                columns += [f"{row[key]:.3f}" for key in ("img_p", "img_r", "img_f1")]
            else:
                columns += ["", "", ""]
            columns += [f"{_mean(times[name]):.1f}", f"{_percentile(times[name]):.1f}", str(failed[name] or "")]
            print(f"| {group} | {name} |", " | ".join(columns), "|", flush=True)
    print()
    print(
        "| engine | mean text F1 | mean image F1 | ms mean | ms p99 | ms most | ratio of means | ratio of p99 | "
        "ms first page |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    base = spent.get("trafilatura", [math.nan])
    for name in options.engines:
        print(
            f"| {name} | {_mean(text_f1[name]):.4f} | {_mean(image_f1[name]):.4f} | {_mean(spent[name]):.2f} | "
            f"{_percentile(spent[name]):.1f} | {max(spent[name]):.0f} | {_mean(base) / _mean(spent[name]):.1f} | "
            f"{_percentile(base) / _percentile(spent[name]):.1f} | {first[name]:.0f} |"
        )


def _order(engines: list[str], place: int) -> list[str]:
    """The engines in their order, each the first one in turn: whoever reads a page first brings it into the caches."""
    first = place % len(engines)
    return [*engines[first:], *engines[:first]]


def _import_seconds(folder: str) -> float:
    """Processor seconds of a process that imports our engine, its machine code kept in `folder`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
    subprocess.run([sys.executable, "-c", "import omnicorpus.extraction"], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _percentile(values: list[float], share: float = 0.99) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
