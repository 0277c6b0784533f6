"""One response of a crawl to one document: extraction and what is judged of a page by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from filters.consent import REFUSALS, consent, no_images
from filters.image_address import judge as judge_address
from omnicorpus import charset, crawl, storage, warc
from omnicorpus.deadline import DeadlinePassed, deadline
from omnicorpus.document import Document, Drop, Image, Locator, Part
from omnicorpus.engine import ExtractionSettings, PageRefused
from omnicorpus.errors import InputError
from omnicorpus.warc import BadRecord, Response
from omnicorpus.watch import Trail


@dataclass(frozen=True, slots=True)
class PageSettings:
    """How responses become documents.

    `keep_truncated`: keep pages that the crawl cut short. Off: half a document looks like a whole one.
    `refuse`: tokens of meta robots (and "tdm-reservation") that drop a page; [] honours none.
    `image_pixels`: a declared shorter side under this many CSS pixels marks an icon (the largest usual icon has 32).
    `seconds`: the time limit on one page; the slowest of 576 real pages takes under half a second.
    """

    extraction: ExtractionSettings = field(default_factory=ExtractionSettings)
    keep_truncated: bool = False
    refuse: tuple[str, ...] = tuple(sorted(REFUSALS))
    image_pixels: int = 32
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Page:
    """A document, with the parts that were cut out of it: the image and the verdict on it."""

    document: Document
    cuts: tuple[tuple[int, Image, Drop], ...] = ()


def pages(path: str, trail: Trail = Trail()) -> Iterator[Response | BadRecord]:  # noqa: B008 - a frozen value
    """The responses of a crawl file; an HTML file is one response, under the address of the file."""
    if not crawl.is_page(path):
        yield from warc.responses(path, trail)
        return
    data = storage.read_bytes(path)
    if not data.strip():
        raise InputError(f"{path} is empty: an HTML file has at least one tag")
    url = path if "://" in path else f"file://{path if path.startswith('/') else '/' + path}"
    yield Response(url, None, Locator(path, 0, len(data)), 200, "text/html", None, data)


def read_page(response: Response, settings: PageSettings) -> Page | Drop:
    """The document of one response, or why it gives none. Never raises on what a page holds."""
    if response.status != 200:
        return Drop("status", float(response.status), 200.0)
    if not response.is_html or response.body is None:
        return Drop("content_type", detail=response.mime or "none declared")
    if not response.url.lower().startswith(("http://", "https://", "file://")):
        return Drop("address_scheme", detail=response.url[:80])
    if response.truncated and not settings.keep_truncated:
        return Drop("truncated", detail=response.truncated)
    # imported here: the compiler that it brings takes 60 MB and half a second, which all other stages are spared; and
    # before the deadline, as the first import after an installation compiles
    import omnicorpus.extraction  # noqa: F401

    try:
        with deadline(settings.seconds):
            return _extracted(response, response.body, settings)
    except DeadlinePassed:
        return Drop("seconds", settings.seconds, settings.seconds)
    except PageRefused as refused:
        return Drop(refused.rule, refused.value, refused.threshold)


def _extracted(response: Response, body: bytes, settings: PageSettings) -> Page | Drop:
    from omnicorpus.extraction import extract

    extracted = extract(charset.utf8(body, response.charset), response.url, settings.extraction)
    document = Document(
        id=document_id(response),
        url=response.url,
        crawled_at=response.crawled_at,
        warc=response.locator,
        parts=extracted.parts,
        facts=extracted.facts,
    )
    refused = consent(document, refusals=settings.refuse)
    if refused is not None:
        return refused
    kept: list[Part] = []
    cuts: list[tuple[int, Image, Drop]] = []
    unwanted = no_images(document) if settings.refuse else None
    for position, part in enumerate(document.parts):
        verdict = None
        if isinstance(part, Image):
            verdict = unwanted or judge_address(_addressed(part, response.url), pixels=settings.image_pixels)
            if verdict is not None:
                cuts.append((position, part, verdict))
        if verdict is None:
            kept.append(part)
    if not kept:
        return Drop("empty", 0.0, 1.0)
    return Page(document.with_parts(tuple(kept)), tuple(cuts))


def _addressed(image: Image, page: str) -> Image:
    """An image beside a page that is a local file is judged as if a server held both; fetching it is refused later."""
    if page.startswith("file://") and image.url.startswith("file://"):
        return replace(image, url=f"https://localhost{image.url.removeprefix('file://')}")
    return image


def document_id(response: Response) -> str:
    """32 hexadecimal digits of the address, the crawl time and the record's place, but for the file's folder."""
    file = response.locator.file.rsplit("/", 1)[-1]
    when = response.crawled_at.isoformat() if response.crawled_at else ""
    place = "\0".join((response.url, when, file, str(response.locator.offset)))
    return hashlib.blake2b(place.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
