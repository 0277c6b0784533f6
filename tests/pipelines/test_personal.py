"""Personal data in a run: masked in the corpus and in the ledger of the last stage, counted, switchable."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from filters.personal import PersonalSettings
from omnicorpus import config, job, table
from omnicorpus.document import Text
from omnicorpus.errors import ConfigError
from pipelines import common_crawl
from pipelines.common_crawl import RefineSettings, Settings, refined
from tests import build
from tests.pipelines.test_common_crawl import PLAIN, execute

MAIL, PHONE = "ada@harbour.uk", "+44 20 7946 0958"
PARAGRAPH = (
    "The harbour of the town was built in the year of the great storm, and it has served the fishing boats since. "
    "Visitors walk along the old wall to see them return with their catch. In winter the quay lies quiet, and the "
    "nets are mended in the sheds. The council has promised to renew the pier before the next season begins."
)
PAGE = f"""<html><head><title>Harbour</title></head><body><article><h1>The harbour</h1><p>{PARAGRAPH}</p>
<figure><img src="/quay.png" alt="Ask {MAIL}"><figcaption>The quay in the evening, by {MAIL}</figcaption></figure>
<p>Whoever wants to see the boats may write to {MAIL}, and the harbour master will show them to the children.</p>
<p>Phone: {PHONE}</p></article></body></html>"""


def run(tmp_path: Path, **refine: Any) -> tuple[dict[str, Any], list[dict[str, Any]], Counter[str]]:
    """The one document, the ledger of the last stage, and its counts in the funnel."""
    crawl = build.warc(
        tmp_path / "a.warc.gz",
        build.record("https://a.test/", PAGE.encode()),
        build.record("https://a.test/quay.png", build.png(300, 300), mime="image/png"),
    )
    values = {"pipeline": common_crawl.NAME, "input": [crawl], "output": str(tmp_path / "out"), "partitions": 1}
    settings = config.fill(Settings, {**values, "images": PLAIN, "refine": refine}, "test")
    outcome = execute(settings)
    (document,) = [
        row for path in job.result_files(settings.output, "documents") for row in table.read(path).to_pylist()
    ]
    drops = [row for path in job.result_files(settings.output, "drops") for row in table.read(path).to_pylist()]
    assert outcome is not None
    return document, [row for row in drops if row["stage"] == "refine"], Counter(row["rule"] for row in drops)


def test_nothing_of_it_is_left_in_the_corpus_or_the_ledger(tmp_path: Path) -> None:
    document, drops, counts = run(tmp_path)
    assert MAIL not in str(document) and PHONE not in str(document)
    assert "may write to <EMAIL>, and" in str(document["texts"])
    (image,) = [image for image in document["images"] if image is not None]
    assert image["alt"] == "Ask <EMAIL>" and image["caption"] == "The quay in the evening, by <EMAIL>"
    assert MAIL not in str(drops) and PHONE not in str(drops)
    assert counts["personal.email"] == 3 and counts["personal.phone"] == 1 and counts["contact_line"] == 1
    # In the paragraph, in the caption, which is a text as well, and twice in what the image holds.
    assert sum(row["value"] for row in drops if row["rule"] == "personal.email") == 4


def test_it_can_be_left_and_by_kind(tmp_path: Path) -> None:
    document, _, counts = run(tmp_path, personal=None)
    assert f"may write to {MAIL}, and" in str(document["texts"])
    assert not [rule for rule in counts if rule.startswith("personal")]
    (tmp_path / "b").mkdir()
    document, _, counts = run(tmp_path / "b", personal={"email": False})
    assert MAIL in str(document["texts"]) and counts["personal.phone"] == 1 and "personal.email" not in counts


def test_it_is_masked_without_the_detailed_rules_too() -> None:
    document = build.doc(f"Write to {MAIL} or call {PHONE}.", build.image())
    left, cuts = refined(document, RefineSettings(detailed=None))
    assert left.parts[0] == Text("Write to <EMAIL> or call <PHONE>.")
    assert [(place, drop.rule) for place, drop in cuts if drop.rule.startswith("personal")] == [
        (0, "personal.email"),
        (0, "personal.phone"),
    ]


def test_an_unknown_country_is_an_error_of_the_config() -> None:
    with pytest.raises(ConfigError, match="no telephone format is known for XX; known: BR, CN"):
        config.fill(RefineSettings, {"personal": {"phone_countries": ["DE", "XX"]}}, "test")
    assert config.fill(RefineSettings, {"personal": {"phone_countries": ["DE"]}}, "test").personal == PersonalSettings(
        phone_countries=("DE",)
    )
