"""Who else can help: data with its source and the day somebody checked it there.

None of these was called or opened by us: an operator checks each before going live, and dates it.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpline:
    """One place to turn to."""

    name: str
    for_whom: str | Promise
    url: str
    phone: str = ""
    source: str
    checked_on: date | None = None


HELPLINES = (
    Helpline(
        name="Take It Down",
        for_whom=_("Under 18, anywhere: stops a picture on many sites at once, without sending it"),
        url="https://takeitdown.ncmec.org/",
        source="takeitdown.ncmec.org",
    ),
    Helpline(
        name="StopNCII.org",
        for_whom=_("18 and older, anywhere: the same for adults"),
        url="https://stopncii.org/",
        source="stopncii.org",
    ),
    Helpline(
        name="NCMEC",
        for_whom=_("United States, children and parents: people to talk to, day and night"),
        url="https://report.cybertip.org/",
        phone="1-800-843-5678",
        source="report.cybertip.org",
    ),
    Helpline(
        name="988",
        for_whom=_("United States: when you think of hurting yourself"),
        url="https://988lifeline.org/",
        phone="988",
        source="988lifeline.org",
    ),
    Helpline(
        name="Childline",
        for_whom=_("United Kingdom, under 19; with Report Remove for pictures"),
        url="https://www.childline.org.uk/",
        phone="0800 1111",
        source="childline.org.uk",
    ),
    Helpline(
        name="Child helplines in Europe",
        for_whom=_("Many European countries, children and young people"),
        url="https://www.childhelplineinternational.org/",
        phone="116 111",
        source="childhelplineinternational.org",
    ),
    Helpline(
        name="eSafety",
        for_whom=_("Australia, all ages"),
        url="https://www.esafety.gov.au/report",
        source="esafety.gov.au",
    ),
)
