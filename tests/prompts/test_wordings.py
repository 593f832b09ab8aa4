from importlib import resources

import pytest

from nightschool.errors import BadFile, UnknownName
from nightschool.prompts.wordings import built_in, parse, read

TASKS = sorted(
    entry.name.removesuffix(".toml")
    for entry in (resources.files("nightschool.prompts") / "data").iterdir()
    if entry.name.endswith(".toml")
)
ONE = '[[wording]]\nname = "a"\nstyle = "words"\nuser = "Say {x}"\n'


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_posed_in_words_as_code_and_without_information(task):
    styles = [wording.style for wording in built_in(task)]
    assert styles.count("words") >= 4
    assert styles.count("code") >= 1
    assert styles.count("control") >= 1
    assert built_in(task)[0].style == "words"


@pytest.mark.parametrize("task", TASKS)
def test_no_wording_ends_where_a_tokenizer_would_split_oddly(task):
    for wording in built_in(task):
        assert not wording.prefill.endswith(" "), wording.name
        assert not wording.document.endswith(" ") or wording.prefill, wording.name


@pytest.mark.parametrize("task", TASKS)
def test_every_answer_of_a_wording_ends_at_a_stop_string(task):
    assert all(wording.stop for wording in built_in(task))


def test_unknown_task_says_what_is_near():
    with pytest.raises(UnknownName, match="sorting"):
        built_in("sortin")


def test_a_wording_is_named_by_its_content():
    assert parse(ONE, "f")[0].id == parse(ONE, "g")[0].id
    assert parse(ONE, "f")[0].id != parse(ONE.replace("Say", "Tell"), "f")[0].id


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no wordings"),
        ("wording = 3", "has no wordings"),
        ("wording = [3]", "write it as a"),
        ("[[wording]", "is not TOML"),
        (ONE.replace("user", "usr"), "did you mean user"),
        (ONE.replace('"a"', '""'), "has no name"),
        (ONE.replace('"a"', "3"), "name is a string"),
        (ONE.replace('"words"', '"rhyme"'), "style is one of words, code, control"),
        (ONE + 'document = "x"\n', "either user"),
        ('[[wording]]\nname = "a"\nstyle = "words"\n', "either user"),
        (ONE + 'stop = "x"\n', "stop is a list"),
        (ONE + 'stop = [""]\n', "stop is a list"),
        (ONE + ONE, "two wordings are called 'a'"),
        (ONE + ONE.replace('"a"', '"b"'), "'b' says the same as 'a'"),
    ],
)
def test_what_cannot_be_read_is_named(text, said):
    with pytest.raises(BadFile, match=said):
        parse(text, "w.toml")


def test_a_users_file_is_read(tmp_path):
    path = tmp_path / "w.toml"
    path.write_text(ONE)
    assert read(path) == parse(ONE, "x")
    with pytest.raises(BadFile, match="cannot read"):
        read(tmp_path / "none.toml")
