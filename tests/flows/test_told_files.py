"""What a platform only tells of a file counts on that platform alone, until somebody sends it."""

import hashlib

import pytest

from examples import pictures
from heed.flows.check_upload import check_bytes, check_signals
from heed.media.models import BankSignal, File
from heed.media.services import FileIn
from heed.rules.gate import Verdict
from tests.flows.stage import Stage, picture
from tests.people import gil

pytestmark = pytest.mark.usefixtures("decoder")
ONE = picture("one")


def told(data: bytes, look: FileIn) -> FileIn:
    """The hash of real bytes, with a look that somebody made up."""
    return FileIn(sha256=hashlib.sha256(data).digest(), pdq=look.pdq, pdq_quality=100)


def test_no_platform_can_say_for_another_what_a_file_looks_like(town: Stage) -> None:
    other = Stage("other", "https://other.example")
    data = pictures.picture(7)
    other.post("liar", told(data, ONE))  # "these bytes look like that picture"
    town.post("post", ONE)
    town.post("harmless", told(data, picture("a view")))
    town.hear(gil(town.url("post")))
    assert town.seen("post", "harmless") == ["hidden", "visible"]
    asked = told(data, picture("a view"))
    checked = check_signals(platform_id=town.platform_id, signals=asked, now=town.now)
    assert checked.verdict is Verdict.ALLOW


def test_bytes_win_over_what_every_platform_told_of_them(town: Stage) -> None:
    other = Stage("other", "https://other.example")
    data = pictures.picture(7)
    for stage in (town, other):
        stage.post("liar", told(data, ONE))
    check_bytes(platform_id=town.platform_id, data=data, now=town.now)
    assert File.objects.exclude(state=File.State.HASHED).count() == 0
    copy = pictures.altered(data, "quality")
    theirs = check_bytes(platform_id=other.platform_id, data=copy, now=other.now)
    for stage in (town, other):
        stage.post("copy", FileIn(sha256=theirs.sha256))
        stage.hear(gil(stage.url("liar")))
        assert stage.seen("liar", "copy") == ["hidden", "hidden"]


def test_a_signal_that_two_cases_banked_stays_when_one_of_them_is_let_stand(town: Stage) -> None:
    twin = FileIn(sha256=hashlib.sha256(b"twin").digest(), pdq=ONE.pdq, pdq_quality=100)
    town.post("a", ONE)
    town.post("b", twin)
    rae, sam = town.staff("Rae"), town.staff("Sam")
    for ref, file in (("a", ONE), ("b", twin)):
        town.hear(gil(town.url(ref)))
        town.remove(town.case(file), rae)
    case = town.case(twin)
    town.hear(gil(town.url("b"), words="He was 12.", stated_age=12))
    town.keep(case, rae, sam)
    held = BankSignal.objects.filter(type="pdq", withdrawn_at=None, bank__case_id=None)
    assert [one.case_id for one in held] == [town.case(ONE).id]
