"""Rules over a refined document: what is left after images and paragraphs were cut out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from filters.phrases import FLAGGED, holds_flagged, phrases
from filters.text import alphabetic_words, mean_word_length, stop_words, word_count
from filters.words import Words, prose
from omnicorpus.document import Document, Drop


@dataclass(frozen=True, slots=True)
class RefinedSettings:
    """One threshold per rule of this module, by the rule's name; None switches a rule off.

    image_count: fewest and most images (OBELICS A.2: 1 to 30).
    nsfw_share: from which probability an image is unsafe, and the largest share of such images in a document, counted
        before images are cut (0.8: OmniCorpus 3.1; the share is our choice).
    word_count: fewest and most words of prose that are left (Gopher A.1).
    words_per_image: fewest words of prose to an image, in documents of more than two images (OmniCorpus' release: 50).
    paragraph_length: a document is dropped when its longest paragraph is shorter than the first number of words and the
        mean shorter than the second (OmniCorpus' release: 35 and 12).
    mean_word_length, alphabetic_words, stop_words: as in `filters.preliminary`; the release judges them here, and what
        is cut can move them.
    list_share: largest share of the words that may stand in short lines of lists and tables (OmniCorpus' table 11,
        numbers ours).
    flagged_words: largest share of pornographic words (OmniCorpus' release).
    """

    image_count: tuple[int, int] | None = (1, 30)
    nsfw_share: tuple[float, float] | None = (0.8, 0.5)
    word_count: tuple[float, float] | None = (50, 100_000)
    words_per_image: float | None = None
    paragraph_length: tuple[float, float] | None = None
    mean_word_length: tuple[float, float] | None = (3.0, 10.0)
    alphabetic_words: float | None = 0.8
    stop_words: int | None = 2
    list_share: float | None = 0.9
    flagged_words: float | None = 0.02


def image_count(document: Document, *, minimum: int = 1, maximum: int = 30) -> Drop | None:
    """Drop documents of fewer or more images. Defaults: OBELICS A.2."""
    count = sum(1 for _ in document.images())
    if count < minimum:
        return Drop("image_count", count, minimum)
    if count > maximum:
        return Drop("image_count", count, maximum)
    return None


def nsfw_share(document: Document, *, above: float = 0.8, maximum: float = 0.5) -> Drop | None:
    """Drop documents most of whose images are probably unsafe: their other images and texts are of the same kind.

    The value is the share, among the images that have a score, of those over `above`. Defaults: the threshold of
    OmniCorpus 3.1 for one image; the share is our choice.
    """
    scores = [image.measures.nsfw for image in document.images() if image.measures and image.measures.nsfw is not None]
    share = sum(score > above for score in scores) / len(scores) if scores else 0.0
    return Drop("nsfw_share", round(share, 4), maximum) if share > maximum else None


def words_per_image(document: Document, words: Words, *, minimum: float = 50, above: int = 2) -> Drop | None:
    """Drop galleries: documents of more than `above` images with too few words to each. Defaults: the release."""
    count = sum(1 for _ in document.images())
    if count <= above:
        return None
    ratio = words.count / count
    return Drop("words_per_image", round(ratio, 1), minimum) if ratio < minimum else None


def paragraph_length(words: Words, *, longest: float = 35, mean: float = 12) -> Drop | None:
    """Drop documents of short paragraphs only; the value is the longest one's words. Defaults: the release."""
    lengths = [Words(paragraph).count for paragraph in words.paragraphs]
    if not lengths or max(lengths) >= longest or sum(lengths) / len(lengths) >= mean:
        return None
    return Drop("paragraph_length", round(max(lengths), 1), longest)


def list_share(document: Document, *, maximum: float = 0.9, longest: float = 10) -> Drop | None:
    """Drop documents that are lists and tables of short entries: directories, indexes.

    The value is the share of the words that stand in lines of lists and tables of at most `longest` words; glossaries
    and instructions have longer ones. Documents with most of their characters elsewhere are kept uncounted. OmniCorpus'
    table 11; the numbers are ours.
    """
    lists = [part.text for part in document.texts() if part.kind in ("list", "table")]
    if 2 * sum(map(len, lists)) < sum(len(part.text) for part in document.texts()):
        return None
    others = [part.text for part in document.texts() if part.kind not in ("list", "table")]
    counts = [Words(line).count for text in lists for line in text.split("\n")]
    listed = sum(count for count in counts if count <= longest)
    whole = sum(counts) + sum(Words(text).count for text in others)
    share = listed / whole if whole else 0.0
    return Drop("list_share", round(share, 4), maximum) if share > maximum else None


def flagged_words(words: Words, *, maximum: float = 0.02) -> Drop | None:
    """Drop documents with too large a share of pornographic words. Default: OmniCorpus' release, with a longer list."""
    text = words.text.lower()
    found = phrases(FLAGGED, words.language).marks.findall(text) if holds_flagged(text, words.language) else ()
    if not found:
        return None
    share = len(found) / max(1.0, words.count)
    return Drop("flagged_words", round(share, 4), maximum) if share > maximum else None


def judge_uncut(document: Document, settings: RefinedSettings) -> Drop | None:
    """The verdict on a document as it was before anything was cut out of it."""
    if settings.nsfw_share is None:
        return None
    return nsfw_share(document, above=settings.nsfw_share[0], maximum=settings.nsfw_share[1])


def judge(document: Document, settings: RefinedSettings) -> Drop | None:
    """The first rule that drops what is left of a document, or None: images first, as counting them costs nothing."""
    return next((drop for drop in _verdicts(document, settings) if drop is not None), None)


def _verdicts(document: Document, settings: RefinedSettings) -> Iterator[Drop | None]:
    if settings.image_count is not None:
        yield image_count(document, minimum=settings.image_count[0], maximum=settings.image_count[1])
    words = prose(document)
    if settings.word_count is not None:
        yield word_count(words, minimum=settings.word_count[0], maximum=settings.word_count[1])
    if settings.words_per_image is not None:
        yield words_per_image(document, words, minimum=settings.words_per_image)
    if settings.paragraph_length is not None:
        yield paragraph_length(words, longest=settings.paragraph_length[0], mean=settings.paragraph_length[1])
    if settings.mean_word_length is not None:
        yield mean_word_length(words, minimum=settings.mean_word_length[0], maximum=settings.mean_word_length[1])
    if settings.alphabetic_words is not None:
        yield alphabetic_words(words, minimum=settings.alphabetic_words)
    if settings.stop_words is not None:
        yield stop_words(words, minimum=settings.stop_words)
    if settings.list_share is not None:
        yield list_share(document, maximum=settings.list_share)
    if settings.flagged_words is not None:
        yield flagged_words(words, maximum=settings.flagged_words)
