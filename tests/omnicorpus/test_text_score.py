from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from omnicorpus import alone, config, job, plan, runner, schema, scorer, table, text_score
from omnicorpus.document import Document, Drop, Scores
from omnicorpus.errors import ConfigError
from omnicorpus.job import Identity
from omnicorpus.runner import Engine, Inline
from omnicorpus.scorer import ColumnSettings, Passage, ScorerSettings
from omnicorpus.stage import Call, Counts, Need, Resources, Stage
from omnicorpus.text_score import MeasuredSettings, TextScoreSettings
from tests.build import doc
from tests.classifier import write_classifier

WORDS = ["the tide comes in", "harbour lights", "a boat of the sea", "lights", "sea the boat"]
DOCUMENTS = [
    replace(doc(" ".join(WORDS[: 1 + number % 5]) + "." * number, url=f"https://a.test/{number}"), id=f"{number:032x}")
    for number in range(7)
]


def give(call: Call, _state: object) -> Counts:
    table.write(call.path("documents"), schema.documents_table(DOCUMENTS), rows_per_group=3)
    return Counts(len(DOCUMENTS), len(DOCUMENTS))


def gather(call: Call, _state: object) -> Counts:
    table.write(call.path("scores"), schema.scores_table(text_score.stored(call).items()))
    return Counts(len(DOCUMENTS), len(DOCUMENTS))


def measure(document: Document, settings: MeasuredSettings) -> Scores:
    return Scores(flagged_share=len(document.text()) / 100 if settings.flagged_words else None)


def read(document: Document) -> Passage:
    return Passage(document.text(), document.language)


def pipeline(settings: TextScoreSettings) -> tuple[Stage, ...]:
    scores = text_score.stages(Need("given", "documents"), settings, measure=measure, read=read)
    return (
        Stage("given", give, None, ("documents",), shards=("a", "b")),
        *scores,
        Stage("gathered", gather, None, ("scores",), needs=tuple(Need(stage.name, "scores") for stage in scores)),
    )


def run(root: Path, settings: TextScoreSettings, engine: Engine) -> list[dict[str, Scores]]:
    stages = pipeline(settings)
    job.execute(str(root), stages, Identity("test", (), {}), lambda: engine, lambda _progress: None)
    laid_out = plan.make(str(root), stages)
    last = laid_out.steps[-1]
    return [schema.scores(table.read(laid_out.table(last, name, "scores"))) for name in last.shards]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScorerSettings, ScorerSettings]:
    toxic = write_classifier(tmp_path_factory.mktemp("toxic"), labels=("clean", "toxic", "porn"))
    fluent = write_classifier(tmp_path_factory.mktemp("fluent"), labels=("no", "yes"), seed=1)
    two = (ColumnSettings("toxic_prob", ("toxic",)), ColumnSettings("porn_prob", ("porn",)))
    return (
        ScorerSettings("safety", "classifier", toxic, two, tokens=64, batch=2),
        ScorerSettings("fluency", "classifier", fluent, (ColumnSettings("fluency_prob", ("yes",)),), tokens=64),
    )


@pytest.mark.slow
def test_models_in_actors_give_every_document_its_scores(
    engine: Engine, models: tuple[ScorerSettings, ...], tmp_path: Path
) -> None:
    shards = run(tmp_path, text_score.resolved(TextScoreSettings(models=models)), engine)
    expected = {}
    loaded = [scorer.load(model) for model in models]
    for document in DOCUMENTS:
        found = measure(document, MeasuredSettings(True, True))
        for model in loaded:
            found = text_score.merged(found, model.scores([read(document)])[0])
        expected[document.id] = found
    for scores in shards:
        assert list(scores) == list(expected)
        for name, found in scores.items():
            assert found.flagged_share == expected[name].flagged_share
            for column in ("toxic_prob", "porn_prob", "fluency_prob"):
                assert abs(getattr(found, column) - getattr(expected[name], column)) < 1e-5
            assert found.politics_prob is None


@pytest.mark.slow
def test_a_stage_takes_what_the_config_gives_it(models: tuple[ScorerSettings, ...]) -> None:
    stages = pipeline(TextScoreSettings(models=models))
    given = plan.with_resources(
        stages, {"scorer-safety": {"cpus": 2, "pool": 1}, "scorer-fluency": {"gpus": 0.25}}, "t"
    )
    resources = {stage.name: stage.resources for stage in given}
    assert (resources["scorer-safety"].cpus, resources["scorer-safety"].pool) == (2, 1)
    assert resources["scorer-fluency"].gpus == 0.25
    assert resources["scores"].gpus == 0


@pytest.mark.slow
def test_a_model_that_is_added_is_the_only_one_that_scores(models: tuple[ScorerSettings, ...], tmp_path: Path) -> None:
    one, both = (text_score.resolved(TextScoreSettings(models=chosen)) for chosen in (models[:1], models))
    run(tmp_path, one, Inline())
    outcome = job.execute(str(tmp_path), pipeline(both), Identity("test", (), {}), Inline, lambda _progress: None)
    assert outcome.redone == ("scorer-fluency", "gathered")


def test_without_models_nothing_is_started_and_nothing_is_invented(tmp_path: Path) -> None:
    assert all(stage.start is None for stage in pipeline(TextScoreSettings()))
    for scores in run(tmp_path, TextScoreSettings(), Inline()):
        assert [found.toxic_prob for found in scores.values()] == [None] * len(DOCUMENTS)
        assert scores[DOCUMENTS[0].id] == Scores(flagged_share=0.17)


def test_one_score_has_one_source() -> None:
    model: dict[str, Any] = {
        "name": "a", "kind": "linear", "path": "x", "columns": [{"name": "toxic_prob", "labels": ["t"]}]
    }  # fmt: skip
    with pytest.raises(ConfigError, match="the column toxic_prob is there twice"):
        config.fill(TextScoreSettings, {"models": [model, {**model, "name": "b"}]}, "test")
    with pytest.raises(ConfigError, match="the model a is there twice"):
        config.fill(TextScoreSettings, {"models": [model, model]}, "test")


def test_scores_are_put_together_and_the_first_of_two_wins() -> None:
    first = Scores(toxic_prob=0.1, others=(("b", 1.0),))
    second = Scores(toxic_prob=0.9, fluency_prob=0.5, others=(("a", 2.0), ("b", 3.0)))
    assert text_score.merged(first, second) == Scores(toxic_prob=0.1, fluency_prob=0.5, others=(("a", 2.0), ("b", 1.0)))


def test_scores_survive_their_table() -> None:
    given = {
        "a": Scores(fluency_prob=0.25, others=(("x", 1.5), ("y", -2.0))),
        "b": Scores(),
        "c": Scores(ngram_surprise=-3.5, flagged_share=0.0),
    }
    assert schema.scores(schema.scores_table(given.items())) == given


class Deadly:
    """A model that dies of one text and never comes back from another, alone or among others."""

    def scores(self, passages: Sequence[Passage]) -> list[Scores]:
        for passage in passages:
            if passage.text == DOCUMENTS[2].text():
                ctypes.string_at(0)
            if passage.text == DOCUMENTS[5].text():
                re.match(r"(a*)*b", "a" * 64)
        return [Scores(toxic_prob=0.5)] * len(passages)


def start_deadly(_settings: object) -> Deadly:
    return Deadly()


@pytest.mark.slow
def test_a_text_that_kills_or_holds_a_models_batch_is_lost_alone(tmp_path: Path) -> None:
    given, _ = pipeline(TextScoreSettings(statistics=False, flagged_words=False))
    deadly = Stage(
        "scorer-deadly", partial(text_score.scored, read=read), None, ("scores",), (Need("given", "documents"),),
        start=start_deadly, resources=Resources(record_seconds=2.0), records=True,
    )  # fmt: skip
    runner.run(plan.make(str(tmp_path), (given,)), Inline(), lambda _progress: None)
    laid = plan.make(str(tmp_path), (given, deadly))
    call = laid.call(laid.step("scorer-deadly"), 0)
    done = alone.perform(deadly, call)
    assert (done.rows_in, done.rows_out, done.drops) == (7, 5, {"crash": 1, "hang": 1})
    whole = table.read(call.path("scores"))
    assert [found.toxic_prob for found in schema.scores(whole).values()] == [0.5, 0.5, None, 0.5, 0.5, None, 0.5]
    reading = Call("refine", "a", 0, 2, "", None, {"scorer-deadly.scores": (call.path("scores"),)})
    assert text_score.lost(reading) == {
        DOCUMENTS[2].id: Drop("crash", detail="scorer-deadly: SIGSEGV"),
        DOCUMENTS[5].id: Drop("hang", 2.0, 2.0, "scorer-deadly"),
    }
