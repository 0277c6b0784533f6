"""Ray carries the calls out: on this machine, or on a cluster that is joined by address. Ray enters here.

Stages without state run as tasks, stages with state in actors with one call in flight each, so that a crash hits one
shard. The driver owns the retries (Ray's are off). Calls carry paths, so the object store stays small.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from omnicorpus import shard
from omnicorpus.errors import ConfigError
from omnicorpus.runner import Finished
from omnicorpus.shard import Manifest
from omnicorpus.stage import Call, Stage

OBJECT_STORE = 128 << 20
"""Bytes of shared memory for an embedded Ray: it passes paths and counts, never records (Ray's least is 75 MB)."""

CAPACITY_AGE = 5.0
"""Seconds after which the cluster is asked again what it has: nodes come and go."""

WAIT = 1.0
"""Seconds to wait for a finished call before the driver looks round again."""


def _work(stage: Stage, call: Call) -> Manifest:
    return shard.perform(stage, call, None)


class _Worker:
    """Holds one stage's state and works on one shard at a time.

    The state is made with the first shard: an error there comes back as itself, one in an actor's constructor as a mere
    "actor died".
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._state: object = None

    def work(self, call: Call) -> Manifest:
        if self._state is None and self._stage.start is not None:
            self._state = self._stage.start(self._stage.settings)
        return shard.perform(self._stage, call, self._state)


@dataclass(slots=True)
class _Actor:
    handle: Any
    stage: Stage
    busy: bool = False


@dataclass(slots=True)
class Cluster:
    """The engine on Ray. Make it with `embedded` or `joined`; it is to be closed."""

    owns: bool
    _actors: list[_Actor] = field(default_factory=list)
    _flying: dict[Any, tuple[Stage, int, _Actor | None]] = field(default_factory=dict)
    _capacity: dict[str, float] = field(default_factory=dict)
    _asked: float = -1e9

    def accepts(self, stage: Stage, waiting: frozenset[str]) -> bool:
        resources = stage.resources
        if (
            resources.pool
            and sum(flying.name == stage.name for flying, _, _ in self._flying.values()) >= resources.pool
        ):
            return False
        if self._idle(stage) is not None:
            return True
        if self._fits(stage):
            return True
        # An actor whose stage has nothing to do gives its place to a stage that has.
        for actor in list(self._actors):
            if not actor.busy and actor.stage.name not in waiting:
                self._dismiss(actor)
                if self._fits(stage):
                    return True
        return False

    def submit(self, stage: Stage, index: int, call: Call) -> None:
        options = _options(stage)
        if stage.start is None:
            reference = ray.remote(_work).options(max_retries=0, **options).remote(stage, call)
            self._flying[reference] = (stage, index, None)
            return
        actor = self._idle(stage)
        if actor is None:
            handle = ray.remote(_Worker).options(max_restarts=0, max_task_retries=0, **options).remote(stage)
            actor = _Actor(handle, stage)
            self._actors.append(actor)
        actor.busy = True
        self._flying[actor.handle.work.remote(call)] = (stage, index, actor)

    def wait(self) -> list[Finished]:
        ready, _ = ray.wait(list(self._flying), num_returns=1, timeout=WAIT)
        return [self._finished(reference) for reference in ready]

    def close(self) -> None:
        for reference in self._flying:
            ray.cancel(reference, force=True) if self._flying[reference][2] is None else None
        for actor in list(self._actors):
            self._dismiss(actor)
        if self.owns:
            ray.shutdown()

    def _finished(self, reference: Any) -> Finished:
        stage, index, actor = self._flying.pop(reference)
        if actor is not None:
            actor.busy = False
        try:
            return Finished(stage.name, index, ray.get(reference))
        except RayTaskError as error:
            return Finished(stage.name, index, None, error.cause or error, str(error))
        except RayError as error:
            if actor is not None:
                self._dismiss(actor)
            return Finished(stage.name, index, None, error, str(error))

    def _idle(self, stage: Stage) -> _Actor | None:
        return next((actor for actor in self._actors if not actor.busy and actor.stage.name == stage.name), None)

    def _fits(self, stage: Stage) -> bool:
        has = self._resources()
        cpus = sum(other.resources.cpus for other, _, actor in self._flying.values() if actor is None)
        gpus = sum(other.resources.gpus for other, _, actor in self._flying.values() if actor is None)
        cpus += sum(actor.stage.resources.cpus for actor in self._actors)
        gpus += sum(actor.stage.resources.gpus for actor in self._actors)
        needs = stage.resources
        return cpus + needs.cpus <= has.get("CPU", 0.0) and gpus + needs.gpus <= has.get("GPU", 0.0)

    def _resources(self) -> dict[str, float]:
        now = time.monotonic()
        if now - self._asked > CAPACITY_AGE:
            self._capacity, self._asked = dict(ray.cluster_resources()), now  # type: ignore[no-untyped-call]
        return self._capacity

    def _dismiss(self, actor: _Actor) -> None:
        ray.kill(actor.handle, no_restart=True)
        self._actors.remove(actor)


def _options(stage: Stage) -> dict[str, Any]:
    options: dict[str, Any] = {"num_cpus": stage.resources.cpus, "name": stage.name}
    if stage.start is not None:
        del options["name"]
    if stage.resources.gpus:
        options["num_gpus"] = stage.resources.gpus
    if stage.resources.memory:
        options["memory"] = stage.resources.memory
    return options


def embedded(workers: int) -> Cluster:
    """Start a Ray of our own on this machine with `workers` processors; it ends with `close`."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray.init(
        num_cpus=workers,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE,
        logging_level=logging.ERROR,
        log_to_driver=False,
        configure_logging=True,
    )
    return Cluster(owns=True)


CONNECT = 5.0
"""Seconds in which a cluster's port must answer. Ray itself waits for minutes."""


def _check_answers(address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"no Ray cluster answers at {address}: {error}; start one with `ray start --head`, or leave --address out"
        ) from error


def joined(address: str) -> Cluster:
    """Join a running cluster: "auto", HOST:PORT or ray://HOST:PORT. Raises ConfigError where there is none."""
    _check_answers(address)
    try:
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, RayError, ValueError, RuntimeError, GetTimeoutError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"no Ray cluster answers at {address}: {reason}; start one with `ray start --head`, or leave --address out"
        ) from error
    return Cluster(owns=True)
