"""meet_deadlines, seal_ledger, take_up_jobs, send_mail, manage_staff, manage_platforms,
remember_answer: what runs beside the stories.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.utils import timezone

from heed.cases.models import Deadline, Notice
from heed.flows import protect_target
from heed.flows.check_upload import check_signals
from heed.flows.count_try import count_try
from heed.flows.deliver_states import record_results
from heed.flows.forget_passing import forget_passing
from heed.flows.issue_statements import issue_in_turn
from heed.flows.manage_platforms import PlatformExists, add_key, add_platform
from heed.flows.manage_staff import NotAdded, add_staff
from heed.flows.meet_deadlines import meet_deadlines
from heed.flows.observe_states import observe_in_turn
from heed.flows.remember_answer import KeyUsedBefore, Said, remember_answer
from heed.flows.seal_ledger import seal_ledger
from heed.flows.send_mail import send_confirmation, send_news
from heed.flows.shared import states
from heed.flows.shared.shapes import Result, StateResult
from heed.flows.supplement_notice import supplement_notice
from heed.flows.take_up_jobs import take_up_jobs
from heed.flows.withdraw_notice import withdraw_notice
from heed.ledger.models import Checkpoint, Waiting
from heed.media.models import ApiKey, Item, Platform, RememberedAnswer
from heed.people.guesses import Bound
from heed.people.models import Guess, Role, Staff
from heed.rules import misuse
from heed.rules.gate import Verdict
from tests.apart import apart
from tests.flows.stage import NOON, TOWN, Stage, entries, picture, waiting
from tests.people import dana, gil

ONE = picture("one")

# ------------------------------------------------------------------ meet_deadlines


def test_what_passed_unmet_is_an_entry_once(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    town.later(timedelta(hours=5))
    assert meet_deadlines(now=town.now) == 1
    assert meet_deadlines(now=town.now) == 0
    assert entries("deadline.breached") == 1


def test_a_removal_clock_stands_still_while_the_item_is_hidden(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    removal = Deadline.objects.get(stops="removed_and_searched")
    assert removal.held_at is not None
    done = StateResult(item_ref="post", revision=1, result=Result.APPLIED)
    record_results(platform_id=town.platform_id, results=[done], now=town.now)
    town.later(timedelta(hours=49))
    meet_deadlines(now=town.now)
    removal.refresh_from_db()
    assert removal.breached_at is None


def test_when_one_of_many_says_something_graver_the_removal_clocks_of_all_stand_still(
    town: Stage,
) -> None:
    town.post("post", ONE)
    adult = [town.hear(dana(town.url("post"))) for _ in range(2)]
    removal = Deadline.objects.filter(stops="removed_and_searched")
    assert not removal.exclude(held_at=None).exists()
    town.hear(gil(town.url("post")))
    assert not removal.filter(held_at=None).exists()
    late = town.hear(dana(town.url("post")))
    mine = removal.filter(cause=f"notice:{late.notice_id}")
    assert mine.exclude(held_at=None).count() == mine.count() == removal.count() / (len(adult) + 2)


def test_a_removal_clock_does_not_stand_still_for_what_we_only_asked_for(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    town.later(timedelta(hours=49))
    meet_deadlines(now=town.now)
    assert Deadline.objects.get(stops="removed_and_searched").breached_at == town.now


def test_a_clock_starts_at_first_receipt_and_waits_for_nothing(town: Stage) -> None:
    town.hear(dana(town.url("post"), signature="", good_faith=False))
    removal = Deadline.objects.get(stops="removed_and_searched")
    assert removal.due_at == NOON + timedelta(hours=48)
    assert removal.held_at is None
    town.later(timedelta(hours=49))
    meet_deadlines(now=town.now)
    removal.refresh_from_db()
    assert removal.breached_at == town.now


def test_a_provisional_bank_holds_nothing_for_ever(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    town.later(timedelta(days=31))
    meet_deadlines(now=town.now)
    checked = check_signals(platform_id=town.platform_id, signals=ONE, now=town.now)
    assert checked.verdict is Verdict.ALLOW


def test_a_notice_whose_protection_was_cut_off_is_taken_up(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("post", ONE)
    with monkeypatch.context() as broken:
        broken.setattr(protect_target, "protect", lambda **_: 1 / 0)
        town.hear(gil(town.url("post")), then_work=False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    town.later(timedelta(seconds=21))
    meet_deadlines(now=town.now)
    assert town.seen("post") == ["hidden"]
    assert Notice.objects.get().state == Notice.State.PROTECTED


def test_what_was_withdrawn_before_its_protection_was_cut_off_is_taken_up_all_the_same(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("post", ONE)
    with monkeypatch.context() as broken:
        broken.setattr(protect_target, "protect", lambda **_: 1 / 0)
        heard = town.hear(gil(town.url("post")), then_work=False)
    withdraw_notice(notice_id=heard.notice_id, now=town.now)
    _lose_the_jobs()
    town.later(timedelta(seconds=21))
    meet_deadlines(now=town.now)
    assert town.seen("post") == ["hidden"]
    notice = Notice.objects.get()
    assert (notice.state, notice.protected_at) == (Notice.State.WITHDRAWN, town.now)


@pytest.mark.parametrize("fails", ["all", "the join"])
def test_a_place_that_was_added_is_taken_up_when_its_job_is_lost(
    town: Stage, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    town.post("post", ONE)
    town.post("other", picture("other"))
    heard = town.hear(gil(town.url("post")))
    with monkeypatch.context() as broken:
        what = "protect" if fails == "all" else "_join"
        broken.setattr(protect_target, what, lambda *_, **__: 1 / 0)
        said = {"urls": [town.url("other")]}
        supplement_notice(notice_id=heard.notice_id, said=said, now=town.now)
    _lose_the_jobs()
    town.later(timedelta(seconds=21))
    meet_deadlines(now=town.now)
    assert town.seen("other") == ["hidden"]


def _lose_the_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def test_what_a_flood_brought_is_not_taken_up_before_its_turn(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misuse, "CROWDING", 0)
    town.post("post", ONE)
    for _ in range(2):
        town.hear(gil(town.url("post"), words=""), source="192.0.2.1", then_work=False)
    waits = Notice.objects.filter(state=Notice.State.RECEIVED)
    town.later(timedelta(seconds=21))
    meet_deadlines(now=town.now)
    assert waits.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    meet_deadlines(now=town.now)
    assert not waits.exists()


def test_nobody_waits_long_for_a_case_that_others_are_at(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("post", ONE)
    limits = []

    def held(**_: object) -> bool:
        limits.append(lock_timeout())
        raise OperationalError("canceling statement due to lock timeout")

    with monkeypatch.context() as busy:
        busy.setattr(protect_target, "protect", held)
        town.hear(gil(town.url("post")), then_work=False)
    assert limits == ["1s"] and lock_timeout() == "0"
    town.later(timedelta(seconds=6))
    town.work()
    assert town.seen("post") == ["hidden"]


def test_looking_and_telling_uploaders_give_way_to_hiding_for_a_minute_and_not_for_ever(
    town: Stage,
) -> None:
    item = town.post("post", ONE)
    town.hear(gil(town.url("post")), then_work=False)
    case = town.case(ONE)  # the platform is still to be told, and copies are still searched for
    Item.objects.filter(id=item.id).update(observe_due_at=town.now)
    assert issue_in_turn(case_id=case.id, now=town.now) == observe_in_turn(now=town.now) == 0
    town.later(timedelta(seconds=61))
    assert issue_in_turn(case_id=case.id, now=town.now) == observe_in_turn(now=town.now) == 1


def lock_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])


# ------------------------------------------------------------------ seal_ledger


def test_sealing_gives_every_entry_its_place_and_signs_once(town: Stage) -> None:
    town.hear(gil(town.url("post")))
    waiting = Waiting.objects.count()
    assert seal_ledger(now=town.now) == waiting > 0
    assert seal_ledger(now=town.now) == 0
    assert not Waiting.objects.exists()
    assert Checkpoint.objects.filter(size__gte=waiting).count() == 1


# ------------------------------------------------------------------ take_up_jobs


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_worker_that_was_killed_is_put_back_in_line() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '1 hour') RETURNING id"
        )
        worker = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id)"
            " VALUES ('work', 'heed.protect', '{}', 'doing', %s) RETURNING id",
            [worker],
        )
        job = cursor.fetchone()[0]
    assert apart(take_up_jobs, now=datetime.now(UTC)) == 1
    assert apart(take_up_jobs, now=datetime.now(UTC)) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job])
        assert cursor.fetchone()[0] == "todo"
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job])


@pytest.mark.django_db
def test_a_case_is_searched_by_one_worker_at_a_time() -> None:
    case_id = UUID(int=7)
    states.search_on(case_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['work']::varchar[], NULL)")
        first = cursor.fetchone()[0]
        states.search_on(case_id)
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['work']::varchar[], NULL)")
        assert cursor.fetchone()[0] is None
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [first])
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['work']::varchar[], NULL)")
        assert cursor.fetchone()[0] is not None


# ------------------------------------------------------------------ send_mail


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        settings, "EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend"
    )
    monkeypatch.setattr(settings, "EMAIL_FILE_PATH", tmp_path)
    return tmp_path


def test_mails_go_to_the_address_given_and_say_nothing_of_the_case(
    town: Stage, letters: Path
) -> None:
    town.post("post", ONE)
    heard = town.hear(dana(town.url("post"), words="They posted me."))
    assert send_confirmation(notice_id=heard.notice_id, now=town.now)
    assert not send_confirmation(notice_id=heard.notice_id, now=town.now)  # it has gone
    assert send_news(notice_id=heard.notice_id, now=town.now)
    sent = "".join(one.read_text() for one in letters.iterdir())
    assert sent.count("To: dana@example.org") == 2
    assert heard.contact_code in sent
    for word in ("intimate", "posted", TOWN, "abuse", heard.link_secret):
        assert word not in sent


def test_a_strangers_mailbox_is_not_filled_and_nobodys_mail_is_lost(
    town: Stage, letters: Path
) -> None:
    heard = [town.hear(dana(town.url(f"p{n}")), then_work=False) for n in range(8)]
    sent = [send_confirmation(notice_id=one.notice_id, now=town.now) for one in heard]
    assert sent == [True] * 6 + [False] * 2
    town.later(timedelta(minutes=61))
    assert all(send_confirmation(notice_id=one.notice_id, now=town.now) for one in heard[6:])
    assert waiting().count("send_confirmation") == 8  # the later two wait for their time


def test_nobody_is_written_to_who_did_not_ask_for_it(town: Stage, letters: Path) -> None:
    silent = town.hear(gil(town.url("post")))
    unwilling = town.hear(dana(town.url("post"), may_write=False))
    for heard in (silent, unwilling):
        assert not send_news(notice_id=heard.notice_id, now=town.now)
    assert list(letters.iterdir()) == []


# ------------------------------------------------------------------ manage_staff, manage_platforms


def test_new_staff_get_a_second_factor_and_roles_at_their_platform_alone(town: Stage) -> None:
    added = add_staff(
        email="rae@heed.example", name="Rae", roles=[Role.REVIEWER], platform_slugs=["town"],
        now=town.now,
    )  # fmt: skip
    rae = Staff.objects.get(id=added.staff_id)
    assert rae.check_password(added.password)
    assert added.totp_secret in added.otpauth_url
    assert len(added.recovery_codes) > 4
    assert [one.platform_id for one in rae.memberships.all()] == [town.platform_id]
    with pytest.raises(NotAdded, match="account"):
        add_staff(email="rae@heed.example", name="Rae", roles=[], platform_slugs=[], now=town.now)
    assert entries("staff.added") == 1


def test_a_key_is_shown_once_and_kept_as_a_hash(town: Stage) -> None:
    key = add_key(platform_slug="town", name="site", scopes=["items"], now=town.now)
    kept = ApiKey.objects.get()
    assert key.startswith(f"heed_{kept.prefix}_")
    assert key.encode() not in bytes(kept.secret_hash)


def test_a_short_name_is_given_to_one_platform(town: Stage) -> None:
    with pytest.raises(PlatformExists):
        add_platform(slug="town", name="Other", url_prefixes=[TOWN], now=town.now)
    assert Platform.objects.count() == 1


# ------------------------------------------------------------------ remember_answer


def test_a_question_that_is_asked_again_is_answered_again_and_done_once(town: Stage) -> None:
    done: list[int] = []

    def act() -> Said:
        done.append(1)
        return Said(status=201, body={"made": 1})

    for again in (False, True):
        said, before = remember_answer(
            platform_id=town.platform_id, key="k", question=b"q" * 32, act=act, now=town.now
        )
        assert (said.status, said.body, before) == (201, {"made": 1}, again)
    assert done == [1]
    with pytest.raises(KeyUsedBefore):
        remember_answer(
            platform_id=town.platform_id, key="k", question=b"x" * 32, act=act, now=town.now
        )


# ------------------------------------------------------------------ forget_passing


def test_what_is_kept_for_a_while_goes_also_when_nobody_comes_again(town: Stage) -> None:
    now = timezone.now()  # sessions know no other time
    door = Bound(door="officer.code", most=2, within=timedelta(minutes=5))

    def leave(at: datetime, name: str) -> None:
        remember_answer(
            platform_id=town.platform_id, key=name, question=b"?",
            act=lambda: Said(status=200, body={"private_url": "/n/H-1"}), now=at,
        )  # fmt: skip
        count_try(at=door, name=name, now=at)

    session = SessionStore()
    session["heed_unsent"] = {"fields": [["words", "He is 13, and afraid"]]}
    session.create()
    leave(now, "first")
    assert forget_passing(now=now) == 0
    assert forget_passing(now=now + timedelta(hours=1, minutes=1)) == 1
    assert (Guess.objects.count(), RememberedAnswer.objects.count()) == (0, 1)
    assert forget_passing(now=now + timedelta(hours=24, minutes=1)) == 2
    assert not RememberedAnswer.objects.exists() and not Session.objects.exists()
