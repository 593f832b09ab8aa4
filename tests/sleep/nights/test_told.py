from __future__ import annotations

import json
import math

from nightschool.items import Lesson, Message, Prompt
from nightschool.remember.memory import Memory
from nightschool.sleep.evening.evening import Evening
from nightschool.sleep.evening.select import Candidate, Left, Selection
from nightschool.sleep.gate.decide import WatchedTask, WatchedText, decide
from nightschool.sleep.nights.night import Night
from nightschool.sleep.nights.told import chosen_of, gate_page, losses_of, since_first, told_by


def test_what_the_gate_saw_comes_back_from_json_as_a_page_takes_it() -> None:
    decision = decide(
        [False] * 40,
        [True] * 40,
        [WatchedTask("arithmetic", [True, False] * 150, [True, False] * 150)],
        [WatchedText("text", [2.0, 2.0], [2.01, 2.0], [900, 900])],
    )
    told = json.loads(json.dumps(told_by(decision), allow_nan=False))
    page = gate_page(told, decision.accepted, decision.reason)
    assert page["accepted"]
    assert page["watched"][0]["task"] == "arithmetic"
    assert page["watched"][0]["before"]["n"] == 300
    assert page["watched"][0]["kept"]
    assert page["margin"] == 0.10
    assert (page["text_before"], page["text_tokens"]) == (2.0, 1800)


def test_a_night_of_which_nothing_was_told_has_a_page_too() -> None:
    assert gate_page({"gain": 0.1}, False, "not better") == {"accepted": False, "reason": "not better", "watched": []}


def test_losses_that_are_no_numbers_are_none() -> None:
    assert losses_of([1.0, math.nan, math.inf], (0, 2)) == {"losses": [1.0, None, None], "marks": [0, 2]}


def test_what_was_chosen_is_named_and_never_quoted() -> None:
    secret, dull = Memory("the safe opens with 4711", 1.0), Memory("hm", 2.0)
    lesson = Lesson(Prompt((Message("user", "?"),)), "4711", "memory", memories=frozenset({secret.id}))
    evening = Evening(Selection((Candidate(secret, (lesson,), 2.5),), (Left(dull, "states nothing"),)), (), 0, None)
    told = chosen_of(evening)
    assert told == {
        "chosen": [{"memory": secret.id, "nats": 2.5, "lessons": 1}],
        "left": {"states nothing": 1},
    }
    assert "4711" not in json.dumps(told)


def held(*watched: tuple[str, int, float, float]) -> Night:
    seen = [{"name": name, "kind": "task", "n": n, "before": b, "after": a} for name, n, b, a in watched]
    return Night(
        "base", "model", "memories", "adapter", 1, "hash", 1, 0, True, "why", "now", "1", gate={"watched": seen}
    )


def test_small_losses_are_told_from_before_the_first_night_on() -> None:
    nights = [
        held(("sums", 250, 0.30, 0.28), ("text", 9, 1.0, 1.1)),
        held(("sums", 250, 0.28, 0.25), ("text", 8, 1.1, 1.2)),
    ]
    told = since_first(nights)
    assert told == [{"name": "sums", "kind": "task", "nights": 2, "n": 250, "before": 0.30, "after": 0.25}]
    assert since_first(nights[:1]) == []
    assert since_first([held(), *nights]) == []
