"""Places where a test may kill this process, to prove that what follows is taken up again."""

import os
import signal

from django.conf import settings


def reached(name: str) -> None:
    """Die at once, as by `kill -9`, when `HEED_FAILPOINT` names this place. Otherwise nothing."""
    if settings.HEED_FAILPOINT and name == settings.HEED_FAILPOINT:
        os.kill(os.getpid(), signal.SIGKILL)
