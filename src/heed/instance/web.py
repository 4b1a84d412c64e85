"""The web server: one process, an event loop, a few threads, and bounds on what may wait."""

import resource

THREADS = 8  # for pages; each may hold a database connection; see the pool in settings
WAITING = 256  # connections the kernel may keep for us; more are refused rather than forgotten
KEPT_OPEN_SECONDS = 150  # between two requests of a visitor; Caddy keeps a connection for 120
GO_WITHIN_SECONDS = 8  # answers that are under way at the end
OPEN_FILES = 8_192  # far above what the connections (`patience`) can take


def serve(host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT."""
    import uvicorn

    from heed.instance.patience import Patient

    class Server(uvicorn.Server):
        def handle_exit(self, *_: object) -> None:
            """Ends, and returns: uvicorn's own would let the signal kill us afterwards."""
            self.should_exit = True

    _have_room()
    config = uvicorn.Config(
        "heed.instance.asgi:application",
        host=host,
        port=port,
        http=Patient,
        loop="uvloop",
        interface="asgi3",
        ws="none",
        lifespan="off",
        proxy_headers=False,  # whom to believe is the operator's to say, see `source_from`
        server_header=False,
        log_config=None,
        log_level="error",  # what strangers send wrongly fills no log
        access_log=False,
        backlog=WAITING,
        timeout_keep_alive=KEPT_OPEN_SECONDS,
        timeout_graceful_shutdown=GO_WITHIN_SECONDS,
    )
    Server(config).run()


def _have_room() -> None:
    """A visitor's connection is an open file, and many systems begin with 1,024 of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
