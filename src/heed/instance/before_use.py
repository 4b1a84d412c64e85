"""What an operator still has to do before real use: registration, credentials, contact, counsel.

Nothing here is broken; a site that only tries Heed out can leave all of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from heed.rules.clocks import Term, Verified

if TYPE_CHECKING:
    from heed.media.models import Platform


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that only a person can do, and how."""

    about: str
    says: str
    how: str


def todo() -> Iterator[Todo]:
    """In the order in which to do them. Django is set up; the database answers."""
    from django.db import ProgrammingError

    try:
        yield from _server()
        yield from _laws()
        yield from _authorities()
        yield from _platforms()
        yield from _help_lines()
    except ProgrammingError:
        return  # no tables yet: `heed migrate` comes first, and is said above


def _server() -> Iterator[Todo]:
    from django.conf import settings

    if not settings.PUBLIC_URL.startswith("https://"):
        yield Todo("address", f"people reach this server at {settings.PUBLIC_URL}",
                   "put TLS before it and set HEED_PUBLIC_URL")  # fmt: skip
    if "filebased" in settings.EMAIL_BACKEND:
        yield Todo("mail", "is written to var/mail and sent to nobody", "set HEED_MAIL_URL")
    laws = ", ".join(settings.HEED_STATUTES) or "none"
    yield Todo("laws", f"clocks run for: {laws}",
               "ask counsel which laws are yours, and set HEED_STATUTES")  # fmt: skip


def _laws() -> Iterator[Todo]:
    """What the laws that are switched on ask for beyond their clocks."""
    from django.conf import settings

    from heed.rules.holding import JURISDICTIONS
    from heed.rules.statutes import PACKS

    if "dsa" in settings.HEED_STATUTES and not settings.HEED_DSA_URL:
        yield Todo("DSA Transparency Database", "statements of reasons are sent to nobody",
                   "have the coordinator give you an account, and set HEED_DSA_URL and "
                   "HEED_DSA_TOKEN; a micro or small platform leaves it")  # fmt: skip
    if "uk_osa" in settings.HEED_STATUTES:
        yield Todo("NCA", "section 66 asks for registration, unless every finding goes to NCMEC",
                   "register with the NCA, or file each finding with NCMEC")  # fmt: skip
    if not settings.HEED_EVIDENCE_MODE:
        held = JURISDICTIONS[settings.HEED_JURISDICTION]
        yield Todo("evidence", f"{held.mode} of minors, by {held.citation} ({held.verified})",
                   "ask counsel whether you may hold them, and set HEED_EVIDENCE_MODE")  # fmt: skip
    unread = [one for one in settings.HEED_STATUTES if _unread(PACKS[one].TERMS)]
    if unread:
        yield Todo("laws", f"some times of {', '.join(unread)} were read second-hand or remembered",
                   "have counsel compare them with docs/laws/")  # fmt: skip


def _unread(terms: Iterable[Term]) -> bool:
    return any(term.verified is not Verified.TEXT for term in terms)


def _authorities() -> Iterator[Todo]:
    from django.conf import settings

    from heed.flows import wiring
    from heed.media.models import Platform

    own = Platform.objects.filter(slug__in=settings.HEED_NCMEC_PLATFORMS).order_by("slug")
    for slug in sorted(set(settings.HEED_NCMEC_PLATFORMS) - {one.slug for one in own}):
        yield Todo("NCMEC", f"there are credentials for {slug!r}, which is no platform",
                   "name the file or variable as the platform; see docs/operate.md")  # fmt: skip
    for platform in own:
        yield from _ncmec(f"{platform.slug}: NCMEC", wiring.tipline_account(platform.slug))
    if not own or Platform.objects.exclude(slug__in=[one.slug for one in own]).exists():
        yield from _ncmec("NCMEC", settings.HEED_NCMEC)


def _ncmec(about: str, account: Mapping[str, str]) -> Iterator[Todo]:
    from heed.filings import tip_queries

    where = account["environment"]
    if not where:
        yield Todo(about, "there are no credentials: CyberTips are packages to be filed by hand",
                   "register as an electronic service provider with NCMEC, then set "
                   "HEED_NCMEC_ENVIRONMENT; see docs/operate.md")  # fmt: skip
    elif not account["user"] or not account["password"]:
        yield Todo(about, f"the environment is {where}, and it has no user or no password",
                   f"set HEED_NCMEC_{where.upper()}_USER and _PASSWORD")  # fmt: skip
    elif where == "test":
        yield Todo(about, "CyberTips go to the test environment: nobody is told by them",
                   "when NCMEC has approved your tests, go to production")  # fmt: skip
    if where and not tip_queries.schemas(where):
        yield Todo(f"{about}: schema", "was not fetched yet",
                   "press Fetch it now at CyberTips in the console")  # fmt: skip


def _help_lines() -> Iterator[Todo]:
    """Those that somebody near sees: nobody of Heed's has called one."""
    from django.conf import settings

    from heed.web.notifier.helplines import help_for

    near = help_for(settings.HEED_JURISDICTION)
    unchecked = [one.name for one in (*near.near, *near.anywhere) if one.checked_on is None]
    if unchecked:
        yield Todo("help lines", f"nobody has checked {', '.join(unchecked)}",
                   "call or open each, and those of your users' other countries at /help, and "
                   "write the day into src/heed/web/notifier/helplines.py")  # fmt: skip


def _platforms() -> Iterator[Todo]:
    from heed.media.models import Platform

    platforms = list(Platform.objects.order_by("slug"))
    if not platforms:
        yield Todo("platform", "there is none", "heed platform add")
    for platform in platforms:
        yield from _connected(platform)
        yield from _operator(platform.id, platform.slug)
        yield from _people(platform.id, platform.slug)
        yield from _duty(platform.id, platform.slug)


def _connected(platform: "Platform") -> Iterator[Todo]:
    from heed.flows.shared import peers

    if platform.trouble:
        yield Todo(f"{platform.slug}: {platform.connector}", platform.trouble,
                   f"heed platform check {platform.slug}")  # fmt: skip
    if peers.gives_evidence(platform):
        return
    if peers.has_connector(platform):
        yield Todo(f"{platform.slug}: media gate", "is off: no file can be hidden, nor kept then",
                   f"heed platform gate {platform.slug}; see docs/connect/")  # fmt: skip
    else:
        yield Todo(platform.slug, "has no evidence address: hidden files can't be kept or sent",
                   "set it with heed platform; see docs/integrate.md")  # fmt: skip


def _operator(platform_id: UUID, slug: str) -> Iterator[Todo]:
    from heed.filings import tip_queries
    from heed.rules.tips import checks

    missing = checks.missing_of(tip_queries.operator_of(platform_id))
    where = f"/console/operator/{slug}"
    if missing:
        yield Todo(f"{slug}: contact point", f"missing: {', '.join(missing)}",
                   f"an administrator fills it in at {where}")  # fmt: skip
    profile = tip_queries.profile_of(platform_id)
    if profile is None or not profile.counsel:
        yield Todo(f"{slug}: counsel", "nobody is named whom you asked about these duties",
                   f"ask counsel, and name them at {where}")  # fmt: skip


def _people(platform_id: UUID, slug: str) -> Iterator[Todo]:
    from heed.people.models import Membership, Role

    held = Membership.objects.filter(
        platform_id=platform_id, ended_at=None, staff__is_active=True
    ).values_list("role", "staff_id")
    roles = {role: {person for one, person in held if one == role} for role in Role.values}
    if not roles[Role.CHILD_SAFETY]:
        yield Todo(f"{slug}: people", "nobody may open files in cases about minors",
                   "heed staff add ... --role child-safety")  # fmt: skip
    if len(roles[Role.SENIOR]) < 2:
        yield Todo(f"{slug}: people", "fewer than two seniors: one alone approves their own tips",
                   "heed staff add ... --role senior")  # fmt: skip
    if not roles[Role.ADMINISTRATOR]:
        yield Todo(f"{slug}: people", "nobody may fill in who runs the platform",
                   "heed staff add ... --role administrator")  # fmt: skip
    if len(roles[Role.LIAISON] | roles[Role.SENIOR]) < 2:
        yield Todo(f"{slug}: officers", "fewer than two may answer officers: nothing can be given",
                   "heed staff add ... --role liaison")  # fmt: skip


def _duty(platform_id: UUID, slug: str) -> Iterator[Todo]:
    from django.utils import timezone

    from heed.people import rota

    set_up, where = rota.emergency(platform_id), "/console/duty"
    if not rota.coming(platform_id, now=timezone.now()).exists():
        yield Todo(f"{slug}: duty", "nobody is on the rota: every call rings everybody who decides",
                   f"a senior puts people on it at {where}")  # fmt: skip
    if not rota.coverage(platform_id):
        yield Todo(f"{slug}: hours", "none are declared, and the policy page says so",
                   f"declare when people are there at {where}")  # fmt: skip
    if set_up.changed_at is None:
        yield Todo(f"{slug}: emergency", "the protocol and its telephone numbers are Heed's own",
                   f"write your own, with the police of the place, at {where}")  # fmt: skip
