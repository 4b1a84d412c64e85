"""Where tips go just now, and what still stands in the way. Test and production never mix."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from heed.cases.models import Case
from heed.filings import tip_queries
from heed.flows import wiring
from heed.ports import Tipline
from heed.rules.tips import checks
from heed.rules.tips.authorities import AUTHORITIES
from heed.rules.tips.checks import Fault
from heed.rules.tips.document import Document

BY_HAND = "hand"


class NotReady(Exception):
    """It can't be sent as it is. `faults` name each field, and what to do."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{one.field}: {one.remedy}" for one in faults))
        self.faults = tuple(faults)


def environment(authority: str) -> str:
    """`test`, `production`, or `hand` where there are no credentials or no protocol."""
    ours: dict[str, Any] = settings.HEED_NCMEC
    usable = AUTHORITIES[authority].protocol and ours["environment"] and ours["user"]
    return str(ours["environment"]) if usable else BY_HAND


def is_practice(where: str) -> bool:
    """Sent to a test environment, nobody is told: no duty is met by it. In a demonstration, all is
    pretended, this too.
    """
    return where == "test" and not settings.HEED_DEMO


def tipline() -> Tipline:
    """The authority itself."""
    return wiring.tipline()


def schema() -> bytes | None:
    """The operator's own copy of the schema for where we are."""
    known = tip_queries.schemas(settings.HEED_NCMEC["environment"])
    return bytes(known[0].body) if known else None


def faults(case: Case, document: Document, authority: str, *, now: datetime) -> list[Fault]:
    """Both layers: the documented rules, and the schema; and for real filing, the operator."""
    found = checks.faults(document, now=now)
    where = environment(authority)
    if where == "production":
        missing = checks.missing_of(tip_queries.operator_of(case.platform_id))
        remedy = "fill it in under Operator: nothing goes to production without it"
        found += [Fault(f"operator: {what}", remedy) for what in missing]
    if AUTHORITIES[authority].protocol and not found:
        said = tipline().faults(document, document.files, schema())
        found += [Fault("schema", one) for one in said]
    return found
