"""Rules under trial: they count and mark, and drop nothing.

A stage with rules in shadow keeps what it would keep with those rules off. What each of them would have taken is found
by judging once more with that one rule on, and is the verdicts of that rule in the second judgement: so a mark is
exactly the drop that the rule, switched on, would write. Every rule in shadow costs one more judgement of every
document.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from omnicorpus.document import Document, Drop

TABLE = "shadows"
"""The table, and the folder of a run, that holds the marks; its columns are those of drops."""

Settings = TypeVar("Settings")

Mark = tuple[int | None, Drop]
"""What a rule would take: the position of a part, or None for the whole document; and its verdict."""

Judge = Callable[[Document, Settings], tuple[Document | Drop, list[tuple[int, Drop]]]]


def rules(kind: type) -> list[str]:
    """The rules of a settings class: the names of its fields that None, or False, switches off."""
    return [name for name, hint in get_type_hints(kind).items() if hint is bool or type(None) in _members(hint)]


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else ()


def check(key: str, shadow: Sequence[str], sections: Sequence[object], known: Collection[str]) -> None:
    """Raise ValueError for a name that is no rule of `known`, with the nearest; and for a rule that `sections`, the
    settings that hold the rules, switch off: it would mark nothing. `key` names the list in the config."""
    for name in shadow:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            advice = f"did you mean {near[0]}?" if near else f"rules: {', '.join(sorted(known))}"
            raise ValueError(f"{key}: no rule {name}; {advice}")
        if all(getattr(section, name, None) in (None, False) for section in sections):
            raise ValueError(f"{key}: {name} is off, so it would mark nothing; give it a threshold")


def without(settings: Settings, names: Collection[str]) -> Settings:
    """The settings, and those within them, with the rules `names` off."""
    changes: dict[str, Any] = {}
    for field in fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, field.name)
        if is_dataclass(value):
            changes[field.name] = without(value, names)
        elif field.name in names:
            changes[field.name] = False if isinstance(value, bool) else None
    return replace(settings, **changes)  # type: ignore[type-var]


def marks(document: Document, judge: Judge[Settings], settings: Settings, shadow: Sequence[str]) -> Iterator[Mark]:
    """What each rule of `shadow` alone would take of the document, in the order of `shadow`."""
    for rule in shadow:
        left, cuts = judge(document, without(settings, [other for other in shadow if other != rule]))
        yield from ((position, drop) for position, drop in cuts if drop.rule == rule)
        if isinstance(left, Drop) and left.rule == rule:
            yield None, left
