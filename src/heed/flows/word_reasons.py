"""The words with which reasons begin, clause by clause, in each language that people are told in.

1. Keep them; the newest count for the next decision, and a reviewer may change them each time.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.queries import policies
from heed.cases.services import policies as writing
from heed.ledger import services as ledger
from heed.rules.letters import BLANK


class NotWorded(Exception):
    """These words are not kept; the message says why."""


def word(
    *, platform_id: UUID, clause: str, language: str, text: str, by: UUID, now: datetime
) -> bool:
    """False when they are the same as before. Empty: back to the words that Heed comes with.

    Raises `NotWorded`, `policy.NoSuchClause`.
    """
    policies.clause(clause, policies.version_at(platform_id, now))
    said = text.strip()
    if clause == "none" and said and BLANK not in said:
        raise NotWorded(
            f"Leave {BLANK} in it: nobody is told 'no violation' in words that fit everything."
        )
    if policies.reason_texts(platform_id, language).get(clause, "") == said:
        return False
    with transaction.atomic():
        writing.keep_reasons(platform_id, clause, language, said, by=by, now=now)
        ledger.enter(
            "reasons.worded",
            subject=f"platform:{platform_id}",
            body={"clause": clause, "language": language},
            at=now,
        )
    return True
