"""The miniature web: what is planted is really there, and the same every time."""

from __future__ import annotations

import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from PIL import Image, ImageOps
from warcio.archiveiterator import ArchiveIterator

from omnicorpus import miniature, picture
from omnicorpus.miniature import Summary, pages_of


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return miniature.write_crawl(tmp_path_factory.mktemp("miniature") / "crawl.warc.gz")


@pytest.fixture(scope="module")
def served(crawl: Summary) -> dict[str, tuple[str, dict[str, str], bytes]]:
    """Status, headers and raw body by address; of a page crawled twice, the later."""
    return {url: (status, headers, body) for url, status, headers, body in _responses(crawl.path)}


def _responses(path: Path) -> Iterator[tuple[str, str, dict[str, str], bytes]]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, check_digests="raise"):
            if record.rec_type == "response":
                headers = {name.lower(): value for name, value in record.http_headers.headers}
                url = record.rec_headers["WARC-Target-URI"]
                yield url, record.http_headers.get_statuscode(), headers, record.raw_stream.read()


def _picture(served: dict[str, Any], url: str) -> Image.Image:
    image = Image.open(io.BytesIO(served[url][2]))
    image.load()
    return image


@pytest.mark.slow
def test_same_bytes_every_time(crawl: Summary, tmp_path: Path) -> None:
    again = miniature.write_crawl(tmp_path / "again.warc.gz")
    assert (tmp_path / "again.warc.gz").read_bytes() == crawl.path.read_bytes()
    assert (again.records, again.size) == (crawl.records, crawl.path.stat().st_size)


def test_every_record_is_a_gzip_member_of_warc_1_1(crawl: Summary) -> None:
    data, members = crawl.path.read_bytes(), 0
    while data:
        member = zlib.decompressobj(zlib.MAX_WBITS + 16)
        assert member.decompress(data).startswith(b"WARC/1.1\r\n")
        data, members = member.unused_data, members + 1
    assert members == crawl.records


def test_sixty_pages_in_eight_languages_and_one_more(crawl: Summary) -> None:
    assert len(crawl.pages) == 65
    assert {page.language for page in crawl.pages} == {*miniature.LANGUAGES, "fi"}
    assert min(Counter(page.language for page in pages_of(crawl, "kept")).values()) >= 3


def test_fates(crawl: Summary) -> None:
    assert Counter(page.fate for page in crawl.pages) == {
        "kept": 45,
        "near duplicate": 7,
        "recrawled": 1,
        "same text": 1,
        "language": 1,
        "lorem ipsum": 1,
        "numbers": 1,
        "repetition": 1,
        "line breaks": 1,
        "short": 1,
        "no image": 1,
        "no picture left": 1,
        "robots": 1,
        "truncated": 1,
        "nesting": 1,
    }


def test_kept_pages_have_a_picture_that_is_kept(crawl: Summary) -> None:
    for page in pages_of(crawl, "kept"):
        assert "kept" in {crawl.pictures[image] for image in page.images}, page.url
    for page in pages_of(crawl, "no picture left"):
        assert "kept" not in {crawl.pictures[image] for image in page.images}


def test_every_twin_is_a_later_capture_that_is_kept(crawl: Summary) -> None:
    kept = {page.url: page.crawled_at for page in pages_of(crawl, "kept")}
    twins = [page for page in crawl.pages if page.twin]
    assert len(twins) == 9
    assert all(page.twin is not None and kept[page.twin] > page.crawled_at for page in twins)


def test_near_duplicates_are_near_and_decoys_are_not(crawl: Summary) -> None:
    assert len(crawl.near_duplicates) == 7
    assert all(0.88 <= pair.jaccard <= 0.95 for pair in crawl.near_duplicates)
    assert [round(pair.jaccard, 1) for pair in crawl.decoys] == [0.5]


def test_no_other_pages_are_alike(crawl: Summary) -> None:
    articles, _ = miniature.read_articles()
    originals = [article for article in articles if not article.get("copy") and article.text()]
    shingles = [miniature.shingles(article) for article in originals]
    for k, a in enumerate(shingles):
        assert all(len(a & b) / len(a | b) < 0.1 for b in shingles[k + 1 :])


def test_house_picture_is_in_more_than_ten_kept_documents(crawl: Summary, served: dict[str, Any]) -> None:
    showing = [p for p in pages_of(crawl, "kept") if any(crawl.pictures[url] == "frequent" for url in p.images)]
    files = {served[url][2] for page in showing for url in page.images if crawl.pictures[url] == "frequent"}
    assert (len(showing), len(files)) == (17, 1)


def test_kept_pictures_decode_at_full_size(crawl: Summary, served: dict[str, Any]) -> None:
    sizes = {p.url: (p.width, p.height) for article in miniature.read_articles()[0] for p in article.pictures()}
    checked = 0
    for url, fate in crawl.pictures.items():
        if fate == "kept" and served[url][0] == "200":
            image = ImageOps.exif_transpose(_picture(served, url))
            assert image is not None
            assert image.size == sizes[url], url
            checked += 1
    assert checked == 91


def test_only_the_house_picture_shares_its_hash(crawl: Summary, served: dict[str, Any]) -> None:
    whole = [url for url, fate in crawl.pictures.items() if fate == "kept" and served[url][0] == "200"]
    hashes = Counter(picture.hashes(picture.decode(served[url][2]).gray)[0] for url in whole)
    assert hashes.most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    ("name", "format", "mode"),
    [
        ("mixer-morning.png", "PNG", "P"),
        ("zahr-sidr.png", "PNG", "RGBA"),
        ("phare-nuit.jpg", "JPEG", "CMYK"),
        ("route-map.webp", "WEBP", "RGB"),
        ("seed-heads.gif", "GIF", "P"),
        ("flores-balcon.jpg", "PNG", "RGB"),
    ],
)
def test_unusual_files(crawl: Summary, served: dict[str, Any], name: str, format: str, mode: str) -> None:
    image = _picture(served, next(url for url in crawl.pictures if url.endswith(name)))
    assert (image.format, image.mode) == (format, mode)


def test_broken_pictures_do_not_decode(crawl: Summary, served: dict[str, Any]) -> None:
    broken = {url: fate for url, fate in crawl.pictures.items() if fate not in ("kept", "frequent", "small", "ratio")}
    assert sorted(broken.values()) == ["bomb", "empty", "missing", "not an image", "svg", "truncated"]
    for url in broken:
        with pytest.raises((OSError, Image.DecompressionBombError)):
            _picture(served, url)


def test_moved_picture_is_found_at_its_new_address(crawl: Summary, served: dict[str, Any]) -> None:
    status, headers, _ = served["https://blog.bergwind.test/media/alm-glocken.jpg"]
    assert status == "302"
    assert _picture(served, headers["location"]).size == (900, 600)


def test_charsets(served: dict[str, Any]) -> None:
    _, headers, body = served["https://zhurnal.pchela.test/zimovka"]
    assert headers["content-type"] == "text/html; charset=windows-1251"
    assert "Зимой пчёлы не спят." in body.decode("windows-1251")
    _, headers, body = served["https://machikado.test/machi/tokeiya.html"]
    assert headers["content-type"] == "text/html; charset=shift_jis"
    assert "駅から続く長い坂の途中に" in body.decode("shift_jis")
    _, headers, body = served["https://www.chashan.test/chashi/qingming"]
    assert headers["content-type"] == "text/html"
    assert b'<meta charset="gb18030">' in body
    assert "清明前三天" in body.decode("gb18030")
    _, headers, body = served["https://journal.clockroom.test/winter-garden"]
    assert headers["content-type"] == "text/html"
    assert body[:2] in (b"\xff\xfe", b"\xfe\xff")
    assert "It is a mistake to think" in body.decode("utf-16")


def test_content_encodings(served: dict[str, Any]) -> None:
    _, headers, body = served["https://recipes.slowloaf.test/lentil-soup"]
    assert headers["content-encoding"] == "gzip"
    assert b"red lentils, rinsed" in gzip.decompress(body)
    _, headers, body = served["https://news.harbourpost.test/local/lighthouse-reopens"]
    assert headers["content-encoding"] == "br"
    assert b"Gannet Point" in brotli.decompress(body)
    _, headers, body = served["https://atelier.marees.test/reparer-une-chaise"]
    assert headers["content-encoding"] == "deflate"
    assert b"chaise" in zlib.decompress(body)
    _, headers, body = served["https://www.fieldnotes.test/mountains/packing-light"]
    assert headers["transfer-encoding"] == "chunked"
    assert body.startswith(b"bb8\r\n")
    assert body.endswith(b"0\r\n\r\n")


def test_pages_lead_to_every_picture_they_show(crawl: Summary, served: dict[str, Any]) -> None:
    for page in crawl.pages:
        _, headers, body = served[page.url]
        if headers.get("content-encoding") or headers.get("transfer-encoding") or page.fate == "truncated":
            continue
        charset = headers["content-type"].partition("charset=")[2] or ("gb18030" if page.language == "zh" else "utf-16")
        html = body.decode(charset)
        assert all(url.partition(".test")[2].removeprefix("/") in html for url in page.images), page.url


def test_strays_are_there(crawl: Summary) -> None:
    with crawl.path.open("rb") as stream:
        kinds = Counter(record.rec_type for record in ArchiveIterator(stream))
    assert {kind: kinds[kind] for kind in ("warcinfo", "revisit", "request", "metadata")} == {
        "warcinfo": 1,
        "revisit": 1,
        "request": 1,
        "metadata": 1,
    }
    statuses = Counter(status for _, status, _, _ in _responses(crawl.path))
    assert statuses == {"200": crawl.records - 9, "301": 1, "302": 1, "404": 2, "503": 1}
