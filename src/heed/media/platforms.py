"""Writing down the platforms that this server protects."""

from typing import Any

from heed.media.models import Platform


def new_platform(**fields: Any) -> Platform:
    """A platform with these fields of its model."""
    return Platform.objects.create(**fields)
