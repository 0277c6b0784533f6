"""A toy pipeline over numbers, some of which are poison: they kill the process that works on them, or hold it."""

from __future__ import annotations

import ctypes
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from omnicorpus import job, table, watch
from omnicorpus.document import Drop, Locator
from omnicorpus.job import Identity, Outcome
from omnicorpus.runner import Engine, Listener
from omnicorpus.schema import Dropped
from omnicorpus.stage import Call, Counts, Need, Resources, Stage

NUMBERS = pa.schema([("n", pa.int64())])


@dataclass(frozen=True)
class Evil:
    """Numbers and what each does: crash (a segmentation fault), hang (in C, holding the interpreter), memory (all that
    there is), swell (to `SWOLLEN` of the memory that is free, and stay so for up to a minute), error, wait (until there
    is a file `gate`).

    `once` is a folder of flags: what is named there happens once. `pause` is seconds of sleep a record.
    """

    fates: tuple[tuple[int, str], ...] = ()
    once: str = ""
    rows: int = 10
    pause: float = 0.0
    gate: str = ""


GOOD = Evil()

SWOLLEN = 0.5


def memory() -> dict[str, int]:
    """What the system says of its memory, in bytes."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) << 10 for line in lines}


def suffer(settings: Evil, number: int, stage: str) -> None:
    """Do what this number is to do to this process."""
    if settings.pause:
        time.sleep(settings.pause)
    fate = dict(settings.fates).get(number)
    if fate is None:
        return
    if settings.once:
        flag = Path(settings.once) / f"{stage}-{number}"
        if flag.exists():
            return
        flag.write_text(str(os.getpid()))
    if fate == "crash":
        ctypes.string_at(0)
    elif fate == "kill":
        os.kill(os.getpid(), 9)
    elif fate == "hang":
        re.match(r"(a*)*b", "a" * 64)
    elif fate == "memory":
        held = []
        while True:
            held.append(b"x" * (16 << 20))
            time.sleep(0.005)
    elif fate == "swell":
        held = [b"x" * (16 << 20) for _ in range(int(SWOLLEN * memory()["MemAvailable"]) >> 24)]
        time.sleep(60)
    elif fate == "wait":
        while not Path(settings.gate).exists():
            time.sleep(0.01)
    elif fate == "error":
        raise ValueError(f"{number} is no good")


def make(call: Call, _state: object) -> Counts:
    settings: Evil = call.settings
    kept, dropped = [], []
    numbers = range(call.index * 100, call.index * 100 + settings.rows)
    for number, lost in watch.records(call, numbers):
        if lost is not None:
            dropped.append(Dropped(lost, call.stage, warc=Locator(call.shard, number, 1)))
            continue
        suffer(settings, number, call.stage)
        kept.append(number)
    table.write(call.path("numbers"), pa.table({"n": kept}, schema=NUMBERS))
    call.write_drops(dropped)
    return Counts.of(len(numbers), len(kept), dropped)


def start(settings: Evil) -> int:
    return 2


def keep(call: Call, state: object) -> Counts:
    """Even numbers; in an actor."""
    numbers = table.read(call.one("make.numbers"))["n"].to_pylist()
    for number in numbers:
        suffer(call.settings, number, call.stage)
    kept = [number for number in numbers if number % 2 == 0]
    table.write(call.path("numbers"), pa.table({"n": kept}, schema=NUMBERS))
    dropped = [Dropped(Drop("odd", float(number)), call.stage) for number in numbers if number % 2]
    call.write_drops(dropped)
    return Counts.of(len(numbers), len(kept), dropped)


def total(call: Call, _state: object) -> Counts:
    whole = table.read_all(call.inputs["keep.numbers"], NUMBERS)
    suffer(call.settings, -1, call.stage)
    table.write(call.path("numbers"), pa.table({"n": [sum(whole["n"].to_pylist())]}, schema=NUMBERS))
    return Counts(whole.num_rows, 1)


LIMITS = Resources(record_seconds=2.5, record_memory=256 << 20)


def stages(
    shards: int = 6,
    *,
    first: Evil = GOOD,
    second: Evil = GOOD,
    third: Evil = GOOD,
    limits: Resources = LIMITS,
) -> tuple[Stage, ...]:
    names = tuple(f"s{number}" for number in range(shards))
    return (
        Stage(
            "make", make, first, ("numbers", "drops"), shards=names, unit="numbers", records=True, resources=limits
        ),
        Stage("keep", keep, second, ("numbers", "drops"), (Need("make", "numbers"),), start=start, unit="numbers"),
        Stage(
            "total", total, third, ("numbers",), (Need("keep", "numbers", "all"),), shards=("all",),
            final={"numbers": "documents"}, in_funnel=False,
        ),
    )  # fmt: skip


def run(root: Path, engine: Engine, laid: tuple[Stage, ...], listen: Listener = lambda _progress: None) -> Outcome:
    return job.execute(str(root), laid, Identity("toy", ("x",), {}), lambda: engine, listen)


def drops(root: Path) -> list[dict[str, Any]]:
    """What was taken away but for odd numbers."""
    rows = [row for path in job.result_files(str(root), "drops") for row in table.read(path).to_pylist()]
    return [row for row in rows if row["rule"] != "odd"]


_KEY = re.compile(r"-[0-9a-f]{12}(?=[/.])")


def contents(root: Path) -> dict[str, bytes]:
    """Every Parquet file of a run by its place, without the keys that the settings give it: poison is a setting."""
    return {_KEY.sub("", str(path.relative_to(root))): path.read_bytes() for path in sorted(root.rglob("*.parquet"))}
