"""What the processes say of themselves: when, how bad, what, and the ids that it is about.

They say it on standard error, and whoever starts them keeps it: `heed up` under `var/log`, systemd
in its journal. Ids alone: no address of anybody, and no key that stands in a link.
"""

import logging
import re
import time

LONGEST_VALUE = 200  # characters of one fact
_NOT_FACTS = vars(logging.makeLogRecord({})).keys() | {"message", "asctime", "request"}
_KEY = re.compile(r"\bheed_[0-9A-Za-z]+_[\w-]+")
_ADDRESS = re.compile(r"[^\s<>\"'(=]+@[^\s<>\"'),]+")


class OneLine(logging.Formatter):
    """A line for each thing said, with what came as `extra`; beneath it a failure's way here."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (its name there)
        """The line itself. Only what is short and plain: a text, a number, an id."""
        facts = {name: value for name, value in vars(record).items() if name not in _NOT_FACTS}
        plain = [
            f"{name}={str(value)[:LONGEST_VALUE]}"
            for name, value in facts.items()
            if not name.startswith("_") and not isinstance(value, dict | list | tuple)
        ]
        return " ".join([super().formatMessage(record), *plain]).replace("\n", " ")

    def format(self, record: logging.LogRecord) -> str:
        """Without what could name or let in anybody, wherever it came from."""
        return _ADDRESS.sub("<address>", _KEY.sub("<key>", super().format(record)))


class PageFailed(logging.Filter):
    """A page that failed is named by its pattern: its address may be a secret of somebody's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: it only says it in other words."""
        request = getattr(record, "request", None)
        if request is not None:
            match = getattr(request, "resolver_match", None)
            record.msg, record.args = "a page failed", ()
            vars(record)["page"] = f"{request.method} /{match.route if match else '?'}"
        return True


def logging_of_django() -> dict[str, object]:
    """The setting `LOGGING`. Django alone would tell nobody of a page that failed."""
    own = "heed.instance.logs"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{own}.OneLine"}},
        "filters": {"page": {"()": f"{own}.PageFailed"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "django": {"handlers": [], "level": "ERROR"},
            "django.request": {"filters": ["page"]},
            # Whoever scans the network would fill the log; `heed doctor` knows our own mistakes.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }
