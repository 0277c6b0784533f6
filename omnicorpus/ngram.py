"""How odd a text is to a model of its language's characters: fluency without a network of weights.

The model counts runs of up to `ORDER` characters in texts that somebody took for good, and says how many bits each
character of another text costs (interpolated Witten-Bell). Texts of a language differ in that little; word salad,
broken encodings, lists of keys and machine spelling cost more. It sees five characters back: what a sentence means, and
whether it is true, it can't see. A language that it wasn't trained on has no score.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from omnicorpus.errors import ModelMissing

ORDER = 6
READ = 2_000
"""Characters of a text that are read; of a longer text its beginning."""
LEAST_READ = 200
"""A shorter text has no score: its mean jumps about."""
LEAST_TEXTS, LEAST_CHARACTERS = 40, 100_000
"""Of a language, to be learnt: below, the deviation of its own texts is a guess."""
HELD_OUT = 4
"""Every fourth text is not counted but measured: what good texts cost that the model hasn't seen."""
MOST_CHARACTERS = 20_000_000
"""Of a language that are counted; a million of them cost about a second and 60 MB."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Level:
    """Runs of one length. `keys` ascend; `bits` is what the last character costs after the others; `contexts` are the
    runs without it, ascending, and `falls` the bits to add where a run isn't among `keys`."""

    keys: Keys
    bits: npt.NDArray[np.float32]
    contexts: Keys
    falls: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Language:
    """`unknown`: bits of a character that was never seen. `mean`, `deviation`: bits a character of held-out texts."""

    levels: tuple[Level, ...]
    unknown: float
    mean: float
    deviation: float

    def bits(self, text: str) -> float | None:
        """Bits a character; None for a text of fewer than `LEAST_READ`."""
        codes = _codes(text)
        if len(codes) < LEAST_READ:
            return None
        costs = np.full(len(codes), self.unknown, np.float32)
        before: Keys | None = None
        for length, (level, runs) in enumerate(zip(self.levels, _runs(codes, len(self.levels)), strict=True), 1):
            lower = costs[length - 1 :]
            if before is not None:
                place, held = _find(level.contexts, before[:-1])
                lower = lower + np.where(held, level.falls[place], np.float32(0))
            place, held = _find(level.keys, runs)
            costs[length - 1 :] = np.where(held, level.bits[place], lower)
            before = runs
        return float(costs.mean())


@dataclass(frozen=True, slots=True)
class Ngram:
    """The languages that were learnt, by their codes."""

    languages: Mapping[str, Language]

    def surprise(self, text: str, language: str | None) -> float | None:
        """By how many standard deviations the text costs more than texts of its language; None where that isn't
        known."""
        model = None if language is None else self.languages.get(language)
        bits = None if model is None else model.bits(text)
        return None if model is None or bits is None else (bits - model.mean) / model.deviation


def _codes(text: str) -> Keys:
    start = " ".join(text[: 2 * READ].lower().split())[:READ]
    codes = np.frombuffer(start.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    codes[(codes >= ord("0")) & (codes <= ord("9"))] = ord("0")
    return codes


def _runs(codes: Keys, order: int) -> list[Keys]:
    """A number for the run of each length that begins at each place; those of another length are other numbers."""
    found: list[Keys] = []
    run = np.zeros(len(codes), np.uint64)
    for length in range(1, order + 1):
        run = (run[: len(codes) - length + 1] + codes[length - 1 :] + np.uint64(length)) * _FACTOR
        run ^= run >> np.uint64(31)
        found.append(run)
    return found


def _find(keys: Keys, wanted: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted


def train(texts: Mapping[str, Sequence[str]]) -> Ngram:
    """Learn each language that has texts enough; the others are left out. A text is read for `READ` characters."""
    found = {}
    for language, given in sorted(texts.items()):
        long = [text for text in given if len(_codes(text)) >= LEAST_READ]
        counted = [text for index, text in enumerate(long) if index % HELD_OUT]
        codes = [_codes(text) for text in counted[: MOST_CHARACTERS // READ]]
        if len(long) < LEAST_TEXTS or sum(map(len, codes)) < LEAST_CHARACTERS:
            continue
        model = _count(codes)
        costs = np.array([model.bits(text) for text in long[::HELD_OUT]], np.float64)
        deviation = float(max(costs.std(), 0.01))
        found[language] = Language(model.levels, model.unknown, float(costs.mean()), deviation)
    return Ngram(found)


def _count(texts: Sequence[Keys]) -> Language:
    by_text = [_runs(codes, ORDER) for codes in texts]
    levels: list[Level] = []
    seen = np.unique(np.concatenate(texts))
    unknown = float(np.log2(len(seen) + 1) + 8)
    for length in range(1, ORDER + 1):
        runs = np.concatenate([runs[length - 1] for runs in by_text])
        keys, first, counts = np.unique(runs, return_index=True, return_counts=True)
        if length == 1:
            chances = counts / (counts.sum() + 1)
            levels.append(Level(keys, _bits(chances), np.zeros(1, np.uint64), np.zeros(1, np.float32)))
            before, lower = keys, chances
            continue
        heads = np.concatenate([runs[length - 2][:-1] for runs in by_text])[first]
        tails = np.concatenate([runs[length - 2][1:] for runs in by_text])[first]
        contexts, which = np.unique(heads, return_inverse=True)
        followed = np.bincount(which, weights=counts)
        different = np.bincount(which).astype(np.float64)
        place, _ = _find(before, tails)
        chances = (counts + different[which] * lower[place]) / (followed + different)[which]
        falls = _bits(different / (followed + different))
        before, lower = keys, chances
        kept = counts > 1 if length > 3 else np.ones(len(keys), bool)
        levels.append(Level(keys[kept], _bits(chances[kept]), contexts, falls))
    return Language(tuple(_used(levels)), unknown, 0.0, 1.0)


def _used(levels: Sequence[Level]) -> list[Level]:
    """Levels without contexts that were seen once: most of them, and they say nearly nothing."""
    found = [levels[0]]
    for level in levels[1:]:
        if not len(level.keys):
            break
        known = np.isin(level.contexts, found[-1].keys)
        found.append(Level(level.keys, level.bits, level.contexts[known], level.falls[known]))
    return found


def _bits(chances: np.ndarray) -> npt.NDArray[np.float32]:
    return np.asarray(-np.log2(chances), np.float32)


def save(model: Ngram, path: Path) -> None:
    """One .npz file: the same model, the same bytes."""
    arrays: dict[str, np.ndarray] = {}
    for name, language in model.languages.items():
        arrays[f"{name}/numbers"] = np.array([language.unknown, language.mean, language.deviation])
        for index, level in enumerate(language.levels):
            for field in Level.__slots__:
                arrays[f"{name}/{index}/{field}"] = getattr(level, field)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load(path: Path) -> Ngram:
    """Raises ModelMissing where there is no such file."""
    if not path.is_file():
        raise ModelMissing(f"no n-gram model at {path}: train one (omnicorpus train-scorer --kind ngram)")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            names = sorted({name.split("/")[0] for name in arrays.files})
            return Ngram({name: _language(arrays, name) for name in names})
    except (ValueError, KeyError, EOFError, OSError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise ModelMissing(f"{path} is damaged ({error}): train it again (omnicorpus train-scorer)") from error


def _language(arrays: Mapping[str, np.ndarray], name: str) -> Language:
    levels: list[Level] = []
    while f"{name}/{len(levels)}/keys" in arrays:
        levels.append(Level(*(arrays[f"{name}/{len(levels)}/{field}"] for field in Level.__slots__)))
    unknown, mean, deviation = (float(number) for number in arrays[f"{name}/numbers"])
    return Language(tuple(levels), unknown, mean, deviation)
