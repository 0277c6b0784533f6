"""The images of a corpus, from their addresses to their scores: the stages between deduplication and the last filters.

    offers       the larger copies that pages offer, and the pictures that crawl files hold, to host partitions
    copies       which of the offered copies the crawl's files and earlier runs have, to who asked
    addresses    each shard's distinct image addresses, of the copies taken, to host partitions
    fetch        an address's bytes: from the crawl where it holds them, else from the web
    measure      one decode a picture: size, format, hashes, NSFW, and the CLIP model's input
    images       CLIP embeddings in batches, the final table of images, measures back to the document shards
    score        every image with the sentences near it, in batches across documents
    hash_counts  in how many documents of the whole corpus a hash is seen

Two addresses are one when their canonical forms are equal; the one that is asked for, and that documents then carry, is
the least of them, https first. Whatever goes wrong with one address is its `Measures.error`; no shard fails for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from omnicorpus import picture, table
from omnicorpus.copies import CopySettings, OfferSettings, Source, copies, offers
from omnicorpus.document import Document, Image, Part
from omnicorpus.fetch import FetchSettings, agent
from omnicorpus.head import HeadSettings
from omnicorpus.measure import (
    BrisqueSettings,
    ClipSettings,
    EmbedSettings,
    MeasureSettings,
    NsfwSettings,
    images,
    measure,
    start_embed,
    start_measure,
)
from omnicorpus.score import HASHES, CountSettings, ScoreSettings, score, start_clip, sum_hashes
from omnicorpus.stage import Need, Resources, Stage
from omnicorpus.supply import AddressSettings, SourceSettings, addresses, fetch, start_fetch


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
                of other runs, "web" asks the hosts. Where a page offers a larger copy of what it shows, the first of
                them that has either copy decides
    earlier     folders of images/ of other runs. Bytes are taken; a lasting refusal (robots, not_found) is kept without
                asking again, a passing one (timeout, busy) is not: so a run over an earlier one asks for just what
                failed. Where an earlier table has a sha256 without bytes, they may lie under another address, and other
                bytes than those are "changed"
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
    brisque: BrisqueSettings = field(default_factory=BrisqueSettings)
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


def stages(
    documents: Need,
    records: Need,
    settings: ImageStageSettings,
    *,
    larger: bool,
    partitions: int,
    document_shards: tuple[str, ...],
) -> tuple[Stage, ...]:
    """The image stages over `documents`, with the pictures that `records` (schema.RECORDS) say the crawl files hold.

    Both needs are narrow, over `document_shards`. `larger`: whether larger copies than those shown are taken. Results:
    `score.documents` (schema.DOCUMENTS, with measures and similarities), the final `images` table, and
    `hash_counts.counts` for `hash_counts`. Raises ConfigError where the web is a source and nobody is named to complain
    to.
    """
    if "web" in settings.sources:
        agent(settings.fetch.contact)
    clip = settings.clip
    count = len(document_shards)
    resources = settings.resources
    seeing = replace(resources.clip, gpus=_gpus(settings))
    order = settings.sources if larger else ()
    had = Need("copies", "had", "all")
    hosts = tuple(f"hosts-{index:05d}" for index in range(partitions))
    hashes = tuple(f"hashes-{index:05d}" for index in range(partitions))
    return (
        Stage(
            "offers",
            offers,
            OfferSettings(order, partitions),
            ("offered", "held"),
            needs=(documents, records),
            exchanges=("offered", "held"),
            shards=document_shards,
            unit="addresses",
            in_funnel=False,
        ),
        Stage(
            "copies",
            copies,
            CopySettings(order, settings.earlier, count),
            ("had",),
            needs=(Need("offers", "offered", "all"), Need("offers", "held", "all")),
            exchanges=("had",),
            shards=hosts,
            unit="addresses",
            in_funnel=False,
        ),
        Stage(
            "addresses",
            addresses,
            AddressSettings(order, partitions),
            ("wanted",),
            needs=(documents, had),
            exchanges=("wanted",),
            shards=document_shards,
            unit="addresses",
            version=2,
            in_funnel=False,
        ),
        Stage(
            "fetch",
            fetch,
            SourceSettings(
                settings.sources,
                settings.earlier,
                settings.domains,
                settings.hashes,
                settings.fetch.max_bytes,
                settings.fetch.robots,
                settings.fetch.opt_outs,
            ),
            ("pictures",),
            needs=(Need("addresses", "wanted", "all"), Need("offers", "held", "all")),
            shards=hosts,
            start=partial(start_fetch, settings.fetch),
            resources=resources.fetch,
            unit="images",
            records=True,
        ),
        Stage(
            "measure",
            measure,
            MeasureSettings(settings.max_pixels, settings.seconds, clip, settings.nsfw, settings.brisque),
            ("measures", "inputs"),
            needs=(Need("fetch", "pictures"),),
            start=start_measure,
            resources=resources.measure,
            unit="images",
            records=True,
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
            exchanges=("measures",),
            unit="images",
            in_funnel=False,
            records=True,
        ),
        Stage(
            "score",
            score,
            ScoreSettings(clip, settings.sentences, order, partitions),
            ("documents", "hashes", "drops"),
            needs=(documents, had, Need("images", "measures", "all")),
            exchanges=("hashes",),
            start=None if clip is None else start_clip,
            resources=seeing,
            version=2,
            records=True,
        ),
        Stage(
            "hash_counts",
            sum_hashes,
            CountSettings(count),
            ("counts",),
            needs=(Need("score", "hashes", "all"),),
            exchanges=("counts",),
            shards=hashes,
            unit="hashes",
            in_funnel=False,
        ),
    )


GPU_DEVICE = Path("/dev/nvidia0")


def _gpus(settings: ImageStageSettings) -> float:
    if settings.clip is None or settings.clip.device == "cpu" or settings.clip.engine == "onnx_int8":
        return 0.0
    if settings.resources.gpus is not None:
        return settings.resources.gpus
    return 1.0 if GPU_DEVICE.exists() else 0.0


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
