"""Where a finished run's documents and drops lie, stage by stage: what a document was before a stage took from it.

The run's result holds what is left of a document, and its ledger the start of what was taken. The whole text of a
document that a stage dropped lies in RUN/work, in the table that the stage read, for as long as that folder is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from omnicorpus import job, plan, schema, shadow, storage, table
from omnicorpus.document import Document
from omnicorpus.stage import table_path


@dataclass(frozen=True, slots=True)
class File:
    """One file of the run's result: the stage that wrote it and the shard that it is of."""

    path: str
    stage: str
    shard: str


@dataclass(frozen=True, slots=True)
class Trail:
    """The files of a finished run. `inputs` maps a stage to the folder of the documents that it read."""

    root: str
    stages: tuple[str, ...]
    documents: tuple[File, ...]
    drops: tuple[File, ...]
    shadows: tuple[File, ...]
    inputs: dict[str, str]

    def before(self, stage: str, shard: str) -> str | None:
        """The file of the documents of `shard` as `stage` read them; None where it isn't there."""
        if stage not in self.inputs:
            return None
        path = table_path(storage.join(self.inputs[stage], shard), "documents")
        return path if storage.exists(path) else None


def of(root: str) -> Trail:
    """The files of the run at `root`. Raises InputError where there is no finished run."""
    manifest, run = job.finished(root), job.status(root).run
    keys: Mapping[str, str] = manifest["stage_keys"]
    inputs: dict[str, str] = {}
    for stage, made_of in run.get("stages", {}).items():
        for need, key in made_of.get("needs", {}).items():
            source, _, name = need.partition(" ")[0].rpartition(".")
            if name == "documents" and keys.get(source) == key:
                inputs.setdefault(stage, storage.join(root, plan.WORK, f"{source}-{key}"))
    found = {folder: tuple(_files(root, manifest, folder)) for folder in ("documents", "drops", shadow.TABLE)}
    return Trail(root, tuple(keys), found["documents"], found["drops"], found[shadow.TABLE], inputs)


def _files(root: str, manifest: Mapping[str, Any], folder: str) -> Iterator[File]:
    for entry in manifest["tables"].get(folder, []):
        name = str(entry["file"]).rsplit("/", 1)[-1].removesuffix(".parquet")
        for stage, key in manifest["stage_keys"].items():
            if name.startswith(f"{stage}-") and name.endswith(f"-{key}"):
                shard = name.removeprefix(f"{stage}-").removesuffix(f"-{key}")
                yield File(storage.join(root, entry["file"]), stage, shard)
                break


def rows(path: str, column: str, wanted: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table whose `column` holds one of the values, in the table's order. Reads that column of every row
    group, and whole groups only where they hold one."""
    values = pa.array(sorted(wanted), pa.string())
    held = [pc.is_in(group[column], values).to_numpy() for group in table.groups(path, [column])]
    if not any(mask.any() for mask in held):
        return
    for mask, group in zip(held, table.groups(path), strict=True):
        if mask.any():
            yield from group.filter(pa.array(mask)).to_pylist()


def values(path: str, column: str) -> set[str]:
    """The distinct values of a column."""
    return {value for group in table.groups(path, [column]) for value in pc.unique(group[column]).to_pylist()}


def documents(path: str, wanted: Iterable[str]) -> list[Document]:
    """The documents of a table that have one of the ids."""
    found = list(rows(path, "id", wanted))
    return schema.documents(pa.Table.from_pylist(found, schema=schema.DOCUMENTS)) if found else []


class Pictures:
    """The pictures of a run at some addresses: finds them once, and reads their bytes when they are asked for."""

    def __init__(self, paths: Iterable[str], urls: set[str]) -> None:
        self._places: dict[str, tuple[str, int, int]] = {}
        for path in paths if urls else ():
            for place, group in enumerate(table.groups(path, ["url"])):
                for row, url in enumerate(group["url"].to_pylist()):
                    if url in urls:
                        self._places[url] = (path, place, row)

    def __contains__(self, url: str) -> bool:
        return url in self._places

    def of(self, urls: Iterable[str]) -> dict[str, bytes]:
        """Bytes as served of those that the run holds."""
        wanted = {url: self._places[url] for url in urls if url in self._places}
        found: dict[str, bytes] = {}
        for path in sorted({path for path, _, _ in wanted.values()}):
            places = {(place, row): url for url, (file, place, row) in wanted.items() if file == path}
            last = max(place for place, _ in places)
            for place, group in enumerate(islice(table.groups(path, ["content"]), last + 1)):
                rows = {row: url for (at, row), url in places.items() if at == place}
                contents = {url: group["content"][row].as_py() for row, url in rows.items()}
                found |= {url: content for url, content in contents.items() if content is not None}
        return found
