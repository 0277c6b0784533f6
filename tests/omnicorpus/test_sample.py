"""Samples: the same for the same seed, even over the strata, in bounded memory."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import job, sample, schema, table
from omnicorpus.document import Drop
from omnicorpus.errors import InputError
from omnicorpus.sample import band, domain
from omnicorpus.schema import Dropped


def drawn(strata: str, count: int, seed: int) -> sample._Draw:
    draw = sample._Draw(count, seed)
    for row, stratum in enumerate(strata):
        draw.add([stratum], [(0, row // 5, row % 5)])
    return draw


@given(st.text("abcdef", max_size=60), st.integers(1, 20), st.integers(0, 5))
def test_a_draw_is_even_and_its_weights_add_up(strata: str, count: int, seed: int) -> None:
    taken = drawn(strata, count, seed).taken()
    population, found = Counter(strata), Counter(name for name, _, _ in taken)
    assert len(taken) <= count
    if all(size >= count for size in population.values()) and population:
        assert len(taken) == count
    assert len({place for _, place, _ in taken}) == len(taken)
    assert all(strata[group * 5 + row] == name for name, (_, group, row), _ in taken)
    assert len(found) == min(count, len(population))
    for name in found:
        assert sum(weight for other, _, weight in taken if other == name) == pytest.approx(population[name])
    for one in found:
        for other in found:
            # Whoever has fewer than another has given all that it has.
            assert found[one] >= found[other] - 1 or found[one] == population[one]
    assert taken == drawn(strata, count, seed).taken()


def test_a_draw_holds_no_more_than_it_needs() -> None:
    draw = sample._Draw(10, 0)
    for row in range(20_000):
        draw.add([f"domain {row % 3_000}"], [(0, 0, row)])
    assert draw.strata == 10
    assert sum(len(pool.heap) for pool in draw._pools.values()) <= 50
    assert {pool.size for pool in draw._pools.values()} <= {6, 7}


def test_every_row_is_as_likely_as_another() -> None:
    counts: Counter[int] = Counter()
    for seed in range(400):
        draw = sample._Draw(5, seed)
        draw.add([""] * 20, [(0, 0, row) for row in range(20)])
        counts.update(row for _, (_, _, row), _ in draw.taken())
    assert sum(counts.values()) == 2_000
    assert all(60 <= counts[row] <= 140 for row in range(20))  # 100 ± 4.6 standard deviations


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0.0, "0 to 0.1"),
        (0.95, "0.9 to 1"),
        (1.0, "0.9 to 1"),
        (-1.0, "under 0"),
        (7.0, "over 1"),
        (None, "unknown"),
        (float("nan"), "unknown"),
    ],
)
def test_bands(value: float | None, name: str) -> None:
    assert band(value) == name


def test_domains() -> None:
    assert [domain(url) for url in ("https://a.b.example.co.uk/x", None, "http://[bad")] == [
        "example.co.uk",
        "unknown",
        "unknown",
    ]


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A finished run of nothing but a ledger: 3,000 drops by one rule, 1 by another, in two files."""
    tables = []
    for number, count in enumerate((2_000, 1_001)):
        drops = [Dropped(Drop("short", place), "refine", f"{number}-{place}") for place in range(count)]
        drops[5:6] = [Dropped(Drop("rare"), "select", "the one")] if number else drops[5:6]
        name = f"drops/refine-{number}-key.parquet"
        table.write(str(tmp_path / name), schema.drops_table(drops), rows_per_group=300)
        tables.append({"file": name})
    manifest = {"tables": {"drops": tables}, "stage_keys": {"refine": "key"}}
    (tmp_path / job.MANIFEST).write_bytes(job._json(manifest))
    (tmp_path / job.RUN).write_text("{}")
    return str(tmp_path)


def test_drops_of_a_rule_or_a_stage_in_corpus_order(ledger: str) -> None:
    found = sample.drops(ledger, "short", 20, 3)
    assert len({each.document for each in found}) == 20
    assert found == sample.drops(ledger, "short", 20, 3)
    places = [tuple(map(int, str(each.document).split("-"))) for each in found]
    assert places == sorted(places)
    assert {place[0] for place in places} == {0, 1}
    assert [each.document for each in sample.drops(ledger, "select", 5, 0)] == ["the one"]
    assert len(sample.drops(ledger, "all", 10_000, 0)) == 3_001
    with pytest.raises(InputError, match="nothing was dropped by beauty; rules and stages with drops: rare, refine, s"):
        sample.drops(ledger, "beauty", 5, 0)
