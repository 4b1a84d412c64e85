"""What is answered, for the document that describes this API."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from heed.rules.gate import Verdict
from heed.rules.visibility import Visibility


class FieldError(BaseModel):
    """One field, by its dotted place, and what to send instead."""

    field: str
    remedy: str


class ProblemAnswer(BaseModel):
    """RFC 9457, with the fields concerned."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError]


class ItemAnswer(BaseModel):
    """What became of an item, and what it should be now."""

    ref: str
    status: Literal["registered", "known", "changed"]
    visibility: Visibility
    revision: int


class LineAnswer(BaseModel):
    """What became of one line of a batch. A refused one says why; the others go in."""

    line: int
    ref: str | None
    status: Literal["registered", "known", "changed", "refused"]
    visibility: Visibility | None
    revision: int | None
    errors: list[FieldError]


class BatchAnswer(BaseModel):
    """What became of a batch."""

    registered: int
    known: int
    changed: int
    refused: int
    results: list[LineAnswer]


class CheckAnswer(BaseModel):
    """Whether to publish a file."""

    verdict: Verdict
    reason: str
    bank: str | None
    sha256: str | None
    upload_ref: str | None
    case: str | None


class ChecksAnswer(BaseModel):
    """Whether to publish each of several files, in the order in which they were asked about."""

    results: list[CheckAnswer]


class TargetAnswer(BaseModel):
    """What became of one place that a notice names."""

    url: str
    state: str
    visibility: str


class NoticeAnswer(BaseModel):
    """For the notifier alone: pass it on, and do not keep the link or the code."""

    number: str
    private_url: str
    recovery_code: str
    receipt: dict[str, Any]
    targets: list[TargetAnswer]


class CaseItem(BaseModel):
    """One copy: what it should be, what the platform said, what Heed saw."""

    item: str
    how: str
    desired: Visibility
    revision: int
    acknowledged: str
    acknowledged_revision: int
    observed: str
    observed_revision: int


class CaseAnswer(BaseModel):
    """Where a case stands, or all cases of a notice. Of people it says nothing."""

    number: str
    cases: list[str]
    state: Literal["received", "open", "proposed", "decided"]
    level: Visibility
    copies: dict[str, int]
    items: list[CaseItem]
    next: str | None


class State(BaseModel):
    """What one item should be."""

    item: str
    visibility: Visibility
    revision: int
    reason: str


class StatesAnswer(BaseModel):
    """Items that should not be visible. `next` is null at the end."""

    states: list[State]
    next: str | None


class TakenAnswer(BaseModel):
    """How many of the results were news."""

    taken: int


class Event(BaseModel):
    """A message as the callback would bring it, with an id that stays when it comes again."""

    id: UUID | str
    type: str
    at: datetime

    model_config = {"extra": "allow"}


class EventsAnswer(BaseModel):
    """Events, oldest first. Ask on from `next`, also when there were none."""

    events: list[Event]
    next: str | None


class EvidenceAnswer(BaseModel):
    """The cases for which a file was sealed."""

    cases: list[str]
