"""The jobs that flows ask for by name. Each calls one flow."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import close_old_connections
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.retry import RetryDecision

from heed.flows import (
    answer_notifiers,
    deliver_states,
    disclose,
    fetch_files,
    file_cybertip,
    find_copies,
    hear_peer,
    issue_statements,
    look_again,
    make_case_file,
    observe_states,
    preserve,
    protect_target,
    roll_back,
    send_mail,
    take_instrument,
    tell_devices,
)
from heed.flows.jobs import BEHIND

logger = logging.getLogger(__name__)
PAUSE, LONGEST_PAUSE_SECONDS = 3, 2.0  # times what the job before took


class Patience(RetryStrategy):
    """Waits as long as the other side asks, at least; gives up at once on what is `for_good`."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """An error may say `again_in`, a span, or `for_good`."""
        ours = super().get_retry_decision(exception=exception, job=job)
        if ours is None or ours.retry_at is None or getattr(exception, "for_good", False):
            return None
        asked: timedelta | None = getattr(exception, "again_in", None)
        theirs = timezone.now() + (asked or timedelta())
        return RetryDecision(retry_at=max(ours.retry_at, theirs))


RETRY = Patience(max_attempts=12, exponential_wait=2)  # 2, 4, 8 ... seconds: about an hour


def _job(name: str, queue: str = "work") -> Callable[[Callable[..., Any]], Any]:
    """A job that takes the clock's time when it starts, and is tried again when it fails.

    What a flood asked for takes a quarter of the time: people wait for the same processor.
    """

    def wrap(run: Callable[..., Any]) -> Any:
        def timed(context: JobContext, /, **args: Any) -> None:
            close_old_connections()
            began = time.monotonic()
            run(now=timezone.now(), **args)
            if context.job.queue == BEHIND:
                time.sleep(min(PAUSE * (time.monotonic() - began), LONGEST_PAUSE_SECONDS))

        timed.__name__ = name
        task = app.task(name=f"heed.{name}", queue=queue, retry=RETRY, pass_context=True)
        return task(timed)

    return wrap


def _until_done(step: Callable[..., bool | int], **args: Any) -> None:
    """Repeat a step while it says that there may be more, with a fresh time for each."""
    while step(now=timezone.now(), **args):
        pass


@_job("protect")
def protect(*, notice_id: str, now: datetime) -> None:
    """Take up a notice that its own request may not have finished protecting."""
    protect_target.protect(notice_id=UUID(notice_id), now=now)


@_job("find_copies")
def copies(*, case_id: str, now: datetime) -> None:
    """Find every copy of a case's file."""
    find_copies.find_copies(case_id=UUID(case_id), now=now)


@_job("deliver", "deliver")
def deliver(*, platform_id: str, now: datetime) -> None:
    """Tell a platform what is due, batch after batch."""
    _until_done(deliver_states.deliver_states, platform_id=UUID(platform_id), clock=timezone.now)
    _until_done(deliver_states.deliver_letters, platform_id=UUID(platform_id))


@_job("fetch_files", "look")
def fetch(*, now: datetime) -> None:
    """Read files that were named by address."""
    _until_done(fetch_files.fetch_files)


@_job("read_again", "look")
def read_again(*, place_id: str, now: datetime) -> None:
    """Read a file again that could not be looked into for a reason of our own."""
    fetch_files.read_again(place_id=UUID(place_id), now=now)


@_job("look_at_items", "look")
def look(*, now: datetime) -> None:
    """See with our own eyes what is there, and what is gone."""
    _until_done(observe_states.observe_in_turn)


@_job("take_report")
def take_report(*, platform_id: str, ref: str, now: datetime) -> None:
    """Ask a platform for one of its own reports, and take it as a notice."""
    hear_peer.take_report(platform_id=UUID(platform_id), ref=ref, now=now)


@_job("look_again")
def look_once_more(*, case_id: str, now: datetime) -> None:
    """Look at every address of a case again."""
    look_again.look_again(case_id=UUID(case_id), now=now)


@_job("answer_notifiers")
def answer(*, decision_id: str, now: datetime) -> None:
    """Answer those who gave notice."""
    answer_notifiers.answer_notifiers(decision_id=UUID(decision_id), now=now)


@_job("issue_statements")
def statements(*, case_id: str, now: datetime) -> None:
    """Tell the uploaders."""
    issue_statements.issue_in_turn(case_id=UUID(case_id), now=now)


@_job("send_confirmation", "mail")
def confirmation(*, notice_id: str, now: datetime) -> None:
    """Mail the link that confirms an address."""
    send_mail.send_confirmation(notice_id=UUID(notice_id), now=now)


@_job("send_news", "mail")
def news(*, notice_id: str, now: datetime) -> None:
    """Mail that there is something new on a private page."""
    send_mail.send_news(notice_id=UUID(notice_id), now=now)


@_job("tell_device", "push")
def told_device(*, notice_id: str, device_id: str, now: datetime) -> None:
    """Tell a device that there is something new on a private page."""
    tell_devices.tell_device(device_id=UUID(device_id), now=now)


@_job("preserve", "keep")
def keep_evidence(*, case_id: str, now: datetime) -> None:
    """Fetch and seal a case's evidence."""
    preserve.preserve(case_id=UUID(case_id), now=now)


@_job("file_tip", "file")
def file_tip(*, tip_id: str, now: datetime) -> None:
    """File an approved tip, step by step."""
    _until_done(file_cybertip.file_cybertip, tip_id=UUID(tip_id))


@_job("disclose", "keep")
def build_disclosure(*, disclosure_id: str, now: datetime) -> None:
    """Build what two people agreed to give to an officer."""
    disclose.build(disclosure_id=UUID(disclosure_id), now=now)


@_job("open_instrument", "keep")
def opened_instrument(*, reading_id: str, now: datetime) -> None:
    """Open a paper that an officer handed in, for the key of one of us."""
    take_instrument.open_for(reading_id=UUID(reading_id), now=now)


@_job("roll_back")
def rolled_back(*, rollback_id: str, now: datetime) -> None:
    """Go on with a rollback that two people have agreed to."""
    roll_back.roll_back(rollback_id=UUID(rollback_id), now=now)


@_job("make_case_file")
def case_file(*, file_id: str, now: datetime) -> None:
    """Make what somebody takes to a lawyer or the police."""
    make_case_file.make_case_file(file_id=UUID(file_id), now=now)
