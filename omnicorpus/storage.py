"""Files wherever they lie: local paths and every address that fsspec knows. fsspec enters the project here.

A path is a string: a local path or a URL with a scheme. Whole-or-absent writing: on a local disk a temporary name and a
rename; on an object store the object appears when its upload completes. Faults of the store become `InputError` or
`OutputError` with the path and the remedy.
"""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from omnicorpus.errors import InputError, OutputError

TEMPORARY = ".writing-"
"""Every file that is not yet whole has this in its name; readers pass such files over."""


def filesystem(path: str) -> tuple[Any, str]:
    """The file system of a path, and the path as that file system names it. Raises InputError for an unknown scheme."""
    try:
        return cast(tuple[Any, str], fsspec.core.url_to_fs(path))
    except (ValueError, ImportError) as error:
        raise InputError(
            f"can't reach {path}: {error}; install fsspec's package for it (s3://: pip install 'omnicorpus[s3]')"
        ) from error


def is_local(path: str) -> bool:
    return isinstance(filesystem(path)[0], LocalFileSystem)


def join(path: str, *names: str) -> str:
    return "/".join([path.rstrip("/"), *names])


def exists(path: str) -> bool:
    fs, inner = filesystem(path)
    return bool(fs.exists(inner))


def size(path: str) -> int:
    fs, inner = filesystem(path)
    return int(fs.size(inner) or 0)


def read_bytes(path: str, *, start: int = 0, length: int | None = None) -> bytes:
    """Bytes of a file, or of a range of it. Raises InputError where it can't be read."""
    fs, inner = filesystem(path)
    try:
        end = None if length is None else start + length
        return cast(bytes, fs.cat_file(inner, start=start, end=end))
    except OSError as error:
        raise InputError(f"can't read {path}: {error.strerror or error}") from error


@contextmanager
def reading(path: str) -> Iterator[IO[bytes]]:
    """Open for reading; raises InputError where the file isn't there or may not be read."""
    fs, inner = filesystem(path)
    try:
        file = fs.open(inner, "rb")
    except OSError as error:
        raise InputError(f"can't read {path}: {error.strerror or error}") from error
    with file:
        yield file


@contextmanager
def writing(path: str) -> Iterator[IO[bytes]]:
    """Write a file that is there whole after the block, or not at all. Raises OutputError where the store refuses."""
    fs, inner = filesystem(path)
    local = isinstance(fs, LocalFileSystem)
    target = f"{inner}{TEMPORARY}{uuid.uuid4().hex}" if local else inner
    try:
        if local:
            Path(inner).parent.mkdir(parents=True, exist_ok=True)
        with fs.open(target, "wb") as file:
            yield file
        if local:
            Path(target).replace(inner)
    except OSError as error:
        named = str(error.filename or "").split(TEMPORARY)[0]
        if not inner.startswith(named):
            raise  # of another file, which the block has opened
        raise _refused(path, error) from error
    finally:
        if local:
            with suppress(OSError):
                Path(target).unlink()


def _refused(path: str, error: OSError) -> OutputError:
    if error.errno == errno.ENOSPC:
        return OutputError(f"no space left for {path}: make room and run the same command again; nothing done is lost")
    return OutputError(f"can't write {path}: {error.strerror or error}; choose another output or mend its permissions")


def write_bytes(path: str, data: bytes) -> None:
    with writing(path) as file:
        file.write(data)


def names(folder: str) -> list[str]:
    """Names of the whole files directly in a folder, sorted; empty where the folder isn't there."""
    fs, inner = filesystem(folder)
    try:
        found = fs.ls(inner, detail=False)
    except FileNotFoundError:
        return []
    return sorted(name for path in found if TEMPORARY not in (name := str(path).rstrip("/").rsplit("/", 1)[-1]))


def remove(path: str) -> None:
    """Remove a file or a folder with all in it; nothing happens where it isn't there."""
    fs, inner = filesystem(path)
    with suppress(FileNotFoundError):
        fs.rm(inner, recursive=True)


def is_folder(path: str) -> bool:
    fs, inner = filesystem(path)
    return bool(fs.isdir(inner))


def glob(pattern: str) -> list[str]:
    """Paths that match, sorted, each with the scheme of the pattern."""
    fs, inner = filesystem(pattern)
    scheme, found, _ = pattern.partition("://")
    prefix = f"{scheme}://" if found and not isinstance(fs, LocalFileSystem) else ""
    return sorted(match if "://" in match else prefix + match for match in map(str, fs.glob(inner)))


def folders(path: str) -> list[str]:
    """Names of the folders directly in a folder, sorted."""
    fs, inner = filesystem(path)
    try:
        found = fs.ls(inner, detail=True)
    except FileNotFoundError:
        return []
    return sorted(entry["name"].rstrip("/").rsplit("/", 1)[-1] for entry in found if entry["type"] == "directory")
