"""One writer for one output, on a disk or an object store, and a way to stop it from anywhere that sees the output.

Who wants to write puts a file of its own into RUN/lease/ and then looks who else is there. Both of two that come at
once see each other (stores list what has been written), so at most one goes on; the others withdraw. The holder writes
its file anew every few seconds: on its own machine its process shows whether it lives, elsewhere the age of its file
does, by the clock of the store. A file `stop` asks the holder to end.
"""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omnicorpus import storage
from omnicorpus.errors import InputError, OmnicorpusError, OutputError

FOLDER, STOP = "lease", "stop"

BEAT_SECONDS = 3.0

LEASE_SECONDS = 60.0
"""After this long without a beat, a holder on another machine counts as dead: twenty beats."""

TRIES = 5
"""Times that a run withdraws before another that comes at the same moment."""


def machine() -> str:
    """Names this machine since it was started, and the space in which its process numbers count."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def born(pid: int) -> str | None:
    """When a process of this machine began; None where there is no such process. Tells a process from a later one of
    the same number."""
    try:
        # After the name, which may hold spaces and brackets, come state, parent and so on; the 20th is the start.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except OSError:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who wrote a lease file. `seen` is when it last did, by the store's clock."""

    path: str
    host: str
    machine: str
    pid: int
    born: str
    held: bool
    seen: datetime

    def lives(self, now: datetime) -> bool:
        """Whether the holder still works; `now` by the store's clock."""
        if self.machine == machine():
            return born(self.pid) == self.born
        return (now - self.seen).total_seconds() < LEASE_SECONDS

    def is_silent(self, now: datetime) -> bool:
        return self.machine != machine() and (now - self.seen).total_seconds() > 3 * BEAT_SECONDS

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, last seen {self.seen.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def holders(root: str) -> list[Holder]:
    """Everybody with a lease file at the run `root`, alive or not."""
    folder = storage.join(root, FOLDER)
    found = (_holder(storage.join(folder, name)) for name in storage.names(folder) if name.endswith(".json"))
    return [holder for holder in found if holder is not None]


def _holder(path: str) -> Holder | None:
    try:
        values: Mapping[str, Any] = json.loads(storage.read_bytes(path))
        seen = _aware(storage.modified(path))
    except (InputError, FileNotFoundError):
        return None  # it has gone since it was listed
    except ValueError as error:
        raise OutputError(f"{path} is damaged ({error}); remove it if no run works there") from error
    names = ("host", "machine", "pid", "born", "held")
    return Holder(path, seen=seen, **{name: values[name] for name in names})


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def living(root: str) -> Holder | None:
    """Who works on the run now, as far as can be seen from here without writing anything."""
    now = datetime.now(UTC)
    return next((holder for holder in holders(root) if holder.lives(now)), None)


@dataclass(slots=True)
class Lease:
    """The right to write the run at `root`; made by `take`. `check` is to be called every second or so."""

    root: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    _problem: str = ""
    _stop: bool = False
    _beaten: float = field(default_factory=time.monotonic)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def path(self) -> str:
        return storage.join(self.root, FOLDER, f"{self.token}.json")

    def check(self) -> None:
        """Raises OutputError where the lease was lost, KeyboardInterrupt where somebody asked the run to stop."""
        if self._problem:
            raise OutputError(self._problem)
        if self._stop:
            raise KeyboardInterrupt

    def release(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        with suppress(OmnicorpusError):
            storage.remove(self.path)
            if self._stop:
                storage.remove(storage.join(self.root, STOP))

    def write(self, *, held: bool) -> None:
        values = {
            "host": socket.gethostname(),
            "machine": machine(),
            "pid": os.getpid(),
            "born": born(os.getpid()),
            "held": held,
        }
        storage.write_bytes(self.path, json.dumps(values, indent=1).encode())
        self._beaten = time.monotonic()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                if not storage.exists(self.path):
                    self._problem = (
                        f"another run has taken over {self.root}, because this one gave no sign for too long"
                    )
                    return
                self._stop = self._stop or storage.exists(storage.join(self.root, STOP))
                self.write(held=True)
            except OmnicorpusError as error:
                if time.monotonic() - self._beaten > LEASE_SECONDS / 2:
                    self._problem = str(error)
                    return


def take(root: str) -> Lease:
    """Become the one writer of the run at `root`. Raises OutputError where another run works on it.

    A holder elsewhere that has gone silent is waited for: it beats again, or its lease runs out.
    """
    for _ in range(TRIES):
        lease = Lease(root)
        try:
            other = _others(lease)
            while other is not None and other.is_silent(_store_time(lease)):
                time.sleep(BEAT_SECONDS)
                other = _others(lease)
            if other is None:
                _clear(lease)
                lease.write(held=True)
                lease.start()
                return lease
        except BaseException:
            lease.release()
            raise
        lease.release()
        if other.held:
            break
        time.sleep(random.uniform(0.1, 1.0))
    raise OutputError(f"another run works on {root} ({other}); wait for it, or end it with `omnicorpus stop {root}`")


def _others(lease: Lease) -> Holder | None:
    """Somebody else who lives, seen after this lease's own file was written."""
    lease.write(held=False)
    now = _store_time(lease)
    return next((holder for holder in holders(lease.root) if holder.path != lease.path and holder.lives(now)), None)


def _store_time(lease: Lease) -> datetime:
    """The store's clock: when it took this lease's own file."""
    return _aware(storage.modified(lease.path))


def _clear(lease: Lease) -> None:
    """Remove what the dead have left."""
    now = _store_time(lease)
    for holder in holders(lease.root):
        if holder.path != lease.path and not holder.lives(now):
            storage.remove(holder.path)
    storage.remove(storage.join(lease.root, STOP))


def ask_to_stop(root: str, seconds: float) -> bool:
    """Ask the run at `root` to stop and wait until it has. False where it hasn't after `seconds`.

    Raises InputError where nobody works on it.
    """
    if living(root) is None:
        raise InputError(f"no run works on {root}: there is nothing to stop")
    storage.write_bytes(storage.join(root, STOP), b"")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if living(root) is None:
            return True
        time.sleep(0.5)
    return False
