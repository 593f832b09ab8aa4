"""Asks of several runners that share one memory: who waits, who is refused, and that nobody waits for ever."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightschool.asks import Hidden, ModelAsk, Propose, Proposed, Read, Refused, Weigh, Weighed
from nightschool.items import Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.local import plan
from nightschool.models.local.model import LocalModel
from support.local_runs import finish

Make = Callable[..., LocalModel]
TOKEN = 256  # bytes of keys and values in float32: 2 layers * 2 * 2 heads * 8 * 4; half of it in bfloat16


def small(tiny: Make, tokens: int, **how: object) -> LocalModel:
    """Return a tiny model whose memory holds so many tokens in float32."""
    model = tiny(**how)
    model._memory = tokens * TOKEN
    return model


def prefix(text: str) -> Prefix:
    return Prefix(Prompt(text=text))


def propose(id: str, text: str, n: int = 1, max_tokens: int = 8, temperature: float = 1.0) -> Propose:
    return Propose(id, prefix(text), n, Sampling(max_tokens=max_tokens, temperature=temperature), Noise((id,)))


def weigh(id: str, text: str, *continuations: str, tops: int = 0) -> Weigh:
    return Weigh(id, prefix(text), tuple(map(Segment, continuations)), tops=tops)


def reply_to(model: LocalModel, id: str, steps: int, feed: Iterator[Sequence[ModelAsk]]) -> Any:
    """Return the reply to `id`, while `feed` has more to ask before each step."""
    for _ in range(steps):
        model.submit(next(feed))
        for reply in model.step().replies:
            if reply.id == id:
                return reply
    raise AssertionError(f"no reply to {id} after {steps} steps")


def test_a_text_is_weighed_when_samples_have_given_back_their_memory(tiny: Make) -> None:
    model = small(tiny, 200, dtype="bfloat16")
    model.submit([propose("long", "x" * 90, 4, max_tokens=70)])
    for _ in range(3):
        model.step()
    text = "y" * 60
    replies = finish(model, [weigh("text", text, "z" * 40, tops=3)])
    alone = finish(small(tiny, 200, dtype="bfloat16"), [weigh("text", text, "z" * 40, tops=3)])["text"]
    assert replies["text"].segments[0].logps == pytest.approx(alone.segments[0].logps, abs=1e-4)
    assert len(replies["long"].draws) == 4
    assert all(len(draw.segment.tokens) == 70 or draw.finish == "end" for draw in replies["long"].draws)


def test_samples_are_drawn_when_weighing_has_given_back_its_memory(tiny: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "CHUNK", 50)  # so that weighing takes more than one pass
    ask = propose("draw", "y" * 60, 2, max_tokens=60)
    plenty = finish(tiny(weigh_dtype="bfloat16"), [ask])["draw"]
    model = small(tiny, 130, weigh_dtype="bfloat16")
    model.submit([weigh("text", "x" * 50, *(letter * 60 for letter in "abc"))])
    model.step()
    replies = finish(model, [ask])
    assert isinstance(replies["text"], Weighed)
    assert [draw.segment.tokens for draw in replies["draw"].draws] == [draw.segment.tokens for draw in plenty.draws]
    assert "fewer draws were live at once" in replies["draw"].note
    assert not plenty.note


def test_choices_whose_likely_tokens_are_told_share_what_memory_there_is(tiny: Make) -> None:
    # as the server asks for `n` with `top_logprobs`: draws first, then a weighing of each
    model = small(tiny, 110, dtype="bfloat16")
    left = {f"{i}": propose(f"{i}", f"Tell me about the number {i}." * 2, 3, max_tokens=40) for i in range(6)}
    model.submit([*left.values()])
    weighed = {}
    for _ in range(3000):
        for reply in model.step().replies:
            assert not isinstance(reply, Refused), reply
            if isinstance(reply, Proposed):
                ask = left.pop(reply.id)
                model.submit(
                    [
                        Weigh(f"{reply.id}.{i}", ask.prefix, (draw.segment,), tops=3)
                        for i, draw in enumerate(reply.draws)
                    ]
                )
            else:
                weighed[reply.id] = reply
        if len(weighed) == 18:
            break
    assert len(weighed) == 18
    assert all(len(reply.tops[0]) == len(reply.segments[0].tokens) for reply in weighed.values())


def test_what_does_not_fit_even_alone_is_refused_and_nothing_else(tiny: Make) -> None:
    model = small(tiny, 200, dtype="bfloat16")
    model.submit([propose("before", "x" * 50, 3, max_tokens=60)])
    model.step()
    replies = finish(
        model,
        [weigh("big", "y" * 50, *(letter * 100 for letter in "abc")), propose("after", "z" * 40, 3, max_tokens=60)],
    )
    assert replies["big"].by == "error"
    assert "350 tokens" in replies["big"].reason
    assert "memory_mb" in replies["big"].reason
    assert [len(replies[id].draws) for id in ("before", "after")] == [3, 3]


def test_a_single_draw_has_the_memory_that_a_copy_of_its_prompt_would_take(tiny: Make) -> None:
    ask = propose("one", "x" * 120, max_tokens=60)  # 120 and 59 fit; twice 120 does not
    plenty = finish(tiny(), [ask])["one"]
    assert finish(small(tiny, 190), [ask])["one"].draws[0].segment.tokens == plenty.draws[0].segment.tokens


@pytest.mark.parametrize("sampling", ["float32", "bfloat16"])
def test_nobody_waits_for_ever_while_others_keep_coming(
    tiny: Make, sampling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def feed(ask: ModelAsk, crowd: Callable[[int], ModelAsk]) -> Iterator[Sequence[ModelAsk]]:
        for number in range(10):
            yield [crowd(number)]
        yield [ask]
        while True:
            number += 1
            yield [crowd(number)]

    def draws(number: int) -> ModelAsk:
        return propose(f"d{number}", f"{number} " * 8, 2, max_tokens=20)

    def weighings(number: int) -> ModelAsk:
        return weigh(f"w{number}", f"{number} " * 8, "a b c d e f", "g h i j k l")

    monkeypatch.setattr(plan, "CHUNK", 50)
    text, draw = weigh("big", "y" * 60, "x" * 100), propose("big", "y" * 60, max_tokens=100)
    assert isinstance(reply_to(small(tiny, 200, dtype=sampling), "big", 200, feed(text, draws)), Weighed)
    assert isinstance(reply_to(small(tiny, 200, dtype=sampling), "big", 200, feed(draw, weighings)), Proposed)


an_ask = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["draw", "draw", "weigh", "weigh", "read"]),
        "prompt": st.sampled_from(["Once", "Once upon a time", "Once upon a hill there", "Two", "T" * 40]),
        "n": st.integers(1, 5),
        "tokens": st.integers(1, 30),
        "wait": st.integers(0, 12),  # steps before the next joins
    }
)


@given(asks=st.lists(an_ask, min_size=3, max_size=10), tokens=st.integers(80, 300))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_little_memory_gives_the_same_answers(tiny: Make, asks: list[dict[str, Any]], tokens: int) -> None:
    # whatever one of these needs by itself fits into 80 tokens: 41, and 29 or two times 15 halves
    made: list[ModelAsk] = []
    for number, how in enumerate(asks):
        id = f"{number}"
        if how["kind"] == "draw":
            made.append(propose(id, how["prompt"], how["n"], how["tokens"], 0.8))
        elif how["kind"] == "weigh":
            letters = [letter * how["tokens"] for letter in "abc"[: how["n"]]]
            made.append(weigh(id, how["prompt"], *letters, tops=how["n"] - 1))
        else:
            made.append(Read(id, prefix(how["prompt"]), layer=-1))
    plenty = finish(tiny(weigh_dtype="bfloat16"), made)
    model = small(tiny, tokens, weigh_dtype="bfloat16")
    replies: dict[str, Any] = {}
    for ask, how in zip(made, asks, strict=True):
        model.submit([ask])
        for _ in range(how["wait"]):
            replies |= {reply.id: reply for reply in model.step().replies}
            assert model.held_bytes <= tokens * TOKEN
    for _ in range(2000):
        if len(replies) == len(made):
            break
        replies |= {reply.id: reply for reply in model.step().replies}
        assert model.held_bytes <= tokens * TOKEN
    for id, reply in plenty.items():
        other = replies[id]
        if isinstance(reply, Proposed):
            assert [d.segment.tokens for d in other.draws] == [d.segment.tokens for d in reply.draws]
        elif isinstance(reply, Weighed):
            for one, two in zip(reply.segments, other.segments, strict=True):
                assert one.logps == pytest.approx(two.logps, abs=0.5)  # bfloat16 rounds by the company it is in
        else:
            assert isinstance(other, Hidden)
            assert other.state == pytest.approx(reply.state, abs=1e-3)
