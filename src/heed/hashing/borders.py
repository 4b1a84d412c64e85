"""Finding the picture inside a plain frame: letterboxes, pillars and screenshots' margins."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

TOLERANCE = 12  # levels of 255 that compression may move a plain border
SPECKS = 0.01  # share of a border line that may differ (a small mark, ringing)
EDGE, EDGE_LINES = 0.1, 4  # a picture begins abruptly: so much of its first lines is no border
LEAST_BORDER = 0.02  # share of a side; less is not worth another query
LEAST_PICTURE = 0.2  # share of a side that must remain


def _differing(lines: Pixels, border: NDArray[np.int16]) -> NDArray[np.float64]:
    """The share of each line (first axis) that is no plain border."""
    low = np.clip(border - TOLERANCE, 0, 255).astype(np.uint8)
    high = np.clip(border + TOLERANCE, 0, 255).astype(np.uint8)
    away = ((lines < low) | (lines > high)).reshape(len(lines), -1)
    share: NDArray[np.float64] = np.count_nonzero(away, axis=1) / away.shape[1]
    return share


def _depth(lines: Pixels) -> int:
    """How many lines from the first one on are plain border of one colour."""
    border = np.median(lines[0], axis=0).astype(np.int16)
    if _differing(lines[:1], border)[0] > SPECKS:
        return 0
    step = 64  # most pictures end the search in the first few lines
    for start in range(0, len(lines), step):
        differs = _differing(lines[start : start + step], border) > SPECKS
        if differs.any():
            first = start + int(np.argmax(differs))
            begins = _differing(lines[first : first + EDGE_LINES], border).max() > EDGE
            return first if begins else 0
    return len(lines)


def _inside(pixels: Pixels) -> slice | None:
    """The rows between the upper and the lower border; None when nothing would remain."""
    top, bottom = _depth(pixels), _depth(pixels[::-1])
    if len(pixels) - top - bottom < LEAST_PICTURE * len(pixels):
        return None
    return slice(top, len(pixels) - bottom)


def without_border(pixels: Pixels) -> Pixels | None:
    """The picture without its plain border; None when it has none worth removing."""
    rows = _inside(pixels)
    if rows is None:
        return None
    columns = _inside(pixels[rows].swapaxes(0, 1))
    if columns is None:
        return None
    inner = pixels[rows, columns]
    kept = min(inner.shape[0] / pixels.shape[0], inner.shape[1] / pixels.shape[1])
    return inner if kept <= 1 - LEAST_BORDER else None
