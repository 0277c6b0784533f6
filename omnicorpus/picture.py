"""One picture: bytes as served to pixels, and what is measured of them. Pillow enters the project here.

The size is read from the header before anything is decoded, only the formats of the web are opened, and whatever a
hostile file does ends as `NotAPicture` with a short reason.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")

MAX_PIXELS = 89_478_485
"""Pillow's own limit, over which it warns of a decompression bomb: a quarter gigabyte of RGB."""

SIGNATURE_BYTES = 16


class NotAPicture(Exception):  # noqa: N818 - a verdict on a file, not a fault of ours
    """Why there is no picture: "not_an_image", "too_many_pixels", "truncated" or "undecodable"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture. `rgb` is as displayed: first frame, orientation applied, transparent parts over white.

    `gray` is what the hashes are of: the picture as stored, before orientation and without transparency, as `imagehash`
    sees it.
    """

    rgb: Image.Image
    gray: Image.Image
    format: str

    @property
    def width(self) -> int:
        return self.rgb.width

    @property
    def height(self) -> int:
        return self.rgb.height


def looks_like_one(start: bytes) -> bool:
    """Whether the first bytes of a body (`SIGNATURE_BYTES` of them) are those of a format that is read."""
    return start.startswith(
        (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
    ) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP") or (start[4:8] == b"ftyp")  # fmt: skip


def decode(content: bytes, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode a file. Raises NotAPicture. Costs about 8 ms for a JPEG of 0.5 megapixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                if image.width * image.height > max_pixels:
                    raise NotAPicture("too_many_pixels")
                image.load()
                # MPO is Pillow's name for a JPEG with further pictures behind it, as phones write them.
                kind = "JPEG" if image.format == "MPO" else str(image.format)
                stored = _eight_bits(image)
                gray = stored.convert("L")
                return Picture(_over_white(ImageOps.exif_transpose(stored)), gray, kind)
        except NotAPicture:
            raise
        except UnidentifiedImageError as error:
            raise NotAPicture("not_an_image") from error
        except Image.DecompressionBombError as error:
            raise NotAPicture("too_many_pixels") from error
        except OSError as error:
            raise NotAPicture("truncated" if "truncated" in str(error) else "undecodable") from error
        except (
            Exception
        ) as error:  # decoders meet hostile bytes here, and raise ValueError, IndexError, struct.error, ...
            raise NotAPicture("undecodable") from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 8 bits a channel. Pillow's own conversion would cut 16 bits at 255 instead of scaling them."""
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.uint16) >> 8
    elif image.mode == "I":
        numbers = np.asarray(image).astype(np.int64)
        values = np.clip(numbers >> 8 if numbers.max(initial=0) > 255 else numbers, 0, 255)
    elif image.mode == "F":
        floats = np.nan_to_num(np.asarray(image), nan=0.0, posinf=0.0, neginf=0.0)
        values = np.clip(floats * 255 if floats.max(initial=0.0) <= 1 else floats, 0, 255)
    else:
        return image
    gray = Image.fromarray(values.astype(np.uint8))
    gray.info.update({key: image.info[key] for key in ("exif", "XML:com.adobe.xmp") if key in image.info})
    return gray


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image.copy() if image.readonly else image
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


HASH_SIDE = 8
_SAMPLE = 32
"""imagehash's defaults: an 8 by 8 hash, of the lowest frequencies of a 32 by 32 reduction."""


def _cosines(size: int, low: int) -> np.ndarray:
    """The odd ones of the first `low` rows of the unnormalised type-II cosine transform of length `size` over half its
    length."""
    frequency, place = np.mgrid[1:low:2, : size // 2]
    return np.asarray(2 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * size)))


_ODD_COSINES = {size: _cosines(size, size // 4) for size in (_SAMPLE, _SAMPLE // 2, _SAMPLE // 4)}


def _lowest(values: np.ndarray) -> np.ndarray:
    """The lowest quarter of the type-II cosine transform along the first axis, as scipy.fftpack.dct gives it.

    Folded like a fast transform, so that what is zero by symmetry is exactly zero: the hash compares with a median that
    is zero for symmetric pictures, and rounding noise would decide its bits.
    """
    size = len(values)
    if size < _SAMPLE // 4:
        return np.asarray(2 * values.sum(axis=0, keepdims=True))
    front, back = values[: size // 2], values[: size // 2 - 1 : -1]
    found = np.empty((size // 4, values.shape[1]))
    found[0::2] = _lowest(front + back)
    found[1::2] = _ODD_COSINES[size] @ (front - back)
    return found


def p_hash(gray: Image.Image) -> str:
    """The perceptual hash, 16 hexadecimal digits, as `imagehash.phash` prints it."""
    sample = np.asarray(gray.resize((_SAMPLE, _SAMPLE), Image.Resampling.LANCZOS), dtype=np.float64)
    frequencies = _lowest(_lowest(sample).T).T
    return _digits(frequencies > np.median(frequencies))


def d_hash(gray: Image.Image) -> str:
    """The difference hash, 16 hexadecimal digits, as `imagehash.dhash` prints it."""
    sample = np.asarray(gray.resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.LANCZOS))
    return _digits(sample[:, 1:] > sample[:, :-1])


def _digits(bits: np.ndarray) -> str:
    return np.packbits(bits).tobytes().hex()


@dataclass(frozen=True, slots=True)
class Frame:
    """How a model wants its pictures: `side` by `side` pixels.

    "shortest" makes the shorter side `side` and cuts the middle out; "longest" the longer one and fills up with `fill`;
    "squash" ignores the proportions. `margin` pixels are cut from every side after a squash to `side + 2 * margin`.
    """

    side: int
    resize: Literal["shortest", "longest", "squash"] = "shortest"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    fill: int = 0
    margin: int = 0


_INTERPOLATIONS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def framed(picture: Picture, frame: Frame) -> np.ndarray:
    """A model's input: uint8 of shape (side, side, 3)."""
    rgb, side, how = picture.rgb, frame.side, _INTERPOLATIONS[frame.interpolation]
    if frame.resize == "squash":
        wide = side + 2 * frame.margin
        image = rgb.resize((wide, wide), how)
        return np.asarray(image)[frame.margin : frame.margin + side, frame.margin : frame.margin + side]
    if frame.resize == "shortest":
        # The sizes are cut, not rounded, and the crop is rounded half to even, as torchvision does it under open_clip.
        short, long = sorted(rgb.size)
        other = int(side * long / short)
        size = (side, other) if rgb.width <= rgb.height else (other, side)
        image = rgb.resize(size, how)
        left, top = round((size[0] - side) / 2), round((size[1] - side) / 2)
        return np.asarray(image.crop((left, top, left + side, top + side)))
    scale = side / max(rgb.size)
    size = (max(1, round(rgb.width * scale)), max(1, round(rgb.height * scale)))
    canvas = Image.new("RGB", (side, side), (frame.fill,) * 3)
    canvas.paste(rgb.resize(size, how), ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(canvas)


def as_jpeg(pixels: np.ndarray) -> np.ndarray:
    """The pixels as they come back from a JPEG of Pillow's default quality, for models that were trained behind one."""
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG")
        return np.asarray(Image.open(file))


THUMBNAIL_QUALITY = 80


def thumbnail(content: bytes, side: int) -> bytes:
    """A JPEG whose longer side is at most `side` pixels. Raises NotAPicture."""
    rgb = decode(content).rgb
    scale = min(1.0, side / max(rgb.size))
    size = (max(1, math.floor(rgb.width * scale)), max(1, math.floor(rgb.height * scale)))
    with io.BytesIO() as file:
        rgb.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=THUMBNAIL_QUALITY)
        return file.getvalue()
