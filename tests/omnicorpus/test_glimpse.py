"""Small pictures come from a child that may die; the page's own process lives on."""

from __future__ import annotations

import io
import os
import resource

import pytest
from PIL import Image

from omnicorpus import glimpse
from omnicorpus.picture import NotAPicture


def file(width: int, height: int) -> bytes:
    with io.BytesIO() as out:
        Image.new("RGB", (width, height), "red").save(out, "PNG")
        return out.getvalue()


def test_a_child_that_dies_or_dallies_costs_one_picture() -> None:
    with glimpse.Glimpses() as glimpses:
        with Image.open(io.BytesIO(glimpses.make(file(40, 20), 10))) as small:
            assert small.size == (10, 5)
        with pytest.raises(NotAPicture, match="not_an_image"):
            glimpses.make(b"<html>", 10)
        assert glimpses._pool is not None
        with pytest.raises(Exception, match="terminated abruptly"):
            glimpses._pool.submit(os.abort).result()
        with pytest.raises(NotAPicture, match="crash"):
            glimpses.make(file(40, 20), 10)
        assert glimpses.make(file(40, 20), 10).startswith(b"\xff\xd8")
        glimpses._seconds = 0.001
        with pytest.raises(NotAPicture, match="too_slow"):
            glimpses.make(file(3_000, 2_000), 10)
        assert glimpses._pool is None


def test_a_child_has_its_limit_of_memory() -> None:
    with glimpse.Glimpses(memory=2 << 30) as glimpses:
        glimpses.make(file(4, 2), 10)
        assert glimpses._pool is not None
        assert glimpses._pool.submit(resource.getrlimit, resource.RLIMIT_AS).result() == (2 << 30, 2 << 30)
