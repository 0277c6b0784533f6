"""Signatures: what counts as the same text, and how well similarity is estimated."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import signature
from omnicorpus.signature import (
    MAX_CHARACTERS,
    SignatureSettings,
    minhash,
    packed,
    shingles,
    tokens,
    unpacked,
)
from omnicorpus.sketch import Hashes

DEFAULT = SignatureSettings()


def sign(*texts: str, options: SignatureSettings = DEFAULT) -> Hashes:
    return signature.sign(tokens(texts, digits=options.digits), options).signatures


def count(text: str) -> int:
    return len(tokens([text]).hashes)


def same(first: str, second: str, *, digits: str = "keep") -> bool:
    found = tokens([first, second], digits=digits)
    return bool(np.array_equal(found.of(0), found.of(1)))


def prose(seed: int, words: int = 522) -> list[str]:
    random = Random(seed)
    return [f"w{random.randrange(50_000)}" for _ in range(words)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        (" ...\n — ", 0),
        ("The cat sat on the mat.", 6),
        ("don't", 2),
        ("naïve Straße 42", 3),
        ("Привет, мир", 2),
        ("안녕하세요 세계", 2),
        ("السلام عليكم", 2),
        ("हिन्दी में लिखा", 3),
        ("猫在垫子上。", 5),
        ("カタカナとひらがな", 9),
        ("python 编程 3", 4),
        ("ภาษาไทย", 7),
        ("𠀋𠀋", 2),
    ],
)
def test_words_are_tokens_and_so_are_single_letters_of_scripts_without_spaces(text: str, expected: int) -> None:
    assert count(text) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The cat.", "the CAT"),
        ("ﬁne", "fine"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("e\u0301te\u0301", "été"),
        ("one\n\ntwo", "One — two!"),
    ],
)
def test_case_form_and_punctuation_do_not_count(first: str, second: str) -> None:
    assert same(first, second)


def test_words_and_their_order_count() -> None:
    assert not same("one two", "two one")
    assert not same("one two", "onetwo")
    assert not same("page 12", "page 13")
    assert same("page 12", "page 13", digits="zero")
    assert not same("page 12", "page 123", digits="zero")


def test_an_unknown_way_with_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="digits"):
        tokens(["x"], digits="none")


@given(st.lists(st.text(max_size=80), max_size=8))
def test_a_text_has_the_same_tokens_alone_and_among_others(texts: list[str]) -> None:
    together = tokens(texts)
    assert len(together) == len(texts)
    for index, text in enumerate(texts):
        assert together.of(index).tolist() == tokens([text]).of(0).tolist()


def test_texts_that_cross_batches_keep_their_tokens() -> None:
    texts = [" ".join(prose(seed, 20_000)) for seed in range(5)]
    assert np.diff(tokens(texts).bounds).tolist() == [20_000] * 5


def test_a_hostile_length_is_cut() -> None:
    assert count("ab " * MAX_CHARACTERS) == -(-MAX_CHARACTERS // 3)


def test_text_keys_are_equal_for_equal_tokens_only() -> None:
    rows = signature.text_keys(tokens(["One, two", "one two", "one three", ""])).tolist()
    assert rows[0] == rows[1]
    assert len({tuple(row) for row in rows}) == 3


def test_shingles_are_runs_of_tokens() -> None:
    words = tokens(["a b c d e f"]).of(0)
    assert len(shingles(words, 5)) == 2
    assert shingles(words, 5)[1:].tolist() == shingles(words[1:], 5).tolist()
    assert len(shingles(words[:3], 5)) == 1
    assert len(shingles(words[:0], 5)) == 0
    assert shingles(words[:3], 5).tolist() != shingles(words[:4], 5).tolist()


def test_a_text_without_tokens_has_the_signature_of_the_empty_set() -> None:
    assert sign("")[0].tolist() == MinHash(num_perm=128, scheme="affine32").hashvalues.tolist()


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60), st.integers(1, 200), st.integers(0, 5))
def test_signatures_are_those_of_datasketch(words: list[str], permutations: int, seed: int) -> None:
    options = SignatureSettings(permutations=permutations, seed=seed)
    ours = sign(" ".join(words), options=options)[0]
    theirs = MinHash(num_perm=permutations, seed=seed, hashfunc=int, scheme="affine32")
    for shingle in shingles(tokens([" ".join(words)]).of(0), options.shingle):
        theirs.update(int(shingle))
    assert ours.tolist() == theirs.hashvalues.tolist()


def test_estimates_are_those_of_datasketch() -> None:
    words = prose(1)
    for changes in (0, 5, 20, 60, 522):
        other = [f"x{word}" if place < changes else word for place, word in enumerate(words)]
        first, second = sign(" ".join(words), " ".join(other))
        assert signature.similarity(first, second) == minhash(first, DEFAULT).jaccard(minhash(second, DEFAULT))


def test_estimates_are_right_on_average() -> None:
    errors = []
    for seed in range(60):
        words = prose(seed)
        other = words[:400] + prose(seed + 1000, 122)
        first, second = sign(" ".join(words), " ".join(other))
        errors.append(float(signature.similarity(first, second)) - 396 / (518 + 518 - 396))
    # The standard error of a mean of 60 estimates from 128 permutations is 0.0056 at this similarity.
    assert abs(sum(errors) / len(errors)) < 0.02


def test_edited_chinese_stays_similar_and_other_chinese_does_not() -> None:
    random = Random(3)
    letters = [chr(0x4E00 + random.randrange(3000)) for _ in range(800)]
    text, other = "".join(letters), "".join(chr(0x4E00 + random.randrange(3000)) for _ in range(800))
    edited = "".join(letters[:400]) + "改" + "".join(letters[401:])
    rows = sign(text, edited, other)
    assert signature.similarity(rows[0], rows[1]) > 0.9
    assert signature.similarity(rows[0], rows[2]) == 0


def test_signatures_come_back_from_a_column() -> None:
    import pyarrow as pa

    rows = sign("one two three four five six", "two", "")
    column = pa.chunked_array([packed(rows[:1]), packed(rows)[1:], packed(rows[:0])])
    assert unpacked(column, 128).tolist() == rows.tolist()
    assert unpacked(pa.chunked_array([], pa.binary(512)), 128).shape == (0, 128)
