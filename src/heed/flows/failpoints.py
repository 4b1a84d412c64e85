"""Places where a test may kill this process, to prove that what follows is taken up again."""

import os
import signal
from pathlib import Path

from django.conf import settings


def reached(name: str) -> None:
    """Die at once, as by `kill -9`, when the directory `HEED_FAILPOINT` holds a file of this name.

    The file goes with the one process that dies of it: who starts again goes on. Without the
    setting, nothing.
    """
    if not settings.HEED_FAILPOINT:
        return
    try:
        Path(settings.HEED_FAILPOINT, name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
