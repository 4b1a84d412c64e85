"""An agency account opens with a passkey: a device that proves itself, and asks who holds it.

1. Signed in by code, the officer adds a device: it is given a challenge, and its answer is kept.
2. Later a device answers another challenge; its account is found by what it says, and opens if the
   answer is right and the account has not run out. Level 3 lasts as long as the account does.
A device is asked to check who holds it (finger, face, number), so it is two factors in one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from heed.filings import ordering, orders, passkeys
from heed.filings.models import Officer, OfficerPasskey

REQUIRED = UserVerificationRequirement.REQUIRED
LONGEST_NAME = 60
Json = dict[str, Any]


class NotAdded(Exception):
    """The device was not added; the message says why, and what would help."""


def _server() -> Fido2Server:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    anywhere = (lambda _: True) if settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN else None
    return Fido2Server(PublicKeyCredentialRpEntity(name="Heed", id=host), verify_origin=anywhere)


def begin_adding(*, officer_id: UUID, now: datetime) -> tuple[Json, Json]:
    """What the device is asked, and what to remember until it answers. Raises `NotAdded`."""
    officer = _account(officer_id, now)
    asked, state = _server().register_begin(
        PublicKeyCredentialUserEntity(
            id=officer.id.bytes, name=officer.agency, display_name=officer.agency
        ),
        credentials=[_credential(one) for one in passkeys.of(officer.id)],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=REQUIRED,
    )
    return dict(asked), dict(state)


def add(
    *, officer_id: UUID, state: Json, answer: Mapping[str, Any], name: str, now: datetime
) -> None:
    """Keep the device. Raises `NotAdded`."""
    officer = _account(officer_id, now)
    try:
        _server().register_complete(state, answer)
    except (ValueError, TypeError, KeyError) as why:
        raise NotAdded("The device's answer does not fit. Try it again from the start.") from why
    with transaction.atomic():
        Officer.objects.select_for_update().get(id=officer.id)
        if passkeys.of(officer.id).count() >= passkeys.MOST:
            raise NotAdded(f"An account has {passkeys.MOST} devices at most: take one off first.")
        said = name.strip()[:LONGEST_NAME] or "Passkey"
        passkeys.keep(officer.id, said, dict(answer), now=now)


def begin() -> tuple[Json, Json]:
    """What any device is asked, and what to remember until it answers."""
    asked, state = _server().authenticate_begin(user_verification=REQUIRED)
    return dict(asked), dict(state)


def sign_in(*, state: Json, answer: Mapping[str, Any], now: datetime) -> UUID | None:
    """The account that this device opens; None for a wrong answer, or one that has run out."""
    try:
        handle = UUID(bytes=websafe_decode(answer["response"]["userHandle"]))
        officer = orders.account(handle, now=now)
        known = [] if officer is None else list(passkeys.of(officer.id))
        if officer is None or not known:
            return None
        used = _server().authenticate_complete(state, [_credential(one) for one in known], answer)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    with transaction.atomic():
        ordering.raise_level(officer, 3)
        for one in known:
            if _credential(one).credential_id == used.credential_id:
                passkeys.note_used(one, now=now)
    return officer.id


def drop(*, officer_id: UUID, passkey_id: UUID) -> bool:
    """The officer takes a device off. False when it is not theirs."""
    return passkeys.drop(officer_id, passkey_id)


def _account(officer_id: UUID, now: datetime) -> Officer:
    officer = orders.account(officer_id, now=now)
    if officer is None:
        raise NotAdded("This account has run out: we renew it by calling your agency again.")
    return officer


def _credential(passkey: OfficerPasskey) -> AttestedCredentialData:
    answered = RegistrationResponse.from_dict(passkey.answer)
    kept: AttestedCredentialData | None
    kept = answered.response.attestation_object.auth_data.credential_data
    assert kept is not None
    return kept
