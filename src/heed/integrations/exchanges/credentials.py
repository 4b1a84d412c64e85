"""Credentials of exchanges: from the environment or a file, and nowhere else."""

from collections.abc import Sequence

from heed.integrations import secrets_kept
from heed.ports import ExchangeRefused

PREFIX = "HEED_EXCHANGE_"


def variable(name: str) -> str:
    """The environment variable of an exchange: `HEED_EXCHANGE_` and its name in capitals."""
    return secrets_kept.variable(PREFIX, name)


def credentials(name: str, fields: Sequence[str]) -> dict[str, str]:
    """These fields, from a JSON object in the variable or in `var/keys/exchanges/<name>.json`.

    Raises `ExchangeRefused`, which says where to put them and never what they are.
    """
    try:
        return secrets_kept.read(folder="exchanges", prefix=PREFIX, name=name, fields=fields)
    except secrets_kept.NotKept as why:
        raise ExchangeRefused(str(why)) from None
