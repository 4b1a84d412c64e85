"""When Python looks for garbage: hardly ever while it loads, and as it likes once it serves.

Nearly all that loading makes stays. To look through it again and again took a sixth of a start.
"""

import gc

_AS_EVER = gc.get_threshold()
_RARELY = (50_000, 20, 20)


def rarely() -> None:
    """From the beginning of a process; one that only runs a command stays so."""
    gc.set_threshold(*_RARELY)


def as_ever() -> None:
    """Once all is loaded: what is there stays, and no later search looks through it again."""
    gc.freeze()
    gc.set_threshold(*_AS_EVER)
