"""What to do about a field that does not fit, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Wrong:
    """One field that can't be taken, and what to send instead."""

    field: str
    remedy: str


NO_NUL = r"^[^\x00]*$"
ADDRESS = r"^https?://[^\s\x00-\x20\x7f]+$"
SHA256, MD5 = "^[0-9a-fA-F]{64}$", "^[0-9a-fA-F]{32}$"
SHA1 = "^[0-9a-fA-F]{40}$"
COUNTRY = "^([A-Za-z]{2})?$"
IP = r"^[0-9A-Fa-f:.]{2,45}$"  # what it is beyond that, a filing checks
EMAIL = r"^([^@\s\x00]+@[^@\s\x00]+)?$"

_PATTERNS = {
    NO_NUL: "leave out the NUL character",
    ADDRESS: "send a full address that begins with https:// or http://, without spaces",
    SHA256: "send 64 hexadecimal digits",
    MD5: "send 32 hexadecimal digits",
    SHA1: "send 40 hexadecimal digits",
    IP: "send an IPv4 or IPv6 address",
    COUNTRY: "send two letters, as in ISO 3166",
    EMAIL: "send one e-mail address, or leave it out",
}
_KINDS = {
    "missing": "this is required",
    "string_type": "send a text",
    "string_unicode": "send valid UTF-8",
    "string_too_short": "send at least {min_length} character",
    "string_too_long": "send at most {max_length} characters",
    "int_type": "send a whole number",
    "int_from_float": "send a whole number",
    "int_parsing": "send a whole number",
    "int_parsing_size": "send a smaller number",
    "greater_than_equal": "send {ge} or more",
    "less_than_equal": "send {le} or less",
    "bool_type": "send true or false",
    "timezone_aware": "say the time zone: end in Z, or in an offset such as +02:00",
    "literal_error": "send one of {expected}",
    "enum": "send one of {expected}",
    "list_type": "send a list",
    "too_long": "send at most {max_length}",
    "too_short": "send at least {min_length}",
    "model_type": "send an object",
    "model_attributes_type": "send an object",
    "dict_type": "send an object",
    "json_invalid": "send valid JSON ({error})",
}
_TIMES = ("datetime_", "date_", "time")


def wrong_in(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> list[Wrong]:
    """Pydantic's errors as fields and remedies. `skip`: leading parts of the place to leave out."""
    return [Wrong(_place(error["loc"], skip), _remedy(error)) for error in errors]


def _place(parts: Sequence[Any], skip: int) -> str:
    return ".".join(str(part) for part in parts[skip:]) or "body"


def _remedy(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _PATTERNS[context["pattern"]]
    if kind == "value_error":
        return str(context["error"])
    if kind in _KINDS:
        return _KINDS[kind].format(**context)
    if kind.startswith(_TIMES):
        return "send an instant as in 2026-01-05T10:00:00Z"
    return str(error["msg"])
