"""Pairs of documents that are near duplicates: met in a bucket, verified by their sketches.

Within a shard buckets become stars at once, so that only one row of a bucket leaves a shard for all that are like it:
a hot bucket is as large as the number of shards, not of documents. Shards send (bucket, row) to the bucket's
partition; there each bucket becomes a star about its least node. An edge then travels to the home of its centre, takes
the centre's sketch along to the home of the other end, and holds if the two are similar enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnicorpus import band, component, node, signature, signed, sketch, table
from omnicorpus.band import Bands
from omnicorpus.component import Edges, Nodes
from omnicorpus.node import Rows
from omnicorpus.signature import Words
from omnicorpus.sketch import Hashes, Sizes
from omnicorpus.stage import Call, Counts

BUCKETS = pa.schema([("bucket", pa.uint64()), ("row", pa.uint32())])
EDGES = pa.schema([("centre", pa.int64()), ("node", pa.int64())])
HUBS = pa.schema([("node", pa.int64()), ("size", pa.int64()), ("sketch", pa.binary(4 * sketch.SIZE))])

LEADERS = 4
"""Stars that a shard makes of one bucket before it sends the rest of it row by row: each takes the rows that are like
its centre. One is enough for copies; a bucket where four are not enough holds pages that met by chance."""

PAIRS_AT_ONCE = 65_536
"""Pairs of which sketches are held in memory at once: 128 MB."""


@dataclass(frozen=True, slots=True)
class CandidateSettings:
    """Of all stages between signed rows and edges.

    An edge holds at an estimated Jaccard of `threshold`, less the allowance that lets the share `confidence` of the
    pairs exactly at the threshold pass; without `verify` every edge holds. `first`: the number of the stage's first
    shard.
    """

    bands: Bands
    permutations: int
    partitions: int
    first: int
    threshold: float
    confidence: float
    verify: bool


def send_buckets(call: Call, _: None) -> Counts:
    """Buckets of a shard's signed rows that the exact layers left, by partition; and the edges within the shard.

    Writes `buckets` for the exchange, and `near`: EDGES of rows of this shard, already verified. Counts pairs that were
    compared, and those that held.
    """
    settings: CandidateSettings = call.settings
    (path,) = node.files(call, "signed")
    lost = node.lost_rows(call, settings.first + call.index, settings.partitions)
    rows = [np.empty(0, np.int64)]
    sizes = [np.empty(0, np.int64)]
    sketches = [sketch.empty(0)]
    buckets = [np.empty((0, settings.bands.count), np.uint64)]
    for group in table.groups(path, ["row", "size", "signature", "sketch"]):
        left = ~np.isin(node.column(group, "row"), lost) & (node.column(group, "size") > 0)
        rows.append(node.column(group, "row")[left])
        sizes.append(node.column(group, "size")[left])
        sketches.append(signature.unpacked(group["sketch"], sketch.SIZE)[left])
        signatures = signature.unpacked(group["signature"], settings.permutations)[left]
        buckets.append(band.buckets(signatures, settings.bands))
    return _send(call, np.concatenate(rows), np.concatenate(buckets), np.concatenate(sketches), np.concatenate(sizes))


def _send(call: Call, rows: Rows, buckets: Words, sketches: Hashes, sizes: Sizes) -> Counts:
    settings: CandidateSettings = call.settings
    sent, (centre, other), compared = within(buckets, sketches, sizes, settings)
    chosen = np.nonzero(sent)
    partition = (buckets[chosen] % np.uint64(settings.partitions)).astype(np.int64)
    leaving = pa.table({"bucket": buckets[chosen], "row": rows[chosen[0]].astype(np.uint32)}, schema=BUCKETS)
    table.scatter(call.path("buckets"), leaving, partition, settings.partitions)
    table.write(call.path("near"), edges(rows[centre], rows[other]), rows_per_group=1 << 20)
    return Counts(compared, len(centre))


def within(
    buckets: Words, sketches: Hashes, sizes: Sizes, settings: CandidateSettings
) -> tuple[npt.NDArray[np.bool_], Edges, int]:
    """Stars within one shard: which (document, band) places are to be sent, the edges that hold, how many were tried.

    A place is not sent when its document hangs on another of the same bucket that is.
    """
    sent = np.zeros(buckets.shape, bool)
    document, place = (index.ravel() for index in np.indices(buckets.shape))
    order = np.lexsort((document, buckets[document, place]))
    document, place = document[order], place[order]
    bucket = buckets[document, place]
    found: list[Edges] = []
    tried = [np.empty(0, np.int64)]
    for _ in range(LEADERS):
        if not len(document):
            break
        new = np.ones(len(bucket), bool)
        new[1:] = bucket[1:] != bucket[:-1]
        sent[document[new], place[new]] = True
        centre = document[new][np.cumsum(new) - 1]
        document, place, bucket, centre = document[~new], place[~new], bucket[~new], centre[~new]
        pairs, each = np.unique(centre * len(buckets) + document, return_inverse=True)
        first, second = pairs // len(buckets), pairs % len(buckets)
        held = _hold(first, second, sketches, sizes, settings)
        tried.append(pairs)
        found.append((first[held], second[held]))
        loose = ~held[each]
        document, place, bucket = document[loose], place[loose], bucket[loose]
    sent[document, place] = True
    if not found:
        return sent, (document, document), 0
    first, second = np.concatenate([edge for edge, _ in found]), np.concatenate([edge for _, edge in found])
    return sent, component.distinct(first, second), len(np.unique(np.concatenate(tried)))


def meet(call: Call, _: None) -> Counts:
    """Stars of a partition's buckets, by the home of their centres."""
    rows = node.gather(node.files(call, "buckets"), call.index, BUCKETS)
    centre, other = stars(rows["bucket"].to_numpy(), node.column(rows, "node"))
    table.scatter(call.path("edges"), edges(centre, other), node.home(centre, call.shards), call.shards)
    return Counts(len(rows), len(centre))


def stars(bucket: Words, nodes: Nodes) -> Edges:
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
    """Edges of a home's centres, with the centres' sketches, by the home of the other end."""
    rows = table.gather(node.files(call, "edges"), call.index, EDGES)
    centre, other = component.distinct(node.column(rows, "centre"), node.column(rows, "node"))
    to = node.home(other, call.shards)
    table.scatter(call.path("edges"), edges(centre, other), to, call.shards)
    hub, there = component.distinct(centre, to)
    files = node.housed(node.files(call, "signed"), call)
    table.scatter(call.path("hubs"), hubs(hub, *signed.sketches(files, hub)), there, call.shards)
    return Counts(len(rows), len(centre))


def verify(call: Call, _: None) -> Counts:
    """Edges whose estimated Jaccard reaches the threshold. Counts pairs that were compared, and those that held."""
    settings: CandidateSettings = call.settings
    rows = table.gather(node.files(call, "edges"), call.index, EDGES)
    centre, other = component.distinct(node.column(rows, "centre"), node.column(rows, "node"))
    brought = table.gather(node.files(call, "hubs"), call.index, HUBS)
    hub = node.column(brought, "node")
    order = np.argsort(hub, kind="stable")
    own, place = np.unique(other, return_inverse=True)
    ours, our_sizes = signed.sketches(node.housed(node.files(call, "signed"), call), own)
    sketches = np.concatenate((signature.unpacked(brought["sketch"], sketch.SIZE), ours))
    sizes = np.concatenate((node.column(brought, "size"), our_sizes))
    met = order[np.searchsorted(hub, centre, sorter=order)]
    holds = _hold(met, len(hub) + place, sketches, sizes, settings)
    table.write(call.path("edges"), edges(centre[holds], other[holds]), rows_per_group=1 << 20)
    return Counts(len(centre), int(holds.sum()))


def edges(centre: Nodes, other: Nodes) -> pa.Table:
    return pa.table({"centre": centre, "node": other}, schema=EDGES)


def hubs(nodes: Nodes, sketches: Hashes, sizes: Sizes) -> pa.Table:
    return pa.table({"node": nodes, "size": sizes, "sketch": signature.packed(sketches)}, schema=HUBS)


def _hold(
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    sketches: Hashes,
    sizes: Sizes,
    settings: CandidateSettings,
) -> npt.NDArray[np.bool_]:
    """Which pairs of rows of `sketches` are similar enough."""
    holds = np.ones(len(first), bool)
    if not settings.verify:
        return holds
    for start in range(0, len(first), PAIRS_AT_ONCE):
        one, two = first[start : start + PAIRS_AT_ONCE], second[start : start + PAIRS_AT_ONCE]
        found = sketch.similarity(sketches[one], sizes[one], sketches[two], sizes[two])
        allowed = sketch.allowance(settings.threshold, sizes[one], sizes[two], kept=settings.confidence)
        holds[start : start + PAIRS_AT_ONCE] = found >= settings.threshold - allowed
    return holds
