"""The part of the private page about devices that are told, and the worker that shows the words.

Whether this very browser is one of them it knows itself: it compares marks, and tells nobody.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, cast
from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_replace
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import get_language, get_language_bidi, gettext

from heed.flows.tell_devices import signs_as
from heed.people import devices
from heed.rules.devices import MOST_DEVICES
from heed.web import languages

WORKER = "/worker.js"  # at the root, so that its address says nothing; it looks after /n/ alone
_CODE = Path(__file__).with_name("worker.js")
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the page shows. `key` is empty where devices can't be told."""

    key: str
    worker: str
    count: int
    marks: str  # of all devices, with spaces between
    refused: str  # of those that could not be told the last time
    full: bool

    @property
    def others(self) -> int:
        """How many there are beside this one, if this is one of them."""
        return max(self.count - 1, 0)


def told(notice_id: UUID) -> Told:
    """The devices of this notice, as its page needs them."""
    mine = devices.of(notice_id)
    language = languages.known(get_language() or "")
    return Told(
        key=signs_as(),
        worker=f"{WORKER}?in={language}",
        count=len(mine),
        marks=" ".join(map(devices.mark_of, mine)),
        refused=" ".join(map(devices.mark_of, devices.refused(mine))),
        full=len(mine) >= MOST_DEVICES,
    )


def ends_with(notice_id: UUID) -> str:
    """What the next page says as well, if devices are told until now: that none is any more."""
    return "&devices=ended" if devices.ids_of(notice_id) else ""


def with_worker(show: Callable[_P, HttpResponse]) -> Callable[_P, HttpResponse]:
    """This page may begin our worker; no other page may begin any."""
    allow: Any = csp_replace({"worker-src": [SELF]})
    return cast(Callable[_P, HttpResponse], allow(show))


def worker(language: str) -> str:
    """The whole script: the words in this language, and the few lines that show them."""
    with translation.override(language):
        words = {
            "title": gettext("There is something new to read"),
            "lang": language,
            "dir": "rtl" if get_language_bidi() else "ltr",
        }
    return f"const WORDS = {json.dumps(words)};\n{_code()}"


@cache
def _code() -> str:
    return _CODE.read_text(encoding="utf-8")
