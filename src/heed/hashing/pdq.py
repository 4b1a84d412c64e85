"""PDQ: a 256-bit hash of how a picture looks, equal bit for bit to Meta's reference in C++.

The reference blurs twice with a box along rows and columns, keeps 64 x 64 samples, and compares
the 16 x 16 lowest frequencies with their median. Blurring and sampling are linear and separable,
so they are two small matrices here: `block = rows @ luma @ columns.T`. For the same reason
a picture decoded at a half, a quarter or an eighth has nearly the same block: the matrices are
folded.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from heed.hashing.distance import CONFIDENT_MATCH, GOOD_QUALITY, HASH_BYTES, distance
from heed.hashing.refusals import NotHashable, Reason

__all__ = [
    "CONFIDENT_MATCH",
    "GOOD_QUALITY",
    "HASH_BYTES",
    "NotHashable",
    "PdqHash",
    "Scale",
    "block_of",
    "distance",
    "hash_block",
    "pdq",
]

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]  # rows x columns, or rows x columns x 3 (red, green, blue)

SIDE = 64  # samples a side after blurring
FREQUENCIES = 16  # lowest frequencies a side, without the constant one
SMALLEST_PX = 5  # the reference does not hash less (MIN_HASHABLE_DIM)
FLAT_BELOW = 0.5  # levels of 255 between the darkest and the lightest sample: only rounding is left
NEAR_MIDDLE = 0.25  # of a coefficient: a scaled decode changes half of them by less
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as the reference
_STRIP_PIXELS = 1 << 18  # at most so many pixels are floats at a time
_USUAL_PX = 8_192
_AT_ONCE = 1 << 21  # products for all rows at once: less than this, and a loop would cost more


def _cosines() -> Floats:
    frequency, sample = np.arange(1, FREQUENCIES + 1), 2 * np.arange(SIDE) + 1
    waves = np.cos(np.pi / (2 * SIDE) * np.outer(frequency, sample))
    cosines: Floats = (np.sqrt(2 / SIDE) * waves).astype(np.float32)
    return cosines


_COSINES = _cosines()
# Mirroring changes the sign of the odd frequencies; index 0 is frequency 1.
_SIGNS = np.where(np.arange(FREQUENCIES) % 2 == 0, -1, 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class PdqHash:
    """The 32-byte value, its quality (0..100), and the values of the picture turned and mirrored.

    `turned` holds eight values, the plain one first. `unsure` counts bits (0..256) that next to
    nothing decides, as in stripes that run from edge to edge.
    """

    value: bytes
    quality: int
    turned: tuple[bytes, ...]
    unsure: int


@dataclass(frozen=True, slots=True)
class _Kernel:
    """64 weighted means over one axis: row `o` of `weights` applies from sample `starts[o]` on."""

    starts: NDArray[np.int64]
    weights: Floats  # 64 x the longest mean; what a row does not need is zero
    lengths: NDArray[np.int64]
    matrix: Floats  # the same as samples x 64


def _box(length: int, window: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last-plus-one sample of each mean of the reference's box filter."""
    half, at = (window + 2) // 2, np.arange(length)
    return np.maximum(0, at + half - window), np.minimum(length - 1, at + half - 1) + 1


def _weights(length: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Both box passes and the sampling of one axis: first samples, and weights from there on."""
    window = (length + 2 * SIDE - 1) // (2 * SIDE)
    first, last = _box(length, window)
    centre = ((np.arange(SIDE) + 0.5) * length / SIDE).astype(np.int64)
    inner = np.minimum(first[centre][:, None] + np.arange(window), length - 1)
    valid = np.arange(window) < (last[centre] - first[centre])[:, None]
    starts = first[first[centre]]
    share = valid / ((last[inner] - first[inner]) * (last[centre] - first[centre])[:, None])
    # Each inner mean begins at `first` and ends before `last`: a running sum gives the weights.
    width = int((last[inner] - starts[:, None]).max()) + 1
    offset = np.arange(SIDE)[:, None] * width - starts[:, None]
    begins = np.bincount((offset + first[inner]).ravel(), share.ravel(), SIDE * width)
    ends = np.bincount((offset + last[inner]).ravel(), share.ravel(), SIDE * width)
    return starts, np.cumsum((begins - ends).reshape(SIDE, width), axis=1)[:, :-1]


def _kernel(length: int, scale: int, lead: int) -> _Kernel:
    """See `_made`. Those for enormous pictures are not kept: they would fill the memory."""
    return _kept(length, scale, lead) if length <= _USUAL_PX * scale else _made(length, scale, lead)


def _made(length: int, scale: int, lead: int) -> _Kernel:
    """The means over `length` pixels, for samples that are themselves means of `scale` pixels.

    The first sample lacks `lead` of its pixels: where a turned picture begins within a block.
    """
    starts, fine = _weights(length)
    places = (starts[:, None] + lead + np.arange(fine.shape[1])) // scale
    folded = (starts + lead) // scale
    width = int((places[:, -1] - folded).max()) + 1
    line = np.arange(SIDE)[:, None] * width
    at = (line + places - folded[:, None]).ravel()
    weights = np.bincount(at, fine.ravel(), SIDE * width).reshape(SIDE, width).astype(np.float32)
    samples = -(-(length + lead) // scale)
    lengths = np.minimum(width, samples - folded)
    matrix = np.zeros((samples + width, SIDE), np.float32)
    matrix[folded[:, None] + np.arange(width), np.arange(SIDE)[:, None]] = weights
    return _Kernel(folded, weights, lengths, np.ascontiguousarray(matrix[:samples]))


_kept = lru_cache(maxsize=32)(_made)


def _blurred_rows(pixels: Pixels, kernel: _Kernel) -> Floats:
    """64 blurred rows of luma. Only a strip of a large picture is ever held as floats."""
    flat = pixels.reshape(pixels.shape[0], -1)
    if kernel.weights.size * flat.shape[1] <= _AT_ONCE:
        inside = np.minimum(
            kernel.starts[:, None] + np.arange(kernel.weights.shape[1]), len(flat) - 1
        )
        means: Floats = (kernel.weights[:, None, :] @ flat[inside].astype(np.float32))[:, 0]
        grey: Floats = means if pixels.ndim == 2 else means.reshape(SIDE, -1, 3) @ LUMA
        return grey
    rows = np.empty((SIDE, pixels.shape[1]), np.float32)
    step = max(1, _STRIP_PIXELS // flat.shape[1])
    for row in range(SIDE):
        start, count = int(kernel.starts[row]), int(kernel.lengths[row])
        mean = np.zeros(flat.shape[1], np.float32)
        for low in range(0, count, step):
            part = kernel.weights[row, low : min(low + step, count)]
            mean += part @ flat[start + low : start + low + len(part)].astype(np.float32)
        rows[row] = mean if pixels.ndim == 2 else mean.reshape(-1, 3) @ LUMA
    return rows


@dataclass(frozen=True, slots=True)
class Scale:
    """How samples stand for pixels: each is the mean of `factor` x `factor` of `size_px`.

    `lead_px` are the rows and columns that the first samples lack: a turned picture may begin
    within a block.
    """

    factor: int
    size_px: tuple[int, int]  # rows, columns
    lead_px: tuple[int, int] = (0, 0)


def block_of(pixels: Pixels, scale: Scale | None = None) -> Floats:
    """The picture as 64 x 64 blurred samples of luma. Raises `NotHashable` (too small).

    With `scale` the pixels are means of blocks, as a JPEG decoder gives them cheaply: the blur of
    the full size is then folded onto the blocks, so that the result is nearly that of all pixels.
    """
    scale = scale or Scale(1, (pixels.shape[0], pixels.shape[1]))
    if min(scale.size_px) < SMALLEST_PX:
        raise NotHashable(Reason.TOO_SMALL, f"{scale.size_px[1]} x {scale.size_px[0]} pixels")
    down, across = (
        _kernel(length, scale.factor, lead)
        for length, lead in zip(scale.size_px, scale.lead_px, strict=True)
    )
    return _blurred_rows(pixels, down) @ across.matrix


def _quality(block: Floats) -> int:
    """How much structure the samples hold, 0..100, as the reference counts it."""
    steps = [block[:-1] - block[1:], block[:, :-1] - block[:, 1:]]
    scaled = [np.trunc(step * np.float32(100) / np.float32(255)) for step in steps]
    return min(100, int(sum(float(np.abs(part).sum()) for part in scaled) / 90))


def _turned(coefficients: Floats) -> tuple[tuple[bytes, ...], int]:
    """Values of the eight ways to turn and mirror a picture, the plain one first; and of the way
    with most of them, the bits that an error of a scaled decode may turn.
    """
    c, down, across = coefficients, _SIGNS[:, None], _SIGNS[None, :]
    ways = [c, c.T * down, c * down * across, c.T * across]  # turned by 0, 90, 180, 270 degrees
    ways += [c * down, c * across, c.T, c.T * down * across]  # mirrored, in the reference's order
    stack = np.stack([way.reshape(-1) for way in ways])
    middle = np.partition(stack, 127, axis=1)[:, 127:128]  # the reference takes the lower median
    packed = np.packbits((stack > middle)[:, ::-1], axis=1)
    unsure = np.count_nonzero(np.abs(stack - middle) < NEAR_MIDDLE, axis=1).max()
    return tuple(bytes(row) for row in packed), int(unsure)


def hash_block(block: Floats) -> PdqHash:
    """The hash of 64 x 64 samples of luma. Raises `NotHashable` (too flat)."""
    if float(block.max() - block.min()) < FLAT_BELOW:
        raise NotHashable(Reason.TOO_FLAT, "one colour all over")
    coefficients: Floats = (_COSINES @ block @ _COSINES.T).astype(np.float32)
    turned, unsure = _turned(coefficients)
    return PdqHash(value=turned[0], quality=_quality(block), turned=turned, unsure=unsure)


def pdq(pixels: Pixels, scale: Scale | None = None) -> PdqHash:
    """The hash of a picture as it is seen: grey (rows x columns) or RGB (rows x columns x 3).

    Raises `NotHashable` (too small, too flat). A quality below `GOOD_QUALITY` is no error, but the
    value then says little.
    """
    return hash_block(block_of(pixels, scale))
