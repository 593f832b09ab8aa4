"""The server over the real default model: what is streamed, batched and weighed is what the model says."""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Iterator

import numpy as np
import pytest

from nightschool.models.resolve import open_model
from nightschool.surface.server.served import Served
from support.serving import Running, minds_of, running

openai = pytest.importorskip("openai", reason="pip install openai")
pytest.importorskip("torch", reason="pip install 'nightschool[local]'")
pytestmark = pytest.mark.slow

ASK = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    with running(Served(minds_of({"smollm2": lambda: open_model("smollm2", dtype="float32")}))) as server:
        yield server
        assert server.defects == []


@pytest.fixture(scope="module")
def client(here: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{here.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_it_knows_the_capital(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="smollm2", messages=ASK, temperature=0, logprobs=True)
    [choice] = reply.choices
    assert "Paris" in choice.message.content
    assert "".join(each.token for each in choice.logprobs.content) == choice.message.content
    assert all(each.logprob <= 0 for each in choice.logprobs.content)
    assert reply.usage.prompt_tokens > 10


def test_streams_together_say_what_each_says_alone(client: openai.OpenAI) -> None:
    def said(number: int, stream: bool) -> str:
        how = {"messages": [{"role": "user", "content": f"Count from {number}."}], "temperature": 0, "max_tokens": 10}
        if not stream:
            return client.chat.completions.create(model="smollm2", **how).choices[0].message.content
        chunks = client.chat.completions.create(model="smollm2", stream=True, **how)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    alone = [said(number, False) for number in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda number: said(number, True), range(6)))
    # rounding differs with the batch: on any machine nearly all are the same to the letter
    assert sum(a == b for a, b in zip(alone, together, strict=True)) >= 4


def test_several_choices_stop_where_they_should(client: openai.OpenAI) -> None:
    asked = [{"role": "user", "content": "Write three words."}]
    reply = client.chat.completions.create(
        model="smollm2", messages=asked, n=4, seed=1, max_tokens=24, stop=[" "], temperature=1
    )
    assert len(reply.choices) == 4
    assert all(" " not in choice.message.content for choice in reply.choices)


def test_text_is_weighed(client: openai.OpenAI) -> None:
    def weight(text: str) -> float:
        reply = client.completions.create(model="smollm2", prompt=text, echo=True, logprobs=1, max_tokens=1)
        told = reply.choices[0].logprobs
        assert "".join(told.tokens).startswith(text)
        return sum(told.token_logprobs[1:-1])

    assert weight("The capital of France is Paris") > weight("The capital of France is Banana")


def test_a_harness_sees_which_continuation_is_greedy(client: openai.OpenAI) -> None:
    """As lm-evaluation-harness asks: token ids, echo, one token more; greedy is whatever equals the largest."""
    model = open_model("smollm2")
    try:
        context = model.encode_segment("The capital of France is")
        paris, banana = (model.encode_segment(word) for word in (" Paris", " Banana"))
    finally:
        model.close()

    def asked(continuation: list[int]) -> tuple[float, bool]:
        ids = [context + continuation]
        how = {"model": "smollm2", "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": True}
        told = client.completions.create(prompt=ids, **how).choices[0].logprobs
        assert len(told.tokens) == len(context) + len(continuation) + 1
        logps, tops = told.token_logprobs[len(context) : -1], told.top_logprobs[len(context) : -1]
        return sum(logps), all(logp == max(top.values()) for logp, top in zip(logps, tops, strict=True))

    assert asked(paris)[1]
    assert not asked(banana)[1]
    assert asked(paris)[0] > asked(banana)[0]


def test_embeddings_are_nearer_for_like_texts(client: openai.OpenAI) -> None:
    texts = ["a cat sat on the mat", "a cat sat on a mat", "quarterly tax return of the company"]
    cat, cat_again, tax = (np.array(e.embedding) for e in client.embeddings.create(model="smollm2", input=texts).data)
    assert cat @ cat_again > cat @ tax


def test_thinking_over_the_real_model(client: openai.OpenAI) -> None:
    asked = [{"role": "user", "content": "Say a number between 1 and 9."}]
    how = {"nightschool": {"critic": "regex:pattern=.*[0-9].*", "budget": "200tok"}}
    reply = client.chat.completions.create(
        model="smollm2+think(best_of=4)", messages=asked, max_tokens=20, seed=2, extra_body=how
    )
    assert reply.usage.completion_tokens <= 200
    assert any(character.isdigit() for character in reply.choices[0].message.content)


def test_a_conversation_that_is_too_long_names_both_counts(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="context is 8192 tokens; the prompt has"):
        client.chat.completions.create(model="smollm2", messages=[{"role": "user", "content": "word " * 9000}])


def test_an_answer_keeps_a_schema(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 12}, "people": {"type": "integer", "maximum": 99}},
        "required": ["city", "people"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema, "strict": True}}
    reply = client.chat.completions.create(
        model="smollm2", messages=ASK, n=3, seed=1, max_tokens=60, response_format=form
    )
    for choice in reply.choices:
        assert choice.finish_reason == "stop"
        assert json.loads(choice.message.content).keys() == {"city", "people"}
    broken = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nonsense"}}}
    with pytest.raises(openai.BadRequestError, match="nonsense"):
        client.chat.completions.create(model="smollm2", messages=ASK, response_format=broken)
