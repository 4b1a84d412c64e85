"""Which addresses on the network Heed may reach."""

import queue
import socket
import threading
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in an IPv6 coat
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has given out
_SPECIAL = [
    IPv6Network("2001::/23"),  # RFC 2928: Teredo and other protocol assignments
    IPv6Network("2001:db8::/32"),  # RFC 3849: documentation
    IPv6Network("2002::/16"),  # RFC 3056: 6to4, an IPv4 address in an IPv6 coat
    IPv6Network("3fff::/20"),  # RFC 9637: documentation
]
# Public by number, or to some Pythons, and a machine's own surroundings all the same.
_NOT_PUBLIC = [
    IPv4Network("168.63.129.16/32"),  # a machine's own host on Azure
    IPv4Network("192.0.0.0/24"),  # RFC 6890: protocol assignments; Oracle's host answers there
    IPv4Network("192.88.99.0/24"),  # RFC 7526: relays of 6to4, given up
]

Resolved = tuple[int, tuple[Any, ...]]  # address family and socket address


class AddressRefused(Exception):
    """The name leads into a private network. List `host:port` if it is the platform's own."""


class NameUnknown(Exception):
    """The name leads nowhere, or its name servers did not answer in time."""


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet's. Every disguise of IPv4 is taken off."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or (IPv4Address(ip.packed[-4:]) if ip in _NAT64 else None)
        if inner is None:
            return ip in _GLOBAL_UNICAST and not any(ip in network for network in _SPECIAL)
        ip = inner
    closed = ip.is_multicast or any(ip in network for network in _NOT_PUBLIC)
    return ip.is_global and not closed


def place(host: str, port: int) -> str:
    """`host:port` as an operator lists it, IPv6 in brackets."""
    return f"[{host.lower()}]:{port}" if ":" in host else f"{host.lower()}:{port}"


def resolve(
    host: str, port: int, *, private_addresses_allowed: tuple[str, ...], within_seconds: float
) -> list[Resolved]:
    """Where `host` leads, checked: connect to these and never resolve again.

    One private address among several refuses the name. Raises `AddressRefused`, `NameUnknown`.
    """
    found = _numeric(host, port) or _looked_up(host, port, within_seconds)
    listed = {entry.strip().lower() for entry in private_addresses_allowed}
    if place(host, port) not in listed and not all(is_public(at[0]) for _, at in found):
        raise AddressRefused
    return found


def _numeric(host: str, port: int) -> list[Resolved]:
    """The address that `host` spells, in any base or form that the system accepts; or nothing."""
    try:
        return _ask(host, port, socket.AI_NUMERICHOST)
    except OSError:
        return []


def _looked_up(host: str, port: int, within_seconds: float) -> list[Resolved]:
    """Name servers may take longer than we have, and a lookup can't be stopped: so on a thread."""
    answers: queue.SimpleQueue[list[Resolved]] = queue.SimpleQueue()

    def look() -> None:
        try:
            answers.put(_ask(host, port, 0))
        except (OSError, UnicodeError):
            answers.put([])

    threading.Thread(target=look, daemon=True).start()
    try:
        found = answers.get(timeout=max(within_seconds, 0))
    except queue.Empty:
        raise NameUnknown from None
    if not found:
        raise NameUnknown
    return found


def _ask(host: str, port: int, flags: int) -> list[Resolved]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in answers]
