"""What people say of samples: a file of JSON lines that only grows, made to live in git.

One line is one judgement of one item; a later line about the same item takes the place of the earlier one. An item's
name holds the document and what was judged, never a position or a path, so labels outlive a run: the same cut in the
next run has the same name.

    DOCUMENT/STAGE.RULE           a document that a rule dropped whole
    DOCUMENT/STAGE.RULE/PIECE     what a rule cut out of a document, or would have cut in shadow
    DOCUMENT/kept/PIECE           a text or an image that was kept
    DOCUMENT/kept                 a document that was kept, as a whole
    DOCUMENT/reviewed             a document that was read to its end: what its line lists, and has no line, is right

A line is written at once, whole, and is on the disk before the writer is told so.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from omnicorpus.document import Image, Part
from omnicorpus.errors import InputError, OutputError

Verdict = Literal["right", "wrong", "unsure"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""Of what the pipeline did: a drop is wrong that took something good, a kept part is wrong that should have gone."""

Kind = Literal["dropped", "shadow", "kept", "reviewed"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Drawn = Literal["item", "document"]

PIECE_LETTERS = 120
"""Characters by which a text is known: as many as the ledger shows of what was cut."""

TEXT_LETTERS = 200
"""Characters of a text that a line repeats, so that a person can read the file."""


WHOLE = "*"
"""In the list of what was kept: the document as a whole."""


@dataclass(frozen=True, slots=True)
class Label:
    """One line. `verdict` None takes back what was said.

    `problem` is one of a few words and `note` a person's own; `should` is the rule that should have taken a kept part.
    `weight` is the number of items of the run for which this one stands in its sample, None for an item that was not
    asked for: such a label counts in no rate. `drawn` says whether the item itself was drawn, or its document, whose
    labels count once it was read to its end; `design` how the sample was drawn. `drops` and `kept` list what was
    shown of a document that was read to its end: "STAGE.RULE" or "STAGE.RULE/PIECE" of drops and of marks in shadow,
    "PIECE" of kept parts and `WHOLE` for the document itself.
    """

    item: str
    kind: Kind
    verdict: Verdict | None
    url: str | None = None
    stage: str | None = None
    rule: str | None = None
    value: float | None = None
    threshold: float | None = None
    problem: str | None = None
    note: str | None = None
    should: str | None = None
    text: str | None = None
    weight: float | None = None
    drawn: Drawn | None = None
    design: str | None = None
    at: str | None = None
    drops: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def document(self) -> str:
        return self.item.split("/", 1)[0]

    @property
    def piece(self) -> str | None:
        """What was judged within the document; None for the document as a whole."""
        parts = self.item.split("/")
        return parts[2] if len(parts) == 3 else None


def piece(content: str) -> str:
    """12 hexadecimal digits of the beginning of a text, or of an address."""
    start = " ".join(content[:PIECE_LETTERS].split())
    return hashlib.blake2b(start.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def piece_of(part: Part) -> str:
    return (
        hashlib.blake2b(part.url.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        if isinstance(part, Image)
        else piece(part.text)
    )


def cut_piece(image: str | None, text: str | None, detail: str | None) -> str | None:
    """The piece of a row of the ledger, by its columns; None for a whole document.

    `detail` of a text's drop is the start of what was cut out of it.
    """
    if image is not None:
        return piece_of(Image(image))
    if text is None:
        return None
    return piece(detail or text)


def read(path: str) -> dict[str, Label]:
    """The labels of a file by item, the latest of each; none where the file isn't there.

    Raises InputError, naming the line, for one that is no label: a conflict of git, a line half written.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"can't read {path}: {error.strerror}") from error
    found: dict[str, Label] = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            label = _label(json.loads(line.decode()))
        except (ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{path} line {number} is no label ({error}): mend or remove the line") from error
        found.pop(label.item, None)
        found[label.item] = label
    return found


def existing(path: str) -> dict[str, Label]:
    """As `read`, for who needs labels. Raises InputError where there is no such file."""
    if not Path(path).exists():
        raise InputError(f"no labels at {path}: give some with omnicorpus review, or name their file with --labels")
    return read(path)


_KINDS_OF_FIELDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("value", "threshold", "weight"), (int, float)),
    **dict.fromkeys(("drops", "kept"), (list,)),
}


def _label(row: Any) -> Label:
    if not isinstance(row, dict):
        raise TypeError(f"it is {type(row).__name__}, not an object")
    names = {field.name for field in fields(Label)}
    for name, value in row.items():
        if name not in names:
            raise ValueError(f"unknown key {name[:40]!r}")
        kinds = _KINDS_OF_FIELDS.get(name, (str,))
        if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise TypeError(f"{name} is {type(value).__name__}")
    if not isinstance(row.get("item"), str) or row["item"].count("/") not in (1, 2):
        raise ValueError("no item")
    if row.get("kind") not in KINDS or row.get("verdict") not in (None, *VERDICTS):
        raise ValueError(f"kind {row.get('kind')!r}, verdict {row.get('verdict')!r}")
    if row.get("drawn") not in (None, *get_args(Drawn)):
        raise ValueError(f"drawn {row['drawn']!r}")
    if not (row.get("weight") is None or 0 < row["weight"] < float("inf")):
        raise ValueError(f"weight {row['weight']}")
    lists = {name: tuple(map(str, row.get(name) or ())) for name in ("drops", "kept")}
    return Label(**{**row, **lists})


def append(path: str, label: Label) -> None:
    """Add a line. Raises OutputError where it can't be on the disk; then the file ends as before or with that line.

    Two programs may write at once: a lock on the file puts their lines one after the other.
    """
    line = json.dumps(_row(label), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            end = os.lseek(descriptor, 0, os.SEEK_END)
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                line = b"\n" + line  # a line that a person's editor left open
            written = os.write(descriptor, line)
            if written < len(line):
                os.ftruncate(descriptor, end)
                raise OSError(28, "no space left")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OutputError(f"can't write {path}: {error.strerror}; the label was not saved") from error


def _row(label: Label) -> dict[str, Any]:
    """Columns in one order, without those that say nothing, so that a diff in git is short."""
    row = asdict(label)
    return {name: value for name, value in row.items() if name == "verdict" or (value is not None and value != ())}
