"""Signed rows: what is read back of documents whose text is put away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import node, signature, signed, sketch, table
from omnicorpus.errors import InputError
from omnicorpus.schema import LOCATOR
from omnicorpus.signature import SignatureSettings

SETTINGS = SignatureSettings(permutations=8)
ROWS = 50


def write(path: str, rows: list[int], rows_per_group: int = 7) -> None:
    """Signed rows at the places `rows`, each with numbers that tell its place."""
    places = np.array(rows, np.int64)
    sketches = sketch.empty(len(rows))
    sketches[:, 0] = places
    zeros = np.zeros(len(rows), np.uint64)
    halves = {f"{name}_{half}": zeros for name in ("address", "text", "image_set") for half in ("high", "low")}
    columns = halves | {
        "row": places.astype(np.uint32),
        "id_high": places.astype(np.uint64) + np.uint64(1_000),
        "id_low": places.astype(np.uint64) + np.uint64(2_000),
        "crawled": places + 3_000,
        "images": places,
        "length": places,
        "size": places + 4_000,
        "signature": signature.packed(np.zeros((len(rows), 8), np.uint32)),
        "sketch": signature.packed(sketches),
        "url": pa.nulls(len(rows), pa.string()),
        "warc": pa.nulls(len(rows), LOCATOR),
    }
    schema = signed.schema(SETTINGS)
    table.write(
        path, pa.table({name: columns[name] for name in schema.names}, schema=schema), rows_per_group=rows_per_group
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """Shards 2 and 5; every third row of each was lost."""
    folder = tmp_path_factory.mktemp("signed")
    found = {number: str(folder / f"{number}.parquet") for number in (2, 5)}
    for path in found.values():
        write(path, [row for row in range(ROWS) if row % 3])
    return found


@given(st.lists(st.tuples(st.sampled_from([2, 5]), st.integers(0, ROWS - 1).filter(lambda row: row % 3)), max_size=40))
def test_facts_and_sketches_come_in_the_order_of_the_nodes(
    files: dict[int, str], wanted: list[tuple[int, int]]
) -> None:
    wanted.sort()
    rows = np.array([row for _, row in wanted], np.int64)
    nodes = np.array([node.nodes(number, np.array([row]))[0] for number, row in wanted], np.int64)
    facts = signed.facts(files, nodes, "crawled")
    assert facts["rank"].tolist() == (rows + 3_000).tolist()
    assert facts["id_high"].tolist() == (rows + 1_000).tolist()
    assert facts["id_low"].tolist() == (rows + 2_000).tolist()
    found, sizes = signed.sketches(files, nodes)
    assert found[:, 0].tolist() == rows.tolist()
    assert sizes.tolist() == (rows + 4_000).tolist()


def test_rows_that_were_signed_in_another_way_are_refused(files: dict[int, str], tmp_path: Path) -> None:
    signed.check(files[2], SETTINGS)
    with pytest.raises(InputError, match="can't be compared"):
        signed.check(files[2], SignatureSettings(permutations=8, shingle=6))
    other = str(tmp_path / "other.parquet")
    table.write(other, pa.table({"a": [1]}))
    with pytest.raises(InputError, match="holds no signatures"):
        signed.check(other, SETTINGS)
