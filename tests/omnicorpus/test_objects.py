"""Runs whose output is an object store: the same bytes as on a disk, whole or absent, never two at once."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omnicorpus import job, lease, storage
from omnicorpus.errors import InputError, OutputError
from omnicorpus.job import Identity, Outcome
from omnicorpus.runner import Engine, Inline
from tests import poison
from tests.poison import Evil
from tests.store import BUCKET, s3


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    with s3():
        yield


@pytest.fixture
def folder(server: None) -> str:
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


def run(root: str, engine: Engine, second: Evil = poison.GOOD) -> Outcome:
    return job.execute(
        root, poison.stages(second=second), Identity("toy", ("x",), {}), lambda: engine, lambda _progress: None
    )


def contents(root: str) -> dict[str, bytes]:
    paths = storage.glob(storage.join(root, "**/*.parquet"))
    return {path.removeprefix(root): storage.read_bytes(path) for path in paths}


def test_a_run_on_s3_gives_the_bytes_of_a_run_on_disk(folder: str, tmp_path: Path) -> None:
    run(folder, Inline())
    run(str(tmp_path), Inline())
    assert contents(folder) == {
        str(path).removeprefix(str(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.parquet")
    }
    assert len(contents(folder)) == 25
    assert job.status(folder).status == "finished"
    assert run(folder, Inline()).redone == ()


def test_a_changed_stage_is_redone_and_old_objects_go(folder: str) -> None:
    run(folder, Inline())
    assert run(folder, Inline(), Evil(rows=11)).redone == ("keep", "total")
    fresh = f"{folder}-fresh"
    run(fresh, Inline(), Evil(rows=11))
    assert contents(folder) == contents(fresh)


def test_what_another_process_writes_is_seen_at_once(folder: str) -> None:
    path = storage.join(folder, "a.txt")
    assert (storage.names(folder), storage.exists(path)) == ([], False)
    program = f"from omnicorpus import storage; storage.write_bytes({path!r}, b'first')"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (storage.names(folder), storage.exists(path), storage.size(path)) == (["a.txt"], True, 5)
    subprocess.run([sys.executable, "-c", program.replace("first", "and again")], check=True)
    assert (storage.size(path), storage.read_bytes(path)) == (9, b"and again")
    with storage.reading(path) as file:
        assert file.read() == b"and again"


@pytest.mark.parametrize("size", [10, 12 << 20])
def test_an_upload_that_fails_leaves_nothing(folder: str, size: int) -> None:
    path = storage.join(folder, "a.bin")
    with pytest.raises(RuntimeError), storage.writing(path) as file:
        file.write(b"x" * size)
        raise RuntimeError
    assert not storage.exists(path)
    storage.write_bytes(path, b"old")
    with pytest.raises(RuntimeError), storage.writing(path) as file:
        file.write(b"x" * size)
        raise RuntimeError
    assert storage.read_bytes(path) == b"old"


def test_many_small_objects_are_read_in_their_order(folder: str) -> None:
    paths = [storage.join(folder, f"{number}.txt") for number in range(20)]
    for number, path in enumerate(paths):
        storage.write_bytes(path, str(number).encode())
    assert list(storage.read_many(reversed(paths))) == [
        (path, str(number).encode()) for number, path in reversed(list(enumerate(paths)))
    ]


def test_one_writer_holds_an_output_on_s3(folder: str) -> None:
    held = lease.take(folder)
    with pytest.raises(OutputError, match="another run works on"):
        lease.take(folder)
    held.release()
    lease.take(folder).release()


def test_a_missing_bucket_is_one_line(server: None) -> None:
    with pytest.raises(OutputError, match="can't write s3://nobody/x"):
        storage.write_bytes("s3://nobody/x", b"x")
    with pytest.raises(InputError, match="can't read s3://nobody/x"):
        storage.read_bytes("s3://nobody/x")


@pytest.mark.slow
@pytest.mark.faults
def test_on_ray_s3_gets_the_same_bytes(folder: str) -> None:
    from omnicorpus import cluster

    run(folder, cluster.embedded(2))
    alone = f"{folder}-inline"
    run(alone, Inline())
    assert contents(folder) == contents(alone)


@pytest.mark.slow
@pytest.mark.faults
def test_a_store_that_stops_answering_ends_the_run_with_one_line(ledger: Callable[[str, str, str], None]) -> None:
    with s3() as server:
        root = f"s3://{BUCKET}/run"

        def listen(progress: object) -> None:
            if len(progress["make"].done) == 2:  # type: ignore[index]
                server.kill()
                server.wait()

        with pytest.raises((OutputError, InputError), match=r"can't (read|write) s3://corpus/run/"):
            job.execute(root, poison.stages(), Identity("toy", ("x",), {}), Inline, listen)
    ledger("the object store dies midway", "nothing: one line", "nothing")
