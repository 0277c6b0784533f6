"""The plan before the bill: what a run over the whole input will cost, from two small runs over a part of it.

Bytes grow with the input until duplicates are taken out, and by a power of it after that. Distinct pictures grow as one
expects who has seen how many of them one file of the probe shows, and how many two (`Met`). Time is start-up and what
grows: a crawl file of the smaller probe, which its process begins with, is in the middle of the larger one, so what it
takes less there was start-up. For stages that don't go file by file the two probes give a line over the rows that came
in: a picture costs by itself, not by its bytes. Hours are those of processors of one's own: what a probe stood in a
processor's queue, behind the machine's other work, is left out. Objects that a store is asked for are no guess: they
follow from the stages and the numbers of shards. What is no line (duplicates, wide stages) is said in
`Forecast.warnings`.
"""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow.compute as pc

from omnicorpus import job, plan, shard, storage, table
from omnicorpus.errors import ConfigError
from omnicorpus.job import Identity
from omnicorpus.runner import Engine, Listener
from omnicorpus.stage import Stage
from omnicorpus.supply import WANTED, SourceSettings

BEND = 1.2
"""Cost per amount in the larger probe over that in the smaller one, from which a stage counts as more than linear."""

LONG_ENOUGH = 1.0
"""Seconds of a stage in the larger probe under which neither its bend nor its start-up is worth a word."""

SMALLER = 4
"""How much smaller the smaller probe is."""

SHARED = ("processors", "GPUs", "network")
"""Limits that stages of one phase share."""

GIGABIT = 125e6
"""Bytes a second of a line of one gigabit."""


@dataclass(frozen=True, slots=True)
class Machines:
    """A cluster: `nodes` of `cores` and `gpus` each, with `bandwidth` bytes a second to store and web."""

    nodes: int = 1
    cores: float = float(os.cpu_count() or 1)
    gpus: float = 0.0
    bandwidth: float = GIGABIT

    def __post_init__(self) -> None:
        if self.nodes < 1 or self.cores <= 0 or self.gpus < 0 or self.bandwidth <= 0:
            raise ConfigError("a cluster has one node at least, with processors and bandwidth: mend --nodes, --cores, "
                              "--gpus or --bandwidth")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """What one stage took in a probe. `seconds` of processor and `wall` of the clock, summed over shards, the clock
    without what they `waited` for a processor (which only Linux tells); `peak` bytes of the largest process; bytes
    `read` and `written`; `asked` pictures of the web and the bytes that `came`. `files`: (seconds, wall) of each crawl
    file's shard, for stages that go file by file. `rows` came in, in the stage's unit."""

    shards: int
    seconds: float
    wall: float
    peak: int = 0
    read: float = 0.0
    written: float = 0.0
    asked: float = 0.0
    came: float = 0.0
    files: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    waited: float = 0.0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Met:
    """How a probe met its pictures: `pictures` distinct ones in `files` files, `once` of them in one file alone,
    `twice` in two."""

    files: int
    pictures: int
    once: int
    twice: int

    def times(self, more: float) -> float:
        """How many times as many distinct pictures are in `more` times as many files, these among them.

        The files are a sample without replacement of all files: the lower bound of Chao and Lin, "Nonparametric lower
        bounds for species richness and shared species richness under sampling without replacement", Biometrics 68
        (2012), with pictures for species. Where no picture is met twice there are `more` times as many.
        """
        if not self.once or more <= 1:
            return 1.0
        again = 2 * self.twice * self.files / max(1, self.files - 1)
        return 1 + self.once**2 / (again + self.once / (more - 1)) / self.pictures


@dataclass(frozen=True, slots=True)
class Probe:
    """One small run: `amount` of input in the unit of the whole (bytes, or files where sizes are unknown), its loads by
    stage, and how many calls ran at once. `warm` says that its processes had worked before, so that it holds no
    start-up. `besides`: seconds of the clock that no shard took, in which Ray, workers and models start. `met` is None
    where no stage asks for pictures."""

    amount: float
    loads: Mapping[str, Load]
    slots: float = 1.0
    warm: bool = False
    besides: float = 0.0
    met: Met | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """A stage's forecast. `seconds` of processor, of which `fixed` don't grow with the input; `gpu_seconds`.

    `objects` of the store are read and written; `asked` pictures of the web bring `came` bytes. `busy` is how many
    hours it would take if nothing but the key held it: processors, GPUs, network, and `pool` or `shards` for how far
    it can be spread. The largest is the stage's `limit`.
    """

    stage: str
    shards: int
    seconds: float
    fixed: float
    gpu_seconds: float
    read: float
    written: float
    objects: int
    asked: float
    came: float
    peak: float
    busy: Mapping[str, float]
    phase: int

    @property
    def limit(self) -> str:
        return max(self.busy, key=lambda name: self.busy[name])

    @property
    def hours(self) -> float:
        return self.busy[self.limit]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run over the whole will take on these machines. `bottleneck` is the stage of the longest phase that takes
    most of what holds the phase, and that limit."""

    machines: Machines
    stages: tuple[Cost, ...]
    hours: float
    bottleneck: tuple[str, str]
    warnings: tuple[str, ...] = ()
    totals: Mapping[str, float] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        stages = [asdict(cost) | {"hours": cost.hours, "limit": cost.limit} for cost in self.stages]
        return asdict(self) | {"stages": stages}


def forecast(stages: Sequence[Stage], small: Probe, large: Probe, amount: float, machines: Machines) -> Forecast:
    """The whole: `stages` over all of the input, of which there is `amount`.

    Stages overlap shard by shard, but whatever reads all shards of another waits for it: such needs cut the run into
    phases, which follow each other. A phase takes as long as what holds it most: processors or GPUs together, the
    network, or one stage that can't be spread further (its pool, its number of shards).
    """
    counts = shard_counts(stages)
    phases = _phases(stages)
    pictured = _pictured(stages, phases)
    costs = tuple(
        _cost(
            stage,
            counts,
            phases[stage.name],
            small,
            large,
            amount,
            machines,
            large.met if stage.name in pictured else None,
        )
        for stage in stages
    )
    spans = [_span([cost for cost in costs if cost.phase == phase]) for phase in range(max(phases.values()) + 1)]
    longest = max(spans, key=lambda span: span[0])
    names = ("seconds", "fixed", "gpu_seconds", "read", "written", "objects", "asked", "came")
    return Forecast(
        machines,
        costs,
        sum(hours for hours, _, _ in spans) + large.besides / 3600,
        longest[1:],
        tuple(_warnings(stages, costs, small, large, amount, machines)),
        {name: sum(getattr(cost, name) for cost in costs) for name in names},
    )


def shard_counts(stages: Sequence[Stage]) -> dict[str, int]:
    """Shards by stage: its own, or those of what it reads first."""
    counts: dict[str, int] = {}
    for stage in stages:
        counts[stage.name] = len(stage.shards) if stage.shards is not None else counts[stage.needs[0].stage]
    return counts


def line(first: tuple[float, float], second: tuple[float, float], amount: float) -> tuple[float, float]:
    """(fixed, growing) at `amount` of the line through two points (amount, value), the second of the larger amount.

    A value that grows faster than the amount has no start-up, and one that shrinks does not grow: no part is negative.
    """
    (x1, y1), (x2, y2) = first, second
    slope = (y2 - y1) / (x2 - x1) if x2 > x1 else y2 / x2
    if slope <= 0:
        return y2, 0.0
    fixed = y2 - slope * x2
    if fixed < 0:
        return 0.0, y2 / x2 * amount
    return fixed, slope * amount


def _phases(stages: Sequence[Stage]) -> dict[str, int]:
    found: dict[str, int] = {}
    for stage in stages:
        found[stage.name] = max((found[need.stage] + (need.scope == "all") for need in stage.needs), default=0)
    return found


def _pictured(stages: Sequence[Stage], phases: Mapping[str, int]) -> set[str]:
    """The stages whose rows are distinct pictures: the one that asks for them, and those after it over its shards."""
    for asking in stages:
        if isinstance(asking.settings, SourceSettings):
            shards, phase = _own_shards(stages, asking), phases[asking.name]
            return {each.name for each in stages if _own_shards(stages, each) == shards and phases[each.name] >= phase}
    return set()


def _own_shards(stages: Sequence[Stage], stage: Stage) -> tuple[str, ...] | None:
    """The names of a stage's shards: its own, or those of what it reads first."""
    named = {each.name: each for each in stages}
    while stage.shards is None and stage.needs:
        stage = named[stage.needs[0].stage]
    return stage.shards


def _cost(
    stage: Stage,
    counts: Mapping[str, int],
    phase: int,
    small: Probe,
    large: Probe,
    amount: float,
    machines: Machines,
    met: Met | None,
) -> Cost:
    shards = counts[stage.name]
    first, second = small.loads[stage.name], large.loads[stage.name]

    times = _growth(phase, first.read, second.read, small, large, amount)
    if met is None:
        more_rows = _growth(phase, first.rows, second.rows, small, large, amount)
    else:
        more_rows = met.times(amount / large.amount)

    def growing_with_it(name: str) -> float:
        return float(getattr(second, name)) * times

    # Start-up is paid by every process: as many as work at once, here and there.
    slots = _slots(stage, machines, shards)
    processes = slots / max(1.0, min(large.slots, second.shards))
    (fixed, growing), (waiting, working) = (
        _time(name, first, second, small, large, amount, more_rows) for name in TIMES
    )
    fixed, wall = fixed * processes, waiting * processes + working
    gpu = wall * stage.resources.gpus
    is_wide = any(need.scope == "all" for need in stage.needs)
    came = growing_with_it("came")
    read, written = growing_with_it("read"), growing_with_it("written")
    limits = {
        "processors": wall * stage.resources.cpus / (machines.cores * machines.nodes),
        "GPUs": gpu / (machines.gpus * machines.nodes) if gpu and machines.gpus else 0.0,
        "network": (read + written + came) / (machines.bandwidth * machines.nodes),
        "pool" if stage.resources.pool and slots == stage.resources.pool else "shards": wall / slots,
    }
    return Cost(
        stage.name,
        shards,
        seconds=fixed + growing,
        fixed=fixed,
        gpu_seconds=gpu,
        read=read,
        written=written,
        objects=_objects(stage, counts),
        asked=growing_with_it("asked"),
        came=came,
        peak=sum(line((small.amount, first.peak), (large.amount, second.peak), amount)) if is_wide else second.peak,
        busy={name: seconds / 3600 for name, seconds in limits.items()},
        phase=phase,
    )


TIMES = ("seconds", "wall")


def _growth(phase: int, less: float, more: float, small: Probe, large: Probe, amount: float) -> float:
    """How many times as much as in the larger probe comes into a stage; `less` came in in the smaller, `more` in it.

    Before any stage has seen the whole, as much as there is input. After it distinct things are left, and those grow
    by a power of the amount (Heaps' law), which is 1 where nothing is met twice.
    """
    whole = amount / large.amount
    if phase == 0 or not 0 < less < more:
        return whole
    power = math.log(more / less) / math.log(large.amount / small.amount)
    return float(whole ** min(1.0, power))


def _time(
    name: str, first: Load, second: Load, small: Probe, large: Probe, amount: float, times: float
) -> tuple[float, float]:
    """(start-up, growing) of a stage's time at `amount`."""
    both = first.files.keys() & second.files.keys()
    less, more = getattr(first, name), getattr(second, name)
    if both:
        index = TIMES.index(name)
        warm = sum(max(0.0, first.files[file][index] - second.files[file][index]) for file in both)
        fixed = min(warm, more)
        return (warm, more * times) if large.warm else (fixed, (more - fixed) * times)
    if large.warm and not second.rows:  # no row came: its shards were opened and closed, and there will be no more
        return max(less, more), 0.0
    counted = 0 < first.rows < second.rows
    part, whole, all_of_it = (
        (float(first.rows), float(second.rows), second.rows * times)
        if counted
        else (small.amount, large.amount, amount)
    )
    if large.warm:
        return max(0.0, less - more * part / whole), more * all_of_it / whole
    return line((part, less), (whole, more), all_of_it)


def _slots(stage: Stage, machines: Machines, shards: int) -> float:
    """Calls of the stage at once."""
    needs = stage.resources
    fit = [machines.nodes * machines.cores / needs.cpus] if needs.cpus else []
    if needs.gpus and machines.gpus:
        fit.append(machines.nodes * machines.gpus / needs.gpus)
    return max(1.0, min([*fit, float(shards), float(needs.pool or shards)]))


def _objects(stage: Stage, counts: Mapping[str, int]) -> int:
    """Objects that the stage's shards read and write: tables, manifests, crawl files."""
    shards = counts[stage.name]
    reads = sum(counts[need.stage] if need.scope == "all" else 1 for need in stage.needs) + bool(stage.sources)
    return shards * (reads + len(stage.tables) + 1)


def _span(costs: Sequence[Cost]) -> tuple[float, str, str]:
    """(hours, stage, limit) of a phase: what is shared is summed, what one stage can't spread is the stage's own."""
    shared = [
        (sum(cost.busy[limit] for cost in costs), max(costs, key=lambda cost: cost.busy[limit]).stage, limit)
        for limit in SHARED
    ]
    own = [(cost.hours, cost.stage, cost.limit) for cost in costs if cost.limit not in SHARED]
    return max([*shared, *own], key=lambda span: span[0])


def _warnings(
    stages: Sequence[Stage],
    costs: Sequence[Cost],
    small: Probe,
    large: Probe,
    amount: float,
    machines: Machines,
) -> list[str]:
    found = []
    wide = [stage.name for stage in stages if any(need.scope == "all" for need in stage.needs)]
    for cost in costs:
        first, second = small.loads[cost.stage], large.loads[cost.stage]
        if second.seconds < LONG_ENOUGH:
            continue
        if second.seconds / large.amount > BEND * first.seconds / small.amount:
            found.append(f"{cost.stage} grew faster than its input in the probe: its forecast is a lower bound")
        elif cost.fixed > (cost.seconds - cost.fixed) * large.amount / amount:
            found.append(f"{cost.stage} was mostly start-up in the probe: a larger probe tells its growth better")
    if wide:
        most = max((cost for cost in costs if cost.stage in wide), key=lambda cost: cost.objects)
        found.append(
            f"stages that read all shards ({len(wide)} of {len(stages)}) open every file of every other: {most.stage} "
            f"{most.objects:,} objects, which grow with files times partitions, not with files"
        )
        found.append(
            "duplicates grow with the crawl, so fewer documents will be left than a probe shows: what comes after "
            "deduplication (images, storage) is an upper bound"
        )
    if machines.gpus and not any(cost.gpu_seconds for cost in costs):
        found.append(
            "no stage of the probe claimed a GPU, so GPU-hours are not measured: probe on a machine that has one"
        )
    return found


def probed(files: Sequence[str], count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files of the smaller and of the larger probe, evenly over the input; the smaller's are among the larger's.

    Raises ConfigError where there are too few.
    """
    if count < 2:
        raise ConfigError("--probe takes 2 files or more: one size can't tell start-up from growth")
    if len(files) < count:
        raise ConfigError(f"--probe {count}: the input has {len(files)} files; probe as many or fewer")
    larger = tuple(files[(2 * number + 1) * len(files) // (2 * count)] for number in range(count))
    less = max(1, count // SMALLER)
    return tuple(larger[(2 * number + 1) * count // (2 * less)] for number in range(less)), larger


def amounts(files: Sequence[str], parts: Sequence[Sequence[str]]) -> tuple[float, list[float]]:
    """The amount of the whole and of each part: bytes, where all files are local, else files."""
    if all(storage.is_local(path) for path in files):
        size = {path: float(storage.size(path)) for path in files}
        return sum(size.values()), [sum(size[path] for path in part) for part in parts]
    return float(len(files)), [float(len(part)) for part in parts]


def probe(
    root: str,
    stages: Sequence[Stage],
    identity: Identity,
    amount: float,
    start: Callable[[], Engine],
    listen: Listener,
    slots: float,
    *,
    warm: bool = False,
) -> Probe:
    """Run the stages for real at `root` and measure them; `warm` as in `Probe`. Raises what a run raises."""
    begun = time.monotonic()
    job.execute(root, stages, identity, start, listen)
    clock = time.monotonic() - begun
    laid = plan.make(root, stages)
    sizes: dict[tuple[str, str], float] = {}
    loads: dict[str, Load] = {}
    met: Met | None = None
    for step in laid.steps:
        done = list(shard.read_all(step.output(name) + shard.ENDING for name in step.shards))
        for manifest in done:
            for name, entry in manifest.tables.items():
                key = step.stage.name, name
                sizes[key] = sizes.get(key, 0.0) + float(entry["bytes"])
        read = sum(sizes[need.stage, need.table] for need in step.stage.needs)
        read += sum(float(storage.size(path)) for path in step.stage.sources)
        by_file = step.shards == laid.steps[0].shards
        files = {manifest.shard: (manifest.seconds, manifest.wall - manifest.waited) for manifest in done if by_file}
        asked = came = 0.0
        if isinstance(step.stage.settings, SourceSettings):
            asked, came = _asked(laid, step)
            met = _met(laid, step)
        loads[step.stage.name] = Load(
            len(done),
            sum(manifest.seconds for manifest in done),
            sum(manifest.wall - manifest.waited for manifest in done),
            max((manifest.peak for manifest in done), default=0),
            read,
            sum(sizes[step.stage.name, name] for name in step.stage.tables),
            asked,
            came,
            files,
            sum(manifest.waited for manifest in done),
            sum(manifest.rows_in for manifest in done),
        )
    worked = sum((load.wall + load.waited) / max(1.0, min(slots, load.shards)) for load in loads.values())
    return Probe(amount, loads, slots, warm, max(0.0, clock - worked), met)


def _met(laid: plan.Plan, step: plan.Step) -> Met | None:
    """None where no picture is wanted."""
    paths = laid.tables(step.stage.needs[0])
    files: Counter[int] = Counter()
    for partition in range(len(step.shards)):
        wanted = table.gather(paths, partition, WANTED, ["key"])["key"]
        files.update(pc.value_counts(wanted).field("counts").to_pylist())
    return Met(len(paths), files.total(), files[1], files[2]) if files else None


def _asked(laid: plan.Plan, step: plan.Step) -> tuple[float, float]:
    """Pictures that the web is asked for, at most (some hosts' robots refuse them), and the bytes that came."""
    if "web" not in step.stage.settings.sources:  # type: ignore[attr-defined]
        return 0.0, 0.0
    asked = came = 0.0
    for name in step.shards:
        for group in table.groups(laid.table(step, name, "pictures"), ["source", "content"]):
            # What no source gave was asked for in vain.
            web = group.filter(pc.equal(pc.fill_null(group["source"], "web"), "web"))
            asked += web.num_rows
            came += pc.sum(pc.binary_length(web["content"])).as_py() or 0
    return asked, came
