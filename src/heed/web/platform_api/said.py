"""What callers may say: the shapes of requests. What is said beyond them is passed over."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from heed.flows.shared.shapes import Result
from heed.rules.claims import AgeThen, Category, Standing
from heed.web.platform_api.remedies import ADDRESS, COUNTRY, EMAIL, IP, MD5, NO_NUL, SHA1, SHA256

MOST_FILES = 100  # of one item
MOST_PLACES = 100  # of one notice, so that one answer stays readable; more come as a second notice
MOST_RESULTS = 5_000
MOST_UPLOADS = 64  # asked about at once
_MOST = 2**53 - 1  # the largest number that every JSON library keeps
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def _text(most: int | None = None, least: int = 0) -> StringConstraints:
    return StringConstraints(min_length=least, max_length=most, pattern=NO_NUL)


Ref = Annotated[str, _text(200, 1)]
RefOrNone = Annotated[str, _text(200)]
Address = Annotated[str, StringConstraints(max_length=2083, pattern=ADDRESS)]
Place = Annotated[str, _text(2083, 1)]
Instant = Annotated[AwareDatetime, Field(ge=_EARLIEST, le=_LATEST)]
Count = Annotated[int, Field(ge=0, le=_MOST)]
Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]
Pdq = Annotated[str, StringConstraints(pattern=SHA256)]
Md5 = Annotated[str, StringConstraints(pattern=MD5)]
Sha1 = Annotated[str, StringConstraints(pattern=SHA1)]


class Said(BaseModel):
    """The base of all requests."""

    model_config = ConfigDict(strict=True)


class Signals(Said):
    """A file by its signals alone."""

    sha256: Sha256
    md5: Md5 | None = None
    sha1: Sha1 | None = None
    pdq: Pdq | None = None
    pdq_quality: Annotated[int, Field(ge=0, le=100)] | None = None

    @model_validator(mode="after")
    def _quality(self) -> Self:
        if self.pdq is not None and self.pdq_quality is None:
            raise ValueError("with pdq send pdq_quality too, 0 to 100")
        return self


class FileSaid(Said):
    """A file of an item: by hash of bytes checked before, by address, or by its signals alone."""

    sha256: Sha256 | None = None
    url: Address | None = None
    preview_url: Address | None = None
    signals: Signals | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.sha256 is None and self.url is None and self.signals is None:
            raise ValueError("name the file by sha256, url or signals")
        if self.sha256 is None or self.signals is None:
            return self
        if self.sha256.lower() != self.signals.sha256.lower():
            raise ValueError("send one file here: sha256 and signals.sha256 differ")
        return self


class UploaderSaid(Said):
    """From where it was uploaded. Kept sealed; read when a person prepares a filing, never else."""

    ip: Annotated[str, StringConstraints(pattern=IP)] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    at: Instant | None = None
    screen_name: Annotated[str, _text(256)] = ""
    profile_url: Address | None = None


class ItemSaid(Said):
    """One published thing at one place."""

    ref: Ref
    url: Address
    account_ref: RefOrNone | None = None
    kind: Literal["post", "reshare", "reply", "upload", "profile_picture"] = "post"
    reshare_of: RefOrNone | None = None
    published_at: Instant | None = None
    views: Count = 0
    text: Annotated[str, _text()] | None = None
    files: Annotated[list[FileSaid], Field(max_length=MOST_FILES)] | None = None
    uploader: UploaderSaid | None = None


class Change(Said):
    """What changed of an item."""

    views: Count | None = None
    deleted_at: Instant | None = None
    text: Annotated[str, _text()] | None = None
    files: Annotated[list[FileSaid], Field(max_length=MOST_FILES)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(said is None for said in (self.views, self.deleted_at, self.text, self.files)):
            raise ValueError("say what changed: views, deleted_at, text or files")
        return self


class UploadSaid(Said):
    """A file about to be published, by its signals or by an address where it lies."""

    signals: Signals | None = None
    url: Address | None = None
    account_ref: RefOrNone | None = None
    upload_ref: RefOrNone | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.signals is None) == (self.url is None) and not getattr(self, "uploads", None):
            raise ValueError("name the file by signals, or by url")
        return self


class UploadsSaid(UploadSaid):
    """One file, or up to 64 in `uploads`, answered in their order."""

    uploads: Annotated[list[UploadSaid], Field(min_length=1, max_length=MOST_UPLOADS)] | None = None

    @model_validator(mode="after")
    def _one_or_many(self) -> Self:
        if self.uploads is not None and (self.signals is not None or self.url is not None):
            raise ValueError("send one file, or several in uploads")
        return self


class HashesSaid(Said):
    """A file by hashes that somebody has of it."""

    sha256: Sha256 | None = None
    md5: Md5 | None = None
    pdq: Pdq | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.sha256 is None and self.md5 is None and self.pdq is None:
            raise ValueError("give at least one of sha256, md5 and pdq")
        return self


class NoticeSaid(Said):
    """What a person tells us, by way of the platform's own form. Kept as it was sent."""

    url: Place | None = None
    urls: Annotated[list[Place], Field(max_length=MOST_PLACES)] = []
    hashes: Annotated[list[HashesSaid], Field(max_length=MOST_PLACES)] = []
    category: Category
    standing: Standing = Standing.OTHER
    age_then: AgeThen = AgeThen.UNSURE
    stated_age: Annotated[int, Field(ge=0, le=130)] | None = None
    danger_now: bool = False
    time_given: Annotated[str, _text(200)] = ""
    threatened_only: bool = False
    words: Annotated[str, _text()] = ""
    police_reference: Annotated[str, _text(120)] = ""
    police_agency: Annotated[str, _text(200)] = ""
    other_app: Annotated[str, _text(300)] = ""
    their_account: Annotated[str, _text(300)] = ""
    good_faith: bool = False
    not_consensual: bool = False
    acting_for: bool = False
    signature: Annotated[str, _text(200)] = ""
    email: Annotated[str, StringConstraints(max_length=254, pattern=EMAIL)] = ""
    may_write: bool = True
    country: Annotated[str, StringConstraints(pattern=COUNTRY)] = ""
    language: Annotated[str, _text(10)] = ""
    notifier_ref: Annotated[
        str,
        _text(200),
        Field(description="Your own id of who gives notice; kept as a keyed hash only."),
    ] = ""


class ResultSaid(Said):
    """What became of one item at one revision."""

    item: Ref
    revision: Annotated[int, Field(ge=0, le=2**31 - 1)]
    result: Result


class ResultsSaid(Said):
    """What became of items, said later than in the answer to the callback."""

    results: Annotated[list[ResultSaid], Field(max_length=MOST_RESULTS)]
