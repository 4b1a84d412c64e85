"""Items: what the platform has, told one by one or thousands at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import ValidationError
from pydantic_core import from_json

from heed.flows.change_item import NoSuchItem, change_item
from heed.flows.register_items import register_items
from heed.flows.shared.shapes import ItemIn, Registered
from heed.media.keys import Caller, Scope
from heed.web.platform_api import document, reading, rows
from heed.web.platform_api.answers import BatchAnswer, ItemAnswer
from heed.web.platform_api.callers import ApiKey, caller_of
from heed.web.platform_api.problems import invalid, refused
from heed.web.platform_api.remedies import Wrong, wrong_in
from heed.web.platform_api.repeats import Said, once, say
from heed.web.platform_api.said import Change, ItemSaid

MOST_LINES = 5_000
MOST_BATCH_BYTES = 64 << 20
router = Router(auth=ApiKey(Scope.ITEMS), tags=["items"])


@router.post(
    "items",
    response={200: ItemAnswer | BatchAnswer, 201: ItemAnswer},
    operation_id="register_items",
    summary="Register items",
    openapi_extra=document.body(
        {
            "application/json": document.ref(ItemSaid),
            "application/x-ndjson": {
                "type": "string",
                "description": f"An item a line, as in application/json; up to {MOST_LINES} lines.",
            },
        },
        idempotent=True,
    ),
)
def post_items(request: HttpRequest) -> HttpResponse:
    """One item as JSON, or a batch as NDJSON. May be repeated: what is known stays as it is.

    201 for an item that is new, 200 for one that is known. In a batch every line is answered for
    itself, in order; bad lines are refused by their number and the good ones go in.
    """
    kind = reading.type_of(request)
    if kind == reading.JSON:
        body = reading.json_body(request)
        return once(request, body, lambda: _one(caller_of(request), body))
    if kind in reading.NDJSON:
        split = f"send batches of up to {MOST_LINES} lines"
        body = reading.body_of(request, most_bytes=MOST_BATCH_BYTES, instead=split)
        return once(request, body, lambda: _batch(caller_of(request), body))
    raise reading.unsupported(sent=kind, wanted="application/json or application/x-ndjson")


@router.patch(
    "items/{path:ref}",
    response=ItemAnswer,
    operation_id="change_item",
    summary="Say what changed of an item",
    openapi_extra=document.body({"application/json": document.ref(Change)}),
)
def patch_item(request: HttpRequest, ref: str) -> HttpResponse:
    """Views (they only grow), a deletion, an edit, other files. May be repeated."""
    caller = caller_of(request)
    said = reading.checked(Change, reading.json_body(request))
    if wrong := rows.foreign_files(caller, said.files):
        raise invalid(wrong)
    try:
        done = change_item(
            platform_id=caller.platform_id,
            ref=_known_form(ref),
            views=said.views,
            deleted_at=said.deleted_at,
            text=said.text,
            files=rows.files(said.files),
            now=timezone.now(),
        )
    except NoSuchItem as unknown:
        remedy = "register the item first, with POST /api/v1/items"
        raise refused(
            "ref", remedy, status=404, detail="No item of this ref is known."
        ) from unknown
    return say(Said(status=200, body=_answer(done)))


def _known_form(ref: str) -> str:
    """What can't have been registered is not there: the database is not even asked."""
    if "\0" in ref or len(ref) > 200:
        raise NoSuchItem(ref)
    return ref


# ---------------------------------------------------------------- one, or many


def _one(caller: Caller, body: bytes) -> Said:
    said = reading.checked(ItemSaid, body)
    if wrong := rows.foreign(caller, said):
        raise invalid(wrong)
    done = register_items(
        platform_id=caller.platform_id, rows=[rows.row(said)], now=timezone.now()
    )[0]
    return Said(status=201 if done.status == "registered" else 200, body=_answer(done))


def _batch(caller: Caller, body: bytes) -> Said:
    lines = [(n, line) for n, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not lines:
        raise refused("body", "send one item a line")
    if len(lines) > MOST_LINES:
        remedy = f"send at most {MOST_LINES} lines at once; these are {len(lines)}"
        raise refused("body", remedy, status=413)
    read = [(n, _line(caller, line)) for n, line in lines]
    done = _registered(caller.platform_id, [one for _, one in read if isinstance(one, ItemIn)])
    results = [_result(n, one, done) for n, one in read]
    counts = dict.fromkeys(("registered", "known", "changed", "refused"), 0)
    for result in results:
        counts[result["status"]] += 1
    return Said(status=200, body={**counts, "results": results})


def _registered(platform_id: UUID, items: Sequence[ItemIn]) -> dict[str, Registered]:
    if not items:
        return {}
    done = register_items(platform_id=platform_id, rows=items, now=timezone.now())
    return {one.ref: one for one in done}


class _Refused:
    """A line that can't be taken."""

    __slots__ = ("errors", "ref")

    def __init__(self, ref: str | None, errors: Sequence[Wrong]) -> None:
        self.ref, self.errors = ref, errors


def _line(caller: Caller, line: bytes) -> ItemIn | _Refused:
    try:
        said = ItemSaid.model_validate_json(line)
    except ValidationError as error:
        wrong = wrong_in(error.errors(include_url=False, include_input=False))
        return _Refused(_ref_in(line), wrong)
    if wrong := rows.foreign(caller, said):
        return _Refused(said.ref, wrong)
    return rows.row(said)


def _ref_in(line: bytes) -> str | None:
    """The ref that a bad line names, so that its sender finds it again."""
    try:
        said = from_json(line)
    except ValueError:
        return None
    ref = said.get("ref") if isinstance(said, dict) else None
    return ref if isinstance(ref, str) else None


def _result(line: int, one: ItemIn | _Refused, done: Mapping[str, Registered]) -> dict[str, Any]:
    if isinstance(one, ItemIn):
        return {"line": line, **_answer(done[one.ref]), "errors": []}
    errors = [{"field": wrong.field, "remedy": wrong.remedy} for wrong in one.errors]
    nothing = {"ref": one.ref, "status": "refused", "visibility": None, "revision": None}
    return {"line": line, **nothing, "errors": errors}


def _answer(done: Registered) -> dict[str, Any]:
    return {
        "ref": done.ref,
        "status": done.status,
        "visibility": done.visibility,
        "revision": done.revision,
    }
