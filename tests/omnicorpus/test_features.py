from __future__ import annotations

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus.blocks import Block, read
from omnicorpus.features import TEXT, Hints, measure, picture_rows
from omnicorpus.parts import shown

DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}:\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d\s*[年月日時时]")
PIECES = ("19", "20", "1", "99", "07", ":", "/", "-", ".", " ", "年", "中", "a", "_", "é", "٣", "²", "\u3000", "𝐀")


@settings(max_examples=400)
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join), min_size=1, max_size=8))
def test_a_date_is_told_as_its_pattern_tells_it(texts: list[str]) -> None:
    page = read("<body>" + "".join(f"<p>{text}</p>" for text in texts))
    found = [item.text for item in page.items if isinstance(item, Block)]
    told = measure(page, Hints()).rows[:, TEXT.index("is_date")].tolist() if found else []
    assert told == [float(DATE.search(text) is not None) for text in found]


WORDS = ("The", "the title", "TITLE", " ", "of", "\u0130", "ΟΣ", "𝐀", "<br>", "words", "a page", "é", "É")


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map("".join),
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map("".join), min_size=1, max_size=6),
)
def test_a_text_that_stands_in_the_title_is_told_and_one_that_holds_it(title: str, texts: list[str]) -> None:
    title = " ".join(title.split()).lower()
    page = read("<body>" + "".join(f"<p>{text}</p>" for text in texts))
    found = [item.text for item in page.items if isinstance(item, Block)]
    column = TEXT.index("in_title")
    told = measure(page, Hints(title)).rows[:, column : column + 2].tolist() if found else []
    lower = [text.lower() for text in found]
    asked = [len(text) >= 4 and len(title) >= 4 for text in found]
    assert told == [
        [float(ask and text in title), float(ask and len(title) > 8 and title in text)]
        for ask, text in zip(asked, lower, strict=True)
    ]


NAMES = (
    "logo", "Icon", "catalogo", "avatars", "ad", "Ads", "bad", "nav", "up", "/", "-", "_", "1", ".", "?", "#", "x" * 90,
    ".jpg", ".JPEG", ".webp", ".gif", ".svg", "\u212a", "\u0130", "home",
)  # fmt: skip
CHROME = re.compile(r"logo|icon|avatar|(?<![a-z])(?:ads?|nav|up|home)(?![a-z])")


@settings(max_examples=400)
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=7))
def test_what_the_address_of_a_picture_is_told_by(pieces: list[str]) -> None:
    page = read(f'<body><img src="/{"".join(pieces)}"><img src="b.jpg">')
    images = shown(page, "https://h.test/")
    _, rows = picture_rows(page, measure(page, Hints()), images, np.zeros(page.columns.items.shape[1], np.bool_))
    path = images[0].url.lower().partition("?")[0] if 0 in images else ".jpg"
    ends = [path.endswith(each) for each in ((".jpg", ".jpeg", ".webp"), ".gif", ".svg")]
    assert (rows[0, -22 + 7] == 1) == (CHROME.search(path[-80:]) is not None)
    assert (rows[0, -22 + 9 : -22 + 12] == 1).tolist() == ends
