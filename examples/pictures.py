"""Pictures and videos drawn by a program, for tests, benches and the demonstration.

Abstract scenes only: never people. The same seed draws the same scene. Each scene has its subject
in the middle and calmer edges, as most photographs have.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFont

WIDTH_PX, HEIGHT_PX = 800, 600
_OBJECTS = 70
_GREY = (128, 128, 128)
_WORDS = (
    *("harbour", "lantern", "meadow", "gravel", "copper", "violet", "thunder", "ladder", "marble"),
    *("cricket", "saddle", "orchard", "pepper", "anchor", "walnut", "ribbon", "glacier", "kettle"),
)


@dataclass(frozen=True, slots=True)
class Confuser:
    """A picture that might be taken for another. `kind` says how."""

    kind: str  # burst | meme | screenshot | flat | dark | poster
    data: bytes


def _encoded(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **({"quality": 88} if form == "JPEG" else {}) | options)
    return out.getvalue()


def _clouds(
    rng: np.random.Generator, size: tuple[int, int], cells: int, levels: float
) -> Image.Image:
    """Smooth noise around grey; its colours vary less than its light."""
    rows = max(2, cells * size[1] // size[0])
    light = rng.standard_normal((rows, cells, 1)) + 0.35 * rng.standard_normal((rows, cells, 3))
    noise = np.clip(128 + levels * light, 0, 255).astype(np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BILINEAR)


def _ground(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Large, middling and small clouds on top of each other."""
    coarse = (size[0] // 4, size[1] // 4)
    layers = [np.asarray(_clouds(rng, coarse, cells, 46), np.float32) for cells in (4, 9, 21)]
    levels = np.clip(sum(layers, np.float32(0)) - 256, 0, 255).astype(np.uint8)
    return Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC)


@cache
def _calm_edges(size: tuple[int, int]) -> Image.Image:
    """How much of a scene is seen at each place; the rest is grey."""
    y, x = np.ogrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j]
    return Image.fromarray((255 * np.exp(-2.5 * (x * x + y * y))).astype(np.uint8))


def _object(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: tuple[int, int], moved: float
) -> None:
    """One stone, leaf or pane. `moved` pixels shift it without changing any other object."""
    across, down = rng.normal(0.5, 0.2, 2) * size
    radius = float(rng.uniform(0.03, 0.11)) * size[0]
    colour = tuple(int(level) for level in rng.integers(24, 232, 3))
    corners = int(rng.integers(2, 8))
    angles = np.sort(rng.uniform(0, 2 * np.pi, 8))[:corners]
    reach = radius * rng.uniform(0.5, 1.2, 8)[:corners]
    squeeze = float(rng.uniform(0.4, 1.0))
    across += moved
    if corners < 4:
        edge = (across - radius, down - radius * squeeze, across + radius, down + radius * squeeze)
        draw.ellipse(edge, fill=colour)
        return
    points = zip(across + reach * np.cos(angles), down + reach * np.sin(angles), strict=True)
    draw.polygon([(float(x), float(y)) for x, y in points], fill=colour)


def scene(
    seed: int, *, shot: int = 0, size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)
) -> Image.Image:
    """A drawn scene. Another `shot` of it is a moment later: some objects have moved a little."""
    rng, hand = np.random.default_rng(seed), np.random.default_rng((seed, shot))
    image = _ground(rng, size)
    draw = ImageDraw.Draw(image)
    for nth in range(_OBJECTS):
        moves = shot > 0 and nth % 3 == shot % 3
        _object(draw, rng, size, float(hand.normal(0, 0.015 * size[0])) if moves else 0.0)
    textured = ImageChops.add(image, _clouds(rng, size, 130, 14), offset=-128)
    return Image.composite(textured, Image.new("RGB", size, _GREY), _calm_edges(size))


def picture(seed: int) -> bytes:
    """A scene as JPEG, 800 x 600. Different seeds look nothing alike."""
    return _encoded(scene(seed))


def _captioned(image: Image.Image) -> Image.Image:
    strip = max(16, image.height // 25)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, image.height - strip, image.width, image.height), fill=(96, 96, 96))
    font = ImageFont.load_default(strip * 2 // 3)
    draw.text((12, image.height - strip + 2), "seen on another site", fill="white", font=font)
    return image


def _cropped(image: Image.Image) -> Image.Image:
    """Three per cent of the width and of the height gone, half of it on each side."""
    across, down = round(image.width * 0.015), round(image.height * 0.015)
    return image.crop((across, down, image.width - across, image.height - down))


_ALTERED: dict[str, Callable[[Image.Image], bytes]] = {
    "crop": lambda image: _encoded(_cropped(image)),
    "quality": lambda image: _encoded(image, quality=40),
    "resize": lambda image: _encoded(image.resize((image.width * 3 // 5, image.height * 3 // 5))),
    "mirror": lambda image: _encoded(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "turn": lambda image: _encoded(image.transpose(Image.Transpose.ROTATE_90)),
    "brightness": lambda image: _encoded(ImageEnhance.Brightness(image).enhance(1.12)),
    "caption": lambda image: _encoded(_captioned(image)),
    "png": lambda image: _encoded(image, "PNG", compress_level=1),
    "webp": lambda image: _encoded(image, "WEBP", method=2),
}
ALTERATIONS = tuple(_ALTERED)


def altered(data: bytes, how: str) -> bytes:
    """The picture changed as people change what they post again; `how` is one of `ALTERATIONS`."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    return _ALTERED[how](image)


def _sentence(rng: np.random.Generator, words: int) -> str:
    return " ".join(_WORDS[nth] for nth in rng.integers(0, len(_WORDS), words))


def _meme(seed: int, nth: int) -> bytes:
    """The same template every time, with other words."""
    image, rng = scene(seed + 500_000, size=(640, 640)), np.random.default_rng((seed, 1, nth))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(46)
    for line_px in (20, 560):
        draw.text(
            (24, line_px), _sentence(rng, 3).upper(), fill="white", font=font,
            stroke_width=3, stroke_fill="black",
        )  # fmt: skip
    return _encoded(image)


def _screenshot(seed: int, nth: int) -> bytes:
    """Lines of text on white, as of a chat or an article."""
    rng, image = np.random.default_rng((seed, 2, nth)), Image.new("RGB", (720, 1080), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(24)
    for line in range(30):
        text = _sentence(rng, int(rng.integers(3, 7)))
        draw.text((36, 40 + 34 * line), text, fill=(20, 20, 20), font=font)
    return _encoded(image, "PNG", compress_level=1)


def _flat(seed: int, nth: int) -> bytes:
    """Nearly one colour."""
    rng = np.random.default_rng((seed, 3, nth))
    red, green, blue = (int(level) for level in rng.integers(60, 220, 3))
    image = Image.new("RGB", (640, 480), (red, green, blue))
    line = (0, 20 * nth, 640, 480 - 20 * nth)
    ImageDraw.Draw(image).line(line, fill=(red + 12, green + 12, blue + 12), width=3)
    return _encoded(image)


def _dark(seed: int, nth: int) -> bytes:
    """A scene at night, hardly exposed."""
    return _encoded(ImageEnhance.Brightness(scene(seed + 700_000 + nth)).enhance(0.08))


def _poster_crop(seed: int, nth: int) -> bytes:
    """Another part of the same poster: between half and three quarters of each side."""
    rng, poster = np.random.default_rng((seed, 5, nth)), scene(seed)
    share = float(rng.uniform(0.5, 0.75))
    width, height = int(poster.width * share), int(poster.height * share)
    left = int(rng.integers(0, poster.width - width))
    top = int(rng.integers(0, poster.height - height))
    return _encoded(poster.crop((left, top, left + width, top + height)))


def _burst(seed: int, nth: int) -> bytes:
    """The same scene, a moment later."""
    return _encoded(scene(seed, shot=nth + 1))


_CONFUSERS: tuple[tuple[str, Callable[[int, int], bytes], int], ...] = (
    ("burst", _burst, 25),
    ("meme", _meme, 20),
    ("screenshot", _screenshot, 20),
    ("flat", _flat, 10),
    ("dark", _dark, 10),
    ("poster", _poster_crop, 15),
)
CONFUSERS = sum(count for _, _, count in _CONFUSERS)


def confuser(seed: int, nth: int) -> Confuser:
    """One of the `CONFUSERS` pictures that might be taken for `picture(seed)` or for each other."""
    for kind, draw, count in _CONFUSERS:
        if nth < count:
            return Confuser(kind, draw(seed, nth))
        nth -= count
    raise IndexError(nth)


def confusers(seed: int) -> list[Confuser]:
    """All of them."""
    return [confuser(seed, nth) for nth in range(CONFUSERS)]


def video(seed: int, seconds: int = 6) -> bytes:
    """An MP4 (H.264, 640 x 360, 15 frames a second) that pans over a new scene every 2 s."""
    import av  # here: pictures alone need no codecs

    out, per_second = io.BytesIO(), 15
    with av.open(out, "w", format="mp4") as container:
        options = {"preset": "ultrafast", "threads": "1", "crf": "23"}
        stream: Any = container.add_stream("libx264", rate=per_second, options=options)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for nth in range(seconds * per_second):
            pixels = _panned(seed + nth // (2 * per_second), nth % (2 * per_second))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def _panned(seed: int, step: int) -> NDArray[np.uint8]:
    """A window onto the scene of this seed; each step moves it by two pixels."""
    pixels = np.asarray(_wide(seed))
    return np.ascontiguousarray(pixels[:360, 2 * step : 640 + 2 * step])


@cache
def _wide(seed: int) -> Image.Image:
    return scene(seed + 900_000, size=(704, 360))
