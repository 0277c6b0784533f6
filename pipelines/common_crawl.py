"""Common Crawl WARC files to a corpus of interleaved documents, in the order of OmniCorpus (arXiv 2406.08418).

    extract      read the archive, take the main body with images in place, identify the language
    select       keep the configured languages, apply the preliminary text filters
    unique       deduplicate by address, by text, by MinHash (its stages: omnicorpus.duplicates)
    paragraphs   where the config asks: cut what a site repeats in document after document (OBELICS)
    images       fetch, measure and embed the images of the survivors (omnicorpus.images)
    scores       statistics and scores of the same texts, beside the images (omnicorpus.text_score)
    refine       judge by scores, cut bad images, lines and paragraphs, mask personal data, judge what is left, write

Everything up to refine measures; moving a threshold of refine runs that stage alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeVar, get_args
from urllib.parse import urljoin

import pyarrow as pa

from filters import detailed, personal, preliminary
from filters import document as document_filters
from filters import image as image_filters
from filters import scores as score_filters
from filters.flagged import flagged_share
from filters.statistics import statistics
from filters.words import prose
from omnicorpus import (
    audit,
    crawl,
    duplicates,
    images,
    language,
    paragraph,
    schema,
    shadow,
    storage,
    table,
    text_score,
    warc,
    watch,
)
from omnicorpus.document import Document, Drop, Image, Part, Scores, Text
from omnicorpus.schema import Dropped, dropped_document, dropped_part
from omnicorpus.scorer import Passage
from omnicorpus.stage import Call, Counts, Folder, Need, Stage, shard_name
from omnicorpus.warc import BadRecord, Response
from pipelines.page import Page, PageSettings, pages, read_page

NAME = "common_crawl"

LOOKED_AT = 1_000

REDIRECTS = (301, 302, 303, 307, 308)
HOPS = 5
"""Redirects followed within a crawl; as many as are followed on the web."""


@dataclass(frozen=True, slots=True)
class LanguageSettings:
    """`least_score`: fastText's certainty below which a page counts as of no language. 0.65: FineWeb; OBELICS 0.8."""

    least_score: float = 0.65


@dataclass(frozen=True, slots=True)
class ExtractSettings:
    """The first stage. `require_image`: pages whose main body has no image are dropped (OmniCorpus 3.1).

    `larger_images`: an image is taken at the largest copy that its page offers, rather than at the copy shown; where
    the first of `images.sources` that has either has only the one shown, that one is taken.
    """

    page: PageSettings = field(default_factory=PageSettings)
    require_image: bool = True
    larger_images: bool = True


PRELIMINARY_RULES = tuple(shadow.rules(preliminary.PreliminarySettings))

REFINE_RULES = tuple(
    rule
    for kind in (
        image_filters.ImageSettings,
        detailed.DetailedSettings,
        document_filters.RefinedSettings,
        score_filters.ScoreBounds,
    )
    for rule in shadow.rules(kind)
    if rule != "composed"  # it changes how a text is written and takes nothing away
)

RULES = (
    *(f"{stage}{rule}" for stage in ("", "select.") for rule in (*PRELIMINARY_RULES, "language", "language_score")),
    *(f"{stage}{rule}" for stage in ("", "refine.") for rule in REFINE_RULES),
    *(f"{stage}{rule}" for stage in ("", "unique.") for rule in get_args(duplicates.Layer)),
    *(f"{stage}{paragraph.RULE}" for stage in ("", "paragraphs.")),
)
"""The rules that may have a budget in `review`, though a run has no drop by them."""


@dataclass(frozen=True, slots=True)
class SelectionSettings:
    """`shadow`: rules of `preliminary` under trial: they count and mark, and drop nothing (`omnicorpus.shadow`)."""

    shadow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectSettings:
    languages: tuple[str, ...] | None
    language: LanguageSettings
    preliminary: preliminary.PreliminarySettings
    shadow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefineSettings:
    """The last stage: thresholds over scores, rules over measured images, then over lines and paragraphs (OmniCorpus
    3.1, detailed text filtering; null leaves them out), then over what is left of the document. `personal`: which
    personal data is masked, in the corpus and in this stage's ledger; null for none. `shadow`: rules of these four
    under trial: they count and mark, and drop nothing (`omnicorpus.shadow`)."""

    scores: score_filters.ScoreBounds = field(default_factory=score_filters.ScoreBounds)
    image: image_filters.ImageSettings = field(default_factory=image_filters.ImageSettings)
    detailed: detailed.DetailedSettings | None = field(default_factory=detailed.DetailedSettings)
    document: document_filters.RefinedSettings = field(default_factory=document_filters.RefinedSettings)
    personal: personal.PersonalSettings | None = field(default_factory=personal.PersonalSettings)
    shadow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """A run of this pipeline. `workers`: processors of the embedded Ray, null for all, 0 to run without Ray.

    `languages`: ISO 639 codes that are kept, or `all`. `partitions`: into how many parts the corpus is cut where rows
    are regrouped; about one for every 100 MB of documents keeps a part in a worker's memory. `scores`: what scores the
    texts, null for nothing. `paragraphs`: off, as in OmniCorpus; on translated manuals it cuts untranslated paragraphs
    from the original as well (a sixth of all in ../shared/data/crawls).
    """

    pipeline: Literal["common_crawl"]
    input: tuple[str, ...]
    output: str
    languages: tuple[str, ...] | Literal["all"] = ("en",)
    workers: int | None = None
    partitions: int = 8
    extract: ExtractSettings = field(default_factory=ExtractSettings)
    language: LanguageSettings = field(default_factory=LanguageSettings)
    preliminary: preliminary.PreliminarySettings = field(default_factory=preliminary.PreliminarySettings)
    select: SelectionSettings = field(default_factory=SelectionSettings)
    duplicates: duplicates.DuplicateSettings = field(default_factory=duplicates.DuplicateSettings)
    paragraphs: paragraph.ParagraphSettings | None = None
    images: images.ImageStageSettings = field(default_factory=images.ImageStageSettings)
    scores: text_score.TextScoreSettings | None = field(default_factory=text_score.TextScoreSettings)
    refine: RefineSettings = field(default_factory=RefineSettings)
    review: audit.ReviewSettings = field(default_factory=audit.ReviewSettings)

    def __post_init__(self) -> None:
        if self.partitions < 1:
            raise ValueError(f"partitions is at least 1, not {self.partitions}")
        if self.workers is not None and self.workers < 0:
            raise ValueError(f"workers is 0 or more, not {self.workers}")
        shadow.check("select.shadow", self.select.shadow, (self.preliminary,), PRELIMINARY_RULES)
        sections = (self.refine.image, self.refine.detailed, self.refine.document, self.refine.scores)
        shadow.check("refine.shadow", self.refine.shadow, sections, REFINE_RULES)
        self._check_bounds()

    def _check_bounds(self) -> None:
        given = frozenset() if self.scores is None else self.scores.gives
        counted = self.scores is not None and self.scores.statistics
        for name in score_filters.judged(self.refine.scores):
            if name not in given and not (counted and score_filters.is_statistic(name)):
                raise ValueError(
                    f"refine.scores.{name} has a threshold and nothing gives that score: see scores.models"
                )


def resolved(settings: Settings) -> Settings:
    """The settings with the sha256 of every text scorer's files, so that the manifest names them. Raises ModelMissing
    where a model isn't there."""
    if settings.scores is None:
        return settings
    return replace(settings, scores=text_score.resolved(settings.scores))


def files(settings: Settings) -> tuple[str, ...]:
    """The crawl files of a run. Raises InputError where one isn't there, or at the first look is none.

    The look is for local files, and for no more than `LOOKED_AT`: it is there so that a slip shows at once and not
    after a night.
    """
    found = tuple(crawl.files(settings.input))
    for path in found[:LOOKED_AT]:
        if storage.is_local(path) and not crawl.is_page(path):
            warc.check(path)
    return found


def stages(settings: Settings, sources: tuple[str, ...], shards: tuple[str, ...] | None = None) -> tuple[Stage, ...]:
    """The pipeline over the crawl files `sources`, in order. `shards` names them where a run has: then they may be
    gone."""
    if shards is None:
        shards = tuple(shard_name(path, storage.size(path) if storage.is_local(path) else None) for path in sources)
    languages = None if settings.languages == "all" else tuple(settings.languages)
    unique = Need("unique", "documents")
    paragraphs: tuple[Stage, ...] = ()
    if settings.paragraphs is not None:
        paragraphs = paragraph.stages(unique, settings.paragraphs, partitions=settings.partitions)
        unique = Need("paragraphs", "documents")
    scores: tuple[Stage, ...] = ()
    if settings.scores is not None:
        scores = text_score.stages(unique, settings.scores, measure=measured, read=passage)
    return (
        Stage(
            "extract",
            extract,
            settings.extract,
            ("documents", "records", "drops"),
            shards=shards,
            sources=sources,
            records=True,
            version=4,
        ),
        Stage(
            "select",
            select,
            SelectSettings(
                languages,
                settings.language,
                settings.preliminary,
                settings.select.shadow,
            ),
            _tables(settings.select.shadow),
            needs=(Need("extract", "documents"),),
            records=True,
            version=2,
            final=_shadows(settings.select.shadow),
        ),
        *duplicates.stages(Need("select", "documents"), settings.duplicates, partitions=settings.partitions),
        *paragraphs,
        *images.stages(
            unique,
            Need("extract", "records"),
            settings.images,
            larger=settings.extract.larger_images,
            partitions=settings.partitions,
            document_shards=shards,
        ),
        *scores,
        Stage(
            "refine",
            refine,
            settings.refine,
            _tables(settings.refine.shadow),
            needs=(
                Need("score", "documents"),
                Need("hash_counts", "counts", "all"),
                *(Need(stage.name, text_score.TABLE) for stage in scores),
            ),
            records=True,
            version=2,
            final={"documents": "documents", **_shadows(settings.refine.shadow)},
        ),
    )


def _shadows(trial: tuple[str, ...]) -> dict[str, Folder]:
    return {shadow.TABLE: "shadows"} if trial else {}


def _tables(trial: tuple[str, ...]) -> tuple[str, ...]:
    return ("documents", "drops", shadow.TABLE) if trial else ("documents", "drops")


def extract(call: Call, _state: object) -> Counts:
    """A crawl file to its documents, the ledger of what gave none, and the places of the images that it holds."""
    settings: ExtractSettings = call.settings
    dropped: list[Dropped] = []
    records: list[dict[str, object]] = []
    moved: dict[str, str] = {}
    rows_in = rows_out = 0
    with table.appending(call.path("documents"), schema.DOCUMENTS) as append:
        waiting: list[Document] = []
        for response, lost in watch.read(call, partial(pages, call.source)):
            if lost is not None:
                rows_in += 1
                dropped.append(Dropped(lost, call.stage, url=response.url, warc=response.locator))
                continue
            if isinstance(response, Response) and response.status == 200 and response.mime.startswith("image/"):
                records.append(_image_record(response))
                continue
            if isinstance(response, Response) and response.status in REDIRECTS and "location" in response.headers:
                moved[response.url] = response.headers["location"]
            rows_in += 1
            found = _document(response, settings, call.stage, dropped)
            if found is None:
                continue
            rows_out += 1
            waiting.append(found)
            if len(waiting) == table.ROWS_PER_GROUP:
                append(schema.documents_table(waiting))
                waiting.clear()
        append(schema.documents_table(waiting))
    held = [*records, *_redirected(moved, {str(record["url"]): record for record in records})]
    table.write(call.path("records"), pa.Table.from_pylist(held, schema=schema.RECORDS))
    call.write_drops(dropped)
    return Counts.of(rows_in, rows_out, dropped)


def _redirected(moved: Mapping[str, str], records: Mapping[str, Mapping[str, object]]) -> Iterator[dict[str, object]]:
    """The records of addresses that lead to an image of the same crawl file, within `HOPS` redirects."""
    for url in moved:
        target = url
        for _ in range(HOPS):
            try:
                target = urljoin(target, moved[target])
            except (KeyError, ValueError):
                break
            if target in records:
                yield {**records[target], "url": url}
                break


def _image_record(response: Response) -> dict[str, object]:
    return {
        "url": response.url,
        "file": response.locator.file,
        "offset": response.locator.offset,
        "length": response.locator.length,
        "content_type": response.mime,
        "crawled_at": response.crawled_at,
    }


def _document(
    response: Response | BadRecord, settings: ExtractSettings, stage: str, dropped: list[Dropped]
) -> Document | None:
    if isinstance(response, BadRecord):
        drop = Drop(response.rule, response.value, detail=response.detail)
        dropped.append(Dropped(drop, stage, url=response.url, warc=response.locator))
        return None
    page = read_page(response, settings.page)
    if isinstance(page, Page) and settings.require_image and next(page.document.images(), None) is None:
        dropped.extend(_cut(page, stage))
        page = Drop("image_count", 0.0, 1.0)
    if isinstance(page, Drop):
        dropped.append(Dropped(page, stage, url=response.url, warc=response.locator))
        return None
    dropped.extend(_cut(page, stage))
    code, score = language.identify(page.document.text())
    return replace(page.document, language=code, language_score=score)


def _cut(page: Page, stage: str) -> Iterable[Dropped]:
    document = page.document
    for position, part, drop in page.cuts:
        yield Dropped(drop, stage, document.id, document.url, position, part, document.warc)


Judged = TypeVar("Judged", SelectSettings, RefineSettings)

Verdict = tuple[Document | Drop, list[tuple[int, Drop]]]
"""What is left of a document, or why nothing is; and what was cut out of it, by the position of the part."""


def _judged(
    call: Call,
    path: str,
    judge: Callable[[Document, Judged], Verdict],
    settings: Judged,
    trial: tuple[str, ...],
    shown: Callable[[Document], Document] = lambda document: document,
    kind: pa.Schema = schema.DOCUMENTS,
) -> Counts:
    """The documents of one file that a stage keeps, the ledger of the others and of all that was cut, and what the
    rules of `trial` would have taken: counted apart, as `shadow: rule`. The ledger holds parts as `shown` gives
    them."""
    live = shadow.without(settings, trial)
    marked: list[Dropped] = []
    dropped: list[Dropped] = []
    rows_in = rows_out = 0
    documents = (document for group in table.groups(path) for document in schema.documents(group))
    with table.appending(call.path("documents"), kind) as append:
        kept: list[Document] = []
        for document, lost in watch.records(call, documents):
            rows_in += 1
            if lost is not None:
                dropped.append(dropped_document(document, lost, call.stage))
                continue
            marks = list(shadow.marks(document, judge, settings, trial))
            left, cuts = judge(document, live)
            if marks or cuts:
                document = shown(document)
            marked.extend(_marked(document, mark, call.stage) for mark in marks)
            dropped.extend(dropped_part(document, position, drop, call.stage) for position, drop in cuts)
            if isinstance(left, Drop):
                dropped.append(dropped_document(document, left, call.stage))
                continue
            rows_out += 1
            kept.append(left)
            if len(kept) == table.ROWS_PER_GROUP:
                append(schema.documents_table(kept, kind))
                kept.clear()
        append(schema.documents_table(kept, kind))
    call.write_drops(dropped)
    counts = Counts.of(rows_in, rows_out, dropped)
    if trial:
        table.write(call.path(shadow.TABLE), schema.drops_table(marked))
        seen = Counter(f"shadow: {item.drop.rule}" for item in marked)
        counts = replace(counts, cuts={**counts.cuts, **dict(sorted(seen.items()))})
    return counts


def _marked(document: Document, mark: shadow.Mark, stage: str) -> Dropped:
    position, drop = mark
    return (
        dropped_document(document, drop, stage) if position is None else dropped_part(document, position, drop, stage)
    )


def select(call: Call, _state: object) -> Counts:
    """Keep documents of the configured languages that the preliminary text filters let pass."""
    settings: SelectSettings = call.settings

    def judge(document: Document, settings: SelectSettings) -> Verdict:
        verdict = judge_language(document, settings.languages, settings.language.least_score)
        return verdict or preliminary.judge(document, settings.preliminary) or document, []

    return _judged(call, call.one("extract.documents"), judge, settings, settings.shadow)


def judge_language(document: Document, languages: tuple[str, ...] | None, least_score: float) -> Drop | None:
    """Drop a document of no certain language, or of one that isn't kept (None keeps all, certain or not)."""
    if languages is None:
        return None
    score = document.language_score or 0.0
    if score < least_score:
        return Drop("language_score", score, least_score, detail=document.language)
    if document.language not in languages:
        return Drop("language", score, detail=document.language)
    return None


def passage(document: Document) -> Passage:
    """What the models that score texts read of a document: its prose, as all rules about language do."""
    return Passage(prose(document).text, document.language)


def measured(document: Document, settings: text_score.MeasuredSettings) -> Scores:
    """The scores that need no model."""
    words = prose(document)
    return Scores(
        flagged_share=flagged_share(words) if settings.flagged_words else None,
        statistics=statistics(words) if settings.statistics else None,
    )


def refine(call: Call, _state: object) -> Counts:
    """Judge documents by their scores and cut their images by their measures, judge what is left, write the corpus."""
    settings: RefineSettings = call.settings
    known, lost = text_score.stored(call), text_score.lost(call)
    counts = images.hash_counts(call.inputs["hash_counts.counts"], call.index)

    def judge(document: Document, settings: RefineSettings) -> Verdict:
        if (verdict := lost.get(document.id)) is not None:
            return verdict, []
        (counted,) = images.with_hash_counts([document], counts)
        counted = replace(counted, scores=known.get(document.id, Scores()))
        verdict = score_filters.judge(counted, settings.scores)
        verdict = verdict or document_filters.judge_uncut(counted, settings.document)
        if verdict is not None:
            return verdict, []
        left, cuts = refined(counted, settings)
        return document_filters.judge(left, settings.document) or left, cuts

    def shown(document: Document) -> Document:
        return document if settings.personal is None else personal.mask(document, settings.personal)[0]

    return _judged(call, call.one("score.documents"), judge, settings, settings.shadow, shown, schema.CORPUS)


def refined(document: Document, settings: RefineSettings) -> tuple[Document, list[tuple[int, Drop]]]:
    """The document without its bad images, lines, paragraphs and personal data, and each cut with its part's position.

    One bad image is cut out of its document; the document is judged by what is left.
    """
    cuts: list[tuple[int, Drop]] = []
    places: list[int] = []
    for position, part in enumerate(document.parts):
        verdict = image_filters.judge(part, settings.image) if isinstance(part, Image) else None
        if verdict is None:
            places.append(position)
        else:
            cuts.append((position, verdict))
    left = document.with_parts(tuple(document.parts[position] for position in places))
    more: list[tuple[int, Drop]] = []
    if settings.detailed is not None:
        left, more = detailed.refine(left, settings.detailed, settings.personal, language.identify)
    elif settings.personal is not None:
        left, more = personal.mask(left, settings.personal)
    cuts.extend((places[position], drop) for position, drop in more)
    return left.with_parts(tuple(_with_place(left, index) for index in range(len(left.parts)))), cuts


def _with_place(document: Document, index: int) -> Part:
    """An image after parts were cut: `best_text` is the nearest text that holds its best sentence. A sentence that was
    cut is forgotten; the similarity stays, as what was measured."""
    part = document.parts[index]
    if not isinstance(part, Image):
        return part
    best, matched = _holders(document, part.best_sentence), _holders(document, part.matched_sentence)
    return replace(
        part,
        best_text=min(best, key=lambda place: abs(place - index), default=None),
        best_sentence=part.best_sentence if best else None,
        matched_sentence=part.matched_sentence if matched else None,
    )


def _holders(document: Document, sentence: str | None) -> list[int]:
    """Positions of the texts that hold a sentence."""
    if sentence is None:
        return []
    return [place for place, text in enumerate(document.parts) if isinstance(text, Text) and sentence in text.text]
