"""What `heed init` writes for nginx and Caddy, before a server that says what reached it."""

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from heed.instance import checks
from heed.instance.first_day.papers import filled
from tests.ports import free_port

pytestmark = pytest.mark.processes
HOST = "safety.example.org"
MIB = 1 << 20


class Behind(ThreadingHTTPServer):
    """Stands in for Heed: tells what it was asked, and when the first byte of a body came."""

    began = threading.Event()


class _Ask(BaseHTTPRequestHandler):
    server: Behind

    def do_POST(self) -> None:
        left = size = int(self.headers.get("Content-Length") or 0)
        while left and (some := self.rfile.read(min(left, 65_536))):
            self.server.began.set()
            left -= len(some)
        told = {name.lower(): value for name, value in self.headers.items()} | {"size": size - left}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    server = Behind(("127.0.0.1", 0), _Ask)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def certificate(directory: Path, host: str = HOST) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = directory / "cert.pem", directory / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ))  # fmt: skip
    return paths


def settings_of(name: str, behind: Behind) -> str:
    return filled(name, {"host": HOST, "listen": f"127.0.0.1:{behind.server_port}"})


@contextlib.contextmanager
def running(command: list[str], *ports: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until = time.monotonic() + 60
        for port in ports:
            while not _listens(port):
                assert process.poll() is None and time.monotonic() < until, process.stdout
                time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
        return True
    return False


Ask = Callable[..., tuple[int, dict[str, str], Any]]


class _Here(http.client.HTTPSConnection):
    """To this machine, by the name that the certificate is for."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(HOST, port, timeout=60)
        self._tls = tls

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=HOST)


def asker(port: int, cert: Path) -> Ask:
    """Asks by TLS; certificate and name are checked, as a browser would."""
    tls = ssl.create_default_context(cafile=str(cert))

    def ask(path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        connection = _Here(port, tls)
        sent = {"Host": HOST, **{name.replace("_", "-"): said for name, said in headers.items()}}
        try:
            connection.request("POST" if body is not None else "GET", path, body, sent)
            answer = connection.getresponse()
            said = answer.read()
            told = json.loads(said) if answer.status == 200 else said
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, told
        finally:
            connection.close()

    return ask


@pytest.fixture(scope="module")
def nginx(
    behind: Behind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, int, Path]]:
    """The shipped settings, but for ports and places: (TLS, plain, certificate)."""
    found = checks.program("nginx")
    if found is None:
        pytest.skip("nginx is not here: apt install nginx-light")
    directory, tls, plain = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    cert, key = certificate(directory)
    text = settings_of("nginx.conf", behind)
    for ours, here in (
        ("listen [::]:443 ssl;", ""), ("listen [::]:80;", ""),
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        (f"/etc/letsencrypt/live/{HOST}/fullchain.pem", str(cert)),
        (f"/etc/letsencrypt/live/{HOST}/privkey.pem", str(key)),
        ("/var/log/nginx/heed.error.log", str(directory / "error.log")),
    ):  # fmt: skip
        assert ours in text
        text = text.replace(ours, here)
    temps = "".join(
        f"{one}_temp_path {directory}/{one};"
        for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = directory / "nginx.conf"
    whole.write_text(
        f"daemon off; master_process off; pid {directory}/pid; error_log {directory}/main.log;\n"
        f"events {{}}\nhttp {{ access_log {directory}/access.log; {temps}\n{text}\n}}\n"
    )
    with running([str(found), "-e", str(directory / "main.log"), "-c", str(whole)], tls, plain):
        yield tls, plain, cert
    access = directory / "access.log"
    assert not access.exists() or access.read_text() == "", "addresses are secrets"


def holds_to_its_word(ask: Ask, behind: Behind) -> None:
    """What Heed needs of whoever stands before it."""
    status, headers, told = ask("/n/ABC", X_Forwarded_For="6.6.6.6")
    assert status == 200
    assert told["x-forwarded-for"].split(",")[-1].strip() == "127.0.0.1", "HEED_PROXIES=1"
    assert (told["host"], told["x-forwarded-proto"]) == (HOST, "https")
    assert (
        headers["x-frame-options"] == "DENY" and "max-age" in headers["strict-transport-security"]
    )
    behind.began.clear()
    early: list[bool] = []

    def slowly() -> Iterator[bytes]:
        for part in range(40):
            if part == 20:  # the other half waits until the first has arrived
                early.append(behind.began.wait(60))
            yield bytes(MIB)

    status, _, told = ask("/api/v1/evidence", slowly(), Content_Length=str(40 * MIB))
    assert (status, told["size"], early) == (200, 40 * MIB, [True]), "a file passes through"


def test_behind_nginx_heed_sees_who_asks_and_files_pass_through(
    nginx: tuple[int, int, Path], behind: Behind
) -> None:
    tls, plain, cert = nginx
    ask = asker(tls, cert)
    holds_to_its_word(ask, behind)
    assert ask("/api/v1/evidence", b"", Content_Length=str(400 * MIB))[0] == 413
    connection = http.client.HTTPConnection("127.0.0.1", plain, timeout=60)
    connection.request("GET", "/n/ABC?x=1", headers={"Host": HOST})
    moved = connection.getresponse()
    connection.close()
    assert (moved.status, moved.headers["Location"]) == (301, f"https://{HOST}/n/ABC?x=1")


def test_behind_caddy_heed_sees_who_asks_and_files_pass_through(
    behind: Behind, tmp_path: Path
) -> None:
    found = checks.program("caddy")
    if found is None:
        pytest.skip("caddy is not here: apt install caddy")
    port, (cert, key) = free_port(), certificate(tmp_path)
    text = settings_of("Caddyfile", behind)
    assert f"{HOST} {{" in text
    text = text.replace(f"{HOST} {{", f"https://{HOST}:{port} {{\n\ttls {cert} {key}")
    head = "{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system " + str(tmp_path)
    (tmp_path / "Caddyfile").write_text(f"{head}\n}}\n{text}")
    with running([found, "run", "--config", str(tmp_path / "Caddyfile")], port):
        holds_to_its_word(asker(port, cert), behind)
