"""Rules over one image: what its measurements say of it. A rule whose measurement is missing keeps the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from omnicorpus.document import Drop, Image, Measures


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """One threshold per rule of this module, by the rule's name; None switches a rule off.

    decodable: whether an image that could not be had, or not be decoded, is dropped (OmniCorpus 3.1).
    min_side: least pixels of the shorter side (OmniCorpus 3.1).
    max_side: most pixels of the longer side (OBELICS A.1.4).
    aspect_ratio: least and most of width / height (OmniCorpus 3.1).
    nsfw: highest probability of unsafe content that is kept, 0–1 (OmniCorpus 3.1).
    aesthetic: lowest score that is kept, about 1–10 (OmniCorpus 3.1).
    p_hash_count, d_hash_count: most documents in which the same hash may be seen (OmniCorpus 3.1).
    sharpness: least variance of the Laplacian; None, because flat drawings and soft photographs are good images too.
    entropy: least bits a pixel of the gray values, 0–8; None, because diagrams of two colours are good images too.
    main_colour: largest share of one colour, 0–1; None, as the papers have no such rule. 0.99 cuts blank images alone.
    brisque: highest score that is kept, about 0–100; None, because it is measured only where the config asks, and
        judges photographs: screenshots and drawings are over 100.
    clip_similarity: lowest cosine with the best text that is kept. None, as OmniCorpus has no such threshold; MMC4
        (Zhu et al. 2023, 3.2) takes 0.15 for CLIP ViT-L/14. Other models have other scales.
    """

    decodable: bool = True
    min_side: int | None = 150
    max_side: int | None = 20_000
    aspect_ratio: tuple[float, float] | None = (0.5, 2.0)
    nsfw: float | None = 0.8
    aesthetic: float | None = 3.7
    p_hash_count: int | None = 10
    d_hash_count: int | None = 10
    sharpness: float | None = None
    entropy: float | None = None
    main_colour: float | None = None
    brisque: float | None = None
    clip_similarity: float | None = None


def decodable(measures: Measures) -> Drop | None:
    """Drop images of which there is no picture; the detail is the reason. OmniCorpus 3.1."""
    return None if measures.error is None else Drop("decodable", detail=measures.error)


def min_side(measures: Measures, *, minimum: int = 150) -> Drop | None:
    """Drop images whose shorter side is under `minimum` pixels. Default: OmniCorpus 3.1."""
    if measures.width is None or measures.height is None:
        return None
    side = min(measures.width, measures.height)
    return Drop("min_side", side, minimum) if side < minimum else None


def max_side(measures: Measures, *, maximum: int = 20_000) -> Drop | None:
    """Drop images whose longer side is over `maximum` pixels. Default: OBELICS A.1.4."""
    if measures.width is None or measures.height is None:
        return None
    side = max(measures.width, measures.height)
    return Drop("max_side", side, maximum) if side > maximum else None


def aspect_ratio(measures: Measures, *, minimum: float = 0.5, maximum: float = 2.0) -> Drop | None:
    """Drop images that are too tall or too wide; the value is width / height. Defaults: OmniCorpus 3.1."""
    if not measures.width or not measures.height:
        return None
    ratio = measures.width / measures.height
    if ratio < minimum:
        return Drop("aspect_ratio", round(ratio, 4), minimum)
    if ratio > maximum:
        return Drop("aspect_ratio", round(ratio, 4), maximum)
    return None


def nsfw(measures: Measures, *, maximum: float = 0.8) -> Drop | None:
    """Drop images that are probably unsafe. Default: OmniCorpus 3.1, for LAION's classifier."""
    return _over("nsfw", measures.nsfw, maximum)


def aesthetic(measures: Measures, *, minimum: float = 3.7) -> Drop | None:
    """Drop images that look poor. Default: OmniCorpus 3.1, for LAION's predictor."""
    return _under("aesthetic", measures.aesthetic, minimum)


def p_hash_count(measures: Measures, *, maximum: int = 10) -> Drop | None:
    """Drop images that, by perceptual hash, stand in too many documents (logos). Default: OmniCorpus 3.1."""
    return _over("p_hash_count", measures.p_hash_count, maximum)


def d_hash_count(measures: Measures, *, maximum: int = 10) -> Drop | None:
    """Drop images that, by difference hash, stand in too many documents. Default: OmniCorpus 3.1."""
    return _over("d_hash_count", measures.d_hash_count, maximum)


def sharpness(measures: Measures, *, minimum: float = 100.0) -> Drop | None:
    """Drop blurred images. Default: the threshold that tutorials of the measure repeat; none fits all images."""
    return _under("sharpness", measures.sharpness, minimum)


def entropy(measures: Measures, *, minimum: float = 1.0) -> Drop | None:
    """Drop images of hardly any variety. Default: our choice; two gray values as frequent as each other give 1."""
    return _under("entropy", measures.entropy, minimum)


def main_colour(measures: Measures, *, maximum: float = 0.99) -> Drop | None:
    """Drop images of one colour. Default: our choice."""
    return _over("main_colour", measures.main_colour, maximum)


def brisque(measures: Measures, *, maximum: float = 80.0) -> Drop | None:
    """Drop images that look distorted. Default: our choice, of a scale from 0 to about 100."""
    return _over("brisque", measures.brisque, maximum)


def clip_similarity(image: Image, *, minimum: float = 0.15) -> Drop | None:
    """Drop images that match no text of their document. Default: MMC4 3.2, for CLIP ViT-L/14."""
    return _under("clip_similarity", image.clip_similarity, minimum)


def judge(image: Image, settings: ImageSettings) -> Drop | None:
    """The first rule that drops the image, or None. An image that was not measured is kept.

    The order is the one in which the paper names them: what cannot be shown, what has the wrong shape, what is
    seen too often, what a model says of it.
    """
    return next((drop for drop in _verdicts(image, settings) if drop is not None), None)


def _verdicts(image: Image, settings: ImageSettings) -> Iterator[Drop | None]:
    if (measures := image.measures) is not None:
        if settings.decodable:
            yield decodable(measures)
        if settings.min_side is not None:
            yield min_side(measures, minimum=settings.min_side)
        if settings.max_side is not None:
            yield max_side(measures, maximum=settings.max_side)
        if settings.aspect_ratio is not None:
            yield aspect_ratio(measures, minimum=settings.aspect_ratio[0], maximum=settings.aspect_ratio[1])
        if settings.p_hash_count is not None:
            yield p_hash_count(measures, maximum=settings.p_hash_count)
        if settings.d_hash_count is not None:
            yield d_hash_count(measures, maximum=settings.d_hash_count)
        if settings.sharpness is not None:
            yield sharpness(measures, minimum=settings.sharpness)
        if settings.entropy is not None:
            yield entropy(measures, minimum=settings.entropy)
        if settings.main_colour is not None:
            yield main_colour(measures, maximum=settings.main_colour)
        if settings.brisque is not None:
            yield brisque(measures, maximum=settings.brisque)
        if settings.nsfw is not None:
            yield nsfw(measures, maximum=settings.nsfw)
        if settings.aesthetic is not None:
            yield aesthetic(measures, minimum=settings.aesthetic)
    if settings.clip_similarity is not None:
        yield clip_similarity(image, minimum=settings.clip_similarity)


def _over(rule: str, value: float | None, maximum: float) -> Drop | None:
    return Drop(rule, value, maximum) if value is not None and value > maximum else None


def _under(rule: str, value: float | None, minimum: float) -> Drop | None:
    return Drop(rule, value, minimum) if value is not None and value < minimum else None
