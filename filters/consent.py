"""Pages that ask not to be used: for training, for text and data mining, or not to be indexed."""

from __future__ import annotations

from collections.abc import Collection

from omnicorpus.document import Document, Drop

REFUSALS = frozenset(("noai", "tdm-reservation"))
"""Tokens of meta robots that drop a page by default: those that speak of this use. "noindex" (and "none", its short
form with nofollow) speaks to search engines and stands on every tenth forum page; a config may add it. "noimageai"
concerns the images alone: see `no_images`."""


def consent(document: Document, *, refusals: Collection[str] = REFUSALS) -> Drop | None:
    """Drop a page whose robots tokens hold one of `refusals`; the detail names the first."""
    for token in document.facts.robots:
        if token in refusals:
            return Drop("consent", detail=token)
    return None


def no_images(document: Document) -> Drop | None:
    """The verdict on every image of a page that says noimageai or noimageindex; its text may stay."""
    for token in document.facts.robots:
        if token in ("noimageai", "noimageindex"):
            return Drop("consent.no_images", detail=token)
    return None
