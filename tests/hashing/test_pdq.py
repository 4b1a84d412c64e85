"""PDQ: the reference's values, the eight ways to turn a picture, distances."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from heed.hashing.pdq import CONFIDENT_MATCH, NotHashable, distance, pdq
from heed.hashing.refusals import Reason
from tests.hashing.patterns import CASES, checks, drawn

REFERENCE = json.loads((Path(__file__).parent / "reference.json").read_text())
ROUNDING = 2  # bits; another processor may round a coefficient that lies on the median
hashes = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize(("seed", "rows", "columns"), CASES)
def test_a_value_is_that_of_the_reference_in_cpp(seed: int, rows: int, columns: int) -> None:
    expected = REFERENCE[f"{seed}:{rows}x{columns}"]
    found = pdq(checks(seed, rows, columns))
    assert distance(found.value, bytes.fromhex(expected["pdq"])) <= ROUNDING
    assert found.quality == expected["quality"]


def _by_definition(grey: NDArray[np.uint8]) -> bytes:
    """PDQ said slowly: blur, 64 x 64 samples, cosine sums, median."""
    rows, columns = grey.shape
    values = grey.astype(np.float64)
    for _ in range(2):
        values = np.array([_mean(line, (columns + 127) // 128) for line in values])
        values = np.array([_mean(line, (rows + 127) // 128) for line in values.T]).T
    down = [int((n + 0.5) * rows / 64) for n in range(64)]
    across = [int((n + 0.5) * columns / 64) for n in range(64)]
    sampled = values[np.ix_(down, across)]
    wave = [[math.cos(math.pi / 128 * f * (2 * x + 1)) for x in range(64)] for f in range(1, 17)]
    waves = np.array(wave)
    coefficients = (waves @ sampled @ waves.T).ravel()
    middle = np.sort(coefficients)[127]
    number = sum(1 << nth for nth, value in enumerate(coefficients) if value > middle)
    return number.to_bytes(32)


def _mean(line: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    half = (window + 2) // 2
    ends = [(max(0, n + half - window), min(len(line), n + half)) for n in range(len(line))]
    return np.array([line[low:high].mean() for low, high in ends])


@pytest.mark.parametrize(("rows", "columns"), [(150, 230), (400, 130), (77, 64)])
def test_a_value_is_what_the_definition_says(rows: int, columns: int) -> None:
    grey = checks(9, rows, columns)[..., 0]
    assert distance(pdq(grey).value, _by_definition(grey)) <= ROUNDING


@pytest.mark.parametrize("seed", range(4))
def test_the_eight_turned_values_are_those_of_the_turned_pictures(seed: int) -> None:
    pixels = np.asarray(drawn(seed))
    mirrored = pixels[:, ::-1]
    ways = [np.rot90(pixels, quarter) for quarter in range(4)]
    ways += [np.rot90(mirrored, quarter) for quarter in range(4)]
    turned = pdq(pixels).turned
    assert len(set(turned)) == 8
    for way in ways:
        seen = pdq(np.ascontiguousarray(way)).value
        assert min(distance(seen, value) for value in turned) <= 12


def test_the_sixth_turned_value_is_that_of_the_mirror() -> None:
    pixels = np.asarray(drawn(31))
    seen = pdq(np.ascontiguousarray(pixels[:, ::-1])).value
    assert distance(pdq(pixels).turned[5], seen) <= 12


def test_a_larger_copy_is_a_confident_match() -> None:
    small = checks(5, 300, 400)
    assert distance(pdq(small).value, pdq(small.repeat(3, 0).repeat(3, 1)).value) <= CONFIDENT_MATCH


def test_a_grey_picture_and_its_rgb_form_have_one_value() -> None:
    grey = checks(6, 200, 300)[..., 0]
    assert distance(pdq(grey).value, pdq(np.repeat(grey[..., None], 3, 2)).value) <= ROUNDING


def test_a_view_of_a_picture_hashes_as_its_copy_does() -> None:
    pixels = checks(7, 400, 400)
    assert pdq(pixels[::-1, 10:]).value == pdq(np.ascontiguousarray(pixels[::-1, 10:])).value


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_colour_has_no_value(level: int) -> None:
    with pytest.raises(NotHashable) as refused:
        pdq(np.full((200, 300, 3), level, np.uint8))
    assert refused.value.reason == Reason.TOO_FLAT


def test_a_picture_of_four_pixels_a_side_has_no_value() -> None:
    with pytest.raises(NotHashable) as refused:
        pdq(checks(1, 4, 300))
    assert refused.value.reason == Reason.TOO_SMALL


@settings(max_examples=60, deadline=None)
@given(st.integers(5, 700), st.integers(5, 700), st.integers(0, 10**6))
def test_every_size_gives_32_bytes_and_a_quality_in_range(
    rows: int, columns: int, seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, columns), dtype=np.uint8)
    found = pdq(pixels)
    assert len(found.value) == 32 and found.turned[0] == found.value
    assert 0 <= found.quality <= 100


@given(hashes, hashes, hashes)
def test_distance_is_a_distance(a: bytes, b: bytes, c: bytes) -> None:
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a)
    assert 0 <= distance(a, c) <= distance(a, b) + distance(b, c) <= 512


@given(hashes, st.sets(st.integers(0, 255)))
def test_distance_counts_the_bits_that_differ(value: bytes, flipped: set[int]) -> None:
    other = int.from_bytes(value) ^ sum(1 << bit for bit in flipped)
    assert distance(value, other.to_bytes(32)) == len(flipped)


def test_hashes_of_different_lengths_are_not_compared() -> None:
    with pytest.raises(ValueError, match="can't be compared"):
        distance(b"\x00" * 32, b"\x00" * 16)
