"""A night is held beside a serving mind, which answers as before until it is over, and then as the night taught."""

from __future__ import annotations

import threading
from pathlib import Path

from nightschool.drive import Drive
from nightschool.remember.store.opened import open_store
from nightschool.sleep.consolidate import MemoryNight, Sleeper, sleep_over
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.plan import NightPlan
from nightschool.surface.server.rooms import Rooms
from nightschool.surface.server.served import Served
from support.learning import Counters, Listening, Studying
from support.serving import get, minds_of, post, running

PLAN = NightPlan(passes=1, batch=8, settle=1, rehearsal=0.0, watched_items=5, text_tokens=0)
FACTS = ("Ada Molbane lives in Vekburg.", "Ada Molbane works as a baker.")


def knowing(steps: int) -> str:
    return "Ada Molbane is a baker and lives in Vekburg." if steps else "I do not know."


def test_a_night_beside_a_serving_mind_is_in_force_when_it_is_over(tmp_path: Path) -> None:
    nights, memories = tmp_path / "nights", str(tmp_path / "memories")
    rooms = Rooms(memories)
    for fact in FACTS:
        rooms.add("default", fact, [], True)

    def ledger(space: str) -> Ledger:
        return Ledger(nights, space)

    asked = threading.Event()

    def at(stage: str) -> None:
        if stage == "lessons":
            assert asked.wait(60)  # the night is under way while the questions below are answered

    def sleep() -> None:
        with open_store("default", memories) as store:
            held.append(
                sleep_over(
                    Sleeper(
                        store=store, drive=Drive(Studying(knowing)), ledger=ledger("default"), plan=PLAN, watched=(),
                        watch=Listening(at), now=100.0, created="2026-01-02T03:04:05+00:00", clock=lambda: 0.0,
                        pupils=lambda wakes: Counters(),
                    )
                )
            )  # fmt: skip

    held: list[MemoryNight] = []
    served = Served(minds_of({"m": lambda: Studying(knowing)}, ledger=ledger), rooms=rooms)
    with running(served) as here:

        def ask() -> tuple[str, str]:
            body = {"model": "m", "messages": [{"role": "user", "content": "Who is Ada Molbane?"}]}
            told = post(f"{here.url}/v1/chat/completions", json=body).json()
            return told["choices"][0]["message"]["content"], told["system_fingerprint"]

        night = threading.Thread(target=sleep)
        night.start()
        assert [ask() for _ in range(5)] == [("I do not know.", "nightschool-none")] * 5
        asked.set()
        night.join(60)
        [brought] = held
        assert brought.night is not None
        assert brought.accepted, brought.reason
        assert ask() == (knowing(1), f"nightschool-{brought.night.name}")
        [told] = get(f"{here.url}/api/nights").json()["nights"]
        assert told["in_force"]
        sections = get(f"{here.url}/api/nights/{told['name']}").json()["sections"]
        assert all(fact in sections for fact in FACTS)
        post(f"{here.url}/api/nights/none/wake", json={"model": told["model"]})
        assert ask() == ("I do not know.", "nightschool-none")
        assert here.defects == []
