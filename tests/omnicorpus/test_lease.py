"""One writer for one output: among processes of this machine, and among machines that share nothing but the store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from omnicorpus import lease, storage
from omnicorpus.errors import InputError, OutputError


def put(root: Path, *, age: float = 0.0, **changes: object) -> None:
    """The lease file of another run, last written `age` seconds ago."""
    pid = os.getpid()
    values = {"host": "h", "machine": lease.machine(), "pid": pid, "born": lease.born(pid), "held": True}
    path = root / lease.FOLDER / "other.json"
    storage.write_bytes(str(path), json.dumps(values | changes).encode())
    os.utime(path, (time.time() - age, time.time() - age))


def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def files(root: Path) -> list[str]:
    return storage.names(str(root / lease.FOLDER))


@pytest.mark.parametrize("root", ["local", "memory"])
def test_a_lease_is_held_until_it_is_released(tmp_path: Path, root: str) -> None:
    where = str(tmp_path) if root == "local" else f"memory://{tmp_path.name}"
    held = lease.take(where)
    holder = lease.living(where)
    assert holder is not None
    assert (holder.pid, holder.held) == (os.getpid(), True)
    with pytest.raises(OutputError, match=r"another run works on .*omnicorpus stop"):
        lease.take(where)
    held.check()
    held.release()
    assert lease.living(where) is None
    lease.take(where).release()
    assert storage.names(storage.join(where, lease.FOLDER)) == []


def test_a_run_that_lives_is_not_disturbed(tmp_path: Path) -> None:
    put(tmp_path)
    with pytest.raises(OutputError, match="another run works on"):
        lease.take(str(tmp_path))
    assert files(tmp_path) == ["other.json"]


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    put(tmp_path, pid=dead())
    lease.take(str(tmp_path)).release()
    assert files(tmp_path) == []


def test_a_later_process_of_the_same_number_holds_nothing(tmp_path: Path) -> None:
    put(tmp_path, born="12345")
    lease.take(str(tmp_path)).release()
    assert files(tmp_path) == []


def test_another_machine_holds_while_it_gives_signs(tmp_path: Path) -> None:
    put(tmp_path, machine="elsewhere")
    with pytest.raises(OutputError, match=r"process .* on h, last seen"):
        lease.take(str(tmp_path))
    put(tmp_path, machine="elsewhere", age=lease.LEASE_SECONDS + 1)
    lease.take(str(tmp_path)).release()


def test_a_silent_machine_is_waited_for_until_its_lease_runs_out(tmp_path: Path) -> None:
    put(tmp_path, machine="elsewhere", age=lease.LEASE_SECONDS - 1)
    began = time.monotonic()
    lease.take(str(tmp_path)).release()
    assert time.monotonic() - began >= 1


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    program = (
        "import sys; from omnicorpus import lease\n"
        "from omnicorpus.errors import OutputError\n"
        "sys.stdin.readline()\n"
        f"try: held = lease.take({str(tmp_path)!r})\n"
        "except OutputError: print('no')\n"
        "else: print('yes')\n"
        "sys.stdout.flush(); sys.stdin.readline()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.stdout.readline().strip() for process in processes if process.stdout is not None]
    for process in processes:
        process.communicate("end\n")
    assert answers.count("yes") <= 1
    assert sorted(answers) == ["no", "no", "no", "yes"]


def test_a_lease_that_was_taken_over_stops_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.05)
    held = lease.take(str(tmp_path))
    storage.remove(held.path)
    until(lambda: held._problem != "")
    with pytest.raises(OutputError, match="another run has taken over"):
        held.check()
    held.release()


def test_a_run_is_stopped_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.05)
    held = lease.take(str(tmp_path))
    assert not lease.ask_to_stop(str(tmp_path), 0.2)
    until(lambda: held._stop)
    with pytest.raises(KeyboardInterrupt):
        held.check()
    held.release()
    assert not (tmp_path / lease.STOP).exists()


def test_where_nobody_works_nothing_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to stop"):
        lease.ask_to_stop(str(tmp_path), 1)


def until(true: object) -> None:
    while not true():  # type: ignore[operator]
        time.sleep(0.01)
