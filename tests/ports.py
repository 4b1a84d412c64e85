"""Ports of loopback for what a test starts.

All lie below those that the kernel lends to outgoing connections, so that nobody takes one between
its being found and its being used; and a process of tests finds none twice.
"""

import contextlib
import random
import socket

_ANY = range(22_500, 30_000)
_WITH_ONE_ABOVE = range(20_000, 22_500)
_ABOVE = 10_000
_found: set[int] = set()


def free_port() -> int:
    """One that nobody listens on now."""
    return _free(_ANY, 0)


def free_port_and_above() -> int:
    """The same, for a program that also listens ten thousand above it."""
    return _free(_WITH_ONE_ABOVE, _ABOVE)


def _free(among: range, above: int) -> int:
    for port in random.sample(among, 50):
        if port not in _found and _is_free(port) and _is_free(port + above):
            _found.add(port)
            return port
    raise AssertionError(f"no port of {among} is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False
