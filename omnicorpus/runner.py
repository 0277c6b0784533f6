"""Carries out a plan: starts whatever is ready, downstream first, and tries again what failed for no fault of its own.

The runner decides; an `Engine` does: `Inline` in this process, `cluster.Cluster` on Ray. The runner keeps no state that
the shards' manifests don't hold, so a run that was killed goes on where its files say.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from omnicorpus import shard, storage
from omnicorpus.errors import OmnicorpusError, ShardFailed
from omnicorpus.plan import Plan, Step
from omnicorpus.shard import Manifest
from omnicorpus.stage import Call, Stage

ATTEMPTS = 3
"""Times that a shard is tried. A fault of a machine seldom comes back twice; a fault of the data always does."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of one call: a manifest, or the error that ended it with its traceback."""

    stage: str
    index: int
    manifest: Manifest | None
    error: BaseException | None = None
    trace: str = ""


class Engine(Protocol):
    """Where calls are carried out. `accepts` says whether one more call of a stage would start soon."""

    def accepts(self, stage: Stage, waiting: frozenset[str]) -> bool: ...

    def submit(self, stage: Stage, index: int, call: Call) -> None: ...

    def wait(self) -> list[Finished]:
        """At least one finished call; blocks until there is one, or returns nothing after a short while."""
        ...

    def close(self) -> None: ...


class Inline:
    """Carries calls out in this process, one after the other: for tests and debuggers."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Stage, int, Call]] = deque()
        self._states: dict[str, object] = {}

    def accepts(self, stage: Stage, waiting: frozenset[str]) -> bool:  # noqa: ARG002 - one call at a time, of any stage
        return not self._queue

    def submit(self, stage: Stage, index: int, call: Call) -> None:
        self._queue.append((stage, index, call))

    def wait(self) -> list[Finished]:
        stage, index, call = self._queue.popleft()
        try:
            if stage.start is not None and stage.name not in self._states:
                self._states[stage.name] = stage.start(stage.settings)
            return [Finished(stage.name, index, shard.perform(stage, call, self._states.get(stage.name)))]
        except Exception as error:  # any fault of a shard is the runner's to judge
            return [Finished(stage.name, index, None, error, "".join(traceback.format_exception(error)))]

    def close(self) -> None:
        self._states.clear()


@dataclass(slots=True)
class Progress:
    """What is going on in one stage. Indices count the step's shards."""

    step: Step
    pending: deque[int] = field(default_factory=deque)
    done: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    failed: dict[int, str] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    manifests: list[Manifest] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return len(self.done) == len(self.step.shards)


Listener = Callable[[dict[str, Progress]], None]
"""Is told of every change: the progress by stage name, in pipeline order."""


def run(plan: Plan, engine: Engine, listen: Listener) -> dict[str, Progress]:
    """Carry the plan out; returns the progress of every stage, all of them complete.

    Raises an OmnicorpusError of a shard at once (no model, no space), and ShardFailed at the end, after everything that
    doesn't depend on the failed shards is done.
    """
    progress = progress_of(plan)
    listen(progress)
    while True:
        _submit(plan, engine, progress)
        if not any(stage.running for stage in progress.values()):
            break
        listen(progress)
        for finished in engine.wait():
            _settle(plan, progress[finished.stage], finished)
        listen(progress)
    _raise_failures(plan, progress)
    return progress


def progress_of(plan: Plan) -> dict[str, Progress]:
    """How far the files say that the plan is."""
    return {step.stage.name: _begin(step) for step in plan.steps}


def _begin(step: Step) -> Progress:
    progress = Progress(step)
    for index, name in enumerate(step.shards):
        if name in step.done:
            progress.done.add(index)
            progress.manifests.append(shard.read(step.output(name) + shard.ENDING))
        else:
            progress.pending.append(index)
    return progress


def _submit(plan: Plan, engine: Engine, progress: dict[str, Progress]) -> None:
    """Start ready shards, those of late stages first: what is begun is finished before more is begun."""
    waiting = frozenset(name for name, stage in progress.items() if _ready(stage, progress) is not None)
    for stage in reversed(progress.values()):
        while (index := _ready(stage, progress)) is not None and engine.accepts(stage.step.stage, waiting):
            stage.pending.remove(index)
            stage.running.add(index)
            engine.submit(stage.step.stage, index, plan.call(stage.step, index))


def _ready(stage: Progress, progress: dict[str, Progress]) -> int | None:
    """The first pending shard whose needs are all there."""
    needs = stage.step.stage.needs
    if any(need.scope == "all" and not progress[need.stage].complete for need in needs):
        return None
    narrow = [progress[need.stage] for need in needs if need.scope == "same"]
    return next((index for index in stage.pending if all(index in before.done for before in narrow)), None)


def _settle(plan: Plan, stage: Progress, finished: Finished) -> None:
    index = finished.index
    stage.running.discard(index)
    if finished.manifest is not None:
        stage.done.add(index)
        stage.manifests.append(finished.manifest)
        return
    error = finished.error
    if isinstance(error, OmnicorpusError):
        raise error
    stage.attempts[index] = stage.attempts.get(index, 0) + 1
    if stage.attempts[index] < ATTEMPTS:
        stage.pending.append(index)
        return
    stage.failed[index] = f"{type(error).__name__}: {error}".split("\n", 1)[0][:300]
    path = storage.join(plan.root, "work", "failures", f"{stage.step.stage.name}-{stage.step.shards[index]}.txt")
    storage.write_bytes(path, finished.trace.encode())


def _raise_failures(plan: Plan, progress: dict[str, Progress]) -> None:
    failures = [(stage, index) for stage in progress.values() for index in stage.failed]
    if not failures:
        return
    stage, index = failures[0]
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    raise ShardFailed(
        f"{stage.step.stage.name} failed {ATTEMPTS} times on shard {stage.step.shards[index]}{more}: "
        f"{stage.failed[index]}; the tracebacks are in {storage.join(plan.root, 'work', 'failures')}; everything else "
        f"is done, and the same command tries the failed shards again"
    )


def all_manifests(progress: Iterable[Progress]) -> list[Manifest]:
    return [manifest for stage in progress for manifest in stage.manifests]
