"""Rules in shadow, on settings and a judgement made for the test."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from omnicorpus import shadow
from omnicorpus.document import Document, Drop, Text
from tests import build


@dataclass(frozen=True)
class Inner:
    short: int | None = 3
    loud: bool = True
    reach: int = 1


@dataclass(frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    few: int | None = 2


def judge(document: Document, on: Outer) -> tuple[Document | Drop, list[tuple[int, Drop]]]:
    cuts = []
    for place, part in enumerate(document.texts()):
        if on.inner.loud and part.text.isupper():
            cuts.append((place, Drop("loud")))
        elif on.inner.short is not None and len(part.text) < on.inner.short:
            cuts.append((place, Drop("short", len(part.text), on.inner.short)))
    gone = {place for place, _ in cuts}
    left = tuple(part for place, part in enumerate(document.parts) if place not in gone)
    if on.few is not None and len(left) < on.few:
        return Drop("few", len(left), on.few), cuts
    return document.with_parts(left), cuts


def test_rules_are_the_fields_that_can_be_switched_off() -> None:
    assert shadow.rules(Inner) == ["short", "loud"]
    assert shadow.rules(Outer) == ["few"]


def test_without_switches_off_at_every_depth() -> None:
    assert shadow.without(Outer(), ["loud", "few", "short"]) == Outer(Inner(None, False), None)


def test_each_rule_is_marked_alone() -> None:
    document = build.doc("ABC", "a", "long enough")
    # Together they would leave one part, and "few" would drop the document; alone neither does.
    assert list(shadow.marks(document, judge, Outer(), ["loud", "short"])) == [
        (0, Drop("loud")),
        (1, Drop("short", 1, 3)),
    ]


def test_a_mark_on_the_whole_document_has_no_position() -> None:
    document = build.doc("ABC", "long enough")
    assert list(shadow.marks(document, judge, Outer(), ["few"])) == [(None, Drop("few", 1, 2))]
    kept, cuts = judge(document, shadow.without(Outer(), ["few"]))
    assert (kept, cuts) == (document.with_parts((Text("long enough"),)), [(0, Drop("loud"))])


def test_names_are_checked_and_so_is_that_they_are_on() -> None:
    shadow.check("refine.shadow", ["short"], [Inner()], ["short", "loud"])
    with pytest.raises(ValueError, match=r"refine.shadow: no rule shrot; did you mean short\?"):
        shadow.check("refine.shadow", ["shrot"], [Inner()], ["short", "loud"])
    with pytest.raises(ValueError, match="rules: loud, short"):
        shadow.check("refine.shadow", ["zzz"], [Inner()], ["short", "loud"])
    with pytest.raises(ValueError, match="short is off"):
        shadow.check("refine.shadow", ["short"], [Inner(short=None), None], ["short"])
