"""The language in which a notifier is written to."""

from django.conf import settings
from django.utils.translation import get_supported_language_variant

from heed.cases.models import Notice

# Scripts for which the program that sets a PDF has no letters of its own.
_UNPRINTABLE = ("ar", "hi")


def printable(language: str) -> str:
    """The language of a PDF: English where its letters might all become boxes."""
    return "en" if language.startswith(_UNPRINTABLE) else language


def of(notice: Notice) -> str:
    """Theirs, if there are texts in it; whatever a platform sent us, never an error."""
    try:
        return get_supported_language_variant(notice.language)
    except LookupError:
        return settings.LANGUAGE_CODE
