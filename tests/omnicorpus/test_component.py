"""Components of graphs, in one memory and in rounds."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import component
from omnicorpus.component import Edges, Nodes

GRAPHS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60)


def edges(pairs: list[tuple[int, int]]) -> Edges:
    array = np.array(pairs, np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def by_walking(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """The reference: flood from each node in ascending order."""
    near: dict[int, set[int]] = {}
    for first, second in pairs:
        near.setdefault(first, set()).add(second)
        near.setdefault(second, set()).add(first)
    found: dict[int, int] = {}
    for start in sorted(near):
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found[node] = start
                waiting.extend(near[node])
    return found


def are_stars(child: Nodes, parent: Nodes) -> bool:
    """Whether every edge's greater end is a leaf."""
    node, neighbour = component.distinct(*component.both_ways(child, parent))
    return bool(component.leaves(node, neighbour)[neighbour < node].all())


def in_rounds(pairs: list[tuple[int, int]]) -> tuple[dict[int, int], int]:
    """Labels by large-star and small-star until the graph is stars, and how many rounds it took."""
    first, second = edges([pair for pair in pairs if pair[0] != pair[1]])
    child, parent = np.maximum(first, second), np.minimum(first, second)
    rounds = 0
    while not are_stars(child, parent):
        child, parent = component.large_star(*component.both_ways(child, parent))
        child, parent = component.small_star(child, parent)
        rounds += 1
    found = dict(zip(child.tolist(), parent.tolist(), strict=True))
    return {**{label: label for label in found.values()}, **found}, rounds


@given(GRAPHS)
def test_labels_are_the_least_nodes_of_the_components(pairs: list[tuple[int, int]]) -> None:
    nodes, labels = component.labels(*edges(pairs))
    assert dict(zip(nodes.tolist(), labels.tolist(), strict=True)) == by_walking(pairs)


@given(st.lists(GRAPHS, max_size=6), st.integers(1, 40))
def test_a_graph_that_comes_in_parts_has_the_labels_of_the_whole(parts: list[list[tuple[int, int]]], wait: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(component, "AT_ONCE", wait)
        nodes, labels = component.gathered(map(edges, parts))
    assert dict(zip(nodes.tolist(), labels.tolist(), strict=True)) == by_walking(
        [pair for part in parts for pair in part]
    )


@given(GRAPHS)
def test_leaves_have_one_edge_and_it_leads_down(pairs: list[tuple[int, int]]) -> None:
    apart = {(first, second) for first, second in pairs if first != second}
    near = {pair for first, second in apart for pair in ((first, second), (second, first))}
    node, neighbour = component.distinct(*edges(sorted(near)))
    degree = Counter(node.tolist())
    expected = [(one, other) for one, other in sorted(near) if degree[one] == 1 and other < one]
    found = component.leaves(node, neighbour)
    assert list(zip(node[found].tolist(), neighbour[found].tolist(), strict=True)) == expected


def test_each_round_halves_the_depth_of_a_path_of_nodes_in_order() -> None:
    child, parent = np.arange(1, 1_001), np.arange(1_000)
    for turn in range(1, 5):
        child, parent = component.large_star(*component.both_ways(child, parent))
        child, parent = component.small_star(child, parent)
        assert (child - parent).tolist() == np.minimum(child, 2**turn).tolist()


@given(GRAPHS)
def test_rounds_find_the_same_labels(pairs: list[tuple[int, int]]) -> None:
    expected = {
        node: label for node, label in by_walking(pairs).items() if any(node in p and p[0] != p[1] for p in pairs)
    }
    assert in_rounds(pairs)[0] == expected


def test_a_long_path_needs_few_rounds() -> None:
    order = np.random.default_rng(1).permutation(5_000).tolist()
    pairs = list(pairwise(order))
    labels, rounds = in_rounds(pairs)
    assert set(labels.values()) == {0}
    assert rounds < 14
    assert set(component.labels(*edges(pairs))[1].tolist()) == {0}


def test_a_graph_without_edges_has_no_components() -> None:
    nodes, labels = component.labels(*edges([]))
    assert (len(nodes), len(labels)) == (0, 0)
