"""What runs on its own, every so often: nothing depends on a job alone."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from heed.flows import (
    call_duty,
    check_again,
    check_vault,
    fetch_files,
    file_cybertip,
    forget_passing,
    forget_words,
    hear_peer,
    make_case_file,
    meet_banks,
    meet_deadlines,
    observe_states,
    preserve,
    publish_statements,
    read_blind,
    refresh_schema,
    retain_evidence,
    seal_ledger,
    sweep_late_copies,
    sync_exchanges,
    take_up_jobs,
    tell_platforms,
    tend_index,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One flow and how often it runs, in seconds between the end of one run and the next."""

    run: Callable[..., Any]
    every_seconds: float
    quiet: bool = False  # runs after a restore too: it speaks to nobody, and destroys nothing


SWEEPS = (
    Sweep(seal_ledger.seal_ledger, 1.0, quiet=True),  # well inside the maximum merge delay of 10 s
    Sweep(tell_platforms.tell_platforms, 1.0),
    Sweep(observe_states.observe_in_turn, 1.0),
    # So others' signals are matched here within a second.
    Sweep(tend_index.tend_index, 0.5, quiet=True),
    Sweep(sweep_late_copies.sweep_in_turn, 2.0, quiet=True),
    Sweep(meet_banks.sweep_banks, 2.0, quiet=True),
    Sweep(fetch_files.fetch_files, 3.0),
    Sweep(fetch_files.learn_what_shows, 60.0, quiet=True),
    Sweep(check_again.check_again, 10.0),
    Sweep(sync_exchanges.sync_due, 20.0),
    Sweep(hear_peer.ask_peers, 60.0),
    Sweep(meet_deadlines.meet_deadlines, 15.0),
    Sweep(file_cybertip.file_due, 2.0),
    Sweep(refresh_schema.refresh_daily, 600.0),
    Sweep(call_duty.call_duty, 5.0),
    Sweep(preserve.preserve_in_turn, 10.0),
    Sweep(read_blind.draw, 60.0),
    Sweep(check_vault.check_vault, 60.0),
    Sweep(publish_statements.publish_statements, 20.0),
    Sweep(retain_evidence.retain_evidence, 3_600.0),
    Sweep(forget_words.forget_words, 86_400.0),
    Sweep(forget_passing.forget_passing, 600.0),
    Sweep(take_up_jobs.take_up_jobs, 4.0, quiet=True),
    Sweep(make_case_file.forget_case_files, 600.0),
)


def start(stop: threading.Event, *, quiet: bool = False) -> list[threading.Thread]:
    """Start each sweep in a thread of its own; they end soon after `stop` is set.

    `quiet`: those alone that speak to nobody.
    """
    threads = [
        threading.Thread(target=_keep_on, args=(sweep, stop), name=sweep.run.__name__, daemon=True)
        for sweep in SWEEPS
        if sweep.quiet or not quiet
    ]
    for thread in threads:
        thread.start()
    return threads


def _keep_on(sweep: Sweep, stop: threading.Event) -> None:
    while not stop.is_set():
        if not _run(sweep, timezone.now()):
            stop.wait(sweep.every_seconds)


def _run(sweep: Sweep, now: datetime) -> bool:
    """One run; True when it may go on at once. A failure is logged, never the end."""
    try:
        did = sweep.run(now=now)
        return bool(did) and sweep.run is observe_states.observe_in_turn
    except Exception:
        logger.exception("a sweep failed and will run again", extra={"sweep": sweep.run.__name__})
        return False
    finally:
        close_old_connections()
