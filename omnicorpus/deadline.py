"""A time limit on one record, from inside the process that works on it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class DeadlinePassed(Exception):  # noqa: N818 - it becomes a drop, not an error
    """The block took longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"over {seconds:g} s")
        self.seconds = seconds


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise DeadlinePassed inside the block once it has taken `seconds` of the clock.

    SIGALRM stops Python code and runaway regular expressions; native code is stopped when it returns, even where that
    makes a SystemError of what the signal raised. Outside the main thread, where no signal arrives, there is no limit:
    Ray's tasks run in the main thread of their worker.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    passed = False

    def ring(_signal: int, _frame: FrameType | None) -> None:
        nonlocal passed
        passed = True
        raise DeadlinePassed(seconds)

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except SystemError as fault:
        if passed:
            raise DeadlinePassed(seconds) from fault
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
