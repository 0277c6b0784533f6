"""A few documents, or drops, of a finished corpus: the same ones for the same seed."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from omnicorpus import job, schema, table
from omnicorpus.document import Document, Drop, Image, Locator, Text
from omnicorpus.errors import InputError
from omnicorpus.schema import Dropped
from omnicorpus.view import Contents


def documents(root: str, count: int, seed: int) -> list[Document]:
    """`count` documents of the run at `root`, or all that there are, in corpus order. Raises InputError for no run."""
    paths = job.result_files(root, "documents")
    ends = list(accumulate(table.rows(path) for path in paths))
    total = ends[-1] if ends else 0
    chosen = sorted(random.Random(seed).sample(range(total), min(count, total)))
    found: list[Document] = []
    for index, path in enumerate(paths):
        start = ends[index - 1] if index else 0
        inside = [row - start for row in chosen if bisect_right(ends, row) == index]
        found.extend(_rows(path, inside))
    return found


def _rows(path: str, wanted: Sequence[int]) -> Iterator[Document]:
    start = 0
    if not wanted:
        return
    for group in table.groups(path):
        inside = [row - start for row in wanted if start <= row < start + group.num_rows]
        if inside:
            yield from schema.documents(group.take(pa.array(inside)))
        start += group.num_rows


def drops(root: str, rule: str, count: int, seed: int) -> list[Dropped]:
    """`count` drops by `rule` (a rule, a stage, or "all"). Raises InputError, naming the rules, where it is none."""
    rows: list[dict[str, Any]] = []
    known: set[str] = set()
    for path in job.result_files(root, "drops"):
        whole = table.read(path)
        known.update(whole["rule"].to_pylist(), whole["stage"].to_pylist())
        mask = pc.or_(pc.equal(whole["rule"], rule), pc.equal(whole["stage"], rule))
        rows.extend((whole if rule == "all" else whole.filter(mask)).to_pylist())
    if not rows and rule != "all":
        raise InputError(f"nothing was dropped by {rule}; rules and stages with drops: {', '.join(sorted(known))}")
    chosen = sorted(random.Random(seed).sample(range(len(rows)), min(count, len(rows))))
    return [_dropped(rows[index]) for index in chosen]


def _dropped(row: dict[str, Any]) -> Dropped:
    drop = Drop(row["rule"], row["value"], row["threshold"], row["detail"], row["twin"])
    part = Image(row["image"]) if row["image"] is not None else Text(row["text"]) if row["text"] is not None else None
    locator = Locator(**row["warc"]) if row["warc"] else None
    return Dropped(drop, row["stage"], row["document"], row["url"], row["position"], part, locator)


def addresses(root: str, ids: set[str]) -> dict[str, str]:
    """Addresses of kept or dropped documents by id, for the twins that drops name."""
    found: dict[str, str] = {}
    for folder, key in (("documents", "id"), ("drops", "document")):
        for path in job.result_files(root, folder):
            for group in table.groups(path, [key, "url"]):
                names, urls = group[key].to_pylist(), group["url"].to_pylist()
                found |= {name: url for name, url in zip(names, urls, strict=True) if name in ids}
    return found


def pictures(root: str, urls: set[str]) -> dict[str, bytes]:
    """Bytes as served of the pictures that the run holds."""
    return Contents(job.result_files(root, "images")).of(urls)
