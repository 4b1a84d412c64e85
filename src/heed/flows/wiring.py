"""Which integration answers for which port: one setting each, named by dotted path."""

import os
from collections.abc import Mapping
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from heed.hashing.sandbox import DecoderPool
from heed.ports import (
    Connector,
    Exchange,
    Fetcher,
    Mail,
    Pager,
    Platform,
    Push,
    Seals,
    Tipline,
    Vault,
    Viewer,
)
from heed.rules.transparency import TransparencyDatabase

MOST_DECODERS = 4  # of pictures and of videos, in one process: as many as the gate reads at a time


@cache
def platform(connector: str = "webhook") -> Platform:
    """Who tells platforms of this connector what each item should be."""
    return cast(Platform, import_string(settings.HEED_CONNECTOR_PORTS[connector])())


def connector(kind: str) -> Connector:
    """Who speaks with platforms of this kind; not for "webhook", where platforms speak with us."""
    return cast(Connector, platform(kind))


def connectors() -> list[str]:
    """The connectors there are, "webhook" first."""
    return list(settings.HEED_CONNECTOR_PORTS)


@cache
def fetcher() -> Fetcher:
    """Who reads addresses on the open web."""
    return cast(Fetcher, import_string(settings.HEED_FETCHER_PORT)())


@cache
def mail() -> Mail:
    """Who sends mails."""
    return cast(Mail, import_string(settings.HEED_MAIL_PORT)())


@cache
def push() -> Push:
    """Who tells notifiers' devices."""
    return cast(Push, import_string(settings.HEED_PUSH_PORT)())


@cache
def pager() -> Pager:
    """Who rings the people on duty."""
    return cast(Pager, import_string(settings.HEED_PAGER_PORT)())


@cache
def tipline(platform: str) -> Tipline:
    """The authority that takes tips by a protocol, as the platform of this slug is known there."""
    account = tipline_account(platform)
    known = (account["url"], account["user"], account["password"])
    return cast(Tipline, import_string(settings.HEED_TIPLINE_PORT)(*known))


def tipline_account(platform: str) -> Mapping[str, str]:
    """A platform's own credentials there; the server's, where it has none."""
    own: Mapping[str, Mapping[str, str]] = settings.HEED_NCMEC_PLATFORMS
    server: Mapping[str, str] = settings.HEED_NCMEC
    return own.get(platform, server)


def mail_leaves() -> bool:
    """Whether a mail server is set. Without one, mails are files here, and reach nobody."""
    return not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")


@cache
def seals() -> Seals:
    """Who seals evidence, and opens it where the key lies."""
    return cast(Seals, import_string(settings.HEED_SEALS_PORT)())


@cache
def vault() -> Vault:
    """Who keeps what is sealed."""
    return cast(Vault, import_string(settings.HEED_VAULT_PORT)())


@cache
def viewer() -> Viewer:
    """Who opens review copies for reviewers' eyes."""
    return cast(Viewer, import_string(settings.HEED_VIEWER_PORT)())


@cache
def transparency() -> TransparencyDatabase:
    """Who takes in statements of reasons for everybody to read."""
    return cast(TransparencyDatabase, import_string(settings.HEED_TRANSPARENCY_PORT)())


@cache
def decoder() -> DecoderPool:
    """The locked-down child process in which files from outside are read."""
    return DecoderPool(size=max(1, min(MOST_DECODERS, (os.cpu_count() or 1) // 2)))


@cache
def exchange(kind: str) -> Exchange:
    """Who speaks with exchanges of this kind. Raises `KeyError` for a kind that there is not."""
    return cast(Exchange, import_string(settings.HEED_EXCHANGE_PORTS[kind])())


def exchange_kinds() -> list[str]:
    """The kinds of exchange there are."""
    return list(settings.HEED_EXCHANGE_PORTS)
