"""Ids, minted in one place so that tests can fix them."""

import secrets
import string
from collections.abc import Iterable
from uuid import UUID, uuid4  # noqa: TID251

# Crockford's base 32: no I, L, O or U, so that a number read over the phone stays the same number.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def mint() -> UUID:
    """A new random id."""
    return uuid4()


def array(values: Iterable[UUID | int | None]) -> str:
    """Ids or numbers, as PostgreSQL writes an array of them: to be cast, `%s::uuid[]`.

    For thousands at once: the driver would look at each for quotes, which takes twenty times as
    long as to write it down. Words have quotes: they are the driver's.
    """
    return f"{{{','.join('NULL' if one is None else str(one) for one in values)}}}"


def number(prefix: str) -> str:
    """A short number for people: `prefix-XXXX-XXXX`, 40 random bits; so needs a constraint."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{prefix}-{letters[:4]}-{letters[4:]}"


def secret() -> str:
    """A capability for a link: 196 random bits.

    Letters and digits alone: a mail program may leave a hyphen at the end out of the link.
    """
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(33))
