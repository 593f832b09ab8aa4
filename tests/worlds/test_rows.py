import pytest

from nightschool.errors import BadFile
from nightschool.worlds.rows import Nested, Row, read_sheet


def sheet(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sheet(path)


def test_jsonl_keeps_text_as_written_and_lines(tmp_path):
    found = sheet(
        tmp_path, "a.jsonl", '\ufeff{"a": 1.50, "b": true, "c": null}\n\n{"a": ["x", 2], "b": {"x": 1}, "c": [[1]]}\r\n'
    )
    assert found.problems == []
    assert found.rows == [
        Row(1, {"a": "1.50", "b": "true", "c": None}),
        Row(3, {"a": ("x", "2"), "b": Nested(), "c": Nested()}),
    ]


def test_every_broken_line_of_jsonl_is_named(tmp_path):
    text = b'{"a": 1}\n{"a": }\n[1]\n\xff\n{"a": 1, "a": 2}\n' + b"[" * 100_000 + b"\n"
    problems = dict(sheet(tmp_path, "a.jsonl", text).problems)
    assert list(problems) == [2, 3, 4, 5, 6]
    assert "Expecting value at character 7" in problems[2]
    assert "not a JSON object" in problems[3]
    assert "UTF-8" in problems[4]
    assert "'a' twice" in problems[5]


@pytest.mark.parametrize(("delimiter", "newline"), [(",", "\n"), (";", "\n"), ("\t", "\r\n")])
def test_csv_with_quotes_lines_and_any_usual_delimiter(tmp_path, delimiter, newline):
    text = 'q|t\n"a, ""b"" c"|1\n\n"d\ne"|2\nf|3\n'.replace("|", delimiter).replace("\n", newline)
    found = sheet(tmp_path, "a.csv", text)
    assert found.problems == []
    assert [row.cells for row in found.rows] == [
        {"q": 'a, "b" c', "t": "1"},
        {"q": f"d{newline}e", "t": "2"},
        {"q": "f", "t": "3"},
    ]
    assert [row.line for row in found.rows] == [2, 4, 6]


def test_every_broken_line_of_csv_is_named(tmp_path):
    found = sheet(tmp_path, "a.csv", 'q,t,t\na,b,c\na,b\na,"b"x,c\n1,2,3\n')
    problems = dict(found.problems)
    assert "two columns called 't'" in problems[1]
    assert problems[3] == "has 2 cells, but the head has 3 columns"
    assert "is not CSV" in problems[4]
    assert found.rows[-1].line == 5


def test_yaml_as_a_list_or_with_settings_at_its_head(tmp_path):
    items = "- {input: 1.50, target: no, choices: [no, yes]}\n- input: ~\n  target: |\n    a\n    b\n"
    plain = sheet(tmp_path, "a.yaml", items)
    assert plain.rows[0] == Row(1, {"input": "1.50", "target": "no", "choices": ("no", "yes")})
    assert plain.rows[1] == Row(2, {"input": None, "target": "a\nb\n"})
    headed = sheet(tmp_path, "b.yml", "critic: exact\nitems:\n" + items)
    assert headed.settings == {"critic": "exact"}
    assert [row.cells for row in headed.rows] == [row.cells for row in plain.rows]


def test_a_head_may_name_a_file_and_a_folder_has_its_head(tmp_path):
    (tmp_path / "q.csv").write_text("input,target\na,1\n")
    found = sheet(tmp_path, "task.yaml", "system: Be brief.\nitems: q.csv\n")
    assert (found.path.name, found.settings, len(found.rows)) == ("q.csv", {"system": "Be brief."}, 1)
    assert read_sheet(tmp_path).rows == found.rows


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: [1\n", 2, "is not YAML"),
        ("- 3\n- input: 1\n", 1, "is not an item"),
        ("just text", 1, "neither a list"),
        ("critic: exact\n", 1, "has no `items`"),
        ("items: other.yaml\n", 1, "names a CSV or JSONL file"),
        ("critic: [a]\nitems: [{input: a, target: b}]\n", 1, "is not one text"),
        ("- input: 1\n  input: 2\n", 1, "'input' twice"),
        ("\x00", 1, "is not YAML"),
    ],
)
def test_what_is_wrong_with_yaml_is_named(tmp_path, text, line, said):
    problems = dict(sheet(tmp_path, "a.yaml", text).problems)
    assert said in problems[line]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(BadFile, match="cannot read"):
        read_sheet(tmp_path / "none.csv")
    with pytest.raises(BadFile, match=r"has no task\.yaml"):
        read_sheet(tmp_path)
    with pytest.raises(BadFile, match=r"none of \.csv"):
        sheet(tmp_path, "a.xlsx", b"")
    for name in ("a.csv", "a.yaml"):
        assert "UTF-8" in dict(sheet(tmp_path, name, b"q,t\n1,\xff\n").problems)[2]
