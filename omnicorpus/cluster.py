"""Ray carries the calls out: on this machine, or on a cluster that is joined by address. Ray enters here.

Stages without state run as tasks, stages with state in actors with one call in flight each, so that a crash hits one
shard. The driver owns the retries (Ray's are off). Calls carry paths, so the object store stays small; what all calls
of a stage share (its settings, the file lists of wide needs) is put there once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import (
    ActorDiedError,
    AuthenticationError,
    GetTimeoutError,
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    RayError,
    RayTaskError,
)
from ray.job_submission import JobSubmissionClient

from omnicorpus import alone, shard
from omnicorpus.errors import ConfigError, OmnicorpusError
from omnicorpus.metrics import Meter
from omnicorpus.runner import Fault, Finished, Progress
from omnicorpus.shard import Manifest
from omnicorpus.stage import Call, Resources, Stage

OBJECT_STORE = 128 << 20
"""Bytes of shared memory for an embedded Ray: it passes paths and counts, never records (Ray's least is 75 MB)."""

CAPACITY_AGE = 5.0
"""Seconds after which the cluster is asked again what it has: nodes come and go."""

WAIT = 1.0
"""Seconds to wait for a finished call before the driver looks round again."""

PLACING = 300.0
"""Seconds for which a joined cluster may grow until it has a node for a stage; cloud nodes take two to five minutes."""

HEAD_LOOK = 2.0
"""Seconds between two looks at the head's port."""

HEAD_GONE = 30.0
"""Seconds without an answer after which the head counts as gone. After 60 Ray ends the process without a word of ours;
a head with a store of its own is back before that."""

LAST_WORDS = 45.0
"""Seconds without an answer of the head after which the process ends with our line, where a call of Ray holds the
driver: such a call does not return, and Ray would end the process at 60."""

SHUTDOWN = 5.0
"""Seconds in which Ray must let go of a cluster that has gone."""

IDLE = 10.0
"""Seconds after which an actor without work is let go."""

MOST_ASKED = 1_000
"""Workers of one stage that an autoscaler is asked for at most."""

FEW = 8
"""Calls under way up to which looking for a second finished one costs more than it saves."""

STARTS = 5
"""Actors of one stage that may die while they start, in a row, before the stage counts as broken."""

NOTHING = Resources(0.0)

LOST_WITH_NODE = (NodeDiedError, LocalRayletDiedError, ObjectLostError)
"""Errors that say nothing of the shard. An actor gone with its node counts as crashed: Ray can't always tell."""


class DeadlinePassed(Exception):  # noqa: N818 - why a call was ended
    """A shard took longer than its stage's `seconds`."""


def _call(stage: Stage, call: Call, wide: Mapping[str, tuple[str, ...]]) -> Call:
    """The call as the stage expects it: the driver sends apart what all calls share."""
    whole = replace(call, settings=stage.settings, inputs={**call.inputs, **wide})
    if not stage.records:
        return whole
    limits = stage.resources
    return alone.lost(call).told(replace(whole, patience=limits.record_seconds, memory=limits.record_memory))


def _perform(stage: Stage, calls: Sequence[Call], wide: Mapping[str, tuple[str, ...]], state: object) -> list[Manifest]:
    """The manifests of the calls, in their order. Of several calls the first that raises ends the list."""
    done: list[Manifest] = []
    try:
        for call in calls:
            done.append(shard.perform(stage, _call(stage, call, wide), state))
    except Exception:  # the driver tries the others one by one, where each error shows
        if len(calls) == 1:
            raise
    return done


@ray.remote(max_retries=0)
def _work(stage: Stage, calls: Sequence[Call], wide: Mapping[str, tuple[str, ...]]) -> list[Manifest]:
    return _perform(stage, calls, wide, None)


@ray.remote(max_retries=0)
def _work_alone(stage: Stage, calls: Sequence[Call], wide: Mapping[str, tuple[str, ...]]) -> list[Manifest]:
    return [alone.perform(stage, _call(stage, call, wide)) for call in calls]


@ray.remote(max_restarts=0, max_task_retries=0)
class _Worker:
    """Holds one stage's state and works on one shard at a time.

    The state is made with the first shard: an error there comes back as itself, one in an actor's constructor as a mere
    "actor died".
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._state: object = None

    def node(self) -> str:
        return str(ray.get_runtime_context().get_node_id())

    def work(self, calls: Sequence[Call], wide: Mapping[str, tuple[str, ...]]) -> list[Manifest]:
        if self._state is None and self._stage.start is not None:
            self._state = self._stage.start(self._stage.settings)
        return _perform(self._stage, calls, wide, self._state)


@dataclass(slots=True, eq=False)
class _Actor:
    """`node` is "" until the actor runs. `since` is when it was last started or freed."""

    handle: Any
    stage: Stage
    since: float
    node: str = ""
    busy: bool = False


@dataclass(slots=True, eq=False)
class _Flight:
    """A call under way. `resources` are those that it takes itself: none in an actor, which has them already."""

    stage: Stage
    indices: tuple[int, ...]
    actor: _Actor | None
    since: float
    overdue: bool = False


@dataclass(slots=True)
class _Shared:
    """What all calls of the stage `of` share: objects of the store, and functions with the stage's options."""

    of: Stage
    stage: Any
    wide: Any
    work: Any
    alone: Any


@dataclass(slots=True)
class Cluster:
    """The engine on Ray. Make it with `embedded` or `joined`; it is to be closed.

    `grows` says that nodes may yet come, `asks` that the autoscaler can be asked for them. `head` is the HOST:PORT
    that is looked at, "" for none. `placing` is how long, in seconds, to wait for a node that a stage fits on.
    """

    grows: bool
    asks: bool = False
    head: str = ""
    placing: float = PLACING
    _actors: list[_Actor] = field(default_factory=list)
    _starting: dict[Any, _Actor] = field(default_factory=dict)
    _broken: Counter[str] = field(default_factory=Counter)
    _flying: dict[Any, _Flight] = field(default_factory=dict)
    _running: Counter[str] = field(default_factory=Counter)
    _used: Resources = field(default_factory=lambda: Resources(0.0))
    _shared: dict[str, _Shared] = field(default_factory=dict)
    _nodes: dict[str, Resources] = field(default_factory=dict)
    _asked: float = -1e9
    _looked: float = -1e9
    _worked: float = -1e9
    _answered: float = field(default_factory=time.monotonic)
    _gone: bool = False
    _closed: threading.Event = field(default_factory=threading.Event)
    _meter: Meter | None = None
    _wanted: dict[str, tuple[Resources, int]] = field(default_factory=dict)
    _has_asked: bool = False
    _unplaced: dict[str, tuple[Stage, float]] = field(default_factory=dict)

    def check(self, stage: Stage) -> None:
        if not self.grows and not self._is_placeable(stage):
            raise ConfigError(self._no_node(stage))

    def accepts(self, stage: Stage, waiting: Mapping[str, int]) -> bool:
        if not self._is_placeable(stage):
            self._unplaced.setdefault(stage.name, (stage, time.monotonic()))
            self._want(stage, waiting)
            return False
        self._unplaced.pop(stage.name, None)
        if stage.resources.pool and self._running[stage.name] >= stage.resources.pool:
            return False
        if stage.start is None:
            return self._has_room(stage, waiting)
        if self._idle(stage) is not None:
            return True
        starting = sum(actor.stage.name == stage.name for actor in self._starting.values())
        owned = sum(actor.stage.name == stage.name for actor in self._actors)
        in_pool = not stage.resources.pool or owned < stage.resources.pool
        if in_pool and starting < waiting.get(stage.name, 0) and self._has_room(stage, waiting):
            self._start(stage)
        return False

    def submit(self, stage: Stage, calls: Sequence[tuple[int, Call]], *, by_itself: bool) -> None:
        shared = self._share(stage, calls[0][1])
        wide = _wide(stage)
        sent = [
            replace(
                call, settings=None, inputs={name: paths for name, paths in call.inputs.items() if name not in wide}
            )
            for _, call in calls
        ]
        actor = None if by_itself or stage.start is None else self._idle(stage)
        if actor is not None:
            actor.busy = True
            reference = actor.handle.work.remote(sent, shared.wide)
        else:
            if (idle := self._idle(stage)) is not None:
                self._dismiss(idle)  # the call takes its place
            function = shared.alone if by_itself else shared.work
            reference = function.remote(shared.stage, sent, shared.wide)
            self._take(stage.resources, 1)
        self._flying[reference] = _Flight(stage, tuple(index for index, _ in calls), actor, time.monotonic())
        self._running[stage.name] += 1

    def wait(self) -> list[Finished]:
        try:
            self._look()
            return self._wait()
        except (ConnectionError, LocalRayletDiedError) as error:
            self._gone = True
            raise OmnicorpusError(_has_gone(str(error))) from error

    def _look(self) -> None:
        """Raises ConnectionError where the head hasn't answered for too long. What asks the head would wait with it."""
        while self.head and time.monotonic() - self._looked > HEAD_LOOK:
            self._looked = time.monotonic()
            try:
                _connect(self.head)
                self._answered = self._looked
            except OSError as error:
                silent = time.monotonic() - self._answered
                if silent > HEAD_GONE:
                    raise ConnectionError(
                        f"its head at {self.head} has not answered for {silent:.0f} s: {error}"
                    ) from error
                time.sleep(HEAD_LOOK)

    def _wait(self) -> list[Finished]:
        awaited = [*self._flying, *self._starting]
        if not awaited:
            self._give_up()
            time.sleep(WAIT)
            return []
        ready, _ = ray.wait(awaited, num_returns=1, timeout=WAIT)
        if ready and len(awaited) > FEW:
            ready, _ = ray.wait(awaited, num_returns=len(awaited), timeout=0)
        finished = [item for reference in ready if reference in self._flying for item in self._finished(reference)]
        for reference in ready:
            if reference in self._starting:
                self._started(reference)
        if self._flying or finished:
            self._worked = time.monotonic()
        self._end_overdue()
        self._dismiss_idle()
        return finished

    def show(self, progress: Mapping[str, Progress]) -> None:
        if self._meter is not None:
            self._meter(progress)

    def guard(self) -> None:
        """Watch the head beside the driver, until `close`: a call that asks a lost head never comes back."""
        threading.Thread(target=self._guard, name="head", daemon=True).start()

    def _guard(self) -> None:
        answered = time.monotonic()
        while not self._closed.wait(HEAD_LOOK):
            try:
                _connect(self.head)
                answered = time.monotonic()
            except OSError as error:
                silent = time.monotonic() - answered
                if silent > LAST_WORDS:
                    reason = f"its head at {self.head} has not answered for {silent:.0f} s: {error}"
                    sys.stderr.write(f"omnicorpus: {_has_gone(reason)}\n")
                    sys.stderr.flush()
                    os._exit(2)

    def close(self) -> None:
        self._closed.set()
        if self._gone:
            # There is nobody to say goodbye to, and Ray would wait for it.
            leaving = threading.Thread(target=ray.shutdown, name="leave Ray", daemon=True)
            leaving.start()
            leaving.join(SHUTDOWN)
            return
        for reference, flight in self._flying.items():
            if flight.actor is None:
                ray.cancel(reference, force=True)
        for actor in list(self._actors):
            self._dismiss(actor)
        if self._has_asked:
            self._wanted.clear()
            # The head may be gone; that must not hide the error which says so.
            with suppress(RayError, ConnectionError, RuntimeError):
                self._ask()
        ray.shutdown()

    def _finished(self, reference: Any) -> list[Finished]:
        flight = self._flying.pop(reference)
        name, actor = flight.stage.name, flight.actor
        self._running[name] -= 1
        if actor is None:
            self._take(flight.stage.resources, -1)
        else:
            actor.busy, actor.since = False, time.monotonic()
        done: list[Manifest] = []
        reason: BaseException | None = None
        trace = ""
        fault: Fault = "together"
        try:
            done = ray.get(reference)
        except RayTaskError as error:
            reason, trace = error.cause or error, str(error)
            fault = "crash" if isinstance(reason, alone.Crashed) else "error"
        except RayError as error:
            if actor is not None:
                self._dismiss(actor)
            if flight.overdue:
                limit = flight.stage.resources.seconds
                reason = DeadlinePassed(f"took longer than {limit:g} s (resources.{name}.seconds)")
                fault = "crash"
            else:
                reason = error
                fault = "loss" if _is_lost(error) else "crash"
            trace = str(error)
        if len(flight.indices) > 1:
            fault = "together"
            reason = reason or RuntimeError("a shard that went in the same call failed")
        finished = [Finished(name, index, manifest) for index, manifest in zip(flight.indices, done, strict=False)]
        failed = flight.indices[len(done) :]
        return finished + [Finished(name, index, None, reason, trace, fault) for index in failed]

    def _end_overdue(self) -> None:
        """Kill the processes of calls that have passed their stage's limit; they come back as crashes."""
        now = time.monotonic()
        for reference, flight in self._flying.items():
            if not flight.overdue and now - flight.since > flight.stage.resources.seconds:
                flight.overdue = True
                if flight.actor is None:
                    ray.cancel(reference, force=True)
                else:
                    ray.kill(flight.actor.handle, no_restart=True)

    def _dismiss_idle(self) -> None:
        """Let go of actors that have had nothing to do: what they hold may be what another waits for on their node."""
        now = time.monotonic()
        for actor in list(self._actors):
            # A worker that finds no place is in nobody's way while others work.
            since, patience = (actor.since, IDLE) if actor.node else (max(actor.since, self._worked), self.placing)
            if actor.busy or now - since < patience:
                continue
            if not actor.node:
                raise ConfigError(
                    f"a worker of {actor.stage.name} found no place for {self.placing:g} s: the cluster is full with "
                    f"other work; lower resources.{actor.stage.name} in the config, or add a node"
                )
            self._dismiss(actor)

    def _share(self, stage: Stage, call: Call) -> _Shared:
        if stage.name not in self._shared or self._shared[stage.name].of is not stage:
            wide = {name: paths for name, paths in call.inputs.items() if name in _wide(stage)}
            functions = (function.options(name=stage.name, **_options(stage)) for function in (_work, _work_alone))
            self._shared[stage.name] = _Shared(stage, ray.put(_slim(stage)), ray.put(wide), *functions)
        return self._shared[stage.name]

    def _start(self, stage: Stage) -> None:
        handle = _Worker.options(  # type: ignore[attr-defined]
            **_options(stage)
        ).remote(_slim(stage))
        actor = _Actor(handle, stage, time.monotonic())
        self._actors.append(actor)
        self._starting[handle.node.remote()] = actor
        self._take(stage.resources, 1)

    def _started(self, reference: Any) -> None:
        actor = self._starting.pop(reference)
        name = actor.stage.name
        try:
            actor.node, actor.since = ray.get(reference), time.monotonic()
            self._broken[name] = 0
        except RayError as error:
            self._dismiss(actor)
            self._broken[name] += 1
            if self._broken[name] >= STARTS:
                reason = " ".join(str(error).split())[:300]
                raise ConfigError(f"no worker of {name} can be started ({STARTS} times): {reason}") from error

    def _idle(self, stage: Stage) -> _Actor | None:
        return next((actor for actor in self._actors if actor.node and not actor.busy and actor.stage is stage), None)

    def _dismiss(self, actor: _Actor) -> None:
        ray.kill(actor.handle, no_restart=True)
        self._actors.remove(actor)
        self._starting = {reference: other for reference, other in self._starting.items() if other is not actor}
        self._take(actor.stage.resources, -1)

    def _has_room(self, stage: Stage, waiting: Mapping[str, int]) -> bool:
        if self._fits(stage):
            return True
        # An actor whose stage has nothing to do gives its place to a stage that has.
        for actor in list(self._actors):
            if actor in self._actors and not actor.busy and not waiting.get(actor.stage.name):
                self._dismiss(actor)
                if self._fits(stage):
                    return True
        self._want(stage, waiting)
        return False

    def _fits(self, stage: Stage) -> bool:
        return self._holds(self._cluster(), stage.resources)

    def _holds(self, found: Mapping[str, Resources], needs: Resources) -> bool:
        """Whether these nodes together hold what is used and `needs` besides."""
        nodes, used = found.values(), self._used
        return (
            used.cpus + needs.cpus <= sum(node.cpus for node in nodes)
            and used.gpus + needs.gpus <= sum(node.gpus for node in nodes)
            and used.memory + needs.memory <= sum(node.memory for node in nodes)
        )

    def _is_placeable(self, stage: Stage) -> bool:
        needs = stage.resources
        return any(
            needs.cpus <= node.cpus and needs.gpus <= node.gpus and needs.memory <= node.memory
            for node in self._cluster().values()
        )

    def _take(self, resources: Resources, times: int) -> None:
        used = self._used
        self._used = Resources(
            used.cpus + times * resources.cpus,
            used.gpus + times * resources.gpus,
            used.memory + times * resources.memory,
        )

    def _cluster(self) -> dict[str, Resources]:
        """What every living node has; actors on nodes that are gone are let go, and those that were to start there."""
        now = time.monotonic()
        if now - self._asked > CAPACITY_AGE:
            self._asked = now
            self._nodes = {
                node["NodeID"]: _node_resources(node["Resources"])
                for node in ray.nodes()  # type: ignore[no-untyped-call]
                if node["Alive"]
            }
            if self.asks:
                self._ask()
            for actor in list(self._actors):
                if actor.node and not actor.busy and actor.node not in self._nodes:
                    self._dismiss(actor)
            for actor in reversed(list(self._actors)):
                if not actor.node and not self._holds(self._nodes, NOTHING):
                    self._dismiss(actor)
        return self._nodes

    def _want(self, stage: Stage, waiting: Mapping[str, int]) -> None:
        """Note what the stage could use, for a cluster that grows."""
        count = self._running[stage.name] + waiting.get(stage.name, 0)
        self._wanted[stage.name] = stage.resources, min(count, stage.resources.pool or MOST_ASKED, MOST_ASKED)

    def _ask(self) -> None:
        """Tell the autoscaler what the stages could use, and when that is nothing. A cluster without one ignores it."""
        bundles = [
            {name: share for name, share in (("CPU", needs.cpus), ("GPU", needs.gpus)) if share}
            for needs, count in self._wanted.values()
            for _ in range(count)
        ]
        if bundles or self._has_asked:
            ray.autoscaler.sdk.request_resources(bundles=bundles)
        self._has_asked = bool(bundles)
        self._wanted.clear()

    def _give_up(self) -> None:
        """Nothing runs, and nothing can: end once the cluster has had its time to grow."""
        for stage, since in self._unplaced.values():
            if time.monotonic() - since > self.placing:
                raise ConfigError(self._no_node(stage))

    def _no_node(self, stage: Stage) -> str:
        needs = stage.resources
        wanted = [f"{needs.cpus:g} CPUs", f"{needs.gpus:g} GPUs", f"{needs.memory / 2**30:.3g} GiB of memory"]
        asked = [text for text, amount in zip(wanted, (needs.cpus, needs.gpus, needs.memory), strict=True) if amount]
        nodes = self._cluster().values()
        most = max(nodes, key=lambda node: (node.gpus, node.cpus, node.memory), default=NOTHING)
        waited = f" (none came in {self.placing:g} s)" if self.grows else ""
        return (
            f"no node has what a worker of {stage.name} asks for, {' and '.join(asked)}{waited}: the largest of "
            f"{len(nodes)} has {most.cpus:g} CPUs, {most.gpus:g} GPUs and {most.memory / 2**30:.3g} GiB; lower "
            f"resources.{stage.name} in the config, or add a node"
        )


def _has_gone(reason: str) -> str:
    short = " ".join(reason.split())[:200]
    return f"the Ray cluster has gone ({short}); when it is back, the same command goes on where this run was"


def _is_lost(error: RayError) -> bool:
    return isinstance(error, LOST_WITH_NODE) or (isinstance(error, ActorDiedError) and "node has died" in str(error))


def _wide(stage: Stage) -> set[str]:
    return {need.name for need in stage.needs if need.scope == "all"}


def _slim(stage: Stage) -> Stage:
    """The stage without its lists of shards, which no worker needs."""
    return replace(stage, shards=None, sources=())


def _node_resources(found: Mapping[str, float]) -> Resources:
    return Resources(found.get("CPU", 0.0), found.get("GPU", 0.0), int(found.get("memory", 0)))


def _options(stage: Stage) -> dict[str, Any]:
    needs = stage.resources
    return {"num_cpus": needs.cpus, "num_gpus": needs.gpus, "memory": needs.memory or None}


def embedded(workers: int) -> Cluster:
    """Start a Ray of our own on this machine with `workers` processors; it ends with `close`.

    Raises ConfigError where Ray can't start here.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Ray tries a task that ran out of memory for ever unless told otherwise.
    os.environ.setdefault("RAY_task_oom_retries", "0")
    try:
        ray.init(
            address="local",  # or it would join whatever cluster runs on this machine
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE,
            logging_level=logging.ERROR,
            log_to_driver=False,
            configure_logging=True,
        )
    except Exception as error:  # Ray raises no type of its own where it is too slow to start
        ray.shutdown()
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ConfigError(
            f"Ray can't start on this machine ({reason}): run the same command again where the machine was too busy, "
            f"make room in the folder that RAY_TMPDIR names (/tmp without it), or leave Ray out with --set workers=0"
        ) from error
    return Cluster(grows=False, _meter=Meter())


CONNECT = 5.0
"""Seconds in which a cluster's port must answer. Ray itself waits for minutes."""


def _has_port(address: str) -> bool:
    return address.rpartition(":")[2].isdigit()


def _check_answers(address: str) -> None:
    if not _has_port(address):
        return
    try:
        _connect(address.removeprefix("ray://"))
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"no Ray cluster answers at {address}: {error}; start one with `ray start --head`, or leave --address out"
        ) from error


def _connect(address: str) -> None:
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), CONNECT).close()


def joined(address: str) -> Cluster:
    """Join a running cluster: "auto", HOST:PORT or ray://HOST:PORT. Raises ConfigError where there is none."""
    _check_answers(address)
    try:
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, RayError, ValueError, RuntimeError, GetTimeoutError) as error:
        reason = " ".join(str(error).split())[:200]
        if isinstance(error, AuthenticationError) or _has_port(address):
            raise ConfigError(f"Ray can't join the cluster at {address} ({reason}): {_ADVICE}") from error
        raise ConfigError(
            f"no Ray cluster answers at {address}: {reason}; start one with `ray start --head`, or leave --address out"
        ) from error
    if address.startswith("ray://"):
        return Cluster(grows=True)  # Ray's client has no way to autoscaler and metrics, and sees its cluster go
    found = Cluster(grows=True, asks=True, head=ray.get_runtime_context().gcs_address, _meter=Meter())
    found.guard()
    return found


_ADVICE = (
    "if it asks for a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN (or the file ~/.ray/auth_token) to what "
    "`ray get-auth-token` prints on the cluster's head; Ray and Python must be of the same version on both sides"
)
"""Ray's client can't tell a refusal from a silence; that its port answers is known by then."""


AGENT = 60.0
"""Seconds in which a head's agent must be ready for a job."""


def submit(address: str, name: str, config: str, packages: Sequence[Path]) -> str:
    """Submit a run to the cluster whose dashboard is at `address`; returns the job's name.

    The job runs in a folder with the program's `packages` and the config under its `name`. Raises ConfigError where the
    cluster doesn't answer or refuses.
    """
    with tempfile.TemporaryDirectory(prefix="omnicorpus-job-") as folder:
        for package in packages:
            shutil.copytree(package, Path(folder) / package.name, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / name).write_text(config)
        with _asking(address):
            client = JobSubmissionClient(address)
            end = time.monotonic() + AGENT
            while True:
                try:
                    return str(
                        client.submit_job(
                            entrypoint=f"python -m pipelines.cli run {name} --address auto",
                            runtime_env={"working_dir": folder, "env_vars": {"PYTHONUNBUFFERED": "1"}},
                        )
                    )
                except RuntimeError as error:
                    # A head that has just started has a dashboard before it has an agent.
                    if "No available agent" not in str(error) or time.monotonic() > end:
                        raise
                    time.sleep(WAIT)


def follow(address: str, name: str, tell: Callable[[str], None]) -> str:
    """Tell the log of a job as it grows; returns how the job ended: SUCCEEDED, FAILED or STOPPED."""

    async def read() -> None:
        async for text in client.tail_job_logs(name):
            tell(text)

    with _asking(address):
        client = JobSubmissionClient(address)
        asyncio.run(read())
        while not (status := client.get_job_status(name)).is_terminal():
            time.sleep(WAIT)
        return str(status.value)


@contextmanager
def _asking(address: str) -> Iterator[None]:
    logging.getLogger("ray").setLevel(logging.ERROR)  # its progress would stand between the lines of the job
    try:
        yield
    except (ConnectionError, RuntimeError, RayError) as error:
        reason = " ".join(str(error).split())[:200]
        if isinstance(error, AuthenticationError) or "authentication" in reason.lower():
            raise ConfigError(f"the Ray cluster at {address} refuses the job ({reason}): {_ADVICE}") from error
        raise ConfigError(
            f"no Ray dashboard answers at {address}: {reason}; it is at port 8265 of a head with ray[default]"
        ) from error
