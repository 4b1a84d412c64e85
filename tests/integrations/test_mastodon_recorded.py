"""What a real Mastodon server answered, as the tests of `Mastodon.py` recorded it, is read by ours.

Its source package is fetched by pip when the test first runs and kept under `var`, never committed.
"""

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from heed.instance.place import ROOT
from heed.integrations.mastodon import reading, settings

PACKAGE = "Mastodon.py==2.3.3"
KEPT = ROOT / "var" / "recorded"
SAID = settings.read({"url": "http://localhost:3000", "rule_1": "minor_sexual"})


@cache
def recorded() -> Path | None:
    """The package, or None where it can't be had."""
    found = sorted(KEPT.glob("mastodon_py-*.tar.gz"))
    if not found:
        KEPT.mkdir(parents=True, exist_ok=True)
        ask = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps",
               "--disable-pip-version-check", "-d", str(KEPT), PACKAGE]  # fmt: skip
        try:
            subprocess.run(ask, check=True, capture_output=True, timeout=240)
        except (subprocess.SubprocessError, OSError):
            return None
        found = sorted(KEPT.glob("mastodon_py-*.tar.gz"))
    return found[0] if found else None


def answers(*names: str) -> Iterator[tuple[str, Any]]:
    """Method and path of each question, and what a server answered, of these recordings."""
    package = recorded()
    if package is None:
        pytest.skip(f"no network: {PACKAGE} could not be fetched")
    with tarfile.open(package) as archive:
        for member in archive:
            if member.isfile() and Path(member.name).name in {f"{name}.yaml" for name in names}:
                file = archive.extractfile(member)
                assert file is not None
                for one in yaml.load(file, Loader=yaml.CSafeLoader)["interactions"]:
                    path = one["request"]["uri"].removeprefix("http://localhost:3000")
                    body = one["response"]["body"]["string"]
                    text = body.decode() if isinstance(body, bytes) else body
                    if text[:1] in ("{", "["):
                        yield f"{one['request']['method']} {path}", json.loads(text)


def test_reports_of_a_real_server_are_read() -> None:
    read = []
    for asked, said in answers("test_admin_reports"):
        if "/admin/reports" not in asked:
            continue
        for one in said if isinstance(said, list) else [said]:
            if "target_account" in one:
                read.append((asked, reading.reported(one, SAID)))
    assert read and any(report.posts for _, report in read)
    assert all(report.profile_url.startswith("http://localhost:3000/@") for _, report in read)
    resolved = [report.open for asked, report in read if asked.endswith("/resolve")]
    assert resolved and not any(resolved)
    assert "@" not in json.dumps([report.said for _, report in read]).replace("/@", "")


def test_posts_and_their_files_of_a_real_server_are_read() -> None:
    posts = [
        post
        for asked, said in answers(
            "test_admin_moderation", "test_poll_with_media", "test_status_reblog"
        )
        if isinstance(said, dict) and "visibility" in said
        for post in reading.posts(said, SAID.url)
    ]
    assert posts and all(post.url.startswith("http://localhost:3000/@") for post in posts)
    assert {post.kind for post in posts} >= {"post"}
    files = [one for post in posts for one in post.files]
    keys = [(reading.media_key(one.url), reading.media_key(one.preview_url)) for one in files]
    assert keys and all(original and original == small for original, small in keys)


def test_an_action_on_an_account_and_what_it_says_afterwards_are_as_we_take_them() -> None:
    said = list(answers("test_admin_moderation"))
    acted = [body for asked, body in said if asked.startswith("POST") and asked.endswith("/action")]
    assert acted and all(body == {} for body in acted)
    accounts = [body for _, body in said if isinstance(body, dict) and "silenced" in body]
    assert accounts and all(isinstance(one["suspended"], bool) for one in accounts)
