"""The program `omnicorpus`: every command, its help, and one clear line for whatever goes wrong."""

from __future__ import annotations

import importlib
import json
import logging
import os
import pkgutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import FrameType, ModuleType
from typing import Annotated, Any

import typer

import filters
import omnicorpus
import pipelines
from omnicorpus import (
    __version__,
    again,
    audit,
    config,
    crawl,
    family,
    gallery,
    job,
    label,
    lease,
    plan,
    reading,
    runner,
    storage,
    terminal,
    trail,
    view,
)
from omnicorpus import duplicates as deduplication
from omnicorpus import refilter as refiltering
from omnicorpus import report as reporting
from omnicorpus import review as desk
from omnicorpus import sample as sampling
from omnicorpus.document import Drop, Image, Part
from omnicorpus.errors import ConfigError, InputError, OmnicorpusError, OutputError
from omnicorpus.runner import Engine, Inline
from omnicorpus.stage import Stage
from omnicorpus.warc import BadRecord
from pipelines.page import PageSettings, pages, read_page

app = typer.Typer(
    name="omnicorpus",
    help="Common Crawl WARC files in, a clean corpus of image-text interleaved documents out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

models = typer.Typer(help="The models that score images and texts.", no_args_is_help=True)
app.add_typer(models, name="models")

RunFolder = Annotated[str, typer.Argument(metavar="RUN", help="The output folder of a run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the config; may be repeated.")
]


Config = Annotated[str, typer.Argument(metavar="CONFIG", help="A YAML file; configs/common_crawl.yaml is commented.")]


@app.command(
    epilog="Examples:  omnicorpus run configs/demo.yaml   ·   omnicorpus run configs/common_crawl.yaml "
    "--set languages=[en,zh] --set output=s3://bucket/corpus --address auto   ·   omnicorpus run configs/demo.yaml "
    "--dry-run"
)
def run(
    path: Config,
    overrides: Overrides = None,
    address: Annotated[
        str | None, typer.Option(help="A running Ray cluster: auto, HOST:PORT or ray://HOST:PORT.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and why; do nothing.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for just the images that failed in passing.")
    ] = False,
    log: Annotated[
        str | None, typer.Option(metavar="FILE", help="Add a line of JSON for every shard that ends, well or badly.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a pipeline to its end. A second run does nothing; a run that was killed goes on."""
    signal.signal(signal.SIGTERM, _interrupt)
    if log is not None:
        try:
            runner.log.addHandler(logging.FileHandler(log))
        except OSError as error:
            raise OutputError(f"can't write {log}: {error.strerror}; choose another file for --log") from error
        runner.log.setLevel(logging.INFO)
    pipeline, settings, resources = _configured(path, overrides)
    settings = pipeline.resolved(settings)
    files = pipeline.files(settings)
    identity = job.Identity(pipeline.NAME, files, config.plain(settings))
    stages = plan.with_resources(pipeline.stages(settings, files), resources, path)
    if dry_run:
        _show_plan(settings.output, stages, identity, as_json)
        return
    if retry_failed:
        waiting = again.forget_failed(settings.output, plan.make(settings.output, stages))
        terminal.say(f"{waiting:,} images failed in passing and are asked for again")
    try:
        with terminal.run_progress() as listen:
            outcome = job.execute(
                settings.output, stages, identity, lambda: _engine(settings.workers, address), listen, terminal.say
            )
    except KeyboardInterrupt:  # typer would end with a mere "Aborted"
        terminal.fail("stopped; the same command goes on where this one was")
        raise typer.Exit(130) from None
    levels = [level.plain() for level in outcome.levels]
    if as_json:
        near = getattr(settings, "duplicates", None)
        told = None if near is None else deduplication.figures(near, levels)
        typer.echo(
            json.dumps({"output": settings.output, "redone": outcome.redone, "funnel": levels, "duplicates": told})
        )
        return
    if not outcome.redone:
        terminal.say(f"nothing to do: {settings.output} is complete and its configuration has not changed")
    else:
        terminal.say(f"done in {outcome.seconds:,.1f} s: {settings.output}")
    terminal.print_funnel(levels, "funnel")
    for note in _notes(settings, levels):
        terminal.output.print(note, markup=False, soft_wrap=True)


def _notes(settings: Any, levels: list[dict[str, Any]]) -> list[str]:
    """What the deduplication of a run has to say; not every pipeline has one."""
    near = getattr(settings, "duplicates", None)
    return [] if near is None else deduplication.summary(near, levels)


@app.command(
    "plan",
    epilog="Examples:  omnicorpus plan configs/demo.yaml --probe 4   ·   omnicorpus plan configs/common_crawl.yaml "
    "--probe 8 --nodes 20 --cores 16 --bandwidth 1000 --json",
)
def plan_ahead(
    path: Config,
    probe: Annotated[int, typer.Option(help="Crawl files to run for real, evenly over the input: 2 or more.")],
    overrides: Overrides = None,
    nodes: Annotated[int, typer.Option(help="Machines of the cluster to forecast for.")] = 1,
    cores: Annotated[float | None, typer.Option(help="Processors of one; as many as here unless given.")] = None,
    gpus: Annotated[float, typer.Option(help="GPUs of one.")] = 0.0,
    bandwidth: Annotated[float, typer.Option(help="Megabytes a second of one, to store and web.")] = 125.0,
    as_json: AsJson = False,
) -> None:
    """Forecast what a run will take, by running a part of its input: hours, processors, traffic, storage, requests."""
    from omnicorpus import forecast

    pipeline, settings, resources = _configured(path, overrides)
    files = pipeline.files(settings)
    here = float(settings.workers or os.cpu_count() or 1)
    machines = forecast.Machines(nodes, cores or here, gpus, 1e6 * bandwidth)
    smaller, larger = forecast.probed(files, probe)
    whole, parts = forecast.amounts(files, (smaller, larger))
    with tempfile.TemporaryDirectory(prefix="omnicorpus-probe-") as folder:
        probes = []
        for name, some, amount in zip(("smaller", "larger"), (smaller, larger), parts, strict=True):
            terminal.say(f"probing with {len(some)} of {len(files)} crawl files")
            stages = plan.with_resources(pipeline.stages(settings, some), resources, path)
            identity = job.Identity(pipeline.NAME, some, config.plain(settings))
            with terminal.run_progress() as listen:
                probes.append(
                    forecast.probe(
                        f"{folder}/{name}", stages, identity, amount, lambda: _engine(settings.workers, None), listen,
                        1.0 if settings.workers == 0 else here, warm=settings.workers == 0 and name == "larger",
                    )
                )  # fmt: skip
    stages = plan.with_resources(pipeline.stages(settings, files), resources, path)
    found = forecast.forecast(stages, probes[0], probes[1], whole, machines)
    if as_json:
        typer.echo(json.dumps(found.plain()))
        return
    terminal.print_forecast(
        found.plain()["stages"],
        found.totals,
        f"{len(files):,} crawl files on {nodes} x {machines.cores:g} processors, {gpus:g} GPUs",
    )
    stage, limit = found.bottleneck
    terminal.output.print(f"about {found.hours:,.2f} hours; the bottleneck is {stage}, held by {limit}", markup=False)
    for warning in found.warnings:
        terminal.output.print(f"note: {warning}", markup=False, soft_wrap=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """A cluster's way of asking a job to end is the same as a person's."""
    raise KeyboardInterrupt


def _show_plan(root: str, stages: tuple[Stage, ...], identity: job.Identity, as_json: bool) -> None:
    outlooks = [asdict(outlook) for outlook in job.preview(root, stages, identity)]
    if as_json:
        typer.echo(json.dumps({"output": root, "stages": outlooks}))
        return
    terminal.print_plan(outlooks, f"{root}: what a run would do")


@app.command(
    epilog="Example:  omnicorpus submit configs/common_crawl.yaml --set output=s3://bucket/corpus "
    "--address http://HEAD:8265"
)
def submit(
    path: Config,
    address: Annotated[str, typer.Option(help="The cluster's dashboard, http://HEAD:8265.")],
    overrides: Overrides = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Print the job's log until it ends.")] = True,
) -> None:
    """Run a config as a job of a Ray cluster, with this program's own files: an edited filter travels along."""
    values = config.with_overrides(config.read(path), overrides or [])
    here = [key for key in ("output", "input") for item in _paths(values.get(key)) if _is_relative(item)]
    here += _here(values)
    if here:
        raise ConfigError(
            f"{path}: {here[0]} is relative to this machine's folder, which the cluster doesn't see; name a path that "
            f"every node sees, such as --set {here[0]}=s3://bucket/..."
        )
    from omnicorpus import cluster  # Ray takes a second to import

    packages = [Path(module.__path__[0]) for module in (filters, omnicorpus, pipelines)]
    name = cluster.submit(address, "job.json", json.dumps(values), packages)
    terminal.say(f"submitted {name} to {address}; `omnicorpus stop {values.get('output')}` ends it")
    if follow:
        ended = cluster.follow(address, name, lambda text: typer.echo(text, nl=False))
        if ended != "SUCCEEDED":
            raise InputError(f"the job {name} ended as {ended}: its log is above, and in `ray job logs {name}`")


def _paths(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []


NO_PATHS = ("pipeline", "languages")


def _here(value: object, key: str = "") -> list[str]:
    """Keys of a config whose values are files or folders of this machine's working folder: models, lists, indexes."""
    if isinstance(value, dict):
        return [
            found
            for name, inner in value.items()
            if (place := f"{key}.{name}" if key else name) not in NO_PATHS
            for found in _here(inner, place)
        ]
    if isinstance(value, list):
        return [found for inner in value for found in _here(inner, key)]
    if not isinstance(value, str) or not value or "\0" in value or len(value) > 4_096:
        return []
    path = value.removeprefix("local-dir:")
    return [key] if _is_relative(path) and (path != value or os.path.lexists(path)) else []


def _is_relative(path: str) -> bool:
    return "://" not in path and not Path(path).is_absolute()


@app.command(epilog="Examples:  omnicorpus report runs/demo   ·   omnicorpus report runs/demo --html report.html")
def report(
    root: RunFolder,
    html: Annotated[str | None, typer.Option(metavar="FILE", help="Write a self-contained page instead.")] = None,
) -> None:
    """Show a finished run's funnel, what its deduplication found, and what every stage cost."""
    manifest = job.finished(root)
    source = f"{root}/{job.RUN}"
    settings = config.fill(_pipeline(manifest["config"], source).Settings, manifest["config"], source)
    notes = _notes(settings, manifest["funnel"])
    if html is not None:
        storage.write_bytes(html, reporting.page(root, manifest, notes).encode())
        terminal.say(f"look at {html}")
        return
    terminal.print_funnel(manifest["funnel"], f"{root}: funnel")
    for note in notes:
        terminal.output.print(note, markup=False, soft_wrap=True)
    terminal.print_costs(reporting.costs(manifest["funnel"]), "cost")


@app.command(epilog="Example:  omnicorpus stop runs/demo")
def stop(
    root: RunFolder,
    seconds: Annotated[float, typer.Option(help="How long to wait for it to end.")] = 60.0,
) -> None:
    """Ask the run that works on a folder to stop, from wherever the folder is seen; `run` goes on with it later."""
    if not lease.ask_to_stop(root, seconds):
        raise InputError(f"the run on {root} was asked to stop, but hasn't after {seconds:g} s; see omnicorpus status")
    terminal.say(f"stopped: {root}; `omnicorpus run` with the same config goes on where it was")


def _configured(path: str, overrides: list[str] | None) -> tuple[ModuleType, Any, dict[str, Any]]:
    """The pipeline that a config names, its settings, and the resources that it gives to stages."""
    values = config.with_overrides(config.read(path), overrides or [])
    resources = values.pop("resources", None) or {}
    pipeline = _pipeline(values, path)
    return pipeline, config.fill(pipeline.Settings, values, path), resources


def _pipeline(values: dict[str, Any], path: str) -> ModuleType:
    known = [module.name for module in pkgutil.iter_modules(pipelines.__path__) if module.name not in ("cli", "page")]
    name = values.get("pipeline")
    if name not in known:
        raise ConfigError(f"{path}: pipeline is one of {', '.join(known)}, not {name!r}")
    return importlib.import_module(f"pipelines.{name}")


def _engine(workers: int | None, address: str | None) -> Engine:
    if address is None and workers == 0:
        return Inline()
    from omnicorpus import cluster  # Ray takes a second to import; the other commands don't need it

    if address is not None:
        return cluster.joined(address)
    return cluster.embedded(workers or os.cpu_count() or 1)


@app.command(
    epilog="Examples:  omnicorpus extract crawl.warc.gz > pages.jsonl   ·   omnicorpus extract page.html | jq .parts"
)
def extract(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="WARC, ARC or HTML files, folders, globs.")],
    engine: Annotated[str, typer.Option(help="omnicorpus or trafilatura.")] = "omnicorpus",
) -> None:
    """Extract main bodies, images in place: JSON lines, one a page, in input order."""
    settings = config.fill(PageSettings, {"extraction": {"engine": engine}}, "--engine")
    failed = False
    for path in crawl.files(paths):
        try:
            for line in _extracted(path, settings):
                sys.stdout.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
        except InputError as error:
            terminal.fail(str(error))
            failed = True
        except BrokenPipeError:
            # The reader has gone (`| head`), which is no error; Python would complain again when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
    sys.stdout.flush()
    if failed:
        raise typer.Exit(2)


def _extracted(path: str, settings: PageSettings) -> Iterator[dict[str, Any]]:
    for response in pages(path):
        if isinstance(response, BadRecord):
            yield {"url": response.url, "drop": _drop(Drop(response.rule, response.value, detail=response.detail))}
        elif response.is_html:
            page = read_page(response, settings)
            if isinstance(page, Drop):
                yield {"url": response.url, "drop": _drop(page)}
            else:
                yield {"url": response.url, "parts": [_part(part) for part in page.document.parts]}


def _drop(drop: Drop) -> dict[str, Any]:
    value = drop.value if drop.value is not None else drop.detail
    shown = {"rule": drop.rule, "value": value, "threshold": drop.threshold, "detail": drop.detail}
    return {key: item for key, item in shown.items() if item is not None or key == "value"}


def _part(part: Part) -> dict[str, Any]:
    if not isinstance(part, Image):
        return {"text": part.text, "kind": part.kind}
    names = ("url", "alt", "caption", "larger", "kind", "media", "declared_width", "declared_height")
    image = {name: getattr(part, name) for name in names}
    return {"image": {name: value for name, value in image.items() if value is not None or name in ("url", "alt")}}


@app.command(
    epilog="Examples:  omnicorpus export runs/demo --view text --output text/   ·   "
    "omnicorpus export runs/demo --view pairs --output pairs/ --with-images"
)
def export(
    root: RunFolder,
    kind: Annotated[str, typer.Option("--view", help="interleaved, text, pairs or omnicorpus.")],
    output: Annotated[str, typer.Option(help="Where the Parquet files go: an empty or earlier export folder.")],
    with_images: Annotated[bool, typer.Option("--with-images", help="Put the pictures' bytes beside them.")] = False,
    max_side: Annotated[
        int | None, typer.Option(min=16, help="Pictures of more pixels a side become JPEGs of so many.")
    ] = None,
) -> None:
    """Write a finished corpus as another view, in Parquet."""
    if kind not in view.VIEWS:
        raise ConfigError(f"--view is one of {', '.join(view.VIEWS)}, not {kind}")
    documents, images = job.result_files(root, "documents"), job.result_files(root, "images")
    with terminal.counting(f"export {kind}") as tell:
        done = view.export(kind, documents, images, output, with_images=with_images, tell=tell, max_side=max_side)
    pictures = f" with {done.pictures:,} pictures" if with_images else ""
    terminal.say(f"{kind}: {done.rows:,} rows{pictures} in {done.files} files under {output}")


@app.command(epilog="Examples:  omnicorpus status runs/demo   ·   omnicorpus status runs/demo --json | jq .status")
def status(root: RunFolder, as_json: AsJson = False) -> None:
    """Show how far a run is: shards done, running, failed; the funnel so far."""
    there = job.status(root)
    levels = (there.manifest or there.state).get("funnel", [])
    if as_json:
        shown = {"run": root, "status": there.status, "stages": there.state.get("stages", []), "funnel": levels}
        typer.echo(json.dumps(shown))
        return
    terminal.print_shards(there.state.get("stages", []), f"{root}: {there.status}")
    terminal.print_funnel(levels, "funnel")


@app.command(
    epilog="Examples:  omnicorpus sample runs/demo -n 5   ·   omnicorpus sample runs/demo -n 30 --html page.html   ·   "
    "omnicorpus sample runs/demo --dropped near_duplicate --html drops.html"
)
def sample(
    root: RunFolder,
    count: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed shows the same documents.")] = 0,
    dropped: Annotated[
        str | None, typer.Option(metavar="RULE", help="Show what this rule (or stage, or `all`) took away.")
    ] = None,
    html: Annotated[str | None, typer.Option(metavar="FILE", help="Write a self-contained page instead.")] = None,
) -> None:
    """Look at documents as they would be read, pictures in place; or at what was dropped, and why."""
    if dropped is None:
        documents = sampling.documents(root, count, seed)
        if html is None:
            for document in documents:
                reading.print_document(document, terminal.output)
            return
        urls = {image.url for document in documents for image in document.images()}
        gallery.write_page(documents, sampling.pictures(root, urls), html, title=f"{root}: {len(documents)} documents")
    else:
        drops = sampling.drops(root, dropped, count, seed)
        twins = sampling.addresses(root, {item.drop.twin for item in drops if item.drop.twin})
        if html is None:
            for item in drops:
                reading.print_dropped(item, terminal.output, twin=twins.get(item.drop.twin or ""))
            return
        urls = {item.part.url for item in drops if isinstance(item.part, Image)}
        pictures = sampling.pictures(root, urls)
        gallery.write_drops(drops, pictures, html, title=f"{root}: dropped by {dropped}", addresses=twins)
    terminal.say(f"look at {html}")


@app.command(
    epilog="Examples:  omnicorpus review runs/demo   ·   omnicorpus review runs/demo --stratify rule -n 60 --labels "
    "labels/demo.jsonl   ·   omnicorpus review runs/demo --labels labels/demo.jsonl --report"
)
def review(
    root: RunFolder,
    labels: Annotated[
        str | None, typer.Option(metavar="FILE", help="JSON lines of labels; RUN/labels.jsonl by default.")
    ] = None,
    stratify: Annotated[
        str | None, typer.Option(metavar="BY", help="Sample evenly by rule, language, score or domain.")
    ] = None,
    score: Annotated[str, typer.Option(help="The column of documents for --stratify score.")] = "language_score",
    count: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many documents, or drops.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed shows the same documents.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any that is free.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
    report: Annotated[
        bool, typer.Option("--report", help="Print what the labels say of every rule; exit 1 for one over its budget.")
    ] = False,
    config_path: Annotated[
        str | None, typer.Option("--config", metavar="CONFIG", help="With --report: take the budgets from this file.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Read samples in the browser and label what the rules did wrong; or report what the labels say of the rules."""
    path = labels or desk.default_labels(root)
    if not report:
        if stratify is not None and stratify not in sampling.STRATA:
            raise ConfigError(f"--stratify is one of {', '.join(sampling.STRATA)}, not {stratify}")
        laid = desk.lay(root, path, count, seed, stratify, score)
        desk.serve(laid, port=port, browser=browser, tell=terminal.say)
        terminal.say(f"stopped; {len(laid.labels):,} labels in {path}")
        return
    settings, known = _review_settings(root, config_path, overrides)
    found = audit.report(trail.of(root), label.existing(path), settings, known)
    if as_json:
        typer.echo(json.dumps(audit.plain(found), ensure_ascii=False).encode("utf-8", "replace").decode())
    else:
        terminal.print_table(audit.COLUMNS, audit.rows(found), f"{root}: rules by the labels of {path}")
        terminal.print_lines(audit.lines(found))
    if found.over:
        terminal.fail(f"over budget: {', '.join(found.over)}")
        raise typer.Exit(1)


def _review_settings(root: str, path: str | None, overrides: list[str] | None) -> tuple[audit.ReviewSettings, Any]:
    """Budgets, from the config that a run was made with or from another; and the rules that may have one."""
    source = path or f"{root}/{job.RUN}"
    values = config.with_overrides(job.finished(root)["config"] if path is None else config.read(path), overrides or [])
    pipeline = _pipeline(values, source)
    return config.fill(audit.ReviewSettings, values.get("review") or {}, f"{source}: review"), pipeline.RULES


@app.command(epilog="Example:  omnicorpus duplicates runs/demo https://kawabe.test/tabi/kawa-nobori")
def duplicates(
    root: RunFolder,
    url: Annotated[str, typer.Argument(metavar="URL", help="The address of a document that came to deduplication.")],
) -> None:
    """Show a document's duplicates: which were found, which was kept and why, and where the first two differ."""
    laid_out, settings = _finished(root)
    found = family.explain(laid_out, url, settings.duplicates)
    if found.size == 1:
        terminal.output.print(f"{url} has no duplicates", markup=False, soft_wrap=True)
        return
    terminal.output.print(f"{found.size} documents are one; {found.reason}", markup=False, soft_wrap=True)
    terminal.print_members(
        (member.document.url if member.document else f"{member.id} (of an earlier crawl)",
         str(member.document.crawled_at or "") if member.document else "",
         member.rule or "kept",
         found.similarities[0][number])
        for number, member in enumerate(found.members)
    )  # fmt: skip
    there = [member.document for member in found.members if member.document is not None]
    if len(there) > 1:
        terminal.print_difference((row.kind, row.left, row.right) for row in family.difference(there[0], there[1]))


@app.command(
    epilog="Examples:  omnicorpus index runs/demo --output runs/demo-index   ·   "
    "omnicorpus index runs/later --list lost"
)
def index(
    root: RunFolder,
    output: Annotated[str | None, typer.Option(help="A new folder; a later run names it in duplicates.index.")] = None,
    which: Annotated[
        str | None,
        typer.Option("--list", metavar="kept|lost", help="Print what became of the documents of the index it used."),
    ] = None,
) -> None:
    """Keep the signatures of a finished run, so that a later crawl is deduplicated against it without its texts.

    With --list: the documents of earlier crawls that the run's own index brought, kept or lost, as JSON lines.
    """
    if (output is None) == (which is None):
        raise ConfigError("index takes --output FOLDER, or --list kept, or --list lost: give one of them")
    if which not in (None, "kept", "lost"):
        raise ConfigError(f"--list is kept or lost, not {which}")
    laid_out, _ = _finished(root)
    if output is None:
        for row in deduplication.superseded(laid_out, "kept" if which == "kept" else "lost"):
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    documents = deduplication.make_index(laid_out, output)
    terminal.say(f"{output}: the signatures of {documents:,} documents; set duplicates.index=[{output}] in a later run")


def _finished(root: str) -> tuple[plan.Plan, Any]:
    """The plan and the settings of a finished run, as its own folder tells them."""
    manifest = job.finished(root)
    source = f"{root}/{job.RUN}"
    pipeline = _pipeline(manifest["config"], source)
    settings = config.fill(pipeline.Settings, manifest["config"], source)
    laid_out = plan.make(root, pipeline.stages(settings, tuple(manifest["files"]), job.shards(manifest)))
    unfinished = next((step.stage.name for step in laid_out.steps if len(step.done) < len(step.shards)), None)
    if unfinished is not None:
        raise InputError(f"another version of omnicorpus made {root} ({unfinished} differs): run its config again")
    return laid_out, settings


@app.command(
    epilog="Examples:  omnicorpus refilter runs/demo --set refine.scores.flagged_share=0.01   ·   omnicorpus refilter "
    "runs/demo --set refine.image.min_side=200 --dry-run"
)
def refilter(
    root: RunFolder,
    overrides: Overrides = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; leave the run as it is.")] = False,
    examples: Annotated[int, typer.Option(min=0, max=1_000, help="Documents shown of those that change sides.")] = 5,
    workers: Annotated[int, typer.Option(min=0, help="Processors of an embedded Ray; 0: this process alone.")] = 0,
    address: Annotated[str | None, typer.Option(help="A running Ray cluster.")] = None,
    as_json: AsJson = False,
) -> None:
    """Apply new thresholds to what a finished run has measured: in seconds, without a crawl file or a model."""
    before, settings = _finished(root)
    manifest = job.finished(root)
    for override in overrides or []:
        if (key := override.partition("=")[0].split(".")[0]) in ("pipeline", "input", "output", "workers"):
            raise ConfigError(f"--set {override}: refilter moves thresholds of {root}, and {key} is none")
    values = config.with_overrides(manifest["config"], overrides or [])
    pipeline = _pipeline(values, root)
    settings = config.fill(pipeline.Settings, values, "--set")
    files = tuple(manifest["files"])
    stages = pipeline.stages(settings, files, job.shards(manifest))

    def start() -> Engine:
        return _engine(workers, address)

    with terminal.run_progress() as tell:

        def listen(progress: dict[str, runner.Progress]) -> None:
            tell({name: stage for name, stage in progress.items() if name == before.steps[-1].stage.name})

        if dry_run:
            changed = refiltering.preview(root, stages, before, start, listen, examples=examples)
        else:
            identity = job.Identity(pipeline.NAME, files, config.plain(settings))
            changed = refiltering.apply(root, stages, identity, before, start, listen, examples=examples)
    if as_json:
        typer.echo(json.dumps(changed.plain(), ensure_ascii=False))
        return
    terminal.print_sides(changed.plain())
    if dry_run:
        terminal.say(f"nothing was written: the same command without --dry-run changes {root}")
    else:
        terminal.say(f"{root} has the new thresholds; put them into its config file, too, or a run of it undoes them")


@app.command(
    "train-scorer",
    epilog="Examples:  omnicorpus train-scorer labelled.jsonl --output models/ads   ·   omnicorpus train-scorer "
    "texts.jsonl --kind ngram --output models/fluency",
)
def train_scorer(
    source: Annotated[
        str, typer.Argument(metavar="LABELLED", help='JSON lines {"text", "label"}; for ngram {"text", "language"}.')
    ],
    output: Annotated[str, typer.Option(help="A new folder, or an earlier scorer's.")],
    kind: Annotated[str, typer.Option(help="linear, fasttext or ngram.")] = "linear",
    seed: Annotated[int, typer.Option(help="The same seed holds out the same texts.")] = 0,
    held_out: Annotated[float, typer.Option(help="The share of texts that are measured, not learnt.")] = 0.2,
    text: Annotated[str, typer.Option(help="The key of the text.")] = "text",
    label: Annotated[str, typer.Option(help="The key of the label.")] = "label",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave bad lines out, and count them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a scorer of texts on this machine, and measure it on texts that it hasn't seen."""
    given = {"kind": kind, "seed": seed, "held_out": held_out, "text": text, "label": label, "skip_bad": skip_bad}
    training = importlib.import_module("omnicorpus.training")  # scipy takes half a second to import
    told = training.train(source, output, config.fill(training.TrainingSettings, given, "train-scorer"))
    if as_json:
        typer.echo(json.dumps(told.plain(), ensure_ascii=False))
        return
    terminal.output.print(training.readme(told), markup=False, highlight=False, soft_wrap=True)
    terminal.say(f"the scorer is at {output}: docs/scorers.md shows how a config names it")


@app.command("sample-crawl", epilog="Example:  omnicorpus sample-crawl runs/sample-crawl.warc.gz")
def sample_crawl(
    path: Annotated[str, typer.Argument(metavar="FILE", help="The WARC file to write; it ends in .warc.gz.")],
) -> None:
    """Write the embedded sample crawl: some sixty pages in nine languages with pictures, good, bad and hostile."""
    from omnicorpus import miniature  # draws pictures: slow to import, used by this command alone

    if not path.endswith(".warc.gz"):
        raise ConfigError(f"{path}: the sample crawl is a .warc.gz file; name it so")
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "crawl.warc.gz"
        summary = miniature.write_crawl(local)
        storage.write_bytes(path, local.read_bytes())
    terminal.say(f"{path}: {len(summary.pages)} pages, {storage.size(path):,} bytes")


@models.command("list", epilog="Example:  omnicorpus models list configs/common_crawl.yaml")
def list_models(path: Config, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show the models that a config asks for: which are here, and how to get those that are not."""
    _, settings, _ = _configured(path, overrides)
    _show_models(modelling().wanted(settings.images, settings.scores.models if settings.scores else ()), as_json)


@models.command("get", epilog="Example:  omnicorpus models get configs/common_crawl.yaml")
def get_models(path: Config, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Build or download the models that a config asks for, and check them."""
    _, settings, _ = _configured(path, overrides)
    _show_models(modelling().get(settings.images, settings.scores.models if settings.scores else ()), as_json)


def modelling() -> ModuleType:
    """The module of the models: it imports torch, which takes seconds, so only these commands do."""
    return importlib.import_module("omnicorpus.models")


def _show_models(found: Any, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(modelling().report(found)))
        return
    terminal.print_models(modelling().report(found))


@models.command("build-stand-in", epilog="Example:  omnicorpus models build-stand-in")
def build_stand_in() -> None:
    """Build the CLIP stand-in out of two packages' weights: for demos and tests where no model hub can be reached."""
    from omnicorpus import standin  # imports torch

    terminal.say(f"the stand-in model is there: {standin.build()}")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"omnicorpus {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the program: an error of the user's is one line and exit 2, an interruption exits 130, a fault of ours 1."""
    try:
        app()
    except OmnicorpusError as error:
        terminal.fail(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        terminal.fail("stopped; the same command goes on where this one was")
        sys.exit(130)
    except Exception as error:
        log = Path(tempfile.mkstemp(prefix="omnicorpus-", suffix=".log")[1])
        log.write_text(traceback.format_exc())
        terminal.fail(
            f"a fault of omnicorpus itself ({type(error).__name__}: {str(error)[:200]}); its traceback is in {log}"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
