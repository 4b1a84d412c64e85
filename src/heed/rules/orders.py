"""What officers may ask, under which law, and how sure we must be of them before it is done.

The ladder: 0 nobody has checked; 1 a mailbox of an official domain answered (a mailbox can be
stolen, so this alone discloses nothing); 2 we called a number that we found ourselves, and a second
of our people agreed; 3 an agency account with a second factor, renewed every 90 days.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from heed.rules.clocks import Event, Verified

CHECKED_ON = date(2026, 9, 16)
ACCOUNT_LASTS = timedelta(days=90)
# What an order with manifest errors may stop until it is clarified: Regulation (EU) 2021/784,
# articles 3(6) to (8). No other law lets the clock of an order wait.
WAITS_FOR_CLARIFICATION = frozenset({"eu.tco.removal"})
CALLED_BACK = 2  # the level from which something may be disclosed or carried out
OFFICIAL = (
    ".gov", ".mil", ".police.uk", ".pnn.police.uk", ".gov.uk", ".gc.ca", ".gov.au", ".govt.nz",
    ".europa.eu", ".gov.ie", ".bund.de", ".gouv.fr", ".gov.it", ".gov.pl", ".gov.se",
)  # fmt: skip


class Asks(StrEnum):
    """What kind of thing is asked."""

    PRESERVE = "preserve"
    DISCLOSE = "disclose"
    REMOVE = "remove"
    INFORM = "inform"


class Kind(StrEnum):
    """The instruments that there is a form for."""

    PRESERVATION = "preservation"
    EMERGENCY = "emergency"
    SUBPOENA = "subpoena"
    COURT_ORDER = "court_order_2703d"
    WARRANT = "warrant"
    MLAT = "mlat"
    TCO = "removal_tco"
    DSA_9 = "dsa_9"
    DSA_10 = "dsa_10"
    ESAFETY = "esafety"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One line of the table."""

    asks: Asks
    title: str
    citation: str
    verified: Verified
    event: Event | None = None  # what it starts
    pack: str = ""  # whose clocks run, whether or not the operator has switched them on
    of_the_order: bool = False  # one clock for the order, not one for each case
    contents: bool = False  # whether what people said and sent may be disclosed under it


INSTRUMENTS = {
    Kind.PRESERVATION: Instrument(
        asks=Asks.PRESERVE,
        title="Preservation request",
        citation="18 U.S.C. 2703(f)",
        verified=Verified.TEXT,
        event=Event.PRESERVATION_ASKED,
        pack="us_2703",
    ),
    Kind.EMERGENCY: Instrument(
        asks=Asks.DISCLOSE,
        title="Emergency disclosure request",
        citation="18 U.S.C. 2702(b)(8) and (c)(4)",
        verified=Verified.TEXT,
        event=Event.EMERGENCY_ASKED,
        pack="us_2702",
        of_the_order=True,
        contents=True,
    ),
    Kind.SUBPOENA: Instrument(
        asks=Asks.DISCLOSE,
        title="Subpoena",
        citation="18 U.S.C. 2703(c)(2)",
        verified=Verified.MEMORY,
    ),
    Kind.COURT_ORDER: Instrument(
        asks=Asks.DISCLOSE,
        title="Court order",
        citation="18 U.S.C. 2703(d)",
        verified=Verified.MEMORY,
    ),
    Kind.WARRANT: Instrument(
        asks=Asks.DISCLOSE,
        title="Search warrant",
        citation="18 U.S.C. 2703(a) and (b)",
        verified=Verified.MEMORY,
        contents=True,
    ),
    Kind.MLAT: Instrument(
        asks=Asks.DISCLOSE,
        title="Request under a mutual legal assistance treaty",
        citation="the treaty that it names",
        verified=Verified.MEMORY,
        contents=True,
    ),
    Kind.TCO: Instrument(
        asks=Asks.REMOVE,
        title="Removal order for terrorist content",
        citation="Regulation (EU) 2021/784, article 3",
        verified=Verified.TEXT,
        event=Event.REMOVAL_ORDERED,
        pack="tco",
    ),
    Kind.DSA_9: Instrument(
        asks=Asks.REMOVE,
        title="Order to act against illegal content",
        citation="Regulation (EU) 2022/2065, article 9",
        verified=Verified.MEMORY,
    ),
    Kind.DSA_10: Instrument(
        asks=Asks.INFORM,
        title="Order to provide information",
        citation="Regulation (EU) 2022/2065, article 10",
        verified=Verified.MEMORY,
    ),
    Kind.ESAFETY: Instrument(
        asks=Asks.REMOVE,
        title="Removal notice of the eSafety Commissioner",
        citation="Online Safety Act 2021 (Cth), sections 65, 77, 88 and 109",
        verified=Verified.MEMORY,
        event=Event.REMOVAL_ORDERED,
        pack="australia",
    ),
}
DISCLOSES = frozenset({Asks.DISCLOSE, Asks.INFORM})


def official(mail: str) -> bool:
    """Whether a mailbox lies in a domain that a government gives out. Never proof by itself."""
    domain = "." + mail.rpartition("@")[2].strip().lower()
    return any(domain.endswith(one) for one in OFFICIAL)


class Bar(StrEnum):
    """Why something may not be done yet. Each is told to whoever tries."""

    NOT_CALLED = "not_called"
    SAME_PERSON = "same_person"
    NOT_ASKED = "not_asked"
    NOTHING = ""


def may_carry_out(kind: Kind, level: int) -> Bar:
    """An order that nobody has verified never acts by itself. To keep things harms nobody."""
    if INSTRUMENTS[kind].asks is Asks.PRESERVE:
        return Bar.NOTHING
    return Bar.NOTHING if level >= CALLED_BACK else Bar.NOT_CALLED


def may_disclose(kind: Kind, level: int, proposer: str, second: str) -> Bar:
    """Call-back, and two of our people. No emergency and no account does away with either."""
    if INSTRUMENTS[kind].asks not in DISCLOSES:
        return Bar.NOT_ASKED
    if level < CALLED_BACK:
        return Bar.NOT_CALLED
    return Bar.SAME_PERSON if proposer == second else Bar.NOTHING
