"""Deduplication measured: what it finds, how fast it is, how it grows. `make bench-dedup` prints all of it.

dedup.py quality   recall and precision on planted near-duplicates of real pages and on a real crawl, beside the peers
dedup.py speed     processor seconds by stage on documents of real length, beside datatrove's whole pipeline
dedup.py exchange  what a reader of an exchange asks of its store, beside row groups of Parquet
dedup.py scale     millions of synthetic signatures with planted clusters and a hot bucket; killed and resumed
dedup.py all       one after the other; on one free core the full sizes take about an hour and a half

Real pages come from ../shared/data; the peers run in .venv-bench and are left out where it isn't there.
"""

from __future__ import annotations

import argparse
import gettext
import gzip
import hashlib
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from omnicorpus import candidate, duplicates, plan, runner, schema, shard, signature, signed, sketch, storage, table
from omnicorpus.band import Bands
from omnicorpus.document import Document, Locator, Text
from omnicorpus.duplicates import DuplicateSettings
from omnicorpus.plan import Plan
from omnicorpus.shard import Manifest
from omnicorpus.signature import mixed, shingles, tokens
from omnicorpus.stage import Call, Counts, Need, Stage
from omnicorpus.warc import Response
from pipelines import page as reading

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
PEERS = ROOT / ".venv-bench" / "bin" / "python"
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
DOCUMENTS = Need("pages", "documents")

Group = frozenset[int]


def document(index: int, text: str, url: str = "") -> Document:
    return Document(
        id=hashlib.md5(f"{index}".encode()).hexdigest(),
        url=url or f"https://example.test/{index}",
        crawled_at=EPOCH + timedelta(minutes=index),
        warc=Locator("bench.warc.gz", index, 1),
        parts=(Text(text),),
    )


def copy_source(call: Call, state: object) -> Counts:  # noqa: ARG001
    rows = table.read(call.source)
    table.write(call.path("documents"), rows)
    return Counts(len(rows), len(rows))


def lay_out(folder: Path, shards: Sequence[Sequence[Document]], settings: DuplicateSettings, partitions: int) -> Plan:
    paths = []
    for index, documents in enumerate(shards):
        paths.append(str(folder / "in" / f"{index:05d}.parquet"))
        table.write(paths[-1], schema.documents_table(documents))
    names = tuple(f"shard-{index:05d}" for index in range(len(shards)))
    first = Stage("pages", copy_source, None, ("documents",), shards=names, sources=tuple(paths))
    return plan.make(str(folder / "run"), (first, *duplicates.stages(DOCUMENTS, settings, partitions=partitions)))


def carry_out(laid: Plan) -> None:
    runner.run(laid, runner.Inline(), lambda _: None)


def manifests(laid: Plan) -> dict[str, list[Manifest]]:
    """What the finished shards say, by stage."""
    return {
        step.stage.name: [shard.read(step.output(name) + shard.ENDING) for name in step.shards] for step in laid.steps
    }


def groups(laid: Plan, numbers: dict[str, int]) -> list[Group]:
    """Documents that were joined: each keeper with those that it was kept in the place of."""
    found: dict[str, set[int]] = defaultdict(set)
    for row in table.read_all(laid.tables(Need("unique", "drops", "all")), schema.DROPS).to_pylist():
        found[row["twin"]] |= {numbers[row["twin"]], numbers[row["document"]]}
    return [frozenset(members) for members in found.values()]


def deduplicate(texts: Sequence[str], settings: DuplicateSettings) -> list[Group]:
    with tempfile.TemporaryDirectory() as folder:
        documents = [document(index, text) for index, text in enumerate(texts)]
        shards = [documents[start::3] for start in range(3)]
        laid = lay_out(Path(folder), shards, settings, partitions=2)
        carry_out(laid)
        return groups(laid, {document.id: index for index, document in enumerate(documents)})


def real_pages() -> list[str]:
    """Main texts of the gold pages of at least 60 words, in a fixed order, none of them like an earlier one."""
    kept: list[str] = []
    seen: set[int] = set()
    for path in sorted((SHARED / "gold").glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            text = json.loads(line)["text"]
            found = set(shingles(tokens([text]).of(0), 5).tolist())
            if len(found) >= 60 and len(found & seen) < 0.2 * len(found):
                kept.append(text)
                seen |= found
    return kept


def english(text: str) -> bool:
    return sum(map(str.isascii, text)) > 0.97 * len(text)


def is_unspaced(text: str) -> bool:
    """Whether runs between spaces are too long to be words: phrases in Thai, sentences in Chinese."""
    return len(text) > 12 * len(text.split())


SCRIPTS = {
    "Chinese": ("CJK",),
    "Japanese": ("HIRAGANA", "KATAKANA"),
    "Thai": ("THAI",),
    "Khmer": ("KHMER",),
    "Burmese": ("MYANMAR",),
}
"""Languages without spaces between words, by the first words of the names of letters that only they have, or mostly."""


def share(text: str, names: tuple[str, ...]) -> float:
    return sum(unicodedata.name(letter, "").startswith(names) for letter in text) / max(1, len(text))


def messages(language: str, least: int = 1_000) -> list[str]:
    """Runs of the messages of this machine's programs in a language, of at least so many characters, each run once."""
    found: dict[str, None] = {}
    for path in sorted(Path("/usr/share/locale").glob(f"{language}/LC_MESSAGES/*.mo")):
        with path.open("rb") as file, suppress(OSError, UnicodeDecodeError):
            catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
            found |= {text: None for text in catalogue.values() if isinstance(text, str) and not text.isascii()}
    pages: list[str] = []
    waiting = ""
    for text in found:
        waiting += text + " "
        if len(waiting) >= least:
            pages.append(waiting)
            waiting = ""
    return pages


def unspaced_pages(pages: Sequence[str]) -> dict[str, list[str]]:
    """Pages by language: gold pages of Chinese and Japanese; of the others what this machine's programs say."""
    japanese = [page for page in pages if share(page, SCRIPTS["Japanese"]) > 0.1]
    chinese = [page for page in pages if share(page, SCRIPTS["Chinese"]) > 0.4 and page not in japanese]
    others = {"Thai": "th", "Khmer": "km", "Burmese": "my"}
    said = {
        name: [page for page in messages(code) if share(page, SCRIPTS[name]) > 0.5] for name, code in others.items()
    }
    return {"Chinese": chinese, "Japanese": japanese, **said}


def edited(text: str, jaccard: float, others: Sequence[str], rng: random.Random) -> str:
    """The text with words replaced, taken away and put in here and there, or a block of it changed or added.

    Aims at a Jaccard similarity of word 5-grams; the true one is measured afterwards.
    """
    glue = "" if is_unspaced(text) else " "
    words = text.split() if glue else list(text)
    count = len(words)
    foreign = rng.choice(others).split() if glue else list(rng.choice(others))
    kind = rng.choice(["scattered", "scattered", "block", "added"])
    if kind == "scattered":
        changes = max(1, round(count * (1 - jaccard) / (5 * (1 + jaccard))))
        for place in sorted(rng.sample(range(count), min(count, changes)), reverse=True):
            way = rng.randrange(3)
            words[place : place + (way != 2)] = [] if way == 1 else [rng.choice(foreign)]
        return glue.join(words)
    size = max(1, round(count * (1 - jaccard) / (1 + jaccard))) if kind == "block" else round(count * (1 / jaccard - 1))
    start = rng.randrange(max(1, count - size))
    block = (foreign * (1 + size // max(1, len(foreign))))[:size]
    words[start : start + (size if kind == "block" else 0)] = block
    return glue.join(words)


def word_sets(texts: Sequence[str], *, plain: bool) -> list[set[object]]:
    """The 5-grams of each text: of words by a regular expression, or of our tokens where scripts have no spaces."""
    if not plain:
        found = tokens(texts)
        return [set(shingles(found.of(index), 5).tolist()) for index in range(len(texts))]
    split = [re.findall(r"\w+", text.lower()) for text in texts]
    return [{tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))} for words in split]


def similarity(first: set[object], second: set[object]) -> float:
    return len(first & second) / len(first | second)


def planted(pages: Sequence[str], pairs: int, seed: int) -> Iterator[list[str]]:
    """Batches of texts, an original and its edited copy in turn; no two pairs of a batch have the same original."""
    rng = random.Random(seed)
    made = 0
    while made < pairs:
        batch: list[str] = []
        for page in pages[: pairs - made]:
            text = " ".join(page.split())
            batch += [text, edited(text, rng.uniform(0.5, 0.99), pages, rng)]
        made += len(batch) // 2
        yield batch


def judge(name: str, true: dict[tuple[int, int, int], float], joined: set[tuple[int, int, int]]) -> None:
    near = [pair for pair, value in true.items() if value >= 0.8]
    found = sum(pair in joined for pair in near)
    right = sum(true[pair] >= 0.75 for pair in joined)
    print(
        f"  {name:<28} recall at >= 0.8: {found}/{len(near)} = {found / max(1, len(near)):.4f}   "
        f"joined with >= 0.75: {right}/{len(joined)} = {right / max(1, len(joined)):.4f}"
    )


def curve(true: dict[tuple[int, int, int], float], joined: set[tuple[int, int, int]]) -> list[tuple[float, float]]:
    steps: dict[float, list[bool]] = defaultdict(list)
    for pair, value in true.items():
        if value >= 0.5:
            steps[min(0.985, int(value * 50) / 50 + 0.01)].append(pair in joined)
    return [(step, sum(values) / len(values)) for step, values in sorted(steps.items())]


def pairs_of(batches: Sequence[Sequence[Group]]) -> set[tuple[int, int, int]]:
    return {
        (number, first, second)
        for number, found in enumerate(batches)
        for members in found
        for first, second in combinations(sorted(members), 2)
    }


def quality(pairs: int) -> None:
    pages = real_pages()
    sets = {"English pages": [page for page in pages if english(page)], "all languages": pages}
    default = DuplicateSettings()
    print(default.bands.curve(), flush=True)
    curves: dict[str, list[tuple[float, float]]] = {}
    for label, chosen in sets.items():
        batches = list(planted(chosen, pairs, seed=1))
        plain = label == "English pages"
        known = [word_sets(batch, plain=plain) for batch in batches]
        true = {
            (number, first, first + 1): similarity(found[first], found[first + 1])
            for number, found in enumerate(known)
            for first in range(0, len(found), 2)
        }
        print(f"{label}: {len(chosen)} pages, {len(true)} planted pairs in {len(batches)} batches")
        ways = {
            "omnicorpus": default,
            "omnicorpus, not verified": replace(default, verify=False),
            "omnicorpus, exactly 0.8": replace(default, confidence=0.5, slack=0.0),
            "omnicorpus, 256": replace(default, permutations=256),
        }
        results = {name: [deduplicate(batch, way) for batch in batches] for name, way in ways.items()}
        if plain and PEERS.exists():
            results |= peers(batches)
        for name, found in results.items():
            joined = pairs_of(found)
            full = {pair: similarity(known[pair[0]][pair[1]], known[pair[0]][pair[2]]) for pair in joined} | true
            judge(name, full, joined)
            if plain and name in ("omnicorpus", "omnicorpus, not verified", "datatrove", "data-juicer"):
                curves[name] = curve(true, joined)
    for label, chosen in unspaced_pages(pages).items():
        if not chosen:
            print(f"{label}: no pages here (programs' messages are in Debian's packages of translations)")
            continue
        batches = list(planted(chosen, pairs // 10, seed=2))
        known = [word_sets(batch, plain=False) for batch in batches]
        joined = pairs_of([deduplicate(batch, default) for batch in batches])
        full = {
            (number, *pair): similarity(found[pair[0]], found[pair[1]])
            for number, found in enumerate(known)
            for pair in {(first, first + 1) for first in range(0, len(found), 2)}
            | {p[1:] for p in joined if p[0] == number}
        }
        print(f"{label}: {len(chosen)} pages, {pairs // 10} planted pairs in {len(batches)} batches")
        judge("omnicorpus", full, joined)
    if curves and PEERS.exists():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "curves.json"
            path.write_text(json.dumps(curves))
            subprocess.run(
                [PEERS, ROOT / "benchmarks/dedup_peers.py", "plot", path, ROOT / "docs/dedup.png"], check=True
            )
    crawl()


def peers(batches: Sequence[Sequence[str]]) -> dict[str, list[list[Group]]]:
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "texts.jsonl", Path(folder) / "clusters.json"
        source.write_text("".join(json.dumps(batch) + "\n" for batch in batches))
        subprocess.run([PEERS, ROOT / "benchmarks/dedup_peers.py", "pairs", source, output], check=True)
        found = json.loads(output.read_text())
    return {name: [[frozenset(members) for members in batch] for batch in results] for name, results in found.items()}


GIMP = SHARED / "crawls/gimp.warc.gz"


def by_trafilatura() -> dict[str, str]:
    """Texts of the GIMP manual by address."""
    import trafilatura
    from warcio.archiveiterator import ArchiveIterator

    texts: dict[str, str] = {}
    with GIMP.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type == "response" and "html" in (record.http_headers.get_header("content-type") or ""):
                body = trafilatura.extract(record.content_stream().read(), include_comments=False)
                texts[str(record.rec_headers.get_header("WARC-Target-URI"))] = body or ""
    return texts


def by_ours() -> dict[str, str]:
    """The same as our pipelines extract them; pages that give no document are left out."""
    texts: dict[str, str] = {}
    for response in reading.pages(str(GIMP)):
        page = reading.read_page(response, reading.PageSettings()) if isinstance(response, Response) else None
        if isinstance(page, reading.Page):
            texts[page.document.url] = "\n".join(part.text for part in page.document.texts())
    return texts


def crawl() -> None:
    """The GIMP manual: pages of zh_CN that are mostly untranslated copies of English ones, crawled later.

    Of the listed pairs by the list's own number and by the similarity of the texts that were really compared.
    """
    listed = json.loads((SHARED / "near_duplicates.json").read_text())
    for name, extract in (("our extraction", by_ours), ("Trafilatura", by_trafilatura)):
        texts = extract()
        urls, number = list(texts), {url: index for index, url in enumerate(texts)}
        known = word_sets(list(texts.values()), plain=False)
        measured = {
            (0, *pair): similarity(known[pair[0]], known[pair[1]])
            for pair in combinations(range(len(urls)), 2)
            if known[pair[0]] or known[pair[1]]
        }
        joined = pairs_of([deduplicate(list(texts.values()), DuplicateSettings())])
        there = [pair for pair in listed if pair["a"] in number and pair["b"] in number]
        ends = [sorted((number[pair["a"]], number[pair["b"]])) for pair in there]
        true = {(0, first, second): pair["jaccard"] for (first, second), pair in zip(ends, there, strict=True)}
        print(f"gimp.warc.gz by {name}: {len(urls)} pages, both of {len(there)} of {len(listed)} listed pairs")
        judge("listed pairs, by the list", true, joined & set(true))
        judge("listed pairs, by these texts", {pair: measured[pair] for pair in true}, joined & set(true))
        judge("all pairs, by these texts", measured, joined)
        for pair, value in sorted(true.items(), key=lambda item: item[1]):
            if value >= 0.8 and pair not in joined:
                print(f"    not joined: {value:.3f} in the list, {measured[pair]:.3f} here, {urls[pair[1]]}")
        print(f"  joined pairs that are not listed: {len(joined - set(true))}")


def real_lengths(pages: Sequence[str], count: int, seed: int) -> Iterator[str]:
    """Texts of 522 words in the median (log-normal, sigma 0.8), of real words; every fifth a copy with a few edits.

    A text is put together from runs of 40 words of real pages, so that no two share more than a run by chance.
    """
    rng = random.Random(seed)
    words = " ".join(pages).split()
    recent: list[str] = []
    for index in range(count):
        if index % 5 == 4:
            copied = rng.choice(recent).split()
            for _ in range(rng.randrange(8)):
                copied[rng.randrange(len(copied))] = rng.choice(words)
            yield " ".join(copied)
            continue
        length = max(60, round(rng.lognormvariate(6.2577, 0.8)))
        starts = [rng.randrange(len(words) - 40) for _ in range(-(-length // 40))]
        text = " ".join(" ".join(words[start : start + 40]) for start in starts)
        recent = [*recent[-999:], text]
        yield text


def speed(count: int) -> None:
    pages = [page for page in real_pages() if english(page)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = list(real_lengths(pages, count, seed=1))
        lengths = sorted(len(text.split()) for text in texts)
        print(f"{count:,} documents, {lengths[count // 2]} words in the median, {sum(lengths) / count:.0f} in the mean")
        documents = [document(index, text) for index, text in enumerate(texts)]
        shards = [documents[start : start + 10_000] for start in range(0, count, 10_000)]
        laid = lay_out(folder, shards, DuplicateSettings(), partitions=8)
        (folder / "jsonl").mkdir()
        with (folder / "jsonl" / "texts.jsonl").open("w") as file:
            for index, text in enumerate(texts):
                file.write(json.dumps({"id": str(index), "text": text}) + "\n")
        del documents, shards, texts
        carry_out(laid)
        made = manifests(laid)
        seconds = {stage: sum(one.seconds for one in done) for stage, done in made.items() if stage != "pages"}
        for stage, spent in seconds.items():
            print(f"  {stage:<24} {spent:8.2f} s   {1e6 * spent / count:8.1f} us a document")
        total = sum(seconds.values())
        kept = sum(one.rows_out for one in made["unique"])
        print(f"  omnicorpus: {total:.1f} core-seconds, {count / total:,.0f} documents a core-second, {kept:,} kept")
        print(f"  signatures with reading and writing: {count / seconds['signatures']:,.0f} documents a core-second")
        if not PEERS.exists():
            return
        output = folder / "peer.json"
        command: list[str | Path] = [
            PEERS,
            ROOT / "benchmarks/dedup_peers.py",
            "speed",
            folder / "jsonl",
            folder / "datatrove",
            output,
        ]
        subprocess.run(command, check=True, capture_output=True)
        theirs: dict[str, float] = json.loads(output.read_text())
        for stage, spent in theirs.items():
            print(f"  datatrove {stage:<14} {spent:8.2f} s   {1e6 * spent / count:8.1f} us a document")
        whole = sum(theirs.values())
        print(f"  datatrove: {whole:.1f} core-seconds, {count / whole:,.0f} documents a core-second")
        ours = {
            "signature": seconds["signatures"],
            "buckets": sum(seconds[stage] for stage in ("bands", "buckets", "departures", "verified")),
            "cluster": sum(
                seconds[stage] for stage in ("edge_count", "components", "members", "near_duplicate", "twins")
            ),
            "filter": seconds["unique"],
        }
        for stage, spent in ours.items():
            print(f"  {stage:<12} {theirs[stage] / spent:6.1f} times")
        print(f"  whole        {whole / total:6.1f} times, with the exact layers that datatrove has not")


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Of one shard: `rows` documents, of `shards` in all.

    Of 1,000 documents 300 are in clusters of five in the mean, 20 in one cluster over all shards, and 10 share the
    first band with each other and nothing else. Members of a cluster agree at 0.95 of the places with its centre.
    """

    rows: int
    shards: int
    bands: Bands


def synthetic_documents(call: Call, _: None) -> Counts:
    settings: Synthetic = call.settings
    number = np.arange(settings.rows) + call.index * settings.rows
    warc = {"file": "synthetic", "offset": 0, "length": 1}
    fixed = pa.Table.from_pylist([{"warc": warc, "facts": {}, "kinds": ["text"], "texts": ["text"], "images": [None]}])
    same = fixed.take(pa.array(np.zeros(settings.rows, np.int64)))
    columns = {name: same[name] for name in fixed.column_names} | {
        "id": pa.array([f"{high:016x}{low:016x}" for high, low in zip(*_mix(number, 1, 2).tolist(), strict=True)]),
        "url": pa.array([f"https://site{value % 997}.test/{value}" for value in number.tolist()]),
        "crawled_at": pa.array(number % 10**6, pa.int64()).cast(schema.CRAWLED_AT),
        "language": pa.nulls(settings.rows, pa.string()),
        "language_score": pa.nulls(settings.rows, pa.float32()),
    }
    columns["facts"] = pa.nulls(settings.rows, schema.FACTS)
    columns["images"] = pa.nulls(settings.rows, schema.DOCUMENTS.field("images").type)
    rows = pa.table({name: columns[name] for name in schema.DOCUMENTS.names}).cast(schema.DOCUMENTS)
    table.write(call.path("documents"), rows, rows_per_group=50_000)
    return Counts(settings.rows, settings.rows)


def _mix(number: NDArray[np.int64], *salts: int) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        return np.stack(
            [mixed(number.astype(np.uint64) * np.uint64(2_654_435_761) + np.uint64(salt)) for salt in salts]
        )


def synthetic_signed(call: Call, _: None) -> Counts:
    """Signed rows without texts, in the place of the stage "signatures"."""
    settings: Synthetic = call.settings
    parts = []
    for start in range(0, settings.rows, 8_192):
        row = np.arange(start, min(start + 8_192, settings.rows))
        number = row + call.index * settings.rows
        kind, choice, high, low, text_high, text_low = _mix(number, 3, 4, 1, 2, 5, 6)
        kind, clusters = kind % np.uint64(1_000), np.uint64(settings.rows * settings.shards * 3 // 50)
        cluster = np.where(
            kind < 300, choice % clusters, np.where(kind < 320, clusters, clusters + 1 + number.astype(np.uint64))
        )
        values = _places(cluster, number, 128)
        values[np.ix_((kind >= 320) & (kind < 330), range(settings.bands.rows))] = 7
        sketches = np.sort(_places(cluster + np.uint64(1 << 40), number, sketch.SIZE), axis=1)
        count = len(row)
        columns = {
            "row": row.astype(np.uint32),
            "id_high": high,
            "id_low": low,
            "crawled": number % 10**6,
            "images": np.zeros(count, np.int64),
            "length": np.full(count, 4_000),
            "address_high": high,
            "address_low": low,
            "text_high": text_high,
            "text_low": text_low,
            "image_set_high": np.zeros(count, np.uint64),
            "image_set_low": np.zeros(count, np.uint64),
            "size": np.full(count, 600),
            "signature": signature.packed(values),
            "sketch": signature.packed(sketches),
            "url": pa.nulls(count, pa.string()),
            "warc": pa.nulls(count, schema.LOCATOR),
        }
        parts.append(pa.table(columns, schema=signed.schema(DuplicateSettings().signature)))
    signed.write(call.path("signed"), pa.concat_tables(parts))
    return Counts(settings.rows, settings.rows)


def _places(cluster: NDArray[np.uint64], number: NDArray[np.int64], width: int) -> NDArray[np.uint32]:
    place = np.arange(width, dtype=np.uint64)
    own = mixed(number.astype(np.uint64)[:, None] * np.uint64(1 << 20) + place)
    shared = mixed(cluster[:, None] * np.uint64(1 << 20) + place + np.uint64(1 << 19))
    return (np.where(own % np.uint64(100) < 5, own, shared) >> np.uint64(32)).astype(np.uint32)


def synthetic_plan(folder: str, count: int, shards: int, partitions: int, memory: int) -> Plan:
    settings = DuplicateSettings(memory=memory)
    made = Synthetic(count // shards, shards, settings.bands)
    names = tuple(f"shard-{index:05d}" for index in range(shards))
    first = Stage("pages", synthetic_documents, made, ("documents",), shards=names)
    chain = [
        replace(stage, work=synthetic_signed, settings=made) if stage.name == "signatures" else stage
        for stage in duplicates.stages(DOCUMENTS, settings, partitions=partitions)
    ]
    return plan.make(folder, (first, *chain))


def scale(count: int, kills: bool, memory: int) -> None:
    """Runs in a child process, which is killed once in each stage if asked; then the seconds and bytes of each
    stage."""
    shards, partitions = max(4, count // 100_000), max(4, count // 160_000)
    values = [str(value) for value in (count, shards, partitions, memory)]
    with tempfile.TemporaryDirectory(dir=ROOT.parent) as folder:
        digests = {}
        for name in ["whole", "killed"] if kills else ["whole"]:
            target = f"{folder}/{name}"
            laid = synthetic_plan(target, count, shards, partitions, memory)
            killed = _kill_in_each_stage(laid, [target, *values]) if name == "killed" else 0
            subprocess.run([sys.executable, __file__, "worker", target, *values], check=True)
            laid = synthetic_plan(target, count, shards, partitions, memory)
            paths = [path for made in ("documents", "drops") for path in laid.tables(Need("unique", made, "all"))]
            digests[name] = hashlib.sha256(b"".join(map(_digest, paths)))
            if name == "killed":
                print(f"killed {killed} times and resumed")
            else:
                _report(laid, count)
            shutil.rmtree(target)
        if kills:
            same = digests["whole"].hexdigest() == digests["killed"].hexdigest()
            print("the output is byte for byte the same" if same else "THE OUTPUT DIFFERS")


def _digest(path: str) -> bytes:
    return hashlib.sha256(Path(path).read_bytes()).digest()


def _kill_in_each_stage(laid: Plan, values: list[str]) -> int:
    """Start the run again for every stage, and kill it when about half of what is left of that stage is done."""
    killed = 0
    for step in laid.steps:
        done = _done(step)
        if done == len(step.shards):
            continue
        wanted = done + (len(step.shards) - done) // 2
        process = subprocess.Popen([sys.executable, __file__, "worker", *values])
        while process.poll() is None and not (_done(step) >= wanted and Path(step.folder).exists()):
            time.sleep(0.002)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
        print(f"  {step.stage.name}: killed with {_done(step)} of {len(step.shards)} calls done")
    return killed


def _done(step: plan.Step) -> int:
    return sum(name.endswith(shard.ENDING) for name in storage.names(step.folder))


def worker(folder: str, count: int, shards: int, partitions: int, memory: int) -> None:
    carry_out(synthetic_plan(folder, count, shards, partitions, memory))


def _report(laid: Plan, count: int) -> None:
    print(f"{count:,} documents of signatures")
    print(
        f"  {'stage':<24} {'calls':>6} {'core-s':>9} {'us/doc':>8} {'MB written':>11} {'peak MB':>8} {'rows out':>12}"
    )
    peak, total, moved = 0, 0.0, 0
    for stage, done in manifests(laid).items():
        seconds = sum(manifest.seconds for manifest in done)
        written = sum(int(made["bytes"]) for manifest in done for made in manifest.tables.values())
        highest = max(manifest.peak for manifest in done)
        out = sum(manifest.rows_out for manifest in done)
        print(
            f"  {stage:<24} {len(done):>6} {seconds:>9.1f} {1e6 * seconds / count:>8.2f} "
            f"{written / 1e6:>11.1f} {highest / 1e6:>8.0f} {out:>12,}"
        )
        peak = max(peak, highest)
        if stage not in ("pages", "signatures"):
            total, moved = total + seconds, moved + written
    print(f"  after that: {total:.0f} core-s, {1e6 * total / count:.1f} us a document, {moved / 1e9:.2f} GB written")
    print(f"  largest process: {peak / 1e6:.0f} MB")


class Counted:
    """What a reader asks of an S3 store: requests and bytes that came, by botocore's own account."""

    def __init__(self) -> None:
        self.requests = self.bytes = 0

    def __call__(self, parsed: dict[str, Any], **_: object) -> None:
        self.requests += 1
        self.bytes += parsed.get("ContentLength", 0) if "Body" in parsed else 0


def parquet_scatter(path: str, rows: pa.Table, partition: NDArray[np.int64], partitions: int) -> None:
    """The exchange as it was before: a row group for each partition."""
    order = np.argsort(partition, kind="stable")
    bounds = np.searchsorted(partition[order], np.arange(partitions + 1)).tolist()
    grouped = rows.take(pa.array(order))
    with (
        storage.writing(path) as file,
        pq.ParquetWriter(file, rows.schema, compression="ZSTD", compression_level=3, write_statistics=False) as writer,
    ):
        for start, end in pairwise(bounds):
            writer.write_table(grouped.slice(start, end - start), row_group_size=max(1, end - start))


def parquet_gather(paths: Sequence[str], partition: int, kind: pa.Schema) -> pa.Table:
    tables = []
    for path in paths:
        with table.opened(path) as parquet:
            tables.append(table.group(parquet, partition, kind.names).cast(kind))
    return pa.concat_tables(tables)


def exchange(producers: int, partitions: int) -> None:
    """One reader of one partition: requests, bytes and processor time, from a disk and from a real S3 server."""
    sys.path.append(str(ROOT))
    from tests.store import BUCKET, s3

    rng = np.random.default_rng(1)
    count = 300 * partitions
    buckets = rng.integers(0, 1 << 63, count).astype(np.uint64)
    rows = pa.table({"bucket": buckets, "row": np.arange(count, dtype=np.uint32) // 18}, schema=candidate.BUCKETS)
    to = (buckets % np.uint64(partitions)).astype(np.int64)
    scattering = Callable[[str, pa.Table, NDArray[np.int64], int], None]
    gathering = Callable[[Sequence[str], int, pa.Schema], pa.Table]
    ways: dict[str, tuple[scattering, gathering]] = {
        "parts": (table.scatter, table.gather),
        "row groups": (parquet_scatter, parquet_gather),
    }
    print(f"{producers} producers, {partitions:,} partitions, {count // partitions:,} rows in each part")
    with tempfile.TemporaryDirectory() as folder, s3():
        for name, (scatter, gather) in ways.items():
            for root in (folder, f"s3://{BUCKET}"):
                paths = [f"{root}/{name}/{number}" for number in range(producers)]
                start = time.process_time()
                scatter(paths[0], rows, to, partitions)
                written = time.process_time() - start
                for path in paths[1:]:
                    storage.write_bytes(path, storage.read_bytes(paths[0]))
                seen = Counted()
                if root != folder:
                    storage.filesystem(root)[0].s3.meta.events.register("after-call.s3", seen)
                start = time.process_time()
                found = gather(paths, partitions // 2, candidate.BUCKETS)
                spent = 1e6 * (time.process_time() - start) / producers
                if root != folder:
                    storage.filesystem(root)[0].s3.meta.events.unregister("after-call.s3", seen)
                size = storage.size(paths[0]) / 1e6
                print(
                    f"  {name:<10} {'disk' if root == folder else 'S3':<4} written: {size:.2f} MB a producer in "
                    f"{written:.2f} s; read: {len(found):,} rows, {spent:,.0f} us a producer"
                    + (f", {seen.requests:,} requests, {seen.bytes:,} bytes" if root != folder else "")
                )


def main() -> None:
    if sys.argv[1:2] == ["worker"]:
        worker(sys.argv[2], *map(int, sys.argv[3:]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["all", "quality", "speed", "exchange", "scale"])
    parser.add_argument("--pairs", type=int, default=5_000, help="planted pairs of each set")
    parser.add_argument("--documents", type=int, default=100_000, help="documents of the speed run")
    parser.add_argument("--signatures", type=int, default=10_000_000, help="synthetic documents of the scale run")
    parser.add_argument("--kills", action="store_true", help="run again, killed in the middle of each stage; all does")
    memory = DuplicateSettings().memory
    parser.add_argument("--memory", type=int, default=memory, help="bytes for edges, 0 for stars whatever fits")
    options = parser.parse_args()
    every = options.what == "all"
    if options.what in ("all", "quality", "speed") and not SHARED.exists():
        parser.error(f"{SHARED} isn't there: real pages are needed")
    if every or options.what == "quality":
        quality(options.pairs)
    if every or options.what == "speed":
        speed(options.documents)
    if every or options.what == "exchange":
        exchange(producers=100, partitions=1_000)
    if every or options.what == "scale":
        scale(options.signatures, options.kills or every, options.memory)


if __name__ == "__main__":
    main()
