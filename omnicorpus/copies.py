"""Copies of one picture: a page shows one and may offer a larger one, at another address and often on another host.

The sources decide in their order, and each by the larger copy that it has: the crawl's own files come before the web
even where they hold only the copy shown. Any of the files may hold it, so all are asked, over the exchange.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from omnicorpus import address, schema, storage, table
from omnicorpus.stage import Call, Counts

Source = Literal["warc", "earlier", "web"]


@dataclass(frozen=True, slots=True)
class OfferSettings:
    """`order`: the sources by which copies are chosen; none where no larger copy is wanted."""

    order: tuple[Source, ...]
    partitions: int


@dataclass(frozen=True, slots=True)
class CopySettings:
    order: tuple[Source, ...]
    earlier: tuple[str, ...]
    document_shards: int


HELD = pa.schema(
    [
        ("key", pa.string()),
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("at", schema.CRAWLED_AT),
    ]
)
"""A picture that a crawl file holds. `key` is the canonical form of its address."""

OFFERED = pa.schema([("key", pa.string()), ("shard", pa.int32())])
"""One of two copies between which documents of a shard must choose."""

HAD = pa.schema([("key", pa.string()), ("source", pa.string())])
"""That a source has a copy."""


def offers(call: Call, _state: object) -> Counts:
    """The copies that a shard's documents may choose, and the pictures of its crawl file, to their host's partition."""
    settings: OfferSettings = call.settings
    (documents,), (records,) = call.inputs.values()
    keys: set[str] = set()
    if settings.order:
        for shown, larger in pairs(documents):
            if larger is not None:
                keys.update((address.canonical(shown), address.canonical(larger)))
    offered = sorted(keys)
    held = table.read(records, ["url", "file", "offset", "length", "crawled_at"])
    places = pa.table(
        [
            [address.canonical(url) for url in held["url"].to_pylist()],
            *(held[name].combine_chunks() for name in ("file", "offset", "length", "crawled_at")),
        ],
        schema=HELD,
    )
    asked = pa.table([offered, [call.index] * len(offered)], schema=OFFERED)
    for name, rows in (("offered", asked), ("held", places)):
        home = host_partitions(rows["key"].to_pylist(), settings.partitions)
        table.scatter(call.path(name), rows, home, settings.partitions)
    return Counts(len(offered), len(offered))


def copies(call: Call, _state: object) -> Counts:
    """Which of the copies that a host partition is asked about the crawl and earlier runs have, to who asked."""
    settings: CopySettings = call.settings
    asked: dict[str, list[int]] = {}
    for row in table.gather(call.inputs["offers.offered"], call.index, OFFERED).to_pylist():
        asked.setdefault(row["key"], []).append(row["shard"])
    had: set[tuple[str, str]] = set()
    if "warc" in settings.order and asked:
        held = table.gather(call.inputs["offers.held"], call.index, HELD, ["key"])["key"].to_pylist()
        had.update((key, "warc") for key in held if key in asked)
    if "earlier" in settings.order and asked:
        whole = "web" not in settings.order
        had.update((key, "earlier") for path in tables(settings.earlier) for key in _recorded(path, asked, whole=whole))
    told = [(key, source, shard) for key, source in sorted(had) for shard in sorted(set(asked[key]))]
    rows = pa.table([[key for key, _, _ in told], [source for _, source, _ in told]], schema=HAD)
    home = np.array([shard for _, _, shard in told], dtype=np.int64)
    table.scatter(call.path("had"), rows, home, settings.document_shards)
    return Counts(len(asked), len(asked))


def tables(folders: Sequence[str]) -> Iterator[str]:
    """The Parquet files of folders, in order."""
    for folder in folders:
        yield from (storage.join(folder, name) for name in storage.names(folder) if name.endswith(".parquet"))


def _recorded(path: str, keys: Collection[str], *, whole: bool) -> Iterator[str]:
    """Those of the keys whose picture an earlier table had: with its bytes where it must be `whole`, else also by its
    sha256 alone, with which the bytes that the web gives will be compared."""
    for group in table.groups(path, ["url", "error", "content"] if whole else ["url", "error"]):
        there = pc.is_valid(group["content"]) if whole else pc.is_null(group["error"])
        urls = group.filter(there)["url"].to_pylist()
        yield from (key for url in urls if (key := address.canonical(url)) in keys)


def pairs(documents: str) -> Iterator[tuple[str, str | None]]:
    """The address shown and that of the larger copy, of every image of a file of documents."""
    for group in table.groups(documents, ["images"]):
        images = pc.list_flatten(group["images"]).drop_null()
        yield from zip(
            pc.struct_field(images, "url").to_pylist(), pc.struct_field(images, "larger").to_pylist(), strict=True
        )


def had_by(paths: Sequence[str], index: int) -> dict[str, set[str]]:
    """The sources that have each copy, by its key, as document shard `index` was told."""
    found: dict[str, set[str]] = {}
    for row in table.gather(paths, index, HAD).to_pylist():
        found.setdefault(row["key"], set()).add(row["source"])
    return found


def taken(shown: str, larger: str | None, had: Mapping[str, Collection[str]], order: Sequence[Source]) -> str:
    """The address of the copy that is taken: the larger one that the first source has which has any.

    The web is believed to have every copy. The one shown where no source has either.
    """
    if larger is None:
        return shown
    for source in order:
        for url in (larger, shown):
            if source == "web" or source in had.get(address.canonical(url), ()):
                return url
    return shown


def host_partitions(keys: Sequence[str], partitions: int) -> np.ndarray:
    """One partition for all addresses of a host."""
    return np.array([_spread(address.host(key), partitions) for key in keys], dtype=np.int64)


def _spread(text: str, partitions: int) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % partitions
