from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from omnicorpus import config, fasttext_model, scorer
from omnicorpus.document import Scores
from omnicorpus.errors import ConfigError, ModelMissing
from omnicorpus.scorer import ColumnSettings, Passage, ScorerSettings
from omnicorpus.training import TrainingSettings, train
from tests.omnicorpus.test_fasttext_model import examples

PASSAGES = [Passage("the boat and the tide", "en"), Passage("", "en"), Passage("bread and butter", None)]


def labelled(folder: Path) -> str:
    texts, labels = examples()
    lines = (json.dumps({"text": text, "label": label}) for text, label in zip(texts, labels, strict=True))
    (folder / "labelled.jsonl").write_text("\n".join(lines))
    return str(folder / "labelled.jsonl")


@pytest.fixture(scope="module", params=["linear", "fasttext"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ScorerSettings:
    folder = tmp_path_factory.mktemp("scorer")
    train(labelled(folder), str(folder / "model"), TrainingSettings(request.param))
    columns = (ColumnSettings("non_advertisement_prob", ("sea",)), ColumnSettings("any", ("sea", "kitchen")))
    return ScorerSettings("ads", request.param, str(folder / "model"), columns)


def test_labels_become_columns_published_or_own(settings: ScorerSettings) -> None:
    first, empty, last = scorer.load(settings).scores(PASSAGES)
    assert first.non_advertisement_prob is not None
    assert last.non_advertisement_prob is not None
    assert first.non_advertisement_prob > 0.5 > last.non_advertisement_prob
    assert abs(dict(first.others)["any"] - 1) < 1e-3
    assert first.toxic_prob is None
    if settings.kind == "linear":
        assert empty == Scores()


def test_a_model_is_known_by_its_files_not_by_its_path(settings: ScorerSettings, tmp_path: Path) -> None:
    told = scorer.resolved(settings)
    assert told.sha256 == scorer.digest(settings)
    shutil.copytree(settings.path, tmp_path / "copy")
    (tmp_path / "copy" / "README.md").write_text("another card")
    copied = config.fill(ScorerSettings, {**plain(told), "path": str(tmp_path / "copy")}, "test")
    assert scorer.digest(copied) == told.sha256
    weights = tmp_path / "copy" / scorer.WEIGHTS[settings.kind]
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelMissing, match=r"is not the model of scorer ads \(sha256"):
        scorer.load(copied)
    assert scorer.resolved(copied) is copied


def plain(settings: ScorerSettings) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(config.plain(settings)))
    return values


def test_a_label_that_the_model_has_not_is_refused_with_those_it_has(settings: ScorerSettings) -> None:
    wrong = ScorerSettings("ads", settings.kind, settings.path, (ColumnSettings("toxic_prob", ("toxic",)),))
    with pytest.raises(ConfigError, match="has no label toxic; it has kitchen, sea"):
        scorer.load(wrong)


def test_a_fasttext_file_of_anybodys_is_a_scorer(tmp_path: Path) -> None:
    fasttext_model.train(*examples(), tmp_path / "theirs.bin", seed=1)
    one = ScorerSettings("x", "fasttext", str(tmp_path / "theirs.bin"), (ColumnSettings("sea", ("sea",)),))
    assert dict(scorer.load(scorer.resolved(one)).scores(PASSAGES[:1])[0].others)["sea"] > 0.5


def test_a_missing_model_says_how_to_make_it(tmp_path: Path) -> None:
    for kind in ("linear", "fasttext"):
        one = ScorerSettings("x", kind, str(tmp_path / "no"), (ColumnSettings("a", ("a",)),))  # type: ignore[arg-type]
        with pytest.raises(ModelMissing, match=r"no trained scorer at .*train-scorer"):
            scorer.resolved(one)


def test_a_model_of_another_kind_is_refused(settings: ScorerSettings) -> None:
    other = "fasttext" if settings.kind == "linear" else "linear"
    wrong = ScorerSettings("x", other, settings.path, settings.columns)  # type: ignore[arg-type]
    with pytest.raises(ModelMissing, match=f"holds a model of the kind {settings.kind}"):
        scorer.load(wrong)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Has Space"}, "name is of a-z"),
        ({"columns": []}, "columns are given for every kind"),
        ({"kind": "ngram"}, "columns are given for every kind"),
        ({"columns": [{"name": "flagged_share", "labels": ["a"]}]}, "no model can give a column 'flagged_share'"),
        ({"columns": [{"name": "line_count", "labels": ["a"]}]}, "no model can give a column 'line_count'"),
        ({"columns": [{"name": "toxic_prob", "labels": []}]}, "toxic_prob needs labels"),
        ({"batch": 0}, "at least 1"),
        ({"kind": "bert"}, "kind is one of classifier, linear, fasttext, ngram, not 'bert'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any], message: str) -> None:
    values = {"name": "a", "kind": "linear", "path": "x", "columns": [{"name": "toxic_prob", "labels": ["t"]}]}
    with pytest.raises(ConfigError, match=message):
        config.fill(ScorerSettings, {**values, **changes}, "test")
