"""Counts of a page's bytes that say, before anything is parsed, whether parsing would take too long, and what is worth
looking for in the tree."""

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
_SPECIAL = np.array(
    [
        int.from_bytes(name[-8:], "big")
        for name in (
            b"address applet article aside blockquote body button caption center colgroup dd details dir div dl dt "
            b"fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup html iframe li "
            b"listing main marquee menu nav noembed noframes noscript object ol p plaintext pre search section select "
            b"summary table tbody td template textarea tfoot th thead title tr ul xmp"
        ).split()
    ],
    dtype=np.uint64,
)
"""Elements that HTML calls special, the last eight letters of each: no end tag of another kind closes them."""
_SEED = np.uint64(14695981039346656037)
_PRIME = np.uint64(1099511628211)
_EIGHT = np.uint64(8)
_LESS_BYTE, _SLASH_BYTE, _GREATER_BYTE, _EQUALS_BYTE = ord("<"), ord("/"), ord(">"), ord("=")
_DOUBLE_BYTE, _SINGLE_BYTE = ord('"'), ord("'")
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


NAMED = (
    "meta", "link", "nav", "footer", "script", "style", "template", "iframe", "frame", "frameset", "object", "applet",
    "canvas", "select", "datalist", "textarea", "title", "xmp", "noembed", "noframes", "plaintext", "dialog",
    "progress", "meter", "option", "optgroup", "button", "base", "basefont", "param", "rp", "rt", "svg", "image",
)  # fmt: skip
"""Elements that `survey` looks for; of longer names the first eight letters."""
LICENSE, DRAWN, FORUM = 1, 2, 4
"""What else it finds, as bits: the word license; a word that formulas drawn by KaTeX or MathJax have; a name that
schema.org has for forums and question pages."""
_NAMED = np.concatenate((_packed(" ".join(name[:8] for name in NAMED).encode()), _FORMATTING))
_LICENSE, _KATEX, _MATHJAX, _MJX, _QUESTIONS, _DISCUSSION = (
    np.frombuffer(word, dtype=np.uint8)
    for word in (b"license", b"katex", b"MathJax", b"mjx-", b"QAPage", b"DiscussionForumPosting")
)
_SLOTS = 256
_ODD = np.uint64(0x9E3779B97F4A7C15)
_TOP = np.uint64(56)


def _slots() -> NDArray[np.int64]:
    """The place in `_NAMED` of each packed name, at the highest byte of a product or the next free slot; -1 where there
    is none."""
    slots = np.full(_SLOTS, -1, dtype=np.int64)
    for place, name in enumerate(_NAMED.tolist()):
        slot = (name * int(_ODD) & (2**64 - 1)) >> int(_TOP)
        while slots[slot] >= 0:
            slot = (slot + 1) % _SLOTS
        slots[slot] = place
    return slots


_SLOT = _slots()


def _beginnings() -> NDArray[np.bool_]:
    """Whether a name of `_NAMED` can begin with three bytes, of each of which the five lowest bits count."""
    beginnings = np.zeros((32, 32, 32), dtype=np.bool_)
    for name in _NAMED.tolist():
        letters = name.to_bytes(8, "big").strip(b"\x00")[:3]
        beginnings[tuple(letter & 31 for letter in letters)] = True
    return beginnings.ravel()


_BEGINNING = _beginnings()


@inlined
def _may_begin(first: int, second: int, third: int) -> bool:
    return bool(_BEGINNING[(np.int64(first) & 31) << 10 | (np.int64(second) & 31) << 5 | (np.int64(third) & 31)])


def _telling() -> NDArray[np.uint8]:
    """Bytes that `survey` stops at, by themselves and the byte behind them: those that begin, quote and end tags, and
    the rarest letter of each word; of c, every fortieth byte, only that before an e."""
    telling = np.zeros((256, 256), dtype=np.uint8)
    for kind, byte in enumerate(b"<>\"'cxQF", 1):
        telling[byte] = kind
    telling[ord("c"), np.arange(256) != ord("e")] = 0
    return telling.ravel()


_TELLING = _telling()


@inlined
def _spells(source: NDArray[np.uint8], start: int, word: NDArray[np.uint8]) -> bool:
    if start < 0 or start + len(word) > len(source):
        return False
    for index in range(len(word)):  # noqa: SIM110 - the compiler knows no all() over a generator
        if source[start + index] != word[index]:
            return False
    return True


@compiled("bytes")
def survey(source: NDArray[np.uint8]) -> tuple[int, int, int, int, int]:
    """In one cheap pass: how many `<` the page has; a number of attributes that no tag exceeds; a number of formatting
    elements with attributes that are never exceeded by those open at once; which of `NAMED` may be in the page, as
    bits; and `LICENSE`, `DRAWN`, `FORUM`.

    Read backwards, as `most`, but with three states for its eight: outside a value (or in a bare one), in a "" and in a
    '' value; and with the bytes to the tag's end for the attributes, of which each needs two.
    """
    tags = opened = found = 0
    named = np.uint64(0)
    one = np.uint64(1)
    length = len(source)
    widest = 0
    outside = double = single = 0  # bytes to the tag's end; of `outside`, those behind `edge`
    edge = length
    byte = np.uint64(0)
    for position in range(length - 1, -1, -1):
        behind = byte
        byte = np.uint64(source[position])
        kind = _TELLING[byte << _EIGHT | behind]
        if kind == 0:
            continue
        if kind == 1:
            tags += 1
            start = position + 1
            if start == length:
                continue
            if source[start] == _SLASH_BYTE or _is_letter(source[start]):
                widest = max(widest, outside + edge - position)
            if start + 2 < length and not _may_begin(source[start], source[start + 1], source[start + 2]):
                continue
            packed = np.uint64(0)
            end = start
            while end < length and end - start < 8 and _is_letter(source[end]):
                packed = (packed << _EIGHT) | np.uint64(source[end] | 32)
                end += 1
            slot = np.int64((packed * _ODD) >> _TOP)
            while _SLOT[slot] >= 0:
                place = _SLOT[slot]
                if _NAMED[place] == packed:
                    if place < len(NAMED):
                        named |= one << np.uint64(place)
                    else:
                        opened += end < length and source[end] != _GREATER_BYTE
                    break
                slot = (slot + 1) % _SLOTS
        elif kind == 2:
            outside = 0
            edge = position
        elif kind <= 4:
            now = outside + edge - position
            edge = position
            outside = now
            opens = position > 0 and (source[position - 1] == _EQUALS_BYTE or _is_white(source[position - 1]))
            if kind == 3:
                if opens:
                    outside = max(now, double)
                double = now
            else:
                if opens:
                    outside = max(now, single)
                single = now
        elif kind == 5:
            if _spells(source, position - 2, _LICENSE):
                found |= LICENSE
        elif kind == 7:
            if _spells(source, position, _QUESTIONS):
                found |= FORUM
        elif kind == 8:
            if _spells(source, position - 10, _DISCUSSION):
                found |= FORUM
        elif (
            _spells(source, position - 4, _KATEX)
            or _spells(source, position - 6, _MATHJAX)
            or _spells(source, position - 2, _MJX)
        ):
            found |= DRAWN
    return tags, widest // 2 + 1, opened, int(named), found


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


@inlined
def _is_special(packed: Any) -> bool:
    for name in _SPECIAL:  # noqa: SIM110 - the compiler knows no any() over a generator
        if name == packed:
            return True
    return False


@compiled("bytes", "int", "int")
def depth(source: NDArray[np.uint8], tags: int, limit: int) -> int:
    """The most elements open at once, counted up to `limit` + 1; an end tag closes all down to the last of its name,
    but none that is special if it isn't itself.

    `tags` is the number of `<` in the page. Names are told apart by a hash of 64 bits.
    """
    size = 16
    while size < 2 * tags:
        size *= 2
    keys = np.zeros(size, dtype=np.uint64)
    counts = np.zeros(size, dtype=np.int32)
    opened = np.zeros(limit + 2, dtype=np.int64)
    special = np.zeros(limit + 2, dtype=np.bool_)
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
            special[now] = _is_special(packed)
            now += 1
            most = max(most, now)
            if now > limit:
                break
        elif keys[slot] == key and counts[slot] > 0:
            below = now - 1
            if not _is_special(packed):
                while opened[below] != slot and not special[below]:
                    below -= 1
                if opened[below] != slot:
                    continue
            while True:
                now -= 1
                counts[opened[now]] -= 1
                if opened[now] == slot:
                    break
    return most
