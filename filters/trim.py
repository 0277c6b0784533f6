"""Cuts inside a text: what is taken out of a paragraph that stays. Each function returns the text without it.

They follow OmniCorpus' table 11 (arXiv 2406.08418): abnormal newlines, long underscore runs, citations, incomplete
sentences at the ends, paragraphs that end in "read more", strange suffixes, source and photographer lines, URLs in text.
"""

# ruff: noqa: E501 - patterns read better unbroken

from __future__ import annotations

import re
import unicodedata

# Two joiners spell words in Arabic, Syriac, N'Ko, Mongolian and the scripts of India and South-East Asia (Unicode 16, 23.2),
# where they follow a letter or mark of the script; U+200D holds emoji together, after one (with its modifiers).
_JOINING = (
    "\u0600-\u07ff\u0840-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1aff\u1b00-\u1bff\ua840-\ua87f\ua8e0-\ua8ff"
    "\ua980-\ua9df\uaa60-\uaa7f\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefe\U00010800-\U00011fff\U0001e900-\U0001e95f"
)
_EMOJI = "\u2190-\u2bff\u3030\u303d\ufe0f\U0001f000-\U0001faff"
# Controls, soft hyphens, marks of direction, spaces and fillers without width; tags, which spell flags in emoji only.
_ALWAYS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffc"
)
_SUSPECT = re.compile(f"[{_ALWAYS}\u200c\u200d\U000e0000-\U000e007f]")
_INVISIBLE = re.compile(
    f"[{_ALWAYS}]+|(?<![{_JOINING}\u200d])\u200c+|(?<![{_JOINING}{_EMOJI}\u200c])\u200d+"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
)
# Forms that Unicode keeps only for older character sets: full-width letters and digits, half-width kana and hangul,
# ligatures of Latin, Armenian and Hebrew, presentation forms of Arabic, Han that stand for another.
_COMPATIBILITY = re.compile(
    "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f\uffa1-\uffdc\ufb00-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdf9\ufe70-\ufefc]+"
)
_BREAKS = re.compile(r"\n(?:[^\S\n]*\n){2,}")
_CITATION = re.compile(
    r"(?<=[.,;:!?\"”’»)\]。，；：！？」』）\u3040-\u30ff\u4e00-\u9fff])\s?(?:\[[1-9]\d{0,2}(?:[-–,]\s?\d{1,3})*\])+"
    r"|\s?\[(?:edit|citation needed|note \d+|nb \d+|clarification needed|who\?|when\?|编辑|編輯|编辑源代码|来源请求|需要引用|参考|要出典|編集|"
    r"bearbeiten|quelltext bearbeiten|modifier|modifier le code|editar|editar código|править|править код|편집|تعديل)(?: ?\| ?[^\[\]|]{1,30})?\]",
    re.I,
)
_ENDING = re.compile(
    r"\s{0,9}(?:[（(【\[](?:完|本文完|全文完|未完待续|the end|end|fin|ende|конец)[)）】\]]|[-–—=]{1,3}\s?(?:end|完|fin)\s?[-–—=]{1,3}|[■◆●□◇█▲]+|#{2,})\s*$",
    re.I,
)
_ENDING_LAST = tuple(")）】]-–—=■◆●□◇█▲# \n")
_CREDIT_LAST = tuple(")）】]摄影道 \n")
_CREDIT_ENDING = re.compile(
    r"\s{0,9}(?:[（(【\[](?:责任编辑|责编|编辑|来源|作者|记者|原标题|图片来源|图|文|图/文|photo|photos|image|picture|source|credit|via|foto|bild|quelle|"
    r"crédit|写真|画像|撮影|出典|사진|출처|фото|источник)\s?(?:[:：=/]|by |courtesy |credit )[^（()）【】\[\]]{1,60}[)）】\]]"
    r"|(?:新华社|本报|通讯社)?(?:记者|通讯员)\s?[\u4e00-\u9fff]{2,4}\s?摄影?(?:报道)?)\s*$",
    re.I,
)
_TEASERS = (
    "read more", "see more", "learn more", "find out more", "show more", "continue reading", "read the full story", "read full story",
    "read the full article", "read full article", "read the full post", "read the whole story", "read the rest", "weiterlesen", "mehr lesen",
    "mehr erfahren", "lire la suite", "en savoir plus", "leer más", "seguir leyendo", "leia mais", "leggi tutto", "continua a leggere",
    "читать далее", "читать полностью", "подробнее", "اقرأ المزيد", "続きを読む", "もっと見る", "더 보기", "더보기", "계속 읽기", "阅读全文", "查看全文",
    "展开全文", "查看更多", "阅读更多",
)  # fmt: skip
_BREAK_OFF = re.compile(r"\s{0,9}\[?(?:\.\.\.|…)\]?\s{0,9}[(\[«]?\s{0,9}$")
_EXCERPT_END = re.compile(r"\[(?:\.\.\.|…)\]$")
_ADDRESS = r"(?:https?://[\w-]+\.|www\.)[^\s<>()（）\[\]【】*]{3,400}"
_BRACKETED_URL = re.compile(
    rf"[^\S\n]?(?:\({_ADDRESS}\)|（{_ADDRESS}）|\[{_ADDRESS}\]|【{_ADDRESS}】|<{_ADDRESS}>)", re.I
)
# An abbreviation's full stop ("see", "cf.") ends no sentence.
_URL_ENDING = re.compile(
    rf"(?:(?<=\w{{4}}[.!?؟।])[^\S\n]+|(?<=[.!?][\"”’»)])[^\S\n]+|(?<=[。！？」』）])[^\S\n]*){_ADDRESS}\s*$", re.I
)
_TAIL = 160
"""Characters at the end of a text in which an ending is looked for."""

_SENTENCE = re.compile(r"[.!?][\"'”’»)\]]*(?=\s)|[。！？।؟۔][\"”’」』）]*")


def composed(text: str) -> str:
    """The text in Unicode's composed form, NFC, in which equal texts are equal."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def compatibility_forms(text: str) -> str:
    """The text with the forms of letters that stand for the same letters made these: "ＡＢＣ", "ﬁ", "ｶﾅ", "ﻻ".

    NFKC of those alone. Of a whole text it would take away what means something (m² and m2, ½, ™) and the punctuation
    that Chinese and Japanese are written with.
    """
    if text.isascii():
        return text
    return _COMPATIBILITY.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)


def control_characters(text: str) -> str:
    """The text without controls and characters that cannot be seen.

    The two joiners stay where they spell: in scripts that need them, and in emoji.
    """
    if (text.isascii() and text.isprintable()) or not _SUSPECT.search(text):
        return text
    return _INVISIBLE.sub("", text)


def line_breaks(text: str) -> str:
    """The text with at most one empty line between two lines. Table 11: abnormal newlines."""
    return _BREAKS.sub("\n\n", text)


def underscore_runs(text: str, *, longest: int = 15) -> str:
    """The text split where `longest` or more underscores stand: forms and rules. Table 11, number as released."""
    return re.sub(rf"\s{{0,9}}_{{{longest},}}\s{{0,9}}", "\n", text) if "_" * longest in text else text


def citation_marks(text: str) -> str:
    """The text without "[12]" after punctuation or Han characters, "[edit]", "[citation needed]". Table 11: citations."""
    return _CITATION.sub("", text) if "[" in text else text


def text_urls(text: str) -> str:
    """The text without web addresses in brackets, and without one after its last sentence. Table 11: URLs in text.

    An address that a sentence speaks of ("see https://example.org for more") stays.
    """
    if "www." not in text and "://" not in text:
        return text
    text = _BRACKETED_URL.sub("", text)
    found = _URL_ENDING.search(text, max(0, len(text) - 420))
    return text[: found.start()] if found else text


def ending_marks(text: str) -> str:
    """The text without the marks that say that an article ends: (完), -END-, ■. Table 11: strange suffixes."""
    if not text.endswith(_ENDING_LAST):
        return text
    found = _ENDING.search(text, max(0, len(text) - _TAIL))
    return text[: found.start()] if found else text


def credit_ending(text: str) -> str:
    """The text without a source, editor or photographer in brackets at its end. Table 11: source and author lines."""
    if not text.endswith(_CREDIT_LAST):
        return text
    found = _CREDIT_ENDING.search(text, max(0, len(text) - _TAIL))
    return text[: found.start()] if found else text


def teaser_ending(text: str) -> str:
    """The text without "read more" at its end, and without the sentence before it where an ellipsis breaks that off.

    Table 11: paragraphs ending in "read more", incomplete sentences at the ends. A sentence that ends in these words is
    left ("see the manual to learn more"), and so is one that ends in an ellipsis alone: most are the writer's own.
    """
    bare = text.rstrip(" \t\n.»›>→…)]")
    tail = bare[-40:].lower()
    if tail.endswith(_TEASERS) and (words := next((w for w in _TEASERS if tail.endswith(w)), None)) is not None:
        head = bare[: -len(words)]
        within = (before := head.rstrip(" ([«-–|")) and (before[-1].isalnum() or before[-1] in ",;、，")
        if within and not bare[len(head)].isupper():
            return text
    elif _EXCERPT_END.search(text, max(0, len(text) - _TAIL)):
        head = text
    else:
        return text
    broken = _BREAK_OFF.search(head, max(0, len(head) - _TAIL))
    if broken is None:
        return head.rstrip(" ([«")
    head = head[: broken.start()]
    ends = [match.end() for match in _SENTENCE.finditer(head)]
    return head[: ends[-1]] if ends else head


_COMMA_END = re.compile(r"[,，、،;；]$")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_OPEN_WORDS = {
    "en": "the a an of and or but with from that which who whose because although while into onto than as its their our your",
    "de": "der die das den dem des ein eine einen einem einer und oder aber mit von dass weil welche welcher zur zum im vom",
    "fr": "le la les un une des du de et ou mais avec que qui dont dans par pour sur leur aux",
    "es": "el la los las un una de del y o pero con que en por para sus al",
    "pt": "o os um uma de do da dos das e ou mas com que em no na por para",
    "it": "il lo la gli le un una di del della e o ma con che in per nel nella",
    "ru": "и а но или в на с из к от до для что который которая которые чтобы потому",
    "ar": "في من إلى على عن أن التي الذي أو ثم",
}  # fmt: skip
_OPEN = {language: frozenset(words.split()) for language, words in _OPEN_WORDS.items()}
"""Words that no sentence of a language ends with."""


def broken_ending(text: str, language: str | None) -> str:
    """The text without its last sentence where that breaks off: at a comma, or at a word that ends no sentence.

    Empty where the only sentence does. For the end of a document: before a list or formula a sentence may stop like
    this. Table 11: incomplete sentences at the ends.
    """
    text = text.rstrip()
    if not _COMMA_END.search(text[-1:]):
        last = _LAST_WORD.search(text, max(0, len(text) - 20))
        if last is None or last.group().lower() not in _OPEN.get(language or "", ()):
            return text
    ends = [match.end() for match in _SENTENCE.finditer(text)]
    return text[: ends[-1]] if ends else ""
