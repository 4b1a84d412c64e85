"""A real nginx or Caddy on a free port, with a site's own lines, ended at the end."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heed.instance.checks import program

_GATE_LIMITS = ("proxy_connect_timeout 1s;", "proxy_read_timeout 2s;")
_NGINX = """
daemon off; worker_processes 1; pid {here}/pid; error_log stderr crit; {user}
events {{ worker_connections 256; }}
http {{
    access_log off; default_type application/octet-stream;
    client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/fast;
    uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
    {http}
    server {{ listen 127.0.0.1:{port};
    {server}
    }}
}}
"""


@contextmanager
def nginx(here: Path, *, port: int, http: str, server: str) -> Iterator[None]:
    """It serves until the end. Heed may take its time: past it, what nobody refused is served."""
    for limit in _GATE_LIMITS:
        server = server.replace(limit, limit.partition(" ")[0] + " 60s;")
    user = "user root;" if os.geteuid() == 0 else ""
    config = here / "nginx.conf"
    config.write_text(_NGINX.format(here=here, port=port, http=http, server=server, user=user))
    with _running(["nginx", "-p", str(here), "-c", str(config), "-e", "stderr"], port, str(here)):
        yield


@contextmanager
def caddy(here: Path, *, port: int, site: str) -> Iterator[None]:
    """It serves until the end."""
    config = here / "Caddyfile"
    config.write_text(
        f"{{\n\tadmin off\n\tauto_https off\n}}\nhttp://127.0.0.1:{port} {{\n{site}\n}}\n"
    )
    command = ["caddy", "run", "--config", str(config), "--adapter", "caddyfile"]
    with _running(command, port, str(here)):
        yield


@contextmanager
def _running(command: list[str], port: int, here: str) -> Iterator[None]:
    """What it keeps for itself goes into `here`."""
    at = program(command[0])
    assert at is not None
    process = subprocess.Popen(
        [str(at), *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "HOME": here, "XDG_CONFIG_HOME": here, "XDG_DATA_HOME": here},
    )  # fmt: skip
    try:
        _wait(process, port)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.communicate()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        if process.poll() is not None:
            assert process.stderr is not None
            said = process.stderr.read().decode()
            raise AssertionError(f"it ended at once: {said}")
        time.sleep(0.02)
    raise AssertionError("it does not listen")
