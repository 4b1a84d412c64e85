"""Whoever tries too often at a door waits, whichever process hears it.

1. Count one try; what is older than any door asks for is forgotten.
"""

from datetime import datetime

from django.db import transaction

from heed.people.guesses import Bound


def count_try(*, at: Bound, name: str, now: datetime) -> None:
    """`name`: who tries, or what is tried at; it is kept blind, for an hour."""
    with transaction.atomic():
        at.count(name, now)
