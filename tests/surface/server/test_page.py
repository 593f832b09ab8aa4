"""The page in a real browser: every view, a conversation with thoughts, nights, exams; nothing on the console."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from nightschool import paths
from nightschool.exam.report import LOOK
from nightschool.models.scripted import Scripted
from nightschool.sleep.nights.ledger import Ledger
from nightschool.surface.server.keys import Keys
from nightschool.surface.server.page.pages import WEB
from nightschool.surface.server.rooms import Rooms
from nightschool.surface.server.served import Served
from support import showing
from support.browsing import WAYS, Page, browser  # noqa: F401
from support.held_nights import hold
from support.serving import get, minds_of, running

SCRIPT = "7 3 9 <script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
ANSWERS = {"": "Good evening", "Sort": ["Sure! 7, 3, 9", "3, 7, 9", SCRIPT, "9"]}
IDENTITY = "a" * 64


def test_the_page_is_small_and_asks_nobody_else() -> None:
    files = [*WEB.iterdir(), *LOOK.iterdir()]
    assert sum(file.stat().st_size for file in files) < 100_000
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "https://" not in text
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "innerHTML" not in text


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_conversation_and_its_thoughts(browser: Any, way: str) -> None:  # noqa: F811
    steps = {
        "": "Good evening",
        "Sort": {"3, 7, 9": 0.4, "3, 9, 7": 0.3, "7, 3, 9": 0.3},
        "Order": {"3, 7, 9": 0.5, SCRIPT: 0.5},
    }
    with running(Served(minds_of({"m": lambda: Scripted(steps)}))) as here:
        shown = Page(browser, here, way)
        page = shown.page
        page.get_by_role("heading", name="Ask a mind").wait_for()
        shown.accessible("hello")
        shown.say("hello")
        assert shown.answered() == "Good evening"
        shown.settings()
        page.get_by_label("How to think").select_option("other")
        page.get_by_label("Strategy").fill("beam:width=2,expand=6,split=comma")
        page.get_by_label("Critic", exact=True).fill("regex:pattern=3.+7.+9")
        page.get_by_label("Critic of steps").fill("regex:pattern=3.?.?(7.?.?9?)?")
        page.get_by_label("Budget").fill("2000tok,60s")
        shown.say("Sort these numbers: 7, 3, 9")
        page.locator(".thought.answer").wait_for()
        assert shown.answered() == "3, 7, 9"
        assert page.locator(".thought.path").count() == 3
        assert page.locator(".thought.left").count() > 2
        told = page.locator(".thinking").inner_text()
        assert "rolled back" in told
        assert "as a step it scored 0.00" in told
        assert "of 2,000 tokens left" in told
        assert "of 60.0 seconds left" in told
        shown.accessible("chat")
        shown.settings()
        page.get_by_label("Strategy").fill("best-of-n:n=12")
        page.get_by_label("Critic", exact=True).fill("regex:pattern=3.+7.+9")
        page.get_by_label("Budget").fill("")
        shown.say("Order these numbers: 7, 3, 9")
        page.locator(".thought.passed").first.wait_for()
        shown.answered()
        assert SCRIPT in page.locator(".thought .said").all_inner_texts()
        assert "The whole answer must match" in page.locator(".thought.failed.left .marks").first.inner_text()
        assert page.title() == "Chat · nightschool"  # what the model wrote did not run
        shown.settings()
        page.get_by_label("Critic", exact=True).fill("sorted-list:source=nowhere")
        shown.say("Order these numbers: 7, 3, 9")
        page.get_by_text("2 failures: critic").wait_for()  # two unlike answers, each judged once
        told = page.locator(".thinking").inner_text()
        assert "critic sorted-list failed on item" in told
        assert "no input 'nowhere'" in told
        assert "passed" not in page.locator(".thinking .head").inner_text()
        assert page.locator(".thought.failed").count() == 0
        shown.accessible()
        assert shown.console == []
        assert here.defects == []


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_night_and_waking_it(browser: Any, tmp_path: Path, way: str) -> None:  # noqa: F811
    folder = paths.data_folder() / "nights"

    def ledger(space: str) -> Ledger:
        return Ledger(folder, space)

    rooms = Rooms(str(tmp_path / "memories"))
    known = rooms.add("default", "Eva lives in Kiel", ["eva"], True)
    held = showing.night(tmp_path, ledger("default"), IDENTITY)
    chosen = [{"memory": known["id"], "nats": 3.1, "lessons": 4}, {"memory": "gone", "nats": None, "lessons": 2}]
    scores = {"chosen": chosen, "left": {"states nothing": 2}, "losses": [2.0, 1.0, 0.4]}
    remembered = showing.night(tmp_path, ledger("default"), IDENTITY, parent=held.name, task="memories", scores=scores)
    old = hold(tmp_path, base=IDENTITY, model="m", accepted=False, weights="old")  # told nothing of itself
    ledger("default").switch(IDENTITY, held.name)
    model = Scripted(ANSWERS, identity=IDENTITY, adapters={held.adapter: "as that night taught"})
    with running(Served(minds_of({"m": lambda: model}, ledger=ledger), rooms=rooms)) as here:
        shown = Page(browser, here, way)
        page = shown.page
        shown.say("hello")
        assert shown.answered() == "as that night taught"
        assert f"night {held.name[:8]}" in page.locator(".turn .about").last.inner_text()
        shown.go("Nights")
        page.get_by_role("table").wait_for()
        for head in page.locator("thead th").all():  # words stay whole, and the table scrolls where it is too wide
            assert head.evaluate("(one) => one.clientHeight") < 45
        shown.accessible("nights")
        page.get_by_role("link", name=held.name).click()
        page.get_by_role("heading", name=f"Night {held.name[:8]}").wait_for()
        for name in ("Practice", "Sleep", "The gate"):
            assert page.get_by_role("heading", name=name, exact=True).is_visible()
        assert page.get_by_role("img", name="training loss over 32 steps").is_visible()
        assert page.get_by_role("img", name="change on watched tasks").is_visible()
        assert "is better by 33 points" in page.locator("#gate").inner_text()
        shown.accessible("night", whole=True)
        page.locator("summary", has_text="Lessons (60)").click()
        page.get_by_role("button", name="More (10 left)").click()
        page.locator(".lesson").nth(59).wait_for()
        page.get_by_role("button", name="Let m answer with its own weights").click()
        page.get_by_role("button", name="Wake this night").wait_for()
        assert ledger("default").current(IDENTITY) is None
        shown.go("Nights")
        page.get_by_role("link", name=remembered.name).click()
        page.get_by_role("heading", name="What was selected").wait_for()
        chosen_text = page.locator("#selection").inner_text()
        assert "Eva lives in Kiel" in chosen_text
        assert "(forgotten since)" in chosen_text
        assert "2 states nothing" in chosen_text
        shown.go("Nights")
        page.get_by_role("link", name=old.name).click()
        page.get_by_text("rolled back").first.wait_for()
        shown.go("Nights")
        page.get_by_role("table").wait_for()
        ledger("default").switch(IDENTITY, remembered.name)  # as a night that ends beside the server does
        page.locator("tr", has_text=remembered.name).get_by_text("in force").wait_for()
        assert shown.console == []
        assert here.defects == []


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_exams_item_by_item_and_one_against_another(browser: Any, tmp_path: Path, way: str) -> None:  # noqa: F811
    showing.report(tmp_path / "sorting", 0.6, extra="<b>")
    showing.report(tmp_path / "sorting later", 0.85, name="m, a night later")
    odd = tmp_path / "<img src=x onerror=alert(1)>"
    odd.mkdir()
    (odd / "report.json").write_text('{"title": "<script>alert(1)</script>", "exam": {"rungs": [{"name": "x"}]}}')
    with running(Served(minds_of({"m": lambda: Scripted("42")}), reports=tmp_path)) as here:
        shown = Page(browser, here, way)
        page = shown.page
        shown.go("Exams")
        page.get_by_role("table").first.wait_for()
        page.get_by_label("with", exact=True).select_option("sorting later")
        page.get_by_label("Compare", exact=True).select_option("sorting")
        page.get_by_role("button", name="Compare").click()
        page.get_by_role("row", name="few-shot").first.wait_for()
        shown.accessible("comparison")
        page.get_by_label("with", exact=True).select_option("sorting")
        page.get_by_role("button", name="Compare").click()
        page.get_by_role("alert").wait_for()
        assert "shows nothing" in page.get_by_role("alert").inner_text()
        page.get_by_role("link", name="Exam: sorting three numbers").first.click()
        page.get_by_role("heading", name="What this model can do, by every way tried").wait_for()
        page.get_by_role("img", name="accuracy against cost").wait_for()
        shown.accessible("exam")
        page.get_by_text("Every item, every answer").click()
        page.get_by_text("40 of 120 shown").or_(page.get_by_text("50 of 120 shown")).wait_for()
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_text("100 of 120 shown").wait_for()
        page.get_by_label("Outcome").select_option("failed")
        page.locator("#items td.fail").first.wait_for()
        page.get_by_label("Search").fill("no item holds this")
        page.get_by_text("0 of 0 shown").wait_for()
        page.get_by_label("Search").fill("")
        page.locator("#items td.fail").first.wait_for()
        assert "<b>" in page.locator("#items tbody tr").first.inner_text()
        page.locator("#items tbody summary", has_text="prompt").first.click()
        page.locator("#items pre").first.wait_for()
        page.locator("#items").scroll_into_view_if_needed()
        shown.accessible("items", top=False)
        with shown.context.expect_page() as other:
            page.get_by_role("link", name="open its own page").click()
        other.value.get_by_role("heading", name="What accuracy costs").wait_for()
        page.goto(f"{here.url}/#exams/{'%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E'}")
        page.get_by_role("alert").wait_for()
        assert "cannot be shown" in page.get_by_role("alert").inner_text()
        assert page.title() == "Exams · nightschool"
        assert len(shown.console) == 2  # the browser itself notes the 400 and the 404
        assert all(url.startswith(here.url) for url in shown.asked)
        assert here.defects == []


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_memory_is_shown_changed_and_used(browser: Any, way: str) -> None:  # noqa: F811
    def answer(prompt: str) -> str:
        return "In the blue jar." if "> The spare key" in prompt else "I do not know."

    with running(Served(minds_of({"m": lambda: Scripted(answer)}), rooms=showing.memories(SCRIPT))) as here:
        shown = Page(browser, here, way)
        page = shown.page
        shown.go("Memory")
        page.locator(".memory").nth(7).wait_for()
        assert SCRIPT in page.locator(".memory .words").all_inner_texts()
        page.locator(".memory", has_text="script").get_by_role("button", name="more about it").click()
        page.locator(".memory", has_text="script").get_by_role("button", name="Forget").click()
        page.get_by_role("button", name="Forget it for good?").click()
        page.locator("[role=status]", has_text="forgotten").wait_for()
        assert page.get_by_role("img", name="how 8 memories fade").is_visible()
        page.get_by_label("Remember").fill("The spare key is in the blue jar")
        page.get_by_role("button", name="Keep").click()
        page.locator(".memory", has_text="The spare key is in the blue jar").wait_for()
        shown.accessible("memory")
        page.get_by_label("Search by a cue").fill("where does Eva live?")
        page.get_by_role("button", name="Recall").click()
        page.locator(".memory", has_text="found by words").first.wait_for()
        eva = page.locator(".memory", has_text="Eva lives").first
        eva.get_by_role("button", name="more about it").click()
        eva.get_by_role("img", name="it fades from").wait_for()
        shown.accessible("recall")
        eva.get_by_label("Text").fill("Eva lives in Bonn")
        eva.get_by_role("button", name="Save").click()
        page.locator("[role=status]", has_text="changed").wait_for()
        page.locator(".memory", has_text="Eva lives in Bonn").first.wait_for()
        shown.go("Chat")
        shown.settings()
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
@pytest.mark.parametrize("way", WAYS)
def test_what_explained_a_drawing(browser: Any, tmp_path: Path, way: str) -> None:  # noqa: F811
    showing.recognition(tmp_path / "seen", "drawing.png", "house", "cross", "letter z")
    showing.recognition(tmp_path / "<img src=x onerror=alert(1)>", f"{SCRIPT}.png", "<b>house")
    said = "no model explains this: the best, house, fits at -2.17, and -1.0 is needed"
    showing.recognition(tmp_path / "none", "noise.png", "house", said=said)
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "recognition.json").write_text("[]", encoding="utf-8")
    showing.words_that_fought(tmp_path / "words", "stationary dancing")
    with running(Served(minds_of({"m": lambda: Scripted("42")}), reports=tmp_path)) as here:
        shown = Page(browser, here, way)
        page = shown.page
        shown.go("Society")
        page.get_by_role("img", name="house, bent over the drawing").first.wait_for()
        assert "<b>house" in page.locator(".figures").first.inner_text()
        assert f"{SCRIPT}.png" in page.locator(".explained h2").first.inner_text()
        assert "cannot be read" in page.locator(".wrong").inner_text()
        page.locator("summary", has_text="What all 4 concepts said of it").click()
        assert "−19.4" in page.locator(".explained", has_text="drawing.png").inner_text()
        fought = page.locator(".explained", has_text="drawing.png").get_by_role("table", name="How they fought")
        told = [row.split("\t") for row in fought.locator("tbody").inner_text().splitlines() if "\t" in row]
        assert [row[0] for row in told] == [
            "it explains the image", "and the image it", "its bend", "together", "verdict",
        ]  # fmt: skip
        for column in (1, 2, 3):  # messages add up to what they decide
            numbers = [float(row[column].replace("−", "-")) for row in told[:-1]]
            assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=0.16)
        words = page.get_by_role("region", name="stationary dancing")
        assert "stationary and dancing contradict each other on motion" in words.inner_text()
        motion = words.get_by_role("table", name="port motion")
        told = [row.split("\t") for row in motion.locator("tbody").inner_text().splitlines() if "\t" in row]
        assert [row[0] for row in told] == ["stationary", "dancing", "posterior"]
        for column in (1, 2):  # the two pull against each other, and it stays open which is so
            assert float(told[0][column].replace("−", "-")) * float(told[1][column].replace("−", "-")) < 0
        page.locator(".explained").last.scroll_into_view_if_needed()
        shown.accessible("society", top=False)
        assert page.title() == "Society · nightschool"
        assert shown.console == []


@pytest.mark.slow
def test_what_is_refused_is_said_and_escape_stops(browser: Any) -> None:  # noqa: F811
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
        shown.page.locator(".turn.assistant .words", has_text="aaaa").wait_for()
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
def test_a_key_is_asked_for_once(browser: Any) -> None:  # noqa: F811
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
def test_the_keyboard_reaches_everything(browser: Any) -> None:  # noqa: F811
    with running(Served(minds_of({"m": lambda: Scripted(ANSWERS)}))) as here:
        shown = Page(browser, here)
        shown.page.get_by_label("Message").wait_for()
        reached = set()
        for _ in range(24):
            shown.page.keyboard.press("Tab")
            reached.add(
                shown.page.evaluate("document.activeElement.textContent.trim() || document.activeElement.tagName")
            )
        assert {"Send", "Skip to content", "Chat", "Memory", "Nights", "Exams", "Society"} <= reached
        shown.page.get_by_role("link", name="Skip to content").focus()
        shown.page.keyboard.press("Enter")
        assert shown.page.evaluate("document.activeElement.id") == "main"
        assert shown.page.get_by_label("Message").is_visible()


@pytest.mark.slow
def test_the_first_view_is_small_and_its_policy_strict(browser: Any) -> None:  # noqa: F811
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
