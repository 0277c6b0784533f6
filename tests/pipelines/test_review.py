"""The review of a real run: samples, the page in a real browser, the report, and rules in shadow."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import document as document_filters
from omnicorpus import audit, exhibit, job, label, miniature, review, sample, schema, shadow, table, trail
from omnicorpus.audit import ReviewSettings
from omnicorpus.document import Document, Drop, Image, Measures, Part, Text
from omnicorpus.errors import ConfigError, InputError
from omnicorpus.label import Label
from omnicorpus.miniature import Summary
from pipelines import common_crawl
from pipelines.common_crawl import REFINE_RULES, RefineSettings
from tests import build
from tests.browser import await_that, browser, evaluate, press
from tests.pipelines.test_cli import omnicorpus
from tests.pipelines.test_common_crawl import execute, settings_of

SHADOW = ["advertisement", "p_hash_count"]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return miniature.write_crawl(tmp_path_factory.mktemp("crawl") / "miniature.warc.gz")


@pytest.fixture(scope="module")
def run(crawl: Summary, tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("run") / "out"
    execute(settings_of(crawl, root, refine={"shadow": SHADOW}, select={"shadow": ["word_count"]}))
    return str(root)


@pytest.fixture(scope="module")
def without(crawl: Summary, tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("off") / "out"
    off = {"detailed": {"advertisement": None}, "image": {"p_hash_count": None}}
    execute(settings_of(crawl, root, refine=off, preliminary={"word_count": None}))
    return str(root)


def rows(root: str, folder: str) -> list[dict[str, Any]]:
    return [row for path in job.result_files(root, folder) for row in table.read(path).to_pylist()]


def test_a_run_with_rules_in_shadow_keeps_what_one_without_them_keeps(run: str, without: str) -> None:
    for folder in ("documents", "drops"):
        assert rows(run, folder) == rows(without, folder)


def test_marks_lie_apart_and_are_counted_apart(run: str) -> None:
    marks = Counter((row["stage"], row["rule"]) for row in rows(run, shadow.TABLE))
    assert {rule for _, rule in marks} <= {*SHADOW, "word_count"}
    assert marks["refine", "p_hash_count"] > 0
    assert marks["select", "word_count"] > 0
    counted = {
        (level["stage"], rule.removeprefix("shadow: ")): count
        for level in job.finished(run)["funnel"]
        for rule, count in level["cuts"].items()
        if rule.startswith("shadow: ")
    }
    assert counted == marks


def test_shadow_names_are_checked_in_the_config(crawl: Summary, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"refine\.shadow: no rule byine; did you mean byline"):
        settings_of(crawl, tmp_path, refine={"shadow": ["byine"]})
    with pytest.raises(ConfigError, match=r"select\.shadow: digits is off"):
        settings_of(crawl, tmp_path, preliminary={"digits": None}, select={"shadow": ["digits"]})


LINES = ["Share on Facebook", "Read more", "By Ann Lee", "A long and quiet line about bread and rivers.", "12:30", "Ad"]
PARTS = st.one_of(
    st.lists(st.sampled_from(LINES), min_size=1, max_size=4).map(lambda lines: Text("\n".join(lines))),
    st.sampled_from(LINES).map(lambda line: Text(line, "header")),
    st.builds(
        lambda name, width, count: Image(
            f"https://a.test/{name}.jpg", measures=Measures(width=width, height=300, p_hash_count=count, nsfw=0.1)
        ),
        st.sampled_from("abc"),
        st.sampled_from([90, 300, 900]),
        st.sampled_from([1, 40]),
    ),
)
REFINE = RefineSettings()
ON = [
    rule
    for rule in REFINE_RULES
    if any(getattr(part, rule, None) not in (None, False) for part in (REFINE.image, REFINE.detailed, REFINE.document))
]


def refine(document: Document, settings: RefineSettings) -> tuple[Document | Drop, list[tuple[int, Drop]]]:
    left, cuts = common_crawl.refined(document, settings)
    return document_filters.judge(left, settings.document) or left, cuts


@given(st.lists(PARTS, max_size=7), st.sampled_from(ON))
def test_a_rule_in_shadow_keeps_what_off_keeps_and_marks_what_on_cuts(parts: list[Part], rule: str) -> None:
    document = build.doc(*parts, language="en")
    off = shadow.without(REFINE, [rule])
    assert off != REFINE
    left, cuts = refine(document, off)
    assert rule not in {drop.rule for _, drop in cuts}
    on_left, on_cuts = refine(document, REFINE)
    taken: list[shadow.Mark] = [(place, drop) for place, drop in on_cuts if drop.rule == rule]
    if isinstance(on_left, Drop) and on_left.rule == rule:
        taken.append((None, on_left))
    assert list(shadow.marks(document, refine, REFINE, [rule])) == taken
    assert not (isinstance(left, Drop) and left.rule == rule)


def test_a_sample_by_rule_has_every_rule_and_weights_that_add_up(run: str) -> None:
    files = trail.of(run)
    population = Counter(
        f"{mark}{row['stage']}.{row['rule']}"
        for mark, folder in (("", "drops"), ("shadow ", shadow.TABLE))
        for row in rows(run, folder)
        if row["document"] is not None
    )
    units = sample.units(files, 3 * len(population), 1, "rule")
    assert len(units) == min(3 * len(population), sum(population.values()))
    weights: Counter[str] = Counter()
    for unit in units:
        weights[unit.stratum] += unit.weight  # type: ignore[assignment]
    assert {name: round(weight, 6) for name, weight in weights.items()} == dict(population)
    assert units == sample.units(files, 3 * len(population), 1, "rule")
    assert units != sample.units(files, 3 * len(population), 2, "rule")


@pytest.mark.parametrize("by", [None, "language", "score", "domain"])
def test_documents_are_sampled_kept_and_dropped(run: str, by: Any) -> None:
    units = sample.units(trail.of(run), 500, 0, by)
    dropped = {row["document"] for row in rows(run, "drops") if row["position"] is None and row["document"]}
    kept = {row["id"] for row in rows(run, "documents")}
    assert Counter(unit.document for unit in units) == Counter(dropped | kept)
    assert {unit.weight for unit in units} == {1.0}
    if by == "language":
        known = {row["id"]: row["language"] for row in rows(run, "documents")}
        assert all(unit.stratum == known[unit.document] for unit in units if unit.document in known)


def test_a_score_that_nothing_has_is_an_error(run: str) -> None:
    with pytest.raises(ConfigError, match="--score beauty: no document"):
        sample.units(trail.of(run), 5, 0, "score", "beauty")


def test_an_exhibit_shows_the_document_as_it_was(run: str) -> None:
    """Every part that a stage took away stands at its place, and what is in the corpus in its order."""
    files = trail.of(run)
    shown = exhibit.exhibits(files, sample.units(files, 500, 0))
    corpus = {row["id"]: row for row in rows(run, "documents")}
    ledger = Counter(row["document"] for row in rows(run, "drops") if row["position"] is not None and row["document"])
    for each in shown:
        assert each.is_whole
        marks = [mark for slot in each.slots for mark in slot.marks if not mark.shadow]
        assert len(marks) == ledger[each.document]
        if each.fate is None:
            kept = [slot.part for slot in each.slots if slot.part is not None]
            (document,) = schema.documents(
                table.read_all(job.result_files(run, "documents"), schema.CORPUS).filter(
                    [row_id == each.document for row_id in corpus]
                )
            )
            assert tuple(kept) == document.parts
    assert any(each.twin is not None for each in shown)


def test_without_the_work_folder_what_is_left_is_shown_and_said(run: str, tmp_path: Path) -> None:
    import shutil

    bare = tmp_path / "bare"
    shutil.copytree(run, bare, ignore=shutil.ignore_patterns("work"))
    files = trail.of(str(bare))
    shown = exhibit.exhibits(files, sample.units(files, 500, 0))
    assert {each.is_whole for each in shown if each.fate is None} == {True}
    assert {each.is_whole for each in shown if each.fate is not None} == {False}


def judged(root: str, path: Path, verdicts: dict[str, Any], count: int = 500) -> dict[str, Label]:
    """Read every document of a sample to its end, with the verdicts given on drops by "stage.rule"."""
    desk = review.lay(root, str(path), count, 0, None, "language_score")
    for number, each in enumerate(desk.exhibits):
        for mark in each.all_marks():
            verdict = verdicts.get(f"{mark.stage}.{mark.rule}")
            if verdict is not None:
                desk.judge(number, {"item": mark.item, "verdict": verdict, "note": "seen"})
        desk.review(number)
    return label.read(str(path))


def test_the_report_counts_what_was_labelled(run: str, tmp_path: Path) -> None:
    labels = judged(run, tmp_path / "labels.jsonl", {"refine.image_count": "wrong", "unique.near_duplicate": "unsure"})
    found = audit.report(trail.of(run), labels, ReviewSettings())
    by_name = {(rule.name, rule.shadow): rule for rule in found.rules}
    ledger = Counter(f"{row['stage']}.{row['rule']}" for row in rows(run, "drops"))
    assert {rule.name: rule.triggers for rule in found.rules if not rule.shadow} == dict(ledger)
    wrong = by_name["refine.image_count", False]
    assert (wrong.drops.labelled, wrong.drops.bad, wrong.drops.rate) == (ledger["refine.image_count"],) * 2 + (1.0,)
    assert [each.note for each in wrong.examples] == ["seen"] * wrong.drops.bad
    assert by_name["unique.near_duplicate", False].drops.labelled == 0
    right = by_name["extract.image_address.placeholder", False]
    assert (right.drops.labelled, right.drops.bad) == (right.triggers, 0)
    assert found.kept.bad == 0
    # Marks in shadow say nothing until a person does, but where a live rule took the same piece rightly.
    taken = {(row["document"], row["image"]) for row in rows(run, "drops") if row["image"]}
    also = Counter(row["rule"] for row in rows(run, shadow.TABLE) if (row["document"], row["image"]) in taken)
    assert all(rule.drops.labelled <= also[rule.rule] for rule in found.rules if rule.shadow)


def test_a_bad_part_that_was_kept_is_a_miss_of_the_rule_that_is_named(run: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    desk = review.lay(run, str(path), 500, 0, None, "language_score")
    number = next(n for n, each in enumerate(desk.exhibits) if len(each.kept()) > 2)
    (first, _), (second, _) = desk.exhibits[number].kept()[:2]
    desk.judge(number, {"item": first, "verdict": "wrong", "should": "refine.min_side", "problem": "bad picture"})
    desk.judge(number, {"item": second, "verdict": "wrong"})
    for other in range(len(desk.exhibits)):
        desk.review(other)
    found = audit.report(trail.of(run), label.read(str(path)), ReviewSettings())
    assert found.kept.bad == 2
    assert [each.problem for each in found.missed] == [None]


def test_labels_of_one_run_judge_the_next(run: str, without: str, crawl: Summary, tmp_path: Path) -> None:
    """What was read and found good, and is dropped by the next run, is a false positive there."""
    labels = judged(run, tmp_path / "labels.jsonl", {})
    strict = tmp_path / "strict"
    execute(settings_of(crawl, strict, refine={"image": {"min_side": 5000}}))
    found = audit.report(trail.of(str(strict)), labels, ReviewSettings({"min_side": 0.05}))
    (rule,) = [each for each in found.rules if each.name == "refine.min_side"]
    assert rule.drops.bad > 10
    assert found.over == ["refine.min_side"]
    assert audit.report(trail.of(without), labels, ReviewSettings()).over == []


def test_the_command_fails_for_a_rule_over_its_budget(run: str, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    judged(run, labels, {"unique.near_duplicate": "wrong"})
    command = ("review", run, "--labels", str(labels), "--report")
    assert omnicorpus(*command, cwd=tmp_path).returncode == 0
    done = omnicorpus(*command, "--json", "--set", "review.budgets.near_duplicate=0.1", cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (1, "omnicorpus: over budget: unique.near_duplicate")
    rule = next(each for each in json.loads(done.stdout)["rules"] if each["rule"] == "near_duplicate")
    assert (rule["false_positives"]["rate"], rule["standing"], rule["budget"]) == (1.0, "over", 0.1)
    (tmp_path / "ci.yaml").write_text("pipeline: common_crawl\nreview: {budgets: {near_duplicate: 0.1}}\n")
    done = omnicorpus(*command, "--config", "ci.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "unique.near_duplicate" in done.stdout
    done = omnicorpus(*command, "--set", "review.budgets={near_duplicat: 0.1}", cwd=tmp_path)
    assert (done.returncode, "did you mean near_duplicate" in done.stderr) == (2, True)


def bad_labels(run: str, folder: Path) -> tuple[str, ...]:
    (folder / "labels.jsonl").write_text("{}\n")
    return run, "--labels", str(folder / "labels.jsonl"), "--no-browser"


BAD = {
    "no run": (lambda run, folder: (str(folder / "gone"),), "no run at"),
    "an unknown stratum": (lambda run, folder: (run, "--stratify", "colour"), "--stratify is one of rule, language"),
    "a line that is no label": (bad_labels, "labels.jsonl line 1 is no label"),
    "no labels to report on": (lambda run, folder: (run, "--report", "--labels", "x.jsonl"), "no labels at x.jsonl"),
    "no folder for the labels": (lambda run, folder: (run, "--labels", "gone/x.jsonl"), "there is no folder gone"),
    "a certainty of a half at least": (
        lambda run, folder: (run, "--report", "--set", "review.certainty=0.2"),
        "certainty is at least 0.5",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_with_the_remedy(case: str, run: str, tmp_path: Path) -> None:
    arguments, words = BAD[case]
    done = omnicorpus("review", *arguments(run, tmp_path), cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert words in done.stderr


@contextmanager
def served(run: str, labels: Path, *options: str) -> Iterator[str]:
    """The program as a person starts it, and the address that it prints; it is stopped as with Ctrl-C."""
    command = [sys.executable, "-m", "pipelines.cli", "review", run, "--labels", str(labels), "--no-browser", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "500"})
    assert process.stderr is not None
    try:
        yield process.stderr.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        process.stderr.close()
        assert (process.wait(30), "Traceback" in rest) == (0, False), rest


def test_a_port_that_is_taken_is_one_line(run: str, tmp_path: Path) -> None:
    with served(run, tmp_path / "labels.jsonl", "-n", "2") as address:
        (port,) = re.findall(r":(\d+)/", address)
        done = omnicorpus("review", run, "--no-browser", "--port", port, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2, f"omnicorpus: port {port} is taken: name another with --port, or leave --port out\n",
    )  # fmt: skip


def ask(address: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    host = address.split("/")[2]
    connection = http.client.HTTPConnection(host, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    connection.request(method, path, data, {"Host": host, **named})
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_who_has_no_token_gets_nothing(run: str, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    with served(run, labels, "-n", "4") as address:
        assert address.startswith("http://127.0.0.1:")
        host = address.split("/")[2]
        status, headers, _ = ask(address, "GET", "/" + address.split("/", 3)[3])
        cookie = headers["set-cookie"].split(";")[0]
        assert (status, headers["location"]) == (303, "/")
        assert {"HttpOnly", "SameSite=Strict"} <= {word.strip() for word in headers["set-cookie"].split(";")}
        with_it = {"Cookie": cookie}
        for path in ("/", "/review.js", "/review.css", "/overview", "/document/0"):
            assert ask(address, "GET", path)[0] == 403
            assert ask(address, "GET", path, Cookie=cookie + "x")[0] == 403
            # Another name for this host: a page of the web whose DNS was turned here.
            assert ask(address, "GET", path, **with_it, Host="evil.test")[0] == 403
            status, headers, _ = ask(address, "GET", path, **with_it)
            assert (status, headers["x-content-type-options"]) == (200, "nosniff")
            assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert ask(address, "GET", "/open?token=guess")[0] == 403
        for path in ("/document/99", "/picture/0/999", "/../label.py", "/review.py"):
            assert ask(address, "GET", path, **with_it)[0] == 404
        plain = {"Content_Type": "application/json", **with_it}
        assert ask(address, "POST", "/reviewed/0", {}, **plain)[0] == 403
        assert ask(address, "POST", "/reviewed/0", {}, **plain, Origin="http://evil.test")[0] == 403
        assert ask(address, "POST", "/reviewed/0", {}, **plain, Origin=f"https://{host}")[0] == 403
        here = {**plain, "Origin": f"http://{host}"}
        assert ask(address, "POST", "/reviewed/0", {}, **{**here, "Content_Type": "text/plain"})[0] == 415
        assert ask(address, "POST", "/label/0", {"item": "nothing", "verdict": "wrong"}, **here)[0] == 400
        assert ask(address, "POST", "/label/0", {"item": 5, "verdict": "great"}, **here)[0] == 400
        assert ask(address, "POST", "/label/0", [], **here)[0] == 400
        assert ask(address, "POST", "/label/0", {"note": "x" * 100_000}, **here)[0] == 413
        assert not labels.exists()
        assert ask(address, "POST", "/reviewed/0", {}, **here)[0] == 200
    assert [each.kind for each in label.read(str(labels)).values()] == ["reviewed"]


def test_a_label_that_cannot_be_saved_is_told(run: str, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    with served(run, labels, "-n", "2") as address:
        labels.mkdir()
        cookie = ask(address, "GET", "/" + address.split("/", 3)[3])[1]["set-cookie"].split(";")[0]
        here = {"Cookie": cookie, "Content_Type": "application/json", "Origin": f"http://{address.split('/')[2]}"}
        status, _, body = ask(address, "POST", "/reviewed/0", {}, **here)
        assert (status, b"was not saved" in body) == (507, True)
        labels.rmdir()


@pytest.mark.slow
def test_ten_documents_are_labelled_by_keyboard_and_are_there_after_a_restart(run: str, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    with served(run, labels, "-n", "12") as address, browser(tmp_path / "one") as ask_browser:
        ask_browser("POST", "/url", {"url": address})
        await_that(ask_browser, "return document.querySelectorAll('.target').length")
        for number in range(1, 11):
            await_that(ask_browser, f"return document.getElementById('place').textContent === '{number} of 12'")
            press(ask_browser, "1" if number % 2 else "w")
            if number == 3:
                press(ask_browser, "m", *"a <b>note</b>", "\ue007")
            if number == 5:
                press(ask_browser, "u")
            shown = "return [...document.querySelectorAll('.label')].map(e => e.textContent)"
            await_that(ask_browser, shown + ".length")
            press(ask_browser, "\ue007")
            moved = f"document.getElementById('place').textContent === '{number + 1} of 12'"
            told = "document.getElementById('status').textContent.startsWith('a mark in')"
            if await_that(ask_browser, f"return {moved} ? 'moved' : {told} && 'told'") == "told":
                press(ask_browser, "\ue007")
        await_that(ask_browser, "return document.getElementById('place').textContent === '11 of 12'")
        assert ask_browser("POST", "/se/log", {"type": "browser"}) == []
    known = label.read(str(labels))
    verdicts = Counter(each.verdict for each in known.values() if each.kind != "reviewed")
    assert (verdicts, sum(each.kind == "reviewed" for each in known.values())) == ({"wrong": 9, "unsure": 1}, 10)
    assert [each.note for each in known.values() if each.note] == ["a <b>note</b>"]
    with served(run, labels, "-n", "12") as address, browser(tmp_path / "two") as ask_browser:
        ask_browser("POST", "/url", {"url": address})
        await_that(ask_browser, "return document.querySelectorAll('.target').length")
        # It opens at the first document that was not read, and all labels are there.
        assert evaluate(ask_browser, "return document.getElementById('place').textContent") == "11 of 12"
        assert evaluate(ask_browser, "return document.getElementById('progress').textContent") == "10 read, 10 labels"
        found = []
        for number in range(10, 0, -1):
            press(ask_browser, "p")
            await_that(ask_browser, f"return document.getElementById('place').textContent === '{number} of 12'")
            found += evaluate(ask_browser, "return [...document.querySelectorAll('.label')].map(e => e.textContent)")
        assert len(found) == 10
        assert sum("a <b>note</b>" in each for each in found) == 1
        assert (
            evaluate(ask_browser, "return document.querySelectorAll('main script, main style, main b > b').length") == 0
        )


def test_hostile_text_reaches_the_page_as_text_and_never_turns_it(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\u202eabc\x1b[2J\ud800"
    part = Text(evil)
    each = exhibit.Exhibit(
        "0" * 32, f"javascript:{evil}", (exhibit.Slot(part), exhibit.Slot(Image(evil, alt=evil, caption=evil))),
        title=evil, language=evil, weight=1.0,
    )  # fmt: skip
    desk = review.Desk("run", [each], str(tmp_path / "labels.jsonl"), "design")
    shown = json.dumps([desk.overview(), desk.document(0)], ensure_ascii=False)
    assert not set(shown) & {"\u202e", "\x1b", "\ud800"}
    assert desk.document(0)["link"] is None
    with pytest.raises(InputError):
        desk.judge(0, {"item": "x", "verdict": "wrong"})
    desk.review(0)
    desk.judge(0, {"item": each.kept()[0][0], "verdict": "wrong", "note": evil})
    (given_label,) = (known for known in label.read(desk.path).values() if known.kind == "kept")
    assert given_label.note == evil
    assert replace(given_label, note=None).verdict == "wrong"
