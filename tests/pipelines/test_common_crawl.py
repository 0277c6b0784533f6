"""The main job over the miniature web: every page and every picture meets the fate that was planted for it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from omnicorpus import config, duplicates, job, miniature, plan, schema, table
from omnicorpus.document import Document, Measures
from omnicorpus.errors import ConfigError
from omnicorpus.job import Identity, Outcome
from omnicorpus.miniature import Summary
from omnicorpus.runner import Engine, Inline
from omnicorpus.score import HASHES
from omnicorpus.stage import Call, Need
from pipelines import common_crawl
from pipelines.common_crawl import RefineSettings, Settings, judge_language, refine
from tests import build

PLAIN = {"sources": ["warc"], "clip": None, "nsfw": {"enabled": False}}
"""No models: what is left is deterministic and quick."""


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return miniature.write_crawl(tmp_path_factory.mktemp("crawl") / "miniature.warc.gz")


def settings_of(crawl: Summary, output: Path, **changes: Any) -> Settings:
    values = {
        "pipeline": "common_crawl",
        "input": [str(crawl.path)],
        "output": str(output),
        "languages": list(miniature.LANGUAGES),
        "partitions": 3,
        "images": PLAIN,
        **changes,
    }
    return config.fill(Settings, values, "test")


def execute(settings: Settings, engine: Engine | None = None) -> Outcome:
    files = common_crawl.files(settings)
    identity = Identity(common_crawl.NAME, files, config.plain(settings))
    stages = common_crawl.stages(settings, files)
    return job.execute(settings.output, stages, identity, lambda: engine or Inline(), lambda _progress: None)


@dataclass(frozen=True)
class Result:
    root: Path
    outcome: Outcome
    documents: list[Document]
    drops: list[dict[str, Any]]


def result(root: Path, outcome: Outcome) -> Result:
    documents = [doc for path in job.result_files(str(root), "documents") for doc in schema.documents(table.read(path))]
    drops = [row for path in job.result_files(str(root), "drops") for row in table.read(path).to_pylist()]
    return Result(root, outcome, documents, drops)


@pytest.fixture(scope="module")
def plain(crawl: Summary, tmp_path_factory: pytest.TempPathFactory) -> Result:
    root = tmp_path_factory.mktemp("plain")
    return result(root, execute(settings_of(crawl, root)))


RULES = {
    "recrawled": {"same_address"},
    "same text": {"same_text"},
    "near duplicate": {"near_duplicate"},
    "no image": {"image_count"},
    "no picture left": {"image_count"},
    "language": {"language", "language_score"},
    "lorem ipsum": {"lorem_ipsum"},
    "short": {"word_count", "image_count", "empty"},
    "numbers": {"digits", "alphabetic_words", "stop_words", "language_score", "sentence_count"},
    "repetition": {"frequent_word", "duplicate_lines", "top_n_gram", "language_score"},
    "line breaks": {"continuous_line_breaks", "line_breaks", "sentence_count"},
    "robots": {"consent"},
    "truncated": {"truncated"},
    "nesting": {"page_depth"},
}
"""What the generator calls a page's fate, and the rules that may bring it about."""


def test_every_page_meets_its_fate(crawl: Summary, plain: Result) -> None:
    kept = {(document.url, document.crawled_at) for document in plain.documents}
    rules: dict[str, set[str]] = {}
    for row in plain.drops:
        if row["position"] is None:
            rules.setdefault(row["url"], set()).add(row["rule"])
    for page in crawl.pages:
        if page.fate == "kept":
            assert (page.url, page.crawled_at) in kept, (page.url, rules.get(page.url))
        else:
            assert (page.url, page.crawled_at) not in kept, (page.url, page.fate)
            assert rules[page.url] & RULES[page.fate], (page.url, page.fate, rules[page.url])
    assert len(kept) == sum(page.fate == "kept" for page in crawl.pages)


def test_a_duplicate_names_the_page_that_was_kept(crawl: Summary, plain: Result) -> None:
    address = {document.id: document.url for document in plain.documents}
    named = {row["url"]: address.get(row["twin"]) for row in plain.drops if row["twin"] is not None}
    planted = {page.url: page.twin for page in crawl.pages if page.twin is not None}
    assert named == planted


def test_pictures_meet_their_fates(crawl: Summary, plain: Result) -> None:
    shown = {image.url for document in plain.documents for image in document.images()}
    assert {crawl.pictures[url] for url in shown} == {"kept"}
    bad = {row["image"]: row["rule"] for row in plain.drops if row["stage"] == "refine" and row["image"]}
    fates: dict[str, set[str]] = {}
    for url, rule in bad.items():
        fates.setdefault(rule, set()).add(crawl.pictures.get(url, "furniture"))
    assert fates["p_hash_count"] == {"frequent"}
    assert fates["min_side"] - {"furniture"} == {"small"}
    assert fates["aspect_ratio"] - {"furniture"} == {"ratio"}
    assert "kept" not in set().union(*fates.values())


def test_every_picture_kept_is_there_with_its_bytes_and_measures(plain: Result) -> None:
    held = {
        row["url"]: row for path in job.result_files(str(plain.root), "images") for row in table.read(path).to_pylist()
    }
    for document in plain.documents:
        for image in document.images():
            assert image.measures is not None
            assert image.measures.sha256 == held[image.url]["sha256"]
            assert len(held[image.url]["content"]) == image.measures.bytes
            assert min(image.measures.width or 0, image.measures.height or 0) >= 150


def test_the_funnel_adds_up_from_page_to_corpus(plain: Result) -> None:
    shown = [level for level in plain.outcome.levels if level.in_funnel]
    for level in shown:
        assert level.rows_in == level.rows_out + sum(level.drops.values()), level.stage
    documents = [level for level in shown if level.unit == "documents"]
    for earlier, later in pairwise(documents):
        assert earlier.rows_out == later.rows_in, (earlier.stage, later.stage)
    assert documents[-1].rows_out == len(plain.documents)


def test_rows_are_aligned_and_carry_the_promised_columns(plain: Result) -> None:
    (path,) = job.result_files(str(plain.root), "documents")
    whole = table.read(path)
    promised = {"id", "url", "crawled_at", "language", "language_score", "warc", "texts", "images"}
    assert promised <= set(whole.column_names)
    promised_of_images = {"url", "alt", "caption", "sha256", "width", "height", "p_hash", "d_hash", "clip_similarity"}
    assert promised_of_images <= {field.name for field in whole.schema.field("images").type.value_type}
    for row in whole.to_pylist():
        assert [(text is None) != (image is None) for text, image in zip(row["texts"], row["images"], strict=True)] == [
            True
        ] * len(row["texts"])
    assert len(set(whole["id"].to_pylist())) == whole.num_rows


def test_a_moved_threshold_redoes_the_last_stage_alone(crawl: Summary, tmp_path: Path) -> None:
    settings = settings_of(crawl, tmp_path)
    execute(settings)
    image = replace(settings.refine.image, min_side=400)
    outcome = execute(replace(settings, refine=replace(settings.refine, image=image)))
    assert outcome.redone == ("refine",)
    sides = [
        min(image.measures.width or 0, image.measures.height or 0)
        for document in result(tmp_path, outcome).documents
        for image in document.images()
        if image.measures is not None
    ]
    assert min(sides) >= 400


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.parquet"))}


@pytest.mark.slow
def test_on_ray_it_is_byte_for_byte_the_same(crawl: Summary, plain: Result, tmp_path: Path) -> None:
    from omnicorpus import cluster

    execute(settings_of(crawl, tmp_path), cluster.embedded(2))
    assert contents(tmp_path) == contents(plain.root)


@pytest.mark.slow
@pytest.mark.parametrize("seen", ["work/extract-*/*.json", "work/fetch-*/*.json"])
def test_killed_and_resumed_it_is_byte_for_byte_the_same(
    crawl: Summary, plain: Result, tmp_path: Path, seen: str
) -> None:
    path = tmp_path / "run.yaml"
    root = tmp_path / "out"
    path.write_text(
        f"pipeline: common_crawl\ninput: [{crawl.path}]\noutput: {root}\nworkers: 2\npartitions: 3\n"
        f"languages: [{', '.join(miniature.LANGUAGES)}]\n"
        "images: {sources: [warc], clip: null, nsfw: {enabled: false}}\n"
    )
    command = [sys.executable, "-m", "pipelines.cli", "run", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while not list(root.glob(seen)) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (root / job.MANIFEST).exists()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert contents(root) == contents(plain.root)


@pytest.mark.slow
def test_with_models_similarities_are_stored_and_their_threshold_cuts(crawl: Summary, tmp_path: Path) -> None:
    models = {"sources": ["warc"], "clip": {"model": "stand-in", "pretrained": None}}
    settings = settings_of(crawl, tmp_path, images=models)
    found = result(tmp_path, execute(settings))
    similarities = [image.clip_similarity for document in found.documents for image in document.images()]
    measured = [similarity for similarity in similarities if similarity is not None]
    assert len(measured) == len(similarities)
    assert all(-1.0 <= similarity <= 1.0 for similarity in measured)
    texts = {document.id: document.text() for document in found.documents}
    for document in found.documents:
        for image in document.images():
            assert image.best_sentence is None or image.best_sentence in texts[document.id]
            assert image.measures is not None
            assert image.measures.nsfw is not None
    sentences = [image.best_sentence for document in found.documents for image in document.images()]
    assert sum(sentence is not None for sentence in sentences) > len(sentences) * 0.9
    middle = sorted(measured)[len(measured) // 2]
    strict = replace(settings.refine.image, clip_similarity=middle)
    outcome = execute(replace(settings, refine=replace(settings.refine, image=strict)))
    assert outcome.redone == ("refine",)
    left = [image.clip_similarity for document in result(tmp_path, outcome).documents for image in document.images()]
    assert min(similarity for similarity in left if similarity is not None) >= middle


def test_unsafe_images_are_cut_or_take_their_document_with_them(tmp_path: Path) -> None:
    def shown(*scores: float) -> Document:
        images = [
            replace(build.image(f"https://a.test/{score}.png"), measures=Measures(width=300, height=300, nsfw=score))
            for score in scores
        ]
        text = "The mill stands by the river, and we went to see it in the morning. " * 6
        return build.doc(text, *images, url=f"https://a.test/{len(scores)}", language="en")

    table.write(f"{tmp_path}/documents.parquet", schema.documents_table([shown(0.9, 0.1), shown(0.9, 0.1, 0.9)]))
    table.scatter(f"{tmp_path}/counts.exchange", HASHES.empty_table(), np.empty(0, np.int64), 1)
    inputs = {
        "score.documents": (f"{tmp_path}/documents.parquet",),
        "hash_counts.counts": (f"{tmp_path}/counts.exchange",),
    }
    call = Call("refine", "one", 0, 1, f"{tmp_path}/out", RefineSettings(), inputs)
    counts = refine(call, None)
    assert (counts.rows_out, counts.drops, counts.cuts) == (1, {"nsfw_share": 1}, {"nsfw": 1})


@pytest.mark.parametrize(
    ("language", "score", "rule"),
    [("en", 0.9, None), ("en", 0.5, "language_score"), ("fi", 0.9, "language"), (None, 0.0, "language_score")],
)
def test_languages_are_kept_by_code_and_certainty(language: str | None, score: float, rule: str | None) -> None:
    document = replace(build.doc("x", language=language), language_score=score)
    verdict = judge_language(document, ("en", "zh"), 0.65)
    assert (verdict.rule if verdict else None) == rule
    assert judge_language(document, None, 0.65) is None


def test_impossible_settings_are_refused(crawl: Summary, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="partitions is at least 1"):
        settings_of(crawl, tmp_path, partitions=0)
    with pytest.raises(ConfigError, match="languages"):
        settings_of(crawl, tmp_path, languages="english")


def chained_crawls(folder: Path) -> list[str]:
    """Three crawls of one site a month apart: pages come again at their address, copied, edited, or as they were."""
    random = Random(3)
    ends = ("ton", "ing", "er", "ed", "ow", "ish", "al", "ence", "y", "ful")
    words = [
        f"{first}{middle}{end}" for first in "bdfghklmnprstvw" for middle in ("ar", "el", "in", "o") for end in ends
    ]
    topics = [[" ".join(random.choice(words) for _ in range(9)) + "." for _ in range(14)] for _ in range(9)]
    paths = []
    for month in range(1, 4):
        pages = []
        for day in range(1, 19):
            lines = list(random.choice(topics))
            for _ in range(random.choice([0, 0, 1, 1, 3])):
                lines[random.randrange(len(lines))] = " ".join(random.choice(words) for _ in range(9)) + "."
            image = f"<img src='/{random.randrange(9)}.png' alt='the {random.choice(words)}'>"
            paragraphs = "".join(f"<p>{line}</p>" for line in lines)
            body = f"<article><h1>On {random.choice(words)}</h1>{image}{paragraphs}</article>"
            address = f"https://a.test/{random.randrange(30)}"
            pages.append(build.record(address, body.encode(), date=f"2024-{month:02d}-{day:02d}T00:00:00Z"))
        paths.append(build.warc(folder / f"crawl-{month}.warc.gz", *pages))
    return paths


def kept_in_the_end(settings: Settings) -> tuple[set[str], plan.Plan]:
    """Addresses and times of what deduplication keeps, of this run and of its index."""
    execute(settings)
    laid = plan.make(settings.output, common_crawl.stages(settings, common_crawl.files(settings)))
    rows = table.read_all(laid.tables(Need("unique", "documents", "all")), schema.DOCUMENTS, ["id"])
    known = (
        {row["document"] for row in duplicates.superseded(laid, "kept")} if settings.duplicates.index else set[str]()
    )
    return set(rows["id"].to_pylist()) | known, laid


@pytest.mark.slow
def test_three_crawls_against_each_others_index_are_one_run_over_all_three(tmp_path: Path) -> None:
    paths = chained_crawls(tmp_path)
    values = {
        "pipeline": "common_crawl",
        "languages": "all",
        "partitions": 3,
        "preliminary": {"stop_words": None},
        "images": PLAIN,
    }
    whole, laid = kept_in_the_end(
        config.fill(Settings, {**values, "input": paths, "output": str(tmp_path / "whole")}, "test")
    )
    arrived = sum(table.rows(path) for path in laid.tables(Need("select", "documents", "all")))
    index: list[str] = []
    kept: set[str] = set()
    for number, path in enumerate(paths):
        given = {"input": [path], "output": str(tmp_path / str(number)), "duplicates": {"index": index}}
        kept, laid = kept_in_the_end(config.fill(Settings, {**values, **given}, "test"))
        index = [str(tmp_path / f"index-{number}")]
        duplicates.make_index(laid, index[0])
    assert kept == whole
    assert 10 < len(whole) < arrived - 10


def test_other_weights_of_the_extractor_need_another_version_of_its_stage(crawl: Summary, tmp_path: Path) -> None:
    """Who writes omnicorpus/body.json anew raises the version and notes both here: else old runs pass for new ones."""
    weights = files("omnicorpus").joinpath("body.json").read_bytes()
    extract, *_ = common_crawl.stages(settings_of(crawl, tmp_path), (str(crawl.path),))
    assert (extract.version, hashlib.sha256(weights).hexdigest()[:12]) == (4, "95c6010f6b52")
