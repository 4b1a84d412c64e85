"""Codes of a picture, made on the person's own device, and to whom they may go."""

from collections.abc import Sequence
from dataclasses import dataclass

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from heed.cases.models import Consent, Notice
from heed.cases.queries import consents, own_notices
from heed.flows.give_consent import give_consent, withdraw_consent
from heed.flows.supplement_notice import supplement_notice
from heed.web.notifier import access, hashes
from heed.web.notifier.doors import private
from heed.web.notifier.hashes import Hash

VIDEO_HERE = {"media-src": ["blob:"]}  # a video is read by the page itself, and sent nowhere


@dataclass(frozen=True, slots=True)
class Offer:
    """Somebody to whom the codes may go, and what that does."""

    to: Consent.To
    name: str
    url: str
    text: str | Promise
    honest: str | Promise


OFFERS = (
    Offer(
        Consent.To.TAKE_IT_DOWN,
        "Take It Down",
        "https://takeitdown.ncmec.org/",
        _(
            "For pictures of somebody who was under 18. A free service of NCMEC, a charity in the "
            "United States. Big sites look for its codes and take down what fits. You don't have "
            "to say who you are."
        ),
        _(
            "We can't put a code on their list for you: only you can, on their page, from this "
            "device. It takes some minutes. With your yes we may give them these codes once a way "
            "for that exists."
        ),
    ),
    Offer(
        Consent.To.STOPNCII,
        "StopNCII.org",
        "https://stopncii.org/",
        _(
            "For pictures of somebody who was 18 or older, posted against their will. A free "
            "service of the Revenge Porn Helpline in the United Kingdom. Big sites look for its "
            "codes."
        ),
        _(
            "It asks you some questions that we must not answer for you, so begin on their page, "
            "from this device. With your yes we may give them these codes once a way for that "
            "exists."
        ),
    ),
)


@csp_update(VIDEO_HERE)
@private
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: HttpRequest, number: str) -> HttpResponse:
    """Add codes; agree that they go further, or take that back."""
    notice = access.required(request, number)
    if request.method != "POST":
        return _page(request, notice)
    typed = request.POST.get("hashes", "").replace("\x00", "").strip()
    given, wrong = hashes.read(typed)
    error = _wrong(given, wrong)
    if error:
        return _page(request, notice, typed=typed, errors={"hashes": error})
    if given:
        _add(notice, given)
    _agree(request, notice)
    return redirect(f"{access.path_of(notice.number)}?done={'codes' if given else 'agreed'}")


def _wrong(given: Sequence[Hash], wrong: str) -> str:
    if wrong:
        line = wrong[:40]
        return gettext("This line is not a code: “%(line)s”. Take it out.") % {"line": line}
    if len(given) > hashes.MOST:
        most = {"most": hashes.MOST}
        return gettext("That is more than %(most)d codes. Send these in parts, please.") % most
    return ""


def _add(notice: Notice, given: Sequence[Hash]) -> None:
    said = {"hashes": [{"type": one.kind, "value": one.value} for one in given]}
    for one in own_notices.with_siblings(notice):
        supplement_notice(notice_id=one.id, said=said, now=timezone.now())


def _agree(request: HttpRequest, notice: Notice) -> None:
    now, ticked = timezone.now(), set(request.POST.getlist("to"))
    for offer in OFFERS:
        change = give_consent if offer.to.value in ticked else withdraw_consent
        change(notice_id=notice.id, to=offer.to, now=now)


def _page(
    request: HttpRequest,
    notice: Notice,
    *,
    typed: str = "",
    errors: dict[str, str] | None = None,
) -> HttpResponse:
    given = notice.targets.exclude(signals=None).count()
    agreed = set(consents.given(notice).values_list("to", flat=True))
    ticked = set(request.POST.getlist("to")) if request.method == "POST" else agreed
    shown = {
        "number": notice.number,
        "typed": typed,
        "errors": errors or {},
        "offers": [(offer, offer.to.value in ticked) for offer in OFFERS],
        "already": ngettext("We have %(count)d code.", "We have %(count)d codes.", given)
        % {"count": given},
        "given": given,
    }
    return render(request, "notifier/codes.html", shown, status=422 if errors else 200)
