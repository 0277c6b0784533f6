"""The funnel: what went in, what was kept, what was dropped by which rule, stage by stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from omnicorpus.shard import Manifest
from omnicorpus.stage import Stage


@dataclass(frozen=True, slots=True)
class Level:
    """One stage's sum over its finished shards. `seconds` is processor time; `peak` the largest process, in bytes."""

    stage: str
    unit: str
    in_funnel: bool
    shards: int
    rows_in: int = 0
    rows_out: int = 0
    drops: dict[str, int] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    wall: float = 0.0
    peak: int = 0
    bytes: int = 0

    def plain(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Level.__slots__}


@dataclass(slots=True)
class Tally:
    """Adds up the shards of one stage as they finish, so that no shard's manifest has to stay in memory."""

    shards: int = 0
    rows_in: int = 0
    rows_out: int = 0
    drops: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    wall: float = 0.0
    peak: int = 0
    bytes: int = 0

    def add(self, done: Manifest) -> None:
        self.shards += 1
        self.rows_in += done.rows_in
        self.rows_out += done.rows_out
        self.drops.update(done.drops)
        self.cuts.update(done.cuts)
        self.seconds += done.seconds
        self.wall += done.wall
        self.peak = max(self.peak, done.peak)
        self.bytes += sum(int(table["bytes"]) for table in done.tables.values())

    def level(self, stage: Stage) -> Level:
        return Level(
            stage=stage.name,
            unit=stage.unit,
            in_funnel=stage.in_funnel,
            shards=self.shards,
            rows_in=self.rows_in,
            rows_out=self.rows_out,
            drops=_most_first(self.drops),
            cuts=_most_first(self.cuts),
            seconds=round(self.seconds, 3),
            wall=round(self.wall, 3),
            peak=self.peak,
            bytes=self.bytes,
        )


def tally(done: Iterable[Manifest]) -> Tally:
    total = Tally()
    for manifest in done:
        total.add(manifest)
    return total


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
