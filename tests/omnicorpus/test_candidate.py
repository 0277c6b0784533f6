"""Candidates: stars of buckets, within a shard and across shards."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import candidate, component, sketch
from omnicorpus.band import Bands
from omnicorpus.candidate import CandidateSettings
from omnicorpus.signature import Words

BUCKETS = st.integers(1, 25).flatmap(
    lambda rows: st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=rows, max_size=rows)
)


def settings(*, verify: bool) -> CandidateSettings:
    return CandidateSettings(Bands(3, 1), 3, 1, 0, 0.8, 0.5, 0.0, verify)


def labels(first: list[int], second: list[int]) -> dict[int, int]:
    found = component.labels(np.array(first, np.int64), np.array(second, np.int64))
    return dict(zip(*(ends.tolist() for ends in found), strict=True))


def by_pairs(buckets: list[list[int]]) -> dict[int, int]:
    """The reference: an edge for every two documents that share a bucket."""
    pairs = [
        (one, two)
        for one in range(len(buckets))
        for two in range(one)
        if any(first == second for first, second in zip(buckets[one], buckets[two], strict=True))
    ]
    return labels([one for one, _ in pairs], [two for _, two in pairs])


def apart(buckets: list[list[int]]) -> Words:
    """Buckets of different bands never meet."""
    return np.array(buckets, np.uint64) + np.arange(3, dtype=np.uint64) * np.uint64(100)


@given(BUCKETS, st.integers(0, 4))
def test_ties_join_what_pairs_would(buckets: list[list[int]], neighbours: int) -> None:
    rows = apart(buckets)
    nodes = np.repeat(np.arange(len(rows)), 3)
    centre, other = candidate.ties(rows.ravel(), nodes, neighbours)
    assert labels(centre.tolist(), other.tolist()) == by_pairs(buckets)
    assert (centre < other).all()
    assert len(centre) <= rows.size * (1 + neighbours)


@given(BUCKETS, st.integers(0, 25))
def test_stars_within_shards_and_what_they_send_tie_together_what_pairs_would(
    buckets: list[list[int]], cut: int
) -> None:
    rows = apart(buckets)
    found, sent = [], []
    for start, end in ((0, min(cut, len(rows))), (min(cut, len(rows)), len(rows))):
        part = rows[start:end]
        empty = sketch.empty(len(part)), np.zeros(len(part), np.int64)
        leaves, (centre, other), _ = candidate.within(part, *empty, settings(verify=False))
        found += list(zip((centre + start).tolist(), (other + start).tolist(), strict=True))
        document, place = np.nonzero(leaves)
        sent += list(zip(part[document, place].tolist(), (document + start).tolist(), strict=True))
        # However many documents of a shard share a bucket, one of them speaks for all.
        assert len({bucket for bucket, _ in sent}) <= len(sent)
        assert len(np.unique(part)) == leaves.sum()
    rows, nodes = np.array([bucket for bucket, _ in sent], np.uint64), np.array([node for _, node in sent], np.int64)
    centre, other = candidate.ties(rows, nodes, 0)
    pairs = found + list(zip(centre.tolist(), other.tolist(), strict=True))
    assert labels([one for one, _ in pairs], [two for _, two in pairs]) == by_pairs(buckets)


def test_documents_that_are_not_like_their_centre_are_sent_or_become_centres() -> None:
    sketches = sketch.empty(6)
    for row, members in zip(sketches, ([1], [2], [1], [2], [3], [4]), strict=True):
        sketch.fill(row, np.array(members, np.uint32))
    one_bucket = np.full((6, 1), 9, np.uint64)
    sent, (centre, other), tried = candidate.within(one_bucket, sketches, np.ones(6, np.int64), settings(verify=True))
    assert list(zip(centre.tolist(), other.tolist(), strict=True)) == [(0, 2), (1, 3)]
    assert sent.ravel().tolist() == [True, True, False, False, True, True]
    assert tried == 5 + 3 + 1


def test_a_hot_bucket_of_copies_sends_one_row() -> None:
    copies = 5_000
    sketches = sketch.empty(copies)
    sketches[:, 0] = 1
    buckets = np.tile(np.arange(18, dtype=np.uint64), (copies, 1))
    sent, (centre, other), _ = candidate.within(buckets, sketches, np.ones(copies, np.int64), settings(verify=True))
    assert (sent.sum(), set(centre.tolist()), len(other)) == (18, {0}, copies - 1)
