"""One HTML page that shows documents as a reader meets them, or what was taken away and why.

The page is one file: pictures are small JPEGs inside it, style and script are inline and named by their hashes in its
Content-Security-Policy, and nothing is ever asked of the network. Whatever comes from a crawl is escaped; an address
becomes a link only if it is http or https.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from urllib.parse import urlsplit

from omnicorpus import picture, storage
from omnicorpus.document import Document, Image, Locator, Part, Text
from omnicorpus.glimpse import Glimpses
from omnicorpus.schema import Dropped

SIDE = 480
"""Pixels of the longer side of a picture on the page: two columns of a laptop's window, some 30 kB each."""

LONGEST_TEXT = 20_000
"""Characters of one text part that are shown; the rest is counted."""


def write_page(documents: Sequence[Document], pictures: Mapping[str, bytes], path: str, *, title: str) -> None:
    """Write `page` to `path`, whole or not at all. Raises OutputError."""
    storage.write_bytes(path, page(documents, pictures, title=title).encode("utf-8", "replace"))


def write_drops(
    drops: Sequence[Dropped],
    pictures: Mapping[str, bytes],
    path: str,
    *,
    title: str,
    addresses: Mapping[str, str] | None = None,
) -> None:
    """Write `drops_page` to `path`, whole or not at all. Raises OutputError."""
    storage.write_bytes(path, drops_page(drops, pictures, title=title, addresses=addresses).encode("utf-8", "replace"))


def page(documents: Sequence[Document], pictures: Mapping[str, bytes], *, title: str) -> str:
    """Documents in the order given, each with its parts in reading order.

    `pictures` holds image addresses and their bytes as served; where an address is missing or can't be decoded, its
    place says so.
    """
    contents = "".join(
        f'<li><a href="#d{k}" dir="auto">{_clean(document.facts.title or document.url)}</a> '
        f"<small>{_clean(document.language or '?')}</small></li>"
        for k, document in enumerate(documents, 1)
    )
    with Glimpses() as glimpses:
        shown = _Pictures(pictures, glimpses)
        body = "\n".join(_document(document, k, len(documents), shown) for k, document in enumerate(documents, 1))
    images = sum(1 for document in documents for _ in document.images())
    note = f"{_count(len(documents), 'document')}, {_count(images, 'image')}."
    return _frame(title, note, f"<ol>{contents}</ol>", body)


def drops_page(
    drops: Sequence[Dropped],
    pictures: Mapping[str, bytes],
    *,
    title: str,
    addresses: Mapping[str, str] | None = None,
) -> str:
    """What was dropped, by stage and rule in the order of first appearance.

    `addresses` maps ids of kept documents to their addresses, for the twins of duplicates.
    """
    groups: dict[tuple[str, str], list[Dropped]] = {}
    for dropped in drops:
        groups.setdefault((dropped.stage, dropped.drop.rule), []).append(dropped)
    contents, body, number = [], [], 0
    with Glimpses() as glimpses:
        shown = _Pictures(pictures, glimpses)
        for k, ((stage, rule), group) in enumerate(groups.items(), 1):
            heading = f"{_clean(rule)} <small>{_clean(stage)} · {len(group)}</small>"
            contents.append(f'<li><a href="#r{k}">{_clean(rule)}</a> <small>{len(group)}</small></li>')
            body.append(f'<h2 class="rule" id="r{k}">{heading}</h2>')
            for dropped in group:
                number += 1
                body.append(_dropped(dropped, number, shown, addresses or {}))
    note = f"{_count(len(drops), 'drop')} by {_count(len(groups), 'rule')}."
    return _frame(title, note, f"<ol>{''.join(contents)}</ol>", "\n".join(body))


class _Pictures:
    """Data addresses of pictures, each made once however many documents show it."""

    def __init__(self, contents: Mapping[str, bytes], glimpses: Glimpses) -> None:
        self._contents = contents
        self._glimpses = glimpses
        self._made: dict[str, str | picture.NotAPicture | None] = {}

    def get(self, url: str) -> str | picture.NotAPicture | None:
        """A data address, or why there is none (None: the bytes are not at hand)."""
        if url not in self._made:
            self._made[url] = self._make(url)
        return self._made[url]

    def _make(self, url: str) -> str | picture.NotAPicture | None:
        content = self._contents.get(url)
        if content is None:
            return None
        try:
            small = self._glimpses.make(content, SIDE)
        except picture.NotAPicture as verdict:
            return verdict
        return "data:image/jpeg;base64," + base64.b64encode(small).decode("ascii")


def _clean(text: str) -> str:
    """Page text as HTML text: escaped, and with control characters made visible."""
    return escape("".join("\ufffd" if _is_control(character) else character for character in text))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"


def _link(url: str) -> str:
    """An address as a link where it is http or https and names a host, as text where not."""
    try:
        parts = urlsplit(url)
        safe = parts.scheme in ("http", "https") and bool(parts.netloc) and not any(map(_is_control, url))
    except ValueError:
        safe = False
    if not safe:
        return f"<bdi>{_clean(url)}</bdi>"
    return f'<a href="{_clean(url)}" rel="noopener noreferrer nofollow"><bdi>{_clean(url)}</bdi></a>'


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _facts(pairs: Iterable[tuple[str, str | None]]) -> str:
    """A list of names and values; values are HTML already, names without a value are left out."""
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs if value is not None)
    return f'<dl class="facts" dir="ltr">{rows}</dl>' if rows else ""


def _locator(locator: Locator | None) -> str | None:
    if locator is None:
        return None
    return f"{_clean(locator.file)} <small>at {locator.offset:,}, {locator.length:,} bytes</small>"


def _direction(text: str) -> str:
    """Where a line of `text` begins: for containers, since dir=auto looks past children with a dir of their own."""
    strong = (unicodedata.bidirectional(character) for character in text)
    return "rtl" if next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L" else "ltr"


def _maybe(text: str | None) -> str | None:
    return f'<span dir="auto">{_clean(text)}</span>' if text else None


def _document(document: Document, number: int, total: int, shown: _Pictures) -> str:
    facts = document.facts
    language = None
    if document.language:
        score = "" if document.language_score is None else f" <small>{document.language_score:.2f}</small>"
        language = _clean(document.language) + score
    summary = _facts(
        [
            ("address", _link(document.url)),
            ("language", language),
            ("crawled", f"{document.crawled_at:%Y-%m-%d %H:%M:%S} UTC" if document.crawled_at else None),
            ("record", _locator(document.warc)),
            ("id", f"<code>{_clean(document.id)}</code>"),
            ("author", _maybe(facts.author)),
            ("published", _maybe(facts.published)),
            ("site", _maybe(facts.site_name)),
            ("licence", _maybe(facts.license)),
        ]
    )
    lang = f' lang="{_clean(document.language)}"' if document.language else ""
    title = facts.title or "Untitled"
    headers = [part.text for part in document.parts if isinstance(part, Text) and part.kind == "header"]
    heading = "" if headers[:1] == [title] else f'<h2 dir="auto"{lang}>{_clean(title)}</h2>'
    parts = "\n".join(_part(part, shown) for part in document.parts)
    return (
        f'<article id="d{number}" tabindex="-1" aria-label="{_clean(title)}"><header>'
        f'<p class="number">{number} of {total}</p>{heading}{summary}</header>'
        f'<div class="parts" dir="{_direction(document.text())}"{lang}>{parts}</div></article>'
    )


def _part(part: Part, shown: _Pictures) -> str:
    return _image(part, shown) if isinstance(part, Image) else _text(part)


def _text(part: Text) -> str:
    text = part.text[:LONGEST_TEXT]
    rest = len(part.text) - len(text)
    more = f'<p class="more">… and {_count(rest, "character")} more</p>' if rest else ""
    match part.kind:
        case "header":
            return f'<h3 dir="auto">{_clean(text)}</h3>{more}'
        case "quote":
            return f'<blockquote dir="auto">{_clean(text)}</blockquote>{more}'
        case "code" | "formula":
            return (
                f'<pre class="{part.kind}" dir="{"ltr" if part.kind == "code" else "auto"}">{_clean(text)}</pre>{more}'
            )
        case "list":
            entries = [entry.removeprefix("- ") for entry in re.split(r"\n(?=- )", text)]
            items = "".join(f'<li dir="auto">{_clean(entry)}</li>' for entry in entries)
            return f'<ul dir="{_direction(text)}">{items}</ul>{more}'
        case "table":
            rows = [re.split(r"(?<!\\) ?\| ?", line.strip().strip("|")) for line in text.splitlines()]
            cells = "".join(
                "<tr>" + "".join(f'<td dir="auto">{_clean(c.replace(chr(92) + "|", "|"))}</td>' for c in row) + "</tr>"
                for row in rows
                if not all(re.fullmatch(r":?-{3,}:?", cell.strip()) for cell in row)
            )
            return f'<div class="wide"><table dir="{_direction(text)}">{cells}</table></div>{more}'
        case "detail":
            return f'<p class="detail" dir="auto">{_clean(text)}</p>{more}'
        case "text":
            return f'<p dir="auto">{_clean(text)}</p>{more}'


def _image(image: Image, shown: _Pictures) -> str:
    data = shown.get(image.url)
    error = image.measures.error if image.measures else None
    if isinstance(data, str):
        view = f'<img src="{data}" alt="{_clean(image.alt or "")}">'
    else:
        reason = error or (data.reason if data is not None else "the bytes are not at hand")
        view = f'<p class="absent" dir="auto">no picture: {_clean(reason)}</p>'
    mark = "" if image.kind == "image" else f'<p class="media">{image.kind}: {_link(image.media or "")}</p>'
    caption = f'<p class="caption" dir="auto">{_clean(image.caption)}</p>' if image.caption else ""
    alt = f'<p class="alt" dir="auto"><small>alt</small> {_clean(image.alt)}</p>' if image.alt else ""
    return f"<figure>{view}<figcaption>{mark}{caption}{alt}{_measures(image)}</figcaption></figure>"


def _measures(image: Image) -> str:
    measures = image.measures
    scores: list[tuple[str, str]] = []
    if image.clip_similarity is not None:
        scores.append(("similarity", f"{image.clip_similarity:.3f}"))
    if measures is not None:
        if measures.width is not None and measures.height is not None:
            kind = "" if measures.format is None else f" {_clean(measures.format)}"
            scores.append(("size", f"{measures.width} × {measures.height}{kind}"))
        if measures.bytes is not None:
            scores.append(("bytes", f"{measures.bytes:,}"))
        if measures.nsfw is not None:
            scores.append(("nsfw", f"{measures.nsfw:.3f}"))
        if measures.aesthetic is not None:
            scores.append(("aesthetic", f"{measures.aesthetic:.2f}"))
        if measures.p_hash is not None:
            scores.append(("pHash", _hash(measures.p_hash, measures.p_hash_count)))
        if measures.d_hash is not None:
            scores.append(("dHash", _hash(measures.d_hash, measures.d_hash_count)))
    line = "".join(f"<span><small>{name}</small> {value}</span> " for name, value in scores)
    facts = _facts([("best sentence", _maybe(image.best_sentence)), ("address", _link(image.url))])
    return (f'<p class="scores" dir="ltr">{line}</p>' if scores else "") + facts


def _hash(digits: str, count: int | None) -> str:
    seen = "" if count is None else f" <small>in {_count(count, 'document')}</small>"
    return f"<code>{_clean(digits)}</code>{seen}"


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def _dropped(dropped: Dropped, number: int, shown: _Pictures, addresses: Mapping[str, str]) -> str:
    drop = dropped.drop
    what = "record" if dropped.document is None else "document"
    if dropped.part is not None:
        what = "image" if isinstance(dropped.part, Image) else "text"
    twin = None
    if drop.twin is not None:
        known = addresses.get(drop.twin)
        twin = f"<code>{_clean(drop.twin)}</code>" if known is None else _link(known)
    facts = _facts(
        [
            ("address", None if dropped.url is None else _link(dropped.url)),
            ("measured", _number(drop.value)),
            ("threshold", _number(drop.threshold)),
            ("detail", _maybe(drop.detail)),
            ("kept instead", twin),
            ("position", None if dropped.position is None else str(dropped.position)),
            ("record", _locator(dropped.warc)),
        ]
    )
    part = "" if dropped.part is None else f'<div class="parts" dir="auto">{_part(dropped.part, shown)}</div>'
    return (
        f'<article class="drop" id="d{number}" tabindex="-1" aria-label="{_clean(drop.rule)}">'
        f'<p class="number">{what} · {_clean(dropped.stage)}</p>{facts}{part}</article>'
    )


_STYLE = """
:root{color-scheme:light dark;--ink:#23211e;--soft:#6d675f;--line:#e2dcd2;--page:#faf8f4;--card:#fff;--accent:#8a4b1f}
@media(prefers-color-scheme:dark){:root{--ink:#e6e1d8;--soft:#a39c91;--line:#38342f;--page:#171614;--card:#1f1d1b;
--accent:#e0a070}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--page);color:var(--ink);
font:1.0625rem/1.65 Charter,"Iowan Old Style","Source Serif 4","Noto Serif","Noto Naskh Arabic",
"Noto Serif CJK SC",Georgia,serif}
body>header,nav,main{max-width:46rem;margin:0 auto;padding:0 1.25rem}
body>header{padding-top:3rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem;letter-spacing:-.01em}
header p,.number,small,.scores,.facts,nav,.absent,.more,.alt,.media{font-family:system-ui,-apple-system,
"Segoe UI","Noto Sans",sans-serif}
body>header p{color:var(--soft);margin:.2rem 0;font-size:.95rem}
kbd{border:1px solid var(--line);border-radius:4px;padding:0 .35em;font-size:.85em;background:var(--card)}
nav{font-size:.92rem;line-height:1.5}
nav summary{cursor:pointer;color:var(--soft);padding:.6rem 0}
nav ol{margin:.2rem 0 1rem;padding-inline-start:2rem;columns:2;column-gap:2rem}
nav li{break-inside:avoid}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px;overflow-wrap:anywhere}
small{color:var(--soft);font-size:.82em}
article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.6rem 1.9rem;margin:1.6rem 0}
article:focus{outline:2px solid var(--accent);outline-offset:2px}
.number{margin:0;color:var(--soft);font-size:.8rem;letter-spacing:.04em}
h2{font-size:1.5rem;line-height:1.25;margin:.15rem 0 .6rem;overflow-wrap:anywhere}
h2.rule{margin:2.4rem 0 0}
h3{font-size:1.15rem;line-height:1.35;margin:1.5rem 0 .4rem;overflow-wrap:anywhere}
.drop{padding:1rem 1.4rem;margin:.8rem 0}
.parts{border-top:1px solid var(--line);margin-top:1rem;padding-top:.4rem}
.parts p,.parts li,.parts blockquote,.parts h3{white-space:pre-line;overflow-wrap:anywhere}
.scores{display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:.3rem 0;font-size:.82rem;font-variant-numeric:tabular-nums}
.facts{margin:.3rem 0 0;font-size:.8rem;line-height:1.45;color:var(--soft);display:grid;gap:.1rem}
.facts div{display:grid;grid-template-columns:6.6rem minmax(0,1fr);gap:.6rem}
.facts dt{opacity:.85}
.facts dd{margin:0;color:var(--ink);overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.facts code{font-size:.95em}
blockquote{margin:1rem 0;padding-inline-start:1rem;border-inline-start:3px solid var(--accent);color:var(--soft)}
pre{background:var(--page);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem;overflow:auto;
font-size:.86rem;line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere}
.wide{overflow:auto}
table{border-collapse:collapse;font-size:.92rem;margin:1rem 0}
td{border:1px solid var(--line);padding:.3rem .6rem;vertical-align:top}
.detail,.more{color:var(--soft);font-size:.9rem}
figure{margin:1.4rem 0;display:grid;gap:.6rem}
figure img{display:block;max-width:100%;height:auto;border-radius:6px;background:#fff}
figcaption{border-inline-start:3px solid var(--line);padding-inline-start:.9rem}
figcaption p{margin:0 0 .25rem}
.caption{font-style:italic}
.alt{font-size:.88rem}
.absent{border:1px dashed var(--soft);border-radius:6px;padding:1.4rem;color:var(--soft);text-align:center;margin:0}
@media(max-width:34rem){article{padding:1.1rem}nav ol{columns:1}.facts div{grid-template-columns:5rem minmax(0,1fr)}}
"""

_SCRIPT = """
(()=>{const all=[...document.querySelectorAll("article")];
addEventListener("keydown",e=>{if(e.ctrlKey||e.metaKey||e.altKey||(e.key!=="j"&&e.key!=="k"))return;
const step=e.key==="j"?1:-1,edge=24,boxes=all.map(a=>a.getBoundingClientRect());
const held=all.indexOf(document.activeElement);
const next=all[held>=0&&boxes[held].bottom>0&&boxes[held].top<innerHeight?held+step:
step>0?boxes.findIndex(b=>b.top>edge):boxes.findLastIndex(b=>b.top<-edge)];
if(next){e.preventDefault();next.focus({preventScroll:true});next.scrollIntoView()}})})();
"""


def _source(code: str) -> str:
    """What a Content-Security-Policy calls one inline block: the hash of its text."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode("ascii") + "'"


def _frame(title: str, note: str, contents: str, body: str) -> str:
    policy = (
        f"default-src 'none'; img-src data:; style-src {_source(_STYLE)}; script-src {_source(_SCRIPT)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_clean(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{_clean(title)}</h1><p>{note} <kbd>j</kbd> and <kbd>k</kbd> go on and back.</p></header>\n"
        f"<nav><details><summary>Contents</summary>{contents}</details></nav>\n"
        f"<main>\n{body}\n</main>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )
