"""Bands of a signature: two documents that agree on every row of one band are candidates to be the same.

With b bands of r rows, a pair of Jaccard similarity j becomes a candidate with probability 1 - (1 - j**r)**b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnicorpus.signature import Words, mixed
from omnicorpus.sketch import Hashes

RECALL = 0.98
"""Probability with which a pair exactly at the threshold must become a candidate. Verification takes chance candidates
away again, but nothing brings back a pair that was never one: datatrove's 14 x 8 finds 0.92 of the pairs at 0.8, the
least expected error of datasketch's own choice (9 x 13 for 0.8 and 128) finds 0.40 of them."""


SHOWN = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Similarities at which a run says what its bands find."""


@dataclass(frozen=True, slots=True)
class Bands:
    """`count` bands of `rows` permutations each, from the start of the signature; what is left over is not used."""

    count: int
    rows: int

    def probability(self, jaccard: float) -> float:
        """That two documents of this similarity become candidates."""
        return float(1 - (1 - jaccard**self.rows) ** self.count)

    def curve(self) -> str:
        """What these bands find, in one line."""
        found = ", ".join(f"{self.probability(jaccard):.3f} at {jaccard}" for jaccard in SHOWN)
        return f"{self.count} bands of {self.rows} rows: P(candidate) {found}"


def bands(threshold: float, permutations: int, *, recall: float = RECALL) -> Bands:
    """The steepest curve that still finds `recall` of the pairs at the threshold: the most rows, then the most bands.

    Raises ValueError where not even single rows do.
    """
    for rows in range(permutations, 0, -1):
        found = Bands(permutations // rows, rows)
        if found.probability(threshold) >= recall:
            return found
    raise ValueError(
        f"{permutations} permutations can't find {recall:.0%} of the pairs at {threshold}; take more of them"
    )


def buckets(signed: Hashes, settings: Bands) -> Words:
    """The bucket of each signature in each band: rows x bands, 64 bits each. Equal bands, equal buckets; bands never
    mix."""
    rows, permutations = signed.shape
    if settings.count * settings.rows > permutations:
        raise ValueError(f"{settings.count} bands of {settings.rows} rows need more than {permutations} permutations")
    wide = signed[:, : settings.count * settings.rows].reshape(rows, settings.count, settings.rows).astype(np.uint64)
    factors = mixed(np.arange(1, settings.rows + 1, dtype=np.uint64)) | np.uint64(1)
    bands_apart = mixed(np.arange(1, settings.count + 1, dtype=np.uint64) << np.uint64(32))
    return mixed((mixed(wide) * factors).sum(axis=2, dtype=np.uint64) + bands_apart)
