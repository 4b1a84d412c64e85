"""A partner's page in words."""

from heed.people import partners
from heed.people.partner_models import Partner, PartnerNote
from heed.web.notifier.choices import WHAT_SAID as FIELDS

__all__ = ["FIELDS", "KINDS", "TURNS", "may_appeal"]

KINDS = {kind.value: kind.label for kind in Partner.Kind}
TURNS = {turn.value: turn.label for turn in PartnerNote.What}


def may_appeal(partner: Partner) -> bool:
    """There is a warning or a pause, and nobody is looking at it already."""
    judged = (PartnerNote.What.WARNED, PartnerNote.What.PAUSED)
    if partners.open_appeal(partner) is not None:
        return False
    return partner.notes.filter(what__in=judged).exists()
