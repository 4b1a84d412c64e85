"""After a restore, Heed does not sign a second version of the past."""

import json
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from heed.ledger import keys, outside, queries, services, signing
from heed.ledger.audit import verify_log
from heed.ledger.models import Checkpoint, Entry, EntryBody, Origin, Place, Waiting

pytestmark = pytest.mark.django_db
NEXT = "heed.example/log-2"


def grow(now: datetime, count: int) -> None:
    for number in range(count):
        services.enter("case.opened", subject="case:1", body={"n": number}, at=now)
    services.sequence(now=now)


def restore_backup_of(size: int) -> None:
    """What the tables held when the log had this size."""
    lost = list(Place.objects.filter(index__gte=size).values_list("entry_id", flat=True))
    Checkpoint.objects.filter(size__gt=size).delete()
    Place.objects.filter(index__gte=size).delete()
    EntryBody.objects.filter(entry_id__in=lost).delete()
    Waiting.objects.filter(entry_id__in=lost).delete()
    Entry.objects.filter(id__in=lost).delete()


def test_a_restored_old_backup_is_not_signed_for_until_a_new_log_is_declared(
    now: datetime,
) -> None:
    grow(now, 3)
    grow(now, 4)
    restore_backup_of(3)
    with pytest.raises(services.LogIsBehind):
        signing.check_now()
    services.enter("case.opened", subject="case:2", body={}, at=now)
    with pytest.raises(services.LogIsBehind, match="7 entries were signed, the database has 3"):
        services.sequence(now=now)
    assert queries.published_size() == 3
    services.declare_origin(NEXT, now)
    assert queries.size() == 5  # what was restored, what waited, and the declaration
    grow(now, 1)
    signing.check_now()
    assert verify_log(queries.DatabaseLog()).findings == []


def test_a_new_log_says_what_was_known_of_the_old_one(now: datetime) -> None:
    grow(now, 2)
    grow(now, 2)
    restore_backup_of(2)
    services.declare_origin(NEXT, now)
    told = json.loads(EntryBody.objects.get(event="origin.declared").body)
    assert told["former"] == "heed.example/log"
    assert told["size"] == 2
    assert told["signed"]["heed.example/log"]["size"] == 4


def test_another_past_of_the_same_length_is_not_signed_for(now: datetime) -> None:
    grow(now, 3)
    grow(now, 1)
    restore_backup_of(3)
    outside.directory().rename(outside.directory().with_name("elsewhere"))
    grow(now, 2)  # nobody remembers, so this is a second past
    newest = outside.directory().with_name("elsewhere")
    (outside.directory() / "newest").write_bytes((newest / "newest").read_bytes())
    services.enter("case.opened", subject="case:2", body={}, at=now)
    with pytest.raises(services.LogForked):
        services.sequence(now=now)


def test_a_stored_tree_that_was_changed_is_not_signed_for(now: datetime) -> None:
    grow(now, 3)
    Place.objects.filter(index=1).update(leaf_hash=bytes(32))
    services.enter("case.opened", subject="case:2", body={}, at=now)
    with pytest.raises(services.LogForked):
        services.sequence(now=now)


def test_an_empty_database_beside_old_checkpoints_is_not_signed_for(now: datetime) -> None:
    grow(now, 2)
    restore_backup_of(0)
    Origin.objects.all().delete()
    with pytest.raises(services.LogIsBehind):
        signing.check_now()
    services.enter("case.opened", subject="case:1", body={}, at=now)
    with pytest.raises(services.LogIsBehind):
        services.sequence(now=now)


def test_a_restore_from_before_a_declaration_is_noticed_too(now: datetime) -> None:
    grow(now, 2)
    services.declare_origin(NEXT, now)
    restore_backup_of(2)
    Origin.objects.filter(name=NEXT).delete()
    services.enter("case.opened", subject="case:1", body={}, at=now)
    with pytest.raises(services.LogIsBehind, match=NEXT):
        services.sequence(now=now)
    with pytest.raises(services.OriginUnusable):
        services.declare_origin(NEXT, now)
    services.declare_origin("heed.example/log-3", now)
    assert verify_log(queries.DatabaseLog()).findings == []


def test_a_checkpoint_that_a_crash_kept_from_the_outside_is_put_there_later(
    now: datetime,
) -> None:
    grow(now, 2)
    (outside.directory() / "newest").unlink()
    (outside.directory() / "history").write_text('"torn')
    assert services.sequence(now=now) == 0
    assert outside.newest()["heed.example/log"].size == 2
    assert outside.history() == [queries.latest_note()]


def test_another_key_does_not_sign_for_this_log(now: datetime) -> None:
    grow(now, 1)
    settings.HEED_SIGNING_KEY_FILE.unlink()
    services.enter("case.opened", subject="case:1", body={}, at=now)
    with pytest.raises(services.KeyDoesNotFit):
        services.sequence(now=now)
    services.declare_origin(NEXT, now)
    assert len(queries.vkeys()) == 2
    assert verify_log(queries.DatabaseLog()).findings == []


@pytest.mark.parametrize("name", ["two words", "", "a+b", "heed.example/log"])
def test_a_log_gets_a_usable_name_and_never_an_old_one(now: datetime, name: str) -> None:
    grow(now, 1)
    with pytest.raises(services.OriginUnusable):
        services.declare_origin(name, now)
    assert len(queries.vkeys()) == 1


def test_the_key_is_made_once_and_only_its_owner_can_read_it() -> None:
    path = settings.HEED_SIGNING_KEY_FILE
    made = keys.signing_key()
    assert isinstance(made, Ed25519PrivateKey)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.signing_key().private_bytes_raw() == made.private_bytes_raw()
    assert list(path.parent.iterdir()) == [path]


def test_a_key_that_others_can_read_is_refused() -> None:
    keys.signing_key()
    settings.HEED_SIGNING_KEY_FILE.chmod(0o604)
    with pytest.raises(keys.KeyFileExposed):
        keys.signing_key()


def test_a_broken_key_file_is_refused_and_not_replaced() -> None:
    path = settings.HEED_SIGNING_KEY_FILE
    path.parent.mkdir()
    path.touch(0o600)
    path.write_text("not a key")
    with pytest.raises(keys.KeyFileUnreadable):
        keys.signing_key()
    assert path.read_text() == "not a key"
