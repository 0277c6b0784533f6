"""Training of text scorers from labelled JSON lines, and the card that says how good the result is.

A line is {"text": ..., "label": ...}; for n-gram models {"text": ..., "language": ...}, where the language may be left
out and is identified then. Some texts are held out: which ones is a function of the text and the seed, so a text that
stands twice is never on both sides. What was measured on them is what is shipped: nothing is trained again with them.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from omnicorpus import __version__, fasttext_model, language, linear, ngram, storage, table
from omnicorpus.errors import InputError, OutputError
from omnicorpus.scorer import CARD, WEIGHTS

Kind = Literal["linear", "fasttext", "ngram"]

LEAST = 10
"""Texts of a label, to be learnt and measured."""
NAMED = 5
"""Bad lines that an error names."""
LONGEST = 100_000
"""Characters of a text that are kept."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """`held_out`: share of each label's texts that are measured and not learnt. `text`, `label`: the keys of a line.
    `skip_bad`: bad lines are counted and left out, rather than refused."""

    kind: Kind = "linear"
    seed: int = 0
    held_out: float = 0.2
    text: str = "text"
    label: str = "label"
    skip_bad: bool = False

    def __post_init__(self) -> None:
        if not 0.05 <= self.held_out <= 0.5:
            raise ValueError(f"the held-out share is from 0.05 to 0.5, not {self.held_out}")


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text; `label` is the language where an n-gram model is trained. `line` counts from 1."""

    line: int
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How a label was found among the held-out texts. Intervals are Wilson's, of 95 %.

    `texts` bear the label, `claimed` were given it, `right` both. None where nothing was claimed.
    """

    label: str
    texts: int
    claimed: int
    right: int
    precision: float | None
    precision_interval: tuple[float, float]
    recall: float
    recall_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class LanguageQuality:
    """An n-gram model's language. `shuffled`, `misspelt`: the share of pairs in which a held-out text with its words
    in random order, or with every twentieth letter another, surprises more than an untouched one; 0.5 is chance."""

    language: str
    texts: int
    bits: float
    deviation: float
    shuffled: float
    misspelt: float


@dataclass(frozen=True, slots=True)
class Trained:
    """What was made and measured. `left_out` counts lines by the reason why they weren't used."""

    kind: Kind
    labels: tuple[str, ...]
    learnt: int
    held_out: int
    left_out: Mapping[str, int]
    accuracy: float | None
    qualities: tuple[Quality, ...]
    languages: tuple[LanguageQuality, ...]
    seed: int
    source: str
    source_sha256: str
    omnicorpus: str

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def train(source: str, output: str, settings: TrainingSettings) -> Trained:
    """Train, measure, and write the folder `output`: weights, README.md, and scorer.json last.

    Raises InputError, naming lines, where `source` can't be used, OutputError where `output` holds something else.
    """
    place = Path(output)
    _check(place)
    examples, left_out = _usable(source, settings)
    place.mkdir(parents=True, exist_ok=True)
    (place / CARD).unlink(missing_ok=True)
    weights = place / WEIGHTS[settings.kind]
    made = (_train_ngram if settings.kind == "ngram" else _train_labelled)(examples, weights, settings)
    told = Trained(
        kind=settings.kind,
        left_out=left_out,
        seed=settings.seed,
        source=source.rsplit("/", 1)[-1],
        source_sha256=hashlib.sha256(storage.read_bytes(source)).hexdigest(),
        omnicorpus=__version__,
        **made,
    )
    (place / "README.md").write_text(readme(told), "utf-8")
    (place / CARD).write_text(json.dumps(told.plain(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return told


def _check(place: Path) -> None:
    """An output is a new folder, or an earlier scorer's, whose files are written over."""
    if place.exists() and not place.is_dir():
        raise OutputError(f"{place} is a file: give a folder as --output")
    own = {CARD, "README.md", *WEIGHTS.values()}
    foreign = [file.name for file in place.iterdir() if file.name not in own] if place.is_dir() else []
    if foreign:
        raise OutputError(f"{place} holds something else ({sorted(foreign)[0]}): choose an empty folder as --output")


def _usable(source: str, settings: TrainingSettings) -> tuple[list[Example], dict[str, int]]:
    """The examples that can be learnt, and how many lines were left out for which reason."""
    bad: list[tuple[int, str]] = []
    by_text: dict[str, list[Example]] = {}
    for line, value in _lines(source):
        example = _example(line, value, settings)
        if isinstance(example, str):
            bad.append((line, example))
        else:
            by_text.setdefault(example.text, []).append(example)
    if bad and not settings.skip_bad:
        named = "; ".join(f"line {line}: {reason}" for line, reason in bad[:NAMED])
        more = f"; and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        raise InputError(f"{source}: {named}{more}. Mend them, or leave them out with --skip-bad")
    left_out = Counter(reason for _, reason in bad)
    usable = []
    for same in by_text.values():
        if len({example.label for example in same}) > 1:
            left_out["its text bears two labels"] += len(same)
        else:
            left_out["its text stands above"] += len(same) - 1
            usable.append(same[0])
    return usable, {reason: count for reason, count in sorted(left_out.items()) if count}


def _lines(source: str) -> Iterator[tuple[int, Any]]:
    """Line numbers and what stands there; the reason, as a string, where that is no JSON."""
    if source.endswith(".parquet"):
        rows = (row for group in table.groups(source) for row in group.to_pylist())
        yield from enumerate(rows, 1)
        return
    for number, raw in enumerate(storage.read_bytes(source).split(b"\n"), 1):
        if raw.strip():
            try:
                yield number, json.loads(raw)
            except (ValueError, RecursionError):
                yield number, "it is not JSON"


def _example(line: int, value: Any, settings: TrainingSettings) -> Example | str:
    """The example, or why the line is bad."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return "it is no JSON object"
    text = value.get(settings.text)
    if not isinstance(text, str) or not text.strip():
        return f"it has no text under {settings.text!r}"
    text = text.strip()[:LONGEST]
    if settings.kind == "ngram":
        code = value.get("language") or language.identify(text)[0]
        return Example(line, text, code) if isinstance(code, str) else "its language is unknown"
    label = value.get(settings.label)
    if isinstance(label, bool):
        label = "true" if label else "false"
    if isinstance(label, int):
        label = str(label)
    if not isinstance(label, str) or not label.strip():
        return f"it has no label under {settings.label!r}: a word, a number, true or false"
    if settings.kind == "fasttext" and len(label.split()) != 1:
        return "its label holds a space, which fastText can't write"
    return Example(line, text, label.strip())


def _split(examples: Sequence[Example], settings: TrainingSettings) -> tuple[list[Example], list[Example]]:
    """Texts to learn and texts held out, of each label the same share."""
    by_label: dict[str, list[Example]] = {}
    for example in examples:
        by_label.setdefault(example.label, []).append(example)
    few = [f"{label} ({len(found)})" for label, found in sorted(by_label.items()) if len(found) < LEAST]
    if few:
        raise InputError(f"a label needs {LEAST} different texts at least; there are fewer of {', '.join(few[:NAMED])}")
    if len(by_label) < 2:
        raise InputError(f"a scorer tells labels apart: there is only {', '.join(by_label) or 'no line'}")
    learnt, held = [], []
    for _, found in sorted(by_label.items()):
        found.sort(key=lambda example: _rank(example.text, settings.seed))
        count = max(1, round(len(found) * settings.held_out))
        held += found[:count]
        learnt += found[count:]
    learnt.sort(key=lambda example: _rank(example.text, settings.seed))
    return learnt, held


def _rank(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {text}".encode("utf-8", "surrogatepass")).digest()


def _train_labelled(examples: Sequence[Example], weights: Path, settings: TrainingSettings) -> dict[str, Any]:
    learnt, held = _split(examples, settings)
    texts, labels = [example.text for example in learnt], [example.label for example in learnt]
    if settings.kind == "fasttext":
        fasttext_model.train(texts, labels, weights, seed=settings.seed)
        model: Any = fasttext_model.load(str(weights))
    else:
        linear.save(linear.train(texts, labels), weights)
        model = linear.load(weights, sorted(set(labels)))
    chances = model.probabilities([example.text for example in held])
    claimed = [model.labels[int(np.argmax(np.nan_to_num(row)))] for row in chances]
    wanted = [example.label for example in held]
    right = sum(a == b for a, b in zip(wanted, claimed, strict=True))
    return {
        "labels": model.labels,
        "learnt": len(learnt),
        "held_out": len(held),
        "accuracy": round(right / len(held), 4),
        "qualities": tuple(_quality(label, wanted, claimed) for label in model.labels),
        "languages": (),
    }


def _quality(label: str, wanted: Sequence[str], claimed: Sequence[str]) -> Quality:
    texts, given = wanted.count(label), claimed.count(label)
    right = sum(a == b == label for a, b in zip(wanted, claimed, strict=True))
    return Quality(
        label,
        texts,
        given,
        right,
        round(right / given, 4) if given else None,
        wilson(right, given),
        round(right / texts, 4),
        wilson(right, texts),
    )


def wilson(hits: int, tries: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of 95 % for a share (Wilson 1927); (0, 1) for no tries."""
    if not tries:
        return (0.0, 1.0)
    share = hits / tries
    middle = (share + z * z / (2 * tries)) / (1 + z * z / tries)
    half = z * math.sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries)) / (1 + z * z / tries)
    return (round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4))


def _train_ngram(examples: Sequence[Example], weights: Path, settings: TrainingSettings) -> dict[str, Any]:
    texts: dict[str, list[str]] = {}
    for example in sorted(examples, key=lambda example: _rank(example.text, settings.seed)):
        texts.setdefault(example.label, []).append(example.text)
    model = ngram.train(texts)
    if not model.languages:
        found = ", ".join(f"{code} ({len(told)})" for code, told in sorted(texts.items())[:NAMED]) or "none"
        raise InputError(
            f"{ngram.LEAST_TEXTS} texts of at least {ngram.LEAST_READ} characters, and {ngram.LEAST_CHARACTERS:,} "
            f"characters in all, are the least for a language; texts by language: {found}"
        )
    ngram.save(model, weights)
    held = {code: [text for text in texts[code] if _is_long(text)][:: ngram.HELD_OUT] for code in model.languages}
    return {
        "labels": tuple(model.languages),
        "learnt": sum(len(texts[code]) - len(held[code]) for code in held),
        "held_out": sum(map(len, held.values())),
        "accuracy": None,
        "qualities": (),
        "languages": tuple(_language_quality(code, model, held[code], settings.seed) for code in held),
    }


def _is_long(text: str) -> bool:
    return len(" ".join(text.split())) >= ngram.LEAST_READ


def _language_quality(code: str, model: ngram.Ngram, held: Sequence[str], seed: int) -> LanguageQuality:
    chance = random.Random(seed)
    own = _surprises(model, code, held)
    shuffled = _surprises(model, code, [_shuffled(text, chance) for text in held])
    misspelt = _surprises(model, code, [_misspelt(text, chance) for text in held])
    known = model.languages[code]
    return LanguageQuality(
        code,
        len(held),
        round(known.mean, 3),
        round(known.deviation, 3),
        _above(shuffled, own),
        _above(misspelt, own),
    )


def _surprises(model: ngram.Ngram, code: str, texts: Sequence[str]) -> np.ndarray:
    found = (model.surprise(text, code) for text in texts)
    return np.array([value for value in found if value is not None])


def _above(worse: np.ndarray, better: np.ndarray) -> float:
    return round(float((worse[:, None] > better[None, :]).mean()), 3)


def _shuffled(text: str, chance: random.Random) -> str:
    words = text[: ngram.READ].split()
    if len(words) < len(text[: ngram.READ]) / 20:  # a script without spaces: its characters
        words = list(text[: ngram.READ])
        return "".join(chance.sample(words, len(words)))
    return " ".join(chance.sample(words, len(words)))


def _misspelt(text: str, chance: random.Random) -> str:
    start = text[: ngram.READ]
    letters = [letter for letter in start if letter.isalpha()] or [" "]
    return "".join(
        chance.choice(letters) if letter.isalpha() and chance.random() < 0.05 else letter for letter in start
    )


def readme(told: Trained) -> str:
    """The model card, in Markdown."""
    head = [
        f"# A text scorer: {told.kind}",
        "",
        f"Made by omnicorpus {told.omnicorpus} of `{told.source}` (sha256 `{told.source_sha256}`), seed {told.seed}; "
        f"{told.learnt:,} texts learnt, {told.held_out:,} held out and measured below.",
        "",
    ]
    left = [f"- left out, because {reason}: {count:,}" for reason, count in told.left_out.items()]
    if told.kind == "ngram":
        rows = [
            f"| {each.language} | {each.texts} | {each.bits:.2f} ± {each.deviation:.2f} | {each.shuffled:.2f} "
            f"| {each.misspelt:.2f} |"
            for each in told.languages
        ]
        body = [
            "| language | held out | bits a character | shuffled words found | misspelt words found |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "Found: of pairs of a good and a damaged text, the share in which the damaged one surprises more; 0.5 is "
            "chance. The model sees five characters back: it knows no meaning, and a language that isn't listed has no "
            "score.",
        ]
        columns = ""
    else:
        rows = [
            f"| {each.label} | {each.texts} | {_percent(each.precision, each.precision_interval)} "
            f"| {_percent(each.recall, each.recall_interval)} |"
            for each in told.qualities
        ]
        body = [
            "| label | held out | precision (95 %) | recall (95 %) |",
            "|---|---|---|---|",
            *rows,
            "",
            f"Accuracy: {told.accuracy:.1%}. A text counts as of its most probable label. The numbers hold for texts "
            "like those of the file, and say nothing of other languages, sites or times.",
        ]
        columns = f"\n      columns: [{{name: my_prob, labels: [{json.dumps(told.labels[-1], ensure_ascii=False)}]}}]"
    use = [
        "",
        "```yaml",
        "scores:",
        "  models:",
        f"    - name: mine\n      kind: {told.kind}\n      path: THIS FOLDER{columns}",
        "```",
        "",
    ]
    return "\n".join([*head, *left, *([""] if left else []), *body, *use])


def _percent(value: float | None, interval: tuple[float, float]) -> str:
    return "–" if value is None else f"{value:.1%} ({interval[0]:.1%} to {interval[1]:.1%})"
