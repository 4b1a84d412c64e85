"""`heed match`: by bytes and by looks, against one bank, with a status that can be relied on."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from examples.pictures import altered, picture, video
from heed.hashing.signals import signals_of
from heed.instance.match_files import match_files
from heed.instance.trouble import Trouble
from heed.media.models import Bank, BankSignal
from tests.hashing.patterns import drawn, encoded

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILM = video(7, seconds=2)


@pytest.fixture(autouse=True)
def bank() -> Bank:
    bank = Bank.objects.create(name="Known", action=Bank.Action.HOLD, made_at=NOON)
    known, film = signals_of(picture(1)), signals_of(FILM)
    rows = [("sha256", known.sha256, None), ("pdq", known.pdq, known.pdq_quality)]
    rows += [("vpdq", frame.pdq, frame.quality) for frame in film.frames]
    BankSignal.objects.bulk_create(
        BankSignal(bank=bank, type=type, value=value, quality=quality, source="t", added_at=NOON)
        for type, value, quality in rows
    )
    return bank


def _match(paths: list[Path], *, as_json: bool = True, bank: str = "Known") -> int:
    return match_files(paths, bank=bank, platform="", within_bits=None, as_json=as_json, jobs=1)


def _film_of(data: bytes) -> bytes:
    """A picture made into a video of two seconds."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image, av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("mpeg4", rate=4)
        stream.width, stream.height, stream.pix_fmt = *image.size, "yuv420p"
        for _ in range(8):
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode(None))
    return out.getvalue()


def test_the_same_bytes_altered_copies_and_films_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"a-same.jpg": picture(1), "b-mirror.jpg": altered(picture(1), "mirror"),
             "c-film.mp4": FILM, "d-other.jpg": picture(2),
             "e-made.mp4": _film_of(picture(1))}  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert _match([tmp_path]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    types = [[match["type"] for match in one["matches"]] for one in told]
    assert types == [["sha256", "pdq"], ["pdq"], ["vpdq"], [], ["pdq"]]
    assert [told[n]["matches"][0]["share"] for n in (2, 4)] == [1.0, 1.0]


def test_nothing_found_and_could_not_are_two_things(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, cut = tmp_path / "other.jpg", tmp_path / "cut.png"
    other.write_bytes(picture(2))
    cut.write_bytes(encoded(drawn(), "PNG")[:9000])
    assert _match([other], as_json=False) == 1
    assert _match([other, cut, tmp_path / "gone"], as_json=False) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ", 1)[1][:15] for line in lines] == [
        "no match", "no match", "COULD NOT BE CO", "COULD NOT BE RE",
    ]  # fmt: skip


def test_a_bank_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"no bank 'Knwon'\. There are: Known"):
        _match([tmp_path], bank="Knwon")


def test_a_bank_that_is_off_is_not_taken_for_one_without_a_match(tmp_path: Path) -> None:
    Bank.objects.update(enabled=False)
    with pytest.raises(Trouble, match="switched off"):
        _match([tmp_path])
