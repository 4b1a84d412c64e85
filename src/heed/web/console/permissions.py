"""Who may do what: one table, and the mark that every view of the console carries.

To add a right, name it in `RIGHTS` and give it to a role in `TABLE`. To who may not know that a
page exists, it answers 404.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers

from heed.cases.models import Case
from heed.cases.queries import case_page
from heed.media.models import Platform
from heed.people import queries as people
from heed.people.models import Role, Staff
from heed.web.console.sign_in import missing_factor, staff_of

RIGHTS: Mapping[str, str] = {
    "console.enter": "come in at all",
    "queue.see": "see which cases wait",
    "case.see": "read a case: notices, copies, deadlines, history",
    "case.take": "say that one works on a case",
    "case.decide": "decide a case, or propose to",
    "decision.second": "agree, or not, with what another proposed",
    "appeal.decide": "decide an appeal against somebody else's decision",
    "account.measure": "warn, limit or propose to suspend an account, after a removal",
    "account.sign": "sign the suspension that another person proposed",
    "copy.judge": "say whether a near copy shows the same",
    "upload.settle": "release or refuse an upload that is held",
    "notifier.write": "write to who gave a notice",
    "file.open": "look at a file",
    "file.open_minor": "look at a file in a case about a minor",
    "outbox.see": "see what platforms were not yet told",
    "outbox.retry": "try again what was given up on",
    "bank.see": "see banks and exchanges, what they do and what they did",
    "bank.change": "change, fill, try and switch banks and exchanges",
    "rollback.see": "see rollbacks, proposed and done",
    "rollback.propose": "propose a rollback, or confirm another person's",
    "tip.see": "see what authorities are told of findings",
    "tip.prepare": "prepare a tip: choose who is named, follow it to the end",
    "tip.approve": "approve a tip that somebody else prepared, or withdraw one",
    "operator.edit": "say who runs a platform, as authorities ask it",
    "figures.see": "see how it goes: backlog, times, reversals",
    "team.see": "see how much the team has looked at, without names",
    "policy.see": "read what each platform states, in all versions",
    "policy.edit": "give a platform's policy new words, from a day on",
    "reasons.word": "change the words with which reasons begin",
    "people.see": "see who works here, and what each role may do",
    "people.manage": "invite people, give and end roles, close accounts",
    "keys.see": "see the platforms and which keys they have",
    "keys.manage": "make and withdraw a platform's keys",
    "order.see": "see what officers ask",
    "order.answer": "call officers back, answer them, propose or agree to what they are given",
    "evidence.see": "see what is sealed of a case, who read it, and until when it stays",
    "evidence.ask": "hold evidence; ask for a sealed copy, or agree to what another asks",
    "partner.see": "see partners, and how often they are right",
    "partner.manage": "invite partners, warn, pause and restore them, answer their appeals",
    "duty.see": "see who is on duty, and the calls that wait",
    "duty.answer": "take a call, and note what was done",
    "duty.manage": "change the rota, the declared hours and the emergency protocol",
}
_READS = frozenset({"console.enter", "queue.see", "case.see", "duty.see", "policy.see"})
_REVIEWS = _READS | {
    "case.take", "case.decide", "decision.second", "appeal.decide", "copy.judge", "upload.settle",
    "notifier.write", "file.open", "outbox.see", "duty.answer", "account.measure",
}  # fmt: skip
_SEALED = {"evidence.see", "evidence.ask", "order.see", "order.answer"}
_BANKS = frozenset({"bank.see", "bank.change", "rollback.see", "rollback.propose"})
TABLE: Mapping[Role, frozenset[str]] = {
    Role.REVIEWER: _REVIEWS,
    Role.CHILD_SAFETY: _REVIEWS | {"file.open_minor", "evidence.see"},
    Role.SENIOR: _REVIEWS
    | {
        "outbox.retry",
        "duty.manage",
        "people.see",
        "team.see",
        "figures.see",
        "account.sign",
        "reasons.word",
        "tip.see",
        "tip.prepare",
        "tip.approve",
    }
    | _SEALED
    | _BANKS
    | {"partner.see", "partner.manage"},
    Role.LIAISON: _READS | {"duty.answer", "tip.see", "tip.prepare", "partner.see"} | _SEALED,
    Role.AUDITOR: _READS
    | {"keys.see", "outbox.see", "people.see", "team.see", "figures.see"}
    | {"evidence.see", "order.see", "bank.see", "rollback.see", "partner.see", "tip.see"},
    Role.ADMINISTRATOR: frozenset(
        {
            "console.enter",
            "outbox.see",
            "outbox.retry",
            "duty.see",
            "duty.manage",
            "people.see",
            "people.manage",
            "policy.see",
            "policy.edit",
            "reasons.word",
            "keys.see",
            "keys.manage",
            "figures.see",
            "operator.edit",
            "partner.see",
            "partner.manage",
        }
    )
    | _BANKS,
}


@dataclass(frozen=True, slots=True)
class Grants:
    """What one person may do, platform by platform."""

    staff: Staff
    roles: Mapping[UUID, frozenset[Role]]

    def may(self, right: str, platform_id: UUID | None = None) -> bool:
        """Whether they hold this right there; without a platform: anywhere."""
        where = [platform_id] if platform_id is not None else list(self.roles)
        return any(right in TABLE[role] for one in where for role in self.roles.get(one, ()))

    def platforms(self, right: str) -> set[UUID]:
        """Where they hold this right."""
        return {one for one in self.roles if self.may(right, one)}

    def may_open_files(self, case: Case) -> bool:
        """A file of a minor opens only for the role for it."""
        right = "file.open_minor" if case.about_child else "file.open"
        return self.may("file.open", case.platform_id) and self.may(right, case.platform_id)

    @property
    def titles(self) -> str:
        """The roles in words, for the head of the page."""
        held = {role for roles in self.roles.values() for role in roles}
        return ", ".join(role.label for role in Role if role in held)


def grants_of(staff: Staff) -> Grants:
    """What this person may do, read afresh: a role that ended has ended."""
    return Grants(staff, people.every_role_of(staff))


class ConsoleRequest(HttpRequest):
    """A request whose sender is known, with both factors."""

    grants: Grants


def platform_at(request: ConsoleRequest, slug: str, right: str) -> Platform:
    """The platform of this name, for who holds the right there; to others there is none."""
    platform = Platform.objects.filter(slug=slug).first()
    if platform is None or not request.grants.may(right, platform.id):
        raise Http404
    return platform


P = ParamSpec("P")
View = Callable[Concatenate[ConsoleRequest, P], HttpResponseBase]


def permission(right: str, *more: str) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """Only for who has this right (and those).

    An address with a `number` is opened as `case`, and the right asked for at its platform.
    """
    needed = (right, *more)
    if not set(needed) <= set(RIGHTS):
        raise LookupError(f"{needed} are not all rights; those are {', '.join(RIGHTS)}")

    def mark(view: View[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, **where: Any) -> HttpResponseBase:
            detour = missing_factor(request)
            answer = _inside(view, needed, request, where) if detour is None else detour
            add_never_cache_headers(answer)
            return answer

        guarded.right = right  # type: ignore[attr-defined]
        return guarded

    return mark


def _inside(
    view: Callable[..., HttpResponseBase],
    needed: Sequence[str],
    request: HttpRequest,
    where: dict[str, Any],
) -> HttpResponseBase:
    staff = staff_of(request)
    assert staff is not None
    _without_nul(request)
    request.grants = grants = grants_of(staff)  # type: ignore[attr-defined]
    if "number" not in where:
        if not all(grants.may(right) for right in needed):
            raise Http404
        return view(request, **where)
    case = case_page.find(where.pop("number"))
    if case is None or not all(grants.may(right, case.platform_id) for right in needed):
        raise Http404
    return view(request, case=case, **where)


def _without_nul(request: HttpRequest) -> None:
    """No text that is kept may hold a NUL, and nobody types one: it is left out, everywhere."""
    for name in ("GET", "POST"):
        said = getattr(request, name)
        if any("\x00" in one for _, every in said.lists() for one in every):
            clean = said.copy()
            for key, every in said.lists():
                clean.setlist(key, [one.replace("\x00", "") for one in every])
            setattr(request, name, clean)
