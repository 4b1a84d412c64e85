"""A report at a Mastodon server ends with the picture gone: every size and copy, seen from outside.

Told with a real nginx in front of the files, and Heed behind its own web server.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_django.live_server_helper import LiveServer

from examples import pictures
from heed.cases.models import Case, Copy
from heed.filings import queries as filings
from heed.flows import guard_media, wiring
from heed.flows.connect_platform import examine_platform
from heed.flows.deliver_states import deliver_letters, deliver_states
from heed.flows.fetch_files import fetch_files
from heed.flows.observe_states import observe_states
from heed.flows.preserve import preserve
from heed.instance.checks import program
from heed.instance.gate_snippets import snippet
from heed.integrations.mastodon.stand_in import running
from heed.integrations.vault.sealing import AgeSeals
from heed.media.models import Item
from heed.ports import Purpose
from tests.flows.conftest import close_ports, decoder
from tests.flows.mastodon_stage import CREDENTIALS, RULES, Social
from tests.flows.stage import entries
from tests.integrations.proxies import nginx
from tests.integrations.test_media_gate import status
from tests.ports import free_port

PICTURE = pictures.picture(9)
__all__ = ["decoder"]

pytestmark = pytest.mark.skipif(
    not program("nginx"), reason="nginx is not here (apt install nginx)"
)


@pytest.fixture
def behind(
    live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoder: None
) -> Iterator[Social]:
    """Mastodon's pages and interface, and its files on a disk, all behind one nginx."""
    monkeypatch.setenv("HEED_CONNECTOR_SOCIAL", CREDENTIALS)
    monkeypatch.setattr(wiring, "seals", lambda: AgeSeals(opens=[Purpose.FILING]))
    tmp_path.chmod(0o755)
    public, port = tmp_path / "public", free_port()
    with running(public / "system") as server:
        text = snippet(
            "nginx", slug="social", name="Social", heed=live_server.url,
            host=urlsplit(live_server.url).netloc, files=str(public), cache=str(tmp_path / "gate"),
        )  # fmt: skip
        http, _, gate = text.partition("# ---- 2.")
        rest = f"location / {{ proxy_pass {server.there.base}; proxy_set_header Host $host; }}"
        server.there.base = server.there.media = f"http://127.0.0.1:{port}"
        with nginx(tmp_path, port=port, http=http, server=f"#{gate}\n{rest}"):
            yield Social(server)
    close_ports()
    guard_media.forget()


@pytest.mark.django_db(transaction=True)
def test_a_reported_picture_is_gone_in_every_size_and_copy_and_the_report_is_resolved(
    behind: Social,
) -> None:
    town, there = behind, behind.there
    uri, zed, gil = (there.join(name) for name in ("uri", "zed", "gil"))
    post, copy = there.post(uri, "look", PICTURE), there.post(zed, "look at him", PICTURE)
    for one in (post, copy, there.post(zed, "a cat", pictures.picture(10))):
        assert town.hook("status.created", there.status_said(one)) == 204
    while fetch_files(now=town.now):
        pass
    town.later(timedelta(minutes=1))
    observe_states(now=town.now)  # what was seen once can be seen to be gone
    assert not [one for one in examine_platform(platform_slug="social", now=_now()) if one.remedy]
    places = [
        "/system/" + there.path(number, size)
        for one in (post, copy) for number in one.files for size in ("original", "small")
    ]  # fmt: skip
    assert [status(there.base, one) for one in places] == [200] * 4

    report = there.report(gil, uri, "that is my son", post, category="violation", rules=RULES[1:])
    assert town.hook("report.created", there.report_said(report)) == 204
    assert status(there.base, places[0]) == 404  # before the answer came, and before anybody looked
    town.work()
    assert [status(there.base, one) for one in places] == [404] * 4
    case = Case.objects.get()
    assert set(Copy.objects.values_list("item__ref", flat=True)) == {post.id, copy.id}

    town.later(timedelta(minutes=1))
    deliver_states(platform_id=town.platform_id, now=town.now)
    town.later(timedelta(minutes=1))
    observe_states(now=town.now)
    assert set(Item.objects.filter(desired="hidden").values_list("observed", "answer")) == {
        ("gone", "applied")
    }
    assert preserve(case_id=case.id, now=town.now)  # through the gate, by Heed's own token
    assert not filings.not_kept(case.id)

    town.remove(case, town.staff("Rae"))
    while deliver_letters(platform_id=town.platform_id, now=town.now):
        pass
    assert report.resolved_at is not None and entries("peer_report.settled") == 1
    assert [status(there.base, one) for one in places] == [404] * 4


def _now() -> datetime:
    return datetime.now(UTC)
