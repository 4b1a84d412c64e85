"""Pixels for tests, by arithmetic alone: the same on every machine and with every library."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CASES = ((1, 600, 800), (2, 333, 517), (3, 64, 64), (4, 90, 128), (5, 1200, 700), (6, 50, 40))


def checks(seed: int, rows: int, columns: int, cells: int = 12) -> NDArray[np.uint8]:
    """Coloured squares, rows x columns x 3, from a multiplicative generator."""
    state, levels = seed * 2_654_435_761 % 2**32, []
    for _ in range(cells * cells * 3):
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        levels.append(state >> 24)
    small = np.array(levels, np.uint8).reshape(cells, cells, 3)
    down, across = np.arange(rows) * cells // rows, np.arange(columns) * cells // columns
    return small[down][:, across]


def drawn(seed: int = 1) -> Image.Image:
    """The squares as a soft picture of 640 x 480, as a lens would see them."""
    small = Image.fromarray(checks(seed, 20, 20, cells=20))
    return small.resize((640, 480), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()
