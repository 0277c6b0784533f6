"""CLIP models by open_clip: pictures and texts to vectors of one space. open_clip and torch enter the project here, and
only here.

Importing this module takes seconds and 300 MB: import it where a model is about to be loaded, never at a module's top.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import torch

from omnicorpus import operators
from omnicorpus.errors import ConfigError, ModelMissing
from omnicorpus.picture import Frame, Interpolation, Pixels, fours

operators.mend()
import open_clip  # noqa: E402

BATCH = 64
"""Pictures or texts per forward pass: on a CPU more gains nothing; a GPU takes 256 and more (measured by others: fill
the memory)."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A loaded model. Vectors come out as float32 of unit length."""

    model: Any
    tokenizer: Any
    frame: Frame
    device: torch.device
    dtype: torch.dtype
    mean: torch.Tensor
    std: torch.Tensor
    padding: int | None

    def images(self, pixels: np.ndarray, batch: int = BATCH) -> np.ndarray:
        """uint8 of shape (n, side, side, 3), as `picture.framed` gives them for `frame`, to float32 of shape (n,
        dimension).

        The bytes go to the device as they are; they are scaled and normalised there.
        """
        found = [self._forward(self.model.encode_image, self._normal(part)) for part in _parts(pixels, batch)]
        return np.concatenate(found) if found else np.empty((0, self.dimension), np.float32)

    def texts(self, texts: Sequence[str], batch: int = BATCH) -> np.ndarray:
        """Texts to float32 of shape (n, dimension). Texts of like length share a batch, so that little padding is
        computed."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for rows, tokens in self._token_batches(texts, batch):
            vectors[rows] = self._forward(self._encode_text, tokens.to(self.device))
        return vectors

    def _token_batches(self, texts: Sequence[str], batch: int) -> Iterator[tuple[list[int], torch.Tensor]]:
        """(rows, their tokens): texts of as many tokens share a batch, so that next to no padding is computed."""
        if not texts:
            return
        tokens = self.tokenizer(list(texts))
        used = self._used(tokens)
        order = sorted(range(len(texts)), key=lambda row: (int(used[row]), texts[row]))
        for rows in _parts(order, batch):
            yield rows, tokens[rows][:, : int(used[rows].max())]

    def normal(self, pixels: np.ndarray) -> np.ndarray:
        """What the image tower is given for uint8 of shape (n, side, side, 3): float32 of shape (n, 3, side, side)."""
        return np.asarray(self._normal(pixels).float().cpu().numpy())

    def export_images(self, path: Path) -> None:
        """Write the image tower as ONNX: pixels as `normal` gives them to unit vectors."""
        side = self.frame.side
        _export(_Tower(self.model.encode_image), torch.zeros(2, 3, side, side), {0: torch.export.Dim("batch")}, path)

    def _encode_text(self, tokens: torch.Tensor) -> Any:
        if not _looks_back(self.model):
            return self.model.encode_text(tokens)
        length = tokens.shape[1]
        shorter = {
            "model.positional_embedding": self.model.positional_embedding[:length],
            "model.attn_mask": self.model.attn_mask[:length, :length],
        }
        return torch.func.functional_call(_Reader(self.model), shorter, (tokens,))

    @property
    def dimension(self) -> int:
        return _dimension(self.model)

    def _normal(self, pixels: np.ndarray) -> torch.Tensor:
        values = torch.from_numpy(np.array(pixels)).to(self.device, non_blocking=True)
        values = values.permute(0, 3, 1, 2).to(torch.float32).div_(255)
        return values.sub_(self.mean).div_(self.std).to(self.dtype)

    def _used(self, tokens: torch.Tensor) -> np.ndarray:
        """How many tokens of each row are to be computed."""
        if self.padding is None:
            return np.full(len(tokens), tokens.shape[1])
        places = torch.arange(1, tokens.shape[1] + 1)
        last = ((tokens != self.padding) * places).amax(dim=1)
        return np.asarray(last.clamp(min=LEAST_TOKENS).numpy())

    def _forward(self, encode: Any, values: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            vectors = encode(values).float()
            return np.asarray(torch.nn.functional.normalize(vectors, dim=-1).cpu().numpy())


LEAST_TOKENS = 3
"""Of a row: begin, something, end."""


class _Tower(torch.nn.Module):
    """One side of a model, with vectors of unit length."""

    def __init__(self, encode: Any) -> None:
        super().__init__()
        self.encode = encode

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(self.encode(values).float(), dim=-1)


def _export(tower: torch.nn.Module, sample: torch.Tensor, sides: dict[int, Any], path: Path) -> None:
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own deprecations
        torch.onnx.export(
            tower.eval(),
            (sample,),
            str(path),
            dynamo=True,
            dynamic_shapes={"values": sides},
            external_data=False,
            verbose=False,
        )


class _Reader(torch.nn.Module):
    """A model's text side as a module of its own, so that it can be called with other tables of positions."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: torch.Tensor) -> Any:
        return self.model.encode_text(tokens)


def _looks_back(model: Any) -> bool:
    """Whether a text's vector is read off at its end and attention never looks behind it, as in OpenAI's CLIP: then
    what pads it can't matter."""
    return (
        isinstance(model, open_clip.CLIP) and model.attn_mask is not None and model.text_pool_type in ("argmax", "eos")
    )


def _parts(values: Any, batch: int) -> list[Any]:
    return [values[start : start + batch] for start in range(0, len(values), batch)]


def _dimension(model: Any) -> int:
    projection = getattr(model, "text_projection", None)
    if isinstance(projection, torch.Tensor):
        return int(projection.shape[1])
    return int(getattr(model.text, "output_dim", 0) or model.visual.output_dim)


def resized(rgb: Pixels, size: tuple[int, int], interpolation: Interpolation) -> np.ndarray:
    """What `picture.resized` gives, but for a step or two of 255 in one of some hundred places, at a sixth of its cost:
    torch resizes bytes with vector instructions."""
    pixels = torch.utils.dlpack.from_dlpack(fours(rgb)).view(rgb.height, rgb.width, 4).permute(2, 0, 1)[None]
    width, height = size
    smaller = torch.nn.functional.interpolate(pixels, size=(height, width), mode=interpolation, antialias=True)
    return np.asarray(smaller[0, :3].permute(1, 2, 0).numpy())


def load(
    model: str,
    pretrained: str | None = None,
    *,
    device: str = "auto",
    precision: str = "auto",
    cache: str | None = None,
) -> Clip:
    """Load any model that open_clip knows.

    `model` is an open_clip name with a `pretrained` tag or path of a weights file, "local-dir:FOLDER" with
    open_clip_config.json and weights in it, or "hf-hub:NAME". `device` is "auto" (a GPU where torch sees one), "cpu" or
    "cuda"; `precision` is "auto" (fp16 on a GPU, fp32 on a CPU), "fp32", "fp16" or "bf16". Weights that a tag names are
    downloaded to `cache`, by default open_clip's own. On a CPU one thread computes, so that the same input gives the
    same numbers.

    Raises ConfigError for "cuda" where torch sees no GPU and for an unknown name, ModelMissing where the weights can't
    be had.
    """
    where = _device(device)
    kind = precision if precision != "auto" else ("fp16" if where.type == "cuda" else "fp32")
    if kind not in ("fp32", "fp16", "bf16"):
        raise ConfigError(f'clip.precision is "{precision}": choose auto, fp32, fp16 or bf16')
    _check_name(model)
    if where.type == "cpu":
        torch.set_num_threads(1)
    try:
        loaded = open_clip.create_model(
            model,
            pretrained,
            precision=kind,
            device=where,
            cache_dir=cache,
            require_pretrained=True,
            pretrained_text=False,
        )
        tokenizer = open_clip.get_tokenizer(model, cache_dir=cache)
    except (
        RuntimeError,
        OSError,
        ValueError,
    ) as error:  # what open_clip and the hub raise for every kind of missing file
        raise ModelMissing(_how_to_get(model, pretrained, error)) from error
    loaded.eval()
    wanted = loaded.visual.preprocess_cfg
    return Clip(
        model=loaded,
        tokenizer=tokenizer,
        frame=_frame(wanted),
        device=where,
        dtype={"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[kind],
        mean=torch.tensor(wanted["mean"], device=where).view(3, 1, 1),
        std=torch.tensor(wanted["std"], device=where).view(3, 1, 1),
        padding=_padding(loaded),
    )


def frame(model: str, pretrained: str | None = None) -> Frame:
    """How a model wants its pictures, without loading its weights. Raises ConfigError, ModelMissing."""
    _check_name(model)
    folder = model.removeprefix("local-dir:")
    try:
        if folder != model:
            given = json.loads((Path(folder) / "open_clip_config.json").read_text(encoding="utf-8"))
        else:
            given = {"model_cfg": open_clip.get_model_config(model.replace("/", "-"))}
            given["preprocess_cfg"] = open_clip.get_pretrained_cfg(model, pretrained or "")
        size = given["model_cfg"]["vision_cfg"]["image_size"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelMissing(_how_to_get(model, pretrained, error)) from error
    return _frame({**given.get("preprocess_cfg", {}), "size": size})


HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
"""Weights that open_clip looks for in a repository of the Hugging Face hub, in its order."""


def source(model: str, pretrained: str | None) -> str:
    """Where a model's weights come from: a folder, a file, a page of the hub, an address; "" where nothing is known."""
    if model.startswith("local-dir:"):
        return model.removeprefix("local-dir:")
    repository, url = _hub(model, pretrained)
    return f"https://huggingface.co/{repository}" if repository else url or pretrained or ""


def find(model: str, pretrained: str | None, cache: str | None = None) -> Path | None:
    """The weights' file on this disk, None where it would have to be downloaded."""
    if model.startswith("local-dir:"):
        files = (Path(model.removeprefix("local-dir:")) / name for name in (*HUB_FILES, "model.safetensors"))
        return next((file for file in files if file.is_file()), None)
    if pretrained is not None and Path(pretrained).is_file():
        return Path(pretrained)
    repository, url = _hub(model, pretrained)
    if repository:
        for name in HUB_FILES:
            held = huggingface_hub.try_to_load_from_cache(repository, name, cache_dir=cache)
            if isinstance(held, str):
                return Path(held)
        return None
    file = Path(cache or Path.home() / ".cache" / "clip") / url.rpartition("/")[2]
    return file if url and file.is_file() else None


def by_hand(model: str, pretrained: str | None) -> str:
    """What to put where, on a machine that reaches no hub."""
    if model.startswith("local-dir:"):
        return "the folder needs open_clip_config.json and its weights (open_clip_model.safetensors)"
    repository, url = _hub(model, pretrained)
    if model.startswith("hf-hub:"):
        return (
            f"where there is a network download the files of https://huggingface.co/{repository} into a folder, bring "
            "it here, and set images.clip.model to local-dir:FOLDER"
        )
    if pretrained is None or not (repository or url):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(model))
        return f"set images.clip.pretrained to a weights file or to one of {tags}"
    file = f"https://huggingface.co/{repository}/resolve/main/{HUB_FILES[0]}" if repository else url
    return f"where there is a network download {file}, bring it here, and set images.clip.pretrained to its path"


def download(model: str, pretrained: str | None, cache: str | None = None) -> None:
    """Bring a model's weights to the cache. Raises ConfigError, ModelMissing."""
    _check_name(model)
    try:
        if model.startswith("hf-hub:"):
            open_clip.download_pretrained_from_hf(model.removeprefix("hf-hub:"), cache_dir=cache)
            return
        tag = open_clip.get_pretrained_cfg(model.replace("/", "-"), pretrained or "")
        if not tag:
            raise FileNotFoundError(f"no such pretrained tag: {pretrained}")
        open_clip.download_pretrained(tag, cache_dir=cache)
    except (RuntimeError, OSError, ValueError) as error:
        raise ModelMissing(_how_to_get(model, pretrained, error)) from error


def _hub(model: str, pretrained: str | None) -> tuple[str, str]:
    """(repository of the hub, address) of a model's weights, each empty where there is none."""
    if model.startswith("hf-hub:"):
        return model.removeprefix("hf-hub:"), ""
    tag = open_clip.get_pretrained_cfg(model.replace("/", "-"), pretrained or "")
    return str(tag.get("hf_hub", "")).rpartition("/")[0], str(tag.get("url", ""))


def _check_name(model: str) -> None:
    if not model.startswith(("local-dir:", "hf-hub:")) and model.replace("/", "-") not in open_clip.list_models():
        raise ConfigError(f'open_clip knows no model "{model}": see open_clip.list_models(), or give local-dir:FOLDER')


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            'clip.device is "cuda", but torch sees no GPU here: install torch for CUDA on a machine that has one, '
            'or set "auto" or "cpu"'
        )
    if name not in ("cpu", "cuda"):
        raise ConfigError(f'clip.device is "{name}": choose auto, cpu or cuda')
    return torch.device(name)


def _how_to_get(model: str, pretrained: str | None, error: Exception) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"can't load CLIP model {model} ({pretrained}): {reason}; {by_hand(model, pretrained)}"


def _frame(wanted: dict[str, Any]) -> Frame:
    size = wanted["size"]
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise ConfigError(f"models of oblong pictures ({size}) are not supported")
    fill = wanted.get("fill_color") or 0
    return Frame(sides.pop(), wanted.get("resize_mode") or "shortest", wanted.get("interpolation") or "bicubic", fill)


def _padding(model: Any) -> int | None:
    """The padding token, where a batch's columns of nothing else can be cut without changing its vectors: of towers
    that mask it, and of those that look back only. None where neither is sure."""
    if _looks_back(model):
        return 0
    tower: Any = getattr(model, "text", None)
    pooler = type(getattr(tower, "pooler", None)).__name__
    return int(tower.config.pad_token_id) if pooler in ("MeanPooler", "ClsPooler", "ClsLastHiddenStatePooler") else None


CLASSES: tuple[str, ...] = tuple(open_clip.IMAGENET_CLASSNAMES)
"""The names of ImageNet's 1,000 classes, in the order of every classifier's last layer."""


def read_weights(path: str) -> dict[str, np.ndarray]:
    """The tensors of a torch or safetensors file, in its order; nothing in it is run. Raises what torch raises."""
    return {name: np.asarray(tensor) for name, tensor in open_clip.factory.load_state_dict(path).items()}


def weight_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the weights that an open_clip model of two foreign towers has, in its order."""
    with torch.device("meta"):
        model = open_clip.CustomTextCLIP(**config)
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
