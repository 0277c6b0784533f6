"""Exact duplicates: documents that share a key. A key is 128 bits made of a document's address or of its text.

Two stages a layer: shards send (key, node, rank, id) to the key's partition; there the best of each key is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnicorpus import address, node, signature, table
from omnicorpus.component import Nodes
from omnicorpus.signature import Words
from omnicorpus.stage import Call, Counts

Keep = Literal["newest", "most_images", "longest", "first"]

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

_NEVER = np.iinfo(np.int64).min
"""The rank of a document whose crawl time isn't known: older than every other."""


@dataclass(frozen=True, slots=True)
class ExactSettings:
    """Of one layer. `partitions` of the exchange, `keep` the policy, `digits` as in `SignatureSettings`."""

    partitions: int
    keep: Keep = "newest"
    digits: str = "keep"


def ids(rows: pa.Table) -> Words:
    """Document ids as rows of two numbers, which sort as the ids do."""
    data = bytes.fromhex("".join(rows["id"].to_pylist()))
    return np.frombuffer(data, ">u8").reshape(-1, 2).astype(np.uint64)


def ranks(rows: pa.Table, keep: Keep) -> npt.NDArray[np.int64]:
    """How good each document is: the greatest is kept. All alike for "first", where the place decides."""
    match keep:
        case "newest":
            return np.asarray(rows["crawled_at"].cast(pa.int64()).fill_null(_NEVER).to_numpy(), np.int64)
        case "most_images":
            return _sums(rows["images"], lambda images: np.asarray(images.is_valid(), np.int64))
        case "longest":
            return _sums(rows["texts"], _lengths)
        case "first":
            return np.zeros(len(rows), np.int64)


def columns(keep: Keep) -> list[str]:
    """What `ids` and `ranks` read."""
    return ["id", *{"newest": ["crawled_at"], "most_images": ["images"], "longest": ["texts"], "first": []}[keep]]


def send_addresses(call: Call, _: None) -> Counts:
    """Address keys of every document of a shard, by partition of the key."""
    settings: ExactSettings = call.settings
    rows = table.read(documents(call), ["url", *columns(settings.keep)])
    keys = signature.keys([address.canonical(url) for url in rows["url"].to_pylist()])
    _send(call, rows, keys, np.arange(len(rows)))
    return Counts(len(rows), len(rows))


def send_texts(call: Call, _: None) -> Counts:
    """Text keys of a shard's survivors that have a text."""
    settings: ExactSettings = call.settings
    rows = table.read(documents(call), sorted({"texts", *columns(settings.keep)}))
    alive = node.survivors(call.index, len(rows), call.shards, settings.partitions, lost(call))
    rows = rows.take(pa.array(alive))
    found = signature.tokens(texts(rows), digits=settings.digits)
    some = np.flatnonzero(np.diff(found.bounds))
    _send(call, rows.take(pa.array(some)), signature.text_keys(found)[some], alive[some])
    return Counts(len(rows), len(some))


def choose(call: Call, _: None) -> Counts:
    """The best document of every key of a partition is kept; the others point at it.

    Writes POINTERS twice: `lost` by the loser's home, `kept` by the keeper's.
    """
    settings: ExactSettings = call.settings
    (paths,) = call.inputs.values()
    rows = node.gather(paths, call.index, KEYED)
    loser, keeper = best(rows, ("key_high", "key_low"), settings.keep)
    point(call, loser, keeper, len(paths), settings.partitions)
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


def point(call: Call, loser: Nodes, keeper: Nodes, shards: int, partitions: int) -> None:
    rows = node.pointers(loser, keeper)
    table.scatter(call.path("lost"), rows, node.home(loser, shards, partitions), partitions)
    table.scatter(call.path("kept"), rows, node.home(keeper, shards, partitions), partitions)


def lost(call: Call) -> list[tuple[str, ...]]:
    """The files of losers of all earlier layers."""
    return [paths for name, paths in call.inputs.items() if name.endswith(".lost")]


def texts(rows: pa.Table) -> list[str]:
    """The text of each document: its text parts of every kind, one a line."""
    return ["\n".join(part for part in parts if part is not None) for parts in rows["texts"].to_pylist()]


def _send(call: Call, rows: pa.Table, keys: Words, places: npt.NDArray[np.int64]) -> None:
    settings: ExactSettings = call.settings
    identity = ids(rows)
    sent = pa.table(
        {
            "key_high": keys[:, 0],
            "key_low": keys[:, 1],
            "row": places.astype(np.uint32),
            "rank": ranks(rows, settings.keep),
            "id_high": identity[:, 0],
            "id_low": identity[:, 1],
        },
        schema=KEYED,
    )
    partition = (keys[:, 1] % np.uint64(settings.partitions)).astype(np.int64)
    table.scatter(call.path("keys"), sent, partition, settings.partitions)


def documents(call: Call) -> str:
    """The shard that this call works on."""
    (path,) = next(paths for name, paths in call.inputs.items() if name.endswith(".documents"))
    return path


def _sums(lists: pa.ChunkedArray, measure: Callable[[pa.Array], npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """For each list the sum of a number measured on its elements."""
    array = lists.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], lists.type)
    running = np.concatenate((np.zeros(1, np.int64), np.cumsum(measure(array.values))))
    offsets = array.offsets.to_numpy()
    return np.asarray(running[offsets[1:]] - running[offsets[:-1]], np.int64)


def _lengths(texts: pa.Array) -> npt.NDArray[np.int64]:
    return np.asarray(pa.compute.utf8_length(texts).fill_null(0).to_numpy(zero_copy_only=False), np.int64)
