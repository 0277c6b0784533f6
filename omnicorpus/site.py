"""The designs of the miniature web: an article becomes a page of a blog, a newspaper, a recipe book, a forum, a manual
or a shop, with everything around it that a crawl meets and a corpus must leave behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal
from urllib.parse import urljoin, urlsplit

BlockKind = Literal["p", "h2", "ul", "ol", "quote", "code", "table", "post", "picture", "html"]
Form = Literal["plain", "lazy", "srcset", "picture", "protocol", "noscript", "relative"]

FORMS: tuple[Form, ...] = ("plain", "lazy", "srcset", "picture", "protocol", "noscript", "relative")
"""How a page may refer to a picture; articles take them in turn."""

SOCIAL = ("facebook", "mail", "link")
"""The buttons under an article: each has an icon."""

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""The one transparent pixel that stands where a lazy picture is going to be."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of an article. `effect` names what is wrong or unusual with the file, "" for nothing."""

    url: str
    scene: str
    width: int
    height: int
    alt: str
    caption: str
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of an article: its `lines` (one per item, row or paragraph), or a picture."""

    kind: BlockKind
    lines: tuple[str, ...] = ()
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """What an author wrote, with the settings of the page that carries it (see `miniature.read_articles`)."""

    url: str
    language: str
    number: int
    blocks: tuple[Block, ...]
    settings: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        return self.settings.get(name, default)

    def pictures(self) -> list[Picture]:
        return [block.picture for block in self.blocks if block.picture]

    def text(self) -> str:
        """The words of the body in reading order, a blank line between blocks; the title and captions are left out."""
        spoken = (block for block in self.blocks if block.kind not in ("picture", "post", "html"))
        return "\n\n".join("\n".join(block.lines) for block in spoken)


def form_of(article: Article, position: int) -> Form:
    """How `article` refers to its picture number `position`."""
    return FORMS[(article.number + position) % len(FORMS)]


def thumbnail_url(url: str) -> str:
    """Where the 400 pixel copy of a picture lies."""
    stem, _, ending = url.rpartition(".")
    return f"{stem}-400.{ending}"


def page(article: Article, words: Mapping[str, str], related: Sequence[Article]) -> str:
    """The page of `article`; `words` are the labels of its site in its language, `related` what it links to."""
    return _DESIGNS[article.get("design", "blog")](article, words, related)


def _labels(words: Mapping[str, str], name: str) -> list[str]:
    return [label.strip() for label in words[name].split("|")]


def _image(article: Article, picture: Picture, position: int) -> str:
    url, alt = escape(picture.url), escape(picture.alt)
    small = escape(thumbnail_url(picture.url))
    at_home = urlsplit(picture.url).netloc == urlsplit(article.url).netloc
    path = escape(urlsplit(picture.url).path) if at_home else url
    size = f'width="{picture.width}" height="{picture.height}"'
    form = form_of(article, position)
    if form == "lazy":
        return f'<img class="lazyload" src="{PIXEL}" data-src="{path}" alt="{alt}" {size}>'
    if form == "srcset":
        return f'<img src="{small}" srcset="{small} 400w, {url} {picture.width}w" sizes="100vw" alt="{alt}">'
    if form == "picture":
        return (
            f'<picture><source srcset="{small} 400w, {url} {picture.width}w"><img src="{small}" alt="{alt}"></picture>'
        )
    if form == "protocol":
        return f'<img src="{url.partition(":")[2]}" alt="{alt}" {size}>'
    if form == "noscript":
        return (
            f'<img class="lazy" src="/static/blank.gif" alt="{alt}" data-lazy="1">'
            f'<noscript><img src="{url}" alt="{alt}" {size}></noscript>'
        )
    if form == "relative":
        return f'<img src="{path.removeprefix("/")}" alt="{alt}">'
    return f'<img src="{url}" alt="{alt}" {size} decoding="async">'


def _figure(article: Article, picture: Picture, position: int) -> str:
    image = _image(article, picture, position)
    if not picture.caption:
        return f'<p><a href="{escape(picture.url)}">{image}</a></p>'
    caption = escape(picture.caption)
    if article.get("design") == "blog":
        return f'<div class="wp-caption aligncenter">{image}<p class="wp-caption-text">{caption}</p></div>'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _block(article: Article, block: Block, position: int) -> str:
    lines = [escape(line, quote=False) for line in block.lines]
    match block.kind:
        case "picture":
            assert block.picture is not None
            return _figure(article, block.picture, position)
        case "html":
            return "\n".join(block.lines)
        case "p":
            return f"<p>{'<br>'.join(lines)}</p>"
        case "quote":
            return f"<blockquote><p>{'<br>'.join(lines)}</p></blockquote>"
        case "ul" | "ol":
            return f"<{block.kind}>{''.join(f'<li>{line}</li>' for line in lines)}</{block.kind}>"
        case "code":
            return "<pre><code>" + "\n".join(lines) + "</code></pre>"
        case "table":
            head, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            top = "".join(f"<th>{cell}</th>" for cell in head)
            body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
            return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        case "h2":
            return f"<h2>{lines[0]}</h2>"
        case "post":
            return f"<h3>{lines[0]}</h3>"


def _body(article: Article) -> str:
    out, position = [], 0
    for block in article.blocks:
        out.append(_block(article, block, position))
        position += block.picture is not None
    return "\n".join(out)


def _home(article: Article) -> str:
    return urljoin(article.url, "/")


def _head(article: Article, words: Mapping[str, str]) -> str:
    title, site = escape(article.get("title")), escape(words["site"])
    lines = ['<meta name="viewport" content="width=device-width, initial-scale=1">', f"<title>{title} – {site}</title>"]
    if article.get("declare") in ("", "meta"):
        lines.insert(0, f'<meta charset="{article.get("charset", "utf-8")}">')
    if robots := article.get("robots"):
        lines.append(f'<meta name="robots" content="{escape(robots)}">')
    if any(form_of(article, k) == "relative" for k, _ in enumerate(article.pictures())):
        lines.append(f'<base href="{_home(article)}">')
    lines += [
        f'<link rel="canonical" href="{escape(article.url)}">',
        f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="{site}">',
        f'<meta name="author" content="{escape(article.get("author"))}">',
        f'<meta property="article:published_time" content="{article.get("published")}">',
        '<link rel="stylesheet" href="/static/site.css"><script>window.dataLayer=window.dataLayer||[];</script>',
        "<style>.cookie-banner{position:fixed;bottom:0}.sidebar{float:right;width:300px}</style>",
    ]
    return "<head>\n" + "\n".join(lines) + "\n</head>"


def _nav(words: Mapping[str, str]) -> str:
    links = "".join(f'<li><a href="/{k}/">{escape(label)}</a></li>' for k, label in enumerate(_labels(words, "nav")))
    return (
        '<header class="site-header"><a href="/"><img src="/static/logo.png" alt="logo" width="180" height="48"></a>'
        f'<nav class="main-navigation"><ul class="menu">{links}</ul></nav>'
        f'<form class="search" action="/search"><input placeholder="{escape(words["search"])}"></form></header>'
    )


def _cookies(words: Mapping[str, str]) -> str:
    return (
        f'<div class="cookie-banner" id="cookie-consent" role="dialog"><p>{escape(words["cookies"])}</p>'
        f"<button>{escape(words['accept'])}</button></div>"
    )


def _share(words: Mapping[str, str]) -> str:
    buttons = "".join(
        f'<li><a href="https://social.test/share?to={name}"><img src="/static/icons/{name}.png" width="16" height="16" '
        f'alt="{name}"> {escape(label)}</a></li>'
        for name, label in zip(SOCIAL, _labels(words, "share"), strict=True)
    )
    return f'<div class="share-buttons social"><ul>{buttons}</ul></div>'


def _advert(words: Mapping[str, str], number: int) -> str:
    return (
        f'<div class="ad-slot adsbygoogle" id="ad-{number}"><span>{escape(words["advert"])}</span>'
        f'<a href="https://ads.adnet.test/click?c={number}" rel="sponsored nofollow">'
        f'<img src="https://ads.adnet.test/banners/300x250-{number % 3}.jpg" width="300" height="250" '
        f'alt="{escape(words["advert"])}"></a></div>'
    )


def _related(words: Mapping[str, str], related: Sequence[Article]) -> str:
    items = "".join(
        f'<li><a href="{escape(other.url)}"><img src="{escape(card_url(other))}" width="120" height="90" alt="">'
        f"<span>{escape(other.get('title'))}</span></a></li>"
        for other in related
    )
    return f'<section class="related-posts"><h3>{escape(words["related"])}</h3><ul>{items}</ul></section>'


def card_url(article: Article) -> str:
    """Where the 120 x 90 pixel picture lies that stands beside links to `article`."""
    return urljoin(article.url, f"/cards/{article.number}.jpg")


def _sidebar(article: Article, words: Mapping[str, str], related: Sequence[Article]) -> str:
    return (
        f'<aside class="sidebar widget-area"><div class="widget"><h3>{escape(words["newsletter"])}</h3>'
        f'<form action="/subscribe"><input type="email"><button>OK</button></form></div>'
        f"{_advert(words, article.number)}{_related(words, related)}</aside>"
    )


def _foot(words: Mapping[str, str]) -> str:
    links = "".join(f'<a href="/{k}/">{escape(label)}</a> ' for k, label in enumerate(_labels(words, "nav")))
    return (
        f'<footer class="site-footer"><p>{escape(words["footer"])}</p><p>{links}</p></footer>'
        '<img src="https://stats.counter.test/pixel.gif?v=2" width="1" height="1" alt="" style="display:none">'
        '<script>var t=document.createElement("script");t.src="/static/t.js";document.body.appendChild(t)</script>'
    )


def _frame(article: Article, words: Mapping[str, str], main: str) -> str:
    direction = ' dir="rtl"' if article.language == "ar" else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{article.language}"{direction}>\n{_head(article, words)}\n'
        f'<body class="{article.get("design", "blog")}">\n{_nav(words)}\n{main}\n{_foot(words)}\n{_cookies(words)}\n'
        "</body>\n</html>\n"
    )


def _heading(article: Article) -> str:
    return f'<h1 class="entry-title">{escape(article.get("title"))}</h1>'


def _blog(article: Article, words: Mapping[str, str], related: Sequence[Article]) -> str:
    meta = f'<div class="post-meta"><time>{article.get("published")}</time> · {escape(article.get("author"))}</div>'
    tags = "".join(f'<a rel="tag" href="/tag/{k}">{escape(t)}</a> ' for k, t in enumerate(_labels(words, "nav")))
    comments = "".join(
        f'<li class="comment"><img class="avatar" src="/avatars/{k}.jpg" width="48" height="48" alt="">'
        f"<p>{escape(c)}</p></li>"
        for k, c in enumerate(_labels(words, "comments"))
    )
    main = (
        f'<div id="content" class="site-content"><main><article class="post hentry">{_heading(article)}{meta}'
        f'<div class="entry-content">{_body(article)}</div>{_share(words)}<div class="tags">{tags}</div></article>'
        f'<section id="comments" class="comments-area"><ol>{comments}</ol></section></main>'
        f"{_sidebar(article, words, related)}</div>"
    )
    return _frame(article, words, main)


def _news(article: Article, words: Mapping[str, str], related: Sequence[Article]) -> str:
    half = len(article.blocks) // 2
    before, after = (
        Article(article.url, article.language, article.number, part, article.settings)
        for part in (article.blocks[:half], article.blocks[half:])
    )
    shown = len(before.pictures())
    rest = Article(article.url, article.language, article.number + shown, after.blocks, article.settings)
    main = (
        f'<div class="breadcrumb"><a href="/">{escape(words["site"])}</a> › {escape(_labels(words, "nav")[1])}</div>'
        f'<main role="main"><article itemscope itemtype="https://schema.org/NewsArticle">{_heading(article)}'
        f'<p class="byline">{escape(article.get("author"))} | {article.get("published")}</p>{_share(words)}'
        f'<div itemprop="articleBody" class="article-body">{_body(before)}'
        f"{_advert(words, article.number + 1)}{_body(rest)}"
        f"</div></article>{_related(words, related)}</main>{_sidebar(article, words, related[:2])}"
    )
    return _frame(article, words, main)


def _recipe(article: Article, words: Mapping[str, str], related: Sequence[Article]) -> str:
    main = (
        f'<div class="container"><div class="col-8 recipe-card" itemscope itemtype="https://schema.org/Recipe">'
        f"{_heading(article)}{_share(words)}<section>{_body(article)}</section>"
        f'<div class="rating">★★★★☆ (213)</div></div><div class="col-4">{_sidebar(article, words, related)}</div></div>'
    )
    return _frame(article, words, main)


def _forum(article: Article, words: Mapping[str, str], related: Sequence[Article]) -> str:
    posts: list[str] = []
    position = 0
    for block in article.blocks:
        if block.kind == "post":
            user, _, when = block.lines[0].partition("|")
            avatar = f"/avatars/{len(user) % 3}.jpg"
            posts.append(
                f'</div></div><div class="post" id="p{len(posts)}"><div class="poster">'
                f'<img class="avatar" src="{avatar}" width="48" height="48" alt=""><b>{escape(user.strip())}</b>'
                f'<span class="date">{escape(when.strip())}</span></div><div class="post-content">'
            )
        else:
            posts.append(_block(article, block, position))
            position += block.picture is not None
    thread = "".join(posts).removeprefix("</div></div>") + "</div></div>"
    main = (
        f'<div class="forum-nav"><a href="/">{escape(words["site"])}</a> › '
        f'<a href="/f2/">{escape(_labels(words, "nav")[0])}</a></div><div id="thread">{_heading(article)}{thread}</div>'
        f'<div class="pagination"><a href="?p=1">1</a> <a href="?p=2">2</a></div>{_advert(words, article.number)}'
        f"{_related(words, related)}"
    )
    return _frame(article, words, main)


def _wiki(article: Article, words: Mapping[str, str], related: Sequence[Article]) -> str:
    heads = [block.lines[0] for block in article.blocks if block.kind == "h2"]
    contents = "".join(f'<li><a href="#s{k}">{escape(head)}</a></li>' for k, head in enumerate(heads))
    tree = "".join(f'<li><a href="{escape(other.url)}">{escape(other.get("title"))}</a></li>' for other in related)
    main = (
        f'<div id="mw-panel" class="noprint sidebar"><ul>{tree}</ul></div><div id="mw-content">{_heading(article)}'
        f'<div id="toc" class="toc"><ul>{contents}</ul></div><div class="mw-parser-output">{_body(article)}</div>'
        f'<div class="printfooter"><a href="{escape(article.url)}?oldid=9">{escape(article.url)}</a></div></div>'
    )
    return _frame(article, words, main)


def _shop(article: Article, words: Mapping[str, str], related: Sequence[Article]) -> str:
    main = (
        f'<div class="product-page"><div class="product-detail">{_heading(article)}'
        f'<div class="buy-box"><span class="price">{escape(article.get("price", "24.50"))}</span>'
        f"<button>{escape(words['buy'])}</button></div>"
        f'<div class="product-description">{_body(article)}</div>{_share(words)}</div>'
        f'<div class="also-bought">{_related(words, related)}</div></div>'
    )
    return _frame(article, words, main)


_DESIGNS: dict[str, Callable[[Article, Mapping[str, str], Sequence[Article]], str]] = {
    "blog": _blog,
    "forum": _forum,
    "news": _news,
    "recipe": _recipe,
    "shop": _shop,
    "wiki": _wiki,
}
