import pytest

from filters.document import RefinedSettings, judge, judge_uncut
from omnicorpus.document import Document, Drop, Image, Locator, Measures, Text

SETTINGS = RefinedSettings()


def doc(words: int, images: int, paragraph: int = 100) -> Document:
    texts = tuple(Text(" ".join(["word"] * min(paragraph, words - at))) for at in range(0, words, paragraph))
    pictures = tuple(Image(f"https://example.org/{i}.png") for i in range(images))
    return Document("0" * 32, "https://example.org/", None, Locator("a.warc", 0, 1), texts + pictures)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (doc(500, 1), None),
        (doc(500, 0), Drop("image_count", 0, 1)),
        (doc(500, 30), None),
        (doc(500, 31), Drop("image_count", 31, 30)),
        (doc(49, 1), Drop("word_count", 49, 50)),
        (doc(100_001, 1), Drop("word_count", 100_001, 100_000)),
    ],
)
def test_what_is_left_must_be_a_document(document: Document, expected: Drop | None) -> None:
    assert judge(document, RefinedSettings()) == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((), None),
        ((None, None), None),
        ((0.9, 0.1), None),
        ((0.9, 0.8), None),
        ((0.9, 0.1, 0.95), Drop("nsfw_share", 0.6667, 0.5)),
        ((0.9, None), Drop("nsfw_share", 1.0, 0.5)),
    ],
)
def test_a_document_of_mostly_unsafe_images_goes_whole(scores: tuple[float | None, ...], expected: Drop | None) -> None:
    parts = tuple(
        Image(f"https://example.org/{i}.png", measures=Measures(nsfw=score)) for i, score in enumerate(scores)
    )
    document = Document("0" * 32, "https://example.org/", None, Locator("a.warc", 0, 1), parts)
    assert judge_uncut(document, RefinedSettings()) == expected
    assert judge_uncut(document, RefinedSettings(nsfw_share=None)) is None


def test_galleries_and_scraps_go_where_configured() -> None:
    settings = RefinedSettings(words_per_image=50, paragraph_length=(35, 12))
    assert judge(doc(140, 3), settings) == Drop("words_per_image", 46.7, 50)
    assert judge(doc(60, 2), settings) is None
    assert judge(doc(60, 1, paragraph=6), settings) == Drop("paragraph_length", 6, 35)
    assert judge(doc(60, 1, paragraph=40), settings) is None


def test_rules_that_are_off_keep() -> None:
    assert (
        judge(
            doc(1, 99),
            RefinedSettings(
                image_count=None,
                word_count=None,
                mean_word_length=None,
                alphabetic_words=None,
                stop_words=None,
                list_share=None,
                flagged_words=None,
            ),
        )
        is None
    )


def test_directories_go_and_glossaries_stay() -> None:
    entries = Text("\n".join(f"- the entry of the book that is named after {i}" for i in range(30)), "list")
    terms = Text(
        "\n".join(f"- term {i}: " + "what it means in so many words, and more than that" for i in range(9)), "list"
    )
    picture = Image("https://example.org/a.png")
    locator = Locator("a.warc", 0, 1)
    directory = Document("0" * 32, "https://example.org/", None, locator, (entries, picture))
    glossary = Document("0" * 32, "https://example.org/", None, locator, (terms, picture))
    assert judge(directory, RefinedSettings()) == Drop("list_share", 1.0, 0.9)
    assert judge(glossary, RefinedSettings()) is None


def test_what_is_left_is_judged_by_its_words_again() -> None:
    locator = Locator("a.warc", 0, 1)
    picture = Image("https://example.org/a.png")

    def judged(text: str) -> Drop | None:
        return judge(
            Document("0" * 32, "https://a.test/", None, locator, (Text(text), picture), language="en"), SETTINGS
        )

    assert judged("the cat and the dog " * 20) is None
    assert judged("the 1250 and the 3400 5120 " * 20) == Drop("alphabetic_words", 0.5, 0.8)
    assert judged("grey cats chase brown mice " * 20) == Drop("stop_words", 0, 2)
    assert judged("to be a to be b " * 20) == Drop("mean_word_length", 1.67, 3.0)


def test_pornographic_documents_go() -> None:
    texts = (Text("free porn and hentai with milfs " * 10), Image("https://example.org/a.png"))
    document = Document("0" * 32, "https://example.org/", None, Locator("a.warc", 0, 1), texts, language="en")
    assert judge(document, RefinedSettings()) == Drop("flagged_words", 0.5, 0.02)
