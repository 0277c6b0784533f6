"""Files wherever they lie: local paths and every address that fsspec knows. fsspec enters the project here.

A path is a string: a local path or a URL with a scheme. Whole-or-absent writing: on a local disk a temporary name and a
rename; on an object store the object appears when its upload completes, and an upload that fails is given up. Listings
are never cached: other processes write the files that are looked for. Faults of the store become `InputError` or
`OutputError` with the path and the remedy.
"""

from __future__ import annotations

import errno
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from omnicorpus.errors import InputError, OutputError

TEMPORARY = ".writing-"
"""Every file that is not yet whole has this in its name; readers pass such files over."""

AT_ONCE = 256
"""Small files that are asked of a far store side by side."""

STORES = frozenset({"aiobotocore", "aiohttp", "adlfs", "azure", "botocore", "gcsfs", "google"})
"""Packages of the stores: an error of theirs that is no OSError is still the store's."""


def filesystem(path: str) -> tuple[Any, str]:
    """The file system of a path, and the path as that file system names it. Raises InputError for an unknown scheme."""
    try:
        return cast(tuple[Any, str], fsspec.core.url_to_fs(path, use_listings_cache=False))
    except (ValueError, ImportError) as error:
        raise InputError(
            f"can't reach {path}: {error}; install fsspec's package for it (s3://: pip install 'omnicorpus[s3]')"
        ) from error


def is_local(path: str) -> bool:
    return isinstance(filesystem(path)[0], LocalFileSystem)


def join(path: str, *names: str) -> str:
    return "/".join([path.rstrip("/"), *names])


@contextmanager
def _store(path: str, refuse: Callable[[str, BaseException], Exception]) -> Iterator[None]:
    """Turn the store's faults into ours; every other error passes as it is."""
    try:
        yield
    except Exception as error:  # each store has exceptions of its own; what isn't the store's is raised as it is
        named = str(error.filename or "").split(TEMPORARY)[0] if isinstance(error, OSError) else ""
        of_store = isinstance(error, OSError) or type(error).__module__.split(".")[0] in STORES
        if not of_store or not filesystem(path)[1].startswith(named):
            raise  # no fault of a store, or of another file that the block has opened
        raise refuse(path, error) from error


def _unread(path: str, error: BaseException) -> InputError:
    return InputError(f"can't read {path}: {_reason(error)}")


def _reason(error: BaseException) -> str:
    strerror = error.strerror if isinstance(error, OSError) else None
    return " ".join((strerror or str(error) or type(error).__name__).split())[:300]


def exists(path: str) -> bool:
    fs, inner = filesystem(path)
    with _store(path, _unread):
        return bool(fs.exists(inner))


def size(path: str) -> int:
    fs, inner = filesystem(path)
    with _store(path, _unread):
        return int(fs.size(inner) or 0)


def modified(path: str) -> datetime:
    """When a file was last written, by the clock of its store. Raises InputError where it isn't there."""
    fs, inner = filesystem(path)
    with _store(path, _unread):
        return cast(datetime, fs.modified(inner))


def read_bytes(path: str, *, start: int = 0, length: int | None = None) -> bytes:
    """Bytes of a file, or of a range of it. Raises InputError where it can't be read."""
    fs, inner = filesystem(path)
    with _store(path, _unread):
        end = None if length is None else start + length
        return cast(bytes, fs.cat_file(inner, start=start, end=end))


def read_many(paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of many small files of one store, in their order. Raises InputError where one can't be read."""
    waiting = list(paths)
    for first in range(0, len(waiting), AT_ONCE):
        some = waiting[first : first + AT_ONCE]
        if is_local(some[0]):
            yield from ((path, read_bytes(path)) for path in some)
            continue
        fs, _ = filesystem(some[0])
        inner = [filesystem(path)[1] for path in some]
        with _store(some[0], _unread):
            found = fs.cat(inner, on_error="raise")
        yield from ((path, found[name]) for path, name in zip(some, inner, strict=True))


def read_ranges(ranges: Sequence[tuple[str, int, int]]) -> Iterator[bytes]:
    """The bytes of (path, start, length) of many files of one store, in order; far stores are asked side by side.

    Raises InputError where one can't be read or is too short.
    """
    for first in range(0, len(ranges), AT_ONCE):
        some = ranges[first : first + AT_ONCE]
        fs, _ = filesystem(some[0][0])
        with _store(some[0][0], _unread):
            if isinstance(fs, LocalFileSystem):
                found = [_range(*wanted) for wanted in some]
            else:
                inner = [filesystem(path)[1] for path, _, _ in some]
                starts = [start for _, start, _ in some]
                found = fs.cat_ranges(inner, starts, [start + length for _, start, length in some], on_error="raise")
        for (path, start, length), data in zip(some, found, strict=True):
            if len(data) != length:
                raise InputError(f"{path} is damaged: it ends after {start + len(data):,} bytes of {start + length:,}")
            yield data


def _range(path: str, start: int, length: int) -> bytes:
    with Path(LocalFileSystem._strip_protocol(path)).open("rb") as file:
        file.seek(start)
        return file.read(length)


@contextmanager
def reading(path: str) -> Iterator[IO[bytes]]:
    """Open for reading; raises InputError where the file isn't there or may not be read."""
    fs, inner = filesystem(path)
    with _store(path, _unread):
        file = fs.open(inner, "rb")
    with file:
        yield file


@contextmanager
def writing(path: str) -> Iterator[IO[bytes]]:
    """Write a file that is there whole after the block, or not at all. Raises OutputError where the store refuses."""
    fs, inner = filesystem(path)
    with _store(path, _refused):
        if isinstance(fs, LocalFileSystem):
            with _renamed(Path(inner)) as file:
                yield file
        else:
            with _uploaded(fs, inner) as file:
                yield file


@contextmanager
def _renamed(path: Path) -> Iterator[IO[bytes]]:
    target = path.with_name(f"{path.name}{TEMPORARY}{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            yield file
        target.replace(path)
    finally:
        with suppress(OSError):
            target.unlink()


@contextmanager
def _uploaded(fs: Any, path: str) -> Iterator[IO[bytes]]:
    file = fs.open(path, "wb")
    try:
        yield file
    except BaseException:
        # Closing would complete the upload of half a file, and so would the garbage collector.
        with suppress(Exception):
            file.discard()
        file.closed = True
        raise
    file.close()


def _refused(path: str, error: BaseException) -> OutputError:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"no space left for {path}: make room and run the same command again; nothing done is lost")
    return OutputError(f"can't write {path}: {_reason(error)}; choose another output or mend its permissions")


def write_bytes(path: str, data: bytes) -> None:
    with writing(path) as file:
        file.write(data)


def names(folder: str) -> list[str]:
    """Names of what lies whole in a folder, its folders too, sorted; empty where the folder isn't there."""
    return [name for name, _ in _listed(folder) if TEMPORARY not in name]


def folders(path: str) -> list[str]:
    """Names of the folders directly in a folder, sorted; empty where the folder isn't there."""
    return [name for name, kind in _listed(path) if kind == "directory"]


def _listed(folder: str) -> list[tuple[str, str]]:
    """Name and type ("file", "directory") of everything directly in a folder, sorted."""
    fs, inner = filesystem(folder)
    with _store(folder, _unread):
        try:
            found = fs.ls(inner, detail=True)
        except FileNotFoundError:
            return []
    return sorted((str(entry["name"]).rstrip("/").rsplit("/", 1)[-1], str(entry["type"])) for entry in found)


def remove(path: str) -> None:
    """Remove a file or a folder with all in it; nothing happens where it isn't there."""
    fs, inner = filesystem(path)
    with _store(path, _refused), suppress(FileNotFoundError):
        fs.rm(inner, recursive=True)


def is_folder(path: str) -> bool:
    fs, inner = filesystem(path)
    with _store(path, _unread):
        return bool(fs.isdir(inner))


def glob(pattern: str) -> list[str]:
    """Paths that match, sorted, each with the scheme of the pattern."""
    fs, inner = filesystem(pattern)
    scheme, found, _ = pattern.partition("://")
    prefix = f"{scheme}://" if found and not isinstance(fs, LocalFileSystem) else ""
    with _store(pattern, _unread):
        matches = [str(match) for match in fs.glob(inner)]
    return sorted(match if "://" in match else prefix + match for match in matches)
