from __future__ import annotations

from dataclasses import replace

import pytest

from filters.consent import consent, no_images
from omnicorpus.document import Document, Drop, Facts
from tests import build


def saying(*tokens: str) -> Document:
    return replace(build.doc("x"), facts=Facts(robots=tokens))


@pytest.mark.parametrize("token", ["noai", "tdm-reservation"])
def test_a_page_that_refuses_this_use_is_dropped_with_its_word(token: str) -> None:
    assert consent(saying("follow", token)) == Drop("consent", detail=token)


def test_what_is_said_to_search_engines_drops_only_where_the_config_says_so() -> None:
    assert consent(saying("noindex", "nofollow")) is None
    assert consent(saying("noindex"), refusals=("noindex",)) == Drop("consent", detail="noindex")
    assert consent(saying("noai"), refusals=()) is None


@pytest.mark.parametrize("token", ["noimageai", "noimageindex"])
def test_a_page_may_keep_its_images_out_alone(token: str) -> None:
    assert consent(saying(token)) is None
    assert no_images(saying(token)) == Drop("consent.no_images", detail=token)
    assert no_images(saying("index")) is None
