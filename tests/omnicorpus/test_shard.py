"""What a shard's manifest measures."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from omnicorpus import plan, shard, storage
from omnicorpus.stage import Call, Counts, Stage


def burn(call: Call, _state: object) -> Counts:
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    storage.write_bytes(call.path("out"), b"1")
    return Counts(1, 1)


@pytest.mark.skipif(not Path("/proc/thread-self/schedstat").exists(), reason="the system doesn't tell")
def test_what_a_shard_stood_in_a_processors_queue_is_told_apart(tmp_path: Path) -> None:
    laid = plan.make(str(tmp_path), (Stage("burn", burn, None, ("out",), shards=("a",)),))
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    # It inherits the one processor, and takes turns on it.
    other = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        other.stdout.readline()
        done = shard.perform(laid.steps[0].stage, laid.call(laid.steps[0], 0), None)
    finally:
        os.sched_setaffinity(0, allowed)
        other.kill()
        other.communicate()
    assert done.waited > 0
    assert done.seconds + done.waited == pytest.approx(done.wall, rel=0.1)
