import pytest

from nightschool.drive import Drive
from nightschool.errors import BadSpec
from nightschool.exam import Room, open_rungs
from nightschool.exam.rungs.rollback import ends
from nightschool.items import Split
from nightschool.models.scripted import Scripted
from nightschool.worlds.arithmetic import Arithmetic
from nightschool.worlds.automaton import Automaton
from nightschool.worlds.copying import Copying
from support.sittings import found
from support.tiny_worlds import Doubling

WORLD = Automaton(states=3, letters=2, steps=6)


def wanderer(prompt: str, written: str) -> dict[str, float]:
    """Write random states, whatever the rules say."""
    if written.endswith(","):
        return {" ": 1.0}
    if written and written[-1].isalpha():
        return {",": 0.95, "\n": 0.05} if written.count(",") < 5 else {"\n": 1.0}
    return {"A": 0.4, "B": 0.3, "C": 0.3}


def room() -> Room:
    model = Scripted(rule=wanderer)
    drive = Drive(model, critic_workers=0)
    items = tuple(WORLD.items(Split.EXAM, 40))
    return Room(WORLD, items, WORLD.wordings[0], 1, model.abilities, run=drive.run)


def test_critic_and_rollback_make_right_what_chance_does_not() -> None:
    rung, sat = open_rungs(["rollback:n=96"])[0], room()
    assert sat.run is not None
    done = [(part, sat.run(part.jobs)) for part in rung.plan(sat).parts]
    right = {
        line.name: sum(WORLD.reference.judge(said.item, said.answers[0]).passed for said in line.said)
        for line in rung.read(sat, done)
    }
    assert list(right) == ["rollback/unchecked", "rollback/checked", "rollback"]
    assert right["rollback/unchecked"] <= 4  # three states to the power of six
    assert right["rollback/checked"] >= 30
    assert right["rollback"] >= 30
    way = next(line.way for line in rung.read(sat, done) if line.name == "rollback")
    assert way is not None
    assert way.needs_step
    assert way.needs_verifier  # for what ends the answer


def test_a_chain_that_is_stuck_failed_at_the_step_that_it_did_not_make() -> None:
    def stuck(prompt: str, written: str) -> dict[str, float]:
        return {"Z": 1.0} if not written else {"\n": 1.0}

    finding = found(WORLD, Scripted(rule=wanderer), "horizon", rungs=("rollback:n=8",), items=40)
    assert finding.facts["rollback"]["error"][0] > 0.02
    assert finding.facts["rollback"]["error"][0] < finding.facts["rollback/unchecked"]["error"][0]
    none = found(WORLD, Scripted(rule=stuck), "horizon", rungs=("rollback:n=8",), items=10)
    assert none.unavailable


def test_a_world_without_a_step_critic_has_no_such_row() -> None:
    from nightschool.exam import sit

    world, model = Doubling(), Scripted("no\n")
    report = sit(world, model, world.items(Split.EXAM, 4), open_rungs(["rollback"]), workers=0)
    [row] = report.rungs
    assert "has no step" in (row.unavailable or "")


@pytest.mark.parametrize(
    ("world", "end"), [(WORLD, "comma"), (Copying("all"), "tokens"), (Arithmetic(steps=3), "semicolon")]
)
def test_steps_end_as_those_of_worked_answers(world: object, end: str) -> None:
    assert ends(world, 0) == end  # type: ignore[arg-type]


@pytest.mark.parametrize("spec", ["rollback:n=0", "rollback:temperature=0", "rollback:k=-1", "rollback:tries=0"])
def test_parameters_that_make_no_sense_are_refused(spec: str) -> None:
    with pytest.raises(BadSpec):
        open_rungs([spec])
