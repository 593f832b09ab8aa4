import pytest

from nightschool.errors import EndpointError
from nightschool.models.openai_http import shapes


def reply(tokens, logps, offsets=None, tops=None):
    told = {"tokens": tokens, "token_logprobs": logps, "text_offset": offsets, "top_logprobs": tops}
    return {"choices": [{"text": "".join(tokens), "logprobs": told}]}


def test_an_echo_is_cut_at_the_border():
    told = reply(["The", " cat", " sat", "!"], [None, -1.0, -2.0, -3.0])
    assert shapes.echo(told, "The", " cat sat") == shapes.Echo((-1.0, -2.0), (shapes.TOP, shapes.TOP))


def test_ranks_come_from_the_likeliest_tokens():
    tops = [None, {" cat": -1.0, " dog": -0.5}, {" ran": -0.1, " lay": -0.2}]
    told = reply(["The", " cat", " sat"], [None, -1.0, -2.0], tops=tops)
    assert shapes.echo(told, "The", " cat sat").ranks == (1, shapes.TOP)


@pytest.mark.parametrize(("before", "continuation"), [("Th", "e cat"), ("The", " ca"), ("The c", "at")])
def test_a_token_across_the_border_is_an_error(before, continuation):
    with pytest.raises(EndpointError, match=r"across the border|did not echo"):
        shapes.echo(reply(["The", " cat", "!"], [None, -1.0, -2.0]), before, continuation)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"choices": []},
        {"choices": [{"text": "x", "logprobs": None}]},
        reply(["x"], [-1.0]),
        reply(["a", "b"], [None]),
    ],
)
def test_a_server_that_did_not_weigh_is_not_believed(told):
    with pytest.raises(EndpointError):
        shapes.echo(told, "The", " cat")


def test_pieces_of_every_shape():
    logprobs = {"content": [{"token": "a", "logprob": -1, "id": 7}]}
    for choice in (
        {"index": 1, "text": "a", "logprobs": logprobs, "finish_reason": "stop"},
        {"index": 1, "delta": {"content": "a"}, "logprobs": logprobs, "finish_reason": "stop"},
        {"index": 1, "message": {"content": "a"}, "logprobs": logprobs, "finish_reason": "stop"},
    ):
        [piece] = shapes.pieces({"choices": [choice]})
        assert piece == shapes.Piece(1, "a", "", (shapes.Token("a", -1.0, 7),), "stop")
    [thought] = shapes.pieces({"choices": [{"delta": {"content": None, "reasoning_content": "hm"}}]})
    assert thought == shapes.Piece(0, "", "hm", None, None)
    assert shapes.pieces({"choices": [], "usage": {}}) == []


@pytest.mark.parametrize("choice", ["text", {"index": "first"}, {"logprobs": {"content": [{}]}}, {"delta": "x"}])
def test_an_unknown_shape_is_an_error(choice):
    with pytest.raises(EndpointError, match="unknown shape"):
        shapes.pieces({"choices": [choice]})


def test_counts_that_make_no_sense_are_none():
    assert shapes.counts({"usage": {"prompt_tokens": 3, "completion_tokens": -1}}) == shapes.Counts(3, 0)
    assert shapes.counts({"usage": {"prompt_tokens": "3"}}) == shapes.Counts(0, 0)
    assert shapes.counts({"usage": None}) is None
