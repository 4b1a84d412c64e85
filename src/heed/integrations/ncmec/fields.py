"""The elements that Heed writes and reads, in the order in which NCMEC's schema wants them.

From NCMEC's reporting documentation (June 2025) and schema (November 2025), checked on 2026-09-16.
`name` once, `name?` at most once, `name*` any number, `name+` at least one. An element whose own
name is not in `TYPES` is plain text. A newer schema is fetched with the operator's credentials.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_PERSON = "firstName? lastName? phone* email* address* age? dateOfBirth?"
_CONTACT = "firstName? lastName? phone* email* address*"
_ACCOUNT = "espIdentifier? espService? compromisedAccount? screenName? displayName* profileUrl* \
profileBio? ipCaptureEvent* deviceId*"
_CLOSED = "accountTemporarilyDisabled? accountPermanentlyDisabled? estimatedLocation? \
allEmailsReported? associatedAccount* additionalInfo?"

CHILDREN: Mapping[str, str] = {
    "report": "incidentSummary internetDetails* lawEnforcement? reporter personOrUserReported* "
    "victim* additionalInfo?",
    "incidentSummary": "incidentType platform? escalateToHighPriority? reportAnnotations? "
    "incidentDateTime incidentDateTimeDescription?",
    "reportAnnotations": "sextortion? csamSolicitation? minorToMinorInteraction? spam? "
    "sadisticOnlineExploitation?",
    "internetDetails": "webPageIncident",
    "webPageIncident": "url* additionalInfo?",
    "lawEnforcement": "agencyName caseNumber? officerContact? reportedToLe?",
    "reporter": "reportingPerson contactPerson? companyTemplate? termsOfService? legalURL?",
    "personOrUserReported": f"personOrUserReportedPerson? {_ACCOUNT} thirdPartyUserReported? "
    f"priorCTReports* groupIdentifier? {_CLOSED}",
    "victim": f"victimPerson {_ACCOUNT} schoolName? priorCTReports* {_CLOSED}",
    "person": _PERSON,
    "contactPerson": _CONTACT,
    "address": "address? city? zipCode? state? nonUsaState? country?",
    "ipCaptureEvent": "ipAddress eventName? dateTime? possibleProxy? port?",
    "associatedAccount": "platform? firstName? middleName? lastName? approximateAge? dateOfBirth? "
    "phone* email* allEmailsReported? espService? espIdentifier? profileUrl* screenName? "
    "displayName* profileBio? additionalInfo?",
    "fileDetails": "reportId fileId originalFileName? uploadedToEspTimestamp? locationOfFile? "
    "fileViewedByEsp? exifViewedByEsp? publiclyAvailable? fileRelevance? fileAnnotations? "
    "industryClassification? originalFileHash* ipCaptureEvent? details* additionalInfo*",
    "fileAnnotations": "animeDrawingVirtualHentai? potentialMeme? viral? possibleSelfProduction? "
    "physicalHarm? violenceGore? bestiality? liveStreaming? infant? generativeAi?",
    "details": "nameValuePair+",
    "nameValuePair": "name value",
}
TYPES: Mapping[str, str] = {
    **{name: name for name in CHILDREN},
    "reportingPerson": "person",
    "victimPerson": "person",
    "personOrUserReportedPerson": "person",
    "officerContact": "contactPerson",
}
PLAIN_WITHIN: Mapping[tuple[str, str], str] = {("address", "address"): ""}  # a line, no address
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "webPageIncident": frozenset({"thirdPartyHostedContent"}),
    "email": frozenset({"type", "verified", "verificationDate"}),
    "phone": frozenset({"type", "countryCallingCode", "extension"}),
    "associatedAccount": frozenset({"type"}),
    "platform": frozenset({"thirdPartyUser"}),  # of an associated account
    "accountPermanentlyDisabled": frozenset({"disabledDate", "userNotified", "userNotifiedDate"}),
    "originalFileHash": frozenset({"hashType"}),
    "details": frozenset({"type"}),
    "address": frozenset({"type"}),
}
REQUIRED_ATTRIBUTES: Mapping[str, str] = {
    "associatedAccount": "type",
    "originalFileHash": "hashType",
}
FLAGS = frozenset(  # present and true, or not there: false is invalid
    name.rstrip("?")
    for kind in ("reportAnnotations", "fileAnnotations")
    for name in CHILDREN[kind].split()
)
INCIDENT_TYPES = frozenset(
    {
        "Child Pornography (possession, manufacture, and distribution)",
        "Child Sex Trafficking",
        "Child Sex Tourism",
        "Child Sexual Molestation",
        "Misleading Domain Name",
        "Misleading Words or Digital Images on the Internet",
        "Online Enticement of Children for Sexual Acts",
        "Unsolicited Obscene Material Sent to a Child",
    }
)
TIMES = frozenset({"incidentDateTime", "uploadedToEspTimestamp", "dateTime"})


@dataclass(frozen=True, slots=True)
class Child:
    """One place in an element."""

    name: str
    needed: bool
    many: bool


def children(kind: str) -> tuple[Child, ...]:
    """What an element of this type holds, in order."""
    return tuple(_child(word) for word in CHILDREN[kind].split())


def _child(word: str) -> Child:
    mark = word[-1] if word[-1] in "?*+" else ""
    return Child(word.removesuffix(mark), mark not in ("?", "*"), mark in ("*", "+"))


def type_of(name: str, within: str) -> str:
    """The type of the element `name` inside one of type `within`; empty for plain text."""
    return PLAIN_WITHIN.get((within, name), TYPES.get(name, ""))
