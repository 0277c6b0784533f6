"""Rules over one line of text, a paragraph or an item of a list: web furniture, and scraps that are no prose.

Each rule is pure: a `Line` in, None (keep) or a `Drop` out. They follow OmniCorpus' table 11 (arXiv 2406.08418), whose
families are named with each; the thresholds of the released English rules are the defaults, except that no rule
looks for a word alone: what is measured is how much of the line a family makes up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from filters import phrases
from filters.words import VISIBLE_ASCII, Words, largest_share
from omnicorpus.document import Drop, Kind

_DIGIT = re.compile("[0-9]")
_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = _CAPITALS + _CAPITALS.lower()
_CONTENT = re.compile(r"[^\W_]")
_BULLET = re.compile(r"^[\s\-–—*+•‣⁃◦●○◎■□▪▫▶►·・※»›>|]+|^\s*\d{1,3}[.)、](?!\d)\s*")
_END = re.compile(r"[.!?。！？…♪♡♥☆★〜～\U0001f300-\U0001faff\ufe0f:：;；।؟۔।។]")
_CLOSING = "\"'”’»」』）)]"
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？؟।])")
_LABELLED = re.compile(r"[:：]\s*\n|[,，、]$")
_URL = re.compile(
    r"(?:https?://|www\.)\S+|\b[a-z0-9.-]{1,80}\.(?:com|org|net|edu|gov|cn|de|io|co|info)(?:/\S*)?(?=[\s,;)]|$)", re.I
)
_URL_SIGN = re.compile(r"://|www\.|\.(?:com|org|net|edu|gov|cn|de|io|co|info)(?![\w.])", re.I)
_HASHTAG = re.compile(r"(?<!\w)[#@][\w-]{2,}|#[^#\s]{1,20}#|\brt @")
_PHONE = re.compile(r"(?<![\w.])(?:\+|00)?\(?\d{1,4}\)?(?:[ ./-]?\(?\d{2,5}\)?){2,5}(?!\w)")
_TWO_GROUPS = re.compile(r"\d\d\)?[ ./-]?\(?\d\d")
_MASKED = re.compile("<(?:phone|email|ip|card|iban|resident_id)>")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_CONTACT = re.compile(
    r"(?<!\w)(?:phone|tel|telephone|fax|mobile|cell|call(?: us)?|hotline|toll[- ]free|e-?mail|contact(?: us)?|address|"
    r"telefon|mobil|anschrift|kontakt|téléphone|courriel|adresse|teléfono|correo|dirección|contacto|тел|телефон|факс|адрес|почта)"
    r"(?!\w)\.?:?|电话|手机|传真|邮箱|地址|联系人|联系方式|邮编|热线|電話|住所|전화|팩스|주소|이메일|هاتف|فاكس|البريد|العنوان"
)
_TIME = re.compile(
    r"\d{1,2}[:：h]\d{2}(?:[:：]\d{2})?\s*(?:[ap]\.?m\.?|uhr|h|时|時)?(?!\d)|\d{1,2}\.\d{2}\s*(?:[ap]\.?m\.?|uhr)|(?:午前|午後|上午|下午|오전|오후)?\s*\d{1,2}\s*[时時点시]\s*(?:\d{1,2}\s*[分분])?"
)
_TIME_SIGN = re.compile(r"\d\s*[:：h.时時点시]")
_SPAN = re.compile(rf"(?:{_TIME.pattern})\s*(?:[-–—~〜～/至到]|to|bis|à|a|до|から)\s*(?:{_TIME.pattern})")
_LASTS = re.compile(r"run(?:ning)? ?time|duration|length|dauer|laufzeit|durée|duración|длительность|时长|片长|再生時間")
_DATE = re.compile(
    r"\d{1,4}[-/.年년]\s*\d{1,2}[-/.月월]\s*\d{1,4}[日일]?|(?:19|20)\d{2}|\d{1,2}(?:st|nd|rd|th)?|"
    r"(?<!\w)(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|janu?ar|februar|märz|mai|juni|juli|oktober|dezember|january|february|"
    r"march|april|june|july|august|september|october|november|december|mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday|am|pm|at|on|by|et|est|edt|gmt|utc|updated|published|posted|last|um|uhr|le|à|el|de|в)(?!\w)\.?"
)

_NARROWEST, _WIDEST = 1.6, 20
"""Fewest characters to a word, in Chinese, and more than any language has on average."""

_STOPS = (".", "。", "।", "۔")
_INSTRUCTION = 0.95
_SIGNS = 6
"""Most different signs in a line that means nothing."""

_NAME = r"[A-ZÀ-ÞА-Я][\w.'’-]*"
_BYLINE = re.compile(
    r"(?:(?:Written |Posted |Published |Reported |Edited |Reviewed |Story |Words )?[Bb]y|Von|Par|Por|Di|Текст:|Автор:) "
    rf"{_NAME}(?: (?:{_NAME}|and|und|et|y|e|и|de|van|von|der|la|&)){{1,6}}(?:,? [|,–—-] .{{0,60}})?$"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line without outer space and bullets, as its rules need it. `lower` is the same in lower case."""

    text: str
    lower: str
    kind: Kind
    language: str | None
    words: Words

    @staticmethod
    @lru_cache(maxsize=128)  # a paragraph is looked at alone, and again beside the others of its page
    def of(text: str, kind: Kind = "text", language: str | None = None) -> Line:
        bare = _BULLET.sub("", text).strip()
        return Line(bare, bare.lower(), kind, language, Words(bare, language))

    def longer_than(self, words: float) -> bool:
        """Whether the line has more words. Those of few or of very many characters to a word need no counting.

        In ASCII, where only spaces part words, what stands between them is counted.
        """
        length = len(self.text)
        if self.text.isascii():
            return length > words and (
                length > _WIDEST * words or self.text.count(" ") + self.text.count("\n") >= words
            )
        return length > _NARROWEST * words and (length > _WIDEST * words or self.words.count > words)

    @property
    def ends(self) -> bool:
        """Whether the line ends as a sentence does, or announces what follows it with a colon."""
        return _END.match(self.text.rstrip(_CLOSING)[-1:]) is not None


def social_media(line: Line, *, share: float = 0.6) -> Drop | None:
    """Buttons that share, and counts of what was shared. Table 11: social media keywords."""
    return _furniture("social_media", line, phrases.SOCIAL, share)


def follow_button(line: Line, *, share: float = 0.6) -> Drop | None:
    """Buttons that ask to be liked or followed. Table 11: "like" and "follow" buttons."""
    return _furniture("follow_button", line, phrases.FOLLOW, share)


def embedded_post(line: Line, *, share: float = 0.6) -> Drop | None:
    """What a network writes around a post: who, when, "view this post". Table 11: social media content."""
    return _furniture("embedded_post", line, phrases.POST, share)


def read_more(line: Line, *, share: float = 0.6) -> Drop | None:
    """Teasers of other pages: "read more", related articles. Table 11: "read more", recommendations to readers."""
    return _furniture("read_more", line, phrases.FOLLOW_ON, share)


def account(line: Line, *, share: float = 0.6) -> Drop | None:
    """Log in, subscribe, comment, skip to content. Table 11: very short paragraphs with keywords."""
    return _furniture("account", line, phrases.ACCOUNT, share)


def copyright_notice(line: Line, *, share: float = 0.6) -> Drop | None:
    """Copyright and disclaimers. Table 11: disclaimers and copyright."""
    return _furniture("copyright_notice", line, phrases.COPYRIGHT, share)


def page_footer(line: Line, *, share: float = 0.6) -> Drop | None:
    """What stands under every page of a site: terms, privacy, imprint, software. Table 11: footers."""
    return _furniture("page_footer", line, phrases.FOOTER, share)


def cookie_banner(line: Line, *, share: float = 0.6) -> Drop | None:
    """Questions for consent to cookies. Table 11 has no such family; theirs stand among the footers."""
    return _furniture("cookie_banner", line, phrases.COOKIE, share)


def newspaper_line(line: Line, *, share: float = 0.6) -> Drop | None:
    """What the site of a printed newspaper writes around an article: page and issue, price, "print edition".

    Table 11: one newspaper site's template. Which site that was isn't published; this is what such sites share.
    """
    return _furniture("newspaper_line", line, phrases.NEWSPAPER, share)


def encyclopedia_line(line: Line, *, share: float = 0.6) -> Drop | None:
    """What an encyclopedia's software writes: buttons, notes above an article, references with a mark that leads back.

    Table 11: encyclopedia list formats.
    """
    return _furniture("encyclopedia_line", line, phrases.ENCYCLOPEDIA, share)


def site_line(line: Line, beginnings: tuple[str, ...]) -> Drop | None:
    """Lines that begin as given, in any case. Table 11: ads of particular domains, one newspaper site's template."""
    return Drop("site_line", detail=line.text) if line.lower.startswith(beginnings) else None


def credit_line(line: Line, *, share: float = 0.6) -> Drop | None:
    """Who wrote, took, edited, supplied it, and when. Table 11: source, author and photographer lines."""
    return _furniture("credit_line", line, phrases.CREDIT, share)


def byline(line: Line) -> Drop | None:
    """ "By" and two names or more, and nothing else. Table 11: source, author and photographer lines."""
    return Drop("byline", detail=line.text) if _BYLINE.match(line.text) else None


def page_turn(line: Line, *, share: float = 0.6) -> Drop | None:
    """Links to the page before and after. Table 11: newspaper page-turn sentences."""
    return _furniture("page_turn", line, phrases.PAGE_TURN, share)


def keyword_line(line: Line, *, share: float = 0.6) -> Drop | None:
    """Tags, categories, keywords. Table 11: keyword lines."""
    return _furniture("keyword_line", line, phrases.KEYWORD_LINE, share)


def advertisement(line: Line, *, share: float = 0.6) -> Drop | None:
    """Labels of advertisements and calls to buy. Table 11: ads of particular domains."""
    return _furniture("advertisement", line, phrases.ADVERT, share)


def video_player(line: Line, *, share: float = 0.6) -> Drop | None:
    """What a player writes where a video stands. Table 11: video elements."""
    return _furniture("video_player", line, phrases.PLAYER, share)


def video_line(line: Line, *, share: float = 0.6) -> Drop | None:
    """Invitations to watch or listen. Table 11: video content, video keywords."""
    return _furniture("video_line", line, phrases.VIDEO, share)


def thanks(line: Line, *, share: float = 0.6) -> Drop | None:
    """Thanks to readers, calls for feedback. Table 11: recommendations and thanks to readers."""
    return _furniture("thanks", line, phrases.THANKS, share)


def fraud(line: Line, *, share: float = 0.6) -> Drop | None:
    """Offers of quick money, forged papers, gambling. Table 11: suspected fraud."""
    return _furniture("fraud", line, phrases.FRAUD, share)


def flagged_words(line: Line, *, maximum: float = 0.02, at_least: int = 2) -> Drop | None:
    """Paragraphs with several pornographic words that are too large a share of all. Table 11; share as released."""
    if not phrases.holds_flagged(line.lower, line.language):
        return None
    found = phrases.phrases(phrases.FLAGGED, line.language).marks.findall(line.lower)
    if len(found) < at_least:
        return None
    share = len(found) / line.words.count
    return Drop("flagged_words", round(share, 4), maximum) if share > maximum else None


def contact_line(line: Line, *, longest: float = 80, left: float = 8) -> Drop | None:
    """Lines of a telephone number, masked or not, and little else: at most `left` words that are no such data.

    Table 11: paragraphs of under 80 words with a telephone number, as released; what is left is ours.
    """
    masked = "<PHONE>" in line.text
    if len(line.text) > _WIDEST * longest or not (masked or _DIGIT.search(line.text)):
        return None
    if not masked and not (
        _TWO_GROUPS.search(line.text) and sum(map(str.isdigit, line.text)) >= 7 and _PHONE.search(line.text)
    ):
        return None
    if not _CONTACT.search(line.lower) or line.words.count >= longest:
        return None
    rest = _CONTACT.sub(" ", _URL.sub(" ", _EMAIL.sub(" ", _PHONE.sub(" ", _MASKED.sub(" ", line.lower)))))
    count = Words(rest).count
    return Drop("contact_line", round(count, 1), left) if count <= left else None


def timestamp_line(line: Line, *, longest: float = 20, left: float = 3) -> Drop | None:
    """Lines that give a time of day, and little else: at most `left` words that are no date, in a list one.

    From one time to another is when a place is open, or what stands where in a recording: that stays, as does how long
    something lasts. Table 11: paragraphs of under 20 words with a time of day, as released; what is left is ours.
    """
    left = min(left, 1) if line.kind == "list" else left
    if len(line.text) > _WIDEST * longest or not (_DIGIT.search(line.text) and _TIME_SIGN.search(line.lower)):
        return None
    if not _TIME.search(line.lower) or line.words.count >= longest:
        return None
    if _SPAN.search(line.lower) or _LASTS.search(line.lower):
        return None
    count = Words(_DATE.sub(" ", _TIME.sub(" ", line.lower))).count
    return Drop("timestamp_line", round(count, 1), left) if count <= left else None


def url_line(line: Line, *, share: float = 0.8) -> Drop | None:
    """Lines that are web addresses, with at most one word beside. Table 11: URLs in text."""
    if not _URL_SIGN.search(line.text):
        return None
    found = sum(len(match.group()) for match in _URL.finditer(line.text))
    if found and Words(_URL.sub(" ", line.text)).count >= 2:
        return None
    return _at_least("url_line", found, len(line.text), share) if found else None


def hashtag_line(line: Line, *, share: float = 0.5) -> Drop | None:
    """Lines of several hashtags or mentions and little else. Table 11: social media content."""
    if "#" not in line.text and "@" not in line.text:
        return None
    found = [len(match.group()) for match in _HASHTAG.finditer(line.lower)]
    return _at_least("hashtag_line", sum(found), len("".join(line.text.split())), share) if len(found) > 1 else None


def empty_item(line: Line) -> Drop | None:
    """Lines without a letter or digit, items of lists that lost what they held. Table 11: aberrant list items.

    Lines of many different signs stay: they list them.
    """
    return None if _CONTENT.search(line.text) or len(set(line.text)) > _SIGNS else Drop("empty_item", 0, 1)


def many_digits(line: Line, *, maximum: float = 0.8) -> Drop | None:
    """Paragraphs of which too many characters are digits. Table 11, threshold as released."""
    if largest_share(line.text, b"0123456789", VISIBLE_ASCII) <= maximum:
        return None
    characters = "".join(line.text.split())
    share = sum(map(str.isdigit, characters)) / len(characters) if characters else 0.0
    return Drop("many_digits", round(share, 4), maximum) if share > maximum else None


def many_capitals(line: Line, *, maximum: float = 0.8, letters: int = 12) -> Drop | None:
    """Paragraphs of at least so many letters, most of them capitals. Table 11, threshold as released."""
    if largest_share(line.text, _CAPITALS, _LETTERS) <= maximum:
        return None
    capitals = sum(map(str.isupper, line.text))
    if capitals < maximum * letters:
        return None
    every = sum(map(str.isalpha, line.text))
    if every < letters or capitals <= maximum * every:
        return None
    return Drop("many_capitals", round(capitals / every, 4), maximum)


def one_word(line: Line, *, longest: float = 1) -> Drop | None:
    """Paragraphs of one word that end without a full stop. Table 11: one-word paragraphs."""
    if line.longer_than(longest) or line.words.count > longest or line.ends:
        return None
    return Drop("one_word", round(line.words.count, 1), longest)


def over_short(line: Line, *, longest: float = 4) -> Drop | None:
    """Paragraphs of at most so many words that end without a full stop. Table 11, over-short; threshold as released.

    A label with its value in the next line stays, and what ends with a comma: a salutation, a sentence to go on.
    """
    if line.longer_than(longest) or line.ends or _LABELLED.search(line.text):
        return None
    return Drop("over_short", round(line.words.count, 1), longest)


def caption_noise(line: Line, *, longest: float = 8) -> Drop | None:
    """Captions of under so many words that credit and describe nothing. Table 11: irrelevant image captions."""
    if (
        line.longer_than(longest)
        or (count := line.words.count) >= longest
        or not phrases.phrases(phrases.CREDIT, line.language).marks.search(line.lower)
    ):
        return None
    return Drop("caption_noise", round(count, 1), longest)


def _furniture(rule: str, line: Line, family: phrases.Family, share: float) -> Drop | None:
    """The drop where the marks and the filler of a family make up at least `share` of the letters and digits.

    So it is where sentences that hold a notice of the family do. Items of lists that end with a full stop are rather
    instructions ("Create an account on the server."), and must be nothing else.
    """
    known = phrases.phrases(family, line.language)
    if line.kind == "list" and line.text.endswith(_STOPS):
        share = max(share, _INSTRUCTION)
    if known.notices.search(line.lower):
        sentences = _SENTENCE.split(line.lower)
        noticed = sum(len(_CONTENT.findall(sentence)) for sentence in sentences if known.notices.search(sentence))
        if (drop := _at_least(rule, noticed, len(_CONTENT.findall(line.lower)), share)) is not None:
            return drop
    rest, found = known.marks.subn(" ", line.lower)
    if not found:
        return None
    whole = len(_CONTENT.findall(line.lower))
    left = len(_CONTENT.findall(known.filler.sub(" ", rest)))
    return _at_least(rule, whole - left, whole, share)


def _at_least(rule: str, amount: float, whole: float, minimum: float) -> Drop | None:
    if not whole:
        return None
    share = amount / whole
    return Drop(rule, round(share, 4), minimum) if share >= minimum else None
