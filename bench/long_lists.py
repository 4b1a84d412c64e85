"""Rows for every list of the console, straight into the tables: thousands, or some for a test."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from heed.media.models import Platform


def fill(platform: Platform, count: int, *, now: datetime) -> None:
    """So many rows of each list at this platform."""
    random = Random(platform.slug)
    cases = _cases(platform, count, now, random)
    by = _people(platform, count, now)
    for rows in (
        *_outside(platform, count, now, random),
        *_banks(platform, count, now, random, by),
        *_papers(platform, count, now, random),
        *_told(platform, cases, now, by),
        *_watched(platform, count, now, by),
    ):
        type(rows[0]).objects.bulk_create(rows, batch_size=2_000)
    _jobs(platform, count)


def _named(platform: Platform, what: str, n: int) -> str:
    return f"{platform.slug}-{what}-{n:05}"


def _id(platform: Platform, what: str, n: int) -> UUID:
    return uuid5(platform.id, f"{what}{n}")


def _cases(platform: Platform, count: int, now: datetime, random: Random) -> Sequence[Any]:
    """Two for each that was asked for, all decided."""
    from heed.cases.models import Case
    from heed.ids import number
    from heed.media.models import File

    files = [
        File(sha256=random.randbytes(32), kind="picture", state="hashed", first_seen_at=now)
        for _ in range(2 * count)
    ]
    File.objects.bulk_create(files, batch_size=2_000)
    cases = [
        Case(
            number=number("C"), platform=platform, file=file, category="minor_sexual",
            level="hidden", rung=1, opened_at=now, round_at=now, state=Case.State.DECIDED,
            decided_level="removed", decided_at=now,
        )
        for file in files
    ]  # fmt: skip
    return Case.objects.bulk_create(cases, batch_size=2_000)


def _people(platform: Platform, count: int, now: datetime) -> UUID:
    from heed.people.models import Membership, Staff

    people = [
        Staff(
            id=_id(platform, "staff", n), name=_named(platform, "person", n), joined_at=now,
            email=f"{_named(platform, 'person', n)}@heed.example",
        )
        for n in range(count)
    ]  # fmt: skip
    Staff.objects.bulk_create(people, batch_size=2_000)
    Membership.objects.bulk_create(
        [
            # Few of thousands are on duty: the rota offers them one by one.
            Membership(staff=one, platform_id=platform.id, role="auditor" if n > 99 else "reviewer")
            for n, one in enumerate(people)
        ],
        batch_size=2_000,
    )
    return people[0].id


def _outside(
    platform: Platform, count: int, now: datetime, random: Random
) -> Iterator[Sequence[Any]]:
    """What the platform was not told, and what it could not have checked."""
    from heed.media.models import Unchecked
    from heed.outbox.models import Letter, StateTelling

    long_ago = now - timedelta(hours=30)

    def state(what: str, n: int, **more: Any) -> StateTelling:
        return StateTelling(
            item_id=_id(platform, what, n), item_ref=_named(platform, what, n), visibility="hidden",
            revision=2, reason="claim", platform_id=platform.id, enqueued_at=long_ago, attempts=9,
            **more,
        )  # fmt: skip

    def letter(what: str, n: int, **more: Any) -> Letter:
        return Letter(
            platform_id=platform.id, kind=f"statement.{_named(platform, what, n)}", payload={},
            key=_named(platform, what, n), enqueued_at=long_ago, attempts=3, **more,
        )  # fmt: skip

    told = {"acknowledged_revision": 2, "acknowledged_result": "applied", "acknowledged_at": now}
    gone, due = {"dead_at": now, "last_error": "unreachable"}, {"due_at": now + timedelta(hours=1)}
    yield [state("dead", n, **gone) for n in range(count)]
    yield [state("waiting", n, **due) for n in range(count)]
    yield [state("told", n, **told) for n in range(5 * count)]
    yield [letter("letters", n, **gone) for n in range(count)]
    yield [letter("slow", n, **due) for n in range(count)]
    yield [
        Unchecked(
            platform=platform, cause=random.randbytes(32), upload_ref=_named(platform, "upload", n),
            reason="too_large", since_at=now, last_at=now, due_at=now + timedelta(seconds=n),
        )
        for n in range(count)
    ]  # fmt: skip


def _banks(
    platform: Platform, count: int, now: datetime, random: Random, by: UUID
) -> Iterator[Sequence[Any]]:
    from heed.cases.models import Rollback
    from heed.media.models import ApiKey, Bank, BankSignal, Exchange

    banks = [
        Bank(name=_named(platform, "bank", n), platform=platform, action="hold", made_at=now,
             enabled=n % 2 == 0)
        for n in range(count)
    ]  # fmt: skip
    yield banks
    yield [
        BankSignal(bank=one, type="sha256", value=random.randbytes(32), source="t", added_at=now)
        for one in banks
        for _ in range(5)
    ]
    yield [
        Exchange(name=_named(platform, "exchange", n), kind="folder", bank=one, made_at=now,
                 trouble="" if n % 3 else "it answered 500", due_at=now)
        for n, one in enumerate(banks)
    ]  # fmt: skip
    yield [
        ApiKey(platform=platform, name=_named(platform, "key", n), scopes=["items"], made_at=now,
               prefix=random.randbytes(6).hex(), secret_hash=random.randbytes(32))
        for n in range(count)
    ]  # fmt: skip
    yield [
        Rollback(what="bank", which=str(one.id), says=_named(platform, "rollback", n),
                 proposed_by=by, proposed_at=now - timedelta(seconds=n), found={},
                 state="proposed" if n % 50 == 49 else "refused")
        for n, one in enumerate(banks)
    ]  # fmt: skip


def _papers(
    platform: Platform, count: int, now: datetime, random: Random
) -> Iterator[Sequence[Any]]:
    from heed.cases.models import Deadline, PolicyVersion
    from heed.filings.models import Officer, Order
    from heed.ids import number

    officers = [
        Officer(name="Ola", agency=f"{_named(platform, 'agency', n)} police", mail_sealed=b"",
                phone_sealed=b"", mail_index=random.randbytes(32), made_at=now)
        for n in range(10)
    ]  # fmt: skip
    yield officers
    for state, what in (("received", "orders"), ("done", "answered")):
        orders = [
            Order(
                number=number("R"), platform_id=platform.id, officer=officers[n % 10],
                kind="emergency" if n % 9 == 0 else "subpoena",
                instrument_ref=_named(platform, what, n), legal_basis="court of X", state=state,
                link_hash=random.randbytes(32), code_hash=random.randbytes(32), received_at=now,
                answered_at=now if state == "done" else None,
            )
            for n in range(count)
        ]  # fmt: skip
        yield orders
        yield [
            Deadline(cause=f"order:{one.number}", citation="a law", clock="x", kind="statutory",
                     stops="authority_told", status="in force", set_at=now, due_at=now)
            for one in orders
        ]  # fmt: skip
    yield [
        PolicyVersion(platform=platform, name=f"{platform.slug[:6]}-{n}", number=n, clauses=[],
                      why="New words.", in_force_at=now, made_by=platform.id, made_at=now,
                      withdrawn_at=now)
        for n in range(1, min(count, 500) + 1)
    ]  # fmt: skip


def _told(
    platform: Platform, cases: Sequence[Any], now: datetime, by: UUID
) -> Iterator[Sequence[Any]]:
    """Findings with and without a tip, statements that were refused, what was read again."""
    from heed.cases.models import BlindReading, Deadline, Decision
    from heed.filings.models import Publication, SealedObject, StatementOfReasons, Tip

    count = len(cases) // 2
    decisions = [
        Decision(case=one, round=1, ruling="remove", scope="file", clause="child-sexual",
                 policy_version="2026-1", reasons="It was removed.", state="final", decided_by=by,
                 decided_at=now)
        for one in cases
    ]  # fmt: skip
    yield decisions
    yield [
        Deadline(case=one.case, cause=f"decision:{one.id}", citation="18 U.S.C. 2258A", clock="x",
                 kind="statutory", stops="cybertip_finished", status="in force", set_at=now,
                 due_at=now)
        for one in decisions[:count]
    ]  # fmt: skip
    yield [BlindReading(decision=one, drawn_at=now) for one in decisions[:count]]
    for state, what in (("draft", "under_way"), ("finished", "ended")):
        yield [
            Tip(platform_id=platform.id, case_id=one.id, authority="ncmec", document={},
                state=state, report_ref=_named(platform, what, n), prepared_by=by, prepared_at=now)
            for n, one in enumerate(cases[count:])
        ]  # fmt: skip
    yield [
        SealedObject(copy="evidence", platform_id=platform.id, case_id=one.id, state="missed",
                     reason="it could not be fetched", asked_at=now)
        for one in cases[:count]
    ]  # fmt: skip
    statements = [
        StatementOfReasons(platform_id=platform.id, case_id=one.id, item_id=one.id, basis="t",
                           body={}, link_hash=b"", issued_at=now)
        for one in cases[:count]
    ]  # fmt: skip
    yield statements
    yield [
        Publication(statement=one, cause="t", payload={}, state="refused", due_at=now,
                    why_not=f"{_named(platform, 'refused', n)}: 422")
        for n, one in enumerate(statements)
    ]  # fmt: skip


def _watched(platform: Platform, count: int, now: datetime, by: UUID) -> Iterator[Sequence[Any]]:
    from heed.people.duty_models import Call
    from heed.people.partner_models import Partner, PartnerNote

    partners = [
        Partner(platform_id=platform.id, name=_named(platform, "partner", n), kind="hotline",
                fields=["other"], state="active", link_hash=b"", invited_at=now)
        for n in range(count)
    ]  # fmt: skip
    yield partners
    yield [
        PartnerNote(partner=one, what="warned", text="Too often wrong.", by=by, at=now)
        for one in partners
    ]
    yield [
        Call(platform_id=platform.id, kind="cases", cause=_named(platform, "call", n),
             opened_at=now, due_at=now + timedelta(hours=1), next_at=now + timedelta(days=9))
        for n in range(count)
    ]  # fmt: skip


def _jobs(platform: Platform, count: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts)"
            " SELECT 'work', 'heed.look_again', jsonb_build_object('platform_id', %s::text,"
            " 'case_id', gen_random_uuid()), 'failed', 12 FROM generate_series(1, %s)",
            [str(platform.id), count],
        )
