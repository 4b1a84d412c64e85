"""The lines that put a media gate into a platform's proxy."""

from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent / "gates"
FILES = {"nginx": "nginx.conf", "caddy": "Caddyfile"}
_FROM_DISK = {
    "nginx": "root {where};\n    try_files $uri =404;",
    "caddy": "root * {where}\n\tfile_server",
}
_FROM_STORE = {  # Heed's own token is for the gate, never for the store
    "nginx": """resolver 127.0.0.1;
    proxy_pass {where};
    proxy_set_header Authorization "";
    proxy_hide_header Set-Cookie;""",
    "caddy": """reverse_proxy {where} {{
\t\theader_up Host {{upstream_hostport}}
\t\theader_up -Authorization
\t}}""",
}


def snippet(
    proxy: str,
    *,
    slug: str,
    name: str,
    heed: str,
    host: str,
    files: str,
    cache: str = "",
) -> str:
    """The lines for `proxy` (nginx or caddy).

    `heed`: where the proxy reaches Heed; `host`: the name that Heed answers to; `files`: a
    directory of the proxy's own machine, or the address of an object store.
    """
    served = (_FROM_STORE if urlsplit(files).scheme in ("http", "https") else _FROM_DISK)[proxy]
    upstream = heed.rstrip("/") if proxy == "nginx" else urlsplit(heed).netloc
    return _filled(
        (HERE / FILES[proxy]).read_text(encoding="utf-8"),
        SLUG=slug,
        NAME=name.replace("\n", " "),
        ID=slug.replace("-", "_"),
        HEED=upstream,
        HOST=host,
        SERVE=served.format(where=files),
        CACHE=cache or f"/var/cache/nginx/heed-gate-{slug}",
    )


def _filled(text: str, **values: str) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
