"""The contract of every table: columns, types, and how a `Document` becomes a row and comes back.

documents   one row = one document. `texts`, `images` and `kinds` are aligned, in reading order; at each place exactly
            one of `texts` and `images` is non-null. The corpus has columns of scores behind those.
images      one row = one distinct image address, with its bytes as served, its measures and its scores.
drops       one row = one thing taken away: a document (`position` null) or one part of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa

from omnicorpus.document import Document, Drop, Facts, Image, Locator, Measures, Part, Scores, Statistics, Text

CRAWLED_AT = pa.timestamp("us", tz="UTC")

LOCATOR = pa.struct([("file", pa.string()), ("offset", pa.int64()), ("length", pa.int64())])

FACTS = pa.struct(
    [
        ("title", pa.string()),
        ("author", pa.string()),
        ("published", pa.string()),
        ("site_name", pa.string()),
        ("canonical", pa.string()),
        ("license", pa.string()),
        ("language", pa.string()),
        ("robots", pa.list_(pa.string())),
    ]
)

MEASURES = [
    ("error", pa.string()),
    ("bytes", pa.int64()),
    ("sha256", pa.string()),
    ("width", pa.int64()),
    ("height", pa.int64()),
    ("format", pa.string()),
    ("p_hash", pa.string()),
    ("d_hash", pa.string()),
    ("p_hash_count", pa.int64()),
    ("d_hash_count", pa.int64()),
    ("nsfw", pa.float32()),
    ("aesthetic", pa.float32()),
    ("sharpness", pa.float32()),
    ("entropy", pa.float32()),
    ("main_colour", pa.float32()),
    ("brisque", pa.float32()),
]

IMAGE = pa.struct(
    [
        ("url", pa.string()),
        ("alt", pa.string()),
        ("caption", pa.string()),
        ("larger", pa.string()),
        ("kind", pa.string()),
        ("media", pa.string()),
        ("declared_width", pa.int32()),
        ("declared_height", pa.int32()),
        *MEASURES,
        ("clip_similarity", pa.float32()),
        ("best_text", pa.int32()),
        ("best_sentence", pa.string()),
        ("alt_similarity", pa.float32()),
        ("caption_similarity", pa.float32()),
        ("matched_sentence", pa.string()),
        ("matched_similarity", pa.float32()),
    ]
)

DOCUMENTS = pa.schema(
    [
        ("id", pa.string()),
        ("url", pa.string()),
        ("crawled_at", CRAWLED_AT),
        ("language", pa.string()),
        ("language_score", pa.float32()),
        ("warc", LOCATOR),
        ("facts", FACTS),
        ("kinds", pa.list_(pa.string())),
        ("texts", pa.list_(pa.string())),
        ("images", pa.list_(IMAGE)),
    ]
)

STATISTICS = pa.struct(
    [
        ("line_count", pa.int64()),
        ("line_length", pa.float64()),
        ("token_count", pa.int64()),
        ("sentence_count", pa.int64()),
        ("non_alphabetic_share", pa.float64()),
        ("unique_word_share", pa.float64()),
        ("symbol_word_ratio", pa.float64()),
        ("mean_word_length", pa.float64()),
        ("stop_word_share", pa.float64()),
    ]
)

PUBLISHED_SCORES = ("fluency_prob", "non_advertisement_prob", "politics_prob", "porn_prob", "toxic_prob")
"""The names under which OmniCorpus publishes its scores."""

SCORE_COLUMNS = [
    *((name, pa.float64()) for name in PUBLISHED_SCORES),
    ("flagged_share", pa.float64()),
    ("ngram_surprise", pa.float64()),
    ("statistics", STATISTICS),
    ("other_scores", pa.map_(pa.string(), pa.float64())),
]

VERDICT = pa.struct(
    [("rule", pa.string()), ("value", pa.float64()), ("threshold", pa.float64()), ("detail", pa.string())]
)
"""A `Drop` that a later stage is to carry out, null where there is none."""

SCORES = pa.schema([("id", pa.string()), *SCORE_COLUMNS, ("lost", VERDICT)])
"""What one scorer says of the documents of a shard, in their order. `lost` is the verdict on a document that killed
it."""

CORPUS = pa.schema([*DOCUMENTS, *(pa.field(*column) for column in SCORE_COLUMNS)])
"""Documents with their scores: the run's result."""

IMAGES = pa.schema(
    [
        ("url", pa.string()),
        ("source", pa.string()),
        *(column for column in MEASURES if not column[0].endswith("_count")),
        ("embedding", pa.list_(pa.float16())),
        ("content", pa.binary()),
    ]
)
"""`source` says where the bytes are from: "warc", "earlier" or "web". `embedding` is the CLIP image embedding, of unit
length."""

RECORDS = pa.schema(
    [
        ("url", pa.string()),
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("content_type", pa.string()),
        ("crawled_at", CRAWLED_AT),
    ]
)
"""The pictures that a crawl file itself holds: one row a response record, and where it lies."""

DROPS = pa.schema(
    [
        ("document", pa.string()),
        ("url", pa.string()),
        ("position", pa.int32()),
        ("stage", pa.string()),
        ("rule", pa.string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("detail", pa.string()),
        ("twin", pa.string()),
        ("image", pa.string()),
        ("text", pa.string()),
        ("warc", LOCATOR),
    ]
)
"""`image` is the address of an image part, `text` the start of a text part (at most 1,000 characters)."""

TEXT_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Dropped:
    """One row of drops. `document` is None for a record that never became one; then `warc` says where it lies."""

    drop: Drop
    stage: str
    document: str | None = None
    url: str | None = None
    position: int | None = None
    part: Part | None = None
    warc: Locator | None = None


def dropped_document(document: Document, drop: Drop, stage: str) -> Dropped:
    return Dropped(drop, stage, document.id, document.url, warc=document.warc)


def dropped_part(document: Document, position: int, drop: Drop, stage: str) -> Dropped:
    """`position` counts the document's parts as they stood when this stage began."""
    return Dropped(drop, stage, document.id, document.url, position, document.parts[position], document.warc)


def drops_table(drops: Iterable[Dropped]) -> pa.Table:
    return pa.Table.from_pylist([_drop_row(dropped) for dropped in drops], schema=DROPS)


def _drop_row(dropped: Dropped) -> dict[str, Any]:
    part = dropped.part
    return {
        "document": dropped.document,
        "url": dropped.url,
        "position": dropped.position,
        "stage": dropped.stage,
        "rule": dropped.drop.rule,
        "value": dropped.drop.value,
        "threshold": dropped.drop.threshold,
        "detail": dropped.drop.detail,
        "twin": dropped.drop.twin,
        "image": part.url if isinstance(part, Image) else None,
        "text": part.text[:TEXT_KEPT] if isinstance(part, Text) else None,
        "warc": None if dropped.warc is None else asdict(dropped.warc),
    }


_MEASURE_NAMES = tuple(field.name for field in fields(Measures))
_FACT_NAMES = tuple(field.name for field in fields(Facts))


def documents_table(documents: Iterable[Document], kind: pa.Schema = DOCUMENTS) -> pa.Table:
    """Rows of `kind`: DOCUMENTS, or CORPUS with the scores."""
    return pa.Table.from_pylist([_document_row(document) for document in documents], schema=kind)


def scores_table(scored: Iterable[tuple[str, Scores | Drop]]) -> pa.Table:
    """The scores of documents, or the verdict on what killed the scorer, by id."""
    rows = (
        {"id": name} | ({"lost": verdict_row(found)} if isinstance(found, Drop) else scores_row(found))
        for name, found in scored
    )
    return pa.Table.from_pylist(list(rows), schema=SCORES)


def verdict_row(drop: Drop) -> dict[str, Any]:
    """A `VERDICT`."""
    return {name: getattr(drop, name) for name in _VERDICT_NAMES}


def verdicts(column: pa.ChunkedArray) -> list[Drop | None]:
    """A column of `VERDICT` back to verdicts."""
    return [None if row is None else Drop(**row) for row in column.to_pylist()]


def scores_row(scores: Scores) -> dict[str, Any]:
    """The columns `SCORE_COLUMNS`, without those that are null."""
    row = {name: value for name in _SCORE_NAMES if (value := getattr(scores, name)) is not None}
    if scores.statistics is not None:
        row["statistics"] = asdict(scores.statistics)
    if scores.others:
        row["other_scores"] = list(scores.others)
    return row


def scores(table: pa.Table) -> dict[str, Scores]:
    """Rows of `SCORES` back to scores, by the document's id."""
    return {row["id"]: _scores(row) for row in table.to_pylist()}


def with_all_columns(table: pa.Table) -> pa.Table:
    """Rows of `CORPUS`; columns that an earlier version didn't write are null."""
    for field in CORPUS:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(CORPUS.names)


_SCORE_NAMES = (*PUBLISHED_SCORES, "flagged_share", "ngram_surprise")
_VERDICT_NAMES = tuple(field.name for field in VERDICT)


def _scores(row: dict[str, Any]) -> Scores:
    """The scores of a row, of whatever columns it has."""
    statistics = row.get("statistics")
    return Scores(
        **{name: row.get(name) for name in _SCORE_NAMES},
        statistics=None if statistics is None else Statistics(**statistics),
        others=tuple(row.get("other_scores") or ()),
    )


def _document_row(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "url": document.url,
        "crawled_at": document.crawled_at,
        "language": document.language,
        "language_score": document.language_score,
        "warc": {"file": document.warc.file, "offset": document.warc.offset, "length": document.warc.length},
        "facts": {name: getattr(document.facts, name) for name in _FACT_NAMES},
        "kinds": [part.kind for part in document.parts],
        "texts": [part.text if isinstance(part, Text) else None for part in document.parts],
        "images": [_image_row(part) if isinstance(part, Image) else None for part in document.parts],
        **scores_row(document.scores),
    }


def _image_row(image: Image) -> dict[str, Any]:
    row: dict[str, Any] = {
        "url": image.url,
        "alt": image.alt,
        "caption": image.caption,
        "larger": image.larger,
        "kind": image.kind,
        "media": image.media,
        "declared_width": image.declared_width,
        "declared_height": image.declared_height,
        "clip_similarity": image.clip_similarity,
        "best_text": image.best_text,
        "best_sentence": image.best_sentence,
        "alt_similarity": image.alt_similarity,
        "caption_similarity": image.caption_similarity,
        "matched_sentence": image.matched_sentence,
        "matched_similarity": image.matched_similarity,
    }
    if image.measures is not None:
        for name in _MEASURE_NAMES:
            row[name] = getattr(image.measures, name)
    return row


def documents(table: pa.Table) -> list[Document]:
    """Rows back to documents: the inverse of `documents_table`, but for `context`, which is not stored."""
    return [_document(row) for row in table.to_pylist()]


def _document(row: dict[str, Any]) -> Document:
    facts = row["facts"]
    return Document(
        id=row["id"],
        url=row["url"],
        crawled_at=row["crawled_at"],
        warc=Locator(**row["warc"]),
        parts=tuple(
            Text(text, kind) if text is not None else _image(image)
            for text, kind, image in zip(row["texts"], row["kinds"], row["images"], strict=True)
        ),
        facts=Facts(**{**facts, "robots": tuple(facts["robots"] or ())}),
        language=row["language"],
        language_score=row["language_score"],
        scores=_scores(row),
    )


def _image(row: dict[str, Any]) -> Image:
    measures = Measures(**{name: row.get(name) for name in _MEASURE_NAMES})  # an earlier version wrote fewer
    return Image(
        url=row["url"],
        alt=row["alt"],
        caption=row["caption"],
        larger=row["larger"],
        declared_width=row["declared_width"],
        declared_height=row["declared_height"],
        kind=row["kind"],
        media=row["media"],
        measures=None if measures == Measures() else measures,
        clip_similarity=row["clip_similarity"],
        best_text=row["best_text"],
        best_sentence=row["best_sentence"],
        alt_similarity=row["alt_similarity"],
        caption_similarity=row["caption_similarity"],
        matched_sentence=row["matched_sentence"],
        matched_similarity=row["matched_similarity"],
    )
