"""New thresholds over a finished run: which documents change sides, and what is left alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from omnicorpus import job, storage, table
from tests.pipelines.test_cli import config_file, omnicorpus


@dataclass(frozen=True)
class Finished:
    folder: Path

    @property
    def root(self) -> str:
        return str(self.folder / "out")

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(Path(self.root).rglob("*")) if path.is_file()}

    def kept(self) -> list[str]:
        found = (table.read(path, ["url"])["url"].to_pylist() for path in job.result_files(self.root, "documents"))
        return [url for urls in found for url in urls]

    def refilter(self, *arguments: str) -> Any:
        done = omnicorpus("refilter", self.root, "--json", *arguments, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Two pages, both kept; the crawl they came from is gone."""
    folder = tmp_path_factory.mktemp("refilter")
    done = omnicorpus("run", config_file(folder), cwd=folder)
    assert done.returncode == 0, done.stderr
    storage.remove(str(folder / "crawl.warc.gz"))
    return Finished(folder)


BREAD, TIDES = "https://a.test/bread", "https://a.test/tides"


@pytest.mark.slow
def test_a_preview_shows_what_would_change_sides_and_leaves_the_run_alone(finished: Finished) -> None:
    before = finished.files()
    told = finished.refilter("--set", "refine.scores.stop_word_share=[0.9,null]", "--dry-run")
    assert finished.files() == before
    assert (told["before"]["rows_out"], told["after"]["rows_out"], told["dropped"], told["restored"]) == (2, 0, 2, 0)
    assert told["after"]["drops"] == {"stop_word_share": 2}
    assert {change["url"] for change in told["changes"]} == {BREAD, TIDES}
    (first, _) = told["changes"]
    assert (first["rule"], first["threshold"], first["kept"]) == ("stop_word_share", 0.9, False)
    assert 0.3 < first["value"] < 0.9
    assert len(first["text"]) == 160


@pytest.mark.slow
def test_thresholds_are_applied_and_taken_back_byte_for_byte(finished: Finished) -> None:
    results = {name: data for name, data in finished.files().items() if "/documents/" in name}
    there = finished.refilter("--set", "refine.scores.sentence_count=[6,null]", "--examples", "1")
    assert finished.kept() == [BREAD] or finished.kept() == [TIDES] or finished.kept() == []
    assert there["settings"] == ["scores.sentence_count: null, now [6, null]"]
    assert there["before"]["rows_out"] - there["after"]["rows_out"] == there["dropped"] > 0
    assert len(there["changes"]) == 1
    back = finished.refilter("--set", "refine.scores.sentence_count=null")
    assert (back["restored"], back["dropped"]) == (there["dropped"], 0)
    assert all(change["kept"] and change["rule"] == "sentence_count" for change in back["changes"])
    assert {name: data for name, data in finished.files().items() if "/documents/" in name} == results


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("preliminary.word_count=[10,20]", r"refilter redoes refine alone, and this would redo select, too"),
        ("scores.flagged_words=false", r"would redo scores, too (flagged_words: true, now false)"),
        ("scores=null", r"would redo scores, too (it falls away)"),
        ("paragraphs.documents=3", "refilter redoes refine alone"),
        ("input=[other.warc.gz]", "input is none"),
        ("refine.scores.toxic_prob=0.5", "refine.scores.toxic_prob has a threshold and nothing gives that score"),
        ("refine.scores.toxic=0.5", "unknown key refine.scores.toxic; did you mean refine.scores.toxic_prob?"),
        ("refine.scores.line_count=[9,1]", "the least value, 9.0, is above the largest, 1.0"),
        ("languages=[en]", "has these thresholds already"),
    ],
)
def test_what_is_no_threshold_is_refused_in_one_line(finished: Finished, override: str, message: str) -> None:
    done = omnicorpus("refilter", finished.root, "--set", override, cwd=finished.folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_people_see_both_funnels_and_examples(finished: Finished) -> None:
    arguments = ("--set", "refine.scores.stop_word_share=[0.9,null]", "--dry-run")
    done = omnicorpus("refilter", finished.root, *arguments, cwd=finished.folder)
    assert "dropped by stop_word_share" in done.stdout
    assert "2 documents were kept and are dropped now:" in done.stdout
    assert "nothing was written" in done.stderr


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = omnicorpus("refilter", str(tmp_path / "no"), "--set", "refine.scores.flagged_share=0.1", cwd=tmp_path)
    assert done.returncode == 2
    assert "no run at" in done.stderr
