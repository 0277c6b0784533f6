"""Pairs of documents that are near duplicates: met in a bucket, verified by their sketches.

Within a shard the copies in a bucket are tied together at once, and one of them speaks for all: a hot bucket is as
large as the number of shards, not of documents. Shards send (bucket, row) to the bucket's partition; there each row is
tied to the bucket's least and to a few neighbours. An edge then travels to the home of its centre, takes the centre's
sketch along to the home of the other end, and holds if the two are similar enough.
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

COPY = 0.95
"""Similarity from which one document of a shard speaks for another in a bucket. Jaccard distance is a metric: whatever
is 0.85 like the one is at least 0.8 like the other."""

LEADERS = 4
"""Documents of a bucket that a shard lets speak for their copies before it sends the rest row by row. One is enough for
copies; a bucket where four are not enough holds pages that met by chance."""

NEIGHBOURS = 3
"""Nodes of a bucket to which each is tied besides the least, so that one odd centre doesn't part the others. On
clusters of 3 to 20 edited copies whose pairs lie on both sides of the threshold (3,912 texts) 0.994 of the pairs that
all pairs of all buckets would join are joined with it, 0.963 with one neighbour, 0.841 with none."""

PAIRS_AT_ONCE = 16_384
"""Pairs of which sketches are held in memory at once: 32 MB."""


@dataclass(frozen=True, slots=True)
class CandidateSettings:
    """Of all stages between signed rows and edges.

    An edge holds at an estimated Jaccard of `threshold`, less the allowance that lets the share `confidence` of the
    pairs exactly at the threshold pass, at least `slack`; without `verify` every edge holds. `first`: the number of the
    stage's first shard.
    """

    bands: Bands
    permutations: int
    partitions: int
    first: int
    threshold: float
    confidence: float
    slack: float
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

    A place is not sent when its document is a copy of another of the same bucket that is.
    """
    sent = np.zeros(buckets.shape, bool)
    document, place = (index.ravel() for index in np.indices(buckets.shape))
    order = np.lexsort((document, buckets[document, place]))
    document, place = document[order], place[order]
    bucket = buckets[document, place]
    tried: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
    kept: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
    for _ in range(LEADERS):
        if not len(document):
            break
        new = _starts(bucket)
        sent[document[new], place[new]] = True
        centre = document[new][np.cumsum(new) - 1]
        document, place, bucket, centre = document[~new], place[~new], bucket[~new], centre[~new]
        pairs, each = np.unique(centre * len(buckets) + document, return_inverse=True)
        holds, copies = _judge(pairs // len(buckets), pairs % len(buckets), sketches, sizes, settings)
        tried.append(pairs)
        kept.append(pairs[holds])
        loose = ~copies[each]
        document, place, bucket = document[loose], place[loose], bucket[loose]
    sent[document, place] = True
    found = np.unique(np.concatenate(kept))
    edges = found // max(1, len(buckets)), found % max(1, len(buckets))
    return sent, edges, len(np.unique(np.concatenate(tried)))


def meet(call: Call, _: None) -> Counts:
    """Edges of a partition's buckets, by the home of their centres."""
    settings: CandidateSettings = call.settings
    rows = node.gather(node.files(call, "buckets"), call.index, BUCKETS)
    bucket, nodes = rows["bucket"].to_numpy(), node.column(rows, "node")
    centre, other = ties(bucket, nodes, NEIGHBOURS if settings.verify else 0)
    table.scatter(call.path("edges"), edges(centre, other), node.home(centre, call.shards), call.shards)
    return Counts(len(rows), len(centre))


def ties(bucket: Words, nodes: Nodes, neighbours: int) -> Edges:
    """For each bucket edges from its least node to all others, and from each node to the next few, each edge once."""
    order = np.lexsort((nodes, bucket))
    bucket, nodes = bucket[order], nodes[order]
    new = _starts(bucket)
    first, second = [nodes[new][np.cumsum(new) - 1][~new]], [nodes[~new]]
    for step in range(1, neighbours + 1):
        together = bucket[step:] == bucket[:-step]
        first.append(nodes[:-step][together])
        second.append(nodes[step:][together])
    centre, other = np.concatenate(first), np.concatenate(second)
    apart = centre != other
    return component.distinct(centre[apart], other[apart])


def _starts(bucket: Words) -> npt.NDArray[np.bool_]:
    """Where a new bucket starts in sorted buckets."""
    new = np.ones(len(bucket), bool)
    new[1:] = bucket[1:] != bucket[:-1]
    return new


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
    holds, _copies = _judge(met, len(hub) + place, sketches, sizes, settings)
    table.write(call.path("edges"), edges(centre[holds], other[holds]), rows_per_group=1 << 20)
    return Counts(len(centre), int(holds.sum()))


def edges(centre: Nodes, other: Nodes) -> pa.Table:
    return pa.table({"centre": centre, "node": other}, schema=EDGES)


def hubs(nodes: Nodes, sketches: Hashes, sizes: Sizes) -> pa.Table:
    return pa.table({"node": nodes, "size": sizes, "sketch": signature.packed(sketches)}, schema=HUBS)


def _judge(
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    sketches: Hashes,
    sizes: Sizes,
    settings: CandidateSettings,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which pairs of rows of `sketches` are similar enough, and which are copies. All are both without verification."""
    holds, copies = np.ones(len(first), bool), np.ones(len(first), bool)
    if not settings.verify:
        return holds, copies
    for start in range(0, len(first), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        one, two = first[part], second[part]
        found = sketch.similarity(sketches[one], sizes[one], sketches[two], sizes[two])
        allowed = sketch.allowance(settings.threshold, sizes[one], sizes[two], kept=settings.confidence)
        holds[part] = found >= settings.threshold - np.maximum(allowed, settings.slack)
        copies[part] = found >= COPY
    return holds, copies
