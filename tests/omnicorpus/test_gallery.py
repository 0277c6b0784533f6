"""The page of samples: what it shows, and that nothing of a crawl can act in it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pixels

from omnicorpus import gallery, picture
from omnicorpus.document import Document, Drop, Facts, Image, Locator, Measures, Part, Text
from omnicorpus.schema import Dropped
from tests.browser import browser


def doc(*parts: Part, url: str = "https://a.test/page", title: str | None = None, language: str = "en") -> Document:
    return Document("0" * 32, url, None, Locator("c.warc.gz", 10, 1200), parts, Facts(title=title), language, 0.97)


def jpeg(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Pixels.new("RGB", (width, height), (200, 80, 40)).save(buffer, "JPEG")
    return buffer.getvalue()


class _Elements(HTMLParser):
    """Every start tag with its attributes, and all text outside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.inline: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] in ("style", "script"):
            self.inline[self._inside[-1]] = data
            self._inside.append("")
        else:
            self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_parts_in_reading_order_with_their_kinds() -> None:
    html = gallery.page(
        [
            doc(
                Text("Head", "header"),
                Text("- one\n- two", "list"),
                Text("a | b\n1 | 2", "table"),
                Text("x < 1", "code"),
                Text("said", "quote"),
            )
        ],
        {},
        title="t",
    )
    assert (
        html.index("<h3")
        < html.index("<li dir")
        < html.index("<table")
        < html.index("<pre")
        < html.index("<blockquote")
    )
    assert '<li dir="auto">one</li><li dir="auto">two</li>' in html
    assert html.count("<td") == 4
    assert "x &lt; 1" in html


def test_picture_is_shown_small_and_once_made(tmp_path: Path) -> None:
    image = Image("https://a.test/i.jpg", alt="a wall", measures=Measures(width=1200, height=800, nsfw=0.25))
    path = tmp_path / "page.html"
    gallery.write_page([doc(image), doc(image)], {image.url: jpeg(1200, 800)}, str(path), title="t")
    shown = _Elements(path.read_text("utf-8")).named("img")
    assert [element["alt"] for element in shown] == ["a wall", "a wall"]
    kind, _, data = (shown[0]["src"] or "").partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Pixels.open(io.BytesIO(base64.b64decode(data))).size == (480, 320)


def test_scores_stand_under_the_picture() -> None:
    image = Image(
        "https://a.test/i.jpg",
        measures=Measures(width=640, height=480, format="PNG", nsfw=0.125, p_hash="0f" * 8, p_hash_count=3),
        clip_similarity=0.3125,
        best_sentence="A wall in the sun.",
    )
    words = " ".join(" ".join(_Elements(gallery.page([doc(image)], {}, title="t")).words).split())
    for expected in ("similarity 0.312", "size 640 × 480 PNG", "nsfw 0.125", "in 3 documents", "A wall in the sun."):
        assert expected in words


def test_absent_picture_says_why() -> None:
    failed = Image("https://a.test/gone.jpg", measures=Measures(error="status 404"))
    broken = Image("https://a.test/broken.jpg")
    with pytest.raises(picture.NotAPicture) as verdict:
        picture.decode(b"<html>")
    html = gallery.page([doc(failed, broken, Image("https://a.test/nowhere.jpg"))], {broken.url: b"<html>"}, title="t")
    reasons = ["status 404", verdict.value.reason, "the bytes are not at hand"]
    assert re.findall(r"no picture: ([^<]*)", html) == reasons


def test_documents_lists_and_tables_begin_where_their_script_begins() -> None:
    arabic = doc(Text("- خبز\n- ماء", "list"), Text("خبز | ماء", "table"), language="ar")
    page = _Elements(gallery.page([arabic, doc(Text("- 1 bread", "list"))], {}, title="t"))
    assert [each["dir"] for each in page.named("ul")] == ["rtl", "ltr"]
    assert [each["dir"] for each in page.named("table")] == ["rtl"]
    assert [each["dir"] for each in page.named("div") if each.get("class") == "parts"] == ["rtl", "ltr"]


def test_facts_of_a_document() -> None:
    words = " ".join(_Elements(gallery.page([doc(Text("t"), title="Bread", language="fr")], {}, title="x")).words)
    for expected in ("Bread", "https://a.test/page", "fr", "0.97", "c.warc.gz", "at 10, 1,200 bytes"):
        assert expected in words


def test_drop_says_rule_value_threshold_and_the_kept_address() -> None:
    drops = [
        Dropped(Drop("near_duplicate", 0.91, 0.8, twin="7" * 32), "deduplicate", "1" * 32, "https://a.test/old"),
        Dropped(Drop("image_size", 90, 150), "refine", "2" * 32, "https://a.test/x", 4, Image("https://a.test/s.jpg")),
    ]
    html = gallery.drops_page(drops, {}, title="Dropped", addresses={"7" * 32: "https://a.test/new"})
    words = _Elements(html).words
    for expected in (
        "near_duplicate",
        "0.91",
        "0.8",
        "https://a.test/new",
        "image_size",
        "90",
        "150",
        "https://a.test/s.jpg",
    ):
        assert expected in words


def test_unknown_twin_is_named_by_its_id() -> None:
    drop = Dropped(Drop("same_text", twin="7" * 32), "deduplicate", "1" * 32, "https://a.test/old")
    assert f"<code>{'7' * 32}</code>" in gallery.drops_page([drop], {}, title="Dropped")


def test_policy_names_the_style_and_the_script_and_nothing_else() -> None:
    page = _Elements(gallery.page([doc(Text("x"))], {}, title="t"))
    policy = next(meta["content"] for meta in page.named("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    hashes = {
        name: "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"
        for name, code in page.inline.items()
    }
    assert policy == (
        f"default-src 'none'; img-src data:; style-src {hashes['style']}; script-src {hashes['script']}; "
        "base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://[bad",
        "//a.test/",
        "HTTP:",
        "java\nscript:x",
    ],
)
def test_only_web_addresses_become_links(address: str) -> None:
    page = _Elements(gallery.page([doc(Image(address), url=address)], {}, title="t"))
    assert [link["href"] for link in page.named("a")] == ["#d1"]


HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "</style><script>",
            "]]>",
            "<!--",
            "&lt;b&gt;",
            "\x1b[2J\x00",
        ]
    ),
)


SHAPE = {"html", "head", "meta", "title", "style", "script", "body", "header", "nav", "main", "article", "small", "kbd"}
CONTENT = {"h1", "h2", "h3", "p", "ol", "ul", "li", "a", "dl", "div", "dt", "dd", "code", "bdi", "span", "details"}
OURS = SHAPE | CONTENT | {"summary", "figure", "figcaption", "blockquote", "pre", "table", "tr", "td"}
META = {"charset", "http-equiv", "content", "name"}


@given(HOSTILE, HOSTILE, st.sampled_from(["text", "header", "list", "code", "quote", "table", "formula", "detail"]))
def test_no_byte_of_a_page_becomes_markup(one: str, two: str, kind: Any) -> None:
    """Whatever the texts are, there are no elements, attributes or addresses but our own."""
    image = Image(f"https://a.test/{one}", one, two, measures=Measures(error=one), best_sentence=two)
    document = doc(Text(one, kind), image, url=f"https://a.test/{one}", title=two, language=one)
    drop = Dropped(Drop(two, detail=one, twin=two), one, two, one, 0, Text(one, kind))
    for html in (gallery.page([document], {}, title=one), gallery.drops_page([drop], {}, title=two)):
        page = _Elements(html)
        names = [name for name, _ in page.tags]
        assert set(names) <= OURS
        assert (names.count("script"), names.count("style")) == (1, 1)
        attributes = {name for _, attributes in page.tags for name in attributes}
        assert (
            attributes <= {"href", "rel", "class", "id", "dir", "lang", "alt", "src", "tabindex", "aria-label"} | META
        )
        links = {link["href"] or "" for link in page.named("a")} - {drop.url}  # which may be an address that is drawn
        assert all(link.startswith(("#", "https://a.test/")) for link in links)


@pytest.mark.slow
def test_j_and_k_walk_through_the_documents(tmp_path: Path) -> None:
    """In a real browser: the script is allowed by the policy, and no message of a violation is logged."""
    path = tmp_path / "page.html"
    parts = (Text("word " * 900), Image("https://a.test/i.jpg"))
    gallery.write_page([doc(*parts) for _ in range(3)], {"https://a.test/i.jpg": jpeg(300, 200)}, str(path), title="t")
    with browser(tmp_path) as ask:
        ask("POST", "/url", {"url": path.as_uri()})
        places = []
        for key in "jjjk":
            keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
            ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})
            script = "return [document.activeElement.id, document.images[0].naturalWidth]"
            places.append(ask("POST", "/execute/sync", {"script": script, "args": []}))
        assert places == [["d1", 300], ["d2", 300], ["d3", 300], ["d2", 300]]
        assert ask("POST", "/se/log", {"type": "browser"}) == []
