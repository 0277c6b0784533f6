"""A CLIP model whose pictures ONNX Runtime sees in 8 bits, on a CPU.

Made once from the model that open_clip loads, kept beside its weights' cache. Pictures' vectors have a cosine of 0.9998
with the exact ones (docs/images.md). Texts stay with torch: 8 bits cost the small text tower up to 0.03, and with 32
ONNX Runtime is no faster.
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

IMAGES = "images.int8.onnx"


@dataclass(frozen=True, slots=True)
class Int8:
    """A loaded model, used as `clip.Clip` is. `source` reads the texts."""

    source: clip.Clip
    seeing: Any

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
        """Texts to float32 of shape (n, dimension), of unit length."""
        return self.source.texts(texts, batch)


def load(model: str, pretrained: str | None = None, *, cache: str | None = None) -> Int8:
    """Load the model, and make its ONNX file where it isn't there yet (a minute). Raises what `clip.load` raises."""
    source = clip.load(model, pretrained, device="cpu", precision="fp32", cache=cache)
    place = folder(model, pretrained, cache)
    if not (place / IMAGES).is_file():
        _make(source, place)
    return Int8(source, ort.session(place / IMAGES))


def folder(model: str, pretrained: str | None, cache: str | None = None) -> Path:
    """Where the file lies, or will: by the weights' sha256, so that other weights are another model."""
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
        if (place / IMAGES).is_file():
            return
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f"{place.name}.writing-") as name:
            half = Path(name)
            source.export_images(half / "images.onnx")
            ort.to_int8(half / "images.onnx", half / IMAGES)
            place.mkdir(exist_ok=True)
            (half / IMAGES).replace(place / IMAGES)
