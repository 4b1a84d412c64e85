"""A banked picture that is made into a video, or shown in one for long."""

from collections.abc import Sequence
from hashlib import md5, sha256
from typing import Any

import pytest

from heed.flows import meet_banks
from heed.hashing.signals import WAYS, FileSignals, Frame
from heed.media import matching
from heed.media.meeting import files_that_meet
from heed.media.models import BankSignal, File
from heed.media.queries import banked
from heed.media.services import FileIn, keep_file
from tests.flows.stage import Stage, picture
from tests.flows.test_flows_banks import live
from tests.flows.test_given_codes import near

ONE = picture("one")


@pytest.fixture(params=["with the index", "without it"])
def searched(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to search give the same."""
    monkeypatch.setattr(meet_banks.writing, "oldest_running", lambda: 2**62)
    if request.param == "without it":
        monkeypatch.setattr(matching, "current", lambda feed: None)


def look(file: FileIn, bits: int = 6) -> bytes:
    """How it looks, so many bits off."""
    return near(file.pdq or b"", bits)


def film(town: Stage, name: str, seconds: Sequence[bytes], *, way: int = 0) -> File:
    """A video that shows these, one a second, turned or mirrored in one of eight ways."""
    forms = [
        shown if nth == way else sha256(f"{name} {second} {nth}".encode()).digest()
        for second, shown in enumerate(seconds)
        for nth in range(WAYS)
    ]
    signals = FileSignals(
        sha256=sha256(name.encode()).digest(), md5=md5(name.encode()).digest(), size_bytes=9,
        kind="video", mime="video/mp4", state="hashed", query_forms=tuple(forms),
        asked_at_s=tuple(range(len(seconds))),
        frames=tuple(Frame(n * 1_000, forms[n * WAYS], 90) for n in range(len(seconds))),
    )  # fmt: skip
    return keep_file(signals, platform=town.platform, now=town.now)


def others(count: int) -> list[bytes]:
    """As many different seconds."""
    return [look(picture(f"scene {n}")) for n in range(count)]


@pytest.mark.usefixtures("searched")
def test_a_video_that_shows_a_banked_picture_for_long_meets_its_bank(town: Stage) -> None:
    live(town, ONE)
    made = film(town, "made of it", [look(ONE)])
    part = film(town, "a third of it", [*others(6), look(ONE, 2), look(ONE, 9), look(ONE)], way=5)
    glimpse = film(town, "a glimpse", [*others(8), look(ONE), look(ONE)])
    found = [
        [(one.exact, one.distance_bits) for one in banked(town.platform, file)]
        for file in (made, part, glimpse)
    ]
    assert found == [[(False, 6)], [(False, 9)], []]


@pytest.mark.usefixtures("searched")
def test_what_is_banked_later_meets_the_videos_that_show_it(town: Stage) -> None:
    made = film(town, "made of it", [*others(4), look(ONE), look(ONE, 9)])
    film(town, "a glimpse", [*others(8), look(ONE)])
    bank = live(town, ONE)
    ids = list(BankSignal.objects.filter(bank=bank).values_list("id", flat=True))
    assert [(met.file_id, met.distance_bits) for met in files_that_meet(ids)] == [(made.id, 9)]
