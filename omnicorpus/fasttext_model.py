"""fastText models: loading any, training one. fastText and floret enter the project here.

`fasttext-predict` reads models and can't train. What trains, the package fasttext and its rebuilds, claims the same
module name, so the two can't be installed together; floret (Explosion, MIT) has a name of its own, and in its mode
"fasttext" makes the same model. Its files have two numbers more in their head: without these they are fastText's own,
for any program that reads those (on 200 texts the probabilities are equal to the last bit).
"""

from __future__ import annotations

import mmap
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fasttext
import floret
import numpy as np

from omnicorpus.errors import ModelMissing

_MARK = "__label__"
_HEAD = 64
"""Bytes before a file's list of words: magic number, version, twelve arguments of four bytes, one of eight."""
_DICTIONARY = struct.Struct("<iii")
_PRUNED, _SHAPE = struct.Struct("<q"), struct.Struct("<qq")
_COUNTS = 16
_COUNT, _IS_LABEL = 8, 1
"""An entry is its text, a zero byte, a count of eight bytes, and whether it is a label (dictionary.cc, save)."""
_OWN_TO_FLORET = slice(52, 60)
"""Two numbers of four bytes: how many hashes, and the mode. The order of the others is fastText's (args.cc, save)."""


@dataclass(frozen=True, slots=True)
class FastText:
    """A loaded model; labels as it names them, without their mark, in alphabetical order."""

    model: Any
    labels: tuple[str, ...]

    def best(self, text: str) -> tuple[str, float] | None:
        """The first label of a text of one line and its probability; None for a text of no known word."""
        labels, scores = self.model.predict(text, k=1)
        # The softmax of a quantised model can exceed one by rounding.
        return (labels[0].removeprefix(_MARK), min(1.0, float(scores[0]))) if labels else None

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts, labels): 0–1; NaN in the row of a text of no known word."""
        found = np.full((len(texts), len(self.labels)), np.nan)
        places = {label: place for place, label in enumerate(self.labels)}
        for row, text in zip(found, texts, strict=True):
            labels, scores = self.model.predict(" ".join(text.split()), k=-1)
            if labels:
                row[:] = 0.0
            for label, score in zip(labels, scores, strict=True):
                row[places[label.removeprefix(_MARK)]] = min(1.0, float(score))
        return found


def load(path: str) -> FastText:
    """Read a fastText .bin or .ftz. Raises ModelMissing where there is none."""
    if not Path(path).is_file():
        raise ModelMissing(f"no fastText model at {path}: put a .bin or .ftz file there")
    try:
        return FastText(fasttext.load_model(path), _labels(Path(path)))
    except (ValueError, IndexError, RuntimeError, MemoryError, struct.error) as error:
        raise ModelMissing(f"{path} is no classifier of fastText ({error}): put a .bin or .ftz file there") from error


def _labels(path: Path) -> tuple[str, ...]:
    """The labels of a file. The library doesn't tell them: it leaves out whatever it finds improbable."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        entries, words, labels = _DICTIONARY.unpack_from(data, _HEAD)
        place = _HEAD + _DICTIONARY.size + _COUNTS
        found = []
        for _ in range(entries):
            end = data.find(b"\0", place)
            if end < 0:
                raise ValueError("its list of words has no end")
            if data[end + _COUNT + 1] == _IS_LABEL:
                found.append(data[place:end].decode("utf-8").removeprefix(_MARK))
            place = end + _COUNT + 2
        if len(found) != labels or words + labels != entries or not labels:
            raise ValueError("it has no labels")
        _check_end(data, place)
        return tuple(sorted(found))


def _check_end(data: mmap.mmap, place: int) -> None:
    """The library reads a file that breaks off as if zeros followed. A quantised file's lengths can't be told so."""
    pruned = _PRUNED.unpack_from(data, _HEAD + _DICTIONARY.size + 8)[0]
    place += max(0, pruned) * 8
    for _ in ("input", "output"):
        if data[place]:
            return
        rows, columns = _SHAPE.unpack_from(data, place + 1)
        place += 1 + _SHAPE.size + rows * columns * 4
    if place != len(data):
        raise ValueError(f"it has {len(data):,} bytes of {place:,}")


def train(texts: Sequence[str], labels: Sequence[str], path: Path, *, seed: int) -> None:
    """Train on texts of one line each, and write a fastText file at `path`; the same input gives the same bytes.

    Labels hold no space. One thread: with more, fastText's result depends on their race.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "train.txt"
        with given.open("w", encoding="utf-8", errors="replace") as file:
            file.writelines(
                f"{_MARK}{label} {' '.join(text.split())}\n" for text, label in zip(texts, labels, strict=True)
            )
        model = floret.train_supervised(
            str(given),
            mode="fasttext",
            dim=32,
            epoch=25,
            lr=0.5,
            wordNgrams=2,
            minn=2,
            maxn=4,
            bucket=100_000,
            thread=1,
            seed=seed,
            verbose=0,
        )
        whole = Path(folder) / "floret.bin"
        model.save_model(str(whole))
        written = whole.read_bytes()
    path.write_bytes(written[: _OWN_TO_FLORET.start] + written[_OWN_TO_FLORET.stop :])
