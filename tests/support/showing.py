"""Things for the page to show that look like what users have: exams, a night with its losses, memories of some days."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from nightschool.exam.report import write
from nightschool.items import Adapter, Lesson, Message, Prompt
from nightschool.models.scripted import Scripted
from nightschool.sleep.gate.decide import WatchedTask, WatchedText, decide
from nightschool.sleep.nights.ledger import Ledger, lessons_hash
from nightschool.sleep.nights.night import Night
from nightschool.sleep.nights.told import losses_of, told_by
from nightschool.society.words.beginning import beginning
from nightschool.society.words.fight import fight
from nightschool.surface.concepts.fight_page import write_page
from nightschool.surface.python import exam
from nightschool.surface.server.rooms import Rooms
from nightschool.train.adapter_name import CONFIG, WEIGHTS, name_of

DAY = 86_400


def report(folder: Path, share: float = 0.6, name: str = "m", items: int = 120, extra: str = "") -> None:
    """Write a report of a model that sorts so often."""

    def answer(prompt: str) -> dict[str, float]:
        given = re.findall(r"\d+(?:,? \d+){2}", prompt)
        numbers = [int(word) for word in re.findall(r"\d+", given[-1] if given else "0")]
        right, wrong = (", ".join(map(str, each)) for each in (sorted(numbers), numbers))
        able = sum(numbers) % 100 < 100 * share  # an item is easy or hard, however it is asked
        return {right: 0.7 if able else 0.3, wrong + extra: 0.3 if able else 0.7}

    found = exam("sorting:n=3,low=1,high=99", Scripted(answer, name=name), items=items,
                 rungs=["control", "zero-shot:wordings=3", "few-shot", "vote:n=5", "search:n=4", "lora"])  # fmt: skip
    write(folder, {"title": "Exam: sorting three numbers", "exam": found.to_json()})


def night(folder: Path, ledger: Ledger, base: str, model: str = "m", **more: Any) -> Night:
    """Return a night that looks like one over a task, recorded and not yet woken."""
    made = folder / "adapter"
    made.mkdir(parents=True, exist_ok=True)
    (made / WEIGHTS).write_bytes(b"w")
    (made / CONFIG).write_text("{}", encoding="utf-8")
    adapter = Adapter(name_of(made, base), base, str(made))
    lessons = [
        Lesson(Prompt((Message("user", f"Sort these numbers: {n + 3}, {n}, {n + 1}"),)), f"{n}, {n + 1}, {n + 3}",
               "rehearsal")
        for n in range(60)
    ]  # fmt: skip
    decision = decide(
        [n % 3 == 0 for n in range(300)],
        [n % 3 != 1 for n in range(300)],
        [WatchedTask("arithmetic", [n % 3 > 0 for n in range(300)], [n % 3 > 0 or n % 40 == 0 for n in range(300)])],
        [WatchedText("plain text", [3.02, 3.10, 2.95], [3.03, 3.09, 2.97], [20_000, 20_000, 20_000])],
    )
    losses = [2.1 * math.exp(-step / 7) + 0.05 + 0.06 * math.sin(3 * step) for step in range(32)]
    practised = {"items": 80, "draws": 480, "control_solved": 4, "control_passed": 5}
    rounds = [
        {"level": f"sorting:n={n}", "examples": 4 - n, "solved": solved, "passed": 2 * solved, **practised}
        for n, solved in ((2, 61), (3, 48))
    ]
    practice = {"items": 160, "solved": 109, "tokens": 52_400, "prompt_tokens": 9_000, "stopped": "rounds",
                "rounds": rounds}  # fmt: skip
    held = Night(
        base=base, model=model, task="sorting:n=3", adapter=adapter.name, lessons=len(lessons),
        lessons_hash=lessons_hash(lessons), steps=len(losses), seed=0, accepted=decision.accepted,
        reason=decision.reason, created="2026-01-02T03:04:05+00:00", version="0.1.0", settings={"rounds": 2},
        gate=told_by(decision), scores={"practice": practice, **losses_of(losses, (0, 16))},
    )  # fmt: skip
    return ledger.record(replace(held, **more), adapter, lessons)


MEMORIES = (
    ("Eva lives in Kiel and works at the harbour", ["eva", "kiel"], True, 24),
    ("The spare key is under the third flower pot", ["key"], False, 20),
    ("My sister's birthday is on the ninth of March", ["birthday"], True, 13),
    ("The printer in the office jams with recycled paper", ["printer"], False, 12),
    ("Train 4821 to Lübeck leaves from platform 5", ["train"], False, 5),
    ("Jonas is allergic to hazelnuts", ["jonas"], True, 2),
    ("The dentist moved to Mill Street 4", ["dentist"], False, 0),
)


def memories(extra: str = "") -> Rooms:
    """Return rooms with memories of some weeks."""
    moment = [time.time()]
    rooms = Rooms(clock=lambda: moment[0])
    for text, tags, marked, days in MEMORIES:
        moment[0] = time.time() - days * DAY
        rooms.add("default", text, tags, marked)
    moment[0] = time.time() - 60
    if extra:
        rooms.add("default", extra, [extra], False)
    moment[0] = time.time()
    return rooms


def recognition(folder: Path, image: str, *names: str, said: str = "") -> None:
    """Write what `nightschool recognise` leaves of a drawing of a house. said: of one that nothing explains."""
    ink = "".join(f"M{x} {y}h1v1h-1z" for x, y in _house())
    shown = [
        {
            "name": name, "probability": p, "nats": nats, "fit": fit, "strokes": strokes, "width": 1.6,
            "terms": {"it explains the image": 0.7 * nats, "and the image it": 0.4 * nats, "its bend": -0.1 * nats},
        }
        for name, (p, nats, fit, strokes) in zip(
            names,
            ((0.93, 0.0, 0.91, "M8 22L24 8L40 22M12 20V40H36V20"), (0.07, -2.6, 0.55, "M24 6V42M8 24H40"),
             (0.0, -19.4, 0.21, "M8 10L40 14L8 30L40 40")),
            strict=False,
        )
    ]  # fmt: skip
    image_data = {
        "image": image, "said": said or f"{names[0]} (93.0%)", "explained": not said, "ink": ink, "size": [48, 48],
        "tries": [*shown, {**shown[-1], "name": "zigzag", "strokes": ""}],
    }  # fmt: skip
    folder.mkdir(parents=True)
    text = json.dumps({"library": "3", "images": [image_data]})
    (folder / "recognition.json").write_text(text, encoding="utf-8")


def words_that_fought(folder: Path, phrase: str) -> None:
    """Write what `nightschool concept fight` leaves of a phrase."""
    folder.mkdir(parents=True)
    write_page(folder, phrase, fight(beginning(), phrase), "3")


def _house() -> set[tuple[int, int]]:
    roof = {(8 + i, 22 - (14 * i) // 16) for i in range(17)} | {(24 + i, 8 + (14 * i) // 16) for i in range(17)}
    walls = {(x, y) for x in (12, 36) for y in range(20, 41)} | {(x, 40) for x in range(12, 37)}
    return {(x + dx, y) for x, y in roof | walls for dx in (0, 1)}
