"""How somebody on duty is reached: their own telephone, and a try of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from heed.flows import call_duty, keep_rota, wiring
from heed.web.console import permissions
from heed.web.console.duty_forms import TelephoneForm
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.views.duty import NOT_TAKEN, show_page

NO_MAIL = "No mail server is set on this server: mails are kept in its files, and reach nobody."
_WAYS = {"mail": "Mail", "push": "Push"}


@require_POST
@permissions.permission("duty.answer")
def name_telephone(request: ConsoleRequest) -> HttpResponse:
    """Where one's own telephone is rung, besides by mail."""
    form = TelephoneForm(request.POST, auto_id="own-%s")
    if not form.is_valid():
        return show_page(request, {"telephone": form}, status=NOT_TAKEN)
    url = form.cleaned_data["push_url"]
    keep_rota.name_telephone(staff_id=request.grants.staff.pk, push_url=url, now=timezone.now())
    messages.success(request, "Kept. Try it now." if url else "You are reached by mail alone.")
    return redirect("console:duty")


@require_POST
@permissions.permission("duty.answer")
def try_ways(request: ConsoleRequest) -> HttpResponse:
    """Ring me, now."""
    for way, failed in call_duty.try_ways(
        staff_id=request.grants.staff.pk, now=timezone.now()
    ).items():
        if failed:
            messages.error(request, f"{_WAYS[way]} did not get through: {failed}.")
        elif way == "mail" and not wiring.mail_leaves():
            messages.error(request, NO_MAIL)
        else:
            messages.success(request, f"{_WAYS[way]} was taken. See whether it rings.")
    return redirect("console:duty")
