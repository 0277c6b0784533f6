"""What a run can say of a document's duplicates."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from omnicorpus import duplicates, family, plan, runner, schema, table
from omnicorpus.document import Document, Locator, Text
from omnicorpus.duplicates import DuplicateSettings
from omnicorpus.errors import InputError
from omnicorpus.family import Row
from omnicorpus.plan import Plan
from omnicorpus.stage import Call, Counts, Need, Stage

WORDS = [f"word{index}" for index in range(300)]
SETTINGS = DuplicateSettings()


def page(name: str, day: int, *paragraphs: str) -> Document:
    return Document(
        hashlib.md5(name.encode()).hexdigest(),
        f"https://e.test/{name}",
        datetime(2024, 1, day, tzinfo=UTC),
        Locator("c", 0, 1),
        tuple(Text(text) for text in paragraphs),
    )


OLD = page("old", 1, " ".join(WORDS[:100]), " ".join(WORDS[100:]))
NEW = page("new", 2, " ".join(WORDS[:100]), " ".join([*WORDS[100:299], "end"]))
COPY = page("copy", 1, " ".join(WORDS[:100]), " ".join([*WORDS[100:299], "END"]))
ALONE = page("alone", 1, " ".join(reversed(WORDS)))


def copy_source(call: Call, state: object) -> Counts:
    rows = table.read(call.source)
    table.write(call.path("documents"), rows)
    return Counts(len(rows), len(rows))


@pytest.fixture
def run(tmp_path: Path) -> Plan:
    path = str(tmp_path / "in.parquet")
    table.write(path, schema.documents_table([OLD, NEW, COPY, ALONE]))
    first = Stage("pages", copy_source, None, ("documents",), shards=("one",), sources=(path,))
    chain = duplicates.stages(Need("pages", "documents"), SETTINGS, partitions=1)
    laid = plan.make(str(tmp_path / "run"), (first, *chain))
    runner.run(laid, runner.Inline(), lambda progress: None)
    return laid


@pytest.mark.parametrize("asked", [OLD, NEW, COPY])
def test_every_member_has_the_same_family(run: Plan, asked: Document) -> None:
    found = family.explain(run, asked.url, SETTINGS)
    assert found.asked == asked.id
    assert found.size == 3
    assert [member.document for member in found.members] == [NEW, COPY, OLD]
    assert [member.rule for member in found.members] == [None, "same_text", "near_duplicate"]
    assert found.similarities[0][1] == 1.0
    assert found.similarities[2][0] == found.similarities[0][2] == 295 / 297
    assert found.members[2].estimate is not None
    assert found.reason == "newest: crawled 2024-01-02 00:00:00; of equals the least id"


def test_a_document_without_duplicates_is_a_family_of_one(run: Plan) -> None:
    found = family.explain(run, "http://e.test/alone?utm_source=x", SETTINGS)
    assert [member.document for member in found.members] == [ALONE]
    assert found.reason == "nothing like it was found"


def test_an_address_that_never_came_is_an_error(run: Plan) -> None:
    with pytest.raises(InputError, match="no document of https://e"):
        family.explain(run, "https://e.test/none", SETTINGS)


def test_two_members_stand_side_by_side() -> None:
    left = page("a", 1, "one", "two", "three", "four")
    right = page("b", 1, "one", "TWO", "three", "four", "five")
    assert family.difference(left, right) == [
        Row("same", "one", "one"),
        Row("changed", "two", "TWO"),
        Row("same", "three", "three"),
        Row("same", "four", "four"),
        Row("right", None, "five"),
    ]
