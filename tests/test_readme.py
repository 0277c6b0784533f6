"""The README's commands are run, in its order, from a folder that holds nothing but the configs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.S)


def test_the_first_block_is_the_two_commands_and_ci_calls_the_second() -> None:
    first = blocks("sh")[0].split("\n")
    assert first == ["make demo", "make test", ""]
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()


def recipe(target: str) -> list[str]:
    """The commands of a make target, as make would run them."""
    done = subprocess.run(["make", "-n", "-o", "install", target], cwd=ROOT, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.startswith(".venv/bin/omnicorpus")]


@pytest.mark.slow
def test_the_demo_and_every_other_command_run(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    commands = recipe("demo") + [line for line in blocks("sh")[1].splitlines() if line]
    assert len(commands) > 10
    for command in commands:
        arguments = shlex.split(command)
        assert arguments[0] == ".venv/bin/omnicorpus"
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments[1:]],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stderr)
    assert "<html" in (tmp_path / "runs" / "demo.html").read_text()
    python = blocks("python")[0]
    done = subprocess.run([sys.executable, "-c", python], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") > 100


def test_the_commented_config_is_a_config_and_shows_defaults() -> None:
    from omnicorpus import config
    from pipelines.common_crawl import Settings

    path = str(ROOT / "configs" / "common_crawl.yaml")
    shown = config.fill(Settings, config.read(path), path)
    plain = Settings("common_crawl", shown.input, shown.output, partitions=shown.partitions)
    assert shown == plain
