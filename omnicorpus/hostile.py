"""Counts of a page's bytes that say, before anything is parsed, whether parsing would take too long."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus.native import compiled, inlined

_ORDINARY, _SPACE, _LESS, _GREATER, _EQUALS, _SLASH, _DOUBLE, _SINGLE = range(8)


def _classes() -> NDArray[np.uint8]:
    classes = np.full(256, _ORDINARY, dtype=np.uint8)
    for kind, characters in (
        (_SPACE, b" \t\n\f\r"),
        (_LESS, b"<"),
        (_GREATER, b">"),
        (_EQUALS, b"="),
        (_SLASH, b"/"),
        (_DOUBLE, b'"'),
        (_SINGLE, b"'"),
    ):
        classes[list(characters)] = kind
    return classes


def _packed(names: bytes) -> NDArray[np.uint64]:
    """Names of at most eight letters as numbers: the first letter in the highest byte that is used."""
    return np.array([int.from_bytes(name, "big") for name in names.split()], dtype=np.uint64)


_CLASS = _classes()
_FORMATTING = _packed(b"b big code em font i nobr s small strike strong tt u")
_UNNESTED = _packed(
    b"area base br col embed hr img input link meta param source track wbr p li dd dt td th tr tbody thead tfoot "
    b"option optgroup a script style html head body"
)
"""Elements that are void, or that a second one of the same kind closes: they do not deepen a page by themselves."""
_SEED = np.uint64(14695981039346656037)
_PRIME = np.uint64(1099511628211)
_EIGHT = np.uint64(8)
_LESS_BYTE, _SLASH_BYTE, _GREATER_BYTE = ord("<"), ord("/"), ord(">")
_LONGEST_FORMATTING = len("strike")


@inlined
def _lower(byte: int) -> int:
    return byte + 32 if 65 <= byte <= 90 else byte


@inlined
def _is_letter(byte: int) -> bool:
    return 97 <= byte <= 122 or 65 <= byte <= 90


@inlined
def _is_white(byte: int) -> bool:
    return byte == 32 or 9 <= byte <= 13


@inlined
def _is_tag(source: NDArray[np.uint8], start: int) -> bool:
    """Whether a letter stands at `start`, or a slash and a letter."""
    if start + 1 < len(source) and source[start] == _SLASH_BYTE:
        start += 1
    return start < len(source) and _is_letter(source[start])


@inlined
def _formatting(source: NDArray[np.uint8], start: int) -> int:
    """For the tag whose name or slash is at `start`: 1 if it opens a formatting element with attributes, -1 if it ends
    a formatting element, else 0."""
    closing = source[start] == _SLASH_BYTE
    start += closing
    packed = np.uint64(0)
    end = start
    while end < len(source) and end - start < _LONGEST_FORMATTING and _is_letter(source[end]):
        packed = (packed << _EIGHT) | np.uint64(_lower(source[end]))
        end += 1
    if end == start or end == len(source) or not (_is_white(source[end]) or source[end] == _GREATER_BYTE):
        return 0
    for name in _FORMATTING:
        if name == packed:
            return -1 if closing else int(source[end] != _GREATER_BYTE)
    return 0


@compiled("bytes")
def most(source: NDArray[np.uint8]) -> tuple[int, int]:
    """The most attributes that a tag of the page can have (an end tag one more), wherever it may begin; and the most
    formatting elements with attributes that are open at once, if each end tag closes one.

    Read backwards. For each state in which HTML's tokeniser can be inside a tag, one number says how many attributes it
    would still find from here to the tag's end; what stands before cannot change it, so that one pass is right for
    every beginning, quotes and comments in any disorder.
    """
    attributes = formatting = opened = 0
    # inside a tag's name, before an attribute, in its name, after it, before its value, in a bare, a "" and a '' value
    name = before = attribute = after = value = bare = double = single = 0
    position = len(source) - 1
    while position >= 0:
        kind = _CLASS[source[position]]
        if kind == _ORDINARY:
            before = after = attribute + 1
            value = bare
            position -= 1
            while position >= 0 and _CLASS[source[position]] == _ORDINARY:
                position -= 1
            continue
        if kind == _SPACE:
            name = bare = before
            attribute = after
        elif kind == _SLASH:
            name = attribute = after = before
            value = bare
        elif kind == _GREATER:
            name = before = attribute = after = value = bare = 0
        elif kind == _EQUALS:
            before = attribute + 1
            attribute = after = value
            value = bare
        else:
            outside = before
            before = after = attribute + 1
            value = bare
            if kind == _DOUBLE:
                value, double = double, outside
            elif kind == _SINGLE:
                value, single = single, outside
            elif _is_tag(source, position + 1):
                attributes = max(attributes, name)
                opened = max(0, opened + _formatting(source, position + 1))
                formatting = max(formatting, opened)
        position -= 1
    return attributes, formatting


@inlined
def _slot(keys: Any, key: Any) -> int:
    """Where `key` stands in an open table of a power of two of places, or where it belongs."""
    slot = np.int64((key ^ (key >> np.uint64(32))) & np.uint64(len(keys) - 1))
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & (len(keys) - 1)
    return int(slot)


@compiled("bytes", "int", "int")
def depth(source: NDArray[np.uint8], tags: int, limit: int) -> int:
    """The most elements open at once, counted up to `limit` + 1; an end tag closes all down to the last of its name.

    `tags` is the number of `<` in the page. Names are told apart by a hash of 64 bits.
    """
    size = 16
    while size < 2 * tags:
        size *= 2
    keys = np.zeros(size, dtype=np.uint64)
    counts = np.zeros(size, dtype=np.int32)
    opened = np.zeros(limit + 2, dtype=np.int64)
    now = most = 0
    length = len(source)
    for position in range(length - 1):
        if source[position] != _LESS_BYTE:
            continue
        start = position + 1
        closing = source[start] == _SLASH_BYTE
        start += closing
        if start == length or not _is_letter(source[start]):
            continue
        packed = np.uint64(0)
        key = _SEED
        end = start
        while end < length and (_is_letter(source[end]) or 48 <= source[end] <= 57 or source[end] == 45):
            letter = np.uint64(_lower(source[end]))
            packed = (packed << _EIGHT) | letter
            key = (key ^ letter) * _PRIME
            end += 1
        if end - start <= 8 and (packed == _UNNESTED).any():
            continue
        slot = _slot(keys, key)
        if not closing:
            keys[slot] = key
            counts[slot] += 1
            opened[now] = slot
            now += 1
            most = max(most, now)
            if now > limit:
                break
        elif keys[slot] == key and counts[slot] > 0:
            while True:
                now -= 1
                counts[opened[now]] -= 1
                if opened[now] == slot:
                    break
    return most
