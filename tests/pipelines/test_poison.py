"""What kills the process that works on it is lost alone: the drop says why, and which record of which file it is."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from omnicorpus import config, job, measure, picture, schema, table, warc
from omnicorpus.document import Document, Drop
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


def deadly_record(path: str, offset: int, record: Any) -> Any:
    """The reader dies within a record: in its decoding."""
    if record.headers.get("WARC-Target-URI", "").endswith("/deadly"):
        ctypes.string_at(0)
    return warc_record(path, offset, record)


def deadly_iterator(stream: Any, **options: Any) -> Iterator[Any]:
    """The reader dies on its way to a record."""
    for record in archive_iterator(stream, **options):
        if record.headers.get("WARC-Target-URI", "").endswith("/deadly"):
            ctypes.string_at(0)
        yield record


warc_record, archive_iterator = warc._warc_record, warc.ArchiveIterator


def deadly_decoding(call: Call, state: object) -> Counts:
    warc._warc_record = deadly_record
    return common_crawl.extract(call, state)


def deadly_reading(call: Call, state: object) -> Counts:
    warc.ArchiveIterator = deadly_iterator
    return common_crawl.extract(call, state)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "url"),
    [(deadly_extract, "https://a.test/deadly"), (deadly_decoding, "https://a.test/deadly"), (deadly_reading, None)],
)
def test_a_record_that_kills_extractor_or_reader_is_lost_alone(
    tmp_path: Path, work: Callable[[Call, object], Counts], url: str | None
) -> None:
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
    deadly = replace(first, work=work)
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
        "crash", "SIGSEGV", url, source,
    )  # fmt: skip
    assert b"tide" in warc.read_body(source, where["offset"], where["length"])
    (documents,) = (tmp_path / "out").glob("work/extract-*/*.documents.parquet")
    found = schema.documents(table.read(str(documents)))
    assert [document.url for document in found] == ["https://a.test/tides", "https://a.test/bread"]


def deadly_select(call: Call, state: object) -> Counts:
    def judge(document: Document, *_rest: object) -> Drop | None:
        return ctypes.string_at(0) if document.url.endswith("/deadly") else None

    common_crawl.judge_language = judge
    return common_crawl.select(call, state)


def deadly_measure(call: Call, meter: measure.Meter) -> Counts:
    decode = picture.decode

    def deadly(content: bytes, **options: Any) -> Any:
        return ctypes.string_at(0) if content == build.png(330, 240) else decode(content, **options)

    measure.picture.decode = deadly
    try:
        return measure.measure(call, meter)
    finally:
        measure.picture.decode = decode


@pytest.mark.slow
def test_a_document_that_kills_a_filter_and_a_picture_that_kills_its_decoder_are_lost_alone(tmp_path: Path) -> None:
    from omnicorpus import cluster

    pictures = [
        build.record(f"https://a.test/{name}.png", build.png(width, 240), mime="image/png")
        for name, width in (("i", 320), ("k", 330))
    ]
    shown = [page("tides", TIDES), page("deadly", TIDES), page("bread", BREAD).replace(b"/i.png", b"/k.png")]
    source = build.warc(tmp_path / "crawl.warc.gz", *shown, *pictures)
    values = {
        "pipeline": "common_crawl", "input": [source], "output": str(tmp_path / "out"), "partitions": 1,
        "images": {"sources": ["warc"], "clip": None, "nsfw": {"enabled": False}},
    }  # fmt: skip
    settings = config.fill(common_crawl.Settings, values, "test")
    works = {"select": deadly_select, "measure": deadly_measure}
    stages = tuple(
        replace(stage, work=works.get(stage.name, stage.work)) for stage in common_crawl.stages(settings, (source,))
    )
    engine: Engine = cluster.embedded(2)
    outcome = job.execute(
        settings.output, stages, job.Identity("toy", (source,), {}), lambda: engine, lambda _progress: None
    )
    levels = {level.stage: level for level in outcome.levels}
    assert (levels["select"].rows_in, levels["select"].drops) == (3, {"crash": 1})
    assert (levels["measure"].rows_in, levels["measure"].drops) == (2, {"crash": 1})
    (lost,) = [
        row for path in job.result_files(settings.output, "drops") for row in table.read(path).to_pylist()
        if row["rule"] == "crash"
    ]  # fmt: skip
    assert (lost["stage"], lost["url"], lost["detail"]) == ("select", "https://a.test/deadly", "SIGSEGV")
    (images,) = job.result_files(settings.output, "images")
    errors = {row["url"]: row["error"] for row in table.read(images).to_pylist()}
    assert errors == {"https://a.test/i.png": None, "https://a.test/k.png": "crash"}
