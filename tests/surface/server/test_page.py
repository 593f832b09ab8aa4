"""The page in a real browser: every view, a conversation with thoughts, nights, exams; nothing on the console."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightschool.models.scripted import Scripted
from nightschool.sleep.ledger import Ledger
from nightschool.surface.server.keys import Keys
from nightschool.surface.server.pages import WEB
from nightschool.surface.server.served import Served
from support.serving import Running, get, minds_of, running

SCRIPT = "7 3 9 <script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
ANSWERS = {"": "Good evening", "Sort": ["Sure! 7, 3, 9", "3, 7, 9", SCRIPT, "9"]}
IDENTITY = "a" * 64
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# the ratio of contrast between each visible text and what is behind it (WCAG 2.2, 1.4.3), where it is too small
CONTRAST = """() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map((c) => linear(c / 255))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = channels(getComputedStyle(element).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const faults = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(":disabled")) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faults.push(`${element.tagName} ${element.className}: ${ratio.toFixed(2)}`);
  }
  return faults;
}"""
# whatever can be operated has a name that a screen reader can say
NAMELESS = """() => {
  const named = (each) => each.labels?.length || each.ariaLabel || each.textContent.trim() || each.hasAttribute("alt");
  const all = [...document.querySelectorAll("input, select, textarea, button, a, img, [role=img]")];
  return all.filter((each) => each.checkVisibility() && !named(each)).map((each) => each.outerHTML);
}"""


def test_the_page_is_small_and_asks_nobody_else() -> None:
    files = list(WEB.iterdir())
    assert sum(file.stat().st_size for file in files) < 100_000
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "https://" not in text
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "innerHTML" not in text


@pytest.fixture(scope="module")
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
    """A page of the server in a context of its own, with what came on its console."""

    def __init__(self, browser: Any, here: Running, scheme: str = "light") -> None:
        self.context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)  # a busy machine is no failure of the page
        self.console: list[str] = []
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.goto(here.url)

    def accessible(self) -> None:
        assert self.page.evaluate(CONTRAST) == []
        assert self.page.evaluate(NAMELESS) == []

    def say(self, text: str) -> None:
        self.page.get_by_label("Message").fill(text)
        self.page.keyboard.press("Enter")

    def answered(self) -> str:
        self.page.locator("[role=status]", has_text="answered").wait_for()
        return str(self.page.locator(".turn.assistant .said").last.inner_text())


def night_in(ledger: Ledger, folder: Path) -> str:
    from support.held_nights import hold

    night = hold(folder, base=IDENTITY, model="m", accepted=True)
    ledger.switch(IDENTITY, night.name)
    return night.name


def report(folder: Path) -> None:
    record = {"prompt": 0, "feedback": "", "tokens": 3, "missing": None, "cut": 0}
    items = [{"id": str(n), "inputs": {"numbers": f"{n}, 1"}, "target": f"1, {n}"} for n in range(120)]
    records = [{**record, "item": str(n), "answers": [f"1, {n}<b>"], "outcome": float(n % 2)} for n in range(120)]
    row = {
        "rung": "zero-shot",
        "accuracy": 0.5,
        "low": 0.41,
        "high": 0.59,
        "n": 120,
        "tokens": 360,
        "unavailable": None,
    }
    rungs = [
        {**row, "name": "zero-shot", "records": records},
        {"name": "lora", "rung": "lora", "unavailable": "not trainable", "records": []},
    ]
    exam = {
        "task": "sorting",
        "model": "m",
        "items": items,
        "rungs": rungs,
        "prompts": ["user: sort"],
        "warnings": ["few"],
    }
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps({"title": "Exam: sorting", "headline": "Half right.", "exam": exam}))
    (folder / "index.html").write_text("<!doctype html><title>whole</title><h1>The whole report</h1>")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_shows_what_there_is(browser: Any, tmp_path: Path, scheme: str) -> None:
    report(tmp_path / "reports" / "sorting")
    nights = tmp_path / "home" / "data" / "nights"

    def ledger(space: str) -> Ledger:
        return Ledger(nights, space)

    name = night_in(ledger("default"), tmp_path)
    model = Scripted(ANSWERS, identity=IDENTITY, adapters={ledger("default").find(name).adapter: ANSWERS})
    served = Served(minds_of({"m": lambda: model}, ledger=ledger), reports=tmp_path / "reports")
    with running(served) as here:
        shown = Page(browser, here, scheme)
        page = shown.page
        shown.say("hello")
        assert shown.answered() == "Good evening"
        page.get_by_label("How to think").select_option("other")
        page.get_by_label("Strategy").fill("best-of-n:n=4")
        page.get_by_label("Critic").fill("regex:pattern=3.+7.+9")
        page.get_by_label("Budget").fill("300tok")
        shown.say("Sort these numbers: 7, 3, 9")
        page.locator(".thought.best").wait_for()
        assert shown.answered() == "3, 7, 9"
        assert page.locator(".thought").count() == 4
        assert page.locator(".thought.failed").count() == 3
        assert SCRIPT in page.locator(".thought .said").all_inner_texts()
        assert "1 of 4 passed" in page.locator(".thinking").inner_text()
        assert "of 300 tokens" in page.locator(".thinking").inner_text()
        assert page.title() == "Chat · nightschool"  # what the model wrote did not run
        shown.accessible()

        page.get_by_role("link", name="Nights").click()
        page.get_by_role("button", name=name).click()
        page.get_by_role("heading", name=f"Night {name}").wait_for()
        assert "better" in page.locator(".detail").inner_text()
        assert "in force" in page.locator("tbody").first.inner_text()
        shown.accessible()
        page.get_by_role("button", name="Let m answer with its own weights").click()
        page.locator("tbody", has_not_text="in force").wait_for()
        assert ledger("default").current(IDENTITY) is None

        page.get_by_role("link", name="Exams").click()
        page.get_by_role("button", name="zero-shot").click()
        page.get_by_role("heading", name="zero-shot: 120 items").wait_for()
        assert page.locator("details.item").count() == 50
        page.get_by_role("button", name="More (70 left)").click()
        page.get_by_role("button", name="More (20 left)").wait_for()
        page.locator("details.item summary").first.click()
        assert "1, 0<b>" in page.locator("details.item[open]").inner_text()
        shown.accessible()
        with shown.context.expect_page() as other:
            page.get_by_role("link", name="open its own page").click()
        assert other.value.get_by_role("heading").inner_text() == "The whole report"
        assert shown.console == []
        assert here.defects == []


@pytest.mark.slow
def test_what_is_refused_is_said_and_escape_stops(browser: Any) -> None:
    def slowly(prompt: str, written: str) -> dict[str, float]:
        time.sleep(0.05)  # as a model would: a browser does not keep up with thousands of words a second
        return {"a": 1.0}

    endless = Scripted(rule=slowly, context_tokens=1_000_000)
    with running(Served(minds_of({"m": lambda: endless}))) as here:
        shown = Page(browser, here)
        shown.page.get_by_label("How to think").select_option("best-of-n:n=8")
        shown.say("who judges?")
        assert "needs a verifier" in shown.page.get_by_role("alert").inner_text()
        shown.page.get_by_label("How to think").select_option("")
        shown.page.get_by_label("Tokens at most").fill("60000")
        shown.say("go on")
        shown.page.locator(".turn.assistant .said", has_text="aaaa").wait_for()
        shown.page.keyboard.press("Escape")
        shown.page.locator("[role=status]", has_text="stopped").wait_for()
        [engine] = here.served.minds.engines.values()
        for _ in range(600):
            if len(engine) == 0:
                break
            shown.page.wait_for_timeout(50)
        assert len(engine) == 0
        assert len(shown.console) == 1  # the browser itself notes the 400


@pytest.mark.slow
def test_a_key_is_asked_for_once(browser: Any) -> None:
    keys, told = Keys().added("anna")
    with running(Served(minds_of({"m": lambda: Scripted(ANSWERS)}), keys=keys)) as here:
        assert get(f"{here.url}/api/state").status_code == 401
        shown = Page(browser, here)
        shown.page.get_by_role("textbox", name="Key").fill(told)
        shown.page.keyboard.press("Enter")
        shown.say("hello")
        assert shown.answered() == "Good evening"
        assert not shown.page.locator("#key").is_visible()


@pytest.mark.slow
def test_the_keyboard_reaches_everything(browser: Any) -> None:
    with running(Served(minds_of({"m": lambda: Scripted(ANSWERS)}))) as here:
        shown = Page(browser, here)
        shown.page.get_by_label("Message").wait_for()
        reached = set()
        for _ in range(16):
            shown.page.keyboard.press("Tab")
            reached.add(
                shown.page.evaluate("document.activeElement.textContent.trim() || document.activeElement.tagName")
            )
        assert {"Send", "Skip to content", "Chat", "Nights", "Exams"} <= reached
