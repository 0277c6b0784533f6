"""From edges to one keeper for each component: labels, members, the best of them.

Edges that fit one call's memory are labelled there at once. More of them go through rounds of large-star and small-star
over the exchange, after which a component is a star, or so much smaller that what isn't a star yet is labelled in one
memory. The labels are the same. Which way a run goes follows from the number of its edges, which the stage `edge_count`
writes, and from the memory that it was given: so a run that was killed goes on the way it went.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from omnicorpus import candidate, component, exact, node, signed, table
from omnicorpus.component import Edges, Nodes
from omnicorpus.errors import ShardFailed
from omnicorpus.exact import Keep
from omnicorpus.stage import Call, Counts

BYTES_PER_EDGE = 160
"""That labelling in one memory takes at worst: `component.labels` 124 of them, measured on 10 million edges without a
common node, the rest is for reading."""

MEMORY = 1_500_000_000
"""Bytes for edges in one call, for 9.4 million of them. With the 0.3 GB of the interpreter and its libraries a call
stays under 2 GB, what a processor has on the machines that clouds rent for computing (AWS c7i: 2 GiB each)."""

ROUNDS = 4
"""Of large-star and small-star, where edges don't fit. Clusters of copies are stars after two (docs/dedup.md). Each
round halves the depth of the worst graph, a path in order; what is deeper than 16 has to fit one memory alone."""

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
    """Of the exchange by label: its partitions, and who is kept."""

    partitions: int
    keep: Keep


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """`memory`: bytes that one call may take for edges."""

    partitions: int
    memory: int

    def fits(self, edges: int) -> bool:
        return edges * BYTES_PER_EDGE <= self.memory


def count(call: Call, _: None) -> Counts:
    """How many edges there are, over all partitions and shards."""
    edges = sum(table.rows(path) for name in ("edges", "near") for path in node.files(call, name))
    table.write(call.path("count"), pa.table({"edges": [edges]}, schema=COUNT))
    return Counts(edges, edges)


def spread(call: Call, _: None) -> Counts:
    """Too many edges: those of a share at both of their ends, by the end's home. Nothing where they fit one memory.

    A share's own components are stars from the start, which is most of the work where copies lie together.
    """
    parts = iter(()) if _fits(call) else _edges(call, call.index, call.shards)
    nodes, labels = component.gathered(parts)
    apart = nodes != labels
    return _send_both(call, nodes[apart], labels[apart])


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


def unfinished(call: Call, _: None) -> Counts:
    """Edges at their greater end that no star has. Counts edges, and those that are left."""
    nodes, neighbours = _arrived(call)
    inner = (neighbours < nodes) & ~component.leaves(nodes, neighbours)
    table.write(call.path("inner"), _neighbours(nodes[inner], neighbours[inner]), rows_per_group=1 << 20)
    return Counts(len(nodes), int(inner.sum()))


def join(call: Call, _: None) -> Counts:
    """The label of every node in one memory: of all edges if they fit, else of what no star has after the rounds."""
    settings: MemorySettings = call.settings
    if _fits(call):
        nodes, labels = component.gathered(_edges(call, 0, 1))
    else:
        left = sum(table.rows(path) for path in node.files(call, "inner"))
        if not settings.fits(left):
            raise ShardFailed(
                f"{left:,} edges of near duplicates are no stars yet and don't fit {settings.memory:,} bytes: give "
                f"duplicates.memory more, or duplicates.rounds"
            )
        parts = (table.read_all([path], NEIGHBOURS) for path in node.files(call, "inner"))
        inner = ((node.column(rows, "node"), node.column(rows, "neighbour")) for rows in parts)
        nodes, labels = component.gathered(inner)
    found = pa.table({"node": nodes, "label": labels}, schema=LABELS)
    table.scatter(call.path("joined"), found, node.home(nodes, settings.partitions), settings.partitions)
    return Counts(len(nodes), len(nodes))


def label(call: Call, _: None) -> Counts:
    """Each node's label, by the node's home: its own from `joined`, and that of a lesser neighbour for all others."""
    settings: MemorySettings = call.settings
    joined = table.gather(node.files(call, "joined"), call.index, LABELS)
    nodes, labels = node.column(joined, "node"), node.column(joined, "label")
    ends, others = _arrived(call)
    own = np.unique(ends)
    place = np.searchsorted(nodes, own)
    known = np.isin(own, nodes)
    of_own = own.copy()
    of_own[known] = labels[place[known]]
    # Of the others those with a lesser neighbour are told by that neighbour's home.
    least = own[~known & ~np.isin(own, ends[others < ends])]
    greater = others > ends
    told = of_own[np.searchsorted(own, ends[greater])]
    every = component.distinct(np.concatenate((nodes, least, others[greater])), np.concatenate((labels, least, told)))
    found = pa.table({"node": every[0], "label": every[1]}, schema=LABELS)
    table.scatter(call.path("labels"), found, node.home(every[0], settings.partitions), settings.partitions)
    return Counts(len(every[0]), len(every[0]))


def gather_members(call: Call, _: None) -> Counts:
    """Ranks and ids of the documents of components, by the home of the component's label."""
    settings: GroupSettings = call.settings
    rows = table.gather(node.files(call, "labels"), call.index, LABELS)
    nodes, labels = component.distinct(node.column(rows, "node"), node.column(rows, "label"))
    facts = signed.facts(node.housed(node.files(call, "signed"), call), nodes, exact.RANKS[settings.keep])
    members = pa.table({"label": labels, "node": nodes, **facts}, schema=MEMBERS)
    table.scatter(call.path("members"), members, node.home(labels, call.shards), call.shards)
    return Counts(len(nodes), len(nodes))


def choose(call: Call, _: None) -> Counts:
    """The best document of every component is kept; the others point at it."""
    settings: GroupSettings = call.settings
    rows = table.gather(node.files(call, "members"), call.index, MEMBERS)
    loser, keeper = exact.best(rows, ("label",), settings.keep)
    exact.point(call, loser, keeper)
    return Counts(len(rows), len(rows) - len(loser))


def _fits(call: Call) -> bool:
    settings: MemorySettings = call.settings
    (path,) = node.files(call, "count")
    return settings.fits(int(table.read(path)["edges"][0].as_py()))


def _edges(call: Call, index: int, shares: int) -> Iterator[Edges]:
    """All edges, or one share of them: whole files of verified edges and of edges within shards."""
    for path in node.files(call, "edges")[index::shares]:
        rows = table.read_all([path], candidate.EDGES)
        yield node.column(rows, "centre"), node.column(rows, "node")
    near = node.files(call, "near")
    for number in range(index, len(near), shares):
        rows = table.read_all([near[number]], candidate.EDGES)
        yield node.nodes(number, node.column(rows, "centre")), node.nodes(number, node.column(rows, "node"))


def _arrived(call: Call) -> Edges:
    """Edges at both of their ends, those of the nodes that live here."""
    rows = table.gather(node.files(call, "both"), call.index, NEIGHBOURS)
    return component.distinct(node.column(rows, "node"), node.column(rows, "neighbour"))


def _send_both(call: Call, first: Nodes, second: Nodes) -> Counts:
    ends, others = component.both_ways(first, second)
    table.scatter(call.path("both"), _neighbours(ends, others), node.home(ends, call.shards), call.shards)
    return Counts(len(first), len(first))


def _neighbours(first: Nodes, second: Nodes) -> pa.Table:
    return pa.table({"node": first, "neighbour": second}, schema=NEIGHBOURS)
