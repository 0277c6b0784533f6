"""Fixtures that many tests share: the data beside the repository, and the two engines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from omnicorpus.runner import Engine, Inline

# Ray's workers and the tests' own subprocesses import the tests' stages and builders.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])

# A test asserts no times: a busy machine is no fault of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def shared() -> Path:
    """The folder of real data; a test that asks for it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: the real crawls and gold pages are not part of the project")
    return SHARED


@pytest.fixture(params=["inline", pytest.param("ray", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """In this process, and on a real local Ray."""
    if request.param == "inline":
        yield Inline()
        return
    from omnicorpus import cluster

    engine = cluster.embedded(2)
    yield engine
    engine.close()
