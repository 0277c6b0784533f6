"""What the runner costs: the driver by itself, and Ray beside a plain process pool with the same work.

    python benchmarks/runner.py driver --shards 100000
    python benchmarks/runner.py pool --shards 40 --seconds 0.5
    python benchmarks/runner.py tiny --shards 100000

Everything is processor time (of this process and of all its descendants), which other work on the machine hardly moves;
the load of the last minute is told beside it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import ray

from omnicorpus import plan, runner, shard, storage, watch
from omnicorpus.runner import Finished
from omnicorpus.shard import Manifest
from omnicorpus.stage import Call, Counts, Need, Stage

TICK = os.sysconf("SC_CLK_TCK")

EVERY = 10_000
"""Shards between two looks at the driver's memory."""


@dataclass(frozen=True)
class Work:
    """`seconds` of processor time that one shard takes."""

    seconds: float


def burn(call: Call, _state: object) -> Counts:
    end = time.process_time() + call.settings.seconds
    while time.process_time() < end:
        sum(range(1_000))
    storage.write_bytes(call.path("out"), b"")
    return Counts(1, 1)


class Instant:
    """An engine that does nothing at once: what is left is the driver."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Stage, Sequence[tuple[int, Call]]]] = deque()

    def check(self, stage: Stage) -> None:
        pass

    def accepts(self, stage: Stage, waiting: Mapping[str, int]) -> bool:  # noqa: ARG002
        return len(self._queue) < 16

    def submit(self, stage: Stage, calls: Sequence[tuple[int, Call]], *, by_itself: bool) -> None:  # noqa: ARG002
        self._queue.append((stage, calls))

    def wait(self) -> list[Finished]:
        stage, calls = self._queue.popleft()
        return [
            Finished(stage.name, index, Manifest(stage.name, call.shard, 1, 1, tables={"out": {"bytes": 1}}))
            for index, call in calls
        ]

    def show(self, progress: Mapping[str, runner.Progress]) -> None:
        pass

    def close(self) -> None:
        pass


def stages(shards: int, seconds: float) -> tuple[Stage, ...]:
    names = tuple(f"shard-{number:06d}" for number in range(shards))
    return (Stage("burn", burn, Work(seconds), ("out",), shards=names),)


def driver(shards: int) -> None:
    """Two narrow stages and a wide one with 16 shards."""
    first = stages(shards, 0.0)[0]
    second = Stage("second", burn, Work(0.0), ("out",), needs=(Need("burn", "out"),))
    wide = Stage(
        "wide", burn, Work(0.0), ("out",), needs=(Need("second", "out", "all"),), shards=tuple("abcdefghijklmnop")
    )
    with tempfile.TemporaryDirectory() as folder:
        laid = plan.make(folder, (first, second, wide))
        before, begun = watch.resident(), time.process_time()
        peak = before
        seen = 0

        def listen(_progress: dict[str, runner.Progress]) -> None:
            nonlocal peak, seen
            seen += 1
            if seen % 1_000 == 0:
                peak = max(peak, watch.resident())

        runner.run(laid, Instant(), listen)
        each = (time.process_time() - begun) / (2 * shards + 16) * 1e3
    print(f"driver: {2 * shards + 16:,} calls, {each:.3f} ms each, memory grew by {(peak - before) / 2**20:.0f} MB")


def family_seconds() -> float:
    """Processor seconds of this process, of all that it started and lives, and of those that it has waited for.

    Ray's workers leave their parents and write over their environment; their logs lie in the session's folder.
    """
    spent = sum(os.times()[:4])
    session = ray._private.worker._global_node.get_session_dir_path() if ray.is_initialized() else None
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                mine = int(fields[1]) == os.getpid()
                if mine or (session is not None and str((entry / "fd" / "1").readlink()).startswith(session)):
                    spent += sum(map(int, fields[11:15])) / TICK
            except OSError:
                continue
    return spent


def _plain(call: Call, seconds: float) -> None:
    shard.perform(stages(1, seconds)[0], call, None)


def pool(shards: int, seconds: float, workers: int) -> None:
    """The same shards on a plain process pool and on the runner with Ray, started and ended in the bill."""
    with tempfile.TemporaryDirectory() as folder:
        laid = plan.make(folder, stages(shards, seconds))
        calls = [laid.call(laid.steps[0], index) for index in range(shards)]
        before = family_seconds()
        with ProcessPoolExecutor(workers) as executor:
            list(executor.map(_plain, calls, [seconds] * shards))
        plain = family_seconds() - before
    start, running = _on_ray(shards, seconds, workers)
    print(
        f"{shards} shards of {seconds:g} s on {workers} workers: process pool {plain:.2f} s, runner {running:.2f} s "
        f"({100 * (running / plain - 1):+.1f} %), and {start:.2f} s once to start Ray"
    )


def _on_ray(shards: int, seconds: float, workers: int) -> tuple[float, float]:
    """Processor seconds to start Ray, and for the run."""
    from omnicorpus import cluster

    with tempfile.TemporaryDirectory() as folder:
        before = family_seconds()
        engine = cluster.embedded(workers)
        warm = plan.make(storage.join(folder, "warm"), stages(4 * workers, 0.0))
        runner.run(warm, engine, lambda _: None)
        started = family_seconds()
        runner.run(plan.make(storage.join(folder, "run"), stages(shards, seconds)), engine, lambda _: None)
        ended = family_seconds()
        engine.close()
    return started - before, ended - started


def tiny(shards: int, workers: int) -> None:
    """Empty shards on Ray: what one costs the driver, beside the workers, and what the driver holds meanwhile."""
    from omnicorpus import cluster

    told = -EVERY

    def listen(progress: dict[str, runner.Progress]) -> None:
        nonlocal told
        done = len(progress["burn"].done)
        if done >= told + EVERY:
            told = done - done % EVERY
            print(f"{done:>9,} done: the driver holds {watch.resident() / 2**20:.1f} MiB", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        engine = cluster.embedded(workers)
        runner.run(plan.make(storage.join(folder, "warm"), stages(4 * workers, 0.0)), engine, lambda _: None)
        before, family = time.process_time(), family_seconds()
        runner.run(plan.make(storage.join(folder, "run"), stages(shards, 0.0)), engine, listen)
        own, all_of_it = time.process_time() - before, family_seconds() - family
        engine.close()
    print(
        f"{shards:,} empty shards: {1e3 * own / shards:.2f} ms each in the driver, "
        f"{1e3 * all_of_it / shards:.2f} ms with workers and Ray"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["driver", "pool", "tiny"])
    parser.add_argument("--shards", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f}")
    if given.what == "driver":
        driver(given.shards)
    elif given.what == "pool":
        pool(given.shards, given.seconds, given.workers)
    else:
        tiny(given.shards, given.workers)
    print(f"load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
