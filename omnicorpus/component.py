"""Connected components of a graph of candidate pairs: whole in one memory, or in rounds over partitions.

Nodes are integers of 64 bits. A component's label is its least node. Edges are two arrays of equal length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Nodes = npt.NDArray[np.int64]
Edges = tuple[Nodes, Nodes]

AT_ONCE = 1 << 20
"""Edges that are waited for before they are joined with others: 130 MB."""


def labels(first: Nodes, second: Nodes) -> Edges:
    """The nodes of the graph in ascending order, and the label of each.

    Every round each root joins the least root that one of its nodes touches, and paths are halved until every node
    points at its root: rounds grow with the logarithm of the longest path. Memory is 124 bytes an edge, measured.
    """
    nodes, places = np.unique(np.concatenate((first, second)), return_inverse=True)
    parent = np.arange(len(nodes), dtype=np.int64)
    left, right = places[: len(first)].astype(np.int64), places[len(first) :].astype(np.int64)
    while len(left):
        above, below = np.minimum(left, right), np.maximum(left, right)
        np.minimum.at(parent, below, above)
        while True:
            grand = parent[parent]
            if np.array_equal(grand, parent):
                break
            parent = grand
        left, right = parent[left], parent[right]
        apart = left != right
        left, right = left[apart], right[apart]
    return nodes, nodes[parent]


def gathered(parts: Iterable[Edges]) -> Edges:
    """The same of a graph that comes part by part, in the memory of its nodes and not of its edges.

    What came so far stands for its components as stars. It is joined with as many new edges as it has nodes, so that a
    node is looked at a few times, whatever the number of parts.
    """
    nodes = found = np.empty(0, np.int64)
    waiting: list[Edges] = []
    for part in parts:
        waiting.append(part)
        if sum(len(first) for first, _ in waiting) >= max(AT_ONCE, len(nodes)):
            nodes, found = _joined([(nodes, found), *waiting])
            waiting.clear()
    return _joined([(nodes, found), *waiting]) if waiting else (nodes, found)


def _joined(parts: Sequence[Edges]) -> Edges:
    return labels(np.concatenate([first for first, _ in parts]), np.concatenate([second for _, second in parts]))


def distinct(first: Nodes, second: Nodes) -> Edges:
    """Each pair once, in ascending order."""
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    new = np.ones(len(first), bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return first[new], second[new]


def large_star(node: Nodes, neighbour: Nodes) -> Edges:
    """One step of "large-star" (Kiveris et al., Connected Components in MapReduce and Beyond, SoCC 2014).

    Takes every edge at both of its ends, all edges of a node together: each neighbour greater than the node is tied to
    the least of the node and its neighbours. Gives (child, parent) pairs, parent < child.
    """
    node, neighbour, least = _with_least(node, neighbour)
    greater = neighbour > node
    return distinct(neighbour[greater], least[greater])


def small_star(node: Nodes, neighbour: Nodes) -> Edges:
    """One step of "small-star" of the same paper: a node and its lesser neighbours are tied to the least of them.

    Takes every edge at its greater end: neighbour < node. Gives (child, parent) pairs, parent < child.
    """
    node, neighbour, least = _with_least(node, neighbour)
    child, parent = np.concatenate((node, neighbour)), np.concatenate((least, least))
    apart = child != parent
    return distinct(child[apart], parent[apart])


def both_ways(first: Nodes, second: Nodes) -> Edges:
    """Every edge seen from both of its ends."""
    return np.concatenate((first, second)), np.concatenate((second, first))


def leaves(node: Nodes, neighbour: Nodes) -> npt.NDArray[np.bool_]:
    """Which of some edges are all that their node has, and lead to a lesser one.

    Takes every edge at both of its ends, all edges of a node together, each once and in ascending order. Where only
    leaves have a lesser neighbour, every component is a star, and that neighbour is its label.
    """
    alone = np.ones(len(node), bool)
    alone[1:] &= node[1:] != node[:-1]
    alone[:-1] &= node[1:] != node[:-1]
    return alone & (neighbour < node)


def _with_least(node: Nodes, neighbour: Nodes) -> tuple[Nodes, Nodes, Nodes]:
    """Edges sorted by node, and for each the least of its node and that node's neighbours."""
    node, neighbour = distinct(node, neighbour)
    if not len(node):
        return node, neighbour, node
    starts = np.flatnonzero(np.concatenate((np.ones(1, bool), node[1:] != node[:-1])))
    least = np.minimum(neighbour[starts], node[starts])
    return node, neighbour, np.repeat(least, np.diff(np.append(starts, len(node))))
