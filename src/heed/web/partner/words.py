"""A partner's page in words."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from heed.filings.said_words import ANSWERED
from heed.people import partners
from heed.people.partner_models import Partner, PartnerNote
from heed.web.notifier.choices import WHAT_SAID as FIELDS

__all__ = ["AGES", "EXAMPLE", "FIELDS", "KINDS", "TURNS", "may_appeal"]

Words = str | Promise

KINDS: Mapping[str, Words] = {
    Partner.Kind.FLAGGER: _("Trusted flagger"),
    Partner.Kind.HOTLINE: _("Hotline"),
    Partner.Kind.SCHOOL: _("School"),
}
TURNS: Mapping[str, Words] = {
    PartnerNote.What.WARNED: _("Warned"),
    PartnerNote.What.PAUSED: _("Paused"),
    PartnerNote.What.RESTORED: _("Restored"),
    PartnerNote.What.APPEALED: _("Asked for another look"),
    PartnerNote.What.ANSWERED: _("Answered"),
}
AGES = ANSWERED["age_then"]
EXAMPLE = """ref,url,category,age_then,words
1,https://example.org/p/81,minor_sexual,under_18,"She is 13, and at our school."
2,https://example.org/p/82 https://example.org/p/83,doxxing,unsure,Her address"""


def may_appeal(partner: Partner) -> bool:
    """There is a warning or a pause, and nobody is looking at it already."""
    judged = (PartnerNote.What.WARNED, PartnerNote.What.PAUSED)
    if partners.open_appeal(partner) is not None:
        return False
    return partner.notes.filter(what__in=judged).exists()
