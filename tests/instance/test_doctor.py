"""`heed doctor` says in one line each what is wrong around Heed, and the remedy."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from heed.cases.models import Case
from heed.flows import keep_rota
from heed.flows.deliver_states import deliver_states
from heed.flows.forget_words import forget_words
from heed.instance import doctor, doctor_machine, doctor_outside, doctor_people
from heed.instance.findings import Finding
from heed.integrations.outward.exchange import Wire
from heed.integrations.smtp import MailServerAway, NotAMailUrl, reach, send_one, server_of
from heed.people.models import Role
from heed.people.ringing import note_ring, open_call
from tests.flows.stage import Stage, picture
from tests.instance.test_reverse_proxy import certificate
from tests.integrations.smtp_server import mail_server
from tests.people import gil, somebody

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)  # a Sunday; six in the evening in Berlin
ORIGIN = "safety.example/log"


def lines(found: Iterator[Finding] | list[Finding]) -> dict[str, Finding]:
    return {one.about: one for one in found}


# ------------------------------------------------------------------ people


@pytest.mark.django_db
def test_nobody_on_duty_tonight_is_said_and_is_wrong_in_declared_hours() -> None:
    stage = Stage("town")
    said = lines(doctor_people.people(now=NOW))["town: duty"]
    assert "rings nobody" in said.says and "heed init --new-link" in said.remedy
    rae = stage.staff("Rae", Role.REVIEWER)
    said = lines(doctor_people.people(now=NOW))["town: duty"]
    assert "nobody is on duty tonight" in said.says and "no hours are declared" in said.says
    assert "/console/duty" in said.remedy
    hours: dict[int, tuple[int, int] | None] = {6: (18 * 60, 22 * 60)}
    keep_rota.declare_coverage(
        platform_id=stage.platform_id, hours=hours, zone="Europe/Berlin", by=None, now=NOW
    )
    said = lines(doctor_people.people(now=NOW))["town: duty"]
    assert "(20:00 to 22:00), in hours that are declared" in said.says and said.remedy
    berlin = timedelta(hours=1)

    def shift(begins: int, ends: int) -> Finding:
        keep_rota.add_shifts(
            platform_id=stage.platform_id, staff_id=rae.id, place=1,
            begins_at=NOW.replace(hour=0) + timedelta(hours=begins) - berlin,
            ends_at=NOW.replace(hour=0) + timedelta(hours=ends) - berlin, by=rae.id, now=NOW,
        )  # fmt: skip
        return lines(doctor_people.people(now=NOW))["town: duty"]

    said = shift(19, 23)
    assert "(23:00 to 08:00), outside the declared hours" in said.says and not said.remedy
    assert shift(22, 33).says == "somebody is on duty all night"


@pytest.mark.django_db
def test_a_call_that_did_not_get_through_is_said_until_one_does() -> None:
    stage = Stage("town")
    call = open_call(platform_id=stage.platform_id, kind="danger", cause="c", due_at=NOW, now=NOW)
    assert call is not None
    note_ring(call, staff_id=None, way="mail", failed="mail: SMTPServerDisconnected", now=NOW)
    said = lines(doctor_people.people(now=NOW))["calls by mail"]
    assert "SMTPServerDisconnected" in said.says and said.remedy
    note_ring(call, staff_id=None, way="mail", failed="", now=NOW + timedelta(minutes=1))
    assert not lines(doctor_people.people(now=NOW + timedelta(minutes=2)))["calls by mail"].remedy


# ------------------------------------------------------------------ mail


@pytest.mark.django_db
def test_a_mail_server_is_greeted_and_one_that_refuses_is_told_by_its_words() -> None:
    with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        assert not lines(doctor_outside.mail(url, now=NOW))["mail"].remedy
        assert server.letters == []
        send_one(server_of(url), sender="n@s.example", to="rae@s.example", subject="s", text="t")
        assert [one.to for one in server.letters] == ["rae@s.example"]
        server.refuses["rae@s.example"] = "550 no such user"
        with pytest.raises(MailServerAway, match=r"does not take the address \(550"):
            send_one(server_of(url), sender="n@s.example", to="rae@s.example", subject="s", text="")
        server.says["GREET"] = "554 go away"
        said = lines(doctor_outside.mail(url, now=NOW))["mail"]
        assert "says 554 go away" in said.says and "HEED_MAIL_URL" in said.remedy
        with_user = f"smtp://rae:pa55word@127.0.0.1:{server.port}"
        server.says = {"EHLO": "250-stand-in\r\n250 AUTH PLAIN", "AUTH": "535 wrong"}
        refused = lines(doctor_outside.mail(with_user, now=NOW))["mail"].says
        assert "refuses user or password (535)" in refused and "pa55word" not in refused
    assert "can't be used" in lines(doctor_outside.mail(url, now=NOW))["mail"].says


def test_a_mail_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(MailServerAway, match="did not answer"):
            reach(server_of(url), within_seconds=0.1)


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://a:x"])
def test_an_address_of_a_mail_server_that_cannot_be_read_is_told_how_it_is_written(
    url: str,
) -> None:
    with pytest.raises(NotAMailUrl, match="smtp://user:password@"):
        server_of(url)


def test_tls_is_asked_for_where_mail_is_submitted() -> None:
    plain, submit, wrapped = map(server_of, ("smtp://h:25", "smtp://u%40d:p%2F@h", "smtps://h"))
    assert (plain.starttls, submit.starttls, wrapped.wrapped) == (False, True, True)
    assert (submit.port, wrapped.port, submit.user, submit.password) == (587, 465, "u@d", "p/")


# ------------------------------------------------------------------ the public address


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[HTTPServer, Wire]]:
    cert, key = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    trust = ssl.create_default_context(cafile=str(cert))
    with HTTPServer(host="localhost", ssl_context=context) as server:
        yield server, Wire(tls=trust)


def seen(server: HTTPServer, wire: Wire, **more: Any) -> dict[str, Finding]:
    facts: dict[str, Any] = {"log_origin": ORIGIN, "proxies": 1, "wire": wire, **more}
    return lines(doctor_outside.public_address(server.url_for("").rstrip("/"), **facts))


def test_the_public_address_leads_here_by_tls_with_its_headers(
    tls: tuple[HTTPServer, Wire],
) -> None:
    server, wire = tls
    names = (*doctor_outside.NEEDED_HEADERS, "strict-transport-security")
    kept = dict.fromkeys(names, "as Heed says it")
    server.expect_request("/status").respond_with_data(doctor_outside.ALIVE)
    server.expect_oneshot_request("/log/checkpoint").respond_with_data(
        f"{ORIGIN}\n5\n", headers=kept
    )
    assert [one.remedy for one in seen(server, wire).values()] == [""]
    server.expect_oneshot_request("/log/checkpoint").respond_with_data(f"{ORIGIN}\n5\n")
    found = seen(server, wire, proxies=0)
    assert "HEED_PROXIES=1" in found["proxies"].remedy
    assert "Strict-Transport-Security" in found["headers"].says
    server.expect_oneshot_request("/log/checkpoint").respond_with_data("other/log\n5\n", 200, kept)
    assert "another Heed's log" in seen(server, wire)["public address"].says
    server.expect_oneshot_request("/log/checkpoint").respond_with_data("", 404, kept)
    assert not seen(server, wire)["public address"].remedy, "nothing was signed yet"
    assert "can't be reached" in seen(server, Wire())["public address"].says, "not trusted"
    assert not list(
        doctor_outside.public_address("http://127.0.0.1:1", log_origin="", proxies=0, wire=wire)
    )


@pytest.mark.django_db
def test_a_callback_that_is_not_there_is_named(httpserver: HTTPServer) -> None:
    url, own = httpserver.url_for("/heed"), f"{httpserver.host}:{httpserver.port}"
    Stage("town", callback_url=url, private_addresses=[own])
    Stage("inner", "https://inner.example", callback_url=url)

    def said(slug: str = "town") -> Finding:
        wire = Wire()
        try:
            return lines(doctor_outside.platforms(wire=wire, now=NOW))[f"{slug}: callback"]
        finally:
            wire.close()

    httpserver.expect_oneshot_request("/heed").respond_with_data("", 405)
    assert not said().remedy
    assert "list its host:port" in said("inner").remedy
    for status in (404, 503):
        httpserver.expect_oneshot_request("/heed").respond_with_data("", status)
        assert str(status) in said().says and said().remedy


@pytest.mark.django_db
def test_what_a_platform_refuses_is_named_with_the_reason_after_minutes(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    own = f"{httpserver.host}:{httpserver.port}"
    town = Stage("town", callback_url=httpserver.url_for("/heed"), private_addresses=[own])
    town.post("a", picture("one"))
    town.hear(gil(town.url("a")), then_work=False)
    httpserver.expect_request("/heed", method="GET").respond_with_data("", 405)
    httpserver.expect_request("/heed", method="POST").respond_with_data("", 401)
    deliver_states(platform_id=town.platform_id, now=town.now)
    assert [(one.platform, one.why) for one in caplog.records if hasattr(one, "why")] == [
        ("town", "status_401")
    ]

    def told(minutes: int) -> Finding | None:
        wire, now = Wire(), town.now + timedelta(minutes=minutes)
        try:
            return lines(doctor_outside.platforms(wire=wire, now=now)).get("town: told")
        finally:
            wire.close()

    assert told(1) is None, "a platform may be busy for a moment"
    said = told(6)
    assert said is not None and "1 posts are not yet as they should be" in said.says
    assert "status_401" in said.says and "--new-secret" in said.remedy


# ------------------------------------------------------------------ this machine


def test_a_config_file_that_others_can_read_or_that_is_misspelt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "heed.env"
    assert "there is no" in lines(doctor_machine.config(path, ()))["config"].says
    path.write_text("HEED_MAIL_FORM=x\nHEED_HOST=a\nHEED_EXCHANGE_X={}\nAWS_X=1\nHEED_VAULT=\n")
    path.chmod(0o604)
    found = list(doctor_machine.config(path, ("vault",)))
    assert [bool(one.remedy) for one in found] == [True, True]
    assert "chmod 600" in found[0].remedy and "HEED_MAIL_FORM: there is" in found[1].says


def test_a_disk_that_is_nearly_full_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(doctor_machine.shutil.disk_usage(tmp_path))
    monkeypatch.setattr(doctor_machine.shutil, "disk_usage", lambda _: usage(100 << 30, 0, 1 << 29))
    found = list(doctor_machine.room(tmp_path / "not" / "there", tmp_path))
    assert len(found) == 1 and "0.5 GB left" in found[0].says and "make room" in found[0].remedy


# ------------------------------------------------------------------ words


@pytest.mark.django_db
def test_words_that_should_be_forgotten_by_now_are_counted_until_they_are() -> None:
    now = datetime.now(UTC)
    stage = Stage("town")
    stage.now = now - timedelta(days=900)  # half a year and two years are not over
    stage.hear(somebody("https://elsewhere.example/1", words="long ago"))
    Case.objects.update(state=Case.State.DECIDED, decided_at=stage.now)
    assert lines(doctor._words())["words"].remedy == ""
    Case.objects.update(decided_at=now - timedelta(days=930))
    found = lines(doctor._words())["words"]
    assert "of 1 notices" in found.says and "worker" in found.remedy
    assert forget_words(now=now) == 1
    assert lines(doctor._words())["words"].remedy == ""
