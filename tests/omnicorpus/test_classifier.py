"""A real BERT with its tokenizer, small and untrained, as a folder on disk: what a user's scorer looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from omnicorpus.errors import ConfigError, ModelMissing
from tests.classifier import write_classifier

pytestmark = pytest.mark.slow  # importing transformers takes seconds

TEXTS = ["the tide comes in", "a boat " * 90, "", "harbour lights", "the sea the sea", "x", "日本"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_classifier(tmp_path_factory.mktemp("bert"), labels=("clean", "toxic", "spam"))


@pytest.fixture(scope="module")
def classifier():  # type: ignore[no-untyped-def]
    from omnicorpus import classifier

    return classifier


def test_probabilities_are_those_of_the_model_itself(folder: str, classifier) -> None:  # type: ignore[no-untyped-def]
    model = classifier.load(folder, classifier.Reading(tokens=64))
    found = model.probabilities(TEXTS)
    assert model.labels == ("clean", "toxic", "spam")
    assert np.isnan(found[2]).all()
    rest = np.delete(found, 2, axis=0)
    assert np.allclose(rest.sum(axis=1), 1.0)
    one = model.tokenizer(TEXTS[3], return_tensors="pt")
    logits = model.model(**one).logits.double().softmax(-1).cpu().numpy()[0]
    assert np.abs(found[3] - logits).max() < 1e-6
    assert rest.std(axis=0).min() > 1e-3


@pytest.mark.parametrize("windows", [1, 3])
def test_the_batch_changes_nothing(folder: str, classifier, windows: int) -> None:  # type: ignore[no-untyped-def]
    reading = classifier.Reading(tokens=32, windows=windows)
    alone = classifier.load(folder, reading, batch=1).probabilities(TEXTS)
    for batch in (2, 3, 32):
        together = classifier.load(folder, reading, batch=batch).probabilities(TEXTS)
        assert np.nanmax(np.abs(together - alone)) < 1e-5
    backwards = classifier.load(folder, reading, batch=3).probabilities(TEXTS[::-1])[::-1]
    assert np.nanmax(np.abs(backwards - alone)) < 1e-5


def test_a_long_text_is_read_in_windows(folder: str, classifier) -> None:  # type: ignore[no-untyped-def]
    text = "a boat " * 20 + "the lights " * 40
    first = classifier.load(folder, classifier.Reading(tokens=16)).probabilities([text])
    mean = classifier.load(folder, classifier.Reading(tokens=16, windows=5)).probabilities([text])
    most = classifier.load(folder, classifier.Reading(tokens=16, windows=5, combine="max")).probabilities([text])
    assert (most >= mean).all()
    assert (most > first).any()
    assert not np.allclose(first, mean)


def test_a_multi_label_model_gives_each_label_its_own_probability(tmp_path: Path, classifier) -> None:  # type: ignore[no-untyped-def]
    folder = write_classifier(tmp_path, labels=("a", "b"), problem_type="multi_label_classification")
    found = classifier.load(folder, classifier.Reading(tokens=64)).probabilities(TEXTS[:2])
    assert not np.allclose(found.sum(axis=1), 1.0)
    assert ((found > 0) & (found < 1)).all()


def test_a_regression_keeps_its_value(tmp_path: Path, classifier) -> None:  # type: ignore[no-untyped-def]
    folder = write_classifier(tmp_path, labels=("score",), problem_type="regression")
    plain = classifier.load(folder, classifier.Reading(tokens=64)).probabilities(TEXTS[:2])
    squeezed = classifier.load(folder, classifier.Reading(tokens=64, activation="sigmoid")).probabilities(TEXTS[:2])
    assert np.allclose(squeezed, 1 / (1 + np.exp(-plain)))


def test_a_missing_model_says_what_to_put_where(tmp_path: Path, classifier) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelMissing, match=r"no sequence classifier .*config\.json, model\.safetensors and tokenizer"):
        classifier.load(str(tmp_path / "nothing"), classifier.Reading())
    with pytest.raises(ModelMissing, match=r"somebody/toxic: put .*omnicorpus models get CONFIG"):
        classifier.load("somebody/toxic", classifier.Reading())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelMissing, match="holds no sequence classifier with its tokenizer"):
        classifier.load(str(tmp_path / "empty"), classifier.Reading())


def test_a_model_that_was_trained_for_something_else_is_refused(tmp_path: Path, classifier) -> None:  # type: ignore[no-untyped-def]
    folder = write_classifier(tmp_path, labels=("a", "b"), headless=True)
    with pytest.raises(ModelMissing, match=r"no weights for classifier\.bias"):
        classifier.load(folder, classifier.Reading(tokens=64))


def test_more_tokens_than_the_model_reads_are_refused(folder: str, classifier) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match="reads 64 tokens at once, not 512: set tokens to 64 or less"):
        classifier.load(folder, classifier.Reading(tokens=512))


def test_a_gpu_that_is_not_there_is_refused(folder: str, classifier) -> None:  # type: ignore[no-untyped-def]
    if classifier.transformers.utils.is_torch_cuda_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ConfigError, match="can't go to the device cuda"):
        classifier.load(folder, classifier.Reading(tokens=64), device="cuda")
