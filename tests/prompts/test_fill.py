import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import UnknownName
from nightschool.prompts.fill import fill, names_in


def test_names_are_replaced_and_other_braces_stay():
    assert fill('{a} {"b": {}} { c } {0}', {"a": "1"}) == '1 {"b": {}} { c } {0}'


def test_doubled_braces_are_a_literal_name():
    assert fill("{{a}} {a}", {"a": "1"}) == "{a} 1"


def test_unknown_name_says_what_is_near():
    with pytest.raises(UnknownName, match="did you mean input"):
        fill("{inpt}", {"input": "x"})


def test_templates_cannot_reach_into_objects():
    assert fill("{a.__class__}{a[0]}", {"a": "x"}) == "{a.__class__}{a[0]}"


@given(st.text(), st.text())
def test_values_are_put_in_as_they_are(before, value):
    assert fill("{x}{y}", {"x": before, "y": value}) == before + value


def test_names_in_order_each_once():
    assert names_in("{b} {a} {b} {{c}} {1}") == ("b", "a")
