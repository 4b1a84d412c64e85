"""The case page: everything said and done about one thing, and what can be done now."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from heed.cases.models import Appeal, Case, Decision, Exemption
from heed.cases.queries import (
    account_measures,
    case_copies,
    case_files,
    case_page,
    exemptions,
    known_files,
    policies,
    queue,
    together,
)
from heed.filings import danger as dangers
from heed.filings import queries as filings
from heed.flows import read_blind
from heed.media.models import Upload
from heed.people import queries as people
from heed.people import rota
from heed.people.models import Viewing
from heed.web.console import permissions, proofs
from heed.web.console.chart import spread
from heed.web.console.forms import AppealForm, DecisionForm, MessageForm, SecondForm, StayForm
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import playing, show
from heed.web.console.views import cybertips
from heed.web.console.views import danger as danger_views

COPIES_ON_A_PAGE = 200
NOTICES_ON_A_PAGE = 50


@require_safe
@permissions.permission("case.see")
def page(request: ConsoleRequest, case: Case) -> HttpResponse:
    """One case. Whoever has read it is no blind reader of it any more."""
    read_blind.note_known(case_id=case.id, by=request.grants.staff.pk)
    return case_as_page(request, case)


def case_as_page(
    request: ConsoleRequest, case: Case, forms: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The whole page; `forms` are those that came back with errors, by name."""
    facts = _facts(case) | _told(request, case, forms or {}) | _history(request, case)
    facts |= _rights(request, case, facts) | _forms(case, facts)
    for name, form in (forms or {}).items():
        both = isinstance(form, dict) and name in facts
        facts[name] = {**facts[name], **form} if both else form
    return playing(show(request, "case.html", facts, status=status))


def to_what_was_said(case: Case) -> HttpResponse:
    """The case's page, where it says what was done: else a browser stays where the form stood."""
    address = reverse("console:case", kwargs={"number": case.number})
    return HttpResponseRedirect(f"{address}#said")


def _facts(case: Case) -> dict[str, Any]:
    known_at = case_page.first_notice_at(case)
    near, near_judged = case_files.near_files(case)
    deadlines, uploads = list(case_page.deadlines(case)), case_page.uploads(case)
    met = sum(one.met_at is not None for one in deadlines)
    held = sum(one.state == Upload.State.HELD for one in uploads)
    return {
        "case": case,
        "files": case_files.files(case),
        "unread": case_files.unread(case),
        "involved": account_measures.involved(case),
        "known": known_files.known(case),
        "near": near,
        "near_judged": near_judged,
        "copies": case_copies.copies(case),
        "trouble": case_copies.trouble(case),
        "accounts": _accounts(case),
        "spread": spread(case_copies.published_at(case), known_at),
        "known_at": known_at,
        "heard_until": case_page.last_heard(case) or case.opened_at,
        "deadlines": deadlines,
        "deadlines_met": met,
        "still_owed": len(deadlines) - met,
        "links": case_page.links(case),
        "splits": case_page.splits(case),
        "sharing": len(together.sharing(case)) if case.state == Case.State.OPEN else 0,
        "bundle": queue.bundles_of([case.id]).get(case.id, ()),
        "uploads": uploads,
        "uploads_held": held,
        "uploads_ended": len(uploads) - held,
        "matches": case_page.matches(case),
        # What can't be opened, or was not kept, is in sight first.
        "evidence": sorted(filings.sealed_of(case.id), key=lambda one: not one.reason),
        "lost": filings.not_kept(case.id),
        "banked": sorted(case_page.banked(case).items()),
    }


def _told(request: ConsoleRequest, case: Case, forms: Mapping[str, Any]) -> dict[str, Any]:
    """Some of the notices: a flood may have brought hundreds. What came back is among them."""
    every, wanted = case_page.notices_of(case), request.GET.get("notices")
    written = forms.get("message_to") or forms.get("translation_of")
    if written:
        numbers = list(every.values_list("number", flat=True))
        wanted = str(numbers.index(written) // NOTICES_ON_A_PAGE + 1)
    page = Paginator(every, NOTICES_ON_A_PAGE).get_page(wanted)
    start = (page.number - 1) * NOTICES_ON_A_PAGE
    return {
        "told": case_page.told(every[start : start + NOTICES_ON_A_PAGE]),
        "told_page": page,
    }


def _history(request: ConsoleRequest, case: Case) -> dict[str, Any]:
    decisions, appeals = case_page.decisions(case), case_page.appeals(case)
    stays = exemptions.of_case(case)
    looks = case_files.viewings(case)
    people_here: set[UUID | None] = {case.taken_by}
    people_here.update(look.staff_id for look in looks)
    people_here.update(one.decided_by for one in decisions)
    people_here.update(one.seconded_by for one in decisions)
    people_here.update(one.decided_by for one in appeals)
    people_here.update(who for one in stays for who in (one.proposed_by, one.seconded_by))
    proposal = next((one for one in decisions if one.state == Decision.State.PROPOSED), None)
    danger = rota.danger_of(case.id)
    found = list(dangers.of_case(case.id))
    people_here.update(
        who for one in found for who in (one.found_by, one.told_by, one.unfounded_by)
    )
    people_here.add(danger.taken_by if danger else None)
    return {
        "danger_call": danger,
        "danger": danger_views.block(found),
        "decisions": [(one, policies.clause(one.clause, one.policy_version)) for one in decisions],
        "appeals": appeals,
        "appeal_stays": exemptions.of_appeals(case),
        "stays": [_stay(one, looks, request.grants.staff.pk) for one in stays],
        "deciders": queue.deciders_in(decisions, appeals, stays).get(case.id, frozenset()),
        "looks": looks,
        "names": people.staff_named({one for one in people_here if one is not None}),
        "proposal": proposal,
        "proposal_clause": proposal and policies.clause(proposal.clause, proposal.policy_version),
        "i_proposed": proposal is not None and proposal.decided_by == request.grants.staff.pk,
        "i_looked": any(one.whole and one.staff_id == request.grants.staff.pk for one in looks),
    }


def _stay(one: Exemption, looks: Sequence[Viewing], me: UUID) -> dict[str, Any]:
    """What a removal leaves alone, with what both people must have seen before it is."""
    places, count = exemptions.places(one)
    files = exemptions.to_be_seen(one) if one.state == Exemption.State.PROPOSED else []
    seen = {look.file_id for look in looks if look.whole and look.staff_id == me}
    return {
        "row": one,
        "places": places,
        "more": count - len(places),
        "count": count,
        "mine": one.proposed_by == me,
        "unseen": [file for file in files if file.id not in seen],
    }


def _rights(request: ConsoleRequest, case: Case, facts: Mapping[str, Any]) -> dict[str, Any]:
    grants = request.grants
    here = {
        right.replace(".", "_"): grants.may(right, case.platform_id) for right in permissions.RIGHTS
    }
    deciders, me = facts["deciders"], grants.staff.pk
    closed = case.about_child and facts["known"].trusted
    return {
        "here": here,
        "may_open": grants.may_open_files(case) and not closed,
        "appeal_for_me": me not in deciders or not people.deciders(case.platform_id) - deciders,
        "owed_tip": cybertips.block(case) if grants.may("tip.see", case.platform_id) else None,
        "may_find_danger": grants.may("duty.answer", case.platform_id),
        "danger_url": reverse("console:danger", args=[case.number]),
        "mine": case.taken_by == grants.staff.pk,
        "decided": case.state == Case.State.DECIDED,
    }


def _forms(case: Case, facts: Mapping[str, Any]) -> dict[str, Any]:
    appeals: Sequence[Appeal] = facts["appeals"]
    appeal_forms = {
        one.id: AppealForm(one, auto_id=f"appeal-{n}-%s") for n, one in enumerate(appeals)
    }
    return {
        "decision_form": DecisionForm(case, case_copies.may_stay(case, facts["copies"])),
        "second_form": SecondForm(auto_id="second-%s"),
        "message_form": MessageForm(),
        "stay_forms": {
            one["row"].id: StayForm(auto_id=f"stay-{n}-%s") for n, one in enumerate(facts["stays"])
        },
        "appeal_forms": appeal_forms,
        "appeal_about": {
            one: exemptions.shown_at(case, form.about) for one, form in appeal_forms.items()
        },
    }


def _accounts(case: Case) -> dict[UUID, str]:
    """What each account is called here: a letter until the decision, then its own name."""
    ids = case_copies.accounts(case)
    if case.state == Case.State.DECIDED:
        return case_copies.account_refs(ids)
    return {one: f"Account {_letters(n)}" for n, one in enumerate(ids)}


def _letters(n: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    first, last = divmod(n, 26)
    return (_letters(first - 1) if first else "") + chr(ord("A") + last)


@require_safe
@permissions.permission("case.see")
def copies(request: ConsoleRequest, case: Case, how: str) -> HttpResponse:
    """All copies of one kind, page by page."""
    found = Paginator(case_copies.copies_of(case, how), COPIES_ON_A_PAGE)
    facts = {
        "case": case,
        "how": how,
        "page": found.get_page(request.GET.get("page")),
        "accounts": _accounts(case),
    }
    return show(request, "copies.html", facts)


@require_safe
@permissions.permission("case.see")
def entries(request: ConsoleRequest, case: Case) -> HttpResponse:
    """The case's entries in the ledger, each checked here and now."""
    found = proofs.checked(case_page.entries_of(case_page.subjects_of(case)))
    part = "_entries.html" if request.headers.get("HX-Request") else "entries.html"
    return show(request, part, {"case": case, "entries": found})
