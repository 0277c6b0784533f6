"""A real Ray cluster of several nodes on this machine, whose nodes come and go."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ray.cluster_utils import Cluster

STORE = 80 << 20
"""Bytes of each node's object store, about Ray's least."""

TRIES = 3
"""Ray gives a node 30 seconds to start, which a busy machine may pass."""


class Nodes:
    """Every node has a folder of its own, short enough for the names of its sockets."""

    def __init__(self, cpus: float = 1, tries: int = TRIES, system: dict[str, Any] | None = None) -> None:
        self._tries = tries
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ["RAY_task_oom_retries"] = "0"  # noqa: SIM112 - Ray's own name
        self._cluster = Cluster(shutdown_at_exit=True)
        self.folders: list[str] = []
        self.head = self.add(cpus, system)

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def add(self, cpus: float = 1, system: dict[str, Any] | None = None) -> Any:
        for left in reversed(range(self._tries)):
            folder = tempfile.mkdtemp(prefix="oc-", dir="/tmp")
            self.folders.append(folder)
            try:
                return self._cluster.add_node(
                    num_cpus=cpus, object_store_memory=STORE, temp_dir=folder, include_dashboard=False,
                    _system_config=system,
                )  # fmt: skip
            except Exception:  # whatever Ray raises when a node is late
                if not left:
                    raise
        raise AssertionError

    def kill(self, node: Any) -> None:
        """End a node and all of its workers at once, as a lost machine does."""
        self._cluster.remove_node(node, allow_graceful=False)

    def kill_head(self) -> None:
        """End the head with all its processes, the cluster's memory with it."""
        self.head.kill_all_processes(check_alive=False, allow_graceful=False)

    def close(self) -> None:
        self._cluster.shutdown()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def nodes(*cpus: float, tries: int = TRIES, system: dict[str, Any] | None = None) -> Iterator[Nodes]:
    """A head and further nodes, each with its number of processors; `system` are settings of Ray itself."""
    started = Nodes(cpus[0], tries, system)
    try:
        for more in cpus[1:]:
            started.add(more)
        yield started
    finally:
        started.close()
