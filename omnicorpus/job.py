"""One run over one output folder: who may write it, how far it is, and the manifest that says it is whole.

RUN/run.json         what this folder is for: pipeline, input, configuration, and what each stage was made of
RUN/lease/           who works on it (omnicorpus.lease)
RUN/state.json       how far it is
RUN/work/            the shards of every stage
RUN/documents/ images/ drops/    the result
RUN/manifest.json    written last: its existence means that the result is whole
"""

from __future__ import annotations

import json
import os
import platform
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from omnicorpus import alone, lease, plan, runner, shard, storage, table
from omnicorpus.errors import InputError, OmnicorpusError, OutputError
from omnicorpus.funnel import Level
from omnicorpus.lease import Lease
from omnicorpus.plan import Plan, Step
from omnicorpus.runner import Engine, Listener, Progress
from omnicorpus.stage import FOLDERS, Stage, fingerprint

RUN, STATE, MANIFEST = "run.json", "state.json", "manifest.json"

LAYOUT = 1
"""Of the files of a run. A run of another layout is refused; it is raised when old files would be misread."""

STATE_SECONDS = 1.0

PACKAGES = (
    "omnicorpus", "ray", "pyarrow", "fastwarc", "warcio", "trafilatura", "selectolax", "resiliparse", "datasketch",
    "fasttext-predict", "pillow", "torch", "open_clip_torch",
)  # fmt: skip
"""Whose versions the manifest records: they decide what a row holds."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a run is: its pipeline, its crawl files and its effective configuration as plain values."""

    pipeline: str
    files: tuple[str, ...]
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended well. `redone` names the stages that had shards to do; none when everything was there."""

    levels: list[Level]
    redone: tuple[str, ...]
    seconds: float


def execute(
    root: str,
    stages: Sequence[Stage],
    identity: Identity,
    start: Callable[[], Engine],
    listen: Listener,
    tell: Callable[[str], None] = lambda _line: None,
) -> Outcome:
    """Bring the run at `root` to its end. Does nothing where its manifest says that it is there already.

    `tell` is given a line for every stage that is redone though it was there, with the reason. Raises OutputError where
    another run holds the folder or it can't be written, KeyboardInterrupt where it was asked to stop, and whatever the
    stages raise.
    """
    began = time.monotonic()
    there = _own(root, identity)
    laid_out = plan.make(root, stages)
    redone = tuple(step.stage.name for step in laid_out.steps if len(step.done) < len(step.shards))
    if not redone and _is_whole(root, laid_out):
        levels = [stage.level for stage in runner.progress_of(laid_out).values()]
        return Outcome(levels, (), time.monotonic() - began)
    state = _State(root, stages, lease.take(root))
    ending = "failed"
    try:
        laid_out = plan.make(root, stages)  # again: another run may have worked on it until its lease ended
        for outlook in _outlooks(laid_out, there):
            if outlook.is_redone:
                tell(f"{outlook.stage} is redone: {outlook.reason}")
        state.write("running")
        storage.remove(storage.join(root, MANIFEST))
        storage.write_bytes(storage.join(root, RUN), _json(_identity(identity, laid_out)))
        progress = _carry_out(laid_out, redone, start, listen, state)
        levels = [stage.level for stage in progress.values()]
        state.lease.check()
        _sweep(root, laid_out)
        seconds = time.monotonic() - began
        storage.write_bytes(storage.join(root, MANIFEST), _json(_manifest(laid_out, identity, levels, seconds)))
        ending = "finished"
        return Outcome(levels, redone, seconds)
    except KeyboardInterrupt:
        ending = "stopped"
        raise
    finally:
        state.leave(ending)


def _carry_out(
    laid_out: Plan, redone: tuple[str, ...], start: Callable[[], Engine], listen: Listener, state: _State
) -> dict[str, Progress]:
    if not redone:
        return runner.progress_of(laid_out)
    engine = start()

    def tell(progress: dict[str, Progress]) -> None:
        state.report(progress)
        listen(progress)

    try:
        return runner.run(laid_out, engine, tell)
    finally:
        engine.close()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run would do in one stage, and why. `is_redone`: its files are there, but of another configuration."""

    stage: str
    shards: int
    done: int
    reason: str
    is_redone: bool


def preview(root: str, stages: Sequence[Stage], identity: Identity) -> list[Outlook]:
    """What `execute` would do. Writes nothing. Raises OutputError where the folder belongs to another run."""
    there = _there(root, identity)
    return _outlooks(plan.make(root, stages), there)


def _outlooks(laid_out: Plan, there: Mapping[str, Any]) -> list[Outlook]:
    before = there.get("stages", {})
    return [_outlook(step, before.get(step.stage.name)) for step in laid_out.steps]


def _outlook(step: Step, before: Mapping[str, Any] | None) -> Outlook:
    name, shards, done = step.stage.name, len(step.shards), len(step.done)
    if done == shards:
        return Outlook(name, shards, done, "done", False)
    changes = plan.changes(before, step.made_of) if before is not None else []
    if changes and not done:
        return Outlook(name, shards, done, "; ".join(changes), True)
    return Outlook(name, shards, done, "not done yet" if not done else "not finished yet", False)


def _own(root: str, identity: Identity) -> dict[str, Any]:
    there = _there(root, identity)
    if not there:
        _check_empty(root)
        # The first write shows whether the folder can be written, before any work is done.
        storage.write_bytes(storage.join(root, RUN), _json(_identity(identity, None)))
    return there


def _check_empty(root: str) -> None:
    """A finished run removes what it didn't write from its folders: they must be its own from the start."""
    for folder in (plan.WORK, *FOLDERS):
        inside = storage.join(root, folder)
        found: list[str] = []
        with suppress(InputError):  # what can't be listed can't be written either, and the write says it better
            found = storage.names(inside)
        if found:
            raise OutputError(f"{inside} holds something else ({found[0]}): choose an empty folder as output")


def _there(root: str, identity: Identity) -> dict[str, Any]:
    """What the folder says that it is for; nothing for a new one. Raises OutputError where that is something else."""
    path = storage.join(root, RUN)
    if not storage.exists(path):
        return {}
    there = _load(path)
    if there.get("layout", LAYOUT) != LAYOUT:
        raise OutputError(
            f"{root} was written by omnicorpus {there.get('omnicorpus', 'of another version')}, whose files this "
            f"version can't go on with; choose another output, or remove {root} to start anew"
        )
    others = [file for file in there.get("files", []) if file not in set(identity.files)]
    if there.get("pipeline") != identity.pipeline or others:
        what = f"the pipeline {there.get('pipeline')}" if there.get("pipeline") != identity.pipeline else others[0]
        raise OutputError(
            f"{root} holds a run of other input ({what}); choose another output, or remove {root} to start anew"
        )
    return there


def _identity(identity: Identity, laid_out: Plan | None) -> dict[str, Any]:
    return {
        "pipeline": identity.pipeline,
        "files": list(identity.files),
        "config": dict(identity.config),
        "layout": LAYOUT,
        "omnicorpus": versions().get("omnicorpus"),
        "stages": {} if laid_out is None else {step.stage.name: dict(step.made_of) for step in laid_out.steps},
    }


def _load(path: str) -> dict[str, Any]:
    try:
        loaded = json.loads(storage.read_bytes(path))
    except ValueError as error:
        raise OutputError(f"{path} is damaged ({error}): remove its folder to start anew") from error
    if not isinstance(loaded, dict):
        raise OutputError(f"{path} is damaged: remove its folder to start anew")
    return loaded


def _is_whole(root: str, laid_out: Plan) -> bool:
    path = storage.join(root, MANIFEST)
    return storage.exists(path) and _load(path).get("stage_keys") == _keys(laid_out)


def _keys(laid_out: Plan) -> dict[str, str]:
    return {step.stage.name: step.key for step in laid_out.steps}


def _sweep(root: str, laid_out: Plan) -> None:
    """Remove the files of other configurations: first what says that shards are done, then their tables."""
    wanted = {step.folder for step in laid_out.steps}
    work = storage.join(root, plan.WORK)
    for name in storage.folders(work):
        folder = storage.join(work, name)
        if folder not in wanted:
            for file in storage.names(folder):
                if file.endswith((shard.ENDING, alone.LOST)):
                    storage.remove(storage.join(folder, file))
            storage.remove(folder)
    files = {path for _, path in laid_out.final_files()}
    for folder in FOLDERS:
        inside = storage.join(root, folder)
        for name in storage.names(inside):
            path = storage.join(inside, name)
            if path not in files:
                storage.remove(path)


def _manifest(laid_out: Plan, identity: Identity, levels: list[Level], seconds: float) -> dict[str, Any]:
    files: dict[str, list[dict[str, Any]]] = {}
    for folder, path in laid_out.final_files():
        name = path.rsplit("/", 1)[-1]
        entry = {"file": storage.join(folder, name), "rows": table.rows(path), "bytes": storage.size(path)}
        files.setdefault(folder, []).append(entry)
    return {
        "pipeline": identity.pipeline,
        "files": list(identity.files),
        "config": dict(identity.config),
        "config_hash": fingerprint(dict(identity.config)),
        "stage_keys": _keys(laid_out),
        "funnel": [level.plain() for level in levels],
        "tables": files,
        "versions": versions(),
        "finished": _now(),
        "seconds": round(seconds, 3),
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide what a row holds."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str).encode() + b"\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(slots=True)
class _State:
    """RUN/state.json: how far the run is, for whoever asks."""

    root: str
    stages: Sequence[Stage]
    lease: Lease
    started: str = field(default_factory=_now)
    written: float = -1e9
    progress: dict[str, Progress] = field(default_factory=dict)

    def report(self, progress: dict[str, Progress]) -> None:
        self.lease.check()
        self.progress = progress
        if time.monotonic() - self.written >= STATE_SECONDS:
            self.write("running")

    def leave(self, status: str) -> None:
        # A full disk is the reason to leave more often than not; it must not hide the first error.
        with suppress(OmnicorpusError):
            self.write(status)
        self.lease.release()

    def write(self, status: str) -> None:
        self.written = time.monotonic()
        stages = [
            {
                "stage": name,
                "shards": len(stage.step.shards),
                "done": len(stage.done),
                "running": len(stage.running),
                "retries": stage.retries,
                "failed": {stage.step.shards[index]: reason for index, reason in stage.failed.items()},
            }
            for name, stage in self.progress.items()
        ]
        beat = {
            "status": status,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": self.started,
            "seen": _now(),
            "stages": stages,
            "funnel": [stage.level.plain() for stage in self.progress.values()],
        }
        storage.write_bytes(storage.join(self.root, STATE), _json(beat))


@dataclass(frozen=True, slots=True)
class Status:
    """How far a run is: `status` is running, dead, failed, stopped, finished or begun."""

    root: str
    status: str
    run: dict[str, Any]
    state: dict[str, Any]
    manifest: dict[str, Any] | None


def status(root: str) -> Status:
    """Read how far the run at `root` is. Raises InputError where there is no run."""
    if not storage.exists(storage.join(root, RUN)):
        raise InputError(f"no run at {root}: name the output folder of a run (it holds {RUN})")
    run = _load(storage.join(root, RUN))
    state = _load(storage.join(root, STATE)) if storage.exists(storage.join(root, STATE)) else {}
    path = storage.join(root, MANIFEST)
    manifest = _load(path) if storage.exists(path) else None
    now = "finished" if manifest is not None else str(state.get("status", "begun"))
    if now == "running" and lease.living(root) is None:
        now = "dead"
    return Status(root, now, run, state, manifest)


def finished(root: str) -> dict[str, Any]:
    """The manifest of a finished run. Raises InputError where the run isn't finished."""
    there = status(root)
    if there.manifest is None:
        raise InputError(f"the run at {root} is not finished ({there.status}): run its config again first")
    return there.manifest


def shards(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a finished run's shards of documents, in order. They hold the sizes of crawl files, which may be
    gone."""
    stage, key = list(manifest["stage_keys"].items())[-1]
    names = (entry["file"].rsplit("/", 1)[-1] for entry in manifest["tables"].get("documents", []))
    return tuple(name.removeprefix(f"{stage}-").removesuffix(f"-{key}.parquet") for name in names)


def result_files(root: str, folder: str) -> list[str]:
    """Paths of a finished run's documents, images or drops, in shard order."""
    return [storage.join(root, entry["file"]) for entry in finished(root)["tables"].get(folder, [])]
