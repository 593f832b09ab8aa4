import pytest

from nightschool.errors import Unsupported, UsageError
from nightschool.mind.sure import claims, standing
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability


def believes(chances):
    """Return a model that affirms a claim with the chance of the first word of it that is listed."""

    def rule(prompt, written):
        claim = prompt.rpartition("It is")[0].rpartition("\n")[2] if "{" in prompt else prompt
        asked = [line for line in claim.splitlines() if line.split(":")[0] in ("Statement", "Claim", "Teacher")][-1]
        yes = next((p for word, p in chances.items() if word in asked), 0.5)
        if "false, yes or no" in prompt:
            yes = 1 - yes
        return {" yes": yes, " Yes": yes, " true": yes, " no": 1 - yes, " No": 1 - yes, " false": 1 - yes}

    return Scripted(rule=rule)


SAID = "Paris lies in France. The moon is made of cheese! It may rain tomorrow. Shall I go on?"


def test_it_is_sure_of_what_it_would_affirm_and_says_what_it_would_deny():
    found = standing(believes({"Paris": 0.97, "cheese": 0.04, "rain": 0.6}), SAID, at=0.9)
    assert [(one.text, one.standing) for one in found.sentences] == [
        ("Paris lies in France.", "sure"),
        ("The moon is made of cheese!", "denied"),
        ("It may rain tomorrow.", "unsure"),
    ]
    assert found.left == 0
    assert found.sentences[0].chance == pytest.approx(0.94, abs=0.01)  # the column of questions says nothing


def test_what_is_not_looked_at_is_counted():
    found = standing(believes({}), " ".join(f"Thing {i} is so." for i in range(7)))
    assert len(found.sentences) == 4
    assert found.left == 3


def test_questions_and_single_words_claim_nothing():
    assert claims("Really? Yes. It is so.\nIt is so.\nWhy not?") == ["It is so."]
    assert standing(believes({}), "Who knows?").sentences == ()


def test_links_between_sentences_count():
    """Told that the door is open, the model takes the alarm to be off, and it is very sure of the door."""

    def rule(prompt, written):
        asked = [line for line in prompt.splitlines() if line.split(":")[0] in ("Statement", "Claim", "Teacher")][-1]
        yes = 0.98 if "door" in asked else 0.6
        if "alarm" in asked and "It is true that: The door" in prompt:
            yes = 0.97
        if "false, yes or no" in prompt:
            yes = 1 - yes
        return {" yes": yes, " Yes": yes, " true": yes, " no": 1 - yes, " No": 1 - yes, " false": 1 - yes}

    found = standing(Scripted(rule=rule), "The door is open. The alarm is off.", at=0.8)
    assert [one.standing for one in found.sentences] == ["sure", "sure"]
    assert any(link.over == ("sentence 1", "sentence 2") and link.kind == "implies" for link in found.links)


def test_what_cannot_be_asked_back_is_an_error():
    with pytest.raises(Unsupported, match="cannot weigh"):
        standing(Scripted(lacks=[Ability.WEIGH]), SAID)
    with pytest.raises(UsageError, match="sure from"):
        standing(believes({}), SAID, at=0.3)
