"""What is said to Heed and what it answers, as the platform API's document has it.

Answers may carry more one day: take what you know, and pass over the rest.
"""

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

Visibility = Literal["visible", "limited", "hidden", "removed"]
Verdict = Literal["allow", "hold", "block"]
Result = Literal["applied", "failed", "not_found", "unsupported"]
Surface = Literal["public", "private"]
Kind = Literal["post", "reshare", "reply", "upload", "profile_picture"]
Category = Literal[
    "minor_sexual",
    "minor_extortion",
    "intimate_image",
    "intimate_extortion",
    "impersonation",
    "doxxing",
    "threats",
    "other",
]
AgeThen = Literal["under_18", "unsure", "adult"]
Standing = Literal[
    "depicted", "guardian", "authorised", "school", "police", "trusted_flagger", "other"
]
Instant = str | datetime  # RFC 3339 with its zone, or an aware datetime

# ------------------------------------------------------------------ what is said


class Signals(TypedDict):
    """A file by its hashes, in hexadecimal. With `pdq` send `pdq_quality` too, 0 to 100."""

    sha256: str
    md5: NotRequired[str | None]
    sha1: NotRequired[str | None]
    pdq: NotRequired[str | None]
    pdq_quality: NotRequired[int | None]


class File(TypedDict):
    """A file of an item: by the hash of bytes that were checked, by address, or by signals."""

    sha256: NotRequired[str | None]
    url: NotRequired[str | None]
    preview_url: NotRequired[str | None]
    signals: NotRequired[Signals | None]


class Uploader(TypedDict):
    """From where something was uploaded. Heed keeps it sealed; no rule sees it."""

    ip: NotRequired[str | None]
    port: NotRequired[int | None]
    at: NotRequired[Instant | None]
    screen_name: NotRequired[str]
    profile_url: NotRequired[str | None]


class Item(TypedDict):
    """One published thing at one place. `ref` is your own id of it, at most 200 characters."""

    ref: str
    url: str
    account_ref: NotRequired[str | None]
    kind: NotRequired[Kind]
    reshare_of: NotRequired[str | None]
    published_at: NotRequired[Instant | None]
    views: NotRequired[int]
    text: NotRequired[str | None]
    files: NotRequired[list[File] | None]
    uploader: NotRequired[Uploader | None]


class Change(TypedDict):
    """What changed of an item; at least one of these."""

    views: NotRequired[int | None]
    deleted_at: NotRequired[Instant | None]
    text: NotRequired[str | None]
    files: NotRequired[list[File] | None]


class Upload(TypedDict):
    """A file about to be published: by signals, or by an address where it lies; one of the two."""

    signals: NotRequired[Signals | None]
    url: NotRequired[str | None]
    account_ref: NotRequired[str | None]
    upload_ref: NotRequired[str | None]


class Hashes(TypedDict):
    """A file by hashes that somebody has of it; at least one."""

    sha256: NotRequired[str | None]
    md5: NotRequired[str | None]
    pdq: NotRequired[str | None]


class Notice(TypedDict):
    """What a person tells, by way of your own form. Name a place, or say `threatened_only`."""

    category: Category
    url: NotRequired[str | None]
    urls: NotRequired[list[str]]
    hashes: NotRequired[list[Hashes]]
    standing: NotRequired[Standing]
    age_then: NotRequired[AgeThen]
    stated_age: NotRequired[int | None]
    danger_now: NotRequired[bool]
    time_given: NotRequired[str]
    threatened_only: NotRequired[bool]
    words: NotRequired[str]
    police_reference: NotRequired[str]
    police_agency: NotRequired[str]
    other_app: NotRequired[str]
    their_account: NotRequired[str]
    good_faith: NotRequired[bool]
    not_consensual: NotRequired[bool]
    acting_for: NotRequired[bool]
    signature: NotRequired[str]
    email: NotRequired[str]
    may_write: NotRequired[bool]
    country: NotRequired[str]
    language: NotRequired[str]
    notifier_ref: NotRequired[str]


class ItemResult(TypedDict):
    """What became of one item at one revision: the one that you have now."""

    item: str
    revision: int
    result: Result


# ------------------------------------------------------------------ what is answered


class FieldError(TypedDict):
    """One field, by its dotted place, and what to send instead."""

    field: str
    remedy: str


class ItemAnswer(TypedDict):
    """What became of an item, and what it should be now: apply it as you would a callback."""

    ref: str
    status: Literal["registered", "known", "changed"]
    visibility: Visibility
    revision: int


class LineAnswer(TypedDict):
    """What became of one item of a batch. A refused one says why; the others went in."""

    line: int
    ref: str | None
    status: Literal["registered", "known", "changed", "refused"]
    visibility: Visibility | None
    revision: int | None
    errors: list[FieldError]


class BatchAnswer(TypedDict):
    """What became of a batch."""

    registered: int
    known: int
    changed: int
    refused: int
    results: list[LineAnswer]


class CheckAnswer(TypedDict):
    """Whether to publish a file. Keep `reason` and `bank` to yourself."""

    verdict: Verdict
    reason: str
    bank: str | None
    sha256: str | None
    upload_ref: str | None
    case: str | None


class ChecksAnswer(TypedDict):
    """Whether to publish each of several files."""

    results: list[CheckAnswer]


class TargetAnswer(TypedDict):
    """What became of one place that a notice names."""

    url: str
    state: str
    visibility: str


class NoticeAnswer(TypedDict):
    """For the person who gives notice alone: pass it on, and keep neither link nor code."""

    number: str
    private_url: str
    recovery_code: str
    receipt: dict[str, Any]
    targets: list[TargetAnswer]


class CaseItem(TypedDict):
    """One copy: what it should be, what you said of it, what Heed saw."""

    item: str
    how: str
    desired: Visibility
    revision: int
    acknowledged: str
    acknowledged_revision: int
    observed: str
    observed_revision: int


class CaseAnswer(TypedDict):
    """Where a case stands, or all cases of a notice. Of people it says nothing."""

    number: str
    cases: list[str]
    state: Literal["received", "open", "proposed", "decided"]
    level: Visibility
    copies: dict[str, int]
    items: list[CaseItem]
    next: str | None


class State(TypedDict):
    """What one item should be."""

    item: str
    visibility: Visibility
    revision: int
    reason: str


class StatesAnswer(TypedDict):
    """Items that should not be visible. `next` is null at the end."""

    states: list[State]
    next: str | None


class TakenAnswer(TypedDict):
    """How many of the results were news."""

    taken: int


# A message as the callback brings it: `type`, an `id` that stays when it comes again, and what its
# type has (`states`, `statements`, `upload_ref`, ...).
Event = dict[str, Any]


class EventsAnswer(TypedDict):
    """Events, oldest first. Ask on from `next`, also when there were none."""

    events: list[Event]
    next: str | None


class EvidenceAnswer(TypedDict):
    """The cases for which a file was sealed."""

    cases: list[str]


class Problem(TypedDict):
    """Why something was refused (RFC 9457), with the fields concerned."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError]
