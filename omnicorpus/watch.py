"""Which record a worker is at, so that one that kills its process, holds it or eats its memory can be found.

A stage says which record it is at by going through `records`. What stops a bad record does not need Python to answer:
the time limit is a thread of `faulthandler` in C, which ends the process even where native code holds the interpreter;
the memory limit is a thread that looks five times a second.
"""

from __future__ import annotations

import faulthandler
import mmap
import os
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from omnicorpus.document import Drop
from omnicorpus.stage import Call

LOOK = 0.2
"""Seconds between two looks at the memory: at the 5 GB/s at which a page table fills, one look is one gigabyte."""

_MARK = struct.Struct("<q")

_PAGE = os.sysconf("SC_PAGE_SIZE")

Record = TypeVar("Record")


def records(call: Call, found: Iterable[Record]) -> Iterator[tuple[Record, Drop | None]]:
    """Every record with None, or with the verdict on it where it is known to have killed its worker."""
    with _noted(call.marks) as note, _memory_limit(call.memory):
        armed = -1e9
        try:
            for number, record in enumerate(found):
                if call.patience and time.monotonic() - armed > call.patience / 4:
                    armed = time.monotonic()
                    faulthandler.dump_traceback_later(call.patience, exit=True, file=sys.__stderr__ or sys.stderr)
                note(2 * number + 1)
                yield record, call.skip.get(number)
                note(2 * number + 2)
        finally:
            if call.patience:
                faulthandler.cancel_dump_traceback_later()


class _Note:
    """Writes one number into a file that outlives the process, without a system call."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory

    def __call__(self, mark: int) -> None:
        _MARK.pack_into(self._memory, 0, mark)


@contextmanager
def _noted(path: str) -> Iterator[_Note]:
    if not path:
        with mmap.mmap(-1, _MARK.size) as memory:
            yield _Note(memory)
        return
    with Path(path).open("r+b") as file, mmap.mmap(file.fileno(), _MARK.size) as memory:
        yield _Note(memory)


def new_marks(path: str) -> None:
    """Make an empty file of marks."""
    Path(path).write_bytes(_MARK.pack(0))


def marked(path: str) -> tuple[int, bool]:
    """The number of the record at work, or of the one about to be read; and whether it is at work."""
    (mark,) = _MARK.unpack(Path(path).read_bytes())
    return mark // 2, mark % 2 == 1


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
