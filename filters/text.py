"""Rules over the prose of a whole document: Gopher's, C4's, and the three that OmniCorpus adds.

Each rule takes `Words` and keyword-only thresholds and returns None (keep) or a `Drop` named like the rule, with what
it measured. Words are counted alike in all scripts (see `filters.words`), so a threshold has one meaning everywhere;
where a rule has none in a script or a language, it keeps, and its docstring says so.

Sources: Gopher is Rae et al. 2021 (arXiv 2112.11446), table A1 and section A.1; C4 is Raffel et al. 2019 (arXiv
1910.10683), section 2.2; FineWeb is Penedo et al. 2024 (arXiv 2406.17557), section 3.6; OmniCorpus is arXiv 2406.08418,
section 3.1, which names its three rules without numbers: theirs are ours, set above what good pages of our gold
sets measure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from filters.stop_words import han_stop_words, stop_endings
from filters.stop_words import stop_words as stop_words_of
from filters.words import VISIBLE_ASCII, Words, largest_share
from omnicorpus.document import Drop

WORD_LENGTH_BOUNDS: dict[str, tuple[float, float]] = {
    "ko": (1.8, 7.0),
    "vi": (2.0, 8.0),
    "lo": (2.0, 10.0),
    "dz": (1.8, 8.0),
    "bo": (1.8, 8.0),
    "zh": (2.0, 15.0),
    "ja": (2.0, 15.0),
    "th": (2.0, 15.0),
    "he": (2.5, 10.0),
    "ta": (3.0, 14.0),
    "ml": (3.0, 16.0),
    "te": (3.0, 14.0),
    "kn": (3.0, 14.0),
    "fi": (3.0, 12.0),
    "hu": (3.0, 12.0),
    "et": (3.0, 12.0),
}

_BULLET = re.compile(r"[-*+•‣⁃◦●○■□▪▫▶►–—·・※]\s?\S")
_ELLIPSIS_END = re.compile(r"(?:\.\.\.|…|。。。|⋯)[\"'”’»」』)\]]*$")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_LETTER = re.compile(r"[^\W\d_]")
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffd\ue000-\uf8ff]")
_BREAKS = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def word_count(words: Words, *, minimum: float = 50, maximum: float = 100_000) -> Drop | None:
    """Drop texts of fewer or more words. Defaults: Gopher A.1."""
    if words.count < minimum:
        return Drop("word_count", round(words.count, 1), minimum)
    if words.count > maximum:
        return Drop("word_count", round(words.count, 1), maximum)
    return None


def mean_word_length(words: Words, *, minimum: float = 3.0, maximum: float = 10.0) -> Drop | None:
    """Drop texts whose words are too short or too long on average, in characters.

    Defaults: Gopher A.1, set on English. Where a language writes syllables apart or as one character (Korean,
    Vietnamese, Tibetan), drops vowels (Hebrew) or builds long words, the bounds shift by what they are in
    `WORD_LENGTH_BOUNDS` from 3 and 10. Only words of scripts with spaces are measured; texts that are mostly in other
    scripts are kept.
    """
    if words.unspaced_share > 0.5 or not words.units:
        return None
    low, high = WORD_LENGTH_BOUNDS.get(words.language or "", (3.0, 10.0))
    minimum, maximum = round(minimum + low - 3.0, 2), round(maximum + high - 10.0, 2)
    mean = words.spaced_word_length
    if mean < minimum:
        return Drop("mean_word_length", round(mean, 2), minimum)
    if mean > maximum:
        return Drop("mean_word_length", round(mean, 2), maximum)
    return None


def symbol_ratio(words: Words, *, maximum: float = 0.1) -> Drop | None:
    """Drop texts with too many hash signs, or too many ellipses, per word. Default: Gopher A.1."""
    text = words.text
    ellipses = text.count("...") + text.count("…") - text.count("……")
    return _above("symbol_ratio", max(text.count("#"), ellipses), words.count, maximum)


def bullet_lines(words: Words, *, maximum: float = 0.9) -> Drop | None:
    """Drop texts of which almost every line starts with a bullet. Default: Gopher A.1."""
    return _above("bullet_lines", sum(1 for line in words.lines if _BULLET.match(line)), len(words.lines), maximum)


def ellipsis_lines(words: Words, *, maximum: float = 0.3) -> Drop | None:
    """Drop texts of which many lines end with an ellipsis: lists of teasers. Default: Gopher A.1."""
    return _above(
        "ellipsis_lines", sum(1 for line in words.lines if _ELLIPSIS_END.search(line)), len(words.lines), maximum
    )


def alphabetic_words(words: Words, *, minimum: float = 0.8) -> Drop | None:
    """Drop texts of which too few words hold a letter. Default: Gopher A.1."""
    if not words.units:
        return None
    without = sum(number for unit, number in words.counts.items() if not unit.isalpha() and not _LETTER.search(unit))
    share = 1.0 - without / words.count
    return Drop("alphabetic_words", round(share, 4), minimum) if share < minimum else None


def stop_words(words: Words, *, minimum: int = 2) -> Drop | None:
    """Drop texts in which fewer than `minimum` different stop words of their language occur. Default: Gopher A.1.

    Texts of an unknown language, or of one without a list (Khmer, Lao, Burmese, Tibetan), are kept. In Chinese,
    Japanese and Thai the words are looked for within the running text; in Korean, endings of words count too.
    """
    if words.unspaced_share > 0.5:
        return _running_stop_words(words, minimum)
    if words.language is None:
        return None
    wanted = stop_words_of(words.language)
    if not wanted:
        return None
    found = len(wanted & words.counts.keys())
    if found < minimum and (endings := stop_endings(words.language)):
        found += len({unit[-1] for unit in words.counts if len(unit) > 1 and unit[-1] in endings})
    return Drop("stop_words", found, minimum) if found < minimum else None


def _running_stop_words(words: Words, minimum: int) -> Drop | None:
    if words.brahmic_share <= 0.5:
        wanted: Iterable[str] = han_stop_words()
    elif words.language == "th":
        wanted = stop_words_of("th")
    else:
        return None
    found = 0
    for word in wanted:
        found += word in words.text
        if found >= minimum:
            return None
    return Drop("stop_words", found, minimum)


def duplicate_lines(words: Words, *, maximum: float = 0.3) -> Drop | None:
    """Drop texts of which many lines have been seen above, counted in lines. Default: Gopher, table A1."""
    return _above("duplicate_lines", _repeated(words.lines)[0], len(words.lines), maximum)


def duplicate_line_characters(words: Words, *, maximum: float = 0.2) -> Drop | None:
    """Drop texts of which many characters stand in lines that have been seen above. Default: Gopher, table A1."""
    return _above("duplicate_line_characters", _repeated(words.lines)[1], len(words.text), maximum)


def duplicate_paragraphs(words: Words, *, maximum: float = 0.3) -> Drop | None:
    """Drop texts of which many paragraphs have been seen above, counted in paragraphs. Default: Gopher, table A1."""
    return _above("duplicate_paragraphs", _repeated(words.paragraphs)[0], len(words.paragraphs), maximum)


def duplicate_paragraph_characters(words: Words, *, maximum: float = 0.2) -> Drop | None:
    """Drop texts of which many characters stand in paragraphs that have been seen above. Default: Gopher, table A1."""
    return _above("duplicate_paragraph_characters", _repeated(words.paragraphs)[1], len(words.text), maximum)


def top_n_gram(words: Words, *, maxima: Sequence[tuple[int, float]] = ((2, 0.20), (3, 0.18), (4, 0.16))) -> Drop | None:
    """Drop texts in which one run of n words makes up too many of the characters.

    `maxima` pairs n with the largest share. Defaults: Gopher, table A1. The n is written in the drop's `detail`.
    """
    total = len(words.text)
    for n, maximum in maxima:
        size = round(n * words.units_per_word)
        starts = _n_grams(words.codes, size)
        if starts is None:
            continue
        in_order = np.sort(starts)
        ends = np.append(np.flatnonzero(in_order[1:] != in_order[:-1]), len(in_order) - 1)
        if len(ends) == len(starts):
            continue
        counts = np.diff(ends, prepend=-1)
        best = int(counts.argmax())
        first = int((starts == in_order[ends[best]]).argmax())
        share = int(words.widths[first : first + size].sum()) * int(counts[best]) / total
        if share > maximum:
            return Drop("top_n_gram", round(share, 4), maximum, f"{n} words")
    return None


def duplicate_n_grams(
    words: Words,
    *,
    maxima: Sequence[tuple[int, float]] = ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10)),
) -> Drop | None:
    """Drop texts of which many characters stand in runs of n words that have been seen above.

    A character counts once, however many such runs hold it; the first occurrence of a run does not count. `maxima`
    pairs n, ascending, with the largest share. Defaults: Gopher, table A1. The n is written in the drop's `detail`.
    """
    total = len(words.text)
    lowest = min((maximum for _, maximum in maxima), default=0.0)
    widest = int(words.widths.max(initial=0))
    for n, maximum in maxima:
        size = round(n * words.units_per_word)
        starts = _n_grams(words.codes, size)
        if starts is None:
            return None
        in_order = np.sort(starts)
        repeats = int(np.count_nonzero(in_order[1:] == in_order[:-1]))
        if repeats * size * widest <= lowest * total:
            return None
        _, first = np.unique(starts, return_index=True)
        again = np.ones(len(starts), np.int32)
        again[first] = 0
        change = np.zeros(len(words.codes) + 1, np.int32)
        change[: len(starts)] += again
        change[size : size + len(starts)] -= again
        share = int(words.widths[np.cumsum(change)[:-1] > 0].sum()) / total
        if share > maximum:
            return Drop("duplicate_n_grams", round(share, 4), maximum, f"{n} words")
        if share <= lowest:
            # What repeats as n + 1 words repeats as n words: no longer run can cover more.
            return None
    return None


def sentence_count(words: Words, *, minimum: int = 3) -> Drop | None:
    """Drop texts of fewer sentences.

    C4 2.2 asks for 5 in its code and 3 in its last text. Of good manual pages of more than 50 words, 6.5 % have fewer
    than five, 1.3 % fewer than three (1,871 pages in 20 languages), so the default is 3.
    """
    count = words.sentence_count
    return Drop("sentence_count", count, minimum) if count < minimum else None


def lorem_ipsum(words: Words, *, maximum: float = 0.1) -> Drop | None:
    """Drop texts of which too many characters stand in paragraphs with "lorem ipsum".

    C4 2.2 drops at any (0.0), and with that what is written about type and templates; the default is ours.
    """
    text = words.text.lower()
    if "lorem ipsum" not in text:
        return None
    filler = sum(len(paragraph) for paragraph in words.paragraphs if "lorem ipsum" in paragraph.lower())
    return _above("lorem_ipsum", filler, len(words.text), maximum)


def curly_brackets(words: Words, *, maximum: float = 0.05) -> Drop | None:
    """Drop texts with too many curly brackets per word of prose: scripts and templates that were taken for text.

    C4 2.2 drops a page with a single one, in code as well, and so every page that teaches programming.
    """
    return _above("curly_brackets", words.text.count("{") + words.text.count("}"), words.count, maximum)


def unreadable_characters(words: Words, *, maximum: float = 0.01) -> Drop | None:
    """Drop texts with too many characters that mean nothing: controls, U+FFFD, private use.

    Such a page is no text, or its charset was lost; it is not in Gopher, C4 or OmniCorpus. Of 2,163 pages, one is
    dropped (a picture served as a page, 0.18) and no other has more than 0.001.
    """
    return _above("unreadable_characters", len(_UNREADABLE.findall(words.text)), len(words.text), maximum)


def line_breaks(words: Words, *, maximum: float = 0.3) -> Drop | None:
    """Drop texts with too many lines per word: menus, and texts broken after every word. Default: FineWeb 3.6."""
    return _above("line_breaks", len(words.lines) - 1, words.count, maximum)


def continuous_line_breaks(words: Words, *, maximum: float = 0.1) -> Drop | None:
    """Drop texts of which too many characters are runs of three or more line breaks. OmniCorpus 3.1, number ours."""
    characters = sum(len(run) for run in _BREAKS.findall(words.text))
    return _above("continuous_line_breaks", characters, len(words.text), maximum)


def frequent_word(words: Words, *, maximum: float = 0.2) -> Drop | None:
    """Drop texts in which one word is too large a share of all. OmniCorpus 3.1, number ours."""
    if not words.units:
        return None
    word = max(words.counts, key=words.counts.__getitem__)
    count = words.counts[word]
    drop = _above("frequent_word", count, len(words.units), maximum)
    return None if drop is None else Drop(drop.rule, drop.value, drop.threshold, word[:40])


def digits(words: Words, *, maximum: float = 0.2) -> Drop | None:
    """Drop texts of which too many characters, white space aside, are digits. OmniCorpus 3.1, number ours."""
    text = words.text
    if largest_share(text, b"0123456789", VISIBLE_ASCII) <= maximum:
        return None
    number = sum(map(text.count, "0123456789"))
    if not text.isascii():
        number += len(_OTHER_DIGIT.findall(text))
    return _above("digits", number, len("".join(text.split())), maximum)


def _above(rule: str, amount: float, whole: float, maximum: float) -> Drop | None:
    """The drop for a share above its maximum; nothing is no share."""
    if not whole:
        return None
    share = amount / whole
    return Drop(rule, round(share, 4), maximum) if share > maximum else None


def _repeated(pieces: list[str]) -> tuple[int, int]:
    """How many pieces equal an earlier one, and how many characters they have."""
    if len(set(pieces)) == len(pieces):
        return (0, 0)
    repeats = [(count - 1, len(piece)) for piece, count in Counter(pieces).items() if count > 1]
    return sum(more for more, _ in repeats), sum(more * length for more, length in repeats)


_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def _n_grams(codes: npt.NDArray[np.uint64], n: int) -> npt.NDArray[np.uint64] | None:
    """A 64-bit number for the run of n codes at each start; None where the text is shorter than one run."""
    if len(codes) < n:
        return None
    last = len(codes) - n + 1
    result = codes[:last] + np.uint64(1)
    for offset in range(1, n):
        result = (result ^ (result >> np.uint64(29))) * _FACTOR + codes[offset : offset + last]
    return result
