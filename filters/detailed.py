"""The detailed text filter: cuts lines and parts out of a document, by the rules that OmniCorpus' people found.

The order, and why one pass is enough:

1. Inside each text, alone: broken and invisible characters go first, so that no rule trips over them; then what stands
   within a paragraph; then whole lines. This is repeated for a text until nothing changes, so a line that a cut made is
   judged.
2. Between parts: duplicates, then scraps (an image near by protects its caption from these), then headings with nothing
   under them, as cuts leave such behind. This is repeated until nothing changes; parts are only ever taken away and
   texts no longer touched, so the first step stays done, and a second pass over the result cuts nothing.

Code, formulas and tables are left alone. Headings are cut only where nothing is left under them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from filters import line as rules
from filters import mojibake, trim
from filters.line import Line
from filters.phrases import holds_any
from filters.words import Words
from omnicorpus.document import Document, Drop, Image, Kind, Part, Text

_LINES: frozenset[Kind] = frozenset({"text", "quote", "detail", "list"})
_PARAGRAPHS: frozenset[Kind] = frozenset({"text", "quote", "detail"})
_SHOWN = 120
_ROUNDS = 20
"""A text of which so many rounds have cut something is made of what is cut, and is cut whole."""


@dataclass(frozen=True, slots=True)
class DetailedSettings:
    """One threshold per rule, by the rule's name; None, or False, switches a rule off. Sources stand with the rules.

    mojibake: whether text that was decoded by the wrong charset is repaired; the drop shows what it looked like.
    composed: whether texts are brought into Unicode's composed form; no drop is written for that.
    control_characters, abnormal_line_breaks, citation_marks, ending_marks, credit_ending, teaser_ending: on or off.
    underscore_runs: a text is split at so many underscores or more.
    longest_line: lines of more words are judged by flagged_words and contact_line only.
    social_media ... fraud: least share of a line's letters and digits that the family makes up, to cut the line.
    flagged_words: largest share of pornographic words in a line.
    contact_line, timestamp_line: lines of fewer words are judged.
    url_line, hashtag_line: least share of a line's characters.
    empty_item, byline: whether lines without letters and digits are cut, and lines that name an author.
    image_reach: an image at most so many parts away protects from the four rules that follow.
    many_digits, many_capitals: largest share of a paragraph's characters, of its letters.
    over_short: most words of a paragraph that is cut when it stands beside others like it, or before nothing.
    caption_noise: fewest words of a paragraph beside an image that holds a credit, to be kept. Not protected.
    duplicate_paragraph: fewest words of a paragraph that is cut when it stands above as well.
    duplicate_item: fewest words of a list's item that is cut when it stands above in the same list.
    duplicate_image: whether the same image, by address or by content, is cut when it stands above as well.
    empty_image: whether images without a web address are cut.
    empty_header: whether headings with nothing under them are cut; so many in a row, and those at the end.
    """

    mojibake: bool = True
    composed: bool = True
    control_characters: bool = True
    abnormal_line_breaks: bool = True
    underscore_runs: int | None = 15
    citation_marks: bool = True
    ending_marks: bool = True
    credit_ending: bool = True
    teaser_ending: bool = True
    longest_line: float = 40
    social_media: float | None = 0.6
    read_more: float | None = 0.6
    account: float | None = 0.6
    copyright_notice: float | None = 0.6
    credit_line: float | None = 0.6
    page_turn: float | None = 0.6
    keyword_line: float | None = 0.6
    advertisement: float | None = 0.6
    video_player: float | None = 0.6
    thanks: float | None = 0.6
    fraud: float | None = 0.6
    flagged_words: float | None = 0.02
    contact_line: float | None = 80
    timestamp_line: float | None = 20
    url_line: float | None = 0.8
    hashtag_line: float | None = 0.5
    empty_item: bool = True
    byline: bool = True
    image_reach: int = 1
    many_digits: float | None = 0.8
    many_capitals: float | None = 0.8
    over_short: float | None = 4
    caption_noise: float | None = 8
    duplicate_paragraph: float | None = 10
    duplicate_item: float | None = 2
    duplicate_image: bool = True
    empty_image: bool = True
    empty_header: int | None = 4


def refine(document: Document, settings: DetailedSettings) -> tuple[Document, list[tuple[int, Drop]]]:
    """The document without what the rules cut, and each cut with the position of its part in `document`.

    A part of which only something was cut stands in both; the drop's detail is the start of what was cut. The result
    may have no parts left: what is left is judged by `filters.document`.
    """
    drops: list[tuple[int, Drop]] = []
    left: list[tuple[int, Part]] = []
    for place, part in enumerate(document.parts):
        if isinstance(part, Text):
            kept, cuts = clean(part, document.language, settings)
            drops.extend((place, cut) for cut in cuts)
            if kept is not None:
                left.append((place, kept))
        else:
            left.append((place, part))
    while True:
        cut = _between(left, document.language, settings)
        if not cut:
            break
        drops.extend((place, drop) for place, drop in cut.items())
        left = [(place, part) for place, part in left if place not in cut]
    drops.sort(key=lambda item: item[0])
    parts = tuple(part for _, part in left)
    return (document if parts == document.parts else document.with_parts(parts)), drops


def clean(part: Text, language: str | None, settings: DetailedSettings) -> tuple[Text | None, list[Drop]]:
    """One text after the rules that look at nothing else, None where nothing is left, and what they cut."""
    if part.kind not in _LINES and part.kind != "header":
        return part, []
    text = part.text
    drops: list[Drop] = []
    for _ in range(_ROUNDS):
        before = text
        if settings.mojibake and (repaired := mojibake.repaired(text)) != text:
            drops.append(Drop("mojibake", detail=_cut_out(text, repaired)))
            text = repaired
        if settings.composed:
            text = trim.composed(text)
        for rule, cut in _trims(settings):
            after = cut(text)
            if after != text:
                drops.append(Drop(rule, len(text) - len(after), 0, _cut_out(text, after)))
                text = after
        text = text.strip()
        if part.kind in _LINES:
            text = _without_bad_lines(text, part.kind, language, settings, drops)
        if not text:
            return None, drops
        if text == before:
            return (part if text == part.text else Text(text, part.kind)), drops
    return None, drops


def _trims(settings: DetailedSettings) -> Iterator[tuple[str, Callable[[str], str]]]:
    if settings.control_characters:
        yield "control_characters", trim.control_characters
    if settings.underscore_runs is not None:
        longest = settings.underscore_runs
        yield "underscore_runs", lambda text: trim.underscore_runs(text, longest=longest)
    if settings.abnormal_line_breaks:
        yield "abnormal_line_breaks", trim.line_breaks
    if settings.citation_marks:
        yield "citation_marks", trim.citation_marks
    if settings.ending_marks:
        yield "ending_marks", trim.ending_marks
    if settings.credit_ending:
        yield "credit_ending", trim.credit_ending
    if settings.teaser_ending:
        yield "teaser_ending", trim.teaser_ending


def _without_bad_lines(
    text: str, kind: Kind, language: str | None, settings: DetailedSettings, drops: list[Drop]
) -> str:
    kept: list[str] = []
    seen: set[str] = set()
    for line in text.split("\n"):
        drop = None
        if line.strip():
            known = Line.of(line, kind, language)
            drop = judge_line(known, settings)
            if drop is None and kind == "list" and settings.duplicate_item is not None:
                if known.lower in seen and known.words.count >= settings.duplicate_item:
                    drop = Drop("duplicate_item", round(known.words.count, 1), settings.duplicate_item)
                seen.add(known.lower)
        if drop is None:
            kept.append(line)
        else:
            drops.append(Drop(drop.rule, drop.value, drop.threshold, line.strip()[:_SHOWN]))
    return "\n".join(kept).strip()


def judge_line(line: Line, settings: DetailedSettings) -> Drop | None:
    """The first rule that cuts the line by itself, or None: by shape first, then by what it says."""
    return next((drop for drop in _line_verdicts(line, settings) if drop is not None), None)


def _line_verdicts(line: Line, settings: DetailedSettings) -> Iterator[Drop | None]:
    on = settings
    if on.empty_item:
        yield rules.empty_item(line)
    if on.flagged_words is not None:
        yield rules.flagged_words(line, maximum=on.flagged_words)
    if on.contact_line is not None:
        yield rules.contact_line(line, longest=on.contact_line)
    if line.longer_than(on.longest_line):
        return
    if on.url_line is not None:
        yield rules.url_line(line, share=on.url_line)
    if on.hashtag_line is not None:
        yield rules.hashtag_line(line, share=on.hashtag_line)
    if on.timestamp_line is not None:
        yield rules.timestamp_line(line, longest=on.timestamp_line)
    if on.byline:
        yield rules.byline(line)
    if not holds_any(line.lower, line.language):
        return
    if on.social_media is not None:
        yield rules.social_media(line, share=on.social_media)
    if on.read_more is not None:
        yield rules.read_more(line, share=on.read_more)
    if on.account is not None:
        yield rules.account(line, share=on.account)
    if on.copyright_notice is not None:
        yield rules.copyright_notice(line, share=on.copyright_notice)
    if on.credit_line is not None:
        yield rules.credit_line(line, share=on.credit_line)
    if on.page_turn is not None:
        yield rules.page_turn(line, share=on.page_turn)
    if on.keyword_line is not None:
        yield rules.keyword_line(line, share=on.keyword_line)
    if on.advertisement is not None:
        yield rules.advertisement(line, share=on.advertisement)
    if on.video_player is not None:
        yield rules.video_player(line, share=on.video_player)
    if on.thanks is not None:
        yield rules.thanks(line, share=on.thanks)
    if on.fraud is not None:
        yield rules.fraud(line, share=on.fraud)


def _between(left: list[tuple[int, Part]], language: str | None, settings: DetailedSettings) -> dict[int, Drop]:
    """What is cut in this round, by position: of the first kind of rule that cuts anything."""
    return (
        _repeated(left, settings)
        or _scraps(left, language, settings)
        or (_empty_headers(left, settings.empty_header) if settings.empty_header is not None else {})
    )


def _repeated(left: list[tuple[int, Part]], settings: DetailedSettings) -> dict[int, Drop]:
    cut: dict[int, Drop] = {}
    seen: set[str] = set()
    for place, part in left:
        if isinstance(part, Image):
            if settings.empty_image and not part.url.startswith(("http://", "https://")):
                cut[place] = Drop("empty_image", detail=part.url[:_SHOWN])
            elif settings.duplicate_image:
                names = {part.url}
                if part.measures is not None and part.measures.sha256 is not None:
                    names.add(part.measures.sha256)
                if names & seen:
                    cut[place] = Drop("duplicate_image", detail=part.url)
                seen |= names
        elif settings.duplicate_paragraph is not None and part.kind in _LINES:
            name = " ".join(part.text.lower().split())
            # The questions of an interview come again, and each time with another answer.
            asks = name.endswith(("?", "？", "؟", ":", "："))
            if name in seen and not asks and (count := Words(name).count) >= settings.duplicate_paragraph:
                cut[place] = Drop("duplicate_paragraph", round(count, 1), settings.duplicate_paragraph, name[:_SHOWN])
            seen.add(name)
    return cut


def _scraps(left: list[tuple[int, Part]], language: str | None, settings: DetailedSettings) -> dict[int, Drop]:
    cut: dict[int, Drop] = {}
    images = [index for index, (_, part) in enumerate(left) if isinstance(part, Image)]
    near = {index + step for index in images for step in range(-settings.image_reach, settings.image_reach + 1)}
    run: list[tuple[int, Drop]] = []
    for index, (place, part) in enumerate(left):
        drop = None
        if isinstance(part, Text) and part.kind in _PARAGRAPHS:
            line = Line.of(part.text, part.kind, language)
            drop = _scrap(line, settings) if index not in near else _beside_image(line, settings)
            if drop is not None:
                drop = Drop(drop.rule, drop.value, drop.threshold, part.text[:_SHOWN])
                if drop.rule in ("over_short", "many_capitals"):
                    run.append((place, drop))
                    continue
                cut[place] = drop
        if drop is None:
            _close(run, left, index, cut)
            run = []
    _close(run, left, len(left), cut)
    return cut


def _scrap(line: Line, settings: DetailedSettings) -> Drop | None:
    drop = None
    if settings.many_digits is not None:
        drop = rules.many_digits(line, maximum=settings.many_digits)
    if drop is None and settings.many_capitals is not None:
        drop = rules.many_capitals(line, maximum=settings.many_capitals)
    if drop is None and settings.over_short is not None:
        drop = rules.over_short(line, longest=settings.over_short)
    return drop


def _beside_image(line: Line, settings: DetailedSettings) -> Drop | None:
    return None if settings.caption_noise is None else rules.caption_noise(line, longest=settings.caption_noise)


def _close(run: list[tuple[int, Drop]], left: list[tuple[int, Part]], end: int, cut: dict[int, Drop]) -> None:
    """Cut a run of short paragraphs that part number `end` follows, unless it is one paragraph that has its place.

    It has where something other than a heading follows, whose heading it may be, or where a heading stands before.
    """
    if len(run) == 1:
        place = run[0][0]
        index = next(i for i, (at, _) in enumerate(left) if at == place)
        if end < len(left) and not _is_header(left[end][1]):
            return
        if index and _is_header(left[index - 1][1]):
            return
    cut.update(run)


def _is_header(part: Part) -> bool:
    return isinstance(part, Text) and part.kind == "header"


def _empty_headers(left: list[tuple[int, Part]], longest: int) -> dict[int, Drop]:
    """Headings at the end, and of `longest` or more in a row all but the first, a title, and the last."""
    cut: dict[int, Drop] = {}
    run: list[tuple[int, Text]] = []
    for place, part in left:
        if isinstance(part, Text) and part.kind == "header":
            run.append((place, part))
            continue
        if len(run) >= longest:
            cut |= {at: Drop("empty_header", len(run), longest, header.text[:_SHOWN]) for at, header in run[1:-1]}
        run = []
    return cut | {at: Drop("empty_header", detail=header.text[:_SHOWN]) for at, header in run}


def _cut_out(before: str, after: str) -> str:
    """Where the two differ first, what was there; for people."""
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    return before[start : start + min(_SHOWN, max(1, len(before) - len(after)))]
