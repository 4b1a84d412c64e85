"""Our client for NCMEC's reporting API: status, xsd, submit, upload, fileinfo, finish, retract."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import httpx2

from heed.integrations.ncmec import mapping, reading
from heed.integrations.ncmec import schema as xsd
from heed.integrations.ncmec.reading import Said
from heed.ports import Finished, Opened, TiplineUnreachable, TipRefused, Uploaded
from heed.rules.tips.document import Document, FileFacts

XML = {"Content-Type": "text/xml; charset=utf-8"}
MOST_BYTES = 4 << 20  # of an answer; the schema has about 150 kB
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class _Counted:
    """A file that is hashed as it is sent."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.md5 = file, hashlib.md5(usedforsecurity=False)

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.md5.update(chunk)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        if (offset, whence) == (0, 0):
            self.md5 = hashlib.md5(usedforsecurity=False)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class Client:
    """One operator's way to one of NCMEC's two environments. Keeps its connections."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        within_seconds: float = 60.0,
    ) -> None:
        self._http = httpx2.Client(
            base_url=url.rstrip("/") + "/",
            auth=(user, password),
            timeout=httpx2.Timeout(within_seconds, connect=10.0),
            follow_redirects=False,  # credentials go where the operator said, and nowhere else
            trust_env=False,
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def status(self) -> str:
        """As whom we are known there."""
        return self._asked("GET", "status")[0].words

    def schema(self) -> bytes:
        """The schema of its documents, as it is today. Raises `TipRefused` for anything else."""
        status, body, _ = self._exchange("GET", "xsd")
        if status != 200:
            reading.judged(status, body)
            raise TipRefused("no schema came")
        try:
            xsd.compiled(body)
        except xsd.NotASchema as why:
            raise TipRefused(f"what came is no schema: {why}") from None
        return body

    def written(self, document: Document) -> bytes:
        """The document as it would be sent."""
        return mapping.report(document)

    def faults(
        self, document: Document, files: Sequence[FileFacts], schema: bytes | None
    ) -> list[str]:
        """What the schema says against it; refs that are not known yet are filled in."""
        parts = [mapping.report(document), *(mapping.file_details("1", "0" * 32, f) for f in files)]
        return [fault for part in parts for fault in xsd.faults(part, schema)]

    def open(self, document: Document) -> Opened:
        """Open a tip."""
        told, request_ref = self._asked(
            "POST", "submit", content=mapping.report(document), headers=XML
        )
        if not told.report_ref:
            raise TiplineUnreachable("no number came back", heard=True)
        return Opened(report_ref=told.report_ref, request_ref=request_ref)

    def upload(self, report_ref: str, name: str, file: BinaryIO) -> Uploaded:
        """Send one file, hashed as it is read."""
        counted = _Counted(file)
        told, request_ref = self._asked(
            "POST",
            "upload",
            data={"id": report_ref},
            files={"file": (name or "file", counted, "application/octet-stream")},
        )
        return Uploaded(
            file_ref=told.file_ref,
            md5=told.md5,
            sent_md5=counted.md5.hexdigest(),
            request_ref=request_ref,
        )

    def inform(self, report_ref: str, file_ref: str, file: FileFacts) -> str:
        """Say what a file is."""
        details = mapping.file_details(report_ref, file_ref, file)
        return self._asked("POST", "fileinfo", content=details, headers=XML)[1]

    def finish(self, report_ref: str) -> Finished:
        """File it."""
        status, body, request_ref = self._exchange("POST", "finish", data={"id": report_ref})
        told = reading.judged(status, body)
        return Finished(file_refs=told.file_refs, raw=body, request_ref=request_ref)

    def retract(self, report_ref: str) -> str:
        """Have an open tip deleted."""
        return self._asked("POST", "retract", data={"id": report_ref})[1]

    def _asked(self, method: str, path: str, **what: Any) -> tuple[Said, str]:
        status, body, request_ref = self._exchange(method, path, **what)
        return reading.judged(status, body), request_ref

    def _exchange(self, method: str, path: str, **what: Any) -> tuple[int, bytes, str]:
        try:
            with self._http.stream(method, path, **what) as answer:
                body = _body(answer)
                return answer.status_code, body, _ref(answer.headers)
        except _NEVER_SENT as why:
            raise TiplineUnreachable(type(why).__name__, heard=False) from None
        except (httpx2.TransportError, httpx2.DecodingError) as why:
            raise TiplineUnreachable(type(why).__name__, heard=True) from None


def _ref(headers: Mapping[str, str]) -> str:
    return str(headers.get("request-id", ""))[:100]


def _body(answer: httpx2.Response) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TiplineUnreachable("an answer too large", heard=True)
    return bytes(body)
