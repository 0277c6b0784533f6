"""A record that kills its process is found and lost alone; the rest of its shard is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnicorpus import alone, plan, storage, table
from omnicorpus.runner import Inline
from omnicorpus.stage import Resources
from tests import poison
from tests.poison import Evil


def perform(root: Path, first: Evil, limits: Resources = poison.LIMITS) -> tuple[int, dict[str, int]]:
    laid = plan.make(str(root), poison.stages(1, first=first, limits=limits))
    step = laid.step("make")
    manifest = alone.perform(step.stage, laid.call(step, 0))
    return manifest.rows_out, dict(manifest.drops)


@pytest.mark.slow
def test_records_of_every_evil_are_lost_alone(tmp_path: Path) -> None:
    fates = ((2, "crash"), (4, "hang"), (5, "memory"), (7, "error"))
    assert perform(tmp_path, Evil(fates)) == (6, {"crash": 1, "error": 1, "hang": 1, "memory": 1})
    laid = plan.make(str(tmp_path), poison.stages(1, first=Evil(fates)))
    call = laid.call(laid.step("make"), 0)
    assert {number: (drop.rule, drop.value, drop.threshold) for number, drop in alone.lost(call).records.items()} == {
        2: ("crash", None, None),
        4: ("hang", 2.5, 2.5),
        5: ("memory", None, float(256 << 20)),
        7: ("error", None, None),
    }
    assert alone.lost(call).records[2].detail == "SIGSEGV"
    assert str(alone.lost(call).records[7].detail).startswith("ValueError: 7 is no good (poison.py:")


def test_a_process_that_is_killed_once_costs_nothing(tmp_path: Path) -> None:
    flags = tmp_path / "flags"
    flags.mkdir()
    assert perform(tmp_path / "out", Evil(((3, "kill"),), once=str(flags))) == (10, {})


@pytest.mark.slow
def test_too_many_bad_records_are_no_bad_records(tmp_path: Path) -> None:
    fates = tuple((number, "error") for number in range(30))
    with pytest.raises(alone.Crashed, match="over 20 records of this shard end their process"):
        perform(tmp_path, Evil(fates, rows=40))


def test_what_is_known_to_kill_is_passed_over_at_once(tmp_path: Path) -> None:
    evil = Evil(((2, "error"),))
    laid = plan.make(str(tmp_path), poison.stages(1, first=evil))
    step = laid.step("make")
    call = laid.call(step, 0)
    alone.perform(step.stage, call)
    first = storage.read_bytes(call.path("numbers"))
    storage.remove(call.output + ".json")
    alone.perform(step.stage, call)
    assert storage.read_bytes(call.path("numbers")) == first


def test_an_error_of_a_record_costs_the_record_on_every_engine(tmp_path: Path) -> None:
    poison.run(tmp_path, Inline(), poison.stages(2, first=Evil(((3, "error"), (105, "error")))))
    assert [(row["rule"], row["warc"]["file"], row["warc"]["offset"]) for row in poison.drops(tmp_path)] == [
        ("error", "s0", 3),
        ("error", "s1", 105),
    ]
    (path,) = tmp_path.glob("work/make-*/s1.numbers.parquet")
    assert table.read(str(path))["n"].to_pylist() == [100, 101, 102, 103, 104, 106, 107, 108, 109]
