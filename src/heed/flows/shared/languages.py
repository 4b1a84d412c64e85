"""The language in which a notifier is written to."""

from django.conf import settings
from django.utils.translation import get_supported_language_variant

from heed.cases.models import Notice


def of(notice: Notice) -> str:
    """Theirs, if there are texts in it; whatever a platform sent us, never an error."""
    try:
        return get_supported_language_variant(notice.language)
    except LookupError:
        return settings.LANGUAGE_CODE
