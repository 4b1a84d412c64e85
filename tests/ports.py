"""Ports for what a test starts."""

import contextlib
import random
import socket

_GIVEN: set[int] = set()


def free_port(*, also_above: int = 0) -> int:
    """One that nobody listens on, and that nobody takes before whoever it is for is ready.

    Below those that the kernel lends to outgoing connections, and never the same one twice in a
    process. `also_above`: so much above it another one is taken by the same program.
    """
    for port in random.sample(range(11_000, 32_000 - also_above), 200):
        if port not in _GIVEN and all(map(_is_free, {port, port + also_above})):
            _GIVEN.update((port, port + also_above))
            return port
    raise AssertionError("no port is free between 11000 and 32000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False
