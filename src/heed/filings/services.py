"""Writing documents that we owe others, each once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from heed.filings.gathering import ELSEWHERE
from heed.filings.models import Answer, CaseFile, StatementOfReasons, Tip
from heed.rules.tips.document import frozen, thawed, without_words


class StatementIn(NamedTuple):
    """One statement of reasons, ready to be written down."""

    item_id: UUID
    restriction_id: UUID
    basis: str
    body: dict[str, Any]
    link_hash: bytes


def keep_answer(
    notice_id: UUID,
    decision_id: UUID,
    *,
    exemption_id: UUID | None = None,
    outcome: str,
    text: str,
    now: datetime,
) -> bool:
    """The answer to one notice about one decision, or about what that leaves alone by this
    exemption; False when it was given before.
    """
    _, made = Answer.objects.get_or_create(
        notice_id=notice_id,
        decision_id=decision_id,
        exemption_id=exemption_id,
        defaults={"outcome": outcome, "text": text, "sent_at": now},
    )
    return made


def keep_statements(
    platform_id: UUID, case_id: UUID, rows: Sequence[StatementIn], *, now: datetime
) -> list[StatementOfReasons]:
    """Statements, each once for its restriction and basis."""
    made = [
        StatementOfReasons(
            platform_id=platform_id,
            case_id=case_id,
            item_id=row.item_id,
            restriction_id=row.restriction_id,
            basis=row.basis,
            body=row.body,
            link_hash=row.link_hash,
            issued_at=now,
        )
        for row in rows
    ]
    StatementOfReasons.objects.bulk_create(made, ignore_conflicts=True, batch_size=1_000)
    kept = StatementOfReasons.objects.filter(id__in=[one.id for one in made])
    return list(kept)


def note_appeal(statement_id: UUID, *, now: datetime) -> None:
    """The uploader has asked for another look."""
    StatementOfReasons.objects.filter(id=statement_id).update(appealed_at=now)


def ask_case_file(notice_id: UUID, *, language: str, now: datetime) -> CaseFile:
    """A case file to be made; the one that is being made, if there is one."""
    return CaseFile.objects.get_or_create(
        notice_id=notice_id, made_at=None, defaults={"language": language, "asked_at": now}
    )[0]


def keep_case_file(file_id: UUID, *, document: str, pdf: bytes, now: datetime) -> bool:
    """It is made, and takes the place of the one before. False when it was made before, or
    forgotten since.
    """
    waiting = CaseFile.objects.filter(id=file_id, made_at=None)
    if not waiting.update(document=document, pdf=pdf, made_at=now):
        return False
    notice_id = CaseFile.objects.values_list("notice_id", flat=True).get(id=file_id)
    before = CaseFile.objects.filter(notice_id=notice_id).exclude(id=file_id)
    before.exclude(made_at=None).delete()
    return True


def forget_case_files(*, before: datetime) -> int:
    """Those that were asked for before this time are gone; more can be asked for."""
    return CaseFile.objects.filter(asked_at__lt=before).delete()[0]


_OF_A_PERSON = ("words", "urgent", "first_name", "last_name", "school", "guardian", "age")


def forget_words(notice_id: UUID, case_ids: Collection[UUID]) -> None:
    """What was made of somebody's words: case files, and the text of tips that are at their end.

    Of a tip stay whom it went to, when, under which number, about which files and which account.
    """
    CaseFile.objects.filter(notice_id=notice_id).delete()
    for tip in Tip.objects.filter(case_id__in=case_ids):
        chosen = {name: said for name, said in tip.chosen.items() if name not in _OF_A_PERSON}
        document = frozen(without_words(thawed(tip.document)))
        elsewhere = tip.account_ref.startswith(f"{ELSEWHERE}:")
        Tip.objects.filter(id=tip.id).update(
            context="",
            chosen=chosen,
            document=document,
            account_ref=ELSEWHERE if elsewhere else tip.account_ref,
        )
