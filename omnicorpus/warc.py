"""Web archives: every response of a WARC or ARC file, and one response by its locator.

fastwarc reads WARC (plain, gzip, lz4; 3,706 records/s measured, warcio 1,393), in its lenient mode, which the archives
of the wild need. warcio reads ARC, which fastwarc doesn't know. A damaged place is one `BadRecord`; reading goes on at
the next record that can be found. Bodies are decoded here, because both readers inflate without a limit.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import IO, Any

import brotli
import pyarrow as pa
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.archiveiterator import ArchiveIterator as ArcIterator
from warcio.exceptions import ArchiveLoadFailed

from omnicorpus import storage
from omnicorpus.document import Drop, Locator
from omnicorpus.errors import InputError
from omnicorpus.watch import Trail

MAX_BODY = 32 << 20
"""Bytes of one decoded body. Common Crawl cuts pages at 1 MiB (5 MiB since 2025); more is an attack or no page."""

MAX_BLOCK = 64 << 20
"""Bytes of one record as it lies in the archive, after the archive's own compression."""

MAX_HEAD = 64 << 10
"""Bytes of HTTP status line and headers; servers refuse from 8 to 64 KiB."""

HEAD = 512
"""Bytes of a file that tell a WARC from an ARC, and both from anything else."""

HTML = ("text/html", "application/xhtml+xml")

_GZIP = b"\x1f\x8b\x08"
_LZ4 = b"\x04\x22\x4d\x18"
_ZSTD = b"\x28\xb5\x2f\xfd"


class BadBody(ValueError):  # noqa: N818 - it is caught and becomes a BadRecord
    """A body that can't be had; `rule` names the drop."""

    def __init__(self, rule: str, detail: str, value: float | None = None) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail
        self.value = value


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A place of the archive that gives no response: why (`rule`, `value`, `detail`) and where."""

    rule: str
    locator: Locator
    detail: str | None = None
    url: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response. `mime` is lower case without parameters, "" where none was declared and none recognised.

    `body` is decoded of transfer and content encodings, and None unless the response was asked for its body.
    `truncated` says why the crawl cut the body short ("length", "time", "disconnect", or "archive" for an archive that
    ends in the middle), None for a whole one. `encoding` holds the content encodings that were undone.
    """

    url: str
    crawled_at: datetime | None
    locator: Locator
    status: int
    mime: str
    charset: str | None
    body: bytes | None
    truncated: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_html(self) -> bool:
        return self.mime in HTML


def responses(path: str, trail: Trail = Trail()) -> Iterator[Response | BadRecord]:  # noqa: B008 - a frozen value
    """Every response record of an archive, in order; bodies of HTML responses only, locators of all.

    Places of the `trail`, for the record of number n of the file (of any type, from 0): 3n on the way to it, 3n + 1 on
    the way to it when the one before was left in the middle, 3n + 2 in it. Raises InputError where the file can't be
    read or is no WARC or ARC file at all.
    """
    with storage.reading(path) as opened:
        stream = _Source(path, opened)
        read = _read_arc if _is_arc(path, stream.read(HEAD)) else _read_warc
        stream.seek(0)
        yield from _with_lengths(read(path, stream, trail), storage.size(path))


class _Source(io.RawIOBase):
    """A file whose store may fail in the middle. That is no damage of the archive, so it must not look like one: the
    readers take an OSError for damage."""

    def __init__(self, path: str, file: IO[bytes]) -> None:
        super().__init__()
        self._path, self._file = path, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except Exception as error:  # every store has errors of its own
            raise InputError(f"can't read {self._path}: {' '.join(str(error).split())[:200]}") from error

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def check(path: str) -> None:
    """Look at a file's first bytes. Raises InputError where it can't be read, is empty, or is no WARC or ARC file."""
    with storage.reading(path) as stream:
        _is_arc(path, stream.read(HEAD))


def _is_arc(path: str, head: bytes) -> bool:
    if not head:
        raise InputError(f"{path} is empty: a WARC file has one record at least; fetch it anew or leave it out")
    start = _first_bytes(head)
    if start.startswith(b"filedesc:"):
        return True
    if head.startswith((_LZ4, _ZSTD)) or b"WARC/" in start[:64]:
        return False
    raise InputError(f"{path} is not a WARC file: it begins with {start[:16]!r}")


def _first_bytes(head: bytes) -> bytes:
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 256)
    except zlib.error:
        return head


@dataclass(frozen=True, slots=True)
class Stored:
    """A response as the archive holds it: headers with lower case names, in order, and the decoded body."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


def read_body(file: str, offset: int, length: int) -> bytes:
    """The decoded body of the response at a locator. Raises BadBody where there is none, InputError for the file."""
    return read_response(file, offset, length).body


def read_response(file: str, offset: int, length: int) -> Stored:
    """The response at a locator, of a WARC or an ARC file. Raises BadBody where there is none, InputError for the
    file."""
    data = storage.read_bytes(file, start=offset, length=length)
    raw: bytes | None = None
    if data.startswith((b"WARC/", _GZIP, _LZ4, _ZSTD)):
        try:
            for record in ArchiveIterator(io.BytesIO(data), parse_http=False, quirks_mode=True):
                raw = record.reader.read(MAX_BLOCK)
                if record.record_type == WarcRecordType.resource:
                    return Stored((), decode_body(raw, {}))
                break
        except OSError as error:
            raise BadBody("unreadable", str(error)) from error
    raw = _arc_block(data) if raw is None else raw
    if raw is None:
        raise BadBody("unreadable", f"no WARC or ARC record at byte {offset} of {file}")
    _, headers, body = _split_head(raw)
    return Stored(_fields(raw[: len(raw) - len(body)]), decode_body(body, headers))


_ARC_LINE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^\n]*? (\d{1,12})[ \t]*\r?\n")
"""The line before an ARC record: address, IP, date, type and, last, the bytes that follow."""


def _arc_block(data: bytes) -> bytes | None:
    """What an ARC record holds behind its line, None where there is no such line."""
    if data.startswith(_GZIP):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, MAX_BLOCK)
        except zlib.error as error:
            raise BadBody("unreadable", str(error)) from error
    line = _ARC_LINE.match(data[:MAX_HEAD])
    return None if line is None else data[line.end() : line.end() + int(line[1])]


def _fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """Every header field, also of those that stand more than once."""
    lines = (line.partition(":") for line in head.decode("latin-1").splitlines()[1:])
    return tuple((name.strip().lower(), value.strip()) for name, colon, value in lines if colon)


_Raw = tuple[Response | BadRecord, int]
"""A response without the length in its locator, and the offset at which it begins."""


def _with_lengths(found: Iterator[_Raw], size: int) -> Iterator[Response | BadRecord]:
    """Each record's length is known once the next one begins."""
    waiting: Response | BadRecord | None = None
    for item, offset in found:
        if waiting is not None:
            yield _ended(waiting, offset)
        waiting = item
        if isinstance(item, Response) and item.mime == "" and item.status == _PASSED:
            waiting = None
    if waiting is not None:
        yield _ended(waiting, size)


def _ended(item: Response | BadRecord, end: int) -> Response | BadRecord:
    if item.locator.length:
        return item
    locator = replace(item.locator, length=max(0, end - item.locator.offset))
    return replace(item, locator=locator)


_PASSED = -1
"""The status of a record that is no response: it only tells where the one before it ends."""


def _passed(path: str, offset: int) -> _Raw:
    return Response("", None, Locator(path, offset, 0), _PASSED, "", None, None), offset


def _read_warc(path: str, stream: _Source, trail: Trail) -> Iterator[_Raw]:
    base, last, number = 0, -1, 0
    gap: tuple[int, str] | None = None
    located, leapt = True, False
    while True:
        stream.seek(base)
        begun, deadly = False, None
        try:
            records = iter(ArchiveIterator(stream, parse_http=False, quirks_mode=True))
            while True:
                deadly = None if leapt else trail.at(3 * number)
                leapt = False
                if deadly is not None or (record := next(records, None)) is None:
                    break
                offset = base + record.stream_pos
                if offset < last:
                    continue
                if gap is not None:
                    yield BadRecord("unreadable", Locator(path, gap[0], offset - gap[0]), gap[1]), gap[0]
                    gap = None
                if offset == last and located:
                    located = False
                    yield (
                        BadRecord("not_gzip_per_record", Locator(path, 0, 0), "records have no place"),
                        offset,
                    )
                begun, last = True, offset
                lost = trail.at(3 * number + 2)
                number += 1
                yield _warc_record(path, offset, record) if lost is None else _lost(path, offset, lost, _url(record))
        except OSError as error:
            gap = gap or (last + 1, str(error))
        if deadly is not None:
            base, leapt = _next_record(stream, max(last + 1, base)), True
            if base < 0:
                yield _lost(path, last + 1, deadly)
                return
            if (lost := trail.at(3 * number + 1)) is not None:
                yield _lost(path, base, lost)
                last, number, leapt = base, number + 1, False
                base = _next_record(stream, base + 1)
                if base < 0:
                    return
            continue
        if gap is None:
            return
        base = _next_record(stream, max(last + 1, base if begun else base + 1))
        if base < 0:
            yield BadRecord("unreadable", Locator(path, gap[0], 0), gap[1]), gap[0]
            return


def _lost(path: str, offset: int, drop: Drop, url: str | None = None) -> _Raw:
    """In the stead of a record that ends the process which reads it."""
    return BadRecord(drop.rule, Locator(path, offset, 0), drop.detail, url, drop.value), offset


def _url(record: Any) -> str:
    return (record.headers.get("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">")


def _next_record(stream: _Source, start: int) -> int:
    """The offset of the next place that looks like the begin of a record, -1 if there is none."""
    window = 1 << 20
    position = start
    while True:
        stream.seek(position)
        data = stream.read(window)
        for match in re.finditer(rb"\x1f\x8b\x08|(?<=\n)WARC/[01]\.|^WARC/[01]\.", data):
            if match[0] != _GZIP or _first_bytes(data[match.start() : match.start() + 512]).startswith(b"WARC/"):
                return position + match.start()
        if len(data) < window:
            return -1
        position += window - 512


def _warc_record(path: str, offset: int, record: Any) -> _Raw:
    headers = record.headers
    kind = record.record_type
    locator = Locator(path, offset, 0)
    if kind not in (WarcRecordType.response, WarcRecordType.revisit, WarcRecordType.resource):
        return _passed(path, offset)
    url = _url(record)
    if url.startswith("dns:"):
        return _passed(path, offset)
    if kind == WarcRecordType.revisit:
        origin = headers.get("WARC-Refers-To-Target-URI") or headers.get("WARC-Refers-To")
        return BadRecord("revisit", locator, origin and f"same as {origin}", url), offset
    date = parse_date(headers.get("WARC-Date"))
    if kind == WarcRecordType.resource:
        mime, charset = _content_type(headers.get("Content-Type") or "")
        body = record.reader.read(MAX_BLOCK) if mime in HTML else None
        return Response(url, date, locator, 200, mime, charset, body), offset
    content_length = record.content_length
    if content_length > MAX_BLOCK:
        return BadRecord("record_bytes", locator, None, url, float(content_length)), offset
    read: Callable[[int], bytes] = record.reader.read
    return _http(url, date, locator, read, content_length, headers.get("WARC-Truncated")), offset


def _read_arc(path: str, stream: _Source, trail: Trail) -> Iterator[_Raw]:
    """warcio can't begin in the middle: where it can't go on, the rest of the file is lost."""
    offset = number = 0
    reader = ArcIterator(stream, arc2warc=True)
    try:
        while True:
            if (lost := trail.at(3 * number)) is not None:
                yield _lost(path, offset, lost)
                return
            if (record := next(reader, None)) is None:
                return
            offset = reader.get_record_offset()
            lost = trail.at(3 * number + 2)
            number += 1
            if lost is not None:
                yield _lost(path, offset, lost, record.rec_headers.get_header("WARC-Target-URI"))
                continue
            if record.rec_type != "response":
                yield _passed(path, offset)
                continue
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            date = parse_date(record.rec_headers.get_header("WARC-Date"))
            block = _rebuilt_head(record) + record.raw_stream.read(MAX_BLOCK)
            yield _http(url, date, Locator(path, offset, 0), io.BytesIO(block).read, len(block), None), offset
    except (ArchiveLoadFailed, OSError, zlib.error, ValueError, AttributeError) as error:
        # warcio ends with any of these on a damaged ARC, and can't go on.
        yield BadRecord("unreadable", Locator(path, offset, 0), " ".join(str(error).split())[:200]), offset + 1


def _rebuilt_head(record: Any) -> bytes:
    headers = record.http_headers
    return b"HTTP/1.0 200 OK\r\n\r\n" if headers is None else bytes(headers.to_bytes())


def _http(
    url: str,
    date: datetime | None,
    locator: Locator,
    read: Callable[[int], bytes],
    content_length: int,
    truncated: str | None,
) -> Response | BadRecord:
    block = read(MAX_HEAD)
    if not block.startswith(b"HTTP/"):
        return BadRecord("no_http_response", locator, f"the record begins with {block[:16]!r}", url)
    status, headers, body = _split_head(block)
    if status is None:
        return BadRecord("no_http_status", locator, repr(block.split(b"\n", 1)[0][:40]), url)
    mime, charset = _content_type(headers.get("content-type", ""))
    if not mime and _looks_like_html(body):
        mime = "text/html"
    response = Response(url, date, locator, status, mime, charset, None, truncated, headers)
    if mime not in HTML or status != 200:
        return response
    rest = read(MAX_BLOCK)
    if len(block) + len(rest) < content_length:
        response = replace(response, truncated=truncated or "archive")
    try:
        return replace(response, body=decode_body(body + rest, headers))
    except BadBody as error:
        return BadRecord(error.rule, locator, error.detail, url, error.value)


def _looks_like_html(body: bytes) -> bool:
    start = body[:1024].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head")) or b"<html" in start


def _split_head(block: bytes) -> tuple[int | None, dict[str, str], bytes]:
    """Status, headers (lower case names; the first of each wins) and what follows them."""
    border = re.search(rb"\r?\n\r?\n", block[:MAX_HEAD])
    head, body = (block, b"") if border is None else (block[: border.start()], block[border.end() :])
    lines = head.decode("latin-1").splitlines()
    match = re.match(r"HTTP/[\d.]+\s+(\d{3})", lines[0]) if lines else None
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return (int(match[1]) if match else None), headers, body


def _content_type(header: str) -> tuple[str, str | None]:
    mime, _, parameters = header.partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", parameters, re.I)
    return mime.split(",")[0].strip().lower(), charset[1] if charset else None


def decode_body(body: bytes, headers: dict[str, str]) -> bytes:
    """Undo transfer and content encodings. Raises BadBody: "body_bytes" past MAX_BODY, "content_encoding" else.

    Archives often hold bodies that are already decoded beside headers that say otherwise, so an encoding whose own
    marks are missing counts as already undone.
    """
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _unchunk(body)
    for encoding in reversed([name.strip().lower() for name in headers.get("content-encoding", "").split(",")]):
        if encoding in ("gzip", "x-gzip"):
            body = _inflate(body, 31) if body.startswith(_GZIP[:2]) else body
        elif encoding == "deflate":
            body = _undeflate(body)
        elif encoding == "br":
            body = _unbrotli(body)
        elif encoding == "zstd":
            body = _unzstd(body) if body.startswith(_ZSTD) else body
        elif encoding not in ("", "identity", "utf-8", "none"):
            raise BadBody("content_encoding", f"unknown content encoding {encoding[:40]!r}")
    if len(body) > MAX_BODY:
        raise BadBody("body_bytes", f"over {MAX_BODY} bytes", float(len(body)))
    return body


def _unchunk(body: bytes) -> bytes:
    chunks: list[bytes] = []
    position = 0
    while True:
        end = body.find(b"\n", position, position + 1_024)
        size = re.fullmatch(rb"\s*([0-9A-Fa-f]{1,8})\s*(;.*)?", body[position:end].strip(b"\r")) if end >= 0 else None
        if size is None:
            # Not chunked at all, or broken off between chunks: what was read so far is the body.
            return b"".join(chunks) if chunks else body
        length = int(size[1], 16)
        if length == 0:
            return b"".join(chunks)
        chunks.append(body[end + 1 : end + 1 + length])
        position = end + 1 + length
        if body.startswith(b"\r\n", position):
            position += 2
        elif body.startswith(b"\n", position):
            position += 1


def _inflate(body: bytes, wbits: int) -> bytes:
    inflater = zlib.decompressobj(wbits)
    try:
        data = inflater.decompress(body, MAX_BODY + 1)
    except zlib.error as error:
        raise BadBody("content_encoding", f"damaged: {error}") from error
    if len(data) > MAX_BODY:
        raise BadBody("body_bytes", f"inflates to over {MAX_BODY} bytes", float(len(data)))
    return data


def _undeflate(body: bytes) -> bytes:
    for wbits in (15, -15):
        try:
            return _inflate(body, wbits)
        except BadBody as error:
            if error.rule == "body_bytes":
                raise
    if body.lstrip()[:1] == b"<":
        return body
    raise BadBody("content_encoding", "damaged deflate")


def _unbrotli(body: bytes) -> bytes:
    inflater = brotli.Decompressor()
    try:
        data = bytes(inflater.process(body, output_buffer_limit=MAX_BODY + 1))
    except brotli.error as error:
        if body.lstrip()[:1] == b"<":
            return body
        raise BadBody("content_encoding", "damaged brotli") from error
    if len(data) > MAX_BODY:
        raise BadBody("body_bytes", f"inflates to over {MAX_BODY} bytes", float(len(data)))
    return data


def _unzstd(body: bytes) -> bytes:
    try:
        data = bytes(pa.CompressedInputStream(pa.BufferReader(body), "zstd").read(MAX_BODY + 1))
    except OSError as error:
        raise BadBody("content_encoding", "damaged zstd") from error
    if len(data) > MAX_BODY:
        raise BadBody("body_bytes", f"inflates to over {MAX_BODY} bytes", float(len(data)))
    return data


_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z?)?)?)?$")
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$")


def parse_date(text: str | None) -> datetime | None:
    """A WARC-Date of any precision from the year on (WARC 1.1), or the 14 digits of ARC. None for anything else."""
    match = _DATE.match(text.strip()) or _DIGITS.match(text.strip()) if text else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(group or low) for group, low in zip(match.groups(), (1, 1, 1, 0, 0, 0), strict=False)
    )
    fraction = match.groups()[6] if match.re is _DATE else None
    try:
        return datetime(year, month, day, hour, minute, second, int((fraction or "0")[:6].ljust(6, "0")), tzinfo=UTC)
    except ValueError:
        return None
