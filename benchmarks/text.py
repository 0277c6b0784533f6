"""Documents per core-second of the text filters, and of datatrove's Gopher, C4 and FineWeb filters on the same ones.

    .venv/bin/python benchmarks/text.py [--pages N] [--datatrove .venv-bench/bin/python] | tee docs/text-speed.txt

The documents are the main bodies of the gold pages in ../shared/data/gold. datatrove is no dependency of the project:
make it an environment of its own with `python3.11 -m venv .venv-bench && .venv-bench/bin/pip install datatrove spacy
nltk`, and give its interpreter. Both sides run in one process each, one after the other, in turns; processor time is
counted, never the clock, and the best of three rounds is taken. datatrove gets the English documents only, with its
English tokeniser.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROUNDS = 3
GOLD = Path(__file__).parents[2] / "shared/data/gold"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=1_000_000, help="stop after so many pages")
    arguments.add_argument("--datatrove", type=Path, default=Path(".venv-bench/bin/python"), help="its interpreter")
    arguments.add_argument("--filter-with-datatrove", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.filter_with_datatrove:
        print(json.dumps(with_datatrove(given.filter_with_datatrove)))
        return
    documents = read(given.pages)
    english = [document for document in documents if document.language == "en"]
    print(f"{len(documents)} documents, {len(english)} of them English")
    show("ours, all languages", ours(documents))
    show("ours, English", mine := ours(english))
    kept = detailed(documents)
    print("preliminary rules, each alone over texts whose words have been read:")
    for rule, cost in by_rule(documents):
        print(f"    {rule:32} {cost * 1e6:7.0f} µs/document")
    print("detailed rules, each alone (over walking through the parts and their lines, the first row):")
    for rule, cost in detailed_by_rule(kept):
        print(f"    {rule:32} {cost * 1e6:7.0f} µs/document")
    if not given.datatrove.exists():
        sys.exit(f"no {given.datatrove}: nothing to compare with (see --help)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "english.jsonl"
        path.write_text("".join(json.dumps(document.text()) + "\n" for document in english))
        answer = subprocess.run(
            [str(given.datatrove), __file__, "--filter-with-datatrove", str(path)], check=True, stdout=subprocess.PIPE
        )
    theirs = json.loads(answer.stdout.splitlines()[-1])
    show("datatrove, English", theirs)
    print(f"ratio: {mine['rate'] / theirs['rate']:.1f}")


def show(name: str, result: dict[str, Any]) -> None:
    drops = ", ".join(f"{rule} {count}" for rule, count in result["drops"][:8])
    print(f"{name}: {result['rate']:.0f} documents/core-second; kept {result['kept']}; dropped: {drops or 'none'}")


def read(pages: int) -> list[Any]:
    from omnicorpus.document import Document, Locator
    from omnicorpus.extraction import extract
    from omnicorpus.language import identify

    documents = []
    for path in sorted(GOLD.glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            for line in lines:
                page = json.loads(line)
                parts = extract(page["html"], page["url"]).parts
                document = Document(page["id"], page["url"], None, Locator(str(path), 0, 0), parts)
                language, score = identify(document.text())
                documents.append(
                    Document(
                        page["id"],
                        page["url"],
                        None,
                        Locator(str(path), 0, 0),
                        parts,
                        language=language,
                        language_score=score,
                    )
                )
                if len(documents) == pages:
                    return documents
    return documents


def ours(documents: list[Any]) -> dict[str, Any]:
    from filters.preliminary import PreliminarySettings, judge

    settings = PreliminarySettings()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        drops = [judge(document, settings) for document in documents]
        best = min(best, time.process_time() - start)
    counts = Counter(drop.rule for drop in drops if drop is not None)
    return {"rate": len(documents) / best, "kept": drops.count(None), "drops": counts.most_common()}


def detailed(documents: list[Any]) -> list[Any]:
    """Cutting lines and parts, and judging what is left, of the documents that the preliminary rules keep: these.

    Without and with the masking of personal data, with foreign paragraphs, and all rules, the preliminary ones too.
    """
    from filters import document as whole
    from filters.detailed import DetailedSettings, refine
    from filters.personal import PersonalSettings
    from filters.preliminary import PreliminarySettings, judge
    from filters.words import prose
    from omnicorpus.language import identify

    kept = [document for document in documents if judge(document, PreliminarySettings()) is None]
    lengths = sorted(prose(document).count for document in kept)
    print(f"{len(kept)} kept: median {lengths[len(lengths) // 2]:.0f} words, mean {sum(lengths) / len(lengths):.0f}")
    identify("a text, so that the model has been read")
    plain, foreign = DetailedSettings(), DetailedSettings(foreign_paragraph=0.9)
    for name, first, settings, masked in (
        ("detailed", False, plain, None),
        ("detailed, masking", False, plain, PersonalSettings()),
        ("detailed, masking, languages of paragraphs", False, foreign, PersonalSettings()),
        ("all rules: preliminary, detailed, masking", True, plain, PersonalSettings()),
    ):
        best = float("inf")
        for _ in range(ROUNDS):
            start = time.process_time()
            cuts = 0
            for document in kept:
                if first:
                    judge(document, PreliminarySettings())
                left, drops = refine(document, settings, masked, identify)
                whole.judge(left, whole.RefinedSettings())
                cuts += len(drops)
            best = min(best, time.process_time() - start)
        rate, words = len(kept) / best, sum(lengths) / best
        print(f"{name}: {rate:.0f} documents/core-second, {words:.0f} words/core-second; {cuts} cuts")
    return kept


def detailed_by_rule(documents: list[Any]) -> list[tuple[str, float]]:
    """Seconds per document of each detailed rule, every other one off; "none" is with all of them off."""
    from filters.detailed import DetailedSettings, refine
    from filters.line import Line
    from filters.personal import PersonalSettings
    from omnicorpus.language import identify
    from omnicorpus.shadow import rules, without

    every = DetailedSettings(foreign_paragraph=0.9)
    names = rules(DetailedSettings)

    def cost(settings: DetailedSettings, masked: PersonalSettings | None = None) -> float:
        Line.of.cache_clear()
        start = time.process_time()
        for document in documents:
            refine(document, settings, masked, identify)
        return (time.process_time() - start) / len(documents)

    off = without(every, names)
    nothing = min(cost(off) for _ in range(ROUNDS))
    costs = [(name, cost(without(every, [other for other in names if other != name])) - nothing) for name in names]
    costs.append(("personal (masking)", cost(off, PersonalSettings()) - nothing))
    return [("none", nothing), *sorted(costs, key=lambda item: -item[1])]


def by_rule(documents: list[Any]) -> list[tuple[str, float]]:
    """Seconds per document of each rule alone, over texts whose words have been read; "words" is that reading."""
    from dataclasses import fields

    from filters import text
    from filters.preliminary import PreliminarySettings
    from filters.words import prose

    start = time.process_time()
    every = [prose(document) for document in documents]
    for words in every:
        _ = words.count, words.codes, words.widths, words.lines, words.paragraphs
    costs = [("words", (time.process_time() - start) / len(documents))]
    for field in fields(PreliminarySettings):
        rule = getattr(text, field.name)
        start = time.process_time()
        for words in every:
            rule(words)
        costs.append((field.name, (time.process_time() - start) / len(documents)))
    return sorted(costs, key=lambda cost: -cost[1])


def with_datatrove(path: Path) -> dict[str, Any]:
    from datatrove.data import Document
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
    )

    texts = [json.loads(line) for line in path.read_text().splitlines()]
    # FineWeb's order, and its settings for C4: the paper's "{" and terminal punctuation rules drop too much.
    filters = [
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter(),
    ]
    best = float("inf")
    for _ in range(ROUNDS):
        drops: Counter[str] = Counter()
        start = time.process_time()
        for number, text in enumerate(texts):
            document = Document(text=text, id=str(number))
            for rule in filters:
                verdict = rule.filter(document)
                if verdict is not True:
                    drops[f"{type(rule).__name__}: {verdict[1] if isinstance(verdict, tuple) else verdict}"] += 1
                    break
        best = min(best, time.process_time() - start)
    return {"rate": len(texts) / best, "kept": len(texts) - drops.total(), "drops": drops.most_common()}


if __name__ == "__main__":
    main()
