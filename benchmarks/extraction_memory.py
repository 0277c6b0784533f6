"""The memory of one process that extracts page after page: the gold pages again and again.

    PYTHONPATH=.:benchmarks python benchmarks/extraction_memory.py [--pages 50000] [--every 5000]

Prints the resident megabytes (10^6 bytes) before the first page and after every so many, and the processor ms a page.
Pages are read from their files anew each time, so that none but the one at hand is held.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from extraction_score import SETS, SHARED

from omnicorpus.extraction import extract


def pages() -> Iterator[tuple[str, str]]:
    """HTML and address of each gold page, without end."""
    while True:
        for name in SETS:
            with gzip.open(SHARED / f"data/gold/{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
                for line in lines:
                    page = json.loads(line)
                    yield page["html"], page["url"]


def resident() -> float:
    """Megabytes of this process that are in memory now."""
    held = int(Path("/proc/self/statm").read_text().split()[1])
    return held * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=50_000)
    arguments.add_argument("--every", type=int, default=5_000)
    options = arguments.parse_args()
    print("| pages read | resident MB | ms a page since the line above |")
    print("|---|---|---|")
    print(f"| 0 | {resident():.0f} | |", flush=True)
    spent = 0.0
    for number, (html, url) in enumerate(islice(pages(), options.pages), 1):
        started = time.process_time()
        extract(html, url)
        spent += time.process_time() - started
        if number % options.every == 0:
            print(f"| {number:,} | {resident():.0f} | {1000 * spent / options.every:.2f} |", flush=True)
            spent = 0.0


if __name__ == "__main__":
    main()
