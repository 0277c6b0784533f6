"""Documents and drops in the terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from omnicorpus import reading
from omnicorpus.document import Document, Drop, Facts, Image, Locator, Measures, Part, Text
from omnicorpus.schema import Dropped


def printed(*parts: Part, title: str | None = "Bread") -> list[str]:
    document = Document(
        id="0" * 32,
        url="https://a.test/page",
        crawled_at=datetime(2023, 11, 28, 12, 0, tzinfo=UTC),
        warc=Locator("c.warc.gz", 1234, 100),
        parts=parts,
        facts=Facts(title=title),
        language="en",
        language_score=0.987,
    )
    output = io.StringIO()
    reading.print_document(document, Console(file=output, width=100))
    return [line.rstrip() for line in output.getvalue().splitlines() if line.strip()]


def test_facts_then_parts_in_reading_order() -> None:
    image = Image("https://a.test/i.jpg", "a wall", measures=Measures(width=640, height=480), clip_similarity=0.25)
    assert printed(Text("Head", "header"), image, Text("two\nlines", "quote")) == [
        "Bread",
        "https://a.test/page",
        "en 0.99 · crawled 2023-11-28 12:00:00 · c.warc.gz at 1,234",
        "Head",
        "[image] https://a.test/i.jpg",
        "  alt: a wall",
        "  640 × 480 · similarity 0.250",
        "│ two",
        "│ lines",
    ]


def test_markup_emoji_and_escapes_of_a_page_are_only_shown() -> None:
    assert printed(Text("[bold]x[/bold] :bee: \x1b[31mred\x07 \u202eturned"))[-1] == (
        "[bold]x[/bold] :bee: \ufffd[31mred\ufffd \ufffdturned"
    )


def test_long_text_is_cut_and_counted() -> None:
    assert printed(Text("a" * 2_500))[-1] == "… and 500 characters more"


def test_dropped_document_names_rule_measure_and_twin() -> None:
    drop = Drop("near_duplicate", 0.91, 0.8, twin="7" * 32)
    output = io.StringIO()
    dropped = Dropped(drop, "deduplicate", "1" * 32, "https://a.test/old")
    reading.print_dropped(dropped, Console(file=output, width=100), twin="https://a.test/new")
    assert output.getvalue().split("\n") == [
        "deduplicate · near_duplicate · 0.91 against 0.8",
        "https://a.test/old",
        "kept instead: https://a.test/new",
        "",
        "",
    ]
