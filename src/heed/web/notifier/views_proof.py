"""The holder's own things to take away: the receipt in three forms, and what was sent."""

import json
from datetime import datetime
from typing import Any

import segno
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from heed.cases.queries.private import as_said
from heed.ledger import queries as ledger
from heed.ledger.receipts import upgraded
from heed.web.notifier import access
from heed.web.notifier.doors import private


@private
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt as a file: a signed promise, and with its proof as soon as there is one."""
    notice = access.required(request, number)
    if not notice.receipt:
        raise Http404("no receipt")
    return download(upgraded(notice.receipt), f"receipt-{notice.number}.json")


@private
@require_safe
def said(request: HttpRequest, number: str) -> HttpResponse:
    """What was sent, word for word: with it the receipt can be opened.

    Without what touches the police, unless that may be shown to this reader. Once it is forgotten,
    the day alone.
    """
    notice = access.required(request, number)
    words, _ = as_said(notice)
    if notice.words_forgotten_at is not None:
        words = {**words, "forgotten_at": notice.words_forgotten_at.isoformat()}
    return download(words, f"sent-{notice.number}.json")


@private
@require_safe
def proof(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt on a page of its own, to be read, scanned, printed and checked."""
    notice = access.required(request, number)
    if not notice.receipt:
        raise Http404("no receipt")
    found = upgraded(notice.receipt)
    promise = found["promise"]
    shown = {
        "number": notice.number,
        "platform": notice.platform.name,
        "received_at": datetime.fromisoformat(promise["received_at"]),
        "promise": promise,
        "signature": found["signature"].rpartition(" ")[2],
        "proven": "proof" in found,
        "index": found.get("proof", {}).get("index"),
        "qr": as_square(notice.receipt),
        "key": next(iter(ledger.vkeys()), "KEY"),
    }
    return render(request, "notifier/proof.html", shown)


def as_square(held: Any) -> SafeString:
    """The signed promise as a QR code, in SVG without a style: one file's text, byte for byte."""
    text = json.dumps(held, separators=(",", ":"), ensure_ascii=False)
    code = segno.make(text, error="l", micro=False)
    return mark_safe(code.svg_inline(omitsize=True, dark="#000", light="#fff", border=4))


def download(content: Any, name: str) -> HttpResponse:
    """JSON to be saved, readable by people as well."""
    answer = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
