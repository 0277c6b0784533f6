from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from omnicorpus.blocks import Block, read
from omnicorpus.features import TEXT, Hints, measure

DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}:\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d\s*[年月日時时]")
PIECES = ("19", "20", "1", "99", "07", ":", "/", "-", ".", " ", "年", "中", "a", "_", "é", "٣", "²", "\u3000", "𝐀")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join), min_size=1, max_size=8))
def test_a_date_is_told_as_its_pattern_tells_it(texts: list[str]) -> None:
    page = read("<body>" + "".join(f"<p>{text}</p>" for text in texts))
    found = [item.text for item in page.items if isinstance(item, Block)]
    told = measure(page, Hints()).rows[:, TEXT.index("is_date")].tolist() if found else []
    assert told == [float(DATE.search(text) is not None) for text in found]
