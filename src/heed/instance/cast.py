"""The worker of a demonstration: before it works, it brings in a platform and two reviewers.

It is loaded anyway; a process for the cast alone would load Django a third time, which takes two
seconds. What they need to know is told through a file, once.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from heed import garbage

SLUG = "townsquare"
TOLD = "cast.json"  # in `var`, until it is read
ADDRESSES = {  # as `heed platform addresses` declares them: what a pasted link of Townsquare is
    "item": ["/p/*"],
    "file": ["/f/*/*", "/t/*/*"],
    "profile": ["/u/*"],
    "search": ["/search?q=*", "/trending"],
}


def set_stage(site_url: str, evidence_token: str) -> dict[str, str]:
    """Add the platform and its people; returns what each of them needs."""
    from heed.flows import manage_platforms as platforms

    now = datetime.now(UTC)
    added = platforms.add_platform(
        slug=SLUG,
        name="Townsquare",
        url_prefixes=[f"{site_url}/"],
        callback_url=f"{site_url}/heed/callback",
        evidence_url=f"{site_url}/evidence/{{ref}}/{{n}}",
        evidence_token=evidence_token,
        private_addresses=[site_url.split("//")[1]],
        now=now,
    )
    platforms.declare_addresses(platform_slug=SLUG, kinds=ADDRESSES, now=now)
    _operator(added.platform_id, now)
    scopes = ["items", "uploads", "notices", "states", "cases"]
    key = platforms.add_key(platform_slug=SLUG, name="townsquare", scopes=scopes, now=now)
    told = {"secret": added.callback_secret, "key": key}
    return told | {name.lower(): _reviewer(name, now) for name in ("Rae", "Sam")}


def _operator(platform_id: UUID, now: datetime) -> None:
    """Who runs Townsquare, as authorities ask it: nobody, at numbers that are kept for plays."""
    from heed.flows.manage_operator import set_operator
    from heed.rules.tips.document import Address, Operator

    address = Address(lines="1 Town Square", city="Springfield", zip_code="62701", state="IL",
                      country="US")  # fmt: skip
    operator = Operator(
        name="Townsquare", address=address, phone="+1 217 555 0100", fax="+1 217 555 0101",
        email="safety@townsquare.example", first_name="Sam", last_name="Desk",
        legal_process="Write to legal@townsquare.example. Evidence is kept for one year.",
        legal_url="https://townsquare.example/legal",
    )  # fmt: skip
    set_operator(platform_id=platform_id, operator=operator, by=None, now=now)


def _reviewer(name: str, now: datetime) -> str:
    """The path that signs this reviewer in with one click, while the demonstration runs."""
    from heed.flows import manage_staff
    from heed.people.models import Role
    from heed.web.console.sign_in import demo_link

    added = manage_staff.add_staff(
        email=f"{name.lower()}@heed.example",
        name=name,
        roles=[Role.CHILD_SAFETY, Role.SENIOR],
        platform_slugs=[SLUG],
        now=now,
    )
    return demo_link(added.staff_id)


def _tell(path: Path, told: dict[str, str]) -> None:
    half = path.with_suffix(".half")
    half.touch(mode=0o600)
    half.write_text(json.dumps(told))
    half.replace(path)


def main() -> None:
    """Set the stage unless it is set, as after a kill; then work."""
    garbage.rarely()
    os.environ.setdefault("HEED_OPENS", "filing")  # as `heed worker` does
    from heed.instance.boot import booted
    from heed.instance.place import here

    with booted():
        from heed.media.models import Platform
        from heed.worker import run

        if not Platform.objects.filter(slug=SLUG).exists():
            told = set_stage(os.environ["TOWNSQUARE_URL"], os.environ["TOWNSQUARE_EVIDENCE_TOKEN"])
            _tell(here().var / TOLD, told)
        run.main()


if __name__ == "__main__":
    main()
