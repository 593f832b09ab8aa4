from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nightschool.drive import Budget
from nightschool.errors import BadFile
from nightschool.items import Adapter, Item, Sampling, Split, Wording, split_of
from nightschool.mind import Mind, read_mind, write_mind

KEY = next(key for key in map(str, range(1000)) if split_of(key) is Split.PRACTICE)
FULL = Mind(
    model="openai:http://localhost:8000/v1#m",
    wording=Wording("w", "code", document='>>> sorted([{n}])\n"""', system="# é\n", prefill="[", stop=("]", "\n")),
    strategy="beam:width=2,split=comma",
    sampling=Sampling(max_tokens=9, temperature=0.7, top_p=0.9, top_k=5, stop=("]", "\n")),
    examples=(Item("e", {"n": "2, 1"}, "1, 2", KEY),),
    choices=("yes", "no"),
    critic="all(sorted-list; regex:pattern=[0-9, ]+)",
    step_critic="world",
    night="abc",
    budget=Budget(tokens=200, seconds=1.5),
    task="sorting:n=4",
    identity="f" * 64,
    seed=3,
)


def same(one: Mind, other: Mind) -> bool:
    bare = [replace(mind, examples=tuple(replace(e, id="") for e in mind.examples)) for mind in (one, other)]
    return bare[0] == bare[1] and one.id == other.id


@pytest.mark.parametrize("mind", [FULL, Mind("smollm2", Wording("w", "words", user="{x}"))])
def test_what_is_written_is_read(tmp_path: Path, mind: Mind) -> None:
    write_mind(mind, tmp_path / "mind.toml")
    assert same(read_mind(tmp_path / "mind.toml"), mind)


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@example("a\r\nb", "\r", '"""', "\\n", "'''", ["\r\n", "\t"])
@given(words, words, words, words, words, st.lists(words.filter(bool)))
def test_any_words_survive(
    tmp_path: Path, system: str, before: str, prefill: str, shown: str, separator: str, stop: list[str]
) -> None:
    user = before.replace("{", "").replace("}", "") + "{x}"
    wording = Wording("w", "words", user, system, "", shown, separator, prefill, tuple(stop))
    write_mind(Mind("smollm2", wording), tmp_path / "mind.toml")
    assert read_mind(tmp_path / "mind.toml").wording == wording


def test_an_adapter_beside_the_file_moves_with_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    write_mind(replace(FULL, adapter=Adapter("a", "b", str(old / "night" / "a"))), old / "mind.toml")
    old.rename(new)
    adapter = read_mind(new / "mind.toml").adapter
    assert adapter is not None
    assert adapter.path == str((new / "night" / "a").resolve())


GOOD = 'nightschool = 1\nmodel = "smollm2"\n[prompt]\nuser = "{x}"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = ", "is not TOML"),
        ("nightschool = 2\n", "reads format 1"),
        ('nightschool = 1\n[prompt]\nuser = "{x}"', "'model' is missing"),
        (GOOD.replace("model", "modle"), "did you mean model"),
        (GOOD + 'sytem = "x"', "did you mean system"),
        (GOOD + "[sampling]\nmax_tokens = 0", "'sampling.max_tokens'"),
        (GOOD + "[sampling]\ntemprature = 0.5", "did you mean temperature"),
        (GOOD + '[[examples]]\ninputs = {x = "1"}\nanswer = "1"', "'examples.0.key' is missing"),
        (GOOD + 'document = "{x}"', "not both"),
        (GOOD.replace("[prompt]", 'strategy = "best-of-m"\n[prompt]'), "best-of-n"),
        (GOOD.replace("[prompt]", 'budget = "0tok"\n[prompt]'), "allows nothing"),
        (GOOD.replace("[prompt]", "seed = 'x'\n[prompt]"), "'seed'"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mind.toml"
    path.write_text(text)
    with pytest.raises(BadFile, match=says) as caught:
        read_mind(path)
    assert str(path) in str(caught.value)


def test_no_file_and_no_place_for_one(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no mind at"):
        read_mind(tmp_path / "none.toml")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadFile, match="cannot write"):
        write_mind(FULL, tmp_path / "file" / "mind.toml")


def test_a_file_that_a_person_wrote() -> None:
    path = Path(__file__).parent / "mind.toml"
    mind = read_mind(path)
    assert mind.inputs == ("numbers",)
    assert mind.sampling.stop == ("\n",)
    assert mind.budget == Budget(tokens=2000)
