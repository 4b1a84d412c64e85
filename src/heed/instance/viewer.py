"""The viewer's process. It needs no database: a socket, the viewer's key, and the decoder child."""

import os
import signal
import threading
from pathlib import Path

from heed.instance import keys
from heed.instance.place import here


def serve() -> None:
    """Serves until SIGTERM or SIGINT."""
    from heed.integrations.vault.viewer import ViewerServer

    place = here()
    keys.ensure(place)
    path = Path(os.environ.get("HEED_VIEWER_SOCKET") or place.viewer_socket)
    held = Path(os.environ.get("HEED_VAULT_KEYS") or place.vault_keys)
    with ViewerServer(path, held) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever(poll_interval=0.5)
    path.unlink(missing_ok=True)
