import json

import pytest

from nightschool.errors import UsageError
from nightschool.society.expressions.concept import pairs_in


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085", "\x0c", "\r"])
def test_a_pair_may_hold_any_mark_that_ends_lines_elsewhere(mark):
    line = json.dumps({"input": f"a{mark}b", "output": "A"}, ensure_ascii=False)
    assert pairs_in(f"{line}\r\n\n{line}\n") == [(f"a{mark}b", "A")] * 2


def test_a_broken_line_is_named_by_its_number():
    with pytest.raises(UsageError, match="line 3 holds no pair"):
        pairs_in('{"input": "a\u2028b", "output": "A"}\n\n{"input": 1}\n')


def test_a_table_is_read():
    assert pairs_in("input,output\nAda,A\n") == [("Ada", "A")]
    with pytest.raises(UsageError, match="line 1 names no columns"):
        pairs_in("in,out\nAda,A\n")
