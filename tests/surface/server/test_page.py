"""The page in a real browser: every view, a conversation with thoughts, nights, exams; nothing on the console."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nightschool.models.scripted import Scripted
from nightschool.sleep.ledger import Ledger
from nightschool.surface.python import exam
from nightschool.surface.server.keys import Keys
from nightschool.surface.server.pages import WEB
from nightschool.surface.server.rooms import Rooms
from nightschool.surface.server.served import Served
from support.serving import Running, get, minds_of, running

SCRIPT = "7 3 9 <script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
ANSWERS = {"": "Good evening", "Sort": ["Sure! 7, 3, 9", "3, 7, 9", SCRIPT, "9"]}
IDENTITY = "a" * 64
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# axe-core, as a package of PyPI carries it
_AXE = find_spec("axe_playwright_python")
AXE = Path(_AXE.origin).parent / "axe.min.js" if _AXE is not None and _AXE.origin else None
PICTURES = os.environ.get("NIGHTSCHOOL_PICTURES")
"""where pictures for the documents go: NIGHTSCHOOL_PICTURES=docs/images pytest tests/surface/server/test_page.py"""

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
        self.scheme = scheme
        self.context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)  # a busy machine is no failure of the page
        self.console: list[str] = []
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.goto(here.url)

    def accessible(self, picture: str = "") -> None:
        assert self.page.evaluate(CONTRAST) == []
        assert self.page.evaluate(NAMELESS) == []
        if AXE is not None:
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
            faults = self.page.evaluate("axe.run().then(({ violations }) => violations)")
            assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in faults] == []
        if picture and self.scheme == "light" and PICTURES:
            self.page.evaluate("document.activeElement.blur()")
            self.page.screenshot(path=Path(PICTURES) / f"{picture}.png")

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
        shown.accessible("chat")

        page.get_by_role("link", name="Nights").click()
        page.get_by_role("button", name=name).click()
        page.get_by_role("heading", name=f"Night {name}").wait_for()
        assert "better" in page.locator(".detail").inner_text()
        assert "in force" in page.locator("tbody").first.inner_text()
        shown.accessible("nights")
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
        shown.accessible("exam")
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
        assert {"Send", "Skip to content", "Chat", "Memory", "Nights", "Exams", "Society"} <= reached


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_memory_is_shown_changed_and_used(browser: Any, scheme: str) -> None:
    moments = iter(range(int(time.time()) - 864_000, int(time.time()) + 864_000, 3600))
    rooms = Rooms(clock=lambda: float(next(moments)))
    rooms.add("default", "Eva lives in Kiel and works at the harbour", ["eva", "kiel"], True)
    rooms.add("default", SCRIPT, [SCRIPT], False)

    def answer(prompt: str) -> str:
        return "In the blue jar." if "> The spare key" in prompt else "I do not know."

    with running(Served(minds_of({"m": lambda: Scripted(answer)}), rooms=rooms)) as here:
        shown = Page(browser, here, scheme)
        page = shown.page
        page.get_by_role("link", name="Memory").click()
        page.locator(".memory").nth(1).wait_for()
        page.get_by_label("Remember").fill("The spare key is in the blue jar")
        page.get_by_role("button", name="Keep").click()
        page.locator(".memory", has_text="The spare key").wait_for()
        assert SCRIPT in page.locator(".memory .said").all_inner_texts()
        page.get_by_label("Search by a cue").fill("where does Eva live?")
        page.get_by_role("button", name="Recall").click()
        page.locator(".memory", has_text="found by words").first.wait_for()
        eva = page.locator(".memory", has_text="Eva lives").first
        eva.get_by_role("button", name="more about it").click()
        eva.locator("svg").wait_for()
        shown.accessible("memory")
        eva.get_by_label("Text").fill("Eva lives in Bonn")
        eva.get_by_role("button", name="Save").click()
        page.locator("[role=status]", has_text="changed").wait_for()
        bonn = page.locator(".memory", has_text="Eva lives in Bonn").first
        bonn.get_by_role("button", name="more about it").click()
        bonn.get_by_role("button", name="Forget").click()
        bonn.get_by_role("button", name="Forget it for good?").click()
        page.locator("[role=status]", has_text="forgotten").wait_for()
        page.get_by_role("link", name="Chat").click()
        page.get_by_label("with memory").check()
        shown.say("Where is the spare key?")
        assert shown.answered() == "In the blue jar."
        page.locator("summary", has_text="recalled").click()
        assert "The spare key is in the blue jar" in page.locator(".turn.assistant").inner_text()
        shown.accessible()
        assert page.title() == "Chat · nightschool"
        assert shown.console == []
        assert here.defects == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_explained_a_drawing_and_two_exams_against_each_other(browser: Any, tmp_path: Path, scheme: str) -> None:
    for number, said in enumerate(("1, 2, 3", lambda prompt: "3, 2, 1")):
        folder = tmp_path / f"exam {number}"
        folder.mkdir()
        model = Scripted(said, name=f"model-{number}")
        found = exam("sorting:n=3,low=1,high=9", model, items=12, rungs=["zero-shot:wordings=1"])
        data = {"title": f"Exam {number}", "exam": found.to_json()}
        (folder / "report.json").write_text(json.dumps(data), encoding="utf-8")
    named = tmp_path / "<img src=x onerror=alert(1)>"
    named.mkdir()
    tries = [{"name": name, "probability": p, "nats": nats, "fit": 0.4, "strokes": "M8 20L40 20", "width": 1.0}
             for name, p, nats in (("house", 0.93, 0.0), ("<b>cross", 0.07, -2.6))]  # fmt: skip
    image = {"image": f"{SCRIPT}.png", "said": "house (93.0%)", "explained": True, "ink": "M8 18h32v4h-32z",
             "size": [48, 48], "tries": [*tries, {**tries[0], "name": "zigzag", "strokes": ""}]}  # fmt: skip
    (named / "recognition.json").write_text(json.dumps({"library": "0", "images": [image]}), encoding="utf-8")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "recognition.json").write_text("[]", encoding="utf-8")
    with running(Served(minds_of({"m": lambda: Scripted("42")}), reports=tmp_path)) as here:
        shown = Page(browser, here, scheme)
        page = shown.page
        page.get_by_role("link", name="Society").click()
        page.get_by_role("img", name="house, bent over the drawing").wait_for()
        assert f"{SCRIPT}.png" in page.locator(".explained h2").inner_text()
        assert "<b>cross" in page.locator(".tries").inner_text()
        assert "cannot be read" in page.locator(".wrong").inner_text()
        shown.accessible("society")
        page.get_by_role("link", name="Exams").click()
        page.get_by_label("with", exact=True).select_option("exam 1")
        page.get_by_role("button", name="Compare").click()
        page.get_by_role("row", name="zero-shot").wait_for()
        shown.accessible("comparison")
        page.get_by_label("with", exact=True).select_option("exam 0")
        page.get_by_role("button", name="Compare").click()
        page.get_by_role("alert").wait_for()
        assert "shows nothing" in page.get_by_role("alert").inner_text()
        assert page.title() == "Exams · nightschool"
        assert len(shown.console) == 1  # the browser itself notes the 400
        assert all(url.startswith(here.url) for url in shown.asked)


@pytest.mark.slow
def test_the_first_view_is_small_and_its_policy_strict(browser: Any) -> None:
    with running(Served(minds_of({"m": lambda: Scripted("42")}))) as here:
        context = browser.new_context()
        page = context.new_page()
        sizes: list[int] = []
        page.on("response", lambda response: sizes.append(len(response.body())))
        policy = page.goto(here.url).headers["content-security-policy"]
        page.get_by_label("Message").wait_for()
        assert len(sizes) > 5
        assert sum(sizes) < 300_000
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'; script-src 'self';")
        page.evaluate("""() => {
          window.ran = 0;
          for (const html of ["<script>window.ran = 1</script>", "<img src=x onerror='window.ran = 2'>"])
            document.body.append(document.createRange().createContextualFragment(html));
          const link = document.createElement("a");
          link.href = "javascript:window.ran = 3";
          document.body.append(link);
          link.click();
        }""")
        page.wait_for_function("document.images.length > 1")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert page.evaluate("window.ran") == 0  # even markup that gets into the page runs nothing
