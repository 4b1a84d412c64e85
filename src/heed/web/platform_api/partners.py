"""Partners: lists of notices with an answer for each row, and how their notices fared."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.security import HttpBearer
from pydantic import BaseModel

from heed.cases.queries import of_partners
from heed.flows.receive_partner_notices import receive_partner_notices
from heed.people.partners import PartnerCaller, PartnerScope, caller_with
from heed.web.platform_api import document, partner_rows, reading
from heed.web.platform_api.answers import TargetAnswer
from heed.web.platform_api.partner_rows import NotATable, PartnerNoticesSaid, Row
from heed.web.platform_api.problems import Problem, refused
from heed.web.platform_api.remedies import Wrong
from heed.web.platform_api.repeats import Said, say

CSV = "text/csv"
MOST_BYTES = 8 << 20


class PartnerAuth(HttpBearer):
    """A partner's key with one scope. Without a valid key it is a 401, without the scope a 403."""

    def __init__(self, scope: PartnerScope) -> None:
        self.scope = scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> PartnerCaller | None:
        """The partner, for `_caller`."""
        caller = caller_with(token.strip(), now=timezone.now())
        if caller is not None and self.scope not in caller.scopes:
            remedy = f"make a key with the scope {self.scope} on your partner page"
            raise Problem(403, f"This key lacks the scope `{self.scope}`.",
                          [Wrong("Authorization", remedy)])  # fmt: skip
        return caller


class RowError(BaseModel):
    """One field of a row that can't be taken."""

    field: str
    remedy: str


class RowAnswer(BaseModel):
    """What became of one row. Link and code are given once; a row said before has its number."""

    row: int
    ref: str
    status: str
    number: str
    private_url: str
    recovery_code: str
    priority: bool
    targets: list[TargetAnswer]
    errors: list[RowError]


class RowsAnswer(BaseModel):
    """Every row, in the order in which they came."""

    rows: list[RowAnswer]
    taken: int
    known: int
    refused: int


class PartnerAnswer(BaseModel):
    """How a partner stands: its field, and how often it was right."""

    name: str
    kind: str
    state: str
    fields: list[str]
    paused_until: datetime | None
    given: int
    removed: int
    stands: int
    precision: float | None


router = Router(tags=["partners"])


@router.post(
    "partner/notices",
    auth=PartnerAuth(PartnerScope.NOTICES),
    response=RowsAnswer,
    operation_id="give_notices_as_partner",
    summary="Tell of many things at once, as an invited partner",
    openapi_extra=document.body(
        {"application/json": document.ref(PartnerNoticesSaid), CSV: {"type": "string"}}
    ),
)
def post_notices(request: HttpRequest) -> HttpResponse:
    """Up to 500 rows, as JSON or as CSV with a header. Each is answered for itself.

    Saying the same row again within a day makes no second notice: it is answered as `known`.
    """
    partner, now = _caller(request).partner, timezone.now()
    return say(Said(status=200, body=taken(partner, _rows(request), now)))


def taken(partner: Any, rows: list[Row], now: datetime) -> dict[str, Any]:
    """Take the fit rows in, and answer for every one."""
    fit = [one.row for one in rows if one.row is not None]
    done = iter(receive_partner_notices(partner=partner, rows=fit, now=now))
    answers = []
    for place, one in enumerate(rows, start=1):
        became = asdict(next(done)) if one.row is not None else {"status": "refused"}
        errors = [{"field": wrong.field, "remedy": wrong.remedy} for wrong in one.errors]
        if remedy := became.pop("remedy", ""):
            errors.append({"field": "row", "remedy": remedy})
        answers.append({**_EMPTY, **became, "row": place, "ref": one.ref, "errors": errors})
    count = {kind: sum(one["status"] == kind for one in answers) for kind in _KINDS}
    return {"rows": answers, **count}


_KINDS = ("taken", "known", "refused")
_EMPTY: dict[str, Any] = {
    "number": "", "private_url": "", "recovery_code": "", "priority": False, "targets": [],
}  # fmt: skip


@router.get(
    "partner",
    auth=PartnerAuth(PartnerScope.READ),
    response=PartnerAnswer,
    operation_id="read_own_standing_as_partner",
    summary="How a partner stands",
)
def get_partner(request: HttpRequest) -> HttpResponse:
    """Its field, and what people made of its notices."""
    partner = _caller(request).partner
    record = of_partners.record(partner.id)
    said = {
        "name": partner.name,
        "kind": partner.kind,
        "state": partner.state,
        "fields": partner.fields,
        "paused_until": partner.paused_until,
        **asdict(record),
        "precision": record.precision,
    }
    return say(Said(status=200, body=said))


def _caller(request: HttpRequest) -> PartnerCaller:
    return cast(PartnerCaller, request.auth)  # type: ignore[attr-defined]


def _rows(request: HttpRequest) -> list[Row]:
    kind = reading.type_of(request)
    if kind not in (reading.JSON, CSV):
        raise reading.unsupported(sent=kind, wanted=f"{reading.JSON} or {CSV}")
    body = reading.body_of(request, most_bytes=MOST_BYTES, instead="send the list in parts")
    if kind == CSV:
        return _table(body)
    said = reading.checked(PartnerNoticesSaid, body)
    return [partner_rows.of_json(one) for one in said.notices]


def _table(body: bytes) -> list[Row]:
    try:
        return partner_rows.of_csv(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise refused("body", "save the table as UTF-8 and send it again") from error
    except NotATable as error:
        raise refused("body", str(error)) from error
