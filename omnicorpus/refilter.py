"""New thresholds over what a finished run has measured: its last stage alone, and what changes sides by it.

Everything before the last stage is there: no crawl file, no picture and no model is read. A preview judges into a
folder of its own and leaves the run as it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice, zip_longest
from typing import Any

from omnicorpus import funnel, job, plan, runner, shard, storage, table
from omnicorpus.errors import ConfigError, InputError
from omnicorpus.funnel import Level
from omnicorpus.job import Identity
from omnicorpus.plan import Plan, Step
from omnicorpus.runner import Engine, Listener
from omnicorpus.stage import Stage

SHOWN = 160
"""Characters of an example's text."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the last stage said of a document: `rule` is None where it was kept."""

    url: str | None
    rule: str | None = None
    value: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A document that changed sides: `kept` says whether it is kept now. `rule` dropped it, before or now, for `value`
    measured against `threshold`; `text` is how it begins."""

    id: str
    url: str | None
    kept: bool
    rule: str
    value: float | None
    threshold: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What new thresholds did to the run at `root`: the last stage's counts before and now, the settings that differ,
    how many documents were dropped and restored by them, and examples of these in the order of the corpus."""

    stage: str
    root: str
    before: Level
    after: Level
    settings: tuple[str, ...]
    dropped: int
    restored: int
    changes: tuple[Change, ...]

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"before": self.before.plain(), "after": self.after.plain()}


def last(laid_out: Plan) -> Step:
    return laid_out.steps[-1]


def check(before: Plan, now: Plan) -> tuple[str, ...]:
    """What the new settings change in the last stage. Raises InputError where they change another, too."""
    for old in before.steps[:-1]:
        new = next((step for step in now.steps if step.stage.name == old.stage.name), None)
        if new is None or new.key != old.key:
            changes = plan.changes(old.made_of, new.made_of) if new is not None else ["it falls away"]
            raise InputError(
                f"refilter redoes {last(before).stage.name} alone, and this would redo {old.stage.name}, too "
                f"({'; '.join(changes)}): change it in the config and use `omnicorpus run`"
            )
    added = [step.stage.name for step in now.steps if step.stage.name not in {old.stage.name for old in before.steps}]
    if added:
        raise InputError(
            f"refilter redoes {last(before).stage.name} alone, and this would add {added[0]}: use `omnicorpus run`"
        )
    found = tuple(plan.changes(last(before).made_of, last(now).made_of))
    if last(before).key == last(now).key:
        raise ConfigError(f"{before.root} has these thresholds already: give others with --set")
    return found


def apply(
    root: str,
    stages: Sequence[Stage],
    identity: Identity,
    before: Plan,
    start: Callable[[], Engine],
    listen: Listener,
    *,
    examples: int,
) -> Changed:
    """Judge the run at `root` anew and write its corpus. Raises as `check` does, and as `job.execute`."""
    now = plan.make(root, stages)
    changed = check(before, now)
    level, verdicts = _level(before), _verdicts(before)
    job.execute(root, stages, identity, start, listen)
    return _compared(before, now, (level, _level(now)), (verdicts, _verdicts(now)), changed, examples)


def preview(
    root: str, stages: Sequence[Stage], before: Plan, start: Callable[[], Engine], listen: Listener, *, examples: int
) -> Changed:
    """What `apply` would change. The run stays as it is: verdicts go to a temporary folder of this machine."""
    now = plan.make(root, stages)
    changed = check(before, now)
    with tempfile.TemporaryDirectory(prefix="omnicorpus-refilter-") as folder:
        moved = replace(last(now), folder=storage.join(folder, plan.WORK), done=frozenset())
        trial = Plan(folder, (*now.steps[:-1], moved))
        engine = start()
        try:
            runner.run(trial, engine, listen)
        finally:
            engine.close()
        levels, verdicts = (_level(before), _level(trial)), (_verdicts(before), _verdicts(trial))
        return _compared(before, trial, levels, verdicts, changed, examples)


def _level(laid_out: Plan) -> Level:
    step = last(laid_out)
    done = shard.read_all(step.output(name) + shard.ENDING for name in step.shards)
    return funnel.tally(done).level(step.stage)


def _verdicts(laid_out: Plan) -> dict[str, Verdict]:
    """What the last stage said of every document, in the order of the corpus' shards."""
    step, found = last(laid_out), dict[str, Verdict]()
    for name in step.shards:
        for group in table.groups(laid_out.table(step, name, "documents"), ["id", "url"]):
            found |= {row["id"]: Verdict(row["url"]) for row in group.to_pylist()}
        columns = ["document", "url", "position", "rule", "value", "threshold"]
        for group in table.groups(laid_out.table(step, name, "drops"), columns):
            for row in group.to_pylist():
                if row["position"] is None and row["document"] is not None:
                    found[row["document"]] = Verdict(row["url"], row["rule"], row["value"], row["threshold"])
    return found


def _compared(
    before: Plan,
    now: Plan,
    levels: tuple[Level, Level],
    verdicts: tuple[dict[str, Verdict], dict[str, Verdict]],
    settings: tuple[str, ...],
    examples: int,
) -> Changed:
    old, new = verdicts
    crossed = [key for key, verdict in new.items() if (verdict.rule is None) != (old[key].rule is None)]
    restored = [key for key in crossed if new[key].rule is None]
    dropped = [key for key in crossed if new[key].rule is not None]
    shown = {*_spread(dropped, new, examples), *_spread(restored, old, examples)}
    texts = _texts(now, shown)
    return Changed(
        stage=last(now).stage.name,
        root=before.root,
        before=levels[0],
        after=levels[1],
        settings=settings,
        dropped=len(dropped),
        restored=len(restored),
        changes=tuple(_change(key, old[key], new[key], texts.get(key, "")) for key in crossed if key in shown),
    )


def _spread(keys: Sequence[str], verdicts: Mapping[str, Verdict], count: int) -> list[str]:
    """`count` documents, of every rule in turn: a rule of few drops is seen, too."""
    by_rule: dict[str | None, list[str]] = {}
    for key in keys:
        by_rule.setdefault(verdicts[key].rule, []).append(key)
    turns = (key for turn in zip_longest(*by_rule.values()) for key in turn if key is not None)
    return list(islice(turns, count))


def _change(key: str, old: Verdict, new: Verdict, text: str) -> Change:
    dropper = old if new.rule is None else new
    assert dropper.rule is not None
    return Change(key, new.url, new.rule is None, dropper.rule, dropper.value, dropper.threshold, text)


def _texts(laid_out: Plan, wanted: set[str]) -> dict[str, str]:
    """How documents begin, as the last stage was given them."""
    step, found = last(laid_out), dict[str, str]()
    (need, *_) = step.stage.needs
    for name in step.shards:
        if len(found) == len(wanted):
            break
        source = laid_out.table(laid_out.step(need.stage), name, need.table)
        for group in table.groups(source, ["id", "texts"]):
            for key, texts in zip(group["id"].to_pylist(), group["texts"].to_pylist(), strict=True):
                if key in wanted:
                    found[key] = " ".join(" ".join(text for text in texts if text).split())[:SHOWN]
    return found
