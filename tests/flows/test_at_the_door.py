"""check_upload, fetch_files, view_file: whatever needs the bytes of a file."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from examples import pictures
from heed.cases.models import Case, Deadline
from heed.cases.queries.waiting import waiting
from heed.flows import wiring
from heed.flows.check_again import check_again, settle
from heed.flows.check_upload import check_bytes, check_signals, check_url
from heed.flows.fetch_files import fetch_files, learn_what_shows, read_again
from heed.flows.judge_copy import settle_upload
from heed.flows.manage_banks import Policy
from heed.flows.roll_back import name_it
from heed.flows.sweep_late_copies import sweep_late_copies
from heed.flows.view_file import MayNotView, NotViewable, view_file
from heed.hashing.refusals import Reason
from heed.hashing.signals import exact_signals, signals_of
from heed.media import banks
from heed.media.banks import SignalIn
from heed.media.models import ItemFile, Signal, Unchecked, Upload
from heed.media.services import FileIn
from heed.outbox.models import Letter
from heed.people.models import Role, Viewing
from heed.rules.decisions import Ruling
from heed.rules.gate import LOOK_WITHIN, Verdict
from tests.flows.stage import HOUR, SECOND, Stage, entries, facts_now, picture
from tests.flows.stage import waiting as waiting_jobs
from tests.flows.stand_in_platform import StandInPlatform
from tests.flows.test_flows_banks import live
from tests.flows.test_rolling_back import undo
from tests.people import dana, gil

pytestmark = pytest.mark.usefixtures("decoder")
ONE = picture("one")

# ------------------------------------------------------------------ check_upload


def test_a_claimed_file_is_held_at_the_door_and_joins_its_case(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    for _ in range(2):  # the platform asks again when it heard no answer
        checked = check_signals(
            platform_id=town.platform_id, signals=ONE, upload_ref="u", now=town.now
        )
        assert (checked.verdict, checked.case_number) == (Verdict.HOLD, town.case(ONE).number)
    assert Upload.objects.get().state == Upload.State.HELD
    assert Deadline.objects.filter(cause=f"upload:{Upload.objects.get().id}").exists()


def test_what_a_decision_lets_stand_is_released_and_held_no_more(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    check_signals(platform_id=town.platform_id, signals=ONE, upload_ref="u", now=town.now)
    town.keep(town.case(ONE), town.staff("Rae"), town.staff("Sam"))
    assert Upload.objects.get().state == Upload.State.RELEASED
    assert Letter.objects.filter(kind="upload.released").count() == 1
    town.later(HOUR)
    town.work()  # the notice's own job comes late
    checked = check_signals(platform_id=town.platform_id, signals=ONE, now=town.now)
    assert checked.verdict is Verdict.ALLOW


def test_what_is_let_stand_never_waits_for_a_case_of_another_platform(town: Stage) -> None:
    other = Stage("other", "https://other.example")
    for stage in (other, town):
        stage.post("post", ONE)
        stage.hear(gil(stage.url("post")))
    theirs = other.case(ONE)
    shared = banks.make(
        "SHARED", None, made_by="test", now=town.now, action="hold", enabled=True,
        category="minor_sexual",
    )  # fmt: skip
    assert ONE.sha256 is not None
    banks.add(
        shared, [SignalIn("sha256", ONE.sha256, None)], source="test", case_id=theirs.id,
        now=town.now,
    )  # fmt: skip
    check_signals(platform_id=town.platform_id, signals=ONE, upload_ref="u", now=town.now)
    upload = Upload.objects.get()
    assert upload.case_id == town.case(ONE).id
    town.keep(town.case(ONE), town.staff("Rae"), town.staff("Sam"))
    upload.refresh_from_db()
    assert (upload.case_id, upload.state) == (town.case(ONE).id, Upload.State.RELEASED)


def test_what_a_list_holds_too_waits_for_that_when_a_near_file_is_let_stand(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    shown = picture("shown", like=ONE, bits=4)
    listed = picture("listed", like=shown, bits=8)
    live(town, listed, policy=Policy(category="minor_sexual", on_upload="hold"))
    for ref, file in (("near", shown), ("same", ONE)):
        check_signals(platform_id=town.platform_id, signals=file, upload_ref=ref, now=town.now)
    near, same = (Upload.objects.get(upload_ref=ref) for ref in ("near", "same"))
    assert near.case_id == same.case_id == town.case(ONE).id
    town.keep(town.case(ONE), town.staff("Dana"), town.staff("Ola"))
    for one in (near, same):
        one.refresh_from_db()
    assert same.state == Upload.State.RELEASED  # people have seen this one
    assert (near.state, near.case_id) == (Upload.State.HELD, town.case(shown).id)
    assert town.case(shown).deadlines.filter(met_at=None).exists()
    undo(town, name_it(what="bank", value="LIST"))
    near.refresh_from_db()
    assert near.state == Upload.State.RELEASED


def test_a_claim_that_adds_nothing_holds_nothing_that_people_let_stand(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    town.keep(town.case(ONE), town.staff("Rae"), town.staff("Sam"))
    town.later(HOUR)
    town.hear(gil(town.url("post")))
    checked = check_signals(platform_id=town.platform_id, signals=ONE, now=town.now)
    assert checked.verdict is Verdict.ALLOW


def test_an_upload_waits_until_a_person_has_said_and_they_say_it_once(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    check_signals(
        platform_id=town.platform_id, signals=picture("x", like=ONE, bits=6), upload_ref="u",
        now=town.now,
    )  # fmt: skip
    town.decide(town.case(ONE), Ruling.REMOVE, rae := town.staff("Rae"))
    upload = Upload.objects.get()
    assert upload.state == Upload.State.HELD
    assert settle_upload(upload_id=upload.id, release=True, by=rae.id, now=town.now)
    assert not settle_upload(upload_id=upload.id, release=False, by=rae.id, now=town.now)
    assert Upload.objects.get().state == Upload.State.RELEASED


def test_real_bytes_are_known_again_altered_or_not(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pictures.picture(7)
    first = check_bytes(platform_id=town.platform_id, data=data, now=town.now)
    assert first.verdict is Verdict.ALLOW
    town.post("post", FileIn(sha256=first.sha256))
    town.hear(gil(town.url("post")))
    town.remove(Case.objects.get(), town.staff("Rae"))
    again = check_bytes(platform_id=town.platform_id, data=data, now=town.now)
    mirrored = pictures.altered(data, "mirror")
    asked: dict[str, Any] = {"platform_id": town.platform_id, "data": mirrored, "upload_ref": "m"}
    busy = mock.Mock(signals=lambda data: exact_signals(data, Reason.BUSY))
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "decoder", lambda: busy)
        unseen = check_bytes(**asked, now=town.now)
    assert (unseen.verdict, unseen.reason) == (Verdict.HOLD, "too-many-at-once")
    near = check_bytes(**asked, now=town.now)  # it asks again
    waits = Upload.objects.get(upload_ref="m")
    assert (waits.state, waits.reason) == (Upload.State.HELD, "looks-like-claimed")
    assert waits.case_id == Case.objects.get().id  # where somebody is due for it
    assert not Unchecked.objects.filter(ended_at=None)
    other = check_bytes(platform_id=town.platform_id, data=pictures.picture(8), now=town.now)
    assert [one.verdict for one in (again, near, other)] == [
        Verdict.BLOCK, Verdict.HOLD, Verdict.ALLOW,
    ]  # fmt: skip


def test_a_picture_that_cannot_be_read_is_held_and_never_passed(town: Stage) -> None:
    broken = pictures.picture(7)[:200]
    checked = check_bytes(platform_id=town.platform_id, data=broken, upload_ref="u", now=town.now)
    assert (checked.verdict, checked.reason) == (Verdict.HOLD, "could-not-be-checked")
    waits = Unchecked.objects.get()
    assert (waits.file_id, waits.retry_at) == (Upload.objects.get().file_id, None)
    rae = town.staff("Rae")
    assert settle(row_id=waits.id, release=False, by=rae.id, now=town.now)
    assert not settle(row_id=waits.id, release=True, by=rae.id, now=town.now)
    assert Upload.objects.get().state == Upload.State.BLOCKED
    assert Letter.objects.filter(kind="upload.blocked").count() == 1


def test_what_no_decoder_could_say_anything_of_is_held_whatever_it_begins_with(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare, words = b"P6 9 9 255 not much of a picture", b"nothing but words"
    jxl, readers = b"\xff\x0a" + b"\x10" * 99, wiring.decoder
    allowed, held = (Verdict.ALLOW, "nothing-found"), (Verdict.HOLD, "could-not-be-checked")

    def asked(data: bytes) -> tuple[Verdict, str]:
        ref = data[:5].hex()
        done = check_bytes(platform_id=town.platform_id, data=data, upload_ref=ref, now=town.now)
        return done.verdict, done.reason

    assert (asked(words), asked(jxl)) == (allowed, held)
    nobody = mock.Mock(signals=lambda data: exact_signals(data, Reason.DECODER_MISSING))
    monkeypatch.setattr(wiring, "decoder", lambda: nobody)
    late = b"other words, while nobody could read"
    for one in (rare, late):
        assert asked(one) == (Verdict.HOLD, "failed-here")  # the platform asks again
    busy = mock.Mock(signals=lambda data: exact_signals(data, Reason.BUSY))
    monkeypatch.setattr(wiring, "decoder", lambda: busy)
    assert asked(b"more words") == (Verdict.HOLD, "too-many-at-once")
    assert Unchecked.objects.filter(ended_at=None).count() == 4  # and somebody is due meanwhile
    monkeypatch.setattr(wiring, "decoder", readers)
    assert asked(late) == allowed  # it came again, and the decoder could say what it is
    assert Unchecked.objects.filter(ended_at=None).count() == 3


def test_an_address_that_could_not_be_fetched_is_tried_again_and_the_platform_is_told(
    square: Stage, platform: StandInPlatform
) -> None:
    data = pictures.picture(3)
    asked: dict[str, Any] = {"platform_id": square.platform_id, "account_ref": "uri"}
    for name in ("a", "a", "b", "c", "d"):  # the platform asks again
        url = square.url(f"files/{name}.0")
        held = check_url(**asked, url=url, upload_ref=name, now=square.now)
        assert (held.verdict, held.reason) == (Verdict.HOLD, "could-not-be-checked")
    assert entries("gate.failed") == 4
    assert dict(Unchecked.objects.values_list("upload_ref", "asked"))["a"] == 2
    assert waiting(now=square.now) == {}
    later = square.now + 2 * HOUR
    assert waiting(now=later)[square.platform_id].uploads == 4
    platform.bytes["a.0"] = data
    platform.bytes["c.0"] = data[:200]
    put(square, platform, "b", data)  # told of as a post meanwhile: read where it stands
    assert check_again(now=square.now + 60 * SECOND) == 3
    ends = dict(Unchecked.objects.exclude(ended_at=None).values_list("upload_ref", "ended_as"))
    assert ends == {"a": "checked", "b": "registered", "c": "checked"}
    told = [(one.kind, one.payload["upload_ref"]) for one in Letter.objects.all()]
    assert told == [("upload.released", "a")]
    broken = Unchecked.objects.get(upload_ref="c", ended_at=None)  # had, and can't be read
    still = Unchecked.objects.get(upload_ref="d")
    assert broken.since_at == broken.due_at - LOOK_WITHIN == still.since_at
    platform.bytes["d.0"] = data
    check_url(**asked, url=square.url("files/d.0"), upload_ref="d", now=square.now)
    still.refresh_from_db()
    assert still.ended_as == "checked"


def test_an_address_that_no_time_was_left_for_is_held_and_tried_later(square: Stage) -> None:
    asked: dict[str, Any] = {"platform_id": square.platform_id, "url": square.url("files/a.0")}
    held = check_url(**asked, upload_ref="u", within_seconds=-0.1, now=square.now)
    assert (held.verdict, held.reason) == (Verdict.HOLD, "could-not-be-checked")
    waits = Unchecked.objects.get()
    assert waits.reason == "no time was left for it" and waits.retry_at is not None


def test_what_is_not_compared_in_time_is_held_and_compared_again(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))

    def endless(*_: Any) -> Any:
        connection.cursor().execute("SELECT pg_sleep(20)")

    with monkeypatch.context() as slow:
        slow.setattr("heed.flows.check_upload.COMPARE_WITHIN_SECONDS", 0.02)
        slow.setattr("heed.media.queries.banked", endless)
        checked = check_signals(
            platform_id=town.platform_id, signals=ONE, upload_ref="u", now=town.now
        )
        assert (checked.verdict, checked.reason) == (Verdict.HOLD, "could-not-be-checked")
        assert check_again(now=town.now + 60 * SECOND) == 0
    assert check_again(now=town.now + HOUR) == 1
    assert Upload.objects.get().reason == "same-as-claimed"


# ------------------------------------------------------------------ fetch_files


def put(square: Stage, platform: StandInPlatform, ref: str, data: bytes) -> None:
    """A post whose file is named by its address."""
    platform.bytes[f"{ref}.0"] = data
    square.post(ref, FileIn(url=square.url(f"files/{ref}.0")))


def test_a_file_named_by_its_address_is_read_and_meets_the_cases(
    square: Stage, platform: StandInPlatform
) -> None:
    data = pictures.picture(3)
    put(square, platform, "a", data)
    assert fetch_files(now=square.now)
    square.hear(gil(square.url("a")))
    put(square, platform, "b", pictures.altered(data, "quality"))
    assert square.seen("b") == ["visible"]
    assert fetch_files(now=square.now)
    assert square.seen("a", "b") == ["hidden", "hidden"]
    before = facts_now()
    assert not fetch_files(now=square.now)
    assert facts_now() == before


def test_a_file_read_after_the_notice_gets_its_case_and_its_copies_go(
    square: Stage, platform: StandInPlatform
) -> None:
    data = pictures.picture(4)
    put(square, platform, "copy", data)
    fetch_files(now=square.now)
    put(square, platform, "a", data)
    square.hear(gil(square.url("a")))
    assert square.seen("a", "copy") == ["hidden", "visible"]
    platform.mood = "lying"  # hides nothing yet: the file can still be read
    fetch_files(now=square.now)
    square.work()
    assert square.seen("a", "copy") == ["hidden", "hidden"]


@pytest.mark.parametrize("reason", [Reason.BUSY, Reason.DECODER_CRASHED])
def test_a_file_that_no_decoder_could_look_into_is_read_again(
    square: Stage, platform: StandInPlatform, monkeypatch: pytest.MonkeyPatch, reason: Reason
) -> None:
    data = pictures.picture(3)
    put(square, platform, "a", data)
    fetch_files(now=square.now)
    square.hear(gil(square.url("a")))
    put(square, platform, "b", pictures.altered(data, "quality"))
    broken = mock.Mock(signals=lambda data, **_: exact_signals(data, reason))
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "decoder", lambda: broken)
        fetch_files(now=square.now)
    place = ItemFile.objects.get(item__ref="b")
    assert place.file is not None and place.file.state == "not_hashable"
    assert "read_again" in waiting_jobs() and square.seen("b") == ["visible"]
    assert read_again(place_id=place.id, now=square.now)
    assert square.seen("a", "b") == ["hidden", "hidden"]
    assert not read_again(place_id=place.id, now=square.now)


def test_what_breaks_every_decoder_is_not_read_for_ever(
    square: Stage, platform: StandInPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = mock.Mock(signals=lambda data, **_: exact_signals(data, Reason.DECODER_CRASHED))
    monkeypatch.setattr(wiring, "decoder", lambda: broken)
    put(square, platform, "a", pictures.picture(3))
    fetch_files(now=square.now)
    asked = 0
    while "read_again" in waiting_jobs():
        connection.cursor().execute("DELETE FROM procrastinate_jobs")
        read_again(place_id=ItemFile.objects.get().id, now=square.now)
        asked += 1
    assert asked == 2
    assert ItemFile.objects.get().state == ItemFile.State.KNOWN


def test_a_picture_that_lacks_its_end_meets_what_it_still_shows(
    square: Stage, platform: StandInPlatform
) -> None:
    data = pictures.picture(3)
    cut = data[:-2]  # a browser shows all of it
    put(square, platform, "cut", cut)
    fetch_files(now=square.now)
    place = ItemFile.objects.get()
    assert place.file is not None and place.file.reason == Reason.TRUNCATED
    put(square, platform, "a", data)
    fetch_files(now=square.now)
    square.hear(gil(square.url("a")))
    square.work()
    assert square.seen("a", "cut") == ["hidden", "hidden"]
    asked = {"platform_id": square.platform_id, "now": square.now}
    checked = check_bytes(data=data[:-3], upload_ref="u", **asked)
    number = Case.objects.get(file__sha256=ItemFile.objects.get(item__ref="a").file.sha256).number
    assert (checked.verdict, checked.case_number) == (Verdict.HOLD, number)
    bank = banks.make(
        "LIST", square.platform_id, made_by="test", now=square.now, action="hold", enabled=True,
        hides_registered=True, category="minor_sexual",
    )  # fmt: skip
    other = wiring.decoder().signals(pictures.picture(8))
    assert other.pdq is not None
    banks.add(bank, [SignalIn("pdq", other.pdq, 100)], source="test", now=square.now)
    put(square, platform, "listed", pictures.picture(8)[:-2])
    fetch_files(now=square.now)
    assert square.seen("listed") == ["hidden"]


def test_what_was_stored_before_pictures_that_stop_early_were_compared_is_compared(
    square: Stage, platform: StandInPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heed.flows.sweep_late_copies.media.oldest_running", lambda: 2**62)
    data = pictures.picture(3)
    put(square, platform, "cut", data[:-2])
    put(square, platform, "own", pictures.picture(8)[:-2])
    fetch_files(now=square.now)
    square.hear(gil(square.url("own")))
    put(square, platform, "alike", pictures.picture(8))
    put(square, platform, "a", data)
    Signal.objects.all().delete()  # as it was stored then
    fetch_files(now=square.now)
    square.hear(gil(square.url("a")))
    square.work()
    assert square.seen("a", "cut", "own", "alike") == ["hidden", "visible", "hidden", "visible"]
    with monkeypatch.context() as held:  # as when another process is at all that is left
        held.setattr("heed.flows.fetch_files.SHOWN_AT_ONCE", 0)
        assert learn_what_shows(now=square.now) == 0
    assert learn_what_shows(now=square.now) == 2
    sweep_late_copies(now=square.now)
    square.work()
    assert square.seen("cut", "alike") == ["hidden", "hidden"]
    assert [learn_what_shows(now=square.now) for _ in range(2)] == [0, 0]
    stored = Signal.objects.count()
    Signal.objects.all().delete()
    assert learn_what_shows(now=square.now) == 0, "it is looked for once"
    assert stored == 4


def test_a_file_that_could_not_be_read_is_in_sight_and_tried_again(
    square: Stage, platform: StandInPlatform
) -> None:
    square.post("a", FileIn(url=square.url("files/a.0")))
    fetch_files(now=square.now)
    place = ItemFile.objects.get()
    assert (place.state, place.reason) == (ItemFile.State.WAITING, "answered 404")
    assert not fetch_files(now=square.now)
    platform.bytes["a.0"] = pictures.picture(5)
    square.later(timedelta(minutes=1))
    fetch_files(now=square.now)
    assert ItemFile.objects.get().state == ItemFile.State.KNOWN


def test_a_file_that_never_can_be_read_is_given_up_in_sight(square: Stage) -> None:
    square.post("a", FileIn(url=square.url("files/a.0")))
    for _ in range(10):
        fetch_files(now=square.now)
        square.later(24 * HOUR)
    assert ItemFile.objects.get().state == ItemFile.State.FAILED


# ------------------------------------------------------------------ view_file


def opened(square: Stage, platform: StandInPlatform, notice: object = None) -> Case:
    put(square, platform, "a", pictures.picture(6))
    fetch_files(now=square.now)
    square.hear(notice or gil(square.url("a")))  # type: ignore[arg-type]
    platform.states["a"] = ("hidden", 1)
    return Case.objects.get()


def test_a_hidden_file_is_shown_from_the_evidence_address_and_the_look_is_written_down(
    square: Stage, platform: StandInPlatform
) -> None:
    case, rae = opened(square, platform), square.staff("Rae")
    assert case.file_id is not None
    shown = view_file(
        case_id=case.id, file_id=case.file_id, variant="blurred", by=rae.id, now=square.now
    )
    assert shown.mime.startswith("image/")
    assert shown.body != platform.bytes["a.0"]
    assert Viewing.objects.get().staff_id == rae.id
    assert entries("file.viewed") == 1


def test_a_file_in_a_case_about_a_child_opens_for_the_role_for_it_alone(
    square: Stage, platform: StandInPlatform
) -> None:
    case = opened(square, platform)
    assert case.file_id is not None
    for name, role in (("Rae", Role.REVIEWER), ("Zed", Role.AUDITOR)):
        person = square.staff(name, role)
        with pytest.raises(MayNotView, match="child-safety"):
            view_file(
                case_id=case.id, file_id=case.file_id, variant="full", by=person.id,
                now=square.now,
            )  # fmt: skip
    assert not Viewing.objects.exists()


def test_no_file_is_opened_by_way_of_a_case_that_it_is_no_part_of(
    square: Stage, platform: StandInPlatform
) -> None:
    of_a_child = opened(square, platform)
    put(square, platform, "b", pictures.picture(9))
    fetch_files(now=square.now)
    square.hear(dana(square.url("b")))
    of_an_adult = Case.objects.exclude(id=of_a_child.id).get()
    rae = square.staff("Rae", Role.REVIEWER)
    assert of_a_child.file_id is not None
    with pytest.raises(MayNotView, match="no part of this case"):
        view_file(
            case_id=of_an_adult.id, file_id=of_a_child.file_id, variant="full", by=rae.id,
            now=square.now,
        )  # fmt: skip


def test_what_the_platform_does_not_give_is_said_and_is_no_viewing(
    square: Stage, platform: StandInPlatform
) -> None:
    case, rae = opened(square, platform), square.staff("Rae")
    platform.bytes.clear()
    square.later(SECOND)
    assert case.file_id is not None
    with pytest.raises(NotViewable, match="evidence address"):
        view_file(case_id=case.id, file_id=case.file_id, variant="full", by=rae.id, now=square.now)
    assert not Viewing.objects.exists()


@pytest.mark.parametrize("form", ["a picture", "a film"])
def test_what_was_not_seen_to_its_end_is_held(
    form: str, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pictures.picture(7) if form == "a picture" else pictures.video(7, seconds=1)
    signals = replace(signals_of(data), reason=Reason.TOO_LARGE)
    assert signals.state == "hashed"
    monkeypatch.setattr(wiring, "decoder", lambda: mock.Mock(signals=lambda data: signals))
    checked = check_bytes(platform_id=town.platform_id, data=data, upload_ref="u", now=town.now)
    assert (checked.verdict, checked.reason) == (Verdict.HOLD, "could-not-be-checked")


def test_a_picture_with_too_little_in_it_is_let_in_unless_its_bytes_are_known(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pictures.picture(7)
    weak = replace(signals_of(data), state="low_quality", pdq_quality=20, query_forms=())
    signals = replace(weak, reason=Reason.LOW_QUALITY)
    monkeypatch.setattr(wiring, "decoder", lambda: mock.Mock(signals=lambda data: signals))
    asked: dict[str, Any] = {"platform_id": town.platform_id, "data": data, "now": town.now}
    assert check_bytes(**asked).verdict is Verdict.ALLOW
    town.post("post", FileIn(sha256=signals.sha256))
    town.hear(gil(town.url("post")))
    assert check_bytes(**asked).reason == "same-as-claimed"
