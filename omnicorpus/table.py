"""Parquet files, whole or absent: reading, writing, and the exchange.

The exchange regroups rows without a shuffle service: each producer writes one file with one row group per destination
partition; a consumer reads its own row group from every file. It serves buckets, component labels, image addresses to
host partitions, and measures back to documents.
"""

from __future__ import annotations

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


def read(path: str, columns: Sequence[str] | None = None) -> pa.Table:
    with storage.reading(path) as file:
        return pq.read_table(file, columns=None if columns is None else list(columns))


def read_all(paths: Iterable[str], schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of several files, in the order of the paths; an empty table of `schema` for no files."""
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    tables = [read(path, columns).cast(wanted) for path in paths]
    return pa.concat_tables(tables) if tables else wanted.empty_table()


def groups(path: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """One row group after the other, so that a large file never stands in memory whole."""
    with storage.reading(path) as file, pq.ParquetFile(file) as parquet:
        for index in range(parquet.num_row_groups):
            yield parquet.read_row_group(index, columns=None if columns is None else list(columns))


def rows(path: str) -> int:
    with storage.reading(path) as file, pq.ParquetFile(file) as parquet:
        return int(parquet.metadata.num_rows)


def scatter(path: str, table: pa.Table, partition: np.ndarray, partitions: int) -> None:
    """Write an exchange file: row r of `table` goes to row group `partition[r]`, in the table's order.

    `partition` holds integers in [0, partitions). Every partition has its row group, empty ones too.
    """
    order = np.argsort(partition, kind="stable")
    bounds = np.searchsorted(partition[order], np.arange(partitions + 1))
    grouped = table.take(pa.array(order))
    with (
        storage.writing(path) as file,
        pq.ParquetWriter(
            file, table.schema, compression="ZSTD", compression_level=ZSTD_LEVEL, write_statistics=False
        ) as writer,
    ):
        for start, end in pairwise(bounds.tolist()):
            writer.write_table(grouped.slice(start, end - start), row_group_size=max(1, end - start))


def gather(paths: Iterable[str], partition: int, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """One partition's rows from every exchange file, in the order of the paths."""
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    tables = []
    for path in paths:
        with storage.reading(path) as file, pq.ParquetFile(file) as parquet:
            tables.append(parquet.read_row_group(partition, columns=wanted.names).cast(wanted))
    return pa.concat_tables(tables) if tables else wanted.empty_table()
