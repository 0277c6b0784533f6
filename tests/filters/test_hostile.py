"""Every rule ends soon on text made to be slow: none may take more than time in proportion to its length."""

from collections import Counter

import pytest

from filters.detailed import DetailedSettings, refine
from filters.document import RefinedSettings
from filters.document import judge as judge_whole
from filters.personal import PersonalSettings, mask_text
from filters.preliminary import PreliminarySettings, judge
from omnicorpus.document import Document, Image, Kind, Locator, Text

SIZE = 100_000
pytestmark = pytest.mark.slow
PIECES = [
    *(
        ".",
        "!",
        "...",
        "…",
        ")",
        "(",
        "[",
        "[1]",
        " ",
        "\n",
        "\n ",
        "\t",
        "_",
        "_ ",
        "a",
        "a.",
        "a-",
        "'",
        "1",
        "1 ",
        "1-",
    ),
    *("+1 ", "0 0", "@", "a@", "a@b.", ":", "a:", "::", "#", "# ", "#a", "http://", "www.a", "©", "by a ", "tags: "),
    *(
        "share on ",
        "的",
        "。",
        "来源：",
        "港口",
        "ก",
        "ก ",
        "\u0e31",
        "\u200b",
        "\u0301",
        "e\u0301",
        "{",
        "}",
        "lorem ipsum ",
    ),
    *(
        "read more",
        "read more\n",
        "Read more... ",
        "a. Read more ",
        "(photo: ",
        "(photo: a)",
        "（完）",
        "■",
        "记者",
        "4111 ",
    ),
    *(
        "(https://a.b",
        "https://a.b ",
        "^ ",
        "a, ",
        "1 a\n",
        "12:00 - ",
        "x[m]",
        "rt @a: ",
        "\u200d",
        "\u200c",
        "\U000e0041",
    ),
    *("ﬁ", "://a@", "a@b.c", "。https://a.b", "- a b\n", "港口[J]."),
    *("DE89 ", "\U0001f600", "-\n", "- a\n", "Photo by \n", "A", "A ", "\ud800"),
]
OPEN = PreliminarySettings(word_count=None, sentence_count=None)


@pytest.mark.parametrize("kind", ["text", "list"])
@pytest.mark.parametrize("end", ["", "x"])
@pytest.mark.parametrize("piece", PIECES)
def test_text_of_one_repeated_piece(piece: str, end: str, kind: Kind) -> None:
    text = (piece * (SIZE // len(piece)) + end).strip()
    if not text:
        return
    parts = (Text(text, kind), Image("https://example.org/a.png"), Text("x", kind))
    document = Document("0" * 32, "https://example.org/", None, Locator("a.warc", 0, 1), parts, language="en")
    judge(document, OPEN)
    judge(document, PreliminarySettings())
    left, _ = refine(document, DetailedSettings())
    assert refine(left, DetailedSettings()) == (left, [])
    judge_whole(left, RefinedSettings(words_per_image=50, paragraph_length=(35, 12)))
    mask_text(text, PersonalSettings(), Counter())
