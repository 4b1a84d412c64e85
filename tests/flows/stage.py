"""A platform with posts on it, people who tell us, and the worker's jobs done when we say so."""

import hashlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from heed.cases.models import Case, Notice
from heed.flows import send_mail
from heed.flows.answer_notifiers import answer_notifiers
from heed.flows.decide_case import decide
from heed.flows.find_copies import find_copies
from heed.flows.issue_statements import issue_statements
from heed.flows.look_again import look_again
from heed.flows.make_case_file import make_case_file
from heed.flows.manage_platforms import add_platform
from heed.flows.protect_target import protect
from heed.flows.receive_notice import NoticeIn, Received, receive_notice
from heed.flows.register_items import register_items
from heed.flows.roll_back import roll_back
from heed.flows.tell_devices import tell_device
from heed.ledger.models import EntryBody
from heed.media.models import File, Item, Platform
from heed.media.services import FileIn, ItemIn, Registered
from heed.people import services as people
from heed.people.models import Role, Staff
from heed.rules.decisions import Ruling, Scope
from tests import people as cast

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
MOMENT = timedelta(microseconds=1)  # no two people are heard at the very same time
TOWN = "https://town.example"
CHILD_CLAUSE = "child-sexual"

_JOBS: dict[str, Callable[..., object]] = {
    "protect": lambda now, notice_id: protect(notice_id=UUID(notice_id), now=now),
    "find_copies": lambda now, case_id: find_copies(case_id=UUID(case_id), now=now),
    "roll_back": lambda now, rollback_id: roll_back(rollback_id=UUID(rollback_id), now=now),
    "look_again": lambda now, case_id: look_again(case_id=UUID(case_id), now=now),
    "issue_statements": lambda now, case_id: issue_statements(case_id=UUID(case_id), now=now),
    "answer_notifiers": lambda now, decision_id: answer_notifiers(
        decision_id=UUID(decision_id), now=now
    ),
    "make_case_file": lambda now, file_id: make_case_file(file_id=UUID(file_id), now=now),
}


def picture(name: str, *, like: FileIn | None = None, bits: int = 0, quality: int = 100) -> FileIn:
    """A file as its signals; `like` another one, it differs from that in so many bits."""
    look = random.Random(name).randbytes(32)
    if like is not None:
        assert like.pdq is not None
        number = int.from_bytes(like.pdq, "big") ^ ((1 << bits) - 1)
        look = number.to_bytes(32, "big")
    return FileIn(sha256=hashlib.sha256(name.encode()).digest(), pdq=look, pdq_quality=quality)


class Stage:
    """One platform. `now` moves only when a test moves it."""

    def __init__(self, slug: str = "town", at: str = TOWN, **more: Any) -> None:
        self.now, self.at = NOON, at
        self.heard_at: datetime | None = None
        added = add_platform(slug=slug, name=slug.title(), url_prefixes=[at], now=self.now, **more)
        self.platform_id, self.callback_secret = added.platform_id, added.callback_secret

    @property
    def platform(self) -> Platform:
        return Platform.objects.get(id=self.platform_id)

    # -------------------------------------------------------------- what is on the platform

    def url(self, ref: str) -> str:
        return f"{self.at}/{ref}"

    def post(self, ref: str, *files: FileIn, **more: Any) -> Item:
        self.register(self.row(ref, *files, **more))
        return self.item(ref)

    def reshare(self, ref: str, of: str, *files: FileIn) -> Item:
        return self.post(ref, *files, kind="reshare", reshare_of=of)

    def row(self, ref: str, *files: FileIn, **more: Any) -> ItemIn:
        return ItemIn(ref=ref, url=self.url(ref), files=files or None, **more)

    def register(self, *rows: ItemIn) -> list[Registered]:
        return register_items(platform_id=self.platform_id, rows=rows, now=self.now)

    def item(self, ref: str) -> Item:
        return Item.objects.get(platform_id=self.platform_id, ref=ref)

    def seen(self, *refs: str) -> list[str]:
        """What each of these items should be."""
        return [self.item(ref).desired for ref in refs]

    # -------------------------------------------------------------- what people say

    def hear(self, notice: NoticeIn, *, then_work: bool = True, **more: Any) -> Received:
        if self.now == self.heard_at:
            self.now += MOMENT
        heard = receive_notice(
            platform_id=self.platform_id,
            notice=notice,
            door="form",
            verbatim={"words": notice.words, "urls": [place.url for place in notice.places]},
            now=self.now,
            **more,
        )
        self.heard_at = self.now
        if then_work:
            self.work()
        return heard

    def case(self, file: FileIn | None = None, *, item: str = "") -> Case:
        if file is not None:
            return Case.objects.get(platform_id=self.platform_id, file__sha256=file.sha256)
        return Case.objects.get(platform_id=self.platform_id, item__ref=item)

    def cases_of(self, heard: Received) -> set[UUID]:
        return set(Case.objects.filter(joins__notice=heard.notice_id).values_list("id", flat=True))

    # -------------------------------------------------------------- what staff do

    def staff(self, name: str, *roles: Role) -> Staff:
        """With no roles named: a reviewer who may open files of minors."""
        held = roles or (Role.REVIEWER, Role.CHILD_SAFETY)
        return cast.staff(name, self.platform_id, *held, now=self.now)

    def looks(self, person: Staff, case: Case) -> None:
        """They open the file of a case."""
        people.note_viewing(
            staff_id=person.id, file_id=case.file_id or case.id, case_id=case.id,
            variant="full", whole=True, now=self.now,
        )  # fmt: skip

    def decide(self, case: Case, ruling: Ruling, by: Staff, **more: Any) -> Any:
        facts: dict[str, Any] = {
            "scope": Scope.FILE, "clause": CHILD_CLAUSE, "reasons": "We looked at it.",
        }  # fmt: skip
        self.looks(by, case)
        made = decide(case_id=case.id, ruling=ruling, by=by.id, now=self.now, **facts | more)
        self.work()
        return made

    def remove(self, case: Case, by: Staff, **more: Any) -> Any:
        return self.decide(case, Ruling.REMOVE, by, **more)

    def may_stay(self, case: Case, second: Staff, *, agrees: bool = True) -> None:
        """A second person looks, and says whether what a removal leaves alone may stay."""
        from heed.cases.queries import exemptions
        from heed.flows.second_exemption import second_exemption as agree

        self.now += MOMENT
        self.looks(second, case)
        for one in exemptions.waiting([case.id]):
            agree(exemption_id=one.id, agrees=agrees, by=second.id, now=self.now)
        self.work()

    def keep(self, case: Case, by: Staff, second: Staff, **more: Any) -> Any:
        """Let it stand: proposed by one, agreed to by the other."""
        from heed.flows.second_decision import second as agree

        made = self.decide(case, Ruling.KEEP, by, **more)
        self.looks(second, case)
        agree(decision_id=made.id, agrees=True, by=second.id, now=self.now)
        self.work()
        made.refresh_from_db()
        return made

    # -------------------------------------------------------------- the worker

    def later(self, span: timedelta) -> None:
        self.now += span

    def work(self) -> list[str]:
        """Do the jobs that wait, and those that they ask for; returns their names."""
        done: list[str] = []
        while job := take(self.now):
            do(*job, self.now)
            done.append(job[0])
        return done


def waiting() -> list[str]:
    """Names of the jobs that wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        return [row[0].removeprefix("heed.") for row in cursor.fetchall()]


def do(name: str, args: dict[str, Any], now: datetime) -> None:
    """One job; those that only look at or tell the outside are left to the tests about them."""
    if run := _JOBS.get(name):
        run(now=now, **args)


def take(now: datetime) -> tuple[str, dict[str, Any]] | None:
    """A waiting job, taken as a worker takes it: rows that are locked are passed over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE id = (SELECT id FROM procrastinate_jobs"
            " WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= %s)"
            " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING task_name, args",
            [now],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    args = json.loads(row[1]) if isinstance(row[1], str) else row[1]
    return row[0].removeprefix("heed."), args


def post_mail(now: datetime) -> None:
    """The mails that wait are sent; other jobs wait on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE status = 'todo'"
            " AND task_name IN ('heed.send_confirmation', 'heed.send_news')"
            " RETURNING task_name, args"
        )
        rows = cursor.fetchall()
    for name, args in rows:
        send = getattr(send_mail, name.removeprefix("heed."))
        notice_id = (json.loads(args) if isinstance(args, str) else args)["notice_id"]
        send(notice_id=UUID(notice_id), now=now)


def push_out(now: datetime) -> int:
    """The devices that wait are told, each by a job of its own; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE status = 'todo'"
            " AND task_name = 'heed.tell_device' RETURNING args"
        )
        rows = [row[0] for row in cursor.fetchall()]
    for args in rows:
        said = json.loads(args) if isinstance(args, str) else args
        tell_device(device_id=UUID(said["device_id"]), now=now)
    return len(rows)


def entries(event: str) -> int:
    """How often the ledger tells of this."""
    return EntryBody.objects.filter(event=event).count()


def facts_now() -> dict[str, int]:
    """How many rows there are of what a repetition must not make again."""
    from heed.cases.models import Copy, Deadline, Decision, Join, Restriction

    models = (Case, Copy, Deadline, Decision, Join, Restriction, Notice, Item, File, EntryBody)
    return {model.__name__: model._default_manager.count() for model in models}
