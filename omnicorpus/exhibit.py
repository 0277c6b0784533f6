"""Documents of a run as they were before it judged them, with the marks of every rule at the place that it judged.

What is left of a document, or what the stage read that dropped it, is unfolded backwards through the stages: each row
of the ledger holds the position of its part in the document as its stage found it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from omnicorpus import label, schema, trail
from omnicorpus.document import Document, Image, Locator, Part, Text
from omnicorpus.sample import Unit
from omnicorpus.trail import Trail

State = Literal["kept", "trimmed", "cut", "touched"]
"""Of a part: whole, kept without some of its text, taken away, or (of a dropped document) cut whole or in part."""

TOKENS = 2_000
"""Most tokens of two texts whose difference is shown; finding it takes time with the square of them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one rule did, or in shadow would have done. `item` is the name under which it is labelled."""

    item: str
    stage: str
    rule: str
    value: float | None
    threshold: float | None
    detail: str | None
    shadow: bool
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a document. `part` is what is there in the corpus, None for what is not; `before` the part as it was
    where a rule took something of it; `whole` is False where only its start is stored."""

    part: Part | None
    before: Part | None = None
    state: State = "kept"
    marks: tuple[Mark, ...] = ()
    whole: bool = True

    @property
    def shown(self) -> Part:
        part = self.before if self.before is not None else self.part
        assert part is not None
        return part

    def parts(self) -> list[Part]:
        """The part as it was and as it is."""
        return [part for part in (self.before, self.part) if part is not None]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A document to look at. `fate` is the mark of the rule that dropped it whole, None for one that was kept; `marks`
    hold what rules in shadow would have dropped it. `slots` are its parts in reading order, and `is_whole` says whether
    all are stored. `twin` is the document that was kept instead, where it is stored.

    `asked` maps the items that the sample asks for to their weights; None asks for all, each with `weight`.
    """

    document: str
    url: str
    slots: tuple[Slot, ...]
    fate: Mark | None = None
    marks: tuple[Mark, ...] = ()
    is_whole: bool = True
    title: str | None = None
    language: str | None = None
    language_score: float | None = None
    crawled_at: datetime | None = None
    warc: Locator | None = None
    twin: Document | None = None
    stratum: str = ""
    weight: float | None = None
    asked: Mapping[str, float] | None = None

    def all_marks(self) -> list[Mark]:
        """Every mark in reading order, those on the whole document first."""
        whole = [*([self.fate] if self.fate else []), *self.marks]
        return whole + [mark for slot in self.slots for mark in slot.marks]

    def kept(self) -> list[tuple[str, Part]]:
        """Names and parts of what is in the corpus."""
        if self.fate is not None:
            return []
        return [(kept_item(self.document, slot.part), slot.part) for slot in self.slots if slot.part is not None]

    def weight_of(self, item: str) -> float | None:
        return self.weight if self.asked is None else self.asked.get(item)


def kept_item(document: str, part: Part) -> str:
    return f"{document}/kept/{label.piece_of(part)}"


def item_of(row: Mapping[str, Any]) -> str:
    """The name of a row of the ledger."""
    piece = label.cut_piece(row["image"], row["text"], row["detail"])
    name = f"{row['document']}/{row['stage']}.{row['rule']}"
    return name if row["position"] is None else f"{name}/{piece or label.piece('')}"


@dataclass(slots=True)
class _Found:
    """What the files say of one document."""

    drops: list[dict[str, Any]] = field(default_factory=list)
    shadows: list[dict[str, Any]] = field(default_factory=list)
    final: Document | None = None
    before: dict[str, Document] = field(default_factory=dict)


def exhibits(files: Trail, units: Sequence[Unit]) -> list[Exhibit]:
    """The documents of a sample, in its order; units of one document are one exhibit."""
    shards: dict[str, str] = {unit.document: unit.shard for unit in units}
    found = _look_up(files, shards)
    twins = _twins(files, found.values())
    whose: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        whose[unit.document].append(unit)
    return [_exhibit(files, name, found[name], twins, whose[name]) for name in shards]


def _look_up(files: Trail, shards: Mapping[str, str]) -> dict[str, _Found]:
    found: dict[str, _Found] = {name: _Found() for name in shards}
    wanted: dict[str, set[str]] = defaultdict(set)
    for name, shard in shards.items():
        wanted[shard].add(name)
    for file in files.drops:
        for row in trail.rows(file.path, "document", wanted.get(file.shard, ())):
            found[row["document"]].drops.append(row)
    for file in files.shadows:
        for row in trail.rows(file.path, "document", wanted.get(file.shard, ())):
            found[row["document"]].shadows.append(row)
    for file in files.documents:
        for document in trail.documents(file.path, wanted.get(file.shard, ())):
            found[document.id].final = document
    for file in files.drops:
        marked = {
            name
            for name in wanted.get(file.shard, ())
            if any(row["stage"] == file.stage for row in (*found[name].drops, *found[name].shadows))
        }
        path = files.before(file.stage, file.shard) if marked else None
        if path is not None:
            for document in trail.documents(path, marked):
                found[document.id].before[file.stage] = document
    return found


def _twins(files: Trail, found: Iterable[_Found]) -> dict[str, Document]:
    """The documents that were kept in others' place: as the stage read them, or as they are in the corpus."""
    names = {row["twin"]: row["stage"] for each in found for row in each.drops if row["twin"]}
    stages = set(names.values())
    known: dict[str, Document] = {}
    paths = [path for file in files.drops if file.stage in stages and (path := files.before(file.stage, file.shard))]
    for path in [*paths, *(file.path for file in files.documents)] if names else []:
        for document in trail.documents(path, set(names) - set(known)):
            known[document.id] = document
    return known


def _exhibit(files: Trail, name: str, found: _Found, twins: Mapping[str, Document], units: Sequence[Unit]) -> Exhibit:
    whole = [row for row in found.drops if row["position"] is None]
    fate = _mark(whole[0], shadow=False) if whole and found.final is None else None
    last = found.final or (found.before.get(fate.stage) if fate else None)
    known = last or next(iter(found.before.values()), None)
    row = (found.drops or found.shadows or [{}])[0]
    asked = {item_of(unit.row): unit.weight for unit in units if unit.row is not None}
    return Exhibit(
        document=name,
        url=known.url if known else str(row.get("url") or ""),
        slots=tuple(_slots(files.stages, found, fate, last)),
        fate=fate,
        marks=tuple(_mark(row, shadow=True) for row in found.shadows if row["position"] is None),
        is_whole=last is not None,
        title=known.facts.title if known else None,
        language=known.language if known else None,
        language_score=known.language_score if known else None,
        crawled_at=known.crawled_at if known else None,
        warc=known.warc if known else Locator(**row["warc"]) if row.get("warc") else None,
        twin=twins.get(fate.twin) if fate and fate.twin else None,
        stratum=units[0].stratum,
        weight=None if asked else units[0].weight,
        asked=asked or None,
    )


def _mark(row: Mapping[str, Any], *, shadow: bool) -> Mark:
    return Mark(
        item_of(row), row["stage"], row["rule"], row["value"], row["threshold"], row["detail"], shadow, row["twin"]
    )


def _slots(stages: Sequence[str], found: _Found, fate: Mark | None, last: Document | None) -> list[Slot]:
    slots = [Slot(part) for part in last.parts] if last else []
    for stage in reversed(stages):
        cuts, marks = _by_place(found.drops, stage), _by_place(found.shadows, stage)
        if fate is not None and stage == fate.stage and last is not None:
            slots = _judged(slots, cuts)
        elif cuts:
            before = found.before.get(stage)
            slots = unfold(slots, cuts, before.parts if before else None)
        for place, rows in marks.items():
            if place < len(slots):
                seen = tuple(_mark(row, shadow=True) for row in rows)
                slots[place] = replace(slots[place], marks=slots[place].marks + seen)
    return slots


Rows = Mapping[int, list[dict[str, Any]]]


def _by_place(rows: Iterable[dict[str, Any]], stage: str) -> Rows:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["stage"] == stage and row["position"] is not None:
            found[row["position"]].append(row)
    return found


def _judged(slots: list[Slot], cuts: Rows) -> list[Slot]:
    """The parts of a document that its last stage cut and then dropped whole: what was left of them is not stored."""

    def judged(place: int, slot: Slot) -> Slot:
        if place not in cuts:
            return slot
        marks = tuple(_mark(row, shadow=False) for row in cuts[place])
        state: State = "cut" if _is_whole(slot.shown, cuts[place]) else "touched"
        return replace(slot, part=None, before=slot.shown, state=state, marks=slot.marks + marks)

    return [judged(place, slot) for place, slot in enumerate(slots)]


def _is_whole(part: Part, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a rule took the whole part, as far as the ledger shows."""
    if isinstance(part, Image):
        return True
    start = part.text[: label.PIECE_LETTERS].strip()
    return any(row["detail"] is None or ("\n" not in part.text and row["detail"].strip() == start) for row in rows)


def unfold(after: Sequence[Slot], cuts: Rows, before: Sequence[Part] | None) -> list[Slot]:
    """The parts as a stage found them, of what it left and of the rows of what it cut, by position.

    A part of which only something was cut is in both; `before`, where it is stored, says how many such there are.
    """
    trimmed = len(cuts) if before is None else len(after) - (len(before) - len(cuts))
    slots: list[Slot] = []
    rest = list(after)
    last = max(cuts, default=-1)
    while rest or len(slots) <= last:
        place = len(slots)
        if place in cuts:
            original = _original(cuts, before, place)
            whole = before is not None or not isinstance(original, Text) or len(original.text) < schema.TEXT_KEPT
            marks = tuple(_mark(row, shadow=False) for row in cuts[place])
            if rest and trimmed > 0 and _stayed(rest[0].shown, place, cuts, before):
                trimmed -= 1
                slot = rest.pop(0)
                state: State = slot.state if slot.state in ("cut", "touched") else "trimmed"
                slots.append(replace(slot, before=original, state=state, marks=marks + slot.marks, whole=whole))
            else:
                slots.append(Slot(None, original, "cut", marks, whole))
        elif rest:
            slots.append(rest.pop(0))
        else:  # the ledger names a place behind the end: a document of another version of the run
            slots.extend(
                Slot(None, _of_ledger(rows[0]), "cut", tuple(_mark(row, shadow=False) for row in rows))
                for at, rows in sorted(cuts.items())
                if at >= place
            )
            break
    return slots


def _original(cuts: Rows, before: Sequence[Part] | None, place: int) -> Part:
    return before[place] if before is not None and place < len(before) else _of_ledger(cuts[place][0])


def _stayed(part: Part, place: int, cuts: Rows, before: Sequence[Part] | None) -> bool:
    """Whether `part`, the next of what was left, is what was left of the part that was cut at `place`."""
    if _is_rest(part, _original(cuts, before, place)):
        return True
    if before is None:
        return False
    # A repaired or masked text holds letters that weren't there. It is this one where it is neither the next part that
    # nothing was cut of, nor left of a later one.
    following = next((at for at in range(place, len(before)) if at not in cuts), len(before))
    if following < len(before) and label.piece_of(before[following]) == label.piece_of(part):
        return False
    if any(_is_rest(part, before[at]) for at in range(place + 1, following)):
        return False
    original = before[place]
    if not isinstance(part, Text) or not isinstance(original, Text):
        return False
    left, whole = _letters(part.text)[:300], _letters(original.text)[:300]
    return difflib.SequenceMatcher(None, left, whole, autojunk=False).ratio() >= 0.6


def _of_ledger(row: Mapping[str, Any]) -> Part:
    return Image(row["image"]) if row["image"] is not None else Text(row["text"] or row["detail"] or "")


def _is_rest(part: Part, original: Part) -> bool:
    """Whether a text may be what was left of another: its letters stand in it, in their order."""
    if not isinstance(part, Text) or not isinstance(original, Text):
        return False
    letters = iter(_letters(original.text))
    return all(letter in letters for letter in _letters(part.text)[:300])


def _letters(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text[:20_000]).split())


Segment = tuple[str, bool]
"""A run of text, and whether it was taken away."""


def segments(before: str, after: str) -> list[Segment]:
    """The text as it was, cut into what stayed and what was taken: by words, by lines where there are too many."""
    for pattern in (r"\s+|\w+|\W", r"[^\n]*\n?"):
        old, new = (re.findall(pattern, text) for text in (before, after))
        if len(old) <= TOKENS and len(new) <= TOKENS:
            return _difference(old, new)
    return [(after, False)]


def _difference(old: Sequence[str], new: Sequence[str]) -> list[Segment]:
    found: list[Segment] = []
    for kind, start, end, at, to in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal" and start < end:
            found.append(("".join(old[start:end]), True))
        if at < to:
            found.append(("".join(new[at:to]), False))
    return [segment for segment in found if segment[0]]
