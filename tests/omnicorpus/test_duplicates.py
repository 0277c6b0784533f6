"""Deduplication from shards of documents to survivors and drops."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnicorpus import duplicates, grouping, plan, runner, schema, shard, storage, table
from omnicorpus.document import Document, Image, Locator, Part, Text
from omnicorpus.duplicates import DuplicateSettings
from omnicorpus.errors import InputError, OutputError, ShardFailed
from omnicorpus.exact import Keep
from omnicorpus.grouping import BYTES_PER_EDGE
from omnicorpus.stage import Call, Counts, Need, Stage

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
DOCUMENTS = Need("pages", "documents")


def page(
    name: str, text: str | None = None, *, url: str | None = None, day: int | None = 0, images: int = 1
) -> Document:
    parts: tuple[Part, ...] = tuple(Image(f"https://e.test/{name}/{index}.png") for index in range(images))
    return Document(
        id=hashlib.md5(name.encode()).hexdigest(),
        url=url or f"https://e.test/{name}",
        crawled_at=None if day is None else EPOCH + timedelta(days=day),
        warc=Locator("crawl.warc.gz", 0, 1),
        parts=(Text(prose(name) if text is None else text), *parts) if text != "" else parts,
    )


def prose(seed: str, words: int = 400) -> str:
    random = Random(seed)
    return " ".join(f"w{random.randrange(50_000)}" for _ in range(words))


def edited(text: str, changes: int, seed: int = 0) -> str:
    words, random = text.split(), Random(seed)
    for place in random.sample(range(len(words)), changes):
        words[place] = "changed"
    return " ".join(words)


def copy_source(call: Call, state: object) -> Counts:
    rows = table.read(call.source)
    table.write(call.path("documents"), rows)
    return Counts(len(rows), len(rows))


def run_of(
    folder: Path, shards: Sequence[Sequence[Document]], settings: DuplicateSettings, partitions: int = 3
) -> plan.Plan:
    names = tuple(f"shard-{documents[0].id if documents else index}" for index, documents in enumerate(shards))
    paths = tuple(str(folder / "in" / f"{name}.parquet") for name in names)
    for path, documents in zip(paths, shards, strict=True):
        table.write(path, schema.documents_table(documents))
    first = Stage("pages", copy_source, None, ("documents",), shards=names, sources=paths)
    laid = plan.make(str(folder / "run"), (first, *duplicates.stages(DOCUMENTS, settings, partitions=partitions)))
    runner.run(laid, runner.Inline(), lambda progress: None)
    return laid


def deduplicated(
    folder: Path, shards: Sequence[Sequence[Document]], settings: DuplicateSettings | None = None, partitions: int = 3
) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """Names of the survivors in order, and for every drop (rule, name of the twin)."""
    laid = run_of(folder, shards, settings or DuplicateSettings(), partitions)
    kept = table.read_all(laid.tables(Need("unique", "documents", "all")), schema.DOCUMENTS)
    drops = table.read_all(laid.tables(Need("unique", "drops", "all")), schema.DROPS).to_pylist()
    assert [row["stage"] for row in drops] == ["unique"] * len(drops)
    survivors = [NAMES[identity] for identity in kept["id"].to_pylist()]
    found = {NAMES[row["document"]]: (row["rule"], NAMES[row["twin"]]) for row in drops}
    assert len(found) == len(drops)
    assert len(survivors) + len(drops) == sum(map(len, shards))
    assert {twin for _, twin in found.values()} <= set(survivors)
    return survivors, found


NAMES = {hashlib.md5(name.encode()).hexdigest(): name for name in map("p{}".format, range(300))}


def name_of(document: Document) -> str:
    return NAMES[document.id]


def test_different_pages_all_stay_in_order(tmp_path: Path) -> None:
    shards = [[page("p1"), page("p2")], [], [page("p3"), page("p4")]]
    assert deduplicated(tmp_path, shards) == (["p1", "p2", "p3", "p4"], {})


def test_of_one_address_the_newest_stays(tmp_path: Path) -> None:
    shards = [
        [page("p1", url="http://e.test/a", day=1), page("p2", url="https://e.test/a?utm_source=x", day=3)],
        [page("p3", url="https://e.test/a#top", day=2), page("p4", url="https://e.test/a", day=None)],
    ]
    lost = ("same_address", "p2")
    assert deduplicated(tmp_path, shards) == (["p2"], {"p1": lost, "p3": lost, "p4": lost})


def test_of_one_text_the_newest_stays_whatever_its_case_and_punctuation(tmp_path: Path) -> None:
    shards = [[page("p1", "The cat sat, on the mat.", day=1)], [page("p2", "the cat sat on THE mat", day=2)]]
    assert deduplicated(tmp_path, shards) == (["p2"], {"p1": ("same_text", "p2")})


def test_of_near_copies_the_newest_stays(tmp_path: Path) -> None:
    text = prose("p1")
    shards = [[page("p1", text, day=5)], [page("p2", edited(text, 5), day=9), page("p3", edited(text, 200), day=7)]]
    assert deduplicated(tmp_path, shards) == (["p2", "p3"], {"p1": ("near_duplicate", "p2")})


def test_pages_without_text_are_no_duplicates_of_each_other(tmp_path: Path) -> None:
    shards = [[page("p1", "", images=2), page("p2", "", images=3)], [page("p3", " ... ")]]
    assert deduplicated(tmp_path, shards)[0] == ["p1", "p2", "p3"]


def test_a_twin_is_followed_to_the_document_that_is_kept(tmp_path: Path) -> None:
    text = prose("p1")
    shards = [
        [page("p1", prose("old"), url="https://e.test/a", day=1), page("p2", text, url="https://e.test/a", day=2)],
        [page("p3", text.upper(), day=3), page("p4", edited(text, 4), day=4)],
    ]
    assert deduplicated(tmp_path, shards) == (
        ["p4"],
        {"p1": ("same_address", "p4"), "p2": ("same_text", "p4"), "p3": ("near_duplicate", "p4")},
    )


def test_an_old_version_ties_no_pages_together(tmp_path: Path) -> None:
    old = prose("p1")
    shards = [
        [page("p1", old, url="https://e.test/a", day=1), page("p2", prose("p2"), url="https://e.test/a", day=2)],
        [page("p3", edited(old, 2), day=3)],
    ]
    assert deduplicated(tmp_path, shards) == (["p2", "p3"], {"p1": ("same_address", "p2")})


@pytest.mark.parametrize(
    ("keep", "kept"), [("newest", "p3"), ("most_images", "p2"), ("longest", "p4"), ("first", "p1")]
)
def test_the_policy_says_which_one_stays(tmp_path: Path, keep: Keep, kept: str) -> None:
    text = prose("p1")
    shards = [
        [page("p1", text, day=1), page("p2", edited(text, 3), day=2, images=5)],
        [page("p3", edited(text, 2), day=4), page("p4", text + " and somewhat more", day=3)],
    ]
    survivors, drops = deduplicated(tmp_path, shards, DuplicateSettings(keep=keep))
    assert survivors == [kept]
    assert drops == {name: ("near_duplicate", kept) for name in ("p1", "p2", "p3", "p4") if name != kept}


def test_ties_go_to_the_least_id(tmp_path: Path) -> None:
    documents = [page(f"p{index}", prose("same")) for index in range(6)]
    least = min(documents, key=lambda document: document.id)
    assert deduplicated(tmp_path, [documents[:3], documents[3:]])[0] == [name_of(least)]


def test_drops_tell_the_estimated_similarity_of_near_copies_only(tmp_path: Path) -> None:
    text = prose("p1")
    documents = [page("p1", text, day=1), page("p2", edited(text, 4), day=2), page("p3", edited(text, 4), day=3)]
    deduplicated(tmp_path, [documents])
    (path,) = [name for name in storage.names(str(tmp_path / "run" / "drops")) if name.startswith("unique")]
    rows = {row["document"]: row for row in table.read(str(tmp_path / "run" / "drops" / path)).to_pylist()}
    near, same = rows[documents[0].id], rows[documents[1].id]
    assert (same["rule"], same["value"], same["threshold"]) == ("same_text", None, None)
    assert near["threshold"] == 0.8
    assert abs(near["value"] - jaccard(text, edited(text, 4))) < 0.1
    assert (near["url"], near["warc"]["file"]) == ("https://e.test/p1", "crawl.warc.gz")


def jaccard(first: str, second: str) -> float:
    sets = [{tuple(words[i : i + 5]) for i in range(len(words) - 4)} for words in (first.split(), second.split())]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def family(members: int, size: int = 240) -> list[Document]:
    """Clusters of near copies among pages of their own."""
    random = Random(7)
    documents = []
    for index in range(size):
        seed = f"family-{index // members}"
        documents.append(page(f"p{index}", edited(prose(seed), random.randrange(4), index), day=random.randrange(50)))
    random.shuffle(documents)
    return documents


def test_neither_shards_nor_partitions_change_what_is_kept(tmp_path: Path) -> None:
    documents = family(4)
    whole = deduplicated(tmp_path / "a", [documents], partitions=1)
    parts = deduplicated(tmp_path / "b", [documents[i : i + 20] for i in range(0, 240, 20)], partitions=5)
    assert len(whole[0]) == 60
    assert parts == whole


IN_ROUNDS = DuplicateSettings(memory=20 * BYTES_PER_EDGE)


def laid_out(folder: Path) -> plan.Plan:
    """A deduplication whose edges go through rounds, over 12 shards, not yet carried out."""
    documents = family(4)
    names = tuple(f"shard-{index:02d}" for index in range(12))
    paths = tuple(str(folder / "in" / f"{name}.parquet") for name in names)
    for index, path in enumerate(paths):
        if not storage.exists(path):
            table.write(path, schema.documents_table(documents[20 * index : 20 * index + 20]))
    first = Stage("pages", copy_source, None, ("documents",), shards=names, sources=paths)
    return plan.make(str(folder / "run"), (first, *duplicates.stages(DOCUMENTS, IN_ROUNDS, partitions=4)))


def on_ray(folder: str) -> None:
    import ray

    from omnicorpus import cluster

    for left in (2, 1, 0):
        try:
            engine = cluster.embedded(2)
            break
        except Exception:  # whatever Ray raises where a busy machine passes its 30 seconds for a node
            ray.shutdown()
            if not left:
                raise
    try:
        runner.run(laid_out(Path(folder)), engine, lambda progress: None)
    finally:
        engine.close()


def tables_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in (folder / "run").rglob("*") if path.suffix in (".parquet", ".exchange")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.mark.slow
def test_on_ray_killed_and_resumed_it_writes_the_bytes_of_a_run_that_was_not(tmp_path: Path) -> None:
    runner.run(laid_out(tmp_path / "inline"), runner.Inline(), lambda progress: None)
    folder = tmp_path / "ray"
    program = f"from tests.omnicorpus import test_duplicates; test_duplicates.on_ray({str(folder)!r})"
    command = [sys.executable, "-c", program]
    for name in ("signatures", "verified", "small_star_1", "twins"):
        step = laid_out(folder).step(name)
        with (tmp_path / "told").open("wb") as told:
            process = subprocess.Popen(command, start_new_session=True, stdout=told, stderr=told)
        while not [found for found in storage.names(step.folder) if found.endswith(shard.ENDING)]:
            assert process.poll() is None, (tmp_path / "told").read_text()
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        steps = laid_out(folder).steps
        assert len(steps[-1].done) < len(steps[-1].shards)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert tables_of(folder) == tables_of(tmp_path / "inline")
    assert sum(len(data) > 0 for data in tables_of(folder).values()) > 100


def test_layers_can_be_switched_off(tmp_path: Path) -> None:
    shards = [[page("p1", "one and the same", url="https://e.test/a")], [page("p2", "another", url="https://e.test/a")]]
    settings = DuplicateSettings(same_address=False, same_text=False, verify=False)
    assert deduplicated(tmp_path, shards, settings) == (["p1", "p2"], {})


def test_a_second_run_writes_the_same_bytes(tmp_path: Path) -> None:
    shards = [family(3)[:50], family(3)[50:100]]
    for name in ("a", "b"):
        deduplicated(tmp_path / name, shards)
    first, second = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name / "run").rglob("*.parquet")}
        for name in ("a", "b")
    )
    assert first == second


def test_a_shard_that_comes_before_the_others_later_changes_nothing_but_its_part(tmp_path: Path) -> None:
    settings = DuplicateSettings(same_address=False, same_text=False)
    documents = family(4)
    deduplicated(tmp_path, [documents[80:]], settings)
    shards = [documents[:80], documents[80:]]
    assert deduplicated(tmp_path, shards, settings) == deduplicated(tmp_path / "fresh", shards, settings)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"threshold": 0.1, "permutations": 8}, "take more of them"),
        ({"threshold": 1.2}, "threshold"),
        ({"confidence": 1.0}, "confidence"),
        ({"recall": 0.0}, "recall"),
        ({"slack": -0.1}, "slack"),
        ({"slack": 0.8}, "slack"),
        ({"shingle": 0}, "shingle is at least 1"),
        ({"rounds": -1}, "rounds is at least 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DuplicateSettings(**values)


def kept_of(laid: plan.Plan) -> set[str]:
    """Ids of all documents that are kept in the end, of this run and of the index."""
    rows = table.read_all(laid.tables(Need("unique", "documents", "all")), schema.DOCUMENTS, ["id"])
    kept = set(rows["id"].to_pylist())
    if any(step.stage.name == "superseded" for step in laid.steps):
        known = table.read_all(laid.tables(Need("superseded", "kept", "all")), duplicates.KNOWN)
        kept |= set(known["document"].to_pylist())
    return kept


def crawls() -> list[list[Document]]:
    """Three crawls of one web: pages come again at their address, edited or as they were, and copies come and go."""
    random = Random(11)
    found: list[list[Document]] = []
    count = iter(range(300))
    for crawl in range(3):
        pages = []
        for _ in range(60):
            topic = random.randrange(25)
            text = edited(prose(f"topic-{topic}"), random.choice([0, 0, 2, 4, 8, 16]), random.randrange(3))
            day = 30 * crawl + random.randrange(20)
            pages.append(page(f"p{next(count)}", text, url=f"https://e.test/{random.randrange(90)}", day=day))
        found.append(pages)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["newest", "most_images", "longest", "first"])
def test_three_crawls_one_after_the_other_are_one_run_over_all_three(tmp_path: Path, keep: Keep) -> None:
    settings = DuplicateSettings(keep=keep)
    first, second, third = crawls()
    whole = kept_of(run_of(tmp_path / "whole", [first[:30], first[30:], second, third], settings))
    index: tuple[str, ...] = ()
    for number, shards in enumerate([[first[:30], first[30:]], [second], [third]]):
        laid = run_of(tmp_path / str(number), shards, replace(settings, index=index))
        index = (str(tmp_path / f"index-{number}"),)
        duplicates.make_index(laid, index[0])
    assert kept_of(laid) == whole
    assert 20 < len(whole) < 100


def test_documents_of_an_index_are_named_as_twins(tmp_path: Path) -> None:
    text = prose("p1")
    old = run_of(tmp_path / "old", [[page("p1", text, day=9), page("p3", day=9)]], DuplicateSettings())
    duplicates.make_index(old, str(tmp_path / "index"))
    settings = DuplicateSettings(index=(str(tmp_path / "index"),))
    new = run_of(tmp_path / "new", [[page("p2", edited(text, 3), day=1), page("p4", prose("p3"), day=10)]], settings)
    (drop,) = table.read_all(new.tables(Need("unique", "drops", "all")), schema.DROPS).to_pylist()
    assert (NAMES[drop["document"]], drop["rule"], NAMES[drop["twin"]]) == ("p2", "near_duplicate", "p1")
    (lost,) = table.read_all(new.tables(Need("superseded", "lost", "all")), duplicates.LOST).to_pylist()
    assert (NAMES[lost["document"]], lost["rule"], NAMES[lost["twin"]]) == ("p3", "same_text", "p4")
    assert lost["url"] == "https://e.test/p3"
    assert list(duplicates.superseded(new, "lost")) == [lost]
    assert [NAMES[row["document"]] for row in duplicates.superseded(new, "kept")] == ["p1"]
    levels = [stage.level.plain() for stage in runner.progress_of(laid_again(new)).values()]
    assert duplicates.summary(settings, levels)[-1] == "index of earlier crawls: 1 of 2 documents are kept"
    with pytest.raises(InputError, match="deduplicated against no index"):
        list(duplicates.superseded(old, "kept"))


def test_an_index_that_was_signed_in_another_way_is_refused(tmp_path: Path) -> None:
    old = run_of(tmp_path / "old", [[page("p1")]], DuplicateSettings(shingle=3))
    duplicates.make_index(old, str(tmp_path / "index"))
    with pytest.raises(InputError, match="make the index anew"):
        duplicates.stages(DOCUMENTS, DuplicateSettings(index=(str(tmp_path / "index"),)), partitions=1)


def test_an_index_is_never_written_over_but_a_copy_cut_short_is_made_again(tmp_path: Path) -> None:
    run = run_of(tmp_path / "old", [[page("p1"), page("p2")]], DuplicateSettings())
    index = tmp_path / "index"
    assert duplicates.make_index(run, str(index)) == 2
    with pytest.raises(OutputError, match="never written over"):
        duplicates.make_index(run, str(index))
    (index / "index.json").unlink()
    assert duplicates.make_index(run, str(index)) == 2


def laid_again(laid: plan.Plan) -> plan.Plan:
    """The plan of the same stages, which sees what is done by now."""
    return plan.make(laid.root, [step.stage for step in laid.steps])


def test_an_exact_estimate_may_fall_short_by_the_slack(tmp_path: Path) -> None:
    words = prose("p1", 204).split()
    shards = [[page("p1", " ".join(words))], [page("p2", " ".join(words[:160]))]]  # 156 of 200 shingles: 0.78
    loose = DuplicateSettings(slack=0.02, recall=0.9999)
    assert deduplicated(tmp_path / "loose", shards, loose)[1] == {"p1": ("near_duplicate", "p2")}
    assert deduplicated(tmp_path / "strict", shards, replace(loose, slack=0.01))[1] == {}


def test_pairs_that_met_by_chance_are_counted_and_fall(tmp_path: Path) -> None:
    text = prose("p1")
    shards = [[page("p1", text), page("p2", edited(text, 1))], [page("p3", edited(text, 14, 2))]]
    laid = run_of(tmp_path, shards, DuplicateSettings())
    levels = [stage.level.plain() for stage in runner.progress_of(laid_again(laid)).values()]
    found = duplicates.figures(DuplicateSettings(), levels)
    assert (found["compared"], found["fell"], found["edges"], found["in_rounds"]) == (2, 1, 1, False)
    assert (found["bands"], found["rows"], found["candidate"]["0.8"]) == (18, 7, 0.9855)
    assert duplicates.summary(DuplicateSettings(), levels) == [
        "near duplicates: 18 bands of 7 rows: P(candidate) 0.132 at 0.5, 0.400 at 0.6, 0.787 at 0.7, 0.986 at 0.8, "
        "1.000 at 0.9",
        "candidate pairs: 2 compared, 1 (50.0 %) fell; 1 edges, labelled in one memory",
    ]


def test_an_index_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no index in"):
        duplicates.stages(DOCUMENTS, DuplicateSettings(index=(str(tmp_path / "none"),)), partitions=1)


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [0, 1, 4])
def test_edges_beyond_the_memory_go_through_rounds_with_the_same_result(tmp_path: Path, rounds: int) -> None:
    shards = [family(4)[start : start + 40] for start in range(0, 240, 40)]
    whole = deduplicated(tmp_path / "memory", shards, DuplicateSettings())
    memory = 100 * BYTES_PER_EDGE
    assert deduplicated(tmp_path / "rounds", shards, DuplicateSettings(memory=memory, rounds=rounds)) == whole


def edges_of(laid: plan.Plan) -> int:
    (path,) = laid.tables(Need("edge_count", "count", "all"))
    return int(table.read(path)["edges"][0].as_py())


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1_000))
@pytest.mark.slow
def test_the_number_of_edges_decides_the_way_and_not_the_result(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder, random = tmp_path_factory.mktemp("run"), Random(seed)
    documents = [
        page(f"p{index}", edited(prose(f"{seed} {index // 5}"), random.randrange(12), index)) for index in range(60)
    ]
    random.shuffle(documents)
    shards = [documents[start : start + 12] for start in range(0, 60, 12)]
    edges = edges_of(run_of(folder / "first", shards, DuplicateSettings()))
    assert edges > 20
    seen = []
    for memory in (edges * BYTES_PER_EDGE, edges * BYTES_PER_EDGE - 1):
        laid = run_of(folder / str(memory), shards, DuplicateSettings(memory=memory))
        files = laid.tables(Need("spread", "both", "all"))
        sent = sum(len(table.gather(files, partition, grouping.NEIGHBOURS)) for partition in range(3))
        drops = table.read_all(laid.tables(Need("unique", "drops", "all")), schema.DROPS)
        seen.append((sent > 0, drops, kept_of(laid)))
    (fits, *one), (spread, *other) = seen
    assert (fits, spread) == (False, True)
    assert one == other


def chain(count: int) -> list[Document]:
    """Each page a near copy of the one before, in any order; few others are like each other."""
    texts = [prose("p1")]
    for step in range(count - 1):
        texts.append(edited(texts[-1], 6, step))
    documents = [page(f"p{index}", text) for index, text in enumerate(texts)]
    Random(2).shuffle(documents)
    return documents


def test_what_is_no_star_after_the_rounds_is_labelled_in_one_memory(tmp_path: Path) -> None:
    shards = [[document] for document in chain(60)]
    settings = DuplicateSettings(memory=50 * BYTES_PER_EDGE, rounds=1)
    laid = run_of(tmp_path / "rounds", shards, settings)
    left = laid.step("unfinished")
    assert 0 < sum(shard.read(left.output(name) + shard.ENDING).rows_out for name in left.shards) <= 50
    assert edges_of(laid) > 50
    assert kept_of(laid) == kept_of(run_of(tmp_path / "memory", shards, DuplicateSettings()))
    assert len(kept_of(laid)) == 1


def test_edges_that_are_no_stars_and_fit_no_memory_are_an_error_that_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ShardFailed, match=r"give duplicates.memory more, or duplicates.rounds"):
        run_of(tmp_path, [[document] for document in chain(60)], DuplicateSettings(memory=0, rounds=1))


def test_the_same_set_of_images_is_a_layer_that_can_be_switched_on(tmp_path: Path) -> None:
    images = (Image("https://e.test/1.png"), Image("https://e.test/2.png"))
    documents = [
        replace(page("p1", day=1), parts=(Text(prose("p1")), *images)),
        replace(page("p2", day=2), parts=(*reversed(images), Text(prose("p2")))),
        replace(page("p3", day=3), parts=(Text(prose("p3")),)),
        replace(page("p4", day=4), parts=(Text(prose("p4")),)),
    ]
    assert deduplicated(tmp_path / "off", [documents])[0] == ["p1", "p2", "p3", "p4"]
    assert deduplicated(tmp_path / "on", [documents[:1], documents[1:]], DuplicateSettings(same_images=True)) == (
        ["p2", "p3", "p4"],
        {"p1": ("same_images", "p2")},
    )
