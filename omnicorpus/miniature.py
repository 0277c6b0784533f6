"""A small real-looking web, written as one WARC file that also holds its pictures.

About sixty pages in eight languages (and one page in a ninth), in six designs, with everything that a real crawl throws
at a reader: charsets, content encodings, lazy pictures, advertisements, copies, broken and hostile files. What was
planted is returned, so that tests can assert what a pipeline made of it. The articles lie in `articles/*.txt`, one file
per language; nothing depends on the clock, the network or the machine, so the same libraries write the same bytes.
"""

from __future__ import annotations

import gzip
import io
import random
import re
import struct
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import brotli
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from omnicorpus import site, storage
from omnicorpus.drawing import Format, draw, encode, encode_unusual, reduce
from omnicorpus.site import Article, Block, BlockKind, Picture

LANGUAGES = ("ar", "de", "en", "es", "fr", "ja", "ru", "zh")
"""The languages that a run of the miniature keeps. Its ninth, "fi", is there to be dropped."""

FIRST_RECORD = datetime(2023, 11, 28, 6, 0, tzinfo=UTC)
"""When the crawl begins. Later records follow at seconds; pages crawled before have dates of their own."""

_FORMATS: dict[str, tuple[Format, str]] = {
    "gif": ("GIF", "image/gif"),
    "jpg": ("JPEG", "image/jpeg"),
    "png": ("PNG", "image/png"),
    "webp": ("WEBP", "image/webp"),
}
_MARKS: tuple[tuple[str, BlockKind], ...] = (
    ("## ", "h2"),
    ("- ", "ul"),
    ("1. ", "ol"),
    ("> ", "quote"),
    ("$ ", "code"),
    ("| ", "table"),
    ("@ ", "post"),
)
_HOUSE_PICTURE = "village-fair.jpg"


@dataclass(frozen=True, slots=True)
class Page:
    """One capture of one page, and what is to become of it.

    `fate` is "kept", or why the page ought to go: "recrawled" (an older capture), "same text", "near duplicate" (each
    with `twin`, the address that is kept), "no image", "no picture left", "language", "lorem ipsum", "short",
    "numbers", "repetition", "line breaks", "robots", "truncated", "nesting". Of the last two and of "robots" a reader
    may think otherwise; all that is asked there is that it goes on. `text` is what the author wrote, without title,
    captions and surroundings. `images` are the addresses of the body's pictures in reading order.
    """

    url: str
    language: str
    crawled_at: datetime
    fate: str
    twin: str | None
    text: str
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pages of much the same text. `jaccard` is 0-1, over the 5-grams of `shingles`."""

    newer: str
    older: str
    jaccard: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What `write_crawl` wrote. `records` counts WARC records of all types, `size` is in bytes.

    `pictures` holds the fate of every picture of a body by its address: "kept", "small", "ratio", "frequent" (shown in
    more than ten documents), "missing", "truncated", "not an image", "bomb", "svg", "empty". `near_duplicates` are to
    be joined at Jaccard 0.8 and `decoys` are not.
    """

    path: Path
    records: int
    size: int
    pages: tuple[Page, ...]
    pictures: Mapping[str, str]
    near_duplicates: tuple[Pair, ...]
    decoys: tuple[Pair, ...]


def write_crawl(path: Path) -> Summary:
    """Write the miniature web to `path` as WARC 1.1, one gzip member per record, and say what is in it.

    The file is there whole or not at all. Raises OutputError where it can't be written.
    """
    articles, words = read_articles()
    with storage.writing(str(path)) as stream:
        crawl = _Crawl(WARCWriter(stream, gzip=True, warc_version="1.1"))
        crawl.write("warcinfo", "", b"software: omnicorpus miniature\r\nformat: WARC File Format 1.1\r\n")
        for article in articles:
            near = [other for other in articles if other.language == article.language and not other.get("copy")]
            position = next((k for k, other in enumerate(near) if other.number >= article.number), 0)
            related = [other for other in near[position:] + near[:position] if other.url != article.url][:4]
            crawl.write_article(article, words[article.language], related)
        _write_strays(crawl, articles)
        size = stream.tell()
    return Summary(
        path=path,
        records=crawl.records,
        size=size,
        pages=tuple(crawl.pages),
        pictures=crawl.fates,
        near_duplicates=_pairs(articles, "near duplicate"),
        decoys=_pairs(articles, "kept"),
    )


def read_articles() -> tuple[list[Article], dict[str, Mapping[str, str]]]:
    """All articles in the order of the crawl, and the labels of each language's site.

    A file begins with labels (`name: value`). Each article begins with `# ADDRESS`, then its settings: title, author,
    published, design, charset, declare (where the charset is said: header, meta, bom), encoding, chunked, crawled,
    fate, robots, fair (shows the picture that all sites share), copy (the address whose body it takes), keep (how many
    blocks of it), replace (`old => new`). Blocks follow, separated by blank lines.
    """
    folder = files("omnicorpus") / "articles"
    articles: list[Article] = []
    words: dict[str, Mapping[str, str]] = {}
    for language in (*LANGUAGES, "fi"):
        head, *sections = re.split(r"^# (?=http)", (folder / f"{language}.txt").read_text("utf-8"), flags=re.MULTILINE)
        words[language] = dict(_setting(line) for line in head.strip().splitlines())
        for section in sections:
            articles.append(_article(section, language, len(articles), articles))
    return articles, words


def _setting(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(": ")
    if not colon:
        raise ValueError(f"not a setting: {line!r}")
    return name, value.strip()


def _article(section: str, language: str, number: int, earlier: list[Article]) -> Article:
    head, _, body = section.partition("\n\n")
    url, *lines = head.splitlines()
    settings: dict[str, str] = {}
    changes: list[tuple[str, str]] = []
    for line in lines:
        name, value = _setting(line)
        if name == "replace":
            old, _, new = value.partition(" => ")
            changes.append((old, new))
        else:
            settings[name] = value
    blocks = [_read_block(chunk, url) for chunk in re.split(r"\n{2,}", body.strip()) if chunk]
    if original := settings.get("copy"):
        source = next(article for article in earlier if article.url == original)
        taken = list(source.blocks[: int(settings.get("keep", len(source.blocks)))])
        for old, new in changes:
            if not any(old in line for block in taken for line in block.lines):
                raise ValueError(f"{url}: nothing to replace: {old!r}")
            taken = [Block(b.kind, tuple(line.replace(old, new) for line in b.lines), b.picture) for b in taken]
        blocks, number = taken + blocks, source.number
        settings = {name: source.get(name) for name in ("title", "author", "published", "design")} | settings
    elif settings.get("fair"):
        fair = Picture(urljoin(url, f"/media/{_HOUSE_PICTURE}"), "street", 640, 480, settings["fair"], "")
        blocks.insert(len(blocks) - 1, Block("picture", picture=fair))
    return Article(url, language, number, tuple(blocks), settings)


def _read_block(chunk: str, url: str) -> Block:
    lines = chunk.splitlines()
    if picture := re.fullmatch(r"!\[(\S+) (\w+) (\d+)x(\d+) ?([\w ]*)\] ([^|]*)(?:\| (.*))?", chunk):
        name, scene, width, height, effect, alt, caption = picture.groups()
        address = urljoin(url, f"/media/{name}")
        shown = Picture(address, scene, int(width), int(height), alt.strip(), (caption or "").strip(), effect)
        return Block("picture", picture=shown)
    if directive := re.fullmatch(r"%(\w+) (\d+)", chunk):
        return _DIRECTIVES[directive[1]](int(directive[2]))
    for mark, kind in _MARKS:
        if all(line.startswith(mark) for line in lines):
            return Block(kind, tuple(line.removeprefix(mark) for line in lines))
    return Block("p", (" ".join(lines),))


def _tides(days: int) -> Block:
    """A tide table as running text: nearly nothing but numbers."""
    rng = random.Random("tides")
    rows = []
    for day in range(days):
        times = " ".join(
            f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02} {rng.uniform(0.3, 6.9):.2f}" for _ in range(4)
        )
        rows.append(f"{day % 31 + 1:02}.{day // 31 + 1:02}.2023 {times} {rng.randint(20, 120)} {rng.randint(1, 360)}")
    return Block("html", tuple(f"<p>{row}</p>" for row in rows))


def _kettles(sentences: int) -> Block:
    """What a shop writes for search engines only: every other word is the same."""
    rng = random.Random("kettles")
    kinds = ["cheap", "steel", "best", "copper", "travel", "electric", "whistling", "enamel", "new", "top", "glass"]
    lines = [" ".join(f"{kind} kettle" for kind in rng.sample(kinds, 7)) + " kettle." for _ in range(sentences)]
    return Block("html", tuple(f"<p>{line}</p>" for line in lines))


def _breaks(lines: int) -> Block:
    """Single words far apart: the text is mostly empty lines."""
    rng = random.Random("breaks")
    some = [
        "the tide",
        "came in",
        "and went",
        "a gull",
        "to the shore",
        "of the bay",
        "in grey",
        "that morning",
        "still",
    ]
    return Block(
        "html", ("<p>" + "".join(f"{rng.choice(some)}<br><br><br><br><br><br>" for _ in range(lines)) + "</p>",)
    )


def _nest(depth: int) -> Block:
    """Elements inside elements, `depth` deep, with a few words at the bottom; none is closed."""
    return Block("html", ("<div><span>" * (depth // 2) + "the bottom of the well",))


_DIRECTIVES = {"breaks": _breaks, "kettles": _kettles, "nest": _nest, "tides": _tides}


def shingles(article: Article) -> set[tuple[str, ...]]:
    """The 5-grams of title and text: of words, or of characters where words are not set apart."""
    text = f"{article.get('title')} {article.text()}".lower()
    tokens = re.findall(r"\w" if article.language in ("zh", "ja") else r"\w+", text)
    return {tuple(tokens[k : k + 5]) for k in range(len(tokens) - 4)}


def _pairs(articles: list[Article], fate: str) -> tuple[Pair, ...]:
    pairs = []
    for newer in articles:
        older = next((other for other in articles if other.url == newer.get("copy")), newer)
        if older.url == newer.url or newer.get("pair") != fate:
            continue
        a, b = shingles(newer), shingles(older)
        pairs.append(Pair(newer.url, older.url, len(a & b) / len(a | b)))
    return tuple(pairs)


class _Crawl:
    """The open file: numbers the records, and writes each address once."""

    def __init__(self, writer: WARCWriter) -> None:
        self._writer = writer
        self._held: set[str] = set()
        self.records = 0
        self.pages: list[Page] = []
        self.fates: dict[str, str] = {}

    def now(self) -> datetime:
        return FIRST_RECORD + timedelta(seconds=self.records)

    def write(
        self,
        kind: str,
        url: str,
        payload: bytes,
        http: StatusAndHeaders | None = None,
        when: datetime | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        date = (when or self.now()).strftime("%Y-%m-%dT%H:%M:%SZ")
        identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{kind} {url} {date}")
        headers = {"WARC-Record-ID": f"<urn:uuid:{identity}>", "WARC-Date": date} | dict(extra or {})
        body = io.BytesIO(payload)
        record = self._writer.create_warc_record(
            url, kind, payload=body, length=len(payload), warc_headers_dict=headers, http_headers=http
        )
        self._writer.write_record(record)
        self.records += 1

    def respond(
        self,
        url: str,
        payload: bytes,
        content_type: str | None,
        status: str = "200 OK",
        headers: tuple[tuple[str, str], ...] = (),
        when: datetime | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        date = (when or self.now()).strftime("%a, %d %b %Y %H:%M:%S GMT")
        lines = [("Date", date), ("Server", "miniature"), *headers]
        if content_type is not None:
            lines.append(("Content-Type", content_type))
        if ("Transfer-Encoding", "chunked") not in headers:
            lines.append(("Content-Length", str(len(payload))))
        self.write("response", url, payload, StatusAndHeaders(status, lines, protocol="HTTP/1.1"), when, extra)

    def hold(self, url: str) -> bool:
        """Whether `url` is new; from now on it is not."""
        new = url not in self._held
        self._held.add(url)
        return new

    def write_article(self, article: Article, words: Mapping[str, str], related: list[Article]) -> None:
        self._write_surroundings(article)
        body = site.page(article, words, related).encode(article.get("charset", "utf-8"), "xmlcharrefreplace")
        declared = article.get("declare", "header")
        content_type = f"text/html; charset={article.get('charset', 'utf-8')}" if declared == "header" else "text/html"
        headers: tuple[tuple[str, str], ...] = ()
        if encoding := article.get("encoding"):
            body = _ENCODERS[encoding](body)
            headers += (("Content-Encoding", encoding),)
        extra = {}
        if article.get("fate") == "truncated":
            body = body[: len(body) * 7 // 10]
            extra = {"WARC-Truncated": "length"}
        if article.get("chunked"):
            body = _chunked(body)
            headers += (("Transfer-Encoding", "chunked"),)
        crawled = article.get("crawled")
        when = datetime.fromisoformat(crawled).replace(tzinfo=UTC) if crawled else self.now()
        self.respond(article.url, body, content_type, headers=headers, when=when, extra=extra)
        images = tuple(picture.url for picture in article.pictures())
        fate, twin = article.get("fate", "kept"), article.get("twin") or None
        self.pages.append(Page(article.url, article.language, when, fate, twin, article.text(), images))
        for position, picture in enumerate(article.pictures()):
            if self.hold(picture.url):
                thumbnail = site.form_of(article, position) in ("srcset", "picture")
                self.fates[picture.url] = self._write_picture(picture, thumbnail)
        for other in related:
            if self.hold(site.card_url(other)):
                shown = next((p for p in other.pictures()), None)
                scene = shown.scene if shown else "tree"
                self.respond(site.card_url(other), encode(draw(scene, other.url, 120, 90), "JPEG"), "image/jpeg")

    def _write_surroundings(self, article: Article) -> None:
        """robots.txt and the furniture of the article's host, and of the hosts that all pages call, once each."""
        host = urlsplit(article.url).netloc
        robots = urljoin(article.url, "/robots.txt")
        if self.hold(robots):
            self.respond(robots, b"User-agent: *\nDisallow: /private/\n", "text/plain")
        furniture = [
            (urljoin(article.url, "/static/logo.png"), "ribbon", 180, 48),
            (urljoin(article.url, "/static/blank.gif"), "sea", 1, 1),
            *((urljoin(article.url, f"/static/icons/{name}.png"), "ribbon", 16, 16) for name in site.SOCIAL),
            *((f"https://{host}/avatars/{k}.jpg", "flower", 48, 48) for k in range(3)),
            *((f"https://ads.adnet.test/banners/300x250-{k}.jpg", "ribbon", 300, 250) for k in range(3)),
            ("https://stats.counter.test/pixel.gif?v=2", "sea", 1, 1),
        ]
        for url, scene, width, height in furniture:
            if self.hold(url):
                format, content_type = _FORMATS[urlsplit(url).path.rpartition(".")[2]]
                self.respond(url, encode(draw(scene, url, width, height), format), content_type)

    def _write_picture(self, picture: Picture, thumbnail: bool) -> str:
        """Write the records of one picture; its fate."""
        ending = picture.url.rpartition(".")[2]
        if picture.effect == "missing":
            self.respond(picture.url, b"<h1>404 Not Found</h1>", "text/html", "404 Not Found")
            return "missing"
        if picture.effect in _HOSTILE:
            payload, content_type, fate = _HOSTILE[picture.effect]
            self.respond(picture.url, payload, content_type)
            return fate
        format, content_type = _FORMATS[ending]
        house = picture.url.endswith(_HOUSE_PICTURE)
        image = draw(picture.scene, _HOUSE_PICTURE if house else picture.url, picture.width, picture.height)
        payload = encode_unusual(image, picture.effect, format)
        if picture.effect == "truncated":
            self.respond(picture.url, payload[: len(payload) * 2 // 5], content_type)
            return "truncated"
        if picture.effect == "moved":
            target = urljoin(picture.url, f"/archive/{picture.url.rpartition('/')[2]}")
            self.respond(picture.url, b"", None, "302 Found", headers=(("Location", target),))
            self.respond(target, payload, content_type)
        else:
            self.respond(picture.url, payload, content_type)
        if thumbnail:
            self.respond(site.thumbnail_url(picture.url), encode(reduce(image, 400), format), content_type)
        if house:
            return "frequent"
        if min(picture.width, picture.height) < 150:
            return "small"
        return "kept" if 0.5 <= picture.width / picture.height <= 2 else "ratio"


def _bomb() -> bytes:
    """A PNG of a few hundred bytes that declares 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100_000), 9)) + chunk(b"IEND", b"")


_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400">'
    b'<rect width="600" height="400" fill="#dde"/><path d="M40 340 L200 120 L460 80" stroke="#235" fill="none"/>'
    b"</svg>"
)
_HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "bomb": (_bomb(), "image/png", "bomb"),
    "empty": (b"", "image/jpeg", "empty"),
    "html": (b"<!DOCTYPE html><title>Hotlinking</title><p>Please visit our page.</p>", "image/jpeg", "not an image"),
    "svg": (_SVG, "image/svg+xml", "svg"),
}
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "deflate": lambda body: zlib.compress(body, 6),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


def _chunked(body: bytes) -> bytes:
    parts = [body[k : k + 3000] for k in range(0, len(body), 3000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _write_strays(crawl: _Crawl, articles: list[Article]) -> None:
    """The records that are no pages: errors, redirects, other types of content, a revisit, a request, metadata."""
    home = articles[0].url
    crawl.respond(urljoin(home, "/gone"), b"<html><body><h1>404</h1></body></html>", "text/html", "404 Not Found")
    crawl.respond(urljoin(home, "/old"), b"", "text/html", "301 Moved Permanently", headers=(("Location", home),))
    crawl.respond(urljoin(home, "/broken"), b"<html><body>try again</body></html>", "text/html", "503 Unavailable")
    crawl.respond(urljoin(home, "/feed.json"), b'{"items": []}', "application/json")
    crawl.respond(urljoin(home, "/empty.html"), b"", "text/html")
    crawl.respond(urljoin(home, "/leaflet.pdf"), b"%PDF-1.4\n%%EOF\n", "application/pdf")
    first = crawl.pages[0]
    refers = {
        "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC-Refers-To-Target-URI": first.url,
        "WARC-Refers-To-Date": first.crawled_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    same = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
    crawl.write("revisit", first.url, b"", same, extra=refers)
    asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", urlsplit(home).netloc)], is_http_request=True)
    crawl.write("request", urljoin(home, "/"), b"", asked)
    crawl.write("metadata", home, b"fetchTimeMs: 312\r\n")


def pages_of(summary: Summary, fate: str) -> Iterator[Page]:
    """The captures of `summary` that have this fate."""
    return (page for page in summary.pages if page.fate == fate)
