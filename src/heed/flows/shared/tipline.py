"""Where tips go just now, and what still stands in the way. Test and production never mix."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from heed.cases.models import Case
from heed.filings import gathering, tip_queries
from heed.flows import wiring
from heed.media.models import Platform
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


def environment(authority: str, platform_id: UUID) -> str:
    """`test`, `production`, or `hand` where there are no credentials or no protocol."""
    if not AUTHORITIES[authority].protocol:
        return BY_HAND
    return _environment(wiring.tipline_account(slug_of(platform_id)))


def _environment(account: Mapping[str, str]) -> str:
    return account["environment"] if account["environment"] and account["user"] else BY_HAND


def environments() -> dict[str, str]:
    """Where platforms here file, each with the slug of one that does; `hand` is not among them."""
    found = {_environment(wiring.tipline_account(slug)): slug for slug in _slugs()}
    return {where: slug for where, slug in sorted(found.items()) if where != BY_HAND}


def _slugs() -> list[str]:
    return list(Platform.objects.order_by("-slug").values_list("slug", flat=True))


def slug_of(platform_id: UUID) -> str:
    """The slug under which a platform's credentials stand."""
    return str(Platform.objects.values_list("slug", flat=True).get(id=platform_id))


def is_practice(where: str) -> bool:
    """Sent to a test environment, nobody is told: no duty is met by it. In a demonstration, all is
    pretended, this too.
    """
    return where == "test" and not settings.HEED_DEMO


def tipline(platform_id: UUID) -> Tipline:
    """The authority itself, as this platform is known there."""
    return wiring.tipline(slug_of(platform_id))


def schema(where: str) -> bytes | None:
    """The operator's own copy of the schema of an environment."""
    known = tip_queries.schemas(where)
    return bytes(known[0].body) if known else None


def faults(case: Case, document: Document, authority: str, *, now: datetime) -> list[Fault]:
    """Both layers: the documented rules, and the schema; and for real filing, the operator."""
    found = checks.faults(document, now=now)
    where = environment(authority, case.platform_id)
    if where == "production":
        missing = checks.missing_of(tip_queries.operator_of(case.platform_id))
        remedy = "fill it in under Operator: nothing goes to production without it"
        found += [Fault(f"operator: {what}", remedy) for what in missing]
    if AUTHORITIES[authority].protocol and not found:
        sent = (*document.files, gathering.context_facts("-"))
        said = tipline(case.platform_id).faults(document, sent, schema(where))
        found += [Fault("schema", one) for one in said]
    return found
