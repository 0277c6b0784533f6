"""A job on a cluster of three nodes, through Ray's own job service, with a token and without."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from omnicorpus import job
from tests.pipelines.test_cli import config_file

pytestmark = [pytest.mark.slow, pytest.mark.faults]

ROOT = Path(__file__).parents[2]

RAY = Path(sys.executable).with_name("ray")

TOKEN = "0123456789abcdef0123456789abcdef"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(*arguments: str, environment: dict[str, str]) -> Iterator[None]:
    """One node in a process group of its own, which ends with all of it."""
    folder = tempfile.mkdtemp(prefix="oc-", dir="/tmp")
    command = [str(RAY), "start", "--block", "--num-cpus=1", "--object-store-memory=80000000", "--temp-dir", folder]
    # Ray's own is one number for all: beside another Ray of this machine the node would take no jobs.
    command += [f"--dashboard-agent-listen-port={free_port()}"]
    process = subprocess.Popen(
        [*command, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def environment(**more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    path = f"{RAY.parent}{os.pathsep}{inherited['PATH']}"
    return inherited | {"RAY_USAGE_STATS_ENABLED": "0", "PATH": path} | more


@contextmanager
def cluster_of(workers: int, **more: str) -> Iterator[tuple[str, str]]:
    """A head with its dashboard and further nodes; gives the addresses of both."""
    port, dashboard = free_port(), free_port()
    told = environment(**more)
    with started(
        "--head", f"--port={port}", f"--dashboard-port={dashboard}", "--include-dashboard=true", environment=told
    ):
        wait_for(port)
        wait_for(dashboard)
        address = f"127.0.0.1:{port}"
        if workers == 0:
            yield address, f"http://127.0.0.1:{dashboard}"
            return
        with (
            started(f"--address={address}", environment=told),
            started(f"--address={address}", environment=told),
        ):
            yield address, f"http://127.0.0.1:{dashboard}"


def wait_for(port: int) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at port {port}")


def begun(*arguments: str, cwd: Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *arguments], cwd=cwd, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(PYTHONPATH=str(ROOT)) | more,
    )  # fmt: skip


def omnicorpus(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    process = begun(*arguments, cwd=cwd, **more)
    out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


RIGHT = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}


def test_rays_client_drives_a_cluster_from_outside(tmp_path: Path) -> None:
    port, client = free_port(), free_port()
    told = environment(**RIGHT)
    ports = (f"--port={port}", f"--ray-client-server-port={client}", "--include-dashboard=false")
    with started("--head", *ports, environment=told):
        wait_for(client)
        path = config_file(tmp_path)
        done = omnicorpus("run", path, "--address", f"ray://127.0.0.1:{client}", cwd=tmp_path, **RIGHT)
        assert done.returncode == 0, done.stderr[-3000:]
        assert "done in" in done.stderr
        assert len(job.result_files(str(tmp_path / "out"), "documents")) == 1


def test_a_path_that_only_this_machine_sees_is_not_submitted(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    values = json.loads(Path(config_file(tmp_path)).read_text())
    for key, value in (("duplicates", {"index": ["index"]}), ("images", {"clip": {"model": "local-dir:models/clip"}})):
        (tmp_path / "c.json").write_text(json.dumps(values | {key: value}))
        done = omnicorpus("submit", "c.json", "--address", "http://127.0.0.1:1", cwd=tmp_path)
        named = {"duplicates": "duplicates.index", "images": "images.clip.model"}[key]
        assert (done.returncode, f"c.json: {named} is relative to this machine's folder" in done.stderr) == (2, True)


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, str]]:
    with cluster_of(2, **RIGHT) as addresses:
        yield addresses


def test_a_config_is_submitted_to_three_nodes_and_its_log_followed(tmp_path: Path, cluster: tuple[str, str]) -> None:
    _, dashboard = cluster
    path = config_file(tmp_path)
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(json.loads(Path(path).read_text()) | {"output": str(tmp_path / "other"), "x": 1}))
    first, second = (
        begun("submit", config, "--address", dashboard, cwd=tmp_path, **RIGHT) for config in (path, str(wrong))
    )
    log, told = first.communicate()
    assert first.returncode == 0, log + told
    assert "submitted raysubmit_" in told
    assert "done in" in log
    assert len(job.result_files(str(tmp_path / "out"), "documents")) == 1

    log, told = second.communicate()
    assert "unknown key x" in log
    assert (second.returncode, "ended as FAILED" in told) == (2, True)


@pytest.mark.parametrize("given", [{"RAY_AUTH_MODE": "disabled"}, RIGHT | {"RAY_AUTH_TOKEN": TOKEN[::-1]}])
def test_a_cluster_that_asks_for_its_token_says_so_in_one_line(
    tmp_path: Path, cluster: tuple[str, str], given: dict[str, str]
) -> None:
    path = config_file(tmp_path)
    # Side by side: Ray itself needs twenty seconds to see that it is refused.
    asking = [
        begun(command, path, "--address", address, cwd=tmp_path, HOME=str(tmp_path), **given)
        for command, address in zip(("run", "submit"), cluster, strict=True)
    ]
    for process in asking:
        _, err = process.communicate()
        told = [text for text in err.splitlines() if text.startswith("omnicorpus: ")]
        assert (process.returncode, len(told)) == (2, 1), err[-3000:]
        assert "set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN" in told[0]
        assert "`ray get-auth-token` prints on the cluster's head" in told[0]


def test_with_its_token_a_cluster_is_joined(tmp_path: Path, cluster: tuple[str, str]) -> None:
    done = omnicorpus("run", config_file(tmp_path), "--address", cluster[0], cwd=tmp_path, HOME=str(tmp_path), **RIGHT)
    assert done.returncode == 0, done.stderr
