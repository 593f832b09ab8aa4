"""The page in a real browser: what came on its console, what it asked for, whether everybody can use and read it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from support.serving import Running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# axe-core, as a package of PyPI carries it
_AXE = find_spec("axe_playwright_python")
AXE = Path(_AXE.origin).parent / "axe.min.js" if _AXE is not None and _AXE.origin else None
PICTURES = os.environ.get("NIGHTSCHOOL_PICTURES")
"""where pictures for the documents go: NIGHTSCHOOL_PICTURES=docs/images pytest tests/surface/server/test_page.py"""

WAYS = ("light", "dark", "narrow")
"""as most see it, at night, and on a phone"""

# the ratio of contrast between each visible text and what is behind it (WCAG 2.2, 1.4.3), where it is too small
_CONTRAST = """() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map((c) => linear(c / 255))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const over = [];
    for (; element; element = element.parentElement) {
      const colour = channels(getComputedStyle(element).backgroundColor);
      over.push(colour);
      if (colour[3] === 255) break;
    }
    return over.reduceRight((below, [r, g, b, a]) =>
      [r, g, b].map((c, i) => (c * a + below[i] * (255 - a)) / 255), [255, 255, 255]);
  };
  const faults = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("svg") || !element.checkVisibility() || element.closest(":disabled")) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faults.push(`${element.tagName} ${element.className} ${element.textContent}: ${ratio.toFixed(2)}`);
  }
  return faults;
}"""
# whatever can be operated has a name that a screen reader can say
_NAMELESS = """() => {
  const named = (each) => each.labels?.length || each.ariaLabel || each.textContent.trim() || each.hasAttribute("alt");
  const all = [...document.querySelectorAll("input, select, textarea, button, a, img, [role=img]")];
  return all.filter((each) => each.checkVisibility() && !named(each)).map((each) => each.outerHTML);
}"""
_TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's own sandbox does not run as root
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield chromium
        chromium.close()


class Page:
    """A page of the server in a context of its own, with what came on its console. way: one of `WAYS`."""

    def __init__(self, browser: Any, here: Running, way: str = "light") -> None:
        self.way = way
        size = {"width": 390, "height": 844} if way == "narrow" else {"width": 1280, "height": 800}
        self.context = browser.new_context(color_scheme="dark" if way == "dark" else "light", viewport=size)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)  # a busy machine is no failure of the page
        self.console: list[str] = []
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.goto(here.url)

    def accessible(self, picture: str = "", *, whole: bool = False, top: bool = True) -> None:
        """See to it that everybody can use what is shown, and keep a picture of it where pictures are wanted."""
        if picture and PICTURES:
            self.page.evaluate("document.activeElement.blur()")
            if top:
                self.page.evaluate("scrollTo(0, 0)")
            name = picture if self.way == "light" else f"{picture}-{self.way}"
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=whole)
        pale, nameless = self.page.evaluate(_CONTRAST), self.page.evaluate(_NAMELESS)
        assert not pale, pale
        assert not nameless, nameless
        assert self.page.evaluate(_TOO_WIDE) <= 0, "it scrolls sideways"
        if AXE is not None:
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
            faults = self.page.evaluate("axe.run().then(({ violations }) => violations)")
            assert not faults, [(each["id"], [node["html"] for node in each["nodes"]]) for each in faults]

    def settings(self) -> None:
        """Unfold how to think, which a phone folds up, once the view that a link leads to is there."""
        self.page.locator(".settings").wait_for()
        if not self.page.locator(".settings .how").first.is_visible():
            self.page.locator(".settings summary").click()

    def say(self, text: str) -> None:
        self.page.get_by_label("Message").fill(text)
        self.page.keyboard.press("Enter")

    def answered(self) -> str:
        self.page.locator("[role=status]", has_text="answered").wait_for()
        return str(self.page.locator(".turn.assistant .words").last.inner_text())

    def go(self, view: str) -> None:
        self.page.get_by_role("link", name=view, exact=True).click()
