"""Everything a notifier sees is there in every language, whole, plain, and in the right one."""

import gettext
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext as _

from heed.cases.models import Case, Notice
from heed.filings import answers, case_file_pdf
from heed.flows.send_mail import send_confirmation
from heed.flows.shared import languages as spoken
from heed.flows.speak_to import speak_to
from heed.people.models import Contact
from heed.rules.letters import BLANK, reasons_for
from heed.rules.policy import clauses
from heed.web import languages
from heed.web.console.tip_forms import first_guess
from heed.web.notifier.helplines import COUNTRIES, HELPLINES, help_for
from tests import catalogues, readability
from tests.flows.stage import Stage
from tests.web.notifier.forms import link_in, number_in, send

FOUND = catalogues.found()
SCRIPTS = {"ar": r"[\u0600-\u06ff]", "hi": r"[\u0900-\u097f]", "uk": r"[\u0400-\u04ff]"}
EASIEST_GRADE = 6.0  # what a child of 11 reads


@pytest.fixture(params=catalogues.languages(), scope="module")
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return catalogues.read(request.param)


def forms(one: Message) -> list[str]:
    return list(one.string) if one.pluralizable else [str(one.string)]


def test_every_text_is_there_in_every_language(catalog: Catalog) -> None:
    """After texts changed: `python -m tests.catalogues update`, then `todo` and `fill`."""
    said = {one.id if isinstance(one.id, str) else tuple(one.id) for one in catalog if one.id}
    assert said == {one.text for one in FOUND}
    assert catalogues.missing(catalog) == []
    assert [one.id for one in catalog if one.fuzzy and one.id] == []


def test_no_translation_loses_a_placeholder_or_a_link(catalog: Catalog) -> None:
    wrong = [one.id for one in catalog if one.id and catalogues.misfits(one, forms(one))]
    assert wrong == []


def test_nothing_was_left_in_english(catalog: Catalog) -> None:
    language = str(catalog.locale)
    for one in catalog:
        english = one.id if isinstance(one.id, str) else one.id[-1]
        letters = re.sub(r"%\(\w+\)[sd]|<[^>]+>|\{\w+\}", "", english)
        if len(letters.split()) > 2:
            assert english not in forms(one)
        if language in SCRIPTS and re.search("[a-z]", letters):
            assert all(re.search(SCRIPTS[language], text) for text in forms(one)), one.id


def test_reasons_begin_in_the_readers_language_and_keep_their_gap(catalog: Catalog) -> None:
    language = str(catalog.locale)
    for clause in clauses():
        english, begun = reasons_for(clause), answers.offered(clause, language)
        assert begun != english and (BLANK in begun) == (BLANK in english) == (clause.id == "none")
        assert answers.offered(clause, language, {clause.id: "Ours."}) == "Ours."


def test_what_the_program_reads_is_what_the_catalogue_says(catalog: Catalog) -> None:
    compiled = catalogues.po(str(catalog.locale)).with_suffix(".mo").read_bytes()
    kept = gettext.GNUTranslations(BytesIO(compiled))
    meant = gettext.GNUTranslations(BytesIO(catalogues.compiled(catalog)))
    assert vars(kept)["_catalog"] == vars(meant)["_catalog"]
    assert "machine-made" in catalog.header_comment or "Read by" in catalog.header_comment


def test_a_child_of_eleven_can_read_every_page() -> None:
    pages: dict[str, list[str]] = {}
    for one in FOUND:
        for place in one.places:
            pages.setdefault(place, []).append(
                one.text if isinstance(one.text, str) else one.text[1]
            )
    grades = {place: round(readability.grade(texts), 1) for place, texts in pages.items()}
    assert {place: grade for place, grade in grades.items() if grade > EASIEST_GRADE} == {}


def test_readability_tells_a_law_from_a_kind_word() -> None:
    assert readability.grade(["You did the right thing when you told us."]) < 3
    law = "Notwithstanding the foregoing, the undersigned complainant affirms the aforementioned."
    assert readability.grade([law]) > 12


# ------------------------------------------------------------------ which language, which country


@pytest.mark.parametrize(
    ("asked", "lang", "shown"),
    [
        ("ar-EG,en;q=0.5", "ar-eg", "rtl"),
        ("pt-BR", "pt-br", "ltr"),
        ("sw, de-AT;q=0.8", "de-at", "ltr"),
        ("sw", "en-gb", "ltr"),
        ("en-US", "en", "ltr"),
        ("hi-ZZ", "hi", "ltr"),
        ("*, rubbish;q=x", "en-gb", "ltr"),
    ],
)
@pytest.mark.django_db
def test_a_page_speaks_as_the_browser_asks(asked: str, lang: str, shown: str) -> None:
    answer = Client(headers={"accept-language": asked}).get("/find")
    assert f'<html lang="{lang}" dir="{shown}">' in answer.content.decode()
    assert answer.headers["Content-Language"] == lang
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))


@pytest.mark.django_db
def test_staff_and_programs_are_always_spoken_to_in_english() -> None:
    hindi = Client(headers={"accept-language": "hi"})
    for path in ("/console/sign-in/login/", "/measures", "/officer/"):
        assert '<html lang="en" dir="ltr">' in hindi.get(path).content.decode()


def page(client: Client, path: str, **data: Any) -> str:
    answer = client.post(path, data, follow=True) if data else client.get(path, follow=True)
    return str(answer.content.decode())


def test_a_language_chosen_by_hand_stays_with_the_browser_the_notice_and_its_mail(
    town: Stage, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen on the first page; nothing typed is lost; mails and another device follow."""
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
    client = Client(headers={"accept-language": "de-CH"})
    typed = page(client, "/notice?lang=uk", only_speak="uk", seen_words="drei rote Schuhe")
    assert '<html lang="uk"' in typed
    assert "drei rote Schuhe" in typed
    assert 'class="error-summary"' not in typed
    sent = send(client, town.url("p1"))
    notice = Notice.objects.get(number=number_in(sent))
    assert notice.language == "uk"
    elsewhere = Client(headers={"accept-language": "fr"})
    assert '<html lang="uk"' in page(elsewhere, link_in(sent))
    path = f"/n/{notice.number}"
    assert '<html lang="ar"' in page(elsewhere, f"{path}/language", to="ar")
    assert page(elsewhere, f"{path}/language", to="tlh").startswith("<!doctype html>")
    notice.refresh_from_db()
    assert spoken.of(notice) == "ar"
    page(elsewhere, f"{path}/contact", write="yes", email="dana@example.org")
    assert Contact.objects.filter(notice_id=notice.id).exists()
    assert send_confirmation(notice_id=notice.id, now=town.now)
    with translation.override("ar"):
        assert mailoutbox[-1].subject == _("Please confirm your address")
    speak_to(notice_id=notice.id, language="hi")
    notice.refresh_from_db()
    assert notice.language == "hi"


def test_help_and_days_follow_the_country(town: Stage) -> None:
    swiss = Client(headers={"accept-language": "fr-CH"})
    first = page(swiss, "/")
    assert "Pro Juventute" in first
    assert "Childline" not in first
    every = page(swiss, "/help")
    assert all(line.name.partition("&")[0] in every.replace("&#x27;", "'") for line in HELPLINES)
    sent = send(swiss, town.url("p1"))
    path = f"/n/{number_in(sent)}"
    page(swiss, f"{path}/more", country="UA")
    shown = page(swiss, path)
    assert "Ла Страда" in shown
    assert "Pro Juventute" not in shown
    assert '<option value="UA" selected' in page(swiss, f"{path}/more")
    assert Notice.objects.get().country == "UA"


def test_a_mother_may_name_the_school_and_a_tip_begins_with_it(town: Stage) -> None:
    client = Client()
    sent = send(client, town.url("p1"), who="my-child", young="yes")
    path = f"/n/{number_in(sent)}"
    assert 'name="school"' in page(client, f"{path}/more")
    page(client, f"{path}/more", school="School by the river")
    case = Case.objects.get(joins__notice__number=number_in(sent))
    assert first_guess(case).school == "School by the river"
    boy = send(Client(), town.url("p1"), token="another", why="That is me.")
    assert 'name="school"' not in page(boy.client, f"/n/{number_in(boy)}/more")


def test_without_a_country_help_is_where_most_readers_of_the_language_live() -> None:
    def where(code: str, language: str, home: str = "US") -> str:
        near = help_for(code, language, home).country
        return near.code if near else ""

    assert where("AT", "de") == "AT"
    assert where("", "hi") == "IN"
    assert where("", "en", "GB") == "GB"
    assert where("", "ar", "") == ""
    assert where("JP", "de") == ""  # no line of ours: only what helps anywhere
    assert {line.country for line in HELPLINES} <= {one.code for one in COUNTRIES} | {""}
    assert languages.regional("en", "US") == "en"
    assert languages.regional("en", "IN") == "en-gb"


def test_a_statement_to_an_uploader_is_read_in_their_language() -> None:
    facts = {"quiet": False, "clause": "doxxing", "policy_version": "1"}
    for level, decided in (("limited", False), ("removed", True)):
        made = answers.statement(level=level, decided=decided, **facts)
        assert answers.spoken(made) == dict(answers.spoken(made))
        assert next(iter(answers.spoken(made))) == "What was done"
        with translation.override("de"):
            told = answers.spoken({**made, "Of earlier days": "As it was."})
        assert not set(made.values()) & set(told.values())
        assert told["Of earlier days"] == "As it was."
        assert _("No publishing of where somebody can be found") in answers.spoken(made)["Ground"]
        assert "Nicht veröffentlichen" in told["Grund"]


@pytest.mark.parametrize("language", ["ar-eg", "hi", "uk", "de"])
def test_a_case_file_is_printed_in_the_letters_of_its_language(language: str) -> None:
    told = {"title": "", "sections": []} | {name: "" for name in ("author", "description")}
    with translation.override(language):
        words = [text for text in (_("What this is"), _("What was said")) if text]
        section = {"level": 2, "title": words[0], "words": words, "rows": [], "head": ["", ""]}
        whole = told | {
            "title": words[0], "footer": words[1], "attached": "", "sections": [section],
            "lang": language.partition("-")[0], "rtl": language.startswith("ar"),
            "date": [2026, 11, 22],
        }  # fmt: skip
        assert case_file_pdf._compiled(whole, "{}").startswith(b"%PDF")  # a missing letter raises


def test_the_texts_come_with_the_program() -> None:
    assert [Path(one) for one in settings.LOCALE_PATHS] == [catalogues.LOCALE]
