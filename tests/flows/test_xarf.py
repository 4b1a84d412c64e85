"""exchange_xarf: a message is a notice without its media; an adult's case can't be said in it."""

from typing import Any
from uuid import uuid4

import pytest

from heed.cases.models import Notice
from heed.flows.exchange_xarf import NothingToTell, NotOurs, take_in, tell_on
from heed.rules.decisions import Ruling
from heed.rules.xarf import NotSayable, NotXarf, read
from tests.flows.stage import Stage, picture
from tests.people import gil

WHO = {"org": "Hotline", "contact": "abuse@hotline.example", "domain": "hotline.example"}


def message(url: str, **more: Any) -> dict[str, Any]:
    return {
        "xarf_version": "4.2.0",
        "report_id": str(uuid4()),
        "timestamp": "2026-06-01T12:00:00Z",
        "reporter": WHO,
        "sender": WHO,
        "source_identifier": url,
        "category": "content",
        "type": "csam",
        "classification": "A1",
        "detection_method": "hash_match",
        "url": url,
        "evidence": [{"content_type": "image/jpeg", "payload": "c2VjcmV0"}],
        **more,
    }


def test_a_message_protects_as_a_notice_does_and_its_media_is_dropped_unread(town: Stage) -> None:
    town.post("a", picture("one"))
    heard = take_in(message=message(town.url("a")), now=town.now)
    town.work()
    assert town.seen("a") == ["hidden"]
    notice = Notice.objects.get(number=heard.number)
    assert notice.door == "xarf" and not notice.verified_channel
    assert "c2VjcmV0" not in str(notice.verbatim) and notice.verbatim["evidence_dropped"] == 1
    with pytest.raises(NotOurs):
        take_in(message=message("https://elsewhere.example/x"), now=town.now)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"xarf_version": "3.0"}, "xarf_version"),
        ({"report_id": "7"}, "report_id"),
        ({"category": "messaging"}, "category"),
        ({"reporter": {}}, "reporter.domain"),
        ({"url": ""}, "url"),
    ],
)
def test_what_is_wrong_with_a_message_is_named(change: dict[str, Any], names: str) -> None:
    with pytest.raises(NotXarf, match=names):
        read(message("https://town.example/a") | change)


def test_what_goes_out_is_addresses_and_hashes_and_never_an_adults_case(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    town.hear(gil(town.url("a")))
    case = town.case(one)
    with pytest.raises(NothingToTell):
        tell_on(number=case.number, contact="abuse@town.example", now=town.now)
    town.decide(case, Ruling.REMOVE, town.staff("Rae"))
    (told,) = tell_on(number=case.number, contact="abuse@town.example", now=town.now)
    assert told["type"] in ("csam", "csem") and told["url"] == town.url("a")
    assert "evidence" not in told and "ncmec_report_id" not in told
    assert read(told).urls == (town.url("a"),)
    type(case).objects.filter(id=case.id).update(category="intimate_image", about_child=False)
    with pytest.raises(NotSayable):
        tell_on(number=case.number, contact="abuse@town.example", now=town.now)
