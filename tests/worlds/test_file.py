import json

import pytest

from nightschool.critics.judging import judge
from nightschool.errors import BadFile, BadItems, BadSpec, UnknownName
from nightschool.items import Item, Noise, Split
from nightschool.ports import Sight
from nightschool.worlds.file import FileWorld


def write(tmp_path, rows, name="q.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def many(n=60, **more):
    return [{"input": f"What is {i} plus 1?", "target": i + 1, **more} for i in range(n)]


def test_every_item_is_in_one_split_in_the_order_of_the_seed(tmp_path):
    world = FileWorld(write(tmp_path, many()))
    lists = [world.items(split) for split in Split]
    assert sum(map(len, lists)) == 60
    assert world.items(Split.EXAM, 5) == lists[2][:5]
    assert world.items(Split.EXAM, seed=1) != lists[2]
    assert set(map(repr, world.items(Split.EXAM, seed=1))) == set(map(repr, lists[2]))
    assert world.notes == ()


def test_where_an_item_belongs_depends_on_its_text_alone(tmp_path):
    rows = many()
    first = FileWorld(write(tmp_path, rows))
    changed = [{"input": f"  {row['input'].upper()} ", "target": 0} for row in reversed(rows[10:])]
    second = FileWorld(write(tmp_path, changed, "other.jsonl"))
    splits = {item.key: item.split for split in Split for item in first.items(split)}
    assert all(splits[item.key] is split for split in Split for item in second.items(split))


def test_exam_only_leaves_nothing_to_practise_and_says_so(tmp_path):
    world = FileWorld(write(tmp_path, many()), exam_only=True)
    assert [len(world.items(split)) for split in Split] == [0, 0, 60]
    assert "nothing to practise" in world.notes[0]
    item = world.items(Split.EXAM, 1)[0]
    assert world.babble(item, Noise((1,))) is None


def test_an_empty_split_is_said(tmp_path):
    world = FileWorld(write(tmp_path, many(1)))
    assert len(world.notes) == 2 or "nothing to practise" in world.notes[0]


def test_settings_are_read_from_the_head_and_parameters_go_before_them(tmp_path):
    write(tmp_path, [{"q": f"{i}", "a": f"{i}"} for i in range(30)])
    head = "input: q\ntarget: a\ncritic: exact\nsystem: Count.\nprompt: 'Number {input}:'\nitems: q.jsonl\n"
    (tmp_path / "task.yaml").write_text(head)
    world = FileWorld(str(tmp_path))
    assert world.reference.name == "exact"
    prompt = str(world.pose(world.items(Split.EXAM, 1)[0], world.wordings[0]))
    assert prompt.startswith("system: Count.\nAnswer with the answer only.\nuser: Number ")
    assert FileWorld(str(tmp_path), critic="numeric").reference.name == "numeric"
    (tmp_path / "task.yaml").write_text(head + "sytem: x\n")
    with pytest.raises(BadSpec, match="did you mean system"):
        FileWorld(str(tmp_path))


def test_prompts_may_show_other_columns(tmp_path):
    rows = [{"input": "Who?", "text": f"Text {i}.", "target": "x", "note": f"secret {i}"} for i in range(20)]
    world = FileWorld(write(tmp_path, rows), prompt="{text} {input}")
    prompts = [str(world.pose(world.items(Split.EXAM, 1)[0], w)) for w in world.wordings if w.style != "control"]
    assert all("Text " in prompt and "Who?" in prompt and "secret" not in prompt for prompt in prompts)
    with pytest.raises(BadItems, match="no column called 'txt'; did you mean text"):
        FileWorld(write(tmp_path, rows), prompt="{txt} {input}")


def test_a_control_prompt_says_nothing_of_the_item_or_the_task(tmp_path):
    world = FileWorld(write(tmp_path, many()), system="Add one.", prompt="Sum: {input}")
    first, second = world.items(Split.EXAM, 2)
    for wording in world.wordings:
        if wording.style == "control":
            assert world.pose(first, wording) == world.pose(second, wording)
            assert "Add one" not in str(world.pose(first, wording))


def test_choices_are_offered_and_guessed(tmp_path):
    rows = [{"input": f"Light {i}?", "target": "red", "choices": ["red", "green"]} for i in range(30)]
    world = FileWorld(write(tmp_path, rows))
    item = world.items(Split.EXAM, 1)[0]
    assert world.reference.name == "choice"
    assert all("red, green" in str(world.pose(item, wording)) for wording in world.wordings if wording.name != "bare")
    assert {world.babble(item, Noise((i,))) for i in range(20)} == {"red", "green"}


def test_guesses_are_the_truth_of_other_practice_items(tmp_path):
    world = FileWorld(write(tmp_path, many()))
    practised = {item.target for item in world.items(Split.PRACTICE)}
    item = world.items(Split.EXAM, 1)[0]
    assert {world.babble(item, Noise((i,))) for i in range(50)} <= practised


def test_each_line_may_have_its_own_critic(tmp_path):
    rows = [{**row, "critic": ["exact", "numeric:tolerance=1"][i % 2]} for i, row in enumerate(many(30))]
    world = FileWorld(write(tmp_path, rows))
    assert world.reference.sight is Sight.REFERENCE
    assert world.verifier is None
    verdicts = [
        world.reference.judge(item, str(int(item.target) + 1)).passed for split in Split for item in world.items(split)
    ]
    assert sum(verdicts) == 15
    with pytest.raises(LookupError, match="no line of this file"):
        world.reference.judge(Item("other", {}, "1", "k"), "1")


def test_the_critic_of_a_line_keeps_to_its_time_and_sees_what_it_may(tmp_path):
    judges = tmp_path / "judges.py"
    judges.write_text(
        "import time\ndef hang(answer):\n    time.sleep(60)\ndef blind(item, answer):\n    return item.target is None\n"
    )
    critics = ["exact", f"callable:path={judges}:hang,timeout_s=0.2", f"callable:path={judges}:blind"]
    world = FileWorld(write(tmp_path, [{**row, "critic": critics[i % 3]} for i, row in enumerate(many(30))]))
    assert world.reference.sight is Sight.REFERENCE
    for item in [item for split in Split for item in world.items(split)]:
        kind = (int(item.target) - 1) % 3
        verdict = judge(world.reference, item, item.target)
        assert verdict.passed is (kind != 1)
        assert ("took longer than 0.2 s" in (verdict.error or "")) is (kind == 1)
        if kind == 1:
            assert verdict.error.count("failed on item") == 1


def test_a_critic_that_asks_a_model_is_no_critic_of_a_line(tmp_path):
    rows = [{**row, "critic": ["exact", "lm-judge"][i % 2]} for i, row in enumerate(many(30))]
    with pytest.raises(BadSpec, match="asks a model"):
        FileWorld(write(tmp_path, rows))


def test_a_critic_that_needs_no_target_is_the_verifier(tmp_path):
    path = write(tmp_path, [{"input": f"Word {i}"} for i in range(30)])
    world = FileWorld(path, critic="regex:pattern=[a-z]+")
    assert world.verifier is world.reference
    assert world.items(Split.EXAM, 1)[0].target is None
    assert FileWorld(write(tmp_path, many()), verifier="regex:pattern=[0-9]+").verifier.name == "regex"
    with pytest.raises(BadSpec, match="cannot be the verifier"):
        FileWorld(write(tmp_path, many()), verifier="exact")


def test_answers_of_several_lines_end_at_an_empty_line(tmp_path):
    rows = [{"input": f"{i}", "target": "a\nb"} for i in range(20)]
    assert FileWorld(write(tmp_path, rows)).wordings[0].stop == ("\n\n",)
    assert FileWorld(write(tmp_path, many())).wordings[0].stop == ("\n",)


def test_own_wordings_and_answer_lengths(tmp_path):
    (tmp_path / "w.toml").write_text('[[wording]]\nname = "own"\nstyle = "words"\nuser = "{input}!"\n')
    path = write(tmp_path, many())
    world = FileWorld(path, wordings="w.toml", max_answer_tokens=7)
    assert [wording.name for wording in world.wordings] == ["own"]
    assert world.max_answer_tokens == 7
    for setting, value in (("max_answer_tokens", "0"), ("exam_only", "perhaps")):
        with pytest.raises(BadSpec, match=setting):
            FileWorld(path, **{setting: value})


def test_what_is_wrong_is_said_before_anything_runs(tmp_path):
    with pytest.raises(BadFile, match="cannot read"):
        FileWorld(str(tmp_path / "none.csv"))
    with pytest.raises(UnknownName, match="did you mean numeric"):
        FileWorld(write(tmp_path, many()), critic="numerik")
    rows = many()
    rows[3]["target"] = None
    rows[8]["input"] = ""
    with pytest.raises(BadItems) as caught:
        FileWorld(write(tmp_path, rows))
    assert [problem.split(": ")[0].split(", ")[-1] for problem in caught.value.problems] == ["line 4", "line 9"]


def test_ten_thousand_lines_open_in_seconds(tmp_path):
    world = FileWorld(write(tmp_path, many(10_000)))
    assert sum(len(world.items(split)) for split in Split) == 10_000


def test_targets_of_unlike_json_types_are_refused_with_their_lines(tmp_path):
    path = tmp_path / "mixed.jsonl"
    rows = [f'{{"input": "q{i}", "target": {t}}}' for i, t in enumerate(('"red"', "4", '"blue"', "true", '"5"'))]
    path.write_text("\n".join(rows))
    with pytest.raises(BadItems) as error:
        FileWorld(str(path))
    assert "line 2: the target '4' is a number, true or false, and 3 others are a text" in str(error.value)
    assert "line 4: the target 'true'" in str(error.value)
    assert "line 1" not in str(error.value)
    assert len(FileWorld(str(path), critic="exact", exam_only=True).items(Split.EXAM)) == 5
    path.write_text("\n".join(f'{{"input": "q{i}", "target": {t}}}' for i, t in enumerate(("4", '"5"', "6.5"))))
    assert FileWorld(str(path), exam_only=True).reference.name == "numeric"  # all of them are numbers, as written
