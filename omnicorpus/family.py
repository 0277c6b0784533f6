"""A document's family: the documents that a run took for one, which of them it kept, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from omnicorpus import address, schema, signature, table
from omnicorpus.document import Document
from omnicorpus.duplicates import DuplicateSettings
from omnicorpus.errors import InputError
from omnicorpus.plan import Plan
from omnicorpus.stage import Need

MOST = 50
"""Members that are read and compared: 1,225 pairs. A copied notice can have millions."""


@dataclass(frozen=True, slots=True)
class Member:
    """One document of a family.

    `rule` is the layer by which it lost, None for the kept one; `estimate` the similarity to the kept one that the run
    measured, None where it didn't need one. `document` is None for a document of an earlier crawl's index.
    """

    id: str
    rule: str | None
    estimate: float | None
    document: Document | None


@dataclass(frozen=True, slots=True)
class Family:
    """`members`: the kept one first, then the others by address; at most MOST of `size`.

    `similarities[i][j]`: the exact Jaccard similarity of shingles of members i and j, None where a text isn't at hand.
    `reason`: why the first was kept, in words.
    """

    asked: str
    size: int
    members: tuple[Member, ...]
    similarities: tuple[tuple[float | None, ...], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a side-by-side comparison: both sides alike, changed, or there on one side only (the other None)."""

    kind: Literal["same", "changed", "left", "right"]
    left: str | None
    right: str | None


def explain(run: Plan, url: str, settings: DuplicateSettings) -> Family:
    """The family of the document at `url` in a finished run; a document without duplicates is a family of one.

    Addresses are compared in their canonical form. Raises InputError where no document of that address came so far.
    """
    before = run.step("unique").stage.needs[0]
    files = run.tables(Need(before.stage, before.table, "all"))
    asked = _find(files, url)
    drops = table.read_all(
        run.tables(Need("unique", "drops", "all")), schema.DROPS, ["document", "rule", "value", "twin"]
    )
    own = drops.filter(pc.equal(drops["document"], asked))
    keeper = own["twin"][0].as_py() if len(own) else asked
    lost = drops.filter(pc.equal(drops["twin"], keeper)).to_pylist()
    ids = {keeper, asked} | {row["document"] for row in lost[: MOST - 2]}
    there = {document.id: document for path in files for document in _documents(path, ids)}
    losers = [
        Member(row["document"], row["rule"], row["value"], there.get(row["document"]))
        for row in lost
        if row["document"] in ids
    ]
    losers.sort(key=lambda member: (member.document.url if member.document else "", member.id))
    members = (Member(keeper, None, None, there.get(keeper)), *losers)
    return Family(asked, len(lost) + 1, members, _similarities(members, settings), _reason(members, settings))


def difference(left: Document, right: Document) -> list[Row]:
    """The text parts of two documents side by side, in order."""
    first, second = ([part.text for part in document.texts()] for document in (left, right))
    rows: list[Row] = []
    for kind, start, end, other_start, other_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        one, two = first[start:end], second[other_start:other_end]
        both = min(len(one), len(two))
        rows += [
            Row("same" if kind == "equal" else "changed", *pair) for pair in zip(one[:both], two[:both], strict=True)
        ]
        rows += [Row("left", text, None) for text in one[both:]]
        rows += [Row("right", None, text) for text in two[both:]]
    return rows


def _find(files: tuple[str, ...], url: str) -> str:
    wanted = address.canonical(url)
    last: str | None = None
    for path in files:
        for rows in table.groups(path, ["id", "url"]):
            for identity, found in zip(rows["id"].to_pylist(), rows["url"].to_pylist(), strict=True):
                if found == url:
                    return str(identity)
                if last is None and address.canonical(found) == wanted:
                    last = identity
    if last is None:
        raise InputError(
            f"no document of {url} came as far as deduplication: look for it with `omnicorpus sample --dropped`"
        )
    return last


def _documents(path: str, ids: set[str]) -> Iterator[Document]:
    wanted = pa.array(sorted(ids))
    for rows in table.groups(path):
        yield from schema.documents(rows.filter(pc.is_in(rows["id"], wanted)))


def _similarities(members: tuple[Member, ...], settings: DuplicateSettings) -> tuple[tuple[float | None, ...], ...]:
    texts = ["\n".join(part.text for part in member.document.texts()) if member.document else "" for member in members]
    found = signature.tokens(texts, digits=settings.digits)
    sets = [set(signature.shingles(found.of(index), settings.shingle).tolist()) for index in range(len(texts))]

    def similarity(first: int, second: int) -> float | None:
        if members[first].document is None or members[second].document is None:
            return None
        union = len(sets[first] | sets[second])
        return len(sets[first] & sets[second]) / union if union else 0.0

    return tuple(tuple(similarity(first, second) for second in range(len(sets))) for first in range(len(sets)))


def _reason(members: tuple[Member, ...], settings: DuplicateSettings) -> str:
    kept = members[0].document
    if len(members) == 1:
        return "nothing like it was found"
    if kept is None:
        return f"a document of an earlier crawl's index is kept by the policy {settings.keep!r}"
    match settings.keep:
        case "newest":
            when = "unknown" if kept.crawled_at is None else f"{kept.crawled_at:%Y-%m-%d %H:%M:%S}"
            return f"newest: crawled {when}; of equals the least id"
        case "most_images":
            return f"most images: {sum(1 for _ in kept.images())}; of equals the least id"
        case "longest":
            return f"longest: {len(kept.text()):,} characters; of equals the least id"
        case "first":
            return "first in the order of the input"
