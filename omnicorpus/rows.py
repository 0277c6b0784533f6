"""The compiled half of `omnicorpus.features`: counts of characters, and the rows of measures themselves.

Tables are those of `omnicorpus.scan`. Sums run in 64 bits and are stored in 32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus.native import compiled, inlined
from omnicorpus.scan import (
    HIDES,
    ITEM_ALONE,
    ITEM_END,
    ITEM_KIND,
    ITEM_LAZY,
    ITEM_LED,
    ITEM_LINKED,
    ITEM_LINKS,
    ITEM_NAMES,
    ITEM_NODE,
    ITEM_OUTER,
    ITEM_SILENT,
    ITEM_START,
    ITEM_STRONG,
    ITEM_TAG,
    ITEM_TIMED,
    LED,
    NODE_DEPTH,
    NODE_FIRST,
    NODE_HIDDEN,
    NODE_LAST,
    NODE_NAMES,
    NODE_PARENT,
    NODE_TAG,
    TEXT,
    TO_FILE,
    code_points,
    find,
    is_space,
    stands,
)

CJK, DIGIT, STOP, COMMA, SPACE, LINE, SIGN, ARROW = range(1, 9)
"""Classes of characters that are counted, one for each character; most have none."""
LOWER, UPPER, TITLE, DECIMAL, FINAL = 1, 2, 4, 8, 16
"""Traits of characters, as bits: what str.islower, str.isupper, title case and str.isdecimal say; may end a text."""
PLANE = 65_536
"""Characters from here on have no class and unknown traits."""

LOWERS, UPPERS, TITLES, DECIMALS, BEYOND, ENDS, LOWER_FIRST, DOTS, REPEATED = range(9, 18)
"""Columns of `counts` after those of the classes: how many characters have a trait, how many lie beyond the plane; and,
0 or 1: ends in a final character, begins in lower case, ends in dots, stands on the page again."""
COUNTS = REPEATED + 1

DATE, CAPITAL, IN_TITLE, TITLE_IN, DESCRIBED = range(5)
"""Columns of what is asked of texts outside: each 0 or 1."""
ASKED = DESCRIBED + 1
ASK_TITLE, ASK_DESCRIBED, ASK_DATE, ASK_CASE = 1, 2, 4, 8
"""What of a text must be asked outside, as bits: whether it stands in the title or the other way round, whether in the
description, whether it is a date, whether letters beyond the plane are capitals."""
UNKNOWN = 0xFFFF
"""In the table of lower cases: what a character becomes depends on its neighbours, or is more than one."""

LEVELS = 5
"""How many enclosing elements are measured, from the innermost."""
SHORT = 160
"""Characters below which a text may be a date, a title, a label."""
PARAGRAPH, H1, H4 = 0, 5, 8
"""Places in `features.TAGS`; those from H1 to H4 are headings."""
_FAR = 50
"""Items to the next long text where there is none, counted from the end of the page."""
_REACH = 3
"""Neighbours on each side whose key measures are repeated."""
_KEYS = 7
_PER_NODE = 9
_SEED = np.uint64(14695981039346656037)
_PRIME = np.uint64(1099511628211)
_DOT, _ELLIPSIS, _COLON, _SOLIDUS, _HYPHEN, _UNDERSCORE = (ord(character) for character in ".…:/-_")
_ZERO, _ONE, _TWO, _NINE = (ord(character) for character in "0129")
_KELVIN, _DOTTED = 0x212A, 0x130
"""The two characters beyond ASCII whose lower case begins with a letter of ASCII: k and i."""
_TITLE_GRAM, _DESCRIBED_GRAM = 4, 8
_GRAMS = 1 << 16
MOST_NAMES = 300
"""Characters of names that are read."""
LONG = 6
"""Letters from which a word is also found inside others."""


@inlined
def _found(keys: NDArray[np.uint64], key: Any) -> int:
    """Where `key` stands in an open table of a power of two of places, or where it belongs."""
    slot = np.int64((key ^ (key >> np.uint64(32))) & np.uint64(len(keys) - 1))
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & (len(keys) - 1)
    return int(slot)


@inlined
def _table(count: int) -> Any:
    places = 64
    while places < 2 * count:
        places *= 2
    return np.zeros(places, dtype=np.uint64)


@compiled("table", "codes", "bytes", "bytes")
def counts(
    items: NDArray[np.int32], text: NDArray[np.uint32], classes: NDArray[np.uint8], traits: NDArray[np.uint8]
) -> Any:
    """What characters the text of each item has: (items, COUNTS), zeros for pictures. `classes` and `traits` are those
    of the first `PLANE` characters."""
    n = items.shape[1]
    found = np.zeros((n, COUNTS), dtype=np.int32)
    keys = _table(n)
    first = np.zeros(len(keys), dtype=np.int32)
    for item in range(n):
        if items[ITEM_KIND, item] != TEXT:
            continue
        start, end = items[ITEM_START, item], items[ITEM_END, item]
        key = _SEED
        for index in range(start, end):
            code = text[index]
            key = (key ^ np.uint64(code)) * _PRIME
            if code >= PLANE:
                found[item, 0] += 1
                found[item, BEYOND] += 1
                continue
            found[item, classes[code]] += 1
            trait = traits[code]
            if trait:
                found[item, LOWERS] += trait & LOWER
                found[item, UPPERS] += (trait & UPPER) != 0
                found[item, TITLES] += (trait & TITLE) != 0
                found[item, DECIMALS] += (trait & DECIMAL) != 0
        last, head = text[end - 1], text[start]
        found[item, ENDS] = last < PLANE and (traits[last] & FINAL) != 0
        found[item, LOWER_FIRST] = head < PLANE and (traits[head] & LOWER) != 0
        found[item, DOTS] = last == _ELLIPSIS or (
            last == _DOT and end - start >= 3 and text[end - 2] == _DOT and text[end - 3] == _DOT
        )
        key |= np.uint64(1)
        slot = _found(keys, key)
        if keys[slot] == 0:
            keys[slot] = key
            first[slot] = item
        else:
            found[first[slot], REPEATED] = 1
            found[item, REPEATED] = 1
    return found


@inlined
def _gram(codes: NDArray[np.uint32], start: int, length: int) -> int:
    key = 0
    for index in range(start, start + length):
        key = key * 31 + int(codes[index])
    return (key ^ (key >> 16)) & (_GRAMS - 1)


@inlined
def _grams(codes: NDArray[np.uint32], length: int) -> NDArray[np.uint8]:
    """Which runs of `length` characters a text has, by their hash: bits, so that a page does not clear 64 kB for it."""
    grams = np.zeros(_GRAMS // 8 if len(codes) else 0, dtype=np.uint8)
    for start in range(len(codes) - length + 1):
        gram = _gram(codes, start, length)
        grams[gram >> 3] |= 1 << (gram & 7)
    return grams


@inlined
def _is_among(grams: NDArray[np.uint8], gram: int) -> bool:
    return bool(grams[gram >> 3] >> (gram & 7) & 1)


@inlined
def _lowered(
    text: NDArray[np.uint32], start: int, lower: NDArray[np.uint16], run: NDArray[np.uint32], length: int
) -> bool:
    """Write the first characters of a text, in lower case, white space as a space, to `run`; False where that is not
    sure to be how str.split and str.lower leave them."""
    for index in range(length):
        code = text[start + index]
        if code >= PLANE or lower[code] == UNKNOWN:
            return False
        if is_space(code):
            if index == 0 or run[index - 1] == 32:
                return False
            run[index] = 32
        else:
            run[index] = lower[code]
    return True


@inlined
def _may_hold(
    text: NDArray[np.uint32],
    start: int,
    end: int,
    lower: NDArray[np.uint16],
    title: NDArray[np.uint32],
    run: NDArray[np.uint32],
) -> bool:
    """Whether the first characters of the title may stand in a text."""
    for at in range(start, end - _TITLE_GRAM + 1):
        if not _lowered(text, at, lower, run, 1):
            if text[at] >= PLANE or lower[text[at]] == UNKNOWN:
                return True
            continue
        if run[0] != title[0]:
            continue
        if not _lowered(text, at, lower, run, _TITLE_GRAM):
            return True
        same = 0
        for index in range(_TITLE_GRAM):
            same += run[index] == title[index]
        if same == _TITLE_GRAM:
            return True
    return False


@inlined
def _is_decimal(text: NDArray[np.uint32], at: int, end: int, traits: NDArray[np.uint8]) -> bool:
    return at < end and traits[text[at]] & DECIMAL != 0


@inlined
def _parts_date(text: NDArray[np.uint32], at: int, end: int) -> bool:
    return at < end and text[at] in (_DOT, _SOLIDUS, _HYPHEN)


@inlined
def _parts_words(text: NDArray[np.uint32], at: int, start: int, end: int) -> bool:
    """Whether nothing or an ASCII character of no word stands at a place."""
    if at < start or at >= end:
        return True
    code = text[at]
    return code < 128 and not (48 <= code <= 57 or 65 <= code <= 90 or 97 <= code <= 122 or code == _UNDERSCORE)


NO_DATE, MAYBE_DATE, SURE_DATE = range(3)
"""What counting characters says of a text that may be a date."""
_COUNTERS = code_points("年月日時时")


@inlined
def _date(text: NDArray[np.uint32], start: int, end: int, traits: NDArray[np.uint8]) -> int:
    """Whether what dates and times are told by stands in a text of the plane: a year, hours and minutes, numbers parted
    twice, a number before an ideograph that counts days. A year beside a letter that is not of ASCII is left to
    `features`."""
    for at in range(start, end - 1):
        if not _is_decimal(text, at, end, traits):
            continue
        behind = at + 1
        if text[behind] == _COLON and _is_decimal(text, at + 2, end, traits) and _is_decimal(text, at + 3, end, traits):
            return SURE_DATE
        if _parts_date(text, behind, end) and _is_decimal(text, at + 2, end, traits):
            third = at + 3 + _is_decimal(text, at + 3, end, traits)
            if (
                _parts_date(text, third, end)
                and _is_decimal(text, third + 1, end, traits)
                and _is_decimal(text, third + 2, end, traits)
            ):
                return SURE_DATE
        if ((text[at] == _ONE and text[behind] == _NINE) or (text[at] == _TWO and text[behind] == _ZERO)) and (
            _is_decimal(text, at + 2, end, traits) and _is_decimal(text, at + 3, end, traits)
        ):
            if _parts_words(text, at - 1, start, end) and _parts_words(text, at + 4, start, end):
                return SURE_DATE
            if (at > start and text[at - 1] >= 128) or (at + 4 < end and text[at + 4] >= 128):
                return MAYBE_DATE
        while behind < end and is_space(text[behind]):
            behind += 1
        if behind < end and (text[behind] == _COUNTERS).any():
            return SURE_DATE
    return NO_DATE


@compiled("table", "codes", "table", "bytes", "shorts", "codes", "codes", "int")
def questions(
    items: NDArray[np.int32],
    text: NDArray[np.uint32],
    found: NDArray[np.int32],
    traits: NDArray[np.uint8],
    lower: NDArray[np.uint16],
    title: NDArray[np.uint32],
    described: NDArray[np.uint32],
    short_title: int,
) -> tuple[Any, Any]:
    """What counting characters tells of what is asked, (items, ASKED) flat, and what is left to be asked outside: an
    `ASK_...` for each item. `found` is of `counts`, `traits` are as there, `lower` the
    lower case of the characters of the plane. A title of at most `short_title` characters is looked for in no text."""
    n = items.shape[1]
    asked = np.zeros(n * ASKED, dtype=np.uint8)
    ask = np.zeros(n, dtype=np.uint8)
    title_grams, described_grams = _grams(title, _TITLE_GRAM), _grams(described, _DESCRIBED_GRAM)
    run = np.empty(_DESCRIBED_GRAM, dtype=np.uint32)
    small = np.empty(SHORT, dtype=np.uint32)
    for item in range(n):
        if items[ITEM_KIND, item] != TEXT:
            continue
        start, end = items[ITEM_START, item], items[ITEM_END, item]
        short = end - start < SHORT
        beyond = found[item, BEYOND] > 0
        if beyond:
            ask[item] |= ASK_CASE
        if short:
            asked[item * ASKED + CAPITAL] = (
                found[item, UPPERS] > 0 and found[item, LOWERS] == 0 and found[item, TITLES] == 0
            )
            date = MAYBE_DATE
            if not beyond:
                date = _date(text, start, end, traits) if found[item, DECIMALS] > 0 else NO_DATE
            asked[item * ASKED + DATE] = date == SURE_DATE
            if date == MAYBE_DATE:
                ask[item] |= ASK_DATE
            if len(title_grams) and end - start >= _TITLE_GRAM:
                sure = _lowered(text, start, lower, run, _TITLE_GRAM)
                if (
                    not sure
                    or _is_among(title_grams, _gram(run, 0, _TITLE_GRAM))
                    or (
                        len(title) > short_title
                        and 2 * (end - start) >= len(title)
                        and _may_hold(text, start, end, lower, title, run)
                    )
                ):
                    known = True
                    for index in range(end - start):
                        code = text[start + index]
                        if code >= PLANE or lower[code] == UNKNOWN:
                            known = False
                            break
                        small[index] = lower[code]
                    if known:
                        words = small[: end - start]
                        asked[item * ASKED + IN_TITLE] = find(title, 0, len(title), words) >= 0
                        asked[item * ASKED + TITLE_IN] = (
                            len(title) > short_title and find(words, 0, len(words), title) >= 0
                        )
                    else:
                        ask[item] |= ASK_TITLE
        if len(described_grams) and end - start > 30:
            sure = _lowered(text, start, lower, run, _DESCRIBED_GRAM)
            if not sure or _is_among(described_grams, _gram(run, 0, _DESCRIBED_GRAM)):
                ask[item] |= ASK_DESCRIBED
    return asked, ask


@inlined
def _word_families(
    word: NDArray[np.uint32],
    length: int,
    keys: NDArray[np.uint64],
    numbers: NDArray[np.int32],
    prefixes: NDArray[np.uint64],
    families: NDArray[np.int32],
) -> int:
    """The families of a word: its own, else those of the words found in it, from left to right, the longest first."""
    key = _SEED
    for index in range(length):
        key = (key ^ np.uint64(word[index])) * _PRIME
    slot = _found(keys, key | np.uint64(1))
    if keys[slot] != 0:
        return int(families[numbers[slot]])
    bits = 0
    if length <= LONG:
        return bits
    start = 0
    while start + LONG <= length:
        key = _SEED
        for index in range(start, start + LONG):
            key = (key ^ np.uint64(word[index])) * _PRIME
        step = 1
        if prefixes[_found(prefixes, key | np.uint64(1))] != 0:
            end = start + LONG
            while True:
                slot = _found(keys, key | np.uint64(1))
                if keys[slot] != 0:
                    step = end - start
                    best = numbers[slot]
                if end == length:
                    break
                key = (key ^ np.uint64(word[end])) * _PRIME
                end += 1
            if step > 1:
                bits |= families[best]
        start += step
    return bits


@compiled("codes", "ints", "hashes", "ints", "hashes", "ints")
def families(
    pool: NDArray[np.uint32],
    ends: NDArray[np.int32],
    keys: NDArray[np.uint64],
    numbers: NDArray[np.int32],
    prefixes: NDArray[np.uint64],
    of_word: NDArray[np.int32],
) -> Any:
    """The families, as bits, that the words of each string of the pool belong to. `keys` and `numbers` find the number
    of a word (see `scan.numbered`), `prefixes` are the first `LONG` letters of those that are also found inside others,
    `of_word` has the families of each."""
    found = np.zeros(len(ends), dtype=np.int32)
    word = np.empty(MOST_NAMES, dtype=np.uint32)
    start = 0
    for string in range(len(ends)):
        end = ends[string]
        bits = length = 0
        for index in range(start, min(end, start + MOST_NAMES)):
            code = pool[index]
            small = 97 <= code <= 122
            if 65 <= code <= 90:
                code += np.uint32(32)
                camel = index > start and 97 <= pool[index - 1] <= 122
            else:
                camel = False
                if code == _KELVIN:
                    code, small = np.uint32(ord("k")), True
            dotted = code == _DOTTED
            letter = small or 97 <= code <= 122
            if length and (camel or not (letter or dotted)):
                bits |= _word_families(word, length, keys, numbers, prefixes, of_word)
                length = 0
            if letter:
                word[length] = code
                length += 1
            elif dotted:
                word[length] = ord("i")
                bits |= _word_families(word, length + 1, keys, numbers, prefixes, of_word)
                length = 0
        if length:
            bits |= _word_families(word, length, keys, numbers, prefixes, of_word)
        found[string] = bits
        start = end
    return found


@compiled("table", "ints", "ints")
def inline(items: NDArray[np.int32], ends: NDArray[np.int32], of_string: NDArray[np.int32]) -> tuple[Any, int]:
    """The families of the names of each item itself, `of_string` being those of each string of the pool; -1 for a
    picture with more characters of names than are read. And how many of those there are."""
    found = np.zeros(items.shape[1], dtype=np.int32)
    longer = 0
    for item in range(items.shape[1]):
        name = items[ITEM_NAMES, item]
        found[item] = of_string[name]
        if items[ITEM_KIND, item] == TEXT:
            continue
        length = ends[name] - (ends[name - 1] if name else 0)
        for column in range(ITEM_OUTER, ITEM_OUTER + 3):
            name = items[column, item]
            if name >= 0:
                found[item] |= of_string[name]
                length += 1 + ends[name] - (ends[name - 1] if name else 0)
        if length > MOST_NAMES:
            found[item] = -1
            longer += 1
    return found, longer


@inlined
def _groups(nodes: NDArray[np.int32]) -> Any:
    """A number for each element's kind: its tag, its names and its parent's kind; in order of appearance, the body 0.
    Kinds are told apart by a hash of 64 bits."""
    m = nodes.shape[1]
    keys = _table(m)
    numbers = np.zeros(len(keys), dtype=np.int64)
    group = np.zeros(m, dtype=np.int64)
    count = 1
    for node in range(1, m):
        key = (_SEED ^ np.uint64(nodes[NODE_TAG, node])) * _PRIME
        key = (key ^ np.uint64(nodes[NODE_NAMES, node])) * _PRIME
        key = (key ^ np.uint64(group[nodes[NODE_PARENT, node]])) * _PRIME | np.uint64(1)
        slot = _found(keys, key)
        if keys[slot] == 0:
            keys[slot] = key
            numbers[slot] = count
            count += 1
        group[node] = numbers[slot]
    return group


@inlined
def _signed(distance: int, logs: NDArray[np.float64]) -> float:
    """log(1 + |distance|), with its sign."""
    return float(logs[distance] if distance >= 0 else -logs[-distance])


@inlined
def _holder(nodes: NDArray[np.int32], prefix: NDArray[np.float64], share: float) -> int:
    """The deepest element that holds at least `share` (over one half) of all; the first of equals."""
    deepest = 0
    for node in range(nodes.shape[1]):
        held = prefix[nodes[NODE_LAST, node]] - prefix[nodes[NODE_FIRST, node]]
        if held >= share * prefix[-1] and nodes[NODE_DEPTH, node] > nodes[NODE_DEPTH, deepest]:
            deepest = node
    return deepest


@inlined
def _unpacked(row: NDArray[np.float32], column: int, bits: int, width: int) -> int:
    for bit in range(width):
        row[column + bit] = (bits >> bit) & 1
    return column + width


@inlined
def _share(part: float, whole: float) -> float:
    return part / max(whole, 1e-6)


@inlined
def _text_columns(
    items: NDArray[np.int32], found: NDArray[np.int32], asked: NDArray[np.uint8], text: NDArray[np.float32]
) -> None:
    """The columns of `features.TEXT`, their logarithms not yet taken."""
    for item in range(items.shape[1]):
        if items[ITEM_KIND, item] != TEXT:
            text[item] = 0
            continue
        n = items[ITEM_END, item] - items[ITEM_START, item]
        some = np.float32(n)
        short = n < SHORT
        counted, row = found[item], text[item]
        cjk = counted[CJK]
        words = counted[SPACE] + 1
        row[0] = n + 1.5 * cjk
        row[1] = words + cjk
        row[2] = cjk / some
        row[3] = (n - cjk) / np.float32(words)
        row[4] = counted[STOP]
        row[5] = counted[COMMA]
        row[6] = counted[DIGIT] / some if short else 0
        row[7] = asked[item * ASKED + DATE]
        row[8] = counted[SIGN] > 0 and short
        row[9] = np.float32(items[ITEM_LINKED, item]) / some
        row[10] = items[ITEM_LINKS, item]
        row[11] = items[ITEM_STRONG, item] / some
        row[12] = asked[item * ASKED + CAPITAL]
        row[13] = counted[ENDS]
        row[14] = counted[LOWER_FIRST]
        row[15] = counted[LINE]
        row[16] = asked[item * ASKED + IN_TITLE]
        row[17] = asked[item * ASKED + TITLE_IN]
        row[18] = items[ITEM_TIMED, item]
        row[19] = counted[DOTS]
        row[20] = counted[ARROW] > 0 and short
        row[21] = asked[item * ASKED + DESCRIBED]


_TEXTS = 22
_LINK_SHARE, _DATED, _ENDING, _TOLD = 9, 7, 13, 21
_LOGGED = (0, 1, 3, 4, 5, 10, 15)


@inlined
def _copy_key(of: NDArray[np.float32], tag: int, to: NDArray[np.float32], column: int) -> None:
    """The measures of a neighbour that are repeated."""
    to[column] = of[0]
    to[column + 1] = of[_LINK_SHARE]
    to[column + 2] = of[_TEXTS]
    to[column + 3] = tag == PARAGRAPH
    to[column + 4] = of[_ENDING]
    to[column + 5] = of[_DATED]
    to[column + 6] = tag >= H1 and tag <= H4


@compiled(
    "table", "table", "table", "bytes", "ints", "ints", "int", "ints", "ints", "ints", "floats", "int", "int", "int"
)
def measured(
    items: NDArray[np.int32],
    nodes: NDArray[np.int32],
    found: NDArray[np.int32],
    asked: NDArray[np.uint8],
    known_number: NDArray[np.int32],
    known_around: NDArray[np.int32],
    hidden: int,
    of_string: NDArray[np.int32],
    inline: NDArray[np.int32],
    spoken: NDArray[np.int32],
    kinds: NDArray[np.float32],
    tag_count: int,
    around_count: int,
    family_count: int,
) -> tuple[Any, ...]:
    """The rows of `features.Measured`, with sizes, tokens and levels.

    By number of a tag, the last one for all that are not known: `known_number`, its place in `features.TAGS` or -1;
    `known_around`, its bit among the elements around an item, where `hidden` is the bit of one that hides itself. By
    number of a name: `of_string`, its families as bits. By item: `found` (see `counts`), `asked`, `inline`, the
    families of its own names. `spoken` are the families article, forum and comment; `kinds` those of the page's
    `features.Hints`.
    """
    n, m = items.shape[1], nodes.shape[1]
    tag_number, around, own = np.empty(m, np.int32), np.empty(m, np.int32), np.empty(m, np.int32)
    for node in range(m):
        tag = min(nodes[NODE_TAG, node], len(known_number) - 1)
        tag_number[node] = known_number[tag]
        own[node] = of_string[nodes[NODE_NAMES, node]]
        around[node] = known_around[tag]
        if nodes[NODE_HIDDEN, node] & HIDES:
            around[node] |= hidden
        if node:
            around[node] |= around[nodes[NODE_PARENT, node]]
    group = _groups(nodes)
    width = _TEXTS + 1 + 33 + LEVELS * _PER_NODE + 15 + len(kinds) + tag_count + around_count + 3 * family_count
    rows = np.zeros((n, width + 2 * _REACH * _KEYS), dtype=np.float32)
    text = rows[:, :_TEXTS]
    _text_columns(items, found, asked, text)
    logs = np.log1p(np.arange(n + _FAR + 2).astype(np.float64))

    size, tokens = text[:, 0].copy(), text[:, 1].copy()
    good = np.zeros(n, dtype=np.float32)
    of_size, of_linked, of_good, of_mass = np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1)
    texts = 0
    ideographs = paragraphs = 0.0
    for item in range(n):
        unlinked = np.float32(1) - text[item, _LINK_SHARE]
        if size[item] > 60:
            good[item] = size[item] * unlinked * (np.float32(1) + min(text[item, 4] + text[item, 5], np.float32(5)))
        of_size[item + 1] = of_size[item] + size[item]
        of_linked[item + 1] = of_linked[item] + text[item, _LINK_SHARE] * size[item]
        of_good[item + 1] = of_good[item] + good[item]
        of_mass[item + 1] = of_mass[item] + (good[item] + np.float32(1e-3))
        texts += items[ITEM_KIND, item] == TEXT
        ideographs += text[item, 2] * size[item]
        if tag_number[items[ITEM_NODE, item]] == PARAGRAPH:
            paragraphs += size[item]
    total, all_good = max(float(of_size[n]), 1.0), max(float(of_good[n]), 1.0)

    zones = own.copy()
    every_around = 0
    group_count, group_sums = np.zeros(m), np.zeros((3, m))
    for node in range(m):
        if node:
            zones[node] |= zones[nodes[NODE_PARENT, node]]
        every_around |= around[node]
        first, last = nodes[NODE_FIRST, node], nodes[NODE_LAST, node]
        group_count[group[node]] += 1
        group_sums[0, group[node]] += of_size[last] - of_size[first]
        group_sums[1, group[node]] += of_linked[last] - of_linked[first]
        group_sums[2, group[node]] += of_good[last] - of_good[first]
    per_node = np.empty((m, _PER_NODE), dtype=np.float32)
    for node in range(m):
        first, last, kind = nodes[NODE_FIRST, node], nodes[NODE_LAST, node], group[node]
        node_size = of_size[last] - of_size[first]
        per_node[node, 0] = np.log1p(node_size)
        per_node[node, 1] = _share(of_linked[last] - of_linked[first], node_size)
        per_node[node, 2] = logs[last - first]
        per_node[node, 3] = node_size / total
        per_node[node, 4] = (of_good[last] - of_good[first]) / all_good
        per_node[node, 5] = np.log1p(group_count[kind])
        per_node[node, 6] = np.log1p(group_sums[0, kind] / group_count[kind])
        per_node[node, 7] = _share(group_sums[1, kind], group_sums[0, kind])
        per_node[node, 8] = group_sums[2, kind] / all_good

    levels = np.empty((LEVELS, n), dtype=np.int64)
    first_good, last_good, n_good = 0, n - 1, 0
    head = -1
    comments_from = n
    spoken_mass = np.zeros(3)
    any_told = False
    for item in range(n):
        node = items[ITEM_NODE, item]
        levels[0, item] = node
        for level in range(1, LEVELS):
            levels[level, item] = max(nodes[NODE_PARENT, levels[level - 1, item]], 0)
        if good[item] > 0:
            if n_good == 0:
                first_good = item
            last_good = item
            n_good += 1
        if head < 0 and tag_number[node] == H1:
            head = item
        if comments_from == n and (zones[node] >> spoken[2]) & 1:
            comments_from = item
        for index in range(3):
            if (zones[node] >> spoken[index]) & 1:
                spoken_mass[index] += good[item]
        any_told |= text[item, _TOLD] > 0

    all_page = np.zeros(15 + len(kinds))
    all_page[:8] = (
        np.log1p(total),
        of_linked[n] / total,
        np.log1p(n),
        all_good / (6 * total),
        np.log1p(n_good),
        ideographs / total,
        paragraphs / total,
        (n - texts) / n,
    )
    column = 8
    for kind in kinds:
        all_page[column] = kind
        column += 1
    for mass in spoken_mass:
        all_page[column] = mass / all_good
        column += 1
    all_page[column] = of_good[comments_from] / all_good
    all_page[column + 1] = any_told
    all_page[column + 2] = every_around & 1
    all_page[column + 3] = (every_around >> 1) & 1

    after_good = np.empty(n, dtype=np.int64)
    nearest = n + _FAR
    for item in range(n - 1, -1, -1):
        if good[item] > 0:
            nearest = item
        after_good[item] = nearest
    holders = (_holder(nodes, of_mass, 0.51), _holder(nodes, of_mass, 0.75), _holder(nodes, of_mass, 0.9))
    before_good, heading, told = -_FAR, 0, False
    for item in range(n):
        row = rows[item]
        node = items[ITEM_NODE, item]
        tag = tag_number[node]
        if good[item] > 0:
            before_good = item
        if H1 <= tag <= H4:
            heading = item
        told |= text[item, _TOLD] > 0
        for column in _LOGGED:
            row[column] = np.log1p(row[column])
        row[_TEXTS] = items[ITEM_KIND, item] == TEXT
        column = _TEXTS + 1
        row[column] = of_size[item] / total
        row[column + 1] = of_good[item] / all_good
        row[column + 2] = item / n
        row[column + 3] = logs[item]
        row[column + 4] = logs[n - 1 - item]
        row[column + 5] = _signed(item - first_good, logs)
        row[column + 6] = _signed(item - last_good, logs)
        row[column + 7] = logs[item - before_good]
        row[column + 8] = logs[after_good[item] - item]
        if head >= 0:
            row[column + 9] = 1
            row[column + 10] = item >= head
            row[column + 11] = _signed(item - head, logs)
        row[column + 12] = found[item, REPEATED]
        row[column + 13] = nodes[NODE_DEPTH, node]
        for index in range(3):
            row[column + 14 + index] = (
                nodes[NODE_FIRST, holders[index]] <= item and item < nodes[NODE_LAST, holders[index]]
            )
        row[column + 17] = item >= comments_from
        if comments_from < n:
            row[column + 18] = _signed(item - comments_from, logs)
        row[column + 19] = told
        row[column + 20] = item - heading
        column += 21
        for back, on in ((2, 2), (4, 0), (0, 4), (10, 10)):
            start, end = max(item - back, 0), min(item + on + 1, n)
            inside = of_size[end] - of_size[start]
            row[column] = np.log1p(inside)
            row[column + 1] = _share(of_linked[end] - of_linked[start], inside)
            row[column + 2] = np.log1p(max(of_good[end] - of_good[start], 0.0))
            column += 3
        for level in range(LEVELS):
            for index in range(_PER_NODE):
                row[column + index] = per_node[levels[level, item], index]
            column += _PER_NODE
        for index in range(len(all_page)):
            row[column + index] = all_page[index]
        column += len(all_page)
        if tag >= 0:
            row[column + tag] = 1
        column += tag_count
        column = _unpacked(row, column, around[node], around_count)
        column = _unpacked(row, column, own[node] | inline[item], family_count)
        column = _unpacked(row, column, own[levels[1, item]] | own[levels[2, item]], family_count)
        column = _unpacked(row, column, zones[node], family_count)
    for item in range(n):
        tag = tag_number[items[ITEM_NODE, item]]
        for by in range(1, _REACH + 1):
            if item + by < n:
                _copy_key(rows[item], tag, rows[item + by], width + (by - 1) * _KEYS)
            if item >= by:
                _copy_key(rows[item], tag, rows[item - by], width + (_REACH + by - 1) * _KEYS)
    return rows, size, tokens, levels


CHROME, PHOTO, GIF, VECTOR, PLAYER, IN_LINK, IMAGE_LINK, ALONE, SILENT, LAZY = (1 << bit for bit in range(10))
"""What a picture is told by, as bits: its address names a page's furniture, ends like a photograph, a GIF, vector
graphics; it is no plain image; stands in a link, in one to an image, in one without text before it; in a <noscript>; is
loaded late."""
_TOLD_BITS = 10
_TOLD_NUMBERS = 6
_OWN = 22
_NONE_NEAR = 60
"""Items to the next kept text where there is none."""
_UNDECLARED = 999
"""Pixels of a side that is not declared, where the shorter one is asked for."""


_LOGO, _ICON, _AVATAR, _JPG, _JPEG, _WEBP, _GIF, _SVG = (
    code_points(word) for word in ("logo", "icon", "avatar", ".jpg", ".jpeg", ".webp", ".gif", ".svg")
)


@inlined
def _address_bits(text: NDArray[np.uint32], start: int, end: int, chrome: NDArray[np.uint64]) -> int:
    """What the lower case end of an address's path, in a span, is told by: `CHROME`, `PHOTO`, `GIF`, `VECTOR`. `chrome`
    finds the words that name a page's furniture (see `scan.numbered`)."""
    bits = 0
    if (
        stands(text, max(start, end - len(_JPG)), end, _JPG)
        or stands(text, max(start, end - len(_JPEG)), end, _JPEG)
        or stands(text, max(start, end - len(_WEBP)), end, _WEBP)
    ):
        bits |= PHOTO
    elif stands(text, max(start, end - len(_GIF)), end, _GIF):
        bits |= GIF
    elif stands(text, max(start, end - len(_SVG)), end, _SVG):
        bits |= VECTOR
    key = _SEED
    for at in range(start, end + 1):
        if at < end and 97 <= text[at] <= 122:
            key = (key ^ np.uint64(text[at])) * _PRIME
            if stands(text, at, end, _LOGO) or stands(text, at, end, _ICON) or stands(text, at, end, _AVATAR):
                return bits | CHROME
        elif key != _SEED:
            if chrome[_found(chrome, key | np.uint64(1))] != 0:
                return bits | CHROME
            key = _SEED
    return bits


@compiled(
    "matrix", "longs", "ints", "codes", "hashes", "table", "flags", "flags", "flags", "floats", "longs", "ints", "ints"
)
def of_pictures(
    rows: NDArray[np.float32],
    positions: NDArray[np.int64],
    told: NDArray[np.int32],
    addresses: NDArray[np.uint32],
    chrome: NDArray[np.uint64],
    items: NDArray[np.int32],
    plain: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    is_text: NDArray[np.bool_],
    size: NDArray[np.float32],
    levels: NDArray[np.int64],
    first: NDArray[np.int32],
    last: NDArray[np.int32],
) -> Any:
    """Measures of the pictures at some positions, ascending, once it is known which texts are `kept`.

    Those of `measured` but for the text's own; for each of the `LEVELS` elements around, the share of its text that is
    kept; and for each, its share of all kept text; then of the picture itself what is `told`, flat: width and height in
    CSS pixels (-1: not declared), characters of the alt text, pictures with its address, whether an attribute says that
    it is loaded late, where the end of its address's path ends in `addresses` (one behind the other); and what is told
    by the address, of which `chrome` are words (see `_address_bits`), and by the columns of `items`, where `plain` says
    which tags are plain images. The last columns are the distances to the kept texts before and behind.
    """
    n = len(is_text)
    of_size, of_kept = np.zeros(n + 1), np.zeros(n + 1)
    for item in range(n):
        weight = size[item] + 1e-3 * is_text[item]
        of_size[item + 1] = of_size[item] + weight
        of_kept[item + 1] = of_kept[item] + weight * kept[item]
    behind = np.empty(n + 1, dtype=np.int64)
    behind[n] = -1
    for item in range(n - 1, -1, -1):
        behind[item] = item if kept[item] else behind[item + 1]
    place = rows.shape[1] - _TEXTS
    found = np.empty((len(positions), place + 2 * LEVELS + _OWN), dtype=np.float32)
    before, reached, address = -1, 0, 0
    for index in range(len(positions)):
        item, row = positions[index], found[index]
        row[:place] = rows[item, _TEXTS:]
        for level in range(LEVELS):
            node = levels[level * n + item]
            held = of_kept[last[node]] - of_kept[first[node]]
            row[place + level] = _share(held, of_size[last[node]] - of_size[first[node]])
            row[place + LEVELS + level] = held / max(of_kept[n], 1e-3)
        while reached < item:
            if kept[reached]:
                before = reached
            reached += 1
        width, height, alt, repeats, late, address_end = told[_TOLD_NUMBERS * index : _TOLD_NUMBERS * (index + 1)]
        bits = _address_bits(addresses, address, address_end, chrome)
        address = address_end
        if not plain[items[ITEM_TAG, item]]:
            bits |= PLAYER
        if items[ITEM_LED, item] & LED:
            bits |= IN_LINK
            if items[ITEM_LED, item] & TO_FILE:
                bits |= IMAGE_LINK
            if items[ITEM_ALONE, item] == 1:
                bits |= ALONE
        if items[ITEM_SILENT, item] == 1:
            bits |= SILENT
        if late or items[ITEM_LAZY, item]:
            bits |= LAZY
        least = min(width if width > 0 else _UNDECLARED, height if height > 0 else _UNDECLARED)
        column = place + 2 * LEVELS
        row[column] = np.log1p(max(width, 0))
        row[column + 1] = np.log1p(max(height, 0))
        row[column + 2] = width < 0 and height < 0
        row[column + 3] = least < 50
        row[column + 4] = least < 100
        row[column + 5] = alt > 0
        row[column + 6] = np.log1p(alt)
        row[column + 7] = bits & CHROME
        row[column + 8] = np.log1p(repeats)
        for bit in range(1, _TOLD_BITS):
            row[column + 8 + bit] = (bits >> bit) & 1
        row[column + 18] = before >= 0
        row[column + 19] = behind[item] >= 0
        row[column + 20] = np.log1p(item - before if before >= 0 else _NONE_NEAR)
        row[column + 21] = np.log1p(behind[item] - item if behind[item] >= 0 else _NONE_NEAR)
    return found
