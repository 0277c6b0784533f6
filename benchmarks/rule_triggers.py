"""How often each rule decided in a run, and examples of it to read: always the same ones for the same ledger.

    .venv/bin/python benchmarks/rule_triggers.py RUN [RUN ...] [--stage refine] [--rule over_short] [-n 10] [--seed 1]

Reads the ledgers (RUN/drops) of finished runs. For every rule: its triggers, the documents it touched, and at most n of
the triggers, drawn by the hash of the seed and the row, so that more triggers of one rule don't change those shown of
another. An example is what the rule measured, what it cut, and the part it cut it from, under its document's address.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from omnicorpus import table

COLUMNS = ["document", "url", "position", "stage", "rule", "value", "threshold", "detail", "image", "text"]
SHOWN = 240


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("runs", nargs="+", type=Path)
    arguments.add_argument("--stage", help="of this stage only")
    arguments.add_argument("--rule", action="append", help="this rule only; may be given again")
    arguments.add_argument("-n", type=int, default=10, help="examples of each rule")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    rows = [row for run in given.runs for row in ledger(run)]
    wanted = [
        row for row in rows if given.stage in (None, row["stage"]) and (not given.rule or row["rule"] in given.rule)
    ]
    by_rule: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in wanted:
        by_rule[row["stage"], row["rule"]].append(row)
    for (stage, rule), found in sorted(by_rule.items(), key=lambda item: (item[0][0], -len(item[1]))):
        documents = len({row["document"] or row["url"] for row in found})
        print(f"\n## {stage}: {rule}: {len(found)} triggers in {documents} documents")
        for row in drawn(found, given.n, given.seed):
            print(shown(row))


def ledger(run: Path) -> list[dict[str, Any]]:
    """The rows of a run's ledger. Raises SystemExit where the run has none."""
    paths = sorted((run / "drops").rglob("*.parquet"))
    if not paths:
        raise SystemExit(f"{run}: no drops/*.parquet; name the output folder of a finished run")
    return [row for path in paths for row in table.read(str(path), COLUMNS).to_pylist()]


def drawn(rows: Iterable[dict[str, Any]], number: int, seed: int) -> list[dict[str, Any]]:
    """At most `number` rows, the same for the same seed; of rows that read alike one."""
    seen: Counter[str] = Counter()
    keyed = []
    for row in rows:
        name = f"{seed} {row['url']} {row['position']} {row['rule']} {row['detail']} {row['text']}"
        seen[name] += 1
        keyed.append((hashlib.sha256(f"{name} {seen[name]}".encode()).digest(), row))
    chosen: dict[tuple[Any, ...], dict[str, Any]] = {}
    for _, row in sorted(keyed, key=lambda item: item[0]):
        chosen.setdefault((row["detail"], row["text"], row["image"], None if row["text"] else row["url"]), row)
        if len(chosen) == number:
            break
    return list(chosen.values())


def shown(row: dict[str, Any]) -> str:
    measured = "" if row["value"] is None else f" {row['value']:g}/{row['threshold'] if row['threshold'] else 0:g}"
    cut = repr(row["detail"])[:SHOWN] if row["detail"] else "-"
    part = row["image"] or (repr(row["text"]) if row["text"] else "the document")
    where = f"{row['url']} #{'' if row['position'] is None else row['position']}"
    end = f" ... {part[-80:]}" if len(part) > SHOWN else ""
    return f"- {where}{measured}\n    cut:  {cut}\n    from: {part[:SHOWN]}{end}"


if __name__ == "__main__":
    main()
