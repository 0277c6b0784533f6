"""A stage: how input shards become output shards. Data only; `runner` carries it out.

The unit of work, of retry and of resume is one shard of one stage. A stage's work is a module-level function
`work(call, state) -> Counts`: it reads the files that `call.inputs` names, writes one file per table at
`call.path(table)`, and returns what it counted. It must be a pure function of its inputs and settings: the same call
writes the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, Literal, get_args

from omnicorpus import schema, table
from omnicorpus.document import Drop
from omnicorpus.schema import Dropped

Scope = Literal["same", "all"]
"""Narrow: shard i reads shard i. Wide: every shard reads all shards of the need."""


@dataclass(frozen=True, slots=True)
class Need:
    """A table of an earlier stage that this one reads."""

    stage: str
    table: str
    scope: Scope = "same"

    @property
    def name(self) -> str:
        return f"{self.stage}.{self.table}"


@dataclass(frozen=True, slots=True)
class Resources:
    """What one call takes. `gpus` may be a fraction; `memory` is bytes, 0 for no claim.

    `pool` is the most calls of the stage at once, 0 for as many as the cluster holds. `seconds` is the limit on one
    shard, `record_seconds` on one record of a stage that watches its records, `record_memory` the bytes by which such a
    record may make its process grow. Whatever passes a limit is stopped with its process.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    memory: int = 0
    pool: int = 0
    seconds: float = 86_400.0
    record_seconds: float = 120.0
    record_memory: int = 4 << 30


@dataclass(frozen=True, slots=True)
class Call:
    """All that a worker is told of one shard of one stage: paths, never records.

    `inputs` maps "stage.table" to files: one file for a narrow need, all files in shard order for a wide one.
    `index` is this shard's number among the `shards` of its stage; `source` the crawl file of a first stage, else "".
    `output` is the path of this shard's tables without their endings; `final` holds the paths of tables that lie
    elsewhere because they are the run's result, `exchanges` the names of those that `table.scatter` writes.

    For stages that watch their records (`watch.records`): `skip` holds the records that killed their worker, by
    number, and why; `passed` the same of places of the source that killed its reader; `marks` is the file in which the
    record at work is noted, "" for none; `patience` and `memory` are the limits on one record, 0 for none.
    """

    stage: str
    shard: str
    index: int
    shards: int
    output: str
    settings: Any
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""
    final: Mapping[str, str] = field(default_factory=dict)
    exchanges: tuple[str, ...] = ()
    skip: Mapping[int, Drop] = field(default_factory=dict)
    passed: Mapping[int, Drop] = field(default_factory=dict)
    marks: str = ""
    patience: float = 0.0
    memory: int = 0

    def path(self, name: str) -> str:
        """Where the table `name` of this shard is to be written."""
        return self.final.get(name) or table_path(self.output, name, exchange=name in self.exchanges)

    def one(self, name: str) -> str:
        """The single file of a narrow need."""
        (path,) = self.inputs[name]
        return path

    def write_drops(self, drops: list[Dropped]) -> None:
        table.write(self.path("drops"), schema.drops_table(drops))


def table_path(output: str, name: str, *, exchange: bool = False) -> str:
    """The file of one table of one shard; `output` is the shard's path without an ending."""
    return f"{output}.{name}.{'exchange' if exchange else 'parquet'}"


@dataclass(frozen=True, slots=True)
class Counts:
    """What one shard did, in the stage's `unit`.

    `drops` counts what was taken away whole, by rule: rows_in = rows_out + their sum, always. `cuts` counts parts that
    were cut out of documents, by rule.
    """

    rows_in: int = 0
    rows_out: int = 0
    drops: Mapping[str, int] = field(default_factory=dict)
    cuts: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def of(rows_in: int, rows_out: int, dropped: Sequence[Dropped]) -> Counts:
        drops = Counter(item.drop.rule for item in dropped if item.position is None)
        cuts = Counter(item.drop.rule for item in dropped if item.position is not None)
        return Counts(rows_in, rows_out, dict(sorted(drops.items())), dict(sorted(cuts.items())))


Folder = Literal["documents", "images", "drops", "shadows"]
"""Where a run's results lie, below its own folder."""

FOLDERS: tuple[Folder, ...] = get_args(Folder)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pipeline.

    `shards` names the shards; None takes those of the first need (which must then be narrow). `sources` are the crawl
    files, aligned with `shards`, for a first stage. `start(settings)` makes the state that `work` is given (a model, a
    connection pool): a stage with it runs in actors. `version` is raised when the code changes what it writes. `final`
    maps a table to a folder of the run, for tables that are the run's result; drops always are. `exchanges` names the
    tables that `table.scatter` writes. `unit` is what people count in this stage. `records` says that the work goes
    through `watch.records`, so that a record that kills its worker is lost alone.
    """

    name: str
    work: Callable[[Call, Any], Counts]
    settings: object
    tables: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    shards: tuple[str, ...] | None = None
    sources: tuple[str, ...] = ()
    start: Callable[[Any], object] | None = None
    resources: Resources = Resources()
    version: int = 1
    final: Mapping[str, Folder] = field(default_factory=dict)
    exchanges: tuple[str, ...] = ()
    unit: str = "documents"
    in_funnel: bool = True
    records: bool = False


def fingerprint(*values: object) -> str:
    """12 hexadecimal digits of the values: equal values, equal digits, on every machine."""
    text = json.dumps(_plain(values), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def plain(values: object) -> Any:
    """A stage's settings as JSON gives them back."""
    return json.loads(json.dumps(values, default=_plain, ensure_ascii=False))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {type(value).__name__: _plain(asdict(value))}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        # 50 in a config and 50.0 as a default are the same number and the same work.
        return int(value) if value.is_integer() else value
    raise TypeError(f"no fingerprint for {type(value).__name__}")


def shard_name(path: str, size: int | None) -> str:
    """The name of a crawl file's shard: its stem in safe letters, then eight digits of its path and size in bytes."""
    stem = path.rstrip("/").rsplit("/", 1)[-1]
    for ending in (".gz", ".lz4", ".warc", ".arc", ".html", ".htm"):
        stem = stem.removesuffix(ending)
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in stem)
    return f"{safe[:60] or 'crawl'}-{fingerprint(path, size)[:8]}"
