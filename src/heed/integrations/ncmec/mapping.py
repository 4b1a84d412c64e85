"""From a tip in our words to NCMEC's. Pure."""

from typing import Any

from heed.integrations.ncmec import writer
from heed.integrations.ncmec.writer import With
from heed.rules.tips.document import (
    Address,
    Capture,
    Document,
    FileFacts,
    Kind,
    Operator,
    Suspect,
    Victim,
)

_KINDS = {
    Kind.MATERIAL: "Child Pornography (possession, manufacture, and distribution)",
    Kind.ENTICEMENT: "Online Enticement of Children for Sexual Acts",
    Kind.TRAFFICKING: "Child Sex Trafficking",
    Kind.UNSOLICITED: "Unsolicited Obscene Material Sent to a Child",
}
_ANNOTATIONS = {
    "sextortion": "sextortion",
    "solicitation": "csamSolicitation",
    "minor-to-minor": "minorToMinorInteraction",
    "spam": "spam",
    "sadistic": "sadisticOnlineExploitation",
}
_FILE_ANNOTATIONS = {
    "drawing": "animeDrawingVirtualHentai",
    "meme": "potentialMeme",
    "viral": "viral",
    "self-produced": "possibleSelfProduction",
    "physical-harm": "physicalHarm",
    "violence": "violenceGore",
    "bestiality": "bestiality",
    "live-stream": "liveStreaming",
    "infant": "infant",
    "generated": "generativeAi",
}


def report(document: Document) -> bytes:
    """The `<report>` that opens a CyberTip."""
    return writer.document(
        "report",
        {
            "incidentSummary": _summary(document),
            "internetDetails": _places(document),
            "lawEnforcement": {
                "agencyName": document.agency,
                "caseNumber": document.agency_ref,
                "reportedToLe": False if document.agency else None,
            },
            "reporter": _reporter(document.operator),
            "personOrUserReported": [_suspect(one) for one in document.suspects],
            "victim": [_victim(one) for one in document.victims],
            "additionalInfo": _more(document),
        },
    )


def _summary(document: Document) -> dict[str, Any]:
    return {
        "incidentType": _KINDS[document.kind],
        "platform": document.platform,
        "escalateToHighPriority": document.urgent,
        "reportAnnotations": {_ANNOTATIONS[name]: True for name in document.annotations},
        "incidentDateTime": document.at,
        "incidentDateTimeDescription": document.at_means,
    }


def _places(document: Document) -> dict[str, Any] | None:
    if not document.urls:
        return None
    told = {"url": list(document.urls), "additionalInfo": document.spread}
    return {"webPageIncident": With(told, {"thirdPartyHostedContent": False})}


def _more(document: Document) -> str:
    earlier = ", ".join(document.earlier)
    parts = [
        f"Case {document.case_ref} on this service.",
        f"This adds to CyberTip {earlier}." if earlier else "",
        document.words,
        "" if document.urls else document.spread,
    ]
    return "\n\n".join(part for part in parts if part)


def _reporter(operator: Operator) -> dict[str, Any]:
    person = {
        "firstName": operator.first_name,
        "lastName": operator.last_name,
        "phone": _phones(operator),
        "email": With(operator.email, {"type": "Work"}),
        "address": _address(operator.address),
    }
    return {
        "reportingPerson": person,
        "companyTemplate": "\n".join(one for one in (operator.name, operator.legal_process) if one),
        "termsOfService": operator.terms,
        "legalURL": operator.legal_url,
    }


def _phones(operator: Operator) -> list[With]:
    numbers = ((operator.phone, "Work"), (operator.fax, "Fax"))
    return [With(number, {"type": kind}) for number, kind in numbers if number]


def _address(address: Address) -> With:
    told = {
        "address": address.lines,
        "city": address.city,
        "zipCode": address.zip_code,
        "state": address.state,
        "nonUsaState": address.region,
        "country": address.country,
    }
    return With(told, {"type": "Business"})


def _suspect(suspect: Suspect) -> dict[str, Any]:
    closed = {"disabledDate": suspect.closed_at, "userNotified": False}
    return {
        "espIdentifier": suspect.account_ref,
        "espService": suspect.service,
        "screenName": suspect.screen_name,
        "profileUrl": list(suspect.profile_urls),
        "ipCaptureEvent": [_capture(one) for one in suspect.captures],
        "thirdPartyUserReported": True if suspect.elsewhere else None,
        "priorCTReports": list(suspect.earlier),
        "accountPermanentlyDisabled": With(True, closed) if suspect.closed_at else None,
        "additionalInfo": suspect.note,
    }


def _victim(victim: Victim) -> dict[str, Any]:
    person = {"firstName": victim.first_name, "lastName": victim.last_name, "age": victim.age}
    return {
        "victimPerson": With(person) if any(_said(person)) else _Unnamed(),
        "espIdentifier": victim.account_ref,
        "espService": victim.service if victim.account_ref else None,
        "compromisedAccount": True if victim.taken_over else None,
        "screenName": victim.screen_name,
        "ipCaptureEvent": [_capture(one) for one in victim.captures],
        "schoolName": victim.school,
        "priorCTReports": list(victim.earlier),
        "associatedAccount": _accounts(victim),
        "additionalInfo": victim.note,
    }


def _said(values: dict[str, Any]) -> list[Any]:
    return [one for one in values.values() if one not in (None, "")]


class _Unnamed(dict[str, Any]):
    """A child of whom nothing is known but that there is one: an element, and empty."""

    def values(self) -> Any:
        """Never counts as left out."""
        return [True]


def _accounts(victim: Victim) -> list[With]:
    found = []
    if victim.guardian is not None:
        confirmed = victim.guardian.confirmed_at
        marks = {"verified": confirmed is not None, "verificationDate": confirmed}
        found.append(
            With({"email": With(victim.guardian.email, marks)}, {"type": "Parent/Guardian"})
        )
    if victim.elsewhere:
        note = f"Named by the notifier as the account from which it came: {victim.elsewhere}"
        found.append(With({"additionalInfo": note}, {"type": "Other"}))
    return found


def _capture(capture: Capture) -> dict[str, Any]:
    return {
        "ipAddress": capture.ip,
        "eventName": "Upload",
        "dateTime": capture.at,
        "port": capture.port,
    }


def file_details(report_ref: str, file_ref: str, file: FileFacts) -> bytes:
    """The `<fileDetails>` of one file that was uploaded. At most one address is sent of each."""
    hashes = [("SHA256", file.sha256), ("MD5", file.md5), *(("PDQ", one) for one in file.pdq)]
    return writer.document(
        "fileDetails",
        {
            "reportId": report_ref,
            "fileId": file_ref,
            "originalFileName": file.name,
            "uploadedToEspTimestamp": file.uploaded_at,
            "locationOfFile": file.location,
            "fileViewedByEsp": None if file.ours else file.viewed,
            "exifViewedByEsp": None if file.ours else file.exif_viewed,
            "publiclyAvailable": file.public,
            "fileRelevance": "Supplemental Reported" if file.supplemental else "Reported",
            "fileAnnotations": {_FILE_ANNOTATIONS[name]: True for name in file.annotations},
            "industryClassification": file.classification,
            "originalFileHash": [
                With(value, {"hashType": kind}) for kind, value in hashes if value
            ],
            "ipCaptureEvent": _capture(file.capture) if file.capture else None,
            "additionalInfo": list(file.notes),
        },
    )
