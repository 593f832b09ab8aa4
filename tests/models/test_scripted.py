import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool import registry
from nightschool.asks import ModelReply, Propose, Proposed, Read, Refused, Weigh, Weighed
from nightschool.errors import ModelError, NotANumber, PromptTooLong, UnknownName, Unsupported
from nightschool.items import Adapter, Message, Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.distribution import END, END_TOKEN, normal, pick
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability, Model

COIN = {"a": 0.5, "b": 0.3, END: 0.2}


def coin(prompt, written):
    return COIN


def prefix(text="say:", *segments):
    return Prefix(Prompt(text=text), tuple(Segment(s) for s in segments))


def propose(id="q", text="say:", n=1, seed=0, segments=(), first_draw=0, adapter=None, **sampling):
    return Propose(id, prefix(text, *segments), n, Sampling(**sampling), Noise((seed, text)), adapter, first_draw)


def run(model, *asks):
    model.submit(asks)
    replies, deltas = {}, []
    while len(replies) < len(asks):
        progress = model.step()
        replies |= {reply.id: reply for reply in progress.replies}
        deltas += progress.deltas
    return replies, deltas


def says(model, **ask):
    return [draw.segment.text for draw in run(model, propose(**ask))[0]["q"].draws]


def test_keeps_the_port():
    assert isinstance(Scripted(), Model)
    assert isinstance(registry.make("models", "scripted"), Scripted)


def test_says_what_it_was_told():
    assert says(Scripted("42"), n=2) == ["42", "42"]
    assert says(registry.make("models", "scripted:answers=42")) == ["42"]
    assert says(Scripted(["one", "two"]), n=3) == ["one", "two", "one"]
    assert says(Scripted(["one", "two"]), n=1, first_draw=1) == ["two"]
    assert says(Scripted(lambda text: text[-1] * 3), text="x") == ["xxx"]


def test_the_piece_of_the_prompt_that_occurs_last_counts():
    model = Scripted({"2, 1": "1, 2", "9, 8": "8, 9", "": "?"})
    assert says(model, text="2, 1 -> 1, 2; 9, 8 ->") == ["8, 9"]
    assert says(model, text="nothing of it") == ["?"]
    with pytest.raises(UnknownName, match="scripted answer"):
        says(Scripted({"2, 1": "1, 2"}), text="9, 8 ->")


def test_goes_on_from_what_was_written():
    assert says(Scripted(["1, 2, 3", "1, 9"]), n=2, segments=["1, "]) == ["2, 3", "9"]
    assert says(Scripted("1, 2"), segments=["no; again: "]) == ["1, 2"]
    assert says(Scripted("1, 2"), segments=["1, 2"]) == [""]


def test_a_chat_prompt_is_seen_as_a_whole():
    ask = Propose("q", Prefix(Prompt((Message("user", "2, 1"),), prefill="[")), 1, Sampling(), Noise((0,)))
    model = Scripted(lambda text: "1, 2]" if text.endswith("user: 2, 1\nassistant: [") else "no")
    assert run(model, ask)[0]["q"].draws[0].segment.text == "1, 2]"


def test_finishes():
    def draw(**sampling):
        return run(Scripted("abc"), propose(**sampling))[0]["q"].draws[0]

    assert draw().finish == "end"
    assert (draw(max_tokens=2).finish, draw(max_tokens=2).segment.text) == ("length", "ab")
    assert (draw(stop=("bc",)).finish, draw(stop=("bc",)).segment.text) == ("stop", "a")
    assert draw(stop=("bc",)).segment.tokens == (ord("a"),)


def test_logps_are_those_of_temperature_one_whatever_the_temperature():
    [draw] = run(Scripted({"ab": 3, "ac": 1}), propose(temperature=0))[0]["q"].draws
    assert draw.segment.text == "ab"
    assert draw.segment.logps == pytest.approx((0.0, math.log(0.75)))


@given(st.text("ab", max_size=6), st.booleans())
def test_weighing_is_exact(text, ending):
    tokens = (*map(ord, text), END_TOKEN) if ending else None
    ask = Weigh("w", prefix(), (Segment(text, tokens),))
    reply = run(Scripted(rule=coin), ask)[0]["w"]
    assert reply.segments[0].logp == pytest.approx(sum(math.log(COIN[c]) for c in [*text, *([END] if ending else [])]))
    assert reply.ranks[0] == tuple({"a": 0, "b": 1, END: 2}[c] for c in [*text, *([END] if ending else [])])
    assert reply.usage.weighed_tokens == len(text) + ending


def test_what_was_likely_instead_is_told_where_it_is_asked_for():
    [tops] = run(Scripted(rule=coin), Weigh("w", prefix(), (Segment("ba"),), tops=2))[0]["w"].tops
    assert tops == (((ord("a"), math.log(COIN["a"])), (ord("b"), math.log(COIN["b"]))),) * 2
    assert run(Scripted(rule=coin), Weigh("w", prefix(), (Segment("ba"),)))[0]["w"].tops == ()


def test_what_it_samples_it_weighs_alike():
    model = Scripted(rule=lambda prompt, written: {"one ": 1, "two ": 2, "o": 1, END: len(written) / 8})
    draws = run(model, propose(n=8))[0]["q"].draws
    reply = run(model, Weigh("w", prefix(), tuple(draw.segment for draw in draws)))[0]["w"]
    assert [s.logps for s in reply.segments] == [draw.segment.logps for draw in draws]
    assert {len(draw.segment.tokens or ()) for draw in draws} != {0}


def test_what_cannot_be_said_weighs_nothing():
    reply = run(Scripted("yes"), Weigh("w", prefix(), (Segment("no"),)))[0]["w"]
    assert reply.segments[0].logps == (-math.inf, -math.inf)


def test_draws_follow_the_distribution():
    firsts = Counter(text[:1] for text in says(Scripted(rule=coin), n=4000, max_tokens=1))
    assert {token: round(count / 4000, 1) for token, count in firsts.items()} == {"a": 0.5, "b": 0.3, END: 0.2}


@given(st.permutations(range(4)), st.integers(1, 3))
def test_order_and_company_never_change_a_draw(order, n):
    asks = [propose(f"q{i}", n=n, seed=i, text=f"say {i}:") for i in range(4)]
    together = run(Scripted(), *[asks[i] for i in order])[0]
    alone = {ask.id: run(Scripted(), ask)[0][ask.id] for ask in asks}
    assert together == alone


def test_draws_nest():
    many = says(Scripted(), n=5)
    assert says(Scripted(), n=3) == many[:3]
    assert says(Scripted(), n=2, first_draw=3) == many[3:]


@given(st.integers(0, 9), st.sampled_from([(), ("a",), ("ab", "bb")]))
def test_deltas_add_up_to_the_reply(seed, stop):
    replies, deltas = run(Scripted(rule=coin), propose(n=3, seed=seed, stop=stop, max_tokens=9))
    reply = replies["q"]
    for number, draw in enumerate(reply.draws):
        assert "".join(d.text for d in deltas if d.draw == number) == draw.segment.text
    assert sum(d.tokens for d in deltas) == reply.usage.sampled_tokens


@pytest.mark.parametrize("u", [0.0, 0.3, 0.6, 0.999])
def test_picking_respects_top_k_and_top_p(u):
    assert pick(COIN, Sampling(top_k=1), u) == "a"
    assert pick(COIN, Sampling(top_p=0.4), u) == "a"
    assert pick(COIN, Sampling(top_p=0.6), u) in "ab"
    assert pick(COIN, Sampling(temperature=0.001), u) == "a"
    assert pick({"x": 1, "never": 0}, Sampling(), u) == "x"


def test_cancelled_asks_keep_what_they_have():
    model = Scripted("abcdef")
    model.submit([propose(n=2), Weigh("w", prefix(), (Segment("a"),))])
    model.cancel(["w"])
    first = model.step()
    assert first.replies == (Refused("w", "cancelled", "cancelled"),)
    model.step()
    model.cancel(["q", "unknown"])
    [reply] = model.step().replies
    assert [(d.segment.text, d.finish) for d in reply.draws] == [("ab", "cancelled")] * 2
    assert reply.usage.sampled_tokens == 4
    assert model.step() == type(first)()


def test_too_long_a_prompt_takes_nothing_in():
    model = Scripted("x", context_tokens=20)
    with pytest.raises(PromptTooLong, match="20 tokens"):
        model.submit([propose("short", max_tokens=4), propose("long", text="x" * 17, max_tokens=4)])
    assert model.step().replies == ()


def test_an_id_in_flight_is_refused():
    model = Scripted("x")
    model.submit([propose()])
    with pytest.raises(ValueError, match="in flight"):
        model.submit([propose()])


def test_faults():
    def faulty(fault):
        return Scripted("abc", faults=lambda ask: fault if ask.id == "q" else None)

    assert run(faulty("refuse"), propose())[0]["q"] == Refused("q", "scripted was told to fail", "error")
    [draw] = run(faulty("draw"), propose())[0]["q"].draws
    assert (draw.finish, draw.segment.text) == ("error", "a")
    assert draw.error
    for fault, error in (("nan", NotANumber), ("crash", ModelError)):
        model = faulty(fault)
        with pytest.raises(error):
            run(model, propose("other"), propose())
        model.submit([propose("after")])
        replies = [reply for _ in range(4) for reply in model.step().replies]
        assert {reply.id for reply in replies if isinstance(reply, Proposed)} == {"other", "after"}
    hanging = faulty("hang")
    hanging.submit([propose()])
    assert [hanging.step().replies for _ in range(3)] == [()] * 3
    hanging.cancel(["q"])
    assert hanging.step().replies[0].draws[0].finish == "cancelled"


def test_weights_that_are_no_distribution():
    for weights in ({"a": math.nan}, {"a": 0.0}, {}):
        with pytest.raises(NotANumber):
            normal(weights)


def test_adapters_say_something_else():
    model = Scripted("awake", adapters={"night1": "rested"})
    with pytest.raises(UnknownName, match="night1"):
        model.submit([propose(adapter="night1")])
    model.load_adapter(Adapter("night1", model.identity, "/nowhere"))
    assert says(model, adapter="night1") == ["rested"]
    assert says(model) == ["awake"]
    with pytest.raises(Unsupported, match="night2"):
        model.load_adapter(Adapter("night2", model.identity, "/nowhere"))


def test_abilities_can_be_missing():
    model = Scripted("x", lacks=[Ability.WEIGH, Ability.LOGPS])
    with pytest.raises(Unsupported, match="weigh"):
        model.submit([Weigh("w", prefix(), ())])
    assert run(model, propose())[0]["q"].draws[0].segment.logps is None


def test_hidden_states_are_a_function_of_the_text():
    model = Scripted()
    one, two, other = (run(model, Read("r", prefix(text)))[0]["r"].state for text in ("ab", "ab", "ac"))
    assert one.dtype == "float32"
    assert (one == two).all()
    assert (one != other).any()


def test_identity_names_what_is_said():
    assert Scripted("a").identity == Scripted("a").identity != Scripted("b").identity
    assert Scripted(rule=coin).identity != Scripted().identity


@pytest.mark.parametrize("stop", [(), ("ba",)])
def test_a_draw_that_was_broken_off_goes_on_as_if_it_had_not_been(stop: tuple[str, ...]) -> None:
    def rule(prompt: str, written: str) -> dict[str, float]:
        return {"a": 2.0, "b": 1.0, "long": 1.0, "": 0.2}

    ask = Propose("whole", Prefix(Prompt(text="?")), 1, Sampling(max_tokens=12, stop=stop), Noise((3,)))
    model = Scripted(rule=rule)
    model.submit([ask])
    sampled: list[tuple[int, float]] = []
    replies: tuple[ModelReply, ...] = ()
    while not replies:
        progress = model.step()
        sampled += [token for delta in progress.deltas for token in delta.sampled]
        replies = progress.replies
    (whole,) = replies
    assert isinstance(whole, Proposed)
    for kept in range(1, len(sampled) + 1):
        fresh = Scripted(rule=rule)
        fresh.submit([replace(ask, begun=tuple(sampled[:kept]))])
        steps = 0
        while not (replies := fresh.step().replies):
            steps += 1
        assert replies == (whole,)
        assert steps + kept < 12


def test_the_likeliest_next_tokens_are_listed_best_first() -> None:
    model = Scripted(rule=lambda prompt, written: {"a": 0.2, "b": 0.5, "c": 0.3})
    model.abilities |= {Ability.NEXT}
    model.submit([Weigh("n", Prefix(Prompt(text="?")), (), tops=2)])
    [reply] = model.step().replies
    assert isinstance(reply, Weighed)
    assert [segment.text for segment in reply.segments] == ["b", "c"]
    assert [math.exp(segment.logp or 0.0) for segment in reply.segments] == pytest.approx([0.5, 0.3])
