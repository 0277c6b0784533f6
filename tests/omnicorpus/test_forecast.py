"""The arithmetic of a forecast, on loads that were made up; and one small real probe."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import forecast, plan, shard
from omnicorpus.errors import ConfigError
from omnicorpus.forecast import Load, Machines, Met, Probe
from omnicorpus.job import Identity
from omnicorpus.runner import Inline
from omnicorpus.stage import Need, Resources, Stage
from tests import poison
from tests.pipelines.test_cli import config_file, omnicorpus

ONE_CPU = Resources()

HERE = Machines(1, 2.0, 0.0, 100e6)


def stages(files: int, resources: Resources = ONE_CPU) -> tuple[Stage, ...]:
    """A narrow stage, and one of four shards that reads all of it."""
    names = tuple(f"f{number}" for number in range(files))
    return (
        Stage("first", poison.make, None, ("out",), shards=names, sources=names, resources=resources),
        Stage("all", poison.total, None, ("out",), (Need("first", "out", "all"),), shards=tuple("abcd")),
    )


def probe(amount: float, fixed: float = 0.0, slope: float = 1.0, slots: float = 1.0) -> Probe:
    """A run whose every quantity is a line."""
    value = fixed + slope * amount
    first = Load(int(amount), value, value, 1 << 20, 10 * amount, 5 * amount, amount, 100 * amount)
    return Probe(amount, {"first": first, "all": Load(4, value / 10, value / 10, 1 << 20)}, slots)


def told(small: Probe, large: Probe, amount: int, machines: Machines = HERE, **more: object) -> forecast.Forecast:
    return forecast.forecast(stages(amount, **more), small, large, float(amount), machines)  # type: ignore[arg-type]


def test_what_grows_with_the_input_grows_and_start_up_stays() -> None:
    found = told(probe(1, 3.0, 2.0), probe(4, 3.0, 2.0), 100, Machines(1, 1.0))
    first = found.stages[0]
    assert (first.seconds, first.fixed, first.shards) == (203.0, 3.0, 100)
    assert (first.read, first.written, first.asked, first.came) == (1000.0, 500.0, 100.0, 10000.0)


def test_start_up_is_paid_by_every_process() -> None:
    found = told(probe(1, 3.0, 2.0), probe(4, 3.0, 2.0), 100, Machines(5, 2.0))
    assert (found.stages[0].fixed, found.stages[0].seconds) == (30.0, 230.0)


def test_objects_follow_from_the_shards() -> None:
    found = told(probe(1), probe(4), 100)
    # A crawl file in, a table and a manifest out; and four shards that open every table of a hundred.
    assert [cost.objects for cost in found.stages] == [100 * 3, 4 * (100 + 2)]


def test_pictures_that_one_file_alone_shows_grow_with_the_files() -> None:
    assert Met(files=3, pictures=3000, once=3000, twice=0).times(10.0) == pytest.approx(10.0)


def test_pictures_that_every_file_shows_are_all_there_are() -> None:
    assert Met(files=3, pictures=40, once=0, twice=0).times(10.0) == 1.0


@pytest.mark.parametrize("shown", range(1, 7))
@pytest.mark.parametrize("files", [3, 8])
def test_pictures_of_a_finite_web_are_foreseen_within_a_quarter(files: int, shown: int) -> None:
    """Every picture stands in `shown` of the `10 * files` files, at random; the probe sees `files` of them."""
    chance = random.Random(shown)
    homes = [chance.sample(range(10 * files), shown) for _ in range(5_000)]
    seen = Counter(sum(home < files for home in each) for each in homes)
    met = Met(files, len(homes) - seen[0], seen[1], seen[2])
    assert met.pictures * met.times(10.0) == pytest.approx(len(homes), rel=0.25)


def test_phases_follow_each_other() -> None:
    found = told(probe(1, 0.0, 36.0), probe(4, 0.0, 36.0), 100)
    assert [cost.phase for cost in found.stages] == [0, 1]
    # 3,600 s on two processors, and then 360 s on two.
    assert found.hours == pytest.approx(0.5 + 0.05)
    assert found.bottleneck == ("first", "processors")


def test_what_no_shard_took_is_paid_once() -> None:
    large = replace(probe(4, 0.0, 36.0), besides=90.0)
    assert told(probe(1, 0.0, 36.0), large, 100).hours == pytest.approx(0.5 + 0.05 + 0.025)


def test_more_machines_than_shards_are_of_no_use() -> None:
    found = told(probe(1, 0.0, 36.0), probe(4, 0.0, 36.0), 100, Machines(1000, 2.0))
    assert (found.stages[0].limit, found.stages[1].limit) == ("shards", "shards")
    assert found.stages[0].hours == pytest.approx(0.01)


def test_a_pool_holds_a_stage() -> None:
    found = told(probe(1, 0.0, 36.0), probe(4, 0.0, 36.0), 100, Machines(10, 2.0), resources=Resources(pool=1))
    assert found.bottleneck == ("first", "pool")
    assert found.stages[0].hours == pytest.approx(1.0)


def test_gpus_and_network_hold_a_stage() -> None:
    gpu = told(probe(1, 0.0, 36.0), probe(4, 0.0, 36.0), 100, Machines(1, 8.0, 1.0), resources=Resources(gpus=0.5))
    assert (gpu.stages[0].gpu_seconds, gpu.bottleneck) == (1800.0, ("first", "GPUs"))
    slow = told(probe(1), probe(4), 100, Machines(1, 64.0, 0.0, 1.0))
    assert (slow.bottleneck, slow.stages[0].hours) == (("first", "network"), pytest.approx((1000 + 500 + 10000) / 3600))


def test_a_probe_that_bends_is_said_and_not_drawn_out() -> None:
    found = told(probe(1, -1.0, 2.0), probe(4, -1.0, 2.0), 100)
    assert found.stages[0].seconds == pytest.approx(7 / 4 * 100)
    assert "first grew faster than its input in the probe: its forecast is a lower bound" in found.warnings
    assert any("open every file of every other: all 408 objects" in warning for warning in found.warnings)


def test_a_probe_of_start_up_alone_is_said() -> None:
    found = told(probe(1, 9.0, 0.1), probe(4, 9.0, 0.1), 100)
    assert "first was mostly start-up in the probe: a larger probe tells its growth better" in found.warnings


def test_a_cluster_with_gpus_that_no_stage_claims_is_said() -> None:
    found = told(probe(1), probe(4), 100, replace(HERE, gpus=2.0))
    assert any("GPU-hours are not measured" in warning for warning in found.warnings)


def test_what_a_file_takes_less_when_it_is_not_the_first_was_start_up() -> None:
    def filed(amount: float, files: dict[str, float]) -> Probe:
        total = sum(files.values())
        first = Load(len(files), total, total, files={name: (cost, cost) for name, cost in files.items()})
        return Probe(amount, {"first": first, "all": Load(4, 1.0, 1.0)})

    # Files of 2, 1, 5 and 4 s, and 3 s once: the third is the smaller probe's.
    small, large = filed(1, {"c": 8.0}), filed(4, {"a": 5.0, "b": 1.0, "c": 5.0, "d": 4.0})
    first = told(small, large, 100, Machines(1, 1.0)).stages[0]
    assert (first.fixed, first.seconds) == (3.0, 3.0 + 12.0 / 4 * 100)


def test_a_second_probe_in_the_same_process_holds_no_start_up() -> None:
    """Rows of 2 s, files of 5 s, and 3 s once."""

    def run(count: int, start: float, *, warm: bool) -> Probe:
        files = {f"f{number}": (5.0, 5.0) for number in range(count)} | {"f0": (5.0 + start, 5.0 + start)}
        total, rows = 5.0 * count + start, 10 * count
        first = Load(count, total, total, files=files)
        return Probe(count, {"first": first, "all": Load(4, 2.0 * rows + start, 1.0, rows=rows)}, warm=warm)

    found = told(run(1, 3.0, warm=False), run(4, 0.0, warm=True), 100, Machines(1, 1.0))
    assert [(cost.fixed, cost.seconds) for cost in found.stages] == [(3.0, 503.0), (3.0, 2003.0)]


def test_a_stage_that_no_row_reached_takes_as_long_again() -> None:
    def run(count: int, seconds: float, *, warm: bool) -> Probe:
        first = Load(count, 1.0, 1.0, files={"f0": (1.0, 1.0)})
        return Probe(count, {"first": first, "all": Load(4, seconds, seconds)}, warm=warm)

    found = told(run(1, 0.5, warm=False), run(4, 0.2, warm=True), 100, Machines(1, 1.0))
    assert found.stages[1].seconds == 0.5


@given(st.floats(0, 1e3), st.floats(0.01, 1e3), st.floats(4, 1e6))
def test_a_line_is_found_again(fixed: float, slope: float, amount: float) -> None:
    still, growing = forecast.line((1.0, fixed + slope), (4.0, fixed + 4 * slope), amount)
    assert still + growing == pytest.approx(fixed + slope * amount, rel=1e-6)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_no_part_of_a_forecast_is_negative_and_the_larger_probe_is_met(first: float, second: float) -> None:
    still, growing = forecast.line((1.0, first), (4.0, second), 4.0)
    assert min(still, growing) >= 0
    assert still + growing == pytest.approx(second)


def test_probes_lie_evenly_and_one_in_the_other() -> None:
    files = [f"f{number}" for number in range(100)]
    small, large = forecast.probed(files, 8)
    assert (len(small), len(large)) == (2, 8)
    assert set(small) <= set(large)
    assert large == ("f6", "f18", "f31", "f43", "f56", "f68", "f81", "f93")


@pytest.mark.parametrize(("count", "message"), [(1, "takes 2 files or more"), (5, "the input has 3 files")])
def test_too_small_a_probe_is_one_line(count: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        forecast.probed(["a", "b", "c"], count)


@pytest.mark.parametrize("given", [{"nodes": 0}, {"cores": 0.0}, {"gpus": -1.0}, {"bandwidth": 0.0}])
def test_a_cluster_of_nothing_is_one_line(given: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="a cluster has one node at least"):
        Machines(**given)  # type: ignore[arg-type]


def test_a_real_probe_measures_what_its_manifests_say(tmp_path: Path) -> None:
    laid = poison.stages(3)
    found = forecast.probe(str(tmp_path), laid, Identity("toy", ("x",), {}), 3.0, Inline, lambda _progress: None, 1.0)
    files = {name: list(tmp_path.glob(f"work/{name}-*/*.parquet")) for name in ("make", "keep")}
    finals = {name: list(tmp_path.glob(f"*/{name}-*.parquet")) for name in ("make", "keep", "total")}
    sizes = {name: sum(path.stat().st_size for path in [*files.get(name, []), *finals[name]]) for name in finals}
    assert {name: load.written for name, load in found.loads.items()} == sizes
    made = [path for path in files["make"] if ".numbers." in path.name]
    assert found.loads["keep"].read == sum(path.stat().st_size for path in made)
    assert [load.shards for load in found.loads.values()] == [3, 3, 1]
    done = [shard.read(str(path)) for path in tmp_path.glob("work/make-*/*.json")]
    load = found.loads["make"]
    assert load.waited == pytest.approx(sum(manifest.waited for manifest in done))
    assert load.wall + load.waited == pytest.approx(sum(manifest.wall for manifest in done))
    assert plan.make(str(tmp_path), laid).step("make").done == {"s0", "s1", "s2"}


@pytest.mark.slow
def test_the_command_forecasts_a_config(tmp_path: Path) -> None:
    values = json.loads(Path(config_file(tmp_path)).read_text())
    (first,) = values["input"]
    second = tmp_path / "second.warc.gz"
    second.write_bytes(Path(first).read_bytes())
    (tmp_path / "c.json").write_text(json.dumps(values | {"input": [first, str(second)], "workers": 0}))
    done = omnicorpus(
        "plan", str(tmp_path / "c.json"), "--probe", "2", "--nodes", "3", "--cores", "4", "--json", cwd=tmp_path
    )
    found = json.loads(done.stdout)
    assert found["machines"] == {"nodes": 3, "cores": 4.0, "gpus": 0.0, "bandwidth": 125e6}
    assert found["stages"][0]["stage"] == "extract"
    assert found["stages"][0]["shards"] == 2
    assert found["totals"]["objects"] == sum(stage["objects"] for stage in found["stages"])
    assert not (tmp_path / "out").exists()
