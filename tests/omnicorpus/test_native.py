from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from omnicorpus import native

PLACES = "from omnicorpus.native import compiled\n\nCOLUMN = {}\n"
READER = """
from omnicorpus.native import compiled
from omnicorpus.places import COLUMN


@compiled("int")
def column(more):
    return COLUMN + more
"""


@pytest.mark.slow
@pytest.mark.parametrize("writable", [True, False])
def test_a_constant_of_another_module_is_not_frozen_into_kept_machine_code(tmp_path: Path, writable: bool) -> None:
    package = tmp_path / "omnicorpus"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "native.py").write_bytes(Path(native.__file__).read_bytes())
    (package / "reader.py").write_text(READER)
    if not writable:
        (package / "__pycache__").write_text("a file, so that nobody makes the folder, root neither")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def answer(column: int) -> str:
        (package / "places.py").write_text(PLACES.format(column))
        program = "from omnicorpus.reader import column; print(column(1), dict(column.stats.cache_hits) != {})"
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert [answer(1), answer(1), answer(2)] == ["2 False", "2 True", "3 False"]
    assert (tmp_path / "cache").exists() != writable
