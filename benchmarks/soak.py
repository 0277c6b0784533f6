"""Runs on a real cluster of three nodes, with a random fault every few seconds; every run must end with the same bytes.

    PYTHONPATH=. python benchmarks/soak.py --minutes 60 --every 30

Faults: SIGKILL of a worker, of the driver (which is started again), of a node (another is added).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from omnicorpus import job
from omnicorpus.runner import Inline
from tests import poison
from tests.nodes import Nodes, nodes
from tests.poison import Evil

EVIL = Evil(pause=0.05)
"""Shards of half a second, so that faults meet them."""

SHARDS = 24


def start(root: Path, address: str) -> subprocess.Popen[bytes]:
    program = (
        "from pathlib import Path; from omnicorpus import cluster; from tests import poison\n"
        f"laid = poison.stages({SHARDS}, first=poison.Evil(pause={EVIL.pause}))\n"
        f"poison.run(Path({str(root)!r}), cluster.joined({address!r}), laid)"
    )
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def workers(folders: list[str]) -> list[int]:
    """Processes that work on a shard right now, on nodes of ours."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name = (entry / "comm").read_text().strip()
                log = str((entry / "fd" / "1").readlink())
            except OSError:
                continue
            if name.startswith("ray::") and "IDLE" not in name and log.startswith(tuple(folders)):
                found.append(int(entry.name))
    return found


def strike(cluster: Nodes, extra: list[object], driver: subprocess.Popen[bytes]) -> str:
    what = random.choice(["worker", "worker", "driver", "node"])
    if what == "worker":
        if not (alive := workers(cluster.folders)):
            return "none"
        os.kill(random.choice(alive), signal.SIGKILL)
    elif what == "driver":
        driver.kill()
    else:
        cluster.kill(extra.pop(random.randrange(len(extra))))
        extra.append(cluster.add(1))
    return what


def soak(minutes: float, every: float) -> None:
    home = Path(tempfile.mkdtemp(prefix="soak-"))
    poison.run(home / "whole", Inline(), poison.stages(SHARDS))
    whole = poison.contents(home / "whole")
    faults: Counter[str] = Counter()
    runs = wrong = refused = 0
    end = time.monotonic() + 60 * minutes
    with nodes(1, 1) as cluster:
        extra: list[object] = [cluster.add(1)]
        while time.monotonic() < end:
            root = home / f"run-{runs}"
            driver = start(root, cluster.address)
            struck = time.monotonic()
            while not (root / job.MANIFEST).exists():
                if driver.poll() is not None and not (root / job.MANIFEST).exists():
                    refused += driver.returncode != -signal.SIGKILL
                    driver = start(root, cluster.address)
                if time.monotonic() - struck > every:
                    struck = time.monotonic()
                    faults[strike(cluster, extra, driver)] += 1
                time.sleep(0.05)
            driver.wait()
            runs += 1
            wrong += poison.contents(root) != whole
            shutil.rmtree(root)
            print(f"{runs} runs, {wrong} wrong, faults {dict(faults)}, {refused} ended by themselves", flush=True)
    shutil.rmtree(home)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every", type=float, default=30, help="seconds between two faults")
    given = parser.parse_args()
    soak(given.minutes, given.every)
