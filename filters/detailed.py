"""The detailed text filter: cuts lines and parts out of a document, by the rules that OmniCorpus' people found.

The order, and why one pass is enough:

1. Inside each text, alone. Repairs go first (text of the wrong charset, Unicode's forms, what cannot be seen), so that
   no rule trips over a broken letter. Then personal data is masked, while it still stands as it was written; the rule
   that looks for a telephone number knows its placeholder. Then what stands within a paragraph is cut, as a "read more"
   at its end must not decide over its line; then whole lines. This is repeated for a text until nothing changes, so a
   line that a cut made is judged.
2. Between parts: duplicates, as what they repeat stays; then paragraphs in another language; then scraps (an image near
   by protects its caption from these); then headings with nothing under them, as all the cuts before leave such behind.
   This is repeated until nothing changes.
3. Cuts inside texts that the parts around decide: lines that stand above as well, and a broken sentence at the end of
   the document, whose end is known only now. A text that this changes goes through 1 again, and the document through 2.

It ends when all three have nothing to do, so a second pass over the result does nothing.

Code, formulas and tables are left alone, but for personal data. Headings are cut only where nothing is left under them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from filters import line as rules
from filters import mojibake, personal, repetition, trim
from filters.foreign import Identify, foreign_paragraphs
from filters.line import Line
from filters.personal import PersonalSettings
from filters.phrases import holds_any, sections
from filters.words import Words
from omnicorpus.document import Document, Drop, Image, Kind, Part, Text

_LINES: frozenset[Kind] = frozenset({"text", "quote", "detail", "list"})
_PARAGRAPHS: frozenset[Kind] = frozenset({"text", "quote", "detail"})
_OWN: frozenset[Kind] = frozenset({"text", "list", "detail"})
"""What a page says itself; what it quotes may be in any language."""
_UNFINISHED = 8
"""Words of a line in a paragraph that goes on in the next, if it ends without a full stop; the next isn't judged."""
_SHOWN = 120
_ROUNDS = 20
"""A text of which so many rounds have cut something is made of what is cut, and is cut whole."""


@dataclass(frozen=True, slots=True)
class DetailedSettings:
    """One threshold per rule, by the rule's name; None, or False, switches a rule off. Sources stand with the rules.

    mojibake: whether text that was decoded by the wrong charset is repaired; the drop shows what it looked like.
    composed: whether texts are brought into Unicode's composed form; no drop is written for that.
    compatibility_forms: whether letters in forms kept for older character sets (full-width Latin, ligatures) are made
        the letters themselves; not NFKC of everything, see `trim.compatibility_forms`.
    control_characters, abnormal_line_breaks, citation_marks, ending_marks, credit_ending, teaser_ending, text_urls: on
        or off.
    broken_ending: whether a sentence that breaks off is cut at the end of the document.
    underscore_runs: a text is split at so many underscores or more.
    longest_line: lines of more words are judged by flagged_words and contact_line only.
    social_media ... fraud: least share of a line's letters and digits that the family makes up, to cut the line.
    site_line: pairs of a host and the beginning of a line: on the pages of the host and of those under it, lines that
        begin so are cut. For what no rule can know: one site's advertisements, one newspaper's template.
    flagged_words: largest share of pornographic words in a line.
    contact_line, timestamp_line: lines of fewer words are judged.
    url_line, hashtag_line: least share of a line's characters.
    empty_item, byline: whether lines without letters and digits are cut, and lines that name an author.
    image_reach: an image at most so many parts away protects from the four rules that follow.
    many_digits, many_capitals: largest share of a paragraph's characters, of its letters.
    one_word, over_short: most words of a paragraph that is cut when it stands beside others like it, or before nothing.
    caption_noise: fewest words of a paragraph beside an image that holds a credit, to be kept. Not protected.
    duplicate_paragraph: fewest words of a paragraph that is cut when it stands above as well; twice as many where a
        heading stands between, as a sentence may be said of another thing.
    duplicate_line: fewest words of a line within a paragraph that is cut when it stands above as well.
    duplicate_item: fewest words of a list's item that is cut when it stands above in the same list, beside its copy or
        with a neighbour of its copy.
    near_duplicate_item: fewest items of one list that differ in a count or a name only, to cut all but the first.
    duplicate_image: whether the same image, by address or by content, is cut when it stands above as well.
    empty_image: whether images without a web address are cut.
    foreign_paragraph: least certainty of the language of a paragraph that is cut for it; of at least `foreign_words`
        words. Where such paragraphs hold more than `foreign_share` of the words, the page is of two languages and keeps
        them. Judged where `refine` is given an identifier. Off, as what it cuts is good text, of manuals that are
        translated in part; 0.9 for a corpus of one language.
    empty_header: headings with nothing under them are cut: so many in a row, and those at the end.
    empty_section: whether "References", "External links" and the like are cut where another heading follows.
    """

    mojibake: bool = True
    composed: bool = True
    compatibility_forms: bool = True
    control_characters: bool = True
    abnormal_line_breaks: bool = True
    underscore_runs: int | None = 15
    citation_marks: bool = True
    ending_marks: bool = True
    credit_ending: bool = True
    teaser_ending: bool = True
    text_urls: bool = True
    broken_ending: bool = True
    longest_line: float = 40
    social_media: float | None = 0.6
    follow_button: float | None = 0.6
    embedded_post: float | None = 0.6
    read_more: float | None = 0.6
    account: float | None = 0.6
    page_footer: float | None = 0.6
    cookie_banner: float | None = 0.6
    copyright_notice: float | None = 0.6
    credit_line: float | None = 0.6
    page_turn: float | None = 0.6
    newspaper_line: float | None = 0.6
    encyclopedia_line: float | None = 0.6
    keyword_line: float | None = 0.6
    advertisement: float | None = 0.6
    video_player: float | None = 0.6
    video_line: float | None = 0.6
    thanks: float | None = 0.6
    fraud: float | None = 0.6
    site_line: tuple[tuple[str, str], ...] = ()
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
    one_word: float | None = 1
    over_short: float | None = 4
    caption_noise: float | None = 8
    duplicate_paragraph: float | None = 10
    duplicate_line: float | None = 10
    duplicate_item: float | None = 2
    near_duplicate_item: int | None = 4
    duplicate_image: bool = True
    empty_image: bool = True
    foreign_paragraph: float | None = None
    foreign_words: float = 20
    foreign_share: float = 0.3
    empty_header: int | None = 4
    empty_section: bool = True


def refine(
    document: Document,
    settings: DetailedSettings,
    personal_data: PersonalSettings | None = None,
    identify: Identify | None = None,
) -> tuple[Document, list[tuple[int, Drop]]]:
    """The document without what the rules cut, and each cut with the position of its part in `document`.

    A part of which only something was cut stands in both; the drop's detail is the start of what was cut. The result
    may have no parts left: what is left is judged by `filters.document`. `personal_data`: what is masked, None for
    nothing. `identify`: the language of a text, for `foreign_paragraph`; without it that rule does nothing.
    """
    drops: list[tuple[int, Drop]] = []
    left: list[tuple[int, Part]] = []
    beginnings = _beginnings(document.url, settings)

    def keep(place: int, part: Text) -> None:
        kept, cuts = clean(part, document.language, settings, personal_data, beginnings)
        drops.extend((place, cut) for cut in cuts)
        if kept is not None:
            left.append((place, kept))

    for place, part in enumerate(document.parts):
        if isinstance(part, Text):
            keep(place, part)
        elif personal_data is not None:
            counts: Counter[str] = Counter()
            left.append((place, personal.mask_image(part, personal_data, counts)))
            drops.extend((place, drop) for drop in personal.verdicts(counts))
        else:
            left.append((place, part))
    known: dict[str, tuple[str | None, float]] = {}

    def language_of(text: str) -> tuple[str | None, float]:
        assert identify is not None
        if text not in known:
            known[text] = identify(text)
        return known[text]

    while True:
        cut = _between(left, document.language, settings, None if identify is None else language_of)
        if cut:
            drops.extend((place, drop) for place, drop in cut.items())
            left = [(place, part) for place, part in left if place not in cut]
            continue
        changed = _within(left, document.language, settings)
        if not changed:
            break
        before, left = left, []
        for place, part in before:
            if place in changed and isinstance(part, Text):
                text, drop = changed[place]
                drops.append((place, drop))
                if text:
                    keep(place, Text(text, part.kind))
            else:
                left.append((place, part))
    drops.sort(key=lambda item: item[0])
    parts = tuple(part for _, part in left)
    refined = document if parts == document.parts else document.with_parts(parts)
    return (refined if personal_data is None else personal.mask_facts(refined, personal_data)), drops


def _beginnings(url: str, settings: DetailedSettings) -> tuple[str, ...]:
    if not settings.site_line:
        return ()
    host = "." + (urlsplit(url).hostname or "")
    return tuple(start.lower() for site, start in settings.site_line if host.endswith("." + site.lower()))


def clean(
    part: Text,
    language: str | None,
    settings: DetailedSettings,
    personal_data: PersonalSettings | None = None,
    beginnings: tuple[str, ...] = (),
) -> tuple[Text | None, list[Drop]]:
    """One text after the rules that look at nothing else, None where nothing is left, and what they cut."""
    text = part.text
    drops: list[Drop] = []
    counts: Counter[str] = Counter()
    rounds = _ROUNDS if part.kind in _LINES or part.kind == "header" else 0
    if not rounds and personal_data is not None:
        text = personal.mask_text(text, personal_data, counts)
    for _ in range(rounds):
        before = text
        for rule, repair in _repairs(settings):
            after = repair(text)
            if after != text:
                if rule == "control_characters":
                    drops.append(Drop(rule, len(text) - len(after), 0, _cut_out(text, after)))
                elif rule is not None:
                    drops.append(Drop(rule, detail=_cut_out(text, after)))
                text = after
        if personal_data is not None:
            text = personal.mask_text(text, personal_data, counts)
        for rule, cut in _trims(settings):
            after = cut(text)
            if after != text:
                drops.append(Drop(rule, len(text) - len(after), 0, _cut_out(text, after)))
                text = after
        text = text.strip()
        if part.kind in _LINES:
            text = _without_bad_lines(text, part.kind, language, settings, beginnings, drops)
        if not text or text == before:
            break
    else:
        text = "" if rounds else text
    drops.extend(personal.verdicts(counts))
    return (None if not text else part if text == part.text else Text(text, part.kind)), drops


def _repairs(settings: DetailedSettings) -> Iterator[tuple[str | None, Callable[[str], str]]]:
    """What makes a text right without taking away anything that can be seen; the composed form, which looks the same,
    has no name."""
    if settings.mojibake:
        yield "mojibake", mojibake.repaired
    if settings.composed:
        yield None, trim.composed
    if settings.compatibility_forms:
        yield "compatibility_forms", trim.compatibility_forms
    if settings.control_characters:
        yield "control_characters", trim.control_characters


def _trims(settings: DetailedSettings) -> Iterator[tuple[str, Callable[[str], str]]]:
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
    if settings.text_urls:
        yield "text_urls", trim.text_urls


def _without_bad_lines(
    text: str,
    kind: Kind,
    language: str | None,
    settings: DetailedSettings,
    beginnings: tuple[str, ...],
    drops: list[Drop],
) -> str:
    kept: list[str] = []
    lines = text.split("\n")
    same: frozenset[int] = frozenset()
    near: frozenset[int] = frozenset()
    items = repetition.items(lines) if kind == "list" else []
    if settings.duplicate_item is not None:
        found = repetition.duplicates([lines[place] for place in items], fewest=settings.duplicate_item)
        same = frozenset(items[index] for index in found)
    if settings.near_duplicate_item is not None:
        again = repetition.near_duplicates([lines[place] for place in items], copies=settings.near_duplicate_item)
        near = frozenset(items[index] for index in again)
    whole = True
    for place, line in enumerate(lines):
        drop = None
        if line.strip():
            known = Line.of(line, kind, language)
            drop = judge_line(known, settings) if whole or kind == "list" else None
            whole = drop is not None or known.ends or not known.longer_than(_UNFINISHED)
            if drop is None and beginnings:
                drop = rules.site_line(known, beginnings)
            if drop is None and place in same:
                drop = Drop("duplicate_item", round(known.words.count, 1), settings.duplicate_item)
            if drop is None and place in near:
                drop = Drop("near_duplicate_item", len(near) + 1, settings.near_duplicate_item)
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
    if on.embedded_post is not None:
        yield rules.embedded_post(line, share=on.embedded_post)
    if on.social_media is not None:
        yield rules.social_media(line, share=on.social_media)
    if on.follow_button is not None:
        yield rules.follow_button(line, share=on.follow_button)
    if on.read_more is not None:
        yield rules.read_more(line, share=on.read_more)
    if on.page_footer is not None:
        yield rules.page_footer(line, share=on.page_footer)
    if on.account is not None:
        yield rules.account(line, share=on.account)
    if on.cookie_banner is not None:
        yield rules.cookie_banner(line, share=on.cookie_banner)
    if on.copyright_notice is not None:
        yield rules.copyright_notice(line, share=on.copyright_notice)
    if on.credit_line is not None:
        yield rules.credit_line(line, share=on.credit_line)
    if on.page_turn is not None:
        yield rules.page_turn(line, share=on.page_turn)
    if on.newspaper_line is not None:
        yield rules.newspaper_line(line, share=on.newspaper_line)
    if on.encyclopedia_line is not None:
        yield rules.encyclopedia_line(line, share=on.encyclopedia_line)
    if on.keyword_line is not None:
        yield rules.keyword_line(line, share=on.keyword_line)
    if on.advertisement is not None:
        yield rules.advertisement(line, share=on.advertisement)
    if on.video_player is not None:
        yield rules.video_player(line, share=on.video_player)
    if on.video_line is not None:
        yield rules.video_line(line, share=on.video_line)
    if on.thanks is not None:
        yield rules.thanks(line, share=on.thanks)
    if on.fraud is not None:
        yield rules.fraud(line, share=on.fraud)


def _between(
    left: list[tuple[int, Part]], language: str | None, settings: DetailedSettings, identify: Identify | None
) -> dict[int, Drop]:
    """What is cut in this round, by position: of the first kind of rule that cuts anything."""
    return (
        _repeated(left, settings)
        or _foreign(left, language, settings, identify)
        or _scraps(left, language, settings)
        or _headings(left, language, settings)
    )


def _within(
    left: list[tuple[int, Part]], language: str | None, settings: DetailedSettings
) -> dict[int, tuple[str, Drop]]:
    """Texts that the parts around them cut something from: what is left of each, and the cut, by position."""
    if settings.duplicate_line is not None:
        changed: dict[int, tuple[str, Drop]] = {}
        seen: set[str] = set()
        for place, part in left:
            if not isinstance(part, Text) or part.kind not in _PARAGRAPHS:
                continue
            again = repetition.repeated_lines(part.text, seen, fewest=settings.duplicate_line)
            if again:
                drop = Drop("duplicate_line", len(again), 0, again[0][:_SHOWN])
                changed[place] = repetition.without(part.text, again), drop
        if changed:
            return changed
    return _broken(left, language) if settings.broken_ending else {}


def _broken(left: list[tuple[int, Part]], language: str | None) -> dict[int, tuple[str, Drop]]:
    """The last paragraphs of a document, back to the first whose end is whole. Headings and images may follow it."""
    changed: dict[int, tuple[str, Drop]] = {}
    for place, part in reversed(left):
        if isinstance(part, Image) or part.kind == "header":
            continue
        text = trim.broken_ending(part.text, language) if part.kind in _PARAGRAPHS else part.text
        if text == part.text:
            break
        cut = part.text[len(text) :].strip()
        changed[place] = text, Drop("broken_ending", len(part.text) - len(text), 0, cut[:_SHOWN])
        if text:
            break
    return changed


def _foreign(
    left: list[tuple[int, Part]], language: str | None, settings: DetailedSettings, identify: Identify | None
) -> dict[int, Drop]:
    if identify is None or settings.foreign_paragraph is None:
        return {}
    paragraphs = [
        (place, Line.of(part.text, part.kind, language))
        for place, part in left
        if isinstance(part, Text) and part.kind in _OWN
    ]
    found = foreign_paragraphs(
        [line.words for _, line in paragraphs],
        language,
        identify,
        certainty=settings.foreign_paragraph,
        fewest=settings.foreign_words,
        share=settings.foreign_share,
    )
    return {paragraphs[index][0]: drop for index, drop in found.items()}


def _repeated(left: list[tuple[int, Part]], settings: DetailedSettings) -> dict[int, Drop]:
    cut: dict[int, Drop] = {}
    seen: set[str] = set()
    sections: dict[str, int] = {}
    section = 0
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
        elif part.kind == "header":
            section += 1
        elif settings.duplicate_paragraph is not None and part.kind in _PARAGRAPHS:
            name = " ".join(part.text.lower().split())
            # The questions of an interview come again, and each time with another answer.
            asks = name.rstrip("\"'”’»」』）) ").endswith(("?", "？", "؟", ":", "："))
            if name in sections and not asks:
                fewest = settings.duplicate_paragraph * (1 if sections[name] == section else 2)
                if (count := Words(name).count) >= fewest:
                    cut[place] = Drop("duplicate_paragraph", round(count, 1), fewest, name[:_SHOWN])
            sections.setdefault(name, section)
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
                if drop.rule in ("one_word", "over_short", "many_capitals"):
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
    if drop is None and settings.one_word is not None:
        drop = rules.one_word(line, longest=settings.one_word)
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


def _headings(left: list[tuple[int, Part]], language: str | None, settings: DetailedSettings) -> dict[int, Drop]:
    """Headings at the end, of several in a row all but the first (a title) and last, and those of empty sections."""
    cut: dict[int, Drop] = {}
    run: list[tuple[int, Text]] = []
    for place, part in [*left, (-1, None)]:
        if isinstance(part, Text) and part.kind == "header":
            run.append((place, part))
            continue
        longest = settings.empty_header
        if longest is not None and part is None:
            cut |= {at: Drop("empty_header", detail=header.text[:_SHOWN]) for at, header in run}
        elif longest is not None and len(run) >= longest:
            cut |= {at: Drop("empty_header", len(run), longest, header.text[:_SHOWN]) for at, header in run[1:-1]}
        if settings.empty_section:
            names = sections(language)
            for at, header in run[:-1]:
                if at not in cut and header.text.lower().strip(" :：") in names:
                    cut[at] = Drop("empty_section", detail=header.text)
        run = []
    return cut


def _cut_out(before: str, after: str) -> str:
    """Where the two differ first, what was there; for people."""
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    return before[start : start + min(_SHOWN, max(1, len(before) - len(after)))]
