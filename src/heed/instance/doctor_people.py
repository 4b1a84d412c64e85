"""What `heed doctor` asks of the people: is somebody due tonight, and does a call reach them?"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from heed.instance.findings import Finding
from heed.rules import duty

LOOKS_BACK = timedelta(days=7)
WHERE = "/console/duty"


def people(*, now: datetime) -> Iterator[Finding]:
    """Platform by platform. Django is set up."""
    from heed.media.models import Platform

    for platform in Platform.objects.order_by("slug"):
        yield _tonight(platform.id, platform.slug, now)
    yield from _unheard(now)


def _tonight(platform_id: UUID, slug: str, now: datetime) -> Finding:
    from heed.people import queries, rota

    about = f"{slug}: duty"
    if not queries.deciders(platform_id):
        remedy = "invite somebody at /console/people, or with heed init --new-link"
        return Finding(about, "nobody may decide here: a call rings nobody", remedy)
    zone = ZoneInfo(rota.emergency(platform_id).zone)
    shifts = [
        (one.begins_at, one.ends_at)
        for one in rota.coming(platform_id, now=now).filter(staff__is_active=True)
    ]
    night = duty.night(now, zone)
    gaps = duty.uncovered(night, shifts)
    if not gaps:
        return Finding(about, "somebody is on duty all night")
    hours = {one.weekday: (one.from_minute, one.until_minute) for one in rota.coverage(platform_id)}
    promised = duty.declared(night, hours, zone)
    broken = [gap for part in promised for gap in duty.uncovered(part, shifts)]
    return _said(about, gaps, broken, bool(hours), zone)


def _said(
    about: str, gaps: Sequence[duty.Stretch], broken: Sequence[duty.Stretch], declares: bool,
    zone: ZoneInfo,
) -> Finding:  # fmt: skip
    """A gap in declared hours is a promise broken; one outside of them is only told."""
    rings = "a call rings everybody who decides"
    if broken or not declares:
        when = _words(broken or gaps, zone)
        hours = "hours that are declared" if broken else "and no hours are declared"
        says = f"nobody is on duty tonight ({when}), {'in ' if broken else ''}{hours}; {rings}"
        return Finding(about, says, f"put somebody on the rota, at {WHERE}")
    says = f"nobody is on duty tonight ({_words(gaps, zone)}), outside the declared hours; {rings}"
    return Finding(about, says)


def _words(stretches: Sequence[duty.Stretch], zone: ZoneInfo) -> str:
    return ", ".join(
        f"{begin.astimezone(zone):%H:%M} to {end.astimezone(zone):%H:%M}"
        for begin, end in stretches
    )


def _unheard(now: datetime) -> Iterator[Finding]:
    """Calls that did not get through lately, by their way; and mails that were given up on."""
    from django.db.models import Count, Max

    from heed.people.duty_models import Ring

    failed = Ring.objects.filter(rung_at__gte=now - LOOKS_BACK).exclude(failed="")
    for row in failed.values("way").annotate(count=Count("id"), last=Max("rung_at")):
        newest = failed.filter(way=row["way"]).order_by("-rung_at").first()
        since = Ring.objects.filter(way=row["way"], failed="", rung_at__gt=row["last"])
        why = newest.failed if newest else ""
        says = f"{row['count']} of the last 7 days failed, at last {row['last']:%d %b %H:%M}: {why}"
        remedy = "" if since.exists() else f"see whom it should reach, at {WHERE} and HEED_MAIL_URL"
        yield Finding(f"calls by {row['way']}", says, remedy)
