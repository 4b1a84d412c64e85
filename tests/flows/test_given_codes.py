"""Hashes without a place stop uploads, and touch nothing that is there before a person looks."""

import pytest

from heed.cases.models import Case, Consent, Copy, Notice
from heed.cases.queries.private import private_page
from heed.flows.check_upload import check_signals
from heed.flows.give_consent import give_consent, withdraw_consent
from heed.flows.judge_copy import judge_copy
from heed.flows.supplement_notice import supplement_notice
from heed.hashing.signals import FileSignals, Frame
from heed.media.queries import banked
from heed.media.services import keep_file
from heed.rules.claims import Category
from heed.rules.gate import Verdict
from heed.rules.visibility import Visibility
from tests.flows.stage import Stage, entries, picture
from tests.people import gil

pytestmark = pytest.mark.django_db
ONE = picture("one")


def given(town: Stage, *links: str) -> Notice:
    """A threat, or a link, and the picture's code made at home: a few bits off the server's."""
    heard = town.hear(gil(*links, threatened_only=not links, category=Category.MINOR_EXTORTION))
    made = picture("home", like=ONE, bits=4)
    assert made.pdq is not None
    hashes = [{"type": "sha256", "value": "ab" * 32}, {"type": "pdq", "value": made.pdq.hex()}]
    for _ in range(2):
        supplement_notice(notice_id=heard.notice_id, said={"hashes": hashes}, now=town.now)
    town.work()
    notice = Notice.objects.get(id=heard.notice_id)
    assert notice.targets.exclude(signals=None).count() == 2
    return notice


def test_what_is_registered_and_fits_waits_for_a_person(town: Stage) -> None:
    town.post("there", ONE)
    town.reshare("again", "there")
    notice = given(town)
    assert town.seen("there", "again") == ["visible", "visible"]
    town.post("late", picture("late", like=ONE, bits=2))
    assert town.seen("late") == ["visible"]
    page = private_page(notice, town.now)
    assert (page.copies.in_doubt, page.copies.found, page.uploads_watched) == (3, 0, True)
    copy = Copy.objects.get(item__ref="there")
    assert (copy.how, copy.distance_bits, copy.quality) == (Copy.How.NEAR, 4, None)
    rae = town.staff("Rae")
    assert judge_copy(copy_id=copy.id, same=True, by=rae.id, now=town.now)
    town.remove(copy.case, rae)
    assert town.seen("there", "again") == ["removed", "removed"]


def test_a_claim_that_hides_its_place_does_not_hide_what_only_a_code_reaches(town: Stage) -> None:
    town.post("named", picture("other"))
    town.post("there", ONE)
    given(town, town.url("named"))
    assert town.seen("named", "there") == ["hidden", Visibility.VISIBLE]


def test_a_later_upload_that_fits_waits_at_the_door(town: Stage) -> None:
    given(town)
    answer = check_signals(
        platform_id=town.platform_id, signals=ONE, upload_ref="new", now=town.now
    )
    assert answer.verdict == Verdict.HOLD


def test_a_video_made_anew_of_given_frames_waits_at_the_door(town: Stage) -> None:
    heard = town.hear(gil(threatened_only=True, category=Category.MINOR_EXTORTION))
    frames = [picture(f"frame {n}").pdq or b"" for n in range(5)]
    hashes = [{"type": "vpdq", "value": frame.hex()} for frame in frames]
    supplement_notice(notice_id=heard.notice_id, said={"hashes": hashes}, now=town.now)
    town.work()
    for name, seen in (("cut", frames[:3]), ("other", frames[:1])):
        signals = FileSignals(
            sha256=name.encode().ljust(32, b"."), md5=name.encode().ljust(16, b"."), size_bytes=9,
            kind="video", mime="video/mp4", state="hashed",
            frames=tuple(Frame(n * 1_000, near(one, 6), 90) for n, one in enumerate(seen)),
        )  # fmt: skip
        file = keep_file(signals, platform=town.platform, now=town.now)
        met = [one.case_id for one in banked(town.platform, file)]
        assert met == ([Case.objects.get(threat_of=heard.notice_id).id] if name == "cut" else [])


def near(value: bytes, bits: int) -> bytes:
    """So many bits off."""
    return (int.from_bytes(value, "big") ^ ((1 << bits) - 1)).to_bytes(32, "big")


def test_a_consent_is_entered_once_and_can_be_taken_back_once(town: Stage) -> None:
    heard = town.hear(gil(threatened_only=True), then_work=False)
    to = {"notice_id": heard.notice_id, "to": Consent.To.STOPNCII, "now": town.now}
    assert [give_consent(**to), give_consent(**to)] == [True, False]
    assert [withdraw_consent(**to), withdraw_consent(**to)] == [True, False]
    assert (entries("consent.given"), entries("consent.withdrawn")) == (1, 1)
