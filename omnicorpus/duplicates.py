"""Deduplication as a list of stages: of documents that are the same, one is kept and the others point at it.

Layers, each over the survivors of the one before: the same address, the same text, nearly the same text. A document
that lost by its address is in no later layer, so that an old version can't tie two pages together.

    address_keys -> same_address -> text_keys -> same_text -> signatures -> buckets -> departures -> verified
    -> components -> members -> near_duplicate -> followed_* -> twins -> unique

Stages named after things (keys, signatures) work shard by shard; the others have one call for each partition of the
exchange. `unique` is shard by shard again: survivors in the order in which they came, and a drop for every other
document.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from omnicorpus import band, candidate, component, exact, node, schema, signature, table
from omnicorpus.candidate import CandidateSettings
from omnicorpus.component import Nodes
from omnicorpus.exact import ExactSettings, Keep
from omnicorpus.signature import SignatureSettings
from omnicorpus.stage import Call, Counts, Need, Stage

Layer = Literal["same_address", "same_text", "near_duplicate"]


@dataclass(frozen=True, slots=True)
class DuplicateSettings:
    """What counts as a duplicate, and which one is kept.

    `threshold`: Jaccard similarity, 0 to 1 (default 0.8: OmniCorpus 3.1). `keep`: newest (OmniCorpus 3.1),
    most_images, longest (in characters), or first in the order of the input; ties go to the least id. The address
    layer always keeps the newest (OBELICS). `verify`: an edge must reach the threshold by the whole signature, so that
    chance candidates don't tie components together. `permutations` (datasketch's default), `shingle` (tokens, GPT-3's
    and datatrove's 5), `digits` and `seed` as in `SignatureSettings`; `recall` as in `band.bands`.
    """

    threshold: float = 0.8
    permutations: int = 128
    shingle: int = 5
    seed: int = 1
    digits: str = "keep"
    recall: float = band.RECALL
    keep: Keep = "newest"
    verify: bool = True
    same_address: bool = True
    same_text: bool = True

    @property
    def bands(self) -> band.Bands:
        return band.bands(self.threshold, self.permutations, recall=self.recall)

    @property
    def signature(self) -> SignatureSettings:
        return SignatureSettings(self.permutations, self.shingle, self.seed, self.digits)


@dataclass(frozen=True, slots=True)
class Partitioned:
    partitions: int


@dataclass(frozen=True, slots=True)
class UniqueSettings:
    """`layers` in their order; the last is "near_duplicate"."""

    partitions: int
    permutations: int
    threshold: float
    layers: tuple[Layer, ...]


LABELS = pa.schema([("node", pa.int64()), ("label", pa.int64())])

MEMBERS = pa.schema(
    [
        ("label", pa.int64()),
        ("node", pa.int64()),
        ("rank", pa.int64()),
        ("id_high", pa.uint64()),
        ("id_low", pa.uint64()),
    ]
)

TWINS = pa.schema([("loser", pa.int64()), ("layer", pa.int8()), ("id_high", pa.uint64()), ("id_low", pa.uint64())])


def stages(documents: Need, settings: DuplicateSettings, *, partitions: int) -> tuple[Stage, ...]:
    """The stages of a deduplication of `documents`; the last is "unique", with tables "documents" and "drops".

    `partitions`: calls of each wide stage, at least 1. A call holds its share of all (bucket, node) rows, 16 bytes
    each, and of all signatures, 4 bytes a permutation. Raises ValueError for settings that no bands can serve.
    """
    parts = tuple(f"part-{index:05d}" for index in range(partitions))
    layers: list[Layer] = []
    plan: list[Stage] = []
    if settings.same_address:
        address = ExactSettings(partitions)
        plan.append(Stage("address_keys", exact.send_addresses, address, ("keys",), (documents,), in_funnel=False))
        plan.append(_wide("same_address", exact.choose, address, ("lost", "kept"), parts, "address_keys.keys"))
        layers.append("same_address")
    if settings.same_text:
        text = ExactSettings(partitions, settings.keep, settings.digits)
        plan.append(Stage("text_keys", exact.send_texts, text, ("keys",), (documents, *_lost(layers)), in_funnel=False))
        plan.append(_wide("same_text", exact.choose, text, ("lost", "kept"), parts, "text_keys.keys"))
        layers.append("same_text")
    near = CandidateSettings(settings.signature, settings.bands, partitions, settings.threshold, settings.keep)
    tables = ("signed", "buckets")
    plan.append(Stage("signatures", candidate.sign, near, tables, (documents, *_lost(layers)), in_funnel=False))
    plan.append(_wide("buckets", candidate.meet, near, ("edges",), parts, "signatures.buckets"))
    found = "buckets.edges"
    if settings.verify:
        departing = ("edges", "hubs")
        plan.append(_wide("departures", candidate.depart, near, departing, parts, "buckets.edges", "signatures.signed"))
        brought = ("departures.edges", "departures.hubs", "signatures.signed")
        plan.append(_wide("verified", candidate.verify, near, ("edges",), parts, *brought))
        found = "verified.edges"
    plan.append(_wide("components", _label, Partitioned(partitions), ("labels",), ("all",), found, "signatures.signed"))
    plan.append(_wide("members", _gather_members, near, ("members",), parts, "components.labels", "signatures.signed"))
    choosing = ("members.members", "signatures.signed")
    plan.append(_wide("near_duplicate", _choose, near, ("lost", "kept"), parts, *choosing))
    layers.append("near_duplicate")
    final = {"near_duplicate": "near_duplicate"}
    for layer in reversed(layers[:-1]):
        later = [f"{stage}.lost" for stage in final.values()]
        name = f"followed_{layer}"
        following = (f"{layer}.kept", *later, "signatures.signed")
        plan.append(_wide(name, _follow, Partitioned(partitions), ("lost", "kept"), parts, *following))
        final[layer] = name
    last = UniqueSettings(partitions, settings.permutations, settings.threshold, tuple(layers))
    ends = [f"{final[layer]}.kept" for layer in layers]
    plan.append(_wide("twins", _name_twins, last, ("twins", "hubs"), parts, *ends, "signatures.signed"))
    ended = (Need("twins", "twins", "all"), Need("twins", "hubs", "all"), Need("signatures", "signed"))
    plan.append(Stage("unique", _unique, last, ("documents", "drops"), (documents, *ended)))
    return tuple(plan)


def _wide(
    name: str,
    work: Callable[[Call, Any], Counts],
    settings: object,
    tables: tuple[str, ...],
    parts: tuple[str, ...],
    *needs: str,
) -> Stage:
    all_of = tuple(Need(stage, made, "all") for stage, made in (need.split(".") for need in needs))
    return Stage(name, work, settings, tables, all_of, parts, in_funnel=False)


def _lost(layers: list[Layer]) -> tuple[Need, ...]:
    return tuple(Need(layer, "lost", "all") for layer in layers)


def _label(call: Call, _: None) -> Counts:
    """Components of all edges in one memory: each node's label, by the node's home."""
    settings: Partitioned = call.settings
    (name,) = (name for name in call.inputs if name.endswith(".edges"))
    rows = table.read_all(call.inputs[name], candidate.EDGES)
    found, label = component.labels(node.column(rows, "centre"), node.column(rows, "node"))
    homes = node.home(found, len(call.inputs["signatures.signed"]), settings.partitions)
    table.scatter(
        call.path("labels"), pa.table({"node": found, "label": label}, schema=LABELS), homes, settings.partitions
    )
    return Counts(len(rows), len(found))


def _gather_members(call: Call, _: None) -> Counts:
    """Ranks and ids of the documents of components, by the home of the component's label."""
    settings: CandidateSettings = call.settings
    rows = table.gather(call.inputs["components.labels"], call.index, LABELS)
    rows = rows.sort_by("node")
    wanted = node.column(rows, "node")
    facts = candidate.facts_of(call, wanted, settings.partitions)
    label = node.column(rows, "label")
    members = pa.table({"label": label, "node": wanted, **facts}, schema=MEMBERS)
    homes = node.home(label, len(call.inputs["signatures.signed"]), settings.partitions)
    table.scatter(call.path("members"), members, homes, settings.partitions)
    return Counts(len(rows), len(rows))


def _choose(call: Call, _: None) -> Counts:
    """The best document of every component is kept; the others point at it."""
    settings: CandidateSettings = call.settings
    rows = table.gather(call.inputs["members.members"], call.index, MEMBERS)
    loser, keeper = exact.best(rows, ("label",), settings.keep)
    exact.point(call, loser, keeper, len(call.inputs["signatures.signed"]), settings.partitions)
    return Counts(len(rows), len(rows) - len(loser))


def _follow(call: Call, _: None) -> Counts:
    """Pointers of a layer whose keepers live here, led on to where the later layers sent those keepers."""
    settings: Partitioned = call.settings
    (paths,) = (paths for name, paths in call.inputs.items() if name.endswith(".kept"))
    rows = table.gather(paths, call.index, node.POINTERS)
    loser, keeper = node.column(rows, "loser"), node.column(rows, "keeper")
    later = pa.concat_tables(
        table.gather(paths, call.index, node.POINTERS) for name, paths in call.inputs.items() if name.endswith(".lost")
    ).sort_by("loser")
    gone, final = node.column(later, "loser"), node.column(later, "keeper")
    if len(gone):
        place = np.minimum(np.searchsorted(gone, keeper), len(gone) - 1)
        keeper = np.where(gone[place] == keeper, final[place], keeper)
    exact.point(call, loser, keeper, len(call.inputs["signatures.signed"]), settings.partitions)
    return Counts(len(rows), len(rows))


def _name_twins(call: Call, _: None) -> Counts:
    """For every loser the id of its keeper, and for near duplicates the keeper's signature, by the loser's home."""
    settings: UniqueSettings = call.settings
    files = call.inputs["signatures.signed"]
    ends = [paths for name, paths in call.inputs.items() if name.endswith(".kept")]
    found = [table.gather(paths, call.index, node.POINTERS).sort_by("keeper") for paths in ends]
    named = []
    for layer, rows in enumerate(found):
        facts = candidate.facts_of(call, node.column(rows, "keeper"), settings.partitions)
        columns = {"loser": rows["loser"], "layer": pa.array([layer] * len(rows), pa.int8())}
        named.append(pa.table({**columns, "id_high": facts["id_high"], "id_low": facts["id_low"]}, schema=TWINS))
    twins = pa.concat_tables(named)
    homes = node.home(node.column(twins, "loser"), len(files), settings.partitions)
    table.scatter(call.path("twins"), twins, homes, settings.partitions)
    loser, keeper = node.column(found[-1], "loser"), node.column(found[-1], "keeper")
    signed = candidate.signatures_of(call, keeper, settings.partitions, settings.permutations)
    hubs = pa.table(
        {"node": loser, "signature": signature.packed(signed)}, schema=candidate.hubs_schema(settings.permutations)
    )
    table.scatter(call.path("hubs"), hubs, node.home(loser, len(files), settings.partitions), settings.partitions)
    return Counts(len(twins), len(twins))


def _unique(call: Call, _: None) -> Counts:
    """Survivors of a shard in their order, and a drop with the kept twin's id for every other document."""
    settings: UniqueSettings = call.settings
    rows = table.read(exact.documents(call)).cast(schema.DOCUMENTS)
    twins = _at(call, "twins.twins", TWINS, "loser").sort_by("loser")
    place = node.row(node.column(twins, "loser"))
    kept = np.ones(len(rows), bool)
    kept[place] = False
    table.write(call.path("documents"), rows.filter(pa.array(kept)).combine_chunks())
    gone = rows.take(pa.array(place))
    layer = twins["layer"].to_numpy()
    near = layer == settings.layers.index("near_duplicate")
    value = np.full(len(gone), np.nan)
    value[near] = _similarities(call, node.column(twins, "loser")[near])
    nothing = pa.nulls(len(gone))
    drops = pa.table(
        {
            "document": gone["id"],
            "url": gone["url"],
            "position": nothing.cast(pa.int32()),
            "stage": pa.array([call.stage] * len(gone), pa.string()),
            "rule": pa.array(settings.layers, pa.string()).take(twins["layer"]),
            "value": pa.array(value, mask=~near),
            "threshold": pa.array(np.full(len(gone), settings.threshold), mask=~near),
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


def _similarities(call: Call, losers: Nodes) -> np.ndarray:
    """The estimated Jaccard of each near duplicate and its keeper; `losers` ascends."""
    settings: UniqueSettings = call.settings
    hubs = _at(call, "twins.hubs", candidate.hubs_schema(settings.permutations), "node").sort_by("node")
    theirs = signature.unpacked(hubs["signature"], settings.permutations)
    ours = candidate.signatures_from({call.index: call.one("signatures.signed")}, losers, settings.permutations)
    return signature.similarity(theirs, ours)


def _at(call: Call, name: str, wanted: pa.Schema, column: str) -> pa.Table:
    """The rows of an exchange that are for documents of this shard."""
    settings: UniqueSettings = call.settings
    here = node.nodes(call.index, np.zeros(1, np.int64))
    rows = table.gather(call.inputs[name], int(node.home(here, call.shards, settings.partitions)[0]), wanted)
    return rows.filter(pa.array(node.column(rows, column) >> np.int64(node.ROW_BITS) == call.index))


def _hexadecimal(rows: pa.Table) -> pa.Array:
    """Ids in two numbers back to 32 hexadecimal digits."""
    high, low = rows["id_high"].to_numpy(), rows["id_low"].to_numpy()
    return pa.array([f"{first:016x}{second:016x}" for first, second in zip(high, low, strict=True)], pa.string())
