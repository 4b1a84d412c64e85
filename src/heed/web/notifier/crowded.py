"""What a form is answered with that so many others wait before that it is not even read."""

from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext


@cache
def come_again() -> bytes:
    """A page that says so in every language: whose it is, nobody has looked.

    The browser still has what was written, and sends it again when the page is loaded again.
    """
    signs = format_html_join("\n", '<p lang="{}" dir="{}">{}</p>', map(_sign, _languages()))
    page = format_html(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>…</title>'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark"><main>\n{}\n</main></html>\n',
        signs,
    )
    return page.encode()


def _languages() -> list[str]:
    return [code for code, _ in settings.LANGUAGES]


def _sign(language: str) -> tuple[str, str, str]:
    with translation.override(language):
        words = gettext(
            "Very many people are writing to us at this moment. Leave this page open, wait a "
            "minute, and load it again. Your browser then asks if it should send what you wrote "
            "once more. Say yes: it is not taken in twice."
        )
        return language, "rtl" if translation.get_language_bidi() else "ltr", words
