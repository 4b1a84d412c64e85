"""No name, number or disguise leads Heed into a private network."""

import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.integrations.outward.addresses import (
    AddressRefused,
    NameUnknown,
    is_public,
    place,
    resolve,
)

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.2.1", "198.18.0.1", "224.0.0.1",
    "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "192.0.0.8", "192.0.0.192", "192.88.99.1", "::ffff:192.0.0.192",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1",
    "64:ff9b::127.0.0.1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "fe80::1",
    "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1", "2001:db8::1",
    "100::1", "3fff::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_open_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_an_address_of_the_open_internet_is_reachable(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_coat_of_ipv6_opens_a_closed_ipv4_address(ip: IPv4Address) -> None:
    mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + ip.packed)
    nat64 = IPv6Address(IPv6Address("64:ff9b::").packed[:12] + ip.packed)
    assert is_public(str(mapped)) == is_public(str(nat64)) == is_public(str(ip))
    assert not is_public(str(IPv6Address(b"\x20\x02" + ip.packed + b"\0" * 10)))  # 6to4


LOOPBACK = [
    "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "017700000001",
    "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST", "0", "0.0.0.0",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_no_spelling_of_loopback_gets_through(host: str) -> None:
    with pytest.raises(AddressRefused):
        resolve(host, 80, private_addresses_allowed=(), within_seconds=60)


def test_a_private_place_is_reached_only_if_listed_by_host_and_port() -> None:
    allowed = ("127.0.0.1:8001", "[::1]:8001", "LocalHost:8001")

    def go(host: str, port: int) -> list[Any]:
        return resolve(host, port, private_addresses_allowed=allowed, within_seconds=60)

    assert go("127.0.0.1", 8001) == [(socket.AF_INET, ("127.0.0.1", 8001))]
    assert go("::1", 8001)
    assert go("localhost", 8001)
    for host, port in [("127.0.0.1", 8002), ("127.0.0.2", 8001), ("2130706433", 8001)]:
        with pytest.raises(AddressRefused):
            go(host, port)


def test_one_private_address_among_several_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers_with(monkeypatch, "8.8.8.8", "127.0.0.1")
    with pytest.raises(AddressRefused):
        resolve("two-faced.example", 80, private_addresses_allowed=(), within_seconds=60)


def test_a_name_that_leads_nowhere_is_unknown() -> None:
    with pytest.raises(NameUnknown):
        resolve("nowhere.invalid", 80, private_addresses_allowed=(), within_seconds=60)


def test_ipv6_places_are_written_in_brackets() -> None:
    assert place("::1", 80) == "[::1]:80"
    assert place("Example.COM", 443) == "example.com:443"


def answers_with(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Name servers as an attacker would run them; returns the list of names that were asked."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(host).endswith(".example"):
            return real(host, port, *args, **kwargs)
        if kwargs.get("flags") == socket.AI_NUMERICHOST:
            raise socket.gaierror
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port)) for at in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked
