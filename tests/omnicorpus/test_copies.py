"""Which copy of a picture is taken: the sources decide in their order."""

from __future__ import annotations

import pytest

from omnicorpus.copies import Source, taken

SMALL, LARGE = "http://a.test/s.jpg", "http://b.test/l.jpg"
S, L = "https://a.test/s.jpg", "https://b.test/l.jpg"


@pytest.mark.parametrize(
    ("order", "had", "url"),
    [
        ((), {L: {"warc"}}, SMALL),
        (("warc",), {}, SMALL),
        (("warc",), {L: {"warc"}}, LARGE),
        (("warc",), {S: {"warc"}, L: {"warc"}}, LARGE),
        (("warc",), {L: {"earlier"}}, SMALL),
        (("warc", "web"), {}, LARGE),
        (("warc", "web"), {S: {"warc"}}, SMALL),
        (("web", "warc"), {S: {"warc"}}, LARGE),
        (("warc", "earlier", "web"), {S: {"warc"}, L: {"earlier"}}, SMALL),
        (("earlier", "warc", "web"), {S: {"warc"}, L: {"earlier"}}, LARGE),
        (("earlier", "warc"), {S: {"earlier", "warc"}, L: {"warc"}}, SMALL),
    ],
)
def test_the_first_source_that_has_a_copy_decides(
    order: tuple[Source, ...], had: dict[str, set[str]], url: str
) -> None:
    assert taken(SMALL, LARGE, had, order) == url


def test_an_image_without_a_larger_copy_is_taken_as_shown() -> None:
    assert taken(SMALL, None, {}, ("warc", "web")) == SMALL
