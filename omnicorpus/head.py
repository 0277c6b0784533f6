"""Small heads over the CLIP embedding: one forward pass of the large model serves every score.

LAION publishes three of them: two aesthetic predictors (v1, one linear layer; v2, "improved aesthetic predictor", five
without anything between them) and a detector of unsafe pictures (relu between its layers, sigmoid behind them). All are
chains of linear layers, so one function runs them, from the weights' file alone. Each is of one CLIP model: a head of
another model is refused by its width.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from omnicorpus.errors import ModelMissing

Between = Literal["nothing", "relu"]
Behind = Literal["nothing", "sigmoid"]


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """A head's weights file (.safetensors, .pth), what stands between its layers and behind them, and the file's
    sha256.

    Between LAION's aesthetic layers stands nothing (v2's dropout is for training only). `sha256` is checked where it is
    given. `url` is where `omnicorpus models get` finds the file when it isn't at `path` yet.
    """

    path: str
    url: str | None = None
    between: Between = "nothing"
    behind: Behind = "nothing"
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Linear layers: (weights of shape (out, in), biases of shape (out,)), each."""

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]
    between: Between
    behind: Behind

    @property
    def width(self) -> int:
        return int(self.layers[0][0].shape[1])

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """Unit vectors of shape (n, width) to float32 of shape (n,)."""
        values = vectors.astype(np.float32)
        for index, (weights, biases) in enumerate(self.layers):
            if index and self.between == "relu":
                values = np.maximum(values, 0)
            values = values @ weights.T + biases
        values = values[:, 0]
        return np.asarray(1 / (1 + np.exp(-values)) if self.behind == "sigmoid" else values, dtype=np.float32)


def load(settings: HeadSettings, width: int) -> Head:
    """Raises ModelMissing where the file isn't there, is another, or belongs to a CLIP model of another width."""
    path = Path(settings.path)
    if not path.is_file():
        raise ModelMissing(f"no weights of a head at {path}: download LAION's file there, or leave this head out")
    if settings.sha256 is not None and hashlib.sha256(path.read_bytes()).hexdigest() != settings.sha256:
        raise ModelMissing(f"{path} is not the file that its sha256 names: download it again")
    head = Head(layers(_weights(path)), settings.between, settings.behind)
    if head.width != width:
        raise ModelMissing(
            f"the head {path} reads {head.width} numbers and the CLIP model gives {width}: a head belongs to one model"
        )
    return head


def _weights(path: Path) -> Mapping[str, np.ndarray]:
    from omnicorpus import clip

    try:
        return clip.read_weights(str(path))
    except Exception as error:  # a foreign file makes torch's unpickler raise whatever it likes
        raise ModelMissing(f"{path} is no file of weights: {str(error).splitlines()[0]}") from error


def layers(weights: Mapping[str, np.ndarray]) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """The linear layers of a file, in its order, which must fit together and end in one number. Raises ModelMissing."""
    found = []
    for name, values in weights.items():
        stem, _, kind = name.rpartition(".")
        bias = weights.get(f"{stem}.bias" if stem else "bias")
        if kind == "weight" and values.ndim == 2 and bias is not None and bias.shape == values.shape[:1]:
            found.append((values.astype(np.float32), bias.astype(np.float32)))
    fitting = all(before[0].shape[0] == after[0].shape[1] for before, after in pairwise(found))
    if not found or not fitting or found[-1][0].shape[0] != 1 or len(found) * 2 != len(weights):
        raise ModelMissing(f"these weights are no chain of linear layers to one number: {', '.join(list(weights)[:6])}")
    return tuple(found)
