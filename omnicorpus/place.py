"""Where the text of each element goes: the compiled half of `omnicorpus.parts`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus.native import compiled, inlined
from omnicorpus.scan import ITEM_END, ITEM_KIND, ITEM_NODE, ITEM_START, NODE_DEPTH, NODE_PARENT, NODE_TAG

KINDS = ("text", "header", "list", "code", "quote", "table", "detail")
"""The kinds of `omnicorpus.document` by their number here."""
_TEXT, _HEADER, _LIST, _CODE, _QUOTE, _TABLE, _DETAIL = range(7)

(
    NO_ROLE, HEADER, UNORDERED, ORDERED, TERM, EXPLANATION, ENTRY, CELL, PREFORMATTED, QUOTATION, DETAILS, TABLE,
    CAPTION, ROW, HOLDER,
) = range(15)  # fmt: skip
"""What an element is to the text in it; a holder is nothing but a sign that a table around it is a page's layout."""

KIND, GROUP, OF_ENTRY, INDENT, MARK = range(5)
"""Rows of `_places`: a number of `KINDS`; the element that gathers the text, -1 where it stands alone; the cell or
entry around it, -1 for none; and of an entry, how far it stands in (characters) and its mark."""
NO_MARK, DASH, COLON, NUMBER = range(4)
WIDTHS = np.array((0, 2, 2, 2))
"""Characters of each mark, for a number without its digits."""
MOST_INDENT = 40
MISSING = -(1 << 62)
"""In place of a number that is not given."""


@inlined
def _digits(number: int) -> int:
    """Characters of a whole number."""
    count = 1
    if number < 0:
        count += 1
        number = -number
    while number >= 10:
        number //= 10
        count += 1
    return count


@inlined
def _is_data(nodes: NDArray[np.int32], roles: NDArray[np.uint8], table: int) -> bool:
    """Whether a table holds data, not a page's layout: no table, heading or list inside, some rows of several cells."""
    rows = cells = 0
    for node in range(table + 1, nodes.shape[1]):
        if nodes[NODE_DEPTH, node] <= nodes[NODE_DEPTH, table]:
            break
        tag = nodes[NODE_TAG, node]
        role = roles[tag] if tag < len(roles) else NO_ROLE
        if role in (HEADER, UNORDERED, ORDERED, TABLE, PREFORMATTED, HOLDER):
            return False
        rows += role == ROW
        cells += role == CELL
    return rows >= 2 and cells >= rows + 2


@inlined
def _places(
    nodes: NDArray[np.int32], roles: NDArray[np.uint8], given: NDArray[np.int64], falling: NDArray[np.uint8]
) -> tuple[Any, Any]:
    """The place of each element (see `KIND` and what follows), and the number of each entry of an ordered list.

    `roles` has the role of each known tag. `given` are the numbers that lists begin with and entries have, `MISSING`
    for most; `falling` are lists that count down. Both may be empty.
    """
    m = nodes.shape[1]
    found = np.empty((5, m), dtype=np.int32)
    numbers = np.zeros(m, dtype=np.int64)
    following = np.full(m, MISSING, dtype=np.int64)
    found[KIND, 0] = _TEXT
    found[GROUP, 0] = found[OF_ENTRY, 0] = -1
    found[INDENT, 0] = found[MARK, 0] = 0
    sizes = np.zeros(len(falling), dtype=np.int64)
    for node in range(1, len(falling)):
        tag = nodes[NODE_TAG, node]
        sizes[nodes[NODE_PARENT, node]] += tag < len(roles) and roles[tag] == ENTRY
    for node in range(1, m):
        tag, parent = nodes[NODE_TAG, node], nodes[NODE_PARENT, node]
        role = roles[tag] if tag < len(roles) else NO_ROLE
        kind, group, entry = found[KIND, parent], found[GROUP, parent], found[OF_ENTRY, parent]
        indent = mark = 0
        if role in (NO_ROLE, HOLDER, ROW):
            pass
        elif role == HEADER:
            kind, group, entry = _HEADER, -1, -1
        elif kind == _TABLE:
            if role == CELL:
                entry = node
            elif role == CAPTION:
                kind, group, entry = _TEXT, -1, -1
        elif role == PREFORMATTED:
            kind, group, entry = _CODE, node, -1
        elif role == QUOTATION:
            kind, group, entry = _QUOTE, node, -1
        elif role == DETAILS:
            kind, group, entry = _DETAIL, node, -1
        elif role in (UNORDERED, ORDERED):
            if role == ORDERED:
                following[node] = 1
                if len(falling) and falling[node]:
                    following[node] = sizes[node]
                if len(given) and given[node] != MISSING:
                    following[node] = given[node]
            if kind != _LIST:
                kind, group, entry = _LIST, node, -1
        elif role in (TERM, EXPLANATION, ENTRY):
            inside = kind == _LIST
            if inside and entry >= 0:
                indent = found[INDENT, entry] + WIDTHS[found[MARK, entry]]
                if found[MARK, entry] == NUMBER:
                    indent += _digits(numbers[entry])
            mark = NO_MARK if role == TERM else (COLON if role == EXPLANATION else DASH)
            if following[parent] != MISSING:
                number = following[parent]
                if len(given) and given[node] != MISSING:
                    number = given[node]
                numbers[node] = number
                following[parent] = number - 1 if len(falling) and falling[parent] else number + 1
                mark = NUMBER
            kind, group, entry = _LIST, group if inside else parent, node
        elif role == TABLE and _is_data(nodes, roles, node):
            kind, group, entry = _TABLE, node, -1
        found[KIND, node], found[GROUP, node], found[OF_ENTRY, node] = kind, group, entry
        found[INDENT, node] = min(indent, MOST_INDENT)
        found[MARK, node] = mark
    return found, numbers


@compiled("table", "table", "bytes", "longs", "bytes", "flags")
def chosen(
    items: NDArray[np.int32],
    nodes: NDArray[np.int32],
    roles: NDArray[np.uint8],
    given: NDArray[np.int64],
    falling: NDArray[np.uint8],
    flags: NDArray[np.bool_],
) -> Any:
    """A row for each item with a flag: its position, kind, start and end, and of the element around it the place (see
    `KIND` and what follows), then indent, mark and number of the entry around it (0 where none is). The others are
    those of `_places`."""
    places, numbers = _places(nodes, roles, given, falling)
    found = np.zeros((flags.sum(), 4 + 3 + 3), dtype=np.int64)
    row = 0
    for item in range(len(flags)):
        if not flags[item]:
            continue
        node = items[ITEM_NODE, item]
        entry = places[OF_ENTRY, node]
        found[row, 0] = item
        found[row, 1] = items[ITEM_KIND, item]
        found[row, 2] = items[ITEM_START, item]
        found[row, 3] = items[ITEM_END, item]
        for column in range(3):
            found[row, 4 + column] = places[KIND + column, node]
        if entry >= 0:
            found[row, 7] = places[INDENT, entry]
            found[row, 8] = places[MARK, entry]
            found[row, 9] = numbers[entry]
        row += 1
    return found
