"""Pages made at random to learn from beside the gold ones: real text in layouts that no site has.

A learner that sees some 230 sites learns their templates. Here the layout, the elements, the class names (of many
words for the same thing, or of none) and the furniture around the body vary from page to page, so that what is left
to learn is what holds for pages in general. Text comes from the gold pages, in their languages: paragraphs of main
bodies, short lines and notices of what stands around them.
"""

from __future__ import annotations

import html
import random
import string
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from omnicorpus import language

ROLES: dict[str, str] = {
    "post": "post message msg reply answer floor entry topic-post forum-post item thread-post cPost postbit node card "
    "commentary response row block article",
    "body": "content body text message-body post-content post-body cooked bbcode rich-text markdown prose postmessage "
    "entry-content t_f message-text inner copy description desc txt post_body comment-content reply-content main-text",
    "user": "user author poster avatar profile userinfo member postprofile user-info author-card message-user",
    "meta": "meta info date postinfo header post-meta byline time post-head details sub",
    "actions": "actions buttons tools footer controls post-actions toolbar likes vote reactions",
    "signature": "signature sig sign",
    "thread": "thread topic posts postlist messages discussion replies answers list stream comments-list block-body",
    "page": "page wrapper container wrap main site app layout root outer content body",
    "main": "main content primary main-content center left col-md-8 column inner region-content maincol middle",
    "side": "sidebar side aside right secondary widget-area col-md-4 rightcol rail complementary right-bar",
    "nav": "nav menu navbar topnav main-menu navigation header-nav links tabs",
    "crumb": "breadcrumb crumbs path navlinks bread location position pathway",
    "foot": "footer foot bottom site-footer copyright colophon page-footer",
    "related": "related recommend more similar popular hot latest see-also related-posts trending read-next ranking",
    "teaser": "teaser card item list-item box story promo tile media unit entry",
    "share": "share social share-bar sns addthis social-links follow",
    "ad": "ad ads advert banner sponsor adsbygoogle promo dfp",
    "comments": "comments comment-list responses discussion commentlist respond reviews pinglun feedback",
    "comment": "comment comment-item response comment-body media review comment-row",
    "article": "article post story entry news single detail hentry article-detail blog-post content text view read",
    "article_body": "article-body entry-content content story-body text post-content body article__content articleBody "
    "detail-content article-text main-body news-text prose copy article-main content_area inner field-item wysiwyg",
    "caption": "caption figcaption wp-caption-text image-caption credit photo-desc legend",
    "figure": "figure image photo media img picture wp-caption image-block art-img",
    "lead": "lead intro summary excerpt standfirst dek abstract teaser description",
    "title": "title headline entry-title post-title article-title heading subject topic-title ttl",
    "cookie": "cookie consent gdpr cookie-banner cc-window modal notice popup",
    "newsletter": "newsletter subscribe signup cta mailing form promo-box",
}
"""Words that template authors use for each thing."""

PREFIXES = ("", "", "", "", "c-", "js-", "td-", "ui-", "p-", "m-", "b-", "x_", "mod_", "theme-", "sf-", "l-", "o-")
EXTRA = ("clearfix", "row", "box", "col-12", "flex", "block", "mt-4", "js-item", "inner", "has-text", "wrap")
ACTIONS = ("Like", "Reply", "Quote", "Report", "回复", "举报", "点赞", "Share", "0", "Ответить", "返信")
SHARES = ("Facebook", "Twitter", "WhatsApp", "LINE", "微博", "微信", "Email", "Print", "VK", "Pinterest", "Copy link")
MORE = ("Read more", "阅读全文", "mehr", "Подробнее", "もっと見る", "더보기", "Leer más", "»")
ALSO = ("Read also:", "相关阅读：", "Читайте также:", "Lire aussi :", "関連記事", "See also")
SOFTWARE = ("Discourse 3", "phpBB", "MyBB", "XenForo", "bbPress", "Discuz! X3.4", "vBulletin 4", "Question2Answer")
LAZY = (None, None, None, "data-src", "data-original", "data-lazy-src", "srcset", "picture")
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


@dataclass(slots=True)
class Pool:
    """The texts of one language: paragraphs of bodies (also page by page), short lines, and notices around bodies."""

    long: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    bodies: list[list[str]] = field(default_factory=list)


@dataclass(slots=True)
class Made:
    """A page with its truth; `kind` is forum or article."""

    kind: str
    url: str
    html: str
    text: str
    images: list[str]


MANUAL_PAGES = 25
"""Pages of one manual and language that give text: manuals have hundreds of pages about one thing."""


def pools(pages: Iterable[tuple[str, Sequence[tuple[str, bool]]]]) -> dict[str, Pool]:
    """Texts by language, of pages given as (set, texts in reading order with whether each is of the main body).

    Languages with fewer than 15 paragraphs or 20 short lines are left out.
    """
    found: dict[str, Pool] = defaultdict(Pool)
    taken: Counter[tuple[str, str]] = Counter()
    for group, texts in pages:
        body = " ".join(text for text, kept in texts if kept)[:3_000]
        code = language.identify(body)[0] if len(body) >= 200 else None
        if code is None:
            continue
        taken[group, code] += 1
        if group.startswith("site-") and taken[group, code] > MANUAL_PAGES:
            continue
        pool = found[code]
        own = []
        for text, kept in texts:
            line = " ".join(text.split())
            weight = len(line) if any("\u3040" <= letter <= "\u9fff" for letter in line) else len(line) / 5
            if kept and weight >= 9 and len(line) < 1_500:
                own.append(line)
            elif not kept and weight >= 10 and len(line) < 600:
                pool.notices.append(line)
            elif 3 < len(line) < 80:
                pool.short.append(line)
        if own:
            pool.long += own
            pool.bodies.append(own)
    return {code: pool for code, pool in sorted(found.items()) if len(pool.long) >= 15 and len(pool.short) >= 20}


def make(texts: dict[str, Pool], seed: int) -> Made:
    """A page; odd seeds give threads of a forum, even ones articles."""
    maker = _Maker(texts, random.Random(seed))
    url, source = maker.forum() if seed % 2 else maker.article()
    return Made("forum" if seed % 2 else "article", url, source, "\n".join(maker.text), maker.images)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


class _Maker:
    """One page in the making: what was chosen for it, and the text and images that count as its body so far."""

    def __init__(self, texts: dict[str, Pool], chance: random.Random) -> None:
        self.chance = chance
        self.language = chance.choice(sorted(texts))
        self.pool = texts[self.language]
        self.style = chance.choices(("word", "prefix", "hash", "none", "camel"), (50, 20, 12, 8, 10))[0]
        self.prefix = chance.choice(PREFIXES)
        self.semantic = chance.random() < 0.55
        self.ids = chance.random() < 0.4
        self.lazy = chance.choice(LAZY)
        self.paragraph = chance.choices(("p", "br", "div", "section", "br br"), (70, 12, 10, 4, 10))[0]
        self.host = f"https://{self.letters(8)}.test"
        self.names: dict[str, str] = {}
        self.head: list[str] = []
        self.text: list[str] = []
        self.images: list[str] = []
        self.pictures = 0

    def maybe(self, probability: float) -> bool:
        return self.chance.random() < probability

    def letters(self, count: int) -> str:
        return "".join(self.chance.choices(string.ascii_lowercase, k=count))

    def name(self, role: str) -> str:
        """The class or id attribute of a role, the same everywhere on the page."""
        if role not in self.names:
            self.names[role] = self._new_name(role)
        return self.names[role]

    def _new_name(self, role: str) -> str:
        chance = self.chance
        if self.style == "none" or self.maybe(0.12):
            return ""
        if self.style == "hash":
            return f' class="css-{chance.randrange(16**6):x}"'
        word = chance.choice(ROLES[role].split())
        if self.style == "prefix":
            word = (self.prefix or "u-") + word
        elif self.style == "camel":
            word = self.prefix.strip("-_") + "".join(part.title() for part in word.replace("_", "-").split("-"))
        if self.ids and self.maybe(0.3):
            return f' id="{word}"'
        return f' class="{word} {chance.choice(EXTRA)}"' if self.maybe(0.3) else f' class="{word}"'

    def element(self, tag: str, role: str | None, inner: str) -> str:
        return f"<{tag}{self.name(role) if role else ''}>{inner}</{tag}>\n"

    def tag(self, semantic: str) -> str:
        return semantic if self.semantic else "div"

    def short(self, longest: int = 80) -> str:
        return _escaped(self.chance.choice(self.pool.short)[:longest])

    def notice(self) -> str:
        return _escaped(self.chance.choice(self.pool.notices or self.pool.long))

    def kept(self, text: str) -> str:
        """A text that belongs to the body."""
        self.text.append(text)
        return _escaped(text)

    def kept_short(self) -> str:
        return self.kept(self.chance.choice(self.pool.short))

    def link(self, label: str) -> str:
        return f'<a href="{self.host}/{self.letters(6)}/{self.letters(5)}">{label}</a>'

    def who(self) -> str:
        letters = string.ascii_lowercase + string.digits + "_"
        return (
            "".join(self.chance.choices(letters, k=self.chance.randint(4, 10))) if self.maybe(0.7) else self.short(14)
        )

    def date(self) -> str:
        chance = self.chance
        year, month, day = chance.randint(2004, 2025), chance.randint(1, 12), chance.randint(1, 28)
        hour, minute = chance.randint(0, 23), chance.randint(0, 59)
        text = chance.choice(
            (
                f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}",
                f"{day}.{month}.{year}",
                f"{month}/{day}/{year}",
                f"{year}年{month}月{day}日",
                f"{chance.choice(('Jan', 'May', 'Sep', 'Oct'))} {day}, {year}",
                f"{chance.randint(2, 11)} days ago",
                f"{hour}:{minute:02}",
            )
        )
        if self.maybe(0.3):
            return f'<time datetime="{year}-{month:02}-{day:02}">{text}</time>'
        return f"<span>{text}</span>" if self.maybe(0.5) else text

    def picture(self, width: int, height: int, word: str = "", *, keep: bool = False) -> str:
        """An image; `keep` counts it as one of the body, and lets it load late as the page's images do."""
        chance = self.chance
        self.pictures += 1
        folder = chance.choice(("wp-content/uploads/2021/03", "images", "img", "media", "static", "upload/img", "cdn"))
        ending = chance.choices(("jpg", "png", "webp", "gif", "jpeg"), (60, 20, 10, 5, 20))[0]
        address = f"{self.host}/{folder}/{word or self.letters(7)}{self.pictures}.{ending}"
        size = f' width="{width}" height="{height}"' if self.maybe(0.6) else ""
        alt = f' alt="{html.escape(chance.choice(self.pool.short)[:60])}"' if self.maybe(0.5) else ""
        more = size + alt + (self.name("figure") if keep and self.maybe(0.4) else "")
        if keep:
            self.images.append(address)
            if self.lazy == "srcset":
                return f'<img{more} src="{address}" srcset="{address} 1x">'
            if self.lazy == "picture":
                return f'<picture><source srcset="{address}"><img{more} src="{address}"></picture>'
            if self.lazy and self.maybe(0.8):
                return f'<img{more} src="{DOT}" {self.lazy}="{address}">'
        return f'<img{more} src="{address}">'

    def figure(self) -> str:
        chance = self.chance
        image = self.picture(chance.randint(400, 1200), chance.randint(300, 800), keep=True)
        if self.maybe(0.2):
            image = f'<a href="{self.host}/full{self.pictures}.jpg">{image}</a>'
        if self.maybe(0.4):
            caption = self.kept_short()
            if self.semantic:
                return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
            return self.element("div", "figure", image + self.element("p", "caption", caption))
        return f"<p>{image}</p>" if self.maybe(0.5) else self.element("div", "figure", image)

    def paragraphs(self, count: int) -> list[str]:
        """Neighbouring paragraphs of one body, or any of the language."""
        body = self.chance.choice(self.pool.bodies)
        if len(body) >= count:
            start = self.chance.randrange(len(body) - count + 1)
            return body[start : start + count]
        return [self.chance.choice(self.pool.long) for _ in range(count)]

    def inline(self, text: str) -> str:
        """The text with some words in an inline element, now and then."""
        if not self.maybe(0.12):
            return _escaped(text)
        gap = " " if " " in text else ""
        words = text.split(" ") if gap else [text[: len(text) // 2], text[len(text) // 2 :]]
        start = self.chance.randrange(len(words))
        end = min(len(words), start + self.chance.randint(1, 4))
        open_, close = self.chance.choice(
            (
                ("<b>", "</b>"),
                ("<strong>", "</strong>"),
                ("<em>", "</em>"),
                ('<a href="/x">', "</a>"),
                ("<span>", "</span>"),
                ('<a href="/tag/1"><span>', "</span></a>"),
            )
        )
        pieces = [_escaped(gap.join(part)) for part in (words[:start], words[start:end], words[end:])]
        pieces[1] = open_ + pieces[1] + close
        return gap.join(piece for piece in pieces if piece)

    def written(self, paragraphs: Sequence[str], figures: float) -> str:
        """Paragraphs in the way of the page's editor, with headings, quotes, items, figures and what interrupts."""
        out = []
        long = len(paragraphs) > 4
        for text in paragraphs:
            self.text.append(text)
            line = self.inline(text)
            kind = self.chance.random()
            if self.paragraph == "p" and kind < 0.04:
                line = f"<blockquote><p>{line}</p></blockquote>"
            elif self.paragraph == "p" and kind < 0.08:
                line = f"<ul><li>{line}</li></ul>"
            elif self.paragraph == "section":
                line = f"<section><span>{line}</span></section>"
            elif self.paragraph in ("p", "div"):
                line = f"<{self.paragraph}>{line}</{self.paragraph}>"
            else:
                line += "<br>" * len(self.paragraph.split())
            out.append(line)
            if long and self.paragraph != "br" and self.maybe(0.08):
                heading = self.kept_short()
                open_ = self.chance.choice(("h2", "h3", "p"))
                out.append(f"<{open_}><strong>{heading}</strong></{open_}>")
            if self.maybe(figures):
                out.append(self.figure())
            if long and self.maybe(0.02):
                out.append(self.element("div", "ad", self.link(self.short())))
            if long and self.maybe(0.03):
                also = f"{self.chance.choice(ALSO)} {self.link(self.short())}"
                out.append(self.element(self.chance.choice(("div", "p", "aside")), "related", also))
        return "\n".join(out)

    def menu(self, count: int, role: str = "nav") -> str:
        links = [self.link(self.short(30)) for _ in range(count)]
        form = self.chance.random()
        if form < 0.6:
            inner = "<ul>" + "".join(f"<li>{link}</li>" for link in links) + "</ul>"
        elif form < 0.8:
            inner = " | ".join(links)
        else:
            inner = "".join(f"<div>{link}</div>" for link in links)
        return self.element(self.chance.choice(("nav", "div", "div")) if role == "nav" else "div", role, inner)

    def teaser(self, *, excerpt: bool) -> str:
        label = self.link(self.short())
        open_ = self.chance.choice(("h3", "h4", "span", "p"))
        inner = (self.picture(120, 80) if self.maybe(0.5) else "") + f"<{open_}>{label}</{open_}>"
        if self.maybe(0.4):
            inner += f"<span>{self.date()}</span>"
        if excerpt:
            text = self.chance.choice(self.pool.long)
            if not self.maybe(0.3):
                text = text[: self.chance.randint(60, 200)] + "…"
            inner += f"<p>{_escaped(text)}</p>" + (self.link(self.chance.choice(MORE)) if self.maybe(0.4) else "")
        return self.element(self.chance.choice(("div", "li", self.tag("article"))), "teaser", inner)

    def related(self) -> str:
        count = self.chance.randint(3, 12)
        excerpt = self.maybe(0.4)
        open_ = self.chance.choice(("h2", "h3", "div", "strong"))
        inner = f"<{open_}>{self.short()}</{open_}>"
        if self.maybe(0.6):
            inner += "".join(self.teaser(excerpt=excerpt) for _ in range(count))
        else:
            inner += "<ul>" + "".join(f"<li>{self.link(self.short())}</li>" for _ in range(count)) + "</ul>"
        return self.element(self.chance.choice(("div", "section", "aside", "div")), "related", inner)

    def share(self) -> str:
        words = self.chance.sample(SHARES, self.chance.randint(2, 6))
        return self.element("div", "share", " ".join(self.link(word) for word in words))

    def newsletter(self) -> str:
        return self.element("div", "newsletter", f"<h3>{self.short()}</h3><p>{self.notice()}</p>")

    def top(self) -> str:
        inner = self.link(self.short(20)) + (self.picture(160, 40, "logo") if self.maybe(0.6) else "")
        inner += "".join(self.menu(self.chance.randint(3, 30)) for _ in range(self.chance.randint(1, 3)))
        if self.maybe(0.3):
            inner += f'<form><input type="text"><button>{self.short(10)}</button></form>'
        return self.element(self.tag("header"), self.chance.choice(("page", None)), inner)

    def side(self) -> str:
        inner = ""
        for _ in range(self.chance.randint(1, 5)):
            kind = self.chance.random()
            if kind < 0.5:
                inner += self.related()
            elif kind < 0.75:
                inner += self.menu(self.chance.randint(4, 20))
            elif kind < 0.85:
                inner += self.element("div", "ad", self.link(self.short()) + self.picture(300, 250))
            else:
                inner += self.newsletter()
        return self.element(self.tag("aside"), "side", inner)

    def foot(self) -> str:
        inner = "".join(self.menu(self.chance.randint(3, 15)) for _ in range(self.chance.randint(0, 3)))
        rights = self.notice() if self.maybe(0.6) else "All rights reserved"
        inner += f"<p>© {self.chance.randint(2001, 2025)} {self.short(30)}. {rights}</p>"
        return self.element(self.tag("footer"), "foot", inner)

    def cookie(self) -> str:
        if not self.maybe(0.35):
            return ""
        return self.element("div", "cookie", f'<p>{self.notice()}</p><a href="#">{self.short(12)}</a>')

    def page(self, title: str, main: str, *, side: bool) -> str:
        """The whole page around the column with the body."""
        column = self.element(self.tag("main"), "main", main)
        beside = self.side() if side else ""
        body = beside + column if self.maybe(0.25) else column + beside
        if self.maybe(0.12):
            body = f"<table><tr><td>{column}</td><td>{beside}</td></tr></table>"
        for _ in range(self.chance.randint(0, 3)):
            body = self.element("div", "page" if self.maybe(0.5) else "main", body)
        name = f"{title}{self.chance.choice((' - ', ' | ', '_', ' – '))}{self.short(20)}"
        return (
            f'<!DOCTYPE html><html lang="{self.language}"><head><title>{name}</title>{"".join(self.head)}</head>'
            f"<body>{self.cookie()}{self.top()}{body}{self.foot()}{self.cookie()}</body></html>"
        )

    def forum(self) -> tuple[str, str]:
        """Address and page of a thread: the posts are the body, in half of them the title too; comments to posts,
        signatures and what stands beside are not."""
        chance = self.chance
        if self.maybe(0.3):
            kind = chance.choice(("DiscussionForumPosting", "QAPage"))
            self.head.append(f'<script type="application/ld+json">{{"@type":"{kind}"}}</script>')
        if self.maybe(0.2):
            self.head.append(f'<meta name="generator" content="{chance.choice(SOFTWARE)}">')
        title = self.kept_short() if self.maybe(0.6) else self.short()
        out = [self.menu(chance.randint(2, 5), "crumb")] if self.maybe(0.7) else []
        out.append(self.element(chance.choice(("h1", "h1", "h2", "div", "h3")), "title", title))
        posts = self.posts(chance.choices((1, 2, 3, 5, 8, 12, 20), (2, 2, 3, 3, 3, 2, 1))[0])
        out.append(posts)
        if self.maybe(0.5):
            out.append(self.menu(chance.randint(3, 8), "crumb"))
        if self.maybe(0.5):
            out.append(self.newsletter())
        if self.maybe(0.6):
            out.append(self.related())
        path = chance.choice(
            ("/t/", "/thread/", "/viewtopic.php?t=", "/questions/", "/topic/", "/forum/", "/p/", "/bbs/")
        )
        url = f"{self.host}{path}{chance.randint(100, 99999)}"
        return url, self.page(title, "\n".join(out), side=self.maybe(0.6))

    def posts(self, count: int) -> str:
        """The posts of a thread in one layout: rows, list items or boxes, the author left, right, above or below."""
        chance = self.chance
        outer = chance.choices(("div", "ul", "table", "article", "section", "ol"), (60, 20, 20, 20, 10, 5))[0]
        each = {"ul": "li", "ol": "li", "table": "tr", "article": self.tag("article")}.get(outer, "div")
        place = chance.choice(("left", "above", "above", "right", "below"))
        quotes, signs, comments = self.maybe(0.25), self.maybe(0.25), self.maybe(0.15)
        avatars, numbers = self.maybe(0.6), self.maybe(0.4)
        counts = [f"<div>{self.short(8)}: {chance.randint(1, 9999)}</div>" for _ in range(chance.randint(0, 3))]
        signatures = [self.short(), self.notice()[:150]]
        out: list[str] = []
        before = ""
        for index in range(count):
            author = (self.picture(48, 48, "avatar") if avatars else "") + f"<h4>{self.link(self.who())}</h4>"
            if place in ("left", "right"):
                author += "".join(counts) + f"<p>{signatures[0][:12]}</p>"
            author = self.element("td" if outer == "table" else "div", "user", author)
            post = self.element("div", "meta", self.date() + (f' <a href="#p{index}">#{index}</a>' if numbers else ""))
            quote = ""
            if quotes and before and self.maybe(0.5):
                quote = f"<blockquote><p>{self.kept(before)}</p></blockquote>"
            size = chance.choices((1, 2, 3, 6), (5, 4, 2, 1) if index else (3, 4, 3, 2))[0]
            texts = self.paragraphs(size) if self.maybe(0.8) else [chance.choice(self.pool.short)]
            before = texts[0]
            post += self.element("div", "body", quote + self.written(texts, 0.05))
            if signs and self.maybe(0.6):
                post += self.element("div", "signature", "<hr>" + chance.choice(signatures))
            if self.maybe(0.8):
                words = chance.sample(ACTIONS, chance.randint(1, 4))
                post += self.element("div", "actions", " ".join(self.link(word) for word in words))
            if comments and outer != "table" and self.maybe(0.6):
                post += "<ul>" + "".join(self.remark() for _ in range(chance.randint(1, 4))) + "</ul>"
            if outer == "table":
                post = f"<td>{post}</td>"
            inner = author + post if place in ("left", "above") else post + author
            out.append(self.element(each, "post", inner))
        if count > 1 and outer not in ("table", "ul", "ol") and self.maybe(0.4):
            first = self.element("div", "page", out[0]) + f"<h3>{count - 1} {self.short(10)}</h3>"
            return first + self.element("div", "thread", "".join(out[1:]))
        return self.element("div" if outer == "article" else outer, "thread", "".join(out))

    def remark(self) -> str:
        text = _escaped(self.chance.choice(self.pool.long)[:150])
        return f"<li{self.name('comment')}>{text} – {self.link(self.who())} {self.date()}</li>"

    def article(self) -> tuple[str, str]:
        """Address and page of an article: lead, paragraphs and figures are the body; comments, teasers and further
        articles below are not."""
        chance = self.chance
        title = self.short()
        texts = self.paragraphs(chance.choices((2, 4, 8, 15, 25), (2, 4, 5, 3, 1))[0])
        if self.maybe(0.6):
            self.head.append('<meta property="og:type" content="article">')
        if self.maybe(0.4):
            kind = chance.choice(("NewsArticle", "Article", "BlogPosting"))
            self.head.append(f'<script type="application/ld+json">{{"@type":"{kind}"}}</script>')
        if self.maybe(0.4):
            self.head.append(f'<meta name="description" content="{html.escape(texts[0][:150])}">')
        inside = self.element(chance.choice(("h1", "h1", "h1", "h2", "div")), "title", title)
        if len(texts) > 2 and self.maybe(0.35):
            inside += self.element(chance.choice(("div", "p", "h2")), "lead", self.kept(texts.pop(0)))
        if self.maybe(0.85):
            inside += self.element(chance.choice(("div", "p")), "meta", f"{self.link(self.who())} {self.date()}")
        if self.maybe(0.5):
            inside += self.share()
        if self.maybe(0.5):
            inside += self.figure()
        written = self.written(texts, chance.choice((0, 0.05, 0.15, 0.3)))
        inside += self.element(chance.choice(("div", "div", "section")), "article_body", written)
        if self.maybe(0.6):
            inside += self.after_article()
        out = [self.menu(chance.randint(2, 4), "crumb")] if self.maybe(0.5) else []
        out.append(self.element(self.tag("article"), "article", inside))
        if self.maybe(0.7):
            out.append(self.related())
        if self.maybe(0.45):
            out.append(self.comments(chance.choice((1, 3, 8, 20))))
        if self.maybe(0.4):
            out.append(self.related())
        if self.maybe(0.15):
            out += [self.next_article() for _ in range(chance.randint(1, 4))]
        path = chance.choice(("/news/", "/2021/03/", "/articles/", "/a/", "/story/", "/blog/", "/"))
        url = f"{self.host}{path}{chance.randint(100, 99999)}.html"
        return url, self.page(title, "\n".join(out), side=self.maybe(0.75))

    def after_article(self) -> str:
        out = self.menu(self.chance.randint(2, 8), "actions") if self.maybe(0.5) else ""
        if self.maybe(0.5):
            out += self.share()
        if self.maybe(0.3):
            author = f"{self.picture(80, 80, 'author')}<h4>{self.link(self.who())}</h4><p>{self.notice()}</p>"
            out += self.element("div", "user", author)
        return out + (self.newsletter() if self.maybe(0.25) else "")

    def comments(self, count: int) -> str:
        tag = self.chance.choice(("li", "div", self.tag("article")))
        inner = f"<h3>{count} {self.short(12)}</h3>"
        for _ in range(count):
            avatar = self.picture(32, 32, "avatar") if self.maybe(0.4) else ""
            text = _escaped(self.chance.choice(self.pool.long))
            head = f"{avatar}<b>{self.link(self.who())}</b> {self.date()}"
            inner += self.element(tag, "comment", f"{head}<p>{text}</p>{self.link('Reply')}")
        return self.element(self.chance.choice(("div", "section", "ol")), "comments", inner)

    def next_article(self) -> str:
        """Another article below, as pages that scroll without end have them."""
        texts = "".join(f"<p>{_escaped(text)}</p>" for text in self.paragraphs(self.chance.randint(1, 3)))
        role = "article" if self.maybe(0.5) else "teaser"
        return self.element(self.tag("article"), role, f"<h2>{self.link(self.short())}</h2>{texts}")
