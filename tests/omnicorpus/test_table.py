from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus import schema, table
from omnicorpus.document import Drop, Facts, Image, Measures, Text
from omnicorpus.errors import InputError
from omnicorpus.schema import dropped_document, dropped_part
from tests import build

KIND = pa.schema([("key", pa.int64()), ("name", pa.string())])


def rows(*keys: int) -> pa.Table:
    return pa.table({"key": list(keys), "name": [f"n{key}" for key in keys]}, schema=KIND)


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 6), max_size=20), min_size=1, max_size=4))
def test_scattered_rows_are_gathered_each_once_in_its_partition(producers: list[list[int]]) -> None:
    paths = []
    for number, keys in enumerate(producers):
        path = f"memory://exchange/{number}.parquet"
        table.scatter(path, rows(*keys), np.array(keys, dtype=np.int64), 7)
        paths.append(path)
    for partition in range(7):
        found = table.gather(paths, partition, KIND)["key"].to_pylist()
        assert found == [key for keys in producers for key in keys if key == partition]


def test_gathering_from_no_file_gives_an_empty_table() -> None:
    assert table.gather([], 3, KIND) == KIND.empty_table()


def test_a_part_of_other_columns_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "x.exchange")
    table.scatter(path, rows(1, 2), np.array([0, 0]), 2)
    other = pa.schema([("key", pa.int32()), ("name", pa.string())])
    with pytest.raises(ValueError, match="holds other columns than key, name"):
        table.gather([path], 0, other)
    assert table.gather([path], 1, other) == other.empty_table()


def test_an_exchange_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.exchange"
    table.scatter(str(path), rows(1, 2), np.array([0, 1]), 2)
    path.write_bytes(path.read_bytes()[:-5])
    assert table.gather([str(path)], 0, KIND) == rows(1)
    with pytest.raises(InputError, match="is damaged"):
        table.gather([str(path)], 1, KIND)


def test_nested_and_missing_values_go_through_an_exchange_as_they_are(tmp_path: Path) -> None:
    kind = pa.schema(
        [("place", pa.struct([("file", pa.string())])), ("list", pa.list_(pa.int32())), ("b", pa.binary(2))]
    )
    values = [
        {"place": {"file": "a"}, "list": [1, None], "b": b"xy"},
        {"place": None, "list": None, "b": None},
        {"place": {"file": None}, "list": [], "b": b"zz"},
    ]
    sent = pa.Table.from_pylist(values, schema=kind)
    for name in ("one", "two"):
        table.scatter(str(tmp_path / name), pa.concat_tables([sent, sent]), np.array([0, 1, 2, 1, 0, 2]), 3)
    found = [table.gather([str(tmp_path / "one")], partition, kind).to_pylist() for partition in range(3)]
    assert found == [[values[0], values[1]], [values[1], values[0]], [values[2], values[2]]]
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        table.write(str(tmp_path / name), rows(1, 2, 3))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_pictures_are_stored_plain_and_text_is_compressed(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    kind = pa.schema([("content", pa.binary()), ("name", pa.string())])
    table.write(str(path), pa.table({"content": [b"x" * 999], "name": ["y" * 999]}, schema=kind), plain=["content"])
    group = pq.ParquetFile(path).metadata.row_group(0)
    assert [group.column(index).compression for index in range(2)] == ["UNCOMPRESSED", "ZSTD"]


def test_appended_tables_are_row_groups_and_absent_when_the_work_fails(tmp_path: Path) -> None:
    path = str(tmp_path / "t.parquet")
    with table.appending(path, KIND) as append:
        append(rows(1, 2))
        append(rows())
        append(rows(3))
    assert [group["key"].to_pylist() for group in table.groups(path)] == [[1, 2], [], [3]]
    assert table.rows(path) == 3
    try:
        with table.appending(str(tmp_path / "half.parquet"), KIND) as append:
            append(rows(1))
            raise RuntimeError
    except RuntimeError:
        pass
    assert not (tmp_path / "half.parquet").exists()


def test_a_missing_column_is_an_error_and_groups_give_those_that_there_are(tmp_path: Path) -> None:
    path = str(tmp_path / "t.parquet")
    table.write(path, rows(1, 2))
    with pytest.raises(KeyError, match="no column colour, size"):
        table.read(path, ["key", "size", "colour"])
    assert [group.column_names for group in table.groups(path, ["key", "size"])] == [["key"]]


_READING = """
import os, sys
from omnicorpus import table

def threads():
    return len(os.listdir("/proc/self/task"))

before = threads()
read = table.read(sys.argv[1])
list(table.groups(sys.argv[1]))
list(table.some_groups(sys.argv[1], [1], ["key"]))
print(len(read), table.rows(sys.argv[1]), threads() - before)
"""


def test_reading_starts_no_thread_that_could_outlive_the_program(tmp_path: Path) -> None:
    """Arrow's own threads abort a process that ends while they let go of Python's bytes, now and then."""
    if not Path("/proc/self/task").is_dir():
        pytest.skip("the threads of a process are counted in /proc, which is Linux's")
    path = str(tmp_path / "t.parquet")
    table.write(path, rows(*range(100)), rows_per_group=50)
    done = subprocess.run([sys.executable, "-c", _READING, path], capture_output=True, text=True, check=True)
    assert done.stdout == "100 100 0\n"


def test_a_document_comes_back_as_it_was() -> None:
    whole = build.doc(
        Text("Heading", "header"),
        Image(
            "https://a.test/i.jpg", alt="a", caption="c", declared_width=3, measures=Measures(width=4, p_hash="0" * 16)
        ),
        Text("x = 1\n", "code"),
        Image("https://a.test/p.jpg", kind="video", media="https://a.test/v.mp4", clip_similarity=0.5, best_text=0),
    )
    facts = Facts(title="T", robots=("noai",))
    whole = type(whole)(**{**{name: getattr(whole, name) for name in type(whole).__slots__}, "facts": facts})
    assert schema.documents(schema.documents_table([whole])) == [whole]


def test_texts_and_images_have_exactly_one_at_each_place() -> None:
    row = schema.documents_table([build.doc("a", build.image(), "b")]).to_pylist()[0]
    assert [(text is None) != (image is None) for text, image in zip(row["texts"], row["images"], strict=True)] == [
        True
    ] * 3


def test_a_drop_says_what_and_where() -> None:
    whole = build.doc("text", build.image("https://a.test/bad.png"))
    found = schema.drops_table(
        [
            dropped_document(whole, Drop("word_count", 1.0, 50.0), "select"),
            dropped_part(whole, 1, Drop("min_side", 10.0, 150.0), "refine"),
        ]
    ).to_pylist()
    assert [(row["rule"], row["position"], row["image"], row["value"]) for row in found] == [
        ("word_count", None, None, 1.0),
        ("min_side", 1, "https://a.test/bad.png", 10.0),
    ]
