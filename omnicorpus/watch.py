"""Which record a worker is at, so that one that kills its process, holds it or eats its memory can be found.

A stage says which record it is at by going through `records`, and a reader of records says where it is by `Trail.at`:
what kills the reader is found as well. What stops a bad record does not need Python to answer: the time limit is a
thread of `faulthandler` in C, which ends the process even where native code holds the interpreter; the memory limit is
a thread that looks five times a second.
"""

from __future__ import annotations

import faulthandler
import mmap
import os
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from omnicorpus.document import Drop
from omnicorpus.stage import Call

LOOK = 0.2
"""Seconds between two looks at the memory: at the 5 GB/s at which a page table fills, one look is one gigabyte."""

_MARK = struct.Struct("<q")

_NOWHERE = -1

_PAGE = os.sysconf("SC_PAGE_SIZE")

Record = TypeVar("Record")


def _ignore(_place: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Trail:
    """Where a reader is: a number of 0 or more, the same in every reading of the same source.

    `passed` holds the places that are known to kill the process, with the verdict; the reader is to leave them out and
    to give a bad record in their stead, so that the numbers of the records stay.
    """

    passed: Mapping[int, Drop] = field(default_factory=dict)
    note: Callable[[int], None] = _ignore

    def at(self, place: int) -> Drop | None:
        """Say that the reader comes to a place; the verdict, where it must not be entered."""
        self.note(place)
        return self.passed.get(place)


def records(call: Call, found: Iterable[Record], *, first: int = 0) -> Iterator[tuple[Record, Drop | None]]:
    """Every record with None, or with the verdict on it where it is known to have killed its worker.

    `first` is the number of the first record: how many came before in the same call.
    """
    return read(call, lambda _trail: found, first=first)


def tried(
    call: Call, items: Iterable[Record], attempt: Callable[[Record], object], *, first: int = 0
) -> list[Drop | None]:
    """The verdict on each item of a batch that goes through a model at once; None for those that may.

    Where the record that killed the shard's worker is looked for (`omnicorpus.alone`), each item is attempted by itself
    before the batch is. `first` as in `records`.
    """
    verdicts = []
    for item, lost in records(call, items, first=first):
        if lost is None and call.marks:
            attempt(item)
        verdicts.append(lost)
    return verdicts


def read(
    call: Call, found: Callable[[Trail], Iterable[Record]], *, first: int = 0
) -> Iterator[tuple[Record, Drop | None]]:
    """As `records`, for a reader that can pass over what kills it."""
    with _noted(call.marks) as memory, _memory_limit(call.memory):
        note = _Note(memory, 0)
        trail = Trail(call.passed, _Note(memory, _MARK.size))
        trail.note(_NOWHERE)
        armed = -1e9
        try:
            for number, record in enumerate(found(trail), first):
                if call.patience and time.monotonic() - armed > call.patience / 4:
                    armed = time.monotonic()
                    faulthandler.dump_traceback_later(call.patience, exit=True, file=sys.__stderr__ or sys.stderr)
                note(2 * number + 1)
                yield record, call.skip.get(number)
                note(2 * number + 2)
            trail.note(_NOWHERE)
        finally:
            if call.patience:
                faulthandler.cancel_dump_traceback_later()


@dataclass(frozen=True, slots=True)
class _Note:
    """Writes one number into a file that outlives the process, without a system call."""

    memory: mmap.mmap
    offset: int

    def __call__(self, mark: int) -> None:
        _MARK.pack_into(self.memory, self.offset, mark)


@contextmanager
def _noted(path: str) -> Iterator[mmap.mmap]:
    if not path:
        with mmap.mmap(-1, 2 * _MARK.size) as memory:
            yield memory
        return
    with Path(path).open("r+b") as file, mmap.mmap(file.fileno(), 2 * _MARK.size) as memory:
        yield memory


def new_marks(path: str) -> None:
    """Make an empty file of marks."""
    Path(path).write_bytes(_MARK.pack(0) + _MARK.pack(_NOWHERE))


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a process has come: `number` of the record that `is_at_work` or else is read next; the reader's `place`,
    None where none was told."""

    number: int
    is_at_work: bool
    place: int | None


def marked(path: str) -> Mark:
    """What a file of marks says."""
    data = Path(path).read_bytes()
    (mark,), (place,) = _MARK.unpack_from(data, 0), _MARK.unpack_from(data, _MARK.size)
    return Mark(mark // 2, mark % 2 == 1, None if place == _NOWHERE else place)


def resident(process: int | str = "self") -> int:
    """Bytes of memory that a process holds; 0 where the system doesn't tell (no /proc) or the process is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


@contextmanager
def _memory_limit(growth: int) -> Iterator[None]:
    """End this process once it holds `growth` bytes more than now. No limit for 0."""
    if not growth:
        yield
        return
    most = resident() + growth
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            if resident() > most:
                os._exit(1)

    thread = threading.Thread(target=look, name="memory limit", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
