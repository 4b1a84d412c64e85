"""Sets a demonstration's stage: one platform, its key, two reviewers. Prints JSON, once.

A process of its own (`python -m heed.instance.cast`), so that the one that stays carries no Django.
"""

import json
import os
from datetime import UTC, datetime

import django

SLUG = "townsquare"


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
    scopes = ["items", "uploads", "notices", "states", "cases"]
    key = platforms.add_key(platform_slug=SLUG, name="townsquare", scopes=scopes, now=now)
    told = {"secret": added.callback_secret, "key": key}
    return told | {name.lower(): _reviewer(name, now) for name in ("Rae", "Sam")}


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


if __name__ == "__main__":
    django.setup()
    print(
        json.dumps(set_stage(os.environ["TOWNSQUARE_URL"], os.environ["TOWNSQUARE_EVIDENCE_TOKEN"]))
    )
