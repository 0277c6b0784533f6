from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image as Pillow

from omnicorpus import schema, table, view
from omnicorpus.document import Document, Image, Measures, Text
from omnicorpus.errors import OutputError
from tests import build

MEASURED = Measures(
    bytes=3, sha256="ab", width=640, height=480, p_hash="0" * 16, d_hash="f" * 16, nsfw=0.25, p_hash_count=2
)


def picture(name: str, **facts: object) -> Image:
    return replace(Image(f"https://a.test/{name}", measures=MEASURED), **facts)  # type: ignore[arg-type]


def whole() -> Document:
    return build.doc(
        Text("Tides", "header"),
        picture("a.jpg", caption="The harbour at low tide", caption_similarity=0.5),
        "They come and go.",
        picture("b.jpg", alt="a boat on sand", alt_similarity=0.25),
        picture("c.jpg", alt="IMG_0012", best_sentence="They come and go.", clip_similarity=0.125),
        picture("d.jpg"),
        url="https://a.test/tides",
    )


def nothing(_done: int, _of: int) -> None:
    pass


def export(kind: view.View, tmp_path: Path, *, with_images: bool = False) -> pa.Table:
    documents, images = str(tmp_path / "documents" / "one.parquet"), str(tmp_path / "images.parquet")
    table.write(documents, schema.documents_table([whole(), build.doc(picture("a.jpg"), url="https://a.test/2")]))
    held = [{"url": f"https://a.test/{name}.jpg", "content": name.encode() * 3} for name in "abd"]
    table.write(images, pa.Table.from_pylist(held, schema=schema.IMAGES))
    view.export(kind, [documents], [images], str(tmp_path / kind), with_images=with_images, tell=nothing)
    return table.read(str(tmp_path / kind / "one.parquet"))


def test_interleaved_is_the_corpus_itself(tmp_path: Path) -> None:
    assert schema.documents(export("interleaved", tmp_path))[0] == whole()


def test_text_is_one_text_a_document_and_none_for_a_document_without(tmp_path: Path) -> None:
    found = export("text", tmp_path).to_pylist()
    assert [(row["url"], row["text"]) for row in found] == [("https://a.test/tides", "Tides\n\nThey come and go.")]


def test_pairs_say_which_text_and_how_similar(tmp_path: Path) -> None:
    found = export("pairs", tmp_path).to_pylist()
    assert [(row["image"][-5:], row["text"], row["text_source"], row["score"]) for row in found] == [
        ("a.jpg", "The harbour at low tide", "caption", 0.5),
        ("b.jpg", "a boat on sand", "alt", 0.25),
        ("c.jpg", "They come and go.", "sentence", 0.125),
    ]


def test_pairs_with_images_hold_the_bytes_as_served(tmp_path: Path) -> None:
    found = export("pairs", tmp_path, with_images=True).to_pylist()
    assert [(row["image"][-5:], row["content"]) for row in found] == [("a.jpg", b"aaa"), ("b.jpg", b"bbb")]


def test_omnicorpus_has_the_published_columns_and_no_other(tmp_path: Path) -> None:
    found = export("omnicorpus", tmp_path)
    assert found.schema.names == ["general_metadata", "images", "texts", "metadata"]
    assert sorted(field.name for field in found.schema.field("metadata").type.value_type) == [
        "aesthetic_prob", "bytes", "d_hash", "d_hash_dup_count", "height", "img_url_sha", "p_hash", "p_hash_dup_count",
        "unsafe_prob", "width",
    ]  # fmt: skip
    assert sorted(field.name for field in found.schema.field("general_metadata").type) == [
        "domain", "fluency_prob", "id", "non_advertisement_prob", "politics_prob", "porn_prob", "toxic_prob", "url",
    ]  # fmt: skip
    row = found.to_pylist()[0]
    assert row["general_metadata"]["domain"] == ["a.test"]
    assert row["general_metadata"]["toxic_prob"] is None
    assert [part is None for part in row["texts"]] == [False, True, False, True, True, True]
    assert [part is None for part in row["images"]] == [True, False, True, False, False, False]
    assert row["metadata"][1] == {
        "aesthetic_prob": None, "bytes": 3, "d_hash": "f" * 16, "d_hash_dup_count": None, "height": 480,
        "img_url_sha": hashlib.sha256(b"https://a.test/a.jpg").hexdigest(), "p_hash": "0" * 16, "p_hash_dup_count": 2,
        "unsafe_prob": 0.25, "width": 640,
    }  # fmt: skip
    assert row["metadata"][0] is None


def test_pictures_beside_a_view_are_those_that_it_shows(tmp_path: Path) -> None:
    export("omnicorpus", tmp_path, with_images=True)
    beside = table.read(str(tmp_path / "omnicorpus" / "images" / "one.parquet")).to_pylist()
    assert [(row["url"][-5:], row["content"]) for row in beside] == [
        ("a.jpg", b"aaa"),
        ("b.jpg", b"bbb"),
        ("d.jpg", b"ddd"),
    ]


def test_exporting_twice_gives_the_same_bytes_and_leaves_no_stale_file(tmp_path: Path) -> None:
    export("text", tmp_path)
    first = (tmp_path / "text" / "one.parquet").read_bytes()
    (tmp_path / "text" / "stale.parquet").write_bytes(b"")
    export("text", tmp_path)
    assert sorted(path.name for path in (tmp_path / "text").iterdir()) == ["export.json", "one.parquet"]
    assert (tmp_path / "text" / "one.parquet").read_bytes() == first


@pytest.mark.parametrize("name", ["thesis.odt", "precious.parquet"])
def test_a_folder_with_other_files_is_refused_and_they_are_spared(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / name).write_bytes(b"mine")
    with pytest.raises(OutputError, match=f"holds other files .{name}"):
        export("text", tmp_path)
    assert (tmp_path / "text" / name).read_bytes() == b"mine"


def test_pictures_over_a_limit_become_smaller_jpegs(tmp_path: Path) -> None:
    def png(width: int, height: int) -> bytes:
        with io.BytesIO() as file:
            Pillow.new("RGB", (width, height), "green").save(file, "PNG")
            return file.getvalue()

    contents = {"a": png(400, 100), "b": png(100, 64), "c": b"no picture"}
    rows = [
        {"url": f"https://a.test/{name}", "source": "web", "content": content} for name, content in contents.items()
    ]
    images = str(tmp_path / "images.parquet")
    table.write(images, pa.Table.from_pylist(rows, schema=schema.IMAGES))
    shown = build.doc("Text.", *(build.image(f"https://a.test/{name}") for name in contents))
    documents = str(tmp_path / "one.parquet")
    table.write(documents, schema.documents_table([shown]))
    output = str(tmp_path / "out")
    view.export("interleaved", [documents], [images], output, with_images=True, tell=lambda *_: None, max_side=128)
    found = {row["url"][-1]: row for row in table.read(f"{output}/images/one.parquet").to_pylist()}
    with Pillow.open(io.BytesIO(found["a"]["content"])) as smaller:
        assert (smaller.format, smaller.size, found["a"]["format"]) == ("JPEG", (128, 32), "JPEG")
    assert (found["b"]["content"], found["c"]["content"]) == (contents["b"], contents["c"])


def test_pictures_are_found_by_address_whatever_their_row_group(tmp_path: Path) -> None:
    paths = []
    for number in range(3):
        rows = [{"url": f"https://a.test/{number}/{row}", "content": b"%d %d" % (number, row)} for row in range(40)]
        paths.append(str(tmp_path / f"{number}.parquet"))
        table.write(paths[-1], pa.Table.from_pylist(rows, schema=schema.IMAGES), rows_per_group=7)
    pool = view.Contents(paths)
    wanted = {"https://a.test/0/0", "https://a.test/2/39", "https://a.test/1/13", "https://a.test/9/9"}
    expected = {"https://a.test/0/0": b"0 0", "https://a.test/2/39": b"2 39", "https://a.test/1/13": b"1 13"}
    assert (pool.of(wanted), pool.of(set()), pool.of(wanted)) == (expected, {}, expected)
    assert view.Contents([]).of(wanted) == {}
