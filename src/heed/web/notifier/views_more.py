"""Everything that the holder of a private page may add, ask or take back."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from heed.cases.models import Notice
from heed.cases.queries import own_notices
from heed.cases.queries.private import PrivatePage, private_page
from heed.filings.letters import Reply, replies
from heed.flows.answer_back import answer_back, it_is_back
from heed.flows.erase_contact import erase_contact
from heed.flows.open_appeal import appeal_as_notifier
from heed.flows.supplement_notice import supplement_notice
from heed.flows.withdraw_notice import withdraw_notice
from heed.rules.claims import Standing
from heed.web.notifier import access, choices, links, more, spoken, told
from heed.web.notifier.doors import private
from heed.web.notifier.helplines import COUNTRIES
from heed.web.notifier.views_help import near
from heed.web.notifier.views_page import show

HAS_ADDRESS = ("waiting", "confirmed")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def tell_more(request: HttpRequest, number: str) -> HttpResponse:
    """Step two: facts that help."""
    notice = access.required(request, number)
    typed = more.read(request.POST.dict(), more.FACTS)
    added = more.facts(typed)
    if request.method != "POST" or added.errors:
        return _step(request, "notifier/more.html", notice, added)
    _supplement(notice, added.said)
    return redirect(f"{access.path_of(notice.number)}/contact?done=more")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Step three: how to reach them, and for an adult the statement that the law asks for."""
    notice = access.required(request, number)
    typed = more.read(request.POST.dict(), more.CONTACT)
    has_address = private_page(notice, timezone.now()).contact in HAS_ADDRESS
    added = more.contact(typed, has_address=has_address)
    if request.method != "POST":
        return _step(request, "notifier/contact.html", notice, added, first=True)
    if added.errors:
        return _step(request, "notifier/contact.html", notice, added)
    silent = added.said.get("may_write") is False
    ended = told.ends_with(notice.id) if silent else ""
    mailed = _supplement(notice, added.said)
    notice.refresh_from_db()
    return _to_page(notice, _outcome(notice, added, mailed) + ended)


def _outcome(notice: Notice, added: more.Added, mailed: bool) -> str:
    """What to say of it: a statement that is half there is not kept in silence."""
    page = private_page(notice, timezone.now())
    declared = any(name in added.said for name in more.DECLARED)
    if declared and set(page.missing) - {"address"}:
        return "part"
    if mailed or ("email" in added.said and page.contact == "waiting"):
        return "mail"
    return "silent" if page.contact == "silent" else "contact"


def _step(
    request: HttpRequest, template: str, notice: Notice, added: more.Added, *, first: bool = False
) -> HttpResponse:
    asked = request.method == "POST"
    typed = added.typed if asked else {**added.typed, "country": notice.country}
    shown = {
        **_kept(private_page(notice, timezone.now())),
        "typed": typed,
        "errors": added.errors if asked and not first else {},
        "done": request.GET.get("done", ""),
        "choices": choices,
        "countries": COUNTRIES,
        **near(request, notice.country),
    }
    return render(request, template, shown, status=422 if shown["errors"] else 200)


def _kept(page: PrivatePage) -> dict[str, Any]:
    """The page, and what of the statement is there already: nobody is asked for it twice."""
    others = {"acting"} if page.standing == Standing.DEPICTED else set()
    return {
        "page": page,
        "named_here": spoken.named_here(page),
        "body": choices.holds_uploads(page.category),
        "has_address": page.contact in HAS_ADDRESS,
        "asked_parts": [part for part in more.STATEMENT if part not in others],
        "unsigned": [part for part in more.STATEMENT if part in page.missing],
    }


def _supplement(notice: Notice, said: Mapping[str, Any]) -> bool:
    """Tell all notices of the same sending; True when a confirming mail is on its way."""
    now, mailed = timezone.now(), False
    for one in own_notices.with_siblings(notice):
        told = {name: value for name, value in said.items() if name != "urls" or one == notice}
        done = supplement_notice(notice_id=one.id, said=told, now=now)
        mailed = bool(done.contact_code) or mailed
    return mailed


def _to_page(notice: Notice, done: str) -> HttpResponse:
    return redirect(f"{access.path_of(notice.number)}?done={done}")


@private
@require_POST
def erase(request: HttpRequest, number: str) -> HttpResponse:
    """Delete the address of this notice, and of those that came with it."""
    notice = access.required(request, number)
    ended = told.ends_with(notice.id)
    for one in own_notices.with_siblings(notice):
        erase_contact(notice_id=one.id, now=timezone.now())
    return _to_page(notice, f"erased{ended}")


@private
@require_POST
def message(request: HttpRequest, number: str) -> HttpResponse:
    """Answer back: the words, or a tapped reply, are kept, and a decided case is open again.

    An age beside them is taken for one, which words are not before somebody has read them.
    """
    notice = access.required(request, number)
    typed = more.read(request.POST.dict(), ("text", "letter", "reply", "age"))
    reply, added = _reply(typed), more.age(typed)
    text = typed["text"] if reply is None else str(reply.text)
    errors = dict(added.errors)
    if not text and not typed["age"]:
        errors["text"] = gettext("Write your message first.")
    if wrong := more.too_long(text):
        errors["text"] = wrong
    if errors:
        return show(request, notice, typed=typed, errors=errors)
    if facts := {**added.said, **(reply.facts if reply is not None else {})}:
        _supplement(notice, facts)
    if not text:
        return _to_page(notice, "more")
    answer_back(notice_id=notice.id, text=text, now=timezone.now())
    if unnamed := _unnamed(notice, text):
        return show(request, notice, done="message", typed={"where": "\n".join(unnamed)})
    return _to_page(notice, "message")


def _unnamed(notice: Notice, text: str) -> list[str]:
    """Links of ours in a message that are no places of this notice. They may be named for any
    reason, one's own post too: whether it is there as well is asked, and never guessed.
    """
    if notice.words_forgotten_at is not None:
        return []
    named = set(notice.targets.values_list("url", flat=True))
    found = [url for ours in links.sort(text).ours.values() for url in ours]
    return [url for url in found if url not in named][: more.MOST_LINKS]


def _reply(typed: Mapping[str, str]) -> Reply | None:
    """The button that was tapped, if it is one that the letter has."""
    offered = replies(typed["letter"])
    chosen = int(typed["reply"]) if typed["reply"] in ("0", "1", "2", "3", "4", "5") else -1
    return offered[chosen] if 0 <= chosen < len(offered) else None


@private
@require_POST
def appeal(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for another look, by somebody who has not decided. Words may come with it, or not."""
    notice = access.required(request, number)
    typed = more.read(request.POST.dict(), ("why",))
    if wrong := more.too_long(typed["why"]):
        return show(request, notice, typed=typed, errors={"why": wrong})
    opened = appeal_as_notifier(notice_id=notice.id, text=typed["why"], now=timezone.now())
    return _to_page(notice, "appeal" if opened else "appealed")


@private
@require_POST
def back(request: HttpRequest, number: str) -> HttpResponse:
    """It is back: a new clock. The link helps and is not required; words beside it are a message.

    With too many links the clock starts and the first are looked at; the others are asked for. So
    are words that are too long.
    """
    notice = access.required(request, number)
    typed = more.read(request.POST.dict(), ("where", "then"))
    found = links.sort(typed["where"])
    urls = [url for ours in found.ours.values() for url in ours] + found.elsewhere
    words, rest = links.beside(typed["where"]), urls[more.MOST_LINKS :]
    if long := more.too_long(words):
        words, rest = "", [words, *rest]
    it_is_back(notice_id=notice.id, urls=urls[: more.MOST_LINKS], text=words, now=timezone.now())
    if wrong := long or more.too_many(urls):
        typed = {"where": "\n".join(rest)}
        return show(request, notice, done="back", typed=typed, errors={"where": wrong})
    said = bool(urls or found.unread)
    return _to_page(notice, "where" if typed["then"] and said else "back")


@private
@require_POST
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take it back. Nothing is restored by that: it may not have been a free choice."""
    notice = access.required(request, number)
    ended = told.ends_with(notice.id)
    withdraw_notice(notice_id=notice.id, now=timezone.now())
    decided = private_page(notice, timezone.now()).looking == "decided"
    return _to_page(notice, f"withdrawn{'-decided' if decided else ''}{ended}")
