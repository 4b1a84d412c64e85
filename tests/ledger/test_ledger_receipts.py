"""Receipts: a promise at once, a proof later, and nothing that can be changed in either."""

import copy
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from heed.ledger import leaves, notes, queries, receipts, services, verify
from heed.ledger.verify_cli import CANNOT_TELL, GOOD, WRONG, verify_command

pytestmark = pytest.mark.django_db

NOTICE = {
    "places": ["https://townsquare.example/posts/7"],
    "text": "This is me. I was 13.\nPlease \u2014 take it down. \0",
    "age_then": 13,
}


def give(now: datetime, **more: Any) -> dict[str, Any]:
    salt = secrets.token_bytes(16)
    commitment = receipts.commit_to(NOTICE, salt)
    body = {"commitment": commitment.hex(), **more}
    entry_id = services.enter("notice.received", subject="notice:1", body=body, at=now)
    return receipts.promise(
        number="H-1234-5678",
        platform="townsquare",
        commitment=commitment,
        entry_id=entry_id,
        received_at=now,
        salt=salt,
    )


def key() -> str:
    return queries.vkeys()[0]


def test_a_receipt_is_a_promise_at_once_and_a_proof_within_seconds(now: datetime) -> None:
    receipt = receipts.upgraded(give(now))
    assert verify.verify_receipt(receipt, key(), NOTICE).kind == "promise"
    services.sequence(now=now + timedelta(seconds=3))
    verdict = verify.verify_receipt(receipts.upgraded(receipt), key(), NOTICE)
    assert (verdict.kind, verdict.index) == ("proof", 0)
    assert any("3 s after it was received, as promised" in said for said in verdict.findings)


def test_a_proof_stays_true_while_the_log_grows(now: datetime) -> None:
    receipt = give(now)
    services.sequence(now=now)
    proven = receipts.upgraded(receipt)
    for number in range(300):
        services.enter("case.opened", subject="case:1", body={"n": number}, at=now)
    services.sequence(now=now)
    assert receipts.upgraded(receipt) == proven
    assert verify.verify_receipt(proven, key()).kind == "proof"


def test_a_receipt_goes_through_a_file_unchanged(now: datetime) -> None:
    receipt = give(now)
    services.sequence(now=now)
    there_and_back = json.loads(json.dumps(receipts.upgraded(receipt), indent=2))
    assert verify.verify_receipt(there_and_back, key(), NOTICE).kind == "proof"


def test_a_receipt_tells_a_stranger_nothing_about_the_notice(now: datetime) -> None:
    receipt = give(now)
    services.sequence(now=now)
    text = json.dumps(receipts.upgraded(receipt))
    assert "://" not in text
    assert "13" not in json.dumps(list(receipt["promise"]["entry"]["body"]))
    assert "take it down" not in text


def test_a_receipt_is_not_given_for_an_entry_that_holds_an_address(now: datetime) -> None:
    with pytest.raises(receipts.EntryUnfit):
        give(now, place=["https://townsquare.example/posts/7"])


def test_a_receipt_is_not_given_for_another_notices_entry(now: datetime) -> None:
    entry_id = services.enter("notice.received", subject="n", body={"commitment": "00"}, at=now)
    with pytest.raises(receipts.EntryUnfit):
        receipts.promise(
            number="H-1", platform="t", commitment=bytes(32), entry_id=entry_id, received_at=now
        )


def test_another_text_of_the_notice_is_found_out(now: datetime) -> None:
    receipt = give(now)
    with pytest.raises(verify.NoticeFalse):
        verify.verify_receipt(receipt, key(), {**NOTICE, "age_then": 18})
    assert verify.verify_receipt({**receipt, "notice": NOTICE}, key()).kind == "promise"


def test_another_key_does_not_vouch_for_it(now: datetime) -> None:
    receipt = give(now)
    other = notes.parse_vkey(key()).named("elsewhere.example/log")
    with pytest.raises(verify.WrongKey):
        verify.verify_receipt(receipt, other.vkey)
    with pytest.raises(notes.KeyUnreadable):
        verify.verify_receipt(receipt, "not a key")


def test_a_late_seal_is_said_aloud(now: datetime) -> None:
    receipt = give(now)
    services.sequence(now=now + timedelta(seconds=61))
    verdict = verify.verify_receipt(receipts.upgraded(receipt), key())
    assert any("10 s were promised" in said for said in verdict.findings)


def test_a_receipt_of_an_earlier_name_of_the_log_is_proved_under_its_new_name(
    now: datetime,
) -> None:
    receipt = give(now)
    old_key = key()
    services.declare_origin("heed.example/log-2", now)
    verdict = verify.verify_receipt(receipts.upgraded(receipt), old_key)
    assert verdict.kind == "proof"
    assert any("begun anew" in said for said in verdict.findings)


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, found in inner:
        if isinstance(found, (dict, list)):
            yield from paths(found, (*above, name))
        else:
            yield (*above, name)


def test_nothing_in_a_receipt_can_be_changed_or_left_out(now: datetime) -> None:
    receipt, *_ = [give(now) for _ in range(5)]
    services.sequence(now=now)
    whole = receipts.upgraded(receipt)
    tried = 0
    for path in paths(whole):
        for change in (_another, None):
            forged = copy.deepcopy(whole)
            holder = forged
            for name in path[:-1]:
                holder = holder[name]
            if change is None:
                del holder[path[-1]]
            else:
                holder[path[-1]] = change(holder[path[-1]])
            tried += 1
            with pytest.raises(verify.NotVerified):
                verify.verify_receipt(forged, key(), NOTICE)
    assert tried >= 38


def _another(value: Any) -> Any:
    if isinstance(value, str):
        return ("a" if value[0] != "a" else "b") + value[1:]
    return value + 1


@pytest.mark.parametrize("rubbish", [{}, {"heed_receipt": 1}, {"heed_receipt": 1, "promise": []}])
def test_what_is_no_receipt_is_called_that(now: datetime, rubbish: dict[str, Any]) -> None:
    give(now)
    with pytest.raises(verify.ReceiptUnreadable):
        verify.verify_receipt(rubbish, key())


def test_the_command_says_which_of_the_two_it_holds(
    now: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, key_file = tmp_path / "receipt.json", tmp_path / "key"
    receipt = give(now)
    key_file.write_text(key() + "\n")
    file.write_text(json.dumps(receipt))
    assert verify_command(file, key(), log=False) == GOOD
    assert "PROMISE" in capsys.readouterr().out
    services.sequence(now=now)
    file.write_text(json.dumps(receipts.upgraded(receipt)))
    assert verify_command(file, str(key_file), log=True) == GOOD
    out = capsys.readouterr().out
    assert "PROOF" in out and "as it was signed. 1 entries" in out


def test_the_command_tells_false_from_unreadable(
    now: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "receipt.json"
    receipt = give(now)
    receipt["promise"]["number"] = "H-0000-0000"
    file.write_text(json.dumps(receipt))
    assert verify_command(file, key(), log=False) == WRONG
    assert "FALSE (PromiseFalse)" in capsys.readouterr().out
    file.write_text("{")
    assert verify_command(file, key(), log=False) == CANNOT_TELL
    assert verify_command(file, None, log=False) == CANNOT_TELL
    assert verify_command(tmp_path / "none.json", key(), log=False) == CANNOT_TELL
    assert verify_command(None, None, log=False) == CANNOT_TELL


def test_verifying_a_receipt_loads_no_database_and_no_network() -> None:
    code = (
        "import sys, heed.ledger.verify, heed.ledger.verify_cli\n"
        "print([name for name in ('django', 'psycopg', 'httpx2', 'socket') if name in sys.modules])"
    )
    source = str(Path(leaves.__file__).parents[2])
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "[]"
