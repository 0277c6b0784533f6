"""Heads over the CLIP embedding: chains of linear layers from a weights file, and nothing else."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from omnicorpus import head
from omnicorpus.errors import ModelMissing
from omnicorpus.head import Head, HeadSettings


def chain(*sizes: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    weights: dict[str, np.ndarray] = {}
    for index, (before, after) in enumerate(pairwise(sizes)):
        weights[f"layers.{index}.weight"] = generator.normal(size=(after, before)).astype(np.float32)
        weights[f"layers.{index}.bias"] = generator.normal(size=after).astype(np.float32)
    return weights


def test_one_layer_is_a_line() -> None:
    line = Head(((np.array([[2.0, -1.0]], np.float32), np.array([0.5], np.float32)),), "nothing", "nothing")
    assert line.scores(np.array([[1.0, 1.0], [0.0, 2.0]])).tolist() == [1.5, -1.5]


def test_what_stands_between_and_behind() -> None:
    one = np.ones((1, 1), np.float32)
    layers = ((-one, np.zeros(1, np.float32)), (one, np.zeros(1, np.float32)))
    values = np.array([[1.0], [-2.0]])
    assert Head(layers, "nothing", "nothing").scores(values).tolist() == [-1.0, 2.0]
    assert Head(layers, "relu", "nothing").scores(values).tolist() == [0.0, 2.0]
    assert Head(layers, "relu", "sigmoid").scores(values).tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-2))])


def test_weights_that_are_no_chain_are_refused() -> None:
    good = chain(4, 3, 1)
    assert len(head.layers(good)) == 2
    for bad in (
        {},
        chain(4, 3),
        {name: values for name, values in good.items() if name != "layers.0.bias"},
        {**good, "layers.2.weight": np.ones((1, 7), np.float32), "layers.2.bias": np.ones(1, np.float32)},
        {**good, "norm.running_mean": np.ones(3, np.float32)},
    ):
        with pytest.raises(ModelMissing, match="no chain"):
            head.layers(bad)


@pytest.mark.slow
def test_files_are_read_and_checked(tmp_path: Path) -> None:
    import torch

    weights = chain(8, 4, 1)
    save_file(weights, tmp_path / "head.safetensors")
    torch.save({name: torch.from_numpy(values) for name, values in weights.items()}, tmp_path / "head.pth")
    vectors = np.random.default_rng(1).normal(size=(5, 8)).astype(np.float32)
    one, other = (head.load(HeadSettings(str(tmp_path / f"head.{end}")), 8) for end in ("safetensors", "pth"))
    assert one.scores(vectors).shape == (5,)
    assert np.array_equal(one.scores(vectors), other.scores(vectors))
    with pytest.raises(ModelMissing, match="no weights"):
        head.load(HeadSettings(str(tmp_path / "nothing.pth")), 8)
    with pytest.raises(ModelMissing, match="sha256"):
        head.load(HeadSettings(str(tmp_path / "head.pth"), sha256="0" * 64), 8)
    with pytest.raises(ModelMissing, match="gives 9"):
        head.load(HeadSettings(str(tmp_path / "head.pth")), 9)
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(ModelMissing, match="no file of weights"):
        head.load(HeadSettings(str(tmp_path / "text.pth")), 8)
