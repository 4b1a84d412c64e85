"""A small world for the console's tests: a platform with drawn pictures, and the people in it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from examples.pictures import altered, picture, video
from heed.cases.models import Case, Notice
from heed.cases.services.notices import Place
from heed.flows import wiring
from heed.flows.find_copies import find_copies
from heed.flows.manage_platforms import add_platform
from heed.flows.manage_staff import StaffAdded, add_staff
from heed.flows.receive_notice import NoticeIn, receive_notice
from heed.flows.register_items import register_items
from heed.media.models import File, Item, Platform
from heed.media.services import FileIn, ItemIn, keep_file
from heed.people.models import Role, Staff
from heed.rules.claims import AgeThen, Category, Standing

TOKEN = "evidence-token"
_PICTURES: dict[tuple[int, str], Any] = {}


def signals(seed: int, how: str = "") -> tuple[bytes, Any]:
    """A drawn picture and its signals, computed once for all tests."""
    key = (seed, how)
    if key not in _PICTURES:
        data = altered(picture(seed), how) if how else picture(seed)
        _PICTURES[key] = (data, wiring.decoder().signals(data))
    data, found = _PICTURES[key]
    return data, found


@dataclass
class World:
    """One platform on loopback, and Heed beside it."""

    server: HTTPServer
    platform: Platform = field(init=False)
    evidence: dict[str, bytes] = field(default_factory=dict)
    added: dict[str, StaffAdded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = timezone.now()
        made = self.add_platform("square", "Town Square")
        self.platform = made
        self.server.expect_request("/evidence").respond_with_handler(self._evidence)

    def add_platform(self, slug: str, name: str) -> Platform:
        place = f"{self.server.host}:{self.server.port}"
        made = add_platform(
            slug=slug,
            name=name,
            url_prefixes=[f"http://{place}/{slug}/"],
            callback_url=f"http://{place}/callback",
            evidence_url=f"http://{place}/evidence?ref={{ref}}",
            evidence_token=TOKEN,
            private_addresses=[place],
            now=self.now,
        )
        return Platform.objects.get(id=made.platform_id)

    def _evidence(self, request: Request) -> Response:
        body = self.evidence.get(request.args.get("ref", ""))
        allowed = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        return Response(body, 200) if body is not None and allowed else Response("", 404)

    # ------------------------------------------------------------------ people

    def person(self, name: str, *roles: Role, platform: str = "square") -> Staff:
        email = f"{name.lower()}@heed.example"
        self.added[name] = add_staff(
            email=email, name=name, roles=roles, platform_slugs=[platform], now=self.now
        )
        return Staff.objects.get(id=self.added[name].staff_id)

    def signed_in(self, staff: Staff) -> Client:
        """A browser with both factors done, as allauth would have left the session."""
        client = Client()
        session = client.session
        session[SESSION_KEY] = str(staff.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = staff.get_session_auth_hash()
        session["account_authentication_methods_user"] = str(staff.pk)
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "password", "at": 0.0},
            {"method": "mfa", "type": "totp", "at": 0.0},
        ]
        session.save()
        return client

    def as_(self, name: str, *roles: Role, platform: str = "square") -> Client:
        """Somebody with these roles, signed in."""
        return self.signed_in(self.person(name, *roles, platform=platform))

    # ------------------------------------------------------------------ content

    def post(
        self,
        ref: str,
        seed: int | None = 1,
        how: str = "",
        *,
        reshare_of: str = "",
        account: str = "uri",
        hours_ago: float = 5,
        platform: Platform | None = None,
    ) -> Item:
        where = platform or self.platform
        files: tuple[FileIn, ...] | None = None
        if seed is not None:
            data, found = signals(seed, how)
            file = keep_file(found, now=self.now)
            self.evidence[ref] = data
            files = (FileIn(sha256=bytes(file.sha256)),)
        row = ItemIn(
            ref=ref,
            url=f"{where.url_prefixes[0]}{ref}",
            account_ref=account,
            reshare_of=reshare_of,
            kind="reshare" if reshare_of else "post",
            published_at=self.now - timedelta(hours=hours_ago),
            views=100,
            text="Look at this",
            files=files,
        )
        register_items(platform_id=where.id, rows=[row], now=self.now)
        return Item.objects.get(platform=where, ref=ref)

    def film(self, ref: str, seconds: int = 2) -> Item:
        """A post with a drawn video."""
        data = video(7, seconds)
        file = keep_file(wiring.decoder().signals(data), now=self.now)
        self.evidence[ref] = data
        row = ItemIn(
            ref=ref, url=f"{self.platform.url_prefixes[0]}{ref}", account_ref="uri", reshare_of="",
            kind="post", published_at=self.now - timedelta(hours=5), views=100, text="Look",
            files=(FileIn(sha256=bytes(file.sha256)),),
        )  # fmt: skip
        register_items(platform_id=self.platform.id, rows=[row], now=self.now)
        return Item.objects.get(platform=self.platform, ref=ref)

    def notice(self, *items: Item, child: bool = True, **facts: Any) -> Notice:
        said: dict[str, Any] = {
            "category": Category.MINOR_SEXUAL if child else Category.OTHER,
            "age_then": AgeThen.UNDER_18 if child else AgeThen.ADULT,
            "standing": Standing.GUARDIAN,
            "words": "This is my son. He is 13.",
            "police_reference": "2026-1234",
            **facts,
        }
        received = receive_notice(
            platform_id=items[0].platform_id,
            notice=NoticeIn(places=tuple(Place(url=item.url) for item in items), **said),
            door="form",
            verbatim={"words": said["words"], "urls": [item.url for item in items]},
            source="127.0.0.1",
            now=self.now,
        )
        return Notice.objects.get(id=received.notice_id)

    def case(
        self, ref: str = "p1", seed: int | None = 1, *, child: bool = True, **facts: Any
    ) -> Case:
        """An item, a notice about it, and its copies found."""
        item = self.post(ref, seed)
        notice = self.notice(item, child=child, **facts)
        case = Case.objects.get(joins__notice=notice)
        find_copies(case_id=case.id, now=self.now)
        case.refresh_from_db()
        return case

    def file_of(self, case: Case) -> File:
        assert case.file is not None
        return case.file


def code_of(secret: str) -> str:
    """What the authenticator app shows now."""
    counter = int(datetime.now(UTC).timestamp()) // 30
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def as_uuid(value: object) -> UUID:
    return UUID(str(value))
