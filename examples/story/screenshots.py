"""Take the pictures of the README: `python -m examples.story.screenshots` from the top folder.

Needs Playwright and a Chromium, as `./heed test` does, and letters for all languages of the form
(Debian's fonts-lohit-deva has those of Hindi). Plays the case on a stage of its own, small,
up to where the copies are hidden, and looks at it with a real browser. Nobody is in the pictures.
"""

import argparse
import io
import os
import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from examples.story.planting import Plan
from examples.story.play import Stage, Story
from heed.instance import demo

OUT = Path(__file__).parents[2] / "docs" / "screenshots"
LARGEST_BYTES = 250_000
SMALL = Plan(reshares=60, identical=6, altered=9, unrelated=8, confusers=20)
PHONE, DESK = (360, 900), (1280, 860)
OTHERS = (  # what other people tell in the meantime: what it is, who is shown, in danger or not
    ("threat", "me-child", "yes"),
    ("picture", "me-adult", "no"),
    ("private", "someone", "no"),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to look at."""

    stage: Stage
    number: str
    words: str
    case: str
    elsewhere: list[str]  # posts that the case is not about


def main() -> None:
    """Play, look, and write the pictures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, default=OUT)
    asked.add_argument("--port", type=int, default=8010)
    asked.add_argument("--site-port", type=int, default=8011)
    options = asked.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="heed-pictures-") as var:
        os.environ["HEED_VAR"] = var
        with demo.stage(options.port, options.site_port) as (stage, _):
            _look(_played(stage), options.out)


def _played(stage: Stage) -> Scene:
    with closing(Story(stage, SMALL, lambda what: print(what, flush=True))) as story:
        story.before()
        told = story.dana_tells()
        story.gil_tells()
        story.copies_go()
        elsewhere = [post.url for post in story.planted.unrelated]
        return Scene(stage, told.number, told.words, story.rae.first_in_queue(), elsewhere)


def _look(scene: Scene, out: Path) -> None:
    with sync_playwright() as play:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        _by_phone(browser, scene, out)
        for post, (what, who, danger) in zip(scene.elsewhere, OTHERS, strict=False):
            _tell(browser, scene, post, {"what": what, "who": who, "danger": danger})
        for name, dark in (("case.png", False), ("case-dark.png", True)):
            _in_console(browser, scene, out, name, dark=dark)
        page = _page(browser, DESK)
        page.goto(f"{scene.stage.town_url}/search?q=unrelated")
        page.wait_for_load_state("networkidle")
        _save(page, out / "townsquare.png")
        browser.close()


def _by_phone(browser: Browser, scene: Scene, out: Path) -> None:
    heed = scene.stage.heed_url
    page = _page(browser, PHONE)
    page.goto(f"{heed}/notice")
    _save(page, out / "form-phone.png")
    page.goto(f"{heed}/find")
    page.fill("#number", scene.number)
    page.fill("#words", scene.words)
    page.click("main form button")
    page.wait_for_url("**/n/**")
    page.goto(f"{heed}/n/{scene.number}")
    _save(page, out / "page.png")


def _tell(browser: Browser, scene: Scene, post: str, ticks: dict[str, str]) -> None:
    page = _page(browser, PHONE)
    page.goto(f"{scene.stage.heed_url}/notice?url={post}")
    for name, value in {**ticks, **({"young": "no"} if ticks["who"] == "me-adult" else {})}.items():
        page.check(f"input[name={name}][value={value}]")
    page.check("#true")
    page.click("main form button")
    page.wait_for_selector(".number")


def _in_console(browser: Browser, scene: Scene, out: Path, name: str, *, dark: bool) -> None:
    heed = scene.stage.heed_url
    page = _page(browser, DESK, dark=dark)
    page.goto(heed + scene.stage.rae)
    page.goto(f"{heed}/console/")
    if not dark:
        _save(page, out / "queue.png")
    page.goto(f"{heed}/console/c/{scene.case}/")
    page.wait_for_load_state("networkidle")
    _save(page, out / name)


def _page(browser: Browser, size: tuple[int, int], *, dark: bool = False) -> Page:
    return browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        device_scale_factor=2 if size == PHONE else 1,
    )


def _save(page: Page, path: Path) -> None:
    """With as few colours as a page has, and no larger than a README should load."""
    with Image.open(io.BytesIO(page.screenshot())) as taken:
        few = taken.convert("RGB").quantize(colors=128, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path} {size:,} bytes", flush=True)
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path} is over {LARGEST_BYTES:,} bytes: take less of the page")


if __name__ == "__main__":
    main()
