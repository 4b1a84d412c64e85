"""What the database holds of the answers, and what it still lacks. Django is set up.

Each step adds what is missing and is done at once, in a transaction of its own: what was done
before, by an earlier run or by a person in the console, stays as it is.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from heed.instance import env_file
from heed.instance.first_day import reading
from heed.instance.first_day.questions import CALLBACK, LATER, MASTODON
from heed.instance.first_day.reading import NONE

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from heed.media.models import Platform
    from heed.people.models import Membership
    from heed.rules.tips.document import Operator

KEPT = "kept in a file"  # credentials: never told again, and never asked for again
SCOPES = ("items", "uploads", "notices", "states", "cases", "banks")
Say = Callable[[str], None]
Answers = Mapping[str, str]


def known(*, now: datetime) -> dict[str, str]:
    """What is set already, as answers."""
    platform = _platform()
    if platform is None:
        return {}
    found = {
        "site": platform.name,
        "site-url": platform.url_prefixes[0] if platform.url_prefixes else "",
        "slug": platform.slug,
        "connection": _connection(platform),
    }
    if platform.callback_url:
        found |= {"callback": platform.callback_url, "evidence": platform.evidence_url or NONE}
    if found["connection"] == MASTODON:
        found |= {"mastodon-token": KEPT, "mastodon-secret": KEPT}
    found |= _operator_known(platform.id) | _hours_known(platform.id)
    return {name: said for name, said in found.items() if said} | _person_known(platform.id, now)


def _connection(platform: "Platform") -> str:
    if platform.connector == MASTODON:
        return MASTODON
    return CALLBACK if platform.callback_url else LATER


def _platform() -> "Platform | None":
    from heed.media.models import Platform

    return Platform.objects.order_by("added_at").first()


def _operator_known(platform_id: UUID) -> dict[str, str]:
    from heed.filings import tip_queries

    who = tip_queries.operator_of(platform_id)
    return {
        "operator": who.name,
        "contact-mail": who.email,
        "contact-person": f"{who.first_name} {who.last_name}".strip(),
        "phone": who.phone,
        "street": who.address.lines,
        "city": f"{who.address.zip_code} {who.address.city}".strip(),
        "country": who.address.country,
    }


def _hours_known(platform_id: UUID) -> dict[str, str]:
    from heed.people import rota

    declared = rota.coverage(platform_id)
    if not declared:
        return {}
    said = [
        f"{reading.DAYS[one.weekday]} {_clock(one.from_minute)}-{_clock(one.until_minute)}"
        for one in declared
    ]
    return {"hours": ", ".join(said), "zone": rota.emergency(platform_id).zone}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _person_known(platform_id: UUID, now: datetime) -> dict[str, str]:
    """Somebody works here, or is invited: whoever comes next is invited in the console."""
    from heed.people import inviting

    held = _works_here(platform_id)
    first = held.select_related("staff").order_by("staff__joined_at").first()
    if first is not None:
        roles = held.filter(staff=first.staff).values_list("role", flat=True)
        return _person(first.staff.email, first.staff.name, sorted(roles))
    waiting = inviting.waiting([platform_id], now=now).first()
    return {} if waiting is None else _person(waiting.email, waiting.name, waiting.roles)


def _works_here(platform_id: UUID) -> "QuerySet[Membership]":
    from heed.people.models import Membership

    return Membership.objects.filter(platform_id=platform_id, ended_at=None, staff__is_active=True)


def _person(mail: str, name: str, roles: list[str]) -> dict[str, str]:
    return {"person-mail": mail, "person-name": name, "person-roles": ", ".join(roles)}


# ------------------------------------------------------------------ adding


def add_missing(said: Answers, *, say: Say, new_link: bool = False, now: datetime) -> None:
    """Brings the database to what was answered, and says each secret as it is made, once.

    `new_link` invites the first person again, while nobody works here; the earlier link ends.
    """
    platform = _platform() or _add_platform(said, say, now)
    _fill_operator(platform.id, said, now)
    if not _hours_known(platform.id) and said.get("hours", NONE) != NONE:
        _declare(platform.id, said, now)
    somebody = _works_here(platform.id).exists()
    if not somebody and (new_link or not _person_known(platform.id, now)):
        _invite(platform.id, said, say, now)


def _add_platform(said: Answers, say: Say, now: datetime) -> "Platform":
    from heed.flows import manage_platforms
    from heed.media.models import Platform

    told = said.get("connection") == CALLBACK
    callback = said["callback"] if told else ""
    evidence = said.get("evidence", NONE) if told else NONE
    added = manage_platforms.add_platform(
        slug=said["slug"], name=said["site"], url_prefixes=[said["site-url"]],
        callback_url=callback, evidence_url="" if evidence == NONE else evidence,
        private_addresses=sorted({*_own_network(said["site-url"], callback, evidence)}), now=now,
    )  # fmt: skip
    key = manage_platforms.add_key(platform_slug=said["slug"], name="site", scopes=SCOPES, now=now)
    say(f"\n{said['site']} is under this server's care. For whoever runs its programs, once:")
    say(f"    its key                {key}\n    callbacks are signed   {added.callback_secret}")
    if added.evidence_token:
        say(f"    hidden files are asked for with the bearer token {added.evidence_token}")
    if said.get("connection") == MASTODON:
        _connect(said, say, now)
    return Platform.objects.get(id=added.platform_id)


def _connect(said: Answers, say: Say, now: datetime) -> None:
    """A Mastodon server: its credentials lie in a file, and its proxy asks before it serves."""
    from django.conf import settings

    from heed.flows.connect_platform import connect_platform

    kept = settings.HEED_VAR / "keys" / "connectors" / f"{said['slug']}.json"
    if not kept.exists():
        told = {"token": said["mastodon-token"], "webhook_secret": said["mastodon-secret"]}
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        env_file.write(kept, json.dumps(told))
    how = {"url": said["site-url"].rstrip("/"), "gate": "on"}
    connect_platform(
        platform_slug=said["slug"], connector=MASTODON, said=how, by="command", now=now
    )
    say(f"    its webhooks go to     {settings.PUBLIC_URL}/connect/{said['slug']}/hook")
    say(f"    its proxy asks Heed    with what ./heed platform gate {said['slug']} prints")
    say(f"    try both               with ./heed platform check {said['slug']}")


def _own_network(*urls: str) -> Iterator[str]:
    """Addresses that were typed as numbers of a private network: the operator means them."""
    from heed.integrations.outward.addresses import is_public, place

    for parts in map(urlsplit, urls):
        host = parts.hostname or ""
        try:
            private = host == "localhost" or not is_public(host)
        except ValueError:
            continue  # a name: where it leads is looked at each time
        if private:
            yield place(host, parts.port or (443 if parts.scheme == "https" else 80))


def _fill_operator(platform_id: UUID, said: Answers, now: datetime) -> None:
    """Fields that are empty are filled; one that a person filled stays."""
    from heed.filings import tip_queries
    from heed.flows.manage_operator import set_operator

    there = tip_queries.operator_of(platform_id)
    filled = _filled(there, {name: "" if one == NONE else one for name, one in said.items()})
    if filled != there:
        profile = tip_queries.profile_of(platform_id)
        counsel = "" if profile is None else profile.counsel
        set_operator(platform_id=platform_id, operator=filled, counsel=counsel, by=None, now=now)


def _filled(there: "Operator", said: Answers) -> "Operator":
    first, _, last = said.get("contact-person", "").rpartition(" ")
    postcode, city = _town(said.get("city", ""))
    at = there.address
    address = replace(
        at, lines=at.lines or said.get("street", ""), city=at.city or city,
        zip_code=at.zip_code or postcode, country=at.country or said.get("country", ""),
    )  # fmt: skip
    return replace(
        there, address=address, name=there.name or said.get("operator", ""),
        email=there.email or said.get("contact-mail", ""),
        phone=there.phone or said.get("phone", ""),
        first_name=there.first_name or first, last_name=there.last_name or last,
    )  # fmt: skip


def _town(said: str) -> tuple[str, str]:
    """Postcode and town, in whichever order they were written."""
    words = said.split()
    coded = [one for one in words if any(sign.isdigit() for sign in one)]
    return " ".join(coded), " ".join(one for one in words if one not in coded)


def _declare(platform_id: UUID, said: Answers, now: datetime) -> None:
    from heed.flows.keep_rota import declare_coverage

    hours = reading.by_day(said["hours"])
    declare_coverage(
        platform_id=platform_id, hours=hours, zone=said.get("zone", ""), by=None, now=now
    )


def _invite(platform_id: UUID, said: Answers, say: Say, now: datetime) -> None:
    from django.conf import settings

    from heed.flows.invite_staff import invite
    from heed.people.models import Role

    link = invite(
        email=said["person-mail"], name=said["person-name"], platform_id=platform_id,
        roles=[Role(one) for one in said["person-roles"].split(", ")], outside=False, by=None,
        now=now,
    )  # fmt: skip
    say(f"\n{said['person-name']} is invited. Open this link within a week, when Heed runs; it "
        "works once.\nIt asks for a password, and then for a second factor (an app that shows "
        f"codes, or a passkey):\n    {settings.PUBLIC_URL}{link.path}")  # fmt: skip
