"""PNG files that are read without Pillow have Pillow's pixels; the others are left to it."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from omnicorpus import png

ROWS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4])))


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def file(filtered: np.ndarray, *after: bytes, depth: int = 8, interlaced: int = 0) -> bytes:
    """A PNG of rows as they are stored, in RGB or RGBA: uint8 of shape (height, 1 + width * channels, as 3 or 4)."""
    height, width, channels = filtered.shape
    header = struct.pack(">II5B", width, height, depth, {3: 2, 4: 6}[channels], 0, 0, interlaced)
    return file_of(header, rows(filtered), *after)


def rows(filtered: np.ndarray, kinds: bytes = b"\0") -> bytes:
    return b"".join(bytes([kinds[index % len(kinds)]]) + line.tobytes() for index, line in enumerate(filtered))


def file_of(header: bytes, raw: bytes, *after: bytes) -> bytes:
    packed = zlib.compress(raw)
    half = len(packed) // 2
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", packed[:half]), chunk(b"IDAT", packed[half:])]
    return png.SIGNATURE + b"".join([*parts, *after, chunk(b"IEND")])


@given(ROWS, st.binary(min_size=1, max_size=9).map(lambda kinds: bytes(kind % 5 for kind in kinds)))
def test_every_filter_is_undone_as_pillow_does_it(filtered: np.ndarray, kinds: bytes) -> None:
    height, width, channels = filtered.shape
    header = struct.pack(">II5B", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    content = file_of(header, rows(filtered, kinds))
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(image)
    found = png.pixels(content)
    assert found is not None and np.array_equal(found, expected)
    raw = np.frombuffer(rows(filtered, kinds), np.uint8)
    assert np.array_equal(png.unfiltered.py_func(raw, width * channels, channels), expected.ravel())  # type: ignore[attr-defined]


PLAIN = np.zeros((2, 3, 3), np.uint8)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        png.SIGNATURE,
        file(PLAIN)[:-1],
        file(PLAIN)[:40],
        file(PLAIN, depth=16),
        file(PLAIN, interlaced=1),
        file(PLAIN, chunk(b"tRNS", b"\0" * 6)),
        file(PLAIN, chunk(b"acTL", b"\0" * 8)),
        file(PLAIN, chunk(b"eXIf", b"MM\0*")),
        file_of(b"\0" * 13, b""),
        file_of(struct.pack(">II5B", 3, 2, 8, 2, 0, 0, 0), rows(PLAIN, b"\5")),
        file_of(struct.pack(">II5B", 3, 2, 8, 2, 0, 0, 0), rows(PLAIN)[:-1]),
        file_of(struct.pack(">II5B", 3, 2, 8, 2, 0, 0, 0), rows(PLAIN) + b"\0"),
        file_of(struct.pack(">II5B", 3, 2, 8, 0, 0, 0, 0), rows(PLAIN)),
        file(PLAIN).replace(zlib.compress(rows(PLAIN))[:4], b"\0\0\0\0"),
    ],
)
def test_what_is_unusual_or_broken_is_left_to_pillow(content: bytes) -> None:
    assert png.pixels(content) is None


def test_notes_before_and_behind_the_pixels_change_nothing() -> None:
    notes = PngInfo()
    notes.add_text("Title", "a scene")
    with io.BytesIO() as out:
        Image.fromarray(PLAIN + 7).save(out, "PNG", pnginfo=notes, dpi=(72, 72))
        before = out.getvalue()
    for content in (before, file(PLAIN + 7, chunk(b"tEXt", b"Title\0a scene"))):
        found = png.pixels(content)
        assert found is not None and np.array_equal(found, PLAIN + 7)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_the_nearest_neighbour_is_the_specification_s(left: int, above: int, corner: int) -> None:
    """Among left, above and corner the one nearest to their sum, left before above before corner."""
    goal = left + above - corner
    nearest = min((left, above, corner), key=lambda value: abs(goal - value))
    assert png._paeth.py_func(left, above, corner) == nearest  # type: ignore[attr-defined]


def test_a_bomb_is_not_inflated_further_than_its_size() -> None:
    content = file_of(struct.pack(">II5B", 3, 2, 8, 2, 0, 0, 0), b"\0" * 50_000_000)
    assert png.pixels(content) is None
