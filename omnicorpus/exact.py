"""Exact duplicates: documents that share a key. A key is 128 bits made of an address, a text, or a set of images.

Two stages a layer: shards send (key, row, rank, id) to the key's partition; there the best of each key is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnicorpus import address, node, signature, table
from omnicorpus.component import Nodes
from omnicorpus.node import Rows
from omnicorpus.signature import Words
from omnicorpus.stage import Call, Counts

Keep = Literal["newest", "most_images", "longest", "first"]

RANKS = {"newest": "crawled", "most_images": "images", "longest": "length", "first": "row"}
"""The number of a document that each policy goes by: the greatest is kept, but for "first"."""

KEYED = pa.schema(
    [
        ("key_high", pa.uint64()),
        ("key_low", pa.uint64()),
        ("row", pa.uint32()),
        ("rank", pa.int64()),
        ("id_high", pa.uint64()),
        ("id_low", pa.uint64()),
    ]
)

NEVER = int(np.iinfo(np.int64).min)
"""The crawl time of a document whose crawl time isn't known: before every other."""


@dataclass(frozen=True, slots=True)
class ExactSettings:
    """Of one layer: `partitions` of the exchange and the policy. `key` names the columns of a layer of signed rows."""

    partitions: int
    keep: Keep = "newest"
    key: str = ""


@dataclass(frozen=True, slots=True)
class LayerSettings:
    """The same for a stage of shards that earlier layers took from; `first` is the number of its first shard."""

    layer: ExactSettings
    first: int


def ids(column: pa.ChunkedArray) -> Words:
    """Document ids as rows of two numbers, which sort as the ids do."""
    data = bytes.fromhex("".join(column.to_pylist()))
    return np.frombuffer(data, ">u8").reshape(-1, 2).astype(np.uint64)


def times(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Crawl times as microseconds since 1970."""
    return np.asarray(column.cast(pa.int64()).fill_null(NEVER).to_numpy(), np.int64)


def address_keys(column: pa.ChunkedArray) -> Words:
    return signature.keys([address.canonical(url) for url in column.to_pylist()])


def send_addresses(call: Call, _: None) -> Counts:
    """Address keys of a shard of documents, by partition of the key."""
    settings: ExactSettings = call.settings
    (path,) = node.files(call, "documents")
    rows = table.read(path, ["id", "url", "crawled_at"])
    identity = ids(rows["id"])
    keyed = _keyed(address_keys(rows["url"]), np.arange(len(rows)), times(rows["crawled_at"]), identity)
    send(call, "keys", keyed, settings.partitions)
    return Counts(len(rows), len(rows))


def send_known_addresses(call: Call, _: None) -> Counts:
    """The same of a shard of an index."""
    settings: ExactSettings = call.settings
    rows = table.read(call.source, ["crawled", *_halves("id"), *_halves("address")])
    keyed = _keyed(halves(rows, "address"), np.arange(len(rows)), node.column(rows, "crawled"), halves(rows, "id"))
    send(call, "keys", keyed, settings.partitions)
    return Counts(len(rows), len(rows))


def send_signed(call: Call, _: None) -> Counts:
    """Keys of a shard's signed rows that earlier layers left and that have such a key, by partition of the key."""
    settings: LayerSettings = call.settings
    layer = settings.layer
    (path,) = node.files(call, "signed")
    rows = table.read(path, sorted({"row", RANKS[layer.keep], *_halves("id"), *_halves(layer.key)}))
    keys = halves(rows, layer.key)
    lost = node.lost_rows(call, settings.first + call.index, layer.partitions)
    left = ~np.isin(node.column(rows, "row"), lost) & keys.any(axis=1)
    keyed = _keyed(keys, node.column(rows, "row"), node.column(rows, RANKS[layer.keep]), halves(rows, "id"))
    send(call, "keys", keyed.filter(pa.array(left)), layer.partitions)
    return Counts(len(rows), int(left.sum()))


def choose(call: Call, _: None) -> Counts:
    """The best document of every key of a partition is kept; the others point at it.

    Writes POINTERS twice: `lost` by the loser's home, `kept` by the keeper's.
    """
    settings: ExactSettings = call.settings
    rows = node.gather(node.files(call, "keys"), call.index, KEYED)
    loser, keeper = best(rows, ("key_high", "key_low"), settings.keep)
    point(call, loser, keeper)
    return Counts(len(rows), len(rows) - len(loser))


def best(rows: pa.Table, key: tuple[str, ...], keep: Keep) -> tuple[Nodes, Nodes]:
    """(loser, keeper) pairs: of all rows of one key that of the greatest rank is kept, of equals that of the least id.

    `rows` has the columns of the key, `node`, `rank`, `id_high` and `id_low`.
    """
    nodes = node.column(rows, "node")
    if not len(nodes):
        return nodes, nodes
    parts = [rows[name].to_numpy() for name in key]
    better = nodes if keep == "first" else ~node.column(rows, "rank")
    order = np.lexsort((nodes, rows["id_low"].to_numpy(), rows["id_high"].to_numpy(), better, *reversed(parts)))
    new = np.ones(len(order), bool)
    new[1:] = np.any([part[order][1:] != part[order][:-1] for part in parts], axis=0)
    ordered = nodes[order]
    keepers = ordered[new][np.cumsum(new) - 1]
    return ordered[~new], keepers[~new]


def point(call: Call, loser: Nodes, keeper: Nodes) -> None:
    """Write pointers by the loser's home and by the keeper's; this stage has a call for each partition."""
    rows = node.pointers(loser, keeper)
    table.scatter(call.path("lost"), rows, node.home(loser, call.shards), call.shards)
    table.scatter(call.path("kept"), rows, node.home(keeper, call.shards), call.shards)


def halves(rows: pa.Table, name: str) -> Words:
    """A 128-bit column, which is stored as two, as rows of two numbers."""
    return np.stack([np.asarray(rows[half].to_numpy(), np.uint64) for half in _halves(name)], axis=1)


def _halves(name: str) -> tuple[str, str]:
    return f"{name}_high", f"{name}_low"


def _keyed(keys: Words, rows: Rows, rank: npt.NDArray[np.int64], identity: Words) -> pa.Table:
    columns = {
        "key_high": keys[:, 0],
        "key_low": keys[:, 1],
        "row": rows.astype(np.uint32),
        "rank": rank,
        "id_high": identity[:, 0],
        "id_low": identity[:, 1],
    }
    return pa.table(columns, schema=KEYED)


def send(call: Call, name: str, keyed: pa.Table, partitions: int) -> None:
    """Write rows that have a `key_low` as the exchange table `name`, by partition of the key."""
    partition = keyed["key_low"].to_numpy() % np.uint64(partitions)
    table.scatter(call.path(name), keyed, partition.astype(np.int64), partitions)
