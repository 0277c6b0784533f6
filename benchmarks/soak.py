"""Runs on a real cluster of three nodes, with a random fault every few seconds; every run must end with the same bytes.

    PYTHONPATH=. python benchmarks/soak.py --minutes 60 --every 30

Faults: SIGKILL of a worker, of the driver (which is started again), of a node (another is added), and of the head with
all its processes (the driver ends by itself, and another cluster is started).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from omnicorpus import job
from omnicorpus.runner import Inline
from tests import poison
from tests.nodes import Nodes, nodes
from tests.poison import Evil

PAUSES = Evil(pause=0.2), Evil(pause=0.1)
"""Seconds of sleep a record in the first two stages: shards of two seconds and of one, so that faults meet them."""

FAULTS = ("worker",) * 16 + ("node",) * 8 + ("driver",) * 8 + ("head",)

SHARDS = 24


def start(root: Path, address: str) -> subprocess.Popen[bytes]:
    program = (
        "from pathlib import Path; from omnicorpus import cluster; from tests import poison\n"
        f"first, second = (poison.Evil(pause=pause) for pause in {[evil.pause for evil in PAUSES]})\n"
        f"laid = poison.stages({SHARDS}, first=first, second=second)\n"
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
    what = random.choice(FAULTS)
    if what == "worker":
        if not (alive := workers(cluster.folders)):
            return "none: nobody works"
        os.kill(random.choice(alive), signal.SIGKILL)
    elif what == "driver":
        driver.kill()
    elif what == "head":
        cluster.kill_head()
    else:
        cluster.kill(extra.pop(random.randrange(len(extra))))
        extra.append(cluster.add(1))
    return what


@dataclass
class Tally:
    """`wrong` runs ended with other bytes; `ended` counts drivers that gave up by themselves, with the head."""

    runs: int = 0
    wrong: int = 0
    ended: int = 0
    retries: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.wrong} wrong, {sum(self.faults.values())} faults {dict(self.faults)}, "
            f"{self.retries} shards tried again, {self.ended} drivers ended by themselves"
        )


def soak(minutes: float, every: float) -> None:
    home = Path(tempfile.mkdtemp(prefix="soak-"))
    poison.run(home / "whole", Inline(), poison.stages(SHARDS))
    whole = poison.contents(home / "whole")
    tally = Tally()
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        with nodes(1, 1, tries=50) as cluster:
            _on_one_cluster(cluster, home, whole, tally, end, every)
    shutil.rmtree(home)


def _on_one_cluster(
    cluster: Nodes, home: Path, whole: dict[str, bytes], tally: Tally, end: float, every: float
) -> None:
    """Runs until the time is over or the head was killed."""
    extra: list[object] = [cluster.add(1)]
    struck = time.monotonic()
    while time.monotonic() < end:
        root = home / f"run-{tally.runs}"
        driver = start(root, cluster.address)
        while not (root / job.MANIFEST).exists():
            if driver.poll() is not None and not (root / job.MANIFEST).exists():
                tally.ended += driver.returncode != -signal.SIGKILL
                driver = start(root, cluster.address)
            if time.monotonic() - struck > every:
                struck = time.monotonic()
                what = strike(cluster, extra, driver)
                tally.faults[what] += 1
                if what == "head":
                    driver.wait()
                    tally.ended += 1
                    print(f"the head was killed, the driver ended with {driver.returncode}", flush=True)
                    return
            time.sleep(0.05)
        driver.wait()
        tally.runs += 1
        tally.retries += sum(stage["retries"] for stage in json.loads((root / job.STATE).read_text())["stages"])
        tally.wrong += poison.contents(root) != whole
        shutil.rmtree(root)
        print(f"{time.strftime('%H:%M:%S')} {tally}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every", type=float, default=30, help="seconds between two faults")
    given = parser.parse_args()
    soak(given.minutes, given.every)
