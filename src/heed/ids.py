"""Ids, minted in one place so that tests can fix them."""

import secrets
import string
from uuid import UUID, uuid4  # noqa: TID251

# Crockford's base 32: no I, L, O or U, so that a number read over the phone stays the same number.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def mint() -> UUID:
    """A new random id."""
    return uuid4()


def number(prefix: str) -> str:
    """A short number for people: `prefix-XXXX-XXXX`, 40 random bits; so needs a constraint."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{prefix}-{letters[:4]}-{letters[4:]}"


def secret() -> str:
    """A capability for a link: 196 random bits.

    Letters and digits alone: a mail program may leave a hyphen at the end out of the link.
    """
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(33))
