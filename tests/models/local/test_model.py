from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightschool.asks import Propose, Proposed, Read, Refused, Weigh
from nightschool.errors import NotANumber, PromptTooLong, UnknownName, Unsupported, UsageError
from nightschool.items import Adapter, Message, Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.local import runner
from nightschool.models.local.model import LocalModel
from nightschool.ports import Ability, Model
from support.local_runs import Reference, finish
from support.tiny_models import CONTEXT, KINDS, tiny_model_folder

Make = Callable[..., LocalModel]
EXACT = 1e-4  # nats, in float32


def document(text: str) -> Prefix:
    return Prefix(Prompt(text=text))


def propose(id: str, prefix: Prefix, n: int = 1, *, seed: int = 0, first: int = 0, **how: object) -> Propose:
    return Propose(id, prefix, n, Sampling(**{"max_tokens": 8, **how}), Noise((seed,)), first_draw=first)


PROMPTS = (
    "Once upon a time",
    "Once upon a hill there",
    "Once",
    "Two",
    "Once upon a time, long ago, when the sea was dry",
)

one_round = st.fixed_dictionaries(
    {
        "prompt": st.sampled_from(PROMPTS),
        "of": st.integers(0, 9),  # which earlier draw to go on from, if there is one
        "keep": st.integers(0, 12),  # how many of its tokens to keep: a rollback
        "insert": st.sampled_from(["", " and", "é!"]),
        "go_on": st.booleans(),
        "n": st.integers(1, 4),
        "max_tokens": st.integers(1, 12),
        "how": st.sampled_from([(1.0, 1.0, 0), (0.7, 0.9, 0), (0.0, 1.0, 0), (1.3, 1.0, 5)]),
        "kind": st.sampled_from(["propose", "propose", "weigh", "read"]),
        "wait": st.integers(0, 9),  # steps before the next ask joins
    }
)


@contextmanager
def in_parts(wanted: bool) -> Iterator[None]:
    """Compute passes of four tokens and more in two parts, side by side, or none."""
    threads, worth = torch.get_num_threads(), runner._WORTH_PARTING
    torch.set_num_threads(2 if wanted else 1)
    runner._WORTH_PARTING = 2
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        runner._WORTH_PARTING = worth


@pytest.mark.parametrize("kind", KINDS)
@given(rounds=st.lists(one_round, min_size=2, max_size=7), parted=st.booleans())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_forks_rollbacks_and_joins_are_exact(kind: str, tiny: Make, rounds: list[dict], parted: bool) -> None:
    with in_parts(parted):
        hold_to_the_plain_forward(tiny(kind, branches=6), rounds)


def hold_to_the_plain_forward(model: LocalModel, rounds: list[dict]) -> None:
    asks, replies, ended = {}, {}, []

    def take(progress: object) -> None:
        for reply in progress.replies:
            replies[reply.id] = reply
            if isinstance(reply, Proposed):
                ended.extend((asks[reply.id].prefix, draw.segment) for draw in reply.draws)

    for number, plan in enumerate(rounds):
        prefix = document(plan["prompt"])
        if plan["go_on"] and ended:
            before, segment = ended[plan["of"] % len(ended)]
            tokens = segment.tokens[: plan["keep"]]
            prefix = before.append(Segment(model.decode(tokens), tokens))
            if plan["insert"]:
                prefix = prefix.append(Segment(plan["insert"]))
        temperature, top_p, top_k = plan["how"]
        if plan["kind"] == "propose":
            ask = propose(
                f"{number}", prefix, plan["n"], seed=number, max_tokens=plan["max_tokens"],
                temperature=temperature, top_p=top_p, top_k=top_k,
            )  # fmt: skip
        elif plan["kind"] == "weigh":
            ask = Weigh(f"{number}", prefix, (Segment(" there was"), Segment("é"), Segment(""), Segment(" a")))
        else:
            ask = Read(f"{number}", prefix, layer=plan["n"] - 3)
        asks[ask.id] = ask
        model.submit([ask])
        for _ in range(plan["wait"]):
            take(model.step())
    for _ in range(300):
        take(model.step())
        if len(replies) == len(asks):
            break
    reference = Reference(model)
    for id, ask in asks.items():
        assert reference.error(ask, replies[id]) < EXACT


@pytest.mark.parametrize("kind", ["llama", "gpt2", "mistral", "gemma3"])
def test_a_draw_is_the_same_alone_and_in_company(kind: str, tiny: Make) -> None:
    ask = propose("me", document("The old house"), 3, seed=5, max_tokens=20, temperature=0.8)
    alone = finish(tiny(kind), [ask])["me"]
    others = [propose(f"o{i}", document(PROMPTS[i % 5]), 5, seed=i, max_tokens=10 + i) for i in range(8)]
    model = tiny(kind, branches=16)
    with in_parts(True):
        model.submit(others[:4])
        model.step()
        together = finish(model, [others[4], ask, *others[5:]])["me"]
    assert [d.segment.tokens for d in together.draws] == [d.segment.tokens for d in alone.draws]
    assert [d.finish for d in together.draws] == [d.finish for d in alone.draws]
    assert len({d.segment.tokens for d in alone.draws}) == 3


def test_draws_nest_in_larger_n(tiny: Make) -> None:
    model = tiny()
    replies = finish(model, [propose("six", document("x y"), 6), propose("last", document("x y"), 2, first=4)])
    six, last = ([draw.segment.tokens for draw in replies[id].draws] for id in ("six", "last"))
    assert six[4:] == last


def test_prefixes_in_common_are_computed_once(tiny: Make) -> None:
    model = tiny()
    shared = "A long preamble that every one of the prompts begins with. "
    words = ["one", "two", "three", "four"]
    asks = [propose(f"{i}", document(shared + word), 2, max_tokens=1) for i, word in enumerate(words)]
    fed = []
    forward = model.module.forward

    def count(*args: object, **kwargs: object) -> object:
        fed.append(kwargs["input_ids"].shape[1])
        return forward(*args, **kwargs)

    model.module.forward = count
    finish(model, asks)
    # "t" is common to two and three; the last token of a prompt gives every draw its first, without a pass of its own
    assert sum(fed) == len(shared) + len("one") + len("t") + len("wo") + len("hree") + len("four")
    fed.clear()
    finish(model, [propose("again", document(shared + "two"), 2, seed=1, max_tokens=1)])
    assert sum(fed) == 1  # what follows was forgotten, so the last token is fed once more


def test_a_continued_draw_is_not_computed_again(tiny: Make) -> None:
    model = tiny()
    first = finish(model, [propose("a", document("Go on"), 1, max_tokens=10)])["a"].draws[0]
    assert first.finish == "length"
    fed = []
    forward = model.module.forward
    model.module.forward = lambda **k: fed.append(k["input_ids"].shape[1]) or forward(**k)
    finish(model, [propose("b", document("Go on").append(first.segment), 1, max_tokens=2)])
    assert sum(fed) == 2  # the last sampled token, which was never fed, and the first new one


def test_stop_strings_end_a_draw_wherever_tokens_part_them(tiny: Make) -> None:
    model = tiny()
    prefix = document("Stop")
    free = finish(model, [propose("free", prefix, 16, max_tokens=40, temperature=1.5)])["free"]
    found = 0
    for number, draw in enumerate(free.draws):
        text = draw.segment.text
        if len(text) < 9:
            continue
        stop = text[5:8]
        how = {"max_tokens": 40, "temperature": 1.5, "stop": (stop, "never to be seen")}
        got = finish(model, [propose("s", prefix, 1, first=number, **how)])["s"].draws[0]
        assert got.finish == "stop"
        assert got.stopped_by == stop
        assert got.segment.text == text[: text.index(stop)]
        assert draw.segment.tokens[: len(got.segment.tokens)] == got.segment.tokens
        found += 1
        # what a prefix continued from the draw encodes is its text, whole and once
        went_on = model.encode_prefix(prefix.append(got.segment))
        assert model.decode(went_on) == "Stop" + got.segment.text
    assert found > 3


def test_end_tokens_end_a_draw_and_are_not_part_of_it(tiny: Make) -> None:
    model = tiny()
    assert model.end_ids == {2}
    draws = finish(model, [propose("e", document("End"), 60, max_tokens=60, temperature=1.5)])["e"].draws
    ended = [draw for draw in draws if draw.finish == "end"]
    assert ended
    assert all(2 not in draw.segment.tokens for draw in draws)
    assert all(len(draw.segment.tokens) == 60 for draw in draws if draw.finish == "length")


def test_deltas_make_up_the_text_and_the_count(tiny: Make) -> None:
    model = tiny()
    model.submit([propose("d", document("Tell"), 5, max_tokens=30, temperature=1.5, stop=("e", "qu"))])
    texts, tokens, reply = [""] * 5, 0, None
    while reply is None:
        progress = model.step()
        for delta in progress.deltas:
            texts[delta.draw] += delta.text
            tokens += delta.tokens
        reply = next(iter(progress.replies), None)
    assert texts == [draw.segment.text for draw in reply.draws]
    assert tokens == reply.usage.sampled_tokens
    assert reply.usage.prompt_tokens == 4
    assert reply.usage.calls == 1
    assert reply.usage.seconds > 0


def test_cancel_gives_one_reply_with_what_there_is(tiny: Make) -> None:
    model = tiny(branches=4)
    whole = finish(tiny(), [propose("keep", document("Once upon"), 1, max_tokens=30)])["keep"]
    model.submit([propose("stop", document("Once"), 6, max_tokens=50), Weigh("w", document("Once"), (Segment("x"),))])
    model.submit([propose("keep", document("Once upon"), 1, max_tokens=30)])
    for _ in range(4):
        model.step()
    model.submit([Read("r", document("Never"))])
    model.cancel(["stop", "r", "nobody"])
    replies = finish(model)
    draws = replies["stop"].draws
    assert [draw.finish for draw in draws] == ["cancelled"] * 6
    assert sum(len(draw.segment.tokens) for draw in draws) == replies["stop"].usage.sampled_tokens > 0
    assert isinstance(replies["r"], Refused)
    assert replies["r"].by == "cancelled"
    assert replies["keep"].draws[0].segment.tokens == whole.draws[0].segment.tokens
    assert model.step().replies == ()


def test_weighing_shares_one_pass_and_counts_its_tokens(tiny: Make) -> None:
    model = tiny()
    segments = tuple(Segment(text) for text in ("yes", "no", "maybe so", ""))
    ask = Weigh("w", Prefix(Prompt((Message("user", "Well?"),))), segments)
    reply = finish(model, [ask])["w"]
    assert [len(s.tokens) for s in reply.segments] == [3, 2, 8, 0]
    assert reply.usage.weighed_tokens == 13
    assert reply.segments[0].text == "yes"
    assert reply.segments[3].logp == 0
    assert Reference(model).error(ask, reply) < EXACT


def test_long_texts_are_weighed_in_chunks(tiny: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from nightschool.models.local import plan, schedule

    monkeypatch.setattr(plan, "CHUNK", 50)
    monkeypatch.setattr(schedule, "_LOGITS", 40 * 260)
    model = tiny("gemma2")
    text = "the quick brown fox jumps over the lazy dog; " * 5
    asks = [
        Weigh("a", document("Say:"), (Segment(text), Segment(text[:99]))),
        Weigh("b", document(text), (Segment("!"),)),
    ]
    replies = finish(model, asks)
    assert all(Reference(model).error(ask, replies[ask.id]) < EXACT for ask in asks)


def test_fewer_branches_at_once_give_the_same_answers_within_the_memory_limit(tiny: Make) -> None:
    # a token of the tiny llama takes 2 layers * 2 * 2 heads * 8 * 4 bytes = 256 bytes
    asks = [propose(f"{i}", document("abc " * 20 + str(i)), 4, seed=i, max_tokens=60) for i in range(6)]
    plenty = finish(tiny(), asks)
    small = tiny()
    small._memory = 400 * 256
    highest = 0
    small.submit(asks)
    replies = {}
    while len(replies) < len(asks):
        progress = small.step()
        replies |= {reply.id: reply for reply in progress.replies}
        highest = max(highest, small.held_bytes)
    for id, reply in plenty.items():
        assert [d.segment.tokens for d in replies[id].draws] == [d.segment.tokens for d in reply.draws]
    assert 0 < highest <= 400 * 256
    assert not any(reply.note for reply in plenty.values())
    assert "fewer draws were live at once" in "".join(reply.note for reply in replies.values())


def test_what_cannot_fit_even_alone_is_refused(tiny: Make) -> None:
    model = tiny()
    model._memory = 100 * 256
    replies = finish(model, [propose("big", document("x" * 90), 1, max_tokens=50), propose("ok", document("y"), 2)])
    assert replies["big"].by == "error"
    assert "memory_mb" in replies["big"].reason
    assert replies["ok"].draws[0].segment.tokens


def test_what_does_not_fit_the_context_is_said_and_nothing_taken_in(tiny: Make) -> None:
    model = tiny()
    fine = propose("fine", document("x"), 1)
    with pytest.raises(PromptTooLong, match=f"500 tokens and 13 more do not fit the {CONTEXT}"):
        model.submit([fine, propose("long", document("x" * 500), 1, max_tokens=13)])
    assert model.step().replies == ()
    assert finish(model, [propose("long", document("x" * 500), 1, max_tokens=12)])["long"].draws
    with pytest.raises(PromptTooLong, match="600"):
        model.submit([Weigh("w", document("x"), (Segment("y" * 600),))])


def test_asks_that_make_no_sense(tiny: Make) -> None:
    model = tiny()
    model.submit([propose("a", document("x"), 1)])
    with pytest.raises(UsageError, match="'a' is in flight"):
        model.submit([propose("a", document("x"), 1)])
    with pytest.raises(UnknownName, match="no adapter loaded called 'nobody'"):
        model.submit([replace(propose("b", document("x"), 1), adapter="nobody")])
    with pytest.raises(UsageError, match="layers 0 to 2"):
        model.submit([Read("r", document("x"), layer=3)])
    with pytest.raises(Unsupported, match="identity"):
        model.load_adapter(Adapter("n", "another", "nowhere"))


def test_logits_that_are_not_numbers_are_an_error_that_names_the_layer(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, layers=3)
    model = LocalModel.from_folder(folder, name="sick", device="cpu")
    with torch.no_grad():
        model.module.model.layers[1].mlp.up_proj.weight[0, 0] = float("nan")
    model.submit([propose("a", document("x"), 2)])
    with pytest.raises(NotANumber, match="layer 1"):
        finish(model)
    assert model.step().replies == ()


def test_prompts_are_encoded_as_the_template_says(tiny: Make) -> None:
    model = tiny()
    chat = Prompt((Message("user", "Hi"),), prefill="I say")
    assert model.decode(model.encode(chat)) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nI say"
    assert model.encode(Prompt(text="ab", prefill="c")) == model.encode_segment("abc")
    assert model.encode(Prompt(text="")) == [1]
    assert model.count_tokens("é") == 2
    assert isinstance(model, Model)
    assert model.abilities == set(Ability) - {Ability.NEXT}  # which is for those who cannot weigh


def test_a_fresh_module_shares_memory_and_can_be_changed_alone(tiny: Make) -> None:
    model = tiny()
    fresh = model.fresh_module()
    ours, theirs = dict(model.module.named_parameters()), dict(fresh.named_parameters())
    assert all(theirs[name].data_ptr() == parameter.data_ptr() for name, parameter in ours.items())
    assert not any(p.requires_grad for p in theirs.values())
    fresh.lm_head.weight.requires_grad_(True)
    fresh.model.layers[0].mlp.up_proj = torch.nn.Identity()
    assert not model.module.lm_head.weight.requires_grad
    assert finish(model, [propose("a", document("x"), 1)])["a"].draws


def test_the_likeliest_tokens_are_told_beside_each(tiny: Make) -> None:
    model = tiny()
    ask = Weigh("w", document("Once upon"), (Segment(" a time"), Segment(" a tiger"), Segment("")), tops=3)
    reply = finish(model, [ask])["w"]
    exact = model.fresh_module()
    ids = model.encode_prefix(ask.prefix)
    for segment, ranks, tops in zip(reply.segments, reply.ranks, reply.tops, strict=True):
        with torch.no_grad():
            table = exact(torch.tensor([[*ids, *segment.tokens]])).logits[0].log_softmax(-1)
        assert len(tops) == len(segment.tokens)
        for place, row in enumerate(tops):
            values, tokens = table[len(ids) - 1 + place].topk(3)
            assert [token for token, _ in row] == tokens.tolist()
            assert [logp for _, logp in row] == pytest.approx(values.tolist(), abs=EXACT)
            if ranks[place] == 0:
                assert row[0] == (segment.tokens[place], segment.logps[place])  # the very same number


def test_a_text_in_token_ids_is_taken_as_it_is(tiny: Make) -> None:
    model = tiny()
    ids = (*model.encode_segment("On"), *model.encode_segment("ce"))
    given = Prompt(text="Once", tokens=ids)
    assert model.encode(given) == list(ids)
    with pytest.raises(UsageError, match="tokens 0 to"):
        model.encode(Prompt(text="?", tokens=(10**9,)))


def test_weighing_is_in_float32_where_sampling_is_not(tiny: Make) -> None:
    model = tiny(dtype="bfloat16")
    ask = Weigh("w", document("Once upon"), (Segment(" a time"),))
    replies = finish(model, [ask, propose("p", document("Once upon"), 2)])
    assert model.dtype == torch.bfloat16
    exact = model.fresh_module().float()
    ids = model.encode_prefix(ask.prefix)
    with torch.no_grad():
        table = exact(torch.tensor([ids + list(replies["w"].segments[0].tokens)])).logits[0].log_softmax(-1)
    for place, token in enumerate(replies["w"].segments[0].tokens):
        assert float(table[len(ids) - 1 + place, token]) == pytest.approx(
            replies["w"].segments[0].logps[place], abs=EXACT
        )
    assert model.module.lm_head.weight.dtype == torch.bfloat16
    assert len(replies["p"].draws[0].segment.tokens) == 8


def test_keys_kept_in_half_the_bytes_give_nearly_the_same(tiny: Make) -> None:
    whole, half = tiny(), tiny(kv_dtype="bfloat16")
    assert half.bytes_per_token * 2 == whole.bytes_per_token
    assert (whole.numerics, half.numerics) == ("", "bfloat16")
    rough = tiny(dtype="bfloat16", weigh_dtype="same")
    assert (tiny(dtype="bfloat16").numerics, rough.numerics) == ("bfloat16", "bfloat16 weighing bfloat16")
    ask = Weigh("w", document("Once upon a time"), (Segment(" there was"), Segment(" and then")))
    draws = propose("p", document("Once upon"), 3, max_tokens=6)
    error = Reference(half).error(draws, finish(half, [draws])["p"])
    assert EXACT < error < 0.5
    logps = [[s.logp for s in finish(model, [ask])["w"].segments] for model in (whole, half)]
    assert logps[0] == pytest.approx(logps[1], abs=1.0)
    assert logps[0] != logps[1]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("kind", KINDS)
def test_the_gpu_gives_what_the_cpu_gives(kind: str, folder_of: Callable[[str], Path]) -> None:
    model = LocalModel.from_folder(folder_of(kind), name=kind, identity=kind, dtype="float32", device="cuda")
    asks = [propose(f"{i}", document(text), 3, seed=i, max_tokens=12, top_p=0.9) for i, text in enumerate(PROMPTS)]
    asks += [Weigh("w", document("Once"), (Segment(" upon"), Segment("é"))), Read("r", document("Once"))]
    replies = finish(model, asks)
    reference = Reference(model)
    assert all(reference.error(ask, replies[ask.id]) < EXACT for ask in asks)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gemma3"])
@pytest.mark.parametrize("stop", [(), ("e",)])
def test_a_draw_that_was_broken_off_goes_on_as_if_it_had_not_been(kind: str, tiny: Make, stop: tuple[str, ...]) -> None:
    ask = propose("whole", document("Once upon a time"), max_tokens=10, stop=stop)
    model = tiny(kind)
    model.submit([ask])
    sampled: list[tuple[int, float]] = []
    whole = None
    while whole is None:
        progress = model.step()
        sampled += [token for delta in progress.deltas for token in delta.sampled]
        whole = next(iter(progress.replies), None)
    assert isinstance(whole, Proposed)
    assert len(sampled) >= len(whole.draws[0].segment.tokens or ()) - 1
    for kept in {1, len(sampled) // 2, len(sampled)} - {0}:
        if kept <= len(sampled) and kept < 10:
            again = finish(tiny(kind), [replace(ask, id="again", begun=tuple(sampled[:kept]))])["again"]
            one, other = whole.draws[0].segment, again.draws[0].segment
            assert (one.text, one.tokens, whole.draws[0].finish) == (other.text, other.tokens, again.draws[0].finish)
            assert other.logps == pytest.approx(one.logps, abs=EXACT)
            assert replace(again.usage, seconds=0.0) == replace(whole.usage, seconds=0.0)


def test_a_model_without_a_chat_template_does_not_say_that_it_chats(tiny: Make) -> None:
    model = tiny()
    assert Ability.CHAT in model.abilities
    model.tokenizer.chat_template = None
    bare = LocalModel(model.module, model.tokenizer, name="bare", identity="bare")
    assert bare.abilities == frozenset(Ability) - {Ability.CHAT, Ability.NEXT}
