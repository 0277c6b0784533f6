"""The document model: what a page becomes, and the verdicts that are passed on it.

A document is a sequence of parts in reading order. Each part is a `Text` or an `Image`; pixels are never held here.
`filters/` imports this module and nothing else of omnicorpus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Kind = Literal["text", "header", "list", "code", "quote", "table", "formula", "detail"]
"""What a text part was on the page (the kinds of OmniCorpus' streaming data format)."""

MediaKind = Literal["image", "video", "audio"]
"""What an image part stands for: itself, or the poster of a video or an audio file."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A verdict: what was taken away, by which rule. A filter returns this, or None to keep.

    `rule` is the name of the filter that decided. `value` is what it measured, in the unit of `threshold`; both are
    None where there is nothing to measure. `detail` is for people: an error's message, a matched word. `twin` is the
    id of the document that was kept in this one's place, for duplicates only.
    """

    rule: str
    value: float | None = None
    threshold: float | None = None
    detail: str | None = None
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text of one kind: a paragraph, a heading, one list, one code block. Never empty, no outer space."""

    text: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known of the picture behind one image address. Measured once per address, shared by all documents.

    `width` and `height` are pixels as displayed (after EXIF orientation). `p_hash` and `d_hash` are 16 hexadecimal
    digits, as the `imagehash` library prints them. `p_hash_count` and `d_hash_count` count the documents of the run
    in which that hash is seen. `nsfw` is 0–1, `aesthetic` about 1–10 (LAION's scales); None where no model was
    configured. `sharpness` is the variance of the Laplacian (0 for one gray; blurred is low), `entropy` bits a pixel of
    the gray values (0–8), `main_colour` the share of the most frequent colour (0–1), `brisque` about 0 (undistorted) to
    100. `error` is the reason why there is no picture; then every other field is None.
    """

    error: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    p_hash: str | None = None
    d_hash: str | None = None
    p_hash_count: int | None = None
    d_hash_count: int | None = None
    nsfw: float | None = None
    aesthetic: float | None = None
    sharpness: float | None = None
    entropy: float | None = None
    main_colour: float | None = None
    brisque: float | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the main body, at its place between the texts.

    `url` is absolute: the address that the page shows, in a corpus the one that was taken. `larger` is that of the
    largest copy that the page offers beside it (srcset, <picture>, a link to the file), None where it offers none or
    that is taken. `declared_width` and `declared_height` are CSS pixels as the page declares them, None where it does
    not. `context` holds class names and ids of the element and its near ancestors, lower case, separated by
    spaces: filters look there for words such as "avatar"; it is not stored. `media` is the address of the video or
    audio whose poster this is, for those kinds. `clip_similarity` is the cosine of the image and the text part at
    position `best_text` of its document, `best_sentence` the sentence of it; `alt_similarity` and `caption_similarity`
    the cosines of the image with its own alt text and caption. `matched_sentence` is the sentence that is this image's
    alone when every image of the document is given its own, so that the cosines' sum is greatest (MMC4's order).
    """

    url: str
    alt: str | None = None
    caption: str | None = None
    larger: str | None = None
    declared_width: int | None = None
    declared_height: int | None = None
    context: str = ""
    kind: MediaKind = "image"
    media: str | None = None
    measures: Measures | None = None
    clip_similarity: float | None = None
    best_text: int | None = None
    best_sentence: str | None = None
    alt_similarity: float | None = None
    caption_similarity: float | None = None
    matched_sentence: str | None = None
    matched_similarity: float | None = None


Part = Text | Image


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of itself. Everything is None or empty where the page is silent; nothing is guessed.

    `published` is as the page writes it, normalised to ISO 8601 where it could be parsed. `robots` holds the lower
    case tokens of meta robots (and tdm-reservation, as "tdm-reservation" when it is 1).
    """

    title: str | None = None
    author: str | None = None
    published: str | None = None
    site_name: str | None = None
    canonical: str | None = None
    license: str | None = None
    language: str | None = None
    robots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Locator:
    """Where the record lies: `file` as given to the run, byte `offset` and `length` of the (compressed) record."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What can be counted in a document's prose: the measures of OmniCorpus' figure 8.

    `line_length` and `mean_word_length` are mean characters; `token_count` counts words, and characters in scripts
    without spaces. Shares are 0–1: `non_alphabetic_share` of the characters that are no white space,
    `unique_word_share` and `stop_word_share` of the tokens; the last is None for languages without a list of stop
    words, `mean_word_length` where no word stands between spaces. `symbol_word_ratio` is hash signs and ellipses a
    word.
    """

    line_count: int
    line_length: float
    token_count: int
    sentence_count: int
    non_alphabetic_share: float
    unique_word_share: float
    symbol_word_ratio: float
    mean_word_length: float | None = None
    stop_word_share: float | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """What scorers say of a document's text, as it stood before the detailed rules. None where no scorer said it.

    The five that OmniCorpus publishes are 0–1, and come from models that the config names; `fluency_prob` and
    `non_advertisement_prob` are high for good texts, the others for bad ones. `flagged_share` is the share of the
    words that stand in a language's list of obscene words, `ngram_surprise` by how many standard deviations an n-gram
    model finds the text odder than texts of its language. `others` holds a config's own columns by name, sorted.
    """

    fluency_prob: float | None = None
    non_advertisement_prob: float | None = None
    politics_prob: float | None = None
    porn_prob: float | None = None
    toxic_prob: float | None = None
    flagged_share: float | None = None
    ngram_surprise: float | None = None
    statistics: Statistics | None = None
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One page's main body. `id` is 32 hexadecimal digits, a function of the record alone."""

    id: str
    url: str
    crawled_at: datetime | None
    warc: Locator
    parts: tuple[Part, ...]
    facts: Facts = Facts()
    language: str | None = None
    language_score: float | None = None
    scores: Scores = Scores()

    def texts(self) -> Iterator[Text]:
        return (part for part in self.parts if isinstance(part, Text))

    def images(self) -> Iterator[Image]:
        return (part for part in self.parts if isinstance(part, Image))

    def text(self) -> str:
        """The text-only view: text parts joined by a blank line."""
        return "\n\n".join(part.text for part in self.texts())

    def with_parts(self, parts: tuple[Part, ...]) -> Document:
        return replace(self, parts=parts)
