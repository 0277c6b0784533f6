"""The images of a corpus, from their addresses to their scores: the stages between deduplication and the last filters.

    addresses    each shard's distinct image addresses, and the pictures that its crawl file holds, to host partitions
    fetch        an address's bytes: from the crawl where it holds them, else from the web
    measure      one decode a picture: size, format, hashes, NSFW, and the CLIP model's input
    images       CLIP embeddings in batches, the final table of images, measures back to the document shards
    score        every image with the sentences near it, in batches across documents
    hash_counts  in how many documents of the whole corpus a hash is seen

Two addresses are one when their canonical forms are equal; the one that is asked for, and that documents then carry, is
the least of them, https first. Whatever goes wrong with one address is its `Measures.error`; no shard fails for it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from omnicorpus import address, head, nsfw, picture, schema, standin, storage, table
from omnicorpus.assignment import assign
from omnicorpus.deadline import DeadlinePassed, deadline
from omnicorpus.document import Document, Image, Measures, Part, Text
from omnicorpus.fetch import PASSING, Fetched, Fetcher, FetchSettings, agent
from omnicorpus.head import Head, HeadSettings
from omnicorpus.sentence import sentences
from omnicorpus.stage import Call, Counts, Need, Resources, Stage
from omnicorpus.warc import BadBody, read_body

if TYPE_CHECKING:
    from omnicorpus.clip import Clip

Source = Literal["warc", "earlier", "web"]


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """The model of image-text similarity.

    model       an open_clip name, "local-dir:FOLDER", "hf-hub:NAME", or "stand-in": a model built from two packages
                of the registry, for machines that reach no hub (omnicorpus.standin)
    pretrained  a tag of open_clip or the path of a weights file. The defaults are MMC4's model (Zhu et al. 2023, 3.2)
    device      auto takes a GPU where torch sees one
    precision   auto is fp16 on a GPU and fp32 on a CPU
    batch       pictures or texts a forward pass
    cache       where weights are kept, null for the usual places
    """

    model: str = "ViT-L-14"
    pretrained: str | None = "openai"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    batch: int = 64
    cache: str | None = None


@dataclass(frozen=True, slots=True)
class NsfwSettings:
    """Yahoo's open_nsfw; `path` of its open-nsfw.onnx, null for the one inside its package."""

    enabled: bool = True
    path: str | None = None


@dataclass(frozen=True, slots=True)
class ImageResources:
    """What one call of each stage takes. `gpus` of null is 1 where this machine has a GPU and the device isn't "cpu",
    else 0."""

    fetch: Resources = field(default_factory=lambda: Resources(cpus=0.5))
    measure: Resources = field(default_factory=Resources)
    clip: Resources = field(default_factory=Resources)
    gpus: float | None = None


@dataclass(frozen=True, slots=True)
class ImageStageSettings:
    """The image stages' share of a config.

    sources     where bytes are looked for, in this order: "warc" is the crawl that is being read, "earlier" the images
                of other runs, "web" asks the hosts
    earlier     folders of images/ of other runs. Bytes are taken; a lasting refusal (robots, not_found) is kept without
                asking again, a passing one (timeout, busy) is not: so a run over an earlier one asks for just what
                failed. Where an earlier table has a sha256 without bytes, other bytes than those are "changed"
    domains     a file of domains that have opted out, one a line, with all their subdomains; a new list, a new name
    hashes      a file of the sha256 of pictures that have been opted out, one a line
    max_pixels  of one picture; Pillow's own limit
    seconds     to decode and hash one picture; a megapixel takes 0.02
    sentences   before an image, and as many after it, that are compared with it (our choice; MMC4 compares all)
    clip        null for no similarities at all
    aesthetic   a head over the CLIP embedding, such as LAION's aesthetic predictors; null for no such score
    unsafe      a head that gives the NSFW score in open_nsfw's place; set nsfw.enabled to false with it
    """

    sources: tuple[Source, ...] = ("warc", "web")
    earlier: tuple[str, ...] = ()
    domains: str | None = None
    hashes: str | None = None
    fetch: FetchSettings = field(default_factory=FetchSettings)
    max_pixels: int = picture.MAX_PIXELS
    seconds: float = 20.0
    sentences: int = 10
    clip: ClipSettings | None = field(default_factory=ClipSettings)
    nsfw: NsfwSettings = field(default_factory=NsfwSettings)
    aesthetic: HeadSettings | None = None
    unsafe: HeadSettings | None = None
    resources: ImageResources = field(default_factory=ImageResources)

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError("sources names at least one of warc, earlier, web")
        if ("earlier" in self.sources) != bool(self.earlier):
            raise ValueError("the source earlier and the folders of earlier belong together")
        if self.clip is None and (self.aesthetic or self.unsafe):
            raise ValueError("aesthetic and unsafe are heads over the CLIP embedding: they need clip")
        if self.unsafe and self.nsfw.enabled:
            raise ValueError("one score has one source: set nsfw.enabled to false where unsafe is given")


@dataclass(frozen=True, slots=True)
class AddressSettings:
    partitions: int


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What decides which pictures are had. How fast and how patiently the web is asked is not among it: what a run has
    fetched it keeps when those numbers change, and `earlier` is the way to ask again for what failed."""

    sources: tuple[Source, ...]
    earlier: tuple[str, ...]
    domains: str | None
    hashes: str | None
    max_bytes: int
    robots: bool
    opt_outs: tuple[str, ...]

    @staticmethod
    def of(settings: ImageStageSettings) -> SourceSettings:
        fetching = settings.fetch
        return SourceSettings(
            settings.sources,
            settings.earlier,
            settings.domains,
            settings.hashes,
            fetching.max_bytes,
            fetching.robots,
            fetching.opt_outs,
        )


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    max_pixels: int
    seconds: float
    clip: ClipSettings | None
    nsfw: NsfwSettings


@dataclass(frozen=True, slots=True)
class EmbedSettings:
    clip: ClipSettings | None
    aesthetic: HeadSettings | None
    unsafe: HeadSettings | None
    document_shards: int


@dataclass(frozen=True, slots=True)
class ScoreSettings:
    clip: ClipSettings | None
    sentences: int
    partitions: int


@dataclass(frozen=True, slots=True)
class CountSettings:
    document_shards: int


def stages(
    documents: Need, records: Need, settings: ImageStageSettings, *, partitions: int, document_shards: tuple[str, ...]
) -> tuple[Stage, ...]:
    """The image stages over `documents`, with the pictures that `records` (schema.RECORDS) say the crawl files hold.

    Both needs are narrow, over `document_shards`. Results: `score.documents` (schema.DOCUMENTS, with measures and
    similarities), the final `images` table, and `hash_counts.counts` for `hash_counts`. Raises ConfigError where the
    web is a source and nobody is named to complain to.
    """
    if "web" in settings.sources:
        agent(settings.fetch.contact)
    clip = settings.clip
    count = len(document_shards)
    resources = settings.resources
    seeing = replace(resources.clip, gpus=_gpus(settings))
    hosts = tuple(f"hosts-{index:05d}" for index in range(partitions))
    hashes = tuple(f"hashes-{index:05d}" for index in range(partitions))
    return (
        Stage(
            "addresses",
            addresses,
            AddressSettings(partitions),
            ("wanted", "held"),
            needs=(documents, records),
            shards=document_shards,
            unit="addresses",
            in_funnel=False,
        ),
        Stage(
            "fetch",
            fetch,
            SourceSettings.of(settings),
            ("pictures",),
            needs=(Need("addresses", "wanted", "all"), Need("addresses", "held", "all")),
            shards=hosts,
            start=partial(start_fetch, settings.fetch),
            resources=resources.fetch,
            unit="images",
        ),
        Stage(
            "measure",
            measure,
            MeasureSettings(settings.max_pixels, settings.seconds, clip, settings.nsfw),
            ("measures", "inputs"),
            needs=(Need("fetch", "pictures"),),
            start=start_measure,
            resources=resources.measure,
            unit="images",
        ),
        Stage(
            "images",
            images,
            EmbedSettings(clip, settings.aesthetic, settings.unsafe, count),
            ("images", "measures"),
            needs=(Need("measure", "measures"), Need("measure", "inputs"), Need("fetch", "pictures")),
            start=None if clip is None else start_embed,
            resources=seeing,
            final={"images": "images"},
            unit="images",
            in_funnel=False,
        ),
        Stage(
            "score",
            score,
            ScoreSettings(clip, settings.sentences, partitions),
            ("documents", "hashes"),
            needs=(documents, Need("images", "measures", "all")),
            start=None if clip is None else start_clip,
            resources=seeing,
        ),
        Stage(
            "hash_counts",
            sum_hashes,
            CountSettings(count),
            ("counts",),
            needs=(Need("score", "hashes", "all"),),
            shards=hashes,
            unit="hashes",
            in_funnel=False,
        ),
    )


GPU_DEVICE = Path("/dev/nvidia0")


def _gpus(settings: ImageStageSettings) -> float:
    if settings.clip is None or settings.clip.device == "cpu":
        return 0.0
    if settings.resources.gpus is not None:
        return settings.resources.gpus
    return 1.0 if GPU_DEVICE.exists() else 0.0


WANTED = pa.schema([("key", pa.string()), ("url", pa.string()), ("shard", pa.int32())])
"""An image address that documents of a shard show. `key` is its canonical form."""

HELD = pa.schema(
    [
        ("key", pa.string()),
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("length", pa.int64()),
        ("at", schema.CRAWLED_AT),
    ]
)
"""A picture that a crawl file holds."""


def addresses(call: Call, _state: object) -> Counts:
    """Distinct addresses of a shard's images, and the pictures of its crawl file, both to their host's partition."""
    settings: AddressSettings = call.settings
    (documents,), (records,) = call.inputs.values()
    found: set[str] = set()
    for group in table.groups(documents, ["images"]):
        found.update(pc.struct_field(pc.list_flatten(group["images"]), "url").drop_null().to_pylist())
    best: dict[str, str] = {}
    for url in found:
        key = address.canonical(url)
        best[key] = min(best.get(key, url), url, key=_preference)
    wanted = pa.table([sorted(best), [best[key] for key in sorted(best)], [call.index] * len(best)], schema=WANTED)
    held = table.read(records, ["url", "file", "offset", "length", "crawled_at"])
    held = pa.table(
        [
            [address.canonical(url) for url in held["url"].to_pylist()],
            *(held[name].combine_chunks() for name in ("file", "offset", "length", "crawled_at")),
        ],
        schema=HELD,
    )
    for name, rows in (("wanted", wanted), ("held", held)):
        table.scatter(
            call.path(name), rows, _host_partitions(rows["key"].to_pylist(), settings.partitions), settings.partitions
        )
    return Counts(len(best), len(best))


def _preference(url: str) -> tuple[bool, str]:
    return (not url.startswith("https:"), url)


def _host_partitions(keys: Sequence[str], partitions: int) -> np.ndarray:
    """One actor owns a host, so that its limits need no lock."""
    return np.array([_spread(address.host(key), partitions) for key in keys], dtype=np.int64)


def _spread(text: str, partitions: int) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % partitions


PICTURES = pa.schema(
    [
        ("key", pa.string()),
        ("url", pa.string()),
        ("shards", pa.list_(pa.int32())),
        ("source", pa.string()),
        ("error", pa.string()),
        ("content", pa.binary()),
    ]
)
"""An address with its bytes as served, or the reason why there are none, and the document shards that show it."""

GROUP_ROWS = 512
GROUP_BYTES = 64 << 20
"""Of pictures in a row group, whichever is reached first: what a consumer holds in memory at once."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What brings bytes, and what keeps them out."""

    fetcher: Fetcher | None
    domains: frozenset[str]
    hashes: frozenset[str]

    def refuses(self, url: str) -> bool:
        """Whether the owner of an address's domain, or of one above it, has opted out."""
        labels = address.host(url).split(".")
        return any(".".join(labels[start:]) in self.domains for start in range(len(labels)))


def start_fetch(fetching: FetchSettings, settings: SourceSettings) -> Supply:
    fetcher = Fetcher(fetching) if "web" in settings.sources else None
    return Supply(fetcher, _lines(settings.domains), _lines(settings.hashes))


def _lines(path: str | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    lines = (line.strip().lower() for line in storage.read_bytes(path).decode("utf-8", "replace").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


@dataclass(slots=True)
class _Found:
    """What is known of one wanted address: where its bytes lie in the spool, or why they are nowhere.

    `settled` says that no other source need be asked; `expected` is the sha256 that an earlier run recorded.
    """

    url: str
    shards: list[int]
    source: Source | None = None
    error: str | None = "not_in_crawl"
    settled: bool = False
    expected: str | None = None
    at: int = 0
    length: int = 0


def fetch(call: Call, supply: Supply) -> Counts:
    """Bytes of every address of a host partition, in the order of addresses.

    They wait on a local disk, not in memory, until all are there.
    """
    settings: SourceSettings = call.settings
    found = _distinct(table.gather(call.inputs["addresses.wanted"], call.index, WANTED))
    for item in found.values():
        if supply.domains and supply.refuses(item.url):
            item.error, item.settled = "opt_out", True
    with tempfile.TemporaryFile() as spool:
        for source in settings.sources:
            missing = {key: item for key, item in found.items() if not item.settled}
            if source == "warc":
                places = _newest(table.gather(call.inputs["addresses.held"], call.index, HELD))
                for key, item in missing.items():
                    if key in places:
                        _keep(item, _from_crawl(places[key], settings.max_bytes), source, supply, spool)
            elif source == "earlier":
                _take_earlier(settings.earlier, missing, supply, spool)
            else:
                _ask(supply, missing.values(), spool)
        with table.appending(call.path("pictures"), PICTURES, plain=["content"]) as append:
            for part in _grouped(found):
                append(pa.Table.from_pylist([_picture_row(key, item, spool) for key, item in part], schema=PICTURES))
    errors = [item.error for item in found.values() if item.source is None and item.error is not None]
    drops = {reason: errors.count(reason) for reason in sorted(set(errors))}
    return Counts(len(found), len(found) - len(errors), drops)


def _take_earlier(folders: Sequence[str], missing: Mapping[str, _Found], supply: Supply, spool: IO[bytes]) -> None:
    """Bytes and lasting refusals from tables of images; of several that have an address, the first."""
    for folder in folders:
        for name in storage.names(folder):
            if not name.endswith(".parquet"):
                continue
            for row in _rows_of(storage.join(folder, name), missing):
                item = missing[row["key"]]
                if item.settled:
                    continue
                if row["content"] is not None:
                    _keep(item, Fetched(item.url, row["content"]), "earlier", supply, spool)
                elif row["error"] is None:
                    item.expected = row["sha256"]
                elif row["error"] not in PASSING and row["error"] != "not_in_crawl":
                    item.error, item.settled = row["error"], True


def _rows_of(path: str, keys: Container[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table of images whose addresses are among the keys; only their row groups' bytes are read."""
    with storage.reading(path) as file, pq.ParquetFile(file) as parquet:
        for index in range(parquet.num_row_groups):
            urls = parquet.read_row_group(index, columns=["url"])["url"].to_pylist()
            wanted = {place: key for place, url in enumerate(urls) if (key := address.canonical(url)) in keys}
            if wanted:
                rows = parquet.read_row_group(index, columns=["error", "sha256", "content"]).take(list(wanted))
                yield from ({**row, "key": key} for row, key in zip(rows.to_pylist(), wanted.values(), strict=True))


def _distinct(wanted: pa.Table) -> dict[str, _Found]:
    """Addresses by key, in the keys' order; for one key the preferred of its addresses, and all shards that show it."""
    found: dict[str, _Found] = {}
    for row in wanted.to_pylist():
        item = found.setdefault(row["key"], _Found(row["url"], []))
        item.url = min(item.url, row["url"], key=_preference)
        item.shards.append(row["shard"])
    return dict(sorted(found.items()))


def _newest(held: pa.Table) -> dict[str, dict[str, Any]]:
    """For each key the record that was crawled last; the later of equals."""
    rows = held.to_pylist()
    rows.sort(
        key=lambda row: (row["at"] is not None, row["at"].timestamp() if row["at"] else 0, row["file"], row["offset"])
    )
    return {row["key"]: row for row in rows}


def _from_crawl(place: Mapping[str, Any], max_bytes: int) -> Fetched:
    try:
        content = read_body(place["file"], place["offset"], place["length"])
    except BadBody as error:
        return Fetched(place["key"], error=error.rule)
    if not content:
        return Fetched(place["key"], error="empty")
    if len(content) > max_bytes:
        return Fetched(place["key"], error="too_many_bytes")
    return Fetched(place["key"], content)


def _ask(supply: Supply, items: Iterable[_Found], spool: IO[bytes]) -> None:
    assert supply.fetcher is not None
    by_url = {item.url: item for item in items}
    supply.fetcher.fetch(by_url, lambda came: _keep(by_url[came.url], came, "web", supply, spool))


def _keep(item: _Found, came: Fetched, source: Source, supply: Supply, spool: IO[bytes]) -> None:
    if came.content is None:
        item.error = came.error
        return
    item.settled = True
    if supply.hashes or item.expected is not None:
        digest = hashlib.sha256(came.content).hexdigest()
        if digest in supply.hashes or item.expected not in (None, digest):
            item.error = "opt_out" if digest in supply.hashes else "changed"
            return
    item.at, item.length, item.source, item.error = spool.seek(0, 2), len(came.content), source, None
    spool.write(came.content)


def _grouped(found: Mapping[str, _Found]) -> Iterator[list[tuple[str, _Found]]]:
    part: list[tuple[str, _Found]] = []
    size = 0
    for key, item in found.items():
        part.append((key, item))
        size += item.length
        if len(part) == GROUP_ROWS or size >= GROUP_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _picture_row(key: str, item: _Found, spool: IO[bytes]) -> dict[str, Any]:
    content = None
    if item.source is not None:
        spool.seek(item.at)
        content = spool.read(item.length)
    shards = sorted(set(item.shards))
    return {
        "key": key,
        "url": item.url,
        "shards": shards,
        "source": item.source,
        "error": item.error,
        "content": content,
    }


_KEPT_MEASURES = [column for column in schema.MEASURES if not column[0].endswith("_count")]

MEASURED = pa.schema(
    [
        ("key", pa.string()),
        ("url", pa.string()),
        ("shards", pa.list_(pa.int32())),
        ("source", pa.string()),
        *_KEPT_MEASURES,
    ]
)

INPUTS = pa.schema([("pixels", pa.binary())])
"""The CLIP model's input, uint8 of (side, side, 3), row by row with MEASURED; null where there is no picture or no
model."""


@dataclass(frozen=True, slots=True)
class Meter:
    """What measures pictures: the models that look at pixels on a CPU."""

    frame: picture.Frame | None
    resize: picture.Resize
    nsfw: nsfw.Nsfw | None


def start_measure(settings: MeasureSettings) -> Meter:
    frame, resize = None, picture.resized
    if settings.clip is not None:
        from omnicorpus import clip

        frame, resize = clip.frame(_model_name(settings.clip), settings.clip.pretrained), clip.resized
    return Meter(frame, resize, nsfw.load(settings.nsfw.path) if settings.nsfw.enabled else None)


def _model_name(settings: ClipSettings) -> str:
    return standin.build(settings.cache) if settings.model == standin.NAME else settings.model


def measure(call: Call, meter: Meter) -> Counts:
    """Decode every picture once, for all that is measured of it."""
    settings: MeasureSettings = call.settings
    rows_in = rows_out = 0
    reasons: dict[str, int] = {}
    with (
        table.appending(call.path("measures"), MEASURED) as append_measures,
        table.appending(call.path("inputs"), INPUTS) as append_inputs,
    ):
        for group in table.groups(call.one("fetch.pictures")):
            rows: list[dict[str, Any]] = []
            pixels: list[bytes | None] = []
            looks: list[tuple[int, np.ndarray]] = []
            for row in group.to_pylist():
                content = row.pop("content")
                measures, seen, look = (
                    (Measures(error=row["error"]), None, None)
                    if content is None
                    else _measured(content, settings, meter)
                )
                if look is not None:
                    looks.append((len(rows), look))
                rows.append({**row, **{name: getattr(measures, name) for name, _ in _KEPT_MEASURES}})
                pixels.append(seen)
                if content is not None:
                    rows_in += 1
                    rows_out += measures.error is None
                    if measures.error is not None:
                        reasons[measures.error] = reasons.get(measures.error, 0) + 1
            if meter.nsfw is not None:
                for start in range(0, len(looks), NSFW_BATCH):
                    part = looks[start : start + NSFW_BATCH]
                    for (index, _), value in zip(part, meter.nsfw.scores([look for _, look in part]), strict=True):
                        rows[index]["nsfw"] = float(value)
            append_measures(pa.Table.from_pylist(rows, schema=MEASURED))
            append_inputs(pa.table([pixels], schema=INPUTS))
    return Counts(rows_in, rows_out, dict(sorted(reasons.items())))


NSFW_BATCH = 32
"""150 KB each, as float 600; a larger batch is no faster on one core."""


def _measured(
    content: bytes, settings: MeasureSettings, meter: Meter
) -> tuple[Measures, bytes | None, np.ndarray | None]:
    """A picture's measures, and what the CLIP and the NSFW model see of it."""
    try:
        with deadline(settings.seconds):
            decoded = picture.decode(content, max_pixels=settings.max_pixels)
            p_hash, d_hash = picture.hashes(decoded.gray)
            measures = Measures(
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                width=decoded.width,
                height=decoded.height,
                format=decoded.format,
                p_hash=p_hash,
                d_hash=d_hash,
            )
            seen = None if meter.frame is None else picture.framed(decoded, meter.frame, meter.resize).tobytes()
            look = None if meter.nsfw is None else nsfw.model_input(decoded)
    except picture.NotAPicture as error:
        return Measures(error=error.reason), None, None
    except DeadlinePassed:
        return Measures(error="too_slow"), None, None
    return measures, seen, look


@dataclass(frozen=True, slots=True)
class Embedder:
    """The CLIP model and the heads over its embedding."""

    clip: Clip
    aesthetic: Head | None
    nsfw: Head | None


def start_embed(settings: EmbedSettings) -> Embedder:
    loaded = _load_clip(settings.clip)
    aesthetic, unsafe = (
        None if wanted is None else head.load(wanted, loaded.dimension)
        for wanted in (settings.aesthetic, settings.unsafe)
    )
    return Embedder(loaded, aesthetic, unsafe)


def start_clip(settings: ScoreSettings) -> Clip:
    return _load_clip(settings.clip)


def _load_clip(wanted: ClipSettings | None) -> Clip:
    from omnicorpus import clip

    assert wanted is not None
    return clip.load(
        _model_name(wanted), wanted.pretrained, device=wanted.device, precision=wanted.precision, cache=wanted.cache
    )


RETURNED = pa.schema(
    [("key", pa.string()), ("url", pa.string()), *_KEPT_MEASURES, ("embedding", pa.list_(pa.float16()))]
)
"""What a document shard is told of an address that it shows."""


def images(call: Call, embedder: Embedder | None) -> Counts:
    """Embed every picture, write the table of images, and send the measures to the document shards that show them."""
    settings: EmbedSettings = call.settings
    returned: list[pa.Table] = []
    homes: list[np.ndarray] = []
    count = 0
    groups = zip(
        table.groups(call.one("measure.measures")),
        table.groups(call.one("measure.inputs")),
        table.groups(call.one("fetch.pictures"), ["content"]),
        strict=True,
    )
    with table.appending(call.path("images"), schema.IMAGES, plain=["content"]) as append:
        for measured, inputs, pictures in groups:
            count += measured.num_rows
            vectors, held = _vectors(inputs["pixels"], embedder, settings)
            scored = _with_heads(measured, vectors, held, embedder)
            whole = scored.append_column("embedding", _embeddings(vectors, held, measured.num_rows))
            whole = whole.append_column("content", pictures["content"])
            append(whole.select(schema.IMAGES.names))
            lengths = np.array([len(shards) for shards in whole["shards"].to_pylist()], dtype=np.int64)
            homes.append(whole["shards"].combine_chunks().flatten().to_numpy(zero_copy_only=False))
            returned.append(whole.select(RETURNED.names).take(pa.array(np.repeat(np.arange(len(lengths)), lengths))))
    rows = pa.concat_tables([RETURNED.empty_table(), *returned])
    home = np.concatenate([np.empty(0, np.int64), *homes]).astype(np.int64)
    table.scatter(call.path("measures"), rows, home, settings.document_shards)
    return Counts(count, count)


def _vectors(
    pixels: pa.ChunkedArray, embedder: Embedder | None, settings: EmbedSettings
) -> tuple[np.ndarray, list[int]]:
    """Unit vectors of a row group's pictures, which go through the model together, and the rows that have one."""
    given = pixels.to_pylist()
    held = [index for index, item in enumerate(given) if item is not None]
    if embedder is None or settings.clip is None or not held:
        return np.empty((0, 0), np.float32), []
    side = embedder.clip.frame.side
    stack = np.frombuffer(b"".join(given[index] for index in held), np.uint8).reshape(-1, side, side, 3)
    return embedder.clip.images(stack, settings.clip.batch), held


def _embeddings(vectors: np.ndarray, held: Sequence[int], count: int) -> pa.Array:
    found: list[np.ndarray | None] = [None] * count
    for index, vector in zip(held, vectors.astype(np.float16), strict=True):
        found[index] = vector
    return pa.array(found, pa.list_(pa.float16()))


def _with_heads(measured: pa.Table, vectors: np.ndarray, held: Sequence[int], embedder: Embedder | None) -> pa.Table:
    """The scores that heads over the embedding give, in their columns."""
    heads = {} if embedder is None else {"aesthetic": embedder.aesthetic, "nsfw": embedder.nsfw}
    for name, model in heads.items():
        if model is not None and held:
            scores: list[float | None] = [None] * measured.num_rows
            for index, score in zip(held, model.scores(vectors).tolist(), strict=True):
                scores[index] = score
            place = measured.schema.get_field_index(name)
            measured = measured.set_column(place, MEASURED.field(name), pa.array(scores, pa.float32()))
    return measured


HASHES = pa.schema([("kind", pa.string()), ("hash", pa.string()), ("shard", pa.int32()), ("documents", pa.int64())])
"""How many documents of one shard show a picture of this hash; `kind` is "p" or "d"."""


def score(call: Call, clip: Clip | None) -> Counts:
    """Give every image its measures, and its similarities to the texts around it."""
    settings: ScoreSettings = call.settings
    (given,), _ = call.inputs.values()
    told = table.gather(call.inputs["images.measures"], call.index, RETURNED)
    known = _known(told)
    hashes: dict[tuple[str, str], int] = {}
    count = 0
    with table.appending(call.path("documents"), schema.DOCUMENTS) as append:
        for group in table.groups(given):
            documents = [_with_measures(document, known) for document in schema.documents(group)]
            if clip is not None and settings.clip is not None:
                documents = _scored(documents, known, clip, settings)
            count += len(documents)
            for document in documents:
                for pair in _hashes(document):
                    hashes[pair] = hashes.get(pair, 0) + 1
            append(schema.documents_table(documents))
    pairs = sorted(hashes)
    rows = pa.table(
        [
            [kind for kind, _ in pairs],
            [digits for _, digits in pairs],
            [call.index] * len(pairs),
            [hashes[pair] for pair in pairs],
        ],
        schema=HASHES,
    )
    home = np.array([int(digits, 16) % settings.partitions for _, digits in pairs], dtype=np.int64)
    table.scatter(call.path("hashes"), rows, home, settings.partitions)
    return Counts(count, count)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a document shard was told of one address."""

    url: str
    measures: Measures
    embedding: np.ndarray | None


def _known(told: pa.Table) -> dict[str, _Known]:
    names = [name for name, _ in _KEPT_MEASURES]
    rows = told.select(["key", "url", *names]).to_pylist()
    return {
        row["key"]: _Known(row["url"], Measures(**{name: row[name] for name in names}), vector)
        for row, vector in zip(rows, _rows_of_vectors(told["embedding"].combine_chunks()), strict=True)
    }


def _rows_of_vectors(column: pa.ListArray) -> Iterator[np.ndarray | None]:
    """float32 vectors, None where the row has none; no number becomes a Python object."""
    held = column.is_valid().to_numpy(zero_copy_only=False)
    numbers = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    vectors = iter(numbers.reshape(int(held.sum()), -1) if len(numbers) else ())
    return (next(vectors) if there else None for there in held)


def _with_measures(document: Document, known: Mapping[str, _Known]) -> Document:
    """Every image with its measures, and with the address under which the table of images has it."""
    return document.with_parts(tuple(_measured_part(part, known) for part in document.parts))


def _measured_part(part: Part, known: Mapping[str, _Known]) -> Part:
    if not isinstance(part, Image):
        return part
    item = known[address.canonical(part.url)]
    return replace(part, url=item.url, measures=item.measures)


@dataclass(frozen=True, slots=True)
class _Near:
    """An image of one document that has a vector, and the sentences near it: (position of the text part, sentence)."""

    document: int
    position: int
    image: Image
    sentences: tuple[tuple[int, str], ...]


def _scored(
    documents: list[Document], known: Mapping[str, _Known], clip: Clip, settings: ScoreSettings
) -> list[Document]:
    """Similarities for all images of many documents: every distinct text goes through the model once."""
    assert settings.clip is not None
    vectors_of = {item.url: item.embedding for item in known.values()}
    near = [
        item
        for index, document in enumerate(documents)
        for item in _near(index, document, settings.sentences)
        if vectors_of[item.image.url] is not None
    ]
    texts = sorted({text for item in near for text in _texts(item)})
    vectors = clip.texts(texts, settings.clip.batch)
    row = {text: index for index, text in enumerate(texts)}
    parts = [list(document.parts) for document in documents]
    for index, group in groupby(near, key=lambda item: item.document):
        items = list(group)
        own = np.stack([vector for item in items if (vector := vectors_of[item.image.url]) is not None])
        matched = _matched(items, own, vectors, row)
        for item, embedding, match in zip(items, own, matched, strict=True):
            similar = _with_similarities(item, embedding, vectors, row)
            parts[index][item.position] = replace(similar, matched_sentence=match[0], matched_similarity=match[1])
    return [document.with_parts(tuple(each)) for document, each in zip(documents, parts, strict=True)]


MATCHED_IMAGES = 300
"""A document of more images has none matched: the time of matching grows with their square, and no corpus keeps it."""


def _matched(
    items: Sequence[_Near], own: np.ndarray, vectors: np.ndarray, row: Mapping[str, int]
) -> list[tuple[str | None, float | None]]:
    """For each image of one document the sentence that is its alone, and their similarity."""
    texts = list(dict.fromkeys(sentence for item in items for _, sentence in item.sentences))
    if not texts or len(items) > MATCHED_IMAGES:
        return [(None, None)] * len(items)
    similarities = own @ vectors[[row[text] for text in texts]].T
    return [
        (None, None) if column is None else (texts[column], float(similarities[index, column]))
        for index, column in enumerate(assign(similarities))
    ]


def _near(index: int, document: Document, window: int) -> Iterator[_Near]:
    """Each image with the last `window` sentences before it and the first `window` after it."""
    told: list[tuple[int, str]] = []
    places: list[tuple[int, int, Image]] = []
    for position, part in enumerate(document.parts):
        if isinstance(part, Text):
            told.extend((position, sentence) for sentence in sentences(part.text))
        else:
            places.append((position, len(told), part))
    for position, at, image in places:
        yield _Near(index, position, image, tuple(told[max(0, at - window) : at + window]))


def _texts(item: _Near) -> Iterator[str]:
    yield from (sentence for _, sentence in item.sentences)
    yield from (text for text in (item.image.alt, item.image.caption) if text)


def _with_similarities(item: _Near, embedding: np.ndarray, vectors: np.ndarray, row: Mapping[str, int]) -> Image:
    image = item.image
    own = {
        name: None if not text else float(vectors[row[text]] @ embedding)
        for name, text in (("alt_similarity", image.alt), ("caption_similarity", image.caption))
    }
    image = replace(image, alt_similarity=own["alt_similarity"], caption_similarity=own["caption_similarity"])
    if not item.sentences:
        return image
    similarities = vectors[[row[sentence] for _, sentence in item.sentences]] @ embedding
    best = int(np.argmax(similarities))
    position, sentence = item.sentences[best]
    return replace(image, clip_similarity=float(similarities[best]), best_text=position, best_sentence=sentence)


def _hashes(document: Document) -> set[tuple[str, str]]:
    found = set()
    for image in document.images():
        if image.measures is not None:
            if image.measures.p_hash is not None:
                found.add(("p", image.measures.p_hash))
            if image.measures.d_hash is not None:
                found.add(("d", image.measures.d_hash))
    return found


def sum_hashes(call: Call, _state: object) -> Counts:
    """Add up a hash partition, and send each sum to the document shards that show the hash."""
    settings: CountSettings = call.settings
    rows = table.gather(call.inputs["score.hashes"], call.index, HASHES)
    pairs = np.array(
        [kind + digits for kind, digits in zip(rows["kind"].to_pylist(), rows["hash"].to_pylist(), strict=True)],
        dtype=str,
    )
    distinct, which = np.unique(pairs, return_inverse=True)
    sums = np.bincount(which, weights=rows["documents"].to_numpy(), minlength=len(distinct)).astype(np.int64)
    summed = rows.set_column(3, HASHES.field("documents"), pa.array(sums[which], pa.int64()))
    home = rows["shard"].to_numpy().astype(np.int64)
    table.scatter(call.path("counts"), summed, home, settings.document_shards)
    return Counts(rows.num_rows, len(distinct))


def hash_counts(paths: Iterable[str], index: int) -> dict[tuple[str, str], int]:
    """In how many documents of the corpus each hash is seen that document shard `index` shows: by ("p" or "d",
    hash)."""
    rows = table.gather(paths, index, HASHES).to_pylist()
    return {(row["kind"], row["hash"]): row["documents"] for row in rows}


def with_hash_counts(documents: Iterable[Document], counts: Mapping[tuple[str, str], int]) -> list[Document]:
    """Documents whose images know how many documents show the same picture."""
    return [document.with_parts(tuple(_counted(part, counts) for part in document.parts)) for document in documents]


def _counted(part: Part, counts: Mapping[tuple[str, str], int]) -> Part:
    if not isinstance(part, Image) or part.measures is None:
        return part
    measures = part.measures
    p_count = None if measures.p_hash is None else counts[("p", measures.p_hash)]
    d_count = None if measures.d_hash is None else counts[("d", measures.d_hash)]
    return replace(part, measures=replace(measures, p_hash_count=p_count, d_hash_count=d_count))
