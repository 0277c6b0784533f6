"""Pictures' bytes: from the addresses of documents to what the crawl, an earlier run or the web has for them.

One address is asked for once, however many documents show it, and one partition holds all addresses of a host.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

import pyarrow as pa

from omnicorpus import address, copies, robots, storage, table, watch
from omnicorpus.copies import HELD, Source
from omnicorpus.fetch import PASSING, Fetched, Fetcher, FetchSettings
from omnicorpus.stage import Call, Counts
from omnicorpus.warc import BadBody, read_response


@dataclass(frozen=True, slots=True)
class AddressSettings:
    """`order` as in `copies.OfferSettings`."""

    order: tuple[Source, ...]
    partitions: int


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What decides which pictures are had. How fast and how patiently the web is asked is not among it: what a run has
    fetched it keeps when those numbers change, and `earlier` is the way to ask again for what failed."""

    sources: tuple[Source, ...]
    earlier: tuple[str, ...]
    domains: str | None
    hashes: str | None
    max_bytes: int
    robots: bool
    opt_outs: tuple[str, ...]


WANTED = pa.schema([("key", pa.string()), ("url", pa.string()), ("shard", pa.int32())])
"""An image address that documents of a shard show. `key` is its canonical form."""


def addresses(call: Call, _state: object) -> Counts:
    """Distinct addresses of the copies that are taken of a shard's images, to their host's partition."""
    settings: AddressSettings = call.settings
    (documents,), told = call.inputs.values()
    had = copies.had_by(told, call.index)
    found = {copies.taken(shown, larger, had, settings.order) for shown, larger in copies.pairs(documents)}
    best: dict[str, str] = {}
    for url in found:
        key = address.canonical(url)
        best[key] = min(best.get(key, url), url, key=_preference)
    keys = sorted(best)
    wanted = pa.table([keys, [best[key] for key in keys], [call.index] * len(keys)], schema=WANTED)
    table.scatter(call.path("wanted"), wanted, copies.host_partitions(keys, settings.partitions), settings.partitions)
    return Counts(len(best), len(best))


def _preference(url: str) -> tuple[bool, str]:
    return (not url.startswith("https:"), url)


PICTURES = pa.schema(
    [
        ("key", pa.string()),
        ("url", pa.string()),
        ("shards", pa.list_(pa.int32())),
        ("source", pa.string()),
        ("error", pa.string()),
        ("content", pa.binary()),
    ]
)
"""An address with its bytes as served, or the reason why there are none, and the document shards that show it."""

GROUP_ROWS = 512
GROUP_BYTES = 64 << 20
"""Of pictures in a row group, whichever is reached first: what a consumer holds in memory at once."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What brings bytes, and what keeps them out."""

    fetcher: Fetcher | None
    domains: frozenset[str]
    hashes: frozenset[str]


def start_fetch(fetching: FetchSettings, settings: SourceSettings) -> Supply:
    domains = _lines(settings.domains)
    fetcher = Fetcher(fetching, partial(opted_out, domains)) if "web" in settings.sources else None
    return Supply(fetcher, domains, _lines(settings.hashes))


def opted_out(domains: Container[str], url: str) -> bool:
    """Whether the owner of an address's domain, or of one above it, stands on the list."""
    labels = address.host(url).split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


def _lines(path: str | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    lines = (line.strip().lower() for line in storage.read_bytes(path).decode("utf-8", "replace").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


@dataclass(slots=True)
class _Found:
    """What is known of one wanted address: where its bytes lie in the spool, or why they are nowhere.

    `settled` says that no other source need be asked; `expected` is the sha256 that an earlier run recorded.
    """

    url: str
    shards: list[int]
    source: Source | None = None
    error: str | None = "not_in_crawl"
    settled: bool = False
    expected: str | None = None
    at: int = 0
    length: int = 0


def fetch(call: Call, supply: Supply) -> Counts:
    """Bytes of every address of a host partition, in the order of addresses.

    They wait on a local disk, not in memory, until all are there. Where this shard's pictures lie already, because it
    was asked for again (`again.forget_failed`), only what failed in passing is asked for.
    """
    settings: SourceSettings = call.settings
    found = _distinct(table.gather(call.inputs["addresses.wanted"], call.index, WANTED))
    for item in found.values():
        if supply.domains and opted_out(supply.domains, item.url):
            item.error, item.settled = "opt_out", True
    with tempfile.TemporaryFile() as spool:
        if storage.exists(call.path("pictures")):
            _take(call.path("pictures"), found, None, supply, spool)
        for source in settings.sources:
            missing = {key: item for key, item in found.items() if not item.settled}
            if source == "warc":
                places = _newest(table.gather(call.inputs["offers.held"], call.index, HELD))
                for (key, item), lost in watch.records(call, found.items()):
                    if key not in missing or key not in places:
                        continue
                    came = _from_crawl(places[key], settings) if lost is None else Fetched(item.url, error=lost.rule)
                    _keep(item, came, source, supply, spool)
            elif source == "earlier":
                _take_earlier(settings.earlier, missing, supply, spool)
            else:
                _ask(supply, missing.values(), spool)
        with table.appending(call.path("pictures"), PICTURES, plain=["content"]) as append:
            for part in _grouped(found):
                append(pa.Table.from_pylist([_picture_row(key, item, spool) for key, item in part], schema=PICTURES))
    errors = [item.error for item in found.values() if item.source is None and item.error is not None]
    drops = {reason: errors.count(reason) for reason in sorted(set(errors))}
    return Counts(len(found), len(found) - len(errors), drops)


def _take_earlier(folders: Sequence[str], missing: Mapping[str, _Found], supply: Supply, spool: IO[bytes]) -> None:
    """Bytes and lasting refusals from tables of images; of several that have an address, the first.

    An address of which only the sha256 was recorded is given the same bytes where they lie under another one.
    """
    for path in copies.tables(folders):
        _take(path, missing, "earlier", supply, spool)
    recorded: dict[str, list[_Found]] = {}
    for item in missing.values():
        if not item.settled and item.expected is not None:
            recorded.setdefault(item.expected, []).append(item)
    for path in copies.tables(folders):
        if not recorded:
            break
        for digest, content in _contents_of(path, recorded):
            for item in recorded.pop(digest, ()):
                _keep(item, Fetched(item.url, content), "earlier", supply, spool)


def _contents_of(path: str, digests: Container[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes that a table of images has under these sha256."""
    with table.opened(path) as parquet:
        if not {"sha256", "content"} <= set(parquet.schema_arrow.names):
            return
        for index in range(parquet.num_row_groups):
            known = table.group(parquet, index, ["sha256"])["sha256"].to_pylist()
            wanted = [place for place, digest in enumerate(known) if digest in digests]
            if wanted:
                rows = table.group(parquet, index, ["sha256", "content"]).take(wanted).to_pylist()
                yield from ((row["sha256"], row["content"]) for row in rows if row["content"] is not None)


def _take(path: str, missing: Mapping[str, _Found], source: Source | None, supply: Supply, spool: IO[bytes]) -> None:
    """What one table has of the missing addresses; `source` of None leaves the table's own."""
    for row in _rows_of(path, missing):
        item = missing[row["key"]]
        if item.settled:
            continue
        if row["content"] is not None:
            _keep(item, Fetched(item.url, row["content"]), source or row["source"], supply, spool)
        elif row["error"] is None:
            item.expected = item.expected or row.get("sha256")
        elif row["error"] not in PASSING and row["error"] != "not_in_crawl":
            item.error, item.settled = row["error"], True


def _rows_of(path: str, keys: Container[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table of images whose addresses are among the keys; only their row groups' bytes are read."""
    with table.opened(path) as parquet:
        columns = [name for name in ("error", "sha256", "source", "content") if name in parquet.schema_arrow.names]
        for index in range(parquet.num_row_groups):
            urls = table.group(parquet, index, ["url"])["url"].to_pylist()
            wanted = {place: key for place, url in enumerate(urls) if (key := address.canonical(url)) in keys}
            if wanted:
                rows = table.group(parquet, index, columns).take(list(wanted))
                yield from ({**row, "key": key} for row, key in zip(rows.to_pylist(), wanted.values(), strict=True))


def _distinct(wanted: pa.Table) -> dict[str, _Found]:
    """Addresses by key, in the keys' order; for one key the preferred of its addresses, and all shards that show it."""
    found: dict[str, _Found] = {}
    for row in wanted.to_pylist():
        item = found.setdefault(row["key"], _Found(row["url"], []))
        item.url = min(item.url, row["url"], key=_preference)
        item.shards.append(row["shard"])
    return dict(sorted(found.items()))


def _newest(held: pa.Table) -> dict[str, dict[str, Any]]:
    """For each key the record that was crawled last; the later of equals."""
    rows = held.to_pylist()
    rows.sort(
        key=lambda row: (row["at"] is not None, row["at"].timestamp() if row["at"] else 0, row["file"], row["offset"])
    )
    return {row["key"]: row for row in rows}


def _from_crawl(place: Mapping[str, Any], settings: SourceSettings) -> Fetched:
    """A picture of the crawl; what its headers refused when it was crawled is refused here."""
    try:
        stored = read_response(place["file"], place["offset"], place["length"])
    except BadBody as error:
        return Fetched(place["key"], error=error.rule)
    tags = [value for name, value in stored.headers if name == "x-robots-tag"]
    reservation = next((value for name, value in stored.headers if name == "tdm-reservation"), None)
    if robots.opt_out(tags, reservation, settings.opt_outs) is not None:
        return Fetched(place["key"], error="opt_out")
    if not stored.body:
        return Fetched(place["key"], error="empty")
    if len(stored.body) > settings.max_bytes:
        return Fetched(place["key"], error="too_many_bytes")
    return Fetched(place["key"], stored.body)


def _ask(supply: Supply, items: Iterable[_Found], spool: IO[bytes]) -> None:
    assert supply.fetcher is not None
    by_url = {item.url: item for item in items}
    supply.fetcher.fetch(by_url, lambda came: _keep(by_url[came.url], came, "web", supply, spool))


def _keep(item: _Found, came: Fetched, source: Source, supply: Supply, spool: IO[bytes]) -> None:
    if came.content is None:
        item.error = came.error
        item.settled = came.error == "opt_out"
        return
    item.settled = True
    if supply.hashes or item.expected is not None:
        digest = hashlib.sha256(came.content).hexdigest()
        if digest in supply.hashes or item.expected not in (None, digest):
            item.error = "opt_out" if digest in supply.hashes else "changed"
            return
    item.at, item.length, item.source, item.error = spool.seek(0, 2), len(came.content), source, None
    spool.write(came.content)


def _grouped(found: Mapping[str, _Found]) -> Iterator[list[tuple[str, _Found]]]:
    part: list[tuple[str, _Found]] = []
    size = 0
    for key, item in found.items():
        part.append((key, item))
        size += item.length
        if len(part) == GROUP_ROWS or size >= GROUP_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _picture_row(key: str, item: _Found, spool: IO[bytes]) -> dict[str, Any]:
    content = None
    if item.source is not None:
        spool.seek(item.at)
        content = spool.read(item.length)
    shards = sorted(set(item.shards))
    return {
        "key": key,
        "url": item.url,
        "shards": shards,
        "source": item.source,
        "error": item.error,
        "content": content,
    }
