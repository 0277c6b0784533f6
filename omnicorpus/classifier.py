"""Sequence classifiers of Hugging Face, by folder or hub name. transformers enters the project here, and only here.

Importing this module takes seconds and 300 MB: import it where a model is about to be loaded, never at a module's top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from omnicorpus import operators
from omnicorpus.errors import ConfigError, ModelMissing

operators.mend()
import transformers  # noqa: E402

Activation = Literal["auto", "softmax", "sigmoid", "none"]
Combine = Literal["mean", "max"]

CHARACTERS = 16
"""Read for each token that is asked for: more than any tokenizer's mean, so that a long text isn't tokenized whole."""

_OFFSET = ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "xmod", "roberta-prelayernorm", "longformer")
"""Families that count positions from behind the padding's number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How texts are given to a classifier.

    `tokens` are read at once, special ones included; a longer text is read in so many `windows` at most, one after the
    other, and its values are their mean or, for each label, the greatest. `activation` makes values of the model's
    numbers: auto is what its config says (problem_type), else sigmoid for a single label and softmax for several.
    """

    tokens: int = 512
    windows: int = 1
    combine: Combine = "mean"
    activation: Activation = "auto"


@dataclass(frozen=True, slots=True)
class Classifier:
    """A loaded model; labels as its config names them."""

    model: Any
    tokenizer: Any
    labels: tuple[str, ...]
    reading: Reading
    batch: int

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts, labels); NaN in the row of a text without a token."""
        windows = self._windows(texts)
        order = sorted(range(len(windows)), key=lambda index: len(windows[index][1]["input_ids"]))
        values = np.empty((len(windows), len(self.labels)))
        for start in range(0, len(order), self.batch):
            part = order[start : start + self.batch]
            values[part] = self._values([windows[index][1] for index in part])
        found = np.full((len(texts), len(self.labels)), np.nan)
        owners = np.array([owner for owner, _ in windows], np.int64)
        for owner in set(owners.tolist()):
            own = values[owners == owner]
            found[owner] = own.mean(axis=0) if self.reading.combine == "mean" else own.max(axis=0)
        return found

    def _windows(self, texts: Sequence[str]) -> list[tuple[int, dict[str, list[int]]]]:
        """What the model reads: (number of the text, its encoding), at most `windows` of a text."""
        reading = self.reading
        limit = reading.tokens * reading.windows * CHARACTERS
        told = [index for index, text in enumerate(texts) if text.strip()]
        if not told:
            return []
        encoded = self.tokenizer(
            [texts[index][:limit] for index in told],
            truncation=True,
            max_length=reading.tokens,
            return_overflowing_tokens=reading.windows > 1,
        )
        names = [name for name in self.tokenizer.model_input_names if name in encoded]
        owners = encoded.get("overflow_to_sample_mapping", range(len(told)))
        found: list[tuple[int, dict[str, list[int]]]] = []
        taken = dict.fromkeys(told, 0)
        for row, owner in enumerate(owners):
            index = told[owner]
            if taken[index] < reading.windows:
                taken[index] += 1
                found.append((index, {name: encoded[name][row] for name in names}))
        return found

    def _values(self, encodings: Sequence[Mapping[str, list[int]]]) -> np.ndarray:
        padded = self.tokenizer.pad(list(encodings), return_tensors="pt").to(self.model.device)
        logits = self.model(**padded).logits.float().cpu().numpy().astype(np.float64)
        return _activated(logits, self.reading.activation)


def _activated(logits: np.ndarray, activation: Activation) -> np.ndarray:
    if activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -500, 500))))
    if activation == "softmax":
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return logits


def folder(path: str, revision: str | None) -> Path:
    """Where a model's files lie: the folder itself, or the hub's in its cache. Asks no network. Raises ModelMissing."""
    if Path(path).is_dir():
        return Path(path)
    if not Path(path).is_absolute() and path.count("/") <= 1:
        held = transformers.utils.cached_file(  # type: ignore[attr-defined]
            path,
            "config.json",
            revision=revision,
            local_files_only=True,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
            _raise_exceptions_for_gated_repo=False,
        )
        if held is not None:
            return Path(held).parent
    raise ModelMissing(
        f"no sequence classifier {path}: put config.json, model.safetensors and tokenizer.json into a folder and give "
        "its path; or name one of the hub, and run `omnicorpus models get CONFIG` where the hub can be reached"
    )


def download(name: str, revision: str | None) -> Path:
    """Bring a model from the hub into its cache. Raises ModelMissing where that can't be."""
    try:
        _opened(name, revision, precision="float32", offline=False)
    except (OSError, ValueError) as error:
        raise ModelMissing(f"the classifier {name} can't be had: {_first_line(error)}") from error
    return folder(name, revision)


def load(
    path: str,
    reading: Reading,
    *,
    revision: str | None = None,
    batch: int = 32,
    device: str = "auto",
    precision: Literal["float32", "bfloat16"] = "float32",
) -> Classifier:
    """Load a model and its tokenizer from a folder or the hub's cache; code that comes with it is never run.

    `device` is auto (a GPU where there is one), cpu or cuda. Raises ModelMissing where something isn't there or isn't a
    classifier, ConfigError where it can't read what `reading` asks for, or there is no GPU.
    """
    place = folder(path, revision)
    try:
        model, tokenizer = _opened(str(place), None, precision=precision, offline=True)
    except Exception as error:  # foreign files make transformers raise whatever it likes
        raise ModelMissing(
            f"{place} holds no sequence classifier with its tokenizer ({_first_line(error)}): it needs config.json, "
            "model.safetensors (or pytorch_model.bin) and tokenizer.json (or what its tokenizer is made of)"
        ) from error
    config = model.config
    most = min(tokenizer.model_max_length, _positions(config))
    if reading.tokens > most:
        raise ConfigError(f"{path} reads {most} tokens at once, not {reading.tokens}: set tokens to {most} or less")
    if tokenizer.pad_token is None:
        raise ConfigError(f"{path} has a tokenizer without a padding token, so texts can't share a batch: give it one")
    labels = tuple(str(config.id2label[index]) for index in range(config.num_labels))
    chosen = reading if reading.activation != "auto" else _with_own_activation(reading, config)
    try:
        moved = model.to(_device(device))
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"{path} can't go to the device {device}: {_first_line(error)}; set device to cpu") from error
    return Classifier(moved, tokenizer, labels, chosen, batch)


def _opened(path: str, revision: str | None, *, precision: str, offline: bool) -> tuple[Any, Any]:
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    given = {"revision": revision, "local_files_only": offline, "trust_remote_code": False}
    model, told = transformers.AutoModelForSequenceClassification.from_pretrained(
        path, dtype=precision, output_loading_info=True, **given
    )
    missing = sorted(told["missing_keys"])
    if missing:
        # transformers would begin with random numbers there, and warn.
        raise ValueError(f"it has no weights for {', '.join(missing[:3])}: it was trained for something else")
    model.eval().requires_grad_(False)
    return model, transformers.AutoTokenizer.from_pretrained(path, **given)


def _positions(config: Any) -> int:
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return 1 << 30
    return positions - (config.pad_token_id or 0) - 1 if config.model_type in _OFFSET else positions


def _with_own_activation(reading: Reading, config: Any) -> Reading:
    kinds: dict[str | None, Activation] = {
        "multi_label_classification": "sigmoid",
        "single_label_classification": "softmax",
        "regression": "none",
    }
    own = kinds.get(config.problem_type, "sigmoid" if config.num_labels == 1 else "softmax")
    return Reading(reading.tokens, reading.windows, reading.combine, own)


def _device(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    return "cuda" if transformers.utils.is_torch_cuda_available() else "cpu"  # type: ignore[attr-defined]


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
