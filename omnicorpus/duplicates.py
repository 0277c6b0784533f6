"""Deduplication as a list of stages: of documents that are the same, one is kept and the others point at it.

Layers, each over the survivors of the one before: the same address, the same text, the same set of images, nearly the
same text. A document that lost by its address is in no later layer, so that an old version can't tie two pages
together.

    address_keys -> same_address -> signatures -> text_keys -> same_text -> image_keys -> same_images
    -> bands -> buckets -> departures -> verified -> edge_count -> spread -> large_star, small_star ... -> unfinished
    -> joined -> components -> members -> near_duplicate -> followed_... -> twins -> unique

Keys, signatures and bands are made shard by shard, and so is `unique`: survivors in the order in which they came, and
a drop for every other document. All others have one call for each partition of the exchange, but for `edge_count` and
`joined`, which have one. From `spread` to `unfinished` nothing is done where the edges fit one memory.

With an index of earlier crawls, its shards go through the same layers as if they were shards of this run (stages
`known_...`), from signed rows instead of documents; `superseded` says which of them are kept and which are lost now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from omnicorpus import band, candidate, exact, grouping, node, schema, signature, signed, sketch, storage, table
from omnicorpus.candidate import CandidateSettings
from omnicorpus.errors import InputError, OutputError
from omnicorpus.exact import ExactSettings, Keep, LayerSettings
from omnicorpus.grouping import GroupSettings, MemorySettings
from omnicorpus.plan import Plan
from omnicorpus.signature import SignatureSettings
from omnicorpus.signed import SignedSettings
from omnicorpus.stage import Call, Counts, Need, Stage, shard_name

Work = Callable[[Call, Any], Counts]

Layer = Literal["same_address", "same_text", "same_images", "near_duplicate"]

INDEX = "index.json"
"""Written last into an index: which files it has."""

LAYERS: tuple[Layer, ...] = ("same_address", "same_text", "same_images", "near_duplicate")


@dataclass(frozen=True, slots=True)
class DuplicateSettings:
    """What counts as a duplicate, and which one is kept.

    `threshold`: Jaccard similarity, 0 to 1 (default 0.8: OmniCorpus 3.1). `keep`: newest (OmniCorpus 3.1),
    most_images, longest (in characters), or first in the order of the input, an index before it; ties go to the least
    id. The address layer always keeps the newest (OBELICS).

    `same_images` (off by default, as in OmniCorpus; OBELICS has it): the same set of image addresses.

    `permutations` (128: datasketch's), `shingle` (5 tokens: datatrove's and data-juicer's), `seed` and `digits` as in
    `SignatureSettings`; `recall` as in `band.bands`. `verify`: an edge must reach the threshold by the two sketches,
    so that chance candidates don't tie components together; `confidence`: the share of pairs exactly at the threshold
    that must pass (0.9: docs/dedup.md); `slack`: how far below the threshold an estimate may always be, an exact one
    too (0.01: two extractions of a page differ by more, docs/dedup.md).

    `memory`: bytes that one call may take for edges (1.5 GB: `grouping.MEMORY`); more edges than that go through
    `rounds` of stars (4: `grouping.ROUNDS`).
    `index`: folders of indexes of earlier crawls, in the order of the crawls.
    """

    threshold: float = 0.8
    permutations: int = 128
    shingle: int = 5
    seed: int = 1
    digits: Literal["keep", "zero"] = "keep"
    recall: float = band.RECALL
    keep: Keep = "newest"
    verify: bool = True
    confidence: float = 0.9
    slack: float = 0.01
    same_address: bool = True
    same_text: bool = True
    same_images: bool = False
    memory: int = grouping.MEMORY
    rounds: int = grouping.ROUNDS
    index: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ValueError(f"threshold lies above 0 and up to 1, not at {self.threshold}")
        if not 0.5 <= self.confidence < 1:
            raise ValueError(f"confidence lies from 0.5 to below 1, not at {self.confidence}")
        if not 0 <= self.slack < self.threshold:
            raise ValueError(f"slack lies from 0 to below the threshold, not at {self.slack}")
        if not 0 < self.recall < 1:
            raise ValueError(f"recall lies between 0 and 1, not at {self.recall}")
        least = {"permutations": 1, "shingle": 1, "seed": 0, "memory": 0, "rounds": 0}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise ValueError(f"{name} is at least {value}, not {getattr(self, name)}")
        # Raises where no bands serve, so that it is known before anything runs.
        band.bands(self.threshold, self.permutations, recall=self.recall)

    @property
    def bands(self) -> band.Bands:
        return band.bands(self.threshold, self.permutations, recall=self.recall)

    @property
    def signature(self) -> SignatureSettings:
        return SignatureSettings(self.permutations, self.shingle, self.seed, self.digits)

    @property
    def layers(self) -> tuple[Layer, ...]:
        on = {"same_address": self.same_address, "same_text": self.same_text, "same_images": self.same_images}
        return tuple(layer for layer in LAYERS if on.get(layer, True))


@dataclass(frozen=True, slots=True)
class UniqueSettings:
    """`layers` in their order; `first`: the number of the stage's first shard."""

    partitions: int
    first: int
    threshold: float
    layers: tuple[Layer, ...]


TWINS = pa.schema([("loser", pa.int64()), ("layer", pa.int8()), ("id_high", pa.uint64()), ("id_low", pa.uint64())])

LOST = pa.schema(
    [
        ("document", pa.string()),
        ("url", pa.string()),
        ("rule", pa.string()),
        ("value", pa.float64()),
        ("twin", pa.string()),
        ("warc", schema.LOCATOR),
    ]
)
"""A document of an index that isn't kept any more, or never was."""

KNOWN = pa.schema([("document", pa.string()), ("url", pa.string()), ("warc", schema.LOCATOR)])


def stages(documents: Need, settings: DuplicateSettings, *, partitions: int) -> tuple[Stage, ...]:
    """The stages of a deduplication of `documents`; the last is "unique", with tables "documents" and "drops".

    `partitions`: calls of each wide stage, at least 1. A call holds its share of all (bucket, row) pairs, 16 bytes
    each, and of the sketches of documents that have duplicates, 1 kB each. Raises ValueError for settings that no
    bands can serve, and InputError for an index that isn't there or was made in another way.
    """
    known = _index_files(settings.index, settings.signature)
    parts = tuple(f"part-{index:05d}" for index in range(partitions))
    plan = _Plan(documents, known, parts)
    layers = settings.layers
    if "same_address" in layers:
        addresses = ExactSettings(partitions)
        works = (exact.send_addresses, exact.send_known_addresses)
        plan.narrow("address_keys", works, lambda _: addresses, ("keys",), ("keys",), documents)
        plan.wide("same_address", exact.choose, addresses, ("lost", "kept"), "address_keys.keys")

    def signing(first: int) -> SignedSettings:
        return SignedSettings(settings.signature, partitions, first, settings.same_images)

    plan.narrow("signatures", (signed.sign, signed.keep_signed), signing, ("signed",), (), documents, *plan.lost)
    rows = Need("signatures", "signed")
    for name, key, keys in (("same_text", "text", "text_keys"), ("same_images", "image_set", "image_keys")):
        if name in layers:
            layer = ExactSettings(partitions, settings.keep, key)
            works = (exact.send_signed, exact.send_signed)
            plan.narrow(
                keys, works, partial(LayerSettings, layer), ("keys",), ("keys",), rows, *plan.lost_since_signing
            )
            plan.wide(name, exact.choose, layer, ("lost", "kept"), f"{keys}.keys")

    def near(first: int) -> CandidateSettings:
        judged = (settings.threshold, settings.confidence, settings.slack, settings.verify)
        return CandidateSettings(settings.bands, settings.permutations, partitions, first, *judged)

    works = (candidate.send_buckets, candidate.send_buckets)
    plan.narrow("bands", works, near, ("buckets", "near"), ("buckets",), rows, *plan.lost_since_signing)
    plan.wide("buckets", candidate.meet, near(0), ("edges",), "bands.buckets")
    plan.wide("departures", candidate.depart, None, ("edges", "hubs"), "buckets.edges", "signatures.signed")
    arrived = ("departures.edges", "departures.hubs", "signatures.signed")
    plan.wide("verified", candidate.verify, near(0), ("edges",), *arrived, exchanges=())
    group = GroupSettings(partitions, settings.keep)
    memory = MemorySettings(partitions, settings.memory)
    edges = ("verified.edges", "bands.near", "edge_count.count")
    plan.one("edge_count", grouping.count, None, ("count",), (), *edges[:2])
    plan.wide("spread", grouping.spread, memory, ("both",), *edges)
    stars = "spread.both"
    for turn in range(settings.rounds):
        plan.wide(f"large_star_{turn}", grouping.large_star, None, ("pairs",), stars)
        plan.wide(f"small_star_{turn}", grouping.small_star, None, ("both",), f"large_star_{turn}.pairs")
        stars = f"small_star_{turn}.both"
    plan.wide("unfinished", grouping.unfinished, None, ("inner",), stars, exchanges=())
    plan.one("joined", grouping.join, memory, ("joined",), ("joined",), *edges, "unfinished.inner")
    plan.wide("components", grouping.label, memory, ("labels",), "joined.joined", stars)
    plan.wide("members", grouping.gather_members, group, ("members",), "components.labels", "signatures.signed")
    plan.wide("near_duplicate", grouping.choose, group, ("lost", "kept"), "members.members")
    final = {"near_duplicate": "near_duplicate"}
    for name in reversed(layers[:-1]):
        later = [f"{stage}.lost" for stage in final.values()]
        plan.wide(f"followed_{name}", _follow, None, ("lost", "kept"), f"{name}.kept", *later)
        final[name] = f"followed_{name}"
    ends = [f"{final[name]}.kept" for name in layers]
    plan.wide("twins", _name_twins, None, ("twins", "hubs"), *ends, "signatures.signed")
    last = UniqueSettings(partitions, len(known), settings.threshold, layers)
    found = (Need("twins", "twins", "all"), Need("twins", "hubs", "all"))
    if known:
        plan.index("superseded", _superseded, last, ("kept", "lost"), (), Need("known_signatures", "signed"), *found)
    plan.stages.append(Stage("unique", _unique, last, ("documents", "drops"), (documents, rows, *found)))
    return tuple(plan.stages)


def figures(settings: DuplicateSettings, levels: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a deduplication did, from the levels of its run's funnel (`funnel.Level.plain`).

    `bands`, `rows` and the `candidate` probability by Jaccard similarity; pairs `compared` by their sketches, and how
    many of them `fell`; `edges` that held, and whether they were labelled `in_rounds`; with an index `known` documents
    of it, and how many of them are `known_kept`.
    """
    by_name = {level["stage"]: level for level in levels}
    judged = [by_name[name] for name in ("bands", "known_bands", "verified") if name in by_name]
    compared = sum(level["rows_in"] for level in judged)
    edges = by_name["edge_count"]["rows_in"]
    found: dict[str, Any] = {
        "bands": settings.bands.count,
        "rows": settings.bands.rows,
        "candidate": {str(jaccard): round(settings.bands.probability(jaccard), 4) for jaccard in band.SHOWN},
        "compared": compared,
        "fell": compared - sum(level["rows_out"] for level in judged),
        "edges": edges,
        "in_rounds": not MemorySettings(1, settings.memory).fits(edges),
    }
    if "superseded" in by_name:
        found |= {"known": by_name["superseded"]["rows_in"], "known_kept": by_name["superseded"]["rows_out"]}
    return found


def summary(settings: DuplicateSettings, levels: Iterable[Mapping[str, Any]]) -> list[str]:
    """The same in sentences."""
    found = figures(settings, levels)
    compared, fell = found["compared"], found["fell"]
    share = f" ({100 * fell / compared:.1f} %)" if compared else ""
    judged = f"{fell:,}{share} fell" if settings.verify else "all hold: verification is off"
    way = "in one memory"
    if found["in_rounds"]:
        way = f"in {settings.rounds} rounds, being more than {settings.memory:,} bytes hold"
    told = [
        f"near duplicates: {settings.bands.curve()}",
        f"candidate pairs: {compared:,} compared, {judged}; {found['edges']:,} edges, labelled {way}",
    ]
    if "known" in found:
        told.append(f"index of earlier crawls: {found['known_kept']:,} of {found['known']:,} documents are kept")
    return told


def superseded(run: Plan, which: Literal["kept", "lost"]) -> Iterator[dict[str, Any]]:
    """Of a finished run with an index: the documents of the index that are kept, or lost, one after the other.

    KNOWN or LOST as plain values. Raises InputError where the run had no index.
    """
    if all(step.stage.name != "superseded" for step in run.steps):
        raise InputError(f"{run.root} was deduplicated against no index: set duplicates.index in its config")
    for path in run.tables(Need("superseded", which, "all")):
        for rows in table.groups(path):
            yield from rows.to_pylist()


def make_index(run: Plan, output: str) -> int:
    """Copy the signed rows of a finished run, and of the index that it used, to the folder `output`.

    The folder is an index for later runs. It holds every document that no newer one of the same address replaced, kept
    or not: so the verdicts of a chain of runs are those of one run over all. Returns how many documents it holds. A
    copy that was cut short is made again. Raises OutputError where the folder holds an index already.
    """
    if storage.exists(storage.join(output, INDEX)):
        raise OutputError(f"{output} holds an index, which is never written over: choose another folder")
    steps = [step for step in run.steps if step.stage.name in ("known_signatures", "signatures")]
    paths = [path for step in steps for path in run.tables(Need(step.stage.name, "signed", "all"))]
    files: list[str] = []
    documents = 0
    for number, path in enumerate(paths):
        rows = table.read(path)
        documents += len(rows)
        files.append(f"{number:06d}.parquet")
        signed.write(storage.join(output, files[-1]), rows)
    content = {"files": files, "documents": documents}
    storage.write_bytes(storage.join(output, INDEX), json.dumps(content, indent=1).encode())
    return documents


@dataclass(slots=True)
class _Plan:
    """Stages so far, over the shards of `documents`, over the files of the index `known`, and over the partitions."""

    documents: Need
    known: tuple[str, ...]
    parts: tuple[str, ...]
    stages: list[Stage] = field(default_factory=list)

    @property
    def lost(self) -> list[Need]:
        """What the layers so far took away."""
        return [Need(stage.name, "lost", "all") for stage in self.stages if "lost" in stage.tables]

    @property
    def lost_since_signing(self) -> list[Need]:
        return [need for need in self.lost if need.stage != "same_address"]

    def narrow(
        self,
        name: str,
        works: tuple[Work, Work],
        settings: Callable[[int], object],
        tables: tuple[str, ...],
        exchanges: tuple[str, ...],
        *needs: Need,
    ) -> None:
        """A stage over the shards of this run, and one over those of the index, which are numbered before them."""
        if self.known:
            there = [_of_index(need) for need in needs if need != self.documents]
            self.index(f"known_{name}", works[1], settings(0), tables, exchanges, *there)
        self.stages.append(
            Stage(name, works[0], settings(len(self.known)), tables, needs, exchanges=exchanges, in_funnel=False)
        )

    def index(
        self,
        name: str,
        work: Work,
        settings: object,
        tables: tuple[str, ...],
        exchanges: tuple[str, ...],
        *needs: Need,
    ) -> None:
        shards = tuple(shard_name(path, storage.size(path)) for path in self.known)
        self.stages.append(
            Stage(name, work, settings, tables, needs, shards, self.known, exchanges=exchanges, in_funnel=False)
        )

    def wide(
        self,
        name: str,
        work: Work,
        settings: object,
        tables: tuple[str, ...],
        *needs: str,
        exchanges: tuple[str, ...] | None = None,
    ) -> None:
        """A stage with a call for each partition, which reads all shards of its needs, those of the index first."""
        sent = tables if exchanges is None else exchanges
        self.stages.append(
            Stage(name, work, settings, tables, self._all(needs), self.parts, exchanges=sent, in_funnel=False)
        )

    def one(
        self, name: str, work: Work, settings: object, tables: tuple[str, ...], exchanges: tuple[str, ...], *needs: str
    ) -> None:
        """A stage of one call that reads everything."""
        self.stages.append(
            Stage(name, work, settings, tables, self._all(needs), ("all",), exchanges=exchanges, in_funnel=False)
        )

    def _all(self, needs: Sequence[str]) -> tuple[Need, ...]:
        there = {stage.name for stage in self.stages}
        found: list[Need] = []
        for name in needs:
            stage, made = name.split(".")
            known = [Need(f"known_{stage}", made, "all")] if f"known_{stage}" in there else []
            found += [*known, Need(stage, made, "all")]
        return tuple(found)


def _of_index(need: Need) -> Need:
    """The same need of a stage over the index: narrow needs are of the index's shards, wide ones of everything."""
    return need if need.scope == "all" else Need(f"known_{need.stage}", need.table)


def _index_files(folders: Sequence[str], settings: SignatureSettings) -> tuple[str, ...]:
    found: list[str] = []
    for folder in folders:
        if not storage.exists(storage.join(folder, INDEX)):
            raise InputError(f"no index in {folder}: make one with `omnicorpus index RUN --output {folder}`")
        content = json.loads(storage.read_bytes(storage.join(folder, INDEX)))
        found += [storage.join(folder, name) for name in content["files"]]
    for path in found:
        signed.check(path, settings)
    return tuple(found)


def _follow(call: Call, _: None) -> Counts:
    """Pointers of a layer whose keepers live here, led on to where the later layers sent those keepers."""
    rows = table.gather(node.files(call, "kept"), call.index, node.POINTERS)
    loser, keeper = node.column(rows, "loser"), node.column(rows, "keeper")
    later = table.gather(node.files(call, "lost"), call.index, node.POINTERS).sort_by("loser")
    gone, final = node.column(later, "loser"), node.column(later, "keeper")
    if len(gone):
        place = np.minimum(np.searchsorted(gone, keeper), len(gone) - 1)
        keeper = np.where(gone[place] == keeper, final[place], keeper)
    exact.point(call, loser, keeper)
    return Counts(len(rows), len(rows))


def _name_twins(call: Call, _: None) -> Counts:
    """For every loser the id of its keeper, and for near duplicates the keeper's sketch, by the loser's home."""
    files = node.housed(node.files(call, "signed"), call)
    layers = [paths for need, paths in call.inputs.items() if need.endswith(".kept")]
    ends = [table.gather(paths, call.index, node.POINTERS).sort_by("keeper") for paths in layers]
    named = []
    for layer, rows in enumerate(ends):
        facts = signed.facts(files, node.column(rows, "keeper"), "row")
        columns = {"loser": rows["loser"], "layer": pa.array([layer] * len(rows), pa.int8())}
        named.append(pa.table({**columns, "id_high": facts["id_high"], "id_low": facts["id_low"]}, schema=TWINS))
    twins = pa.concat_tables(named)
    table.scatter(call.path("twins"), twins, node.home(node.column(twins, "loser"), call.shards), call.shards)
    loser, keeper = node.column(ends[-1], "loser"), node.column(ends[-1], "keeper")
    hubs = candidate.hubs(loser, *signed.sketches(files, keeper))
    table.scatter(call.path("hubs"), hubs, node.home(loser, call.shards), call.shards)
    return Counts(len(twins), len(twins))


def _unique(call: Call, _: None) -> Counts:
    """Survivors of a shard in their order, and a drop with the kept twin's id for every other document."""
    settings: UniqueSettings = call.settings
    (path,) = node.files(call, "documents")
    rows = table.read(path).cast(schema.DOCUMENTS)
    twins, value = _verdicts(call)
    place = node.row(node.column(twins, "loser"))
    kept = np.ones(len(rows), bool)
    kept[place] = False
    table.write(call.path("documents"), rows.filter(pa.array(kept)).combine_chunks())
    gone = rows.take(pa.array(place))
    layer = twins["layer"].to_numpy()
    nothing = pa.nulls(len(gone))
    drops = pa.table(
        {
            "document": gone["id"],
            "url": gone["url"],
            "position": nothing.cast(pa.int32()),
            "stage": pa.array([call.stage] * len(gone), pa.string()),
            "rule": pa.array(settings.layers, pa.string()).take(twins["layer"]),
            "value": value,
            "threshold": pa.array(np.full(len(gone), settings.threshold), mask=np.asarray(value.is_null())),
            "detail": nothing.cast(pa.string()),
            "twin": _hexadecimal(twins),
            "image": nothing.cast(pa.string()),
            "text": nothing.cast(pa.string()),
            "warc": gone["warc"],
        },
        schema=schema.DROPS,
    )
    table.write(call.path("drops"), drops)
    counts = np.bincount(layer, minlength=len(settings.layers))
    found = sorted((rule, int(count)) for rule, count in zip(settings.layers, counts, strict=True) if count)
    return Counts(len(rows), int(kept.sum()), dict(found))


def _superseded(call: Call, _: None) -> Counts:
    """Of a shard of an index, who is kept in the end and who is lost, whatever earlier runs made of them."""
    settings: UniqueSettings = call.settings
    rows = table.read(call.source, ["id_high", "id_low", "url", "warc"])
    twins, value = _verdicts(call)
    place = node.row(node.column(twins, "loser"))
    left = np.ones(len(rows), bool)
    left[place] = False
    kept, gone = rows.filter(pa.array(left)), rows.take(pa.array(place))
    known = {"document": _hexadecimal(kept), "url": kept["url"], "warc": kept["warc"]}
    table.write(call.path("kept"), pa.table(known, schema=KNOWN))
    rules = pa.array(settings.layers, pa.string()).take(twins["layer"])
    named = {"document": _hexadecimal(gone), "url": gone["url"], "rule": rules, "value": value}
    lost = pa.table({**named, "twin": _hexadecimal(twins), "warc": gone["warc"]}, schema=LOST)
    table.write(call.path("lost"), lost)
    return Counts(len(rows), len(kept))


def _verdicts(call: Call) -> tuple[pa.Table, pa.Array]:
    """The losers of this shard in order, each with its twin; and for near duplicates the similarity of the two."""
    settings: UniqueSettings = call.settings
    number = call.index + (0 if call.source else settings.first)
    twins = _at(call, "twins", TWINS, "loser", number).sort_by("loser")
    near = twins["layer"].to_numpy() == settings.layers.index("near_duplicate")
    hubs = _at(call, "hubs", candidate.HUBS, "node", number).sort_by("node")
    theirs = signature.unpacked(hubs["sketch"], sketch.SIZE)
    (path,) = node.files(call, "signed")
    ours, sizes = signed.sketches({number: path}, node.column(twins, "loser")[near])
    value = np.zeros(len(twins))
    value[near] = sketch.similarity(ours, sizes, theirs, node.column(hubs, "size"))
    return twins, pa.array(value, mask=~near)


def _at(call: Call, name: str, wanted: pa.Schema, column: str, number: int) -> pa.Table:
    """The rows of an exchange that are for documents of the shard `number`."""
    settings: UniqueSettings = call.settings
    rows = table.gather(node.files(call, name), number % settings.partitions, wanted)
    return rows.filter(pa.array(node.shard(node.column(rows, column)) == number))


def _hexadecimal(rows: pa.Table) -> pa.Array:
    """Ids in two numbers back to 32 hexadecimal digits."""
    high, low = rows["id_high"].to_numpy(), rows["id_low"].to_numpy()
    return pa.array([f"{first:016x}{second:016x}" for first, second in zip(high, low, strict=True)], pa.string())
