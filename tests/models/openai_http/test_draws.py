import pytest

from nightschool.items import Sampling
from nightschool.models.openai_http.draws import Growing
from nightschool.models.openai_http.shapes import Piece, Token


def piece(text, told=True, finish=None, tokens=None):
    tokens = [text] if tokens is None else tokens
    return Piece(0, text, "", tuple(Token(t, -1.0, 1) for t in tokens) if told else None, finish)


def grown(*pieces, **sampling):
    draw = Growing(Sampling(**sampling))
    for one in pieces:
        draw.take(one)
    return draw


def test_a_draw_has_tokens_only_for_the_text_that_it_kept():
    draw = grown(piece("4,"), piece(" 5\n"), piece("\nmore"), stop=("\n\n",)).draw(True)
    assert (draw.segment.text, draw.finish, draw.stopped_by) == ("4, 5", "stop", "\n\n")
    assert draw.segment.logps is None  # the stop string began amid a token
    draw = grown(piece("4,"), piece(" 5"), piece("\n\n"), stop=("\n\n",)).draw(True)
    assert (draw.segment.tokens, draw.segment.logps) == ((1, 1), (-1.0, -1.0))


def test_tokens_that_do_not_add_up_to_the_text_are_not_told():
    assert grown(piece("é", tokens=["\\xc3", "\\xa9"], finish="stop")).draw(True).segment.logps is None
    assert grown(piece("a"), piece("b", told=False, finish="stop")).draw(True).segment.logps is None
    assert grown(piece("a", finish="stop")).draw(False).segment.logps is None


def test_an_invisible_end_token_is_counted_and_left_out():
    draw = grown(piece("a"), piece("", tokens=["<|im_end|>"], finish="stop"))
    assert (draw.sampled, draw.draw(True).segment.logps) == (2, (-1.0,))


def test_a_server_that_goes_on_for_too_long_is_cut_at_the_number_asked_for():
    draw = grown(piece("ab"), piece("cd"), piece("ef"), max_tokens=2)
    assert (draw.text, draw.finish) == ("abcd", "length")
    assert draw.take(piece("more")) == 0


@pytest.mark.parametrize("finish", ["content_filter", "tool_calls", "abort"])
def test_an_end_that_is_no_end_is_an_error(finish):
    draw = grown(piece("a", finish=finish)).draw(True)
    assert draw.finish == "error"
    assert finish in draw.error


def test_what_may_become_a_stop_string_is_held_back():
    draw = Growing(Sampling(stop=("\n\n",)))
    seen = []
    for text in ("a", "\n", "b", "\n", "\nc"):
        draw.take(piece(text))
        seen.append(draw.news())
    assert seen == ["a", "", "\nb", "", ""]
