"""A page that kills the extractor is lost alone: the drop says why, and which record of which file it is."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path

import pytest

from omnicorpus import config, job, schema, table, warc
from omnicorpus.document import Drop
from omnicorpus.runner import Engine
from omnicorpus.stage import Call, Counts
from omnicorpus.warc import Response
from pipelines import common_crawl
from pipelines.page import Page, PageSettings, read_page
from tests import build
from tests.pipelines.test_cli import BREAD, TIDES, page


def deadly_page(response: Response, settings: PageSettings) -> Page | Drop:
    if response.url.endswith("/deadly"):
        ctypes.string_at(0)
    return read_page(response, settings)


def deadly_extract(call: Call, state: object) -> Counts:
    common_crawl.read_page = deadly_page
    return common_crawl.extract(call, state)


@pytest.mark.slow
def test_a_page_that_kills_the_extractor_is_lost_alone(tmp_path: Path) -> None:
    from omnicorpus import cluster

    picture = build.record("https://a.test/i.png", build.png(320, 240), mime="image/png")
    source = build.warc(
        tmp_path / "crawl.warc.gz", page("tides", TIDES), page("deadly", TIDES), page("bread", BREAD), picture
    )
    values = {
        "pipeline": "common_crawl", "input": [source], "output": str(tmp_path / "out"),
        "images": {"sources": ["warc"], "clip": None, "nsfw": {"enabled": False}},
    }  # fmt: skip
    settings = config.fill(common_crawl.Settings, values, "test")
    first = next(stage for stage in common_crawl.stages(settings, (source,)) if stage.name == "extract")
    deadly = replace(first, work=deadly_extract)
    engine: Engine = cluster.embedded(2)
    outcome = job.execute(
        settings.output, (deadly,), job.Identity("toy", (source,), {}), lambda: engine, lambda _progress: None
    )
    (level,) = outcome.levels
    assert (level.rows_in, level.rows_out, level.drops) == (3, 2, {"crash": 1})
    (path,) = job.result_files(settings.output, "drops")
    (row,) = [row for row in table.read(path).to_pylist() if row["position"] is None]
    where = row["warc"]
    assert (row["rule"], row["detail"], row["url"], where["file"]) == (
        "crash", "SIGSEGV", "https://a.test/deadly", source,
    )  # fmt: skip
    assert b"tide" in warc.read_body(source, where["offset"], where["length"])
    (documents,) = (tmp_path / "out").glob("work/extract-*/*.documents.parquet")
    found = schema.documents(table.read(str(documents)))
    assert [document.url for document in found] == ["https://a.test/tides", "https://a.test/bread"]
