"""What can be measured of a block: of its text, of its place in the tree, of its neighbours, of others like it.

Everything here holds for pages in general: no site is named, words of one language are not looked for, the words of class
names are those that template authors all over the world use. Columns are named in `COLUMNS`, one row per item.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus.blocks import Block, Page, Picture
from omnicorpus.document import Image
from omnicorpus.tree import Tree

Floats = NDArray[Any]
Ints = NDArray[Any]
Bools = NDArray[Any]

FAMILIES: dict[str, str] = {
    "article": "article|articles|story|entry|hentry|blog|essay|news|instapaper",
    "content": "content|contents|maincontent|mainbody|main|body|page|paragraph|para|section|chapter|wysiwyg|richtext|markdown|prose",
    "text": "text|txt|copy|description|desc|excerpt|summary|lead|intro|abstract|standfirst|dek|detail|details|conext",
    "title": "title|headline|heading|subject|caption|subtitle|subheading|tit",
    "forum": "post|posts|message|msg|messages|topic|thread|discussion|question|answer|answers|replies|reply|cooked|bbcode|"
    "floor|board|forum|tweet|status|qa",
    "comment": "comment|comments|commentlist|disqus|respond|remark|pinglun|review|reviews|feedback|commenting",
    "nav": "nav|navi|navigation|navbar|menu|menubar|breadcrumb|breadcrumbs|crumb|crumbs|pager|pagination|paging|prev|next|"
    "toc|tabs|tab|toolbar|topbar|skip|sitemap|dropdown|submenu|navbox|navheader|navfooter|docnav|pagenav|jump",
    "header": "header|head|masthead|banner|top|hd|logo|brand|site",
    "footer": "footer|foot|bottom|ft|copyright|legal|colophon|disclaimer|credits|footnote|footnotes|license|policy|privacy",
    "aside": "sidebar|side|aside|widget|widgets|module|rail|right|left|column|col|rightcol|sidecol|infobox|panel|portlet",
    "related": "related|recommend|recommended|recommendation|recommendations|recommends|more|readmore|popular|trending|latest|"
    "recent|hot|rank|ranking|similar|suggested|suggestions|mostread|outbrain|taboola|teaser|card|cards|promo|feed|"
    "carousel|slider|swiper|archive|also|further|seealso|infinite|list|lists|newslist|grid|tile|item|items",
    "share": "share|sharing|shares|social|follow|subscribe|subscription|facebook|twitter|weixin|wechat|weibo|whatsapp|"
    "addthis|addtoany|like|likes|vote|votes|voting|rating|ratings|action|actions|button|buttons|btn|btns|tools|tool|"
    "controls|print|bookmark|newsletter|signup|login|register|signin|join|cta|donate|download|app|qrcode|qr",
    "ad": "ad|ads|advert|adverts|advertisement|advertising|adsbygoogle|sponsor|sponsored|sponsors|dfp|promoted|promotion|"
    "gpt|adslot|adunit|affiliate|commercial|shop|shopping|product|products|buy|price|cart|deal|deals",
    "meta": "meta|date|time|timestamp|datetime|published|pubdate|author|authors|byline|by|info|infos|source|posted|postmeta|"
    "metadata|dateline|updated|tag|tags|category|categories|cat|label|labels|keywords|keyword|credit|editor|user|username|"
    "avatar|profile|bio|member|members|stats|stat|count|counter|views|reputation|signature|userinfo|postbit|contributor|"
    "nickname|rank|karma|location|attribution|poster|vcard|person",
    "hidden": "hidden|hide|modal|popup|popover|overlay|tooltip|cookie|cookies|consent|gdpr|dialog|sr|screenreader|offscreen|"
    "visuallyhidden|none|collapsed|loading|placeholder|noprint|noscript|invisible|alert|notice|notification|error|paywall|"
    "toast|lightbox|fallback|warning",
    "code": "code|highlight|syntax|codehilite|programlisting|screen|hljs|prettyprint|blockcode|snippet|console|source|pre",
    "figure": "figure|image|images|img|photo|photos|picture|gallery|media|mediaobject|thumb|thumbnail|video|player|"
    "embed|slideshow|illustration|screenshot|inlinemediaobject",
    "quote": "quote|blockquote|quoted|pullquote|citation|cite|reference|references|reflist|bibliography|footnotes|notes",
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

LEVELS = 5
"""How many enclosing elements are measured, from the innermost."""

_FAMILY_BIT = {word: bit for bit, words in enumerate(FAMILIES.values()) for word in words.split("|")}
_LONG = [word for word in _FAMILY_BIT if len(word) >= 6]
_PARTS = re.compile("|".join(sorted(_LONG, key=len, reverse=True)) + "|[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_DIGITS = re.compile(r"\d")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}:\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d\s*[年月日時时]")
_SIGN = re.compile(r"[©|@®]|https?:|www\.")
_ARROW = re.compile(r"[›»→«‹←▲▼•·↑]")
_TELLING = re.compile(r"[\d©|@®›»→«‹←▲▼•·↑]|https?:|www\.")
_END = frozenset('.!?。！？…।؟:："”»」』)）')

N_FAMILIES = len(FAMILIES)
_ARTICLE, _FORUM, _COMMENT = (list(FAMILIES).index(name) for name in ("article", "forum", "comment"))


@lru_cache(maxsize=20_000)
def family_bits(names: str) -> int:
    """The families that the words of a class attribute belong to, as bits."""
    bits = 0
    for word in _PARTS.findall(_CAMEL.sub("-", names[:300]).lower()):
        bit = _FAMILY_BIT.get(word)
        if bit is not None:
            bits |= 1 << bit
    return bits


_AROUND_BIT = {tag: 1 << bit for bit, tag in enumerate((*AROUND[:8], "ul", *AROUND[9:]))} | {"ol": 1 << 8}
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


_TYPE = re.compile(r'"@type"\s*:\s*(?:\[\s*)?"(\w+)"')
_BODY = re.compile(r'"articleBody"\s*:\s*("(?:[^"\\]|\\.)*")')


def hints(tree: Tree, url: str) -> Hints:
    """Read the hints of a page."""
    described = []
    article_meta = software = False
    title = tree.title or ""
    for tag, given in tree.head:
        if tag != "meta":
            continue
        name = (given.get("property") or given.get("name") or "").lower()
        value = given.get("content") or ""
        if name in ("og:description", "description", "twitter:description"):
            described.append(value)
        elif name == "og:title":
            title = f"{title} {value}"
        elif name == "og:type":
            article_meta = "article" in value.lower()
        elif name == "generator":
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
            float(
                not types.isdisjoint(_FORUM_TYPES)
                or "DiscussionForumPosting" in tree.body
                or "schema.org/QAPage" in tree.body
            ),
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
_LOGGED = [TEXT.index(name) for name in ("size", "words", "ends", "commas", "links", "lines", "word_length")]


def _text_row(block: Block, title: str, described: str) -> tuple[float, ...]:
    text = block.text
    n = len(text)
    ascii_only = text.isascii()
    cjk = 0 if ascii_only else len(_CJK.findall(text))
    words = text.count(" ") + 1
    ends = text.count(".") + text.count("!") + text.count("?")
    commas = text.count(",")
    if not ascii_only:
        ends += text.count("。") + text.count("！") + text.count("？") + text.count("।") + text.count("؟")
        commas += text.count("，") + text.count("、") + text.count("،")
    digits = date = sign = arrow = upper = in_title = title_in = told = 0.0
    if n > 30 and described:
        told = float(" ".join(text.split()).lower()[:100] in described or described[:60] in text.lower())
    if n < 160:
        if _TELLING.search(text) is not None:
            digits = len(_DIGITS.findall(text)) / n
            date = float(digits > 0 and _DATE.search(text) is not None)
            sign = float(_SIGN.search(text) is not None)
            arrow = float(_ARROW.search(text) is not None)
        upper = float(text.isupper())
        lower = text.lower()
        in_title = float(n > 3 and lower in title)
        title_in = float(len(title) > 8 and title in lower)
    return (
        n + 1.5 * cjk,
        words + cjk,
        cjk / n,
        (n - cjk) / words,
        ends,
        commas,
        digits,
        date,
        sign,
        block.linked / n,
        block.links,
        block.strong / n,
        upper,
        float(text[-1] in _END),
        float(text[0].islower()),
        text.count("\n"),
        in_title,
        title_in,
        float(block.timed),
        float(text.endswith(("...", "…"))),
        arrow,
        told,
    )


_PICTURE_ROW = (0.0,) * len(TEXT)


def _shift(values: Floats, by: int) -> Floats:
    """Rows moved down by `by` (up if negative), zeros where nothing comes from."""
    moved = np.zeros_like(values)
    if by > 0:
        moved[by:] = values[:-by]
    else:
        moved[:by] = values[-by:]
    return moved


@dataclass(slots=True)
class Measured:
    """`rows`: one per item, columns as in `COLUMNS`. What a second pass needs again is kept beside.

    `size` is characters and `tokens` words or ideographs per item (0 for pictures), `levels[k]` the node of the k-th enclosing element per item, `first`
    and `last` the item bounds per node, `group` the number of each node's kind (its tag and names, and its parent's kind).
    """

    rows: Floats
    size: Floats
    levels: list[Ints]
    first: Ints
    last: Ints
    depth: Floats
    group: Ints
    is_text: Bools
    tokens: Floats


def _unpack(bits: Ints, width: int) -> Floats:
    return ((bits[:, None] >> np.arange(width)) & 1).astype(np.float32)


def _prefix(values: Floats) -> Floats:
    """Sums of everything before each position, one longer than `values`."""
    return np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))


def _window(prefix: Floats, before: int, after: int) -> Floats:
    """Sums over the items from `before` places back to `after` places on, this one included."""
    n = len(prefix) - 1
    here = np.arange(n)
    sums: Floats = prefix[np.minimum(here + after + 1, n)] - prefix[np.maximum(here - before, 0)]
    return sums


def _share(part: Floats, whole: Floats | float) -> Floats:
    shares: Floats = part / np.maximum(whole, 1e-6)
    return shares


def _inside(mass: Floats, measured_first: Ints, measured_last: Ints, depth: Floats, share: float) -> Floats:
    """1 for items inside the deepest element that holds at least `share` (over one half) of all mass, else 0."""
    prefix = _prefix(mass)
    held = prefix[measured_last] - prefix[measured_first]
    holders = np.flatnonzero(held >= share * prefix[-1])
    deepest = holders[np.argmax(depth[holders])]
    here = np.arange(len(mass))
    inside: Floats = ((here >= measured_first[deepest]) & (here < measured_last[deepest])).astype(np.float32)
    return inside


def measure(page: Page, about: Hints) -> Measured:
    """Measure every item of a page that has at least one."""
    items, nodes = page.items, page.nodes
    n, m = len(items), len(nodes)
    text = np.array(
        [_text_row(item, about.title, about.described) if isinstance(item, Block) else _PICTURE_ROW for item in items],
        dtype=np.float32,
    )
    is_text = np.array([isinstance(item, Block) for item in items])
    place = np.array([item.node for item in items])
    parent = np.array([max(node.parent, 0) for node in nodes])
    first = np.array([node.first for node in nodes])
    last = np.array([node.last for node in nodes])
    depth = np.array([node.depth for node in nodes], dtype=np.float32)
    own = [0] * m
    inherited = [0] * m
    around = [0] * m
    kinds: dict[tuple[str, str, int], int] = {}
    group = [0] * m
    for index, node in enumerate(nodes):
        above = node.parent
        bits = family_bits(node.names) if node.names else 0
        own[index] = bits
        inherited[index] = bits | inherited[above] if index else bits
        around[index] = (
            (around[above] if index else 0) | _AROUND_BIT.get(node.tag, 0) | (_HIDDEN_BIT if node.hidden else 0)
        )
        group[index] = kinds.setdefault((node.tag, node.names, group[above] if index else -1), len(kinds))
    inline = np.array([family_bits(item.names) if item.names else 0 for item in items])
    own_bits, groups = np.array(own), np.array(group)
    levels = [place]
    for _ in range(LEVELS - 1):
        levels.append(parent[levels[-1]])
    tag_number = np.array([_TAG_NUMBER.get(node.tag, -1) for node in nodes])[place]

    size, linked = text[:, 0].copy(), text[:, 9] * text[:, 0]
    total = max(float(size.sum()), 1.0)
    good = size * (1 - text[:, 9]) * (size > 60) * (1 + np.minimum(text[:, 4] + text[:, 5], 5))
    tokens = text[:, 1].copy()
    of_size, of_linked, of_good = _prefix(size), _prefix(linked), _prefix(good)
    node_size = of_size[last] - of_size[first]
    node_linked = of_linked[last] - of_linked[first]
    node_good = of_good[last] - of_good[first]
    node_count = (last - first).astype(np.float64)
    group_count = np.bincount(groups)
    group_size = np.bincount(groups, node_size)
    group_linked = np.bincount(groups, node_linked)
    group_good = np.bincount(groups, node_good)
    all_good = max(float(good.sum()), 1.0)

    columns: list[Floats] = []
    enclosing = []
    for level in levels:
        kind = groups[level]
        enclosing += [
            np.log1p(node_size[level]),
            _share(node_linked[level], node_size[level]),
            np.log1p(node_count[level]),
            node_size[level] / total,
            node_good[level] / all_good,
            np.log1p(group_count[kind]),
            np.log1p(group_size[kind] / group_count[kind]),
            _share(group_linked[kind], group_size[kind]),
            group_good[kind] / all_good,
        ]
    here = np.arange(n)
    is_good = good > 0
    good_places = np.flatnonzero(is_good)
    first_good, last_good = (good_places[0], good_places[-1]) if len(good_places) else (0, n - 1)
    heads = np.flatnonzero(tag_number == _TAG_NUMBER["h1"])
    head = heads[0] if len(heads) else -1
    before_good = np.maximum.accumulate(np.where(is_good, here, -50))
    after_good = np.minimum.accumulate(np.where(is_good, here, n + 50)[::-1])[::-1]
    counts = Counter(item.text for item in items if isinstance(item, Block))
    repeated = np.array([counts[item.text] > 1 if isinstance(item, Block) else False for item in items])
    position = [
        of_size[:-1] / total,
        of_good[:-1] / all_good,
        here / n,
        np.log1p(here),
        np.log1p(n - 1 - here),
        np.sign(here - first_good) * np.log1p(np.abs(here - first_good)),
        np.sign(here - last_good) * np.log1p(np.abs(here - last_good)),
        np.log1p(here - before_good),
        np.log1p(after_good - here),
        np.full(n, head >= 0),
        (here >= head) & (head >= 0),
        np.sign(here - head) * np.log1p(np.abs(here - head)) * (head >= 0),
        repeated,
        depth[place],
        _inside(good + 1e-3, first, last, depth, 0.51),
        _inside(good + 1e-3, first, last, depth, 0.75),
        _inside(good + 1e-3, first, last, depth, 0.9),
    ]
    zones = _unpack(np.array(inherited)[place], N_FAMILIES)
    comment_places = np.flatnonzero(zones[:, _COMMENT])
    comments_from = comment_places[0] if len(comment_places) else n
    position += [
        here >= comments_from,
        np.sign(here - comments_from) * np.log1p(np.abs(here - comments_from)) * (comments_from < n),
        np.maximum.accumulate(np.where(text[:, -1] > 0, 1.0, 0.0)),
        here - np.maximum.accumulate(np.where((tag_number >= 5) & (tag_number <= 8), here, 0)),
    ]
    link_share = text[:, 9]
    for back, on in ((2, 2), (4, 0), (0, 4), (10, 10)):
        inside = _window(of_size, back, on)
        position += [
            np.log1p(inside),
            _share(_window(of_linked, back, on), inside),
            np.log1p(_window(of_good, back, on)),
        ]
    around_bits = np.array(around)
    all_page = [
        np.log1p(total),
        float(linked.sum()) / total,
        np.log1p(n),
        all_good / (6 * total),
        np.log1p(len(good_places)),
        float((text[:, 2] * size).sum()) / total,
        float((size * (tag_number == 0)).sum()) / total,
        float((1 - is_text).mean()),
        *about.kinds,
        *(float((zones[:, bit] * good).sum()) / all_good for bit in (_ARTICLE, _FORUM, _COMMENT)),
        of_good[comments_from] / all_good,
        float(text[:, -1].any()),
        float((around_bits & 1).any()),
        float((around_bits & 2).any()),
    ]
    text[:, _LOGGED] = np.log1p(text[:, _LOGGED])
    key = np.stack(
        [
            text[:, 0],
            link_share,
            is_text.astype(np.float32),
            tag_number == 0,
            text[:, 13],
            text[:, 7],
            (tag_number >= 5) & (tag_number <= 8),
        ],
        axis=1,
    ).astype(np.float32)
    tags = (tag_number[:, None] == np.arange(len(TAGS))).astype(np.float32)
    columns = [
        text,
        is_text[:, None],
        np.stack(position, axis=1),
        np.stack(enclosing, axis=1),
        np.broadcast_to(np.array(all_page), (n, len(all_page))),
        tags,
        _unpack(around_bits[place], len(AROUND) + 1),
        _unpack(own_bits[place] | inline, N_FAMILIES),
        _unpack(own_bits[levels[1]] | own_bits[levels[2]], N_FAMILIES),
        zones,
        *(_shift(key, by) for by in (1, 2, 3, -1, -2, -3)),
    ]
    rows = np.concatenate(columns, axis=1).astype(np.float32)
    return Measured(rows, size, levels, first, last, depth, groups, is_text, tokens)


def context(measured: Measured, probability: Floats) -> Floats:
    """What a second look sees: the first look's verdicts on the item, its neighbours, its element, others of its kind."""
    n = len(probability)
    weight = np.where(measured.is_text, measured.size, 1.0) + 1.0
    mass = probability * weight
    of_mass, of_weight = _prefix(mass), _prefix(weight)
    all_mass = max(float(mass.sum()), 1e-3)
    columns: list[Floats] = [probability]
    columns += [_shift(probability, by) for by in (1, 2, 3, -1, -2, -3)]
    node_mass = of_mass[measured.last] - of_mass[measured.first]
    node_weight = of_weight[measured.last] - of_weight[measured.first]
    group_mass = np.bincount(measured.group, node_mass)
    group_weight = np.bincount(measured.group, node_weight)
    for level in measured.levels:
        kind = measured.group[level]
        columns += [
            _share(node_mass[level], node_weight[level]),
            node_mass[level] / all_mass,
            _share(group_mass[kind], group_weight[kind]),
            group_mass[kind] / all_mass,
        ]
    for back, on in ((3, -1), (-1, 3), (8, -1), (-1, 8)):
        columns.append(_share(_window(of_mass, back, on), _window(of_weight, back, on)))
    columns += [
        _inside(mass + 1e-6, measured.first, measured.last, measured.depth, share) for share in (0.51, 0.8, 0.95)
    ]
    columns += [
        of_mass[:-1] / all_mass,
        np.full(n, all_mass / float(weight.sum())),
        np.maximum.accumulate(probability),
        np.maximum.accumulate(probability[::-1])[::-1],
    ]
    return np.stack(columns, axis=1).astype(np.float32)


PICTURE = (
    "width", "height", "undeclared", "under_50", "under_100", "has_alt", "alt_length", "named_chrome", "repeats", "photo",
    "gif", "svg", "media", "linked", "links_image", "only_in_link", "silent", "lazy", "after_first", "before_last",
    "since_kept", "until_kept",
)  # fmt: skip
_CHROME_NAME = re.compile(
    r"(?<![a-z])(?:logos?|icons?|sprites?|avatars?|ads?|pixel|buttons?|btn|arrows?|banners?|nav|loading|thumb|thumbnails?|badges?|"
    r"bullet|bg|background|header|footer|social|facebook|twitter|count|tracker|prev|next|home|up|top)(?![a-z])|logo|icon|avatar"
)
_IMAGE_LINK = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:[?#]|$)", re.IGNORECASE)


def picture_rows(
    page: Page,
    measured: Measured,
    images: Mapping[int, Image],
    kept: Bools,
    about_kept: Floats,
) -> tuple[Ints, Floats]:
    """Positions and measures of the pictures that have an address, once it is known which texts are kept.

    `images` holds the part of each picture by its position; `kept` says which items are kept
    texts, `about_kept` is `context(measured, kept)`.
    """
    positions = np.array(sorted(images))
    texts = np.flatnonzero(kept)
    ahead = np.searchsorted(texts, positions)
    repeats = Counter(image.url for image in images.values())
    rows = []
    for position, following in zip(positions.tolist(), ahead.tolist(), strict=True):
        item = page.items[position]
        address, width, height = (
            images[position].url,
            images[position].declared_width,
            images[position].declared_height,
        )
        if not isinstance(item, Picture):
            raise TypeError(f"item {position} is no picture")
        path = address.lower().partition("?")[0]
        least = min(width or 999, height or 999)
        alt = item.attributes.get("alt", "")
        rows.append(
            (
                np.log1p(width or 0),
                np.log1p(height or 0),
                width is None and height is None,
                least < 50,
                least < 100,
                bool(alt),
                np.log1p(len(alt)),
                _CHROME_NAME.search(path[-80:]) is not None,
                np.log1p(repeats[address]),
                path.endswith((".jpg", ".jpeg", ".webp")),
                path.endswith(".gif"),
                path.endswith(".svg"),
                item.tag not in ("img", "amp-img", "image"),
                item.link is not None,
                item.link is not None and _IMAGE_LINK.search(item.link) is not None,
                item.link is not None and item.alone,
                item.silent,
                "lazy" in item.names.lower() or "data-src" in item.attributes,
                following > 0,
                following < len(texts),
                np.log1p(position - texts[following - 1] if following else 60),
                np.log1p(texts[following] - position if following < len(texts) else 60),
            )
        )
    own = np.array(rows, dtype=np.float32)
    return positions, np.concatenate(
        [measured.rows[positions, len(TEXT) :], about_kept[positions, 1:], own], axis=1
    ).astype(np.float32)
