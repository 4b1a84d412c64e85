"""What the commands about platforms share: settings as typed, refusals, and what comes next."""

from collections.abc import Sequence
from typing import Any

from heed.instance.trouble import Trouble

BY = "operator"
ASKED = {"lemmy"}  # what tells nothing by itself


class Refused(Trouble):
    """The flow said no, and why. Nothing was changed."""


def said(pairs: Sequence[str] | None) -> dict[str, Any]:
    """Settings as they were typed. Raises `Refused`."""
    found = {}
    for text in pairs or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise Refused(f"write settings as name=value, not {text!r}")
        found[name.strip()] = value.strip()
    return found


def asked(run: Any, **given: Any) -> Any:
    """Call a flow; what it refuses is one line to the operator."""
    from heed.flows import connect_platform as flow

    try:
        return run(**given)
    except (flow.NoSuchConnector, flow.NoSuchPlatform, flow.PeerRefused) as why:
        raise Refused(str(why)) from None


def next_steps(slug: str, connector: str) -> str:
    """What is left to be done for a platform of this connector. Django is set up."""
    from django.conf import settings

    if connector == "webhook":
        return f"{slug} is heard by its keys and told by callbacks."
    if connector in ASKED:
        return (
            f"{slug} is asked every minute: it sends no webhooks\nThen: heed platform check {slug}"
        )
    hook = f"{settings.PUBLIC_URL}/connect/{slug}/hook"
    return f"{slug} sends its webhooks to {hook}\nThen: heed platform check {slug}"
