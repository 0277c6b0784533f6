"""A CLIP model as ONNX Runtime has it on a CPU: pictures in 8 bits, texts in 32.

Made once from the model that open_clip loads, kept beside its weights' cache. Pictures' vectors differ from the exact
ones by a cosine of 0.9998 (docs/images.md); texts stay exact, because 8 bits cost the small text towers up to 0.03.
"""

from __future__ import annotations

import fcntl
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omnicorpus import clip, ort, standin
from omnicorpus.picture import Frame

IMAGES, TEXTS = "images.int8.onnx", "texts.onnx"


@dataclass(frozen=True, slots=True)
class Int8:
    """A loaded model, used as `clip.Clip` is. `source` makes what goes into the two files."""

    source: clip.Clip
    seeing: Any
    reading: Any

    @property
    def frame(self) -> Frame:
        return self.source.frame

    @property
    def dimension(self) -> int:
        return self.source.dimension

    def images(self, pixels: np.ndarray, batch: int = clip.BATCH) -> np.ndarray:
        """uint8 of shape (n, side, side, 3) to float32 of shape (n, dimension), of unit length."""
        parts = (pixels[start : start + batch] for start in range(0, len(pixels), batch))
        found = [ort.run(self.seeing, self.source.normal(part)) for part in parts]
        return np.concatenate(found) if found else np.empty((0, self.dimension), np.float32)

    def texts(self, texts: Sequence[str], batch: int = clip.BATCH) -> np.ndarray:
        """Texts to float32 of shape (n, dimension), of unit length; texts of as many tokens share a batch."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for rows, tokens in self.source.token_batches(texts, batch):
            vectors[rows] = ort.run(self.reading, tokens)
        return vectors


def load(model: str, pretrained: str | None = None, *, cache: str | None = None) -> Int8:
    """Load the model, and make its ONNX files where they aren't there yet (minutes). Raises what `clip.load` raises."""
    source = clip.load(model, pretrained, device="cpu", precision="fp32", cache=cache)
    place = folder(model, pretrained, cache)
    if not (place / TEXTS).is_file():
        _make(source, place)
    return Int8(source, ort.session(place / IMAGES), ort.session(place / TEXTS))


def folder(model: str, pretrained: str | None, cache: str | None = None) -> Path:
    """Where the files lie, or will: by the weights' sha256, so that other weights are another model."""
    weights = clip.find(model, pretrained, cache)
    digest = hashlib.sha256(repr((model, pretrained)).encode())
    if weights is not None:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    return standin.folder(cache).parent / f"onnx-1-{digest.hexdigest()[:16]}"


def _make(source: clip.Clip, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / TEXTS).is_file():
            return
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f"{place.name}.writing-") as name:
            half = Path(name)
            source.export_images(half / "images.onnx")
            ort.to_int8(half / "images.onnx", half / IMAGES)
            source.export_texts(half / TEXTS)
            place.mkdir(exist_ok=True)
            for file in (IMAGES, TEXTS):  # the texts last: where they are, the model is whole
                (half / file).replace(place / file)
