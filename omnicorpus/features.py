"""What can be measured of a block: of its text, of its place in the tree, of its neighbours, of others like it.

Everything here holds for pages in general: no site is named, words of one language are not looked for, the words of
class names are those that template authors all over the world use. `rows.measured` sets the columns, one row per item.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from omnicorpus import blocks, rows, scan
from omnicorpus.blocks import Page
from omnicorpus.tree import Tree

Floats = NDArray[Any]
Ints = NDArray[Any]
Bools = NDArray[Any]

FAMILIES: dict[str, str] = {
    "article": "article|articles|story|entry|hentry|blog|essay|news|instapaper",
    "content": "content|contents|maincontent|mainbody|main|body|page|paragraph|para|section|chapter|wysiwyg|"
    "richtext|markdown|prose",
    "text": "text|txt|copy|description|desc|excerpt|summary|lead|intro|abstract|standfirst|dek|detail|details|conext",
    "title": "title|headline|heading|subject|caption|subtitle|subheading|tit",
    "forum": "post|posts|message|msg|messages|topic|thread|discussion|question|answer|answers|replies|reply|cooked|"
    "bbcode|"
    "floor|board|forum|tweet|status|qa",
    "comment": "comment|comments|commentlist|disqus|respond|remark|pinglun|review|reviews|feedback|commenting",
    "nav": "nav|navi|navigation|navbar|menu|menubar|breadcrumb|breadcrumbs|crumb|crumbs|pager|pagination|paging|"
    "prev|next|"
    "toc|tabs|tab|toolbar|topbar|skip|sitemap|dropdown|submenu|navbox|navheader|navfooter|docnav|pagenav|jump",
    "header": "header|head|masthead|banner|top|hd|logo|brand|site",
    "footer": "footer|foot|bottom|ft|copyright|legal|colophon|disclaimer|credits|footnote|footnotes|license|policy|"
    "privacy",
    "aside": "sidebar|side|aside|widget|widgets|module|rail|right|left|column|col|rightcol|sidecol|infobox|panel|"
    "portlet",
    "related": "related|recommend|recommended|recommendation|recommendations|recommends|more|readmore|popular|"
    "trending|latest|"
    "recent|hot|rank|ranking|similar|suggested|suggestions|mostread|outbrain|taboola|teaser|card|cards|promo|feed|"
    "carousel|slider|swiper|archive|also|further|seealso|infinite|list|lists|newslist|grid|tile|item|items",
    "share": "share|sharing|shares|social|follow|subscribe|subscription|facebook|twitter|weixin|wechat|weibo|whatsapp|"
    "addthis|addtoany|like|likes|vote|votes|voting|rating|ratings|action|actions|button|buttons|btn|btns|tools|tool|"
    "controls|print|bookmark|newsletter|signup|login|register|signin|join|cta|donate|download|app|qrcode|qr",
    "ad": "ad|ads|advert|adverts|advertisement|advertising|adsbygoogle|sponsor|sponsored|sponsors|dfp|promoted|"
    "promotion|"
    "gpt|adslot|adunit|affiliate|commercial|shop|shopping|product|products|buy|price|cart|deal|deals",
    "meta": "meta|date|time|timestamp|datetime|published|pubdate|author|authors|byline|by|info|infos|source|posted|"
    "postmeta|"
    "metadata|dateline|updated|tag|tags|category|categories|cat|label|labels|keywords|keyword|credit|editor|user|username|"
    "avatar|profile|bio|member|members|stats|stat|count|counter|views|reputation|signature|userinfo|postbit|contributor|"
    "nickname|rank|karma|location|attribution|poster|vcard|person",
    "hidden": "hidden|hide|modal|popup|popover|overlay|tooltip|cookie|cookies|consent|gdpr|dialog|sr|screenreader|"
    "offscreen|"
    "visuallyhidden|none|collapsed|loading|placeholder|noprint|noscript|invisible|alert|notice|notification|error|paywall|"
    "toast|lightbox|fallback|warning",
    "code": "code|highlight|syntax|codehilite|programlisting|screen|hljs|prettyprint|blockcode|snippet|console|"
    "source|pre",
    "figure": "figure|image|images|img|photo|photos|picture|gallery|media|mediaobject|thumb|thumbnail|video|player|"
    "embed|slideshow|illustration|screenshot|inlinemediaobject",
    "quote": "quote|blockquote|quoted|pullquote|citation|cite|reference|references|reflist|bibliography|footnotes|"
    "notes",
}
"""Families of words in class names, ids and roles."""

TAGS = (
    "p", "div", "li", "td", "th", "h1", "h2", "h3", "h4", "pre", "blockquote", "section", "article", "dd", "dt",
    "figcaption", "summary", "body", "label", "button", "header", "footer", "legend",
)  # fmt: skip
"""Tags of the innermost element that have a column of their own."""

AROUND = (
    "article",
    "main",
    "aside",
    "nav",
    "footer",
    "header",
    "form",
    "table",
    "ul",
    "figure",
    "blockquote",
    "details",
)
"""Tags whose presence among the ancestors has a column of its own."""

_FAMILY_BIT = {word: bit for bit, words in enumerate(FAMILIES.values()) for word in words.split("|")}
_LONG = [word for word in _FAMILY_BIT if len(word) >= rows.LONG]
_PARTS = re.compile("|".join(sorted(_LONG, key=len, reverse=True)))
_WORD = re.compile(r"[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}:\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d\s*[年月日時时]")
_END = frozenset('.!?。！？…।؟:："”»」』)）')

N_FAMILIES = len(FAMILIES)
_SPOKEN = np.array([list(FAMILIES).index(name) for name in ("article", "forum", "comment")], dtype=np.int32)


@lru_cache(maxsize=50_000)
def _word_bits(word: str) -> int:
    bit = _FAMILY_BIT.get(word)
    if bit is not None:
        return 1 << bit
    bits = 0
    if len(word) > rows.LONG:
        for known in _PARTS.findall(word):
            bits |= 1 << _FAMILY_BIT[known]
    return bits


@lru_cache(maxsize=20_000)
def family_bits(names: str) -> int:
    """The families that the words of a class attribute belong to, as bits; long words are also found inside others."""
    names = names[: rows.MOST_NAMES]
    if not names.islower():
        names = _CAMEL.sub("-", names).lower()
    bits = 0
    for word in _WORD.findall(names):
        bits |= _word_bits(word)
    return bits


@cache
def _family_tables() -> tuple[NDArray[np.uint64], Ints, NDArray[np.uint64], Ints]:
    """What `rows.families` needs to know of the words."""
    words = list(_FAMILY_BIT)
    prefixes = sorted({word[: rows.LONG] for word in _LONG})
    keys, numbers = scan.numbered(*_joined(words), 4_096)
    return (
        keys,
        numbers,
        scan.numbered(*_joined(prefixes), 4_096)[0],
        np.array([1 << _FAMILY_BIT[word] for word in words], dtype=np.int32),
    )


def _joined(words: list[str]) -> tuple[NDArray[np.uint32], Ints]:
    return blocks.codes("".join(words)), np.cumsum([len(word) for word in words], dtype=np.int32)


_AROUND_BIT = {tag: 1 << bit for bit, tag in enumerate(AROUND)} | {"ol": 1 << AROUND.index("ul")}
_HIDDEN_BIT = 1 << len(AROUND)
_TAG_NUMBER = {tag: number for number, tag in enumerate(TAGS)}
_FORUM_TYPES = frozenset(
    ("DiscussionForumPosting", "QAPage", "Question", "Answer", "SocialMediaPosting", "Conversation")
)
_ARTICLE_TYPES = re.compile(r"(?:Article|BlogPosting|Report|Recipe|Review)$")
_FORUM_PATH = re.compile(
    r"(?<![a-z])(?:forums?|topics?|threads?|questions?|viewtopic|showthread|viewthread|discussions?|discuss|t|bbs|boards?|community|"
    r"posts?|qa|ask|status|comments|q|f|messages?|showtopic|answers?)(?![a-z])"
)
_FORUM_SOFTWARE = re.compile(
    r"discourse|phpbb|vbulletin|xenforo|discuz|mybb|invision|flarum|nodebb|bbpress|smf|vanilla|fluxbb|punbb|question2answer|"
    r"wpforo|talkyard|misago",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the head of a page and its address say about the kind of page, for `measure`.

    `title` and `described` (descriptions and the article body that some pages repeat for machines) are lower case with
    single spaces. `kinds` are 0 or 1: described as an article, as a forum or question page, og:type article, an address
    like a forum's, made by forum software.
    """

    title: str = ""
    described: str = ""
    kinds: tuple[float, ...] = (0.0,) * 5


_DESCRIPTIONS = ("og:description", "description", "twitter:description")
_HINTING = frozenset((*_DESCRIPTIONS, "og:title", "og:type", "generator"))
_TYPE = re.compile(r'"@type"\s*:\s*(?:\[\s*)?"(\w+)"')
_BODY = re.compile(r'"articleBody"\s*:\s*("[^"\\]*+(?:\\.[^"\\]*+)*+")')


def hints(tree: Tree, url: str) -> Hints:
    """Read the hints of a page."""
    described = []
    article_meta = software = False
    title = tree.title or ""
    for tag, given in tree.head:
        if tag != "meta":
            continue
        name = (given.get("property") or given.get("name") or "").lower()
        if name not in _HINTING:
            continue
        value = given.get("content") or ""
        if name in _DESCRIPTIONS:
            described.append(value)
        elif name == "og:title":
            title = f"{title} {value}"
        elif name == "og:type":
            article_meta = "article" in value.lower()
        else:
            software = _FORUM_SOFTWARE.search(value) is not None
    types: set[str] = set()
    for script in tree.ld:
        types.update(_TYPE.findall(script[:200_000]))
        if body := _BODY.search(script):
            try:
                described.append(json.loads(body[1], strict=False))
            except ValueError:
                continue
    path = url.partition("://")[2].partition("/")[2].lower()
    return Hints(
        " ".join(title.split()).lower()[:500],
        " ".join(" ".join(described).split()).lower(),
        (
            float(any(_ARTICLE_TYPES.search(kind) for kind in types)),
            float(tree.forum or not types.isdisjoint(_FORUM_TYPES)),
            float(article_meta),
            float(_FORUM_PATH.search(path) is not None or _FORUM_PATH.match(url.partition("://")[2]) is not None),
            float(software),
        ),
    )


TEXT = (
    "size", "words", "cjk_share", "word_length", "ends", "commas", "digit_share", "is_date", "has_sign", "link_share",
    "links", "strong_share", "upper", "ends_sentence", "first_lower", "lines", "in_title", "title_in", "timed",
    "dots", "arrow", "described",
)  # fmt: skip
_SHORT_TITLE = 8
"""Characters of a title that many texts may hold by chance."""


def _character_classes() -> NDArray[np.uint8]:
    """The class of each character of the basic plane, 0 for most."""
    classes = np.zeros(rows.PLANE, dtype=np.uint8)
    classes[0x3040:0x3100] = classes[0x3400:0xA000] = rows.CJK
    for kind, characters in (
        (rows.DIGIT, "0123456789٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९"),
        (rows.STOP, ".!?。！？…।؟"),
        (rows.COMMA, ",，、،"),
        (rows.SPACE, " "),
        (rows.LINE, "\n"),
        (rows.SIGN, "©|@®"),
        (rows.ARROW, "›»→«‹←▲▼•·↑"),
    ):
        for character in characters:
            classes[ord(character)] = kind
    return classes


def _character_traits() -> NDArray[np.uint8]:
    """The traits of each character of the basic plane."""
    traits = np.zeros(rows.PLANE, dtype=np.uint8)
    for code in range(rows.PLANE):
        character = chr(code)
        upper = character.isupper()
        traits[code] = (
            rows.LOWER * character.islower()
            | rows.UPPER * upper
            | rows.TITLE * (character.istitle() and not upper)
            | rows.DECIMAL * character.isdecimal()
            | rows.FINAL * (character in _END)
        )
    return traits


def _lower_cases() -> NDArray[np.uint16]:
    """The lower case of each character of the basic plane."""
    lower = np.arange(rows.PLANE, dtype=np.uint16)
    for code in range(rows.PLANE):
        small = chr(code).lower()
        lower[code] = ord(small) if len(small) == 1 and ord(small) < rows.UNKNOWN else rows.UNKNOWN
    lower[ord("Σ")] = rows.UNKNOWN
    return lower


@cache
def _characters() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return _character_classes(), _character_traits()


_LOWER = cache(_lower_cases)


def _asked(page: Page, about: Hints, found: Ints) -> NDArray[np.uint8]:
    """What is asked of texts beyond counting characters, (items, rows.ASKED), flat."""
    title, described = about.title, about.described
    spans = page.columns.items
    asked: NDArray[np.uint8]
    asked, ask = rows.questions(
        spans,
        page.columns.text,
        found,
        _characters()[1],
        _LOWER(),
        blocks.codes(title),
        blocks.codes(described),
        _SHORT_TITLE,
    )
    positions = ask.nonzero()[0]
    if not positions.size:
        return asked
    for position, wanted, start, end in zip(
        positions.tolist(),
        ask[positions].tolist(),
        spans[scan.ITEM_START, positions].tolist(),
        spans[scan.ITEM_END, positions].tolist(),
        strict=True,
    ):
        text = page.text[start:end]
        first = position * rows.ASKED
        if wanted & rows.ASK_CASE:
            found[position, rows.LOWER_FIRST] = text[0].islower()
            asked[first + rows.CAPITAL] = end - start < rows.SHORT and text.isupper()
        if wanted & rows.ASK_DATE:
            asked[first + rows.DATE] = _DATE.search(text) is not None
        if wanted & rows.ASK_TITLE:
            lower = text.lower()
            asked[first + rows.IN_TITLE] = lower in title
            asked[first + rows.TITLE_IN] = len(title) > _SHORT_TITLE and title in lower
        if wanted & rows.ASK_DESCRIBED:
            asked[first + rows.DESCRIBED] = " ".join(text[:150].split()).lower()[:100] in described
    return asked


@dataclass(slots=True)
class Measured:
    """`rows`: one per item. What a second pass needs again is kept beside.

    `size` is characters and `tokens` words or ideographs per item (0 for pictures), `levels[k]` the node of the k-th
    enclosing element per item, `first` and `last` the item bounds per node.
    """

    rows: Floats
    size: Floats
    levels: Ints
    first: Ints
    last: Ints
    is_text: Bools
    tokens: Floats


_KNOWN_NUMBER = np.array([_TAG_NUMBER.get(tag, -1) for tag in (*blocks.TAGS, "")], dtype=np.int32)
_KNOWN_AROUND = np.array([_AROUND_BIT.get(tag, 0) for tag in (*blocks.TAGS, "")], dtype=np.int32)
"""By the number that `blocks` gives a tag, the last for all that it does not know."""


def measure(page: Page, about: Hints) -> Measured:
    """Measure every item of a page that has at least one."""
    items, nodes = page.columns.items, page.columns.nodes
    found = rows.counts(items, page.columns.text, *_characters())
    families = rows.families(page.columns.pool, page.columns.ends, *_family_tables())
    inline, longer = rows.inline(items, page.columns.ends, families)
    if longer:
        for position in (inline < 0).nonzero()[0].tolist():
            inline[position] = family_bits(page.names_of(page.pictures[position]))
    measures, size, tokens, levels = rows.measured(
        items,
        nodes,
        found,
        _asked(page, about, found),
        _KNOWN_NUMBER,
        _KNOWN_AROUND,
        _HIDDEN_BIT,
        families,
        inline,
        _SPOKEN,
        np.array(about.kinds, dtype=np.float32),
        len(TAGS),
        len(AROUND) + 1,
        N_FAMILIES,
    )
    first, last = nodes[scan.NODE_FIRST], nodes[scan.NODE_LAST]
    return Measured(measures, size, levels, first, last, items[scan.ITEM_KIND] == scan.TEXT, tokens)


class Addressed(Protocol):
    """An image of which the address is known, and the size in CSS pixels if the page declares one."""

    @property
    def url(self) -> str: ...
    @property
    def declared_width(self) -> int | None: ...
    @property
    def declared_height(self) -> int | None: ...


_CHROME_WORDS = (
    "sprite", "sprites", "ad", "ads", "pixel", "button", "buttons", "btn", "arrow", "arrows", "banner", "banners",
    "nav", "loading", "thumb", "thumbnail", "thumbnails", "badge", "badges", "bullet", "bg", "background", "header",
    "footer", "social", "facebook", "twitter", "count", "tracker", "prev", "next", "home", "up", "top",
)  # fmt: skip
"""Words in the last part of an address that name a page's furniture."""
_LAST_PART = 80
"""Characters at the end of an address's path in which they are looked for."""


@cache
def _chrome() -> NDArray[np.uint64]:
    words: NDArray[np.uint64] = scan.numbered(*_joined(list(_CHROME_WORDS)), 128)[0]
    return words


_PLAIN_IMAGE = np.array([tag in ("img", "amp-img", "image", "body") for tag in blocks.TAGS])
"""Which tags are plain images; a background has the body's number."""


def picture_rows(
    page: Page,
    measured: Measured,
    images: Mapping[int, Addressed],
    kept: Bools,
) -> tuple[Ints, Floats]:
    """Positions and measures of the pictures that have an address, once it is known which texts are kept.

    `images` holds the address and size of each picture by its position; `kept` says which items are kept texts.
    """
    positions = sorted(images)
    repeats = Counter([image.url for image in images.values()])
    addresses: list[str] = []
    told: list[int] = []
    end = 0
    for position in positions:
        image, columns = images[position], page.pictures[position]
        width, height = image.declared_width, image.declared_height
        alt, late = columns[scan.ITEM_ALT], False
        if columns[scan.ITEM_SOURCE] < 0:
            attributes = page.picture(position).attributes
            alt, late = len(attributes.get("alt", "")), "data-src" in attributes
        address = image.url.partition("?")[0][-_LAST_PART:].lower()[-_LAST_PART:]
        addresses.append(address)
        end += len(address)
        told += (
            -1 if width is None else width,
            -1 if height is None else height,
            alt,
            repeats[image.url],
            late,
            end,
        )
    places = np.array(positions, dtype=np.int64)
    return places, rows.of_pictures(
        measured.rows,
        places,
        np.array(told, dtype=np.int32),
        blocks.codes("".join(addresses)),
        _chrome(),
        page.columns.items,
        _PLAIN_IMAGE,
        kept,
        measured.is_text,
        measured.size,
        measured.levels.ravel(),
        measured.first,
        measured.last,
    )
