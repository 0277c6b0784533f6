"""Pictures of every format and mode, whole and broken; hashes as the imagehash library gives them."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omnicorpus import picture
from omnicorpus.picture import Frame, NotAPicture, Picture


def file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    with io.BytesIO() as out:
        image.save(out, kind, **options)
        return out.getvalue()


def scene(width: int = 120, height: int = 90) -> Image.Image:
    """Something with edges, a slope and colours."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([x, y, ((x - 0.3) ** 2 + (y - 0.6) ** 2 < 0.05).astype(float)], axis=-1)
    return Image.fromarray((pixels * 255).astype(np.uint8))


def pixel(decoded: Picture, x: int, y: int) -> tuple[int, ...]:
    found = decoded.rgb.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize("kind", picture.FORMATS)
def test_every_format_is_read(kind: str) -> None:
    decoded = picture.decode(file(scene(), kind))
    assert (decoded.format, decoded.width, decoded.height, decoded.rgb.mode) == (kind, 120, 90, "RGB")
    assert picture.looks_like_one(file(scene(), kind)[: picture.SIGNATURE_BYTES])


@pytest.mark.parametrize(
    ("kind", "options", "mean"),
    [
        ("PNG", {}, 0.0),
        ("BMP", {}, 0.0),
        ("TIFF", {}, 0.0),
        ("TIFF", {"compression": "tiff_lzw"}, 0.0),
        ("WEBP", {"lossless": True}, 0.0),
        ("JPEG", {"quality": 95, "subsampling": 0}, 1.0),
        ("JPEG", {"quality": 95, "progressive": True}, 2.5),
        ("WEBP", {"quality": 95}, 2.5),
        ("AVIF", {"quality": 95}, 2.5),
        ("GIF", {}, 4.0),
    ],
)
def test_every_format_has_the_pixels_that_were_written(kind: str, options: dict[str, object], mean: float) -> None:
    """`mean`: what a lossy format may differ by, of 255; GIF has 256 colours."""
    written = np.asarray(scene()).astype(int)
    read = np.asarray(picture.decode(file(scene(), kind, **options)).rgb).astype(int)
    assert read.shape == written.shape
    assert float(np.abs(read - written).mean()) <= mean


def test_the_first_of_many_frames_is_read() -> None:
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        options = {} if kind == "TIFF" else {"duration": 50}
        content = file(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        red, green, blue = pixel(picture.decode(content), 5, 5)
        assert red > 200 and green < 50 and blue < 50


def test_a_phone_s_jpeg_of_several_pictures_is_a_jpeg() -> None:
    content = file(scene(), "MPO", save_all=True, append_images=[scene()])
    assert picture.decode(content).format == "JPEG"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (31, 0)), (3, (31, 15)), (4, (0, 15)), (5, (0, 0)), (6, (15, 0)), (7, (15, 31)), (8, (0, 31))],
)
def test_a_picture_is_turned_as_its_exif_says(kind: str, orientation: int, corner: tuple[int, int]) -> None:
    image = Image.new("RGB", (32, 16), "white")
    image.paste((0, 0, 0), (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = picture.decode(file(image, kind, exif=exif))
    assert (decoded.width, decoded.height) == ((32, 16) if orientation < 5 else (16, 32))
    assert max(pixel(decoded, *corner)) < 30
    opposite = (decoded.width - 1 - corner[0], decoded.height - 1 - corner[1])
    assert min(pixel(decoded, *opposite)) > 225


def test_a_palette_s_colours_are_its_pixels() -> None:
    image = Image.new("P", (4, 1))
    image.putpalette([10, 20, 30, 200, 100, 0, 0, 0, 255])
    for x, index in enumerate((0, 1, 2, 1)):
        image.putpixel((x, 0), index)
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        decoded = picture.decode(file(image, kind))
        expected = [(10, 20, 30), (200, 100, 0), (0, 0, 255), (200, 100, 0)]
        assert [pixel(decoded, x, 0) for x in range(4)] == expected


@pytest.mark.parametrize(("kind", "options"), [("WEBP", {"lossless": True}), ("TIFF", {}), ("AVIF", {"quality": 100})])
def test_alpha_lies_over_white_in_every_format_that_has_it(kind: str, options: dict[str, object]) -> None:
    image = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 8, 16))
    decoded = picture.decode(file(image, kind, **options))
    blue, white = pixel(decoded, 3, 8), pixel(decoded, 12, 8)
    assert max(abs(a - b) for a, b in zip(blue, (0, 0, 255), strict=True)) <= 8
    assert min(white) >= 250


def test_transparent_parts_are_white() -> None:
    image = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    image.putpixel((0, 0), (0, 0, 255, 255))
    image.putpixel((1, 0), (0, 0, 0, 128))
    decoded = picture.decode(file(image))
    assert [pixel(decoded, x, 0) for x in range(3)] == [(0, 0, 255), (127, 127, 127), (255, 255, 255)]


def test_every_shade_of_every_transparency_lies_over_white_as_pillow_lays_it() -> None:
    value, alpha = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    layer = Image.fromarray(np.stack([value, value, value, alpha], axis=-1))
    expected = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    assert np.array_equal(np.asarray(picture.decode(file(layer)).rgb), np.asarray(expected))
    few = np.asarray(layer)[::17, ::5].ravel()
    assert np.array_equal(picture.laid_over_white.py_func(few), picture.laid_over_white(few))  # type: ignore[attr-defined]


def test_bytes_of_four_are_the_picture_s_whatever_its_size() -> None:
    for size in ((7, 5), (2_500, 2_000)):
        rgb = scene(*size)
        assert np.array_equal(picture.fours(rgb).to_numpy().reshape(size[1], size[0], 4)[..., :3], np.asarray(rgb))


def test_a_palette_s_transparent_colour_is_white() -> None:
    image = Image.new("P", (10, 10), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((0, 0), 1)
    for kind in ("PNG", "GIF"):
        decoded = picture.decode(file(image, kind, transparency=0))
        assert [pixel(decoded, x, 0) for x in range(2)] == [(0, 255, 0), (255, 255, 255)]


def test_gray_with_alpha_lies_over_white() -> None:
    decoded = picture.decode(file(Image.new("LA", (4, 4), (0, 0))))
    assert pixel(decoded, 0, 0) == (255, 255, 255)


def test_printers_colours_are_screen_colours() -> None:
    decoded = picture.decode(file(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "JPEG"))
    red, green, blue = pixel(decoded, 5, 5)
    assert red > 240 and green < 15 and blue < 15


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}])
def test_printers_colours_of_a_tiff_are_screen_colours(options: dict[str, object]) -> None:
    decoded = picture.decode(file(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "TIFF", **options))
    assert pixel(decoded, 5, 5) == (255, 0, 0)


@pytest.mark.parametrize(
    ("colour", "channels", "expected"),
    [(2, (0x8000, 0xFFFF, 0x00FF), (128, 255, 0)), (6, (0x8000, 0xFFFF, 0x00FF, 0xFFFF), (128, 255, 0)),
     (6, (0x8000, 0xFFFF, 0x00FF, 0), (255, 255, 255)), (4, (0x4000, 0xFFFF), (64, 64, 64)),
     (4, (0x4000, 0), (255, 255, 255))],
)  # fmt: skip
def test_sixteen_bits_of_colours_and_alpha_are_scaled(
    colour: int, channels: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    row = b"\0" + struct.pack(f">{len(channels)}H", *channels) * 3
    header = struct.pack(">IIBBBBB", 3, 2, 16, colour, 0, 0, 0)
    body = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(row * 2)), chunk(b"IEND", b"")]
    decoded = picture.decode(b"\x89PNG\r\n\x1a\n" + b"".join(body))
    assert (decoded.width, decoded.height, pixel(decoded, 1, 1)) == (3, 2, expected)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_cut(kind: str) -> None:
    values = np.linspace(0, 65_535, 256, dtype=np.uint16)[None, :].repeat(8, axis=0)
    decoded = picture.decode(file(Image.fromarray(values), kind))
    assert [pixel(decoded, x, 0)[0] for x in (0, 128, 255)] == [0, 128, 255]


def test_floating_point_is_scaled() -> None:
    values = np.linspace(0, 1, 256, dtype=np.float32)[None, :].repeat(8, axis=0)
    decoded = picture.decode(file(Image.fromarray(values), "TIFF"))
    assert [pixel(decoded, x, 0)[0] for x in (0, 128, 255)] == [0, 128, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new(mode, (9, 9), 1)
    assert picture.decode(file(image)).rgb.mode == "RGB"


def reason(content: bytes, **limits: int) -> str:
    with pytest.raises(NotAPicture) as caught:
        picture.decode(content, **limits)
    return caught.value.reason


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "not_an_image"),
        (b"<html></html>", "not_an_image"),
        (b"\x89PNG\r\n\x1a\n", "not_an_image"),
        (b"%PDF-1.4", "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not_an_image"),
        (bomb(60_000, 60_000), "too_many_pixels"),
        (bomb(10_000, 10_000), "too_many_pixels"),
        (bomb(500, 500), "truncated"),
        (file(scene(), "JPEG")[:1500], "truncated"),
        (file(scene(), "GIF")[:800], "truncated"),
        (file(scene(), "WEBP")[:300], "undecodable"),
    ],
)
def test_what_is_no_picture_says_why(content: bytes, expected: str) -> None:
    assert reason(content) == expected


def test_the_limit_of_pixels_holds_before_decoding() -> None:
    assert reason(file(scene(120, 90)), max_pixels=120 * 90 - 1) == "too_many_pixels"
    assert picture.decode(file(scene(120, 90)), max_pixels=120 * 90).width == 120


@pytest.mark.parametrize("kind", picture.FORMATS)
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files_are_pictures_or_no_pictures(kind: str, data: st.DataObject) -> None:
    content = bytearray(file(scene(40, 30), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            decoded = picture.decode(cut)
        except NotAPicture:
            return
    assert [len(digits) for digits in picture.hashes(decoded.gray)] == [16, 16]


def test_our_warnings_filter_is_left_as_it_was() -> None:
    before = list(warnings.filters)
    picture.decode(file(scene()))
    assert warnings.filters == before


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
@pytest.mark.parametrize("seed", range(12))
def test_hashes_are_those_of_imagehash(mode: str, seed: int) -> None:
    # Not for any picture: where a frequency is zero but for rounding, and not by symmetry, its bit is chance in both.
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    width, height = (int(side) for side in generator.integers(20, 400, 2))
    how = Image.Resampling.BICUBIC if seed % 2 else Image.Resampling.NEAREST
    content = file(Image.fromarray(small).resize((width, height), how).convert(mode))
    gray = picture.decode(content).gray
    with Image.open(io.BytesIO(content)) as image:
        assert picture.hashes(gray) == (str(imagehash.phash(image)), str(imagehash.dhash(image)))


@pytest.mark.parametrize("colour", ["white", "black", "red"])
def test_hashes_of_one_colour_are_those_of_imagehash(colour: str) -> None:
    image = Image.new("RGB", (70, 50), colour)
    gray = picture.decode(file(image)).gray
    assert picture.hashes(gray) == (str(imagehash.phash(image)), str(imagehash.dhash(image)))


@pytest.mark.shared
@pytest.mark.slow
def test_hashes_of_real_pictures_are_those_of_imagehash(shared: Path) -> None:
    for path in sorted((shared / "captions").glob("*.png")):
        gray = picture.decode(path.read_bytes()).gray
        with Image.open(path) as image, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert picture.hashes(gray) == (str(imagehash.phash(image)), str(imagehash.dhash(image))), path.name


@pytest.mark.parametrize(
    ("frame", "left", "right"),
    [
        (Frame(50, "shortest"), (0, 255, 0), (0, 255, 0)),
        (Frame(50, "squash"), (255, 0, 0), (0, 0, 255)),
        (Frame(50, "longest"), (255, 0, 0), (0, 0, 255)),
        (Frame(50, "squash", margin=100), (0, 255, 0), (0, 255, 0)),
    ],
)
def test_frames(frame: Frame, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    wide = Image.new("RGB", (300, 100), (0, 255, 0))
    wide.paste((255, 0, 0), (0, 0, 100, 100))
    wide.paste((0, 0, 255), (200, 0, 300, 100))
    pixels = picture.framed(picture.decode(file(wide)), frame)
    assert (pixels.shape, pixels.dtype) == ((50, 50, 3), np.uint8)
    assert tuple(pixels[25, 2]) == left
    assert tuple(pixels[25, 47]) == right


def test_a_frame_that_is_not_filled_is_filled_up() -> None:
    pixels = picture.framed(picture.decode(file(Image.new("RGB", (300, 100), "white"))), Frame(30, "longest", fill=7))
    assert [int(pixels[y, 15, 0]) for y in (0, 9, 10, 19, 20, 29)] == [7, 7, 255, 255, 7, 7]


@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from(["shortest", "longest", "squash"]))
@settings(max_examples=60)
def test_every_picture_fits_every_frame(width: int, height: int, resize: str) -> None:
    image = Image.new("RGB", (width, height))
    pixels = picture.framed(Picture(image, image.convert("L"), "PNG"), Frame(32, resize))  # type: ignore[arg-type]
    assert pixels.shape == (32, 32, 3)


def test_thumbnails_keep_their_proportions_and_never_grow() -> None:
    with Image.open(io.BytesIO(picture.thumbnail(file(scene(400, 100)), 80))) as small:
        assert (small.format, small.size) == ("JPEG", (80, 20))
    with Image.open(io.BytesIO(picture.thumbnail(file(scene(40, 10)), 80))) as same:
        assert same.size == (40, 10)
