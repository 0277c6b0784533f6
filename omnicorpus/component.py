"""Connected components of a graph of candidate pairs: whole in one memory, or in rounds over partitions.

Nodes are integers of 64 bits. A component's label is its least node. Edges are two arrays of equal length.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Nodes = npt.NDArray[np.int64]
Edges = tuple[Nodes, Nodes]


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


def are_stars(child: Nodes, parent: Nodes) -> bool:
    """Whether every child has one parent and no parent is a child: then `parent` is the child's label."""
    return len(np.unique(child)) == len(child) and not np.isin(parent, child).any()


def _with_least(node: Nodes, neighbour: Nodes) -> tuple[Nodes, Nodes, Nodes]:
    """Edges sorted by node, and for each the least of its node and that node's neighbours."""
    node, neighbour = distinct(node, neighbour)
    if not len(node):
        return node, neighbour, node
    starts = np.flatnonzero(np.concatenate((np.ones(1, bool), node[1:] != node[:-1])))
    least = np.minimum(neighbour[starts], node[starts])
    return node, neighbour, np.repeat(least, np.diff(np.append(starts, len(node))))
