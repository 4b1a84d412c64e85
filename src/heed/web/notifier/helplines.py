"""Who else can help, by country: data with its source and the day somebody checked it there.

None of these was called or opened by us: an operator checks each before going live, and dates it.
A country is one entry of `COUNTRIES`; lines of a country are entries of `HELPLINES`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVERYWHERE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpline:
    """One place to turn to. `country`: two letters, or empty for anywhere."""

    name: str
    for_whom: str | Promise
    url: str = ""
    phone: str = ""
    country: str = EVERYWHERE
    source: str
    checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Country:
    """A country by name, and whom to call there when somebody is in danger."""

    code: str
    name: str | Promise
    emergency: str


@dataclass(frozen=True, slots=True)
class Help:
    """What stands on a page: what is near first, then what helps anywhere."""

    country: Country | None
    near: tuple[Helpline, ...]
    anywhere: tuple[Helpline, ...]


_CHILDREN = _("Children and young people: somebody to talk to")
_PICTURES = _("Pictures and threats on the internet: advice, at any age")
_PARENTS_TOO = _("Children and parents: somebody to talk to")
_HURT = _("When you think of hurting yourself")

COUNTRIES = (
    Country("AR", _("Argentina"), "911"),
    Country("AU", _("Australia"), "000"),
    Country("AT", _("Austria"), "112"),
    Country("BE", _("Belgium"), "112"),
    Country("BR", _("Brazil"), "190"),
    Country("CA", _("Canada"), "911"),
    Country("CO", _("Colombia"), "123"),
    Country("EG", _("Egypt"), "122"),
    Country("FR", _("France"), "112"),
    Country("DE", _("Germany"), "112"),
    Country("IN", _("India"), "112"),
    Country("IE", _("Ireland"), "112"),
    Country("JO", _("Jordan"), "911"),
    Country("MX", _("Mexico"), "911"),
    Country("MA", _("Morocco"), "19"),
    Country("NZ", _("New Zealand"), "111"),
    Country("PT", _("Portugal"), "112"),
    Country("SA", _("Saudi Arabia"), "911"),
    Country("ES", _("Spain"), "112"),
    Country("CH", _("Switzerland"), "112"),
    Country("UA", _("Ukraine"), "112"),
    Country("AE", _("United Arab Emirates"), "999"),
    Country("GB", _("United Kingdom"), "999"),
    Country("US", _("United States"), "911"),
)

HELPLINES = (
    Helpline(
        name="Take It Down",
        for_whom=_("Under 18, anywhere. It stops a picture on many sites; you keep the picture"),
        url="https://takeitdown.ncmec.org/",
        source="takeitdown.ncmec.org",
    ),
    Helpline(
        name="StopNCII.org",
        for_whom=_("18 and older, anywhere. The same for adults"),
        url="https://stopncii.org/",
        source="stopncii.org",
    ),
    Helpline(
        name="Child Helpline International",
        for_whom=_("Children and young people, in many countries: finds the help line near you"),
        url="https://www.childhelplineinternational.org/",
        source="childhelplineinternational.org",
    ),
    Helpline(
        name="NCMEC", for_whom=_PARENTS_TOO, url="https://report.cybertip.org/",
        phone="1-800-843-5678", country="US", source="report.cybertip.org",
    ),
    Helpline(
        name="988", for_whom=_HURT, url="https://988lifeline.org/", phone="988", country="US",
        source="988lifeline.org",
    ),
    Helpline(
        name="NeedHelpNow.ca", for_whom=_PICTURES, url="https://needhelpnow.ca/", country="CA",
        source="needhelpnow.ca",
    ),
    Helpline(
        name="Kids Help Phone", for_whom=_CHILDREN, url="https://kidshelpphone.ca/",
        phone="1-800-668-6868", country="CA", source="kidshelpphone.ca",
    ),
    Helpline(
        name="Childline, Report Remove", for_whom=_("Under 19: somebody to talk to, and pictures"),
        url="https://www.childline.org.uk/", phone="0800 1111", country="GB",
        source="childline.org.uk",
    ),
    Helpline(
        name="Revenge Porn Helpline", for_whom=_("18 and older: pictures"),
        url="https://revengepornhelpline.org.uk/", phone="0345 6000 459", country="GB",
        source="revengepornhelpline.org.uk",
    ),
    Helpline(
        name="Childline Ireland", for_whom=_CHILDREN, url="https://www.childline.ie/",
        phone="1800 66 66 66", country="IE", source="childline.ie",
    ),
    Helpline(
        name="eSafety", for_whom=_PICTURES, url="https://www.esafety.gov.au/report", country="AU",
        source="esafety.gov.au",
    ),
    Helpline(
        name="Kids Helpline", for_whom=_CHILDREN, url="https://kidshelpline.com.au/",
        phone="1800 55 1800", country="AU", source="kidshelpline.com.au",
    ),
    Helpline(
        name="Netsafe", for_whom=_PICTURES, url="https://netsafe.org.nz/", phone="0508 638 723",
        country="NZ", source="netsafe.org.nz",
    ),
    Helpline(
        name="Fundación ANAR", for_whom=_CHILDREN, url="https://www.anar.org/",
        phone="900 20 20 10", country="ES", source="anar.org",
    ),
    Helpline(
        name="INCIBE", for_whom=_PICTURES, url="https://www.incibe.es/", phone="017", country="ES",
        source="incibe.es",
    ),
    Helpline(
        name="Línea de la Vida", for_whom=_("Anybody: somebody to talk to, day and night"),
        phone="800 911 2000", country="MX", source="gob.mx",
    ),
    Helpline(
        name="Línea 102", for_whom=_CHILDREN, phone="102", country="AR", source="argentina.gob.ar"
    ),
    Helpline(
        name="Te Protejo", for_whom=_PICTURES, url="https://teprotejo.org/", country="CO",
        source="teprotejo.org",
    ),
    Helpline(
        name="ICBF", for_whom=_CHILDREN, url="https://www.icbf.gov.co/", phone="141", country="CO",
        source="icbf.gov.co",
    ),
    Helpline(
        name="e-Enfance", for_whom=_PICTURES, url="https://e-enfance.org/", phone="3018",
        country="FR", source="e-enfance.org",
    ),
    Helpline(
        name="Allô enfance en danger", for_whom=_CHILDREN, url="https://www.allo119.gouv.fr/",
        phone="119", country="FR", source="allo119.gouv.fr",
    ),
    Helpline(
        name="Écoute-Enfants (103)", for_whom=_CHILDREN, phone="103", country="BE",
        source="103ecoute.be",
    ),
    Helpline(
        name="Awel (102)", for_whom=_CHILDREN, url="https://awel.be/", phone="102", country="BE",
        source="awel.be",
    ),
    Helpline(
        name="Pro Juventute", for_whom=_CHILDREN, url="https://www.147.ch/", phone="147",
        country="CH", source="147.ch",
    ),
    Helpline(
        name="Nummer gegen Kummer", for_whom=_CHILDREN, phone="116 111", country="DE",
        url="https://www.nummergegenkummer.de/", source="nummergegenkummer.de",
    ),
    Helpline(
        name="Rat auf Draht", for_whom=_CHILDREN, url="https://www.rataufdraht.at/", phone="147",
        country="AT", source="rataufdraht.at",
    ),
    Helpline(
        name="SOS Criança", for_whom=_CHILDREN, phone="116 111", country="PT", source="iacrianca.pt"
    ),
    Helpline(
        name="Linha Internet Segura", for_whom=_PICTURES, url="https://www.internetsegura.pt/",
        country="PT", source="internetsegura.pt",
    ),
    Helpline(
        name="SaferNet Brasil", for_whom=_PICTURES, url="https://helpline.org.br/", country="BR",
        source="helpline.org.br",
    ),
    Helpline(
        name="Disque 100", for_whom=_("Children and adults: violence of any kind"), phone="100",
        country="BR", source="gov.br",
    ),
    Helpline(
        name="Childline 1098", for_whom=_CHILDREN, phone="1098", country="IN",
        source="missionvatsalya.wcd.gov.in",
    ),
    Helpline(
        name="National Cyber Crime", for_whom=_("The police, for crimes on the internet"),
        url="https://cybercrime.gov.in/", phone="1930", country="IN", source="cybercrime.gov.in",
    ),
    Helpline(
        name="Ла Страда-Україна", for_whom=_CHILDREN, url="https://la-strada.org.ua/",
        phone="116 111", country="UA", source="la-strada.org.ua",
    ),
    Helpline(
        name="خط نجدة الطفل", for_whom=_CHILDREN, phone="16000", country="EG", source="nccm.gov.eg"
    ),
    Helpline(
        name="خط مساندة الطفل", for_whom=_CHILDREN, phone="116111", country="SA",
        source="nfsp.org.sa",
    ),
    Helpline(
        name="مركز حماية الطفل", for_whom=_CHILDREN, phone="116111", country="AE",
        source="adpolice.gov.ae",
    ),
    Helpline(
        name="خط حماية الأسرة والطفل 110", for_whom=_PARENTS_TOO, phone="110", country="JO",
        source="jrf.org.jo",
    ),
)  # fmt: skip

# Where a browser says a language without a country: where most who read it are.
_USUALLY = {"es": "ES", "fr": "FR", "de": "DE", "pt": "PT", "hi": "IN", "uk": "UA"}

_ALSO = {"UK": "GB"}  # as laws and settings call it


def country(code: str) -> Country | None:
    """The country with these two letters, if there is something to say of it."""
    meant = _ALSO.get(code, code)
    return next((one for one in COUNTRIES if one.code == meant), None)


def help_for(code: str, language: str = "", home: str = "") -> Help:
    """Help near somebody: `code` is their country, as they or their browser said it.

    Without one, the country that most readers of their `language` live in; at last `home`, the
    operator's own.
    """
    near = country(code) if code else country(_USUALLY.get(language[:2], home))
    own = () if near is None else tuple(one for one in HELPLINES if one.country == near.code)
    return Help(near, own, tuple(one for one in HELPLINES if one.country == EVERYWHERE))


def all_help() -> Iterable[Help]:
    """Every country, for the page that has them all."""
    return [help_for(one.code) for one in COUNTRIES]
