"""Small pictures for pages that people look at, each decoded in a process that may die without harm.

The child is started when the first picture is asked for, and again after it died; its memory is limited. What ends it
or takes too long has no small picture, and the page says why.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnProcess
from typing import cast

from omnicorpus import picture

SECONDS = 20.0
"""For one picture, as in the stage that measures it."""

MEMORY = 4 << 30
"""Bytes of address space of the child: a picture of `picture.MAX_PIXELS` takes a quarter, twice or three times."""


class Glimpses:
    """Makes small pictures, one at a time. Use as a context, or call `close`."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Glimpses:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def make(self, content: bytes, side: int) -> bytes:
        """A JPEG whose longer side is at most `side` pixels. Raises NotAPicture, also for "crash" and "too_slow"."""
        if self._pool is None:
            # A fresh process, not a fork: the parent may have threads.
            self._pool = ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), initializer=_limit, initargs=(self._memory,)
            )
            self._pool.submit(_ready).result()
        try:
            small, reason = self._pool.submit(_small, content, side).result(self._seconds)
        except BrokenProcessPool:
            self.close()
            raise picture.NotAPicture("crash") from None
        except TimeoutError:
            self.close()
            raise picture.NotAPicture("too_slow") from None
        if small is None:
            raise picture.NotAPicture(reason)
        return small

    def close(self) -> None:
        """End the child, whatever it does."""
        if self._pool is None:
            return
        children = cast(dict[int, SpawnProcess], self._pool._processes or {})
        for child in list(children.values()):
            child.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then ends this process


def _ready() -> None:
    """What the first picture need not wait for: the start of the child."""


def _small(content: bytes, side: int) -> tuple[bytes | None, str]:
    try:
        return picture.thumbnail(content, side), ""
    except picture.NotAPicture as verdict:
        return None, verdict.reason
    except MemoryError:
        return None, "too_much_memory"
