"""What a person is told while a run goes on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from omnicorpus import plan, runner
from omnicorpus.funnel import Tally
from omnicorpus.terminal import Pace
from tests import poison


def test_a_stage_tells_its_rate_its_drops_its_retries_and_the_time_left(tmp_path: Path) -> None:
    stage = runner.progress_of(plan.make(str(tmp_path), poison.stages()))["make"]
    stage.done, stage.tally = {0}, Tally(rows_in=100)
    pace = Pace(stage, 1_000.0)
    assert pace.left(stage, 1_010.0) is None
    stage.done, stage.tally = {0, 1, 2}, Tally(rows_in=300, drops=Counter(crash=20, status=55))
    assert pace.told(stage, 1_010.0) == "300 numbers, 20/s, 25.0 % dropped"
    # Two shards took ten seconds, and three are to come.
    assert pace.left(stage, 1_010.0) == 15.0
    stage.retries, stage.failed = 2, {5: "broken"}
    assert pace.told(stage, 1_010.0) == "300 numbers, 20/s, 25.0 % dropped, 2 tried again, 1 failed"
