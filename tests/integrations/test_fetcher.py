"""What the fetcher brings back, and what it will not be talked into."""

import gzip
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from heed.integrations.fetcher import Fetcher
from heed.ports import Fetched, NotFetched
from tests.integrations.site import Site, Visit, open_site
from tests.integrations.test_addresses import answers_with


def get(fetcher: Fetcher, site: Site, path: str, **how: object) -> Fetched:
    settings: dict[str, object] = {
        "max_bytes": 1_000,
        "within_seconds": 60.0,
        "private_addresses_allowed": (site.place,),
    }
    url = path if "://" in path else site.url(path)
    return fetcher.fetch(url, **(settings | how))  # type: ignore[arg-type]


def refusal(fetcher: Fetcher, site: Site, path: str, **how: object) -> str:
    with pytest.raises(NotFetched) as refused:
        get(fetcher, site, path, **how)
    return str(refused.value)


def test_a_page_comes_back_as_it_is(fetcher: Fetcher, site: Site) -> None:
    site.pages["/p"] = lambda visit: visit.say(200, b"hello", Content_Type="text/plain")
    got = get(fetcher, site, "/p")
    assert got == Fetched(
        status=200,
        content_type="text/plain",
        body=b"hello",
        complete=True,
        final_url=site.url("/p"),
    )


@pytest.mark.parametrize("status", [404, 410, 403, 451, 500])
def test_a_refusal_by_the_site_is_an_answer(fetcher: Fetcher, site: Site, status: int) -> None:
    site.pages["/p"] = lambda visit: visit.say(status, b"no")
    assert get(fetcher, site, "/p").status == status


def test_heed_says_who_it_is_and_asks_for_nothing_packed(fetcher: Fetcher, site: Site) -> None:
    site.pages["/p"] = lambda visit: visit.say(200)
    get(fetcher, site, "/p")
    headers = site.visits[0][2]
    assert headers["User-Agent"] == "Heed/0.1 (+verification)"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Host"] == site.place


def test_a_cookie_is_never_sent_back(fetcher: Fetcher, site: Site) -> None:
    site.pages["/p"] = lambda visit: visit.say(200, Set_Cookie="seen=1; Path=/")
    get(fetcher, site, "/p")
    get(fetcher, site, "/p")
    assert all("Cookie" not in headers for _, _, headers in site.visits)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]",
     "127。0。0。1", "①②⑦.0.0.1", "0"],
)  # fmt: skip
def test_loopback_in_any_disguise_is_refused_before_a_connection(
    fetcher: Fetcher, site: Site, host: str
) -> None:
    url = site.url("/p", host=host)
    reason = refusal(fetcher, site, url, private_addresses_allowed=())
    assert reason in ("address_refused", "bad_url")
    assert site.connections == 0


def test_a_name_that_resolves_into_the_private_network_is_refused(
    fetcher: Fetcher, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers_with(monkeypatch, "127.0.0.1")
    url = site.url("/p", host="harmless.example")
    assert refusal(fetcher, site, url) == "address_refused"
    assert site.connections == 0


def test_a_name_is_asked_for_once_and_the_checked_address_is_used(
    fetcher: Fetcher, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers_with(monkeypatch, "127.0.0.1")
    site.pages["/p"] = lambda visit: visit.say(200)
    place = f"own.example:{site.port}"
    url = site.url("/p", host="own.example")
    assert get(fetcher, site, url, private_addresses_allowed=(place,)).status == 200
    assert asked == ["own.example"]
    assert site.visits[0][2]["Host"] == place


def test_a_connection_kept_for_one_platform_is_not_lent_to_another(
    fetcher: Fetcher, site: Site
) -> None:
    site.pages["/p"] = lambda visit: visit.say(200)
    get(fetcher, site, "/p")
    assert refusal(fetcher, site, "/p", private_addresses_allowed=()) == "address_refused"


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.2:{port}/p", "http://[::1]:{port}/p", "http://2130706433:{port}/p",
     "//169.254.169.254/latest/meta-data", "http://localhost:{port}/p"],
)  # fmt: skip
def test_a_redirect_into_the_private_network_is_refused(
    fetcher: Fetcher, site: Site, target: str
) -> None:
    location = target.format(port=site.port)
    site.pages["/go"] = lambda visit: visit.say(302, Location=location)
    assert refusal(fetcher, site, "/go") == "address_refused"


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "gopher://x/", "http://u:p@127.0.0.1/", "http://[broken]/"]
)
def test_a_redirect_to_anything_but_a_plain_web_address_is_refused(
    fetcher: Fetcher, site: Site, target: str
) -> None:
    site.pages["/go"] = lambda visit: visit.say(302, Location=target)
    assert refusal(fetcher, site, "/go") == "redirect_broken"


@pytest.mark.parametrize(
    "url", ["", "x", "file:///etc/passwd", "ftp://example.org/", "http://", "http://a:99999/",
            "http://user:pass@example.org/", "http://a\r\nX: y/"],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(fetcher: Fetcher, site: Site, url: str) -> None:
    with pytest.raises(NotFetched, match=r"bad_url|name_unknown"):
        fetcher.fetch(url, max_bytes=10, within_seconds=60)


def test_three_redirects_are_followed_and_a_fourth_is_not(fetcher: Fetcher, site: Site) -> None:
    for n in range(4):
        site.pages[f"/{n}"] = lambda visit, n=n: visit.say(302, Location=f"/{n + 1}")  # type: ignore[misc]
    site.pages["/4"] = lambda visit: visit.say(200, b"here")
    assert get(fetcher, site, "/1").final_url == site.url("/4")
    assert refusal(fetcher, site, "/0") == "too_many_redirects"


def test_a_bearer_is_shown_to_the_first_origin_only(fetcher: Fetcher, site: Site) -> None:
    with open_site() as other:
        other.pages["/away"] = lambda visit: visit.say(302, Location=site.url("/back"))
        site.pages["/go"] = lambda visit: visit.say(302, Location="/near")
        site.pages["/near"] = lambda visit: visit.say(302, Location=other.url("/away"))
        site.pages["/back"] = lambda visit: visit.say(200)
        allowed = (site.place, other.place)
        get(fetcher, site, "/go", bearer="secret", private_addresses_allowed=allowed)
        assert [h.get("Authorization") for _, _, h in site.visits[:2]] == ["Bearer secret"] * 2
        assert "Authorization" not in other.visits[0][2]


def test_a_huge_body_is_cut_and_said_to_be_cut(fetcher: Fetcher, site: Site) -> None:
    def endless(visit: Visit) -> None:
        visit.send_response(200)
        visit.end_headers()
        visit.close_connection = True
        visit.drip(b"x" * 65_536)

    site.pages["/endless"] = endless
    site.pages["/exact"] = lambda visit: visit.say(200, b"y" * 1_000)
    got = get(fetcher, site, "/endless")
    assert (got.body, got.complete) == (b"x" * 1_000, False)
    assert get(fetcher, site, "/exact").complete


def test_a_packed_answer_is_refused_not_unpacked(fetcher: Fetcher, site: Site) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    site.pages["/bomb"] = lambda visit: visit.say(200, bomb, Content_Encoding="gzip")
    assert refusal(fetcher, site, "/bomb", max_bytes=10**9) == "unasked_encoding"


def slow_head(visit: Visit) -> None:
    visit.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    visit.drip(b"a")


def slow_body(visit: Visit) -> None:
    visit.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")
    visit.drip(b"a")


def silent(visit: Visit) -> None:
    visit.server.closing.wait(120)


@pytest.mark.parametrize("page", [slow_head, slow_body, silent])
def test_a_site_that_drips_is_left_when_the_time_is_up(
    fetcher: Fetcher, site: Site, page: object
) -> None:
    site.pages["/slow"] = page  # type: ignore[assignment]
    began = time.monotonic()
    assert refusal(fetcher, site, "/slow", within_seconds=0.4) == "timed_out"
    assert time.monotonic() - began < 60  # the site says nothing for two minutes


def test_redirects_do_not_buy_more_time(fetcher: Fetcher, site: Site) -> None:
    def lazy(visit: Visit) -> None:
        visit.server.closing.wait(0.15)
        visit.say(302, Location="/lazy")

    site.pages["/lazy"] = lazy
    assert refusal(fetcher, site, "/lazy", within_seconds=0.3) == "timed_out"


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
     b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n"],
)  # fmt: skip
def test_a_broken_answer_teaches_nothing(fetcher: Fetcher, site: Site, answer: bytes) -> None:
    def broken(visit: Visit) -> None:
        visit.close_connection = True
        visit.wfile.write(answer)

    site.pages["/broken"] = broken
    assert refusal(fetcher, site, "/broken") == "broken_answer"


def test_a_closed_door_is_named(fetcher: Fetcher, site: Site) -> None:
    with open_site() as gone:
        place, url = gone.place, gone.url("/")
    assert refusal(fetcher, site, url, private_addresses_allowed=(place,)) == "connection_refused"


def test_no_more_than_eight_requests_at_once_reach_one_host(site: Site) -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def busy(visit: Visit) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        visit.server.closing.wait(0.02)
        with lock:
            at_once -= 1
        visit.say(404)

    site.pages["/busy"] = busy
    fetcher = Fetcher()
    urls = [site.url(f"/busy?{n}") for n in range(60)]
    got = dict(
        fetcher.many(
            urls,
            max_bytes=10,
            within_seconds=60,
            private_addresses_allowed=(site.place,),
            at_once=20,
        )
    )
    fetcher.close()
    assert set(got) == set(urls)
    assert all(isinstance(page, Fetched) and page.status == 404 for page in got.values())
    assert 2 <= most <= 8


def test_requests_to_one_host_are_spaced(site: Site) -> None:
    site.pages["/p"] = lambda visit: visit.say(200)
    fetcher = Fetcher(spacing_seconds=0.03)
    began = time.monotonic()
    for _ in range(6):
        get(fetcher, site, "/p")
    fetcher.close()
    assert time.monotonic() - began >= 0.03 * 5


def test_many_says_of_each_url_what_became_of_it(fetcher: Fetcher, site: Site) -> None:
    site.pages["/p"] = lambda visit: visit.say(200)
    urls = [site.url("/p"), "http://10.0.0.1/", "not a url"]
    got = dict(
        fetcher.many(urls, max_bytes=10, within_seconds=60, private_addresses_allowed=(site.place,))
    )
    assert isinstance(got[urls[0]], Fetched)
    assert [str(got[url]) for url in urls[1:]] == ["address_refused", "bad_url"]


def test_connections_are_used_again(fetcher: Fetcher, site: Site) -> None:
    site.pages["/p"] = lambda visit: visit.say(200)
    for _ in range(5):
        get(fetcher, site, "/p")
    assert site.connections == 1


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[ssl.SSLContext, ssl.SSLContext]]:
    """A server's and a client's context for `own.example`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "own.example")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("own.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "both.pem").write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "both.pem")
    yield server, ssl.create_default_context(cadata=pem.decode())


def test_tls_is_checked_against_the_name_though_the_address_is_pinned(
    tls: tuple[ssl.SSLContext, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = tls
    answers_with(monkeypatch, "127.0.0.1")
    names: list[str | None] = []
    server.sni_callback = lambda _sock, name, _context: names.append(name)
    fetcher = Fetcher(tls=client)
    with open_site(server) as site:
        site.pages["/p"] = lambda visit: visit.say(200, b"safe")
        allowed = tuple(f"{host}.example:{site.port}" for host in ("own", "other"))

        def go(host: str) -> Fetched:
            url = site.url("/p", host=host, scheme="https")
            return fetcher.fetch(
                url, max_bytes=99, within_seconds=60, private_addresses_allowed=allowed
            )

        assert go("own.example").body == b"safe"
        assert go("own.example").body == b"safe"
        assert names == ["own.example"]
        with pytest.raises(NotFetched, match="tls_failed"):
            go("other.example")
        fetcher.close()
