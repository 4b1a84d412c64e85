"""The case file: whole, true, checkable by anybody, and silent about everybody else."""

import json
import os
import re
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from heed.cases.models import Notice
from heed.filings import case_file_pdf, case_file_words
from heed.filings.models import CaseFile, Tip
from heed.filings.queries import told_authorities
from heed.flows.answer_back import answer_back, it_is_back
from heed.flows.confirm_contact import confirm_contact
from heed.flows.make_case_file import ask_for_case_file, forget_case_files, make_case_file
from heed.flows.open_appeal import appeal_as_notifier
from heed.flows.seal_ledger import seal_ledger
from heed.flows.supplement_notice import supplement_notice
from heed.flows.write_to_notifier import write_to_notifier
from heed.ledger import queries as ledger
from heed.ledger.verify import NotVerified
from heed.ledger.verify_case_file import CaseFileFalse, PdfFalse, verify_case_file
from heed.ledger.verify_cli import verify_command
from heed.media.models import Item
from heed.rules.claims import Category
from tests.flows.stage import Stage, picture
from tests.people import gil, somebody

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parents[1] / "golden"
RENEW = "If the change is meant: RENEW_GOLDEN=1 pytest tests/flows/test_case_file.py, and review it"


@pytest.fixture
def heard(town: Stage) -> Any:
    """All that can happen to a mother's notice: words, copies, an answer, another look."""
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.post("p1", picture("one"), views=40)
    town.post("secret-place", picture("one"), views=160)
    said = gil(town.url("p1"), email="gil@example.org", category=Category.MINOR_SEXUAL)
    heard = town.hear(said)
    town.hear(somebody(town.url("p1"), category=Category.MINOR_SEXUAL, words="a stranger's words"))
    supplement_notice(notice_id=heard.notice_id, said={"police_reference": "K-77/26"}, now=town.now)
    Item.objects.filter(ref="secret-place").update(views=1_160)
    town.later(timedelta(hours=1))
    write_to_notifier(
        notice_id=heard.notice_id, text="", letter="is-it-you", by=rae.id, now=town.now
    )
    answer_back(notice_id=heard.notice_id, text="It is my son. 😀", now=town.now)
    town.later(timedelta(hours=1))
    town.keep(town.case(picture("one")), rae, sam, reasons="It shows a statue.")
    town.later(timedelta(hours=1))
    appeal_as_notifier(notice_id=heard.notice_id, text="It is him", now=town.now)
    it_is_back(notice_id=heard.notice_id, urls=[], text="", now=town.now)
    town.work()
    seal_ledger(now=town.now)
    return heard


def made(town: Stage, heard: Any, language: str = "en") -> tuple[dict[str, Any], bytes]:
    ask_for_case_file(notice_id=heard.notice_id, language=language, now=town.now)
    ask_for_case_file(notice_id=heard.notice_id, language=language, now=town.now)
    town.work()
    file = CaseFile.objects.get(notice_id=heard.notice_id)
    assert not make_case_file(file_id=file.id, now=town.now)
    assert file.pdf is not None
    return json.loads(file.document), bytes(file.pdf)


def key() -> str:
    return ledger.vkeys()[0]


def test_it_holds_what_happened_and_verifies_without_us(
    town: Stage, heard: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, pdf = made(town, heard)
    json_at, pdf_at = tmp_path / "case-file.json", tmp_path / "case-file.pdf"
    json_at.write_text(CaseFile.objects.get(notice_id=heard.notice_id).document)
    pdf_at.write_bytes(pdf)
    assert verify_command(json_at, key(), False, pdf=pdf_at) == 0
    assert "this case file is genuine" in capsys.readouterr().out
    pdf_at.write_bytes(pdf + b" ")
    assert verify_command(json_at, key(), False, pdf=pdf_at) == 1
    assert "PdfFalse" in capsys.readouterr().out
    findings = verify_case_file(document, key(), pdf)
    assert any("word for word" in finding for finding in findings)
    assert any("one named item was restricted" in finding for finding in findings)
    [notice] = document["file"]["notices"]
    assert notice["views"] == {"before_we_knew": 200, "since": 1_000}
    assert notice["copies"]["found"] == 1
    assert [one["ruling"] for one in notice["answers"]] == ["keep"]
    assert {entry["event"] for entry in document["file"]["entries"]} >= {
        "notice.received", "triage.made", "copies.restricted", "answer.sent", "appeal.opened",
    }  # fmt: skip
    assert all("proof" in entry for entry in document["file"]["entries"])
    held = notice["places"][0]["held"]
    assert [one["level"] for one in held] == ["hidden"]
    assert held[0]["until_at"] is not None
    assert pdf.startswith(b"%PDF-")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"case-file.json" in pdf


def test_it_names_no_copy_nobody_else_and_no_police_and_is_forgotten_after_a_day(
    town: Stage, heard: Any
) -> None:
    document, pdf = made(town, heard)
    for told in (json.dumps(document), pdf.decode("latin-1")):
        for silent in ("secret-place", "stranger", "gil@example.org", "K-77", "police_reference"):
            assert silent not in told
    assert forget_case_files(now=town.now + timedelta(hours=23)) == 0
    assert forget_case_files(now=town.now + timedelta(hours=25)) == 1
    made(town, heard)


def test_a_confirmed_guardian_reads_of_police_and_authorities_too(town: Stage, heard: Any) -> None:
    notice = Notice.objects.get(id=heard.notice_id)
    Tip.objects.create(
        platform_id=town.platform_id, case_id=town.case(picture("one")).id, authority="ncmec",
        state=Tip.State.FINISHED, document={}, prepared_by=town.platform_id, report_ref="4711-SAID",
        prepared_at=town.now, finished_at=town.now,
    )  # fmt: skip
    assert told_authorities(notice) == ()
    assert confirm_contact(number=heard.number, code=heard.contact_code, now=town.now)
    assert [one.authority for one in told_authorities(notice)] == ["ncmec"]
    document, _ = made(town, heard)
    assert document["file"]["notices"][0]["authorities_told"][0]["authority"] == "ncmec"
    assert "4711-SAID" not in json.dumps(document)
    assert document["file"]["notices"][0]["police_reference"] == "K-77/26"
    assert "K-77/26" in json.dumps(document["file"]["notices"][0]["added"])


def _changed(document: dict[str, Any], way: str) -> dict[str, Any]:
    other = deepcopy(document)
    match way:
        case "a word":
            other["file"]["notices"][0]["messages"][0]["text"] = "something else"
        case "a time":
            other["file"]["notices"][0]["received_at"] = "2020-01-01T00:00:00.000000Z"
        case "left out":
            other["file"]["entries"].pop()
        case "the pdf's mark":
            other["pdf"]["sha256"] = "0" * 64
    return other


def test_whatever_is_changed_is_noticed_and_the_form_changes_only_on_purpose(
    town: Stage, heard: Any
) -> None:
    document, pdf = made(town, heard)
    for way in ("a word", "a time", "left out", "the pdf's mark"):
        with pytest.raises(CaseFileFalse):
            verify_case_file(_changed(document, way), key())
    with pytest.raises(PdfFalse):
        verify_case_file(document, key(), pdf + b" ")
    with pytest.raises(NotVerified):
        verify_case_file({"heed_case_file": 1}, key())
    for name, now in (("case_file.json", _structure(document)), ("case_file.md", _words(document))):
        path = GOLDEN / name
        if os.environ.get("RENEW_GOLDEN"):
            path.write_text(now, encoding="utf-8")
        assert now == path.read_text(encoding="utf-8"), RENEW
    bare = {name: value for name, value in document.items() if name != "pdf"}
    with translation.override("en"):
        assert case_file_pdf.made(bare, language="en") == pdf


def test_a_machine_without_fonts_prints_boxes_and_never_nothing(
    town: Stage, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, tried = case_file_pdf._compiled, []

    def first_fails(told: Any, document: str) -> bytes:
        tried.append(json.dumps(told, ensure_ascii=False))
        if len(tried) == 1:
            raise case_file_pdf.typst.TypstError("could not be displayed")
        return compiled(told, document)

    monkeypatch.setattr(case_file_pdf, "_compiled", first_fails)
    _, pdf = made(town, heard)
    assert pdf.startswith(b"%PDF-")
    assert "😀" in tried[0] and "😀" not in tried[1] and case_file_pdf.BOX in tried[1]


# ------------------------------------------------------------------ golden files

_RANDOM = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"[0-9a-f]{32,}", "<hex>"),
    (r"\u2014 [^\"]*", "<signature>"),
    (r"\b([HC])-[0-9A-Z]{4}-[0-9A-Z]{4}", r"\1-0000-0000"),
    (r'"key_id": "[0-9a-f]{8}"', '"key_id": "<key>"'),
    (r"\(key [0-9a-f]{8}\)", "(key <key>)"),
    (r'"checkpoint": "[^"]*"', '"checkpoint": "<note>"'),
    (r'"index": [0-9]+', '"index": 0'),
    (r"([Ee])ntry [0-9]+", r"\1ntry <n>"),
)


def _settled(text: str) -> str:
    for pattern, instead in _RANDOM:
        text = re.sub(pattern, instead, text)
    return text


def _structure(document: dict[str, Any]) -> str:
    file = deepcopy(document)
    for entry in file["file"]["entries"]:
        entry["proof"]["hashes"] = ["..."]
    for notice in file["file"]["notices"]:
        notice["receipt"]["proof"]["hashes"] = ["..."]
    return _settled(json.dumps(file, indent=1, ensure_ascii=False, sort_keys=True)) + "\n"


def _words(document: dict[str, Any]) -> str:
    with translation.override("en"):
        told = case_file_words.told(document["file"])
    lines = [f"# {told['title']}", told["footer"]]
    for section in told["sections"]:
        lines += ["", f"{'#' * section['level']} {section['title']}", *section["words"]]
        lines += [f"- {name}: {value}" for name, value in section["rows"]]
    return _settled("\n".join(lines)) + "\n"


CUT = "This is cut here."


def printed(monkeypatch: pytest.MonkeyPatch, document: Any) -> list[str]:
    """All that a case file prints."""
    told: list[Any] = []
    monkeypatch.setattr(case_file_pdf, "_compiled", lambda laid, _: told.append(laid) or b"%PDF-")
    case_file_pdf.made(document, language="en")
    sections = told[0]["sections"]
    return [text for one in sections for text in (*one["words"], *(row[1] for row in one["rows"]))]


@pytest.mark.parametrize("a_word", ["help me ", "a\n"])
def test_a_notice_as_long_as_books_is_printed_in_part_and_attached_whole(
    town: Stage, heard: Any, monkeypatch: pytest.MonkeyPatch, a_word: str
) -> None:
    """Else it would be laid out for minutes, in more memory than a small machine has."""
    document, _ = made(town, heard)
    assert not any(CUT in text for text in printed(monkeypatch, document))
    [notice] = document["file"]["notices"]
    notice["said"]["words"] = a_word * 1_000_000
    alone = printed(monkeypatch, document)
    assert sum(CUT in text for text in alone) == 1
    assert any("heed verify" in text for text in alone) and "It shows a statue." in str(alone)
    message = {"at": notice["received_at"], "from": "you", "text": a_word * 2_000}
    notice["messages"] = [message] * 10_000
    for texts in (alone, printed(monkeypatch, document)):
        assert sum(len(text) + 50 * text.count("\n") for text in texts) < 700_000
        assert sum(map(len, texts)) > 1_000
    assert any("heed verify" in text for text in printed(monkeypatch, document))


def test_a_newer_case_file_takes_the_place_of_the_one_before(town: Stage, heard: Any) -> None:
    made(town, heard)
    first = CaseFile.objects.get(notice_id=heard.notice_id)
    made(town, heard)
    assert CaseFile.objects.get(notice_id=heard.notice_id).id != first.id
