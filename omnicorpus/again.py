"""A finished run's failed pictures, asked for again: what a run would do anew is forgotten, and nothing else.

A shard's existence as done is its manifest. So the manifests go of the fetched shards in which an address failed in
passing, and of what later stages made of them; the tables stay, and `supply.fetch` takes from its own what it has.
"""

from __future__ import annotations

from omnicorpus import lease, shard, storage
from omnicorpus.fetch import PASSING
from omnicorpus.plan import Plan

FETCH = "fetch"


def forget_failed(root: str, laid_out: Plan) -> int:
    """Forget what failed in passing under `root`; how many addresses a run will ask for again.

    Raises OutputError where another run holds the folder.
    """
    names = sorted(laid_out.step(FETCH).done)
    paths = [laid_out.step(FETCH).output(name) + shard.ENDING for name in names]
    failed = {
        name: count
        for name, manifest in zip(names, shard.read_all(paths), strict=True)
        if (count := sum(manifest.drops.get(reason, 0) for reason in PASSING))
    }
    if not failed:
        return 0
    held = lease.take(root)
    try:
        for path in reversed(_stale(laid_out, frozenset(failed))):
            storage.remove(path)
    finally:
        held.release()
    return sum(failed.values())


def _stale(laid_out: Plan, failed: frozenset[str]) -> list[str]:
    """The manifests that hang on the failed shards, in the order of the stages: the last must go first."""
    stale: dict[str, frozenset[str]] = {FETCH: failed}
    for step in laid_out.steps:
        found: set[str] = set(stale.get(step.stage.name, ()))
        for need in step.stage.needs:
            if need.stage in stale:
                found.update(stale[need.stage] if need.scope == "same" else step.shards)
        if found:
            stale[step.stage.name] = frozenset(found)
    return [
        step.output(name) + shard.ENDING
        for step in laid_out.steps
        for name in sorted(stale.get(step.stage.name, frozenset()) & step.done)
    ]
