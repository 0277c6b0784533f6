"""What Prometheus sees of a run, read from the endpoint of a real Ray; and that the dashboard asks for nothing else."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from omnicorpus import metrics, plan, runner
from omnicorpus.runner import Inline
from tests import poison

DOCKER = Path(__file__).parents[2] / "docker"


def test_the_dashboard_asks_for_every_metric_and_no_other() -> None:
    board = json.loads((DOCKER / "grafana" / "omnicorpus.json").read_text())
    asked = " ".join(target["expr"] for panel in board["panels"] for target in panel["targets"])
    assert set(re.findall(r"ray_omnicorpus_\w+", asked)) == metrics.exported()
    (variable,) = board["templating"]["list"]
    assert set(re.findall(r"ray_omnicorpus_\w+", variable["query"]["query"])) <= metrics.exported()


def test_compose_gives_grafana_its_dashboard_and_prometheus_the_list_of_nodes() -> None:
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    mounted = [mount.split(":")[0] for name in ("prometheus", "grafana") for mount in services[name]["volumes"]]
    files = [name for name in mounted if name.startswith("./")]
    assert len(files) == 4
    assert [name for name in files if not (DOCKER / name).is_file()] == []
    (scraped,) = yaml.safe_load((DOCKER / "prometheus.yml").read_text())["scrape_configs"]
    (listed,) = scraped["file_sd_configs"]
    assert listed["files"] == ["/tmp/ray/prom_metrics_service_discovery.json"]
    assert "ray:/tmp/ray" in services["head"]["volumes"]
    source = yaml.safe_load((DOCKER / "grafana" / "datasource.yaml").read_text())["datasources"][0]
    board = json.loads((DOCKER / "grafana" / "omnicorpus.json").read_text())
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {source["uid"]}


def test_counts_are_those_of_the_funnel(tmp_path: Path) -> None:
    progress = runner.run(plan.make(str(tmp_path), poison.stages(3)), Inline(), lambda _progress: None)
    counts = metrics.counts(progress)
    assert counts["omnicorpus_documents_in", (("stage", "make"),)] == 30
    assert counts["omnicorpus_documents_out", (("stage", "keep"),)] == 15
    assert counts["omnicorpus_drops", (("stage", "keep"), ("rule", "odd"))] == 15
    assert counts["omnicorpus_shards_done", (("stage", "total"),)] == 1
    assert {name for name, _ in counts} <= set(metrics.COUNTERS)
    levels = metrics.levels(progress)
    assert {name for name, _ in levels} == set(metrics.GAUGES)
    assert sum(value for (name, _), value in levels.items() if name.startswith("omnicorpus_shards")) == 0


@pytest.mark.slow
def test_a_run_on_ray_is_seen_at_the_metrics_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    from omnicorpus import cluster

    monkeypatch.setenv("RAY_metrics_report_interval_ms", "1000")
    engine = cluster.embedded(2)
    try:
        runner.run(plan.make(str(tmp_path), poison.stages(3)), engine, lambda _progress: None)
        (node,) = ray.nodes()
        page = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
        found: dict[tuple[str, str, str], float] = {}
        end = time.monotonic() + 120
        while ("ray_omnicorpus_shards_done_total", "total", "") not in found and time.monotonic() < end:
            time.sleep(1)
            found = scraped(page)
    finally:
        engine.close()
    assert found["ray_omnicorpus_documents_in_total", "make", ""] == 30
    assert found["ray_omnicorpus_documents_out_total", "keep", ""] == 15
    assert found["ray_omnicorpus_drops_total", "keep", "odd"] == 15
    assert found["ray_omnicorpus_shards_waiting", "make", ""] == 0
    assert found["ray_omnicorpus_bytes_total", "make", ""] > 0


def scraped(page: str) -> dict[tuple[str, str, str], float]:
    """Values by metric, stage and rule."""
    with urllib.request.urlopen(page, timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    found = {}
    for line in lines:
        if match := re.match(r"(ray_omnicorpus_\w+)\{(.*)\} (\S+)$", line):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', match[2]))
            found[match[1], labels["stage"], labels.get("rule", "")] = float(match[3])
    return found
