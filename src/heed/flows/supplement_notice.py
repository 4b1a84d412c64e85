"""More facts, after the notice: words, a police number, a contact, the declaration.

1. Keep what was said beside the notice, and take what it adds into the facts. With "don't write to
   me" no device is told any more either; one that is added after that was asked for anew.
2. Judge again: a fact may protect more, and never less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from heed.cases.models import Notice
from heed.cases.services import notices
from heed.cases.services.notices import Place
from heed.flows import jobs
from heed.flows.protect_target import protect_at_once
from heed.flows.receive_notice import TargetState, target_states
from heed.flows.shared import devices, news, sources
from heed.ledger import services as ledger
from heed.people import services as people

TAKEN = (
    "words", "police_reference", "police_agency", "other_app", "their_account", "good_faith",
    "not_consensual", "acting_for", "signature", "age_then", "stated_age", "country",
    "danger_now", "time_given", "standing",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplemented:
    """What was taken in. `contact_code` is to be mailed; empty without a new address."""

    facts_taken: tuple[str, ...]
    contact_code: str
    targets: tuple[TargetState, ...]


def supplement_notice(*, notice_id: UUID, said: Mapping[str, Any], now: datetime) -> Supplemented:
    """Take later facts in. An empty value never clears an earlier one. Repeating adds nothing."""
    with transaction.atomic():
        notice = Notice.objects.select_for_update().get(id=notice_id)
        facts = {name: said[name] for name in TAKEN if said.get(name) not in (None, "", False)}
        if "words" in facts:
            facts["words"] = _with_earlier(notice.words, str(facts["words"]))
        if "words" in facts and notice.door == "form":
            facts["words_index"] = sources.words_index(str(facts["words"]))
        kept = {name: value for name, value in said.items() if name != "email"}  # sealed elsewhere
        notices.supplement(notice, kept, facts, now=now)
        hashes = [Place(signals={one["type"]: one["value"]}) for one in said.get("hashes", ())]
        notices.add_places(notice, [*(Place(url=url) for url in _urls(said)), *hashes])
        code = _contact(notice, said, now)
        ledger.enter(
            "notice.supplemented",
            subject=f"notice:{notice.id}",
            body={"facts": sorted(set(facts) & set(TAKEN)), "contact": bool(code)},
            at=now,
        )
        jobs.later("protect", once=f"protect:{notice.id}", notice_id=str(notice.id))
    protect_at_once(notice_id=notice.id, now=now)
    return Supplemented(
        facts_taken=tuple(sorted(facts)), contact_code=code, targets=target_states(notice)
    )


def _with_earlier(before: str, later: str) -> str:
    """What they wrote first stays, and what they add stands beneath it; said twice it stands once.

    Whoever decides, and the authorities, read the words as one text.
    """
    if later.strip() in before:
        return before
    return f"{before}\n{later}" if before.strip() else later


def _urls(said: Mapping[str, Any]) -> Sequence[str]:
    many = said.get("urls") or ([said["url"]] if said.get("url") else [])
    return [str(url) for url in many]


def _contact(notice: Notice, said: Mapping[str, Any], now: datetime) -> str:
    if said.get("may_write") is False:
        people.keep_silence(notice.id)
        devices.forget_all(notice, why="silent", now=now)
        return ""
    email = str(said.get("email") or "")
    if not email:
        return ""
    code = people.keep_contact(notice.id, email, may_write=True, now=now)
    if code:
        news.confirm(notice.id)
    return code
