"""People who look are looked after: counted, warned, stopped in time, and never asked why."""

from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

from django.utils import timezone

from heed.cases.models import Case
from heed.flows import hand_on, view_file
from heed.ledger.models import EntryBody
from heed.media.models import Bank, BankSignal, File
from heed.people import exposure
from heed.people import queries as people
from heed.people.models import Role, Staff, Viewing
from heed.people.services import note_viewing
from heed.rules import health
from tests.web.console.test_deciding import REMOVE, look, prove, send
from tests.web.console.world import World


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def looked(staff: Staff, count: int, seconds: float = 1, hours_ago: float = 0.1) -> None:
    at = timezone.now() - timedelta(hours=hours_ago)
    Viewing.objects.bulk_create(
        Viewing(staff=staff, file_id=uuid4(), case_id=uuid4(), variant="full", opened_at=at,
                seconds=seconds, severity=3)
        for _ in range(count)
    )  # fmt: skip


def test_before_it_gets_graver_the_page_says_so_and_nothing_is_opened(world: World) -> None:
    case = world.case()
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    first = rae.post(f"/console/c/{case.number}/files/{case.file_id}/blurred")
    assert "graver than what you have opened in this shift" in text(first)
    assert not Viewing.objects.exists()
    assert "blurred and grey" in text(look(rae, case))
    clear = f"/console/c/{case.number}/files/{case.file_id}/clear"
    assert "/2fa/reauthenticate/" in rae.post(clear, headers={"HX-Request": "true"})["HX-Redirect"]
    prove(rae)
    again = rae.post(clear)
    assert "small and grey" in text(again)
    assert sorted(Viewing.objects.values_list("variant", flat=True)) == ["blurred", "clear"]


def test_the_limit_stops_the_next_file_and_not_the_one_that_is_open(world: World) -> None:
    case, other = world.case("p1", 1), world.case("p2", 2)
    rae = world.person("Rae", Role.CHILD_SAFETY)
    client = world.signed_in(rae)
    look(client, case)
    looked(rae, health.FILES_A_SHIFT)
    stopped = text(look(client, other))
    assert "Enough for now." in stopped
    assert "<img" not in stopped
    assert "blurred and grey" in text(look(client, case))
    assert "Enough for now." in text(client.get("/console/me"))


def test_seconds_unblurred_are_counted_and_never_beyond_what_has_passed(world: World) -> None:
    case = world.case()
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    look(rae, case)
    viewing = Viewing.objects.get()
    Viewing.objects.update(opened_at=timezone.now() - timedelta(seconds=30))
    for said, kept in (("4.5", 4.5), ("2", 4.5), ("nonsense", 4.5)):
        rae.post(f"/console/looks/{viewing.id}", {"seconds": said})
        viewing.refresh_from_db()
        assert viewing.seconds == kept
    rae.post(f"/console/looks/{viewing.id}", {"seconds": "90000"})
    viewing.refresh_from_db()
    assert viewing.seconds < 40
    sam = world.as_("Sam", Role.CHILD_SAFETY)
    sam.post(f"/console/looks/{viewing.id}", {"seconds": "39"})
    assert Viewing.objects.get().seconds == viewing.seconds


def test_a_case_is_handed_on_without_a_reason_and_not_offered_again(world: World) -> None:
    case = world.case()
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    rae.post("/console/next")
    page = text(rae.post(f"/console/c/{case.number}/hand-on", follow=True))
    assert "Handed on. It is not offered to you again." in page
    case.refresh_from_db()
    assert case.taken_by is None
    assert "No case waits" in text(rae.post("/console/next", follow=True))
    sam = world.as_("Sam", Role.CHILD_SAFETY)
    assert sam.post("/console/next")["Location"].endswith(f"/c/{case.number}/")
    entry = EntryBody.objects.get(event="case.handed_on")
    assert str(world.added["Rae"].staff_id) not in str(entry.body)
    assert not hand_on.hand_on(case_id=case.id, by=world.added["Rae"].staff_id, now=world.now)


def test_a_file_that_a_trusted_bank_knows_is_decided_unopened(world: World) -> None:
    case = world.case()
    bank = Bank.objects.create(name="Hotline", action="block", trusted=True, made_at=world.now)
    BankSignal.objects.create(
        bank=bank, type="sha256", value=bytes(world.file_of(case).sha256), source="exchange:x",
        added_at=world.now,
    )  # fmt: skip
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    page = text(rae.get(f"/console/c/{case.number}/"))
    assert "Known, byte for byte." in page
    assert "Open blurred" not in page
    assert "it stays unopened" in text(look(rae, case))
    assert not Viewing.objects.exists()
    assert "Decided." in send(rae, case, "decide", REMOVE)


def test_own_limits_only_go_down(world: World) -> None:
    rae = world.person("Rae", Role.CHILD_SAFETY)
    client = world.signed_in(rae)
    said = {"files_a_shift": 3, "minutes_a_shift": 5, "minutes_a_week": 20}
    client.post("/console/me/limits", said)
    assert exposure.limits_of(rae.id).files_a_shift == 3
    answer = client.post("/console/me/limits", {**said, "files_a_shift": 900})
    assert answer.status_code == 422
    assert exposure.limits_of(rae.id).files_a_shift == 3


def test_the_teams_page_has_no_names_and_no_figures_of_one(world: World) -> None:
    people = [world.person(name, Role.CHILD_SAFETY) for name in ("Rae", "Sam", "Ola", "Uri")]
    senior = world.as_("Dana", Role.SENIOR)
    looked(people[0], 2, seconds=600)
    alone = text(senior.get("/console/team"))
    assert "not said: too few people" in alone
    assert "10 min" not in alone and "files</li>" not in alone  # two would know each other's
    for person in people[1:]:
        looked(person, 1, seconds=60)
    page = text(senior.get("/console/team"))
    assert "20 min" in page
    assert "5</strong>files" in page
    assert not any(person.name in page for person in people)


def test_a_file_is_never_in_a_mail_or_a_list(world: World, mailoutbox: list[Any]) -> None:
    world.case(danger_now=True)
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    assert Case.objects.count() == 1
    for path in ("", "duty", "outbox", "me"):
        assert "<img" not in text(rae.get(f"/console/{path}"))


def test_a_video_is_seen_when_one_person_has_played_all_of_it_in_full(world: World) -> None:
    case = world.case()
    rae, sam = world.person("Rae", Role.CHILD_SAFETY), world.person("Sam", Role.CHILD_SAFETY)
    clients = {one.pk: world.signed_in(one) for one in (rae, sam)}
    File.objects.filter(id=case.file_id).update(kind="video")
    ago = timezone.now() - timedelta(seconds=30)

    def part(who: Staff, variant: str, begin: int, end: int, played: str) -> Viewing:
        viewing = note_viewing(
            staff_id=who.pk, file_id=world.file_of(case).id, case_id=case.id, variant=variant,
            part_ms=(begin, end), last=end == 31_000, now=ago,
        )  # fmt: skip
        said = {"seconds": "1", "played": played}
        assert clients[who.pk].post(f"/console/looks/{viewing.id}", said).status_code == 204
        viewing.refresh_from_db()
        return viewing

    def seen(who: Staff) -> bool:
        return people.has_viewed(who.pk, case.id, world.file_of(case).id)

    assert part(rae, "moving-full", 20_000, 31_000, "0-11000").played == [[20_000, 31_000]]
    assert part(rae, "moving-full", 0, 20_000, "0-9000,12000-20000").whole is False
    part(rae, "moving-blurred", 0, 20_000, "0-20000")
    part(sam, "moving-full", 0, 20_000, "0-20000")
    assert not seen(rae) and not seen(sam)
    page = text(clients[rae.pk].get(f"/console/c/{case.number}/"))
    assert "A video has been seen when all of it was played in full" in page
    assert part(rae, "moving-full", 0, 20_000, "8000-13000,junk").whole is True
    assert seen(rae) and not seen(sam)
    assert not part(sam, "moving-full", 20_000, 31_000, "0-1,5-900000000").whole  # no such part
    entries = EntryBody.objects.filter(event="video.seen")
    assert entries.count() == 1


def test_nobody_has_played_more_of_a_video_than_there_was_time_for(world: World) -> None:
    case, now = world.case(), timezone.now()
    rae = world.person("Rae", Role.CHILD_SAFETY)
    viewing = note_viewing(
        staff_id=rae.pk, file_id=world.file_of(case).id, case_id=case.id, variant="moving-full",
        part_ms=(0, 20_000), last=True, now=now,
    )  # fmt: skip
    said: Any = {"viewing_id": viewing.id, "by": rae.pk, "now": now + timedelta(seconds=4)}
    assert not view_file.note_played(spans=[(0, 20_000)], **said)
    assert view_file.note_played(spans=[(0, 9_000)], **said)
    assert not view_file.note_played(spans=[(0, 9_000)], **said)
    said["by"] = world.person("Sam", Role.CHILD_SAFETY).pk
    assert not view_file.note_played(spans=[(9_000, 10_000)], **said)
