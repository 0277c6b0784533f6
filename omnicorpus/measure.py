"""Pictures' measures: everything that is known of one picture, from one decode and one pass of the CLIP model."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa

from omnicorpus import brisque, head, nsfw, picture, quality, schema, standin, table, watch
from omnicorpus.deadline import DeadlinePassed, deadline
from omnicorpus.document import Measures
from omnicorpus.head import Head, HeadSettings
from omnicorpus.stage import Call, Counts


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """The model of image-text similarity.

    model       an open_clip name, "local-dir:FOLDER", "hf-hub:NAME", or "stand-in": a model built from two packages
                of the registry, for machines that reach no hub (omnicorpus.standin)
    pretrained  a tag of open_clip or the path of a weights file. The defaults are MMC4's model (Zhu et al. 2023, 3.2)
    device      auto takes a GPU where torch sees one
    precision   auto is fp16 on a GPU and fp32 on a CPU
    engine      torch, or onnx_int8: ONNX Runtime on a CPU, pictures in 8 bits (made once, in minutes; docs/images.md)
    batch       pictures or texts a forward pass
    cache       where weights are kept, null for the usual places
    """

    model: str = "ViT-L-14"
    pretrained: str | None = "openai"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    engine: Literal["torch", "onnx_int8"] = "torch"
    batch: int = 64
    cache: str | None = None

    def __post_init__(self) -> None:
        if self.engine == "onnx_int8" and (self.device == "cuda" or self.precision not in ("auto", "fp32")):
            raise ValueError(
                "engine onnx_int8 computes on a CPU: leave device at auto or cpu, precision at auto or fp32"
            )


class Towers(Protocol):
    """A CLIP model, whatever computes it: unit vectors of one space for pictures and for texts."""

    @property
    def frame(self) -> picture.Frame: ...

    @property
    def dimension(self) -> int: ...

    def images(self, pixels: np.ndarray, batch: int = ...) -> np.ndarray: ...

    def texts(self, texts: Sequence[str], batch: int = ...) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class NsfwSettings:
    """Yahoo's open_nsfw; `path` of its open-nsfw.onnx, null for the one inside its package."""

    enabled: bool = True
    path: str | None = None


@dataclass(frozen=True, slots=True)
class BrisqueSettings:
    """BRISQUE, off as it doubles the cost of a picture; `path` of the folder with its files, null for its package."""

    enabled: bool = False
    path: str | None = None


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    max_pixels: int
    seconds: float
    clip: ClipSettings | None
    nsfw: NsfwSettings
    brisque: BrisqueSettings


@dataclass(frozen=True, slots=True)
class EmbedSettings:
    clip: ClipSettings | None
    aesthetic: HeadSettings | None
    unsafe: HeadSettings | None
    document_shards: int


KEPT_MEASURES = [column for column in schema.MEASURES if not column[0].endswith("_count")]

MEASURED = pa.schema(
    [
        ("key", pa.string()),
        ("url", pa.string()),
        ("shards", pa.list_(pa.int32())),
        ("source", pa.string()),
        *KEPT_MEASURES,
    ]
)

INPUTS = pa.schema([("pixels", pa.binary())])
"""The CLIP model's input, uint8 of (side, side, 3), row by row with MEASURED; null where there is no picture or no
model."""


@dataclass(frozen=True, slots=True)
class Meter:
    """What measures pictures: the models that look at pixels on a CPU."""

    frame: picture.Frame | None
    resize: picture.Resize
    nsfw: nsfw.Nsfw | None
    brisque: brisque.Brisque | None


def start_measure(settings: MeasureSettings) -> Meter:
    frame, resize = None, picture.resized
    if settings.clip is not None:
        from omnicorpus import clip

        frame, resize = clip.frame(_model_name(settings.clip), settings.clip.pretrained), clip.resized
    return Meter(
        frame,
        resize,
        nsfw.load(settings.nsfw.path) if settings.nsfw.enabled else None,
        brisque.load(settings.brisque.path) if settings.brisque.enabled else None,
    )


def _model_name(settings: ClipSettings) -> str:
    return standin.build(settings.cache) if settings.model == standin.NAME else settings.model


def measure(call: Call, meter: Meter) -> Counts:
    """Decode every picture once, for all that is measured of it."""
    settings: MeasureSettings = call.settings
    rows_in = rows_out = 0
    reasons: dict[str, int] = {}
    with (
        table.appending(call.path("measures"), MEASURED) as append_measures,
        table.appending(call.path("inputs"), INPUTS) as append_inputs,
    ):
        seen_before = 0
        for group in table.groups(call.one("fetch.pictures")):
            rows: list[dict[str, Any]] = []
            pixels: list[bytes | None] = []
            looks: list[tuple[int, np.ndarray]] = []
            for row, lost in watch.records(call, group.to_pylist(), first=seen_before):
                content = row.pop("content")
                measures, seen, look = (
                    (Measures(error=row["error"] if lost is None else lost.rule), None, None)
                    if content is None or lost is not None
                    else _measured(content, settings, meter)
                )
                if look is not None:
                    if call.marks and meter.nsfw is not None:
                        meter.nsfw.scores([look])  # by itself, where a picture that kills the model is looked for
                    looks.append((len(rows), look))
                rows.append({**row, **{name: getattr(measures, name) for name, _ in KEPT_MEASURES}})
                pixels.append(seen)
                if content is not None:
                    rows_in += 1
                    rows_out += measures.error is None
                    if measures.error is not None:
                        reasons[measures.error] = reasons.get(measures.error, 0) + 1
            seen_before += group.num_rows
            if meter.nsfw is not None:
                for start in range(0, len(looks), NSFW_BATCH):
                    part = looks[start : start + NSFW_BATCH]
                    for (index, _), value in zip(part, meter.nsfw.scores([look for _, look in part]), strict=True):
                        rows[index]["nsfw"] = float(value)
            append_measures(pa.Table.from_pylist(rows, schema=MEASURED))
            append_inputs(pa.table([pixels], schema=INPUTS))
    return Counts(rows_in, rows_out, dict(sorted(reasons.items())))


NSFW_BATCH = 32
"""150 KB each, as float 600; a larger batch is no faster on one core."""


def _measured(
    content: bytes, settings: MeasureSettings, meter: Meter
) -> tuple[Measures, bytes | None, np.ndarray | None]:
    """A picture's measures, and what the CLIP and the NSFW model see of it."""
    try:
        with deadline(settings.seconds):
            decoded = picture.decode(content, max_pixels=settings.max_pixels)
            p_hash, d_hash = picture.hashes(decoded.gray)
            measures = Measures(
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                width=decoded.width,
                height=decoded.height,
                format=decoded.format,
                p_hash=p_hash,
                d_hash=d_hash,
                sharpness=quality.sharpness(picture.levels(decoded, picture.SHARPNESS_SIDE)),
                entropy=quality.entropy(decoded.gray.histogram()),
                main_colour=quality.main_colour(picture.sample(decoded)),
                brisque=None
                if meter.brisque is None
                else meter.brisque.score(picture.levels(decoded, picture.BRISQUE_SIDE)),
            )
            seen = None if meter.frame is None else picture.framed(decoded, meter.frame, meter.resize).tobytes()
            look = None if meter.nsfw is None else nsfw.model_input(decoded)
    except picture.NotAPicture as error:
        return Measures(error=error.reason), None, None
    except DeadlinePassed:
        return Measures(error="too_slow"), None, None
    return measures, seen, look


@dataclass(frozen=True, slots=True)
class Embedder:
    """The CLIP model and the heads over its embedding."""

    clip: Towers
    aesthetic: Head | None
    nsfw: Head | None


def start_embed(settings: EmbedSettings) -> Embedder:
    loaded = load_clip(settings.clip)
    aesthetic, unsafe = (
        None if wanted is None else head.load(wanted, loaded.dimension)
        for wanted in (settings.aesthetic, settings.unsafe)
    )
    return Embedder(loaded, aesthetic, unsafe)


def load_clip(wanted: ClipSettings | None) -> Towers:
    from omnicorpus import clip

    assert wanted is not None
    if wanted.engine == "onnx_int8":
        from omnicorpus import int8

        return int8.load(_model_name(wanted), wanted.pretrained, cache=wanted.cache)
    return clip.load(
        _model_name(wanted), wanted.pretrained, device=wanted.device, precision=wanted.precision, cache=wanted.cache
    )


RETURNED = pa.schema(
    [("key", pa.string()), ("url", pa.string()), *KEPT_MEASURES, ("embedding", pa.list_(pa.float16()))]
)
"""What a document shard is told of an address that it shows."""


def images(call: Call, embedder: Embedder | None) -> Counts:
    """Embed every picture, write the table of images, and send the measures to the document shards that show them."""
    settings: EmbedSettings = call.settings
    returned: list[pa.Table] = []
    homes: list[np.ndarray] = []
    reasons: Counter[str] = Counter()
    count = 0
    groups = zip(
        table.groups(call.one("measure.measures")),
        table.groups(call.one("measure.inputs")),
        table.groups(call.one("fetch.pictures"), ["content"]),
        strict=True,
    )
    with table.appending(call.path("images"), schema.IMAGES, plain=["content"]) as append:
        for measured, inputs, pictures in groups:
            pixels = inputs["pixels"].to_pylist()
            verdicts = watch.tried(call, pixels, lambda seen: _vectors([seen], embedder, settings), first=count)
            count += measured.num_rows
            if any(verdicts):
                errors = [
                    error if lost is None else lost.rule
                    for error, lost in zip(measured["error"].to_pylist(), verdicts, strict=True)
                ]
                place = measured.schema.get_field_index("error")
                measured = measured.set_column(place, measured.schema.field(place), [errors])
                pixels = [seen if lost is None else None for seen, lost in zip(pixels, verdicts, strict=True)]
                reasons.update(lost.rule for lost in verdicts if lost is not None)
            vectors, held = _vectors(pixels, embedder, settings)
            scored = _with_heads(measured, vectors, held, embedder)
            whole = scored.append_column("embedding", _embeddings(vectors, held, measured.num_rows))
            whole = whole.append_column("content", pictures["content"])
            append(whole.select(schema.IMAGES.names))
            lengths = np.array([len(shards) for shards in whole["shards"].to_pylist()], dtype=np.int64)
            homes.append(whole["shards"].combine_chunks().flatten().to_numpy(zero_copy_only=False))
            returned.append(whole.select(RETURNED.names).take(pa.array(np.repeat(np.arange(len(lengths)), lengths))))
    rows = pa.concat_tables([RETURNED.empty_table(), *returned])
    home = np.concatenate([np.empty(0, np.int64), *homes]).astype(np.int64)
    table.scatter(call.path("measures"), rows, home, settings.document_shards)
    return Counts(count, count - reasons.total(), dict(sorted(reasons.items())))


def _vectors(
    given: Sequence[bytes | None], embedder: Embedder | None, settings: EmbedSettings
) -> tuple[np.ndarray, list[int]]:
    """Unit vectors of a row group's pictures, which go through the model together, and the rows that have one."""
    held = [index for index, item in enumerate(given) if item is not None]
    if embedder is None or settings.clip is None or not held:
        return np.empty((0, 0), np.float32), []
    side = embedder.clip.frame.side
    stack = np.frombuffer(b"".join(item for item in given if item is not None), np.uint8).reshape(-1, side, side, 3)
    return embedder.clip.images(stack, settings.clip.batch), held


def _embeddings(vectors: np.ndarray, held: Sequence[int], count: int) -> pa.Array:
    found: list[np.ndarray | None] = [None] * count
    for index, vector in zip(held, vectors.astype(np.float16), strict=True):
        found[index] = vector
    return pa.array(found, pa.list_(pa.float16()))


def _with_heads(measured: pa.Table, vectors: np.ndarray, held: Sequence[int], embedder: Embedder | None) -> pa.Table:
    """The scores that heads over the embedding give, in their columns."""
    heads = {} if embedder is None else {"aesthetic": embedder.aesthetic, "nsfw": embedder.nsfw}
    for name, model in heads.items():
        if model is not None and held:
            scores: list[float | None] = [None] * measured.num_rows
            for index, score in zip(held, model.scores(vectors).tolist(), strict=True):
                scores[index] = score
            place = measured.schema.get_field_index(name)
            measured = measured.set_column(place, MEASURED.field(name), pa.array(scores, pa.float32()))
    return measured
