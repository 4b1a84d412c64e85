"""The config file: lines of `NAME=value`, as systemd's `EnvironmentFile` reads them.

`heed` reads it when it starts. What stands in the real environment wins, an empty value too, so
that one command can be run otherwise than the file says. A person edits the file: it is only ever
added to, and what they wrote stays as they wrote it.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path

from heed.instance.place import here
from heed.instance.trouble import Trouble

NAMED_BY = "HEED_CONFIG"
OWNER_ONLY = 0o600
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = re.compile(r'[\\"$`]')
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./?&\[\]-]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class BadLine(Trouble):
    """A line of the config file that nobody can read. The message names the file and the line."""


def path() -> Path:
    """Where the file is, or would be: `HEED_CONFIG`, else `heed.env` in the instance's place."""
    return Path(os.environ.get(NAMED_BY) or here().var / "heed.env").expanduser().absolute()


def take_up(environ: MutableMapping[str, str], where: Path) -> list[str]:
    """Put into `environ` what the file says and `environ` does not; returns those names.

    Raises `BadLine`, and `Trouble` when the file is there and can't be read.
    """
    taken = []
    for name, value in read(where).items():
        if name not in environ:
            environ[name] = value
            taken.append(name)
    return taken


def read(where: Path) -> dict[str, str]:
    """What the file says; nothing when there is none. Raises as `take_up` does."""
    try:
        text = where.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as why:
        raise Trouble(
            f"{where} can't be read ({why}). Run heed as the user it belongs to."
        ) from why
    return parse(text, where=str(where))


def parse(text: str, *, where: str = "the config file") -> dict[str, str]:
    """Names and values; of a name that stands twice, the last. Raises `BadLine`."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        name, equals, value = line.partition("=")
        if not equals or not _NAME.fullmatch(name.strip()):
            raise BadLine(f"{where}, line {number}: write NAME=value, or # before a remark.")
        try:
            found[name.strip()] = _unquoted(value.strip())
        except ValueError as why:
            raise BadLine(f"{where}, line {number}: {why}.") from None
    return found


def _unquoted(value: str) -> str:
    if value[:1] not in ('"', "'"):
        if "\\" in value:
            raise ValueError("quote a value that has a backslash in it, and double the backslash")
        return value
    quote, inner = value[0], value[1:-1]
    if len(value) < 2 or value[-1] != quote:
        raise ValueError("a quotation mark is not closed")
    if quote == "'":
        return inner
    if re.search(r'(?<!\\)(\\\\)*"', inner) or re.search(r"(?<!\\)(\\\\)*\\$", inner):
        raise ValueError('put a backslash before " and \\ inside quotation marks')
    return re.sub(r'\\([\\"$`])', r"\1", inner)


def line_of(name: str, value: str) -> str:
    """One line that `parse` and systemd read back as `value`. Raises `ValueError`: a new line."""
    if _CONTROL.search(value):
        raise ValueError("a value is one line")
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    return f'{name}="{_SPECIAL.sub(lambda found: chr(92) + found.group(), value)}"'


def with_settings(text: str, said: Mapping[str, str]) -> str:
    """`text` with a line for each of `said` that has none; no line with a value is changed.

    A line goes where the file has kept a place for it (`#NAME=`), else to the end. Repeating it
    changes nothing.
    """
    known = parse(text)
    lines = text.split("\n")
    for name, value in said.items():
        if name in known:
            continue
        kept = f"#{name}="
        if kept in lines:
            lines[lines.index(kept)] = line_of(name, value)
        else:
            _append(lines, line_of(name, value))
    return "\n".join(lines)


def _append(lines: list[str], line: str) -> None:
    at = len(lines) - 1 if lines and not lines[-1] else len(lines)
    lines.insert(at, line)


class NotWritable(Trouble):
    """A file that we have to write can't be written. What was said so far is where it was."""


def write(where: Path, text: str) -> None:
    """Whole or not at all, for its owner alone; a file that is there keeps its owner.

    Raises `NotWritable`.
    """
    try:
        _write(where, text)
    except OSError as why:
        raise NotWritable(
            f"{where} can't be written ({why.strerror}). Run heed as the user whom it belongs to, "
            "or name another place with HEED_VAR or HEED_CONFIG."
        ) from None


def _write(where: Path, text: str) -> None:
    where.parent.mkdir(parents=True, exist_ok=True)
    half = where.with_name(f".{where.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    if where.exists():
        was = where.stat()
        os.chown(half, was.st_uid, was.st_gid)
        half.chmod(stat.S_IMODE(was.st_mode))
    half.replace(where)


def unknown(names: Iterable[str], known: Iterable[str], families: Iterable[str]) -> list[str]:
    """Names of ours that mean nothing: not `known`, and of none of the `families` (beginnings)."""
    those, begins = set(known), tuple(families)
    return [
        name
        for name in names
        if name.startswith("HEED_") and name not in those and not name.startswith(begins)
    ]
