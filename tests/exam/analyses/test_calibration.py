import pytest

from nightschool.errors import BadSpec
from nightschool.exam import open_analyses
from nightschool.exam.analyses.calibration import _yes
from nightschool.items import Prefix, Prompt, Thought
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from support.answering import number_in
from support.sittings import found
from support.tiny_worlds import Doubling


def hesitant(prompt: str) -> dict[str, float]:
    """Say the right answer with 0.9, of which it is right for half of the numbers only: 40 points too sure."""
    number = number_in(prompt)
    return {f"{2 * number if number % 2 else 7}\n": 0.9, "no\n": 0.1}


def test_a_planted_overconfidence_is_found() -> None:
    finding = found(Doubling(), Scripted(hesitant), "calibration", rungs=("zero-shot:wordings=1",), items=90)
    error, low, high = finding.facts["probability of the answer"]["error"]
    assert low <= 0.4 <= high
    assert error == pytest.approx(0.4, abs=0.1)


def test_a_temperature_from_practice_takes_most_of_it_off() -> None:
    finding = found(
        Doubling(), Scripted(hesitant), "calibration:practice=90", rungs=("zero-shot:wordings=1",), items=90
    )
    facts = finding.facts["probability of the answer"]
    assert facts["temperature"] > 4
    assert facts["error_after"][0] < 0.5 * facts["error"][0]


def test_agreement_of_draws_is_a_sign_too() -> None:
    finding = found(Doubling(), Scripted(hesitant), "calibration", rungs=("vote:n=8",), items=60)
    assert set(finding.facts) == {"agreement of draws"}
    assert finding.facts["agreement of draws"]["n"] == 60


def test_a_model_that_knows_its_mistakes_says_so_when_asked() -> None:
    def knows(prompt: str) -> dict[str, float]:
        if "Proposed answer" not in prompt:
            return hesitant(prompt)
        number = number_in(prompt.partition("Proposed")[0])
        return {"yes": 0.95, "no": 0.05} if number % 2 else {"yes": 0.05, "no": 0.95}

    finding = found(Doubling(), Scripted(knows), "calibration:stated=true", rungs=("zero-shot:wordings=1",), items=80)
    stated = finding.facts["stated"]
    assert stated["error"][0] < 0.12
    assert stated["right_in_surest_half"] == pytest.approx(1.0, abs=0.1)


def test_a_yes_that_is_certain_is_no_no() -> None:
    logps = {"yes": 0.0, "no": -20.0, "Yes": -30.0, "No": None}  # in float32 a probability of 1 - exp(-20) is 1
    prefix = Prefix(Prompt(text="?"))
    assert _yes([Thought(0, None, prefix, word, logp=logp) for word, logp in logps.items()]) > 0.99


def test_a_model_that_knows_what_it_can_do_says_so_before_it_answers() -> None:
    def knows(prompt: str) -> dict[str, float]:
        if "Do not answer it" not in prompt:
            return hesitant(prompt)
        assert "Proposed answer" not in prompt
        number = number_in(prompt.partition("Do you know")[0])
        return {"yes": 0.95, "no": 0.05} if number % 2 else {"yes": 0.05, "no": 0.95}

    finding = found(Doubling(), Scripted(knows), "calibration:ahead=true", rungs=("zero-shot:wordings=1",), items=80)
    assert finding.facts["stated before answering"]["error"][0] < 0.12


def test_where_every_answer_is_wrong_nothing_can_be_told() -> None:
    finding = found(Doubling(), Scripted("no\n"), "calibration", rungs=("zero-shot:wordings=1",))
    assert "all answers are wrong" in (finding.unavailable or "")


def test_without_any_sign_it_says_what_it_takes() -> None:
    model = Scripted(hesitant, lacks=[Ability.LOGPS])
    finding = found(Doubling(), model, "calibration", rungs=("zero-shot:wordings=1",))
    assert "no sign of confidence" in (finding.unavailable or "")


def test_too_little_practice_is_refused() -> None:
    with pytest.raises(BadSpec, match="20 items"):
        open_analyses(["calibration:practice=5"])
