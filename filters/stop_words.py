"""Stop words by language: the words that any running text of a language holds.

English has Gopher's eight (Rae et al. 2021, A.1). Other languages have the list of `stopwords-iso`, less entries that
are no words. A language without a list is not judged by its stop words.
"""

from __future__ import annotations

import re
from functools import cache

import stopwordsiso

GOPHER = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})

# Languages that are written with the function words of another that has a list; codes of ISO 639 as lid.176 gives them.
_SAME = {
    "nb": "no", "nn": "no", "yue": "zh", "wuu": "zh", "arz": "ar", "sh": "hr", "bs": "hr", "azb": "fa",
    "als": "de", "ast": "es", "ckb": "ku", "fil": "tl", "mk": "bg", "be": "ru", "lb": "de", "pnb": "ur",
}  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]")
_KOREAN_ENDINGS = ("은", "는", "이", "가", "을", "를", "에", "의", "로", "와", "과", "도", "고", "한", "다", "서", "면")


@cache
def stop_words(language: str) -> frozenset[str]:
    """The stop words of a language in lower case; empty where there is no list."""
    if language == "en":
        return GOPHER
    code = _SAME.get(language, language)
    if not stopwordsiso.has_lang(code):
        return frozenset()
    return frozenset(word.lower() for word in stopwordsiso.stopwords(code) if _LETTERS.match(word))


@cache
def every_stop_word(language: str) -> frozenset[str]:
    """The whole list of a language, for shares: English has more words than Gopher's eight."""
    if language == "en":
        return frozenset(word.lower() for word in stopwordsiso.stopwords("en") if _LETTERS.match(word))
    return stop_words(language)


def is_running(language: str) -> bool:
    """Whether the language is written without spaces, so that its words are looked for within the text."""
    return language in ("zh", "yue", "wuu", "ja", "th")


@cache
def stop_endings(language: str) -> tuple[str, ...]:
    """Particles and verb endings that do a stop word's work but are written onto the word before; Korean has them."""
    return _KOREAN_ENDINGS if language == "ko" else ()


@cache
def han_stop_words() -> tuple[str, ...]:
    """What to look for in running Chinese or Japanese, short words first; one list, as the two are often confused."""
    return tuple(sorted(stop_words("zh") | stop_words("ja"), key=lambda word: (len(word), word)))
