"""What kills the process that works on it is lost alone: the drop says why, and which record of which file it is."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnicorpus import config, job, measure, nsfw, paragraph, picture, schema, supply, table, text_score, warc
from omnicorpus.document import Document, Drop, Scores
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


def deadly_paragraph_keys(call: Call, state: object) -> Counts:
    tokens = paragraph.signature.tokens

    def deadly(texts: Sequence[str], **options: Any) -> Any:
        return ctypes.string_at(0) if HERONS[1] in texts else tokens(texts, **options)

    paragraph.signature.tokens = deadly
    try:
        return paragraph._send_keys(call, None)
    finally:
        paragraph.signature.tokens = tokens


def deadly_scores(call: Call, state: object) -> Counts:
    def measured(document: Document, settings: text_score.MeasuredSettings) -> Scores:
        return ctypes.string_at(0) if HARBOUR[1] in document.text() else common_crawl.measured(document, settings)

    return text_score.measured(call, state, measure=measured)


HERONS = (
    "Every April the herons come back to the three poplars behind the paper mill. They mend last year's nests with "
    "willow twigs, and quarrel about the highest one as if the whole valley belonged to whoever sits there.",
    "By June the young ones stand at the rim and try their wings in the wind. My uncle counts them with an old "
    "telescope, writes the number on the door of his shed, and has done so since the year in which he was married.",
)
HARBOUR = (
    "The small harbour of our village has room for eleven boats, and in winter only two of them stay in the water. The "
    "others lie under canvas on the slip, where cats sleep between the keels.",
    "When ice forms along the quay, the fishermen break it with long poles before breakfast. They say that the sound "
    "of it tells them how cold the night was, better than any glass that hangs beside a kitchen door.",
)
CLOCKS = (
    "The clock of the mill stopped in the year of the flood, and nobody has wound it since. A heron nests behind its "
    "face, and the children say that it is the bird who tells the hours now.",
    "A deadly frost came in April. The miller's widow wrapped every apple tree in sacking and sat up three nights with "
    "a lantern, and in the autumn hers was the only orchard of the valley that bore.",
)


def deadly_fetch(call: Call, state: supply.Supply) -> Counts:
    def deadly(file: str, offset: int, length: int) -> warc.Stored:
        stored = warc.read_response(file, offset, length)
        return ctypes.string_at(0) if stored.body == build.png(340, 240) else stored

    supply.read_response = deadly
    try:
        return supply.fetch(call, state)
    finally:
        supply.read_response = warc.read_response


FRAME = picture.Frame(side=8)


def seen_of(width: int) -> np.ndarray:
    """What a model sees of `build.png(width, 240)`."""
    decoded = picture.decode(build.png(width, 240), max_pixels=1_000_000)
    return picture.framed(decoded, FRAME, picture.resized)


class DeadlyNsfw:
    """A model of pictures that dies of one, alone or among others."""

    def __init__(self) -> None:
        decoded = picture.decode(build.png(350, 240), max_pixels=1_000_000)
        self.deadly = nsfw.model_input(decoded)

    def scores(self, looks: Sequence[np.ndarray]) -> np.ndarray:
        if any(np.array_equal(look, self.deadly) for look in looks):
            ctypes.string_at(0)
        return np.zeros(len(looks), np.float32)


class DeadlyTowers:
    """A CLIP model that dies of one picture and of one text."""

    frame, dimension = FRAME, 4

    def images(self, pixels: np.ndarray, batch: int = 64) -> np.ndarray:
        if any(np.array_equal(each, seen_of(360)) for each in pixels):
            ctypes.string_at(0)
        return self._vectors(len(pixels))

    def texts(self, texts: Sequence[str], batch: int = 64) -> np.ndarray:
        if any("deadly" in text for text in texts):
            ctypes.string_at(0)
        return self._vectors(len(texts))

    def _vectors(self, count: int) -> np.ndarray:
        return np.eye(1, self.dimension, dtype=np.float32).repeat(count, axis=0)


def start_deadly_meter(_settings: object) -> measure.Meter:
    return measure.Meter(FRAME, picture.resized, DeadlyNsfw(), None)  # type: ignore[arg-type]


def start_deadly_embedder(_settings: object) -> measure.Embedder:
    return measure.Embedder(DeadlyTowers(), None, None)


def start_deadly_towers(_settings: object) -> DeadlyTowers:
    return DeadlyTowers()


@pytest.mark.slow
def test_what_kills_a_filter_a_decoder_or_a_model_is_lost_alone_though_models_take_batches(tmp_path: Path) -> None:
    from omnicorpus import cluster

    widths = {"i": 320, "decode": 330, "fetch": 340, "nsfw": 350, "clip": 360}
    pictures = [
        build.record(f"https://a.test/{name}.png", build.png(width, 240), mime="image/png")
        for name, width in widths.items()
    ]
    every = b"".join(f"<img src='/{name}.png' alt='a shell'>".encode() for name in widths)
    bread = page("bread", BREAD).replace(b"<img src='/i.png' alt='a shell'>", every)
    shown = [
        page("tides", TIDES), page("deadly", TIDES), page("clocks", CLOCKS), page("herons", HERONS),
        page("harbour", HARBOUR), bread,
    ]  # fmt: skip
    source = build.warc(tmp_path / "crawl.warc.gz", *shown, *pictures)
    values = {
        "pipeline": "common_crawl", "input": [source], "output": str(tmp_path / "out"), "partitions": 1,
        "paragraphs": {},
        "images": {"sources": ["warc"], "clip": {"model": "stand-in", "pretrained": None}},
    }  # fmt: skip
    settings = config.fill(common_crawl.Settings, values, "test")
    starts = {"measure": start_deadly_meter, "images": start_deadly_embedder, "score": start_deadly_towers}
    works = {
        "select": deadly_select, "fetch": deadly_fetch, "measure": deadly_measure, "scores": deadly_scores,
        "paragraph_keys": deadly_paragraph_keys,
    }  # fmt: skip
    stages = tuple(
        replace(stage, start=starts.get(stage.name, stage.start), work=works.get(stage.name, stage.work))
        for stage in common_crawl.stages(settings, (source,))
    )
    engine: Engine = cluster.embedded(2)
    outcome = job.execute(
        settings.output, stages, job.Identity("toy", (source,), {}), lambda: engine, lambda _progress: None
    )
    drops = {level.stage: dict(level.drops) for level in outcome.levels}
    assert {name: found for name, found in drops.items() if found and name != "refine"} == {
        "select": {"crash": 1}, "paragraph_keys": {"crash": 1}, "paragraphs": {"crash": 1}, "fetch": {"crash": 1},
        "measure": {"crash": 2}, "images": {"crash": 1}, "scores": {"crash": 1}, "score": {"crash": 1},
    }  # fmt: skip
    lost = {
        row["url"]: (row["stage"], row["detail"])
        for path in job.result_files(settings.output, "drops")
        for row in table.read(path).to_pylist()
        if row["rule"] == "crash" and row["position"] is None
    }
    assert lost == {
        "https://a.test/deadly": ("select", "SIGSEGV"),
        "https://a.test/herons": ("paragraphs", "SIGSEGV"),
        "https://a.test/harbour": ("refine", "scores: SIGSEGV"),
        "https://a.test/clocks": ("score", "SIGSEGV"),
    }
    (images,) = job.result_files(settings.output, "images")
    errors = {row["url"].rsplit("/", 1)[1]: row["error"] for row in table.read(images).to_pylist()}
    assert errors == {
        "i.png": None, "decode.png": "crash", "fetch.png": "crash", "nsfw.png": "crash", "clip.png": "crash",
    }  # fmt: skip
