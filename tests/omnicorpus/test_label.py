"""The file of labels: it only grows, the latest line wins, and a bad line is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import label
from omnicorpus.document import Image, Text
from omnicorpus.errors import InputError, OutputError
from omnicorpus.label import Label

DROP = Label("0" * 32 + "/refine.read_more/abc", "dropped", "wrong", "https://a.test/", "refine", "read_more", 0.9, 0.6)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "labels.jsonl")
    kept = Label("1" * 32 + "/kept/def", "kept", "right", note="schön\n“так”", weight=12.5)
    done = Label("1" * 32 + "/reviewed", "reviewed", "right", drops=("refine.byline/1",), kept=("a", "b"))
    for given_label in (DROP, kept, done):
        label.append(path, given_label)
    assert label.read(path) == {DROP.item: DROP, kept.item: kept, done.item: done}


def test_the_later_label_of_an_item_wins_and_the_file_keeps_both(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    for verdict in ("wrong", "right", None):
        label.append(str(path), replace(DROP, verdict=verdict))  # type: ignore[arg-type]
    assert label.read(str(path)) == {DROP.item: replace(DROP, verdict=None)}
    assert [json.loads(line)["verdict"] for line in path.read_text().splitlines()] == ["wrong", "right", None]


def test_a_line_says_only_what_is_known_in_one_order(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    label.append(str(path), DROP)
    assert list(json.loads(path.read_text())) == [
        "item", "kind", "verdict", "url", "stage", "rule", "value", "threshold",
    ]  # fmt: skip


def test_no_file_is_no_labels_unless_they_are_needed(tmp_path: Path) -> None:
    path = str(tmp_path / "labels.jsonl")
    assert label.read(path) == {}
    with pytest.raises(InputError, match=f"no labels at {path}"):
        label.existing(path)


GOOD = '{"item": "a/kept/b", "kind": "kept", "verdict": "wrong"}'


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        GOOD[:20],
        "[]",
        "1",
        "{}",
        '{"item": "a", "kind": "kept", "verdict": "wrong"}',
        '{"item": "a/kept/b", "kind": "keep", "verdict": "wrong"}',
        '{"item": "a/kept/b", "kind": "kept", "verdict": "bad"}',
        '{"item": "a/kept/b", "kind": "kept", "verdict": "wrong", "weight": "1"}',
        '{"item": "a/kept/b", "kind": "kept", "verdict": "wrong", "weight": -1}',
        '{"item": "a/kept/b", "kind": "kept", "verdict": "wrong", "surprise": 1}',
        "[" * 100_000,
        "\xff",
    ],
)
def test_a_line_that_is_no_label_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_bytes(f"{GOOD}\n\n{line}\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"labels\.jsonl line 3 is no label"):
        label.read(str(path))


def test_a_line_left_open_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(GOOD)
    label.append(str(path), DROP)
    assert list(label.read(str(path))) == ["a/kept/b", DROP.item]


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the label was not saved"):
        label.append(str(tmp_path), DROP)


@given(st.text(), st.text())
def test_any_text_survives_the_file(tmp_path_factory: pytest.TempPathFactory, note: str, text: str) -> None:
    path = str(tmp_path_factory.mktemp("labels") / "labels.jsonl")
    said = replace(DROP, note=note, text=text)
    label.append(path, said)
    assert label.read(path) == {DROP.item: said}


def test_a_part_and_the_row_that_cut_it_whole_are_one_piece() -> None:
    text = "word " * 60
    assert label.piece_of(Text(text.strip())) == label.cut_piece(None, text, text[:120])
    assert label.piece_of(Image("https://a.test/i.png")) == label.cut_piece("https://a.test/i.png", None, "404")
    assert label.cut_piece(None, None, "en") is None
