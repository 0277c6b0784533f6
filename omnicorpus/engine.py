"""How pages are read, and the verdict on those that are not: for whoever configures `omnicorpus.extraction` without
reading a page, since that one brings the compiler (60 MB and half a second)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Engine = Literal["omnicorpus", "trafilatura"]


class PageRefused(ValueError):  # noqa: N818 - a verdict on the page, no fault of the program
    """The page exceeds a limit: `rule` names it, `value` is what was measured, `threshold` what is allowed."""

    def __init__(self, rule: str, value: float, threshold: float) -> None:
        super().__init__(f"{rule}: {value:g} exceeds {threshold:g}")
        self.rule = rule
        self.value = value
        self.threshold = threshold


@dataclass(frozen=True, slots=True)
class ExtractionSettings:
    """How pages are read.

    `engine`: ours, or trafilatura with its image losses mended (the yardstick, several times slower).
    `css_backgrounds`: whether background images of inline styles are image candidates too; off, as most are decoration.
    `page_bytes`: largest page read, in UTF-8 bytes; the largest of 576 gold pages has 3.2 million.
    `page_tags`: most `<` in a page; a tree needs about 170 bytes of memory for each.
    `page_items`: most texts and images in a page; measuring needs about 4 kB of memory for each.
    """

    engine: Engine = "omnicorpus"
    css_backgrounds: bool = False
    page_bytes: int = 10_000_000
    page_tags: int = 300_000
    page_items: int = 20_000
