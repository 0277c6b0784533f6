from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from omnicorpus import ngram
from omnicorpus.errors import ModelMissing

SUBJECTS = ["The harbour master", "An old fisherman", "The child", "Our neighbour", "The keeper of the lighthouse"]
VERBS = ["watches", "mends", "remembers", "paints", "describes", "carries"]
OBJECTS = ["the small boats", "a torn net", "the wooden ladder", "every rope", "the lights along the pier"]
ENDS = ["before the tide turns", "when the wind drops", "in the grey morning", "while gulls circle above"]


def prose(chance: random.Random) -> str:
    said = (
        f"{chance.choice(SUBJECTS)} {chance.choice(VERBS)} {chance.choice(OBJECTS)} {chance.choice(ENDS)}."
        for _ in range(30)
    )
    return " ".join(said)


@pytest.fixture(scope="module")
def model() -> ngram.Ngram:
    chance = random.Random(7)
    return ngram.train({"en": [prose(chance) for _ in range(120)], "xx": [prose(chance) for _ in range(5)]})


def test_a_language_of_few_texts_is_not_learnt(model: ngram.Ngram) -> None:
    assert set(model.languages) == {"en"}


def test_what_is_like_the_texts_does_not_surprise_and_damage_does(model: ngram.Ngram) -> None:
    chance = random.Random(8)
    text = prose(chance)
    words = text.split()
    own = model.surprise(text, "en")
    shuffled = model.surprise(" ".join(chance.sample(words, len(words))), "en")
    reversed_ = model.surprise(text[::-1], "en")
    assert own is not None
    assert shuffled is not None
    assert reversed_ is not None
    assert abs(own) < 4 < shuffled < reversed_


@pytest.mark.parametrize(
    ("text", "language"), [("too short", "en"), ("", "en"), ("word " * 100, "de"), ("a " * 300, None)]
)
def test_without_a_model_or_text_enough_there_is_no_score(model: ngram.Ngram, text: str, language: str | None) -> None:
    assert model.surprise(text, language) is None


def test_letters_that_it_never_saw_cost_most(model: ngram.Ngram) -> None:
    strange = model.languages["en"].bits("潮水每天涨落两次" * 40)
    assert strange is not None
    assert strange > 10


def test_it_is_saved_and_loaded_and_the_same_texts_give_the_same_bytes(model: ngram.Ngram, tmp_path: Path) -> None:
    ngram.save(model, tmp_path / "a.npz")
    chance = random.Random(7)
    again = ngram.train({"en": [prose(chance) for _ in range(120)]})
    ngram.save(again, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    text = prose(random.Random(1))
    assert ngram.load(tmp_path / "a.npz").surprise(text, "en") == model.surprise(text, "en")


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04nonsense"])
def test_files_that_are_none_are_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(ModelMissing, match="train"):
        ngram.load(tmp_path / "model.npz")


def test_a_file_of_other_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", en=np.zeros(3))
    with pytest.raises(ModelMissing, match="damaged"):
        ngram.load(tmp_path / "model.npz")
