"""Numbers for documents while they are being compared: 8 bytes that say in which shard and row a document stands.

Ids (16 bytes) decide ties and name twins; nodes travel. A node's home is a partition of the exchange: messages to
documents are sent by home, so that each shard reads one row group of every producer. Shards are numbered over all
inputs of a deduplication: those of the index of earlier crawls first, then the run's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnicorpus import table
from omnicorpus.component import Nodes
from omnicorpus.stage import Call

ROW_BITS = 32
"""A shard holds fewer than 2**32 documents; there are fewer than 2**31 shards."""

POINTERS = pa.schema([("loser", pa.int64()), ("keeper", pa.int64())])
"""A document that is taken away, and the one that is kept in its place."""

Rows = npt.NDArray[np.int64]


def nodes(shard: int, rows: Rows) -> Nodes:
    return rows + (np.int64(shard) << np.int64(ROW_BITS))


def row(node: Nodes) -> Rows:
    return node & np.int64((1 << ROW_BITS) - 1)


def shard(node: Nodes) -> npt.NDArray[np.int64]:
    return node >> np.int64(ROW_BITS)


def home(node: Nodes, partitions: int) -> npt.NDArray[np.int64]:
    """The partition of each node: shards are dealt out in turn."""
    return shard(node) % partitions


def column(rows: pa.Table, name: str) -> npt.NDArray[np.int64]:
    return np.asarray(rows[name].to_numpy(), np.int64)


def files(call: Call, name: str) -> list[str]:
    """The files of a table over all shards, the index's first. `name` is the table's name without its stage."""
    ending = f".{name}"
    return [path for need, paths in call.inputs.items() if need.endswith(ending) for path in paths]


def housed(paths: Sequence[str], call: Call) -> dict[int, str]:
    """Of the files of all shards those whose home is this call's partition, by shard."""
    return {number: paths[number] for number in range(call.index, len(paths), call.shards)}


def gather(paths: Sequence[str], partition: int, sent: pa.Schema) -> pa.Table:
    """One partition of what all shards sent, with a column `node` made of the file's place and the column `row`.

    Shards send rows, not nodes: what a shard writes must not change with its place among the others.
    """
    found = []
    for number, part in enumerate(table.gathered(paths, partition, sent)):
        found.append(part.append_column("node", pa.array(nodes(number, column(part, "row")), pa.int64())))
    return pa.concat_tables(found)


def pointers(loser: Nodes, keeper: Nodes) -> pa.Table:
    return pa.table({"loser": loser, "keeper": keeper}, schema=POINTERS)


def lost_rows(call: Call, number: int, partitions: int) -> Rows:
    """The rows of the shard `number` that the layers which this call needs took away."""
    lost = [paths for need, paths in call.inputs.items() if need.endswith(".lost")]
    found = [np.empty(0, np.int64)]
    for paths in lost:
        losers = column(table.gather(paths, number % partitions, POINTERS, ["loser"]), "loser")
        found.append(row(losers[shard(losers) == number]))
    return np.concatenate(found)
