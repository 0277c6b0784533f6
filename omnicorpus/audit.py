"""What people's labels say of a run's rules: triggers, false positives, misses, with intervals, and budgets.

Labels are about content, not about one run: each says that a piece of a document, or a document, is good or bad. They
are held against what this run did with it. So the labels of one run judge the next one, whose rules have moved.

- A false positive is a good piece that a rule dropped. Its rate is a share of the rule's labelled drops.
- A miss is a bad piece that was kept. The rate of a rule is the share of the bad pieces that are its own (those that
  it dropped rightly, and those of which a person says that it should have taken them) that were kept. Only documents
  that were read to their end count here: a sample of drops says nothing of what was kept.

Labels of items that were drawn themselves count, and those of documents that were drawn and read to their end: who only
marks what is wrong, and leaves, would find nothing but wrong drops.

Every label stands for `weight` items of its sample's run. Rates are weighted means; their intervals are Wilson's with
the effective number of labels, which knows that labels of one document say much the same (`Tally.effective`).
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from statistics import NormalDist
from typing import Any

from omnicorpus import exhibit, label, table, trail
from omnicorpus.document import Document, Image
from omnicorpus.errors import ConfigError
from omnicorpus.label import Label
from omnicorpus.trail import Trail

EXAMPLES = 10
"""Of a rule's wrong drops, and of what it missed, that are shown."""

CONFIDENCE = 0.95
"""Of the intervals that are printed."""


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """The share of a rule's drops that may be wrong (`budgets`), and of its bad pieces that may be missed (`misses`),
    by the rule's name, or by "stage.rule" where two stages have a rule of one name.

    `certainty`: how certain it must be that a rate is above its budget, 0.5 to 1. At 0.5 the rate itself is compared;
    at 0.95 it is the lower end of a one-sided 95 % interval, so that a few labels alone fail no build.
    """

    budgets: dict[str, float] = field(default_factory=dict)
    misses: dict[str, float] = field(default_factory=dict)
    certainty: float = 0.95

    def __post_init__(self) -> None:
        if not 0.5 <= self.certainty < 1:
            raise ValueError(f"certainty is at least 0.5 and under 1, not {self.certainty:g}")
        for name, budget in (*self.budgets.items(), *self.misses.items()):
            if not 0 <= budget <= 1:
                raise ValueError(f"the budget of {name} is a share, 0 to 1, not {budget:g}")


@dataclass(slots=True)
class Tally:
    """Labelled items: how many, how many of them are bad news; and their weights by document, all and bad."""

    labelled: int = 0
    bad: int = 0
    squares: float = 0.0
    weights: dict[str, float] = field(default_factory=dict)
    bad_weights: dict[str, float] = field(default_factory=dict)

    def add(self, document: str, weight: float, *, bad: bool) -> None:
        self.labelled += 1
        self.bad += bad
        self.squares += weight * weight
        self.weights[document] = self.weights.get(document, 0.0) + weight
        self.bad_weights[document] = self.bad_weights.get(document, 0.0) + weight * bad

    @property
    def rate(self) -> float | None:
        weight = sum(self.weights.values())
        return sum(self.bad_weights.values()) / weight if weight else None

    @property
    def effective(self) -> float:
        """As many independent labels of equal weight would say as much.

        The rate's variance is taken between documents (linearised, as surveys of clusters are reckoned: Korn and
        Graubard 1998). It can't say more than the labels if each were independent, nor less than one label for each
        document; both counted by their weights, (sum)² / sum of squares (Kish). Where all labels agree nothing can be
        seen of how labels of one document hang together, and the documents are counted.
        """
        rate = self.rate
        if rate is None:
            return 0.0
        weight = sum(self.weights.values())
        most = weight * weight / self.squares
        least = weight * weight / sum(each * each for each in self.weights.values())
        documents = len(self.weights)
        if documents == 1 or self.bad in (0, self.labelled):
            return least
        apart = sum((self.bad_weights[name] - rate * each) ** 2 for name, each in self.weights.items())
        variance = documents / (documents - 1) * apart / (weight * weight)
        return min(most, max(least, rate * (1 - rate) / variance)) if variance else most

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
        """The two-sided interval of the rate."""
        return None if self.rate is None else wilson(self.rate, self.effective, 0.5 + confidence / 2)

    def lower(self, certainty: float) -> float | None:
        """The rate is above this with the certainty given; the rate itself for 0.5."""
        return None if self.rate is None else wilson(self.rate, self.effective, certainty)[0]


def wilson(rate: float, number: float, certainty: float) -> tuple[float, float]:
    """Both ends of Wilson's score interval, each passed with a chance of 1 - `certainty`; `number` of labels > 0."""
    z = NormalDist().inv_cdf(certainty)
    middle = (rate + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number) * math.sqrt(rate * (1 - rate) / number + z * z / (4 * number * number))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Example:
    """A wrong drop, or something that was missed, as its label tells it."""

    url: str | None
    text: str | None
    value: float | None
    problem: str | None
    note: str | None


@dataclass(slots=True)
class Rule:
    """One rule of one stage in this run. `triggers` counts rows of the ledger, or of the marks in shadow; `drops`
    tallies labelled drops, of which those of something good are bad; `own` the bad pieces that are the rule's, of which
    those that were kept are bad."""

    stage: str
    rule: str
    shadow: bool
    triggers: int = 0
    drops: Tally = field(default_factory=Tally)
    own: Tally = field(default_factory=Tally)
    examples: list[Example] = field(default_factory=list)
    missed: list[Example] = field(default_factory=list)
    budget: float | None = None
    miss_budget: float | None = None

    @property
    def name(self) -> str:
        return f"{self.stage}.{self.rule}"

    def standing(self, certainty: float) -> str:
        """How the rule stands to its budgets: "over", "over?" (its rate is, but not for certain), "within", or "" where
        it has none, or no labels."""
        found = [
            "over" if (lower or 0.0) > budget else "over?" if (tally.rate or 0.0) > budget else "within"
            for tally, budget in ((self.drops, self.budget), (self.own, self.miss_budget))
            if budget is not None and (lower := tally.lower(certainty)) is not None
        ]
        return next((word for word in ("over", "over?", "within") if word in found), "")


@dataclass(frozen=True, slots=True)
class Report:
    """`kept` tallies the kept parts of documents that were read to their end; bad are those that should have gone.
    `missed` are bad pieces of which nobody said what rule should have taken them. `labels` and `read` count what people
    said and the documents that they read to their end; `outside` the labels of items that no sample asked for or
    whose document was not read to its end, `absent` those of items that this run doesn't have: neither counts in a
    rate."""

    rules: list[Rule]
    kept: Tally
    missed: list[Example]
    labels: int
    read: int
    outside: int
    absent: int
    certainty: float

    @property
    def over(self) -> list[str]:
        """Names of the rules over their budgets."""
        return [rule.name for rule in self.rules if rule.standing(self.certainty) == "over"]


def report(files: Trail, labels: Mapping[str, Label], settings: ReviewSettings, known: Collection[str] = ()) -> Report:
    """Hold the labels against what the run did. `known` are rules that may have a budget though they did nothing here.

    Raises ConfigError for a budget of an unknown rule, with the nearest.
    """
    rules = _triggers(files)
    _set_budgets(rules, settings, known)
    truths = _Truths.of(labels.values())
    used: set[str] = set()
    for shadow, row in _ledger(files, truths.documents):
        truth = truths.of_drop(row)
        if truth is None:
            continue
        if truth.drawn == "item" and truth.item in used:
            continue  # the same words twice in one document: one of the two was drawn
        used.add(truth.item)
        rule = rules[row["stage"], row["rule"], shadow]
        if truth.is_good:
            text = row["image"] or row["detail"] or row["text"]
            rule.examples.append(_example(truth, row["url"], text, row["value"]))
        is_read = row["document"] in truths.read
        if truth.weight is None or truth.is_good is None or not (is_read or truth.drawn == "item"):
            continue
        rule.drops.add(row["document"], truth.weight, bad=truth.is_good)
        if is_read and not truth.is_good:
            rule.own.add(row["document"], truth.weight, bad=False)
    kept, missed = Tally(), []
    for document in _kept(files, truths.documents):
        for truth, text in truths.of_kept(document):
            used.add(truth.item)
            if truth.weight is None or truth.is_good is None:
                continue
            is_read = document.id in truths.read
            if is_read and text is not None:
                kept.add(document.id, truth.weight, bad=not truth.is_good)
            if truth.is_good:
                continue
            example = _example(truth, document.url, text or document.facts.title, None)
            own = _named(rules, truth.should)
            if own is None:
                missed.append(example)
                continue
            own.missed.append(example)
            if is_read:
                own.own.add(document.id, truth.weight, bad=True)
    given = [each for each in labels.values() if each.verdict is not None and each.kind != "reviewed"]
    return Report(
        sorted(rules.values(), key=lambda rule: (-rule.drops.labelled, -rule.triggers, rule.name, rule.shadow)),
        kept,
        missed,
        len(given),
        sum(1 for each in labels.values() if each.kind == "reviewed" and each.verdict is not None),
        sum(1 for each in given if each.drawn != "item" and each.document not in truths.read),
        sum(1 for each in given if each.item not in used),
        settings.certainty,
    )


def _triggers(files: Trail) -> dict[tuple[str, str, bool], Rule]:
    counts: Counter[tuple[str, str, bool]] = Counter()
    for shadow, listed in ((False, files.drops), (True, files.shadows)):
        for file in listed:
            for group in table.groups(file.path, ["stage", "rule"]):
                pairs = zip(group["stage"].to_pylist(), group["rule"].to_pylist(), strict=True)
                counts.update((stage, rule, shadow) for stage, rule in pairs)
    return {key: Rule(*key, triggers=count) for key, count in counts.items()}


def _set_budgets(rules: Mapping[tuple[str, str, bool], Rule], settings: ReviewSettings, known: Collection[str]) -> None:
    names = {*known, *(rule.rule for rule in rules.values()), *(rule.name for rule in rules.values())}
    for key, budgets in (("budgets", settings.budgets), ("misses", settings.misses)):
        for name, budget in budgets.items():
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
                advice = f"did you mean {near[0]}?" if near else f"rules: {', '.join(sorted(names))}"
                raise ConfigError(f"review.{key}: no rule {name}; {advice}")
            for rule in rules.values():
                # A name with its stage is the more exact one, whichever stands first.
                if name == rule.name or (name == rule.rule and rule.name not in budgets):
                    if key == "budgets":
                        rule.budget = budget
                    else:
                        rule.miss_budget = budget


@dataclass(frozen=True, slots=True)
class _Truth:
    """What is known of a piece of a document, or of a document: whether it is good (None: unsure), by which label."""

    item: str
    is_good: bool | None
    weight: float | None
    drawn: label.Drawn | None = None
    should: str | None = None
    problem: str | None = None
    note: str | None = None


@dataclass(slots=True)
class _Truths:
    """What labels say, by item and by piece. `read` are the documents of samples that were read to their end."""

    items: dict[str, _Truth] = field(default_factory=dict)
    pieces: dict[tuple[str, str | None], _Truth] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)

    @staticmethod
    def of(labels: Iterable[Label]) -> _Truths:
        found = _Truths()
        told = [each for each in labels if each.verdict is not None]
        for given in told:
            if given.kind == "reviewed":
                found._read(given)
        for given in told:
            if given.kind != "reviewed":
                says_good = (given.verdict == "right") == (given.kind == "kept")
                should = given.should or (None if given.kind == "kept" else f"{given.stage}.{given.rule}")
                is_good = None if given.verdict == "unsure" else says_good
                truth = _Truth(given.item, is_good, given.weight, given.drawn, should, given.problem, given.note)
                found._add(given.document, given.piece, truth)
        return found

    def _read(self, given: Label) -> None:
        document = given.document
        self.documents.add(document)
        if given.weight is None:
            return
        self.read.add(document)
        for name in given.drops:
            rule, _, piece = name.partition("/")
            self._add(document, piece or None, _Truth(f"{document}/{name}", False, given.weight, should=rule))
        for piece in given.kept:
            if piece == label.WHOLE:
                self._add(document, None, _Truth(f"{document}/kept", True, given.weight))
            else:
                self._add(document, piece, _Truth(f"{document}/kept/{piece}", True, given.weight))

    def _add(self, document: str, piece: str | None, truth: _Truth) -> None:
        self.documents.add(document)
        self.items[truth.item] = truth
        self.pieces[document, piece] = truth

    def of_drop(self, row: Mapping[str, Any]) -> _Truth | None:
        """Of a row of the ledger. A piece is good or bad whatever rule judges it. A document that one rule dropped
        rightly is not bad for every other, and a good one may still be a duplicate."""
        exact = self.items.get(exhibit.item_of(row))
        if exact is not None or row["twin"] is not None:
            return exact
        if row["position"] is None:
            return self.items.get(f"{row['document']}/kept")
        return self.pieces.get((row["document"], label.cut_piece(row["image"], row["text"], row["detail"])))

    def of_kept(self, document: Document) -> Iterator[tuple[_Truth, str | None]]:
        """Of the parts of a kept document, each with its text or address; and of the document, with None.

        A piece that was rightly dropped and is kept now is a miss of the rule that dropped it. For a whole document
        only what was said of it as a kept one counts.
        """
        for part in document.parts:
            piece = label.piece_of(part)
            truth = self.items.get(f"{document.id}/kept/{piece}") or self.pieces.get((document.id, piece))
            if truth is not None:
                yield truth, part.url if isinstance(part, Image) else part.text
        whole = self.items.get(f"{document.id}/kept")
        if whole is not None:
            yield whole, None


def _ledger(files: Trail, documents: Collection[str]) -> Iterator[tuple[bool, dict[str, Any]]]:
    for shadow, listed in ((False, files.drops), (True, files.shadows)):
        for file in listed:
            for row in trail.rows(file.path, "document", documents):
                yield shadow, row


def _kept(files: Trail, documents: Collection[str]) -> Iterator[Document]:
    for file in files.documents:
        yield from trail.documents(file.path, documents)


def _named(rules: Mapping[tuple[str, str, bool], Rule], name: str | None) -> Rule | None:
    """The rule that a person named: the live one before one of the same name in shadow."""
    found = sorted((rule for rule in rules.values() if name in (rule.name, rule.rule)), key=lambda rule: rule.shadow)
    return found[0] if found else None


def _example(truth: _Truth, url: str | None, text: str | None, value: float | None) -> Example:
    shown = " ".join((text or "")[: label.TEXT_LETTERS].split())
    return Example(url, shown, value, truth.problem, truth.note)


def plain(found: Report) -> dict[str, Any]:
    """The report as plain values, for JSON."""
    return {
        "labels": found.labels,
        "documents_read": found.read,
        "labels_outside_samples": found.outside,
        "labels_of_absent_items": found.absent,
        "certainty": found.certainty,
        "kept_parts": _plain(found.kept),
        "missed": [asdict(each) for each in found.missed[:EXAMPLES]],
        "over": found.over,
        "rules": [
            {
                "stage": rule.stage,
                "rule": rule.rule,
                "shadow": rule.shadow,
                "triggers": rule.triggers,
                "false_positives": _plain(rule.drops),
                "misses": _plain(rule.own),
                "budget": rule.budget,
                "miss_budget": rule.miss_budget,
                "standing": rule.standing(found.certainty),
                "wrong_drops": [asdict(each) for each in rule.examples[:EXAMPLES]],
                "missed": [asdict(each) for each in rule.missed[:EXAMPLES]],
            }
            for rule in found.rules
        ],
    }


def _plain(tally: Tally) -> dict[str, Any]:
    return {
        "labelled": tally.labelled,
        "bad": tally.bad,
        "effective": round(tally.effective, 1),
        "rate": tally.rate,
        "interval": tally.interval(),
    }


Row = tuple[str, ...]

COLUMNS = ("rule", "triggers", "labelled", "wrong", "false positives", "missed", "misses", "budget")


def rows(found: Report) -> list[Row]:
    """The report as a table, with the columns `COLUMNS`: first the rules of which something was said."""
    return [
        (
            rule.name + (" (shadow)" if rule.shadow else ""),
            f"{rule.triggers:,}",
            f"{rule.drops.labelled:,}" if rule.drops.labelled else "",
            f"{rule.drops.bad:,}" if rule.drops.labelled else "",
            _rate(rule.drops),
            f"{rule.own.bad:,} of {rule.own.labelled:,}" if rule.own.labelled else "",
            _rate(rule.own),
            _budget(rule, found.certainty),
        )
        for rule in found.rules
    ]


def _rate(tally: Tally) -> str:
    interval = tally.interval()
    if tally.rate is None or interval is None:
        return ""
    return f"{100 * tally.rate:.1f} % ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})"


def _budget(rule: Rule, certainty: float) -> str:
    budgets = [
        f"{name} {100 * budget:g} %"
        for name, budget in (("wrong", rule.budget), ("missed", rule.miss_budget))
        if budget is not None
    ]
    return " ".join([*budgets, rule.standing(certainty)]) if budgets else ""


def lines(found: Report) -> Iterator[tuple[str, str]]:
    """What stands under the table, as pairs of style and text: how the numbers are to be read, then examples."""
    kept = _rate(found.kept)
    told = f"of their {found.kept.labelled:,} kept parts {found.kept.bad:,} are bad: {kept}. " if kept else ""
    yield "", f"{found.labels:,} labels, {found.read:,} documents read to their end; {told}".rstrip("; ")
    yield (
        "",
        (
            f"Intervals hold with {100 * CONFIDENCE:g} %. A rate is over its budget where that is "
            f"{100 * found.certainty:g} % certain, and over? where it is not."
        ),
    )
    if found.outside or found.absent:
        yield (
            "dim",
            (
                f"{found.outside:,} labels are of items that no sample asked for, or whose document was not read to "
                f"its end; {found.absent:,} are of items that this run doesn't have. They count in no rate."
            ),
        )
    for rule in found.rules:
        for what, examples in (("wrong", rule.examples), ("missed", rule.missed)):
            if examples:
                yield "bold", f"{rule.name}: {what}"
                yield from (line for each in examples[:EXAMPLES] for line in _told(each))
    if found.missed:
        yield "bold", "bad and kept, by no rule named"
        yield from (line for each in found.missed[:EXAMPLES] for line in _told(each))


def _told(example: Example) -> Iterator[tuple[str, str]]:
    said = " · ".join(word for word in (example.problem, example.note) if word)
    measured = "" if example.value is None else f" ({example.value:.6g})"
    yield "", f"  {example.text}{measured}{'  — ' + said if said else ''}"
    yield "dim", f"    {example.url or 'no address'}"
