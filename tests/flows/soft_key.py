"""A passkey without a device: it keeps its key and answers as a browser would."""

import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAGS = AuthenticatorData.FLAG
SEEN = FLAGS.UP | FLAGS.UV  # somebody touched it, and it knows who


class SoftKey:
    """One device at one origin."""

    def __init__(self, origin: str, rp: str) -> None:
        self.origin, self.rp, self.id = origin, rp.encode(), os.urandom(16)
        self.key, self.handle, self.verifies = ec.generate_private_key(ec.SECP256R1()), "", True

    def _said(self, kind: str, asked: dict[str, Any]) -> bytes:
        challenge = websafe_decode(asked["publicKey"]["challenge"])
        return CollectedClientData.create(type=kind, challenge=challenge, origin=self.origin)

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Made for this account."""
        self.handle = asked["publicKey"]["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())
        mine = AttestedCredentialData.create(bytes(16), self.id, public)
        data = AuthenticatorData.create(sha256(self.rp), SEEN | FLAGS.AT, 0, mine)
        kept = AttestationObject.create("none", data, {})
        return self._answer(
            clientDataJSON=self._said("webauthn.create", asked), attestationObject=kept
        )

    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Proves itself."""
        said = self._said("webauthn.get", asked)
        data = AuthenticatorData.create(sha256(self.rp), SEEN if self.verifies else FLAGS.UP, 1)
        signed = self.key.sign(data + sha256(said), ec.ECDSA(hashes.SHA256()))
        answer = self._answer(clientDataJSON=said, authenticatorData=data, signature=signed)
        answer["response"]["userHandle"] = self.handle
        return answer

    def _answer(self, **parts: bytes) -> dict[str, Any]:
        name = websafe_encode(self.id)
        response = {key: websafe_encode(value) for key, value in parts.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": response,
                "clientExtensionResults": {}}  # fmt: skip
