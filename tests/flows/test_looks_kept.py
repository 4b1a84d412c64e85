"""What is kept of a file's looks is found again, whichever of two copies was changed."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from heed.hashing.signals import FileSignals, signals_of
from heed.media.models import File
from heed.media.queries import forms_of, near_files
from heed.media.services import keep_file
from tests.hashing.patterns import drawn, encoded
from tests.hashing.test_video import FILM, WHOLE, remade

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _find_each_other(one: FileSignals, other: FileSignals) -> bool:
    kept, copy = (keep_file(signals, now=NOON) for signals in (one, other))
    return all(
        [near.file_id for near in near_files(asked, within_bits=31)] == [found.id]
        for asked, found in ((kept, copy), (copy, kept))
    )


def _letterboxed() -> Image.Image:
    framed = Image.new("RGB", (640, 800), "black")
    framed.paste(drawn(), (0, 160))
    return framed


def _lifted_out() -> Image.Image:
    """Drawn on nothing: on black it is another picture than on white."""
    picture = drawn().convert("RGBA")
    y, x = np.ogrid[-1:1:480j, -1:1:640j]
    picture.putalpha(Image.fromarray(np.where(x * x + y * y < 0.7, 255, 0).astype(np.uint8)))
    return picture


def test_a_picture_first_seen_with_a_border_is_found_without_it() -> None:
    bordered, plain = (encoded(one, "JPEG") for one in (_letterboxed(), drawn()))
    assert _find_each_other(signals_of(bordered), signals_of(plain))


def test_a_cut_out_picture_is_found_as_it_is_shown_in_the_dark() -> None:
    lifted, ground = _lifted_out(), Image.new("RGBA", (640, 480), "black")
    dark = Image.alpha_composite(ground, lifted).convert("RGB")
    assert _find_each_other(signals_of(encoded(lifted, "PNG")), signals_of(encoded(dark, "JPEG")))


def test_a_film_turned_on_its_side_with_bars_is_found() -> None:
    copy = remade(FILM, change=lambda pixels: np.pad(np.rot90(pixels), ((0, 0), (30, 30), (0, 0))))
    assert _find_each_other(WHOLE, signals_of(copy))


def test_a_film_that_shares_a_moment_alone_is_another_film() -> None:
    moment = replace(
        WHOLE, sha256=b"1" * 32, frames=WHOLE.frames[:1], query_forms=(), asked_at_s=()
    )
    keep_file(moment, now=NOON)
    assert near_files(keep_file(WHOLE, now=NOON), within_bits=31) == []
    assert File.objects.count() == 2


def test_a_film_kept_before_its_seconds_were_is_still_asked() -> None:
    kept, copy = (keep_file(replace(WHOLE, sha256=bytes([n]) * 32), now=NOON) for n in (1, 2))
    pairs = [forms_of(copy)[nth : nth + 6 : 5] for nth in range(0, len(forms_of(copy)), 8)]
    old = b"".join(value for pair in pairs for value in pair)
    File.objects.filter(id=copy.id).update(forms=old, forms_at=b"")
    copy.refresh_from_db()
    assert [near.file_id for near in near_files(copy, within_bits=31)] == [kept.id]
