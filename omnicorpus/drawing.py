"""Pictures drawn from a seed, for the miniature web: the same seed gives the same pixels.

Each scene is a few shapes over a sky or a table, shaded and grained so that JPEG, perceptual hashes and an image
model meet something like a photograph. Two seeds differ in composition and palette, and so in pHash and dHash.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Scene = Callable[[Image.Image, random.Random], None]
Format = Literal["JPEG", "PNG", "WEBP", "GIF"]

_FINE = ("chart", "map", "ribbon")
"""Scenes of sharp lines, as a computer draws them."""

_SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((96, 150, 205), (222, 234, 240)),
    ((58, 92, 150), (246, 190, 140)),
    ((140, 168, 186), (225, 225, 220)),
    ((28, 38, 78), (196, 120, 128)),
    ((160, 196, 222), (250, 240, 214)),
)
_TABLES: tuple[tuple[Colour, Colour], ...] = (
    ((196, 180, 160), (126, 92, 62)),
    ((70, 74, 82), (150, 120, 96)),
    ((232, 226, 214), (188, 170, 148)),
    ((120, 140, 130), (74, 60, 52)),
)


def draw(scene: str, seed: str, width: int, height: int) -> Image.Image:
    """An RGB picture of `width` x `height` pixels of one of `SCENES`. Raises KeyError for an unknown scene."""
    rng = random.Random(f"{scene} {seed}")
    paint, fine = SCENES[scene], scene in _FINE or width < 600
    image = Image.new("RGB", (width, height) if fine else (width // 2, height // 2))
    paint(image, rng)
    if fine:
        return image
    # Painted small and enlarged: softer, as a lens is, and a quarter of the work.
    soft = image.resize((width, height), Image.Resampling.BILINEAR)
    noise = np.random.default_rng(rng.getrandbits(32)).integers(0, 7, (height, width), dtype=np.uint8)
    grain = Image.fromarray(noise)
    return ImageChops.add(soft, Image.merge("RGB", (grain, grain, grain)), offset=-3)


def reduce(image: Image.Image, width: int) -> Image.Image:
    """The picture at another width, its shape kept."""
    return image.resize((width, max(1, round(image.height * width / image.width))))


def encode(image: Image.Image, format: Format, quality: int = 78) -> bytes:
    """The bytes of `image` as a file. `quality` is 1-100 and counts for JPEG and WebP only."""
    buffer = io.BytesIO()
    if format in ("JPEG", "WEBP"):
        image.save(buffer, format, quality=quality)
    else:
        image.save(buffer, format)
    return buffer.getvalue()


def encode_unusual(image: Image.Image, effect: str, format: Format) -> bytes:
    """The bytes of `image` as cameras, printers and careless servers make them.

    `effect` is "rotated" (turned, with an EXIF orientation that turns it back), "cmyk", "palette" (64 colours), "alpha"
    (it fades away), "animated" (three frames, GIF), "mislabelled" (PNG, whatever `format` is); any other, as `encode`.
    """
    buffer = io.BytesIO()
    match effect:
        case "rotated":
            exif = Image.Exif()
            exif[0x0112] = 6
            image.transpose(Image.Transpose.ROTATE_90).save(buffer, format, exif=exif)
        case "animated":
            frames = [image.rotate(angle).quantize(64) for angle in (3, 6)]
            image.quantize(64).save(buffer, "GIF", save_all=True, append_images=frames, duration=400, loop=0)
        case "alpha":
            faded = image.copy()
            faded.putalpha(Image.linear_gradient("L").resize(image.size))
            faded.save(buffer, format)
        case "cmyk":
            return encode(image.convert("CMYK"), format)
        case "palette":
            return encode(image.quantize(64), format)
        case "mislabelled":
            return encode(image, "PNG")
        case _:
            return encode(image, format)
    return buffer.getvalue()


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _gradient(size: tuple[int, int], start: Colour, end: Colour, *, across: bool = False) -> Image.Image:
    """A smooth change from `start` (top, or left when `across`) to `end`."""
    width, height = size
    ramp: NDArray[np.float64] = np.linspace(0, 1, width if across else height)
    line = np.array(start) + ramp[:, None] * (np.array(end) - np.array(start))
    pixels = np.broadcast_to(line[None, :] if across else line[:, None], (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def _backdrop(image: Image.Image, colours: tuple[Colour, Colour]) -> None:
    image.paste(_gradient(image.size, *colours), (0, 0))


def _solid(
    image: Image.Image, shape: Callable[[ImageDraw.ImageDraw], None], colour: Colour, light: float = 0.45
) -> None:
    """Fill what `shape` draws on a mask with `colour`, lit from the left by `light` (0-1)."""
    mask = Image.new("L", image.size, 0)
    shape(ImageDraw.Draw(mask))
    box = mask.getbbox()
    if box is None:
        return
    bright, dark = _mix(colour, (255, 255, 255), light), _mix(colour, (0, 0, 0), light + 0.1)
    body = _gradient((box[2] - box[0], box[3] - box[1]), bright, dark, across=True)
    image.paste(body, box[:2], mask.crop(box))


def _ellipse(image: Image.Image, x: float, y: float, rx: float, ry: float, colour: Colour, light: float = 0.45) -> None:
    _solid(image, lambda mask: mask.ellipse((x - rx, y - ry, x + rx, y + ry), fill=255), colour, light)


def _polygon(image: Image.Image, points: list[tuple[float, float]], colour: Colour, light: float = 0.3) -> None:
    _solid(image, lambda mask: mask.polygon(points, fill=255), colour, light)


def _shadow(image: Image.Image, x: float, y: float, rx: float, ry: float) -> None:
    small = Image.new("L", (max(1, image.width // 8), max(1, image.height // 8)), 0)
    ImageDraw.Draw(small).ellipse([edge / 8 for edge in (x - rx, y - ry, x + rx, y + ry)], fill=110)
    mask = small.filter(ImageFilter.GaussianBlur(max(1.0, rx / 72))).resize(image.size, Image.Resampling.BILINEAR)
    image.paste((20, 16, 18), (0, 0), mask)


def _ridge(width: int, rng: random.Random, level: float, height: float, sharp: float) -> list[tuple[float, float]]:
    """A skyline from left to right about `level`, `height` high: a few waves of falling length."""
    waves = [(rng.uniform(0.7, 1.6) * 2.1**k, rng.uniform(0, math.tau), sharp**k) for k in range(6)]
    step = max(1, width // 160)
    line = []
    for x in range(0, width + step, step):
        lift = sum(weight * abs(math.sin(rate * math.pi * x / width + phase)) for rate, phase, weight in waves)
        line.append((float(x), level - height * lift / 2))
    return line


def _ground(image: Image.Image, line: list[tuple[float, float]], colour: Colour, light: float = 0.12) -> None:
    _polygon(image, [*line, (float(image.width), float(image.height)), (0.0, float(image.height))], colour, light)


def mountain(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    sky = rng.choice(_SKIES)
    _backdrop(image, sky)
    hue = rng.choice([(70, 92, 120), (92, 78, 92), (64, 98, 84), (120, 104, 84)])
    levels = rng.randint(3, 5)
    for k in range(levels):
        share = k / levels
        line = _ridge(w, rng, h * (0.62 + 0.3 * share), h * rng.uniform(0.2, 0.42) * (1 - 0.5 * share), 0.52)
        _ground(image, line, _mix(_mix(sky[1], hue, 0.45), hue, share))
    if rng.random() < 0.6:
        _ellipse(image, w * rng.uniform(0.15, 0.85), h * 0.16, h * 0.055, h * 0.055, (250, 236, 200), 0.2)


def sea(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    sky = rng.choice(_SKIES)
    _backdrop(image, sky)
    horizon = round(h * rng.uniform(0.38, 0.6))
    water = _mix(sky[0], (24, 70, 92), rng.uniform(0.4, 0.8))
    image.paste(_gradient((w, h - horizon), _mix(water, sky[1], 0.5), water), (0, horizon))
    pen = ImageDraw.Draw(image)
    for _ in range(150):
        y = horizon + (h - horizon) * rng.random() ** 1.6
        long = w * rng.uniform(0.01, 0.09) * (0.3 + (y - horizon) / h)
        x = rng.uniform(0, w)
        pen.line((x, y, x + long, y), fill=_mix(water, (255, 255, 255), rng.uniform(0.15, 0.5)), width=max(1, h // 260))
    for _ in range(rng.randint(1, 3)):
        x, size = w * rng.uniform(0.1, 0.85), h * rng.uniform(0.06, 0.16)
        y = horizon + h * rng.uniform(0.02, 0.2)
        _polygon(
            image,
            [(x, y), (x + size * 1.6, y), (x + size * 1.3, y + size * 0.35), (x + size * 0.3, y + size * 0.35)],
            (92, 52, 40),
        )
        sail = rng.choice([(240, 236, 224), (190, 70, 54), (232, 196, 110)])
        _polygon(image, [(x + size * 0.8, y - size * 1.5), (x + size * 0.8, y - 3), (x + size * 1.5, y - 3)], sail)


def lighthouse(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    sea(image, rng)
    x, foot, top = w * rng.uniform(0.25, 0.75), h * rng.uniform(0.7, 0.82), h * rng.uniform(0.14, 0.26)
    side = rng.choice([0.0, float(w)])
    _polygon(image, [(side, h), (side, foot - h * 0.1), (x, foot - h * 0.04), (x + (x - side) * 0.35, h)], (72, 66, 58))
    wide = h * rng.uniform(0.05, 0.075)
    bands, stripe = rng.randint(3, 7), rng.choice([(186, 40, 40), (30, 60, 110), (40, 40, 44)])
    for k in range(bands):
        a, b = k / bands, (k + 1) / bands
        ya, yb = foot + (top - foot) * a, foot + (top - foot) * b
        wa, wb = wide * (1 - 0.4 * a), wide * (1 - 0.4 * b)
        _polygon(image, [(x - wa, ya), (x + wa, ya), (x + wb, yb), (x - wb, yb)], stripe if k % 2 else (240, 238, 232))
    _polygon(
        image,
        [(x - wide * 0.5, top), (x + wide * 0.5, top), (x + wide * 0.4, top - wide), (x - wide * 0.4, top - wide)],
        (250, 226, 140),
    )
    _polygon(image, [(x - wide * 0.6, top - wide), (x + wide * 0.6, top - wide), (x, top - wide * 1.8)], (60, 40, 40))


def bread(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, rng.choice(_TABLES))
    for k in range(rng.randint(1, 3)):
        x, y = w * (rng.uniform(0.3, 0.55) + 0.14 * k), h * rng.uniform(0.48, 0.66)
        rx, ry = w * rng.uniform(0.16, 0.3), h * rng.uniform(0.14, 0.26)
        _shadow(image, x + rx * 0.1, y + ry * 0.75, rx * 1.1, ry * 0.5)
        crust = rng.choice([(176, 112, 52), (140, 82, 40), (200, 148, 84), (120, 76, 48)])
        _ellipse(image, x, y, rx, ry, crust)
        pen = ImageDraw.Draw(image)
        lean = rx * rng.uniform(0.05, 0.25)
        for cut in range(rng.randint(3, 6)):
            cx = x - rx * 0.6 + rx * 1.2 * cut / 5
            pen.line(
                (cx - lean, y - ry * 0.6, cx + lean, y + ry * 0.35),
                fill=_mix(crust, (248, 224, 180), 0.7),
                width=max(2, w // 90),
            )


def pot(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, rng.choice(_TABLES))
    count = rng.randint(1, 4)
    for k in range(count):
        x, foot = w * (k + 0.5 + rng.uniform(-0.15, 0.15)) / count, h * rng.uniform(0.74, 0.9)
        tall, wide = h * rng.uniform(0.3, 0.6), w * rng.uniform(0.09, 0.2) / max(1, count / 2)
        glaze = rng.choice([(60, 98, 120), (150, 84, 56), (200, 190, 166), (70, 110, 84), (52, 50, 60), (170, 130, 60)])
        belly, neck = rng.uniform(0.3, 0.6), rng.uniform(0.35, 0.8)
        profile = []
        for step in range(25):
            t = step / 24
            swell = 0.55 + 0.45 * math.exp(-((t - belly) ** 2) / 0.06)
            profile.append(
                (wide * (swell if t < 0.75 else swell * (1 - (1 - neck) * (t - 0.75) / 0.25)), foot - tall * t)
            )
        _shadow(image, x + wide * 0.4, foot, wide * 1.4, h * 0.03)
        _polygon(image, [(x - r, y) for r, y in profile] + [(x + r, y) for r, y in reversed(profile)], glaze, 0.4)
        rim = profile[-1]
        _ellipse(image, x, rim[1], rim[0], rim[0] * 0.22, _mix(glaze, (0, 0, 0), 0.5), 0.1)


def cup(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, rng.choice(_TABLES))
    for k in range(rng.randint(1, 3)):
        x, y = w * (rng.uniform(0.25, 0.45) + 0.22 * k), h * rng.uniform(0.4, 0.55)
        r, tall = h * rng.uniform(0.13, 0.22), h * rng.uniform(0.16, 0.3)
        china = rng.choice([(236, 232, 224), (110, 150, 140), (80, 90, 130), (190, 110, 90)])
        _shadow(image, x, y + tall * 1.05, r * 1.9, r * 0.5)
        _ellipse(image, x, y + tall, r * 1.7, r * 0.45, _mix(china, (120, 110, 100), 0.2))
        pen = ImageDraw.Draw(image)
        pen.arc(
            (x + r * 0.6, y + tall * 0.1, x + r * 1.6, y + tall * 0.8),
            250,
            110,
            fill=_mix(china, (0, 0, 0), 0.2),
            width=max(3, w // 80),
        )
        _polygon(image, [(x - r, y), (x + r, y), (x + r * 0.6, y + tall), (x - r * 0.6, y + tall)], china)
        _ellipse(image, x, y, r, r * 0.3, _mix(china, (255, 255, 255), 0.3), 0.1)
        _ellipse(
            image, x, y + r * 0.04, r * 0.88, r * 0.24, rng.choice([(120, 70, 30), (150, 160, 70), (60, 34, 20)]), 0.2
        )


def bicycle(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    sky = rng.choice(_SKIES)
    _backdrop(image, sky)
    road = h * rng.uniform(0.68, 0.8)
    _ground(image, _ridge(w, rng, road - h * 0.06, h * 0.12, 0.4), (84, 112, 72))
    _ground(image, [(0.0, road), (float(w), road)], (110, 108, 106))
    pen = ImageDraw.Draw(image)
    r = h * rng.uniform(0.13, 0.2)
    x, y = w * rng.uniform(0.2, 0.45), road + h * 0.08 - r
    gap, line = r * rng.uniform(2.3, 2.8), max(2, h // 110)
    frame = rng.choice([(180, 30, 40), (20, 90, 130), (30, 30, 34), (220, 160, 30), (40, 120, 70)])
    for centre in (x, x + gap):
        for k in range(12):
            angle = k * math.pi / 6 + r
            pen.line((centre, y, centre + r * math.cos(angle), y + r * math.sin(angle)), fill=(150, 150, 154), width=1)
        pen.ellipse((centre - r, y - r, centre + r, y + r), outline=(28, 28, 30), width=line * 2)
    crank, seat, head = (x + gap * 0.45, y), (x + gap * 0.33, y - r * 1.2), (x + gap * 0.85, y - r * 1.15)
    for a, b in (((x, y), crank), ((x, y), seat), (seat, crank), (seat, head), (head, crank), (head, (x + gap, y))):
        pen.line((*a, *b), fill=frame, width=line * 2)
    pen.line(
        (seat[0] - r * 0.3, seat[1] - r * 0.15, seat[0] + r * 0.3, seat[1] - r * 0.15),
        fill=(30, 24, 20),
        width=line * 3,
    )
    pen.line(
        (head[0] - r * 0.1, head[1] - r * 0.3, head[0] + r * 0.35, head[1] - r * 0.3), fill=(30, 24, 20), width=line * 2
    )


def flower(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, (_mix((60, 100, 60), (200, 220, 160), rng.random()), (40, 76, 44)))
    for _ in range(26):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), h * rng.uniform(0.03, 0.1)
        _ellipse(image, x, y, r, r, _mix((60, 110, 60), (150, 180, 90), rng.random()), 0.15)
    image.paste(image.filter(ImageFilter.BoxBlur(h / 60)), (0, 0))
    for _ in range(rng.randint(2, 7)):
        x, y, r = w * rng.uniform(0.12, 0.88), h * rng.uniform(0.15, 0.85), h * rng.uniform(0.08, 0.2)
        petal = rng.choice([(220, 70, 110), (240, 200, 60), (150, 90, 190), (244, 240, 236), (230, 110, 50)])
        petals = rng.randint(5, 11)
        for k in range(petals):
            angle = k * math.tau / petals + r
            _ellipse(
                image, x + r * 0.62 * math.cos(angle), y + r * 0.62 * math.sin(angle), r * 0.38, r * 0.34, petal, 0.25
            )
        _ellipse(image, x, y, r * 0.32, r * 0.32, (150, 100, 30))


def honeycomb(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, ((250, 206, 100), (140, 84, 20)))
    pen = ImageDraw.Draw(image)
    r = h / rng.uniform(7, 13)
    for row in range(-1, int(h / (r * 1.5)) + 2):
        for column in range(-1, int(w / (r * 1.75)) + 2):
            x, y = column * r * 1.732 + (row % 2) * r * 0.866, row * r * 1.5
            fill = _mix((244, 176, 44), (120, 66, 14), rng.random() ** 2)
            corners = [
                (x + r * 0.93 * math.cos(a), y + r * 0.93 * math.sin(a))
                for a in (math.pi / 6 + k * math.pi / 3 for k in range(6))
            ]
            pen.polygon(corners, fill=fill, outline=(90, 52, 12))
    for _ in range(rng.randint(2, 9)):
        x, y, r2 = w * rng.random(), h * rng.random(), h * rng.uniform(0.04, 0.07)
        _ellipse(image, x - r2, y - r2 * 0.8, r2 * 1.1, r2 * 0.5, (220, 226, 232), 0.2)
        for k in range(4):
            _ellipse(image, x + r2 * 0.55 * k, y, r2 * 0.6, r2 * 0.62, (60, 40, 16) if k % 2 else (214, 150, 30), 0.3)


def street(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, rng.choice(_SKIES))
    pen = ImageDraw.Draw(image)
    ground = h * rng.uniform(0.76, 0.88)
    x = -w * 0.05
    while x < w:
        wide, top = w * rng.uniform(0.1, 0.24), h * rng.uniform(0.15, 0.5)
        wall = rng.choice([(196, 150, 110), (170, 90, 76), (214, 204, 180), (120, 132, 146), (226, 190, 120)])
        _polygon(image, [(x, top), (x + wide, top), (x + wide, ground), (x, ground)], wall, 0.18)
        if rng.random() < 0.7:
            _polygon(
                image,
                [(x - w * 0.01, top), (x + wide / 2, top - h * 0.12), (x + wide + w * 0.01, top)],
                (110, 54, 44),
                0.2,
            )
        columns, rows = rng.randint(2, 4), rng.randint(2, 6)
        for row in range(rows):
            for column in range(columns):
                left, upper = x + wide * (column + 0.3) / columns, top + (ground - top) * (row + 0.25) / rows
                glass = rng.choice([(60, 76, 92), (250, 220, 140), (150, 176, 196)])
                pen.rectangle(
                    (left, upper, left + wide * 0.4 / columns, upper + (ground - top) * 0.5 / rows), fill=glass
                )
        x += wide
    _ground(image, [(0.0, ground), (float(w), ground)], (104, 100, 98))


def bridge(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    sea(image, rng)
    deck, arches = h * rng.uniform(0.4, 0.55), rng.randint(2, 6)
    stone = rng.choice([(150, 136, 120), (120, 96, 84), (90, 100, 112)])
    mask = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle((0, deck, w, h * 0.8), fill=255)
    span = w / arches
    for k in range(arches):
        drop = h * 0.06
        pen.ellipse((k * span + span * 0.1, deck + drop, (k + 1) * span - span * 0.1, h * 1.1), fill=0)
    image.paste(_gradient(image.size, _mix(stone, (255, 255, 255), 0.3), _mix(stone, (0, 0, 0), 0.4)), (0, 0), mask)


def tree(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, rng.choice(_SKIES))
    _ground(
        image, _ridge(w, rng, h * 0.82, h * 0.1, 0.4), rng.choice([(110, 140, 70), (214, 220, 226), (180, 150, 90)])
    )
    for _ in range(rng.randint(1, 5)):
        x, foot, tall = w * rng.uniform(0.12, 0.88), h * rng.uniform(0.8, 0.94), h * rng.uniform(0.35, 0.66)
        leaf = rng.choice([(60, 110, 50), (190, 100, 30), (230, 150, 170), (40, 84, 60), (200, 170, 50)])
        _polygon(
            image,
            [(x - w * 0.015, foot), (x + w * 0.015, foot), (x + w * 0.008, foot - tall), (x - w * 0.008, foot - tall)],
            (84, 60, 44),
        )
        for _ in range(34):
            angle, far = rng.uniform(0, math.tau), tall * 0.36 * math.sqrt(rng.random())
            r = tall * rng.uniform(0.06, 0.12)
            _ellipse(
                image,
                x + far * math.cos(angle),
                foot - tall * 0.85 + far * math.sin(angle),
                r,
                r,
                _mix(leaf, (255, 255, 230), rng.random() * 0.25),
                0.2,
            )


def night(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, ((6, 8, 26), rng.choice([(40, 44, 96), (70, 40, 80), (20, 70, 80)])))
    pen = ImageDraw.Draw(image)
    for _ in range(420):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h * 0.9), h * rng.choice([0.001, 0.0015, 0.003])
        pen.ellipse((x - r, y - r, x + r, y + r), fill=_mix((150, 160, 200), (255, 250, 230), rng.random()))
    _ellipse(image, w * rng.uniform(0.1, 0.9), h * rng.uniform(0.12, 0.4), h * 0.08, h * 0.08, (236, 230, 206), 0.1)
    _ground(image, _ridge(w, rng, h * rng.uniform(0.8, 0.95), h * 0.3, 0.5), (10, 12, 20), 0.04)


def chart(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    image.paste((252, 252, 250), (0, 0, w, h))
    pen = ImageDraw.Draw(image)
    left, right, top, foot, line = w * 0.1, w * 0.95, h * 0.1, h * 0.86, max(2, w // 300)
    unit = rng.choice([10, 20, 25])
    for k in range(6):
        y = foot - (foot - top) * k / 5
        pen.line((left, y, right, y), fill=(206, 206, 210), width=1)
        pen.text((left - w * 0.06, y - 6), str(k * unit), fill=(80, 80, 84))
    bars = rng.randint(5, 12)
    ink = rng.choice([(40, 110, 160), (190, 80, 50), (70, 130, 80)])
    heights = [rng.uniform(0.15, 0.98) for _ in range(bars)]
    step = (right - left) / bars
    if rng.random() < 0.5:
        for k, share in enumerate(heights):
            pen.rectangle(
                (left + step * (k + 0.2), foot - (foot - top) * share, left + step * (k + 0.8), foot), fill=ink
            )
    else:
        points = [(left + step * (k + 0.5), foot - (foot - top) * share) for k, share in enumerate(heights)]
        pen.line(points, fill=ink, width=line * 2)
        for x, y in points:
            pen.ellipse((x - line * 2, y - line * 2, x + line * 2, y + line * 2), fill=ink)
    pen.line((left, top, left, foot), fill=(60, 60, 64), width=line)
    pen.line((left, foot, right, foot), fill=(60, 60, 64), width=line)


def map(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, ((190, 214, 226), (170, 200, 216)))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randint(2, 4)):
        x, y, r = w * rng.uniform(0.2, 0.8), h * rng.uniform(0.2, 0.8), h * rng.uniform(0.18, 0.4)
        coast = [
            (x + r * rng.uniform(0.75, 1.25) * math.cos(a), y + r * rng.uniform(0.75, 1.25) * math.sin(a))
            for a in (k * math.tau / 28 for k in range(28))
        ]
        pen.polygon(coast, fill=(232, 228, 204), outline=(120, 130, 120))
    for _ in range(rng.randint(3, 7)):
        path = [(w * rng.random(), h * rng.random()) for _ in range(4)]
        pen.line(path, fill=rng.choice([(210, 90, 60), (240, 190, 70), (120, 130, 140)]), width=max(2, w // 200))
    for _ in range(rng.randint(4, 9)):
        x, y, r = w * rng.random(), h * rng.random(), h * 0.012
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(180, 40, 40), outline=(255, 255, 255))


def clock(image: Image.Image, rng: random.Random) -> None:
    w, h = image.size
    _backdrop(image, rng.choice(_TABLES))
    x, y, r = w * rng.uniform(0.35, 0.65), h * rng.uniform(0.42, 0.58), min(w, h) * rng.uniform(0.28, 0.4)
    case = rng.choice([(150, 110, 50), (90, 94, 100), (110, 60, 40)])
    _shadow(image, x + r * 0.15, y + r * 0.2, r * 1.15, r * 1.15)
    _ellipse(image, x, y, r * 1.1, r * 1.1, case)
    _ellipse(image, x, y, r * 0.97, r * 0.97, (246, 242, 230), 0.1)
    pen = ImageDraw.Draw(image)
    for k in range(60):
        a, inner = k * math.tau / 60, 0.8 if k % 5 == 0 else 0.88
        pen.line(
            (
                x + r * inner * math.cos(a),
                y + r * inner * math.sin(a),
                x + r * 0.92 * math.cos(a),
                y + r * 0.92 * math.sin(a),
            ),
            fill=(40, 36, 34),
            width=max(1, w // 260) * (2 if k % 5 == 0 else 1),
        )
    for far, wide in ((0.5, 7), (0.75, 4)):
        a = rng.uniform(0, math.tau)
        pen.line(
            (x, y, x + r * far * math.cos(a), y + r * far * math.sin(a)),
            fill=(30, 28, 30),
            width=max(2, w * wide // 900),
        )


def ribbon(image: Image.Image, rng: random.Random) -> None:
    """A banner of diagonal stripes: what an advertisement looks like from afar."""
    w, h = image.size
    first, second = rng.sample([(220, 40, 60), (250, 190, 20), (30, 120, 200), (60, 170, 90), (120, 50, 150)], 2)
    _backdrop(image, (first, second))
    pen = ImageDraw.Draw(image)
    step = max(8, h // 3)
    for x in range(-h, w + h, step * 2):
        pen.polygon([(x, h), (x + step, h), (x + step + h, 0), (x + h, 0)], fill=_mix(first, (255, 255, 255), 0.25))
    pen.rectangle((w * 0.3, h * 0.3, w * 0.7, h * 0.7), fill=(255, 255, 255))


SCENES: dict[str, Scene] = {
    "bicycle": bicycle,
    "bread": bread,
    "bridge": bridge,
    "chart": chart,
    "clock": clock,
    "cup": cup,
    "flower": flower,
    "honeycomb": honeycomb,
    "lighthouse": lighthouse,
    "map": map,
    "mountain": mountain,
    "night": night,
    "pot": pot,
    "ribbon": ribbon,
    "sea": sea,
    "street": street,
    "tree": tree,
}
"""What can be drawn, by name."""
