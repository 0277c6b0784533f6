"""What can be measured of a block: of its text, of its place in the tree, of its neighbours, of others like it.

Everything here holds for pages in general: no site is named, words of one language are not looked for, the words of
class
names are those that template authors all over the world use. Columns are named in `COLUMNS`, one row per item.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus.blocks import Block, Item, Page, Picture
from omnicorpus.document import Image
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

LEVELS = 5
"""How many enclosing elements are measured, from the innermost."""

_FAMILY_BIT = {word: bit for bit, words in enumerate(FAMILIES.values()) for word in words.split("|")}
_LONG = [word for word in _FAMILY_BIT if len(word) >= 6]
_PARTS = re.compile("|".join(sorted(_LONG, key=len, reverse=True)))
_WORD = re.compile(r"[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}:\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d\s*[年月日時时]")
_END = frozenset('.!?。！？…।؟:："”»」』)）')

N_FAMILIES = len(FAMILIES)
_ARTICLE, _FORUM, _COMMENT = (list(FAMILIES).index(name) for name in ("article", "forum", "comment"))


@lru_cache(maxsize=50_000)
def _word_bits(word: str) -> int:
    bit = _FAMILY_BIT.get(word)
    if bit is not None:
        return 1 << bit
    bits = 0
    if len(word) > 6:
        for known in _PARTS.findall(word):
            bits |= 1 << _FAMILY_BIT[known]
    return bits


@lru_cache(maxsize=20_000)
def family_bits(names: str) -> int:
    """The families that the words of a class attribute belong to, as bits; long words are also found inside others."""
    names = names[:300]
    if not names.islower():
        names = _CAMEL.sub("-", names).lower()
    bits = 0
    for word in _WORD.findall(names):
        bits |= _word_bits(word)
    return bits


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


_CLASSES = 9
_CJK, _DIGIT, _STOP, _COMMA, _SPACE, _BREAK, _SIGN, _ARROW = range(1, _CLASSES)


def _character_classes() -> NDArray[np.uint8]:
    """The class of each character of the basic plane, 0 for most."""
    classes = np.zeros(65_536, dtype=np.uint8)
    classes[0x3040:0x3100] = classes[0x3400:0xA000] = _CJK
    for kind, characters in (
        (_DIGIT, "0123456789٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९"),
        (_STOP, ".!?。！？…।؟"),
        (_COMMA, ",，、،"),
        (_SPACE, " "),
        (_BREAK, "\n"),
        (_SIGN, "©|@®"),
        (_ARROW, "›»→«‹←▲▼•·↑"),
    ):
        for character in characters:
            classes[ord(character)] = kind
    return classes


_CLASS_OF = _character_classes()


def _counts(texts: list[str]) -> Floats:
    """How many characters of each class each text has: (texts, classes)."""
    lengths = np.array([len(text) for text in texts])
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    classes = _CLASS_OF[np.minimum(codes, 65_535)]
    owner = np.repeat(np.arange(len(texts)) * _CLASSES, lengths)
    return np.bincount(owner + classes, minlength=len(texts) * _CLASSES).reshape(-1, _CLASSES)


def _text_row(block: Block, title: str, described: str) -> tuple[float, ...]:
    """What counting characters does not tell: see the names in `_text_columns`."""
    text = block.text
    n = len(text)
    date = upper = in_title = title_in = told = False
    if n > 30 and described:
        told = " ".join(text[:150].split()).lower()[:100] in described
    if n < 160:
        date = _DATE.search(text) is not None
        upper = text.isupper()
        lower = text.lower()
        in_title = n > 3 and lower in title
        title_in = len(title) > 8 and title in lower
    return (
        n, block.linked, block.links, block.strong, date, upper, text[-1] in _END, text[0].islower(), in_title,
        title_in,
        block.timed, text.endswith(("...", "…")), told,
    )  # fmt: skip


_NO_ROW = (0,) * 13


def _text_columns(items: Sequence[Item], about: Hints) -> Floats:
    """The columns of `TEXT`: (items, columns); zeros for pictures."""
    told = np.array(
        [_text_row(item, about.title, about.described) if isinstance(item, Block) else _NO_ROW for item in items],
        dtype=np.float32,
    )
    counts = _counts([item.text if isinstance(item, Block) else "" for item in items]).astype(np.float32)
    n = told[:, 0]
    some = np.maximum(n, 1)
    short = n < 160
    cjk = counts[:, _CJK]
    words = counts[:, _SPACE] + (n > 0)
    return np.stack(
        [
            n + 1.5 * cjk,
            words + cjk,
            cjk / some,
            (n - cjk) / np.maximum(words, 1),
            counts[:, _STOP],
            counts[:, _COMMA],
            counts[:, _DIGIT] / some * short,
            told[:, 4],
            (counts[:, _SIGN] > 0) & short,
            told[:, 1] / some,
            told[:, 2],
            told[:, 3] / some,
            told[:, 5],
            told[:, 6],
            told[:, 7],
            counts[:, _BREAK],
            told[:, 8],
            told[:, 9],
            told[:, 10],
            told[:, 11],
            (counts[:, _ARROW] > 0) & short,
            told[:, 12],
        ],
        axis=1,
    ).astype(np.float32)


def _shifted(values: Floats, reach: int = 3) -> list[Floats]:
    """The rows of the items 1, 2 .. `reach` places before, then as many after; zeros beyond the ends."""
    n = len(values)
    padded = np.zeros((n + 2 * reach, *values.shape[1:]), dtype=np.float32)
    padded[reach : reach + n] = values
    return [padded[reach - by : reach - by + n] for by in (*range(1, reach + 1), *range(-1, -reach - 1, -1))]


@dataclass(slots=True)
class Measured:
    """`rows`: one per item, columns as in `COLUMNS`. What a second pass needs again is kept beside.

    `size` is characters and `tokens` words or ideographs per item (0 for pictures), `levels[k]` the node of the k-th
    enclosing
    element per item, `first`
    and `last` the item bounds per node, `group` the number of each node's kind (its tag and names, and its parent's
    kind).
    """

    rows: Floats
    size: Floats
    levels: Ints
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
    """Sums over the items from `before` places back to `after` places on, this one included; `prefix` (..., items +
    1)."""
    n = prefix.shape[-1] - 1
    here = np.arange(n)
    sums: Floats = prefix[..., np.minimum(here + after + 1, n)] - prefix[..., np.maximum(here - before, 0)]
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
    text = _text_columns(items, about)
    is_text = np.array([isinstance(item, Block) for item in items])
    place = np.array([item.node for item in items])
    parent = np.maximum(nodes.parents, 0)
    first, last = np.array(nodes.first), np.array(nodes.last)
    depth = np.array(nodes.depths, dtype=np.float32)
    own = [family_bits(names) if names else 0 for names in nodes.names]
    inherited = own.copy()
    around = [
        _AROUND_BIT.get(tag, 0) | (_HIDDEN_BIT if hides else 0)
        for tag, hides in zip(nodes.tags, nodes.hidden, strict=True)
    ]
    kinds: dict[tuple[str, str, int], int] = {("body", "", -1): 0}
    group = [0] * m
    for index in range(1, m):
        above = nodes.parents[index]
        inherited[index] |= inherited[above]
        around[index] |= around[above]
        group[index] = kinds.setdefault((nodes.tags[index], nodes.names[index], group[above]), len(kinds))
    inline = np.array([family_bits(item.names) if item.names else 0 for item in items])
    own_bits, groups = np.array(own), np.array(group)
    levels = np.empty((LEVELS, n), dtype=np.int64)
    levels[0] = place
    for level in range(1, LEVELS):
        levels[level] = parent[levels[level - 1]]
    tag_number = np.array([_TAG_NUMBER.get(tag, -1) for tag in nodes.tags])[place]

    size, linked = text[:, 0].copy(), text[:, 9] * text[:, 0]
    total = max(float(size.sum()), 1.0)
    good = size * (1 - text[:, 9]) * (size > 60) * (1 + np.minimum(text[:, 4] + text[:, 5], 5))
    tokens = text[:, 1].copy()
    of_size, of_linked, of_good = _prefix(size), _prefix(linked), _prefix(good)
    node_size = of_size[last] - of_size[first]
    node_linked = of_linked[last] - of_linked[first]
    node_good = of_good[last] - of_good[first]
    group_count = np.bincount(groups)
    group_size = np.bincount(groups, node_size)
    group_linked = np.bincount(groups, node_linked)
    group_good = np.bincount(groups, node_good)
    all_good = max(float(good.sum()), 1.0)

    per_node = np.stack(
        [
            np.log1p(node_size),
            _share(node_linked, node_size),
            np.log1p(last - first),
            node_size / total,
            node_good / all_good,
            np.log1p(group_count)[groups],
            np.log1p(group_size / group_count)[groups],
            _share(group_linked, group_size)[groups],
            (group_good / all_good)[groups],
        ],
        axis=1,
    )
    enclosing = per_node[levels].transpose(1, 0, 2).reshape(n, -1)
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
    of_all = np.stack([of_size, of_linked, of_good])
    for back, on in ((2, 2), (4, 0), (0, 4), (10, 10)):
        inside, inside_linked, inside_good = _window(of_all, back, on)
        position += [np.log1p(inside), _share(inside_linked, inside), np.log1p(np.maximum(inside_good, 0))]
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
        enclosing,
        np.broadcast_to(np.array(all_page), (n, len(all_page))),
        tags,
        _unpack(around_bits[place], len(AROUND) + 1),
        _unpack(own_bits[place] | inline, N_FAMILIES),
        _unpack(own_bits[levels[1]] | own_bits[levels[2]], N_FAMILIES),
        zones,
        *_shifted(key),
    ]
    rows = np.concatenate(columns, axis=1, dtype=np.float32)
    return Measured(rows, size, levels, first, last, depth, groups, is_text, tokens)


def _kept_around(measured: Measured, positions: Ints, kept: Bools) -> Floats:
    """For each of the LEVELS elements around a position: the share of its text that is kept, and of all kept text."""
    size = measured.size + 1e-3 * measured.is_text
    of_size, of_kept = _prefix(size), _prefix(size * kept)
    levels = measured.levels[:, positions]
    first, last = measured.first[levels], measured.last[levels]
    held = of_kept[last] - of_kept[first]
    return np.concatenate([_share(held, of_size[last] - of_size[first]), held / max(of_kept[-1], 1e-3)]).T


PICTURE = (
    "width", "height", "undeclared", "under_50", "under_100", "has_alt", "alt_length", "named_chrome", "repeats",
    "photo",
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
) -> tuple[Ints, Floats]:
    """Positions and measures of the pictures that have an address, once it is known which texts are kept.

    `images` holds the part of each picture by its position; `kept` says which items are kept texts.
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
        [measured.rows[positions, len(TEXT) :], _kept_around(measured, positions, kept), own], axis=1
    ).astype(np.float32)
