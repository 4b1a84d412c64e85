"""Notices by the platform's own report button."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from heed.flows.receive_notice import NothingNamed, NoticeIn, Received, receive_notice
from heed.flows.shared.shapes import Place
from heed.media.keys import Caller, Scope
from heed.web.platform_api import document, reading
from heed.web.platform_api.answers import NoticeAnswer
from heed.web.platform_api.callers import ApiKey, caller_of
from heed.web.platform_api.problems import invalid, refused
from heed.web.platform_api.remedies import Wrong
from heed.web.platform_api.repeats import Said, once
from heed.web.platform_api.said import MOST_PLACES, HashesSaid, NoticeSaid

_PEOPLE = {"email", "notifier_ref"}
_NOT_FACTS = {"url", "urls", "hashes", "notifier_ref", "country"}
router = Router(auth=ApiKey(Scope.NOTICES), tags=["notices"])


@router.post(
    "notices",
    response={201: NoticeAnswer},
    operation_id="give_notice",
    summary="Pass on what a person tells",
    openapi_extra=document.body({"application/json": document.ref(NoticeSaid)}, idempotent=True),
)
def post_notice(request: HttpRequest) -> HttpResponse:
    """Kept as it is sent, and acted on before the answer comes.

    Show number, private link and recovery code to the person, and keep none of them. Send an
    Idempotency-Key, so that asking again gives the same answer and not a second notice.
    """
    body = reading.json_body(request)
    return once(request, body, lambda: _take(caller_of(request), body))


def _take(caller: Caller, body: bytes) -> Said:
    said, now = reading.checked(NoticeSaid, body), timezone.now()
    try:
        received = receive_notice(
            platform_id=caller.platform_id,
            notice=_notice(said),
            door="api",
            verbatim=_without_people(reading.verbatim(body)),
            source=f"{caller.slug}:{said.notifier_ref}" if said.notifier_ref else "",
            key_prefix=caller.prefix,
            now=now,
        )
    except NothingNamed as nothing:
        remedy = "name at least one place in url, urls or hashes, or say threatened_only"
        raise refused("urls", remedy) from nothing
    return Said(status=201, body=_answer(received))


def _without_people(said: dict[str, Any]) -> dict[str, Any]:
    """As it was said, but for who says it: that is kept sealed, or as a keyed hash, and not twice.

    The receipt commits to the same words, so that they can be shown to anybody who checks it.
    """
    return {name: value for name, value in said.items() if name not in _PEOPLE}


def _notice(said: NoticeSaid) -> NoticeIn:
    facts = said.model_dump(exclude=_NOT_FACTS)
    return NoticeIn(places=_places(said), country=said.country.upper(), **facts)


def _places(said: NoticeSaid) -> tuple[Place, ...]:
    named = ([said.url] if said.url else []) + said.urls
    urls = [url for url in dict.fromkeys(one.strip() for one in named) if url]
    if too_long := [url for url in urls if len(url.encode()) > 2083]:
        raise invalid(
            [Wrong("urls", f"send addresses of at most 2083 bytes: {too_long[0][:60]}...")]
        )
    places = [Place(url=url) for url in urls]
    places += [Place(signals=_hashes(one)) for one in said.hashes]
    if len(places) > MOST_PLACES:
        remedy = f"name at most {MOST_PLACES} places in one notice, and the rest in further notices"
        raise refused("urls", f"{remedy}; these are {len(places)}")
    return tuple(places)


def _hashes(said: HashesSaid) -> dict[str, str]:
    return {kind: value.lower() for kind, value in said.model_dump(exclude_none=True).items()}


def _answer(received: Received) -> dict[str, object]:
    return {
        "number": received.number,
        "private_url": received.private_url,
        "recovery_code": received.recovery_code,
        "receipt": dict(received.receipt),
        "targets": [asdict(target) for target in received.targets],
    }
