"""The worker process: jobs of the queue, and the sweeps beside them.

After a restore it is quiet until the operator says otherwise: what we protect by ourselves goes on,
and nothing leaves the house. Then it ends, and whoever keeps it running starts it anew.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Sequence

from django.db import DatabaseError, close_old_connections
from procrastinate.contrib.django import app

from heed import garbage
from heed.flows import take_up_jobs
from heed.flows.jobs import BEHIND
from heed.ledger.queries import is_quiet
from heed.worker import sweeps

logger = logging.getLogger(__name__)
# Delivering has workers of its own, so that a long search never delays a hide.
WORKERS = (
    (["deliver"], 2),
    (["work"], 2),
    ([BEHIND], 1),  # a flood, which takes nobody's turn
    (["look"], 1),
    (["keep"], 1),
    (["file"], 1),
    (["mail"], 1),
    (["push"], 1),  # a push service that is slow delays no mail
)
QUIET = ((["work"], 2), ([BEHIND], 1))
ASK_AGAIN_SECONDS = 2.0


def main() -> None:
    """Run until SIGINT or SIGTERM; a job under way is finished first."""
    garbage.as_ever()
    stop, quiet = threading.Event(), is_quiet()
    threads = sweeps.start(stop, quiet=quiet)
    if quiet:
        logger.warning("restored, and quiet: nobody is told anything until heed restore --live")
        threads.append(threading.Thread(target=_until_live, args=(stop,), daemon=True))
        threads[-1].start()
    try:
        asyncio.run(_work(QUIET if quiet else WORKERS))
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=5)


def _until_live(stop: threading.Event) -> None:
    while not stop.wait(ASK_AGAIN_SECONDS):
        try:
            if not is_quiet():
                os.kill(os.getpid(), signal.SIGTERM)
                return
        except DatabaseError:
            logger.warning("the database did not say whether this instance is live")
        finally:
            close_old_connections()


async def _work(wanted: Sequence[tuple[list[str], int]]) -> None:
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    async with app.with_connector(connector).open_async() as opened:
        workers = [
            asyncio.create_task(
                opened.run_worker_async(
                    queues=queues,
                    concurrency=concurrency,
                    name=queues[0],
                    fetch_job_polling_interval=1.0,
                    shutdown_graceful_timeout=10,
                    update_heartbeat_interval=take_up_jobs.SILENT_FOR / 4,
                    stalled_worker_timeout=take_up_jobs.SILENT_FOR,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                )
            )
            for queues, concurrency in wanted
        ]
        _end_on_signals(workers)
        await asyncio.gather(*workers, return_exceptions=True)


def _end_on_signals(workers: list[asyncio.Task[None]]) -> None:
    """One handler for all of them: the workers would each replace the other's."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: [worker.cancel() for worker in workers])
