import json
from pathlib import Path

import pytest

from nightschool.errors import BadItems
from nightschool.items import Split
from nightschool.worlds.file import FileWorld


def written(tmp_path: Path, *samples: dict[str, object]) -> str:
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    return str(path)


def test_letters_name_choices(tmp_path: Path) -> None:
    samples = [
        {"id": i, "input": f"Which, {i}?", "choices": [f"x{i}", f"y{i}"], "target": "B", "metadata": {"a": 1}}
        for i in range(4)
    ]
    world = FileWorld(written(tmp_path, *samples), exam_only="true")
    for item in world.items(Split.EXAM):
        assert item.target == item.choices[1]
        assert world.reference.judge(item, "B").passed


def test_messages_and_several_targets(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "One plus one?"}]
    world = FileWorld(written(tmp_path, {"input": turns, "target": ["two", "2"]}), exam_only="true")
    (item,) = world.items(Split.EXAM)
    assert item.inputs["input"] == "Be short.\n\nOne plus one?"
    assert world.reference.judge(item, "2").passed
    assert world.reference.judge(item, "two").passed
    assert not world.reference.judge(item, "three").passed


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ({"input": "a", "choices": ["x", "y"], "target": "D"}, "choice D, and there are 2"),
        ({"input": [{"role": "user", "content": [{"type": "image"}]}], "target": "a"}, "no text"),
        ({"input": [{"role": "tool", "content": "x"}], "target": "a"}, "role 'tool'"),
        ({"input": "a", "target": ""}, "is empty"),
        ({"input": "a", "choices": ["x", "y"], "target": "z"}, "none of the choices"),
        ({"input": {"a": 1}, "target": "z"}, "neither a text"),
    ],
)
def test_samples_that_cannot_be_items_are_refused_with_their_line(
    sample: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadItems, match=f"line 2: .*{said}"):
        FileWorld(written(tmp_path, {"input": "good", "choices": ["x", "y"], "target": "x"}, sample))
