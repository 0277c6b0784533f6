"""What a run will do: every stage's shards, where their files lie, which are done, and what waits for what.

Names are functions: a stage's folder is named by its fingerprint, which covers its settings, its version and the
fingerprints of all it reads. So a changed setting redoes exactly the stages that it changes, and an unchanged one finds
its files.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from omnicorpus import config, shard, storage
from omnicorpus.errors import ConfigError
from omnicorpus.stage import Call, Folder, Need, Resources, Stage, fingerprint, plain, table_path

WORK = "work"


@dataclass(frozen=True, slots=True)
class Step:
    """A stage within a run. `folder` holds its shards' files; `shards` are in order; `done` those with a manifest.

    `made_of` is what the stage's fingerprint covers, as plain values: two of them show why a stage is redone.
    """

    stage: Stage
    key: str
    folder: str
    shards: tuple[str, ...]
    done: frozenset[str]
    made_of: Mapping[str, Any]

    def output(self, name: str) -> str:
        return storage.join(self.folder, name)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a run in pipeline order, under the run's folder `root`."""

    root: str
    steps: tuple[Step, ...]
    _named: dict[str, Step] = field(default_factory=dict)
    _tables: dict[Need, tuple[str, ...]] = field(default_factory=dict)

    def step(self, name: str) -> Step:
        if not self._named:
            self._named.update((step.stage.name, step) for step in self.steps)
        return self._named[name]

    def tables(self, need: Need) -> tuple[str, ...]:
        """All files of a needed table, in shard order."""
        if need not in self._tables:
            step = self.step(need.stage)
            self._tables[need] = tuple(self.table(step, name, need.table) for name in step.shards)
        return self._tables[need]

    def table(self, step: Step, name: str, table: str) -> str:
        lies = final_paths(self.root, step.stage, step.key, name).get(table)
        return lies or table_path(step.output(name), table, exchange=table in step.stage.exchanges)

    def call(self, step: Step, index: int) -> Call:
        """One shard's call. Files of wide needs are one tuple, shared by all calls."""
        stage, name = step.stage, step.shards[index]
        inputs = {
            need.name: (self.table(self.step(need.stage), name, need.table),)
            if need.scope == "same"
            else self.tables(need)
            for need in stage.needs
        }
        return Call(
            stage=stage.name,
            shard=name,
            index=index,
            shards=len(step.shards),
            output=step.output(name),
            settings=stage.settings,
            inputs=inputs,
            source=stage.sources[index] if stage.sources else "",
            final=final_paths(self.root, stage, step.key, name),
            exchanges=stage.exchanges,
        )

    def final_files(self) -> Iterator[tuple[Folder, str]]:
        """(folder, path) of every file that is the run's result."""
        for step in self.steps:
            for name in step.shards:
                for table, path in final_paths(self.root, step.stage, step.key, name).items():
                    yield _folder(step.stage, table), path


def _folder(stage: Stage, table: str) -> Folder:
    return stage.final.get(table, "drops")


def final_paths(root: str, stage: Stage, key: str, name: str) -> dict[str, str]:
    """Where the tables lie that are the run's result: documents/, images/, drops/."""
    return {
        table: storage.join(root, _folder(stage, table), f"{stage.name}-{name}-{key}.parquet")
        for table in stage.tables
        if table == "drops" or table in stage.final
    }


def with_resources(stages: Sequence[Stage], given: Mapping[str, Any], source: str) -> tuple[Stage, ...]:
    """The stages with what the config's section `resources` says of them; what a row holds doesn't depend on it.

    `given` maps a stage's name to fields of `Resources`; `source` names the file in errors. Raises ConfigError.
    """
    names = [stage.name for stage in stages]
    for name, fields in given.items():
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=1)
            advice = f"did you mean {near[0]}?" if near else f"stages: {', '.join(names)}"
            raise ConfigError(f"{source}: resources: no stage {name}; {advice}")
        if not isinstance(fields, Mapping):
            raise ConfigError(f"{source}: resources.{name} is a section of keys such as cpus, gpus, memory, pool")
    return tuple(
        replace(stage, resources=config.fill(Resources, asdict(stage.resources) | given[stage.name], place))
        if (place := f"{source}: resources.{stage.name}") and stage.name in given
        else stage
        for stage in stages
    )


def make(root: str, stages: Sequence[Stage]) -> Plan:
    """Lay the stages out under `root` and look at what is already done."""
    steps: dict[str, Step] = {}
    for stage in stages:
        shards = stage.shards if stage.shards is not None else steps[stage.needs[0].stage].shards
        key, made_of = _key(stage, shards, steps)
        folder = storage.join(root, WORK, f"{stage.name}-{key}")
        present = {name.removesuffix(shard.ENDING) for name in storage.names(folder) if name.endswith(shard.ENDING)}
        done = frozenset(present.intersection(shards))
        steps[stage.name] = Step(stage, key, folder, shards, done, made_of)
    return Plan(root, tuple(steps.values()))


def _key(stage: Stage, shards: tuple[str, ...], steps: Mapping[str, Step]) -> tuple[str, dict[str, Any]]:
    needs = [(need.name, need.scope, steps[need.stage].key) for need in stage.needs]
    # A narrow stage's shard depends on nothing but the shard of the same name; a wide one on the whole list.
    wide = [steps[need.stage].shards for need in stage.needs if need.scope == "all"]
    tables = [f"{name} (exchange)" if name in stage.exchanges else name for name in stage.tables]
    key = fingerprint(stage.name, stage.version, stage.settings, tables, needs, wide, shards if wide else None)
    made_of = {
        "version": stage.version,
        "settings": plain(stage.settings),
        "tables": tables,
        "needs": {f"{name} ({scope})": key for name, scope, key in needs},
        "shards": fingerprint(wide, shards) if wide else None,
    }
    return key, made_of


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two values of `Step.made_of`, for people: `refine.image.min_side: 150, now 400`."""
    found = _differences("", _fields(before.get("settings")), _fields(now.get("settings")))
    if before.get("version") != now.get("version"):
        found.append(f"the stage's version: {before.get('version')}, now {now.get('version')}")
    if before.get("tables") != now.get("tables"):
        found.append("its tables")
    if before.get("shards") != now.get("shards"):
        found.append("the list of shards")
    needs, earlier = now.get("needs", {}), before.get("needs", {})
    stages = [name.split(".")[0] for name in needs if needs[name] != earlier.get(name)]
    return found + [f"what it reads of {name}" for name in dict.fromkeys(stages)]


def _fields(settings: Any) -> Any:
    """The fields of a stage's settings, without the name of their class."""
    return next(iter(settings.values())) if isinstance(settings, Mapping) and len(settings) == 1 else settings


def _differences(place: str, before: Any, now: Any) -> list[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        names = [*now, *(name for name in before if name not in now)]
        inner = (
            _differences(f"{place}.{name}" if place else str(name), before.get(name), now.get(name)) for name in names
        )
        return [line for lines in inner for line in lines]
    if before == now:
        return []
    return [f"{place or 'settings'}: {_short(before)}, now {_short(now)}"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
