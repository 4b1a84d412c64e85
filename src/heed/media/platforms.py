"""Writing down the platforms that this server protects."""

from collections.abc import Mapping, Sequence
from typing import Any

from heed.media.models import Platform


def new_platform(**fields: Any) -> Platform:
    """A platform with these fields of its model."""
    return Platform.objects.create(**fields)


def declare_addresses(platform: Platform, kinds: Mapping[str, Sequence[str]]) -> None:
    """What this platform's addresses are, in place of what it said before."""
    Platform.objects.filter(id=platform.id).update(address_kinds=dict(kinds))
