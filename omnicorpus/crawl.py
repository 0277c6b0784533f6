"""The input of a run: which crawl files the paths of a config mean.

A path is a WARC, ARC or HTML file, a folder of them, a glob, or a list of paths (`.txt`, `.paths`, `.paths.gz`, one
path a line, as Common Crawl publishes `warc.paths.gz`); each local or with any scheme that fsspec knows.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable

from omnicorpus import storage
from omnicorpus.errors import InputError

ARCHIVES = (".warc", ".warc.gz", ".warc.lz4", ".arc", ".arc.gz")
PAGES = (".html", ".htm", ".xhtml")
LISTS = (".txt", ".paths", ".paths.gz", ".list")

COMMON_CRAWL = "https://data.commoncrawl.org/"
"""Where the relative paths of Common Crawl's lists ("crawl-data/...") lie, by its own documentation."""

LIST_BYTES = 256 << 20
"""A list of 100,000 paths is about 13 MB; this is the most that is read of one, inflated."""


def files(paths: Iterable[str]) -> list[str]:
    """The crawl files that the paths mean, each once, in the order given and sorted within a folder or a glob.

    Raises InputError for a path that isn't there, a folder without crawl files, a glob without matches, an empty list.
    """
    found: dict[str, None] = {}
    for path in paths:
        for file in _expand(path):
            found.setdefault(file)
    if not found:
        raise InputError("no input: set `input` to WARC files, folders, globs or lists of them")
    return list(found)


def is_page(path: str) -> bool:
    return path.lower().endswith(PAGES)


def _expand(path: str) -> list[str]:
    if any(letter in path for letter in "*?["):
        matches = [match for match in storage.glob(path) if match.lower().endswith((*ARCHIVES, *PAGES))]
        if not matches:
            raise InputError(f"nothing matches {path}: name existing WARC files")
        return matches
    if storage.is_folder(path):
        inside = [
            storage.join(path, name) for name in storage.names(path) if name.lower().endswith((*ARCHIVES, *PAGES))
        ]
        if not inside:
            raise InputError(f"the folder {path} has no file that ends in {', '.join(ARCHIVES)}")
        return inside
    if path.lower().endswith(LISTS):
        return _listed(path)
    if storage.is_local(path) and not storage.exists(path):
        raise InputError(f"no such file: {path}")
    return [path]


def _listed(path: str) -> list[str]:
    with storage.reading(path) as raw:
        try:
            data = gzip.GzipFile(fileobj=raw).read(LIST_BYTES + 1) if path.endswith(".gz") else raw.read(LIST_BYTES + 1)
        except (OSError, EOFError) as error:
            raise InputError(f"can't read the list {path}: {error}") from error
    if len(data) > LIST_BYTES:
        raise InputError(f"the list {path} is larger than {LIST_BYTES} bytes: split it")
    try:
        lines = [line.strip() for line in data.decode("utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise InputError(f"the list {path} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    entries = [line for line in lines if line and not line.startswith("#")]
    if not entries:
        raise InputError(f"the list {path} names no file")
    return [_resolved(entry, path) for entry in entries]


def _resolved(entry: str, listing: str) -> str:
    if "://" in entry or entry.startswith("/"):
        return entry
    before, found, _ = listing.partition("crawl-data/")
    if entry.startswith("crawl-data/"):
        return (before if found else COMMON_CRAWL) + entry
    return storage.join(listing.rpartition("/")[0], entry) if "/" in listing else entry
