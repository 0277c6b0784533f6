"""The compiled reading of markup: characters in, tables of elements and items out; `omnicorpus.blocks` names them.

One pass from left to right, without recursion. Every table is an array of int32 with one row per column below, so that
a column is contiguous; strings are spans (first, last + 1) of characters in the markup, in the text or in the pool.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus.native import compiled, inlined

OTHER, PLAIN, LINK, SPAN, STRONG, LINE, MEDIA, EMPTY, WORD, QUIET, CHOICE, DATED, MATH, RULE = range(14)
"""What an element does to the text around it; those from PLAIN to STRONG may name a block by their class."""

NODE_TAG, NODE_NAMES, NODE_PARENT, NODE_DEPTH, NODE_FIRST, NODE_LAST, NODE_RAW, NODE_RAW_END, NODE_HIDDEN = range(9)
"""Columns of an element that breaks lines. The tag is a number (see `tags` of `read`), the names a number of the pool,
raw the span of the attributes in the markup; hidden holds bits that say what they make of it."""
HIDES, NUMBERED = 1, 2
"""Whether the element hides itself; and whether a list, an entry or a cell may have a start, a value or spans."""

ITEM_KIND, ITEM_NODE, ITEM_START, ITEM_END, ITEM_NAMES, ITEM_LINKED, ITEM_LINKS, ITEM_STRONG, ITEM_TIMED = range(9)
"""Columns of every item. Start and end are a text's span in the text, a picture's attributes in the markup."""
ITEM_TAG, ITEM_SOURCES, ITEM_SILENT, ITEM_ALONE, ITEM_OUTER = ITEM_STRONG, ITEM_TIMED, 9, 10, 11
"""Columns of a picture in the place of a text's: the link's span is at linked and links (-1 for no link), sources is
the number of its list. Outer and the two columns after it are the names of the three spans around, outermost first, -1
for none."""
ITEM_SOURCE, ITEM_SOURCE_END, ITEM_ALT, ITEM_WIDTH, ITEM_HEIGHT = range(ITEM_OUTER + 3, ITEM_OUTER + 8)
"""Columns of a picture whose src, alt, width and height say all that is asked of most pictures' attributes: the span of
src in the markup, characters of the alt text, and the sides in CSS pixels, -1 for none. Of any other picture the source
is -1, and the other four mean nothing, nor do the next six. The address of data-src, if it is plain, stands for src, as
scripts put it there."""
(
    ITEM_ALT_START, ITEM_ALT_END, ITEM_STYLE, ITEM_STYLE_END, ITEM_FORM, ITEM_OFFERS, ITEM_LED, ITEM_LAZY,
) = range(ITEM_HEIGHT + 1, ITEM_HEIGHT + 9)  # fmt: skip
"""More columns of a picture: the spans of alt and style in the markup, the form of its address, whether attributes may
name larger copies; and of every picture, what the address of the link around it is told by, and whether it is loaded
late: as "lazy" in the names of it and of the three spans around says, or by data-src where the source is told."""
ITEM_COLUMNS = ITEM_LAZY + 1
UNSURE, WHOLE, OF_SCHEME, OF_HOST, OF_FOLDER = range(5)
"""Forms of an address that is no placeholder: with scheme and host; to be put behind the scheme, the host, the folder
of the page. What is not sure to be one of these is asked in `omnicorpus.image_candidates`."""
LED, NAMES_FILE, TO_FILE = 1, 2, 4
"""What a picture's link is told by, as bits: there is one; the ending of an image file stands in it, and where its path
may end."""
NEAR = 4
"""Elements around a picture, from the innermost, that `pictures` tells of."""
TEXT, PICTURE, BACKGROUND = range(3)
"""Kinds of item; a background is an element whose attributes may hold an image address in their style."""

BREAK = 11
"""The character that stands for <br> inside a block until the block is closed: white space that HTML never needs."""

_LESS, _GREATER, _QUOTE, _SLASH, _EQUALS, _COLON, _NEWLINE, _AND = (ord(character) for character in '<>"/=:\n&')
_SEED = np.uint64(14695981039346656037)
_PRIME = np.uint64(1099511628211)


def code_points(text: str) -> NDArray[np.uint32]:
    """A word to look for."""
    return np.array([ord(character) for character in text], dtype=np.uint32)


_CLASS, _ID, _ITEMPROP, _ROLE, _REL = (code_points(name + '="') for name in ("class", "id", "itemprop", "role", "rel"))
_HREF, _URL, _HIDDEN, _DISPLAY = (code_points(text) for text in (' href="', "url(", "hidden", "display"))
_STYLE, _ARIA, _TRUE = (code_points(text) for text in ("style=", "aria-", '="true"'))
_VISIBILITY, _NONE = code_points("visibility"), code_points("none")
_SRC, _ALT, _WIDTH, _HEIGHT, _OWN_STYLE = (code_points(name) for name in ("src", "alt", "width", "height", "style"))
_DATA_SRC = code_points("data-src")
_START, _VALUE, _REVERSED, _COLSPAN, _ROWSPAN = (
    code_points(name) for name in ("start=", "value=", "reversed", "colspan=", "rowspan=")
)
_DASHES, _ARROW = code_points("!--"), code_points("-->")
_HTTP, _HTTPS, _LATE = code_points("http://"), code_points("https://"), code_points("lazy")
_JPG, _JPEG, _PNG, _WEBP, _GIF, _AVIF = (
    code_points(f".{name}") for name in ("jpg", "jpeg", "png", "webp", "gif", "avif")
)
_DOT, _QUESTION, _HASH, _HYPHEN, _UNDERSCORE, _PERCENT = (ord(character) for character in ".?#-_%")
_SHORTEST, _LONGEST = 5, 2_000
"""Characters of an address that is looked at here."""
_PX = code_points("px")
_SEMICOLON = ord(";")
_NBSP, _LT, _GT, _QUOT, _AMP = (code_points(text) for text in ("nbsp;", "lt;", "gt;", "quot;", "amp;"))


@inlined
def is_space(code: int) -> bool:
    """What str.isspace says."""
    if code <= 32:
        return code == 32 or 9 <= code <= 13 or 28 <= code <= 31
    if code < 0x1680:
        return code == 0x85 or code == 0xA0
    return (
        0x2000 <= code <= 0x200A
        or code == 0x3000
        or code == 0x2028
        or code == 0x2029
        or code == 0x202F
        or code == 0x205F
        or code == 0x1680
    )


@inlined
def stands(codes: NDArray[np.uint32], at: int, end: int, word: NDArray[np.uint32]) -> bool:
    """Whether `word` stands at a place, before `end`."""
    if at + len(word) > end:
        return False
    for index in range(len(word)):  # noqa: SIM110 - the compiler knows no all() over a generator
        if codes[at + index] != word[index]:
            return False
    return True


@inlined
def find(codes: NDArray[np.uint32], start: int, end: int, word: NDArray[np.uint32]) -> int:
    """Where `word` first stands in a span, or -1."""
    for at in range(start, end - len(word) + 1):
        if codes[at] == word[0] and stands(codes, at, end, word):
            return at
    return -1


@inlined
def _next(codes: NDArray[np.uint32], start: int, end: int, code: int) -> int:
    """Where a character first stands in a span, or its end."""
    while start < end and codes[start] != code:
        start += 1
    return start


@inlined
def _may_hide(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    """Whether "hidden" or "display" stands in a span."""
    for at in range(start, end - len(_HIDDEN) + 1):
        if (codes[at] == _HIDDEN[0] and stands(codes, at, end, _HIDDEN)) or (
            codes[at] == _DISPLAY[0] and stands(codes, at, end, _DISPLAY)
        ):
            return True
    return False


@inlined
def _reads(codes: NDArray[np.uint32], at: int, end: int, word: NDArray[np.uint32]) -> bool:
    """Whether `word` stands at a place, before `end`, in whatever case its letters are."""
    if at + len(word) > end:
        return False
    for index in range(len(word)):
        code = codes[at + index]
        if code != word[index] and not (65 <= code <= 90 and code + 32 == word[index]):
            return False
    return True


@inlined
def _declares(
    codes: NDArray[np.uint32], at: int, end: int, name: NDArray[np.uint32], value: NDArray[np.uint32]
) -> bool:
    """Whether a style at a place gives the property `name` the value `value`."""
    if not _reads(codes, at, end, name):
        return False
    at += len(name)
    while at < end and is_space(codes[at]):
        at += 1
    if at == end or codes[at] != _COLON:
        return False
    at += 1
    while at < end and is_space(codes[at]):
        at += 1
    return _reads(codes, at, end, value)


@inlined
def _hides(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    """Whether the attributes in a span hide their element: `hidden`, aria-hidden="true", a style that does. A regular
    expression took 8 ms for the attributes of one gold page."""
    styled = False
    for at in range(start, end):
        code = codes[at]
        if code == _QUOTE:
            styled = at - len(_STYLE) >= start and _reads(codes, at - len(_STYLE), end, _STYLE)
        if styled and (_declares(codes, at, end, _DISPLAY, _NONE) or _declares(codes, at, end, _VISIBILITY, _HIDDEN)):
            return True
        if (code == 104 or code == 72) and _reads(codes, at, end, _HIDDEN) and at > start:
            behind = at + len(_HIDDEN)
            if is_space(codes[at - 1]) and (behind == end or codes[behind] == _EQUALS or is_space(codes[behind])):
                return True
            ahead = at - len(_ARIA)
            if ahead >= start and _reads(codes, ahead, end, _ARIA) and _reads(codes, behind, end, _TRUE):
                return True
    return False


@inlined
def _is_numbered(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    """Whether an attribute of a list, an entry or a cell that holds a number may stand in a span."""
    for at in range(start, end - len(_START) + 1):
        code = codes[at]
        if (
            (code == _START[0] and stands(codes, at, end, _START))
            or (code == _VALUE[0] and stands(codes, at, end, _VALUE))
            or (code == _ROWSPAN[0] and (stands(codes, at, end, _ROWSPAN) or stands(codes, at, end, _REVERSED)))
            or (code == _COLSPAN[0] and stands(codes, at, end, _COLSPAN))
        ):
            return True
    return False


@inlined
def _comment_end(codes: NDArray[np.uint32], at: int) -> int:
    """Where the comment that begins at a `<` ends: 0 where none begins, -1 where it never ends."""
    if not stands(codes, at + 1, len(codes), _DASHES):
        return 0
    end = find(codes, at + 4, len(codes), _ARROW)
    return end + len(_ARROW) if end >= 0 else -1


@inlined
def _hash(codes: NDArray[np.uint32], start: int, end: int) -> Any:
    """64 bits for a span, never 0: two strings that a page forges to share them only mislead us about that page."""
    key = _SEED
    for index in range(start, end):
        key = (key ^ np.uint64(codes[index])) * _PRIME
    return key | np.uint64(1)


@inlined
def _slot(keys: NDArray[np.uint64], key: Any) -> int:
    """Where `key` stands in an open table of a power of two of places, or where it belongs."""
    slot = np.int64((key ^ (key >> np.uint64(32))) & np.uint64(len(keys) - 1))
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & (len(keys) - 1)
    return int(slot)


@compiled("codes", "ints", "int")
def numbered(words: NDArray[np.uint32], ends: NDArray[np.int32], places: int) -> tuple[Any, Any]:
    """A table of `places` (a power of two) that finds the number of a word by `_hash`: its keys and its numbers."""
    keys, numbers = np.zeros(places, dtype=np.uint64), np.zeros(places, dtype=np.int32)
    start = 0
    for number in range(len(ends)):
        key = _hash(words, start, ends[number])
        slot = _slot(keys, key)
        keys[slot], numbers[slot] = key, number
        start = ends[number]
    return keys, numbers


@inlined
def _name_value(codes: NDArray[np.uint32], at: int, end: int) -> int:
    """Where the value begins if `class="`, `id="`, `itemprop="`, `role="` or `rel="` stands at a place, else 0."""
    first = codes[at]
    if first == _CLASS[0]:
        return at + len(_CLASS) if stands(codes, at, end, _CLASS) else 0
    if first == _ID[0]:
        if stands(codes, at, end, _ID):
            return at + len(_ID)
        return at + len(_ITEMPROP) if stands(codes, at, end, _ITEMPROP) else 0
    if first == _ROLE[0]:
        if stands(codes, at, end, _ROLE):
            return at + len(_ROLE)
        return at + len(_REL) if stands(codes, at, end, _REL) else 0
    return 0


@inlined
def _pool_names(codes: NDArray[np.uint32], start: int, end: int, pool: NDArray[np.uint32], at: int) -> int:
    """Write the values of the naming attributes of a tag into the pool, a space between them; returns the end."""
    first = at
    any_found = False
    index = start
    while index < end - 1:
        if not is_space(codes[index]):
            index += 1
            continue
        index += 1
        value = _name_value(codes, index, end)
        if value == 0:
            continue
        close = _next(codes, value, end, _QUOTE)
        if close == end:
            continue
        if any_found:
            pool[at] = 32
            at += 1
        for each in range(value, close):
            pool[at] = codes[each]
            at += 1
        any_found = True
        index = close + 1
    return at if any_found else first


@inlined
def _interned(
    pool: NDArray[np.uint32], start: int, end: int, keys: NDArray[np.uint64], numbers: NDArray[np.int32], ends: Any
) -> int:
    """The number of a string just written at the pool's end; ends[0] is the count of strings, ends[n + 1] where n ends.

    The empty string is 0. The caller's pool end is ends[count] afterwards: a known string is thereby taken back.
    """
    if start == end:
        return 0
    key = _hash(pool, start, end)
    slot = _slot(keys, key)
    if keys[slot] == 0:
        keys[slot] = key
        numbers[slot] = ends[0]
        ends[0] += 1
        ends[ends[0]] = end
    return int(numbers[slot])


@inlined
def _resolved(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """Characters of a value once the references that a serialiser writes are resolved."""
    count = end - start
    for at in range(start, end):
        if codes[at] == _AND:
            if stands(codes, at + 1, end, _AMP):
                count -= len(_AMP)
            elif stands(codes, at + 1, end, _NBSP):
                count -= len(_NBSP)
            elif stands(codes, at + 1, end, _QUOT):
                count -= len(_QUOT)
            elif stands(codes, at + 1, end, _LT) or stands(codes, at + 1, end, _GT):
                count -= len(_LT)
    return count


@inlined
def _pixels(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """A whole number of at most five digits, "px" behind it or not; -1 for an empty value, -2 for anything else."""
    if start == end:
        return -1
    if end - start > 2 and codes[end - 2] == _PX[0] and codes[end - 1] == _PX[1]:
        end -= 2
    if end - start > 5:
        return -2
    number = 0
    for at in range(start, end):
        if not 48 <= codes[at] <= 57:
            return -2
        number = 10 * number + int(codes[at]) - 48
    return number


@inlined
def _is_letter_or_digit(code: int) -> bool:
    return 97 <= code <= 122 or 65 <= code <= 90 or 48 <= code <= 57


@inlined
def _names_blank(codes: NDArray[np.uint32], start: int, end: int, blanks: NDArray[np.uint64]) -> bool:
    """Whether a word of the last part of an address, of all of it where it has a query, is one of `blanks` (see
    `numbered`)."""
    queried = _next(codes, start, end, _QUESTION) < end
    found = False
    key = _SEED
    for at in range(start, end + 1):
        code = codes[at] if at < end else np.uint32(_SLASH)
        if code in (_SLASH, _UNDERSCORE, _DOT, _HYPHEN):
            key |= np.uint64(1)
            found = found or blanks[_slot(blanks, key)] != 0
            if code == _SLASH and at < end and not queried:
                found = False
            key = _SEED
        else:
            key = (key ^ np.uint64(code + 32 if 65 <= code <= 90 else code)) * _PRIME
    return found


@inlined
def _form(codes: NDArray[np.uint32], start: int, end: int, blanks: NDArray[np.uint64]) -> int:
    """The form of an address. All but the whole ones are among those of `image_candidates.joined` that need no more
    than to be put behind their beginning, once the & of their queries are resolved: plain characters, no part that
    begins with a dot, none that is empty."""
    form, at = OF_FOLDER, start
    if stands(codes, start, end, _HTTP) or stands(codes, start, end, _HTTPS):
        form = WHOLE
    elif start < end and codes[start] == _SLASH:
        form, at = OF_HOST, start + 1
        if at < end and codes[at] == _SLASH:
            form, at = OF_SCHEME, at + 1
    before = np.uint32(_SLASH)
    in_host, queried = form == OF_SCHEME, False
    if at == end or end - start > _LONGEST:
        return UNSURE
    for index in range(at, end):
        code = codes[index]
        if code == _AND and (not (queried or form == WHOLE) or not stands(codes, index + 1, end, _AMP)):
            return UNSURE
        if form == WHOLE:
            if code <= 32 or code >= 127 or code == _HASH:
                return UNSURE
        elif code == _SLASH:
            if before == _SLASH:
                return UNSURE
            in_host = False
        elif code == _DOT:
            if before == _SLASH:
                return UNSURE
        elif code == _QUESTION:
            if queried or index == at:
                return UNSURE
            queried = True
        elif not (
            _is_letter_or_digit(code)
            or code == _HYPHEN
            or (queried and code in (_EQUALS, _AND, _SEMICOLON))
            or (not in_host and code in (_UNDERSCORE, _PERCENT))
        ):
            return UNSURE
        before = code
    if before == _QUESTION or _names_blank(codes, start, end, blanks):
        return UNSURE
    return form


@inlined
def _ending(codes: NDArray[np.uint32], at: int, end: int, name: NDArray[np.uint32]) -> int:
    """`NAMES_FILE` if the ending of an image file stands at a place, in any case, and `TO_FILE` if a path ends behind
    it, as a regular expression finds them: ı and İ are an i to it."""
    if at + len(name) > end:
        return 0
    for index in range(1, len(name)):
        code = codes[at + index]
        if 65 <= code <= 90:
            code += np.uint32(32)
        elif code == 0x130 or code == 0x131:
            code = np.uint32(ord("i"))
        if code != name[index]:
            return 0
    at += len(name)
    ends = at == end or codes[at] == _QUESTION or codes[at] == _HASH or (at == end - 1 and codes[at] == _NEWLINE)
    return NAMES_FILE | TO_FILE if ends else NAMES_FILE


@inlined
def _led(codes: NDArray[np.uint32], start: int, end: int) -> int:
    """What a link with an address in a span is told by (see `LED`)."""
    if start < 0 or start >= end:
        return 0
    found = LED
    for at in range(start, end):
        if codes[at] == _DOT:
            found |= (
                _ending(codes, at, end, _JPG)
                | _ending(codes, at, end, _JPEG)
                | _ending(codes, at, end, _PNG)
                | _ending(codes, at, end, _WEBP)
                | _ending(codes, at, end, _GIF)
                | _ending(codes, at, end, _AVIF)
            )
    return found


@inlined
def _is_lazy(pool: NDArray[np.uint32], ends: NDArray[np.int32], name: int) -> bool:
    """Whether "lazy" stands in a name of the pool; `ends` as in `_interned`."""
    for at in range(ends[name], ends[name + 1]):  # noqa: SIM110
        if _reads(pool, at, ends[name + 1], _LATE):
            return True
    return False


@inlined
def _glance(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    telling: NDArray[np.uint64],
    offers: NDArray[np.int32],
    blanks: NDArray[np.uint64],
    items: NDArray[np.int32],
    item: int,
) -> None:
    """Write `ITEM_SOURCE` and the columns behind it for a picture with the attributes in a span. `telling` finds the
    attributes (see `numbered`) that must be asked otherwise where a picture has them; but those whose place in `offers`
    is not 0 only name larger copies."""
    source = source_end = late = late_end = -1
    alt, width, height = 0, -1, -1
    alt_start = alt_end = style = style_end = offering = 0
    items[ITEM_SOURCE, item] = -1
    at = start
    while at < end:
        first = at + 1
        at = first
        while at < end and (97 <= codes[at] <= 122 or 48 <= codes[at] <= 57 or codes[at] == 45 or codes[at] == 95):
            at += 1
        value = at + 2
        if codes[first - 1] != 32 or at == first or value > end or codes[at] != _EQUALS or codes[at + 1] != _QUOTE:
            return
        close = _next(codes, value, end, _QUOTE)
        if close == end:
            return
        slot = _slot(telling, _hash(codes, first, at))
        if telling[slot] != 0:
            if offers[slot] == 0:
                return
            offering = 1
        length = at - first
        if length == len(_SRC) and stands(codes, first, at, _SRC):
            source, source_end = value, close
        elif length == len(_ALT) and stands(codes, first, at, _ALT):
            alt = _resolved(codes, value, close)
            alt_start, alt_end = value, close
        elif length == len(_WIDTH) and stands(codes, first, at, _WIDTH):
            width = _pixels(codes, value, close)
        elif length == len(_HEIGHT) and stands(codes, first, at, _HEIGHT):
            height = _pixels(codes, value, close)
        elif length == len(_OWN_STYLE) and stands(codes, first, at, _OWN_STYLE):
            style, style_end = value, close
        elif length == len(_DATA_SRC) and stands(codes, first, at, _DATA_SRC):
            late, late_end = value, close
        at = close + 1
    if width == -2 or height == -2:
        return
    form = UNSURE
    if late >= 0:
        # what `image_candidates.best_address` takes before all others, if it is an address
        source, source_end = late, late_end
        form = _form(codes, source, source_end, blanks)
        if form == UNSURE or source_end - source < _SHORTEST or _next(codes, source, source_end, _SLASH) == source_end:
            return
        items[ITEM_LAZY, item] = 1
    elif source >= 0:
        form = _form(codes, source, source_end, blanks)
    items[ITEM_SOURCE, item] = source
    items[ITEM_SOURCE_END, item] = source_end
    items[ITEM_ALT, item] = alt
    items[ITEM_WIDTH, item] = width
    items[ITEM_HEIGHT, item] = height
    items[ITEM_ALT_START, item] = alt_start
    items[ITEM_ALT_END, item] = alt_end
    items[ITEM_STYLE, item] = style
    items[ITEM_STYLE_END, item] = style_end
    items[ITEM_FORM, item] = form
    items[ITEM_OFFERS, item] = offering


@inlined
def _names(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    pool: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    numbers: NDArray[np.int32],
    ends: NDArray[np.int32],
) -> int:
    """The pool's number of a tag's names."""
    if end - start < 4:
        return 0
    first = ends[ends[0]]
    return _interned(pool, first, _pool_names(codes, start, end, pool, first), keys, numbers, ends)


@inlined
def _unescape(text: NDArray[np.uint32], start: int, end: int) -> int:
    """Resolve in place the five character references that a serialiser writes; returns the new end."""
    at = start
    index = start
    while index < end:
        code = text[index]
        index += 1
        if code == _AND:
            if stands(text, index, end, _AMP):
                index += len(_AMP)
            elif stands(text, index, end, _NBSP):
                index += len(_NBSP)
                code = np.uint32(0xA0)
            elif stands(text, index, end, _QUOT):
                index += len(_QUOT)
                code = np.uint32(_QUOTE)
            elif stands(text, index, end, _LT):
                index += len(_LT)
                code = np.uint32(_LESS)
            elif stands(text, index, end, _GT):
                index += len(_GT)
                code = np.uint32(_GREATER)
        text[at] = code
        at += 1
    return at


@inlined
def _collapse(text: NDArray[np.uint32], start: int, end: int) -> int:
    """Make each run of white space one space, or one line break where a BREAK is in it, and trim; the new end."""
    at = start
    gap = 0
    for index in range(start, end):
        code = text[index]
        if is_space(code):
            gap = _NEWLINE if code == BREAK or gap == _NEWLINE else 32
            continue
        if gap and at > start:
            text[at] = gap
            at += 1
        gap = 0
        text[at] = code
        at += 1
    return at


@inlined
def _preformat(text: NDArray[np.uint32], start: int, end: int) -> int:
    """Trim the right of each line and the empty lines at both ends; a BREAK is a line break. The new end."""
    at = line = start
    for index in range(start, end):
        code = text[index]
        if code in (BREAK, _NEWLINE):
            while at > line and is_space(text[at - 1]):
                at -= 1
            if at > start:
                text[at] = _NEWLINE
                at += 1
            line = at
        else:
            text[at] = code
            at += 1
    while at > line and is_space(text[at - 1]):
        at -= 1
    while at > start and text[at - 1] == _NEWLINE:
        at -= 1
    return at


@inlined
def _is_blank(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    for index in range(start, end):  # noqa: SIM110
        if not is_space(codes[index]):
            return False
    return True


@inlined
def _tag_end(codes: NDArray[np.uint32], start: int, dead: NDArray[np.uint8], mark: bool) -> int:
    """The first `>` outside the values of attributes, or -1. A quote opens a value only behind an equals sign, and
    where another one closes it: names of attributes may hold quotes too.

    `dead` is empty, or marks the places outside values from which a search came to nothing, so that none is searched
    from twice; with `mark`, the places passed are marked.
    """
    index = start
    length = len(codes)
    while index < length:
        if len(dead):
            if dead[index]:
                return -1
            dead[index] = mark
        code = codes[index]
        if code == _GREATER:
            return index
        if code == _QUOTE and codes[index - 1] == _EQUALS:
            close = _next(codes, index + 1, length, _QUOTE)
            if close < length:
                index = close
        index += 1
    return -1


@inlined
def _copy_without_comments(codes: NDArray[np.uint32], start: int, end: int, text: NDArray[np.uint32], at: int) -> None:
    """Write a span in which each `<` begins a comment to a place in the text, without them."""
    index = start
    while index < end:
        if codes[index] == _LESS:
            index = _comment_end(codes, index)
        else:
            text[at] = codes[index]
            at += 1
            index += 1


@compiled("codes", "hashes", "ints", "bytes", "hashes", "ints", "hashes", "int", "int", "bool")
def read(
    codes: NDArray[np.uint32],
    tag_keys: NDArray[np.uint64],
    tag_numbers: NDArray[np.int32],
    tag_kinds: NDArray[np.uint8],
    telling: NDArray[np.uint64],
    offers: NDArray[np.int32],
    blanks: NDArray[np.uint64],
    pre: int,
    deepest: int,
    backgrounds: bool,
) -> tuple[Any, ...]:
    """Read markup as `omnicorpus.tree.parse` returns it. Returns the tables of nodes, items, sources (list, span) and
    formulas (start, end of the element, end of the text after it), how many nodes are `NUMBERED`, the text, the pool
    and where each of its strings ends, and the depth reached: `deepest` + 1 where it was exceeded and reading stopped.

    `tag_keys` and `tag_numbers` (see `numbered`) find the number of a known tag,
    `tag_kinds` holds the kind of each number; the number of an unknown tag is len(tag_kinds) + its pool number. `pre`,
    and the two numbers after it, are those of <pre>, <source> and the first player; players come last, and the four
    before <pre> are lists, entries and cells. `telling` and `offers` are attributes of pictures (see `_glance`),
    `blanks` words of addresses (see `_names_blank`). What a comment holds is not there at all. Of a formula, the text
    at its start is taken and nothing else. `backgrounds` makes an item of each line-breaking element with an address in
    its attributes.
    """
    length = len(codes)
    source_tag, first_player = pre + 1, pre + 2
    less = 0
    for code in codes:
        less += code == _LESS
    nodes = np.empty((NODE_HIDDEN + 1, less + 1), dtype=np.int32)
    items = np.empty((ITEM_COLUMNS, 3 * less + 3), dtype=np.int32)
    sources = np.empty((3, less + 1), dtype=np.int32)
    formulas = np.empty((3, less + 1), dtype=np.int32)
    n_nodes, n_items, n_sources, n_formulas, n_numbered = 1, 0, 0, 0, 0
    text = np.empty(length + less + 1, dtype=np.uint32)
    block = at = 0  # the block being gathered is text[block:at]

    places = 64
    while places < 4 * less:
        places *= 2
    keys, numbers = np.zeros(places, dtype=np.uint64), np.zeros(places, dtype=np.int32)
    pool = np.empty(length + 1, dtype=np.uint32)
    ends = np.zeros(2 * less + 4, dtype=np.int32)
    ends[0] = 1  # the empty string

    nodes[:, 0] = 0
    nodes[NODE_PARENT, 0] = -1
    nodes[NODE_LAST, 0] = -1
    node = 0
    reached = 0
    linked = strong = links = names = 0
    timed = broke = after_link = in_link = False
    link = link_end = -1
    led = 0
    link_start = in_strong = in_pre = in_silent = 0
    spans = np.full(less + 4, -1, dtype=np.int32)  # three that are none below the first
    late = np.zeros(less + 4, dtype=np.uint8)  # whether "lazy" stands in the names of each
    n_spans = 3
    players = np.empty(less + 1, dtype=np.int32)  # the list of sources of each open player
    n_players = 0
    choice, choice_length, n_lists = -1, 0, 0  # the list of sources of the open <picture>
    math = -1

    dead = np.zeros(0, dtype=np.uint8)
    ended = True  # whether every comment so far has an end
    position = 0
    finished = False
    while not finished:
        while position < length and codes[position] != _LESS:
            position += 1
        slash = False
        kind = OTHER
        tag = raw = raw_end = text_start = text_end = commented = 0
        if position >= length:
            finished = True
        else:
            start = position + 1
            slash = start < length and codes[start] == _SLASH
            start += slash
            if start >= length or not (97 <= codes[start] <= 122 or 65 <= codes[start] <= 90):
                end = _comment_end(codes, position) if ended else 0
                ended = end >= 0
                position = end if end > 0 else position + 1
                continue
            raw = start + 1
            while raw < length and codes[raw] != _SLASH and codes[raw] != _GREATER and not is_space(codes[raw]):
                raw += 1
            raw_end = _tag_end(codes, raw, dead, False)
            if raw_end < 0:
                if len(dead) == 0:
                    dead = np.zeros(length, dtype=np.uint8)
                _tag_end(codes, raw, dead, True)
                position = raw
                continue
            text_start = text_end = raw_end + 1
            while True:
                while text_end < length and codes[text_end] != _LESS:
                    text_end += 1
                end = _comment_end(codes, text_end) if text_end < length and ended else 0
                ended = end >= 0
                if end <= 0:
                    break
                commented += end - text_end
                text_end = end

            key = _hash(codes, start, raw)
            slot = _slot(tag_keys, key)
            if tag_keys[slot] == key:
                tag = tag_numbers[slot]
                kind = tag_kinds[tag]
            elif math < 0:
                first = ends[ends[0]]
                pool[first : first + raw - start] = codes[start:raw]
                tag = len(tag_kinds) + _interned(pool, first, first + raw - start, keys, numbers, ends)
        if math >= 0:
            if not finished:
                position = text_end
                if not (slash and kind == MATH):
                    continue
            formulas[0, n_formulas] = math
            formulas[1, n_formulas] = text_start if not finished else length
            formulas[2, n_formulas] = text_end if not finished else length
            n_formulas += 1
            math = -1
            kind = WORD if not finished else OTHER
        elif not finished:
            tag_start = position
            position = text_end

        alone = in_link and link_start == linked
        opens_media = kind == MEDIA and not slash and tag != source_tag
        closes = kind == OTHER or (not slash and (opens_media or (kind == LINE and broke) or kind == RULE))
        again = kind == LINE and closes
        if closes and at > block:
            end = _unescape(text, block, at)
            end = _preformat(text, block, end) if in_pre != 0 else _collapse(text, block, end)
            if end > block:
                items[ITEM_KIND, n_items] = TEXT
                items[ITEM_NODE, n_items] = node
                items[ITEM_START, n_items] = block
                items[ITEM_END, n_items] = end
                items[ITEM_NAMES, n_items] = names
                items[ITEM_LINKED, n_items] = min(linked, end - block)
                items[ITEM_LINKS, n_items] = links
                items[ITEM_STRONG, n_items] = min(strong, end - block)
                items[ITEM_TIMED, n_items] = timed
                n_items += 1
            block = at = end
            linked = strong = 0
            timed = broke = False
            if opens_media:
                link_start = 0
        if finished:
            break

        if kind == OTHER:
            links = names = 0
            if slash:
                if node and nodes[NODE_TAG, node] == tag:
                    nodes[NODE_LAST, node] = n_items
                    in_pre -= tag == pre
                    node = nodes[NODE_PARENT, node]
            else:
                depth = nodes[NODE_DEPTH, node] + 1
                reached = max(reached, depth)
                if depth > deepest:
                    break
                own = _names(codes, raw, raw_end, pool, keys, numbers, ends)
                nodes[NODE_TAG, n_nodes] = tag
                nodes[NODE_NAMES, n_nodes] = own
                nodes[NODE_PARENT, n_nodes] = node
                nodes[NODE_DEPTH, n_nodes] = depth
                nodes[NODE_FIRST, n_nodes] = n_items
                nodes[NODE_LAST, n_nodes] = -1
                nodes[NODE_RAW, n_nodes] = raw
                nodes[NODE_RAW_END, n_nodes] = raw_end
                if _may_hide(codes, raw, raw_end) and _hides(codes, raw, raw_end):
                    nodes[NODE_HIDDEN, n_nodes] = HIDES
                else:
                    nodes[NODE_HIDDEN, n_nodes] = 0
                if pre - 4 <= tag < pre and _is_numbered(codes, raw, raw_end):
                    nodes[NODE_HIDDEN, n_nodes] |= NUMBERED
                    n_numbered += 1
                node = n_nodes
                n_nodes += 1
                in_pre += tag == pre
                if backgrounds and find(codes, raw, raw_end, _URL) >= 0:
                    items[:, n_items] = 0
                    items[ITEM_KIND, n_items] = BACKGROUND
                    items[ITEM_NODE, n_items] = node
                    items[ITEM_START, n_items] = raw
                    items[ITEM_END, n_items] = raw_end
                    items[ITEM_NAMES, n_items] = own
                    items[ITEM_SOURCE, n_items] = -1
                    items[ITEM_LAZY, n_items] = _is_lazy(pool, ends, own)
                    n_items += 1
        elif slash:
            if kind == LINK:
                in_link = False
                link = -1
                led = 0
                after_link = True
            elif kind == SPAN:
                if n_spans > 3:
                    n_spans -= 1
            elif kind == STRONG:
                in_strong -= 1
            elif kind == QUIET:
                in_silent -= 1
            elif kind == CHOICE:
                choice = -1
            elif kind == MEDIA and tag >= first_player and n_players:
                n_players -= 1
        elif opens_media:
            own_list = choice
            if choice < 0 or choice_length == 0:
                own_list = n_lists
                n_lists += 1
            items[ITEM_KIND, n_items] = PICTURE
            items[ITEM_NODE, n_items] = node
            items[ITEM_START, n_items] = raw
            items[ITEM_END, n_items] = raw_end
            items[ITEM_NAMES, n_items] = _names(codes, raw, raw_end, pool, keys, numbers, ends)
            items[ITEM_LINKED, n_items] = link
            items[ITEM_LINKS, n_items] = link_end
            items[ITEM_TAG, n_items] = tag
            items[ITEM_SOURCES, n_items] = own_list
            items[ITEM_SILENT, n_items] = in_silent > 0
            items[ITEM_ALONE, n_items] = alone
            items[ITEM_LAZY, n_items] = _is_lazy(pool, ends, items[ITEM_NAMES, n_items])
            for index in range(3):
                items[ITEM_OUTER + index, n_items] = spans[n_spans - 3 + index]
                items[ITEM_LAZY, n_items] |= late[n_spans - 3 + index]
            items[ITEM_LED, n_items] = led
            if tag < first_player:
                _glance(codes, raw, raw_end, telling, offers, blanks, items, n_items)
            else:
                items[ITEM_SOURCE, n_items] = -1
            n_items += 1
            if tag >= first_player:
                players[n_players] = own_list
                n_players += 1
        elif kind == MEDIA:
            if choice >= 0 or n_players:
                sources[0, n_sources] = choice if choice >= 0 else players[n_players - 1]
                sources[1, n_sources] = raw
                sources[2, n_sources] = raw_end
                n_sources += 1
                choice_length += 1
        elif kind == LINE:
            if not again and at > block:
                text[at] = BREAK
                at += 1
                broke = True
        elif kind == MATH:
            math = tag_start
            if text_end - text_start > commented and in_silent == 0:
                _copy_without_comments(codes, text_start, text_end, text, at)
                at += text_end - text_start - commented
                broke = False
            continue
        elif kind < LINE:
            if kind == LINK:
                in_link = True
                link_start = linked
                links += 1
                link = find(codes, raw, raw_end, _HREF)
                if link >= 0:
                    link += len(_HREF)
                    link_end = _next(codes, link, raw_end, _QUOTE)
                    if link_end == raw_end:
                        link_end -= 1
                led = _led(codes, link, link_end)  # once, as a link with an address as long as the page may hold many
                if after_link and at > block:
                    text[at] = 32
                    at += 1
            elif kind == STRONG:
                in_strong += 1
            if kind == SPAN:
                own = _names(codes, raw, raw_end, pool, keys, numbers, ends)
                spans[n_spans] = own
                late[n_spans] = _is_lazy(pool, ends, own)
                n_spans += 1
                if names == 0:
                    names = own
            elif names == 0:
                names = _names(codes, raw, raw_end, pool, keys, numbers, ends)
        elif kind == QUIET:
            in_silent += 1
        elif kind == CHOICE:
            choice = n_lists
            choice_length = 0
            n_lists += 1
        elif kind == DATED:
            timed = True

        size = text_end - text_start - commented
        if size == 0 or in_silent != 0:
            continue
        if commented:
            _copy_without_comments(codes, text_start, text_end, text, at)
        if in_pre == 0 and (_is_blank(text, at, at + size) if commented else _is_blank(codes, text_start, text_end)):
            if at > block:
                text[at] = 32
                at += 1
            continue
        if commented == 0:
            text[at : at + size] = codes[text_start:text_end]
        at += size
        broke = after_link = False
        if in_link:
            linked += size
        if in_strong != 0:
            strong += size

    for index in range(n_nodes):
        if nodes[NODE_LAST, index] < 0:
            nodes[NODE_LAST, index] = n_items
    count = ends[0]
    return (
        nodes[:, :n_nodes], items[:, :n_items], sources[:, :n_sources], formulas[:, :n_formulas], n_numbered,
        text[:at], pool[: ends[count]], ends[1 : count + 1], reached,
    )  # fmt: skip


@compiled("table", "table")
def pictures(items: NDArray[np.int32], nodes: NDArray[np.int32]) -> Any:
    """Position and columns of every item that is no text, a row each; behind them the tags, then the names, of the
    `NEAR` elements around it, -1 for none."""
    count = 0
    for item in range(items.shape[1]):
        count += items[ITEM_KIND, item] != TEXT
    found = np.full((count, 1 + ITEM_COLUMNS + 2 * NEAR), -1, dtype=np.int32)
    row = 0
    for item in range(items.shape[1]):
        if items[ITEM_KIND, item] == TEXT:
            continue
        found[row, 0] = item
        for column in range(ITEM_COLUMNS):
            found[row, 1 + column] = items[column, item]
        node = items[ITEM_NODE, item]
        for step in range(NEAR):
            if node < 0:
                break
            found[row, 1 + ITEM_COLUMNS + step] = nodes[NODE_TAG, node]
            found[row, 1 + ITEM_COLUMNS + NEAR + step] = nodes[NODE_NAMES, node]
            node = nodes[NODE_PARENT, node]
        row += 1
    return found
