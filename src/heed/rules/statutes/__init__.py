"""The laws, one file per authority. A new one is a file here and a line in this table."""

from collections.abc import Mapping

from heed.rules.clocks import Pack
from heed.rules.statutes import (
    australia,
    california,
    dsa,
    take_it_down,
    tco,
    uk_osa,
    us_2258a,
    us_2703,
)

PACKS: Mapping[str, Pack] = {
    "take_it_down": take_it_down,
    "us_2258a": us_2258a,
    "us_2703": us_2703,
    "dsa": dsa,
    "california": california,
    "tco": tco,
    "uk_osa": uk_osa,
    "australia": australia,
}

DEFAULT = frozenset({"take_it_down", "us_2258a", "us_2703", "dsa"})
