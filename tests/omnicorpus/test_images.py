"""The image stages as one: documents and a crawl file in, measured and scored documents and the table of images out."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow
from safetensors.numpy import save_file

from omnicorpus import again, images, picture, plan, quality, runner, schema, shard, table
from omnicorpus.document import Document, Image, Measures
from omnicorpus.errors import ConfigError
from omnicorpus.fetch import FetchSettings
from omnicorpus.head import HeadSettings
from omnicorpus.images import ImageStageSettings
from omnicorpus.measure import ClipSettings, NsfwSettings
from omnicorpus.runner import Engine, Inline
from omnicorpus.stage import Call, Counts, Need, Stage
from omnicorpus.warc import Response, responses
from tests import build
from tests.web import Reply, Request, serve

BARE = ImageStageSettings(sources=("warc",), clip=None, nsfw=NsfwSettings(enabled=False))


def png(colour: str = "red", size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def noise(seed: int, size: tuple[int, int] = (64, 48)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True)
class Given:
    """What the first stage of these tests is given: a folder that holds documents and records by shard."""

    folder: str


def given(call: Call, _state: object) -> Counts:
    settings: Given = call.settings
    for name in ("documents", "records"):
        table.write(call.path(name), table.read(f"{settings.folder}/{call.shard}.{name}.parquet"))
    return Counts()


def prepare(folder: Path, shards: dict[str, list[Document]], held: dict[str, list[bytes]]) -> Given:
    """Write the tables that the image stages need. `held` are WARC records of pictures."""
    for name, documents in shards.items():
        table.write(f"{folder}/{name}.documents.parquet", schema.documents_table(documents))
        rows: list[dict[str, Any]] = []
        if held.get(name):
            path = build.warc(folder / f"{name}.warc.gz", *held[name])
            for found in responses(path):
                assert isinstance(found, Response)
                place = found.locator
                rows.append(
                    {"url": found.url, "file": place.file, "offset": place.offset, "length": place.length,
                     "content_type": found.mime, "crawled_at": found.crawled_at}
                )  # fmt: skip
        table.write(f"{folder}/{name}.records.parquet", pa.Table.from_pylist(rows, schema=schema.RECORDS))
    return Given(str(folder))


@dataclass(frozen=True)
class Outcome:
    documents: list[Document]
    images: dict[str, dict[str, Any]]
    counts: dict[str, Counts]
    plan: plan.Plan


def counted(step: plan.Step) -> Counts:
    manifests = [shard.read(step.output(name) + shard.ENDING) for name in step.shards]
    drops: Counter[str] = Counter()
    for manifest in manifests:
        drops.update(manifest.drops)
    return Counts(sum(each.rows_in for each in manifests), sum(each.rows_out for each in manifests), dict(drops))


def run(
    tmp_path: Path,
    shards: dict[str, list[Document]],
    held: dict[str, list[bytes]],
    settings: ImageStageSettings = BARE,
    engine: Engine | None = None,
    partitions: int = 3,
    larger: bool = True,
) -> Outcome:
    folder = tmp_path / "given"
    folder.mkdir(exist_ok=True)
    names = tuple(shards)
    first = Stage(
        "given", given, prepare(folder, shards, held), ("documents", "records"), shards=names, in_funnel=False
    )
    steps = images.stages(*NEEDS, settings, larger=larger, partitions=partitions, document_shards=names)
    laid = plan.make(str(tmp_path / "run"), (first, *steps))
    runner.run(laid, engine or Inline(), lambda _: None)
    counts = {step.stage.name: counted(step) for step in laid.steps}
    documents = []
    sums = laid.tables(Need("hash_counts", "counts", "all"))
    for index, path in enumerate(laid.tables(Need("score", "documents", "all"))):
        rows = schema.documents(table.read(path))
        documents += images.with_hash_counts(rows, images.hash_counts(sums, index))
    found = table.read_all(laid.tables(Need("images", "images", "all")), schema.IMAGES).to_pylist()
    return Outcome(documents, {row["url"]: row for row in found}, counts, laid)


def shown(document: Document) -> list[Image]:
    return list(document.images())


def measured(image: Image) -> Measures:
    assert image.measures is not None
    return image.measures


def record(url: str, body: bytes, mime: str = "image/png", **more: Any) -> bytes:
    return build.record(url, body, mime=mime, **more)


def test_a_picture_of_the_crawl_is_measured_once_for_all_documents_that_show_it(tmp_path: Path, engine: Engine) -> None:
    picture_url = "https://pictures.test/a.png"
    content = noise(1)
    shards = {
        "one": [build.doc("Text.", build.image(picture_url), url="https://a.test/1")],
        "two": [build.doc(build.image(picture_url), build.image(picture_url), url="https://a.test/2")],
    }
    outcome = run(tmp_path, shards, {"two": [record(picture_url, content)]}, engine=engine)
    decoded = picture.decode(content)
    p_hash, d_hash = picture.hashes(decoded.gray)
    expected = Measures(
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=64,
        height=48,
        format="PNG",
        p_hash=p_hash,
        d_hash=d_hash,
        p_hash_count=2,
        d_hash_count=2,
        sharpness=float(np.float32(quality.sharpness(picture.levels(decoded, picture.SHARPNESS_SIDE)))),
        entropy=float(np.float32(quality.entropy(decoded.gray.histogram()))),
        main_colour=float(np.float32(quality.main_colour(picture.sample(decoded)))),
    )
    assert [measured(image) for document in outcome.documents for image in shown(document)] == [expected] * 3
    (row,) = outcome.images.values()
    assert (row["content"], row["source"], row["embedding"]) == (content, "warc", None)
    assert (outcome.counts["fetch"], outcome.counts["measure"]) == (Counts(1, 1), Counts(1, 1))


def test_one_picture_under_two_addresses_of_one_canonical_form_is_one(tmp_path: Path) -> None:
    first, second = "http://Pictures.test/a.png#top", "https://pictures.test/a.png?utm_source=x"
    shards = {"one": [build.doc(build.image(first), build.image(second))]}
    outcome = run(tmp_path, shards, {"one": [record("https://pictures.test/a.png", png())]})
    assert [image.url for image in shown(outcome.documents[0])] == [second, second]
    assert list(outcome.images) == [second]


def test_the_newest_record_of_an_address_is_taken(tmp_path: Path) -> None:
    url = "https://pictures.test/a.png"
    held = {
        "one": [record(url, noise(1), date="2023-11-28T12:00:00Z"), record(url, noise(2), date="2023-12-01T12:00:00Z")],
        "two": [record(url, noise(3), date="2023-11-30T12:00:00Z")],
    }
    outcome = run(tmp_path, {"one": [build.doc(build.image(url))], "two": []}, held)
    assert outcome.images[url]["content"] == noise(2)


def test_an_address_that_cannot_be_had_keeps_its_reason(tmp_path: Path) -> None:
    def url(name: str) -> str:
        return f"https://pictures.test/{name}"

    held = [
        record(url("page"), b"<html>no picture</html>"),
        record(url("cut"), noise(1)[:900]),
        record(url("empty"), b""),
        record(url("large"), b"\x89PNG" + bytes(50_000)),
        record(url("wide"), png(size=(1_500, 1_000))),
    ]
    names = ["page", "cut", "empty", "large", "wide", "nowhere"]
    shards = {"one": [build.doc(*(build.image(url(name)) for name in names))]}
    settings = replace(BARE, max_pixels=1_000_000, fetch=FetchSettings(max_bytes=30_000))
    outcome = run(tmp_path, shards, {"one": held}, settings)
    assert [measured(image) for image in shown(outcome.documents[0])] == [
        Measures(error=reason)
        for reason in ("not_an_image", "truncated", "empty", "too_many_bytes", "too_many_pixels", "not_in_crawl")
    ]
    assert all(row["content"] is None or row["error"] for row in outcome.images.values())
    assert sum(outcome.counts["fetch"].drops.values()) + sum(outcome.counts["measure"].drops.values()) == 6


def test_hash_counts_are_of_documents_over_the_whole_corpus(tmp_path: Path) -> None:
    def url(number: int) -> str:
        return f"https://host{number}.test/logo.png"

    shards = {
        f"shard{shard}": [
            build.doc(build.image(url(page)), build.image(url(page + 100)), url=f"https://a.test/{shard}/{page}")
            for page in range(3)
        ]
        for shard in range(2)
    }
    held = {"shard0": [record(url(number), noise(7)) for page in range(3) for number in (page, page + 100)]}
    outcome = run(tmp_path, shards, held)
    counts = {
        (measured(image).p_hash_count, measured(image).d_hash_count)
        for document in outcome.documents
        for image in shown(document)
    }
    assert counts == {(6, 6)}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    urls = [f"https://host{number}.test/{number}.png" for number in range(12)]
    shards = {"one": [build.doc(*map(build.image, urls))], "two": [build.doc(*map(build.image, reversed(urls)))]}
    held = {"one": [record(url, noise(number)) for number, url in enumerate(urls)]}
    outcomes = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        outcome = run(tmp_path / name, shards, held)
        paths = [
            path
            for need in (Need("images", "images"), Need("score", "documents"), Need("hash_counts", "counts"))
            for path in outcome.plan.tables(need)
        ]
        outcomes.append([Path(path).read_bytes() for path in paths])
    # The records' file names differ between the two folders, and nothing else may.
    assert outcomes[0] == outcomes[1]


def test_documents_without_images_and_shards_without_documents_pass(tmp_path: Path) -> None:
    outcome = run(tmp_path, {"one": [build.doc("Only text.")], "two": []}, {})
    assert [document.text() for document in outcome.documents] == ["Only text."]
    assert outcome.images == {}


def test_the_web_is_not_asked_for_nobody(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="contact"):
        run(tmp_path, {"one": []}, {}, ImageStageSettings(clip=None))


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> ClipSettings:
    return ClipSettings("stand-in", None, device="cpu")


@pytest.mark.slow
def test_an_image_is_scored_with_the_sentences_near_it(
    tmp_path: Path, stand_in: ClipSettings, shared: Path, engine: Engine
) -> None:
    def url(name: str) -> str:
        return f"https://pictures.test/{name}.png"

    held = {
        "one": [record(url(name), (shared / "captions" / f"{name}.png").read_bytes()) for name in ("elephant", "bee")]
    }
    shards = {
        "one": [
            build.doc(
                "The weather was fine. An elephant walked by. We paid the bill.",
                build.image(url("elephant"), alt="an elephant"),
                "A bee sat on a flower.",
                build.image(url("bee"), alt="an elephant"),
            ),
            build.doc(build.image(url("bee")), url="https://a.test/2"),
        ]
    }
    settings = replace(BARE, clip=stand_in, nsfw=NsfwSettings())
    outcome = run(tmp_path, shards, held, settings, engine)
    elephant, bee = shown(outcome.documents[0])
    assert (elephant.best_text, elephant.best_sentence) == (0, "An elephant walked by.")
    assert (bee.best_text, bee.best_sentence) == (2, "A bee sat on a flower.")
    assert (elephant.matched_sentence, bee.matched_sentence) == (elephant.best_sentence, bee.best_sentence)
    assert elephant.matched_similarity == pytest.approx(elephant.clip_similarity)
    assert elephant.alt_similarity is not None and bee.alt_similarity is not None
    assert elephant.alt_similarity > bee.alt_similarity
    assert elephant.clip_similarity is not None and 0 < elephant.clip_similarity <= 1
    (alone,) = shown(outcome.documents[1])
    assert (alone.clip_similarity, alone.best_text, alone.best_sentence) == (None, None, None)
    vectors = np.array([row["embedding"] for row in outcome.images.values()], dtype=np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert all(0 <= row["nsfw"] <= 1 for row in outcome.images.values())


@pytest.mark.slow
def test_only_sentences_within_the_window_are_compared(tmp_path: Path, stand_in: ClipSettings, shared: Path) -> None:
    url = "https://pictures.test/elephant.png"
    held = {"one": [record(url, (shared / "captions" / "elephant.png").read_bytes())]}
    shards = {"one": [build.doc("An elephant. We paid.", "We left.", build.image(url), "It rained. An elephant.")]}
    outcome = run(tmp_path, shards, held, replace(BARE, clip=stand_in, sentences=1))
    (image,) = shown(outcome.documents[0])
    assert image.best_sentence in ("We left.", "It rained.")


@pytest.mark.slow
def test_heads_over_the_embedding_give_their_scores(tmp_path: Path, stand_in: ClipSettings, shared: Path) -> None:
    weights = {"weight": np.linspace(-1, 1, 384, dtype=np.float32)[None], "bias": np.array([5.0], np.float32)}
    save_file(weights, tmp_path / "aesthetic.safetensors")
    url = "https://pictures.test/elephant.png"
    held = {"one": [record(url, (shared / "captions" / "elephant.png").read_bytes())]}
    settings = replace(BARE, clip=stand_in, aesthetic=HeadSettings(str(tmp_path / "aesthetic.safetensors")))
    outcome = run(tmp_path, {"one": [build.doc(build.image(url), build.image("https://no.test/"))]}, held, settings)
    there, absent = shown(outcome.documents[0])
    vector = np.array(outcome.images[url]["embedding"], dtype=np.float32)
    assert measured(there).aesthetic == pytest.approx(float(vector @ weights["weight"][0] + 5), abs=1e-2)
    assert (measured(there).nsfw, measured(absent).aesthetic) == (None, None)


def test_one_score_has_one_source() -> None:
    with pytest.raises(ValueError, match=r"nsfw\.enabled"):
        ImageStageSettings(unsafe=HeadSettings("unsafe.pth"))
    with pytest.raises(ValueError, match="need clip"):
        ImageStageSettings(clip=None, aesthetic=HeadSettings("aesthetic.pth"))


NEEDS = Need("given", "documents"), Need("given", "records")


def from_web(**more: Any) -> ImageStageSettings:
    fetching = FetchSettings(contact="crawl@example.org", host_rate=0.0, back_off=0.01, retries=0, **more)
    return replace(BARE, sources=("warc", "web"), fetch=fetching)


def errors(outcome: Outcome) -> dict[str, str | None]:
    return {url: row["error"] for url, row in outcome.images.items()}


def test_what_the_crawl_lacks_comes_from_the_web(tmp_path: Path, engine: Engine) -> None:
    held_url, web_url, gone = (f"http://pictures.test/{name}.png" for name in ("held", "web", "gone"))

    def answer(request: Request) -> Reply:
        return Reply(200, noise(2)) if request.path == "/web.png" else Reply(404)

    with serve(answer) as web:
        settings = from_web(test_server=web.address)
        shards = {"one": [build.doc(*map(build.image, (held_url, web_url, gone)))]}
        outcome = run(tmp_path, shards, {"one": [record(held_url, noise(1))]}, settings, engine)
        asked = sorted(web.paths())
    assert {url: row["source"] for url, row in outcome.images.items()} == {held_url: "warc", web_url: "web", gone: None}
    assert errors(outcome)[gone] == "not_found"
    assert asked == ["/gone.png", "/robots.txt", "/web.png"]


def test_a_run_over_an_earlier_one_asks_for_just_what_may_come_now(tmp_path: Path) -> None:
    names = ("good", "gone", "busy")
    urls = [f"http://pictures.test/{name}" for name in names]
    shards = {"one": [build.doc(*map(build.image, urls))]}
    replies = {"/good": Reply(200, noise(1)), "/gone": Reply(404), "/busy": Reply(500)}
    with serve(lambda request: replies.get(request.path, Reply(404))) as web:
        settings = replace(from_web(test_server=web.address), sources=("web",))
        (tmp_path / "first").mkdir()
        first = run(tmp_path / "first", shards, {}, settings)
        replies["/busy"] = Reply(200, noise(2))
        web.log.clear()
        over = replace(settings, sources=("earlier", "web"), earlier=(str(tmp_path / "first" / "run" / "images"),))
        (tmp_path / "second").mkdir()
        second = run(tmp_path / "second", shards, {}, over)
        asked = sorted(web.paths())
    assert list(errors(first).values()) == ["server_error", "not_found", None]
    assert list(errors(second).values()) == [None, "not_found", None]
    assert asked == ["/busy", "/robots.txt"]
    assert second.images[urls[0]]["content"] == noise(1)


def test_a_finished_run_asks_again_for_just_what_failed_in_passing(tmp_path: Path) -> None:
    urls = [f"http://{name}.test/p" for name in ("good", "gone", "busy", "closed")]
    shards = {"one": [build.doc(*map(build.image, urls[:2]))], "two": [build.doc(*map(build.image, urls[2:]))]}
    replies = {"good.test": Reply(200, noise(1)), "gone.test": Reply(404), "busy.test": Reply(500)}

    def answer(request: Request) -> Reply:
        return Reply(404) if request.path == "/robots.txt" else replies.get(request.host, Reply(403))

    with serve(answer) as web:
        settings = replace(from_web(test_server=web.address), sources=("web",))
        first = run(tmp_path, shards, {}, settings, partitions=5)
        replies["busy.test"] = Reply(200, noise(2))
        web.log.clear()
        assert again.forget_failed(str(tmp_path / "run"), plan.make(str(tmp_path / "run"), stages_of(first))) == 1
        second = run(tmp_path, shards, {}, settings, partitions=5)
        asked = sorted((request.host, request.path) for request in web.log)
        assert again.forget_failed(str(tmp_path / "run"), plan.make(str(tmp_path / "run"), stages_of(first))) == 0
    assert errors(first) == {urls[0]: None, urls[1]: "not_found", urls[2]: "server_error", urls[3]: "forbidden"}
    assert errors(second) == {**errors(first), urls[2]: None}
    assert asked == [("busy.test", "/p"), ("busy.test", "/robots.txt")]
    assert {row["source"] for row in second.images.values()} == {"web", None}


def stages_of(outcome: Outcome) -> tuple[Stage, ...]:
    return tuple(step.stage for step in outcome.plan.steps)


@pytest.mark.parametrize("header", ["noai", "NoImageAI, max-snippet:3", "omnicorpus: none"])
def test_what_a_crawled_picture_refused_is_refused_to_us(tmp_path: Path, header: str) -> None:
    urls = [f"http://pictures.test/{name}" for name in ("closed", "open")]
    shards = {"one": [build.doc(*map(build.image, urls))]}
    held = {"one": [record(urls[0], noise(1), headers=(("X-Robots-Tag", "all"), ("X-Robots-Tag", header))),
                    record(urls[1], noise(2), headers=(("X-Robots-Tag", "googlebot: noai"),))]}  # fmt: skip
    with serve(lambda _: Reply(200, noise(3))) as web:
        outcome = run(tmp_path, shards, held, from_web(test_server=web.address))
        assert web.log == []
    assert errors(outcome) == {urls[0]: "opt_out", urls[1]: None}


def test_a_redirect_to_a_domain_that_opted_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "domains.txt").write_text("artist.test\n")

    def answer(request: Request) -> Reply:
        moved = Reply(302, headers=(("Location", "http://cdn.artist.test/p"),))
        return Reply(404) if request.path == "/robots.txt" else moved

    with serve(answer) as web:
        settings = replace(from_web(test_server=web.address), domains=str(tmp_path / "domains.txt"))
        outcome = run(tmp_path, {"one": [build.doc(build.image("http://a.test/p"))]}, {}, settings)
        assert {request.host for request in web.log} == {"a.test"}
    assert errors(outcome) == {"http://a.test/p": "opt_out"}


def test_a_picture_that_is_no_longer_what_was_recorded_is_told(tmp_path: Path) -> None:
    urls = [f"http://pictures.test/{name}" for name in ("same", "other")]
    shards = {"one": [build.doc(*map(build.image, urls))]}
    bodies = {"/same": noise(1), "/other": noise(2)}
    with serve(lambda request: Reply(200, bodies[request.path]) if request.path in bodies else Reply(404)) as web:
        settings = replace(from_web(test_server=web.address), sources=("web",))
        (tmp_path / "first").mkdir()
        first = run(tmp_path / "first", shards, {}, settings)
        bare = [{**row, "content": None, "embedding": None} for row in first.images.values()]
        table.write(str(tmp_path / "published" / "images.parquet"), pa.Table.from_pylist(bare, schema=schema.IMAGES))
        bodies["/other"] = noise(3)
        over = replace(settings, sources=("earlier", "web"), earlier=(str(tmp_path / "published"),))
        (tmp_path / "second").mkdir()
        second = run(tmp_path / "second", shards, {}, over)
    assert errors(second) == {urls[0]: None, urls[1]: "changed"}
    assert second.images[urls[1]]["content"] is None


def test_recorded_bytes_are_taken_from_another_address_that_had_them(tmp_path: Path) -> None:
    urls = [f"http://pictures.test/{name}" for name in ("moved", "mirror")]
    rows = [{"url": urls[0], "sha256": hashlib.sha256(noise(1)).hexdigest()},
            {"url": urls[1], "sha256": hashlib.sha256(noise(1)).hexdigest(), "content": noise(1)}]  # fmt: skip
    for name, row in zip(("published", "mirror"), rows, strict=True):
        whole = {field.name: row.get(field.name) for field in schema.IMAGES}
        table.write(str(tmp_path / name / "images.parquet"), pa.Table.from_pylist([whole], schema=schema.IMAGES))
    with serve(lambda _: Reply(404)) as web:
        settings = replace(
            from_web(test_server=web.address),
            sources=("earlier", "web"),
            earlier=tuple(str(tmp_path / name) for name in ("published", "mirror")),
        )
        outcome = run(tmp_path, {"one": [build.doc(build.image(urls[0]))]}, {}, settings)
        assert web.log == []
    (row,) = outcome.images.values()
    assert (row["url"], row["source"], row["content"]) == (urls[0], "earlier", noise(1))


SHOWN, LARGER = "http://small.test/p.png", "http://cdn.test/p.png"


def offering() -> Document:
    return build.doc("Text.", replace(build.image(SHOWN), larger=LARGER))


@pytest.mark.parametrize(
    ("held", "url"), [((), LARGER), ((LARGER,), LARGER), ((SHOWN, LARGER), LARGER), ((SHOWN,), SHOWN)]
)
def test_a_copy_of_any_crawl_file_is_taken_before_a_larger_one_of_the_web(
    tmp_path: Path, held: tuple[str, ...], url: str, engine: Engine
) -> None:
    def answer(request: Request) -> Reply:
        return Reply(404) if request.path == "/robots.txt" else Reply(200, noise(2))

    with serve(answer) as web:
        given = {"two": [record(each, noise(1)) for each in held]}
        shards = {"one": [offering()], "two": [build.doc(build.image(LARGER), url="https://a.test/2")]}
        outcome = run(tmp_path, shards, given, from_web(test_server=web.address), engine)
        asked = {request.host for request in web.log}
    (image,) = shown(outcome.documents[0])
    assert (image.url, image.larger) == (url, LARGER if url == SHOWN else None)
    assert outcome.images[url]["source"] == ("warc" if held else "web")
    assert asked == (set() if LARGER in held else {"cdn.test"})


def test_no_larger_copy_is_asked_for_where_none_is_wanted(tmp_path: Path) -> None:
    held = {"one": [record(SHOWN, noise(1)), record(LARGER, noise(2))]}
    outcome = run(tmp_path, {"one": [offering()]}, held, larger=False)
    assert [row["url"] for row in outcome.images.values()] == [SHOWN]


def test_a_copy_of_an_earlier_run_is_taken_before_a_larger_one_of_the_web(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    run(tmp_path / "first", {"one": [build.doc(build.image(SHOWN))]}, {"one": [record(SHOWN, noise(1))]})
    with serve(lambda _: Reply(404)) as web:
        settings = replace(
            from_web(test_server=web.address),
            sources=("earlier", "web"),
            earlier=(str(tmp_path / "first" / "run" / "images"),),
        )
        outcome = run(tmp_path, {"one": [offering()]}, {}, settings)
        assert web.log == []
    assert {url: row["content"] for url, row in outcome.images.items()} == {SHOWN: noise(1)}


def test_a_copy_of_which_only_the_sha256_is_recorded_counts_for_the_web_alone(tmp_path: Path) -> None:
    row = {field.name: {"url": LARGER, "sha256": "0" * 64}.get(field.name) for field in schema.IMAGES}
    table.write(str(tmp_path / "published" / "images.parquet"), pa.Table.from_pylist([row], schema=schema.IMAGES))
    settings = replace(BARE, sources=("earlier", "warc"), earlier=(str(tmp_path / "published"),))
    outcome = run(tmp_path, {"one": [offering()]}, {"one": [record(SHOWN, noise(1))]}, settings)
    assert {url: row["content"] for url, row in outcome.images.items()} == {SHOWN: noise(1)}


def test_lists_of_those_who_opted_out_are_kept(tmp_path: Path) -> None:
    (tmp_path / "domains.txt").write_text("# by mail\nArtist.test\n")
    (tmp_path / "hashes.txt").write_text(hashlib.sha256(noise(2)).hexdigest().upper() + "\n")
    urls = ["http://www.artist.test/1", "http://other.test/2", "http://other.test/3"]
    shards = {"one": [build.doc(*map(build.image, urls))]}
    with serve(
        lambda request: Reply(404) if "robots" in request.path else Reply(200, noise(int(request.path[1:])))
    ) as web:
        lists = {name: str(tmp_path / f"{name}.txt") for name in ("domains", "hashes")}
        outcome = run(tmp_path, shards, {}, replace(from_web(test_server=web.address), **lists))
        assert "www.artist.test" not in {request.host for request in web.log}
    assert errors(outcome) == {urls[1]: "opt_out", urls[2]: None, urls[0]: "opt_out"}
    assert [row["content"] is None for row in outcome.images.values()].count(True) == 2


def test_asking_faster_is_no_reason_to_ask_again(tmp_path: Path) -> None:
    given_stage = Stage("given", given, Given(""), ("documents", "records"), shards=("one",), in_funnel=False)
    first, faster, choosier = (
        plan.make(
            str(tmp_path),
            (given_stage, *images.stages(*NEEDS, settings, larger=True, partitions=1, document_shards=("one",))),
        )
        for settings in (from_web(), from_web(host_connections=9, seconds=5.0), from_web(robots=False))
    )
    assert first.step("fetch").key == faster.step("fetch").key != choosier.step("fetch").key


@pytest.mark.slow
def test_two_images_of_one_thing_are_matched_with_two_sentences(
    tmp_path: Path, stand_in: ClipSettings, shared: Path
) -> None:
    urls = [f"https://pictures.test/{number}.png" for number in range(2)]
    content = (shared / "captions" / "elephant.png").read_bytes()
    shards = {"one": [build.doc("An elephant. A wild animal.", *map(build.image, urls))]}
    held = {"one": [record(url, content) for url in urls]}
    found = shown(run(tmp_path, shards, held, replace(BARE, clip=stand_in)).documents[0])
    assert {image.best_sentence for image in found} == {"An elephant."}
    assert {image.matched_sentence for image in found} == {"An elephant.", "A wild animal."}
