"""Devices that are told when there is something new: added and ended from the private page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from heed.flows.keep_devices import (
    TooManyAdded,
    TooManyDevices,
    end_device,
    end_devices,
    keep_device,
)
from heed.rules.devices import NotAPushAddress
from heed.web import languages
from heed.web.notifier import access, more, told
from heed.web.notifier.doors import minutes, private, source
from heed.web.notifier.views_page import show

_PART = "tell"  # where the error leads: the part of the page, since nobody types an address


@private
@require_POST
def add(request: HttpRequest, number: str) -> HttpResponse:
    """Tell this device from now on. What can't be taken is said on the page, with what to do."""
    notice = access.required(request, number)
    typed = more.read(request.POST.dict(), ("address", "mine"))
    if not typed["mine"]:
        return _refused(request, number, _("Tick that this is your own device."))
    try:
        keep_device(
            notice_id=notice.id, address=typed["address"], source=source(request),
            now=timezone.now(),
        )  # fmt: skip
    except NotAPushAddress:
        return _refused(request, number, _("Your browser gave an address that we can't use."))
    except TooManyDevices:
        return _refused(request, number, _("Five devices are told already. Stop them first."))
    except TooManyAdded as wait:
        return _refused(request, number, _later(minutes(wait.wait)), status=429)
    return redirect(f"{access.path_of(number)}?done=told")


def _later(wait: int) -> str:
    text = ngettext(
        "There were many tries from your connection. Please try again in %(wait)s minute, or at "
        "once from another connection, such as mobile data.",
        "There were many tries from your connection. Please try again in %(wait)s minutes, or at "
        "once from another connection, such as mobile data.",
        wait,
    )
    return text % {"wait": wait}


def _refused(request: HttpRequest, number: str, why: str, *, status: int = 422) -> HttpResponse:
    answer = show(request, access.required(request, number), errors={_PART: why})
    answer.status_code = status
    return answer


@private
@require_POST
def end(request: HttpRequest, number: str) -> HttpResponse:
    """This device, where it says which it is; all devices of the notice, where it does not."""
    notice = access.required(request, number)
    address = more.read(request.POST.dict(), ("address",))["address"]
    if address:
        end_device(address=address, now=timezone.now())
    else:
        end_devices(notice_id=notice.id, now=timezone.now())
    return redirect(f"{access.path_of(number)}?done={'untold' if address else 'none-told'}")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The script by which a browser shows the words. It is the same for everybody."""
    language = languages.known(request.GET.get("in", "")) or "en"
    answer = HttpResponse(told.worker(language), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer
