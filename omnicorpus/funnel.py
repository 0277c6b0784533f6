"""The funnel: what went in, what was kept, what was dropped by which rule, stage by stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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


def levels(stages: Sequence[Stage], manifests: Iterable[Manifest]) -> list[Level]:
    """One level a stage, in pipeline order."""
    by_stage: dict[str, list[Manifest]] = {stage.name: [] for stage in stages}
    for manifest in manifests:
        by_stage[manifest.stage].append(manifest)
    return [_level(stage, by_stage[stage.name]) for stage in stages]


def _level(stage: Stage, done: list[Manifest]) -> Level:
    return Level(
        stage=stage.name,
        unit=stage.unit,
        in_funnel=stage.in_funnel,
        shards=len(done),
        rows_in=sum(manifest.rows_in for manifest in done),
        rows_out=sum(manifest.rows_out for manifest in done),
        drops=_sum(manifest.drops for manifest in done),
        cuts=_sum(manifest.cuts for manifest in done),
        seconds=round(sum(manifest.seconds for manifest in done), 3),
        wall=round(sum(manifest.wall for manifest in done), 3),
        peak=max((manifest.peak for manifest in done), default=0),
        bytes=sum(int(table["bytes"]) for manifest in done for table in manifest.tables.values()),
    )


def _sum(counts: Iterable[Any]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
