"""Start Townsquare: `python -m examples.townsquare --port 8001 --heed http://127.0.0.1:8000`."""

import argparse
import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path

import uvicorn
from httpx2 import AsyncClient

from heed_client import AsyncHeed, Callbacks, Patience

from .app import Site, build
from .courier import Courier
from .media import Shelf
from .pretend import Mischief
from .store import Store

OPTIONS = {
    "host": ("127.0.0.1", "address to listen on"),
    "port": ("8001", "port to listen on"),
    "url": ("", "how visitors reach this site (default: the host and port)"),
    "heed": ("http://127.0.0.1:8000", "where Heed is"),
    "key": ("", "the platform's API key, heed_..."),
    "secret": ("", "the callback secret, whsec_..."),
    "evidence-token": ("", "the token with which Heed fetches bytes of hidden posts"),
    "var": ("var/townsquare", "folder for the database and the files"),
}


def settings() -> argparse.Namespace:
    """Read the options; each may come from the environment as TOWNSQUARE_NAME instead."""
    parser = argparse.ArgumentParser(prog="townsquare", description=__doc__)
    for name, (default, words) in OPTIONS.items():
        given = os.environ.get(f"TOWNSQUARE_{name.upper().replace('-', '_')}", default)
        parser.add_argument(f"--{name}", default=given, help=words)
    parser.add_argument(
        "--pretend", action="store_true", help="allow /pretend: misbehave on demand"
    )
    options = parser.parse_args()
    for name in ("key", "secret", "evidence_token"):
        if not getattr(options, name):
            parser.error(
                f"--{name.replace('_', '-')} is missing: Heed shows it when the platform is added"
            )
    return options


async def run(options: argparse.Namespace) -> None:
    """Serve until told to stop."""
    url = (options.url or f"http://{options.host}:{options.port}").rstrip("/")
    folder, heed_url = Path(options.var), options.heed.rstrip("/")
    store, shelf = Store(folder), Shelf(folder / "files")
    # The courier tries again by itself, so that nobody who posts waits for it.
    http = AsyncClient(trust_env=False, verify=heed_url.startswith("https:"))
    heed = AsyncHeed(heed_url, options.key, http=http, patience=Patience(tries=1))
    courier, callbacks = Courier(store, shelf, heed, url), Callbacks(options.secret)
    site = Site(store, shelf, callbacks, courier, heed_url, url, options.evidence_token)
    app = Mischief(site).app if options.pretend else build(site)
    config = uvicorn.Config(
        app,
        host=options.host,
        port=int(options.port),
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        backlog=1024,
    )
    carrying = asyncio.create_task(courier.run())
    print(f"Townsquare is at {url}", flush=True)
    await uvicorn.Server(config).serve()
    carrying.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="townsquare: %(message)s")
    with suppress(KeyboardInterrupt):
        asyncio.run(run(settings()))
