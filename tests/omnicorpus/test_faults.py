"""Faults on a real Ray cluster of several nodes: what is done again, and that nothing is lost but the record at fault.

Every fault is set off by an event (a shard is done, a file is there), never by a clock.
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from omnicorpus import cluster, job
from omnicorpus.errors import ConfigError, OutputError, ShardFailed
from omnicorpus.job import Outcome
from omnicorpus.runner import Engine, Inline, Progress
from omnicorpus.stage import Resources, Stage
from tests import poison
from tests.nodes import Nodes, nodes
from tests.poison import Evil

ROOT = Path(__file__).parents[2]

Ledger = Callable[[str, str, str], None]

SILENCE = 6.0, 12.0
"""Seconds after which a driver here counts its head as gone, and after which it ends in any case."""

SLOW = Evil(pause=0.02)
"""Shards that take long enough for a fault to meet them."""


@pytest.fixture(scope="module")
def three() -> Iterator[Nodes]:
    with nodes(1, 1, 1) as started:
        yield started


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run without any fault gives, in this process."""
    root = tmp_path_factory.mktemp("whole")
    poison.run(root, Inline(), poison.stages())
    return poison.contents(root)


class Watch:
    """Remembers how often shards were started again, and does something once when an event is seen."""

    def __init__(self, event: Callable[[dict[str, Progress]], bool], act: Callable[[], None]) -> None:
        self._event, self._act = event, act
        self.acted = False
        self.retries: dict[str, int] = {}

    def __call__(self, progress: dict[str, Progress]) -> None:
        self.retries = {name: stage.retries for name, stage in progress.items() if stage.retries}
        if not self.acted and self._event(progress):
            self.acted = True
            self._act()

    def __str__(self) -> str:
        return ", ".join(f"{count} of {name}" for name, count in self.retries.items()) or "nothing"


def nothing() -> Watch:
    return Watch(lambda _progress: False, lambda: None)


def done(name: str, count: int = 1) -> Callable[[dict[str, Progress]], bool]:
    return lambda progress: len(progress[name].done) >= count


def run(root: Path, engine: Engine, stages: tuple[Stage, ...], watch: Watch) -> Outcome:
    return poison.run(root, engine, stages, watch)


def flags(folder: Path) -> str:
    path = folder / "flags"
    path.mkdir()
    return str(path)


@pytest.mark.slow
@pytest.mark.faults
def test_killed_workers_and_poison_on_one_machine(tmp_path: Path, whole: dict[str, bytes], ledger: Ledger) -> None:
    once = flags(tmp_path)
    killed = poison.stages(
        first=Evil(((3, "kill"),), once), second=Evil(((104, "kill"),), once), third=Evil(((-1, "kill"),), once)
    )
    watch = nothing()
    run(tmp_path / "killed", cluster.embedded(2), killed, watch)
    assert sorted(path.name for path in Path(once).iterdir()) == ["keep-104", "make-3", "total--1"]
    assert poison.contents(tmp_path / "killed") == whole
    ledger("SIGKILL of a worker: task, actor, wide task", str(watch), "nothing")


FATES = ((3, "crash"), (104, "hang"), (205, "memory"), (306, "error"), (308, "crash"))


@pytest.mark.slow
@pytest.mark.faults
def test_poison_is_lost_alone(tmp_path: Path, three: Nodes, whole: dict[str, bytes], ledger: Ledger) -> None:
    watch = nothing()
    run(tmp_path / "a", cluster.joined(three.address), poison.stages(first=Evil(FATES)), watch)
    drops = poison.drops(tmp_path / "a")
    assert [(row["warc"]["file"], row["warc"]["offset"], row["rule"]) for row in drops] == [
        ("s0", 3, "crash"), ("s1", 104, "hang"), ("s2", 205, "memory"), ("s3", 306, "error"), ("s3", 308, "crash"),
    ]  # fmt: skip
    assert drops[0]["detail"] == "SIGSEGV"
    # Shards without poison are the same to the byte.
    made = poison.contents(tmp_path / "a")
    assert {name for name in whole if made[name] == whole[name] and name.startswith("work/make")} == {
        "work/make/s4.numbers.parquet",
        "work/make/s5.numbers.parquet",
    }
    levels = {level.stage: level for level in job_levels(tmp_path / "a")}
    assert levels["make"].drops == {"crash": 2, "error": 1, "hang": 1, "memory": 1}
    assert (levels["make"].rows_in, levels["make"].rows_out) == (60, 55)
    run(tmp_path / "b", cluster.joined(three.address), poison.stages(2, first=Evil(FATES)), nothing())
    again = poison.contents(tmp_path / "b")
    shards = [name for name in again if "/s" in name]
    assert {name: again[name] for name in shards} == {
        name: made[name] for name in made if "/s0" in name or "/s1" in name
    }
    ledger("records: segfault, loop in C, eats memory, raises", str(watch), "those 5 records, as drops")


def job_levels(root: Path) -> list[job.Level]:
    return [job.Level(**level) for level in job.finished(str(root))["funnel"]]


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("workers", [1, 8])
def test_any_number_of_workers_gives_the_same_bytes(
    tmp_path: Path, whole: dict[str, bytes], workers: int, ledger: Ledger
) -> None:
    run(tmp_path, cluster.embedded(workers), poison.stages(), nothing())
    assert poison.contents(tmp_path) == whole
    ledger(f"none: {workers} workers on one node", "nothing", "nothing")


@pytest.mark.slow
@pytest.mark.faults
def test_three_nodes_give_the_same_bytes(tmp_path: Path, three: Nodes, whole: dict[str, bytes], ledger: Ledger) -> None:
    run(tmp_path, cluster.joined(three.address), poison.stages(), nothing())
    assert poison.contents(tmp_path) == whole
    ledger("none: three nodes", "nothing", "nothing")


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("seen", ["work/make-*/*.json", "work/keep-*/*.json"])
def test_a_driver_killed_and_resumed_gives_the_same_bytes(
    tmp_path: Path, three: Nodes, whole: dict[str, bytes], seen: str, ledger: Ledger
) -> None:
    root = tmp_path / "out"
    driver = start_driver(root, three.address)
    wait_for(lambda: bool(list(root.glob(seen))), driver)
    driver.send_signal(signal.SIGKILL)
    assert driver.wait() == -signal.SIGKILL
    assert not (root / job.MANIFEST).exists()
    there = len(list(root.glob("work/*/*.json")))
    run(root, cluster.joined(three.address), poison.stages(first=SLOW), nothing())
    assert poison.contents(root) == whole
    ledger(f"SIGKILL of the driver at the first {seen.split('/')[1][:4]}", f"{13 - there} of 13 shards", "nothing")


def start_driver(root: Path, address: str) -> subprocess.Popen[bytes]:
    program = (
        "from pathlib import Path; from omnicorpus import cluster, errors; from tests import poison\n"
        f"cluster.HEAD_GONE, cluster.LAST_WORDS = {SILENCE}\n"
        "try:\n"
        f" poison.run(Path({str(root)!r}), cluster.joined({address!r}), poison.stages(first=poison.Evil(pause=0.02)))\n"
        "except errors.OmnicorpusError as error:\n"
        " print(error, flush=True)\n"
        " raise SystemExit(2) from None\n"
    )
    with log_of(root).open("wb") as log:
        return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=log, stderr=log)


def log_of(root: Path) -> Path:
    """What the driver of a run told."""
    return root.with_name("driver.log")


def wait_for(true: Callable[[], bool], driver: subprocess.Popen[bytes]) -> None:
    while not true():
        assert driver.poll() is None, f"the driver ended by itself with {driver.returncode}"
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.faults
def test_a_stage_that_fits_nowhere_is_one_line(tmp_path: Path, three: Nodes, ledger: Ledger) -> None:
    make, keep, total = poison.stages()
    keep = replace(keep, resources=Resources(cpus=1, gpus=1))
    engine = cluster.joined(three.address)
    engine.placing = 2.0
    with pytest.raises(ConfigError, match=r"no node has what a worker of keep asks for, 1 CPUs and 1 GPUs .*none came"):
        run(tmp_path, engine, (make, keep, total), nothing())
    assert len(list(tmp_path.glob("work/make-*/*.json"))) == 6
    ledger("an actor that fits on no node", "nothing: one line says so", "nothing")


@pytest.mark.slow
@pytest.mark.faults
def test_a_shard_over_its_limit_is_ended_and_tried_again(
    tmp_path: Path, three: Nodes, whole: dict[str, bytes], ledger: Ledger
) -> None:
    make, keep, total = poison.stages(second=Evil(((104, "hang"),), flags(tmp_path)))
    keep = replace(keep, resources=Resources(seconds=6.0))
    watch = nothing()
    run(tmp_path / "out", cluster.joined(three.address), (make, keep, total), watch)
    assert poison.contents(tmp_path / "out") == whole
    assert watch.retries["keep"] >= 1
    ledger("an actor that hangs in C, once", str(watch), "nothing")


@pytest.mark.slow
@pytest.mark.faults
def test_a_worker_that_ray_ends_for_want_of_memory_costs_its_shard_once(
    tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path / "whole", Inline(), poison.stages(2), nothing())
    caplog.set_level(logging.INFO, logger="omnicorpus")
    memory = poison.memory()
    # Half of what the worker will take: others on this machine may take or free as much meanwhile.
    full = 1 - (1 - poison.SWOLLEN / 2) * memory["MemAvailable"] / memory["MemTotal"]
    with nodes(1, system={"memory_usage_threshold": full, "memory_monitor_refresh_ms": 100}) as small:
        watch = nothing()
        swollen = poison.stages(2, second=Evil(((104, "swell"),), flags(tmp_path)))
        run(tmp_path / "out", cluster.joined(small.address), swollen, watch)
    assert poison.contents(tmp_path / "out") == poison.contents(tmp_path / "whole")
    ends = [json.loads(record.message) for record in caplog.records if '"fault"' in record.message]
    assert {(end["stage"], end["shard"], end["fault"]) for end in ends} == {("keep", "s1", "crash")}
    assert "memory" in ends[0]["reason"]
    ledger("Ray ends a worker for want of memory", str(watch), "nothing")


@pytest.mark.slow
@pytest.mark.faults
def test_a_node_killed_and_another_added_gives_the_same_bytes(
    tmp_path: Path, three: Nodes, whole: dict[str, bytes], ledger: Ledger
) -> None:
    extra = three.add(2)

    def lose_it() -> None:
        three.kill(extra)
        three.add(1)

    watch = Watch(done("make"), lose_it)
    run(tmp_path, cluster.joined(three.address), poison.stages(first=SLOW, second=SLOW), watch)
    assert watch.acted
    assert poison.contents(tmp_path) == whole
    ledger("a node lost, another added", str(watch), "nothing")


@pytest.mark.slow
@pytest.mark.faults
def test_a_pool_grows_and_shrinks_with_its_cluster(tmp_path: Path, whole: dict[str, bytes], ledger: Ledger) -> None:
    gate = tmp_path / "gate"
    held = Evil(tuple((100 * shard, "wait") for shard in range(6)), gate=str(gate))
    seen: list[int] = []
    with nodes(1) as small:
        engine = cluster.joined(small.address)
        more: list[object] = []
        watch = nothing()

        def listen(progress: dict[str, Progress]) -> None:
            """One is at work and can't go on: a node comes. Three are: it goes. One is, and waits: the gate opens."""
            watch(progress)
            seen.append(len(progress["keep"].running))
            if not more and seen[-1] == 1:
                more.append(small.add(2))
            elif len(more) == 1 and seen[-1] == 3:
                small.kill(more[0])
                more.append(None)
                # A worker that finds no place, however long, is not to end a run that has others.
                engine.placing = 1.0
            elif len(more) == 2 and seen[-LOOKS:] == [1] * LOOKS:
                engine.placing = cluster.PLACING
                gate.touch()

        outcome = poison.run(tmp_path / "out", engine, poison.stages(second=held), listen)
    grown = seen.index(3)
    assert max(seen) == 3
    assert max(seen[seen.index(1, grown) :]) == 1
    assert outcome.levels[1].rows_out == 30
    assert poison.contents(tmp_path / "out") == whole
    ledger("1, 3 and again 1 actors, with the nodes", str(watch), "nothing")


LOOKS = 6
"""Of the driver at a run that stands still, a second each: more than it takes to see what a cluster has."""


@pytest.mark.slow
@pytest.mark.faults
def test_a_cluster_that_goes_away_costs_nothing(tmp_path: Path, whole: dict[str, bytes], ledger: Ledger) -> None:
    root = tmp_path / "out"
    with nodes(1) as first:
        driver = start_driver(root, first.address)
        wait_for(lambda: bool(list(root.glob("work/make-*/*.json"))), driver)
        first.kill_head()
        assert driver.wait(timeout=150) == 2, log_of(root).read_text()[-3000:]
    assert "the Ray cluster has gone" in log_of(root).read_text()
    assert not (root / job.MANIFEST).exists()
    there = len(list(root.glob("work/*/*.json")))
    with nodes(1) as second:
        run(root, cluster.joined(second.address), poison.stages(first=SLOW), nothing())
    assert poison.contents(root) == whole
    ledger("Ray's head killed, another started", f"{13 - there} of 13 shards", "nothing")


@pytest.mark.slow
@pytest.mark.faults
def test_a_shard_that_always_kills_its_actor_is_named(tmp_path: Path, three: Nodes, ledger: Ledger) -> None:
    watch = nothing()
    with pytest.raises(ShardFailed, match=r"keep failed 6 times on shard s1: .*everything else is done"):
        run(tmp_path, cluster.joined(three.address), poison.stages(second=Evil(((104, "kill"),))), watch)
    assert len(list(tmp_path.glob("work/keep-*/*.json"))) == 5
    ledger("a shard that always kills its actor", str(watch), "nothing: the run says which shard, and tries it again")


@pytest.mark.slow
@pytest.mark.faults
def test_a_full_disk_ends_the_run_with_one_line_and_costs_nothing(
    tmp_path: Path, whole: dict[str, bytes], ledger: Ledger
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        with pytest.raises(OutputError, match=r"no space left for .*: make room and run the same command again"):
            run(disk / "out", Inline(), poison.stages(), nothing())
        there = len(list((disk / "out").glob("work/*/*.json")))
        assert 0 < there < 13
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        run(disk / "out", Inline(), poison.stages(), nothing())
        assert poison.contents(disk / "out") == whole
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    ledger("a full disk, then room", f"{13 - there} of 13 shards", "nothing")
