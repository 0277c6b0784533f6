"""Which items of a page are its main body: two small networks over the measures of `omnicorpus.features`.

The first judges each text by itself, its place and its neighbours. Then the set of texts is chosen whose expected F1
against the true body is largest, and a second, linear model keeps or cuts each picture by the texts kept around it.
The weights in `body.json` were learnt by `benchmarks/train_body.py`; docs/extraction.md has the cross-validated
figures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from omnicorpus import verdict
from omnicorpus.blocks import Page
from omnicorpus.features import Addressed, Bools, Floats, Hints, Ints, Measured, measure, picture_rows


@dataclass(frozen=True, slots=True)
class Network:
    """Layers of weights with ReLU between them, over columns scaled by `mean` and `scale` and clipped."""

    mean: Floats
    scale: Floats
    layers: tuple[tuple[Floats, Floats], ...]
    flat: tuple[Floats, Floats, Ints, Floats, Floats] = field(init=False, repr=False)
    """Mean, scale, widths, weights and biases as `verdict.probability` wants them."""

    def __post_init__(self) -> None:
        widths = [self.mean.size, *(bias.size for _, bias in self.layers)]
        weights = [np.asarray(weight, np.float32).T.ravel() for weight, _ in self.layers]
        biases = [np.asarray(bias, np.float32) for _, bias in self.layers]
        flat = (self.mean, self.scale, np.array(widths), np.concatenate(weights), np.concatenate(biases))
        object.__setattr__(self, "flat", flat)

    def probability(self, rows: Floats) -> Floats:
        """Rows (n, columns) to as many probabilities."""
        found: Floats = verdict.probability(np.ascontiguousarray(rows, np.float32), np.arange(len(rows)), *self.flat)
        return found


@dataclass(frozen=True, slots=True)
class Model:
    """The two networks; `picture_threshold` is the probability from which a picture is kept."""

    text: Network
    picture: Network
    picture_threshold: float


@cache
def model() -> Model:
    """The shipped weights, read once for each process."""
    data = json.loads(files("omnicorpus").joinpath("body.json").read_text("ascii"))
    return Model(_network(data["text"]), _network(data["picture"]), data["picture_threshold"])


def _network(data: dict[str, list[float]]) -> Network:
    mean = np.array(data["mean"], dtype=np.float32)
    layers = []
    width = len(mean)
    for weight, bias in zip(data["weights"], data["biases"], strict=True):
        layers.append((np.array(weight, dtype=np.float32).reshape(width, -1), np.array(bias, dtype=np.float32)))
        width = layers[-1][1].size
    return Network(mean, np.array(data["scale"], dtype=np.float32), tuple(layers))


def kept_texts(measured: Measured, network: Network) -> Bools:
    """For each item, whether it is a text of the set with the largest expected F1 (see `verdict.best_set`)."""
    kept: Bools = verdict.chosen(measured.rows, measured.is_text, measured.tokens, *network.flat)
    return kept


def choose(page: Page, about: Hints, images: Mapping[int, Addressed]) -> Bools:
    """One truth value for each item of the page: whether it belongs to the main body.

    `images` holds the address and size of each picture that has an address, by its position.
    """
    if not page.columns.items.shape[1]:
        return np.zeros(0, dtype=np.bool_)
    learnt = model()
    measured = measure(page, about)
    chosen = kept_texts(measured, learnt.text)
    if images:
        positions, rows = picture_rows(page, measured, images, chosen)
        chosen[positions] = learnt.picture.probability(rows) >= learnt.picture_threshold
    return chosen
