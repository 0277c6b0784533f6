"""Exact layers: who is kept of those that share a key."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import exact
from omnicorpus.exact import Keep

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=40)


def table_of(rows: list[tuple[int, int, int, int]]) -> pa.Table:
    """Rows of (key, rank, upper half of the id, lower half); nodes count them."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.table(
        {
            "key": pa.array(columns[0], pa.uint64()),
            "node": pa.array(range(len(rows)), pa.int64()),
            "rank": pa.array(columns[1], pa.int64()),
            "id_high": pa.array(columns[2], pa.uint64()),
            "id_low": pa.array(columns[3], pa.uint64()),
        }
    )


def chosen(rows: list[tuple[int, int, int, int]], keep: Keep) -> dict[int, int]:
    loser, keeper = exact.best(table_of(rows), ("key",), keep)
    return dict(zip(loser.tolist(), keeper.tolist(), strict=True))


@given(ROWS, st.sampled_from(["newest", "first"]))
def test_the_best_of_each_key_is_kept(rows: list[tuple[int, int, int, int]], keep: Keep) -> None:
    expected: dict[int, int] = {}
    for key in {row[0] for row in rows}:
        members = [node for node, row in enumerate(rows) if row[0] == key]
        best = min(members, key=lambda node: (0 if keep == "first" else -rows[node][1], *rows[node][2:], node))
        if keep == "first":
            best = min(members)
        expected |= {node: best for node in members if node != best}
    assert chosen(rows, keep) == expected


def test_the_least_rank_there_is_loses_to_every_other() -> None:
    assert chosen([(1, exact.NEVER, 0, 0), (1, exact.NEVER + 1, 9, 9)], "newest") == {0: 1}


@pytest.mark.parametrize(
    ("first", "second"), [("0" * 32, "0" * 31 + "1"), ("0f" * 16, "f0" * 16), ("7" * 32, "8" * 32)]
)
def test_ids_sort_as_numbers_as_they_do_as_text(first: str, second: str) -> None:
    rows = exact.ids(pa.chunked_array([[first, second]])).tolist()
    assert rows[0] < rows[1]
    assert "".join(f"{half:016x}" for half in rows[0]) == first
