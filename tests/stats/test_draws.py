from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.stats import pass_at_k


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_subsets_that_hold_a_success(case: tuple[int, int, int]) -> None:
    n, passed, k = case
    subsets = list(combinations([True] * passed + [False] * (n - passed), k))
    assert pass_at_k(n, passed, k) == pytest.approx(sum(any(s) for s in subsets) / len(subsets))


@pytest.mark.parametrize("case", [(4, 1, 5), (4, 5, 1), (4, 1, 0)])
def test_impossible_draws_are_refused(case: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot tell"):
        pass_at_k(*case)
