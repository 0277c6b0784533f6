from __future__ import annotations

from dataclasses import dataclass

import pytest

from omnicorpus.document import Drop
from omnicorpus.schema import Dropped
from omnicorpus.stage import Call, Counts, fingerprint, shard_name


@dataclass(frozen=True)
class Inner:
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    limits: tuple[float, ...] = (1, 2)


def test_equal_values_have_equal_fingerprints_and_others_have_others() -> None:
    assert fingerprint(Outer()) == fingerprint(Outer(Inner(0.5), (1.0, 2.0)))
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    different = [Outer(), Outer(Inner(0.25)), Outer(limits=(2, 1)), Inner(), None, "", (), 1, "1"]
    assert len({fingerprint(value) for value in different}) == len(different)


def test_what_has_no_plain_value_has_no_fingerprint() -> None:
    with pytest.raises(TypeError, match="no fingerprint for object"):
        fingerprint(object())


def test_shards_are_named_safely_and_by_path_and_size() -> None:
    name = shard_name("s3://bucket/../é x;rm -rf/CC-MAIN-2023.warc.gz", 5)
    assert name[:-9] == "CC-MAIN-2023"
    assert shard_name("/a/b$(x).warc", None)[:-9] == "b__x_"
    assert len({shard_name(path, size) for path, size in [("/a/x.warc", 1), ("/b/x.warc", 1), ("/a/x.warc", 2)]}) == 3


def test_counts_tell_whole_rows_from_parts() -> None:
    dropped = [
        Dropped(Drop("b"), "s"),
        Dropped(Drop("a"), "s"),
        Dropped(Drop("a"), "s"),
        Dropped(Drop("c"), "s", position=3),
    ]
    assert Counts.of(5, 2, dropped) == Counts(5, 2, {"a": 2, "b": 1}, {"c": 1})


def test_a_call_knows_where_its_tables_lie() -> None:
    call = Call("s", "x", 0, 1, "/run/work/s-1/x", None, inputs={"a.b": ("/one",)}, final={"drops": "/run/drops/x"})
    assert (call.path("documents"), call.path("drops"), call.one("a.b")) == (
        "/run/work/s-1/x.documents.parquet", "/run/drops/x", "/one",
    )  # fmt: skip
