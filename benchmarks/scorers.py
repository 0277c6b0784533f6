"""Documents per core-second of every engine that scores texts, on the gold pages of ../shared.

    .venv/bin/python benchmarks/scorers.py [--classifier]

Models are trained on the spot: their speed doesn't depend on what they learnt. `--classifier` adds a BERT of the size
of bert-base with random weights, 512 tokens a text, on 16 texts; it takes a minute.
"""

from __future__ import annotations

import gzip
import json
import statistics as averages
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from filters.flagged import flagged_share
from filters.statistics import statistics
from filters.words import Words
from omnicorpus import fasttext_model, linear, ngram
from omnicorpus.language import identify

GOLD = Path(__file__).parents[2] / "shared" / "data" / "gold"
ROUNDS = 3


def texts() -> list[tuple[str, str | None]]:
    found = []
    for path in sorted(GOLD.glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as file:
            told = (json.loads(line)["text"] for line in file)
            found += [(text, identify(text)[0]) for text in told if text and len(text) > 200]
    return found


def show(name: str, count: int, work: Callable[[], object], rounds: int = ROUNDS) -> None:
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    print(f"{name:34} {count / best:9,.1f}", flush=True)


def main(arguments: Sequence[str]) -> None:
    documents = texts()
    lengths = [Words(text).count for text, _ in documents]
    print(f"{len(documents)} documents, median {averages.median(lengths):.0f} words; documents per core-second:")
    plain = [text for text, _ in documents]
    labels = ["long" if len(text) > 2_500 else "short" for text in plain]
    show("statistics", len(plain), lambda: [statistics(Words(text, code)) for text, code in documents])
    show("flagged words", len(plain), lambda: [flagged_share(Words(text, code)) for text, code in documents])
    model = linear.train(plain[:100], labels[:100])
    show("linear", len(plain), lambda: model.probabilities(plain))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.bin"
        fasttext_model.train(plain[:200], labels[:200], path, seed=0)
        quick = fasttext_model.load(str(path))
        show("fastText", len(plain), lambda: quick.probabilities(plain))
    learnt = ngram.train({"en": [text for text, code in documents if code == "en"]})
    english = [text for text, code in documents if code == "en"]
    show("n-gram (first 2,000 characters)", len(english), lambda: [learnt.surprise(text, "en") for text in english])
    if "--classifier" in arguments:
        sys.path.insert(0, str(Path(__file__).parents[1]))
        from omnicorpus import classifier, operators
        from tests.classifier import write_classifier

        operators.mend()
        with tempfile.TemporaryDirectory() as folder:
            write_classifier(Path(folder), labels=("a", "b"), base=True)
            bert = classifier.load(folder, classifier.Reading(), device="cpu")
            show("classifier of bert-base's size", 16, lambda: bert.probabilities(plain[:16]), rounds=1)


if __name__ == "__main__":
    main(sys.argv[1:])
