"""What anybody may read: the policy, how well it is kept, and how to check a receipt."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from heed.cases.queries import policies
from heed.ledger import queries as ledger
from heed.measures.queries import measures as read_measures
from heed.media.models import Platform
from heed.people import queries as people
from heed.people import rota
from heed.rules import policy as stated
from heed.web.public.words import RULES, rows, wall_time

MEASURED_OVER = timedelta(days=90)


@require_safe
@cache_control(public=True, max_age=300)
def policy(request: HttpRequest) -> HttpResponse:
    """The policy of today, or of the version that a decision names."""
    now, platforms = timezone.now(), list(Platform.objects.order_by("name"))
    asked = request.GET.get("version", "")
    platform = _meant(platforms, request.GET.get("platform", ""), asked)
    current = policies.version_at(platform.id, now) if platform else stated.CURRENT
    versions = [one for one in _versions(platform) if not one.withdrawn]
    shown_now = next((n for n, one in enumerate(versions) if one.name == asked), None)
    if shown_now is None:
        shown_now = next(n for n, one in enumerate(versions) if one.name == current)
    version = versions[shown_now]
    before = versions[shown_now - 1] if shown_now else None
    shown = {
        "clauses": [one for one in version.clauses if one.id != "none"],
        "none": next((one for one in version.clauses if one.id == "none"), None),
        "version": version,
        "before": before,
        "changes": stated.differences(before.clauses, version.clauses) if before else (),
        "current": current,
        "coming": version.in_force_at is not None and version.in_force_at > now,
        "versions": versions,
        "platform": platform,
        "platforms": platforms,
        "rules": RULES,
        "hours": _hours(),
    }
    return render(request, "public/policy.html", shown)


def _meant(platforms: list[Platform], slug: str, version: str) -> Platform | None:
    """Whose policy is asked for: by name, by the version that a decision cites, or the first."""
    named = [one for one in platforms if one.slug == slug]
    of_version = policies.platform_of(version)
    cited = [one for one in platforms if one.id == of_version]
    return next(iter(named or cited or platforms), None)


def _versions(platform: Platform | None) -> Sequence[policies.Version]:
    if platform is None:
        return (policies.Version(name=stated.CURRENT, clauses=stated.clauses()),)
    return policies.versions(platform.id)


def _hours() -> list[dict[str, Any]]:
    """The declared hours and the staffing of each platform: said, so that it can be checked."""
    return [
        {
            "name": platform.name,
            "zone": rota.emergency(platform.id).zone,
            "days": [
                (WEEKDAYS[one.weekday], wall_time(one.from_minute), wall_time(one.until_minute))
                for one in rota.coverage(platform.id)
            ],
            "people": len(people.deciders(platform.id)),
        }
        for platform in Platform.objects.order_by("name")
    ]


@require_safe
@cache_control(public=True, max_age=60)
def measures(request: HttpRequest) -> HttpResponse:
    """What was stated beside what was done, counted the same way every time."""
    now = timezone.now()
    found = read_measures(since=now - MEASURED_OVER, now=now)
    shown = {
        "measures": found,
        "rows": rows(found),
        "days": MEASURED_OVER.days,
        "at": now,
    }
    return render(request, "public/measures.html", shown)


@require_safe
@cache_control(public=True, max_age=60)
def verify(request: HttpRequest) -> HttpResponse:
    """How to check a receipt without trusting this server."""
    shown = {"keys": ledger.vkeys(), "size": ledger.published_size(), "site": settings.PUBLIC_URL}
    return render(request, "public/verify.html", shown)
