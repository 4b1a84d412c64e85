"""Whether a page can be used by everybody: axe and reflow, in the light, in the dark, on a phone.

A page is loaded once and looked at three ways. In the light everything is checked; in the dark what
colours can spoil, and on a phone what a narrow screen can.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

AXE = Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js"
WIDE: "ViewportSize" = {"width": 1280, "height": 900}
NARROW: "ViewportSize" = {"width": 360, "height": 740}
DARK_RULES = ["color-contrast", "link-in-text-block"]
NARROW_RULES = ["target-size", "scrollable-region-focusable", "meta-viewport", "empty-table-header"]
SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
_RUN = """async (rules) => {
  const only = rules.length ? {runOnly: {type: "rule", values: rules}} : {};
  const found = await axe.run({...only, resultTypes: ["violations"]});
  return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]);
}"""


def watched(chromium: "Browser", url: str, **options: Any) -> "BrowserContext":
    """A browser in which every page brings axe along, and nothing moves."""
    context = chromium.new_context(base_url=url, viewport=WIDE, reduced_motion="reduce", **options)
    context.add_init_script(path=AXE)
    return context


def violations(page: "Page", *rules: str) -> list[str]:
    """What axe finds wrong by these rules (by all, if none is named), in one line each."""
    found: list[tuple[str, list[str]]] = page.evaluate(_RUN, list(rules))
    return [f"{rule}: {html[:160]}" for rule, nodes in found for html in nodes]


def shut_out(page: "Page", picture: str = "") -> list[str]:
    """What keeps somebody out of the page that is open. Leaves it wide and light.

    With `HEED_SCREENSHOTS` set, a page that is named as a `picture` is kept in docs/screenshots.
    """
    found = violations(page)
    _keep(page, picture, "light")
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in violations(page, *DARK_RULES)]
    _keep(page, picture, "dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROW)
    found += [f"phone: {one}" for one in violations(page, *NARROW_RULES)]
    wide = page.evaluate("document.documentElement.scrollWidth")
    found += [f"phone: {wide} px wide"] if wide > NARROW["width"] else []
    _keep(page, picture, "phone")
    page.set_viewport_size(WIDE)
    return found


def _keep(page: "Page", picture: str, look: str) -> None:
    if picture and os.environ.get("HEED_SCREENSHOTS"):
        page.screenshot(path=SCREENSHOTS / f"{picture}-{look}.png")
