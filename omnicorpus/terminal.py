"""What a person sees in the terminal: progress, tables, one clear line for an error. rich enters here.

On a terminal there are bars and colours; in a log there are plain lines, one every few seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from omnicorpus import runner
from omnicorpus.reading import visible

LOG_SECONDS = 5.0
"""Between two lines of progress where the output is no terminal."""

LOG_WIDTH = 120
"""Columns of a table in a log or a pipe, which has no width of its own."""

messages = Console(stderr=True, highlight=False)
"""For progress and messages: standard error, so that standard output stays data."""

output = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)


def say(text: str) -> None:
    messages.print(escape(text), soft_wrap=True)


def fail(text: str) -> None:
    """One line for what went wrong."""
    messages.print(Text.assemble(("omnicorpus: ", "bold red"), text), soft_wrap=True)


@contextmanager
def run_progress() -> Iterator[runner.Listener]:
    """A bar for every stage of a run, with shards, documents a second, time left, the share that was dropped, and how
    often a shard was tried again."""
    if not messages.is_terminal:
        yield _Lines()
        return
    with _bars() as progress:
        yield _Bars(progress)


def _bars() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=messages,
        transient=False,
    )


class Pace:
    """How one stage of a run goes, from when it first works: what earlier runs did doesn't count."""

    def __init__(self, stage: runner.Progress, now: float) -> None:
        self._begun, self._rows, self._shards = now, stage.tally.rows_in, len(stage.done)

    def told(self, stage: runner.Progress, now: float) -> str:
        seconds, tally = max(now - self._begun, 0.05), stage.tally
        found = []
        if tally.rows_in:
            rate = (tally.rows_in - self._rows) / seconds
            found.append(f"{tally.rows_in:,} {stage.step.stage.unit}, {rate:,.0f}/s")
            if tally.drops:
                found.append(f"{100 * tally.drops.total() / tally.rows_in:.1f} % dropped")
        for count, what in ((stage.retries, "tried again"), (len(stage.failed), "failed")):
            if count:
                found.append(f"{count} {what}")
        return ", ".join(found)

    def left(self, stage: runner.Progress, now: float) -> float | None:
        """Seconds until the stage is done, by its shards; None while none is."""
        done = len(stage.done) - self._shards
        return (now - self._begun) / done * (len(stage.step.shards) - len(stage.done)) if done else None


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._paces: dict[str, Pace] = {}
        self._place: dict[str, int] = {}

    def __call__(self, progress: dict[str, runner.Progress]) -> None:
        for name, stage in progress.items():
            total = len(stage.step.shards)
            if name not in self._tasks:
                self._place[name] = len(self._tasks)
                self._tasks[name] = self._progress.add_task(name, total=total, rate="", start=False)
            task = self._tasks[name]
            if name not in self._paces and (stage.running or stage.done):
                self._paces[name] = Pace(stage, time.monotonic())
                self._progress.start_task(task)
            if not self._progress.tasks[self._place[name]].finished:
                # Inner stages (of deduplication, of counting) are shown while they work.
                shown = stage.step.stage.in_funnel or bool(stage.running)
                rate = self._paces[name].told(stage, time.monotonic()) if name in self._paces else ""
                self._progress.update(task, completed=len(stage.done), rate=rate, visible=shown)
            if stage.complete and not stage.step.stage.in_funnel:
                self._progress.update(task, visible=False)


class _Lines:
    def __init__(self) -> None:
        self._told = time.monotonic()
        self._ended: set[str] = set()
        self._paces: dict[str, Pace] = {}

    def __call__(self, progress: dict[str, runner.Progress]) -> None:
        now = time.monotonic()
        for name, stage in progress.items():
            if stage.running and name not in self._paces:
                self._paces[name] = Pace(stage, now)
            if stage.complete and name not in self._ended:
                self._ended.add(name)
                told = self._paces[name].told(stage, now) if name in self._paces else "by an earlier run"
                say(f"{name}: done, {len(stage.done)} shards{told and f', {told}'}")
        if now - self._told >= LOG_SECONDS:
            self._told = now
            going = [self._line(name, stage, now) for name, stage in progress.items() if stage.running]
            waiting = [f"{name} waits for a worker" for name, stage in progress.items() if stage.ready]
            if told := "; ".join(going or waiting):
                say(told)

    def _line(self, name: str, stage: runner.Progress, now: float) -> str:
        told, left = self._paces[name].told(stage, now), self._paces[name].left(stage, now)
        shards = f"{name} {len(stage.done)} of {len(stage.step.shards)} shards"
        time_left = "" if left is None else f"{timedelta(seconds=round(left))} left"
        return ", ".join(text for text in (shards, told, time_left) if text)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for one job: tell it how many are done, of how many."""
    if not messages.is_terminal:
        yield lambda done, of: None  # noqa: ARG005
        return
    with _bars() as progress:
        task = progress.add_task(what, total=None, rate="")

        def tell(done: int, of: int) -> None:
            seconds = progress.tasks[0].elapsed or 0.0
            progress.update(task, completed=done, total=of, rate=f"{done / seconds:,.0f}/s" if seconds > 0.1 else "")

        yield tell


def print_funnel(levels: Sequence[Mapping[str, Any]], title: str) -> None:
    """The funnel as a table: in, kept, dropped by rule, parts cut, processor time."""
    table = Table(title=title, title_justify="left", show_edge=False, header_style="bold")
    for name in ("stage", "in", "kept", "of all", "dropped by rule", "parts cut", "processor"):
        left = name in ("stage", "dropped by rule", "parts cut")
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "stage")
    shown = [level for level in levels if level["in_funnel"]]
    first = next((level["rows_in"] for level in shown if level["rows_in"]), 0)
    for level in shown:
        share = f"{100 * level['rows_out'] / first:.1f} %" if first and level["unit"] == shown[0]["unit"] else ""
        unit = "" if level["unit"] == shown[0]["unit"] else f" ({level['unit']})"
        table.add_row(
            level["stage"] + unit,
            f"{level['rows_in']:,}",
            f"{level['rows_out']:,}",
            share,
            _counts(level["drops"]),
            _counts(level["cuts"]),
            f"{level['seconds']:,.1f} s",
        )
    others = [level for level in levels if not level["in_funnel"]]
    if others:
        seconds = sum(level["seconds"] for level in others)
        table.add_row(f"+ {len(others)} inner stages", "", "", "", "", "", f"{seconds:,.1f} s", style="dim")
    output.print(table)


def _counts(counts: Mapping[str, int]) -> str:
    return "\n".join(f"{escape(rule)} {count:,}" for rule, count in counts.items())


def print_sides(changed: Mapping[str, Any]) -> None:
    """What new thresholds did: the last stage before and now, and documents that changed sides."""
    for line in changed["settings"]:
        output.print(escape(str(line)), soft_wrap=True)
    table = Table(title=f"{changed['root']}: {changed['stage']}", title_justify="left", show_edge=False)
    for name in ("", "before", "now"):
        table.add_column(name, justify="right" if name else "left")
    before, now = changed["before"], changed["after"]
    for name, key in (("documents in", "rows_in"), ("kept", "rows_out")):
        table.add_row(name, f"{before[key]:,}", f"{now[key]:,}", style="bold")
    for what, key in (("dropped by", "drops"), ("parts cut by", "cuts")):
        for rule in sorted({*before[key], *now[key]}, key=lambda rule: (-now[key].get(rule, 0), rule)):
            old, new = before[key].get(rule, 0), now[key].get(rule, 0)
            table.add_row(f"{what} {escape(rule)}", f"{old:,}", f"{new:,}", style=None if old != new else "dim")
    output.print(table)
    for kept, count in ((False, changed["dropped"]), (True, changed["restored"])):
        if count:
            output.print(f"{count:,} documents were {'dropped and are kept' if kept else 'kept and are dropped'} now:")
        for change in changed["changes"]:
            if change["kept"] == kept:
                measured = "" if change["value"] is None else f" {change['value']:.6g}"
                limit = "" if change["threshold"] is None else f" (threshold {change['threshold']:.6g})"
                line = f"  {visible(change['rule'])}{measured}{limit}  {visible(change['url'] or change['id'])}"
                output.print(Text(line), soft_wrap=True)
                output.print(Text(f"      {visible(change['text'])}", style="dim"), soft_wrap=True)


def print_members(members: Iterable[tuple[str, str, str, float | None]]) -> None:
    """The documents that a run took for one: address, crawl time, by which rule it went, similarity to the kept one."""
    table = Table(show_edge=False, header_style="bold")
    for name in ("document", "crawled", "rule", "Jaccard"):
        table.add_column(name, justify="right" if name == "Jaccard" else "left", overflow="fold")
    for url, crawled, rule, similarity in members:
        row = (visible(url), crawled, rule, "" if similarity is None else f"{similarity:.3f}")
        table.add_row(*map(Text, row), style="green" if rule == "kept" else None)
    output.print(table)


_DIFFERENCES = {"same": "dim", "changed": "yellow", "left": "green", "right": "red"}


def print_difference(rows: Iterable[tuple[str, str | None, str | None]]) -> None:
    """Two documents' texts side by side: the kept one on the left."""
    table = Table(show_header=False, show_edge=False, expand=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    for kind, left, right in rows:
        table.add_row(Text(visible(left or "")), Text(visible(right or "")), style=_DIFFERENCES[kind])
    output.print(table)


def print_models(models: Iterable[Mapping[str, Any]]) -> None:
    """The models of a config: their state, and where they lie or how to get them."""
    table = Table(show_edge=False, header_style="bold")
    for name in ("role", "model", "state", "where, or what to do"):
        table.add_column(name, overflow="fold")
    for model in models:
        row = (model["role"], model["name"], model["state"], model["path"] or model["remedy"] or "")
        table.add_row(*map(Text, row), style=None if model["state"] == "ready" else "red")
    output.print(table)


def print_costs(rows: Iterable[Sequence[str]], title: str) -> None:
    """What every stage has cost: the rows of `report.costs`."""
    table = Table(title=title, title_justify="left", show_edge=False, header_style="bold")
    for name in ("stage", "shards", "processor s", "wall s", "largest process", "written"):
        table.add_column(name, justify="left" if name == "stage" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    output.print(table)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> None:
    """Any table of texts: the first column to the left, the others to the right."""
    table = Table(title=escape(title), title_justify="left", show_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="left" if name == columns[0] else "right")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    output.print(table)


def print_lines(lines: Iterable[tuple[str, str]]) -> None:
    """Pairs of style and text, as data: no markup, no control characters."""
    for style, line in lines:
        output.print(Text(visible(line), style=style), soft_wrap=True)


def print_plan(stages: Iterable[Mapping[str, Any]], title: str) -> None:
    """What a run would do: shards, those that are done, those to do, and why."""
    table = Table(title=title, title_justify="left", show_edge=False, header_style="bold")
    for name in ("stage", "shards", "done", "to do", "why"):
        table.add_column(name, justify="left" if name in ("stage", "why") else "right", no_wrap=name != "why")
    for stage in stages:
        left = stage["shards"] - stage["done"]
        row = (stage["stage"], f"{stage['shards']:,}", f"{stage['done']:,}", f"{left:,}")
        why = ("redone: " if stage["is_redone"] else "") + stage["reason"]
        table.add_row(*row, escape(why), style="yellow" if stage["is_redone"] else None)
    output.print(table)


def print_forecast(stages: Iterable[Mapping[str, Any]], totals: Mapping[str, float], title: str) -> None:
    """What a run would cost, stage by stage, and in all."""
    table = Table(title=title, title_justify="left", show_edge=False, header_style="bold")
    for name in (
        "stage",
        "shards",
        "core h",
        "GPU h",
        "hours",
        "held by",
        "read",
        "written",
        "objects",
        "web",
        "process",
    ):
        table.add_column(name, justify="left" if name in ("stage", "held by") else "right", no_wrap=True)
    for stage in stages:
        table.add_row(
            stage["stage"],
            f"{stage['shards']:,}",
            f"{stage['seconds'] / 3600:,.2f}",
            f"{stage['gpu_seconds'] / 3600:,.2f}",
            f"{stage['hours']:,.2f}",
            stage["limit"],
            *(f"{stage[name] / 1e9:,.2f} GB" for name in ("read", "written")),
            f"{stage['objects']:,}",
            f"{stage['asked']:,.0f}",
            f"{stage['peak'] / 2**30:,.1f} GiB",
        )
    table.add_section()
    table.add_row(
        "all", "", f"{totals['seconds'] / 3600:,.2f}", f"{totals['gpu_seconds'] / 3600:,.2f}", "", "",
        *(f"{totals[name] / 1e9:,.2f} GB" for name in ("read", "written")),
        f"{totals['objects']:,.0f}", f"{totals['asked']:,.0f}", "", style="bold",
    )  # fmt: skip
    output.print(table)


def print_shards(stages: Iterable[Mapping[str, Any]], title: str) -> None:
    """Shards done, running and failed, by stage."""
    table = Table(title=title, title_justify="left", show_edge=False, header_style="bold")
    for name in ("stage", "shards", "done", "running", "failed"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for stage in stages:
        row = (stage["stage"], stage["shards"], stage["done"], stage["running"], len(stage["failed"]))
        table.add_row(*map(str, row), style="red" if stage["failed"] else None)
    output.print(table)
    for stage in stages:
        for name, reason in stage["failed"].items():
            output.print(f"failed: {stage['stage']} {name}: {escape(reason)}", soft_wrap=True)
