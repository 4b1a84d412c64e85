"""The lines that put a media gate into a platform's proxy."""

from pathlib import Path
from urllib.parse import urlsplit

from heed.instance.trouble import Trouble

MASTODON = "mastodon"
# What stands behind a gate, as a proxy's regular expression; and where the site serves it from.
WHERE = {
    MASTODON: "^/(system/)?(cache/)?(media_attachments|accounts)/",
    "lemmy": "^/pictrs/image/",
}
FIRST = {MASTODON: "/system/", "lemmy": "/pictrs/"}
USUALLY = {"mastodon": "/home/mastodon/live/public", "lemmy": "http://127.0.0.1:8536"}
HERE = Path(__file__).parent / "gates"
FILES = {"nginx": "nginx.conf", "caddy": "Caddyfile"}
_FROM_DISK = {
    "nginx": "root {where};\n    try_files $uri =404;",
    "caddy": "root * {where}\n\tfile_server",
}
_FROM_STORE = {  # Heed's own token is for the gate, never for the store
    "nginx": """proxy_pass {where};
    proxy_set_header Authorization "";
    proxy_hide_header Set-Cookie;""",
    "caddy": """reverse_proxy {where} {{
\t\theader_up Host {{upstream_hostport}}
\t\theader_up -Authorization
\t}}""",
}


class NoSuchStore(Trouble):
    """A proxy can't serve files from there; the message says what to write instead."""


def snippet(
    proxy: str,
    *,
    slug: str,
    name: str,
    heed: str,
    host: str,
    files: str,
    kind: str = MASTODON,
    cache: str = "",
) -> str:
    """The lines for `proxy` (nginx or caddy).

    `heed`: where the proxy reaches Heed; `host`: the name that Heed answers to; `files`: a
    directory of the proxy's own machine, or the address of an object store or of the site itself;
    `kind`: its connector. Raises `NoSuchStore`.
    """
    parts = urlsplit(files)
    if parts.scheme and (parts.scheme not in ("http", "https") or parts.path.strip("/")):
        raise NoSuchStore("--files: a directory, or https:// and the name of a host without a path")
    if not parts.scheme and not files.startswith("/"):
        raise NoSuchStore("--files: a directory from the root on, such as Mastodon's public/")
    served = (_FROM_STORE if parts.scheme else _FROM_DISK)[proxy]
    upstream = heed.rstrip("/") if proxy == "nginx" else urlsplit(heed).netloc
    return _filled(
        (HERE / FILES[proxy]).read_text(encoding="utf-8"),
        SLUG=slug,
        NAME=name.replace("\n", " "),
        ID=slug.replace("-", "_"),
        HEED=upstream,
        HOST=host,
        FIRST=FIRST[kind],
        WHERE=WHERE[kind],
        SERVE=served.format(where=files.rstrip("/")),
        CACHE=cache or f"/var/cache/nginx/heed-gate-{slug}",
    )


def _filled(text: str, **values: str) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
