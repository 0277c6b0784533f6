"""Views of a finished corpus: interleaved, text only, image-text pairs, and the published columns of OmniCorpus-CC.

A view never changes what it shows: it selects and renames columns of documents/ and joins pictures from images/.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from omnicorpus import picture, schema, storage, table
from omnicorpus.deadline import DeadlinePassed, deadline
from omnicorpus.document import Document, Image, Text
from omnicorpus.errors import OutputError

View = Literal["interleaved", "text", "pairs", "omnicorpus"]
VIEWS: tuple[View, ...] = get_args(View)

TEXT = pa.schema(
    [
        ("id", pa.string()),
        ("url", pa.string()),
        ("crawled_at", schema.CRAWLED_AT),
        ("language", pa.string()),
        ("text", pa.string()),
        *schema.SCORE_COLUMNS,
    ]
)

PAIRS = pa.schema(
    [
        ("document", pa.string()),
        ("url", pa.string()),
        ("language", pa.string()),
        ("image", pa.string()),
        ("sha256", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("text", pa.string()),
        ("text_source", pa.string()),
        ("score", pa.float32()),
    ]
)
"""`text_source` is "caption", "alt" or "sentence"; `score` the CLIP similarity of image and text, null where no model
was configured."""

OMNICORPUS = pa.schema(
    [
        (
            "general_metadata",
            pa.struct(
                [
                    ("domain", pa.list_(pa.string())),
                    ("fluency_prob", pa.float64()),
                    ("id", pa.string()),
                    ("non_advertisement_prob", pa.float64()),
                    ("politics_prob", pa.float64()),
                    ("porn_prob", pa.float64()),
                    ("toxic_prob", pa.float64()),
                    ("url", pa.string()),
                ]
            ),
        ),
        ("images", pa.list_(pa.string())),
        ("texts", pa.list_(pa.string())),
        (
            "metadata",
            pa.list_(
                pa.struct(
                    [
                        ("aesthetic_prob", pa.float64()),
                        ("bytes", pa.int64()),
                        ("d_hash", pa.string()),
                        ("d_hash_dup_count", pa.int64()),
                        ("height", pa.int64()),
                        ("img_url_sha", pa.string()),
                        ("p_hash", pa.string()),
                        ("p_hash_dup_count", pa.int64()),
                        ("unsafe_prob", pa.float64()),
                        ("width", pa.int64()),
                    ]
                )
            ),
        ),
    ]
)
"""The columns of OmniCorpus-CC as published, by name and type. Scores that no model gave are null."""

CONTENT = pa.schema([("url", pa.string()), ("sha256", pa.string()), ("format", pa.string()), ("content", pa.binary())])
"""The pictures beside a view that holds addresses: bytes as served."""

PAIRS_WITH_CONTENT = PAIRS.append(pa.field("content", pa.binary()))


def text_row(document: Document) -> dict[str, Any] | None:
    """One document as one text, parts joined by a blank line; None for a document without text."""
    text = document.text()
    if not text:
        return None
    return {
        "id": document.id,
        "url": document.url,
        "crawled_at": document.crawled_at,
        "language": document.language,
        "text": text,
        **schema.scores_row(document.scores),
    }


def pair_rows(document: Document) -> Iterator[dict[str, Any]]:
    """One row an image that has a text: its caption, else its alt text, else the sentence that CLIP ranks first."""
    for image in document.images():
        chosen = _pair_text(image)
        if chosen is None or image.measures is None:
            continue
        text, source, score = chosen
        yield {
            "document": document.id,
            "url": document.url,
            "language": document.language,
            "image": image.url,
            "sha256": image.measures.sha256,
            "width": image.measures.width,
            "height": image.measures.height,
            "text": text,
            "text_source": source,
            "score": score,
        }


ALT_WORDS = 2
"""Alt texts of a single word are mostly file names and "image"."""


def _pair_text(image: Image) -> tuple[str, str, float | None] | None:
    if image.caption:
        return image.caption, "caption", image.caption_similarity
    if image.alt and _is_description(image.alt):
        return image.alt, "alt", image.alt_similarity
    if image.best_sentence:
        return image.best_sentence, "sentence", image.clip_similarity
    return None


def _is_description(alt: str) -> bool:
    words = alt.split()
    # Scripts without spaces write a description in one run of letters.
    return len(words) >= ALT_WORDS or (len(alt) >= 4 and not alt.isascii())


def omnicorpus_row(document: Document) -> dict[str, Any]:
    host = urlsplit(document.url).hostname or ""
    return {
        "general_metadata": {
            "domain": [host] if host else [],
            "id": document.id,
            "url": document.url,
            **{name: getattr(document.scores, name) for name in schema.PUBLISHED_SCORES},
        },
        "images": [part.url if isinstance(part, Image) else None for part in document.parts],
        "texts": [part.text if isinstance(part, Text) else None for part in document.parts],
        "metadata": [_published(part) if isinstance(part, Image) else None for part in document.parts],
    }


def _published(image: Image) -> dict[str, Any]:
    measures = image.measures
    row: dict[str, Any] = {"img_url_sha": hashlib.sha256(image.url.encode("utf-8", "surrogatepass")).hexdigest()}
    if measures is not None:
        row |= {
            "aesthetic_prob": measures.aesthetic,
            "bytes": measures.bytes,
            "d_hash": measures.d_hash,
            "d_hash_dup_count": measures.d_hash_count,
            "height": measures.height,
            "p_hash": measures.p_hash,
            "p_hash_dup_count": measures.p_hash_count,
            "unsafe_prob": measures.nsfw,
            "width": measures.width,
        }
    return row


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: files, rows of the view, pictures."""

    files: int
    rows: int
    pictures: int


def export(
    view: View,
    documents: list[str],
    images: list[str],
    output: str,
    *,
    with_images: bool,
    tell: Callable[[int, int], None],
    max_side: int | None = None,
) -> Exported:
    """Write a view, one file for each of `documents`, under `output`; pictures of the corpus with it when asked for.

    Pictures are as served; with `max_side`, those whose longer side has more pixels become JPEGs of that side. `sha256`
    stays that of the picture as served.

    `tell(rows, of)` hears of every row group written. Raises OutputError where `output` holds anything but an export.
    """
    _check(output, view)
    total = sum(table.rows(path) for path in documents)
    rows = seen = pictures = 0
    written: set[str] = set()
    pool = Contents(images)
    for path in documents:
        name = path.rsplit("/", 1)[-1]
        contents = pool if with_images and view == "pairs" else None
        kind = PAIRS_WITH_CONTENT if contents is not None else _SCHEMAS[view]
        with table.appending(storage.join(output, name), kind) as append:
            for group in table.groups(path):
                shown = _shown(view, group, contents, max_side)
                append(shown)
                rows += shown.num_rows
                seen += group.num_rows
                pictures += shown.num_rows if contents is not None else 0
                tell(seen, total)
        written.add(name)
        if with_images and view in ("interleaved", "omnicorpus"):
            pictures += _write_contents(path, pool, storage.join(output, "images", name), max_side)
    for name in storage.names(output):
        if name.endswith(".parquet") and name not in written:
            storage.remove(storage.join(output, name))
    return Exported(len(written), rows, pictures)


_SCHEMAS: dict[View, pa.Schema] = {
    "interleaved": schema.CORPUS,
    "text": TEXT,
    "pairs": PAIRS,
    "omnicorpus": OMNICORPUS,
}


EXPORT = "export.json"
"""Written first: a folder that holds it is an export's, and may be written over by the next."""


def _check(output: str, view: View) -> None:
    found = storage.names(output)
    if found and EXPORT not in found:
        raise OutputError(f"{output} holds other files ({found[0]}): choose an empty folder for the export")
    storage.write_bytes(storage.join(output, EXPORT), json.dumps({"view": view}).encode())


def _shown(view: View, group: pa.Table, contents: Contents | None, max_side: int | None) -> pa.Table:
    if view == "interleaved":
        return schema.with_all_columns(group)
    documents = schema.documents(group)
    if view == "text":
        rows: Iterable[dict[str, Any]] = [row for document in documents if (row := text_row(document)) is not None]
    elif view == "omnicorpus":
        rows = [omnicorpus_row(document) for document in documents]
    else:
        rows = [row for document in documents for row in pair_rows(document)]
        if contents is not None:
            urls = {row["image"] for row in rows}
            found = {row["url"]: _limited(row, max_side)["content"] for row in contents.rows(urls)}
            rows = [{**row, "content": found[row["image"]]} for row in rows if row["image"] in found]
            return pa.Table.from_pylist(rows, schema=PAIRS_WITH_CONTENT)
    return pa.Table.from_pylist(list(rows), schema=_SCHEMAS[view])


class Contents:
    """The pictures of a corpus by address. Addresses are read once and stand in memory as 8 bytes of their hash with
    their place; pictures are read when they are asked for, and none is kept."""

    def __init__(self, images: list[str]) -> None:
        self._images = images
        self._hashes: np.ndarray | None = None
        self._places = np.empty((0, 2), np.int32)

    def of(self, urls: set[str]) -> dict[str, bytes]:
        """Bytes as served of those addresses that the corpus holds."""
        return {row["url"]: row["content"] for row in self.rows(urls)}

    def rows(self, urls: set[str]) -> Iterator[dict[str, Any]]:
        """The rows of those addresses that the corpus holds; only their row groups are read."""
        wanted = np.array(sorted(map(_short, urls)), dtype=np.uint64)
        hashes = self._index()
        starts, ends = np.searchsorted(hashes, wanted), np.searchsorted(hashes, wanted, side="right")
        places = {(int(file), int(group)) for start, end in zip(starts, ends, strict=True)
                  for file, group in self._places[start:end]}  # fmt: skip
        for number in sorted({file for file, _ in places}):
            groups = sorted(group for file, group in places if file == number)
            for rows in table.some_groups(self._images[number], groups, CONTENT.names):
                yield from (row for row in rows.to_pylist() if row["url"] in urls and row["content"] is not None)

    def _index(self) -> np.ndarray:
        """Hashes of all addresses in rising order; `_places` has the file and the row group of each."""
        if self._hashes is None:
            hashes: list[int] = []
            places: list[tuple[int, int]] = []
            for number, path in enumerate(self._images):
                for place, group in enumerate(table.groups(path, ["url"])):
                    hashes.extend(map(_short, group["url"].to_pylist()))
                    places.extend([(number, place)] * group.num_rows)
            found = np.array(hashes, dtype=np.uint64)
            order = np.argsort(found, kind="stable")
            self._hashes = found[order]
            self._places = np.array(places, dtype=np.int32).reshape(-1, 2)[order]
        return self._hashes


def _short(url: str) -> int:
    return int.from_bytes(hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _limited(row: dict[str, Any], max_side: int | None) -> dict[str, Any]:
    """A row of `CONTENT` with its picture within the limit; one that can't be decoded stays as it is."""
    if max_side is None:
        return row
    try:
        with deadline(SMALLER_SECONDS):
            smaller = picture.limited(row["content"], max_side)
    except (picture.NotAPicture, DeadlinePassed):
        return row
    return row if smaller is None else {**row, "format": "JPEG", "content": smaller}


SMALLER_SECONDS = 20.0
"""For one picture, as in the stage that measures it."""


def _write_contents(documents: str, pool: Contents, output: str, max_side: int | None) -> int:
    urls = {
        part.url
        for group in table.groups(documents)
        for document in schema.documents(group)
        for part in document.images()
    }
    rows = sorted((_limited(row, max_side) for row in pool.rows(urls)), key=lambda row: str(row["url"]))
    table.write(output, pa.Table.from_pylist(rows, schema=CONTENT), plain=["content"], rows_per_group=100)
    return len(rows)
