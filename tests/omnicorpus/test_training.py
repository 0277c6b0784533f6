from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from omnicorpus.errors import InputError, OutputError
from omnicorpus.training import Kind, TrainingSettings, train, wilson
from tests.omnicorpus.test_fasttext_model import examples
from tests.omnicorpus.test_ngram import prose


def write(path: Path, rows: list[object]) -> str:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return str(path)


def rows() -> list[object]:
    return [{"text": text, "label": label} for text, label in zip(*examples(), strict=True)]


@pytest.mark.parametrize("kind", ["linear", "fasttext"])
def test_the_card_tells_what_was_measured_on_texts_that_were_held_out(tmp_path: Path, kind: Kind) -> None:
    told = train(write(tmp_path / "l.jsonl", rows()), str(tmp_path / "out"), TrainingSettings(kind))
    assert (told.learnt, told.held_out, told.left_out) == (96, 24, {})
    assert told.labels == ("kitchen", "sea")
    assert told.accuracy == 1.0
    assert [(each.texts, each.claimed, each.right) for each in told.qualities] == [(12, 12, 12)] * 2
    assert told.qualities[0].precision_interval == wilson(12, 12) == (0.7575, 1.0)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| sea | 12 | 100.0% (75.8% to 100.0%) |" in card
    assert 'columns: [{name: my_prob, labels: ["sea"]}]' in card
    assert json.loads((tmp_path / "out" / "scorer.json").read_text())["kind"] == kind


@pytest.mark.parametrize("kind", ["linear", "fasttext"])
def test_the_same_seed_gives_the_same_bytes_and_the_order_of_lines_does_not_matter(tmp_path: Path, kind: Kind) -> None:
    source = write(tmp_path / "l.jsonl", rows())
    for name in ("a", "b"):
        train(source, str(tmp_path / name), TrainingSettings(kind, seed=4))
    found = [{file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("a", "b")]
    assert found[0] == found[1]
    shuffled = rows()
    random.Random(1).shuffle(shuffled)
    train(write(tmp_path / "s.jsonl", shuffled), str(tmp_path / "c"), TrainingSettings(kind, seed=4))
    weights = {"linear": "weights.npy", "fasttext": "model.bin"}[kind]
    assert (tmp_path / "c" / weights).read_bytes() == found[0][weights]


BAD = [
    "{not json",
    '["a list"]',
    {"label": "sea"},
    {"text": "  ", "label": "sea"},
    {"text": "a boat"},
    {"text": "a boat", "label": None},
    {"text": "a boat", "label": 1.5},
]


def test_bad_lines_are_named(tmp_path: Path) -> None:
    source = write(tmp_path / "l.jsonl", [*rows()[:2], *BAD, *rows()[2:]])
    with pytest.raises(InputError, match=r"line 3: it is not JSON; line 4: it is no JSON object; line 5: .*and 2 more"):
        train(source, str(tmp_path / "out"), TrainingSettings())
    assert not (tmp_path / "out" / "scorer.json").exists()
    told = train(source, str(tmp_path / "out"), TrainingSettings(skip_bad=True))
    assert sum(told.left_out.values()) == len(BAD)


def test_a_text_that_stands_twice_is_one_and_one_with_two_labels_is_none(tmp_path: Path) -> None:
    more: list[object] = [
        rows()[0],
        {"text": "neither nor", "label": "sea"},
        {"text": "neither nor", "label": "kitchen"},
    ]
    told = train(write(tmp_path / "l.jsonl", [*rows(), *more]), str(tmp_path / "out"), TrainingSettings())
    assert told.left_out == {"its text bears two labels": 2, "its text stands above": 1}
    assert told.learnt + told.held_out == 120


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "there is only no line"),
        (rows()[:6], r"a label needs 10 different texts at least; there are fewer of kitchen \(3\), sea \(3\)"),
        ([{"text": f"text {number}", "label": True} for number in range(20)], "there is only true"),
    ],
)
def test_too_little_is_refused(tmp_path: Path, given: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        train(write(tmp_path / "l.jsonl", given), str(tmp_path / "out"), TrainingSettings())


def test_numbers_and_truths_are_labels_and_fasttext_wants_no_space(tmp_path: Path) -> None:
    numbered: list[object] = [
        {"text": text, "label": int(label == "sea")} for text, label in zip(*examples(), strict=True)
    ]
    assert train(write(tmp_path / "l.jsonl", numbered), str(tmp_path / "a"), TrainingSettings()).labels == ("0", "1")
    spaced: list[object] = [{"text": "a", "label": "two words"}]
    with pytest.raises(InputError, match="line 1: its label holds a space"):
        train(write(tmp_path / "s.jsonl", spaced), str(tmp_path / "b"), TrainingSettings("fasttext"))


def test_an_output_that_holds_something_else_is_spared(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"holds something else \(thesis\.txt\)"):
        train(write(tmp_path / "l.jsonl", rows()), str(tmp_path / "out"), TrainingSettings())


def test_an_ngram_model_is_measured_by_damage(tmp_path: Path) -> None:
    chance = random.Random(2)
    given: list[object] = [{"text": prose(chance), "language": "en"} for _ in range(120)]
    told = train(write(tmp_path / "l.jsonl", given), str(tmp_path / "out"), TrainingSettings("ngram"))
    (english,) = told.languages
    assert (english.language, english.texts, told.learnt) == ("en", 30, 90)
    assert english.shuffled > 0.95
    assert english.misspelt > 0.95
    with pytest.raises(InputError, match=r"40 texts of at least 200 characters.*en \(20\)"):
        train(write(tmp_path / "few.jsonl", given[:20]), str(tmp_path / "few"), TrainingSettings("ngram"))


@pytest.mark.parametrize(
    ("hits", "tries", "interval"), [(0, 0, (0, 1)), (0, 10, (0, 0.2775)), (5, 10, (0.2366, 0.7634))]
)
def test_wilsons_interval(hits: int, tries: int, interval: tuple[float, float]) -> None:
    assert wilson(hits, tries) == interval
