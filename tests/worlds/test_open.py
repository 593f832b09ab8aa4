import pytest

from nightschool.errors import BadFile, BadSpec, UnknownName
from nightschool.worlds.open import open_world, split_file_spec


def write(path, text="input,target\n1,2\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_built_in_worlds_open_by_name_and_parameters():
    assert open_world(" sorting:n=5,high=49 ").spec == "sorting:n=5,low=10,high=49"
    assert open_world("arithmetic:ops=-+").spec == "arithmetic:digits=2,ops=+-,steps=1"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("sortin", UnknownName, "did you mean sorting"),
        ("sorting:hihg=3", BadSpec, "did you mean high"),
        ("sorting:n", BadSpec, "name:key=value"),
        ("sorting:n=four", BadSpec, "n is a whole number"),
        ("questions.csv", UnknownName, "type file:questions.csv"),
        ("file:", BadSpec, "names no file"),
        ("file:nowhere.csv", BadFile, "cannot read nowhere.csv"),
        ("file:nowhere.csv,input=q", BadFile, "cannot read nowhere.csv"),
    ],
)
def test_what_cannot_be_opened_is_named(text, error, said):
    with pytest.raises(error, match=said):
        open_world(text)


@pytest.mark.parametrize(
    ("rest", "path", "given"),
    [
        ("q.csv", "q.csv", {}),
        ("path=q.csv,input=a b", "q.csv", {"input": "a b"}),
        ("q.csv, input=x, target = y", "q.csv", {"input": "x", "target": "y"}),
        ("http://host:1/a=b,c.csv", "http://host:1/a=b,c.csv", {}),
        ("q.csv,critic=regex:pattern=a,b=c,key=k", "q.csv", {"critic": "regex:pattern=a,b=c", "key": "k"}),
        ("q.csv,prompt=Say it, please: {input}", "q.csv", {"prompt": "Say it, please: {input}"}),
    ],
)
def test_a_path_ends_where_a_parameter_begins(rest, path, given):
    assert split_file_spec(rest) == (path, given)


def test_a_path_that_exists_goes_before_a_parameter(tmp_path):
    odd = write(tmp_path / "a,input=b" / "c,target=d.csv")
    assert split_file_spec(f"{odd}") == (str(odd), {})
    assert split_file_spec(f"{odd},input=q") == (str(odd), {"input": "q"})


def test_a_parameter_that_there_is_not_is_named(tmp_path):
    path = write(tmp_path / "q.csv")
    for spec in (f"{path},inptu=q", f"{path},input=q,inptu=q"):
        with pytest.raises(BadSpec, match="did you mean input"):
            split_file_spec(spec)
    with pytest.raises(BadSpec, match="given twice: 'a' and 'b'"):
        split_file_spec(f"{path},input=a,input=b")


def test_the_specification_opens_the_same_world(tmp_path):
    path = write(tmp_path / "a, b.csv", "q;t\nx, y;1\nz;2\n")
    world = open_world(f"file:{path},target=t,input=q,critic=numeric:tolerance=0.5,exam_only=true")
    assert world.spec == f"file:{path},input=q,target=t,critic=numeric:tolerance=0.5,exam_only=true"
    assert open_world(world.spec).items("exam") == world.items("exam")
    assert len(world.items("exam")) == 2
