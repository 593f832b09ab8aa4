"""What every built-in world keeps, whatever it is about."""

import subprocess
import sys

import pytest

from nightschool.errors import Leak
from nightschool.items import Noise, Split, split_of
from nightschool.ports import Sight, World
from nightschool.prompts import names_in
from nightschool.registry import names
from nightschool.sandbox import available
from nightschool.worlds.open import open_world

SPECS = (
    "sorting", "sorting:n=3,low=0,high=9", "sorting:n=5,low=-9,high=9,distinct=false,guess=numbers",
    "arithmetic", "arithmetic:digits=1,ops=+-*/,steps=3", "arithmetic:steps=2,shown=false",
    "presidents", "presidents:ask=number", "extraction", "extraction:fields=5",
    "automaton", "automaton:states=3,letters=3,steps=3,shown=false", "copying", "copying:kind=all,n=8",
    "stories", "stories:people=2,events=6,ask=alive", "translation", "translation:language=german,ask=questions",
    "copying:kind=induction", "markov", "markov:states=8,ways=4,shown=12,more=5,chain=3",
    "facts", "facts:ask=two-hop,shown=true", "concepts", "concepts:ask=update,shown=true",
    "quest", "quest:rooms=2,things=1", "game24", "game24:n=2,goal=any", "functions:steps=1", "chess:plies=8",
    "chess:ask=line,plies=8,n=4", "chess:ask=line,n=3,shown=true",
    "file:numbers.jsonl", "file:labels.csv,exam_only=true",
)  # fmt: skip


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    rows = (f'{{"input": "What follows {i}?", "target": {i + 1}}}\n' for i in range(80))
    (tmp_path / "numbers.jsonl").write_text("".join(rows))
    rows = (f"Is {i} even?,{'no' if i % 2 else 'yes'},yes|no\n" for i in range(40))
    (tmp_path / "labels.csv").write_text("input,target,choices\n" + "".join(rows))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=SPECS)
def world(request, files):
    return open_world(request.param)


def some(world, count):
    """Return how many items to judge: few where each judgement starts a sandbox, none where there is no sandbox."""
    if not world.spec.startswith("functions"):
        return count
    return 0 if available() else 2


def examples(world, item, k=2):
    """Return practice items that may be shown with `item`; a world without practice borrows from another."""
    shown = world.items(Split.PRACTICE, k + 1, seed=1)
    return [example for example in shown if example.key != item.key][:k]


def test_every_registered_world_is_here():
    assert {spec.partition(":")[0] for spec in SPECS} == set(names("worlds"))


def test_a_world_keeps_the_port(world):
    assert isinstance(world, World)
    assert world.reference.sight in Sight
    assert world.verifier is None or world.verifier.sight is Sight.VERIFIER
    assert world.step_critic is None or world.step_critic.sight is Sight.VERIFIER
    assert world.max_answer_tokens > 0


def test_the_specification_is_canonical(world):
    again = open_world(world.spec)
    assert again.spec == world.spec
    assert again.items(Split.EXAM, 10) == world.items(Split.EXAM, 10)


def test_splits_are_disjoint_by_key_for_ever(world):
    for seed in (0, 1):
        for split in Split:
            for item in world.items(split, 40, seed):
                assert item.split is split is split_of(item.key)


def test_a_shorter_list_is_a_prefix_and_nothing_comes_twice(world):
    for split in Split:
        long = list(world.items(split, 60))
        assert list(world.items(split, 7)) == long[:7]
        assert len({item.id for item in long}) == len(long) == len({str(item.inputs) for item in long})


SHOW = """
import sys
from nightschool.items import Noise, Split
from nightschool.worlds.open import open_world

for spec in sys.argv[1:]:
    world = open_world(spec)
    for split in Split:
        for item in world.items(split, 8, 3):
            print(item.id, dict(item.inputs), item.target, item.key, item.choices, world.babble(item, Noise((5,))))
"""


def test_items_are_the_same_in_every_process():
    printed = [
        subprocess.run(
            [sys.executable, "-c", SHOW, *SPECS],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert printed[0] == printed[1]
    assert printed[0].count("\n") > 200


def test_levels_end_with_the_world_itself_and_do_not_repeat(world):
    levels = world.levels()
    assert levels[-1] is world
    assert len({level.spec for level in levels}) == len(levels)
    assert all(level.items(Split.PRACTICE, 3) for level in levels[:-1])
    assert all(level.levels()[-1].spec == level.spec for level in levels)


@pytest.mark.parametrize("split", [Split.TUNE, Split.EXAM])
def test_only_practice_items_are_worked_examples(world, split):
    others = world.items(split, 2)
    if len(others) == 2:
        with pytest.raises(Leak, match="practice items only"):
            world.pose(others[0], world.wordings[0], [others[1]])


def test_an_item_is_never_its_own_worked_example(world):
    for item in world.items(Split.PRACTICE, 1):
        with pytest.raises(Leak, match="give away"):
            world.pose(item, world.wordings[0], [item])


def test_every_wording_renders_and_differs(world):
    item = world.items(Split.EXAM, 1)[0]
    shown = examples(world, item)
    for given in ((), shown):
        prompts = [str(world.pose(item, wording, given)) for wording in world.wordings]
        assert len(set(prompts)) == len(prompts)
    assert len({wording.id for wording in world.wordings}) == len(world.wordings)
    for wording in world.wordings:
        prompt = world.pose(item, wording, shown)
        assert prompt.keys == {example.key for example in shown}
        assert item.key not in prompt.keys


def test_the_truth_is_never_in_a_prompt_that_shows_no_examples(world):
    items = world.items(Split.EXAM, 30)
    for wording in world.wordings:
        for item in items:
            other = world.pose(item.blind(), wording)
            assert other == world.pose(item, wording)


def test_what_is_common_comes_first_and_the_item_last(world):
    first, second = world.items(Split.EXAM, 2)
    for wording in world.wordings:
        prompts = [world.pose(item, wording, examples(world, item)) for item in (first, second)]
        if prompts[0].messages:
            assert prompts[0].messages[:-1] == prompts[1].messages[:-1]
            assert prompts[0].messages[-1].role == "user"


def test_styles_are_all_there_and_the_default_is_in_words(world):
    styles = [wording.style for wording in world.wordings]
    assert styles[0] == "words"
    assert styles.count("words") >= 4
    assert {"code", "control"} <= set(styles)


def test_control_wordings_tell_nothing_of_the_task(world):
    plain = {"question", "answer", "answer.", "answer:", "one", "of", "with", "these,", "and", "nothing", "else"}
    for wording in world.wordings:
        if wording.style == "control":
            text = " ".join((wording.system, wording.user, wording.document))
            for name in names_in(text):
                text = text.replace(f"{{{name}}}", "")
            assert set(text.lower().replace(":", " ").split()) <= plain
            assert not {"expression", "question", "fields", "form", "call", "input"} & set(names_in(text))


def test_the_truth_passes_the_reference_and_the_verifier_and_the_step_critic(world):
    for split in Split:
        for item in world.items(split, some(world, 20)):
            assert world.reference.judge(item, item.target).passed
            assert world.verifier is None or world.verifier.judge(item.blind(), item.target).passed
            assert world.step_critic is None or world.step_critic.judge(item.blind(), item.target).passed


def test_an_empty_answer_fails_and_can_still_become_right(world):
    for item in world.items(Split.EXAM, some(world, 5)):
        assert not world.reference.judge(item, "").passed
        assert world.verifier is None or not world.verifier.judge(item.blind(), "").passed
        assert world.step_critic is None or world.step_critic.judge(item.blind(), "").passed


def test_a_verifier_does_not_look_at_the_target(world):
    for critic in (world.verifier, world.step_critic):
        if critic is not None:
            for item in world.items(Split.PRACTICE, some(world, 10)):
                for answer in (item.target, world.babble(item, Noise((1,))), "no"):
                    assert critic.judge(item, answer) == critic.judge(item.blind(), answer)


def test_guesses_are_of_the_right_form_and_mostly_wrong(world):
    guesses = [(item, world.babble(item, Noise((item.id,)))) for item in world.items(Split.PRACTICE, 40)]
    for item, guess in guesses:
        assert guess == world.babble(item, Noise((item.id,)))
        assert [not char.isalnum() for char in guess[:1]].count(True) <= guess.startswith("-")
        assert guess.count("\n") == item.target.count("\n")
    judged = guesses[: some(world, 40)]
    right = [world.reference.judge(item, guess).passed for item, guess in judged]
    assert sum(right) <= 0.6 * len(right)


def test_the_expert_passes(world):
    for item in world.items(Split.PRACTICE, some(world, 10)):
        answer = world.expert.demonstrate(item)
        assert world.reference.judge(item, answer).passed
        assert world.verifier is None or world.verifier.judge(item.blind(), answer).passed


@pytest.mark.parametrize("spec", ["sorting", "presidents", "file:numbers.jsonl"])
def test_no_limit_brings_what_a_limit_begins(spec):
    world = open_world(spec)
    items = world.items(Split.TUNE)
    assert list(world.items(Split.TUNE, 5)) == list(items[:5])
    assert len(world.items(Split.TUNE, 0)) == 0
