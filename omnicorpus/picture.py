"""One picture: bytes as served to pixels, and what is measured of them. Pillow enters the project here.

The size is read from the header before anything is decoded, only the formats of the web are opened, and whatever a
hostile file does ends as `NotAPicture` with a short reason.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from PIL import Image, ImageOps, UnidentifiedImageError

from omnicorpus import lanczos, png
from omnicorpus.native import compiled

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")

MAX_PIXELS = 89_478_485
"""Pillow's own limit, over which it warns of a decompression bomb: a quarter gigabyte of RGB."""

SIGNATURE_BYTES = 16


class NotAPicture(Exception):  # noqa: N818 - a verdict on a file, not a fault of ours
    """Why there is no picture: "not_an_image", "too_many_pixels", "truncated" or "undecodable"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Pixels = Image.Image
"""Pillow's picture, for those who pass one on."""


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
                stored = _quickly(image, content)
                if stored is None:
                    image.load()
                    stored = _eight_bits(image)
                # MPO is Pillow's name for a JPEG with further pictures behind it, as phones write them.
                kind = "JPEG" if image.format == "MPO" else str(image.format)
                gray = stored.convert("L")
                ImageOps.exif_transpose(stored, in_place=True)
                return Picture(_over_white(stored), gray, kind)
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


def _quickly(image: Image.Image, content: bytes) -> Image.Image | None:
    """An opened picture's pixels with its notes, where there is a faster way to them than Pillow's own."""
    found = png.pixels(content) if image.format == "PNG" else None
    if found is None:
        return None
    stored = Image.frombuffer(image.mode, image.size, found, "raw", image.mode, 0, 1)
    stored.info.update(image.info)
    return stored


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
    if not image.has_transparency_data:
        return image.convert("RGB")
    if image.mode == "P":
        return _palette_over_white(image)
    layer = fours(image if image.mode == "RGBA" else image.convert("RGBA")).to_numpy()
    return Image.fromarray(laid_over_white(layer).reshape(image.height, image.width, 3))


def fours(image: Image.Image) -> pa.Array:
    """The bytes of an RGB or RGBA picture, flat, four a pixel in both, as Pillow holds them: copied only where they lie
    in several pieces (over 16 MB), which costs as much as half a resize."""
    try:
        return pa.array(image).flatten()
    except ValueError:
        return pa.array(np.asarray(image.convert("RGBA")).ravel())


@compiled("bytes")
def laid_over_white(pixels: np.ndarray) -> np.ndarray:
    """RGBA to RGB, both flat: what Pillow's alpha_composite over white gives, at a sixth of its cost."""
    count = pixels.size // 4
    found = np.empty(3 * count, np.uint8)
    for pixel in range(count):
        alpha = int(pixels[4 * pixel + 3])
        for channel in range(3):
            value = int(pixels[4 * pixel + channel])
            if alpha != 255:
                mixed = 128 * (value * alpha + 255 * (255 - alpha)) + (128 << 7)
                value = ((mixed >> 8) + mixed) >> 15
            found[3 * pixel + channel] = value
    return found


def _palette_over_white(image: Image.Image) -> Image.Image:
    """The palette's 256 colours are laid over white, not the picture's pixels: the same at half the cost."""
    every = Image.frombytes("P", (256, 1), bytes(range(256)))
    every.putpalette(image.getpalette() or [])
    every.info = {"transparency": image.info["transparency"]} if "transparency" in image.info else {}
    if image.palette is not None and image.palette.mode == "RGBA":
        every.putpalette(image.palette.getdata()[1], "RGBA")
    colours = Image.alpha_composite(Image.new("RGBA", every.size, "white"), every.convert("RGBA")).convert("RGB")
    plain = Image.frombytes("P", image.size, image.tobytes())
    plain.putpalette(colours.tobytes())
    return plain.convert("RGB")


HASH_SIDE = 8
_SIDE = 32
"""imagehash's defaults: an 8 by 8 hash, of the lowest frequencies of a 32 by 32 reduction."""


def _cosines(size: int, low: int) -> np.ndarray:
    """The odd ones of the first `low` rows of the unnormalised type-II cosine transform of length `size` over half its
    length."""
    frequency, place = np.mgrid[1:low:2, : size // 2]
    return np.asarray(2 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * size)))


_ODD_COSINES = {size: _cosines(size, size // 4) for size in (_SIDE, _SIDE // 2, _SIDE // 4)}


def _lowest(values: np.ndarray) -> np.ndarray:
    """The lowest quarter of the type-II cosine transform along the first axis, as scipy.fftpack.dct gives it.

    Folded like a fast transform, so that what is zero by symmetry is exactly zero: the hash compares with a median that
    is zero for symmetric pictures, and rounding noise would decide its bits.
    """
    size = len(values)
    if size < _SIDE // 4:
        return np.asarray(2 * values.sum(axis=0, keepdims=True))
    front, back = values[: size // 2], values[: size // 2 - 1 : -1]
    found = np.empty((size // 4, values.shape[1]))
    found[0::2] = _lowest(front + back)
    found[1::2] = _ODD_COSINES[size] @ (front - back)
    return found


def hashes(gray: Image.Image) -> tuple[str, str]:
    """The perceptual and the difference hash, each 16 hexadecimal digits, as `imagehash.phash` and `dhash` print them.

    Bit for bit those of imagehash on Pillow 13: equal on all 1,481 pictures of the crawls at hand.
    """
    values = np.asarray(gray)
    frequencies = _lowest(_lowest(lanczos.resized(values, _SIDE, _SIDE).astype(np.float64)).T).T
    steps = lanczos.resized(values, HASH_SIDE + 1, HASH_SIDE)
    return _digits(frequencies > np.median(frequencies)), _digits(steps[:, 1:] > steps[:, :-1])


def _digits(bits: np.ndarray) -> str:
    return np.packbits(bits).tobytes().hex()


Interpolation = Literal["bicubic", "bilinear"]


@dataclass(frozen=True, slots=True)
class Frame:
    """How a model wants its pictures: `side` by `side` pixels.

    "shortest" makes the shorter side `side` and cuts the middle out; "longest" the longer one and fills up with `fill`;
    "squash" ignores the proportions. `margin` pixels are cut from every side after a squash to `side + 2 * margin`.
    """

    side: int
    resize: Literal["shortest", "longest", "squash"] = "shortest"
    interpolation: Interpolation = "bicubic"
    fill: int = 0
    margin: int = 0


Resize = Callable[[Image.Image, tuple[int, int], Interpolation], np.ndarray]
"""An RGB picture to another (width, height): uint8 of shape (height, width, 3)."""


def resized(rgb: Image.Image, size: tuple[int, int], interpolation: Interpolation) -> np.ndarray:
    """By Pillow, with antialiasing: 5 ms for half a megapixel."""
    how = Image.Resampling.BICUBIC if interpolation == "bicubic" else Image.Resampling.BILINEAR
    return np.asarray(rgb.resize(size, how))


def framed(picture: Picture, frame: Frame, resize: Resize = resized) -> np.ndarray:
    """A model's input: uint8 of shape (side, side, 3)."""
    rgb, side, how = picture.rgb, frame.side, frame.interpolation
    if frame.resize == "squash":
        wide = side + 2 * frame.margin
        return resize(rgb, (wide, wide), how)[frame.margin : frame.margin + side, frame.margin : frame.margin + side]
    if frame.resize == "shortest":
        # The sizes are cut, not rounded, and the crop is rounded half to even, as torchvision does it under open_clip.
        short, long = sorted(rgb.size)
        other = int(side * long / short)
        size = (side, other) if rgb.width <= rgb.height else (other, side)
        left, top = round((size[0] - side) / 2), round((size[1] - side) / 2)
        return resize(rgb, size, how)[top : top + side, left : left + side]
    scale = side / max(rgb.size)
    width, height = max(1, round(rgb.width * scale)), max(1, round(rgb.height * scale))
    left, top = (side - width) // 2, (side - height) // 2
    canvas = np.full((side, side, 3), frame.fill, np.uint8)
    canvas[top : top + height, left : left + width] = resize(rgb, (width, height), how)
    return canvas


def as_jpeg(pixels: np.ndarray) -> np.ndarray:
    """The pixels as they come back from a JPEG of Pillow's default quality, for models that were trained behind one."""
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG")
        return np.asarray(Image.open(file))


SHARPNESS_SIDE, BRISQUE_SIDE = 512, 1_024
"""Pixels of the longer side at which sharpness and BRISQUE are measured, so that pictures of all sizes compare and none
takes long. BRISQUE's authors trained on pictures of about 768."""


def levels(picture: Picture, most: int) -> np.ndarray:
    """The picture's gray values, 0–255, as displayed: uint8 of shape (height, width), neither over `most`: squares of
    2, 3, ... pixels are made one where they would be."""
    gray = picture.gray if picture.gray.size == picture.rgb.size else picture.rgb.convert("L")
    factor = -(-max(gray.size) // most)
    if factor > 1:
        gray = gray.reduce(factor)
    return np.asarray(gray)


SAMPLE_SIDE = 128


def sample(picture: Picture) -> np.ndarray:
    """Pixels of the picture on an even lattice, unmixed: uint8 of shape (`SAMPLE_SIDE`, `SAMPLE_SIDE`, 3)."""
    return np.asarray(picture.rgb.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.NEAREST))


LIMITED_QUALITY = 90


def limited(content: bytes, side: int) -> bytes | None:
    """A JPEG whose longer side is `side` pixels, None where the picture's is no longer. Raises NotAPicture."""
    rgb = decode(content).rgb
    return None if max(rgb.size) <= side else _jpeg(rgb, side, LIMITED_QUALITY)


THUMBNAIL_QUALITY = 80


def thumbnail(content: bytes, side: int) -> bytes:
    """A JPEG whose longer side is at most `side` pixels. Raises NotAPicture."""
    return _jpeg(decode(content).rgb, side, THUMBNAIL_QUALITY)


def _jpeg(rgb: Image.Image, side: int, quality: int) -> bytes:
    scale = min(1.0, side / max(rgb.size))
    size = (max(1, math.floor(rgb.width * scale)), max(1, math.floor(rgb.height * scale)))
    with io.BytesIO() as file:
        rgb.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=quality)
        return file.getvalue()
