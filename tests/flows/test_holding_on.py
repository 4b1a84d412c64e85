"""What must still hold when stories cross: other spellings, other cases, other scopes, restores."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import md5, sha256

import pytest
from django.db import connection, transaction

from heed.cases.models import Appeal, Case, Deadline, Notice, Supplement, Target
from heed.cases.queries import case_files
from heed.cases.queries.private import private_page
from heed.cases.services import deadlines
from heed.flows import jobs
from heed.flows.answer_back import it_is_back
from heed.flows.check_upload import check_signals
from heed.flows.decide_appeal import decide_appeal
from heed.flows.decide_case import MayNotDecide
from heed.flows.deliver_states import record_results
from heed.flows.find_copies import find_copies
from heed.flows.observe_states import settle_case
from heed.flows.open_appeal import appeal_as_notifier
from heed.flows.protect_target import protect
from heed.flows.second_decision import second
from heed.flows.shared.shapes import Result, StateResult
from heed.flows.split_case import split
from heed.flows.supplement_notice import supplement_notice
from heed.flows.sweep_late_copies import sweep_late_copies
from heed.flows.take_up_jobs import take_up_jobs
from heed.hashing.signals import FileSignals, Frame
from heed.media.models import File, Item, Upload, Watermark
from heed.media.queries import banked
from heed.media.services import FileIn, keep_file
from heed.people.models import Contact
from heed.people.services import address_of, note_viewing
from heed.rules.decisions import AppealOutcome, Ruling, Scope
from heed.rules.gate import Verdict
from heed.web.notifier.spoken import told
from tests.apart import apart
from tests.flows.stage import HOUR, Stage, picture, waiting
from tests.people import dana, gil

ONE, TWO = picture("one"), picture("two")

# ------------------------------------------------------------------ the place that is meant


@pytest.mark.parametrize(
    "pasted", ["post#photo", "post?utm_source=app&fbclid=x", "post/", "post/?igsh=1#top"]
)
def test_a_link_with_what_an_app_added_to_it_is_the_post_that_is_meant(
    town: Stage, pasted: str
) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url(pasted)))
    assert town.seen("post") == ["hidden"]
    assert Target.objects.get().state == Target.State.FOUND
    assert Item.objects.count() == 1


def test_a_query_that_names_another_thing_is_another_place(town: Stage) -> None:
    town.post("thread", ONE)
    town.post("thread?id=7", TWO)
    town.hear(gil(town.url("thread?id=7&utm_campaign=x")))
    town.hear(gil(town.url("thread?id=8")))
    assert town.seen("thread", "thread?id=7") == ["visible", "hidden"]


def test_the_notifier_is_never_told_hidden_of_what_the_platform_did_not_do(town: Stage) -> None:
    item = town.post("post", ONE)
    heard = town.hear(gil(town.url("post")))
    for word, said in ((Result.NOT_FOUND, "no post at this link"), (Result.UNSUPPORTED, "fault")):
        answer = StateResult(item_ref=item.ref, revision=1, result=word)
        record_results(platform_id=town.platform_id, results=[answer], now=town.now)
        page = private_page(Notice.objects.get(id=heard.notice_id), town.now)
        line = told(page.targets[0], page)
        assert (line.kind, said in line.text) == ("late", True)


# ------------------------------------------------------------------ scopes and appeals


def test_a_removal_of_the_named_items_alone_turns_no_other_upload_away(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    check_signals(platform_id=town.platform_id, signals=ONE, upload_ref="own", now=town.now)
    town.remove(town.case(ONE), town.staff("Rae"), scope=Scope.ITEMS)
    assert Upload.objects.get().state == Upload.State.HELD  # a person says
    checked = check_signals(platform_id=town.platform_id, signals=ONE, now=town.now)
    assert checked.verdict is Verdict.ALLOW


def test_what_a_decision_left_alone_stays_so_while_an_appeal_is_carried_out(town: Stage) -> None:
    named, own = town.post("post", ONE), town.post("own", ONE)
    heard = town.hear(gil(town.url("post"), town.url("own")))
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.remove(town.case(ONE), rae, scope=Scope.ITEMS, exempt=[own.id])
    town.may_stay(town.case(ONE), town.staff("Ola"))
    assert town.seen(named.ref, own.ref) == ["removed", "visible"]
    appeal_as_notifier(notice_id=heard.notice_id, text="It is not me.", now=town.now)
    town.looks(sam, town.case(ONE))
    decide_appeal(
        appeal_id=Appeal.objects.get().id, outcome=AppealOutcome.REVERSED, reasons="Not her.",
        by=sam.id, now=town.now,
    )  # fmt: skip
    find_copies(case_id=town.case(ONE).id, now=town.now)
    assert town.seen(named.ref, own.ref) == ["removed", "visible"]


def test_a_place_that_a_removal_of_others_left_up_is_hidden_when_it_is_named(town: Stage) -> None:
    """Nobody has looked at it: a claim hides it with its reshares, and removes nothing."""
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.post("post", ONE)
    town.post("elsewhere", ONE)
    town.reshare("passed on", "elsewhere")
    town.hear(gil(town.url("post")))
    town.remove(town.case(ONE), rae, scope=Scope.ITEMS)
    town.may_stay(town.case(ONE), sam)
    town.later(HOUR)
    town.post("later", ONE)
    assert town.seen("elsewhere", "passed on", "later") == ["visible"] * 3
    for ref in ("elsewhere", "later"):
        town.hear(gil(town.url(ref)))
        assert town.seen(ref) == ["hidden"]
    assert town.seen("post", "passed on") == ["removed", "hidden"]
    assert town.case(ONE).state == Case.State.OPEN
    gone(town, "post")
    settle_case(town.case(ONE), now=town.now)
    removal = Deadline.objects.filter(stops="removed_and_searched", case=town.case(ONE))
    assert removal.exists() and not removal.exclude(met_at=None).exists()
    town.remove(town.case(ONE), rae, scope=Scope.ITEMS, exempt=[town.item("later").id])
    town.may_stay(town.case(ONE), sam)
    assert town.seen("elsewhere", "passed on", "later") == ["removed", "removed", "visible"]


def test_what_a_removal_leaves_alone_is_not_back_when_it_is_posted(town: Stage) -> None:
    """It was never removed, so no clock begins, and nobody has to decide the case once more."""
    own = town.post("own", ONE)
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    town.remove(town.case(ONE), town.staff("Rae"), scope=Scope.ITEMS, exempt=[own.id])
    town.may_stay(town.case(ONE), town.staff("Sam"))
    town.later(HOUR)
    back = Deadline.objects.filter(cause__startswith="back:")
    town.post("elsewhere", ONE)
    town.post("alike", picture("alike", like=ONE, bits=4))
    town.reshare("own passed on", "own")
    town.reshare("passed on", "elsewhere", ONE)
    town.work()
    assert town.seen("elsewhere", "alike", "own passed on", "passed on") == ["visible"] * 4
    assert (town.case(ONE).state, back.count()) == (Case.State.DECIDED, 0)
    town.reshare("of it", "post")
    town.work()
    assert town.seen("of it") == ["removed"]
    assert back.exists()


def test_a_place_that_is_named_later_by_the_same_notice_opens_its_decided_case(
    town: Stage,
) -> None:
    town.post("post", ONE)
    town.post("elsewhere", ONE)
    heard = town.hear(gil(town.url("post")))
    town.remove(town.case(ONE), town.staff("Rae"), scope=Scope.ITEMS)
    town.may_stay(town.case(ONE), town.staff("Sam"))
    town.later(HOUR)
    said = {"url": town.url("elsewhere")}
    supplement_notice(notice_id=heard.notice_id, said=said, now=town.now)
    town.work()
    assert (town.seen("elsewhere"), town.case(ONE).state) == (["hidden"], Case.State.OPEN)
    assert town.case(ONE).due_at is not None


def test_what_people_excepted_is_hidden_again_for_a_new_fact_alone(town: Stage) -> None:
    rae = town.staff("Rae")
    own = town.post("own", ONE)
    town.post("post", ONE)
    town.reshare("passed on", "own", ONE)
    heard = town.hear(dana(town.url("post"), town.url("own")), verified_channel=True)
    town.remove(town.case(ONE), rae, exempt=[own.id])
    town.may_stay(town.case(ONE), town.staff("Sam"))
    town.later(HOUR)
    protect(notice_id=heard.notice_id, now=town.now)
    town.hear(dana(town.url("own"), town.url("passed on")), verified_channel=True)
    assert town.seen("post", "own", "passed on") == ["removed", "visible", "visible"]
    town.hear(gil(town.url("own")))  # she was 13
    assert town.seen("post", "own", "passed on") == ["removed", "hidden", "hidden"]
    town.remove(town.case(ONE), rae)
    assert town.seen("post", "own", "passed on") == ["removed"] * 3


def test_what_was_split_off_is_judged_by_its_own_case_when_it_is_named_again(
    town: Stage,
) -> None:
    """Let stand there, it is hidden again for a new fact, and for nothing else."""
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.post("post", ONE)
    own = town.post("own", ONE)
    town.hear(dana(town.url("post")), verified_channel=True)
    case = town.case(ONE)
    into = split(case_id=case.id, items=[own.id], why="Her own.", by=rae.id, now=town.now)
    assert town.seen("own") == ["hidden"]
    for person in (rae, sam):
        for file in case_files.to_be_seen(into):
            note_viewing(
                staff_id=person.id, file_id=file.id, case_id=into.id, variant="full", whole=True,
                now=town.now,
            )  # fmt: skip
    made = town.decide(into, Ruling.KEEP, rae)
    second(decision_id=made.id, agrees=True, by=sam.id, now=town.now)
    town.remove(case, rae)
    town.later(HOUR)
    again = town.hear(dana(town.url("own")), verified_channel=True)
    assert town.cases_of(again) == {into.id}
    assert town.seen("post", "own") == ["removed", "visible"]
    town.hear(gil(town.url("own")))  # she was 13
    assert town.seen("post", "own") == ["removed", "hidden"]
    into.refresh_from_db()
    assert into.state == Case.State.OPEN and into.due_at is not None


def test_a_second_appeal_goes_to_nobody_who_answered_the_first(town: Stage) -> None:
    town.post("post", ONE)
    heard = town.hear(gil(town.url("post")))
    town.keep(town.case(ONE), town.staff("Rae"), town.staff("Sam"))
    third = town.staff("Third")

    def answer_the_open_one() -> None:
        appeal_as_notifier(notice_id=heard.notice_id, text="Look again.", now=town.now)
        waiting = Appeal.objects.get(state=Appeal.State.OPEN)
        decide_appeal(
            appeal_id=waiting.id, outcome=AppealOutcome.STANDS, reasons="Seen.",
            by=third.id, now=town.now,
        )  # fmt: skip

    answer_the_open_one()
    with pytest.raises(MayNotDecide, match="another person"):
        answer_the_open_one()


# ------------------------------------------------------------------ what another case holds


def test_an_upload_that_another_case_holds_as_well_is_not_released_with_the_first(
    town: Stage,
) -> None:
    like = picture("like", like=ONE, bits=8)
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    town.post("other", like)
    town.hear(gil(town.url("other")))
    between = picture("between", like=ONE, bits=3)
    check_signals(platform_id=town.platform_id, signals=between, upload_ref="u", now=town.now)
    assert Upload.objects.get().case_id == town.case(ONE).id
    town.keep(town.case(ONE), town.staff("Rae"), town.staff("Sam"))
    upload = Upload.objects.get()
    assert (upload.state, upload.case_id) == (Upload.State.HELD, town.case(like).id)
    assert Deadline.objects.filter(case=town.case(like), cause__startswith="upload:").exists()


def test_a_signal_that_two_cases_banked_goes_when_the_last_of_them_is_let_stand(
    town: Stage,
) -> None:
    same = picture("same", like=ONE, bits=0)
    rae, sam = town.staff("Rae"), town.staff("Sam")
    for ref, file in (("post", ONE), ("other", same)):
        town.post(ref, file)
        town.hear(gil(town.url(ref)))
        town.remove(town.case(file), rae)
        town.hear(gil(town.url(ref)))
        town.keep(town.case(file), rae, sam)
    near = picture("near", like=ONE, bits=2)
    checked = check_signals(platform_id=town.platform_id, signals=near, now=town.now)
    assert checked.verdict is Verdict.ALLOW


# ------------------------------------------------------------------ files, sweeps and jobs


def test_a_file_that_could_not_be_read_once_is_known_when_it_can_be(town: Stage) -> None:
    assert ONE.sha256 is not None and ONE.pdq is not None
    failed = FileSignals(
        sha256=ONE.sha256, md5=b"m" * 16, size_bytes=9, kind="picture", mime="image/png",
        state="not_hashable",
    )  # fmt: skip
    keep_file(failed, now=town.now)
    read = replace(failed, state="hashed", pdq=ONE.pdq, pdq_quality=90, query_forms=(ONE.pdq,))
    assert keep_file(read, now=town.now).state == File.State.HASHED
    assert File.objects.get().signals.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_sweep_goes_on_in_a_database_that_counts_its_transactions_anew() -> None:
    Watermark.objects.create(name="late-copies", below=2**40)  # as a restored backup has it
    town = Stage("restored")
    town.post("post", ONE)
    sweep_late_copies(now=town.now)
    assert Watermark.objects.get().below < 2**40


@pytest.mark.django_db(transaction=True)
def test_a_dead_job_that_was_asked_for_again_stands_in_nobodys_way() -> None:
    rows = [("heed.deliver", "one", "doing"), ("heed.deliver", "one", "todo"),
            ("heed.protect", "two", "doing")]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '1 hour') RETURNING id"
        )
        worker = cursor.fetchone()[0]
        for name, lock, status in rows:
            cursor.execute(
                "INSERT INTO procrastinate_jobs"
                " (queue_name, task_name, queueing_lock, args, status, worker_id)"
                " VALUES ('work', %s, %s, '{}', %s, %s)",
                [name, lock, status, worker if status == "doing" else None],
            )
    assert apart(take_up_jobs, now=datetime.now(UTC)) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE queueing_lock IN ('one', 'two')"
            " RETURNING queueing_lock, status"
        )
        assert sorted(cursor.fetchall()) == [("one", "todo"), ("two", "todo")]


@pytest.mark.django_db(transaction=True)
def test_who_asks_for_a_delivery_never_waits_for_another_who_does() -> None:
    """Notices about one platform all ask for the same job, each in a transaction of its own."""

    def asks(*, patient: bool) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = %s", ["1min" if patient else "100ms"])
            jobs.later("deliver", once="deliver:town", queue="deliver", platform_id="town")
            if patient:
                apart(asks, patient=False)

    asks(patient=True)
    assert waiting() == ["deliver"]


def test_a_removal_clock_waits_for_every_case_of_its_notice(town: Stage) -> None:
    town.post("post", ONE, TWO)
    town.hear(gil(town.url("post")))
    clock = Deadline.objects.get(stops="removed_and_searched")
    assert clock.held_at is not None
    town.later(HOUR)
    town.keep(town.case(ONE), town.staff("Rae"), town.staff("Sam"))
    clock.refresh_from_db()
    assert clock.met_at is None
    town.keep(town.case(TWO), town.staff("Third"), town.staff("Fourth"))
    clock.refresh_from_db()
    assert clock.met_at is not None


def gone(town: Stage, ref: str) -> None:
    """The platform says so, and a look sees it."""
    item = town.item(ref)
    answer = StateResult(item_ref=ref, revision=item.revision, result=Result.APPLIED)
    record_results(platform_id=town.platform_id, results=[answer], now=town.now)
    Item.objects.filter(id=item.id).update(observed="gone", observed_revision=item.revision)


def test_a_removal_clock_waits_until_what_each_case_removes_is_gone(town: Stage) -> None:
    """One of two posts goes, and the platform never answers for the other."""
    rae = town.staff("Rae")
    for ref, file in (("first", ONE), ("second", TWO)):
        town.post(ref, file)
    town.hear(gil(town.url("first"), town.url("second")))
    for file in (ONE, TWO):
        town.remove(town.case(file), rae)
    clock = Deadline.objects.get(stops="removed_and_searched")
    gone(town, "second")
    settle_case(town.case(TWO), now=town.now)
    clock.refresh_from_db()
    assert clock.met_at is None
    gone(town, "first")
    settle_case(town.case(ONE), now=town.now)
    clock.refresh_from_db()
    assert clock.met_at is not None


def test_a_removal_clock_is_not_met_by_a_refusal_while_another_case_still_removes(
    town: Stage,
) -> None:
    for ref, file in (("first", ONE), ("second", TWO)):
        town.post(ref, file)
    town.hear(gil(town.url("first"), town.url("second")))
    town.remove(town.case(ONE), town.staff("Rae"))
    town.keep(town.case(TWO), town.staff("Sam"), town.staff("Third"))
    clock = Deadline.objects.get(stops="removed_and_searched")
    assert clock.met_at is None
    gone(town, "first")
    settle_case(town.case(ONE), now=town.now)
    clock.refresh_from_db()
    assert clock.met_at is not None


def test_a_clock_of_two_cases_is_late_when_either_of_them_is_still_up(town: Stage) -> None:
    for ref, file in (("first", ONE), ("second", TWO)):
        town.post(ref, file)
    town.hear(gil(town.url("first"), town.url("second")))
    clock = Deadline.objects.get(stops="removed_and_searched")
    shown = "first" if clock.case_id == town.case(ONE).id else "second"
    gone(town, shown)
    Item.objects.filter(ref=shown).update(acknowledged="hidden")
    town.later(HOUR * 49)
    assert clock in deadlines.breach(now=town.now)


def test_an_adult_is_heard_under_any_spelling_too(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(dana(town.url("post?share=1")))
    assert town.seen("post") == ["limited"]


def test_an_address_that_is_given_later_is_kept_sealed_alone(town: Stage) -> None:
    heard = town.hear(gil(town.url("post")))
    said = {"email": "gil@example.org", "words": "He is 13."}
    supplement_notice(notice_id=heard.notice_id, said=said, now=town.now)
    assert Supplement.objects.get().said == {"words": "He is 13."}
    contact = Contact.objects.get()
    assert address_of(contact) == "gil@example.org"


def test_the_clock_of_what_is_back_shows_on_the_private_page(town: Stage) -> None:
    town.post("post", ONE)
    heard = town.hear(gil(town.url("post")))
    town.remove(town.case(ONE), town.staff("Rae"))
    town.later(HOUR * 72)
    it_is_back(notice_id=heard.notice_id, urls=[], text="", now=town.now)
    Deadline.objects.filter(cause=f"notice:{heard.notice_id}").update(met_at=town.now)
    page = private_page(Notice.objects.get(id=heard.notice_id), town.now)
    due = {promise.what: promise.due_at for promise in page.promises}
    assert due["removed_and_searched"] == town.now + HOUR * 48


def test_an_altered_video_of_a_claimed_one_is_held_at_the_door(town: Stage) -> None:
    looks = [picture(f"frame {n}") for n in range(6)]
    altered = [picture(f"altered {n}", like=look, bits=6) for n, look in enumerate(looks)]
    keep_file(_video("claimed", looks), now=town.now)
    town.post("post", FileIn(sha256=_video("claimed", looks).sha256))
    town.hear(gil(town.url("post")))
    again = keep_file(_video("again", altered), now=town.now)
    other = keep_file(_video("other", [picture(f"x {n}") for n in range(6)]), now=town.now)
    assert {(met.action, met.exact) for met in banked(town.platform, again)} == {("hold", False)}
    assert not banked(town.platform, other)


def _video(name: str, looks: Sequence[FileIn]) -> FileSignals:
    frames = tuple(
        Frame(timestamp_ms=n * 1_000, pdq=look.pdq or b"", quality=90)
        for n, look in enumerate(looks)
    )
    return FileSignals(
        sha256=sha256(name.encode()).digest(), md5=md5(name.encode()).digest(), size_bytes=9,
        kind="video", mime="video/mp4", state="hashed", frames=frames,
    )  # fmt: skip
