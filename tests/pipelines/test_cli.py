"""The program as a person meets it: what it prints, where, and with which exit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from omnicorpus import job, lease, storage, table
from tests import build
from tests.pipelines.test_page import BODY


def omnicorpus(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


TIDES = (
    "The tide comes in twice a day, and every time it leaves something new upon the sand for us to find. This morning "
    "it was a glass float, green as a bottle, that had crossed an ocean.",
    "We carried it home in a scarf. My sister thinks that it came from a Japanese net, because of the mark on it. "
    "It has a small bubble in the middle, and when you hold it to the window the whole bay stands in it upside down.",
)
BREAD = (
    "A loaf wants time more than it wants work. Mix the flour and the water in the evening, add a little salt, and "
    "leave the bowl in a cool corner of the kitchen until you wake up.",
    "By then the dough has doubled and smells of apples. Fold it gently on a floured board, let it rest while the oven "
    "gets hot, and bake it in an iron pot. The crust sings when it cools, which is how bakers know that it is done.",
)


def page(name: str, paragraphs: tuple[str, ...]) -> bytes:
    first, second = (f"<p>{paragraph}</p>" for paragraph in paragraphs)
    body = (
        f"<html><body><article><h1>{name}</h1>{first}<img src='/i.png' alt='a shell'>{second}</article></body></html>"
    )
    return build.record(f"https://a.test/{name}", body.encode())


def crawl(folder: Path) -> str:
    picture = build.record("https://a.test/i.png", build.png(320, 240), mime="image/png")
    gone = build.record("https://a.test/gone", b"no", status="404 Not Found")
    return build.warc(folder / "crawl.warc.gz", page("tides", TIDES), page("bread", BREAD), gone, picture)


def config_file(folder: Path, **changes: object) -> str:
    values = {
        "pipeline": "common_crawl",
        "input": [crawl(folder)],
        "output": str(folder / "out"),
        "workers": 0,
        "partitions": 1,
        "images": {"sources": ["warc"], "clip": None, "nsfw": {"enabled": False}},
        **changes,
    }
    path = folder / "run.yaml"
    path.write_text(json.dumps(values))
    return str(path)


def test_extract_prints_one_json_line_a_page_in_input_order(tmp_path: Path) -> None:
    done = omnicorpus("extract", crawl(tmp_path), cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert [line["url"] for line in lines] == [f"https://a.test/{name}" for name in ("tides", "bread", "gone")]
    assert lines[2]["drop"] == {"rule": "status", "value": 404.0, "threshold": 200.0}
    assert {"url": "https://a.test/i.png", "alt": "a shell", "kind": "image"} in [
        part.get("image") for part in lines[0]["parts"]
    ]
    assert all(part["kind"] for line in lines[:2] for part in line["parts"] if "text" in part)


def test_extract_goes_on_behind_a_bad_file_and_says_so_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(b"not a warc at all")
    done = omnicorpus("extract", str(tmp_path / "a.warc"), crawl(tmp_path), cwd=tmp_path)
    assert len(done.stdout.splitlines()) == 3
    assert (done.returncode, done.stderr.strip()) == (
        2, f"omnicorpus: {tmp_path}/a.warc is not a WARC file: it begins with b'not a warc at al'",
    )  # fmt: skip


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    path = build.warc(
        tmp_path / "big.warc", *[build.record(f"https://a.test/{n}", BODY.encode() * 20) for n in range(300)]
    )
    command = f"{sys.executable} -m pipelines.cli extract {path} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def unknown_key(folder: Path) -> tuple[str, ...]:
    return "run", config_file(folder, langauges=["en"])


def unknown_inner_key(folder: Path) -> tuple[str, ...]:
    return "run", config_file(folder), "--set", "preliminary.word_cuont=3"


def unknown_pipeline(folder: Path) -> tuple[str, ...]:
    return "run", config_file(folder, pipeline="common_craw")


def missing_input(folder: Path) -> tuple[str, ...]:
    return "run", config_file(folder, input=[str(folder / "gone.warc.gz")])


def empty_input(folder: Path) -> tuple[str, ...]:
    (folder / "empty.warc").write_bytes(b"")
    return "run", config_file(folder, input=[str(folder / "empty.warc")])


def no_warc(folder: Path) -> tuple[str, ...]:
    (folder / "a.warc").write_bytes(b"PK\x03\x04")
    return "run", config_file(folder, input=[str(folder / "a.warc")])


def blocked_output(folder: Path) -> tuple[str, ...]:
    (folder / "file").write_bytes(b"")
    return "run", config_file(folder, output=str(folder / "file" / "out"))


def missing_config(folder: Path) -> tuple[str, ...]:
    return "run", str(folder / "gone.yaml")


def broken_config(folder: Path) -> tuple[str, ...]:
    (folder / "run.yaml").write_text("input: [a\noutput: b")
    return "run", str(folder / "run.yaml")


def no_model(folder: Path) -> tuple[str, ...]:
    images = {"sources": ["warc"], "clip": {"model": "local-dir:/nowhere"}, "nsfw": {"enabled": False}}
    return "run", config_file(folder, images=images)


def no_contact(folder: Path) -> tuple[str, ...]:
    return "run", config_file(folder, images={"clip": None, "nsfw": {"enabled": False}})


def no_cluster(folder: Path) -> tuple[str, ...]:
    return "run", config_file(folder), "--address", "127.0.0.1:1"


def unknown_stage(folder: Path) -> tuple[str, ...]:
    return "run", config_file(folder), "--set", "resources.extrakt.cpus=2"


def unknown_resource(folder: Path) -> tuple[str, ...]:
    return "run", config_file(folder), "--set", "resources.extract.cpu=2"


def nowhere_to_stop(folder: Path) -> tuple[str, ...]:
    return "stop", str(folder / "out")


def relative_output(folder: Path) -> tuple[str, ...]:
    return "submit", config_file(folder, output="out"), "--address", "http://127.0.0.1:1"


def no_dashboard(folder: Path) -> tuple[str, ...]:
    return "submit", config_file(folder), "--address", "http://127.0.0.1:1"


def no_run(folder: Path) -> tuple[str, ...]:
    return "export", str(folder / "out"), "--view", "text", "--output", str(folder / "v")


def unknown_view(folder: Path) -> tuple[str, ...]:
    return "export", str(folder), "--view", "texts", "--output", str(folder / "v")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (unknown_key, "unknown key langauges; did you mean languages?"),
        (unknown_inner_key, "unknown key preliminary.word_cuont; did you mean preliminary.word_count?"),
        (unknown_pipeline, "pipeline is one of common_crawl, not 'common_craw'"),
        (missing_input, "no such file: "),
        (empty_input, "empty.warc is empty"),
        (no_warc, "a.warc is not a WARC file"),
        (blocked_output, "can't write"),
        (missing_config, "can't read"),
        (broken_config, "not valid YAML"),
        (no_model, "/nowhere"),
        (no_contact, "contact"),
        pytest.param(no_cluster, "no Ray cluster answers at 127.0.0.1:1", marks=pytest.mark.slow),
        (unknown_stage, "resources: no stage extrakt; did you mean extract?"),
        (unknown_resource, "resources.extract: unknown key cpu; did you mean cpus?"),
        (nowhere_to_stop, "there is nothing to stop"),
        (relative_output, "output is relative to this machine's folder"),
        pytest.param(no_dashboard, "no Ray dashboard answers at http://127.0.0.1:1", marks=pytest.mark.slow),
        (no_run, "no run at"),
        (unknown_view, "--view is one of interleaved, text, pairs, omnicorpus, not texts"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(
    tmp_path: Path, wrong: Callable[[Path], tuple[str, ...]], message: str
) -> None:
    done = omnicorpus(*wrong(tmp_path), cwd=tmp_path)
    lines = [line for line in done.stderr.splitlines() if line.startswith("omnicorpus: ")]
    assert len(lines) == 1, done.stderr
    assert message in lines[0]
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


@pytest.mark.slow
def test_a_ray_that_cannot_start_here_is_one_clear_line_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_TMPDIR", "/proc/nowhere")
    done = omnicorpus("run", config_file(tmp_path, workers=1), cwd=tmp_path)
    assert [line.partition(" (")[0] for line in done.stderr.splitlines()] == [
        "omnicorpus: Ray can't start on this machine"
    ]
    assert done.returncode == 2


@pytest.mark.slow
def test_a_run_its_status_its_views_and_its_samples(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    first = omnicorpus("run", path, "--json", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    levels = {level["stage"]: level for level in json.loads(first.stdout)["funnel"]}
    assert (levels["extract"]["rows_in"], levels["extract"]["drops"]) == (3, {"status": 1})
    again = omnicorpus("run", path, cwd=tmp_path)
    assert "nothing to do" in again.stderr

    status = json.loads(omnicorpus("status", "out", "--json", cwd=tmp_path).stdout)
    assert status["status"] == "finished"
    assert {stage["stage"]: stage["done"] for stage in status["stages"]}["extract"] == 1

    assert levels["refine"]["rows_out"] == 2
    assert omnicorpus("export", "out", "--view", "text", "--output", "text", cwd=tmp_path).returncode == 0
    (exported,) = (name for name in storage.names(str(tmp_path / "text")) if name.endswith(".parquet"))
    assert table.rows(str(tmp_path / "text" / exported)) == 2

    shown = omnicorpus("sample", "out", "-n", "1", cwd=tmp_path)
    assert ("comes in twice a day" in shown.stdout) != ("wants time more than" in shown.stdout)
    told = omnicorpus("report", "out", cwd=tmp_path)
    assert (told.returncode, "largest process" in told.stdout, "extract" in told.stdout) == (0, True, True)
    assert "near duplicates: 18 bands of 7 rows: P(candidate)" in told.stdout
    assert omnicorpus("report", "out", "--html", "report.html", cwd=tmp_path).returncode == 0
    assert "extract: 2 of 3 documents kept" in (tmp_path / "report.html").read_text()
    dropped = omnicorpus("sample", "out", "--dropped", "status", cwd=tmp_path)
    assert "extract · status · 404 against 200" in dropped.stdout
    unknown = omnicorpus("sample", "out", "--dropped", "beauty", cwd=tmp_path)
    assert (unknown.returncode, "nothing was dropped by beauty" in unknown.stderr) == (2, True)
    family = omnicorpus("duplicates", "out", "https://a.test/tides", cwd=tmp_path)
    assert family.stdout == "https://a.test/tides has no duplicates\n"
    assert omnicorpus("index", "out", "--output", "index", cwd=tmp_path).returncode == 0
    against = omnicorpus(
        "run", path, "--set", "output=second", "--set", f"duplicates.index=[{tmp_path}/index]", "--json", cwd=tmp_path
    )
    second = {level["stage"]: level for level in json.loads(against.stdout)["funnel"]}
    assert (second["unique"]["rows_in"], second["unique"]["rows_out"]) == (2, 0)
    assert json.loads(against.stdout)["duplicates"]["known_kept"] == 2
    listed = omnicorpus("index", "second", "--list", "kept", cwd=tmp_path)
    assert {json.loads(line)["url"] for line in listed.stdout.splitlines()} == {
        "https://a.test/tides",
        "https://a.test/bread",
    }
    neither = omnicorpus("index", "out", cwd=tmp_path)
    assert (neither.returncode, "--list kept" in neither.stderr) == (2, True)
    page = omnicorpus("sample", "out", "--html", "page.html", cwd=tmp_path)
    assert page.returncode == 0
    assert "comes in twice a day" in (tmp_path / "page.html").read_text()


def planned(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[int, str, bool]]:
    """By stage: the shards to do, why, and whether they are redone."""
    assert done.returncode == 0, done.stderr
    stages = json.loads(done.stdout)["stages"]
    return {item["stage"]: (item["shards"] - item["done"], item["reason"], item["is_redone"]) for item in stages}


@pytest.mark.slow
def test_a_dry_run_says_what_would_be_done_and_why_and_does_nothing(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    before = planned(omnicorpus("run", path, "--dry-run", "--json", cwd=tmp_path))
    assert set(before.values()) == {(1, "not done yet", False)}
    assert not (tmp_path / "out").exists()
    assert omnicorpus("run", path, cwd=tmp_path).returncode == 0
    after = planned(omnicorpus("run", path, "--dry-run", "--json", cwd=tmp_path))
    assert set(after.values()) == {(0, "done", False)}

    moved = ("--set", "refine.image.min_side=400")
    changed = planned(omnicorpus("run", path, *moved, "--dry-run", "--json", cwd=tmp_path))
    assert changed.pop("refine") == (1, "image.min_side: 150, now 400", True)
    assert set(changed.values()) == {(0, "done", False)}
    shown = omnicorpus("run", path, *moved, "--dry-run", cwd=tmp_path)
    assert "redone: image.min_side: 150, now 400" in " ".join(shown.stdout.split())

    first = planned(omnicorpus("run", path, "--set", "languages=[en,de]", "--dry-run", "--json", cwd=tmp_path))
    assert first["extract"] == (0, "done", False)
    assert first["select"] == (1, 'languages: ["en"], now ["en", "de"]', True)
    assert first["refine"] == (1, "what it reads of score; what it reads of hash_counts; what it reads of scores", True)

    done = omnicorpus("run", path, *moved, cwd=tmp_path)
    assert "refine is redone: image.min_side: 150, now 400" in done.stderr
    resources = ("--set", "resources.refine.memory=1000000")
    assert "nothing to do" in omnicorpus("run", path, *moved, *resources, cwd=tmp_path).stderr


def test_an_output_of_another_version_is_recognised(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(json.dumps({"layout": 999, "omnicorpus": "9.9.9"}))
    done = omnicorpus("run", path, cwd=tmp_path)
    assert done.returncode == 2
    assert "was written by omnicorpus 9.9.9, whose files this version can't go on with" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("by", ["stop", "SIGTERM"])
def test_a_run_is_stopped_and_goes_on_later(tmp_path: Path, by: str) -> None:
    pages = [page(f"{name}{n}", body) for n in range(120) for name, body in (("tides", TIDES), ("bread", BREAD))]
    picture = build.record("https://a.test/i.png", build.png(320, 240), mime="image/png")
    for n in range(8):
        build.warc(tmp_path / f"{n}.warc.gz", *pages, picture)
    path = config_file(tmp_path, input=[str(tmp_path / f"{n}.warc.gz") for n in range(8)])
    command = [sys.executable, "-m", "pipelines.cli", "run", path]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "out").glob("work/extract-*/*.json")):
        assert process.poll() is None
        time.sleep(0.01)
    if by == "stop":
        process.send_signal(signal.SIGSTOP)
        asking = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", "stop", "out"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )
        while not (tmp_path / "out" / lease.STOP).exists():
            assert asking.poll() is None, asking.communicate()[1]
            time.sleep(0.01)
        time.sleep(lease.BEAT_SECONDS)  # so that the run's next beat is due the moment that it goes on
        process.send_signal(signal.SIGCONT)
        assert "stopped: out" in asking.communicate()[1]
    else:
        process.terminate()
    _, told = process.communicate()
    assert (process.returncode, "the same command goes on where this one was" in told) == (130, True)
    assert json.loads(omnicorpus("status", "out", "--json", cwd=tmp_path).stdout)["status"] == "stopped"
    assert not (tmp_path / "out" / job.MANIFEST).exists()
    assert omnicorpus("run", path, cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_another_configs_output_is_refused(tmp_path: Path) -> None:
    assert omnicorpus("run", config_file(tmp_path), cwd=tmp_path).returncode == 0
    other = tmp_path / "other"
    other.mkdir()
    done = omnicorpus("run", config_file(other, output=str(tmp_path / "out")), cwd=tmp_path)
    assert (done.returncode, "holds a run of other input" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "submit",
        "report",
        "stop",
        "extract",
        "export",
        "sample",
        "status",
        "sample-crawl",
        "models build-stand-in",
        "duplicates",
        "index",
    ],
)
def test_every_commands_help_has_an_example(tmp_path: Path, command: str) -> None:
    done = omnicorpus(*command.split(), "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"omnicorpus {command}" in " ".join(done.stdout.split())
