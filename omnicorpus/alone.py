"""A shard that has killed its workers, carried out in a process of its own: the record at fault is found and left out.

The child notes the record it is at and, between records, where its reader is; the parent watches it, and when it dies,
hangs or grows past its limit, starts it again. A record or place that ends the child twice is lost: it goes to the
drops with the reason, and the rest of the shard is done. What is lost is written beside the shard, so that a run that
was killed meanwhile loses the same records.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from omnicorpus import shard, storage, watch
from omnicorpus.document import Drop
from omnicorpus.errors import OmnicorpusError
from omnicorpus.shard import Manifest
from omnicorpus.stage import Call, Stage
from omnicorpus.watch import Mark

LOST = ".lost"
"""Ending of the file of a shard's lost records."""

CONFIRMED = 2
"""Times that a record must end the child: the first could be another's fault, such as the system short of memory."""

MOST_LOST = 20
"""Records and places of one shard. More is no bad record but a fault of the machine or of the code, and the shard
fails."""

PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""

LOOK = 0.05
"""Seconds between two looks at the child."""


class Crashed(Exception):  # noqa: N818 - it tells how a process ended
    """The child ended without a result, and no single record is to blame."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What is known to kill its worker: `records` by number, and `places` of the reader (`watch.Trail`)."""

    records: Mapping[int, Drop] = field(default_factory=dict)
    places: Mapping[int, Drop] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.records) + len(self.places)

    def plus(self, key: _Key, drop: Drop) -> Lost:
        kind, number = key
        return replace(self, **{kind: {**getattr(self, kind), number: drop}})

    def told(self, call: Call) -> Call:
        """The call that leaves them out."""
        return replace(call, skip=self.records, passed=self.places)


_Key = tuple[Literal["records", "places"], int]


def lost(call: Call) -> Lost:
    """What of this shard is known to kill its worker."""
    path = call.output + LOST
    if not storage.exists(path):
        return Lost()
    found = json.loads(storage.read_bytes(path))
    return Lost(*({int(number): Drop(**drop) for number, drop in found[kind].items()} for kind in Lost.__slots__))


def perform(stage: Stage, call: Call) -> Manifest:
    """Carry the shard out without the records that kill its process.

    An error that a record raises counts as the record's, too, unless it is one that a person can mend. Raises Crashed
    where the process ends outside of any record, or by too many; and what the work itself raises outside of a record.
    """
    known = lost(call)
    blamed: Counter[_Key] = Counter()
    while True:
        end = _run(stage, known.told(call))
        if isinstance(end, Manifest):
            return end
        key, drop, certain = end
        if key[1] in getattr(known, key[0]):
            raise Crashed(f"{drop.rule} ({drop.detail}) beside a record that is left out, {key[0]} {key[1]}")
        blamed[key] += 1
        if certain or blamed[key] >= CONFIRMED:
            known = known.plus(key, drop)
            if len(known) > MOST_LOST:
                raise Crashed(f"over {MOST_LOST} records of this shard end their process, the last by {drop.detail}")
            storage.write_bytes(call.output + LOST, json.dumps(asdict(known), indent=1, sort_keys=True).encode())


_Blame = tuple[_Key, Drop, bool]
"""A record or a place, the verdict on it, and whether it needs no second trial."""


def _run(stage: Stage, call: Call) -> Manifest | _Blame:
    with tempfile.TemporaryDirectory(prefix="omnicorpus-alone-") as folder:
        marks, given, result = (str(Path(folder) / name) for name in ("marks", "given", "result"))
        watch.new_marks(marks)
        Path(given).write_bytes(pickle.dumps((stage, replace(call, marks=marks, patience=0.0, memory=0))))
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        child = subprocess.Popen(  # noqa: S603 - this module, with two files of ours
            [sys.executable, "-m", "omnicorpus.alone", given, result, str(os.getpid())],
            env=environment, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            verdict = _watched(child, marks, stage)
        finally:
            child.kill()
            child.wait()
        mark = watch.marked(marks)
        end = pickle.loads(Path(result).read_bytes()) if Path(result).exists() else None  # noqa: S301 - our child's
    if isinstance(end, Manifest):
        return end
    if end is not None:
        error, line = end
        if isinstance(error, OmnicorpusError) or (key := _culprit(mark)) is None:
            raise error
        return key, Drop("error", detail=line), True
    verdict = verdict or Drop("crash", detail=_ending(child.returncode))
    if (key := _culprit(mark)) is None:
        raise Crashed(f"{verdict.rule} ({verdict.detail}) outside of a record, after {mark.number} records")
    return key, verdict, False


def _culprit(mark: Mark) -> _Key | None:
    if mark.is_at_work:
        return "records", mark.number
    return None if mark.place is None else ("places", mark.place)


def _watched(child: subprocess.Popen[bytes], marks: str, stage: Stage) -> Drop | None:
    """Wait for the child's end. Returns why it has to be ended, None where it ended by itself."""
    limits = stage.resources
    mark, since, held = watch.marked(marks), time.monotonic(), 0
    while child.poll() is None:
        time.sleep(LOOK)
        if (now := watch.marked(marks)) != mark:
            mark, since, held = now, time.monotonic(), held or watch.resident(child.pid)
        elif _culprit(mark) and time.monotonic() - since > limits.record_seconds:
            return Drop("hang", limits.record_seconds, limits.record_seconds)
        if held and watch.resident(child.pid) > held + limits.record_memory:
            return Drop("memory", threshold=float(limits.record_memory))
    return None


def _ending(status: int) -> str:
    try:
        return signal.Signals(-status).name if status < 0 else f"exit {status}"
    except ValueError:
        return f"signal {-status}"


def _place(error: BaseException) -> str:
    """The error with where it was raised, the same on every machine."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = re.sub(r"0x[0-9a-f]+", "0x…", f"{type(error).__name__}: {error}".split("\n", 1)[0])[:300]
    return f"{text} ({Path(frame.filename).name}:{frame.lineno} in {frame.name})"


def _child(given: str, result: str, parent: int) -> None:
    _die_with(parent)
    stage, call = pickle.loads(Path(given).read_bytes())  # noqa: S301 - written by our own parent
    end: Manifest | tuple[BaseException, str]
    try:
        end = shard.perform(stage, call, None if stage.start is None else stage.start(stage.settings))
    except Exception as error:  # any fault of a record is the parent's to judge
        end = (_portable(error), _place(error))
    Path(f"{result}.new").write_bytes(pickle.dumps(end))
    Path(f"{result}.new").replace(result)


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own error
    except Exception:  # whatever an error's own constructor raises when it is made again
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _die_with(parent: int) -> None:
    """End when the parent ends, so that a killed worker leaves no process that works on (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
