"""A partner's own page, opened by its private link: how it stands, its keys, its lists."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from heed.cases.queries import of_partners
from heed.flows import manage_partners as flows
from heed.flows.receive_partner_notices import MOST_ROWS
from heed.flows.renew_link import renew_link
from heed.people import partners
from heed.people.partner_models import Partner
from heed.web.notifier import access
from heed.web.notifier.doors import private
from heed.web.partner import words
from heed.web.platform_api.partner_rows import COLUMNS, NotATable, of_csv
from heed.web.platform_api.partners import taken

LONGEST_LIST_BYTES = 8 << 20


def _path(partner_id: UUID) -> str:
    return f"/partner/{partner_id}"


def _opened(request: HttpRequest, partner_id: UUID) -> tuple[Partner, str]:
    """The partner and the secret that opened its page. Raises `Http404`."""
    secret = access.secret_of(request, _path(partner_id))
    partner = partners.with_link(partner_id, secret)
    if partner is None:
        raise Http404("no page here")
    return partner, secret


@private
@require_safe
def page(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """The page itself. A secret in the address moves into a cookie, out of the history."""
    secret = request.GET.get("k", "")
    if secret:
        if partners.with_link(partner_id, secret) is None:
            raise Http404("no page here")
        return access.let_in(HttpResponseRedirect(_path(partner_id)), _path(partner_id), secret)
    return _show(request, *_opened(request, partner_id))


def _show(
    request: HttpRequest, partner: Partner, secret: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    shown = {
        "partner": partner,
        "kind": words.KINDS.get(partner.kind, partner.kind),
        "fields": [words.FIELDS.get(one, one) for one in partner.fields],
        "record": of_partners.record(partner.id),
        "recent": of_partners.recent(partner.id, MOST_ROWS),
        "keys": partner.keys.filter(revoked_at=None).order_by("-made_at"),
        "notes": [(words.TURNS.get(one.what, ""), one) for one in partner.notes.order_by("-at")],
        "may_appeal": words.may_appeal(partner),
        "columns": ",".join(COLUMNS),
        "categories": words.FIELDS.items(),
        "ages": words.AGES.items(),
        "example": words.EXAMPLE,
        **more,
    }
    answer = render(request, "partner/page.html", shown, status=status)
    return access.let_in(answer, _path(partner.id), secret)


@private
@require_POST
def accept(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Take the invitation. The link of the invitation leads nowhere from now on."""
    _, secret = _opened(request, partner_id)
    try:
        fresh = flows.accept(partner_id=partner_id, secret=secret, now=timezone.now())
    except flows.WrongMoment:
        return redirect(_path(partner_id))
    return _show_link(request, partner_id, fresh)


@private
@require_POST
def renew(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """A new link; whoever has the old one is shut out."""
    _, secret = _opened(request, partner_id)
    return _show_link(request, partner_id, flows.renew_link(partner_id=partner_id, secret=secret))


def _show_link(request: HttpRequest, partner_id: UUID, secret: str) -> HttpResponse:
    partner = partners.with_link(partner_id, secret)
    assert partner is not None
    link = f"{settings.PUBLIC_URL}{_path(partner_id)}?k={secret}"
    return _show(request, partner, secret, link=link)


@private
@require_POST
def add_key(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """A key for a program, shown once."""
    partner, secret = _opened(request, partner_id)
    name = request.POST.get("name", "").replace("\x00", "").strip()[:80]
    if not name or partner.state == Partner.State.INVITED:
        missing = {"name": _("Say what the key is for, such as “our case system”.")}
        return _show(request, partner, secret, status=422, errors=missing)
    scopes = [one.value for one in partners.PartnerScope]
    key = flows.make_key(
        partner_id=partner_id, secret=secret, name=name, scopes=scopes, now=timezone.now()
    )
    return _show(request, partner, secret, key=key)


@private
@require_POST
def revoke(request: HttpRequest, partner_id: UUID, key_id: UUID) -> HttpResponse:
    """Take a key back."""
    _, secret = _opened(request, partner_id)
    flows.revoke_key(partner_id=partner_id, secret=secret, key_id=key_id, now=timezone.now())
    return redirect(_path(partner_id))


@private
@require_POST
def give_list(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """A list as a file or pasted: each row is answered on the page."""
    partner, secret = _opened(request, partner_id)
    text = request.POST.get("table", "").replace("\x00", "")
    file = request.FILES.get("file")
    try:
        if file is not None and not isinstance(file, list):
            data = file.read(LONGEST_LIST_BYTES + 1)
            if len(data) > LONGEST_LIST_BYTES:
                raise NotATable("this file is larger than 8 MB: send it in parts")
            text = data.decode("utf-8")
        rows = of_csv(text)
    except UnicodeDecodeError:
        how = _(
            "Save the table as UTF-8 and send it again: in Excel that is “CSV UTF-8”. Or copy the "
            "cells and paste them here."
        )
        wrong = {"table": how}
        return _show(request, partner, secret, status=422, errors=wrong, typed=text)
    except NotATable as no_table:
        return _show(
            request, partner, secret, status=422, errors={"table": str(no_table)}, typed=text
        )
    if partner.state == Partner.State.INVITED:
        wrong = {"table": _("Take the invitation first.")}
        return _show(request, partner, secret, status=422, errors=wrong, typed=text)
    done = taken(partner, rows, timezone.now())
    left = text if done["refused"] else ""  # to be mended; what was taken is known by then
    return _show(request, partner, secret, done=done, typed=left)


@private
@require_POST
def open_notice(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """The private page of a notice that this partner gave, by a new link: its first was shown once,
    and a list that is mended or sent twice comes back without it.
    """
    partner, _ = _opened(request, partner_id)
    notice = of_partners.notice_of(partner.id, request.POST.get("number", "")[:16])
    if notice is None:
        raise Http404("no page here")
    path = access.path_of(notice.number)
    link = renew_link(notice_id=notice.id, now=timezone.now())
    return access.let_in(redirect(f"{path}?done=renewed"), path, link)


@private
@require_POST
def appeal(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Ask for another look at a warning or a pause."""
    partner, secret = _opened(request, partner_id)
    text = request.POST.get("why", "").replace("\x00", "")[:10_000]
    try:
        flows.appeal(partner_id=partner_id, secret=secret, text=text, now=timezone.now())
    except flows.WordsMissing:
        missing = {"why": _("Say in a sentence what is wrong with it.")}
        return _show(request, partner, secret, status=422, errors=missing)
    except flows.WrongMoment:
        pass
    return redirect(_path(partner_id))


@private
@require_POST
def leave(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Close the page in this browser."""
    return access.let_out(redirect("/"), _path(partner_id))
