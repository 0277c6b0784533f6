"""A text as the text filters see it: units, words, lines, paragraphs and sentences, in any script.

Which script a text is in decides how its words are counted, never its declared language: pages mix scripts, and the
language of a page is a guess.

* In scripts that put spaces between words a *unit* is one word: a run of characters without white space or
  punctuation, with inner apostrophes, hyphens and points.
* In scripts that do not (Chinese, Japanese, Thai, Lao, Khmer, Burmese and their relatives) a unit is one character
  with its combining marks, and it weighs a fraction of a word. Tibetan and Vietnamese set a space or mark after each
  syllable; their units weigh a fraction too.

With the fractions a threshold in words asks for the same amount of text in every language. They are measured on pages
of LibreOffice help 7.4 in 15 languages, so that a translation has as many words as its English original: 1.6 Han
characters, 3.5 kana, 3.2 Khmer bases, 1.9 Tibetan or 1.3 Vietnamese syllables to a word (Chinese pages then have 0.97
of the words of their originals, Japanese and Khmer 0.98, Tibetan 0.99). Thai, Lao and Burmese are set like Khmer.

Measures over n words are taken over `round(n * units_per_word)` units, so that a Chinese "5-gram" is 8 characters.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from omnicorpus.document import Document, Kind

PROSE: frozenset[Kind] = frozenset({"text", "header", "list", "quote", "detail"})
"""The kinds of text that rules about language judge. Code, formulas and data tables repeat themselves, hold braces
and numbers by nature, and are good parts of good pages: they are neither counted for a document nor against it."""

HAN_PER_WORD = 1.6
KANA_PER_WORD = 3.5
BRAHMIC_PER_WORD = 3.2
TIBETAN_PER_WORD = 1.9
VIETNAMESE_PER_WORD = 1.3

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_KANA = "\u3041-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\uff66-\uff9f"
# Thai, Lao, Burmese, Khmer, Tai Le, New Tai Lue, Tai Tham, Javanese; the marks are given apart, to join their base.
_BRAHMIC = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"
    "\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070\u1075-\u1081\u108e"
    "\u1780-\u17b3\u1950-\u19ab\u1a20-\u1a54\ua984-\ua9b2\ua9e0-\ua9ef\uaa60-\uaa7a"
)
_MARKS = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u105e-\u1060"
    "\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\u17b4-\u17d3\u17dd"
    "\u1a55-\u1a7f\ua980-\ua983\ua9b3-\ua9c0\uaa7b-\uaa7d\u3099\u309a\u200b-\u200d\ufe00-\ufe0f"
)
_UNSPACED = _HAN + _KANA + _BRAHMIC
# What ends a word: space, ASCII and Latin-1 punctuation and symbols, marks of Hebrew, Arabic, Devanagari,
# Tibetan, whose syllable mark separates as a space does, Khmer, Burmese), general punctuation to symbols and dingbats,
# CJK and full-width punctuation. Joiners (U+200C, U+200D) do not.
_BREAK = (
    r"\s!-/:-@\[-`{-~\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u037e\u0387\u055a-\u055f\u0589"
    r"\u05be\u05c0\u05c3\u060c\u060d\u061b-\u061f\u066a-\u066d\u06d4\u0964\u0965\u0e2f\u0e4f\u0e5a\u0e5b"
    r"\u0f01-\u0f14\u0f3a-\u0f3d\u104a-\u104f\u10fb\u1360-\u1368\u17d4-\u17da"
    r"\u2000-\u200b\u200e-\u2070\u207a-\u207e\u208a-\u208e\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f"
    r"\u3001-\u3004\u3008-\u3020\u3030\u303d\u30fb\ufd3e\ufd3f\ufe10-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
    r"\uff5b-\uff65\U0001f000-\U0001faff"
)
_SPACED_UNIT = rf"[^{_BREAK}]+(?:['’.\-_][^{_BREAK}]+)*"
_SPACED = re.compile(_SPACED_UNIT)
_ASCII = re.compile(r"[0-9a-z]+(?:['.\-_][0-9a-z]+)*")
_MIXED = re.compile(
    rf"[{_UNSPACED}][{_MARKS}]*|[^{_BREAK}{_UNSPACED}]+(?:['’.\-_][^{_BREAK}{_UNSPACED}]+)*",
)
_TIBETAN = re.compile("[\u0f40-\u0fbc]+")
# Letters that no other widespread language has; in Vietnamese there is one to about every second syllable.
_VIETNAMESE = re.compile("[ơưđ\u1ea0-\u1ef9]", re.I)
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")
_BEYOND_ASCII = bytes(range(128, 256))
VISIBLE_ASCII = bytes(code for code in range(128) if not chr(code).isspace())
"""All ASCII characters but white space."""

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
# A full stop ends a sentence before white space or a closing mark, so that "3.5" and "example.org" hold none; the full
# stops of other scripts end one wherever they stand.
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*+(?=\s|$)")
_OTHER_SENTENCE_END = re.compile("[。！？｡।॥۔؟։។៕။༎།።፧]+")
# Thai and Lao write no full stop; a space stands where a clause ends. Shorter clauses are names and numbers.
_CLAUSE = re.compile(r"[\u0e00-\u0eff][^\s]{20,}(?=\s|$)")


@dataclass(frozen=True)
class Words:
    """A text and what the filters count in it; each view is made on first use and kept.

    `language` is an ISO 639-1 code (or what the identifier said), None where unknown. It chooses stop words and the
    bounds of word length, nothing else.
    """

    text: str
    language: str | None = None

    @cached_property
    def units(self) -> list[str]:
        """Words, and single characters of scripts without spaces, in order, in lower case."""
        text = self.text.lower()
        if text.isascii():
            return _ASCII.findall(text)
        return (_MIXED if self._unspaced_text else _SPACED).findall(text)

    @cached_property
    def _unspaced_text(self) -> bool:
        return not self.text.isascii() and _ANY_UNSPACED.search(self.text) is not None

    @cached_property
    def _unspaced_units(self) -> tuple[int, int, int]:
        """How many units are Han, kana, and of the scripts of South-East Asia."""
        if not self._unspaced_text:
            return (0, 0, 0)
        codes = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)
        _, han, kana, brahmic = np.bincount(_scripts()[codes], minlength=4).tolist()
        return han, kana, brahmic

    @cached_property
    def count(self) -> float:
        """The number of words; characters and syllables count as the fractions named above."""
        return self._unspaced_words + self._spaced_words

    @property
    def _unspaced_words(self) -> float:
        han, kana, brahmic = self._unspaced_units
        return han / HAN_PER_WORD + kana / KANA_PER_WORD + brahmic / BRAHMIC_PER_WORD

    @property
    def _spaced_words(self) -> float:
        units = len(self.units) - sum(self._unspaced_units)
        if not units or self.text.isascii():
            return units
        if "་" in self.text:
            syllables = len(_TIBETAN.findall(self.text))
            return units - syllables + syllables / TIBETAN_PER_WORD
        if ("đ" in self.text or "ư" in self.text) and len(_VIETNAMESE.findall(self.text)) > 0.25 * units:
            return units / VIETNAMESE_PER_WORD
        return units

    @property
    def units_per_word(self) -> float:
        """1 for most scripts with spaces, about 1.6 for Chinese, 2.6 for Japanese; between them for mixed texts."""
        return len(self.units) / self.count if self.units else 1.0

    @property
    def unspaced_share(self) -> float:
        """The share of words that stand in scripts without spaces, 0–1."""
        return self._unspaced_words / self.count if self.units else 0.0

    @property
    def brahmic_share(self) -> float:
        """The share of the characters in scripts without spaces that are of South-East Asia, 0–1."""
        unspaced = sum(self._unspaced_units)
        return self._unspaced_units[2] / unspaced if unspaced else 0.0

    @property
    def spaced_word_length(self) -> float:
        """The mean length in characters of the words in scripts with spaces; 0.0 where there is none."""
        if not sum(self._unspaced_units):
            spaced = self.units
        else:
            spaced = [unit for unit in self.units if not _ANY_UNSPACED.match(unit)]
        return sum(map(len, spaced)) / len(spaced) if spaced else 0.0

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each unit occurs."""
        return Counter(self.units)

    @cached_property
    def codes(self) -> npt.NDArray[np.uint64]:
        """One number per unit, equal for equal units."""
        numbers = dict(zip(self.counts, range(len(self.counts)), strict=True))
        return np.fromiter(map(numbers.__getitem__, self.units), np.uint64, len(self.units))

    @cached_property
    def widths(self) -> npt.NDArray[np.int64]:
        """Characters per unit."""
        return np.fromiter(map(len, self.units), np.int64, len(self.units))

    @cached_property
    def lines(self) -> list[str]:
        """Lines without outer white space; empty lines are left out."""
        return [line for line in map(str.strip, self.text.splitlines()) if line]

    @cached_property
    def paragraphs(self) -> list[str]:
        """What blank lines separate."""
        return [paragraph for paragraph in map(str.strip, _PARAGRAPH.split(self.text)) if paragraph]

    @cached_property
    def sentence_count(self) -> int:
        """Ends of sentences, by the marks of the text's own script; for Thai and Lao, which have none, long clauses."""
        ends = len(_SENTENCE_END.findall(self.text))
        if not self.text.isascii():
            ends += len(_OTHER_SENTENCE_END.findall(self.text))
        if self._unspaced_units[2]:
            ends += len(_CLAUSE.findall(self.text))
        return ends


@cache
def _scripts() -> npt.NDArray[np.uint8]:
    """For each code point 1 for Han, 2 for kana, 3 for the scripts of South-East Asia, 0 for all others."""
    table = np.zeros(0x110000, np.uint8)
    for number, ranges in enumerate((_HAN, _KANA, _BRAHMIC), start=1):
        for first, last in re.findall("(.)(?:-(.))?", ranges):
            table[ord(first) : ord(last or first) + 1] = number
    return table


def largest_share(text: str, some: bytes, every: bytes) -> float:
    """The largest share, 0-1, that one class of characters can have in another that holds it, at little cost.

    `some` and `every` are the ASCII characters of the two classes; each character beyond ASCII is taken for one of
    both. Where that share is small enough no character need be looked up. 1.0 where neither class has any.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    beyond = len(text) - len(encoded.translate(None, _BEYOND_ASCII)) if len(text) < len(encoded) else 0
    whole = len(encoded) - len(encoded.translate(None, every)) + beyond
    return (len(encoded) - len(encoded.translate(None, some)) + beyond) / whole if whole else 1.0


def prose(document: Document) -> Words:
    """The text of a document that rules about language judge: parts of the kinds `PROSE`, a blank line between two."""
    text = "\n\n".join(part.text for part in document.texts() if part.kind in PROSE)
    return Words(text, document.language)
