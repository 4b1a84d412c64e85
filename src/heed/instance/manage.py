"""Commands for people, platforms and keys. Each calls one flow and says what it gave, once."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer

from heed.instance import connecting, endpoints
from heed.instance.first_day import reading
from heed.instance.trouble import Trouble

staff = typer.Typer(help="People who work here.", no_args_is_help=True)
platform = typer.Typer(help="Sites that this server protects.", no_args_is_help=True)
key = typer.Typer(help="A platform's keys.", no_args_is_help=True)

Word = TypeVar("Word", bound=str)
SCOPES = ["items", "uploads", "notices", "states", "cases", "banks"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Callback = Annotated[
    str, typer.Option("--callback-url", "--callback", help="Where it listens for desired states.")
]
Evidence = Annotated[
    str,
    typer.Option(
        "--evidence-url",
        "--evidence",
        help="Where hidden files can be fetched, with {ref} and {n}.",
    ),
]
Private = Annotated[
    list[str] | None,
    typer.Option(
        "--private-address",
        "--private",
        help="host:port of its own that lies in a private network; repeatable.",
    ),
]
ByConnector = Annotated[
    str, typer.Option(help="How it is heard and told: see `heed platform connectors`.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="name=value, for the connector; repeatable.")
]


Named = Annotated[str, typer.Option(help="Its name, as people know it.")]


class NotAdded(Trouble):
    """What was asked for is there already, or names something that is not. Nothing was added."""


def _say(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told))
        return
    for name, value in told.items():
        shown = " ".join(value) if isinstance(value, list | tuple) else value
        typer.echo(f"{name.replace('_', ' '):>16}  {shown}")


def _one_of(known: Iterable[Word], what: str, word: str) -> Word:
    """The known word that was meant. Raises `NotAdded` with the words there are."""
    words = {str(one): one for one in known}
    if word not in words:
        raise NotAdded(f"There is no {what} {word!r}. There are: {', '.join(words)}.")
    return words[word]


@platform.command("add")
def add_platform(
    slug: Annotated[str, typer.Argument(help="A short name: letters, digits and hyphens.")],
    url: Annotated[list[str], typer.Option(help="What its addresses start with; repeatable.")],
    name: Named = "",
    callback: Callback = "",
    evidence: Evidence = "",
    evidence_token: Annotated[str, typer.Option(help="The bearer token for that.")] = "",
    private: Private = None,
    connector: ByConnector = "webhook",
    setting: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Add a site. Prints the secret that signs callbacks: give it to the site's engineer."""
    from heed.instance.boot import booted

    how: dict[str, Any] = {"connector": connector, "said": connecting.said(setting)}
    where = _endpoints(callback, evidence, private, url)
    endpoints.read("short name", slug, reading.slug)
    with booted():
        from heed.flows import connect_platform, manage_platforms

        connecting.asked(connect_platform.check_settings, **how)
        try:
            added = manage_platforms.add_platform(
                slug=slug,
                name=name or slug,
                evidence_token=evidence_token,
                now=datetime.now(UTC),
                **where,
            )
        except (manage_platforms.PlatformExists, manage_platforms.AddressTaken) as known:
            raise NotAdded(str(known)) from None
        if connector != "webhook":
            connect_platform.connect_platform(
                platform_slug=slug, by=connecting.BY, now=datetime.now(UTC), **how
            )
            steps = connecting.next_steps(slug, connector)
            _say({"platform": slug, "next": steps}, as_json)
            return
    told = {"platform": slug, "callback_secret": added.callback_secret}
    if added.evidence_token != evidence_token:
        told["evidence_token"] = added.evidence_token
    _say(told, as_json)


@platform.command("set")
def set_platform(
    slug: Annotated[str, typer.Argument(help="The platform's short name.")],
    name: Named = "",
    url: Annotated[
        list[str] | None,
        typer.Option(help="What its addresses start with, in place of all before; repeatable."),
    ] = None,
    callback: Callback = "",
    evidence: Evidence = "",
    evidence_token: Annotated[str, typer.Option(help="The bearer token for that.")] = "",
    private: Private = None,
    new_secret: Annotated[
        bool,
        typer.Option(
            "--new-secret",
            help="Make another secret for callbacks, and show it. The one before signs beside it "
            "for 24 hours, so that your site can take the new one over.",
        ),
    ] = False,
    at_once: Annotated[
        bool,
        typer.Option(
            "--at-once", help="With --new-secret: the one before leaked, and signs nothing more."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say where a site is, listens and gives hidden files; what is not named stays as it was.

    `none` takes the address of callbacks or of hidden files back.
    """
    from heed.instance.boot import booted

    asked = {"callback_url": callback, "evidence_url": evidence, "private_addresses": private,
             "url_prefixes": url}  # fmt: skip
    read = _endpoints(callback, evidence, private, url or [])
    named = {field: read[field] for field, said in asked.items() if said}
    others = {"name": name, "evidence_token": evidence_token}
    named |= {field: said for field, said in others.items() if said}
    if at_once and not new_secret:
        raise Trouble("Nothing was changed: --at-once goes with --new-secret.")
    if not named and not new_secret:
        raise Trouble("Nothing was changed: say what changes, such as --callback-url https://...")
    with booted():
        from heed.flows import connect_platform

        try:
            made = connect_platform.set_endpoints(
                platform_slug=slug,
                endpoints=named,
                new_secret=new_secret,
                at_once=at_once,
                by=connecting.BY,
                now=datetime.now(UTC),
            )
        except (connect_platform.NoSuchPlatform, connect_platform.AddressTaken) as why:
            raise Trouble(f"Nothing was changed: {why}.") from None
    _say({"platform": slug, **made}, as_json)


def _endpoints(
    callback: str, evidence: str, private: list[str] | None, url: list[str]
) -> dict[str, Any]:
    """What was typed, as fields of a platform; empty where nothing was. Raises `Refused`."""
    one = endpoints.read
    return {
        "callback_url": callback and one("--callback-url", callback, endpoints.callback),
        "evidence_url": evidence and one("--evidence-url", evidence, endpoints.evidence),
        "private_addresses": [
            one("--private-address", each, reading.listening) for each in private or ()
        ],
        "url_prefixes": [one("--url", each, endpoints.site) for each in url],
    }


@platform.command("addresses")
def declare_addresses(
    slug: Annotated[str, typer.Argument(help="The platform's short name.")],
    item: Annotated[list[str] | None, typer.Option(help="One post: /p/* or /watch?v=*.")] = None,
    file: Annotated[list[str] | None, typer.Option(help="A picture or video itself.")] = None,
    profile: Annotated[list[str] | None, typer.Option(help="An account's page.")] = None,
    search: Annotated[list[str] | None, typer.Option(help="Results of a search.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group or a channel.")] = None,
) -> None:
    """Say what a platform's addresses are, in place of what was said before; * is one part."""
    from heed.instance.boot import booted

    kinds = {"item": item, "file": file, "profile": profile, "search": search, "group": group}
    with booted():
        from heed.flows import manage_platforms
        from heed.rules.addresses import NotAPattern

        try:
            manage_platforms.declare_addresses(
                platform_slug=slug,
                kinds={kind: said for kind, said in kinds.items() if said},
                now=datetime.now(UTC),
            )
        except (manage_platforms.NoSuchPlatform, NotAPattern) as why:
            raise Trouble(f"Nothing was changed: {why}.") from None


@key.command("add")
def add_key(
    platform_slug: Annotated[str, typer.Argument(help="The site's short name.")],
    name: Annotated[str, typer.Option(help="What the key is for.")] = "site",
    scope: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(SCOPES)}; repeatable. All of them.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="How long it works; else until withdrawn.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once; Heed keeps its hash alone."""
    from heed.instance.boot import booted

    now = datetime.now(UTC)
    with booted():
        from heed.flows import manage_platforms
        from heed.media.keys import Scope

        scopes = [_one_of(Scope, "scope", one) for one in scope or SCOPES]
        try:
            made = manage_platforms.add_key(
                platform_slug=platform_slug,
                name=name,
                scopes=scopes,
                expires_at=now + timedelta(days=days) if days else None,
                now=now,
            )
        except manage_platforms.NoSuchPlatform as unknown_one:
            raise NotAdded(str(unknown_one)) from None
    _say({"key": made}, as_json)


@staff.command("anew")
def start_anew(
    email: Annotated[str, typer.Argument(help="The address that they sign in with.")],
    as_json: AsJson = False,
) -> None:
    """Somebody lost a device: a link to a new password and second factor, mailed and printed."""
    from heed.instance.boot import booted

    with booted():
        from django.conf import settings

        from heed.flows import invite_staff
        from heed.people.models import Staff

        who = Staff.objects.filter(email__iexact=email, is_active=True).first()
        if who is None:
            raise NotAdded(f"nobody signs in with {email}: add them with `heed staff add`")
        made = invite_staff.start_anew(staff_id=who.id, by=None, now=datetime.now(UTC))
        link = f"{settings.PUBLIC_URL}{made.path}"
    _say({"link": link}, as_json)


@staff.command("give")
def give_role(
    email: Annotated[str, typer.Argument(help="The address that they sign in with.")],
    role: Annotated[str, typer.Argument(help="As `heed staff add --role` has it.")],
    platform_slug: Annotated[str, typer.Argument(metavar="PLATFORM", help="At which site.")],
    as_json: AsJson = False,
) -> None:
    """Give somebody who has an account a role, also where another site's people invited them."""
    from heed.instance.boot import booted

    with booted():
        from heed.flows import invite_staff
        from heed.media.models import Platform
        from heed.people.models import Role, Staff

        who = Staff.objects.filter(email__iexact=email).first()
        where = Platform.objects.filter(slug=platform_slug).first()
        if who is None or where is None:
            raise NotAdded(f"there is no {'account of ' + email if who is None else platform_slug}")
        given, now = _one_of(Role, "role", role), datetime.now(UTC)
        try:
            invite_staff.give_role(
                staff_id=who.id, platform_id=where.id, role=given, by=None, now=now
            )
        except invite_staff.NotYours as why:
            raise NotAdded(str(why)) from None
    _say({"email": who.email, "role": given.value, "platform": where.slug}, as_json)


@staff.command("add")
def add_staff(
    email: Annotated[str, typer.Argument(help="The address to sign in with.")],
    name: Annotated[str, typer.Option(help="The name that colleagues see.")] = "",
    role: Annotated[
        list[str] | None,
        typer.Option(
            help="reviewer, child-safety, senior, liaison, auditor or administrator; repeatable."
        ),
    ] = None,
    platform_slug: Annotated[
        list[str] | None, typer.Option("--platform", help="At which site; repeatable.")
    ] = None,
    outside: Annotated[bool, typer.Option(help="An invited second reviewer of a partner.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add somebody. Prints password, second factor and spare codes, once."""
    from heed.instance.boot import booted

    endpoints.read("address", email, reading.mail)
    with booted():
        from heed.flows import manage_staff
        from heed.people.models import Role

        try:
            added = manage_staff.add_staff(
                email=email,
                name=name or email.partition("@")[0],
                roles=[_one_of(Role, "role", one) for one in role or ["reviewer"]],
                platform_slugs=platform_slug or [],
                outside=outside,
                now=datetime.now(UTC),
            )
        except manage_staff.NotAdded as why:
            raise NotAdded(str(why)) from None
    told = {
        "email": email,
        "password": added.password,
        "totp_secret": added.totp_secret,
        "recovery_codes": list(added.recovery_codes[:4]),
    }
    _say({**told, "staff_id": str(added.staff_id)} if as_json else told, as_json)
