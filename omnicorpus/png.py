"""PNG files of 8 bits a channel in RGB or RGBA, which most pictures of pages' makers are, to pixels.

Pillow's wheels inflate with the system's zlib: this is 2 to 3 times as fast and gives the same pixels. zlib-ng enters
the project here. Whatever is unusual, odd or broken is left to Pillow, so that its verdicts stay.
"""

from __future__ import annotations

import struct

import numpy as np
from zlib_ng import zlib_ng

from omnicorpus.native import compiled, inlined

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_HEADER = struct.Struct(">II5B")
_CHUNK = struct.Struct(">I4s")
_CHANNELS = {2: 3, 6: 4}
"""Of a colour type (PNG specification, 11.2.2)."""

_HARMLESS = frozenset((b"tEXt", b"zTXt", b"tIME", b"IEND"))
"""Chunks that say nothing of how a picture is shown, if they stand behind it, where Pillow's opening doesn't look."""

_ANIMATED = frozenset((b"acTL", b"fcTL", b"fdAT"))


def pixels(content: bytes) -> np.ndarray | None:
    """The file's pixels: uint8 of shape (height, width, 3 or 4). None for what is another reader's to judge.

    Holds the file's pixels twice; the caller sees to their number.
    """
    found = _packed(content)
    if found is None:
        return None
    width, height, channels, packed = found
    size = height * (1 + width * channels)
    try:
        raw = zlib_ng.decompressobj().decompress(packed, size + 1)
    except zlib_ng.error:  # type: ignore[misc]
        return None
    if len(raw) != size:
        return None
    flat = unfiltered(np.frombuffer(raw, np.uint8), width * channels, channels)
    return flat.reshape(height, width, channels) if flat.size else None


def _packed(content: bytes) -> tuple[int, int, int, bytes] | None:
    """(width, height, channels, the compressed pixels), None for other kinds of PNG and for broken ones."""
    if not content.startswith(SIGNATURE) or content[8:16] != b"\0\0\0\rIHDR" or len(content) < 33:
        return None
    width, height, depth, colour, *methods = _HEADER.unpack_from(content, 16)
    if depth != 8 or colour not in _CHANNELS or any(methods) or not width or not height:
        return None
    parts: list[bytes] = []
    at, kind = 33, b"IHDR"
    while kind != b"IEND":
        if at + 12 > len(content):
            return None
        size, kind = _CHUNK.unpack_from(content, at)
        if at + 12 + size > len(content):
            return None
        if kind == b"IDAT":
            parts.append(content[at + 8 : at + 8 + size])
        elif kind == b"tRNS" or kind in _ANIMATED or (parts and kind not in _HARMLESS):
            return None
        at += 12 + size
    return width, height, _CHANNELS[colour], b"".join(parts)


@inlined
def _paeth(left: int, above: int, corner: int) -> int:
    """The neighbour that is nearest to left + above - corner, the first of equals (PNG specification, 9.4).

    Where that sum lies outside of the two, the outer one is; the corner is where it lies between them.
    """
    turned = 3 * corner - left - above
    low, high = min(left, above), max(left, above)
    inner = low if high <= turned else corner
    return high if turned <= low else inner


@compiled("bytes", "int", "int")
def unfiltered(raw: np.ndarray, row: int, step: int) -> np.ndarray:
    """Rows of one byte that names a filter and `row` filtered bytes each, to the bytes themselves; `step` of 3 or 4 is
    the bytes of a pixel. Nothing where a filter has no name."""
    rows = raw.size // (row + 1)
    found = np.empty(rows * row, np.uint8)
    above = np.zeros(row, np.uint8)
    for number in range(rows):
        start = number * (row + 1)
        kind = raw[start]
        given = raw[start + 1 : start + 1 + row]
        out = found[number * row : (number + 1) * row]
        if kind == 0:
            out[:] = given
        elif kind == 2:
            for place in range(row):
                out[place] = (int(given[place]) + int(above[place])) & 255
        elif kind == 1 or kind == 3 or kind == 4:
            one = two = three = four = 0
            c_one = c_two = c_three = c_four = 0
            for place in range(0, row, step):
                b_one, b_two, b_three = int(above[place]), int(above[place + 1]), int(above[place + 2])
                b_four = int(above[place + 3]) if step == 4 else 0
                if kind == 1:
                    pass
                elif kind == 3:
                    one, two, three, four = (
                        (one + b_one) >> 1,
                        (two + b_two) >> 1,
                        (three + b_three) >> 1,
                        (four + b_four) >> 1,
                    )
                else:
                    one = _paeth(one, b_one, c_one)
                    two = _paeth(two, b_two, c_two)
                    three = _paeth(three, b_three, c_three)
                    four = _paeth(four, b_four, c_four)
                    c_one, c_two, c_three, c_four = b_one, b_two, b_three, b_four
                one = (one + int(given[place])) & 255
                two = (two + int(given[place + 1])) & 255
                three = (three + int(given[place + 2])) & 255
                out[place], out[place + 1], out[place + 2] = one, two, three
                if step == 4:
                    four = (four + int(given[place + 3])) & 255
                    out[place + 3] = four
        else:
            return np.empty(0, np.uint8)
        above = out
    return found
