"""Pairs of documents that are near duplicates: signed, met in a bucket, verified by their whole signatures.

Shards send (bucket, node) to the bucket's partition; there each bucket becomes a star about its least node. With
verification an edge travels to the home of its centre, takes the centre's signature along to the home of the other
end, and holds if the two signatures agree often enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnicorpus import band, component, exact, node, signature, table
from omnicorpus.band import Bands
from omnicorpus.component import Nodes
from omnicorpus.exact import Keep
from omnicorpus.signature import Hashes, SignatureSettings
from omnicorpus.stage import Call, Counts

BUCKETS = pa.schema([("bucket", pa.uint64()), ("row", pa.uint32())])
EDGES = pa.schema([("centre", pa.int64()), ("node", pa.int64())])

SIGNED_ROWS = 16_384
"""Rows of a row group of signatures: 8 MB of them."""


@dataclass(frozen=True, slots=True)
class CandidateSettings:
    """`threshold`: the estimated Jaccard at which an edge holds, 0 to 1. `keep`: for the ranks stored with
    signatures."""

    signature: SignatureSettings
    bands: Bands
    partitions: int
    threshold: float
    keep: Keep


def signed_schema(permutations: int) -> pa.Schema:
    """One row for each document that the exact layers left, in their order; `tokens` 0 where there is nothing to
    sign."""
    return pa.schema(
        [
            ("row", pa.uint32()),
            ("id_high", pa.uint64()),
            ("id_low", pa.uint64()),
            ("rank", pa.int64()),
            ("tokens", pa.int64()),
            ("signature", pa.binary(4 * permutations)),
        ]
    )


def hubs_schema(permutations: int) -> pa.Schema:
    return pa.schema([("node", pa.int64()), ("signature", pa.binary(4 * permutations))])


def sign(call: Call, _: None) -> Counts:
    """Signatures of a shard's survivors, and their buckets by partition."""
    settings: CandidateSettings = call.settings
    rows = table.read(exact.documents(call), sorted({"texts", *exact.columns(settings.keep)}))
    alive = node.survivors(call.index, len(rows), call.shards, settings.partitions, exact.lost(call))
    rows = rows.take(pa.array(alive))
    found = signature.tokens(exact.texts(rows), digits=settings.signature.digits)
    signed = signature.signatures(found, settings.signature)
    identity = exact.ids(rows)
    lengths = np.diff(found.bounds)
    table.write(
        call.path("signed"),
        pa.table(
            {
                "row": alive.astype(np.uint32),
                "id_high": identity[:, 0],
                "id_low": identity[:, 1],
                "rank": exact.ranks(rows, settings.keep),
                "tokens": lengths,
                "signature": signature.packed(signed),
            },
            schema=signed_schema(settings.signature.permutations),
        ),
        rows_per_group=SIGNED_ROWS,
        plain=("signature",),
    )
    some = lengths > 0
    found_buckets = band.buckets(signed[some], settings.bands)
    sent = pa.table(
        {"bucket": found_buckets.ravel(), "row": np.repeat(alive[some].astype(np.uint32), settings.bands.count)},
        schema=BUCKETS,
    )
    partition = (found_buckets.ravel() % np.uint64(settings.partitions)).astype(np.int64)
    table.scatter(call.path("buckets"), sent, partition, settings.partitions)
    return Counts(len(alive), int(some.sum()))


def meet(call: Call, _: None) -> Counts:
    """Stars of a partition's buckets, by the home of their centres."""
    settings: CandidateSettings = call.settings
    paths = call.inputs["signatures.buckets"]
    rows = node.gather(paths, call.index, BUCKETS)
    centre, other = stars(rows["bucket"].to_numpy(), node.column(rows, "node"))
    table.scatter(
        call.path("edges"),
        edges(centre, other),
        node.home(centre, len(paths), settings.partitions),
        settings.partitions,
    )
    return Counts(len(rows), len(centre))


def stars(bucket: signature.Words, nodes: Nodes) -> tuple[Nodes, Nodes]:
    """For each bucket edges from its least node to all others, each edge once."""
    if not len(nodes):
        return nodes, nodes
    order = np.lexsort((nodes, bucket))
    bucket, nodes = bucket[order], nodes[order]
    new = np.ones(len(order), bool)
    new[1:] = bucket[1:] != bucket[:-1]
    centres = nodes[new][np.cumsum(new) - 1]
    return component.distinct(centres[~new], nodes[~new])


def depart(call: Call, _: None) -> Counts:
    """Edges of a home's centres, with the centres' signatures, by the home of the other end."""
    settings: CandidateSettings = call.settings
    permutations = settings.signature.permutations
    (name,) = (name for name in call.inputs if name.endswith(".edges"))
    files = call.inputs["signatures.signed"]
    rows = table.gather(call.inputs[name], call.index, EDGES)
    centre, other = component.distinct(node.column(rows, "centre"), node.column(rows, "node"))
    to = node.home(other, len(files), settings.partitions)
    table.scatter(call.path("edges"), edges(centre, other), to, settings.partitions)
    hub, there = component.distinct(centre, to)
    table.scatter(
        call.path("hubs"),
        pa.table(
            {"node": hub, "signature": signature.packed(signatures_of(call, hub, settings.partitions, permutations))},
            schema=hubs_schema(permutations),
        ),
        there,
        settings.partitions,
    )
    return Counts(len(rows), len(centre))


def verify(call: Call, _: None) -> Counts:
    """Edges whose estimated Jaccard reaches the threshold."""
    settings: CandidateSettings = call.settings
    permutations = settings.signature.permutations
    rows = table.gather(call.inputs["departures.edges"], call.index, EDGES)
    centre, other = component.distinct(node.column(rows, "centre"), node.column(rows, "node"))
    hubs = table.gather(call.inputs["departures.hubs"], call.index, hubs_schema(permutations))
    hub = node.column(hubs, "node")
    order = np.argsort(hub, kind="stable")
    theirs = signature.unpacked(hubs["signature"], permutations)
    own, place = np.unique(other, return_inverse=True)
    ours = signatures_of(call, own, settings.partitions, permutations)
    holds = np.zeros(len(centre), bool)
    for start in range(0, len(centre), SIGNED_ROWS):
        part = slice(start, start + SIGNED_ROWS)
        met = theirs[order[np.searchsorted(hub, centre[part], sorter=order)]]
        holds[part] = signature.similarity(met, ours[place[part]]) >= settings.threshold
    table.write(call.path("edges"), edges(centre[holds], other[holds]), rows_per_group=1 << 20)
    return Counts(len(centre), int(holds.sum()))


def edges(centre: Nodes, other: Nodes) -> pa.Table:
    return pa.table({"centre": centre, "node": other}, schema=EDGES)


def signatures_of(call: Call, wanted: Nodes, partitions: int, permutations: int) -> Hashes:
    """Signatures of nodes of this partition, in their order; `wanted` ascends, and may repeat a node."""
    return signatures_from(signed_files(call, partitions), wanted, permutations)


def signatures_from(files: Mapping[int, str], wanted: Nodes, permutations: int) -> Hashes:
    """Signatures of nodes that stand in these files, by shard; `wanted` ascends, and may repeat a node."""
    found = np.empty((len(wanted), permutations), np.uint32)
    for rows, part, place in _rows_of(files, wanted, ["signature"]):
        found[part] = signature.unpacked(rows["signature"], permutations)[place]
    return found


def facts_of(call: Call, wanted: Nodes, partitions: int) -> dict[str, npt.NDArray[np.generic]]:
    """Ranks and ids of nodes of this partition, in their order; `wanted` ascends, and may repeat a node."""
    found: dict[str, npt.NDArray[np.generic]] = {
        "rank": np.empty(len(wanted), np.int64),
        "id_high": np.empty(len(wanted), np.uint64),
        "id_low": np.empty(len(wanted), np.uint64),
    }
    for rows, part, place in _rows_of(signed_files(call, partitions), wanted, list(found)):
        for name, values in found.items():
            values[part] = rows[name].to_numpy()[place]
    return found


def _rows_of(
    files: Mapping[int, str], wanted: Nodes, columns: list[str]
) -> Iterator[tuple[pa.Table, slice, npt.NDArray[np.int64]]]:
    """Row groups that hold some of the nodes, which of the wanted these are, and where each stands in the row group."""
    for shard, path in files.items():
        for rows in table.groups(path, ["row", *columns]):
            there = node.nodes(shard, node.column(rows, "row"))
            if not len(there):
                continue
            start, end = (int(place) for place in np.searchsorted(wanted, [there[0], there[-1] + 1]))
            if start < end:
                yield rows, slice(start, end), np.searchsorted(there, wanted[start:end])


def signed_files(call: Call, partitions: int) -> dict[int, str]:
    """The signatures of the shards whose home is this call's partition, by shard."""
    files = call.inputs["signatures.signed"]
    return {shard: files[shard] for shard in node.housed(call.index, len(files), partitions)}
