"""Builders: the smallest real things that tests are made of."""

from __future__ import annotations

import gzip
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path

from omnicorpus.document import Document, Facts, Image, Locator, Measures, Part, Text

CRAWLED = datetime(2023, 11, 28, 12, 0, tzinfo=UTC)


def text(content: str, kind: str = "text") -> Text:
    return Text(content, kind)  # type: ignore[arg-type]


def image(url: str = "https://a.test/i.jpg", *, alt: str | None = None, **measures: object) -> Image:
    return Image(url, alt=alt, measures=Measures(**measures) if measures else None)  # type: ignore[arg-type]


def doc(
    *parts: Part | str, url: str = "https://a.test/", language: str | None = None, crawled: datetime = CRAWLED
) -> Document:
    """A document of the parts; a plain string is a paragraph. Its id follows from its address and time."""
    whole = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    name = f"{abs(hash((url, crawled))):032x}"[:32]
    return Document(
        name, url, crawled, Locator("crawl.warc.gz", 0, 100), whole, Facts(), language, 0.9 if language else None
    )


def png(width: int, height: int) -> bytes:
    """A grey PNG with a pattern that no other size has."""
    rows = b"".join(
        b"\0" + bytes((row * 7 + column * row // 50) % 256 for column in range(width)) for row in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def record(
    url: str,
    body: bytes,
    *,
    status: str = "200 OK",
    mime: str = "text/html; charset=utf-8",
    date: str = "2023-11-28T12:00:00Z",
    headers: tuple[tuple[str, str], ...] = (),
    warc_headers: tuple[tuple[str, str], ...] = (),
    kind: str = "response",
    version: str = "1.1",
) -> bytes:
    """The bytes of one WARC record, uncompressed, with the borders that the standard asks for."""
    lines = [f"HTTP/1.1 {status}"]
    if mime:
        lines.append(f"Content-Type: {mime}")
    lines += [f"{name}: {value}" for name, value in headers]
    block = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    head = [
        f"WARC/{version}",
        f"WARC-Type: {kind}",
        f"WARC-Target-URI: {url}",
        f"WARC-Date: {date}",
        "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>",
        "Content-Type: application/http; msgtype=response",
        *(f"{name}: {value}" for name, value in warc_headers),
        f"Content-Length: {len(block)}",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def warc(path: Path, *records: bytes) -> str:
    """Write records as a WARC file: gzip per record for a name that ends in .gz, plain else."""
    data = [gzip.compress(item, mtime=0) if path.name.endswith(".gz") else item for item in records]
    path.write_bytes(b"".join(data))
    return str(path)
