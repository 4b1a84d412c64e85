"""Signed notes, checkpoints and keys in the forms of C2SP."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from heed.ledger import notes
from heed.ledger.notes import (
    Checkpoint,
    KeyUnreadable,
    NoteUnreadable,
    NotSigned,
    SignatureFalse,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NAME = "heed.example/log"
SEALED = Checkpoint(origin=NAME, size=20852163, root=bytes(range(32)))
AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NOTE = notes.sign_checkpoint(SEALED, KEY, at=AT)
OWN = notes.verifier_of(KEY, NAME)


def test_a_note_of_gos_sum_database_is_read_and_verified() -> None:
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1"
        "FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    text = notes.verify_note(note, notes.parse_vkey(vkey))
    assert text.startswith("If you think")


def test_a_signed_checkpoint_says_what_was_signed_and_when() -> None:
    assert notes.parse_checkpoint(notes.verify_note(NOTE, OWN)) == SEALED
    assert notes.verify_time(NOTE, OWN) == AT


def test_a_key_on_one_line_is_the_same_key_when_read() -> None:
    assert notes.parse_vkey(OWN.vkey) == OWN


@given(st.data())
def test_a_key_line_with_one_wrong_letter_is_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(OWN.vkey) - 1))
    letter = data.draw(st.characters(exclude_characters=OWN.vkey[at]))
    with pytest.raises(KeyUnreadable):
        notes.parse_vkey(OWN.vkey[:at] + letter + OWN.vkey[at + 1 :] + "=")


@given(st.data())
def test_no_letter_of_a_signed_checkpoint_can_be_changed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    letter = data.draw(st.characters(codec="utf-8", exclude_characters=NOTE[at]))
    changed = NOTE[:at] + letter + NOTE[at + 1 :]
    with pytest.raises((NoteUnreadable, NotSigned, SignatureFalse)):
        notes.parse_checkpoint(notes.verify_note(changed, OWN))
        notes.verify_time(changed, OWN)


def test_another_key_of_the_same_name_did_not_sign() -> None:
    with pytest.raises(NotSigned):
        notes.verify_note(NOTE, notes.verifier_of(OTHER_KEY, NAME))


def test_the_same_key_under_another_name_did_not_sign() -> None:
    with pytest.raises(NotSigned):
        notes.verify_note(NOTE, OWN.named("heed.example/other"))


def test_a_witness_can_add_its_signature() -> None:
    line = notes.cosignature_line(SEALED.text, OTHER_KEY, "witness.example", at=AT)
    witness = notes.verifier_of(OTHER_KEY, "witness.example")
    assert notes.verify_time(NOTE + line, witness) == AT
    assert notes.verify_note(NOTE + line, OWN) == SEALED.text


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak", "{", "tab\t", "\u200b"])
def test_a_log_is_not_called_what_a_note_can_not_carry(name: str) -> None:
    assert not notes.is_name(name)


@pytest.mark.parametrize(
    "text", ["", "a\n", "a\n1\n", "a\n01\nAA==\n", "a\n-1\n" + "A" * 43 + "=\n", "a\n1\nAAAA\n"]
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteUnreadable):
        notes.parse_checkpoint(text)
