from __future__ import annotations

from pathlib import Path

import pytest

from omnicorpus import storage
from omnicorpus.errors import InputError, OutputError


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}-{request.node.name}"


def test_what_was_written_is_there_whole(folder: str) -> None:
    path = storage.join(folder, "deep", "er", "a.txt")
    storage.write_bytes(path, b"hello world")
    assert storage.read_bytes(path) == b"hello world"
    assert storage.read_bytes(path, start=6, length=3) == b"wor"
    assert (storage.size(path), storage.exists(path), storage.is_folder(storage.join(folder, "deep"))) == (
        11,
        True,
        True,
    )
    assert storage.names(storage.join(folder, "deep", "er")) == ["a.txt"]
    assert storage.folders(folder) == ["deep"]


def test_a_write_that_fails_leaves_nothing_and_spares_what_was_there(tmp_path: Path) -> None:
    path = str(tmp_path / "a.txt")
    storage.write_bytes(path, b"old")
    with pytest.raises(RuntimeError), storage.writing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert storage.read_bytes(path) == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_that_is_being_written_is_not_listed(tmp_path: Path) -> None:
    with storage.writing(str(tmp_path / "a.txt")) as file:
        file.write(b"x")
        assert storage.names(str(tmp_path)) == []
    assert storage.names(str(tmp_path)) == ["a.txt"]


def test_removing_and_listing_what_is_not_there_is_nothing(folder: str) -> None:
    storage.remove(storage.join(folder, "gone"))
    assert storage.names(storage.join(folder, "gone")) == []
    assert storage.folders(storage.join(folder, "gone")) == []


def test_faults_are_one_line_with_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"can't read .*gone: No such file"):
        storage.read_bytes(str(tmp_path / "gone"))
    with pytest.raises(OutputError, match="can't write"):
        storage.write_bytes(str(tmp_path / "file" / "under"), b"x")


def test_a_fault_of_another_file_is_not_laid_on_the_one_being_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"), storage.writing(str(tmp_path / "a.txt")):
        (tmp_path / "gone").read_bytes()


def test_a_full_disk_is_told_as_such() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(OutputError, match="no space left for a/b: make room"):
        raise storage._refused("a/b", _full())


def _full() -> OSError:
    try:
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        return error
    raise AssertionError("the full device took a byte")


def test_ranges_of_many_files_come_in_order(folder: str) -> None:
    paths = [storage.join(folder, str(number)) for number in range(300)]
    for number, path in enumerate(paths):
        storage.write_bytes(path, f"{number:03d}".encode() * 2)
    found = list(storage.read_ranges([(path, 1, 4) for path in paths]))
    assert found == [(f"{number:03d}" * 2)[1:5].encode() for number in range(300)]
    assert list(storage.read_ranges([])) == []
    with pytest.raises(InputError, match="ends after 6 bytes of 9"):
        list(storage.read_ranges([(paths[0], 4, 5)]))
    with pytest.raises(InputError, match="can't read"):
        list(storage.read_ranges([(storage.join(folder, "none"), 0, 1)]))
