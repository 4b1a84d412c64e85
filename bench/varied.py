"""A few hundred JPEGs of all kinds, most of real photographs, the same ones on every run."""

import io
from collections.abc import Iterator
from itertools import product

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.photographs import pictures
from examples.pictures import scene

LONGEST_PX = 3_000

INKS = {
    "black text": ("black", "white"),
    "yellow text on blue": ("yellow", "blue"),
}


def varied(count: int = 320) -> Iterator[bytes]:
    """So many JPEGs: whole and cropped, large and small, coarse and fine; every fifth is drawn."""
    rng, files = np.random.default_rng(5), pictures()
    for nth in range(count):
        if not files or nth % 5 == 4:
            picture = scene(nth, size=(1600, 1200))
        else:
            with Image.open(files[nth % len(files)]) as image:
                picture = image.convert("RGB")
        yield _altered(picture, rng)


def _altered(picture: Image.Image, rng: np.random.Generator) -> bytes:
    share = rng.uniform(0.5, 1.0, 2)
    wide, high = (int(side * part) for side, part in zip(picture.size, share, strict=True))
    left, top = (
        int(rng.integers(0, side - kept + 1))
        for side, kept in zip(picture.size, (wide, high), strict=True)
    )
    cropped = picture.crop((left, top, left + wide, top + high))
    longest = int(rng.integers(500, LONGEST_PX))
    cropped.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    cropped.save(
        out,
        "JPEG",
        quality=int(rng.integers(55, 96)),
        subsampling=int(rng.integers(0, 3)),
        progressive=bool(rng.integers(0, 2)),
    )
    return out.getvalue()


def clipped() -> Iterator[tuple[str, bytes]]:
    """JPEGs of pages and dots in the strongest colours, each kind several times.

    Their decoder cuts off what lies beyond black and white, and a scaled decode does so elsewhere.
    """
    for letter_px, size, thinned in product((18, 26, 40), ((1700, 2200), (2100, 2900)), (0, 2)):
        for name, (ink, paper) in INKS.items():
            shown = _page(size, letter_px, ink, paper)
            yield name, _jpeg(shown, quality=75, subsampling=thinned)
    for seed, grey, contrast in product(range(4), (40, 128, 215), (6, 12, 20)):
        chance = np.random.default_rng(seed)
        shade = chance.normal(grey, contrast, (12, 12)).clip(0, 255).astype(np.uint8)
        upto = np.asarray(Image.fromarray(shade).resize((1600, 1200)))
        dots = Image.fromarray(chance.integers(0, 256, upto.shape) < upto)
        yield "random dots", _jpeg(dots.convert("RGB"), quality=60)


def _page(size: tuple[int, int], letter_px: int, ink: str, paper: str) -> Image.Image:
    chance, page = np.random.default_rng(letter_px), Image.new("RGB", size, paper)
    font, draw = ImageFont.load_default(letter_px), ImageDraw.Draw(page)
    for top in range(3 * letter_px, size[1] - 3 * letter_px, 3 * letter_px // 2):
        letters = chance.choice(list("abcdefghiklmnoprstuvw     "), size[0] * 2 // letter_px)
        share = chance.choice([1, 1, 1, 0.4, 0])
        line = "".join(letters[: int(len(letters) * share * 0.8)])
        draw.text((3 * letter_px, top), line, fill=ink, font=font)
    return page


def _jpeg(picture: Image.Image, **how: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", **how)
    return out.getvalue()
