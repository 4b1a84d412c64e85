"""The shipped lines for nginx and Caddy, in a real nginx and a real Caddy."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from heed.instance.checks import program
from heed.instance.gate_snippets import NoSuchStore, snippet
from tests.integrations.proxies import caddy, nginx
from tests.integrations.site import Site, Visit, open_site
from tests.ports import free_port

SHOWN = "/system/media_attachments/files/113/000/000/000/065/536/original/a.png"
HIDDEN = "/system/media_attachments/files/113/000/000/000/131/072/original/b.png"
SMALL = HIDDEN.replace("original", "small")
CACHED = HIDDEN.replace("/system/", "/system/cache/")
TOKEN = "only-heed"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    root = tmp_path / "public"
    for path in (SHOWN, HIDDEN, SMALL, CACHED):
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (root / path[1:]).write_bytes(b"bytes")
    tmp_path.chmod(0o755)
    return root


class Gatekeeper:
    """Answers as Heed does."""

    def __init__(self, site: Site) -> None:
        self.site, self.asked, self.hidden = site, list[str](), {"131/072"}
        site.pages["/connect/social/gate"] = self.answer

    def answer(self, visit: Visit) -> None:
        headers = visit.headers
        path = headers.get("X-Original-URI") or headers.get("X-Forwarded-Uri") or ""
        self.asked.append(path)
        assert headers["Host"] == "heed.example" and not headers.get("Cookie")
        refused = 404 if "as=404" in visit.path else 403
        known = headers.get("Authorization") == f"Bearer {TOKEN}"
        hidden = any(one in path for one in self.hidden)
        visit.say(refused if hidden and not known else 204)


def status(base: str, path: str, **headers: str) -> int:
    request = urllib.request.Request(base + path, headers={"Cookie": "a=b", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def lines(proxy: str, site: Site, files: Path | str, cache: Path) -> str:
    return snippet(
        proxy, slug="social", name="Social", heed=site.url(""), host="heed.example",
        files=str(files), cache=str(cache),
    )  # fmt: skip


@pytest.fixture
def keeper() -> Iterator[Gatekeeper]:
    with open_site() as site:
        yield Gatekeeper(site)


NO_NGINX = pytest.mark.skipif(not program("nginx"), reason="nginx is not here (apt install nginx)")
NO_CADDY = pytest.mark.skipif(not program("caddy"), reason="Caddy is not here (apt install caddy)")


@NO_NGINX
def test_nginx_hides_every_size_of_a_file_and_keeps_it_hidden_while_heed_is_away(
    tmp_path: Path, files: Path, keeper: Gatekeeper
) -> None:
    port = free_port()
    text = lines("nginx", keeper.site, files, tmp_path / "gate")
    http, _, server = text.partition("# ---- 2.")
    with nginx(tmp_path, port=port, http=http, server="#" + server):
        base = f"http://127.0.0.1:{port}"
        assert status(base, SHOWN) == 200
        assert [status(base, one) for one in (HIDDEN, SMALL, CACHED)] == [404, 404, 404]
        assert status(base, HIDDEN.replace("131", "%31%33%31") + "?x=1") == 404
        assert status(base, "/system//media_attachments/." + HIDDEN[26:]) == 404
        assert "%" not in "".join(keeper.asked)  # it is asked about what is looked up
        assert status(base, HIDDEN, Authorization=f"Bearer {TOKEN}") == 200
        assert status(base, HIDDEN) == 404  # and that was remembered for nobody
        keeper.hidden.add("065/536")
        assert status(base, SHOWN) == 404  # hidden at once: what was served is not remembered
        keeper.hidden.discard("065/536")
        keeper.site.pages.clear()  # each question now breaks off: Heed is away
        assert [status(base, one) for one in (HIDDEN, SMALL, CACHED)] == [404, 404, 404]
        assert status(base, SHOWN.replace("065", "066")) == 404  # there is none
        other = files / SHOWN.replace("065", "067")[1:]
        other.parent.mkdir(parents=True)
        other.write_bytes(b"bytes")
        assert status(base, SHOWN.replace("065", "067")) == 200  # nobody ever refused it


@NO_CADDY
def test_caddy_hides_every_size_of_a_file_and_serves_none_while_heed_is_away(
    tmp_path: Path, files: Path, keeper: Gatekeeper
) -> None:
    port = free_port()
    with caddy(tmp_path, port=port, site=lines("caddy", keeper.site, files, tmp_path)):
        base = f"http://127.0.0.1:{port}"
        assert status(base, SHOWN) == 200
        assert [status(base, one) for one in (HIDDEN, SMALL, CACHED)] == [404, 404, 404]
        assert status(base, HIDDEN, Authorization=f"Bearer {TOKEN}") == 200
        keeper.site.pages.clear()
        assert [status(base, one) for one in (SHOWN, HIDDEN)] == [502, 502]


@pytest.fixture
def store() -> Iterator[Site]:
    """An object store, which must never be shown Heed's own token."""

    def give(visit: Visit) -> None:
        assert not visit.headers.get("Authorization")
        visit.say(200, b"bytes")

    with open_site() as site:
        site.pages |= {SHOWN: give, HIDDEN: give}
        yield site


@NO_NGINX
@NO_CADDY
@pytest.mark.parametrize("proxy", ["nginx", "caddy"])
def test_files_in_an_object_store_are_guarded_as_well(
    tmp_path: Path, keeper: Gatekeeper, store: Site, proxy: str
) -> None:
    port = free_port()
    text = lines(proxy, keeper.site, store.url(""), tmp_path / "gate")
    http, _, server = text.partition("# ---- 2.")
    run = (
        nginx(tmp_path, port=port, http=http, server="#" + server)
        if proxy == "nginx"
        else caddy(tmp_path, port=port, site=text)
    )
    with run:
        base = f"http://127.0.0.1:{port}"
        assert [status(base, one) for one in (SHOWN, HIDDEN)] == [200, 404]
        assert status(base, HIDDEN, Authorization=f"Bearer {TOKEN}") == 200
    for wrong in ("s3://bucket", "https://s3.example/bucket", "public"):
        with pytest.raises(NoSuchStore):
            lines(proxy, keeper.site, wrong, tmp_path)
