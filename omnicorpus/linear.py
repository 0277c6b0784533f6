"""A linear classifier of texts over their hashed character n-grams: small, fast, of any script, trained in seconds.

It knows no words, so it needs no spaces between them. Training is multinomial logistic regression by L-BFGS (scipy,
which enters the project here): one optimum, no seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from omnicorpus.errors import ModelMissing

LENGTHS = (1, 2, 3, 4, 5)
BUCKETS = 1 << 18
CHARACTERS = 20_000
"""Read of a text: about 3,500 English words."""

RIDGE = 0.1
"""Of the penalty RIDGE / n * |weights|² / 2; logistic regression's C of 10."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` of shape (labels, BUCKETS + 1), the last column the biases."""

    weights: np.ndarray
    labels: tuple[str, ...]

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts, labels): 0–1, a row's sum is 1; NaN in the row of a text without a character."""
        found = np.full((len(texts), len(self.labels)), np.nan)
        for row, text in zip(found, texts, strict=True):
            places, values = features(text)
            if len(places):
                row[:] = softmax(self.weights[:, places] @ values + self.weights[:, -1])
        return found


def features(text: str) -> tuple[np.ndarray, np.ndarray]:
    """The buckets of a text's n-grams, ascending, and their values: a vector of unit length, empty for no character."""
    start = " ".join(text[:CHARACTERS].lower().split())
    codes = np.frombuffer(start.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    codes[(codes >= ord("0")) & (codes <= ord("9"))] = ord("0")
    counts = np.zeros(BUCKETS, np.int64)
    run = np.zeros(len(codes), np.uint64)
    for length in range(1, LENGTHS[-1] + 1):
        if len(codes) < length:
            break
        run = (run[: len(codes) - length + 1] + codes[length - 1 :] + np.uint64(length)) * _FACTOR
        run ^= run >> np.uint64(29)
        counts += np.bincount((run % np.uint64(BUCKETS)).astype(np.int64), minlength=BUCKETS)
    places = np.flatnonzero(counts)
    values = np.log1p(counts[places])
    length_of_all = np.sqrt((values**2).sum()) or 1.0
    return places, (values / length_of_all).astype(np.float32)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def train(texts: Sequence[str], labels: Sequence[str]) -> Linear:
    """The model of the texts; `labels` are at least two different ones."""
    names = tuple(sorted(set(labels)))
    wanted = np.array([names.index(label) for label in labels])
    rows = [features(text) for text in texts]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    matrix = csr_matrix(
        (np.concatenate([values for _, values in rows]), np.concatenate([places for places, _ in rows]), ends),
        shape=(len(rows), BUCKETS),
    )
    used = np.flatnonzero(np.bincount(matrix.indices, minlength=BUCKETS))
    matrix = matrix[:, used].astype(np.float64)
    shape = (len(names), len(used) + 1)
    hits = np.zeros((len(rows), len(names)))
    hits[np.arange(len(rows)), wanted] = 1.0

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape)
        chances = softmax(matrix @ weights[:, :-1].T + weights[:, -1])
        wrong = (chances - hits) / len(rows)
        slope = np.empty(shape)
        slope[:, :-1] = (matrix.T @ wrong).T + RIDGE / len(rows) * weights[:, :-1]
        slope[:, -1] = wrong.sum(axis=0)
        fit = -np.log(np.maximum(chances[np.arange(len(rows)), wanted], 1e-300)).mean()
        return float(fit + RIDGE / len(rows) / 2 * (weights[:, :-1] ** 2).sum()), slope.ravel()

    solved = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    weights = np.zeros((len(names), BUCKETS + 1), np.float32)
    found = np.asarray(solved.x).reshape(shape)
    weights[:, used], weights[:, -1] = found[:, :-1], found[:, -1]
    return Linear(weights, names)


def save(model: Linear, path: Path) -> None:
    np.save(path, model.weights, allow_pickle=False)


def load(path: Path, labels: Sequence[str]) -> Linear:
    """Raises ModelMissing where there is no such file, or one of other labels."""
    if not path.is_file():
        raise ModelMissing(f"no weights at {path}: train the model again (omnicorpus train-scorer)")
    try:
        with path.open("rb") as file:
            weights = np.load(file, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ModelMissing(f"{path} is damaged ({error}): train the model again (omnicorpus train-scorer)") from error
    if weights.shape != (len(labels), BUCKETS + 1) or not np.isfinite(weights).all():
        raise ModelMissing(f"{path} holds no weights of {len(labels)} labels: train it again (omnicorpus train-scorer)")
    return Linear(weights, tuple(labels))
