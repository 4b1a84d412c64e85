"""The web server: one process, an event loop, a few threads, and a bound on what may wait."""

from typing import Any

THREADS = 8  # for pages; each may hold a database connection; see the pool in settings
WAITING = 256  # connections the kernel may keep for us; more are refused rather than forgotten
AT_ONCE = 256  # requests taken in, so that one can go before others (`turns`); 1 MiB of each read


def serve(host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    options: dict[str, Any] = {
        "interface": Interfaces.ASGINL,
        "workers": 1,
        "backlog": WAITING,
        "backpressure": AT_ONCE,
        "http": HTTPModes.http1,
        "websockets": False,
        "log_level": LogLevels.error,
        "workers_kill_timeout": 8,
    }
    Granian("heed.instance.asgi:application", address=host, port=port, **options).serve()
