"""The assignment of greatest gain: every image its own sentence, as MMC4 orders them (Zhu et al. 2023, 3.2). Pure."""

from __future__ import annotations

import numpy as np


def assign(gains: np.ndarray) -> list[int | None]:
    """For each row of (rows, columns) a column of its own, so that the sum of the gains is greatest.

    Rows that outnumber the columns go without. By shortest augmenting paths (Jonker and Volgenant 1987): at worst rows²
    steps of one pass over the columns each.
    """
    rows, columns = gains.shape
    if rows > columns:
        found: list[int | None] = [None] * rows
        for column, row in enumerate(assign(gains.T)):
            if row is not None:
                found[row] = column
        return found
    # Row and column 0 stand for "none yet"; owner[j] is the row that has column j.
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    owner, before = np.zeros(columns + 1, np.int64), np.zeros(columns + 1, np.int64)
    for row in range(1, rows + 1):
        owner[0], at = row, 0
        least = np.full(columns + 1, np.inf)
        passed = np.zeros(columns + 1, bool)
        while owner[at] != 0:
            passed[at] = True
            here = owner[at]
            costs = np.concatenate([[np.inf], -gains[here - 1] - row_price[here] - column_price[1:]])
            better = ~passed & (costs < least)
            least[better], before[better] = costs[better], at
            following = int(np.argmin(np.where(passed, np.inf, least)))
            step = least[following]
            row_price[owner[passed]] += step
            column_price[passed] -= step
            least[~passed] -= step
            at = following
        while at:
            owner[at] = owner[before[at]]
            at = int(before[at])
    found = [None] * rows
    for column in range(1, columns + 1):
        if owner[column]:
            found[owner[column] - 1] = column - 1
    return found
