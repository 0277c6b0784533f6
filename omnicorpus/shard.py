"""One shard of one stage, carried out: the work, its measurements, and the manifest that is written last.

A shard's manifest is a small JSON file beside its tables. Its existence is the only sign that the shard is done.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omnicorpus import storage
from omnicorpus.errors import OutputError
from omnicorpus.stage import Call, Counts, Stage

ENDING = ".json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a finished shard. `seconds` is processor time, `wall` the clock, `peak` bytes of the process;
    `waited` is how much of `wall` it could have worked and had no processor.

    Everything but the last four is a function of the input and the configuration.
    """

    stage: str
    shard: str
    rows_in: int
    rows_out: int
    drops: Mapping[str, int] = field(default_factory=dict)
    cuts: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0
    wall: float = 0.0
    peak: int = 0
    waited: float = 0.0


def perform(stage: Stage, call: Call, state: object) -> Manifest:
    """Do the work and write the manifest. Raises what the work raises; then no manifest exists."""
    wall, processor, waiting = time.perf_counter(), time.process_time(), _waited()
    counts = stage.work(call, state)
    manifest = Manifest(
        stage=stage.name,
        shard=call.shard,
        rows_in=counts.rows_in,
        rows_out=counts.rows_out,
        drops=dict(counts.drops),
        cuts=dict(counts.cuts),
        tables={name: {"path": call.path(name), "bytes": storage.size(call.path(name))} for name in stage.tables},
        seconds=round(time.process_time() - processor, 3),
        wall=round(time.perf_counter() - wall, 3),
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        waited=round(_waited() - waiting, 3),
    )
    _check(stage, counts)
    storage.write_bytes(call.output + ENDING, json.dumps(_plain(manifest), indent=1, sort_keys=True).encode())
    return manifest


def _waited() -> float:
    """Seconds for which this thread was ready and stood in a processor's queue; 0 where the system doesn't tell."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _check(stage: Stage, counts: Counts) -> None:
    lost = counts.rows_in - counts.rows_out - sum(counts.drops.values())
    if stage.in_funnel and lost:
        raise AssertionError(f"{stage.name}: {lost} of {counts.rows_in} {stage.unit} left without a drop")


def _plain(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}


def read(path: str) -> Manifest:
    """Raises OutputError where the file is no manifest."""
    return _manifest(path, storage.read_bytes(path))


def read_all(paths: Iterable[str]) -> Iterator[Manifest]:
    """Many manifests in the order of their paths, read side by side where the store is far away."""
    for path, data in storage.read_many(paths):
        yield _manifest(path, data)


def _manifest(path: str, data: bytes) -> Manifest:
    try:
        return Manifest(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise OutputError(f"{path} is damaged ({error}); remove it and run the same command again") from error
