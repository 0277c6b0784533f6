"""Reading archives: every quirk that the wild has is one response or one drop, never a crash."""

from __future__ import annotations

import gzip
import json
import re
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest

from omnicorpus import warc
from omnicorpus.errors import InputError
from omnicorpus.warc import BadBody, BadRecord, Response, parse_date, read_body, responses
from tests import build

PAGE = "<html><body>Grüße aus Köln</body></html>".encode()


def read(path: str) -> list[Response | BadRecord]:
    return list(responses(path))


def only(path: str) -> Response:
    (found,) = read(path)
    assert isinstance(found, Response)
    return found


@pytest.mark.parametrize("name", ["crawl.warc", "crawl.warc.gz"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_page_is_read_whole_with_its_facts(tmp_path: Path, name: str, version: str) -> None:
    path = build.warc(tmp_path / name, build.record("https://a.test/x", PAGE, version=version))
    found = only(path)
    assert (found.url, found.status, found.mime, found.charset, found.body, found.truncated) == (
        "https://a.test/x", 200, "text/html", "utf-8", PAGE, None,
    )  # fmt: skip
    assert found.crawled_at == datetime(2023, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["crawl.warc", "crawl.warc.gz"])
def test_a_locator_leads_back_to_the_body(tmp_path: Path, name: str) -> None:
    records = [build.record(f"https://a.test/{n}", b"<html>%d" % n * 50) for n in range(4)]
    path = build.warc(tmp_path / name, *records)
    found = read(path)
    assert [(item.locator.offset, item.locator.length) for item in found] == _places(tmp_path / name, records)
    for number, item in enumerate(found):
        assert read_body(path, item.locator.offset, item.locator.length) == b"<html>%d" % number * 50


def _places(path: Path, records: list[bytes]) -> list[tuple[int, int]]:
    lengths = [len(gzip.compress(item, mtime=0)) if path.name.endswith(".gz") else len(item) for item in records]
    return [(sum(lengths[:number]), length) for number, length in enumerate(lengths)]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(PAGE, mtime=0)),
        ("x-gzip", gzip.compress(PAGE, mtime=0)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)[2:-4]),
        ("br", brotli.compress(PAGE)),
        ("gzip, br", brotli.compress(gzip.compress(PAGE, mtime=0))),
        ("gzip", PAGE),
        ("br", PAGE),
        ("identity", PAGE),
    ],
)
def test_content_encodings_are_undone_and_lies_seen_through(tmp_path: Path, encoding: str, body: bytes) -> None:
    path = build.warc(
        tmp_path / "a.warc", build.record("https://a.test/", body, headers=(("Content-Encoding", encoding),))
    )
    assert only(path).body == PAGE


def test_a_chunked_body_is_joined_and_a_lie_about_chunks_is_kept(tmp_path: Path) -> None:
    chunked = b"5;x=y\r\n<html\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE) - 5, PAGE[5:])
    headers = (("Transfer-Encoding", "chunked"),)
    path = build.warc(
        tmp_path / "a.warc",
        build.record("https://a.test/1", chunked, headers=headers),
        build.record("https://a.test/2", PAGE, headers=headers),
    )
    assert [item.body for item in read(path) if isinstance(item, Response)] == [PAGE, PAGE]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_bomb_is_cut_off_at_the_limit(encoding: str) -> None:
    bomb = b"\0" * (warc.MAX_BODY + 10)
    packed = {"gzip": gzip.compress, "deflate": zlib.compress, "br": lambda data: brotli.compress(data, quality=1)}[
        encoding
    ](bomb)
    with pytest.raises(BadBody) as caught:
        warc.decode_body(packed, {"content-encoding": encoding})
    assert caught.value.rule == "body_bytes"


def test_an_unknown_encoding_is_a_drop_with_its_name(tmp_path: Path) -> None:
    path = build.warc(
        tmp_path / "a.warc",
        build.record("https://a.test/", b"\x00\x01", headers=(("Content-Encoding", "exi"),)),
        build.record("https://a.test/next", PAGE),
    )
    bad, good = read(path)
    assert isinstance(bad, BadRecord)
    assert (bad.rule, bad.detail, bad.url) == ("content_encoding", "unknown content encoding 'exi'", "https://a.test/")
    assert isinstance(good, Response)
    assert good.body == PAGE


def test_images_give_their_place_and_no_body(tmp_path: Path) -> None:
    path = build.warc(tmp_path / "a.warc.gz", build.record("https://a.test/i.png", b"\x89PNG", mime="image/png"))
    found = only(path)
    assert (found.mime, found.body) == ("image/png", None)
    assert read_body(path, found.locator.offset, found.locator.length) == b"\x89PNG"


def test_a_revisit_is_a_drop_that_names_what_it_repeats(tmp_path: Path) -> None:
    refers = (("WARC-Refers-To-Target-URI", "https://a.test/first"),)
    path = build.warc(tmp_path / "a.warc", build.record("https://a.test/", b"", kind="revisit", warc_headers=refers))
    (found,) = read(path)
    assert isinstance(found, BadRecord)
    assert (found.rule, found.detail) == ("revisit", "same as https://a.test/first")


def test_a_page_without_content_type_is_recognised(tmp_path: Path) -> None:
    path = build.warc(tmp_path / "a.warc", build.record("https://a.test/", b"<!DOCTYPE html><p>x", mime=""))
    assert only(path).mime == "text/html"


def test_truncation_is_told(tmp_path: Path) -> None:
    whole = build.record("https://a.test/", PAGE * 100)
    declared = build.record("https://a.test/", PAGE, warc_headers=(("WARC-Truncated", "length"),))
    assert only(build.warc(tmp_path / "a.warc", declared)).truncated == "length"
    assert only(build.warc(tmp_path / "b.warc", whole[: len(whole) - 300])).truncated == "archive"


def test_reading_goes_on_behind_a_damaged_record(tmp_path: Path) -> None:
    records = [gzip.compress(build.record(f"https://a.test/{n}", PAGE * 50), mtime=0) for n in range(4)]
    damaged = bytearray(records[1])
    for index in range(60, 90):
        damaged[index] ^= 0x5A
    path = tmp_path / "a.warc.gz"
    path.write_bytes(records[0] + bytes(damaged) + records[2] + records[3])
    found = read(str(path))
    assert [item.url for item in found if isinstance(item, Response)] == [f"https://a.test/{n}" for n in (0, 2, 3)]
    assert [item.rule for item in found if isinstance(item, BadRecord)] == ["unreadable"]


def test_what_is_no_archive_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(b"PK\x03\x04 not a warc")
    (tmp_path / "b.warc").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.warc is not a WARC file"):
        read(str(tmp_path / "a.warc"))
    with pytest.raises(InputError, match=r"b\.warc is empty"):
        read(str(tmp_path / "b.warc"))
    with pytest.raises(InputError, match="No such file"):
        read(str(tmp_path / "c.warc"))


def test_a_locator_that_leads_nowhere_is_a_bad_body(tmp_path: Path) -> None:
    path = build.warc(tmp_path / "a.warc.gz", build.record("https://a.test/", PAGE))
    with pytest.raises(BadBody) as caught:
        read_body(path, 7, 50)
    assert caught.value.rule == "unreadable"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2017-03-06T04:03:53Z", datetime(2017, 3, 6, 4, 3, 53, tzinfo=UTC)),
        ("2017-03-06T04:03:53.123456789Z", datetime(2017, 3, 6, 4, 3, 53, 123456, tzinfo=UTC)),
        ("2017-03", datetime(2017, 3, 1, tzinfo=UTC)),
        ("2017", datetime(2017, 1, 1, tzinfo=UTC)),
        ("20170306040353", datetime(2017, 3, 6, 4, 3, 53, tzinfo=UTC)),
        ("2017-13-40T99:00:00Z", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_dates_of_every_precision(written: str | None, meant: datetime | None) -> None:
    assert parse_date(written) == meant


@pytest.mark.shared
def test_real_archives_give_the_pages_that_two_other_readers_counted(shared: Path) -> None:
    census = {item["file"]: item for item in json.loads((shared / "warcs" / "_census.json").read_text())}
    ours = {
        "chatnoir-eu__chatnoir-resiliparse/warcfile.warc.lz4": 16,  # the census reader knows no lz4
        "Eventual-Inc__Daft/example.warc.gz": 1,  # one gzip member for the whole file
        "webrecorder__warcio/example-bad-non-chunked.warc.gz": 1,  # likewise
        "webrecorder__pywb/example-extra.warc": 1,  # a status line that begins with HTTPX
        "webrecorder__warcio/example-resource.warc.gz": 1,  # a resource record that is a page
        "oduwsdl__ipwb/1memento_noContentType.warc": 1,  # recognised by its first bytes
    }
    compared = 0
    for name, item in census.items():
        path = shared / "warcs" / name
        if path.is_file() and path.suffix != ".wacz":
            found = [one for one in read(str(path)) if isinstance(one, Response) and one.is_html]
            assert (name, len(found)) == (name, ours.get(name, item["html"]))
            compared += 1
    assert compared > 80


class RangeServer(BaseHTTPRequestHandler):
    """Serves one file, whole and in ranges, as object stores do."""

    data = b""

    def do_HEAD(self) -> None:
        self._head(200, len(self.data))

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked is None:
            self._head(200, len(self.data))
            self.wfile.write(self.data)
            return
        part = self.data[int(asked[1]) : int(asked[2]) + 1]
        self._head(206, len(part), (("Content-Range", f"bytes {asked[1]}-{asked[2]}/{len(self.data)}"),))
        self.wfile.write(part)

    def _head(self, status: int, length: int, more: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        for name, value in (("Content-Length", str(length)), ("Accept-Ranges", "bytes"), *more):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    records = [build.record(f"https://a.test/{n}", PAGE * 50) for n in range(3)]
    RangeServer.data = b"".join(gzip.compress(item, mtime=0) for item in records)
    with ThreadingHTTPServer(("127.0.0.1", 0), RangeServer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/crawl.warc.gz"
        server.shutdown()
        thread.join()


def test_an_archive_is_read_over_http_and_one_record_by_its_range(address: str) -> None:
    found = read(address)
    assert [(type(item).__name__, item.url) for item in found] == [
        ("Response", f"https://a.test/{n}") for n in range(3)
    ]
    last = found[2].locator
    assert last.file == address
    assert read_body(last.file, last.offset, last.length) == PAGE * 50


def test_a_picture_in_a_resource_record_is_its_whole_block(tmp_path: Path) -> None:
    head = "\r\n".join(
        ["WARC/1.1", "WARC-Type: resource", "WARC-Target-URI: https://a.test/i.png", "Content-Type: image/png",
         "WARC-Date: 2023-11-28T12:00:00Z", "Content-Length: 9"]
    )  # fmt: skip
    path = build.warc(tmp_path / "a.warc.gz", head.encode() + b"\r\n\r\n\x89PNG\r\n\r\nx\r\n\r\n")
    found = only(path)
    assert (found.mime, found.status) == ("image/png", 200)
    assert read_body(path, found.locator.offset, found.locator.length) == b"\x89PNG\r\n\r\nx"


@pytest.mark.parametrize("packed", [False, True])
def test_a_picture_of_an_arc_file_is_read_at_its_place(tmp_path: Path, packed: bool) -> None:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nX-Robots-Tag: a\r\nX-Robots-Tag: b\r\n\r\n\x89PNG body"
    version = b"1 0 Crawler\nURL IP-address Archive-date Content-type Archive-length\n"
    parts = [
        b"filedesc://crawl.arc 0.0.0.0 20080430204825 text/plain %d\n" % len(version) + version + b"\n",
        b"http://a.test/p.png 192.0.2.1 20080430204826 image/png %d\n" % len(block) + block + b"\n",
    ]
    path = tmp_path / ("crawl.arc.gz" if packed else "crawl.arc")
    path.write_bytes(b"".join(gzip.compress(part) if packed else part for part in parts))
    (found,) = [item for item in responses(str(path)) if isinstance(item, Response) and item.mime == "image/png"]
    stored = warc.read_response(found.locator.file, found.locator.offset, found.locator.length)
    assert stored.body == b"\x89PNG body"
    assert [value for name, value in stored.headers if name == "x-robots-tag"] == ["a", "b"]
