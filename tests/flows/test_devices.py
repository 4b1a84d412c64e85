"""A device is told that there is news while its holder wants it, and of nothing else."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from procrastinate.jobs import Job
from pytest_django import Settings

from heed.cases.models import Notice
from heed.flows.answer_notifiers import answer_notifiers
from heed.flows.decide_case import decide
from heed.flows.erase_contact import erase_contact
from heed.flows.keep_devices import (
    FROM_ONE_SOURCE,
    TooManyAdded,
    TooManyDevices,
    end_device,
    end_devices,
    keep_device,
)
from heed.flows.renew_link import recover, renew_link
from heed.flows.supplement_notice import supplement_notice
from heed.flows.take_up_restored import take_up_restored
from heed.flows.tell_devices import signs_as, tell_device
from heed.flows.withdraw_notice import withdraw_notice
from heed.flows.write_to_notifier import write_to_notifier
from heed.ids import mint
from heed.ledger.models import EntryBody
from heed.people import devices
from heed.people.models import Device
from heed.ports import PushBusy, PushRefused
from heed.rules.decisions import Ruling, Scope
from heed.rules.devices import MOST_DEVICES, NotAPushAddress
from heed.worker.jobs import RETRY
from tests.flows.stage import CHILD_CLAUSE, Stage, entries, picture, push_out, waiting
from tests.integrations.push_service import PushService, the_only_one
from tests.people import dana, gil

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(settings: Settings) -> Iterator[PushService]:
    with the_only_one(settings) as service:
        yield service


@pytest.fixture
def told_of(town: Stage) -> UUID:
    """A notice about a picture; the stage's clock is the real one, by which signatures end."""
    town.now = timezone.now()
    town.post("post", picture("one"))
    return town.hear(gil(town.url("post"))).notice_id


def keep(notice_id: UUID, address: str, town: Stage, source: str = "here") -> bool:
    return keep_device(notice_id=notice_id, address=address, source=source, now=town.now)


def write(notice_id: UUID, town: Stage) -> None:
    write_to_notifier(notice_id=notice_id, text="We look at it.", by=mint(), now=town.now)


def whys() -> list[str]:
    """Why devices were forgotten, as the log has it."""
    return [one["why"] for one in bodies("device.forgotten")]


def bodies(event: str) -> list[Any]:
    return [json.loads(one.body) for one in EntryBody.objects.filter(event=event)]


def test_a_decision_and_a_message_tell_every_device_once(
    town: Stage, told_of: UUID, service: PushService
) -> None:
    phone, tablet = service.device(), service.device()
    assert keep(told_of, phone, town)
    assert keep(told_of, tablet, town)
    assert not keep(told_of, tablet, town), "it is told already"
    assert "tell_device" not in waiting()
    write(told_of, town)
    write(told_of, town)
    assert waiting().count("tell_device") == 2, "one that waits is enough for each"
    assert push_out(town.now) == 2
    assert {one.told_at for one in devices.of(told_of)} == {town.now}
    rae, case = town.staff("Rae"), town.case(picture("one"))
    town.looks(rae, case)
    made = decide(
        case_id=case.id, ruling=Ruling.REMOVE, scope=Scope.FILE, clause=CHILD_CLAUSE,
        reasons="We looked at it.", by=rae.id, now=town.now,
    )  # fmt: skip
    answer_notifiers(decision_id=made.id, now=town.now)
    assert push_out(town.now) == 2
    tokens = [one.token for one in service.told]
    assert sorted(tokens) == sorted(2 * [one.rpartition("/")[2] for one in (phone, tablet)])
    assert (entries("device.added"), entries("device.forgotten")) == (2, 0)


def test_an_address_is_kept_sealed_and_nothing_about_it_is_in_the_log(
    town: Stage, told_of: UUID, service: PushService
) -> None:
    phone = service.device()
    keep(told_of, phone, town)
    kept = Device.objects.get()
    token = phone.rpartition("/")[2]
    assert token.encode() not in bytes(kept.address_sealed) + bytes(kept.blind_index)
    assert devices.address_of(kept) == phone
    assert bodies("device.added") == [{}]


def test_what_is_no_push_service_is_refused_and_nothing_is_kept(
    town: Stage, told_of: UUID, service: PushService
) -> None:
    for address in ("https://evil.example/x", f"{service.origin}@evil.example/x", "", "x" * 9_000):
        with pytest.raises(NotAPushAddress):
            keep(told_of, address, town)
    assert not Device.objects.exists()
    assert service.asked == 0


def test_a_notice_has_few_devices_and_a_source_adds_few_in_an_hour(
    town: Stage, told_of: UUID, service: PushService
) -> None:
    for _ in range(MOST_DEVICES):
        keep(told_of, service.device(), town)
    with pytest.raises(TooManyDevices):
        keep(told_of, service.device(), town)
    assert not keep(told_of, devices.address_of(Device.objects.all()[0]), town)
    for _ in range(FROM_ONE_SOURCE.most - MOST_DEVICES - 2):
        with pytest.raises(NotAPushAddress):
            keep(told_of, "https://evil.example/x", town)
    with pytest.raises(TooManyAdded) as later:
        keep(told_of, service.device(), town)
    assert timedelta() < later.value.wait <= timedelta(hours=1)
    end_devices(notice_id=told_of, now=town.now)
    assert keep(told_of, service.device(), town, source="elsewhere")


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_its_push_service_no_longer_knows_is_forgotten(
    town: Stage, told_of: UUID, service: PushService, status: int
) -> None:
    phone = service.device()
    keep(told_of, phone, town)
    service.answers_with(phone, status)
    write(told_of, town)
    push_out(town.now)
    assert not Device.objects.exists()
    assert whys() == ["gone"]
    assert not tell_device(device_id=mint(), now=town.now)


def test_a_busy_push_service_is_asked_again_when_it_says_and_a_refusal_waits_for_a_person(
    town: Stage, told_of: UUID, service: PushService
) -> None:
    phone = service.device()
    keep(told_of, phone, town)
    [kept] = devices.ids_of(told_of)
    service.answers_with(phone, 429, Retry_After="3600")
    with pytest.raises(PushBusy) as busy:
        tell_device(device_id=kept, now=town.now)
    assert span(busy.value) > timedelta(minutes=59)
    service.answers_with(phone, 500)
    with pytest.raises(PushBusy) as broken:
        tell_device(device_id=kept, now=town.now)
    assert timedelta() < span(broken.value) < timedelta(minutes=1)
    assert decided(broken.value, attempts=12) is None, "given up, and in sight"
    service.answers_with(phone, 403)
    with pytest.raises(PushRefused) as refused:
        tell_device(device_id=kept, now=town.now)
    assert decided(refused.value) is None, "given up at once, and in sight"
    assert [one.refused_for for one in devices.of(told_of)] == ["status 403"]
    assert tell_device(device_id=kept, now=town.now)
    assert devices.refused(devices.of(told_of)) == [], "it got through: nothing is wrong any more"


def decided(error: BaseException, attempts: int = 0) -> Any:
    """What the worker does after this error."""
    job = Job(
        id=1, queue="push", lock=None, queueing_lock=None, task_name="heed.tell_device",
        attempts=attempts,
    )  # fmt: skip
    return RETRY.get_retry_decision(exception=error, job=job)


def span(error: BaseException) -> timedelta:
    at = decided(error).retry_at
    assert at is not None
    return timedelta(seconds=(at - timezone.now()).total_seconds())


def test_this_device_ends_for_all_that_it_was_told_of_and_others_go_on(
    town: Stage, told_of: UUID, service: PushService
) -> None:
    other = town.hear(dana(town.url("post"))).notice_id
    phone, tablet = service.device(), service.device()
    for notice_id in (told_of, other):
        keep(notice_id, phone, town)
    keep(told_of, tablet, town)
    assert end_device(address=phone, now=town.now) == 2
    assert end_device(address=phone, now=town.now) == 0
    write(told_of, town)
    write(other, town)
    assert push_out(town.now) == 1
    assert [one.token for one in service.told] == [tablet.rpartition("/")[2]]


ENDS = {
    "asked": lambda notice_id, now: end_devices(notice_id=notice_id, now=now),
    "erased": lambda notice_id, now: erase_contact(notice_id=notice_id, now=now),
    "withdrawn": lambda notice_id, now: withdraw_notice(notice_id=notice_id, now=now),
    "renewed": lambda notice_id, now: renew_link(notice_id=notice_id, now=now),
    "silent": lambda notice_id, now: supplement_notice(
        notice_id=notice_id, said={"may_write": False}, now=now
    ),
}


@pytest.mark.parametrize("why", ENDS)
def test_what_ends_it_ends_it_for_every_device_of_the_whole_sending(
    town: Stage, told_of: UUID, service: PushService, why: str
) -> None:
    sibling = town.hear(gil(town.url("post"), words="The same sending.")).notice_id
    Notice.objects.filter(id__in=[told_of, sibling]).update(sending="one")
    keep(told_of, service.device(), town)
    keep(sibling, service.device(), town)
    assert Device.objects.count() == 4, "both are told of both"
    write(told_of, town)
    ENDS[why](told_of, town.now)
    assert not Device.objects.exists()
    assert whys() == [why, why]
    push_out(town.now)
    assert service.told == [], "what waited tells nobody"
    assert keep(told_of, service.device(), town), "and it can be asked for anew"


def test_after_a_restore_nobody_is_told_who_may_have_ended_it_since(
    town: Stage, told_of: UUID, service: PushService
) -> None:
    keep(told_of, service.device(), town)
    take_up_restored(backup_made_at=town.now, now=town.now)
    assert not Device.objects.exists()
    assert whys() == ["restored"]


def test_who_comes_back_by_number_and_words_keeps_the_devices(
    town: Stage, service: PushService
) -> None:
    town.post("post", picture("one"))
    heard = town.hear(gil(town.url("post")))
    keep(heard.notice_id, service.device(), town)
    assert recover(number=heard.number, words=heard.recovery_code, now=town.now)
    assert len(devices.ids_of(heard.notice_id)) == 1


def test_no_page_offers_it_where_no_push_service_is_named(settings: Settings) -> None:
    assert signs_as()
    settings.HEED_PUSH_SERVICES = []
    assert signs_as() == ""
