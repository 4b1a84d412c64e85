"""What `heed doctor` finds, as one line and its remedy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One question and its answer; `remedy` is empty where all is well."""

    about: str
    says: str
    remedy: str = ""
