"""Who signs, and whether they may: the log's name, its key, and what was signed before."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from heed.ledger import outside, queries
from heed.ledger.keys import CannotSign, signing_key
from heed.ledger.merkle import root_at
from heed.ledger.models import Origin
from heed.ledger.notes import is_name, parse_vkey, verifier_of
from heed.ledger.tiles import TileTree


class LogIsBehind(CannotSign):
    """More was signed than the database knows: an old backup was restored, or the database is new.

    Nothing is signed. Bring back the newer database, or call `declare_origin` with a new name, in
    the open: entries since the backup are lost to the log, and whoever holds a receipt can tell.
    """


class LogForked(LogIsBehind):
    """The stored log is not the one that was signed. Run `heed verify --log` first."""


class KeyDoesNotFit(CannotSign):
    """The key file is not the key that the log began with. Bring it back, or declare anew."""


class RestoredUntold(CannotSign):
    """The database came from a backup, and nobody has said whether more was signed after it.

    `heed log go-on` when nothing was, with the newest checkpoint that anybody has; else
    `heed log begin-anew NAME`.
    """


class OriginUnusable(Exception):
    """A log is named once, by a word without spaces or plus signs, such as `heed.example/log-2`."""


def signer(*, now: datetime) -> tuple[Ed25519PrivateKey, Origin]:
    """The key and the name to sign with; both are made at first use. Raises `KeyDoesNotFit`."""
    key = signing_key()
    origin = queries.current_origin() or _first_origin(key, now)
    if parse_vkey(origin.vkey).public != verifier_of(key, origin.name).public:
        raise KeyDoesNotFit(f"{settings.HEED_SIGNING_KEY_FILE} is not the key of {origin.name}")
    return key, origin


def _first_origin(key: Ed25519PrivateKey, now: datetime) -> Origin:
    name = settings.HEED_LOG_ORIGIN
    vkey = verifier_of(key, checked_name(name)).vkey
    made = {"vkey": vkey, "declared_at": now}
    return Origin.objects.get_or_create(name=name, defaults=made)[0]


def checked_name(name: str) -> str:
    """The name, if a log may be called that. Raises `OriginUnusable`."""
    if not is_name(name):
        raise OriginUnusable(f"{name!r} can't be the name of a log")
    return name


def check(origin: Origin, tree: TileTree) -> None:
    """Whether we may sign on. Raises `LogIsBehind`, `LogForked`, `RestoredUntold`."""
    check_tree(origin, tree)
    restored = queries.restoration()
    if restored is not None and restored.may_sign_at is None:
        raise RestoredUntold(
            f"restored from the backup of {restored.backup_made_at:%Y-%m-%d %H:%M} UTC with "
            f"{restored.size} entries; say how the log goes on: heed log go-on, or begin-anew"
        )


def check_tree(origin: Origin, tree: TileTree) -> None:
    """Whether it holds all that is known to have been signed. Raises `LogIsBehind`, `LogForked`."""
    _check_own(origin, tree)
    kept = outside.newest()
    if strange := sorted(set(kept) - {origin.name, *origin.supersedes}):
        raise LogIsBehind(
            f"{strange[0]} was signed for here, and the database has never heard of it"
        )
    newest = kept.get(origin.name)
    if newest is None:
        return
    if newest.size > tree.size:
        raise LogIsBehind(f"{newest.size} entries were signed, the database has {tree.size}")
    if root_at(tree.node, newest.size) != newest.root:
        raise LogForked(f"the checkpoint of {newest.size} entries kept outside has another root")


def _check_own(origin: Origin, tree: TileTree) -> None:
    last = origin.checkpoints.order_by("-size").first()
    if last is None:
        return
    if last.size != tree.size:
        raise LogForked(f"{tree.size} places, but the last checkpoint is of {last.size}")
    if root_at(tree.node, tree.size) != bytes(last.root):
        raise LogForked(f"the stored tree of {tree.size} entries is not the one that was signed")


def check_now() -> None:
    """The same, for start-up and the doctor. Raises `CannotSign` in one of its forms."""
    origin = queries.current_origin()
    if origin is None:
        if kept := outside.newest():
            raise LogIsBehind(f"the database is empty, but {sorted(kept)[0]} was signed for here")
        return
    if parse_vkey(origin.vkey).public != verifier_of(signing_key(), origin.name).public:
        raise KeyDoesNotFit(f"{settings.HEED_SIGNING_KEY_FILE} is not the key of {origin.name}")
    check(origin, queries.tree(queries.size()))
