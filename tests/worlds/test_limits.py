import pytest

from nightschool.errors import BadSpec
from nightschool.worlds.limits import flag, whole


@pytest.mark.parametrize("value", [2, 7, 2.5, True, "3", None])
def test_what_is_no_whole_number_within_the_limits_is_named_with_them(value):
    with pytest.raises(BadSpec, match=f"^stories: people is a whole number from 3 to 6, not {value!r}$"):
        whole("stories", events=(3, 3, 200), people=(value, 3, 6))


def test_both_ends_are_within():
    whole("stories", events=(3, 3, 200), people=(6, 3, 6))


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_what_is_neither_true_nor_false_is_named(value):
    flag("sorting", distinct=True)
    with pytest.raises(BadSpec, match=f"^sorting: distinct is true or false, not {value!r}$"):
        flag("sorting", distinct=value)
