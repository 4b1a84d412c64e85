"""A few hundred JPEGs of all kinds, most of real photographs, the same ones on every run."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from bench.photographs import pictures
from examples.pictures import scene

LONGEST_PX = 3_000


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
