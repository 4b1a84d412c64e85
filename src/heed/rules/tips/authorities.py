"""To whom a finding can be told. A new one is a line here; those without a protocol get a package.

What is not from an authority's own text is marked, with the day it was looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from heed.rules.clocks import Verified

NCMEC, NCA = "ncmec", "nca"


class NoSuchAuthority(ValueError):
    """Nobody is known by this name; the message lists who is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Whoever is told. `protocol` means that Heed can file by itself, given credentials."""

    id: str
    name: str
    country: str  # two letters; empty for no one country
    protocol: bool
    how: str  # what a person does with the package
    before: str  # what must be done once, before the first filing
    verified: Verified
    checked_on: date = date(2026, 9, 16)


AUTHORITIES: Mapping[str, Authority] = {
    one.id: one
    for one in (
        Authority(
            id=NCMEC,
            name="NCMEC CyberTipline",
            country="US",
            protocol=True,
            how="Enter the facts at NCMEC's public form; it takes no pictures.",
            before="Register as an electronic service provider, and be given credentials.",
            verified=Verified.TEXT,
        ),
        Authority(
            id=NCA,
            name="National Crime Agency",
            country="GB",
            protocol=False,
            how="Enter the facts in the NCA's reporting service.",
            before="Register with the NCA (Online Safety Act 2023, section 66), unless every "
            "finding is reported to NCMEC: that counts as reported.",
            verified=Verified.SECONDARY,
        ),
        Authority(
            id="cybertip-ca",
            name="Cybertip.ca (Canadian Centre for Child Protection)",
            country="CA",
            protocol=False,
            how="Enter the facts at the hotline's form, or send them as it asks.",
            before="Ask the hotline how providers report.",
            verified=Verified.MEMORY,
        ),
        Authority(
            id="hotline",
            name="A national hotline of INHOPE",
            country="",
            protocol=False,
            how="Find the country's hotline at INHOPE and enter the facts at its form.",
            before="Agree with the hotline on how providers report.",
            verified=Verified.MEMORY,
        ),
        Authority(
            id="police",
            name="The police of the place",
            country="",
            protocol=False,
            how="Hand the package over in the way the police name. Keep their number.",
            before="Know whom to ring, at any hour.",
            verified=Verified.MEMORY,
        ),
    )
}


def authority(name: str) -> Authority:
    """Whoever is known by this name. Raises `NoSuchAuthority`."""
    if name not in AUTHORITIES:
        raise NoSuchAuthority(f"{name!r} is none of {', '.join(AUTHORITIES)}")
    return AUTHORITIES[name]
