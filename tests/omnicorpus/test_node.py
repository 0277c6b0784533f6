"""Numbers for documents, and where messages to them go."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import node
from omnicorpus.stage import Call


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**32 - 1))
def test_a_node_tells_its_shard_and_row(shard: int, row: int) -> None:
    nodes = node.nodes(shard, np.array([row]))
    assert (node.shard(nodes).tolist(), node.row(nodes).tolist()) == ([shard], [row])


@given(st.integers(1, 40), st.integers(1, 12))
def test_every_shard_has_one_home_and_is_housed_there(shards: int, partitions: int) -> None:
    paths = [f"{shard}.parquet" for shard in range(shards)]
    for shard in range(shards):
        home = int(node.home(node.nodes(shard, np.array([3])), partitions)[0])
        houses = [
            partition
            for partition in range(partitions)
            if shard in node.housed(paths, Call("s", "p", partition, partitions, "out", None))
        ]
        assert houses == [home]
