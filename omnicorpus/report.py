"""A run's report as one self-contained page: the funnel as a picture, and what every stage cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

WIDTH, BAR, ROW = 720, 22, 46
"""Pixels of the picture: its width, a bar's height, the distance between two bars."""

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .25rem .75rem; text-align: left }
.number { text-align: right; font-variant-numeric: tabular-nums }
tr { border-bottom: 1px solid #e3e6ea } th { font-weight: 600 }
svg { display: block; max-width: 100%; height: auto; margin-bottom: 1rem }
.kept { fill: #2f7d5b } .gone { fill: #e2b1a6 } text { font-size: 13px }
@media (prefers-color-scheme: dark) {
  body { background: #14171a; color: #e6e8ea } text { fill: #e6e8ea } tr { border-color: #333a40 }
  .gone { fill: #7a4438 }
}
"""


def page(title: str, manifest: Mapping[str, Any], notes: Sequence[str] = ()) -> str:
    """The page of a finished run. `manifest` is RUN/manifest.json, `notes` sentences to stand below the funnel."""
    levels = manifest["funnel"]
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<p>Finished {escape(str(manifest['finished']))} after {manifest['seconds']:,.0f} s with the configuration "
        f"{escape(str(manifest['config_hash']))}.</p><h2>Funnel</h2>{_funnels(levels)}"
        f"{''.join(f'<p>{escape(note)}</p>' for note in notes)}"
        f"<h2>Dropped and cut, by rule</h2>{_rules(levels)}<h2>What every stage cost</h2>{_costs(levels)}"
        f"<p>{escape(versions)}</p></html>\n"
    )


def _funnels(levels: Sequence[Mapping[str, Any]]) -> str:
    """One picture for each unit that is counted: a document and an image have no scale in common."""
    shown = [level for level in levels if level["in_funnel"] and level["rows_in"]]
    units = dict.fromkeys(str(level["unit"]) for level in shown)
    return "".join(_funnel(unit, [level for level in shown if level["unit"] == unit]) for unit in units)


def _funnel(unit: str, shown: Sequence[Mapping[str, Any]]) -> str:
    """One bar a stage: what was kept of what came in, to the scale of the largest."""
    most = max(level["rows_in"] for level in shown)
    bars = []
    for row, level in enumerate(shown):
        top, kept, came = row * ROW, level["rows_out"], level["rows_in"]
        scale = WIDTH / most
        label = f"{level['stage']}: {kept:,} of {came:,} {unit} kept, {100 * kept / came:.1f} %"
        bars.append(
            f"<text x=0 y={top + 14}>{escape(label)}</text>"
            f"<rect class=gone x=0 y={top + 19} width={came * scale:.1f} height={BAR} />"
            f"<rect class=kept x=0 y={top + 19} width={kept * scale:.1f} height={BAR} />"
        )
    height = len(shown) * ROW + 4
    return (
        f"<svg viewBox='0 0 {WIDTH} {height}' role=img aria-label='The funnel of {escape(unit)}'>{''.join(bars)}</svg>"
    )


def _rules(levels: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (level["stage"], rule, kind, f"{count:,}")
        for level in levels
        for kind, counts in (("dropped", level["drops"]), ("cut", level["cuts"]))
        for rule, count in counts.items()
    ]
    return _table(("stage", "rule", "", "how many"), rows, texts=3)


def _costs(levels: Iterable[Mapping[str, Any]]) -> str:
    return _table(("stage", "shards", "processor s", "wall s", "largest process", "written"), costs(levels), texts=1)


def costs(levels: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """By stage: shards, processor seconds, seconds of the clock summed over shards, largest process, bytes written."""
    return [
        (
            level["stage"],
            f"{level['shards']:,}",
            f"{level['seconds']:,.1f}",
            f"{level['wall']:,.1f}",
            f"{level['peak'] / 2**20:,.0f} MiB",
            f"{level['bytes'] / 1e6:,.1f} MB",
        )
        for level in levels
    ]


def _table(names: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int) -> str:
    """The first `texts` columns hold words, the others numbers."""

    def line(tag: str, cells: Sequence[str]) -> str:
        kinds = ["" if column < texts else " class=number" for column in range(len(cells))]
        return "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    return f"<table><tr>{line('th', names)}</tr>{body}</table>"
