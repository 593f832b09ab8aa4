import re

import numpy as np
import pytest

from nightschool.items import Noise
from nightschool.models.scripted import Scripted
from nightschool.stats.steps import simulate
from nightschool.worlds.automaton import Automaton, run
from support.sittings import found
from support.tiny_worlds import Doubling

WORLD = Automaton(states=4, letters=2, steps=12)


def walker(error: float, recovery: float) -> Scripted:
    """Return a model that runs every machine, with so many mistakes, and comes back so often."""

    def says(prompt: str) -> str:
        from nightschool.items import Item

        rules = re.findall(r"[A-D] [01] -> [A-D]", prompt)
        start = re.findall(r"state ([A-D]) and reads", prompt)[-1]
        word = re.findall(r"reads ([01 ]+)", prompt)[-1].strip()
        truth = run(Item("i", {"rules": "; ".join(rules), "start": start, "word": word}, None, "k"))
        rng = np.random.default_rng(Noise((prompt,)).key())
        marks = simulate(error, recovery, len(truth), 1, rng)[0]
        return ", ".join(
            s if right else "ABCD"[("ABCD".index(s) + 1) % 4] for s, right in zip(truth, marks, strict=True)
        )

    return Scripted(says)


@pytest.mark.parametrize(("error", "recovery"), [(0.1, 0.0), (0.2, 0.5)])
def test_planted_error_and_recovery_are_found_in_answers(error: float, recovery: float) -> None:
    finding = found(WORLD, walker(error, recovery), "horizon", rungs=("zero-shot:wordings=1",), items=70)
    facts = finding.facts["zero-shot"]
    assert facts["error"][0] == pytest.approx(error, rel=0.35)
    assert facts["recovery"][0] == pytest.approx(recovery, rel=0.35)
    steps, low, high, _ = facts["horizons"]["0.5"]
    assert low < steps < high
    assert steps == pytest.approx(np.log(0.5) / np.log(1 - error), rel=0.4)
    assert facts["read"] == 70


def test_answers_that_cannot_be_read_are_left_out_and_said() -> None:
    finding = found(WORLD, Scripted("no idea"), "horizon", rungs=("zero-shot:wordings=1",))
    assert "steps that could be read" in (finding.unavailable or "")


def test_a_world_without_steps_has_no_horizon() -> None:
    assert "no steps" in (found(Doubling(), Scripted("no"), "horizon").unavailable or "")


def test_a_run_without_a_mistake_has_a_horizon_with_no_upper_end() -> None:
    finding = found(WORLD, walker(0.0, 0.0), "horizon", rungs=("zero-shot:wordings=1",))
    steps, low, high, _ = finding.facts["zero-shot"]["horizons"]["0.5"]
    assert (steps, high) == (None, None)
    assert low > 5


def test_answers_of_a_single_step_have_no_horizon() -> None:
    one = Automaton(states=4, letters=2, steps=1)
    assert "single step" in (found(one, walker(0.5, 0.0), "horizon", rungs=("zero-shot:wordings=1",)).unavailable or "")
