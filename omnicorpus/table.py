"""Parquet files, whole or absent: reading, writing, and the exchange.

The exchange regroups rows without a shuffle service: each producer writes one file with one part per destination
partition; a consumer reads its own part of every file. It serves buckets, component labels, image addresses to host
partitions, and measures back to documents.

An exchange file is no Parquet: a consumer would have to read a footer of 73 bytes a column and partition to find its
row group, so that the bytes of all footers grow with producers x partitions x partitions. It is

    the places of partitions + 1 parts in the file, 8 bytes each, little-endian; then the parts, one after the other

and a part is nothing for no rows, or the bytes of its rows before compression (8 bytes, little-endian), 8 bytes that
stand for the schema, and Arrow's record batch messages without it, compressed with zstd. So a consumer reads 16 bytes
and its part, two ranges of each file, whatever the number of partitions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from omnicorpus import storage

ROWS_PER_GROUP = 1_000
"""Of documents: about 4 MB of text at the 4 kB of a Common Crawl main body, small enough to sample from quickly."""

ZSTD_LEVEL = 3
"""152 MB/s of text on one core (shared design figures)."""


def write(path: str, table: pa.Table, *, rows_per_group: int = ROWS_PER_GROUP, plain: Sequence[str] = ()) -> None:
    """Write one Parquet file. Columns named in `plain` are not compressed (pictures are already)."""
    with storage.writing(path) as file:
        pq.write_table(
            table,
            file,
            row_group_size=rows_per_group,
            compression=_codecs(table.schema, plain),
            compression_level=_levels(table.schema, plain),
        )


@contextmanager
def appending(path: str, kind: pa.Schema, *, plain: Sequence[str] = ()) -> Iterator[Callable[[pa.Table], None]]:
    """Write one Parquet file in steps: every table given is one row group. Whole after the block, or absent."""
    with (
        storage.writing(path) as file,
        pq.ParquetWriter(
            file, kind, compression=_codecs(kind, plain), compression_level=_levels(kind, plain)
        ) as writer,
    ):
        yield lambda rows: writer.write_table(rows.cast(kind), row_group_size=max(1, rows.num_rows))


def _codecs(schema: pa.Schema, plain: Sequence[str]) -> dict[str, str]:
    return {leaf: "NONE" if leaf.split(".")[0] in plain else "ZSTD" for leaf in _leaves(schema)}


def _levels(schema: pa.Schema, plain: Sequence[str]) -> dict[str, int]:
    return {leaf: ZSTD_LEVEL for leaf in _leaves(schema) if leaf.split(".")[0] not in plain}


def _leaves(schema: pa.Schema) -> list[str]:
    found: list[str] = []

    def walk(path: str, kind: pa.DataType) -> None:
        if pa.types.is_struct(kind):
            for field in kind:
                walk(f"{path}.{field.name}", field.type)
        elif pa.types.is_list(kind):
            walk(f"{path}.list.element", kind.value_type)
        else:
            found.append(path)

    for field in schema:
        walk(field.name, field.type)
    return found


@contextmanager
def opened(path: str) -> Iterator[pq.ParquetFile]:
    """A Parquet file whose rows are to be read by `group`.

    Nothing is read ahead, and only the caller's thread reads: a thread of Arrow's that lets go of Python's bytes while
    the interpreter ends takes the process down with it (apache/arrow#34314), when all work has been done well.
    """
    with storage.reading(path) as file, pq.ParquetFile(file, pre_buffer=False) as parquet:
        yield parquet


def group(parquet: pq.ParquetFile, index: int, columns: Sequence[str] | None = None) -> pa.Table:
    """One row group of what `opened` gives; of the columns those that the file has."""
    return parquet.read_row_group(index, columns=columns, use_threads=False)


def read(path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of a file. Raises KeyError for a column that it doesn't have."""
    with opened(path) as parquet:
        missing = set(columns or ()) - set(parquet.schema_arrow.names)
        if missing:
            raise KeyError(f"{path} has no column {', '.join(sorted(missing))}")
        return parquet.read(columns=columns, use_threads=False)


def read_all(paths: Iterable[str], schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of several files, in the order of the paths; an empty table of `schema` for no files."""
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    tables = [read(path, columns).cast(wanted) for path in paths]
    return pa.concat_tables(tables) if tables else wanted.empty_table()


def groups(path: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """One row group after the other, so that a large file never stands in memory whole."""
    with opened(path) as parquet:
        for index in range(parquet.num_row_groups):
            yield group(parquet, index, columns)


def some_groups(path: str, wanted: Sequence[int], columns: Sequence[str]) -> Iterator[pa.Table]:
    """The row groups of these numbers, in their order."""
    with opened(path) as parquet:
        for index in wanted:
            yield group(parquet, index, columns)


def rows(path: str) -> int:
    with opened(path) as parquet:
        return int(parquet.metadata.num_rows)


def scatter(path: str, table: pa.Table, partition: np.ndarray, partitions: int) -> None:
    """Write an exchange file: row r of `table` goes to part `partition[r]`, in the table's order.

    `partition` holds integers in [0, partitions). The parts stand in memory, compressed, until the last is made.
    """
    order = np.argsort(partition, kind="stable")
    bounds = np.searchsorted(partition[order], np.arange(partitions + 1))
    whole, kind = table.combine_chunks(), _kind(table.schema)
    parts = [_packed(kind, whole.take(pa.array(order[start:end]))) for start, end in pairwise(bounds.tolist())]
    places = np.cumsum([_PLACE * (partitions + 1), *map(len, parts)], dtype="<u8")
    with storage.writing(path) as file:
        file.write(places.tobytes())
        for part in parts:
            file.write(part)


def gather(paths: Iterable[str], partition: int, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """One partition's rows from every exchange file, in the order of the paths."""
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    tables = list(gathered(paths, partition, schema, columns))
    return pa.concat_tables(tables) if tables else wanted.empty_table()


def gathered(
    paths: Iterable[str], partition: int, schema: pa.Schema, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """One partition's rows of each exchange file, a table a file, in the order of the paths."""
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    there = list(paths)
    heads = storage.read_ranges([(path, _PLACE * partition, 2 * _PLACE) for path in there])
    places = [np.frombuffer(head, "<u8").tolist() for head in heads]
    parts = storage.read_ranges(
        [(path, start, end - start) for path, (start, end) in zip(there, places, strict=True) if end > start]
    )
    kind = _kind(schema)
    for path, (start, end) in zip(there, places, strict=True):
        part = next(parts) if end > start else b""
        if part and part[_PLACE : 2 * _PLACE] != kind:
            raise ValueError(f"{path} holds other columns than {', '.join(schema.names)}")
        yield (_unpacked(part, schema) if part else schema.empty_table()).select(wanted.names)


_PLACE = 8
"""Bytes of a place in an exchange file."""

_ZSTD = pa.Codec("zstd", compression_level=ZSTD_LEVEL)


def _kind(schema: pa.Schema) -> bytes:
    """Columns and their types, in 8 bytes."""
    text = "\n".join(f"{field.name}: {field.type}" for field in schema)
    return hashlib.blake2b(text.encode(), digest_size=_PLACE).digest()


def _packed(kind: bytes, rows: pa.Table) -> bytes:
    if not len(rows):
        return b""
    data = b"".join(batch.serialize().to_pybytes() for batch in rows.to_batches())
    return len(data).to_bytes(_PLACE, "little") + kind + bytes(_ZSTD.compress(data))


def _unpacked(part: bytes, schema: pa.Schema) -> pa.Table:
    size = int.from_bytes(part[:_PLACE], "little")
    stream = pa.BufferReader(_ZSTD.decompress(memoryview(part)[2 * _PLACE :], size))
    batches = []
    while stream.tell() < size:
        batches.append(pa.ipc.read_record_batch(pa.ipc.read_message(stream), schema))
    return pa.Table.from_batches(batches, schema)
