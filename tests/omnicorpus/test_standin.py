"""The stand-in model: built once, whole, and better than chance by far."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from omnicorpus import picture, standin
from omnicorpus.errors import ModelMissing


def test_the_projection_leads_from_directions_to_meanings() -> None:
    generator = np.random.default_rng(0)
    true = generator.normal(size=(4, 6))
    directions = generator.normal(size=(200, 6)) + 3
    found = standin.projection(directions, directions @ true.T + 5, ridge=1e-9)
    assert np.allclose(found, true)


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ModelMissing, match="pip install left-pad"):
        standin._package_file(standin.Source("left_pad", "model", "left-pad"))


@pytest.mark.slow
def test_it_is_built_once() -> None:
    name = standin.build()
    folder = standin.folder()
    assert name == f"local-dir:{folder}"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert standin.build() == name
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]["embed_dim"] == 384


@pytest.mark.slow
@pytest.mark.shared
def test_the_right_caption_ranks_high(shared: Path) -> None:
    from omnicorpus import clip

    model = clip.load(standin.build(), device="cpu")
    stamps = [
        each for each in json.loads((shared / "captions" / "captions.json").read_text()) if "en" in each["captions"]
    ]
    pixels = [
        picture.framed(picture.decode((shared / "captions" / each["file"]).read_bytes()), model.frame)
        for each in stamps
    ]
    similarities = model.images(np.stack(pixels)) @ model.texts([each["captions"]["en"] for each in stamps]).T
    right = np.diag(similarities)
    first = float((similarities.argmax(axis=1) == np.arange(len(stamps))).mean())
    beaten = float((similarities < right[:, None]).sum() / similarities.size * len(stamps) / (len(stamps) - 1))
    # Chance is 0.009 and 0.5.
    assert len(stamps) == 110
    assert first > 0.2 and beaten > 0.83
