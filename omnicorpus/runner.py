"""Carries out a plan: starts whatever is ready, downstream first, and tries again what failed for no fault of its own.

The runner decides; an `Engine` does: `Inline` in this process, `cluster.Cluster` on Ray. The runner keeps no state that
the shards' manifests don't hold, so a run that was killed goes on where its files say.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Literal, Protocol

from omnicorpus import alone, funnel, shard, storage
from omnicorpus.errors import InputError, OmnicorpusError, ShardFailed
from omnicorpus.funnel import Tally
from omnicorpus.plan import Plan, Step
from omnicorpus.shard import Manifest
from omnicorpus.stage import Call, Stage

ATTEMPTS = 3
"""Times that a shard may raise. A fault of a machine seldom comes back twice; a fault of the data always does."""

CRASHES = 6
"""Times that a shard's process may die. More than ATTEMPTS: what kills a process is more often the machine's fault."""

LOSSES = 20
"""Times that a shard may be lost with its node. On machines that are taken away at will, some shard has bad luck."""

ALONE_AFTER = 2
"""Failures of a shard (crashes or errors) after which it runs in a process of its own, record by record."""

TOGETHER = 16
"""Shards that go in one call at most, where they are short: a call costs the driver a millisecond, whatever it
holds."""

TOGETHER_SECONDS = 0.2
"""What a call of several shards is to take by the mean of those that are done."""

KNOWN = 8
"""Shards of a stage that must be done before their mean counts."""

SPREAD = 32
"""Calls for which there must be work: shards go together only where many more wait."""

log = logging.getLogger("omnicorpus.shards")
"""One line of JSON for every shard that ends, well or badly; nobody listens unless told to (`omnicorpus run --log`)."""

Fault = Literal["error", "crash", "loss", "together"]
"""How a call failed: it raised; its process died or had to be killed; its node went away; another shard that went in
the same call may be at fault, so this one is tried by itself and nothing is held against it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of one call: a manifest, or the error that ended it with its traceback."""

    stage: str
    index: int
    manifest: Manifest | None
    error: BaseException | None = None
    trace: str = ""
    fault: Fault = "error"


class Engine(Protocol):
    """Where calls are carried out."""

    def check(self, stage: Stage) -> None:
        """Raises ConfigError where a call of this stage could never start."""
        ...

    def accepts(self, stage: Stage, waiting: Mapping[str, int]) -> bool:
        """Whether one more call of the stage would start now; if not, the engine may begin to make room for it.

        `waiting` counts the shards that could start, by stage; stages without any are left out.
        """
        ...

    def submit(self, stage: Stage, calls: Sequence[tuple[int, Call]], *, by_itself: bool) -> None:
        """Start a call of one shard or of several short ones, by their indices; `by_itself` (one) in a process of its
        own that finds the record at fault."""
        ...

    def wait(self) -> list[Finished]:
        """At least one finished call; blocks until there is one, or returns nothing after a short while."""
        ...

    def show(self, progress: Mapping[str, Progress]) -> None:
        """Show the progress wherever the engine shows things; called at every change."""
        ...

    def close(self) -> None: ...


class Inline:
    """Carries calls out in this process, one after the other: for tests and debuggers."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Stage, Sequence[tuple[int, Call]], bool]] = deque()
        self._states: dict[str, object] = {}

    def check(self, stage: Stage) -> None:
        pass

    def accepts(self, stage: Stage, waiting: Mapping[str, int]) -> bool:  # noqa: ARG002 - one call at a time, of any stage
        return not self._queue

    def submit(self, stage: Stage, calls: Sequence[tuple[int, Call]], *, by_itself: bool) -> None:
        self._queue.append((stage, calls, by_itself))

    def wait(self) -> list[Finished]:
        stage, calls, by_itself = self._queue.popleft()
        return [self._perform(stage, index, call, by_itself) for index, call in calls]

    def _perform(self, stage: Stage, index: int, call: Call, by_itself: bool) -> Finished:
        try:
            if by_itself:
                return Finished(stage.name, index, alone.perform(stage, call))
            if stage.start is not None and stage.name not in self._states:
                self._states[stage.name] = stage.start(stage.settings)
            return Finished(stage.name, index, shard.perform(stage, call, self._states.get(stage.name)))
        except Exception as error:  # any fault of a shard is the runner's to judge
            return Finished(stage.name, index, None, error, "".join(traceback.format_exception(error)))

    def show(self, progress: Mapping[str, Progress]) -> None:
        pass

    def close(self) -> None:
        self._states.clear()


@dataclass(slots=True)
class Failures:
    """How often one shard has failed, by the kind of fault."""

    error: int = 0
    crash: int = 0
    loss: int = 0

    together: int = 0

    def count(self, fault: Fault) -> None:
        setattr(self, fault, getattr(self, fault) + 1)

    @property
    def is_final(self) -> bool:
        return self.error >= ATTEMPTS or self.crash >= CRASHES or self.loss >= LOSSES

    @property
    def is_own(self) -> bool:
        """Whether the shard itself is suspected."""
        return self.error + self.crash >= ALONE_AFTER

    @property
    def total(self) -> int:
        return self.error + self.crash + self.loss


@dataclass(slots=True, eq=False)
class Progress:
    """What is going on in one stage. Indices count the step's shards; `ready` is a heap of those that could start.

    `retries` counts calls that were started again. `tally` sums up what is done.
    """

    step: Step
    pending: set[int] = field(default_factory=set)
    ready: list[int] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    failed: dict[int, str] = field(default_factory=dict)
    failures: dict[int, Failures] = field(default_factory=dict)
    retries: int = 0
    tally: Tally = field(default_factory=Tally)

    @property
    def complete(self) -> bool:
        return len(self.done) == len(self.step.shards)

    @property
    def level(self) -> funnel.Level:
        return self.tally.level(self.step.stage)


Listener = Callable[[dict[str, Progress]], None]
"""Is told of every change: the progress by stage name, in pipeline order."""


def run(plan: Plan, engine: Engine, listen: Listener) -> dict[str, Progress]:
    """Carry the plan out; returns the progress of every stage, all of them complete.

    Raises an OmnicorpusError of a shard at once (no model, no space), and ShardFailed at the end, after everything that
    doesn't depend on the failed shards is done.
    """

    def tell() -> None:
        listen(progress)
        engine.show(progress)

    progress = progress_of(plan)
    followers = _followers(progress)
    for stage in progress.values():
        if stage.pending:
            engine.check(stage.step.stage)
            _wake(stage, progress)
    tell()
    while True:
        _start(plan, engine, progress)
        if not any(stage.running or stage.ready for stage in progress.values()):
            break
        tell()
        for finished in engine.wait():
            stage = progress[finished.stage]
            _settle(plan, stage, finished)
            if finished.manifest is not None:
                _follow(stage, finished.index, followers[finished.stage], progress)
    tell()
    _raise_failures(plan, progress)
    return progress


def progress_of(plan: Plan) -> dict[str, Progress]:
    """How far the files say that the plan is."""
    return {step.stage.name: _begin(step) for step in plan.steps}


def _begin(step: Step) -> Progress:
    progress = Progress(step)
    for index, name in enumerate(step.shards):
        (progress.done if name in step.done else progress.pending).add(index)
    done = (step.output(step.shards[index]) + shard.ENDING for index in sorted(progress.done))
    progress.tally = funnel.tally(shard.read_all(done))
    return progress


def _followers(progress: dict[str, Progress]) -> dict[str, list[tuple[Progress, bool]]]:
    """By stage: the stages that read it, and whether they read all of it."""
    found: dict[str, list[tuple[Progress, bool]]] = {name: [] for name in progress}
    for stage in progress.values():
        for need in stage.step.stage.needs:
            if (stage, need.scope == "all") not in found[need.stage]:
                found[need.stage].append((stage, need.scope == "all"))
    return found


def _follow(stage: Progress, index: int, followers: list[tuple[Progress, bool]], progress: dict[str, Progress]) -> None:
    """A shard is done: whatever waited for it and for nothing else is ready."""
    for follower, wide in followers:
        if wide:
            if stage.complete:
                _wake(follower, progress)
        elif index in follower.pending and _is_open(follower, progress) and _is_ready(follower, index, progress):
            follower.pending.remove(index)
            heappush(follower.ready, index)


def _wake(stage: Progress, progress: dict[str, Progress]) -> None:
    """Look through all pending shards of a stage; only at the start and when a wide need is complete."""
    if not _is_open(stage, progress):
        return
    for index in sorted(stage.pending):
        if _is_ready(stage, index, progress):
            stage.pending.remove(index)
            heappush(stage.ready, index)


def _is_open(stage: Progress, progress: dict[str, Progress]) -> bool:
    return all(progress[need.stage].complete for need in stage.step.stage.needs if need.scope == "all")


def _is_ready(stage: Progress, index: int, progress: dict[str, Progress]) -> bool:
    return all(index in progress[need.stage].done for need in stage.step.stage.needs if need.scope == "same")


def _start(plan: Plan, engine: Engine, progress: dict[str, Progress]) -> None:
    """Start ready shards, those of late stages first: what is begun is finished before more is begun."""
    waiting = {name: len(stage.ready) for name, stage in progress.items() if stage.ready}
    for stage in reversed(progress.values()):
        while stage.ready and engine.accepts(stage.step.stage, waiting):
            indices = _next(stage)
            waiting[stage.step.stage.name] -= len(indices)
            stage.running.update(indices)
            failures = stage.failures.get(indices[0])
            engine.submit(
                stage.step.stage,
                [(index, plan.call(stage.step, index)) for index in indices],
                by_itself=failures is not None and failures.is_own and stage.step.stage.records,
            )


def _next(stage: Progress) -> list[int]:
    """The shards of one call: one, or several where they are short and none of them has failed."""
    indices = [heappop(stage.ready)]
    tally = stage.tally
    if tally.shards >= KNOWN and indices[0] not in stage.failures:
        fit = int(TOGETHER_SECONDS * tally.shards / max(tally.wall, 1e-9))
        more = min(TOGETHER, fit, len(stage.ready) // SPREAD) - 1
        while more > 0 and stage.ready[0] not in stage.failures:
            indices.append(heappop(stage.ready))
            more -= 1
    return indices


def _settle(plan: Plan, stage: Progress, finished: Finished) -> None:
    index = finished.index
    stage.running.discard(index)
    if log.isEnabledFor(logging.INFO):
        log.info(_line(stage.step, finished))
    if finished.manifest is not None:
        stage.done.add(index)
        stage.failures.pop(index, None)
        stage.tally.add(finished.manifest)
        return
    error = finished.error
    if isinstance(error, OmnicorpusError) and not isinstance(error, InputError):
        raise error  # an input that can't be read costs its own shard; everything else would stop every other too
    failures = stage.failures.setdefault(index, Failures())
    failures.count(finished.fault)
    if not failures.is_final:
        stage.retries += 1
        heappush(stage.ready, index)
        return
    stage.failed[index] = f"{type(error).__name__}: {error}".split("\n", 1)[0][:300]
    path = storage.join(plan.root, "work", "failures", f"{stage.step.stage.name}-{stage.step.shards[index]}.txt")
    storage.write_bytes(path, finished.trace.encode())


def _line(step: Step, finished: Finished) -> str:
    """What ended, for machines: the shard's counts and costs, or the fault and its reason."""
    name = step.shards[finished.index]
    if finished.manifest is None:
        reason = f"{type(finished.error).__name__}: {finished.error}".split("\n", 1)[0][:300]
        return json.dumps({"stage": finished.stage, "shard": name, "fault": finished.fault, "reason": reason})
    done = finished.manifest
    counts = {"rows_in": done.rows_in, "rows_out": done.rows_out, "drops": done.drops, "cuts": done.cuts}
    costs = {"seconds": done.seconds, "wall": done.wall, "peak": done.peak}
    return json.dumps({"stage": finished.stage, "shard": name, **counts, **costs})


def _raise_failures(plan: Plan, progress: dict[str, Progress]) -> None:
    failures = [(stage, index) for stage in progress.values() for index in stage.failed]
    if not failures:
        return
    stage, index = failures[0]
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    times = stage.failures[index].total
    raise ShardFailed(
        f"{stage.step.stage.name} failed {times} times on shard {stage.step.shards[index]}{more}: "
        f"{stage.failed[index]}; the tracebacks are in {storage.join(plan.root, 'work', 'failures')}; everything else "
        f"is done, and the same command tries the failed shards again"
    )
