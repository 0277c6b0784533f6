"""From a page's HTML to the parts of its main body: the first step of the corpus, and the one that costs most."""

from __future__ import annotations

from dataclasses import dataclass

from omnicorpus import tree
from omnicorpus.blocks import read
from omnicorpus.body import choose
from omnicorpus.document import Facts, Part
from omnicorpus.engine import ExtractionSettings, PageRefused
from omnicorpus.facts import read_facts
from omnicorpus.features import hints
from omnicorpus.image_candidates import joined
from omnicorpus.parts import assemble, images_of, shown

DEFAULTS = ExtractionSettings()

LONGEST_BASE = 2_000
"""Characters of a <base> that is heeded: it stands in the address of each of up to 20,000 pictures."""


@dataclass(frozen=True, slots=True)
class Extract:
    """The main body in reading order, and what the page says of itself."""

    parts: tuple[Part, ...]
    facts: Facts


def extract(html: str | bytes, url: str, settings: ExtractionSettings = DEFAULTS) -> Extract:
    """The main body of a page. `html` is text, or bytes already known to be UTF-8; `url` is the page's own address.

    Raises `PageRefused` where the page exceeds a limit of `settings`; no other HTML, however broken, raises.
    """
    source = html.encode("utf-8", "replace") if isinstance(html, str) else html
    if len(source) > settings.page_bytes:
        raise PageRefused("page_bytes", len(source), settings.page_bytes)
    try:
        parsed = tree.parse(source, settings.page_tags)
        page = read(parsed.body, backgrounds=settings.css_backgrounds)
    except tree.TooManyTags as tags:
        raise PageRefused("page_tags", tags.count, settings.page_tags) from tags
    except tree.TooDeep as deep:
        raise PageRefused("page_depth", deep.depth, deep.limit) from deep
    except tree.TooManyAttributes as many:
        raise PageRefused("tag_attributes", many.count, tree.ATTRIBUTES) from many
    except tree.TooMuchFormatting as open_:
        raise PageRefused("open_formatting", open_.count, tree.REOPENED) from open_
    items = page.columns.items.shape[1]
    if items > settings.page_items:
        raise PageRefused("page_items", items, settings.page_items)
    if settings.engine == "trafilatura":
        # imported here: it takes half a second and 40 MB that every other worker is spared
        from omnicorpus.trafilatura_engine import trafilatura_parts

        return Extract(trafilatura_parts(source, _base(url, parsed.base)), read_facts(parsed, url))
    base = _base(url, parsed.base)
    found = shown(page, base)
    chosen = choose(page, hints(parsed, url), found)
    return Extract(assemble(page, chosen, images_of(page, base, found, chosen)), read_facts(parsed, url))


def _base(url: str, href: str | None) -> str:
    try:
        return joined(url, href) if href and len(href) <= LONGEST_BASE else url
    except ValueError:
        return url
