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
_UNSPACED = frozenset({"zh", "ja", "th"})
_LETTERS = re.compile(r"[^\W\d_]")


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
def unspaced_stop_words(language: str) -> tuple[str, ...]:
    """The stop words to look for inside running text, for languages without spaces; empty for others."""
    code = _SAME.get(language, language)
    return tuple(sorted(stop_words(code), key=lambda word: (len(word), word))) if code in _UNSPACED else ()
