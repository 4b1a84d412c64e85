"""How it goes: backlog, times, reversals and exposure, as drawings and as tables."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from heed.cases.queries import quality
from heed.measures import dashboards
from heed.web.console import permissions
from heed.web.console.chart import columns
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show


@require_safe
@permissions.permission("figures.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """Four weeks of everything that is counted day by day."""
    mine, now = request.grants.platforms("figures.see"), timezone.now()
    facts = {
        "series": [(one, columns(one.days)) for one in dashboards.series(mine, now=now)],
        "judged": dashboards.judged(mine),
        "agreement": quality.agreement(mine),
    }
    return show(request, "figures.html", facts)


@require_safe
@permissions.permission("console.enter")
def help_page(request: ConsoleRequest) -> HttpResponse:
    """What somebody needs to know on the first day."""
    return show(request, "help.html", {})
