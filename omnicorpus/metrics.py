"""What Prometheus sees of a run, through Ray's own metrics: the driver tells, Ray's agent on its node exports.

Ray puts `ray_` before a name and `_total` after a counter's. A counter begins with what an earlier, killed run had
done, so that its value is the run's and not the process's.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ray.util.metrics import Counter, Gauge

from omnicorpus.runner import Progress

SECONDS = 1.0
"""Between two tellings. Ray itself exports every ten seconds."""

COUNTERS = {
    "omnicorpus_documents_in": ("Documents (images, addresses) that came to a stage", ("stage",)),
    "omnicorpus_documents_out": ("Documents (images, addresses) that a stage kept", ("stage",)),
    "omnicorpus_drops": ("Documents that a rule took away", ("stage", "rule")),
    "omnicorpus_cuts": ("Parts that a rule cut out of documents", ("stage", "rule")),
    "omnicorpus_bytes": ("Bytes that a stage wrote", ("stage",)),
    "omnicorpus_seconds": ("Processor seconds of a stage's shards", ("stage",)),
    "omnicorpus_wall_seconds": ("Seconds of the clock of a stage's shards, summed", ("stage",)),
    "omnicorpus_shards_done": ("Shards of a stage that are done", ("stage",)),
    "omnicorpus_retries": ("Shards of a stage that were started again", ("stage",)),
}

GAUGES = {
    "omnicorpus_shards_waiting": ("Shards that could start", ("stage",)),
    "omnicorpus_shards_blocked": ("Shards that wait for other stages", ("stage",)),
    "omnicorpus_shards_running": ("Shards under way", ("stage",)),
    "omnicorpus_shards_failed": ("Shards that failed as often as they may", ("stage",)),
    "omnicorpus_peak_bytes": ("Memory of the largest process of a stage", ("stage",)),
}

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A metric's name and its labels."""


def exported() -> set[str]:
    """The names under which Prometheus finds them."""
    return {f"ray_{name}_total" for name in COUNTERS} | {f"ray_{name}" for name in GAUGES}


def counts(progress: Mapping[str, Progress]) -> dict[Series, float]:
    """The counters' values by series."""
    found: dict[Series, float] = {}
    for name, stage in progress.items():
        tally = stage.tally
        values = {
            "documents_in": tally.rows_in,
            "documents_out": tally.rows_out,
            "bytes": tally.bytes,
            "seconds": tally.seconds,
            "wall_seconds": tally.wall,
            "shards_done": tally.shards,
            "retries": stage.retries,
        }
        found.update({(f"omnicorpus_{key}", (("stage", name),)): value for key, value in values.items()})
        for key, rules in (("drops", tally.drops), ("cuts", tally.cuts)):
            for rule, count in rules.items():
                found[f"omnicorpus_{key}", (("stage", name), ("rule", rule))] = count
    return found


def levels(progress: Mapping[str, Progress]) -> dict[Series, float]:
    """The gauges' values by series."""
    found: dict[Series, float] = {}
    for name, stage in progress.items():
        values = {
            "shards_waiting": len(stage.ready),
            "shards_blocked": len(stage.pending),
            "shards_running": len(stage.running),
            "shards_failed": len(stage.failed),
            "peak_bytes": stage.tally.peak,
        }
        found.update({(f"omnicorpus_{key}", (("stage", name),)): value for key, value in values.items()})
    return found


@dataclass(slots=True)
class Meter:
    """Tells a run's metrics; Ray must run. Call it with the progress as often as you like."""

    _counters: dict[str, Counter] = field(
        default_factory=lambda: {name: Counter(name, *about) for name, about in COUNTERS.items()}
    )
    _gauges: dict[str, Gauge] = field(
        default_factory=lambda: {name: Gauge(name, *about) for name, about in GAUGES.items()}
    )
    _told: dict[Series, float] = field(default_factory=dict)
    _last: float = -1e9

    def __call__(self, progress: Mapping[str, Progress]) -> None:
        ended = not any(stage.running or stage.ready for stage in progress.values())
        if time.monotonic() - self._last < SECONDS and not ended:
            return
        self._last = time.monotonic()
        for series, value in counts(progress).items():
            grown = value - self._told.get(series, 0.0)
            if grown > 0:
                self._told[series] = value
                self._counters[series[0]].inc(grown, dict(series[1]))
        for (name, labels), value in levels(progress).items():
            self._gauges[name].set(value, dict(labels))
