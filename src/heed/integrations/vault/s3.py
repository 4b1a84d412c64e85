"""Sealed objects in S3, or in what speaks it, with object lock where the bucket offers it.

Needs `requirements/s3.txt`. Credentials come from the environment (`AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`) or from AWS's own files. `HEED_VAULT=s3://bucket/prefix`, and
`?endpoint=https://host:port` for a server that is not Amazon's, `?region=` where one is asked for.
"""

import io
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import urllib3
from django.conf import settings
from minio import Minio
from minio.commonconfig import GOVERNANCE
from minio.credentials.providers import AWSConfigProvider, ChainedProvider, EnvAWSProvider
from minio.error import MinioException, S3Error
from minio.retention import Retention

from heed.ports import ObjectMissing, VaultFull, VaultTrouble

WITHIN_SECONDS = 60.0
_MISSING = {"NoSuchKey", "NoSuchVersion"}
_FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"}
_LOCKED = {"AccessDenied", "InvalidRequest", "ObjectLocked", "WORMProtected"}
_AWAY = (MinioException, urllib3.exceptions.HTTPError, OSError)


class S3Vault:
    """One bucket. `locks` is what the bucket says of itself, asked once."""

    def __init__(self, url: str = "", client: Minio | None = None) -> None:
        made, self.bucket, self.prefix = bucket_of(url or settings.HEED_VAULT, client)
        self._client = made
        self._locks: bool | None = None

    @property
    def locks(self) -> bool:
        """Whether the bucket keeps locks. Without them objects are kept, and can be removed."""
        if self._locks is None:
            try:
                self._client.get_object_lock_config(self.bucket)
                self._locks = True
            except S3Error as why:
                if why.code == "NoSuchBucket":
                    raise VaultTrouble(f"there is no bucket {self.bucket}") from why
                self._locks = False
            except _AWAY as why:
                raise _away(why) from why
        return self._locks

    def reach(self) -> None:
        """The bucket is there, and lets us in. Raises `VaultTrouble`."""
        try:
            there = self._client.bucket_exists(self.bucket)
        except S3Error as why:
            raise VaultTrouble(f"the vault refused: {why.code}") from why
        except (*_AWAY, ValueError) as why:
            raise _away(why) from why
        if not there:
            raise VaultTrouble(f"there is no bucket {self.bucket}")

    def put(self, name: str, body: bytes, *, keep_until: datetime | None = None) -> None:
        """Whole, or not at all; the server itself checks the hash."""
        locked = keep_until is not None and self.locks
        try:
            self._client.put_object(
                self.bucket,
                self._key(name),
                io.BytesIO(body),
                len(body),
                retention=Retention(GOVERNANCE, keep_until) if locked and keep_until else None,
            )
        except S3Error as why:
            if why.code in _FULL:
                raise VaultFull(f"no room left in the vault: {why.code}") from why
            raise VaultTrouble(f"the vault refused: {why.code}") from why
        except _AWAY as why:
            raise _away(why) from why

    def get(self, name: str) -> bytes:
        """As it was put."""
        answer = None
        try:
            answer = self._client.get_object(self.bucket, self._key(name))
            return bytes(answer.read())
        except S3Error as why:
            if why.code in _MISSING:
                raise ObjectMissing("the object is not in the vault any more") from why
            raise VaultTrouble(f"the vault refused: {why.code}") from why
        except _AWAY as why:
            raise _away(why) from why
        finally:
            if answer is not None:
                answer.close()
                answer.release_conn()

    def erase(self, name: str) -> bool:
        """Every version of it; False where a lock keeps one."""
        key = self._key(name)
        try:
            for row in self._client.list_objects(self.bucket, prefix=key, include_version=True):
                self._client.remove_object(self.bucket, key, version_id=row.version_id)
        except S3Error as why:
            if why.code in _LOCKED:
                return False
            raise VaultTrouble(f"the vault refused: {why.code}") from why
        except _AWAY as why:
            raise _away(why) from why
        return True

    def names(self) -> Iterator[str]:
        """Every object's name under the prefix."""
        start = f"{self.prefix}/" if self.prefix else ""
        try:
            for row in self._client.list_objects(self.bucket, prefix=start, recursive=True):
                yield str(row.object_name)[len(start) :]
        except _AWAY as why:
            raise _away(why) from why

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


def bucket_of(url: str, client: Minio | None = None) -> tuple[Minio, str, str]:
    """Who speaks with it, the bucket's name and the prefix of `s3://bucket/prefix?endpoint=`."""
    parts = urlsplit(url)
    return client or _client(parse_qs(parts.query)), parts.netloc, parts.path.strip("/")


def _client(said: dict[str, list[str]]) -> Minio:
    endpoint = urlsplit(said.get("endpoint", ["https://s3.amazonaws.com"])[0])
    return Minio(
        endpoint.netloc,
        secure=endpoint.scheme != "http",
        region=said.get("region", [None])[0],
        credentials=ChainedProvider([EnvAWSProvider(), AWSConfigProvider()]),
        http_client=urllib3.PoolManager(timeout=WITHIN_SECONDS, retries=2),
    )


def _away(why: Exception) -> VaultTrouble:
    """Nothing of the answer: it may name buckets and people."""
    return VaultTrouble(f"the vault does not answer: {type(why).__name__}")
