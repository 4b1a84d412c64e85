"""The case page says what is known, what was done, and where the two do not agree."""

import json
import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from heed.cases.models import (
    Appeal,
    BlindReading,
    Case,
    Deadline,
    Decision,
    Message,
    Notice,
    Supplement,
)
from heed.cases.queries import case_page
from heed.cases.services import decisions
from heed.filings.models import SealedObject
from heed.flows import revive_jobs, wiring
from heed.flows.forget_words import forget_words
from heed.flows.shared import states
from heed.flows.supplement_notice import supplement_notice
from heed.flows.translate_notice import translate
from heed.flows.write_to_notifier import write_to_notifier
from heed.ledger import services as ledger
from heed.ledger.models import EntryBody
from heed.media.models import Item, Upload
from heed.media.services import keep_file
from heed.outbox.models import StateTelling
from heed.people.duty_models import Call
from heed.people.models import Role, Viewing
from heed.people.queries import looks_of_ours
from heed.people.ringing import open_call
from heed.web.console.views import case as case_view
from heed.web.console.words import how_near
from tests.web.console.test_deciding import REMOVE, send
from tests.web.console.world import World, signals


def page(client: Client, number: str, part: str = "") -> str:
    return unescape(client.get(f"/console/c/{number}/{part}").content.decode())


def test_a_notice_is_shown_as_it_was_said_with_standing_and_police_reference(
    world: World,
) -> None:
    case = world.case(words="He is 13 <b>& afraid</b>", stated_age=13, police_agency="City police")
    found = page(world.as_("Rae", Role.REVIEWER), case.number)
    for words in ("He is 13 <b>& afraid</b>", "parent or guardian", "2026-1234", "City police"):
        assert words in found


def test_the_page_says_so_when_the_platform_says_applied_and_the_address_still_shows_it(
    world: World,
) -> None:
    case = world.case()
    item = Item.objects.get(ref="p1")
    Item.objects.filter(id=item.id).update(
        acknowledged="hidden", acknowledged_revision=item.revision, answer="applied",
        observed="seen", observed_at=timezone.now(),
    )  # fmt: skip
    found = page(world.as_("Rae", Role.REVIEWER), case.number)
    assert "the platform says applied, but the address still shows it" in found


def test_what_the_platform_cannot_do_is_said(world: World) -> None:
    case = world.case()
    Item.objects.filter(ref="p1").update(answer="unsupported")
    assert "the platform can't do this" in page(world.as_("Rae", Role.REVIEWER), case.number)


def test_dead_letters_are_in_sight_and_can_be_tried_again(world: World) -> None:
    case = world.case()
    StateTelling.objects.update(dead_at=timezone.now(), due_at=None, last_error="unreachable")
    sam = world.as_("Sam", Role.SENIOR)
    assert "given up on after many tries" in page(sam, case.number)
    assert "unreachable" in unescape(sam.get("/console/outbox").content.decode())
    sam.post(f"/console/c/{case.number}/retry")
    assert not StateTelling.objects.exclude(dead_at=None).exists()


def test_the_outbox_tries_again_what_was_ticked(world: World) -> None:
    world.case("p1", 1)
    world.case("p2", 2)
    StateTelling.objects.update(dead_at=timezone.now(), due_at=None)
    first = StateTelling.objects.order_by("item_id").first()
    assert first is not None
    world.as_("Dana", Role.ADMINISTRATOR).post(
        "/console/outbox/retry", {"of": "square", "item": first.item_id}
    )
    assert StateTelling.objects.exclude(dead_at=None).count() == 1


def test_accounts_are_letters_until_the_content_is_decided(world: World) -> None:
    world.post("p0", 1, account="zed-the-first", hours_ago=9)
    case = world.case()
    rae = world.as_("Rae", Role.CHILD_SAFETY)
    before = page(rae, case.number)
    assert "Account A" in before
    assert "Account B" in before
    assert "zed-the-first" not in before
    send(rae, case, "decide", REMOVE)
    assert "zed-the-first" in page(rae, case.number)


def test_the_ledger_is_really_checked(world: World) -> None:
    case = world.case()
    rae = world.as_("Rae", Role.REVIEWER)
    assert "waits for its place" in page(rae, case.number, "entries")
    ledger.sequence(now=world.now)
    proven = page(rae, case.number, "entries")
    assert "✓ checked" in proven
    assert "✗ false" not in proven
    entry = EntryBody.objects.filter(subject=f"case:{case.id}").first()
    assert entry is not None
    EntryBody.objects.filter(pk=entry.pk).update(at=entry.at + timedelta(microseconds=1))
    assert page(rae, case.number, "entries").count("✗ false") == 1


def test_spread_is_a_drawing_with_the_same_figures_in_a_table(world: World) -> None:
    world.post("p0", 1, hours_ago=30)
    case = world.case()
    found = page(world.as_("Rae", Role.REVIEWER), case.number)
    assert '<svg class="chart"' in found
    assert "Copies published" in found


def test_all_copies_of_a_kind_have_a_page(world: World) -> None:
    root = world.post("p1", 1)
    for n in range(30):
        world.post(f"r{n}", None, reshare_of=root.ref)
    case = world.case("p1", 1)
    rae = world.as_("Rae", Role.REVIEWER)
    assert "All 30" in page(rae, case.number)
    assert page(rae, case.number, "copies/reshare").count("<tr>") == 31


def test_a_case_without_a_file_says_so(world: World) -> None:
    item = world.post("p1", None)
    notice = world.notice(item, child=False, words="They threaten me")
    found = page(world.as_("Rae", Role.REVIEWER), notice.joins.get().case.number)
    assert "Words only: no file belongs to it." in found


def test_deadlines_are_shown_with_their_citation(world: World) -> None:
    case = world.case()
    assert "Heed policy, review within" in page(world.as_("Rae", Role.REVIEWER), case.number)


def test_work_that_failed_after_all_its_tries_is_in_sight_and_done_again(world: World) -> None:
    """flows/revive_jobs: nothing that was given up on is lost from sight."""
    case = world.case()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
        for lock, status in ((None, "failed"), ("same", "failed"), ("same", "todo")):
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts,"
                " queueing_lock) VALUES ('work', 'heed.look_again', %s, %s, 12, %s)",
                [json.dumps({"case_id": str(case.id)}), status, lock],
            )
    sam = world.as_("Sam", Role.SENIOR)
    page = unescape(sam.get("/console/outbox").content.decode())
    assert page.count(f"case_id {case.id}") == 2
    assert "1 to be done again" in unescape(
        sam.post("/console/outbox/retry", {"jobs": "1"}, follow=True).content.decode()
    )
    assert not revive_jobs.failed([world.platform.id])
    with connection.cursor() as cursor:
        cursor.execute("SELECT attempts FROM procrastinate_jobs WHERE queueing_lock IS NULL")
        assert cursor.fetchall() == [(0,)]


def test_what_a_picture_says_of_itself_is_shown_as_plain_text_and_written_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened and empty is not "viewed"; opened and read is."""
    case = world.case(child=False)
    rae = world.as_("Rae", Role.REVIEWER)
    at = f"/console/c/{case.number}/files/{case.file_id}/exif"
    assert "It has none" in unescape(rae.post(at, {"warned": "1"}).content.decode())
    said = json.dumps([["Make", "<b>Camera</b>"], ["GPSLatitude", "52.0"]]).encode()
    monkeypatch.setattr(wiring.decoder(), "metadata", lambda data: said)
    found = rae.post(at, {"warned": "1"}).content.decode()
    assert "&lt;b&gt;Camera" in found and "52.0" in found and "<img" not in found
    assert set(Viewing.objects.values_list("variant", flat=True)) == {"exif-none", "exif"}
    assert looks_of_ours(case.id, world.file_of(case).id) == {"exif-none", "exif"}


def test_a_flood_of_notices_is_read_page_by_page_and_in_few_questions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_view, "NOTICES_ON_A_PAGE", 2)
    case = world.case(words="the first")
    item = Item.objects.get()
    with CaptureQueriesContext(connection) as alone:
        assert len(case_page.notices(case)) == 1
    said = []
    for words in ("the second", "the third"):
        world.now += timedelta(seconds=1)
        said.append(world.notice(item, words=words))
    with CaptureQueriesContext(connection) as together:
        assert len(case_page.notices(case)) == 3
    assert len(together) == len(alone) <= 6
    rae = world.as_("Rae", Role.REVIEWER)
    first, second = page(rae, case.number), page(rae, case.number, "?notices=2")
    assert "Notices (3)" in first and "the second" in first and "the third" not in first
    assert "?notices=2#notices" in first and "the third" in second
    path = f"/console/c/{case.number}/notices/{said[1].number}/translate"
    back = rae.post(path, {"from_language": "German", "text": ""})  # the words are not lost
    assert "the third" in back.content.decode() and b"German" in back.content


def test_nobody_keeps_a_case_from_being_opened_by_writing_very_much(world: World) -> None:
    case, long = world.case(words="mine"), "no " * 500_000
    statement, now = world.platform.id, world.now
    notice = case.joins.get().notice
    Notice.objects.filter(id=notice.id).update(words=long, verbatim={"links": long})
    Message.objects.create(notice=notice, text=long, at=now)
    Supplement.objects.create(notice=notice, said={"words": long}, at=now)
    appeal = decisions.open_appeal(
        case, notice_id=None, statement_id=statement, text="The first word.", now=now
    )
    for n in range(3):
        decisions.say_more(
            case, f"{n} {long}", now=world.now, statement_id=statement, measure_id=None
        )
    assert appeal is not None
    appeal.refresh_from_db()
    assert appeal.text.startswith("The first word.\n\n0 no") and len(appeal.text) == 100_000
    found = page(world.as_("Rae", Role.REVIEWER), case.number)
    assert found.count("Cut here: ") == 5 and "1,480,000 more letters" in found
    assert len(found) < 250_000
    (told,) = case_page.notices(case)
    rows = (told.notice, *told.supplements, *told.messages)
    assert max(len(str(vars(one))) for one in rows) < 70_000, "nothing whole comes into memory"
    assert told.notice.verbatim == {"links": long}, "who asks for the whole has it"


def test_a_translation_stands_beside_the_words_and_never_in_their_place(world: World) -> None:
    """flows/translate_notice: added by somebody who reads the language."""
    case = world.case(words="Das bin ich.")
    path = f"/console/c/{case.number}/notices/{case.joins.get().notice.number}/translate"
    rae = world.as_("Rae", Role.REVIEWER)
    missing = rae.post(path, {"from_language": "German", "text": ""})
    assert missing.status_code == 422
    assert b"The translation is missing." in missing.content and b"German" in missing.content
    assert rae.post(path, {"from_language": "German", "text": "It is me."}).status_code == 302
    page = rae.get(f"/console/c/{case.number}/").content.decode()
    assert "Das bin ich." in page and "It is me." in page and "Translated from German" in page


# ------------------------------------------------------------------ words that were forgotten


def test_where_words_stood_the_page_says_when_they_were_forgotten(world: World) -> None:
    case = world.case(words="This is Quittenbaum", child=False, time_given="by eight")
    notice = Notice.objects.get()
    rae = world.person("Rae", Role.REVIEWER, Role.SENIOR, Role.LIAISON)
    write_to_notifier(notice_id=notice.id, text="Dear Quittenbaum", by=rae.id, now=world.now)
    supplement_notice(notice_id=notice.id, said={"words": "Quittenbaum too"}, now=world.now)
    translate(notice_id=notice.id, from_language="de", text="Quittenbaum", by=rae.id, now=world.now)
    Appeal.objects.create(
        case=case, notice=notice, text="Quittenbaum", opened_at=world.now, state="stands",
        decided_at=world.now,
    )  # fmt: skip
    asked = reading(case, world)
    Case.objects.update(state=Case.State.DECIDED, decided_at=world.now)
    call = open_call(
        platform_id=case.platform_id, kind="danger", cause="notice:1", due_at=world.now,
        now=world.now, notice_id=notice.id,
    )  # fmt: skip
    Call.objects.update(ended_at=world.now)
    SealedObject.objects.all().delete()
    now = world.now + timedelta(days=1_500)
    assert forget_words(now=now) == 1
    sam, on = world.as_("Sam", *Role), now.strftime("%-d %b %Y")
    assert call is not None
    for path in (f"blind/{asked.id}", f"c/{case.number}/", f"calls/{call.id}"):
        answer = sam.get(f"/console/{path}")
        found = unescape(answer.content.decode())
        assert answer.status_code == 200 and "Quittenbaum" not in found
        assert f"The words were forgotten on {on}" in found, path
        assert "No words were added" not in found
    first = page(sam, case.number)
    assert "2026-1234" not in first and notice.number in first
    assert f"What they wrote was forgotten on {on}" in first  # the appeal
    assert "Translate it for the others" not in first
    search = unescape(sam.get("/console/?state=all&words=Quittenbaum").content.decode())
    assert case.number not in search and "for as long as they are kept" in search
    by_number = unescape(sam.get(f"/console/?state=all&words={notice.number}").content.decode())
    assert case.number in by_number
    for path in (f"c/{case.number}/entries", f"c/{case.number}/custody", "figures", "outbox"):
        assert sam.get(f"/console/{path}").status_code == 200, path


def reading(case: Case, world: World) -> BlindReading:
    """A decision of this case, drawn to be read again by somebody else."""
    decision = Decision.objects.create(
        case=case, round=1, ruling="remove", scope="file", clause="other", policy_version="1",
        reasons="We looked.", state="final", decided_by=uuid4(), decided_at=world.now,
    )  # fmt: skip
    return BlindReading.objects.create(decision=decision, drawn_at=world.now)


def test_what_is_over_does_not_push_what_waits_out_of_sight(world: World) -> None:
    """The page stays near one screen when a case has a long life behind it."""
    case = world.case()
    Deadline.objects.filter(case=case).update(met_at=None)
    for n in range(30):
        Deadline.objects.create(
            case=case, cause=f"t:{n}", citation=f"met-{n}", clock="x", stops="person_looked",
            kind="house", status="in force", set_at=world.now, due_at=world.now, met_at=world.now,
        )  # fmt: skip
        Upload.objects.create(
            platform=world.platform, file=world.file_of(case), case_id=case.id, upload_ref=f"u{n}",
            state="blocked" if n else "held", reason="case", asked_at=world.now,
            ended_at=world.now if n else None,
        )  # fmt: skip
        SealedObject.objects.create(
            copy="review", platform_id=world.platform.id, case_id=case.id, state="kept",
            plain_bytes=1, asked_at=world.now, kept_at=world.now, round=n + 2,
            reason="its key is not here" if n == 29 else "",
        )  # fmt: skip
    shown = page(world.as_("Rae", Role.CHILD_SAFETY), case.number)
    at_once = re.sub(r"<details.*?</details>", "", shown, flags=re.S)
    assert "met-3" not in at_once and "Met (30)" in shown and "met-29" in shown
    assert "Heed policy, review within" in at_once
    assert at_once.count('value="release"') == 1 and "Ended (29)" in shown
    assert "its key is not here" in at_once and " more</summary>" in shown
    assert at_once.count("<strong>Review copy</strong>") <= 5


def test_only_the_very_same_bytes_are_called_so(world: World) -> None:
    """Two pictures may have one look: no bit between them, and other bytes."""
    case, rae = world.case(), world.as_("Rae", Role.CHILD_SAFETY)
    assert case.file is not None
    alike = keep_file(signals(2)[1], now=world.now)
    for file, reason in ((alike, "looks-like-claimed"), (case.file, "same-as-claimed")):
        Upload.objects.create(
            platform=world.platform, file=file, case_id=case.id, state=Upload.State.HELD,
            reason=reason, distance_bits=0, asked_at=world.now,
        )  # fmt: skip
    door = page(rae, case.number).partition("At the door")[2]
    assert re.findall(r"near, 0 bits|the same bytes", door)[:2] in (
        ["near, 0 bits", "the same bytes"], ["the same bytes", "near, 0 bits"],
    )  # fmt: skip
    assert how_near("sha256", 0, 31) == "sha256, the very same"
    assert how_near("pdq", 0, 31) == "pdq, 0 of at most 31 bits"


def test_clocks_of_the_same_kind_say_what_they_run_for(world: World) -> None:
    case, rae = world.case(), world.as_("Rae", Role.CHILD_SAFETY)
    states.set_review(case, cause="upload:1", now=world.now)
    owed = page(rae, case.number).partition('id="deadlines"')[2]
    assert "review within, for an upload at the door" in owed
    assert "review within, for a notice" in owed
