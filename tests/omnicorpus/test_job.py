"""A run over one output: whole or absent, resumed where it stopped, never two at once. On both engines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from omnicorpus import job, storage, table
from omnicorpus.document import Drop
from omnicorpus.errors import InputError, ModelMissing, OutputError, ShardFailed
from omnicorpus.job import Identity, Outcome
from omnicorpus.runner import Engine, Inline
from omnicorpus.schema import Dropped
from omnicorpus.stage import Call, Counts, Need, Stage

NUMBERS = pa.schema([("n", pa.int64())])


@dataclass(frozen=True)
class Make:
    rows: int = 10


@dataclass(frozen=True)
class Keep:
    divisor: int = 2
    fail: str = ""
    flag: str = ""


def make(call: Call, _state: object) -> Counts:
    start = call.index * 100
    table.write(call.path("numbers"), pa.table({"n": range(start, start + call.settings.rows)}, schema=NUMBERS))
    return Counts(call.settings.rows, call.settings.rows)


def start(settings: Keep) -> int:
    if settings.fail == "model":
        raise ModelMissing("no model: get one")
    return settings.divisor


def keep(call: Call, state: object) -> Counts:
    settings: Keep = call.settings
    if settings.fail == "crash" and not Path(settings.flag).exists():
        Path(settings.flag).write_text("crashed once")
        os.kill(os.getpid(), 9)
    if settings.fail == "always" and call.index == 1:
        raise ValueError("a bug")
    numbers = table.read(call.one("make.numbers"))["n"].to_pylist()
    kept = [number for number in numbers if number % settings.divisor == 0]
    assert state == settings.divisor
    table.write(call.path("numbers"), pa.table({"n": kept}, schema=NUMBERS))
    dropped = [Dropped(Drop("divisor", float(number)), call.stage) for number in numbers if number not in kept]
    call.write_drops(dropped)
    return Counts.of(len(numbers), len(kept), dropped)


def total(call: Call, _state: object) -> Counts:
    whole = table.read_all(call.inputs["keep.numbers"], NUMBERS)
    table.write(call.path("numbers"), pa.table({"n": [sum(whole["n"].to_pylist())]}, schema=NUMBERS))
    return Counts(whole.num_rows, 1)


def stages(make_settings: Make = Make(), keep_settings: Keep = Keep()) -> tuple[Stage, ...]:
    return (
        Stage("make", make, make_settings, ("numbers",), shards=("a", "b", "c"), unit="numbers"),
        Stage(
            "keep", keep, keep_settings, ("numbers", "drops"), (Need("make", "numbers"),), start=start, unit="numbers"
        ),
        Stage(
            "total", total, None, ("numbers",), (Need("keep", "numbers", "all"),), shards=("all",),
            final={"numbers": "documents"}, in_funnel=False,
        ),
    )  # fmt: skip


IDENTITY = Identity("toy", ("a", "b", "c"), {"x": 1})


def quiet(_progress: object) -> None:
    pass


def run(root: Path, engine: Engine, *, identity: Identity = IDENTITY, **settings: Any) -> Outcome:
    return job.execute(str(root), stages(**settings), identity, lambda: engine, quiet)


def result(root: Path) -> list[int]:
    (path,) = job.result_files(str(root), "documents")
    return [int(number) for number in table.read(path)["n"].to_pylist()]


def contents(root: Path) -> dict[str, bytes]:
    """Every Parquet file of a run by its path."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.parquet"))}


def test_a_run_ends_with_a_manifest_and_a_funnel_that_adds_up(tmp_path: Path, engine: Engine) -> None:
    outcome = run(tmp_path, engine)
    assert result(tmp_path) == [sum(n for start in (0, 100, 200) for n in range(start, start + 10, 2))]
    assert [(level.stage, level.rows_in, level.rows_out, level.drops) for level in outcome.levels] == [
        ("make", 30, 30, {}),
        ("keep", 30, 15, {"divisor": 15}),
        ("total", 15, 1, {}),
    ]
    drops = [row["value"] for path in job.result_files(str(tmp_path), "drops") for row in table.read(path).to_pylist()]
    assert drops == [float(n) for start in (0, 100, 200) for n in range(start + 1, start + 10, 2)]
    assert job.status(str(tmp_path)).status == "finished"


def test_a_second_run_does_nothing(tmp_path: Path) -> None:
    run(tmp_path, Inline())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    outcome = job.execute(str(tmp_path), stages(), IDENTITY, never, quiet)
    assert outcome.redone == ()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before


def never() -> Engine:
    raise AssertionError("nothing was to be done")


def test_a_changed_setting_redoes_its_stage_and_what_follows_and_leaves_no_old_file(tmp_path: Path) -> None:
    run(tmp_path, Inline())
    outcome = run(tmp_path, Inline(), keep_settings=Keep(divisor=3))
    fresh = tmp_path.with_name("fresh")
    run(fresh, Inline(), keep_settings=Keep(divisor=3))
    assert outcome.redone == ("keep", "total")
    assert contents(tmp_path) == contents(fresh)


def test_a_folder_that_no_stage_fills_any_more_is_emptied(tmp_path: Path) -> None:
    make_stage, keep_stage, total_stage = stages()
    marking = replace(keep_stage, tables=("numbers", "drops", "shadows"), final={"shadows": "shadows"}, version=2)

    def mark(call: Call, state: int) -> Counts:
        table.write(call.path("shadows"), pa.table({"n": [state]}, schema=NUMBERS))
        return keep(call, state)

    job.execute(str(tmp_path), (make_stage, replace(marking, work=mark), total_stage), IDENTITY, Inline, quiet)
    assert len(list((tmp_path / "shadows").iterdir())) == 3
    run(tmp_path, Inline())
    assert list((tmp_path / "shadows").iterdir()) == []
    fresh = tmp_path.with_name("fresh")
    run(fresh, Inline())
    assert contents(tmp_path) == contents(fresh)


def test_there_and_back_again_gives_the_first_bytes(tmp_path: Path) -> None:
    run(tmp_path, Inline())
    first = contents(tmp_path)
    run(tmp_path, Inline(), keep_settings=Keep(divisor=3))
    run(tmp_path, Inline())
    assert contents(tmp_path) == first


@pytest.mark.parametrize("after", range(1, 7))
def test_a_run_killed_after_any_shard_and_resumed_equals_one_that_was_not(tmp_path: Path, after: int) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(whole, Inline())
    program = (
        "import sys; from pathlib import Path; from tests.omnicorpus import test_job as t\n"
        f"t.kill_after(Path({str(killed)!r}), {after})"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == -9
    assert job.status(str(killed)).status == "dead"
    assert not storage.exists(str(killed / job.MANIFEST))
    run(killed, Inline())
    assert contents(killed) == contents(whole)
    assert manifest_without_times(killed) == manifest_without_times(whole)


def manifest_without_times(root: Path) -> dict[str, Any]:
    """What a run says of itself, without what it cost."""
    found = json.loads((root / job.MANIFEST).read_bytes())
    for measured in ("finished", "seconds"):
        del found[measured]
    for level in found["funnel"]:
        for measured in ("seconds", "wall", "peak"):
            del level[measured]
    return dict(found)


def kill_after(root: Path, shards: int) -> None:
    def listen(progress: dict[str, Any]) -> None:
        if sum(len(stage.done) for stage in progress.values()) >= shards:
            os.kill(os.getpid(), 9)

    job.execute(str(root), stages(), IDENTITY, Inline, listen)


@pytest.mark.slow
def test_a_worker_killed_in_an_actor_costs_nothing(tmp_path: Path) -> None:
    from omnicorpus import cluster

    settings = Keep(fail="crash", flag=str(tmp_path / "flag"))
    run(tmp_path / "out", cluster.embedded(2), keep_settings=settings)
    assert (tmp_path / "flag").exists()
    assert result(tmp_path / "out") == [sum(n for start in (0, 100, 200) for n in range(start, start + 10, 2))]


def test_a_shard_that_always_fails_is_named_and_the_rest_is_done(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(ShardFailed, match=r"keep failed 3 times on shard b: .*a bug"):
        run(tmp_path, engine, keep_settings=Keep(fail="always"))
    there = job.status(str(tmp_path))
    assert (there.status, there.manifest) == ("failed", None)
    work = tmp_path / "work"
    assert sorted(path.name for path in work.glob("keep-*/*.json")) == ["a.json", "c.json"]
    assert "ValueError: a bug" in (work / "failures" / "keep-b.txt").read_text()


def test_every_shard_that_ends_is_one_line_for_machines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "omnicorpus.shards")
    with pytest.raises(ShardFailed):
        run(tmp_path, Inline(), keep_settings=Keep(fail="always"))
    lines = [json.loads(record.message) for record in caplog.records]
    assert [(line["stage"], line["shard"], line.get("fault")) for line in lines if line["shard"] == "b"] == [
        ("make", "b", None), ("keep", "b", "error"), ("keep", "b", "error"), ("keep", "b", "error"),
    ]  # fmt: skip
    (kept,) = (line for line in lines if (line["stage"], line["shard"]) == ("keep", "a"))
    assert (kept["rows_in"], kept["rows_out"], kept["drops"]) == (10, 5, {"divisor": 5})
    assert {line["reason"] for line in lines if "fault" in line} == {"ValueError: a bug"}


def test_a_missing_model_stops_the_run_with_its_own_line(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(ModelMissing, match="no model: get one"):
        run(tmp_path, engine, keep_settings=Keep(fail="model"))


def test_another_runs_output_is_not_touched(tmp_path: Path) -> None:
    run(tmp_path, Inline())
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="holds a run of other input"):
        run(tmp_path, Inline(), identity=Identity("toy", ("x",), {}))
    with pytest.raises(OutputError, match="holds a run of other input"):
        run(tmp_path, Inline(), identity=Identity("other", IDENTITY.files, {}))
    assert contents(tmp_path) == before


@pytest.mark.parametrize("place", ["documents/thesis.odt", "work/client/plan.txt"])
def test_a_folder_that_holds_something_else_is_refused_and_spared(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text("mine")
    with pytest.raises(OutputError, match="holds something else"):
        run(tmp_path, Inline())
    assert (tmp_path / place).read_text() == "mine"


def test_a_folder_without_a_run_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run at"):
        job.status(str(tmp_path))


def test_an_unfinished_run_has_no_result(tmp_path: Path) -> None:
    storage.write_bytes(str(tmp_path / job.RUN), b"{}")
    with pytest.raises(InputError, match="is not finished"):
        job.result_files(str(tmp_path), "documents")
