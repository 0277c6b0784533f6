"""Scorers of text: one interface over every engine that gives a document numbers, and how a config names them.

    classifier   a sequence classifier of Hugging Face, by folder or hub name (omnicorpus.classifier)
    linear       a linear model that `omnicorpus train-scorer` made (omnicorpus.linear)
    fasttext     a fastText classifier: a .bin or .ftz file of anybody's, or a folder of train-scorer's
    ngram        an n-gram model that train-scorer made (omnicorpus.ngram); it gives `ngram_surprise`

A model is known by the sha256 of its files, not by its path: another model at the same path scores anew, the same model
at another path doesn't.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from omnicorpus import fasttext_model
from omnicorpus.document import Scores, Statistics
from omnicorpus.errors import ConfigError, ModelMissing
from omnicorpus.schema import PUBLISHED_SCORES

Kind = Literal["classifier", "linear", "fasttext", "ngram"]

CARD = "scorer.json"
"""In a folder that train-scorer made: which kind of model it is, its labels, how it was trained and measured."""

WEIGHTS = {"linear": "weights.npy", "fasttext": "model.bin", "ngram": "model.npz"}
"""The file beside the card that holds the model."""

_DECIDING = (".json", ".safetensors", ".bin", ".ftz", ".npy", ".npz", ".txt", ".model", ".pt", ".pth")
"""Endings of the files that decide what a model says; a README may change."""


@dataclass(frozen=True, slots=True)
class ColumnSettings:
    """A column and the model's labels whose probabilities are added up for it, to 1 at most."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScorerSettings:
    """One model of a config.

    name        of the stage, which is `scorer-NAME`
    path        a folder or file; for classifiers also a hub's name, in `revision` (the newest that is here, if null)
    columns     what it gives: the five published names, or names of your own. An ngram model has its one
    sha256      of the model's files; where it is null, the run notes that of the files that it finds
    tokens, windows, combine, activation    of classifiers: omnicorpus.classifier.Reading
    batch       windows in one forward pass; the values don't depend on it
    device      auto, cpu or cuda; `gpus` of one call, null for 1 where this machine has a GPU that the model may use
    precision   bfloat16 halves the memory on a GPU and moves values by about a hundredth
    """

    name: str
    kind: Kind
    path: str
    columns: tuple[ColumnSettings, ...] = ()
    revision: str | None = None
    sha256: str | None = None
    tokens: int = 512
    windows: int = 1
    combine: Literal["mean", "max"] = "mean"
    activation: Literal["auto", "softmax", "sigmoid", "none"] = "auto"
    batch: int = 32
    device: str = "auto"
    precision: Literal["float32", "bfloat16"] = "float32"
    gpus: float | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.name):
            raise ValueError(f"name is of a-z, 0-9 and hyphens, not {self.name!r}")
        if (self.kind == "ngram") == bool(self.columns):
            raise ValueError("columns are given for every kind of model but ngram, whose column is ngram_surprise")
        for column in self.columns:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", column.name) or column.name in _TAKEN:
                raise ValueError(f"no model can give a column {column.name!r}: choose a name of a-z, 0-9 and _")
            if not column.labels:
                raise ValueError(f"the column {column.name} needs labels, whose probabilities make it up")
        if min(self.tokens, self.windows, self.batch) < 1:
            raise ValueError("tokens, windows and batch are at least 1")

    @property
    def gives(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns) or ("ngram_surprise",)


_TAKEN = ({field.name for field in fields(Scores)} | {field.name for field in fields(Statistics)}) - set(
    PUBLISHED_SCORES
)


@dataclass(frozen=True, slots=True)
class Passage:
    """What a scorer reads: a document's prose and its language as identified."""

    text: str
    language: str | None


class Scorer(Protocol):
    """A loaded model."""

    def scores(self, passages: Sequence[Passage]) -> list[Scores]:
        """The scores of each passage, in batches over all of them; None where it has nothing to say."""
        ...


class _Labelling(Protocol):
    @property
    def labels(self) -> tuple[str, ...]: ...

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts, labels); NaN in the row of a text that can't be read."""
        ...


@dataclass(frozen=True, slots=True)
class Labelled:
    """A classifier of any kind, and the columns that its labels become."""

    model: _Labelling
    columns: tuple[ColumnSettings, ...]

    def scores(self, passages: Sequence[Passage]) -> list[Scores]:
        values = self.model.probabilities([passage.text for passage in passages])
        place = {label: number for number, label in enumerate(self.model.labels)}
        added = {column.name: _capped(values[:, [place[label] for label in column.labels]]) for column in self.columns}
        return [
            scores_of({name: float(row[index]) for name, row in added.items() if not np.isnan(row[index])})
            for index in range(len(passages))
        ]


def _capped(values: np.ndarray) -> np.ndarray:
    """One label is taken as it is: a regression's value may be above one."""
    return values[:, 0] if values.shape[1] == 1 else np.minimum(values.sum(axis=1), 1.0)


@dataclass(frozen=True, slots=True)
class Surprised:
    """An n-gram model."""

    model: Any

    def scores(self, passages: Sequence[Passage]) -> list[Scores]:
        return [Scores(ngram_surprise=self.model.surprise(passage.text, passage.language)) for passage in passages]


def scores_of(columns: Mapping[str, float]) -> Scores:
    """Scores by the names of their columns, published or a config's own."""
    published: dict[str, Any] = {name: columns.get(name) for name in PUBLISHED_SCORES}
    others = tuple(sorted(item for item in columns.items() if item[0] not in PUBLISHED_SCORES))
    return Scores(**published, others=others)


def load(settings: ScorerSettings) -> Scorer:
    """Load a model. Raises ModelMissing where it isn't there or is another, ConfigError where it hasn't the labels."""
    if settings.sha256 is not None and (found := digest(settings)) != settings.sha256:
        raise ModelMissing(
            f"{settings.path} is not the model of scorer {settings.name} (sha256 {settings.sha256[:12]}…, found "
            f"{found[:12]}…): put that one there, or run the config again"
        )
    if settings.kind == "ngram":
        from omnicorpus import ngram

        return Surprised(ngram.load(_weights(settings)))
    model = _labelling(settings)
    for column in settings.columns:
        unknown = [label for label in column.labels if label not in model.labels]
        if unknown:
            raise ConfigError(
                f"scorer {settings.name}: {settings.path} has no label {unknown[0]}; it has {', '.join(model.labels)}"
            )
    return Labelled(model, settings.columns)


def _labelling(settings: ScorerSettings) -> _Labelling:
    if settings.kind == "classifier":
        from omnicorpus import classifier  # imports torch

        reading = classifier.Reading(settings.tokens, settings.windows, settings.combine, settings.activation)
        return classifier.load(
            settings.path,
            reading,
            revision=settings.revision,
            batch=settings.batch,
            device=settings.device,
            precision=settings.precision,
        )
    if settings.kind == "fasttext":
        return fasttext_model.load(str(_weights(settings)))
    from omnicorpus import linear  # imports scipy

    return linear.load(_weights(settings), card(Path(settings.path))["labels"])


def _weights(settings: ScorerSettings) -> Path:
    """The file of a model that train-scorer made, or for fastText the file that the config names."""
    place = Path(settings.path)
    if settings.kind == "fasttext" and place.is_file():
        return place
    told = card(place)
    if told["kind"] != settings.kind:
        raise ModelMissing(f"scorer {settings.name}: {place} holds a model of the kind {told['kind']}; set kind to it")
    return place / WEIGHTS[settings.kind]


def card(place: Path) -> dict[str, Any]:
    """What train-scorer wrote of a model. Raises ModelMissing where `place` is no folder of its."""
    try:
        told = json.loads((place / CARD).read_bytes())
        if isinstance(told["kind"], str) and isinstance(told["labels"], list):
            return dict(told)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ModelMissing(
        f"no trained scorer at {place}: omnicorpus train-scorer LABELLED.jsonl --output {place} makes one"
    )


def files(settings: ScorerSettings) -> tuple[Path, ...]:
    """The files that decide what a model says. Raises ModelMissing where they aren't there."""
    place = Path(settings.path)
    if settings.kind == "classifier":
        from omnicorpus import classifier  # imports torch

        place = classifier.folder(settings.path, settings.revision)
    elif not (settings.kind == "fasttext" and place.is_file()):
        return (place / CARD, _weights(settings)) if _weights(settings).is_file() else _missing(settings)
    if place.is_file():
        return (place,)
    return tuple(sorted(file for file in place.iterdir() if file.suffix in _DECIDING and file.is_file()))


def _missing(settings: ScorerSettings) -> tuple[Path, ...]:
    raise ModelMissing(f"no weights at {_weights(settings)}: train the model again (omnicorpus train-scorer)")


def digest(settings: ScorerSettings) -> str:
    """The sha256 of a model: of its files' names and sha256, in order. Raises ModelMissing where it isn't there."""
    whole = hashlib.sha256()
    for file in files(settings):
        with file.open("rb") as opened:
            whole.update(f"{file.name} {hashlib.file_digest(opened, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def resolved(settings: ScorerSettings) -> ScorerSettings:
    """The settings with the sha256 of the model that is here, and the hub's commit; as they are where one is given."""
    if settings.sha256 is not None:
        return settings
    found = files(settings)
    own = found[0].parent.name if settings.kind == "classifier" and not Path(settings.path).is_dir() else None
    return replace(settings, sha256=digest(settings), revision=own or settings.revision)
