"""What a run will do: every stage's shards, where their files lie, which are done, and what waits for what.

Names are functions: a stage's folder is named by its fingerprint, which covers its settings, its version and the
fingerprints of all it reads. So a changed setting redoes exactly the stages that it changes, and an unchanged one finds
its files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from omnicorpus import shard, storage
from omnicorpus.stage import Call, Need, Stage, fingerprint, table_path

WORK = "work"


@dataclass(frozen=True, slots=True)
class Step:
    """A stage within a run. `folder` holds its shards' files; `shards` are in order; `done` those with a manifest."""

    stage: Stage
    key: str
    folder: str
    shards: tuple[str, ...]
    done: frozenset[str]

    def output(self, name: str) -> str:
        return storage.join(self.folder, name)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a run in pipeline order, under the run's folder `root`."""

    root: str
    steps: tuple[Step, ...]

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.stage.name == name)

    def tables(self, need: Need) -> tuple[str, ...]:
        """All files of a needed table, in shard order."""
        step = self.step(need.stage)
        return tuple(self.table(step, name, need.table) for name in step.shards)

    def table(self, step: Step, name: str, table: str) -> str:
        return final_paths(self.root, step.stage, step.key, name).get(table) or table_path(step.output(name), table)

    def call(self, step: Step, index: int) -> Call:
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
        )

    def final_files(self) -> Iterator[tuple[str, str]]:
        """(folder, path) of every file that is the run's result."""
        for step in self.steps:
            for name in step.shards:
                for table, path in final_paths(self.root, step.stage, step.key, name).items():
                    yield _folder(step.stage, table), path


def _folder(stage: Stage, table: str) -> str:
    return stage.final.get(table, "drops")


def final_paths(root: str, stage: Stage, key: str, name: str) -> dict[str, str]:
    """Where the tables lie that are the run's result: documents/, images/, drops/."""
    return {
        table: storage.join(root, _folder(stage, table), f"{stage.name}-{name}-{key}.parquet")
        for table in stage.tables
        if table == "drops" or table in stage.final
    }


def make(root: str, stages: Sequence[Stage]) -> Plan:
    """Lay the stages out under `root` and look at what is already done."""
    steps: dict[str, Step] = {}
    for stage in stages:
        shards = stage.shards if stage.shards is not None else steps[stage.needs[0].stage].shards
        key = _key(stage, shards, steps)
        folder = storage.join(root, WORK, f"{stage.name}-{key}")
        present = {name.removesuffix(shard.ENDING) for name in storage.names(folder) if name.endswith(shard.ENDING)}
        steps[stage.name] = Step(stage, key, folder, shards, frozenset(present.intersection(shards)))
    return Plan(root, tuple(steps.values()))


def _key(stage: Stage, shards: tuple[str, ...], steps: Mapping[str, Step]) -> str:
    needs = [(need.name, need.scope, steps[need.stage].key) for need in stage.needs]
    # A narrow stage's shard depends on nothing but the shard of the same name; a wide one on the whole list.
    wide = [steps[need.stage].shards for need in stage.needs if need.scope == "all"]
    return fingerprint(stage.name, stage.version, stage.settings, stage.tables, needs, wide, shards if wide else None)
