import json
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from nightschool.errors import BadFile
from nightschool.exam import open_rungs, sit
from nightschool.exam.report import PageData, check_folder, write
from nightschool.exam.report.write import render
from nightschool.items import Split
from nightschool.models.scripted import Scripted
from support.answering import sometimes
from support.tiny_worlds import Doubling

SCORE = {"accuracy": 0.5, "low": 0.43, "high": 0.57, "n": 200}
ATTACKS = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "<!--<script>",
    "{{ 7 * 7 }}",
    "</style><b onclick='alert(4)'>",
    "\u2028\u2029",
)


class Seen(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style", "title", "h1"):
            self._open.append(tag if tag != "script" else str(dict(attrs).get("id")))

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag in ("script", "style", "title", "h1"):
            self._open.pop()

    def handle_data(self, data: str) -> None:
        where = self._open[-1] if self._open else "body"
        self.text[where] = self.text.get(where, "") + data


def seen(page: str) -> Seen:
    parser = Seen()
    parser.feed(page)
    parser.close()
    return parser


def exam_json(model: Scripted, n: int = 12) -> dict[str, Any]:
    world = Doubling()
    world.max_answer_tokens = 30
    rungs = open_rungs(["control", "zero-shot", "search:n=4", "lora"])
    return sit(world, model, world.items(Split.EXAM, n), rungs, seed=1, workers=0).to_json()


@cache
def sometimes_right() -> str:
    """Return an exam as JSON: sat once, read anew by each test that spoils it."""
    return json.dumps(exam_json(Scripted(sometimes)))


def whole_page(text: str = "plain") -> PageData:
    """Return a page with every section, and with `text` wherever somebody else's words go."""
    exam = json.loads(sometimes_right())
    exam["model"] = exam["task"] = text
    for row in exam["rungs"]:
        row["name"] = f"{row['name']} {text}"
        for record in row["records"]:
            record["answers"] = [text]
            record["feedback"] = record["missing"] = text
            record["outcome"] = 0.0
    for item in exam["items"]:
        item["inputs"], item["target"] = {text: text}, text
    exam["prompts"] = [text for _ in exam["prompts"]]
    exam["warnings"] = [text]
    return {
        "title": text,
        "model": text,
        "task": text,
        "change": {
            "name": text,
            "before": {**SCORE, "accuracy": 0.1},  # type: ignore[typeddict-item]
            "after": SCORE,  # type: ignore[typeddict-item]
            "difference": 0.4,
            "low": 0.3,
            "high": 0.5,
            "p_value": 0.0001,
            "gained": 90,
            "lost": 10,
            "both": 10,
            "neither": 90,
        },
        "exam": exam,
        "practice": {
            "rounds": [
                {
                    "level": text,
                    "items": 48,
                    "solved": 12,
                    "control_solved": 3,
                    "seconds": 4.0,
                    "draws": 96,
                    "passed": 9,
                },
                {"level": text, "items": 48, "solved": 0},
            ],
            "items": 96,
            "solved": 12,
            "tokens": 9000,
            "seconds": 12.5,
            "note": text,
        },
        "sleep": {
            "lessons": 40,
            "steps": 4,
            "seconds": 3.0,
            "adapter": text,
            "losses": [2.0, 1.5, 0.9, 0.7],
            "marks": [2],
            "sources": {text: 40},
        },
        "gate": {
            "accepted": False,
            "reason": text,
            "margin": 0.05,
            "watched": [{"task": text, "difference": -0.02, "low": -0.06, "high": 0.02, "n": 250, "note": text}],
            "text_before": 3.1,
            "text_after": 3.2,
        },
        "recommendation": {
            "sentence": text,
            "target": 0.9,
            "way": {text: text},
            "cost": {text: 3.0, "usd": None},
            "tests": [{"name": text, "p_value": 0.5, "alpha": 0.025, "low": 0.8, "reached": False}],
            "needed": 231,
            "command": text,
        },
        "stages": [{"name": text, "seconds": 3.0}],
        "disclosure": {text: text},
        "partial": True,
    }


def test_both_files_are_written_and_the_json_is_what_was_given(tmp_path: Path) -> None:
    data = whole_page()
    page = write(tmp_path / "new" / "report", data)
    assert page == tmp_path / "new" / "report" / "index.html"
    assert json.loads((page.parent / "report.json").read_text(encoding="utf-8")) == json.loads(json.dumps(data))
    assert sorted(each.name for each in page.parent.iterdir()) == ["index.html", "report.json"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_others_wrote_cannot_become_markup(attack: str) -> None:
    plain, hostile = seen(render(whole_page())), seen(render(whole_page(attack)))
    assert [name for name, _ in hostile.tags] == [name for name, _ in plain.tags]
    for _, attributes in hostile.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert not {"src", "href", "style"} & attributes.keys()
    assert attack in hostile.text["title"]
    assert attack in hostile.text["body"]
    samples = json.loads(hostile.text["samples"])
    assert samples["rows"][0]["records"][0][2] == [attack]


def test_a_models_own_script_is_harmless_end_to_end() -> None:
    exam = exam_json(Scripted("<script>9</script>\n"))
    found = seen(render({"title": "t", "exam": exam}))
    assert [attrs.get("id") for name, attrs in found.tags if name == "script"] == ["samples", None]
    assert "<script>9</script>" in found.text["body"]


def test_only_the_pages_own_script_may_run_and_nothing_is_fetched() -> None:
    import base64
    import hashlib

    page = seen(render(whole_page()))
    policy = next(str(a["content"]) for name, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    own = base64.b64encode(hashlib.sha256(page.text["None"].encode()).digest()).decode()
    assert f"script-src 'sha256-{own}'" in policy
    assert "default-src 'none'" in policy
    assert not {"img", "link", "iframe", "object"} & {name for name, _ in page.tags}
    namespace = "http://www.w3.org/2000/svg"  # a name, which nobody fetches
    assert "http:" not in page.text["None"].replace(namespace, "") + page.text["style"]


SECTIONS = ("change", "practice", "sleep", "gate", "recommendation")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_that_is_missing_is_left_out(section: str) -> None:
    data = whole_page()
    assert f'id="{section}"' in render(data)
    del data[section]  # type: ignore[misc]
    page = render(data)
    assert f'id="{section}"' not in page
    assert all(f'id="{other}"' in page for other in SECTIONS if other != section)


def test_the_table_says_what_the_ways_are_compared_with() -> None:
    plain = render({"title": "t", "exam": json.loads(sometimes_right())})
    assert ">against plain<" in plain
    world = Doubling()
    report = sit(world, Scripted(sometimes), world.items(Split.EXAM, 12), open_rungs(["control", "few-shot:k=1"]))
    page = render({"title": "t", "exam": report.to_json()})
    assert ">against control<" in page
    assert "against plain" not in page


def test_a_warning_of_page_and_exam_alike_is_shown_once() -> None:
    exam = {**exam_json(Scripted(sometimes_right())), "warnings": ["few items: so it is", "cut: some"]}
    page = render({"title": "t", "exam": exam, "warnings": ["few items: so it is"]})
    assert page.count("few items: so it is") == 1
    assert page.count("cut: some") == 1


def test_a_title_alone_is_a_page() -> None:
    found = seen(render({"title": "nothing yet"}))
    assert "nothing" in found.text["title"]


@pytest.mark.parametrize(
    "data",
    [
        {"title": "t", "practice": {"rounds": [], "note": "search solved nothing"}},
        {"title": "t", "gate": {"accepted": True, "reason": "it watched nothing"}},
        {"title": "t", "sleep": {"lessons": 0, "steps": 0}},
        {"title": "t", "recommendation": {"sentence": "Use few-shot/k=3."}},
        {"title": "t", "change": {"before": SCORE, "after": SCORE}},
    ],
)
def test_sections_stand_with_what_they_must_have(data: PageData) -> None:
    assert "<h2>" in render(data)


def test_the_same_data_gives_the_same_page() -> None:
    data = whole_page()
    assert render(data) == render(data)


def test_what_utf_8_cannot_hold_does_not_lose_the_report(tmp_path: Path) -> None:
    page = write(tmp_path, {"title": "t", "warnings": ["half a character: \udc80"]})
    assert "half a character" in page.read_text(encoding="utf-8")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["warnings"] == [
        "half a character: \udc80"
    ]


def test_nan_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write(tmp_path / "r", {"title": "t", "sleep": {"losses": [float("nan")]}})
    assert list((tmp_path / "r").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_with_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(BadFile, match="--report"):
            check_folder(folder)


def test_large_exams_keep_the_table_out_of_the_markup() -> None:
    few, many = exam_json(Scripted(sometimes), n=5), exam_json(Scripted(sometimes), n=80)
    tags = [len(seen(render({"title": "t", "exam": exam})).tags) for exam in (few, many)]
    assert tags[1] - tags[0] < 60  # a few more failures shown, not a row for each item


def test_ways_that_were_tried_on_fewer_items_say_so() -> None:
    exam = json.loads(sometimes_right())
    assert "The same 12 exam items for each way." in render({"title": "t", "exam": exam})
    exam["rungs"][1]["n"] = 5
    assert "all 12 or the first 5 of them." in render({"title": "t", "exam": exam})
