from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus import linear
from omnicorpus.errors import ModelMissing

SEA = ["the tide takes the boat", "a boat at sea", "sails and tides", "the harbour lights", "wind over the sea"]
KITCHEN = ["bread in the oven", "salt and butter", "knead the dough", "flour, yeast, water", "bake the bread"]
LABELS = ["sea"] * 5 + ["kitchen"] * 5


@pytest.fixture(scope="module")
def model() -> linear.Linear:
    return linear.train(SEA + KITCHEN, LABELS)


def test_it_tells_apart_what_it_learnt_and_what_is_like_it(model: linear.Linear) -> None:
    assert model.labels == ("kitchen", "sea")
    found = model.probabilities([*SEA, *KITCHEN, "boats on the tide", "a loaf of bread"])
    assert [model.labels[index] for index in found.argmax(axis=1)] == [*LABELS, "sea", "kitchen"]
    assert np.allclose(found.sum(axis=1), 1.0)


def test_the_same_texts_give_the_same_weights(model: linear.Linear) -> None:
    assert np.array_equal(linear.train(SEA + KITCHEN, LABELS).weights, model.weights)


def test_each_text_is_judged_alone(model: linear.Linear) -> None:
    texts = ["the sea", "bread " * 9_000, "", "  \n", "12 34"]
    together = model.probabilities(texts)
    alone = np.concatenate([model.probabilities([text]) for text in texts])
    assert np.array_equal(together, alone, equal_nan=True)
    assert np.isnan(together).any(axis=1).tolist() == [False, False, True, True, False]


def test_it_is_saved_and_loaded(model: linear.Linear, tmp_path: Path) -> None:
    linear.save(model, tmp_path / "weights.npy")
    again = linear.load(tmp_path / "weights.npy", model.labels)
    assert np.array_equal(again.probabilities(SEA), model.probabilities(SEA))
    with pytest.raises(ModelMissing, match="no weights of 3 labels"):
        linear.load(tmp_path / "weights.npy", ["a", "b", "c"])


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"\x93NUMPY\x01\x00"])
def test_files_that_are_none_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "weights.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelMissing, match="train the model again"):
        linear.load(path, ["a", "b"])


@given(st.text(max_size=200))
@settings(max_examples=50)
def test_features_are_a_unit_vector_of_ascending_buckets(text: str) -> None:
    places, values = linear.features(text)
    assert (np.diff(places) > 0).all()
    assert len(places) == 0 or abs(float((values**2).sum()) - 1) < 1e-4
