"""A document unfolded to what it was before its stages judged it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import exhibit
from omnicorpus.document import Image, Part, Text
from omnicorpus.exhibit import Slot


def row(part: Part, position: int, rule: str = "rule", detail: str | None = None) -> dict[str, Any]:
    return {
        "document": "d",
        "stage": "refine",
        "rule": rule,
        "position": position,
        "value": None,
        "threshold": None,
        "detail": detail,
        "twin": None,
        "image": part.url if isinstance(part, Image) else None,
        "text": part.text[:1000] if isinstance(part, Text) else None,
    }


WORDS = ["river", "bread", "Okay", "stone", "lamp", "Share", "winter", "glass"]
FATES = st.lists(
    st.tuples(st.sampled_from(["kept", "cut", "trimmed", "image", "bad image"]), st.sampled_from(WORDS)), max_size=8
)


def played(fates: list[tuple[str, str]]) -> tuple[list[Part], list[Slot], dict[int, list[dict[str, Any]]]]:
    """What a stage read, what it left, and its rows."""
    before: list[Part] = []
    after: list[Slot] = []
    cuts: dict[int, list[dict[str, Any]]] = {}
    for place, (fate, word) in enumerate(fates):
        text = f"{word} {place} " * 5
        if fate in ("image", "bad image"):
            before.append(Image(f"https://a.test/{place}.jpg"))
        elif fate == "trimmed":
            before.append(Text(f"{text}and so on\nRead more"))
        else:
            before.append(Text(text.strip()))
        if fate in ("kept", "image"):
            after.append(Slot(before[-1]))
            continue
        cuts[place] = [row(before[-1], place, detail="Read more" if fate == "trimmed" else None)]
        if fate == "trimmed":
            after.append(Slot(Text(f"{text}and so on")))
    return before, after, cuts


@given(FATES, st.booleans())
def test_unfolding_gives_back_what_the_stage_read(fates: list[tuple[str, str]], stored: bool) -> None:
    """Whether the stage's own table is there or not."""
    before, after, cuts = played(fates)
    slots = exhibit.unfold(after, cuts, before if stored else None)
    assert [slot.shown for slot in slots] == before
    states = {"kept": "kept", "image": "kept", "cut": "cut", "bad image": "cut", "trimmed": "trimmed"}
    assert [slot.state for slot in slots] == [states[fate] for fate, _ in fates]
    assert [slot.part for slot in slots if slot.part is not None] == [slot.part for slot in after]


def test_a_row_behind_the_end_is_shown_at_the_end() -> None:
    text = Text("gone")
    slots = exhibit.unfold([Slot(Text("here"))], {5: [row(text, 5)]}, None)
    assert [(slot.shown, slot.state) for slot in slots] == [(Text("here"), "kept"), (text, "cut")]


def test_segments_show_what_was_taken_between_what_stayed() -> None:
    assert exhibit.segments("Bread is good. [1] Read more", "Bread is good.") == [
        ("Bread is good.", False),
        (" [1] Read more", True),
    ]


@given(st.text(max_size=60), st.text(max_size=60))
def test_segments_spell_both_texts(before: str, after: str) -> None:
    runs = exhibit.segments(before, after)
    assert "".join(text for text, gone in runs if not gone) == after
    assert all(text for text, _ in runs)


def test_too_many_words_are_compared_by_lines() -> None:
    before = "\n".join(["word " * 40] * 60) + "\nRead more"
    after = "\n".join(["word " * 40] * 60) + "\n"
    assert exhibit.segments(before, after) == [(after, False), ("Read more", True)] or exhibit.segments(
        before, after
    ) == [(before.removesuffix("Read more"), False), ("Read more", True)]


def test_a_name_holds_the_rule_and_the_piece_but_no_position() -> None:
    one, two = row(Text("Read more"), 3), row(Text("Read more"), 9)
    assert exhibit.item_of(one) == exhibit.item_of(two)
    assert exhibit.item_of(one).startswith("d/refine.rule/")
    assert exhibit.item_of({**one, "position": None}) == "d/refine.rule"
