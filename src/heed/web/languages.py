"""In which language a page speaks, and how it writes a day: by the person, and by their country.

What was chosen on the page comes first (kept in a cookie that says no more than `lang`), then what
the browser asks for. The language of a notice itself is kept with it: see `flows/speak_to.py`.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

# Doors of staff, officers and programs, and the published figures: these speak English.
_ENGLISH = ("/console", "/officer", "/orders", "/api/", "/hma/", "/log/", "/measures", "/status")
_PARAMETER = "lang"
# Where a language is written in its own ways. A fixed list: each takes memory once it is asked for.
_WRITTEN = {
    "ar": ("AE", "EG", "JO", "MA", "SA"), "de": ("AT", "CH", "DE"), "en": ("AU", "CA", "GB", "IE"),
    "es": ("AR", "CO", "ES", "MX"), "fr": ("BE", "CA", "CH", "FR"), "hi": ("IN",),
    "pt": ("BR", "PT"), "uk": ("UA",),
}  # fmt: skip


class InTheirLanguage:
    """Middleware: the whole answer is in the language of whoever asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """`?lang=` chooses, and is remembered until the browser is closed."""
        chosen = known(request.GET.get(_PARAMETER, ""))
        language = regional(chosen or of(request), country_of(request))
        if request.path.startswith(_ENGLISH):
            language = "en"
        with translation.override(language):
            answer = self.get_response(request)
            answer.headers.setdefault("Content-Language", language)
        patch_vary_headers(answer, ("Accept-Language", "Cookie"))
        return remember(answer, chosen) if chosen else answer


def known(code: str) -> str:
    """The language of ours that this code means; empty for another one."""
    try:
        return get_supported_language_variant(code).partition("-")[0]
    except LookupError:
        return ""


def chosen_by(request: HttpRequest) -> str:
    """The language that somebody chose by hand; empty when they did not."""
    return known(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))


def of(request: HttpRequest) -> str:
    """Chosen by hand, or else the first of the browser's own that there are texts in."""
    asked = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    found = (known(code) for code, _ in asked if code != "*")
    return chosen_by(request) or next(filter(None, found), settings.LANGUAGE_CODE)


def country_of(request: HttpRequest) -> str:
    """Two letters, as far as the browser's languages name a country; else empty."""
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        country = code.rpartition("-")[2].upper() if "-" in code else ""
        if len(country) == 2 and country.isalpha():
            return country
    return ""


def regional(language: str, country: str) -> str:
    """The language as it is written in that country: its days, its figures.

    English outside the United States is written as in Britain.
    """
    if country in _WRITTEN.get(language, ()):
        return f"{language}-{country.lower()}"
    return "en-gb" if language == "en" and country != "US" else language


def at(country: str) -> translation.override:
    """The same language, as it is written there; nothing changes without a country."""
    now = translation.get_language() or settings.LANGUAGE_CODE
    return translation.override(regional(known(now), country) if country else now)


def remember(answer: HttpResponse, language: str) -> HttpResponse:
    """Until the browser is closed."""
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return answer
