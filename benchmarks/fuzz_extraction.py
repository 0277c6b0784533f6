"""Broken pages at random through `pipelines.page.read_page`: none may raise, kill the process, or take long.

    PYTHONPATH=. nice -n 19 python benchmarks/fuzz_extraction.py --minutes 30

Each case is a function of its number alone: one to three gold pages (or built hostile ones), cut, doubled, spliced,
reversed, sprinkled with odd markup, re-encoded. The work runs in a child process, so that a crash of the native parser
or of memory is a find with a number and not the end of the run. A find is an exception, a dead child, more than
`--seconds` of processor time on a case, a case that pushes memory over `--megabytes`, a part that breaks the document
model, or an answer that differs when asked again. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import random
import re
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from omnicorpus.document import Drop, Image, Locator
from omnicorpus.engine import ExtractionSettings
from omnicorpus.warc import Response
from pipelines.page import Page, PageSettings, read_page

GOLD = Path(__file__).resolve().parents[1] / "../shared/data/gold"
LARGEST = 2_000_000
"""Bytes of a case; what is longer is cut. Larger pages meet the same code."""
AGAIN = 50
"""Every so many cases the answer is asked for twice."""

TAG = re.compile(rb"<[^<>]{1,2000}>")
ODD = [
    b"<", b">", b"</", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?", b"\x00", b"\xff\xfe", b"&#0;", b"&#xD800;",
    b"&#x110000;", b"&amp;amp;", b"&nbsp;" * 50, b"&" * 200, "\u202e\u2066\u200f".encode(), b"\xed\xa0\x80", b"\x0b",
    b"<plaintext>", b"<template>", b"<svg>", b"<math>", b"<annotation encoding=tex>", b"</math>", b"<mfrac>", b"<msup>",
    b"<mtable><mtr><mtd>", b"<table>", b"<tr>", b"<td rowspan=65534 colspan=1000>", b"<th>", b"<caption>", b"<thead>",
    b"<ol start=99999999999999999999>", b"<ol reversed>", b"<li value=-3>", b"<pre>", b"<code>", b"<br>" * 20, b"<nav>",
    b"<footer>", b"</nav>", b"<noscript>", b"<picture>", b"<source srcset=',,, 1x'>", b"<video poster=a>", b"<audio>",
    b"<img src=data:x srcset='a 1x,b 2x,,' data-src=//[>", b"<image>", b"<base href='//['>", b"<a href='http://['>",
    b"<b id=1>", b"<font>", b"<select>", b"<option>", b"<form>", b"<frameset>", b"<body class=x>", b"<html>", b"</p>",
    b"<p>", b"<details>", b"<summary>", b"<dl><dt>", b"<dd>", b"<blockquote>", b"<h1>", b"<figure>", b"<figcaption>",
    b"<script type='math/tex'>", b"<script type='application/ld+json'>{\"@graph\":[", b"</script>", b"<style>",
    b"<title>", b"<textarea>", b"<x-y>", b"<time>", b"$", b"$$", b"\\(", b"|", b"\\", b"<span class=katex>",
    b"<span class='MathJax' hidden>", b"<p style='background:url(a'>", b" onload=", b"='", b'="', b"'", b'"',
]  # fmt: skip
NESTED = ("div", "p", "b", "ul", "li", "table", "tr", "td", "a", "span", "math", "pre")
CHARSETS = ("utf-16", "gb18030", "shift_jis", "euc_kr", "windows-1251", "utf-7", "iso2022_jp", "latin-1")


@dataclass(slots=True)
class Tally:
    """What a run saw. `slowest` are (processor seconds, case); `finds` (case, what)."""

    cases: int = 0
    bytes: int = 0
    seconds: float = 0.0
    slowest: list[tuple[float, int]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    finds: list[tuple[int, str]] = field(default_factory=list)


def seeds() -> list[bytes]:
    """The gold pages, and hostile ones that no mutation would hit on."""
    pages = []
    for path in sorted(GOLD.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            pages.extend(json.loads(line)["html"].encode("utf-8", "replace") for line in lines)
    if not pages:
        raise SystemExit(f"no gold pages under {GOLD}")
    hostile = [
        b"".join(b"<%s class=x>text " % tag.encode() for tag in NESTED),
        b"<table><tr>" + b"<td rowspan=1000 colspan=1000>cell" * 50,
        b"<math>" + b"<mfrac><mi>x" * 300,
        b"<ol reversed start=-5>" + b"<li>item<ol>" * 40,
        b"<p>" + b"<img srcset='" + b"a.jpg 1x, " * 500 + b"'>",
    ]
    return pages + hostile


def case(number: int, pages: list[bytes]) -> tuple[bytes, str | None, PageSettings]:
    """The page of a number, the charset that its header declares, and the settings it is read with."""
    chance = random.Random(number)
    page = chance.choice(pages)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 10, 40))):
        page = chance.choice(MUTATIONS)(page, chance, pages)[:LARGEST]
    charset = None
    if chance.random() < 0.1:
        charset = chance.choice(CHARSETS)
        if chance.random() < 0.5:
            page = page.decode("utf-8", "replace").encode(charset, "replace")
    return page, charset, PageSettings(ExtractionSettings(css_backgrounds=chance.random() < 0.3), refuse=())


def _span(page: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(page) + 1)
    return start, min(len(page), start + int(chance.paretovariate(0.5)))


def _cut(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    start, end = _span(page, chance)
    return page[:start] + page[end:]


def _truncate(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    return page[: chance.randrange(len(page) + 1)]


def _repeat(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    start, end = _span(page, chance)
    times = min(int(chance.paretovariate(0.4)), 1 + LARGEST // (end - start + 1), 100_000)
    return page[:start] + page[start:end] * times + page[end:]


def _repeat_tag(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    tags = TAG.findall(page[:LARGEST])
    if not tags:
        return page
    start = chance.randrange(len(page) + 1)
    return page[:start] + chance.choice(tags) * min(int(chance.paretovariate(0.4)), 100_000) + page[start:]


def _reverse(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    start, end = _span(page, chance)
    return page[:start] + page[start:end][::-1] + page[end:]


def _splice(page: bytes, chance: random.Random, pages: list[bytes]) -> bytes:
    other = chance.choice(pages)
    start, end = _span(other, chance)
    place = chance.randrange(len(page) + 1)
    return page[:place] + other[start:end] + page[place:]


def _sprinkle(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    for _each in range(chance.choice((1, 5, 30))):
        start = chance.randrange(len(page) + 1)
        times = chance.choice((1, 1, 1, 3, 200))
        page = page[:start] + chance.choice(ODD) * times + page[start:]
    return page


def _flip(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    spoilt = bytearray(page)
    for _each in range(min(len(spoilt), int(chance.paretovariate(0.4)), 20_000)):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def _without_ends(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    name = chance.choice((b"div", b"p", b"li", b"td", b"a", b"span", b"b", b"script", b"ul", b"table"))
    return page.replace(b"</" + name + b">", b"")


def _shuffled(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    pieces = page.split(b"<")
    start = chance.randrange(len(pieces))
    end = min(len(pieces), start + chance.choice((5, 50, 5_000)))
    middle = pieces[start:end]
    chance.shuffle(middle)
    return b"<".join(pieces[:start] + middle + pieces[end:])


def _attributes(page: bytes, chance: random.Random, _: list[bytes]) -> bytes:
    name = chance.choice((b"class", b"src", b"srcset", b"href", b"style", b"alt", b"rowspan", b"start", b"width"))
    value = chance.choice((b"", b"x" * 30_000, b"-1", b"&quot;>", b",", b" ", "\u202e".encode(), b"a 1x," * 999))
    return re.sub(rb"\b" + name + rb"=(\"[^\"]*\"|'[^']*')", name + b'="' + value + b'"', page, count=200)


MUTATIONS = (
    _cut, _truncate, _repeat, _repeat_tag, _reverse, _splice, _sprinkle, _sprinkle, _flip, _without_ends, _shuffled,
    _attributes,
)  # fmt: skip


def read(number: int, pages: list[bytes]) -> tuple[Page | Drop, int, float]:
    """The answer to a case, its size in bytes, and the processor seconds that it took."""
    body, charset, settings = case(number, pages)
    response = Response("http://example.test/a/page.html", None, Locator("fuzz", number, 0), 200, "text/html", charset,
                        body)  # fmt: skip
    started = time.process_time()
    found = read_page(response, settings)
    return found, len(body), time.process_time() - started


def fault(found: Page | Drop) -> str | None:
    """What breaks the document model in an answer."""
    if isinstance(found, Drop):
        return "out of time" if found.rule == "seconds" else None
    for part in found.document.parts:
        if isinstance(part, Image):
            if not part.url:
                return "an image without an address"
            words = part.url + (part.alt or "") + (part.caption or "") + part.context
        else:
            words = part.text
            if not words.strip() or words != words.strip("\n"):
                return f"an empty or unstripped text: {words[:40]!r}"
        try:
            words.encode()
        except UnicodeEncodeError:
            return "a lone surrogate"
    return None


def work(connection: Connection, first: int, seconds: float, slow: float, megabytes: int) -> None:
    """Cases from `first` on for so many processor seconds; tells of each before and after."""
    pages = seeds()
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    number = first
    while time.process_time() < seconds:
        connection.send((number, None))
        try:
            found, size, spent = read(number, pages)
            what = fault(found)
            outcome = found.rule if isinstance(found, Drop) else "document"
            if what is None and number % AGAIN == 0 and read(number, pages)[0] != found:
                what = "another answer the second time"
            if what is None and spent > slow:
                what = f"{spent:.1f} s"
        except Exception as error:  # whatever escapes is what is sought; the run goes on
            size, spent, outcome, what = 0, 0.0, "error", f"{type(error).__name__}: {error}"[:300]
        now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if now > peak + megabytes * 1024 and what is None:
            what = f"{(now - peak) // 1024} MB more memory"
        peak = max(peak, now)
        connection.send((number, (size, spent, outcome, what, peak // 1024)))
        number += 1
    connection.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=30.0, help="of processor time")
    arguments.add_argument("--first", type=int, default=0, help="number of the first case")
    arguments.add_argument("--seconds", type=float, default=1.0, help="processor time of a case that makes a find")
    arguments.add_argument("--megabytes", type=int, default=1_000, help="growth by one case that makes a find")
    arguments.add_argument("--write", type=int, metavar="CASE", help="write the page of this case to stdout, and stop")
    options = arguments.parse_args()
    if options.write is not None:
        sys.stdout.buffer.write(case(options.write, seeds())[0])
        return
    tally = Tally()
    number = options.first
    left = options.minutes * 60
    peak = 0
    context = multiprocessing.get_context("spawn")
    while left > 1:
        ours, theirs = context.Pipe()
        child = context.Process(target=work, args=(theirs, number, left, options.seconds, options.megabytes))
        child.start()
        theirs.close()
        open_case = None
        try:
            while True:
                number, result = ours.recv()
                open_case = number if result is None else None
                if result is None:
                    continue
                size, spent, outcome, what, peak = result
                tally.cases += 1
                tally.bytes += size
                tally.seconds += spent
                tally.outcomes[outcome] += 1
                tally.slowest = sorted([*tally.slowest, (round(spent, 3), number)], reverse=True)[:10]
                if what is not None:
                    tally.finds.append((number, what))
                    print(f"case {number}: {what}", flush=True)
                if tally.cases % 10_000 == 0:
                    print(f"{tally.cases} cases, {tally.seconds:.0f} s, {len(tally.finds)} finds", flush=True)
        except EOFError:
            child.join()
        if open_case is not None:
            tally.finds.append((open_case, f"the child died with {child.exitcode}"))
            print(f"case {open_case}: the child died with {child.exitcode}", flush=True)
        number += 1
        left = left - 60 if open_case is not None else 0
    print(
        json.dumps(
            {
                "cases": tally.cases,
                "megabytes": tally.bytes // 1_000_000,
                "processor_seconds_reading": round(tally.seconds, 1),
                "processor_minutes": options.minutes,
                "outcomes": dict(tally.outcomes.most_common()),
                "slowest": tally.slowest,
                "peak_mb": peak,
                "finds": tally.finds,
            }
        )
    )


if __name__ == "__main__":
    main()
