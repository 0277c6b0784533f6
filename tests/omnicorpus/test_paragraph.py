"""Paragraphs that a site repeats."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from omnicorpus import paragraph, plan, runner, schema, shard, table
from omnicorpus.document import Document, Image, Locator, Part, Text
from omnicorpus.paragraph import ParagraphSettings
from omnicorpus.stage import Call, Counts, Need, Stage

DOCUMENTS = Need("pages", "documents")
NOTICE = Text("Please subscribe to our letter.")


def page(url: str, *parts: Part) -> Document:
    return Document(hashlib.md5(url.encode()).hexdigest(), url, None, Locator("c", 0, 1), parts)


def copy_source(call: Call, state: object) -> Counts:
    rows = table.read(call.source)
    table.write(call.path("documents"), rows)
    return Counts(len(rows), len(rows))


def cut(
    folder: Path, shards: Sequence[Sequence[Document]], settings: ParagraphSettings | None = None
) -> tuple[list[Document], list[tuple[str, int, str, float, float]]]:
    """The documents afterwards, and for every cut (url, position, text, value, threshold)."""
    paths = tuple(str(folder / f"{index}.parquet") for index in range(len(shards)))
    for path, documents in zip(paths, shards, strict=True):
        table.write(path, schema.documents_table(documents))
    names = tuple(f"shard-{index}" for index in range(len(shards)))
    first = Stage("pages", copy_source, None, ("documents",), shards=names, sources=paths)
    chain = paragraph.stages(DOCUMENTS, settings or ParagraphSettings(), partitions=2)
    laid = plan.make(str(folder / "run"), (first, *chain))
    runner.run(laid, runner.Inline(), lambda progress: None)
    rows = table.read_all(laid.tables(Need("paragraphs", "documents", "all")), schema.DOCUMENTS)
    drops = table.read_all(laid.tables(Need("paragraphs", "drops", "all")), schema.DROPS).to_pylist()
    assert all(drop["rule"] == "repeated_paragraph" and drop["stage"] == "paragraphs" for drop in drops)
    step = laid.step("paragraphs")
    made = [shard.read(step.output(name) + shard.ENDING) for name in step.shards]
    assert sum(sum(manifest.cuts.values()) for manifest in made) == len(drops)
    found = [(drop["url"], drop["position"], drop["text"], drop["value"], drop["threshold"]) for drop in drops]
    return schema.documents(rows), found


def test_what_three_documents_of_a_domain_say_is_cut_from_all_of_them(tmp_path: Path) -> None:
    one = page("https://a.example.org/1", Text("One."), NOTICE, Image("https://a.example.org/1.png"))
    two = page("https://b.example.org/2", NOTICE, Text("Two."))
    three = page("https://example.org/3", Text("Three."), Text("please SUBSCRIBE to our letter"))
    other = page("https://example.com/4", Text("Four."), NOTICE)
    documents, drops = cut(tmp_path, [[one, other], [two, three]])
    assert documents == [
        one.with_parts((one.parts[0], one.parts[2])),
        other,
        two.with_parts((two.parts[1],)),
        three.with_parts((three.parts[0],)),
    ]
    assert drops == [
        (one.url, 1, NOTICE.text, 3, 3),
        (two.url, 0, NOTICE.text, 3, 3),
        (three.url, 1, "please SUBSCRIBE to our letter", 3, 3),
    ]


def test_a_document_counts_once_however_often_it_says_it(tmp_path: Path) -> None:
    shards = [[page("https://e.org/1", NOTICE, NOTICE), page("https://e.org/2", NOTICE, NOTICE)]]
    assert cut(tmp_path, shards) == (shards[0], [])


def test_headings_and_code_may_repeat(tmp_path: Path) -> None:
    documents = [
        page(f"https://e.org/{n}", Text("Introduction", "header"), Text("import os", "code"), Text(f"About {n}."))
        for n in range(4)
    ]
    assert cut(tmp_path, [documents]) == (documents, [])


def test_the_number_of_documents_can_be_set(tmp_path: Path) -> None:
    documents = [page(f"https://e.org/{n}", NOTICE, Text(f"Page {n}.")) for n in range(2)]
    found, drops = cut(tmp_path, [documents], ParagraphSettings(documents=2))
    assert [document.text() for document in found] == ["Page 0.", "Page 1."]
    assert [drop[3] for drop in drops] == [2, 2]


def test_no_documents_are_no_trouble(tmp_path: Path) -> None:
    assert cut(tmp_path, [[], []]) == ([], [])
