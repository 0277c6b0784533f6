"""Where the time of a finished run went, stage by stage, beside the speeds that the OmniCorpus paper reports.

    .venv/bin/python benchmarks/stages.py RUN

Processor seconds are summed over the shards' manifests: every worker measures its own. "A row" is what the stage counts
(a page, an image). The paper's rates are of its own machines (its section on the data engine): read the ratio as an
order of magnitude, not as a race.
"""

from __future__ import annotations

import sys

from omnicorpus import job

PAPER = {
    "extract": ("main-body extraction", 33.3),
    "select": ("preliminary text filtering", 109.0),
    "unique": ("deduplication", 38.8),
}
"""Documents per CPU-second. Deduplication is all stages from the first key to `unique`."""

DEDUPLICATION = ("address_keys", "unique")


def main() -> None:
    levels = job.finished(sys.argv[1])["funnel"]
    names = [level["stage"] for level in levels]
    first, last = (names.index(name) for name in DEDUPLICATION)
    print("| stage | rows in | processor s | ms a row | rows per processor s | the paper |")
    print("|---|---|---|---|---|---|")
    for number, level in enumerate(levels):
        seconds = level["seconds"]
        if level["stage"] == DEDUPLICATION[1]:
            seconds = sum(inner["seconds"] for inner in levels[first : last + 1])
        elif first <= number < last:
            continue
        rows = level["rows_in"]
        if not rows or not seconds:
            continue
        known = PAPER.get(level["stage"])
        paper = f"{known[1]:g} ({known[0]})" if known else ""
        rate = rows / seconds
        counted = f"{rows:,} {level['unit']} | {seconds:,.2f} | {1000 / rate:,.2f} | {rate:,.1f}"
        print(f"| {level['stage']} | {counted} | {paper} |")


if __name__ == "__main__":
    main()
