from hypothesis import given
from hypothesis import strategies as st

from nightschool.models.stops import cut, shown

texts = st.text("ab\n", max_size=12)
stops = st.lists(st.text("ab\n", min_size=1, max_size=3), max_size=3)


def test_first_stop_wins():
    assert cut("one\ntwo END", ["END", "\n"]) == 3
    assert cut("one", ["\n", ""]) is None


@given(texts, texts, stops)
def test_what_was_shown_is_never_taken_back(text, more, stops):
    if cut(text, stops) is None:
        end = cut(text + more, stops)
        assert end is None or shown(text, stops) <= end


@given(texts, stops)
def test_all_that_is_safe_is_shown(text, stops):
    at = shown(text, stops)
    assert at == len(text) or any(stop.startswith(text[at:]) for stop in stops)
