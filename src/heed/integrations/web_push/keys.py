"""The key by which push services know this instance again (RFC 8292): P-256, made once."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)

from heed.ports import NoPushKey


def make() -> bytes:
    """A new one, as it is written down."""
    return generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def read(path: Path) -> EllipticCurvePrivateKey:
    """The one that lies there. Raises `NoPushKey`."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as why:
        raise NoPushKey(f"{path}: {type(why).__name__}") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise NoPushKey(f"{path}: not a key of P-256")
    return key


def public(key: EllipticCurvePrivateKey) -> str:
    """Its public half as browsers and push services take it: the point, base64url, no padding."""
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
