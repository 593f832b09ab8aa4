import pytest
import torch

from nightschool.errors import UsageError
from nightschool.society import columns


def test_one_value_serves_all_runs():
    assert columns.spread(2.0, 3).tolist() == [2.0, 2.0, 2.0]
    assert columns.spread("jar", 2) == ("jar", "jar")
    assert columns.spread(torch.tensor([[1, 2]]), 3).shape == (3, 2)


def test_another_number_of_rows_is_refused():
    with pytest.raises(UsageError, match="2 rows was given for 3 runs"):
        columns.spread(torch.zeros(2), 3)
    with pytest.raises(UsageError, match="2 values were given for 3 runs"):
        columns.spread(("a", "b"), 3)


@pytest.mark.parametrize("rows", [[1, 2, 3], [1.5, 2.0], [True, False], ["a", "b"], [None, "b"]])
def test_rows_come_back_as_they_were_stacked(rows):
    assert columns.rows_of(columns.stacked(rows)) == rows


def test_rows_are_joined_in_order():
    assert columns.join([("a",), ("b", "c")], torch.tensor([2, 0, 1])) == ("c", "a", "b")
    assert columns.join([torch.tensor([1]), torch.tensor([2, 3])], torch.tensor([2, 0, 1])).tolist() == [3, 1, 2]


def test_what_is_shared_stays_shared():
    table, rows = torch.zeros(4, 2), torch.tensor([0, 0])
    assert columns.take_shared(table, rows, 3) is table
    assert columns.take_shared(table, rows, 4).shape == (2, 2)
    assert columns.take_shared("text", rows, 4) == "text"
