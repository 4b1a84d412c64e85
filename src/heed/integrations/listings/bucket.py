"""A bucket whose objects the site serves under one address. Needs `requirements/s3.txt`."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from urllib.parse import quote

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from heed.integrations.vault.s3 import bucket_of
from heed.ports import Listed, ListedFile, ListedPage, NotListed

PAGE = 200


class BucketListing:
    """Every object under the prefix of `s3://bucket/prefix?endpoint=...`, by name."""

    def __init__(self, url: str, url_prefix: str, client: Minio | None = None) -> None:
        self.client, self.bucket, prefix = bucket_of(url, client)
        self.prefix = f"{prefix}/" if prefix else ""
        self.url_prefix = url_prefix

    def page(self, after: str) -> ListedPage:
        """The objects after this name."""
        with _trouble():
            rows = self.client.list_objects(
                self.bucket, prefix=self.prefix, recursive=True, start_after=after or None
            )
            names = (str(row.object_name) for row in rows if not row.is_dir)
            found = list(islice(names, PAGE + 1))
        page = found[:PAGE]
        return ListedPage(
            items=tuple(self._listed(name) for name in page),
            after=page[-1] if len(found) > PAGE else "",
        )

    def _listed(self, name: str) -> Listed:
        url = self.url_prefix + quote(name[len(self.prefix) :])
        return Listed(ref=url, url=url, files=(ListedFile(url=url, key=name),))

    def read(self, key: str, max_bytes: int) -> bytes:
        """The object."""
        with _trouble():
            answer = self.client.get_object(self.bucket, key, length=max_bytes + 1)
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()


@contextmanager
def _trouble() -> Iterator[None]:
    """Nothing of the answer: it may name people."""
    try:
        yield
    except S3Error as why:
        raise NotListed(f"the bucket refused: {why.code}") from None
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as why:
        raise NotListed(f"the bucket does not answer: {type(why).__name__}") from None
