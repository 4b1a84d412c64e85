"""Credentials of connectors: from the environment or a file, and nowhere else."""

from collections.abc import Sequence

from heed.integrations import secrets_kept
from heed.ports import PeerRefused

PREFIX = "HEED_CONNECTOR_"


def credentials(slug: str, fields: Sequence[str]) -> dict[str, str]:
    """These fields, from `HEED_CONNECTOR_<SLUG>` or `var/keys/connectors/<slug>.json`.

    Raises `PeerRefused`, which says where to put them and never what they are.
    """
    try:
        return secrets_kept.read(folder="connectors", prefix=PREFIX, name=slug, fields=fields)
    except secrets_kept.NotKept as why:
        raise PeerRefused(str(why)) from None
