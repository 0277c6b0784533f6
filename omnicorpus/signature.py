"""MinHash signatures of texts, many documents at a time. datasketch and xxhash enter the project here.

A text is cut into tokens: words for scripts that put spaces between words, single characters for those that don't. A
shingle is a run of tokens; a signature holds, for each of some random permutations of the 32-bit numbers, the least
image of the document's shingles. Two signatures agree at a place with the probability that is the Jaccard similarity
of the two sets of shingles.

Permutations are datasketch's ("affine32"), so that a signature of ours is a `datasketch.MinHash` as it stands. All
steps work on whole arrays of code points, tokens and shingles: no Python object is made for a word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash
from datasketch import MinHash

from omnicorpus import sketch
from omnicorpus.sketch import Hashes

VERSION = "affine32/1"
"""The algorithm of this module. Signatures of different versions can't be compared; raised when a step below
changes."""

MAX_CHARACTERS = 1_000_000
"""Of one document that are looked at. Two documents alike in the first million characters are taken for alike: a main
body is 7,000 characters in the mean, and the bound keeps a hostile page from taking a shard's memory."""

BATCH_CHARACTERS = 262_144
"""Code points worked on at once: 1 MB as uint32, so that the arrays of one step stay in a core's cache."""

_SHINGLES_AT_ONCE = 1_024
"""128 permutations of them are 512 kB."""

_UNSPACED = (
    "CJK UNIFIED",
    "CJK COMPATIBILITY IDEOGRAPH",
    "HIRAGANA",
    "KATAKANA",
    "THAI ",
    "LAO ",
    "KHMER ",
    "MYANMAR ",
    "TIBETAN ",
)
"""First words of the Unicode names of letters whose scripts don't put spaces between words (Korean does)."""

_BREAK, _WORD, _ALONE, _DIGIT = 0, 1, 2, 3

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SignatureSettings:
    """How a text is signed.

    `permutations`: length of a signature (default 128: datasketch's). `shingle`: tokens in a row (default 5: GPT-3's
    and datatrove's word n-grams; OBELICS and data-juicer too). `seed` chooses the permutations (default 1:
    datasketch's). `digits`: "keep", or "zero" to take every digit for 0, so that dates and counters don't tell texts
    apart.
    """

    permutations: int = 128
    shingle: int = 5
    seed: int = 1
    digits: str = "keep"
    version: str = VERSION


@dataclass(frozen=True, slots=True)
class Signed:
    """Several texts signed. Row i is of text i.

    `signatures`: texts x permutations. `sketches`: texts x `sketch.SIZE`, the least of the shingles' numbers in
    ascending order. `sizes`: how many different shingles each text has; 0 for a text without tokens, whose signature
    is all ones.
    """

    signatures: Hashes
    sketches: Hashes
    sizes: Places


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of several texts: text i owns `hashes[bounds[i]:bounds[i + 1]]`, 64 bits each, in reading order."""

    hashes: Words
    bounds: Places

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def of(self, index: int) -> Words:
        return self.hashes[self.bounds[index] : self.bounds[index + 1]]


def tokens(texts: Sequence[str], *, digits: str = "keep") -> Tokens:
    """Cut texts into tokens: NFKC, lower case, letters, marks and numbers only; case and punctuation don't count."""
    parts: list[Words] = []
    counts: list[Places] = []
    for batch in _batches(texts):
        hashes, count = _tokens(batch, digits)
        parts.append(hashes)
        counts.append(count)
    bounds = np.zeros(len(texts) + 1, np.int64)
    if counts:
        np.cumsum(np.concatenate(counts), out=bounds[1:])
    return Tokens(np.concatenate(parts) if parts else np.empty(0, np.uint64), bounds)


def text_keys(found: Tokens) -> Words:
    """128 bits for each text, as rows of two numbers: equal for texts of equal tokens, and for no others."""
    data = b"".join(xxhash.xxh3_128_digest(found.of(index).tobytes()) for index in range(len(found)))
    return np.frombuffer(data, np.uint64).reshape(-1, 2)


def keys(texts: Sequence[str]) -> Words:
    """128 bits for each string as it stands, as rows of two numbers."""
    data = b"".join(xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass")) for text in texts)
    return np.frombuffer(data, np.uint64).reshape(-1, 2)


def shingles(words: Words, size: int) -> Hashes:
    """A 32-bit number for each run of `size` tokens of one text; one run of all where there are fewer, none of none."""
    if not len(words):
        return np.empty(0, np.uint32)
    runs = len(words) - size + 1
    used = size if runs > 0 else len(words)
    total = np.zeros(max(runs, 1), np.uint64)
    for place in range(used):
        total += words[place : place + len(total)] * _factors(size)[place]
    return (mixed(total) >> np.uint64(32)).astype(np.uint32)


def sign(found: Tokens, settings: SignatureSettings) -> Signed:
    """Signature and sketch of each text."""
    factor, shift = _permutations(settings.permutations, settings.seed)
    signed = np.full((len(found), settings.permutations), np.iinfo(np.uint32).max, np.uint32)
    sketches = sketch.empty(len(found))
    sizes = np.zeros(len(found), np.int64)
    images = np.empty((settings.permutations, _SHINGLES_AT_ONCE), np.uint32)
    for index in range(len(found)):
        hashes = _distinct(shingles(found.of(index), settings.shingle))
        sizes[index] = len(hashes)
        sketch.fill(sketches[index], hashes)
        hashes = _premixed(hashes)
        row = signed[index]
        for start in range(0, len(hashes), _SHINGLES_AT_ONCE):
            chunk = hashes[start : start + _SHINGLES_AT_ONCE]
            image = images[:, : len(chunk)]
            np.multiply(factor, chunk, out=image)
            np.add(image, shift, out=image)
            np.minimum(row, image.min(axis=1), out=row)
    return Signed(signed, sketches, sizes)


def similarity(first: Hashes, second: Hashes) -> npt.NDArray[np.float64]:
    """The estimated Jaccard of rows, 0 to 1: the share of places where two signatures agree."""
    return np.asarray((first == second).mean(axis=-1), np.float64)


def minhash(signature: Hashes, settings: SignatureSettings) -> MinHash:
    """The signature as datasketch's own object."""
    return MinHash(hashvalues=signature, seed=settings.seed, scheme="affine32")


def packed(signed: Hashes) -> pa.FixedSizeBinaryArray:
    """Signatures or sketches as a column of fixed-size binary, 4 bytes a number, little-endian."""
    data = np.ascontiguousarray(signed, "<u4")
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(4 * data.shape[1]), len(data), [None, pa.py_buffer(data.tobytes())]
    )


def unpacked(column: pa.ChunkedArray, width: int) -> Hashes:
    """The inverse of `packed`, for rows of `width` numbers."""
    rows = [
        np.frombuffer(chunk.buffers()[1], np.uint8)
        .reshape(-1, 4 * width)[chunk.offset : chunk.offset + len(chunk)]
        .view("<u4")
        for chunk in column.chunks
        if len(chunk)
    ]
    return np.concatenate(rows) if rows else np.empty((0, width), np.uint32)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    length = 0
    for text in texts:
        batch.append(_normal(text))
        length += len(batch[-1])
        if length >= BATCH_CHARACTERS:
            yield batch
            batch, length = [], 0
    if batch:
        yield batch


def _normal(text: str) -> str:
    text = text[:MAX_CHARACTERS]
    if not text.isascii() and not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return text.lower()


def _tokens(texts: list[str], digits: str) -> tuple[Words, Places]:
    """The tokens of some texts one after the other, and how many each text has.

    A token's hash is a polynomial in its code points, read off a running sum: sum(value[c] * BASE**place), divided by
    BASE to the power of the token's first place.
    """
    ends = np.cumsum([len(text) + 1 for text in texts])
    points = np.frombuffer(("\n".join(texts) + "\n").encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds, values = _alphabet(digits)
    kind = kinds[points]
    before = np.concatenate((np.zeros(1, np.uint8), kind[:-1]))
    after = np.concatenate((kind[1:], np.zeros(1, np.uint8)))
    starts = np.flatnonzero((kind == _ALONE) | ((kind == _WORD) & (before != _WORD)))
    stops = np.flatnonzero((kind == _ALONE) | ((kind == _WORD) & (after != _WORD))) + 1
    powers, inverses = _powers(len(points))
    running = np.zeros(len(points) + 1, np.uint64)
    np.cumsum(values[points] * powers, out=running[1:])
    hashes = mixed((running[stops] - running[starts]) * inverses[starts])
    owners = np.searchsorted(starts, ends)
    return hashes, np.diff(owners, prepend=0).astype(np.int64)


_BASE = 0x9E3779B97F4A7C15
"""Odd, so that it has an inverse modulo 2**64; the fraction of the golden ratio."""


def _powers(length: int) -> tuple[Words, Words]:
    powers, inverses = _all_powers(1 << max(20, (length - 1).bit_length()))
    return powers[:length], inverses[:length]


@lru_cache(maxsize=1)
def _all_powers(length: int) -> tuple[Words, Words]:
    def powers(base: int) -> Words:
        found = np.full(length, base, np.uint64)
        found[0] = 1
        return np.cumprod(found, dtype=np.uint64)

    return powers(_BASE), powers(pow(_BASE, -1, 1 << 64))


@lru_cache(maxsize=2)
def _alphabet(digits: str) -> tuple[npt.NDArray[np.uint8], Words]:
    """For each code point: a break, part of a word, or a token of its own; and the number that stands for it."""
    if digits not in ("keep", "zero"):
        raise ValueError(f"digits must be 'keep' or 'zero', not {digits!r}")
    kinds = np.zeros(0x110000, np.uint8)
    points = np.arange(0x110000, dtype=np.uint64)
    for point in (*range(0x40000), *range(0xE0100, 0xE01F0)):
        character = chr(point)
        if unicodedata.category(character)[0] in "LNM":
            alone = unicodedata.name(character, "").startswith(_UNSPACED)
            kinds[point] = _ALONE if alone else _WORD
            if digits == "zero" and character.isdecimal():
                points[point] = ord("0")
    return kinds, mixed(points + np.uint64(1))


def mixed(values: Words) -> Words:
    """MurmurHash3's 64-bit finalizer: every input bit reaches every output bit."""
    values = values ^ (values >> np.uint64(33))
    values = values * np.uint64(0xFF51AFD7ED558CCD)
    values = values ^ (values >> np.uint64(33))
    values = values * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


def _distinct(hashes: Hashes) -> Hashes:
    """Ascending, each once: `np.unique` takes ten times as long as a sort for a text's few hundred."""
    ordered = np.sort(hashes)
    new = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


def _premixed(values: Hashes) -> Hashes:
    """MurmurHash3's 32-bit finalizer, as the scheme "affine32" applies it before its permutations."""
    values = values ^ (values >> np.uint32(16))
    values = values * np.uint32(0x85EBCA6B)
    values = values ^ (values >> np.uint32(13))
    values = values * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


@lru_cache(maxsize=8)
def _factors(size: int) -> Words:
    return mixed(np.arange(1, size + 1, dtype=np.uint64)) | np.uint64(1)


@lru_cache(maxsize=4)
def _permutations(count: int, seed: int) -> tuple[Hashes, Hashes]:
    factor, shift = MinHash(num_perm=count, seed=seed, scheme="affine32").permutations
    return factor.reshape(-1, 1), shift.reshape(-1, 1)
