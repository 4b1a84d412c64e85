"""Finding the picture inside a plain frame: letterboxes, pillars and screenshots' margins."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

TOLERANCE = 12  # levels of 255 that compression may move a plain border
SPECKS = 0.01  # share of a border line that may differ (a small mark, ringing)
EDGE, EDGE_LINES = 0.1, 4  # a picture begins abruptly: so much of its first lines is no border
LEAST_BORDER = 0.02  # share of a side; less is not worth another query
SAMPLES = 400  # lines and columns looked at: a border's edge is found to 1/400 of a side
LEAST_PICTURE = 0.2  # share of a side that must remain


def _differing(lines: Pixels, border: int) -> NDArray[np.float64]:
    """The share of each line (first axis) that is no plain border."""
    low, high = max(0, border - TOLERANCE), min(255, border + TOLERANCE)
    away = lines - np.uint8(low) > high - low  # what is darker wraps round to above
    share: NDArray[np.float64] = np.count_nonzero(away, axis=1) / away.shape[1]
    return share


def _is_plain(line: Pixels) -> bool:
    """Whether an outermost line is of one colour: without such a side there is no border."""
    return float(_differing(line[None], int(np.median(line)))[0]) <= SPECKS


def _depth(lines: Pixels) -> int:
    """How many lines from the first one on are plain border of one colour."""
    border = int(np.median(lines[0]))
    if _differing(lines[:1], border)[0] > SPECKS:
        return 0
    step = 32  # most pictures end the search in the first few lines
    for start in range(0, len(lines), step):
        differs = _differing(lines[start : start + step], border) > SPECKS
        if differs.any():
            first = start + int(np.argmax(differs))
            begins = _differing(lines[first : first + EDGE_LINES], border).max() > EDGE
            return first if begins else 0
    return len(lines)


def _between(lines: Pixels) -> tuple[int, int] | None:
    """First and last-plus-one line inside the borders; None when too little would remain."""
    first, last = _depth(lines), len(lines) - _depth(lines[::-1])
    return (first, last) if last - first >= LEAST_PICTURE * len(lines) else None


def without_border(pixels: Pixels) -> Pixels | None:
    """The picture without its plain border; None when it has none worth removing."""
    down, across = (max(1, side // SAMPLES) for side in pixels.shape[:2])
    levels = pixels if pixels.ndim == 2 else pixels[..., 1]  # green holds most of the light
    thinned = levels[::down, ::across]
    if not any(
        _is_plain(line) for line in (thinned[0], thinned[-1], thinned[:, 0], thinned[:, -1])
    ):
        return None  # as with most photographs
    sampled = np.ascontiguousarray(thinned)
    rows = _between(sampled)
    if rows is None:
        return None
    columns = _between(np.ascontiguousarray(sampled[rows[0] : rows[1]].swapaxes(0, 1)))
    if columns is None:
        return None
    inner = pixels[rows[0] * down : rows[1] * down, columns[0] * across : columns[1] * across]
    kept = min(inner.shape[0] / pixels.shape[0], inner.shape[1] / pixels.shape[1])
    return inner if kept <= 1 - LEAST_BORDER else None


class FrameBorder:
    """The plain border that all frames of a video have in common: what they show never enters it.

    One dark scene would look like a wider border; so a line counts as picture once any frame did.
    """

    def __init__(self) -> None:
        self._levels: tuple[int, int] | None = None  # of rows and of columns
        self._rows = self._columns = np.zeros(0)
        self._size = (0, 0)

    def learn(self, luma: Pixels) -> None:
        """See one more frame. One of another size starts anew."""
        down, across = (max(1, side // SAMPLES) for side in luma.shape)
        sampled = np.ascontiguousarray(luma[::down, ::across])
        if self._levels is None or self._size != luma.shape:
            self._size = (luma.shape[0], luma.shape[1])
            self._levels = (int(np.median(sampled[0])), int(np.median(sampled[:, 0])))
            self._rows, self._columns = (np.zeros(side) for side in sampled.shape)
        turned = np.ascontiguousarray(sampled.T)
        self._rows = np.maximum(self._rows, _differing(sampled, self._levels[0]))
        self._columns = np.maximum(self._columns, _differing(turned, self._levels[1]))

    def crop(self) -> tuple[slice, slice] | None:
        """Rows and columns within the border; None when there is none worth removing."""
        if self._levels is None:
            return None
        rows = _busy(self._rows, self._size[0])
        columns = _busy(self._columns, self._size[1])
        if rows is None or columns is None:
            return None
        kept = min(
            (part.stop - part.start) / side
            for part, side in zip((rows, columns), self._size, strict=True)
        )
        return (rows, columns) if LEAST_PICTURE <= kept <= 1 - LEAST_BORDER else None


def _busy(shares: NDArray[np.float64], side: int) -> slice | None:
    """From the first to the last line in which something was seen, in pixels."""
    if not (shares > SPECKS).any():
        return None
    step = max(1, side // SAMPLES)
    first, last = _begins(shares), len(shares) - _begins(shares[::-1])
    return slice(first * step, side if last == len(shares) else last * step)


def _begins(shares: NDArray[np.float64]) -> int:
    """The first line of the picture; 0 where it fades in, for then there is no border."""
    first = int(np.argmax(shares > SPECKS))
    return first if shares[first : first + EDGE_LINES].max() > EDGE else 0
