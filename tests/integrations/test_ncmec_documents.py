"""What is written for NCMEC: in order, whole and true; by its schema where that is at hand."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from heed.instance.place import ROOT
from heed.integrations.ncmec import mapping, schema, structure, writer
from heed.integrations.ncmec.schema import NotASchema
from heed.integrations.ncmec.writer import NotWritable, With
from heed.rules.tips import checks, quality
from heed.rules.tips.document import (
    Address,
    Capture,
    Document,
    FileFacts,
    Guardian,
    Kind,
    Operator,
    Suspect,
    Victim,
    frozen,
    thawed,
)

AT = datetime(2026, 1, 21, 14, 3, tzinfo=UTC)
NOW = datetime(2026, 1, 22, tzinfo=UTC)
CAPTURE = Capture(ip="192.0.2.10", port=51234, at=AT)
OPERATOR = Operator(
    name="Town Square Ltd.",
    address=Address(lines="1 Square", city="Springfield", state="IL", zip_code="62701",
                    country="US"),
    phone="+1 217 555 0100", fax="+1 217 555 0101", email="safety@square.example",
    first_name="Rae", last_name="Desk", legal_process="Write to legal@square.example.",
    terms="No sexual content of anyone under 18.", legal_url="https://square.example/legal",
)  # fmt: skip
FILE = FileFacts(
    file_id="f", sha256="ab" * 32, md5="cd" * 16, pdq=("0f" * 32,), name="clip.mp4",
    uploaded_at=AT, location="https://square.example/f/1", public=True, viewed=True,
    annotations=("viral", "self-produced"), classification="B1", capture=CAPTURE,
    notes=("A first note.", "A second."),
)  # fmt: skip
WHOLE = Document(
    kind=Kind.MATERIAL, case_ref="C-1", platform="Town Square", at=AT, at_means="Earliest upload.",
    operator=OPERATOR, urgent="It still spreads.", annotations=("sextortion", "spam"),
    urls=("https://square.example/p/1", "https://square.example/p/2"), spread="2 reshares.",
    agency="City police", agency_ref="2026-0117",
    suspects=(
        Suspect(account_ref="u-1", service="Town Square", screen_name="uri", captures=(CAPTURE,),
                profile_urls=("https://square.example/u/1",), closed_at=AT, earlier=("4564654",),
                note="Posted it first."),
    ),
    victims=(
        Victim(age=13, school="Example School", elsewhere="ghost99 on another app",
               guardian=Guardian(email="gil@example.org", confirmed_at=AT), earlier=("4564654",)),
        Victim(account_ref="u-2", service="Town Square", taken_over=True, screen_name="taken"),
        Victim(),
    ),
    words="They threaten to post more.", files=(FILE,), earlier=("4564654",),
)  # fmt: skip
LEAST = Document(
    kind=Kind.ENTICEMENT, case_ref="C-2", platform="", at=AT, at_means="",
    operator=Operator(email="safety@square.example"), words="Only words.",
)  # fmt: skip


def the_schema() -> bytes | None:
    shared = Path(os.environ.get("HEED_SHARED") or ROOT.parent / "shared")
    path = shared / "reference" / "ispws.xsd"
    return path.read_bytes() if path.exists() else None


def needs_schema(test: Any) -> Any:
    """NCMEC's schema is not ours to pass on: where it is not at hand there is no such test."""
    return test if the_schema() is not None else None


text = st.text(max_size=40)
captures = st.builds(
    Capture, ip=st.ip_addresses().map(str), port=st.none() | st.integers(1, 65_535), at=st.just(AT)
)
documents = st.builds(
    Document, kind=st.sampled_from(Kind), case_ref=text, platform=text, at=st.just(AT),
    at_means=text, operator=st.just(OPERATOR), urgent=text, urls=st.just(WHOLE.urls) | st.just(()),
    annotations=st.lists(st.sampled_from(sorted(checks.ANNOTATIONS)), unique=True).map(tuple),
    spread=text, agency=st.just("City police"), agency_ref=text, words=text,
    suspects=st.lists(st.builds(Suspect, account_ref=text, screen_name=text, note=text,
                                elsewhere=st.booleans(), captures=st.tuples(captures)),
                      max_size=1).map(tuple),
    victims=st.lists(st.builds(Victim, age=st.none() | st.integers(0, 150), school=text,
                               first_name=text, note=text, elsewhere=text,
                               captures=st.tuples(captures)), max_size=2).map(tuple),
)  # fmt: skip
files = st.builds(
    FileFacts, file_id=text, sha256=st.just("ab" * 32), name=text, public=st.none() | st.booleans(),
    viewed=st.booleans(), exif_viewed=st.booleans(), notes=st.lists(text, max_size=2).map(tuple),
    annotations=st.lists(st.sampled_from(sorted(checks.FILE_ANNOTATIONS)), unique=True).map(tuple),
    classification=st.sampled_from(["", *checks.CLASSES]), capture=st.none() | captures,
)  # fmt: skip


@given(documents, files)
def test_whatever_is_written_fits_our_own_table_of_fields(
    document: Document, file: FileFacts
) -> None:
    assert structure.faults(mapping.report(document)) == []
    assert structure.faults(mapping.file_details("1", "0" * 32, file)) == []
    assert thawed(frozen(replace(document, files=(file,)))) == replace(document, files=(file,))


@needs_schema
@given(documents, files)
def test_whatever_is_written_fits_the_schema(document: Document, file: FileFacts) -> None:
    known = _compiled()
    for written in (mapping.report(document), mapping.file_details("1", "0" * 32, file)):
        assert known.validate(structure.parsed(written)), known.error_log


_SCHEMA: list[etree.XMLSchema] = []


def _compiled() -> etree.XMLSchema:
    if not _SCHEMA:
        _SCHEMA.append(schema.compiled(the_schema() or b""))
    return _SCHEMA[0]


@pytest.mark.parametrize("document", [WHOLE, LEAST], ids=["all of it", "the least"])
def test_the_whole_and_the_least_fit(document: Document) -> None:
    assert checks.faults(document, now=NOW) == []
    assert schema.faults(mapping.report(document), the_schema()) == []
    assert structure.faults(mapping.report(document)) == []


def told(document: Document, path: str) -> list[str | None]:
    return [one.text for one in structure.parsed(mapping.report(document)).findall(path)]


def test_everything_that_the_case_knows_is_in_it() -> None:
    assert told(WHOLE, "lawEnforcement/caseNumber") == ["2026-0117"]
    assert told(WHOLE, "victim/victimPerson/age") == ["13"]
    assert told(WHOLE, "victim/schoolName") == ["Example School"]
    assert told(WHOLE, "victim/associatedAccount[@type='Parent/Guardian']/email") == [
        "gil@example.org"
    ]
    assert told(WHOLE, "personOrUserReported/ipCaptureEvent/port") == ["51234"]
    assert told(WHOLE, "personOrUserReported/priorCTReports") == ["4564654"]
    assert told(WHOLE, "internetDetails/webPageIncident/url") == list(WHOLE.urls)
    root = structure.parsed(mapping.report(WHOLE))
    assert root.find("incidentSummary/reportAnnotations/sextortion") is not None
    [email] = root.findall("victim/associatedAccount/email")
    assert (email.get("verified"), email.get("verificationDate")) == (
        "true",
        "2026-01-21T14:03:00Z",
    )


def test_a_file_says_what_was_viewed_and_carries_one_address() -> None:
    details = structure.parsed(mapping.file_details("7", "0" * 32, FILE))
    assert details.findtext("fileViewedByEsp") == "true"
    assert details.findtext("exifViewedByEsp") == "false"
    assert len(details.findall("ipCaptureEvent")) == 1
    assert {one.get("hashType") for one in details.findall("originalFileHash")} == {
        "SHA256", "MD5", "PDQ",
    }  # fmt: skip


# ------------------------------------------------------------------ what a schema can't hold

FAULTY = {
    "an incident in the future": replace(WHOLE, at=NOW + timedelta(seconds=1)),
    "a time without its zone": replace(WHOLE, at=AT.replace(tzinfo=None)),
    "no e-mail address of who files": replace(WHOLE, operator=replace(OPERATOR, email="")),
    "an urgency that says nothing": replace(WHOLE, urgent="  "),
    "an address with a space": replace(WHOLE, urls=("https://square.example/a b",)),
    "an address that is none": replace(WHOLE, urls=("square.example/p/1",)),
    "metadata viewed of a file that was not": replace(
        WHOLE, files=(replace(FILE, viewed=False, exif_viewed=True),)
    ),
    "a supplement that is classified": replace(WHOLE, files=(replace(FILE, supplemental=True),)),
    "a platform's name too long": replace(WHOLE, platform="x" * 257),
    "two suspects": replace(WHOLE, suspects=WHOLE.suspects * 2),
    "one account as suspect and victim": replace(WHOLE, victims=(Victim(account_ref="u-1"),)),
    "an age that nobody has": replace(WHOLE, victims=(Victim(age=151),)),
    "an earlier report that is no number": replace(
        WHOLE, suspects=(replace(WHOLE.suspects[0], earlier=("CT-1",)),)
    ),
    "an address on the network that is none": replace(
        WHOLE, files=(replace(FILE, capture=Capture(ip="300.1.1.1")),)
    ),
    "a port that is none": replace(
        WHOLE, suspects=(replace(WHOLE.suspects[0], captures=(replace(CAPTURE, port=0),)),)
    ),
    "a case number of nobody": replace(WHOLE, agency=""),
    "nothing at all": replace(LEAST, words=" "),
    "an annotation that is none": replace(WHOLE, annotations=("sextortion", "rude")),
    "an upload in the future": replace(
        WHOLE, files=(replace(FILE, uploaded_at=NOW + timedelta(days=1)),)
    ),
    "a state and another region": replace(
        WHOLE, operator=replace(OPERATOR, address=replace(OPERATOR.address, region="Bavaria"))
    ),
}


@pytest.mark.parametrize("document", FAULTY.values(), ids=FAULTY.keys())
def test_what_the_documentation_forbids_is_refused_with_field_and_remedy(
    document: Document,
) -> None:
    found = checks.faults(document, now=NOW)
    assert found and all(fault.field and fault.remedy for fault in found)


@needs_schema
def test_the_schema_alone_would_have_let_most_of_them_pass() -> None:
    refused = {"a case number of nobody", "an annotation that is none"}  # by the writer itself
    passed = [
        name
        for name, document in FAULTY.items()
        if name not in refused and not schema.faults(mapping.report(document), the_schema())
    ]
    assert {"an incident in the future", "an urgency that says nothing"} <= set(passed)


def test_what_is_missing_of_an_operator_is_named() -> None:
    assert checks.missing_of(OPERATOR) == []
    assert checks.missing_of(replace(OPERATOR, fax="")) == ["a fax number"]
    assert len(checks.missing_of(Operator())) == 8


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ((b"<agencyName>", b"<caseNumber>1</caseNumber><agencyName>"), "out of order"),
        ((b"<sextortion>true", b"<sextortion>false"), "left out"),
        ((b'type="Parent/Guardian"', b'accountType="Parent/Guardian"'), "no attribute"),
        ((b"2026-01-21T14:03:00Z</incident", b"2026-01-21T14:03:00</incident"), "zone"),
        ((b"<agencyName>City police</agencyName>", b""), "agencyName"),
        ((b"https://square.example/p/1<", b"https://square.example/p 1<"), "spaces"),
        ((b"<reporter>", b"<reporter><age>3</age>"), "no age"),
        ((b"<lawEnforcement>", b'<lawEnforcement fleaCountry="DE">'), "no attribute fleaCountry"),
    ],
)
def test_our_table_finds_the_common_mistakes(spoil: tuple[bytes, bytes], says: str) -> None:
    whole = mapping.report(WHOLE)
    assert spoil[0] in whole
    assert any(says in fault for fault in structure.faults(whole.replace(*spoil, 1)))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ((b"<nameValuePair>", b'<nameValuePair type="EXIF">'), "no attribute type"),
        ((b"<fileId>", b"<fileViewedByEsp>true</fileViewedByEsp><fileId>"), "out of order"),
        ((b' hashType="MD5"', b""), "needs the attribute hashType"),
        ((b"<viral>true", b"<viral>false"), "left out"),
    ],
)
def test_our_table_finds_the_common_mistakes_about_files(
    spoil: tuple[bytes, bytes], says: str
) -> None:
    pair = b'<details type="EXIF"><nameValuePair><name>a</name><value>b</value></nameValuePair>'
    whole = mapping.file_details("7", "0" * 32, replace(FILE, annotations=("viral",), notes=()))
    whole = whole.replace(b"</fileDetails>", pair + b"</details></fileDetails>")
    assert structure.faults(whole) == [] and spoil[0] in whole
    assert any(says in fault for fault in structure.faults(whole.replace(*spoil, 1)))


def test_two_addresses_in_one_file_are_found() -> None:
    details = mapping.file_details("7", "0" * 32, FILE)
    one = details[details.index(b"<ipCaptureEvent>") : details.index(b"</ipCaptureEvent>") + 17]
    twice = details.replace(one, one + one)
    assert any("ipCaptureEvent: 2" in fault for fault in structure.faults(twice))


def test_the_writer_orders_and_refuses_what_has_no_place() -> None:
    given = {"port": 1, "ipAddress": "::1"}
    assert [one.tag for one in writer.element("ipCaptureEvent", given, "")] == ["ipAddress", "port"]
    with pytest.raises(NotWritable, match="no colour"):
        writer.element("ipCaptureEvent", {"ipAddress": "::1", "colour": "red"}, "")
    with pytest.raises(NotWritable, match="ipAddress"):
        writer.element("ipCaptureEvent", {"port": 1}, "")
    with pytest.raises(NotWritable, match="2 given"):
        writer.element("ipCaptureEvent", {"ipAddress": ["::1", "::2"]}, "")
    assert writer.element("email", With("a@b.example", {"type": None}), "").attrib == {}


def test_a_time_is_written_in_utc_and_a_character_that_xml_lacks_is_marked() -> None:
    east = timezone(timedelta(hours=9))
    assert writer.text(AT.astimezone(east)) == "2026-01-21T14:03:00Z"
    assert writer.text("a\x00b\x0bc") == "a\ufffdb\ufffdc"


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(NotASchema):
        schema.compiled(b"<html>Log in</html>")
    with pytest.raises(NotASchema):
        schema.compiled(b"")


def test_a_document_reads_nothing_from_outside_itself() -> None:
    evil = b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><report>&e;</report>'
    assert b"root:" not in etree.tostring(structure.parsed(evil))


def test_the_meter_says_what_is_missing_and_falls_with_it() -> None:
    whole, least = quality.of(WHOLE), quality.of(LEAST)
    assert whole.percent == 100 and not whole.missing
    assert least.percent < 20
    assert least.missing[0].name.startswith("the files themselves")
    portless = replace(
        WHOLE,
        suspects=(replace(WHOLE.suspects[0], captures=(Capture(ip="::1"),)),),
        files=(replace(FILE, capture=None),),
    )
    assert [point.name for point in quality.of(portless).missing] == ["its port and time"]
