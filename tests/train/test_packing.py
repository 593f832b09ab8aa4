from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import BloomConfig, BloomModel, MambaConfig, MambaModel

from nightschool.train.examples import Example
from nightschool.train.packing import even_rows, lay_out, longest_packed, rows_within, split_by_length
from support.tiny_models import tiny_model


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
def test_a_row_holds_each_beginning_once_and_shows_each_token_its_own_example(made):
    row = lay_out(made)
    ids = row.ids.tolist()
    assert len(ids) == len({example.tokens[:n] for example in made for n in range(1, len(example.tokens) + 1)})
    for example, places in zip(made, row.places, strict=True):
        assert tuple(ids[place] for place in places) == example.tokens
        assert [int(row.depths[place]) for place in places] == list(range(len(places)))
        for n, place in enumerate(places):
            assert row.sees[place].nonzero()[:, 0].tolist() == list(places[: n + 1])


@given(examples(), st.integers(1, 200))
def test_rows_hold_everything_within_the_limit(made, limit):
    runs = rows_within(made, limit)
    assert sorted(i for run in runs for i in run) == list(range(len(made)))
    for run in runs:
        assert len(run) == 1 or len(lay_out([made[i] for i in run]).ids) <= limit


@given(examples(), st.integers(1, 200))
def test_even_rows_come_in_pairs_and_hold_no_more(made, limit):
    runs = even_rows(made, limit, 100)
    assert sorted(i for run in runs for i in run) == list(range(len(made)))
    sizes = [len(lay_out([made[i] for i in run]).ids) for run in runs]
    assert all(len(run) == 1 or size <= limit for run, size in zip(runs, sizes, strict=True))
    if limit >= 200 and len(made) > 1 and len(lay_out(made).ids) >= 100:
        assert len(runs) >= 2
    if len(runs) > 1:
        assert len(rows_within(made, limit)) <= len(runs) <= len(rows_within(made, limit)) + 1


def test_even_rows_are_alike():
    made = [Example((*range(20), 100 + i, *range(9)), 20) for i in range(13)]
    sizes = [len(lay_out([made[i] for i in run]).ids) for run in even_rows(made, 200, 64)]
    assert len(sizes) == 2
    assert max(sizes) - min(sizes) <= 10


@pytest.mark.parametrize(
    ("kind", "longest"),
    [("llama", None), ("gpt2", None), ("gpt_neox", None), ("qwen3", None), ("mistral", 24), ("gemma2", 24)],
)
def test_windows_bound_what_is_packed(kind, longest):
    more = {} if longest is None else {"sliding_window": longest}
    body = tiny_model(kind, **more).get_decoder()
    assert longest_packed(body) == longest


def test_what_runs_along_the_row_or_makes_its_own_positions_is_not_packed():
    size = {"hidden_size": 16, "num_hidden_layers": 1, "vocab_size": 20}
    running = MambaModel(MambaConfig(**size, state_size=4))
    counting = BloomModel(BloomConfig(**size, n_head=2))
    assert longest_packed(running) == longest_packed(counting) == 0


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(1, 200))
def test_runs_hold_everything_within_the_limit_with_the_longest_first(lengths, limit):
    runs = split_by_length(lengths, limit)
    assert sorted(i for run in runs for i in run) == list(range(len(lengths)))
    for run in runs:
        assert len(run) == 1 or max(lengths[i] for i in run) * len(run) <= limit
    assert all(min(lengths[i] for i in a) >= max(lengths[i] for i in b) for a, b in pairwise(runs))
