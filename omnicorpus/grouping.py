"""From edges to one keeper for each component: labels, members, the best of them.

Edges that fit one call's memory are labelled there at once. More of them go through rounds of large-star and small-star
over the exchange, until every component is a star; the labels are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from omnicorpus import candidate, component, exact, node, signed, table
from omnicorpus.component import Edges, Nodes
from omnicorpus.errors import ShardFailed
from omnicorpus.exact import Keep
from omnicorpus.stage import Call, Counts

BYTES_PER_EDGE = 160
"""That labelling in one memory takes: `component.labels` 124 of them, measured on 10 million edges without a common
node, the rest is for reading."""

NEIGHBOURS = pa.schema([("node", pa.int64()), ("neighbour", pa.int64())])
LABELS = pa.schema([("node", pa.int64()), ("label", pa.int64())])
COUNT = pa.schema([("edges", pa.int64())])

MEMBERS = pa.schema(
    [
        ("label", pa.int64()),
        ("node", pa.int64()),
        ("rank", pa.int64()),
        ("id_high", pa.uint64()),
        ("id_low", pa.uint64()),
    ]
)


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """`memory`: bytes that one call may take for edges. `rounds` of the stars; with 0 all edges must fit `memory`."""

    partitions: int
    keep: Keep
    memory: int
    rounds: int

    def fits(self, edges: int) -> bool:
        return edges * BYTES_PER_EDGE <= self.memory


def count(call: Call, _: None) -> Counts:
    """How many edges there are, over all partitions and shards."""
    edges = sum(table.rows(path) for name in ("edges", "near") for path in node.files(call, name))
    table.write(call.path("count"), pa.table({"edges": [edges]}, schema=COUNT))
    return Counts(edges, edges)


def spread(call: Call, _: None) -> Counts:
    """Too many edges: each at both of its ends, by the end's home. Nothing where they fit one memory."""
    first, second = (np.empty(0, np.int64),) * 2 if _fits(call) else _edges(call, call.index, call.shards)
    return _send_both(call, first, second)


def large_star(call: Call, _: None) -> Counts:
    """(child, parent) pairs of one step, by the child's home."""
    rows = table.gather(node.files(call, "both"), call.index, NEIGHBOURS)
    child, parent = component.large_star(node.column(rows, "node"), node.column(rows, "neighbour"))
    table.scatter(call.path("pairs"), _neighbours(child, parent), node.home(child, call.shards), call.shards)
    return Counts(len(rows), len(child))


def small_star(call: Call, _: None) -> Counts:
    """Edges after one more step, each at both of its ends, by the end's home."""
    rows = table.gather(node.files(call, "pairs"), call.index, NEIGHBOURS)
    child, parent = component.small_star(node.column(rows, "node"), node.column(rows, "neighbour"))
    return _send_both(call, child, parent)


def label(call: Call, _: None) -> Counts:
    """Each node's label, by the node's home: from all edges if they fit one memory, else from the finished stars."""
    settings: GroupSettings = call.settings
    if _fits(call):
        first, second = _edges(call, 0, 1) if call.index == 0 else (np.empty(0, np.int64),) * 2
        nodes, labels = component.labels(first, second)
    elif settings.rounds:
        rows = table.gather(node.files(call, "both"), call.index, NEIGHBOURS)
        nodes, labels = _finished(node.column(rows, "node"), node.column(rows, "neighbour"), settings.rounds)
    else:
        raise ShardFailed(
            f"the edges of near duplicates don't fit {settings.memory:,} bytes: give `memory` more, or `rounds`"
        )
    found = pa.table({"node": nodes, "label": labels}, schema=LABELS)
    table.scatter(call.path("labels"), found, node.home(nodes, settings.partitions), settings.partitions)
    return Counts(len(nodes), len(nodes))


def gather_members(call: Call, _: None) -> Counts:
    """Ranks and ids of the documents of components, by the home of the component's label."""
    settings: GroupSettings = call.settings
    rows = table.gather(node.files(call, "labels"), call.index, LABELS).sort_by("node")
    nodes, labels = node.column(rows, "node"), node.column(rows, "label")
    facts = signed.facts(node.housed(node.files(call, "signed"), call), nodes, exact.RANKS[settings.keep])
    members = pa.table({"label": labels, "node": nodes, **facts}, schema=MEMBERS)
    table.scatter(call.path("members"), members, node.home(labels, call.shards), call.shards)
    return Counts(len(rows), len(rows))


def choose(call: Call, _: None) -> Counts:
    """The best document of every component is kept; the others point at it."""
    settings: GroupSettings = call.settings
    rows = table.gather(node.files(call, "members"), call.index, MEMBERS)
    loser, keeper = exact.best(rows, ("label",), settings.keep)
    exact.point(call, loser, keeper)
    return Counts(len(rows), len(rows) - len(loser))


def _fits(call: Call) -> bool:
    settings: GroupSettings = call.settings
    (path,) = node.files(call, "count")
    return settings.fits(int(table.read(path)["edges"][0].as_py()))


def _edges(call: Call, index: int, shares: int) -> Edges:
    """All edges, or one share of them: whole files of verified edges and of edges within shards."""
    found = [(np.empty(0, np.int64),) * 2]
    for path in node.files(call, "edges")[index::shares]:
        rows = table.read_all([path], candidate.EDGES)
        found.append((node.column(rows, "centre"), node.column(rows, "node")))
    near = node.files(call, "near")
    for number in range(index, len(near), shares):
        rows = table.read_all([near[number]], candidate.EDGES)
        found.append((node.nodes(number, node.column(rows, "centre")), node.nodes(number, node.column(rows, "node"))))
    return np.concatenate([first for first, _ in found]), np.concatenate([second for _, second in found])


def _send_both(call: Call, first: Nodes, second: Nodes) -> Counts:
    ends, others = component.both_ways(first, second)
    table.scatter(call.path("both"), _neighbours(ends, others), node.home(ends, call.shards), call.shards)
    return Counts(len(first), len(first))


def _neighbours(first: Nodes, second: Nodes) -> pa.Table:
    return pa.table({"node": first, "neighbour": second}, schema=NEIGHBOURS)


def _finished(nodes: Nodes, neighbours: Nodes, rounds: int) -> Edges:
    """Labels of stars: a node has lesser neighbours, and then one alone, or greater ones."""
    nodes, neighbours = component.distinct(nodes, neighbours)
    below = neighbours < nodes
    child, parent = nodes[below], neighbours[below]
    if len(np.unique(child)) < len(child) or np.isin(child, nodes[~below]).any():
        raise ShardFailed(f"components of near duplicates aren't finished after {rounds} rounds: give `rounds` more")
    root = np.unique(nodes[~below])
    return np.concatenate((child, root)), np.concatenate((parent, root))
