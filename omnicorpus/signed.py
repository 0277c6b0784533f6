"""Signed rows: all that deduplication knows of a document once its text is put away.

The signed rows of a run are at once what its later stages read and the index that a later run deduplicates against.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnicorpus import address, exact, node, signature, sketch, table
from omnicorpus.component import Nodes
from omnicorpus.errors import InputError
from omnicorpus.schema import LOCATOR
from omnicorpus.signature import SignatureSettings, Words
from omnicorpus.sketch import Hashes, Sizes
from omnicorpus.stage import Call, Counts

ROWS_PER_GROUP = 16_384
"""24 MB of signatures and sketches."""

_METADATA = b"omnicorpus.signature"

_READ = ["id", "url", "crawled_at", "warc", "texts", "images"]


@dataclass(frozen=True, slots=True)
class SignedSettings:
    """`partitions` of the exchange, `first`: the number of the stage's first shard, `image_sets`: make their keys."""

    signature: SignatureSettings
    partitions: int
    first: int
    image_sets: bool


def schema(settings: SignatureSettings) -> pa.Schema:
    """One row for each document that the address layer left, in their order. `row` is its place in the shard.

    `crawled` is microseconds since 1970, `length` characters, `size` different shingles. Keys are zero where there is
    nothing to make them of, and so is `size`. The signature's algorithm and settings stand in the metadata.
    """
    return pa.schema(
        [
            ("row", pa.uint32()),
            ("id_high", pa.uint64()),
            ("id_low", pa.uint64()),
            ("crawled", pa.int64()),
            ("images", pa.int64()),
            ("length", pa.int64()),
            ("address_high", pa.uint64()),
            ("address_low", pa.uint64()),
            ("text_high", pa.uint64()),
            ("text_low", pa.uint64()),
            ("image_set_high", pa.uint64()),
            ("image_set_low", pa.uint64()),
            ("size", pa.int64()),
            ("signature", pa.binary(4 * settings.permutations)),
            ("sketch", pa.binary(4 * sketch.SIZE)),
            ("url", pa.string()),
            ("warc", LOCATOR),
        ],
        metadata={_METADATA: _label(settings)},
    )


def sign(call: Call, _: None) -> Counts:
    """Signed rows of a shard of documents, of those that the address layer left."""
    settings: SignedSettings = call.settings
    (path,) = node.files(call, "documents")
    lost = node.lost_rows(call, settings.first + call.index, settings.partitions)
    left = ~np.isin(np.arange(table.rows(path)), lost)
    done, parts = 0, []
    for group in table.groups(path, _READ):
        here = np.flatnonzero(left[done : done + len(group)])
        parts.append(_signed(group.take(pa.array(here)), here + done, settings))
        done += len(group)
    rows = pa.concat_tables(parts) if parts else schema(settings.signature).empty_table()
    write(call.path("signed"), rows)
    return Counts(done, len(rows))


def keep_signed(call: Call, _: None) -> Counts:
    """Signed rows of a shard of an index, of those that the address layer left. `row` is the place in the index."""
    settings: SignedSettings = call.settings
    check(call.source, settings.signature)
    rows = table.read(call.source)
    places = np.arange(len(rows))
    left = ~np.isin(places, node.lost_rows(call, settings.first + call.index, settings.partitions))
    numbered = rows.set_column(0, "row", pa.array(places, pa.uint32())).filter(pa.array(left))
    write(call.path("signed"), numbered.cast(schema(settings.signature)))
    return Counts(len(rows), int(left.sum()))


def check(path: str, settings: SignatureSettings) -> None:
    """Raises InputError where the rows of a file weren't signed in the way of `settings`."""
    with table.opened(path) as parquet:
        found = (parquet.schema_arrow.metadata or {}).get(_METADATA)
    if found != _label(settings):
        there = "no signatures" if found is None else found.decode()
        raise InputError(
            f"{path} holds {there}, and this run makes {_label(settings).decode()}: signatures made in different ways "
            f"can't be compared; make the index anew, or give this run the settings of the index"
        )


def sketches(files: Mapping[int, str], wanted: Nodes) -> tuple[Hashes, Sizes]:
    """Sketches of nodes and their sizes, from the signed rows of some shards, by shard.

    `wanted` ascends, and may repeat a node.
    """
    found, sizes = sketch.empty(len(wanted)), np.zeros(len(wanted), np.int64)
    for rows, part, place in _rows(files, wanted, ["size", "sketch"]):
        found[part] = signature.unpacked(rows["sketch"], sketch.SIZE)[place]
        sizes[part] = node.column(rows, "size")[place]
    return found, sizes


def facts(files: Mapping[int, str], wanted: Nodes, rank: str) -> dict[str, npt.NDArray[np.generic]]:
    """Ranks (the column `rank`) and ids of nodes; `wanted` ascends, and may repeat a node."""
    found: dict[str, npt.NDArray[np.generic]] = {
        "rank": np.empty(len(wanted), np.int64),
        "id_high": np.empty(len(wanted), np.uint64),
        "id_low": np.empty(len(wanted), np.uint64),
    }
    for rows, part, place in _rows(files, wanted, [rank, "id_high", "id_low"]):
        found["rank"][part] = node.column(rows, rank)[place]
        for half in ("id_high", "id_low"):
            found[half][part] = rows[half].to_numpy()[place]
    return found


def _rows(
    files: Mapping[int, str], wanted: Nodes, columns: Sequence[str]
) -> Iterator[tuple[pa.Table, slice, npt.NDArray[np.int64]]]:
    """Row groups that hold some of the nodes, which of the wanted these are, and where each stands in the row group."""
    for number, path in files.items():
        start, end = np.searchsorted(wanted, node.nodes(number, np.array([0, 1 << node.ROW_BITS])))
        if start == end:
            continue
        for rows in table.groups(path, sorted({"row", *columns})):
            there = node.nodes(number, node.column(rows, "row"))
            if not len(there):
                continue
            start, end = np.searchsorted(wanted, [there[0], there[-1] + 1])
            if start < end:
                yield rows, slice(int(start), int(end)), np.searchsorted(there, wanted[start:end])


def _signed(rows: pa.Table, places: npt.NDArray[np.int64], settings: SignedSettings) -> pa.Table:
    texts = _texts(rows["texts"])
    found = signature.tokens(texts, digits=settings.signature.digits)
    signed = signature.sign(found, settings.signature)
    text = signature.text_keys(found) * (signed.sizes > 0)[:, None].astype(np.uint64)
    images = rows["images"].to_pylist() if settings.image_sets else [()] * len(rows)
    columns = {
        "row": places.astype(np.uint32),
        **_split("id", exact.ids(rows["id"])),
        "crawled": exact.times(rows["crawled_at"]),
        "images": _counts(rows["images"]),
        "length": pa.array([len(text) for text in texts], pa.int64()),
        **_split("address", exact.address_keys(rows["url"])),
        **_split("text", text),
        **_split("image_set", _image_sets(images)),
        "size": signed.sizes,
        "signature": signature.packed(signed.signatures),
        "sketch": signature.packed(signed.sketches),
        "url": rows["url"],
        "warc": rows["warc"],
    }
    return pa.table(columns, schema=schema(settings.signature))


def write(path: str, rows: pa.Table) -> None:
    table.write(path, rows, rows_per_group=ROWS_PER_GROUP, plain=("signature", "sketch"))


def _label(settings: SignatureSettings) -> bytes:
    return json.dumps({**asdict(settings), "sketch": sketch.SIZE}, sort_keys=True).encode()


def _texts(column: pa.ChunkedArray) -> list[str]:
    """The text of each document: its text parts of every kind, one a line."""
    return ["\n".join(part for part in parts if part is not None) for parts in column.to_pylist()]


def _image_sets(images: Sequence[Sequence[Mapping[str, object] | None]]) -> Words:
    """A key for each set of image addresses, zero for the empty set."""
    keys = np.zeros((len(images), 2), np.uint64)
    for index, parts in enumerate(images):
        urls = sorted({address.canonical(str(part["url"])) for part in parts if part is not None})
        if urls:
            keys[index] = signature.keys(["\n".join(urls)])[0]
    return keys


def _split(name: str, values: Words) -> dict[str, Words]:
    return {f"{name}_high": values[:, 0], f"{name}_low": values[:, 1]}


def _counts(lists: pa.ChunkedArray) -> pa.Array:
    """How many elements of each list are not null."""
    array = lists.combine_chunks()
    flat = array.flatten()
    owners = pc.list_parent_indices(array).filter(flat.is_valid())
    return pa.array(np.bincount(owners.to_numpy(), minlength=len(array)).astype(np.int64))
