"""What starts a clock, what a clock is, and what meets it. The laws are in `statutes/`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from heed.rules.claims import Claim
from heed.rules.spans import after


class Event(StrEnum):
    """What happened, that somebody may now be owed something."""

    NOTICE_RECEIVED = "notice_received"
    ABUSE_FOUND = "abuse_found"  # a person has seen it: apparent sexual abuse of a child
    RESTRICTED = "restricted"  # an item was limited, hidden or removed
    DECIDED = "decided"
    STATEMENT_ISSUED = "statement_issued"
    COMPLAINT_RECEIVED = "complaint_received"  # an appeal, by either side
    REAPPEARED = "reappeared"  # seen again after a removal clock was met
    DANGER_SUSPECTED = "danger_suspected"  # a person of ours suspects a crime threatening a life
    CYBERTIP_OPENED = "cybertip_opened"
    CYBERTIP_FINISHED = "cybertip_finished"
    AUTHORITY_TOLD = "authority_told"  # the NCA, by us or by NCMEC in its place
    PRESERVATION_ASKED = "preservation_asked"  # by a governmental entity
    EMERGENCY_ASKED = "emergency_asked"  # by a governmental entity: a life is in danger
    UPDATE_SENT = "update_sent"  # to a notifier, who is owed the next one
    DISPUTE_RECEIVED = "dispute_received"  # by an out-of-court dispute body
    REMOVAL_ORDERED = "removal_ordered"  # by an authority, in due form
    REMOVED_UNDER_ORDER = "removed_under_order"


class Stop(StrEnum):
    """What a deadline waits for."""

    NUMBER_ISSUED = "number_issued"
    RECEIPT_SENT = "receipt_sent"
    REMOVED_AND_SEARCHED = "removed_and_searched"  # gone, and the search for copies is logged
    PERSON_LOOKED = "person_looked"
    OUTCOME_SENT = "outcome_sent"  # decision, reasons and redress, to the notifier
    STATEMENT_SENT = "statement_sent"  # of reasons, to the uploader
    STATEMENT_PUBLISHED = "statement_published"
    COMPLAINT_ANSWERED = "complaint_answered"
    CYBERTIP_FINISHED = "cybertip_finished"
    AUTHORITY_TOLD = "authority_told"
    POLICE_TOLD = "police_told"  # of the place, or Europol: no hotline, and not NCMEC
    CONFIRMATION_SENT = "confirmation_sent"
    UPDATE_SENT = "update_sent"
    REQUEST_ANSWERED = "request_answered"  # of an officer: granted or refused
    DISPUTE_DECIDED = "dispute_decided"
    EVIDENCE_KEPT = "evidence_kept"  # before the platform deletes it
    TIME_PASSED = "time_passed"  # floors: kept or open at least until then


class Done(StrEnum):
    """What was done about it, as far as a clock cares."""

    LIMITED = "limited"
    HIDDEN = "hidden"
    REMOVED_AND_SEARCHED = "removed_and_searched"
    REFUSED = "refused"  # decided to keep, agreed or unseconded: there is nothing to remove
    NUMBER_ISSUED = "number_issued"
    RECEIPT_SENT = "receipt_sent"
    PERSON_LOOKED = "person_looked"
    OUTCOME_SENT = "outcome_sent"
    STATEMENT_SENT = "statement_sent"
    STATEMENT_PUBLISHED = "statement_published"
    COMPLAINT_ANSWERED = "complaint_answered"
    CYBERTIP_FINISHED = "cybertip_finished"
    AUTHORITY_TOLD = "authority_told"
    POLICE_TOLD = "police_told"
    CONFIRMATION_SENT = "confirmation_sent"
    UPDATE_SENT = "update_sent"
    REQUEST_ANSWERED = "request_answered"
    DISPUTE_DECIDED = "dispute_decided"
    EVIDENCE_KEPT = "evidence_kept"
    TIME_PASSED = "time_passed"


class Effect(StrEnum):
    """What a deed does to a clock."""

    NONE = "none"
    PROVISIONAL = "provisional"  # it stands still only while the item stays hidden
    MET = "met"


class Kind(StrEnum):
    """Where the time comes from."""

    STATUTORY = "statutory"
    GUIDANCE = "guidance"
    PROTOCOL = "protocol"
    FLOOR = "floor"  # something must stay, or stay open, at least this long
    SERVICE_TARGET = "service_target"  # the law gives no figure; this one is Heed's
    HOUSE = "house"  # Heed's own policy


class Status(StrEnum):
    """Whether a statute binds."""

    IN_FORCE = "in_force"
    ADVISORY = "advisory"  # not known to have commenced: shown, never called a breach


class Verified(StrEnum):
    """How far the text behind a figure was read."""

    TEXT = "text"
    SECONDARY = "secondary"
    MEMORY = "memory"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Something owed by a time. Unique on `cause` and `citation`."""

    id: str
    """For settings, such as `us.tida.removal`."""
    citation: str
    cause: str
    """The ref of this notice, decision or reappearance."""
    due_at: datetime
    stops: Stop
    kind: Kind
    status: Status = Status.IN_FORCE


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event, its cause, and when the server had it. `at` is never edited and never pauses."""

    event: Event
    cause: str
    at: datetime
    claim: Claim | None = None
    zone: tzinfo = UTC
    """The platform's own, for spans that are counted in days and months."""


# What the law calls "at once" or "without undue delay" is done by a machine in the same story; a
# clock with no length would call every answer late, and so tell nobody which one really was.
MEASURED_AS_AT_ONCE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Term:
    """One line of a statute: on this event, that is due within so long."""

    id: str
    citation: str
    on: Event
    within: str
    """ISO 8601, such as PT48H; PT0S is at once."""
    stops: Stop
    kind: Kind
    verified: Verified
    status: Status = Status.IN_FORCE

    def start(self, happened: Happening) -> Clock:
        """The clock that runs because of it."""
        return Clock(
            id=self.id,
            citation=self.citation,
            cause=happened.cause,
            due_at=max(
                after(happened.at, self.within, happened.zone), happened.at + MEASURED_AS_AT_ONCE
            ),
            stops=self.stops,
            kind=self.kind,
            status=self.status,
        )


class Pack(Protocol):
    """One authority's file in `statutes/`."""

    @property
    def CITATION(self) -> str: ...  # noqa: D102, N802

    @property
    def IN_FORCE(self) -> date | None:  # noqa: N802
        """Since when; None when that is not established."""

    @property
    def STATUS(self) -> Status: ...  # noqa: D102, N802

    @property
    def SOURCE(self) -> str: ...  # noqa: D102, N802

    @property
    def CHECKED_ON(self) -> date: ...  # noqa: D102, N802

    @property
    def TERMS(self) -> tuple[Term, ...]: ...  # noqa: D102, N802

    def clocks(self, happened: Happening) -> list[Clock]:
        """What this authority makes due because of it."""
        ...


def started(terms: Iterable[Term], happened: Happening) -> list[Clock]:
    """The clocks of those terms that wait for this event."""
    return [term.start(happened) for term in terms if term.on is happened.event]
