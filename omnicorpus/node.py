"""Numbers for documents while they are being compared: 8 bytes that say in which shard and row a document stands.

Ids (16 bytes) decide ties and name twins; nodes travel. A node's home is the partition that its shard belongs to:
messages to documents are exchanged by home, so that each shard reads one row group of every producer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnicorpus import table
from omnicorpus.component import Nodes

ROW_BITS = 32
"""A shard holds fewer than 2**32 documents; there are fewer than 2**31 shards."""

POINTERS = pa.schema([("loser", pa.int64()), ("keeper", pa.int64())])
"""A document that is taken away, and the one that is kept in its place."""


def nodes(shard: int, rows: npt.NDArray[np.int64]) -> Nodes:
    return rows + (np.int64(shard) << np.int64(ROW_BITS))


def row(node: Nodes) -> npt.NDArray[np.int64]:
    return node & np.int64((1 << ROW_BITS) - 1)


def home(node: Nodes, shards: int, partitions: int) -> npt.NDArray[np.int64]:
    """The partition of each node: shards in equal runs where they outnumber the partitions, else one each."""
    shard = node >> np.int64(ROW_BITS)
    return shard if shards <= partitions else shard * partitions // shards


def housed(partition: int, shards: int, partitions: int) -> list[int]:
    """The shards whose home is this partition, in order."""
    if shards <= partitions:
        return [partition] if partition < shards else []
    return [shard for shard in range(shards) if shard * partitions // shards == partition]


def column(rows: pa.Table, name: str) -> npt.NDArray[np.int64]:
    return np.asarray(rows[name].to_numpy(), np.int64)


def pointers(loser: Nodes, keeper: Nodes) -> pa.Table:
    return pa.table({"loser": loser, "keeper": keeper}, schema=POINTERS)


def gather(paths: Sequence[str], partition: int, sent: pa.Schema) -> pa.Table:
    """One partition of what all shards sent, with a column `node` made of the file's place and the column `row`.

    Shards send rows, not nodes: what a shard writes must not change with its place among the others.
    """
    found = []
    for shard, path in enumerate(paths):
        part = table.gather([path], partition, sent)
        found.append(part.append_column("node", pa.array(nodes(shard, column(part, "row")), pa.int64())))
    return pa.concat_tables(found)


def survivors(
    shard: int, count: int, shards: int, partitions: int, lost: Iterable[Sequence[str]]
) -> npt.NDArray[np.int64]:
    """The rows of a shard of `count` documents that no layer took away.

    `lost` holds for each layer its exchange files of POINTERS by the loser's home.
    """
    kept = np.ones(count, bool)
    at_home = int(home(nodes(shard, np.zeros(1, np.int64)), shards, partitions)[0])
    for paths in lost:
        losers = column(table.gather(paths, at_home, POINTERS, ["loser"]), "loser")
        kept[row(losers[losers >> np.int64(ROW_BITS) == shard])] = False
    return np.flatnonzero(kept)
