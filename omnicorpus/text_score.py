"""The scores of a corpus' texts, kept beside the documents so that thresholds can move later.

    scores         what needs no model: statistics, and whatever else the pipeline measures
    scorer-NAME    one stage for each model of the config, in actors, on processors or GPUs of its own

They read the same documents as the image stages and run beside them. Each writes one row of schema.SCORES for every
document; `stored` puts a document's rows together, and `lost` names the documents that killed a scorer: they are to be
dropped, because what could not be judged is not to pass as good. Adding a model to a finished run scores with that
model alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial

from omnicorpus import schema, scorer, table, watch
from omnicorpus.document import Document, Drop, Scores
from omnicorpus.images import GPU_DEVICE
from omnicorpus.scorer import ColumnSettings, Passage, Scorer, ScorerSettings
from omnicorpus.stage import Call, Counts, Need, Resources, Stage

TABLE = "scores"

VERSION = 2
"""Of the stages here."""


@dataclass(frozen=True, slots=True)
class TextScoreSettings:
    """What scores a text. `statistics` and `flagged_words` need no model; `models` are asked one after the other."""

    statistics: bool = True
    flagged_words: bool = True
    models: tuple[ScorerSettings, ...] = ()

    def __post_init__(self) -> None:
        names = [model.name for model in self.models]
        columns = [column for model in self.models for column in model.gives]
        for found, what in ((names, "model"), (columns, "column")):
            twice = next((name for name in found if found.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"the {what} {twice} is there twice: a score has one source")

    @property
    def gives(self) -> frozenset[str]:
        """The columns of scores that a document may have, statistics aside."""
        measured = {"flagged_share"} if self.flagged_words else set()
        return frozenset(measured.union(*(model.gives for model in self.models)))


@dataclass(frozen=True, slots=True)
class MeasuredSettings:
    statistics: bool
    flagged_words: bool


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What decides the values of one model's stage: not where it lies, nor how it is run."""

    kind: scorer.Kind
    sha256: str | None
    path: str | None
    columns: tuple[ColumnSettings, ...]
    tokens: int
    windows: int
    combine: str
    activation: str
    precision: str


Measure = Callable[[Document, MeasuredSettings], Scores]
"""A pure function that scores without a model."""
Read = Callable[[Document], Passage]
"""What of a document the models read."""


def resolved(settings: TextScoreSettings) -> TextScoreSettings:
    """The settings with every model's sha256, for the manifest. Raises ModelMissing where one isn't there."""
    return replace(settings, models=tuple(scorer.resolved(model) for model in settings.models))


def stages(documents: Need, settings: TextScoreSettings, *, measure: Measure, read: Read) -> tuple[Stage, ...]:
    """The stages that score `documents`; each gives a table `scores`."""
    found = []
    if settings.statistics or settings.flagged_words:
        found.append(
            Stage(
                "scores",
                partial(measured, measure=measure),
                MeasuredSettings(settings.statistics, settings.flagged_words),
                (TABLE,),
                needs=(documents,),
                version=VERSION,
                in_funnel=False,
                records=True,
            )
        )
    return (*found, *(_model_stage(documents, model, read) for model in settings.models))


def _model_stage(documents: Need, model: ScorerSettings, read: Read) -> Stage:
    decides = ModelSettings(
        model.kind,
        model.sha256,
        None if model.sha256 else model.path,
        model.columns,
        model.tokens,
        model.windows,
        model.combine,
        model.activation,
        model.precision,
    )
    return Stage(
        f"scorer-{model.name}",
        partial(scored, read=read),
        decides,
        (TABLE,),
        needs=(documents,),
        start=partial(start_scorer, model),
        resources=Resources(gpus=_gpus(model)),
        version=VERSION,
        in_funnel=False,
        records=True,
    )


def _gpus(model: ScorerSettings) -> float:
    if model.kind != "classifier" or model.device == "cpu":
        return 0.0
    if model.gpus is not None:
        return model.gpus
    return 1.0 if GPU_DEVICE.exists() else 0.0


def start_scorer(model: ScorerSettings, _settings: ModelSettings) -> Scorer:
    return scorer.load(model)


def measured(call: Call, _state: object, *, measure: Measure) -> Counts:
    """Score a shard without a model."""
    settings: MeasuredSettings = call.settings

    def score(documents: list[Document], first: int) -> list[Scores | Drop]:
        found = watch.records(call, documents, first=first)
        return [measure(document, settings) if lost is None else lost for document, lost in found]

    return _written(call, score)


def scored(call: Call, model: Scorer, *, read: Read) -> Counts:
    """Score a shard with one model, a row group of documents at a time."""

    def together(documents: list[Document]) -> list[Scores]:
        return model.scores([read(document) for document in documents])

    def score(documents: list[Document], first: int) -> list[Scores | Drop]:
        verdicts = watch.tried(call, documents, lambda document: together([document]), first=first)
        left = [document for document, lost in zip(documents, verdicts, strict=True) if lost is None]
        scores = iter(together(left))
        return [next(scores) if lost is None else lost for lost in verdicts]

    return _written(call, score)


def _written(call: Call, score: Callable[[list[Document], int], list[Scores | Drop]]) -> Counts:
    """The scores of a row group at a time; `score` is told how many documents came before."""
    (given,) = (path for paths in call.inputs.values() for path in paths)
    count = 0
    losses: Counter[str] = Counter()
    with table.appending(call.path(TABLE), schema.SCORES) as append:
        for group in table.groups(given):
            documents = schema.documents(group)
            found = score(documents, count)
            append(schema.scores_table((document.id, each) for document, each in zip(documents, found, strict=True)))
            losses.update(each.rule for each in found if isinstance(each, Drop))
            count += len(documents)
    return Counts(count, count - losses.total(), dict(sorted(losses.items())))


def stored(call: Call) -> dict[str, Scores]:
    """What all scorers said of this shard's documents, by id."""
    found: dict[str, Scores] = {}
    for _, path in _tables(call):
        for key, scores in schema.scores(table.read(path)).items():
            found[key] = merged(found[key], scores) if key in found else scores
    return found


def lost(call: Call) -> dict[str, Drop]:
    """Why a scorer could not stand a document of this shard, by id; the detail names the first such scorer's stage."""
    found: dict[str, Drop] = {}
    for stage, path in _tables(call):
        rows = table.read(path, ["id", "lost"])
        for key, drop in zip(rows["id"].to_pylist(), schema.verdicts(rows["lost"]), strict=True):
            if drop is not None:
                found.setdefault(key, replace(drop, detail=": ".join(filter(None, (stage, drop.detail)))))
    return found


def _tables(call: Call) -> Iterator[tuple[str, str]]:
    """Each scorer's stage with its table."""
    for name, paths in call.inputs.items():
        stage, _, kind = name.rpartition(".")
        if kind == TABLE:
            yield from ((stage, path) for path in paths)


def merged(first: Scores, second: Scores) -> Scores:
    """Both scorers' scores; where both have one, the first's."""
    own = {
        field.name: getattr(second, field.name)
        for field in fields(Scores)
        if field.name != "others" and getattr(first, field.name) is None
    }
    return replace(first, **own, others=tuple(sorted({**dict(second.others), **dict(first.others)}.items())))
