from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from omnicorpus import fasttext_model
from omnicorpus.errors import ModelMissing

SEA = "the tide takes our small boat out to the grey sea and the wind".split()  # noqa: SIM905
KITCHEN = "we knead the dough with flour salt and butter then bake some bread".split()  # noqa: SIM905


def examples(count: int = 120) -> tuple[list[str], list[str]]:
    chance = random.Random(5)
    labels = ["sea" if index % 2 else "kitchen" for index in range(count)]
    return [" ".join(chance.choices(SEA if label == "sea" else KITCHEN, k=10)) for label in labels], labels


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fasttext") / "model.bin"
    fasttext_model.train(*examples(), path, seed=3)
    return path


def test_the_trained_file_is_one_of_fasttext_and_tells_texts_apart(path: Path) -> None:
    model = fasttext_model.load(str(path))
    assert model.labels == ("kitchen", "sea")
    found = model.probabilities(["the boat\nand the tide", "bread and butter", ""])
    assert found[:2].argmax(axis=1).tolist() == [1, 0]
    assert np.abs(found[:2].sum(axis=1) - 1).max() < 1e-3
    best = model.best("the boat and the tide")
    assert best is not None
    assert best[0] == "sea"


def test_the_same_seed_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    fasttext_model.train(*examples(), tmp_path / "again.bin", seed=3)
    assert (tmp_path / "again.bin").read_bytes() == path.read_bytes()


def test_files_that_are_none_are_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no fastText model at .*nothing\.bin"):
        fasttext_model.load(str(tmp_path / "nothing.bin"))
    whole = path.read_bytes()
    for content in (b"", b"nonsense", whole[:40], whole[:5_000]):
        (tmp_path / "bad.bin").write_bytes(content)
        with pytest.raises(ModelMissing, match="no classifier of fastText"):
            fasttext_model.load(str(tmp_path / "bad.bin"))
