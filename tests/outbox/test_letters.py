"""Anything else that a platform is told: once, or until it is given up on in sight."""

from uuid import UUID

import pytest

from heed.outbox import queries, services
from heed.outbox.models import Letter
from tests.outbox.helpers import NOON, PLATFORM, SECOND

pytestmark = pytest.mark.django_db


def tell(key: str = "k") -> UUID:
    return services.tell("statement.issued", {"item": "a"}, key=key, platform_id=PLATFORM, now=NOON)


def test_the_same_key_is_one_letter() -> None:
    assert tell() == tell()
    assert tell("other") != tell()
    assert Letter.objects.count() == 2


def test_a_letter_is_in_one_pair_of_hands_and_sent_once() -> None:
    tell()
    letter = services.claim_letter(PLATFORM, now=NOON)
    assert letter is not None
    assert (letter.kind, letter.payload) == ("statement.issued", {"item": "a"})
    assert services.claim_letter(PLATFORM, now=NOON) is None
    services.record_sent(letter, now=NOON)
    assert services.claim_letter(PLATFORM, now=NOON + services.LEASE) is None
    assert Letter.objects.get().sent_at == NOON


def test_a_letter_of_a_killed_deliverer_is_claimed_again() -> None:
    tell()
    lost = services.claim_letter(PLATFORM, now=NOON)
    again = services.claim_letter(PLATFORM, now=NOON + services.LEASE)
    assert lost is not None
    assert again is not None
    assert lost.id == again.id
    services.record_unsent(lost, "timed_out", now=NOON)  # no longer its to put off
    assert Letter.objects.get().attempts == 0


def test_an_unsent_letter_is_tried_again_and_at_last_given_up_in_sight() -> None:
    tell()
    now = NOON
    while (due := Letter.objects.get().due_at) is not None:
        now = due
        letter = services.claim_letter(PLATFORM, now=now)
        assert letter is not None
        services.record_unsent(letter, "status_500", now=now)
    assert [dead.last_error for dead in queries.dead_letters(PLATFORM)] == ["status_500"]
    assert queries.counts(now=now).letters_dead == 1
    assert services.revive_letters([Letter.objects.get().id], now=now) == 1
    assert queries.due_platforms(now=now + SECOND) == [PLATFORM]
