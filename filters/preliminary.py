"""The preliminary text filter: whole documents, by the rules of Gopher, C4 and OmniCorpus, cheap ones first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from filters import text
from filters.words import Words, prose
from omnicorpus.document import Document, Drop


@dataclass(frozen=True, slots=True)
class PreliminarySettings:
    """One threshold per rule of `filters.text`, by the rule's name; None switches a rule off.

    Shares are 0–1 and the largest that is kept, unless said otherwise. Sources are given with the rules.

    word_count: fewest and most words of prose (Gopher A.1).
    sentence_count: fewest sentences (C4 2.2, whose code takes 5).
    lorem_ipsum: share of characters in paragraphs with "lorem ipsum" (C4 2.2 takes 0.0).
    curly_brackets: curly brackets per word (C4 2.2 drops at one; ours counts prose only).
    unreadable_characters: share of characters that mean nothing (ours).
    symbol_ratio: hash signs, or ellipses, per word (Gopher A.1).
    line_breaks: lines per word (FineWeb 3.6).
    continuous_line_breaks: share of characters in runs of line breaks (OmniCorpus 3.1, number ours).
    bullet_lines: share of lines with a bullet (Gopher A.1).
    ellipsis_lines: share of lines that end with an ellipsis (Gopher A.1).
    digits: share of characters that are digits (OmniCorpus 3.1, number ours).
    mean_word_length: least and most characters (Gopher A.1; shifted by language).
    alphabetic_words: least share of words with a letter (Gopher A.1).
    stop_words: fewest different stop words (Gopher A.1).
    frequent_word: share of the most frequent word (OmniCorpus 3.1, number ours).
    duplicate_lines, duplicate_line_characters, duplicate_paragraphs, duplicate_paragraph_characters: share that
        repeats what stands above, by number and by characters (Gopher, table A1).
    top_n_gram, duplicate_n_grams: pairs of n and share of characters (Gopher, table A1).
    """

    word_count: tuple[float, float] | None = (50, 100_000)
    sentence_count: int | None = 3
    lorem_ipsum: float | None = 0.1
    curly_brackets: float | None = 0.05
    unreadable_characters: float | None = 0.01
    symbol_ratio: float | None = 0.1
    line_breaks: float | None = 0.3
    continuous_line_breaks: float | None = 0.1
    bullet_lines: float | None = 0.9
    ellipsis_lines: float | None = 0.3
    digits: float | None = 0.2
    mean_word_length: tuple[float, float] | None = (3.0, 10.0)
    alphabetic_words: float | None = 0.8
    stop_words: int | None = 2
    frequent_word: float | None = 0.2
    duplicate_lines: float | None = 0.3
    duplicate_line_characters: float | None = 0.2
    duplicate_paragraphs: float | None = 0.3
    duplicate_paragraph_characters: float | None = 0.2
    top_n_gram: tuple[tuple[int, float], ...] | None = ((2, 0.20), (3, 0.18), (4, 0.16))
    duplicate_n_grams: tuple[tuple[int, float], ...] | None = (
        (5, 0.15),
        (6, 0.14),
        (7, 0.13),
        (8, 0.12),
        (9, 0.11),
        (10, 0.10),
    )


def judge(document: Document, settings: PreliminarySettings) -> Drop | None:
    """The first rule that drops the document, or None.

    The order is by cost, after the count of words: most bad pages are short, and every share is a share of something
    that is there. Then come rules that read the text once, then those that read its lines, its words, and last
    its n-grams, which cost as much as all others together.
    """
    return next((drop for drop in _verdicts(prose(document), settings) if drop is not None), None)


def _verdicts(words: Words, on: PreliminarySettings) -> Iterator[Drop | None]:
    if on.word_count is not None:
        yield text.word_count(words, minimum=on.word_count[0], maximum=on.word_count[1])
    if on.sentence_count is not None:
        yield text.sentence_count(words, minimum=on.sentence_count)
    if on.lorem_ipsum is not None:
        yield text.lorem_ipsum(words, maximum=on.lorem_ipsum)
    if on.curly_brackets is not None:
        yield text.curly_brackets(words, maximum=on.curly_brackets)
    if on.unreadable_characters is not None:
        yield text.unreadable_characters(words, maximum=on.unreadable_characters)
    if on.symbol_ratio is not None:
        yield text.symbol_ratio(words, maximum=on.symbol_ratio)
    if on.line_breaks is not None:
        yield text.line_breaks(words, maximum=on.line_breaks)
    if on.continuous_line_breaks is not None:
        yield text.continuous_line_breaks(words, maximum=on.continuous_line_breaks)
    if on.bullet_lines is not None:
        yield text.bullet_lines(words, maximum=on.bullet_lines)
    if on.ellipsis_lines is not None:
        yield text.ellipsis_lines(words, maximum=on.ellipsis_lines)
    if on.digits is not None:
        yield text.digits(words, maximum=on.digits)
    if on.mean_word_length is not None:
        yield text.mean_word_length(words, minimum=on.mean_word_length[0], maximum=on.mean_word_length[1])
    if on.alphabetic_words is not None:
        yield text.alphabetic_words(words, minimum=on.alphabetic_words)
    if on.stop_words is not None:
        yield text.stop_words(words, minimum=on.stop_words)
    if on.frequent_word is not None:
        yield text.frequent_word(words, maximum=on.frequent_word)
    if on.duplicate_lines is not None:
        yield text.duplicate_lines(words, maximum=on.duplicate_lines)
    if on.duplicate_line_characters is not None:
        yield text.duplicate_line_characters(words, maximum=on.duplicate_line_characters)
    if on.duplicate_paragraphs is not None:
        yield text.duplicate_paragraphs(words, maximum=on.duplicate_paragraphs)
    if on.duplicate_paragraph_characters is not None:
        yield text.duplicate_paragraph_characters(words, maximum=on.duplicate_paragraph_characters)
    if on.top_n_gram is not None:
        yield text.top_n_gram(words, maxima=on.top_n_gram)
    if on.duplicate_n_grams is not None:
        yield text.duplicate_n_grams(words, maxima=on.duplicate_n_grams)
