from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from omnicorpus.document import Drop, Locator
from omnicorpus.errors import InputError
from omnicorpus.warc import Response
from pipelines.page import Page, PageSettings, document_id, pages, read_page

PARAGRAPH = "<p>The tide comes in twice a day, and every time it leaves something new upon the sand for us to find.</p>"
BODY = f"<html><body><article>{PARAGRAPH * 3}<img src='/i.jpg' alt='a shell'>{PARAGRAPH}</article></body></html>"
SETTINGS = PageSettings()


def response(body: str = BODY, **changes: object) -> Response:
    plain = Response(
        "https://a.test/x",
        datetime(2023, 11, 28, tzinfo=UTC),
        Locator("/data/a.warc.gz", 5, 9),
        200,
        "text/html",
        "utf-8",
        b"",
    )
    return replace(plain, body=body.encode(), **changes)  # type: ignore[arg-type]


def test_a_page_becomes_a_document_with_its_images_in_place() -> None:
    page = read_page(response(), SETTINGS)
    assert isinstance(page, Page)
    kinds = [type(part).__name__ for part in page.document.parts]
    assert kinds.count("Image") == 1
    assert kinds.index("Image") not in (0, len(kinds) - 1)
    (image,) = page.document.images()
    assert (image.url, image.alt) == ("https://a.test/i.jpg", "a shell")


@pytest.mark.parametrize(
    ("changes", "drop"),
    [
        ({"status": 404}, Drop("status", 404.0, 200.0)),
        ({"mime": "application/pdf"}, Drop("content_type", detail="application/pdf")),
        ({"url": "urn:x"}, Drop("address_scheme", detail="urn:x")),
        ({"truncated": "length"}, Drop("truncated", detail="length")),
    ],
)
def test_what_is_no_whole_page_is_dropped_with_its_reason(changes: dict[str, object], drop: Drop) -> None:
    assert read_page(response(**changes), SETTINGS) == drop


def test_a_truncated_page_is_kept_when_the_config_says_so() -> None:
    assert isinstance(read_page(response(truncated="length"), replace(SETTINGS, keep_truncated=True)), Page)


def test_a_page_that_refuses_is_dropped_unless_the_config_honours_nothing() -> None:
    refusing = response(BODY.replace("<body>", "<head><meta name='robots' content='noai'></head><body>"))
    assert read_page(refusing, SETTINGS) == Drop("consent", detail="noai")
    assert isinstance(read_page(refusing, replace(SETTINGS, refuse=())), Page)


def test_bad_images_are_cut_out_and_told() -> None:
    body = BODY.replace("</p>", "</p><img src='/ads/offer.jpg'>", 1)
    page = read_page(response(body), SETTINGS)
    assert isinstance(page, Page)
    assert [image.url for image in page.document.images()] == ["https://a.test/i.jpg"]
    assert [(part.url, drop.rule.split(".")[0]) for _, part, drop in page.cuts] == [
        ("https://a.test/ads/offer.jpg", "image_address")
    ]


@pytest.mark.parametrize("body", ["", "<html></html>", "<html><body><script>x</script></body></html>"])
def test_a_page_without_anything_is_empty(body: str) -> None:
    assert read_page(response(body), SETTINGS) == Drop("empty", 0.0, 1.0)


def test_a_page_that_takes_too_long_is_dropped() -> None:
    settings = replace(SETTINGS, seconds=1e-4)
    began = time.monotonic()
    assert read_page(response(BODY * 200), settings) == Drop("seconds", 1e-4, 1e-4)
    assert time.monotonic() - began < 60


def test_ids_follow_from_the_record_and_not_from_the_folder() -> None:
    moved = replace(response(), locator=Locator("s3://bucket/a.warc.gz", 5, 9))
    assert document_id(response()) == document_id(moved)
    others = [
        replace(response(), url="https://a.test/y"),
        replace(response(), crawled_at=None),
        replace(response(), locator=Locator("/data/b.warc.gz", 5, 9)),
        replace(response(), locator=Locator("/data/a.warc.gz", 6, 9)),
    ]
    ids = {document_id(item) for item in [response(), *others]}
    assert len(ids) == 5
    assert {len(item) for item in ids} == {32}


def test_an_html_file_is_one_page_under_its_own_address(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(BODY)
    (found,) = pages(str(tmp_path / "page.html"))
    assert isinstance(found, Response)
    page = read_page(found, SETTINGS)
    assert isinstance(page, Page)
    assert page.document.url == f"file://{tmp_path}/page.html"
    assert [image.url for image in page.document.images()] == ["file:///i.jpg"]
    (tmp_path / "empty.html").write_text(" ")
    with pytest.raises(InputError, match="is empty"):
        list(pages(str(tmp_path / "empty.html")))
