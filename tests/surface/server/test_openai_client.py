"""The server as the `openai` package sees it: conversations, streams, choices, log-probabilities, embeddings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from nightschool.models.distribution import END
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.surface.server.served import Served
from support.serving import Running, minds_of, running

openai = pytest.importorskip("openai", reason="pip install openai")

ANSWERS = {"": "nothing", "capital": "Paris", "list": ["one", "two, three", "four"], "steps": "a\n\nb", "?": "42 é"}
ASK = [{"role": "user", "content": "?"}]


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    models = {
        "scripted": lambda: Scripted(ANSWERS),
        "babble": lambda: Scripted(),
        "small": lambda: Scripted("x" * 30, context_tokens=60),
        "mute": lambda: Scripted("42", lacks=[Ability.LOGPS]),
        "coin": lambda: Scripted(rule=lambda prompt, written: {"aa": 5, "b": 3, END: 2}),
    }
    with running(Served(minds_of(models))) as server:
        yield server
        assert server.defects == []


@pytest.fixture(scope="module")
def client(here: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{here.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_models_are_listed_and_told(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["scripted", "babble", "small", "mute", "coin"]
    assert client.models.retrieve("scripted+think(vote=3)").id == "scripted+think(vote=3)"


def test_an_answer(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="scripted", messages=ASK)
    [choice] = reply.choices
    assert choice.message.content == "42 é"
    assert choice.finish_reason == "stop"
    assert reply.usage.completion_tokens == 5  # four characters and the end
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + 5


def test_roles_and_parts_are_read(client: openai.OpenAI) -> None:
    parts = [{"type": "text", "text": "the capital"}, {"type": "text", "text": " of France"}]
    messages = [{"role": "developer", "content": "be short"}, {"role": "user", "content": parts}]
    assert client.chat.completions.create(model="scripted", messages=messages).choices[0].message.content == "Paris"


def test_choices_are_the_draws_in_order(client: openai.OpenAI) -> None:
    asked = [{"role": "user", "content": "list"}]
    reply = client.chat.completions.create(model="scripted", messages=asked, n=3)
    assert [choice.message.content for choice in reply.choices] == ["one", "two, three", "four"]
    assert [choice.index for choice in reply.choices] == [0, 1, 2]


def test_a_stop_string_ends_and_is_left_out(client: openai.OpenAI) -> None:
    asked = [{"role": "user", "content": "list"}]
    reply = client.chat.completions.create(model="scripted", messages=asked, n=2, stop=[", "])
    assert [choice.message.content for choice in reply.choices] == ["one", "two"]


def test_max_tokens_cut_and_say_so(client: openai.OpenAI) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        reply = client.chat.completions.create(model="scripted", messages=ASK, **{name: 2})
        assert reply.choices[0].message.content == "42"
        assert reply.choices[0].finish_reason == "length"


def test_a_seed_repeats_and_none_does_not(client: openai.OpenAI) -> None:
    def said(**how: int) -> str:
        asked = [{"role": "user", "content": "abcdefghijklmnopqrstuvwxyz" * 4}]
        reply = client.chat.completions.create(model="babble", messages=asked, n=4, **how)
        return "|".join(choice.message.content for choice in reply.choices)

    assert said(seed=1) == said(seed=1) != said(seed=2)
    assert said() != said()


def test_logprobs_are_those_of_each_token(client: openai.OpenAI) -> None:
    asked = [{"role": "user", "content": "list"}]
    reply = client.chat.completions.create(model="scripted", messages=asked, logprobs=True, n=2)
    for choice in reply.choices:
        content = choice.logprobs.content
        assert "".join(each.token for each in content) == choice.message.content
        assert content[0].logprob == pytest.approx(np.log(1 / 3))
        assert all(each.bytes == list(each.token.encode()) for each in content)


@pytest.mark.parametrize("stream", [False, True])
def test_what_was_likely_instead_is_told(client: openai.OpenAI, stream: bool) -> None:
    how = {"model": "coin", "messages": ASK, "logprobs": True, "top_logprobs": 2, "seed": 5, "max_tokens": 3}
    if stream:
        chunks = client.chat.completions.create(**how, stream=True)
        told = [each for chunk in chunks if chunk.choices[0].logprobs for each in chunk.choices[0].logprobs.content]
    else:
        told = client.chat.completions.create(**how).choices[0].logprobs.content
    assert told
    for each in told:
        assert [other.token for other in each.top_logprobs] == ["aa", "b"]
        assert [other.logprob for other in each.top_logprobs] == pytest.approx(np.log([0.5, 0.3]))
        assert each.logprob in [other.logprob for other in each.top_logprobs]


def test_a_model_without_logprobs_says_so(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="no log-probabilities"):
        client.chat.completions.create(model="mute", messages=ASK, logprobs=True)


@pytest.mark.parametrize("with_usage", [False, True])
@pytest.mark.parametrize("n", [1, 3])
def test_chunks_come_in_the_order_that_clients_expect(client: openai.OpenAI, n: int, with_usage: bool) -> None:
    asked = [{"role": "user", "content": "list"}]
    how = {"stream_options": {"include_usage": True}} if with_usage else {}
    chunks = list(client.chat.completions.create(model="scripted", messages=asked, n=n, stream=True, **how))
    if with_usage:
        last = chunks.pop()
        assert last.choices == []
        assert last.usage.completion_tokens > 0
        assert all(chunk.usage is None and "usage" in chunk.model_fields_set for chunk in chunks)
    else:
        assert all("usage" not in chunk.model_fields_set for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == 1
    for number, text in enumerate(["one", "two, three", "four"][:n]):
        mine = [chunk.choices[0] for chunk in chunks if chunk.choices[0].index == number]
        assert mine[0].delta.role == "assistant"
        assert mine[0].delta.content == ""
        assert "".join(choice.delta.content or "" for choice in mine) == text
        assert [choice.finish_reason for choice in mine] == [None] * (len(mine) - 1) + ["stop"]
        assert mine[-1].delta.content is None


def test_a_stream_says_what_an_answer_says(client: openai.OpenAI) -> None:
    how = {"model": "babble", "messages": [{"role": "user", "content": "hear this"}], "seed": 3, "stop": ["h"]}
    whole = client.chat.completions.create(**how).choices[0].message.content
    chunks = client.chat.completions.create(**how, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole


def test_a_stream_tells_logprobs_too(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="scripted", messages=ASK, stream=True, logprobs=True))
    told = [each for chunk in chunks if chunk.choices[0].logprobs for each in chunk.choices[0].logprobs.content]
    assert "".join(each.token for each in told) == "42 é"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "42 é"


def test_plain_text_goes_on(client: openai.OpenAI) -> None:
    reply = client.completions.create(model="scripted", prompt=["the list", "the capital"], n=2)
    assert [choice.text for choice in reply.choices] == ["one", "two, three", "Paris", "Paris"]
    chunks = list(client.completions.create(model="scripted", prompt="list", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == "one"
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_plain_text_is_echoed_with_its_weights(client: openai.OpenAI) -> None:
    reply = client.completions.create(model="scripted", prompt="?", echo=True, logprobs=1, max_tokens=2)
    [choice] = reply.choices
    assert choice.text == "?42"
    assert choice.logprobs.tokens == ["?", "4", "2"]
    assert choice.logprobs.token_logprobs == [None, 0.0, 0.0]
    assert choice.logprobs.text_offset == [0, 1, 2]


def test_every_token_of_a_text_is_weighed_whatever_ended_it(client: openai.OpenAI) -> None:
    for most, stream in ((0, False), (1, False), (1, True), (400, False)):
        how = {"model": "coin", "prompt": "baab", "echo": True, "logprobs": 2, "max_tokens": most, "n": 2, "seed": 2}
        if stream:
            choices = [chunk.choices[0] for chunk in client.completions.create(**how, stream=True)]
        else:
            choices = client.completions.create(**how).choices
        assert len(choices) == 2
        for choice in choices:
            told = choice.logprobs
            assert told.tokens[:3] == ["b", "aa", "b"]
            assert told.token_logprobs[0] is told.top_logprobs[0] is None
            assert told.token_logprobs[1:3] == pytest.approx(np.log([0.5, 0.3]))
            assert told.top_logprobs[1] == pytest.approx({"aa": np.log(0.5), "b": np.log(0.3)})
            assert "".join(told.tokens) == choice.text
            assert told.text_offset == [len("".join(told.tokens[:at])) for at in range(len(told.tokens))]
            assert choice.finish_reason == ("stop" if told.tokens[-1] == "" else "length")
            if told.tokens[-1] == "":  # the token that ended it is one of them, though it writes nothing
                assert told.token_logprobs[-1] == pytest.approx(np.log(0.2))
        assert len(choices[0].logprobs.tokens) == 3 + min(most, 1) or most > 1


def test_token_ids_are_read(client: openai.OpenAI) -> None:
    reply = client.completions.create(model="scripted", prompt=[ord("?")])
    assert reply.choices[0].text == "42 é"


def test_embeddings_have_length_one_and_tell_texts_apart(client: openai.OpenAI) -> None:
    texts = ["abc", "abc", "xyz"]
    vectors = [each.embedding for each in client.embeddings.create(model="scripted", input=texts).data]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    assert vectors[0] == vectors[1] != vectors[2]
    floats = client.embeddings.create(model="scripted", input="abc", encoding_format="float").data[0].embedding
    assert floats == pytest.approx(vectors[0])


def test_a_mind_that_thinks_shows_its_thought(client: openai.OpenAI) -> None:
    asked = [{"role": "user", "content": "list"}]
    how = {"nightschool": {"critic": "contains:text=four"}}
    reply = client.chat.completions.create(model="scripted+think(best_of=3)", messages=asked, extra_body=how)
    message = reply.choices[0].message
    assert message.content == "four"
    assert message.reasoning == message.reasoning_content
    assert "2: four [passed" in message.reasoning
    assert reply.nightschool["best"] == 2
    assert [thought["verdict"]["passed"] for thought in reply.nightschool["thoughts"]] == [False, False, True]
    assert reply.usage.completion_tokens_details.reasoning_tokens > 0


def test_thoughts_stream_before_the_answer(client: openai.OpenAI) -> None:
    asked = [{"role": "user", "content": "list"}]
    how = {"nightschool": {"strategy": "best_of=3", "critic": "contains:text=four", "events": True}}
    chunks = list(client.chat.completions.create(model="scripted", messages=asked, stream=True, extra_body=how))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    reasoned = [at for at, delta in enumerate(deltas) if getattr(delta, "reasoning", None)]
    answered = [at for at, delta in enumerate(deltas) if delta.content]
    assert reasoned
    assert max(reasoned) < min(answered)
    assert "".join(delta.content or "" for delta in deltas) == "four"
    events = [chunk.nightschool for chunk in chunks if hasattr(chunk, "nightschool")]
    grown = [event["grown"] for event in events if "grown" in event]
    assert "".join(each["text"] for each in grown if each["draw"] == 2) == "four"
    assert events[-1]["best"] == 2


def test_a_budget_is_kept(client: openai.OpenAI) -> None:
    how = {"nightschool": {"strategy": "vote:n=64", "budget": "20tok"}}
    asked = [{"role": "user", "content": "hear this and babble"}]
    reply = client.chat.completions.create(model="babble", messages=asked, extra_body=how)
    assert reply.usage.completion_tokens <= 20
    assert reply.nightschool["stopped"] == "budget"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"model": "scripte"}, 404, "did you mean scripted"),
        ({"model": "scripted@night-3"}, 404, "no night called '3'"),
        ({"model": "scripted+think(bets_of=3)"}, 400, "did you mean"),
        ({"model": "scripted+think(best_of=99999999)"}, 400, "more than a request may ask for"),
        ({"model": "scripted+think(best_of=3)"}, 400, "needs a verifier"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, 400, "role"),
        ({"temperature": "hot"}, 400, "temperature"),
        ({"n": 0}, 400, "n"),
        ({"frequency_penalty": 1.0}, 400, "frequency_penalty is not supported"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, 400, "tools is not supported"),
        ({"response_format": {"type": "json_object"}}, 400, "schema"),
        ({"response_format": {"type": "json_schema"}}, 400, "json_schema needs a schema"),
        ({"top_logprobs": 3}, 400, "top_logprobs goes with logprobs"),
        ({"extra_body": {"nightschool": {"budget": "a lot"}}}, 400, "budget"),
        ({"extra_body": {"nightschool": {"wisdom": 3}}}, 400, "wisdom"),
        ({"extra_body": {"nightschool": {"strategy": "vote", "critic": "command:command=id"}}}, 400, "may not name"),
        ({"model": "small", "max_tokens": 1000}, 400, "60 tokens; the prompt has"),
        ({"model": "small", "messages": [{"role": "user", "content": "x" * 200}]}, 400, "context is 60 tokens"),
        ({"model": "small", "messages": [{"role": "user", "content": "x" * 200}]}, 400, "the prompt has 2"),
        ({"n": 128, "max_tokens": 60_000}, 400, "a request may take"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    client: openai.OpenAI, changes: dict[str, object], status: int, words: str
) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(**{"model": "scripted", "messages": ASK, **changes})
    assert refused.value.status_code == status
    assert words in refused.value.message
    assert set(refused.value.body) == {"message", "type", "param", "code"}


def test_a_refusal_has_a_status_in_a_stream_too(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="context is 60 tokens"):
        client.chat.completions.create(model="small", messages=ASK, max_tokens=1000, stream=True)


def test_fields_without_effect_are_named(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="scripted", messages=ASK, user="anna", extra_body={"wisdom": 3}
    )
    assert raw.headers["x-nightschool-ignored"] == "user, wisdom"


def test_any_name_of_a_field_fits_a_header(client: openai.OpenAI) -> None:
    for name, written in ((" a", "%20a"), ("b\x81\n", "b%C2%81%0A"), ("日", "%E6%97%A5")):
        raw = client.chat.completions.with_raw_response.create(model="scripted", messages=ASK, extra_body={name: 1})
        assert raw.headers["x-nightschool-ignored"] == written
