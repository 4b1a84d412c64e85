"""The worker process: jobs of the queue, and the sweeps beside them."""

import asyncio
import logging
import signal
import threading

from procrastinate.contrib.django import app

from heed.flows import take_up_jobs
from heed.worker import sweeps

logger = logging.getLogger(__name__)
# Delivering has workers of its own, so that a long search never delays a hide.
WORKERS = (
    (["deliver"], 2),
    (["work"], 2),
    (["look"], 1),
    (["keep"], 1),
    (["file"], 1),
    (["mail"], 1),
)


def main() -> None:
    """Run until SIGINT or SIGTERM; a job under way is finished first."""
    stop = threading.Event()
    threads = sweeps.start(stop)
    try:
        asyncio.run(_work())
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=5)


async def _work() -> None:
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
            for queues, concurrency in WORKERS
        ]
        _end_on_signals(workers)
        await asyncio.gather(*workers, return_exceptions=True)


def _end_on_signals(workers: list[asyncio.Task[None]]) -> None:
    """One handler for all of them: the workers would each replace the other's."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: [worker.cancel() for worker in workers])
