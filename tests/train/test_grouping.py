from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nightschool.train.examples import Example
from nightschool.train.grouping import group_by_prefix, split_by_length


@st.composite
def examples(draw: st.DrawFn) -> list[Example]:
    heads = [(0,) * 60, (0,) * 30 + (1,) * 50, (2,) * 40]
    made = []
    for _ in range(draw(st.integers(1, 12))):
        head = draw(st.sampled_from(heads))[: draw(st.integers(1, 60))]
        prompt = head + tuple(draw(st.lists(st.integers(0, 2), max_size=4)))
        answer = tuple(draw(st.lists(st.integers(0, 2), min_size=1, max_size=4)))
        made.append(Example(prompt + answer, len(prompt)))
    return made


@given(examples())
def test_groups_are_a_partition_whose_shared_tokens_are_equal_and_end_before_the_last_of_the_prompt(rows):
    groups = group_by_prefix(rows)
    assert sorted(i for group in groups for i in group.rows) == list(range(len(rows)))
    for group in groups:
        heads = {rows[i].tokens[: group.shared] for i in group.rows}
        assert len(heads) == 1
        assert all(group.shared < rows[i].start for i in group.rows)


def test_two_families_are_two_groups():
    rows = [Example((*[1] * 100, i, 9), 101) for i in range(4)] + [Example((*[2] * 80, i, 9), 81) for i in range(3)]
    groups = {group.rows: group.shared for group in group_by_prefix(rows)}
    assert groups == {(0, 1, 2, 3): 100, (4, 5, 6): 80}


def test_a_short_common_beginning_is_not_worth_a_pass_of_its_own():
    rows = [Example((1, 2, 3, i, 5), 4) for i in range(3)]
    assert [group.shared for group in group_by_prefix(rows)] == [0]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(1, 200))
def test_runs_hold_everything_within_the_limit_with_the_longest_first(lengths, limit):
    runs = split_by_length(lengths, limit)
    assert sorted(i for run in runs for i in run) == list(range(len(lengths)))
    for run in runs:
        assert len(run) == 1 or max(lengths[i] for i in run) * len(run) <= limit
    assert all(min(lengths[i] for i in a) >= max(lengths[i] for i in b) for a, b in pairwise(runs))
