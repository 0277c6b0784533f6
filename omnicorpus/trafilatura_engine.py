"""Trafilatura as an engine: the yardstick of our own, about three times slower.

Its losses of images are mended before it reads the page: lazy attributes, srcset and <picture> become plain src.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trafilatura import bare_extraction

from omnicorpus.document import Image, Kind, Part, Text
from omnicorpus.image_candidates import absolute, best_address
from omnicorpus.tree import with_plain_images

_KINDS: dict[str, Kind] = {
    "p": "text",
    "head": "header",
    "list": "list",
    "code": "code",
    "quote": "quote",
    "table": "table",
}
_IMAGE = "graphic"


def trafilatura_parts(html: bytes, base: str) -> tuple[Part, ...]:
    """The parts that Trafilatura finds, in its order; images of one address once. `base` resolves addresses."""
    found = bare_extraction(with_plain_images(html, best_address), url=base, include_images=True, include_comments=True)
    if found is None or isinstance(found, dict):
        return ()
    parts: list[Part] = []
    seen: set[str] = set()
    for part in _parts(found.body, base):
        if isinstance(part, Image):
            if part.url in seen:
                continue
            seen.add(part.url)
        parts.append(part)
    return tuple(parts)


def _parts(body: object, base: str) -> Iterator[Part]:
    """One part for each child of Trafilatura's body, an image splitting the text around it."""
    for child in body:  # type: ignore[attr-defined]
        kind = _KINDS.get(str(child.tag), "text")
        pieces: list[str] = []
        for event in _pieces(child):
            if isinstance(event, str):
                pieces.append(event)
                continue
            if text := _joined(pieces, kind):
                yield Text(text, kind)
            pieces = []
            url = absolute(base, event[0])
            if url:
                yield Image(url, alt=" ".join(event[1].split()) or None)
        if text := _joined(pieces, kind):
            yield Text(text, kind)


def _pieces(child: object) -> Iterator[str | tuple[str, str]]:
    """The texts of an element in order, and (src, alt) of each image."""
    for node in child.iter():  # type: ignore[attr-defined]
        if node.tag == _IMAGE:
            yield (node.get("src", ""), node.get("alt", ""))
        elif node.text:
            yield ("\n" if node.tag in ("item", "row", "cell") else "") + node.text
        if node is not child and node.tail:
            yield node.tail


def _joined(pieces: list[str], kind: Kind) -> str:
    text = "".join(pieces)
    if kind == "code":
        return text.strip("\n")
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()
