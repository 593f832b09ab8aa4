import pytest

from nightschool.items import Prefix, Sampling, Segment
from nightschool.think.steps import ENDS, after_step, step_sampling, written_tokens
from support.thinking import draw, task

ROOT = Prefix(task().prompt)


def test_what_ends_a_step_stops_a_draw_unless_it_ends_the_answer() -> None:
    sampling = step_sampling(Sampling(max_tokens=20, stop=("\n",)), "comma", 0, ROOT)
    assert sampling is not None
    assert sampling.stop == ("\n", ", ")
    sampling = step_sampling(Sampling(max_tokens=20, stop=("\n",)), "line", 0, ROOT)
    assert sampling is not None
    assert sampling.stop == ("\n",)


def test_a_step_is_as_long_as_it_may_be() -> None:
    prefix = ROOT.append(draw("12345").segment)
    assert written_tokens(prefix) == 5
    for step_tokens, expected in [(0, 15), (4, 4), (99, 15)]:
        sampling = step_sampling(Sampling(max_tokens=20), "tokens", step_tokens, prefix)
        assert sampling is not None
        assert sampling.max_tokens == expected
    assert step_sampling(Sampling(max_tokens=5), "line", 0, prefix) is None


def test_tokens_are_guessed_where_the_model_does_not_tell() -> None:
    assert written_tokens(ROOT.append(Segment("123456789"))) == 3
    assert written_tokens(ROOT.append(Segment("123456789", None, (-1.0,) * 7))) == 7


def test_the_end_of_a_step_is_put_back() -> None:
    sampling = Sampling(max_tokens=20, stop=("\n\n",))
    grown = after_step(sampling, "line", ROOT, draw("one", finish="stop", stopped_by="\n"))
    assert grown is not None
    assert grown.text == "one\n"
    assert after_step(sampling, "line", ROOT, draw("one", finish="stop", stopped_by="\n\n")) is None


@pytest.mark.parametrize("finish", ["end", "cancelled", "error"])
def test_other_ends_end_the_answer(finish: str) -> None:
    assert after_step(Sampling(), "line", ROOT, draw("one", finish=finish)) is None


def test_a_model_that_does_not_tell_what_stopped_it() -> None:
    unknown = draw("one", finish="stop")
    assert after_step(Sampling(stop=("END",)), "line", ROOT, unknown) is None
    grown = after_step(Sampling(), "line", ROOT, unknown)
    assert grown is not None
    assert grown.text == "one\n"


def test_a_long_answer_ends_with_its_length() -> None:
    assert after_step(Sampling(max_tokens=3), "tokens", ROOT, draw("one", finish="length")) is None
    grown = after_step(Sampling(max_tokens=4), "tokens", ROOT, draw("one", finish="length"))
    assert grown is not None
    assert grown.text == "one"
    assert after_step(Sampling(max_tokens=3), "line", ROOT, draw("one", finish="stop", stopped_by="\n")) is None


def test_no_way_to_split_is_without_its_ends() -> None:
    assert all(ends or split == "tokens" for split, ends in ENDS.items())
