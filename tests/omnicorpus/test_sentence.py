from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus.sentence import MAX_CHARACTERS, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One.", ["One."]),
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Version 2.5 of a.b.c is out. Try it", ["Version 2.5 of a.b.c is out.", "Try it"]),
        ('He said "Go." Then he went.', ['He said "Go."', "Then he went."]),
        ("Use e.g. this one. Dr. Who came.", ["Use e.g. this one.", "Dr. Who came."]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("今日は晴れ。明日は雨！「本当？」はい", ["今日は晴れ。", "明日は雨！", "「本当？」", "はい"]),
        ("这是一句。这是两句。", ["这是一句。", "这是两句。"]),
        ("هل هذا؟ نعم.", ["هل هذا؟", "نعم."]),
        ("यह है। वह है।", ["यह है।", "वह है।"]),
        ("Привет. Как дела?", ["Привет.", "Как дела?"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_run_without_a_mark_is_cut_at_a_space() -> None:
    found = sentences("word " * 200)
    assert all(len(sentence) <= MAX_CHARACTERS for sentence in found)
    assert " ".join(found) == ("word " * 200).strip()


@given(st.text(max_size=2_000))
def test_nothing_is_lost_but_space(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
