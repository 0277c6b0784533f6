"""A few documents, or drops, of a finished corpus: the same ones for the same seed, in bounded memory.

Every row is given a random number, and the smallest are taken: so a sample needs one pass, and no more memory than
itself. A stratified sample does so in every stratum; where there are more strata than rows are asked for, the strata
are drawn first, likewise by the smallest numbers.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal, cast, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from omnicorpus import job, schema, table
from omnicorpus.address import registered_domain
from omnicorpus.document import Document, Drop, Image, Locator, Text
from omnicorpus.errors import ConfigError, InputError
from omnicorpus.schema import Dropped
from omnicorpus.trail import File, Trail
from omnicorpus.view import Contents

Stratum = Literal["rule", "language", "score", "domain"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)

BANDS = 10
"""Bands of a score between 0 and 1, all of one width."""


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
    draw = _Draw(count, seed)
    paths = job.result_files(root, "drops")
    known: set[str] = set()
    for number, path in enumerate(paths):
        for place, group in enumerate(table.groups(path, ["rule", "stage"])):
            known.update(pc.unique(group["rule"]).to_pylist(), pc.unique(group["stage"]).to_pylist())
            mask = pc.or_(pc.equal(group["rule"], rule), pc.equal(group["stage"], rule)).to_numpy()
            rows = np.flatnonzero(mask) if rule != "all" else np.arange(group.num_rows)
            draw.add(("",) * len(rows), [(number, place, row) for row in rows.tolist()])
    if not draw.strata and rule != "all":
        raise InputError(f"nothing was dropped by {rule}; rules and stages with drops: {', '.join(sorted(known))}")
    chosen = sorted(place for _, place, _ in draw.taken())
    return [dropped(row) for row in rows_at(paths, chosen)]


def rows_at(paths: Sequence[str], places: Sequence[tuple[int, int, int]]) -> list[dict[str, Any]]:
    """Rows of tables by the number of the file, of its row group, and of the row in that; in the order of `places`."""
    found: dict[tuple[int, int, int], dict[str, Any]] = {}
    for number in sorted({place[0] for place in places}):
        for index, group in enumerate(table.groups(paths[number])):
            rows = [row for file, at, row in places if (file, at) == (number, index)]
            for row, values in zip(rows, group.take(pa.array(rows, pa.int64())).to_pylist(), strict=True):
                found[number, index, row] = values
    return [found[place] for place in places]


def dropped(row: dict[str, Any]) -> Dropped:
    """A row of the ledger."""
    drop = Drop(row["rule"], row["value"], row["threshold"], row["detail"], row["twin"])
    part = Image(row["image"]) if row["image"] is not None else Text(row["text"]) if row["text"] is not None else None
    locator = Locator(**row["warc"]) if row["warc"] else None
    return Dropped(drop, row["stage"], row["document"], row["url"], row["position"], part, locator)


Place = tuple[int, int, int]
"""The number of a file, of its row group, and of the row in that."""


@dataclass(slots=True)
class _Pool:
    """One stratum: how many rows it has, and those with the smallest numbers, largest first."""

    number: float
    size: int = 0
    heap: list[tuple[float, Place]] = field(default_factory=list)


class _Draw:
    """Draws `count` rows evenly from the strata of a stream; holds about four times as many."""

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed = count, seed
        self._random = np.random.default_rng(seed)
        self._pools: dict[str, _Pool] = {}
        self._seen = 0
        self._last = 2.0

    @property
    def strata(self) -> int:
        return len(self._pools)

    def add(self, strata: Sequence[str], places: Sequence[Place]) -> None:
        """Rows and their strata, in the order of the stream."""
        numbers = self._random.random(len(places)).tolist()
        for stratum, place, number in zip(strata, places, numbers, strict=True):
            pool = self._pools.get(stratum) or self._new(stratum)
            if pool is None:
                continue
            pool.size += 1
            if len(pool.heap) < self._most():
                heapq.heappush(pool.heap, (-number, place))
            elif -number > pool.heap[0][0]:
                heapq.heapreplace(pool.heap, (-number, place))

    def _new(self, stratum: str) -> _Pool | None:
        digest = hashlib.blake2b(f"{self._seed}\0{stratum}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        number = int.from_bytes(digest, "big") / 2**64
        if number >= self._last:
            return None
        self._pools[stratum] = pool = _Pool(number)
        if len(self._pools) > self._count:
            # A stratum that leaves was never among the smallest again, so those that stay have counted all their rows.
            worst = max(self._pools, key=lambda name: self._pools[name].number)
            del self._pools[worst]
            self._last = max(self._pools[name].number for name in self._pools)
            if worst == stratum:
                return None
        for other in self._pools.values():
            while len(other.heap) > self._most():
                heapq.heappop(other.heap)
        return pool

    def _most(self) -> int:
        """Rows held of a stratum: its share, and as much again three times for strata that have too few."""
        return min(self._count, 4 * -(-self._count // max(1, len(self._pools))))

    def taken(self) -> list[tuple[str, Place, float]]:
        """Stratum, place and weight (the rows of its stratum for which it stands) of `count` rows, or of all."""
        pools = {name: sorted(pool.heap, reverse=True)[: self._most()] for name, pool in sorted(self._pools.items())}
        quota = dict.fromkeys(pools, 0)
        for turn in range(self._count):
            for name, rows in pools.items():
                if turn < len(rows) and sum(quota.values()) < self._count:
                    quota[name] += 1
        return [
            (name, place, self._pools[name].size / quota[name])
            for name, rows in pools.items()
            for _, place in rows[: quota[name]]
        ]


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing of a stratified sample: a document, or (`row` is given) a row of the ledger or of the marks in shadow.

    `weight` is the number of such things of the run for which this one stands. `shard` names the crawl file's shard
    under which the document lies, where that is known.
    """

    document: str
    shard: str
    stratum: str
    weight: float
    row: dict[str, Any] | None = None


def units(trail: Trail, count: int, seed: int, by: Stratum | None = None, score: str = "language_score") -> list[Unit]:
    """A sample of `count` units of a finished run.

    By "rule" the units are drops, of whole documents and of parts, and marks in shadow; records that never became a
    document are left out, as nothing of them is stored. Else they are documents, those kept and those dropped whole:
    half of each where `by` is None; else by the language, the domain, or the band of the column `score`. Where a
    document's table has no such column, or the run's work is gone, the stratum is "unknown". Raises ConfigError for a
    score that no document has.
    """
    ledger, kept = [*trail.drops, *trail.shadows], list(trail.documents)
    files = ledger if by == "rule" else [*trail.drops, *kept]
    draw = _Draw(count, seed)
    names: set[str] = set()
    for number, file in enumerate(files):
        if by == "rule":
            prefix = "shadow " if file in trail.shadows else ""
            strata = _by_rule(file.path, prefix)
        elif file in kept:
            strata = _of_kept(file.path, by, score)
        else:
            strata = _of_dropped(file, trail, by, score)
        for group, labels in enumerate(strata):
            rows = [row for row, stratum in enumerate(labels) if stratum is not None]
            found = [stratum for stratum in labels if stratum is not None]
            names.update(found)
            draw.add(found, [(number, group, row) for row in rows])
    if by == "score" and names <= {UNKNOWN}:
        raise ConfigError(
            f"--score {score}: no document of {trail.root} has such a score; look at the columns of documents/"
        )
    taken = sorted(draw.taken(), key=lambda item: item[1])
    values = rows_at([file.path for file in files], [place for _, place, _ in taken])
    return [
        _unit(files[place[0]], stratum, weight, row, by)
        for (stratum, place, weight), row in zip(taken, values, strict=True)
    ]


UNKNOWN = "unknown"


def _unit(file: File, stratum: str, weight: float, row: dict[str, Any], by: Stratum | None) -> Unit:
    if by == "rule":
        return Unit(row["document"], file.shard, stratum, weight, row)
    return Unit(row.get("document") or row["id"], file.shard, stratum, weight)


Strata = Iterator[Sequence[str | None]]
"""For every row group of a file the strata of its rows; None for a row that is no unit."""


def _by_rule(path: str, prefix: str) -> Strata:
    for group in table.groups(path, ["document", "stage", "rule"]):
        columns = (group[name].to_pylist() for name in ("document", "stage", "rule"))
        yield [
            None if document is None else f"{prefix}{stage}.{rule}"
            for document, stage, rule in zip(*columns, strict=True)
        ]


def _of_kept(path: str, by: Stratum | None, score: str) -> Strata:
    if by is None:
        yield from (["kept"] * group.num_rows for group in table.groups(path, ["id"]))
    else:
        yield from ([stratum for _, stratum in group] for group in _strata(path, by, score))


def _of_dropped(file: File, trail: Trail, by: Stratum | None, score: str) -> Strata:
    """Of rows for whole documents; of what is cut out of one no unit."""
    source = trail.before(file.stage, file.shard) if by in ("language", "score") else None
    known = (
        {}
        if source is None or by is None
        else {name: stratum for group in _strata(source, by, score) for name, stratum in group}
    )
    for group in table.groups(file.path, ["document", "url", "position"]):
        columns = (group[name].to_pylist() for name in ("document", "url", "position"))
        yield [
            None
            if document is None or position is not None
            else "dropped"
            if by is None
            else domain(url)
            if by == "domain"
            else known.get(document, UNKNOWN)
            for document, url, position in zip(*columns, strict=True)
        ]


def _strata(path: str, by: Stratum, score: str) -> Iterator[list[tuple[str, str]]]:
    """Ids of documents and their strata, by row group."""
    columns = {"domain": ["url"], "language": ["language"]}.get(by, [score, "statistics", "other_scores"])
    for group in table.groups(path, ["id", *columns]):
        names = group["id"].to_pylist()
        if by == "domain":
            values = [domain(url) for url in group["url"].to_pylist()]
        elif by == "language":
            values = [language or UNKNOWN for language in group["language"].to_pylist()]
        else:
            values = [band(value) for value in _scores(group, score)]
        yield list(zip(names, values, strict=True))


def _scores(group: pa.Table, score: str) -> list[float | None]:
    """A column of scores, of the statistics within one, or of a config's own."""
    if score in group.column_names and pa.types.is_floating(group[score].type):
        return cast(list[float | None], group[score].to_pylist())
    if "statistics" in group.column_names:
        kind = group["statistics"].type
        if kind.get_field_index(score) >= 0:
            return [None if row is None else row[score] for row in group["statistics"].to_pylist()]
    if "other_scores" in group.column_names:
        return [dict(row or ()).get(score) for row in group["other_scores"].to_pylist()]
    return [None] * group.num_rows


def band(value: float | None) -> str:
    """The band of a score: tenths of 0 to 1, and one on either side."""
    if value is None or value != value:
        return UNKNOWN
    if not 0 <= value <= 1:
        return "under 0" if value < 0 else "over 1"
    place = min(BANDS - 1, int(value * BANDS))
    return f"{place / BANDS:g} to {(place + 1) / BANDS:g}"


def domain(url: str | None) -> str:
    """The registered domain of an address."""
    return (registered_domain(url) if url else "") or UNKNOWN


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
