"""Images and the texts around them: similarities for every image of a document, and how often its picture is seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pyarrow as pa

from omnicorpus import address, copies, schema, table, watch
from omnicorpus.assignment import assign
from omnicorpus.copies import Source
from omnicorpus.document import Document, Image, Measures, Part, Text
from omnicorpus.measure import KEPT_MEASURES, RETURNED, ClipSettings, Towers, load_clip
from omnicorpus.sentence import sentences
from omnicorpus.stage import Call, Counts


@dataclass(frozen=True, slots=True)
class ScoreSettings:
    clip: ClipSettings | None
    sentences: int
    order: tuple[Source, ...]
    partitions: int


@dataclass(frozen=True, slots=True)
class CountSettings:
    document_shards: int


def start_clip(settings: ScoreSettings) -> Towers:
    return load_clip(settings.clip)


HASHES = pa.schema([("kind", pa.string()), ("hash", pa.string()), ("shard", pa.int32()), ("documents", pa.int64())])
"""How many documents of one shard show a picture of this hash; `kind` is "p" or "d"."""


def score(call: Call, clip: Towers | None) -> Counts:
    """Give every image its measures, and its similarities to the texts around it."""
    settings: ScoreSettings = call.settings
    (given,), had_paths, _ = call.inputs.values()
    had = copies.had_by(had_paths, call.index)
    known = _known(table.gather(call.inputs["images.measures"], call.index, RETURNED))
    hashes: dict[tuple[str, str], int] = {}
    dropped: list[schema.Dropped] = []
    count = 0

    def scored(documents: list[Document]) -> list[Document]:
        return documents if clip is None or settings.clip is None else _scored(documents, known, clip, settings)

    with table.appending(call.path("documents"), schema.DOCUMENTS) as append:
        for group in table.groups(given):
            documents = [_with_measures(document, known, had, settings.order) for document in schema.documents(group)]
            verdicts = watch.tried(call, documents, lambda document: scored([document]), first=count)
            count += len(documents)
            told_of = list(zip(documents, verdicts, strict=True))
            dropped += [schema.dropped_document(each, lost, call.stage) for each, lost in told_of if lost is not None]
            documents = scored([each for each, lost in told_of if lost is None])
            for document in documents:
                for pair in _hashes(document):
                    hashes[pair] = hashes.get(pair, 0) + 1
            append(schema.documents_table(documents))
    pairs = sorted(hashes)
    rows = pa.table(
        [
            [kind for kind, _ in pairs],
            [digits for _, digits in pairs],
            [call.index] * len(pairs),
            [hashes[pair] for pair in pairs],
        ],
        schema=HASHES,
    )
    home = np.array([int(digits, 16) % settings.partitions for _, digits in pairs], dtype=np.int64)
    table.scatter(call.path("hashes"), rows, home, settings.partitions)
    call.write_drops(dropped)
    return Counts.of(count, count - len(dropped), dropped)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a document shard was told of one address."""

    url: str
    measures: Measures
    embedding: np.ndarray | None


def _known(told: pa.Table) -> dict[str, _Known]:
    names = [name for name, _ in KEPT_MEASURES]
    rows = told.select(["key", "url", *names]).to_pylist()
    return {
        row["key"]: _Known(row["url"], Measures(**{name: row[name] for name in names}), vector)
        for row, vector in zip(rows, _rows_of_vectors(told["embedding"].combine_chunks()), strict=True)
    }


def _rows_of_vectors(column: pa.ListArray) -> Iterator[np.ndarray | None]:
    """float32 vectors, None where the row has none; no number becomes a Python object."""
    held = column.is_valid().to_numpy(zero_copy_only=False)
    numbers = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    vectors = iter(numbers.reshape(int(held.sum()), -1) if len(numbers) else ())
    return (next(vectors) if there else None for there in held)


def _with_measures(
    document: Document, known: Mapping[str, _Known], had: Mapping[str, Collection[str]], order: Sequence[Source]
) -> Document:
    """Every image with its measures, and with the address under which the table of images has the copy taken."""

    def measured(part: Part) -> Part:
        if not isinstance(part, Image):
            return part
        taken = copies.taken(part.url, part.larger, had, order)
        item = known[address.canonical(taken)]
        larger = None if taken == part.larger else part.larger
        return replace(part, url=item.url, larger=larger, measures=item.measures)

    return document.with_parts(tuple(measured(part) for part in document.parts))


@dataclass(frozen=True, slots=True)
class _Near:
    """An image of one document that has a vector, and the sentences near it: (position of the text part, sentence)."""

    document: int
    position: int
    image: Image
    sentences: tuple[tuple[int, str], ...]


def _scored(
    documents: list[Document], known: Mapping[str, _Known], clip: Towers, settings: ScoreSettings
) -> list[Document]:
    """Similarities for all images of many documents: every distinct text goes through the model once."""
    assert settings.clip is not None
    vectors_of = {item.url: item.embedding for item in known.values()}
    near = [
        item
        for index, document in enumerate(documents)
        for item in _near(index, document, settings.sentences)
        if vectors_of[item.image.url] is not None
    ]
    texts = sorted({text for item in near for text in _texts(item)})
    vectors = clip.texts(texts, settings.clip.batch)
    row = {text: index for index, text in enumerate(texts)}
    parts = [list(document.parts) for document in documents]
    for index, group in groupby(near, key=lambda item: item.document):
        items = list(group)
        own = np.stack([vector for item in items if (vector := vectors_of[item.image.url]) is not None])
        matched = _matched(items, own, vectors, row)
        for item, embedding, match in zip(items, own, matched, strict=True):
            similar = _with_similarities(item, embedding, vectors, row)
            parts[index][item.position] = replace(similar, matched_sentence=match[0], matched_similarity=match[1])
    return [document.with_parts(tuple(each)) for document, each in zip(documents, parts, strict=True)]


MATCHED_IMAGES = 300
"""A document of more images has none matched: the time of matching grows with their square, and no corpus keeps it."""


def _matched(
    items: Sequence[_Near], own: np.ndarray, vectors: np.ndarray, row: Mapping[str, int]
) -> list[tuple[str | None, float | None]]:
    """For each image of one document the sentence that is its alone, and their similarity."""
    texts = list(dict.fromkeys(sentence for item in items for _, sentence in item.sentences))
    if not texts or len(items) > MATCHED_IMAGES:
        return [(None, None)] * len(items)
    similarities = own @ vectors[[row[text] for text in texts]].T
    return [
        (None, None) if column is None else (texts[column], float(similarities[index, column]))
        for index, column in enumerate(assign(similarities))
    ]


def _near(index: int, document: Document, window: int) -> Iterator[_Near]:
    """Each image with the last `window` sentences before it and the first `window` after it."""
    told: list[tuple[int, str]] = []
    places: list[tuple[int, int, Image]] = []
    for position, part in enumerate(document.parts):
        if isinstance(part, Text):
            told.extend((position, sentence) for sentence in sentences(part.text))
        else:
            places.append((position, len(told), part))
    for position, at, image in places:
        yield _Near(index, position, image, tuple(told[max(0, at - window) : at + window]))


def _texts(item: _Near) -> Iterator[str]:
    yield from (sentence for _, sentence in item.sentences)
    yield from (text for text in (item.image.alt, item.image.caption) if text)


def _with_similarities(item: _Near, embedding: np.ndarray, vectors: np.ndarray, row: Mapping[str, int]) -> Image:
    image = item.image
    own = {
        name: None if not text else float(vectors[row[text]] @ embedding)
        for name, text in (("alt_similarity", image.alt), ("caption_similarity", image.caption))
    }
    image = replace(image, alt_similarity=own["alt_similarity"], caption_similarity=own["caption_similarity"])
    if not item.sentences:
        return image
    similarities = vectors[[row[sentence] for _, sentence in item.sentences]] @ embedding
    best = int(np.argmax(similarities))
    position, sentence = item.sentences[best]
    return replace(image, clip_similarity=float(similarities[best]), best_text=position, best_sentence=sentence)


def _hashes(document: Document) -> set[tuple[str, str]]:
    found = set()
    for image in document.images():
        if image.measures is not None:
            if image.measures.p_hash is not None:
                found.add(("p", image.measures.p_hash))
            if image.measures.d_hash is not None:
                found.add(("d", image.measures.d_hash))
    return found


def sum_hashes(call: Call, _state: object) -> Counts:
    """Add up a hash partition, and send each sum to the document shards that show the hash."""
    settings: CountSettings = call.settings
    rows = table.gather(call.inputs["score.hashes"], call.index, HASHES)
    pairs = np.array(
        [kind + digits for kind, digits in zip(rows["kind"].to_pylist(), rows["hash"].to_pylist(), strict=True)],
        dtype=str,
    )
    distinct, which = np.unique(pairs, return_inverse=True)
    sums = np.bincount(which, weights=rows["documents"].to_numpy(), minlength=len(distinct)).astype(np.int64)
    summed = rows.set_column(3, HASHES.field("documents"), pa.array(sums[which], pa.int64()))
    home = rows["shard"].to_numpy().astype(np.int64)
    table.scatter(call.path("counts"), summed, home, settings.document_shards)
    return Counts(rows.num_rows, len(distinct))
