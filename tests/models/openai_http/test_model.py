import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from nightschool.asks import Propose, Proposed, Read, Refused, Weigh
from nightschool.config import Endpoint, Price
from nightschool.drive import Budget, Drive, Job
from nightschool.drive.remembering import Remembering
from nightschool.errors import EndpointError, PromptTooLong, UnknownName, Unsupported
from nightschool.items import Adapter, Item, Message, Noise, Prefix, Prompt, Sampling, Segment, Task
from nightschool.models.openai_http.model import HttpModel
from nightschool.models.weights.told import Told
from nightschool.ports import Ability, Requests
from nightschool.think.vote import Vote

SERVER = Path(__file__).parents[2] / "support" / "openai_server.py"
SETTINGS = Endpoint(requests=4, timeout_s=1.0, retries=3)


@pytest.fixture(scope="module")
def url():
    process = subprocess.Popen([sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(10)


def stats(url, what="stats"):
    with urllib.request.urlopen(f"{url}/{what}") as reply:
        return json.load(reply)


@pytest.fixture
def serve(url):
    models = []
    stats(url, "reset")

    def at(fault="", path="", settings=SETTINGS, **changed):
        name = f"{url}{path}#" + "+".join(["scripted", *([fault] if fault else [])])
        model = HttpModel.at(name, replace(settings, **changed), Told(), name=f"openai:{name}")
        models.append(model)
        return model

    yield at
    for model in models:
        model.close()


def prefix(text, *segments, chat=False, prefill=""):
    prompt = Prompt((Message("user", text),), prefill=prefill) if chat else Prompt(text=text, prefill=prefill)
    return Prefix(prompt, tuple(map(Segment, segments)))


def propose(id="q", text="babble", n=1, *segments, chat=False, first_draw=0, prefill="", **sampling):
    asked = prefix(text, *segments, chat=chat, prefill=prefill)
    return Propose(id, asked, n, Sampling(**sampling), Noise((0, text)), None, first_draw)


def run(model, *asks, seconds=20.0):
    model.submit(asks)
    replies, deltas = {}, []
    until = time.monotonic() + seconds
    while len(replies) < len(asks):
        progress = model.step()
        replies |= {reply.id: reply for reply in progress.replies}
        deltas += progress.deltas
        assert time.monotonic() < until, "no reply"
    return replies, deltas


def one(model, *args, **kwargs):
    return run(model, propose("q", *args, **kwargs))[0]["q"]


@pytest.mark.parametrize("chat", [True, False])
@pytest.mark.parametrize("fault", ["", "plain", "strict", "completion-tokens"])
def test_answers(serve, chat, fault):
    reply = one(serve(fault), "the capital?", chat=chat)
    assert [(draw.segment.text, draw.finish) for draw in reply.draws] == [("Paris", "end")]
    assert reply.usage.sampled_tokens == 5
    assert reply.usage.prompt_tokens >= (4 if fault == "strict" else 12)  # an estimate where the server is mute


def test_log_probabilities_in_both_shapes(serve):
    model = serve()
    for chat, ids in ((True, tuple(map(ord, "Paris"))), (False, None)):
        [draw] = one(model, "the capital?", chat=chat).draws
        assert draw.segment.logps == (-0.5,) * 5
        assert draw.segment.tokens == ids
    assert Ability.LOGPS in model.abilities


def test_draws_depend_on_their_number_alone(serve):
    def texts(reply):
        return [draw.segment.text for draw in reply.draws]

    model = serve()
    many = texts(one(model, n=6))
    assert len(set(many)) > 1
    assert texts(one(model, n=2)) == many[:2]
    assert texts(one(model, n=2, first_draw=4)) == many[4:]
    alone = one(serve(), n=6)
    together, _ = run(serve(), propose("other", "else", n=3), propose(n=6))
    assert texts(together["q"]) == texts(alone) == many


def test_deltas_add_up(serve):
    replies, deltas = run(serve(), propose(n=3, max_tokens=20))
    for number, draw in enumerate(replies["q"].draws):
        assert "".join(delta.text for delta in deltas if delta.draw == number) == draw.segment.text
    assert sum(delta.tokens for delta in deltas) == replies["q"].usage.sampled_tokens


@pytest.mark.parametrize("fault", ["", "plain", "coarse"])
def test_stop_strings_end_a_draw_here_and_say_which(serve, fault):
    [draw] = one(serve(fault), "count", stop=("Next", "\n\n")).draws
    assert (draw.segment.text, draw.finish, draw.stopped_by) == ("1, 2, 3, 4", "stop", "\n\n")


def test_a_stop_string_closes_the_connection(serve, url):
    [draw] = one(serve("slow"), "long", stop=("xx",), max_tokens=400).draws
    assert (draw.segment.text, draw.finish) == ("", "stop")
    for _ in range(50):
        if stats(url)["broken"]:
            return
        time.sleep(0.05)
    raise AssertionError("the server went on")


def test_length(serve):
    [draw] = one(serve(), "long", max_tokens=7).draws
    assert (draw.segment.text, draw.finish) == ("x" * 7, "length")


@pytest.mark.parametrize("fault", ["", "lie"])
def test_tokens_are_counted_not_believed(serve, fault):
    for draws_per_request in (1, 8):
        reply = one(serve(fault, draws_per_request=draws_per_request), "long", n=8, max_tokens=8)
        assert [draw.segment.text for draw in reply.draws] == ["x" * 8] * 8
        assert reply.usage.sampled_tokens == 64


def test_chunks_of_many_tokens_are_counted_by_the_servers_larger_number(serve):
    assert one(serve("coarse"), "long", max_tokens=12).usage.sampled_tokens == 12


def test_draws_in_one_request_pay_the_prompt_once(serve, url):
    apart = one(serve(), n=4)
    together = one(serve(draws_per_request=4), n=4)
    assert apart.usage.prompt_tokens == 4 * together.usage.prompt_tokens
    assert [body.get("n", 1) for body in stats(url)["bodies"]] == [1, 1, 1, 1, 4]


def test_never_more_requests_at_once_than_allowed(serve, url):
    one(serve("slow"), n=12, max_tokens=4)
    assert stats(url)["most"] <= 4


def test_what_was_written_goes_on_in_the_same_message(serve, url):
    model = serve()
    one(model, "babble", 1, " more", chat=True, prefill="So:")
    one(model, "babble", 1, " more", prefill="So:")
    chat, document = stats(url)["bodies"]
    assert chat["messages"][-1] == {"role": "assistant", "content": "So: more"}
    assert chat["continue_final_message"] is True
    assert document["prompt"] == "babbleSo: more"
    refused = one(serve("noprefill"), "babble", chat=True, prefill="So:")
    assert isinstance(refused, Refused)
    assert "document" in refused.reason


@pytest.mark.parametrize("fault", ["429", "flaky"])
def test_passing_faults_are_retried(serve, url, fault):
    assert one(serve(fault), "the capital?").draws[0].segment.text == "Paris"
    assert stats(url)["tries"][f"scripted+{fault}"] == {"429": 3, "flaky": 2}[fault]


@pytest.mark.parametrize(
    ("fault", "words"),
    [("500", "503: overloaded"), ("hang", "did not answer within 0.4 s"), ("garbage", "no JSON")],
)
def test_final_failures_are_refusals(serve, fault, words):
    reply = one(serve(fault, timeout_s=0.4, retries=1), n=2)
    assert isinstance(reply, Refused)
    assert reply.by == "error"
    assert words in reply.reason


@pytest.mark.parametrize(
    ("fault", "words"), [("silent", "fell silent"), ("cut", "broke off"), ("eof", "before it was")]
)
def test_half_an_answer_is_an_error_and_never_an_answer(serve, fault, words):
    [draw] = one(serve(fault, timeout_s=0.4), "the capital?").draws
    assert (draw.segment.text, draw.finish) == ("Pa", "error")
    assert words in draw.error


def test_a_filtered_answer_is_an_error(serve):
    [draw] = one(serve("filter"), "the capital?").draws
    assert draw.finish == "error"
    assert "content_filter" in draw.error


def test_one_failure_among_many_spoils_only_itself(serve):
    model = serve("cut")
    replies, _ = run(model, propose("good", "babble", max_tokens=1), propose("bad", "the capital?"))
    assert replies["good"].draws[0].finish == "length"
    assert replies["bad"].draws[0].finish == "error"


def test_cancelling_closes_the_connection_and_keeps_what_came(serve, url):
    model = serve("slow")
    model.submit([propose(text="long", max_tokens=400), Weigh("w", prefix("a "), (Segment("b"),))])
    while not any(delta.text for delta in model.step().deltas):
        pass
    model.cancel(["q", "w", "unknown"])
    replies = {reply.id: reply for reply in model.step().replies}
    assert isinstance(replies["q"], Proposed)
    [draw] = replies["q"].draws
    assert draw.finish == "cancelled"
    assert set(draw.segment.text) == {"x"}
    assert len(draw.segment.text) == replies["q"].usage.sampled_tokens < 400
    for _ in range(50):
        if stats(url)["broken"]:
            break
        time.sleep(0.05)
    assert stats(url)["broken"]
    assert isinstance(one(model, "the capital?"), Proposed)


def test_a_step_does_not_wait_long(serve):
    model = serve("hang", timeout_s=20)
    model.submit([propose()])
    began = time.monotonic()
    assert model.step().replies == ()
    assert time.monotonic() - began < 1


def test_weighing(serve):
    reply = run(serve(), Weigh("w", prefix("see: "), (Segment("ab"), Segment("b"))))[0]["w"]
    assert reply.segments[0].logps == pytest.approx((-0.693, -1.204), abs=1e-3)
    assert reply.ranks == ((0, 1), (1,))
    assert reply.usage.weighed_tokens == 3


@pytest.mark.parametrize(
    ("fault", "lacks"),
    [
        ("", set()),
        ("noecho", {Ability.WEIGH}),
        ("chatonly", {Ability.WEIGH, Ability.DOCUMENT}),
        ("bare", {Ability.WEIGH, Ability.LOGPS}),
    ],
)
def test_abilities_are_found_out(serve, fault, lacks):
    model = serve(fault)
    assert {Ability.CHAT, Ability.DOCUMENT, Ability.SAMPLE, Ability.LOGPS, Ability.WEIGH} - model.abilities == lacks
    assert model.context_tokens == 2048
    if Ability.WEIGH in lacks:
        with pytest.raises(Unsupported, match=r"weigh given text.*these can: smollm2"):
            model.submit([Weigh("w", prefix("a"), (Segment("b"),))])


@pytest.mark.parametrize(("fault", "chat"), [("chatonly", True), ("", True), ("noecho", False), ("five", True)])
def test_the_likeliest_next_tokens_are_listed_where_nothing_can_be_weighed(serve, url, fault, chat):
    model = serve(fault)
    assert Ability.NEXT in model.abilities
    reply = run(model, Weigh("n", prefix("see: ", chat=chat), (), tops=20))[0]["n"]
    assert [segment.text for segment in reply.segments] == ["a", "b"]
    assert [segment.logp for segment in reply.segments] == pytest.approx([-0.693, -1.204], abs=1e-3)
    assert reply.ranks == ((0,), (1,))
    assert reply.usage.sampled_tokens == 1
    bodies = stats(url)["bodies"]
    assert [body.get("top_logprobs") for body in bodies if chat] == (
        [20, 5] if fault == "five" else [20] if chat else []
    )
    assert all(body["temperature"] == 1.0 for body in bodies)


def test_a_server_that_lists_nothing_says_so(serve):
    reply = run(serve("plain"), Weigh("n", prefix("see: ", chat=True), (), tops=20))[0]["n"]
    assert isinstance(reply, Refused)
    assert "lists no likely tokens" in reply.reason
    with pytest.raises(Unsupported, match="list the likeliest next tokens"):
        serve("bare").submit([Weigh("n", prefix("see: ", chat=True), (), tops=20)])


def test_a_server_without_log_probabilities_says_so_from_then_on(serve):
    model = serve("bare")
    assert one(model, "the capital?").draws[0].segment == Segment("Paris")
    assert not {Ability.LOGPS, Ability.NEXT} & model.abilities


def test_asking_for_more_names_who_can(serve):
    model = serve()
    with pytest.raises(Unsupported, match=r"hidden states.*these can: smollm2"):
        model.submit([Read("r", prefix("x"))])
    with pytest.raises(Unsupported, match="adapters"):
        model.load_adapter(Adapter("a", "b", "c"))
    with pytest.raises(Unsupported, match="a local model weighs conversations"):
        model.submit([Weigh("w", prefix("x", chat=True), ())])
    with pytest.raises(PromptTooLong, match="2048"):
        model.submit([propose(max_tokens=2049)])
    assert model.step().replies == ()


def test_the_only_model_needs_no_name(serve, url):
    model = HttpModel.at(f"{url}/only/v1", SETTINGS, Told(), name="only")
    assert one(model, "the capital?").draws[0].segment.text == "Paris"
    assert model.context_tokens == 1024
    model.close()
    several = HttpModel.at(url, SETTINGS, Told(), name="several")
    with pytest.raises(UnknownName, match="write openai:URL#MODEL"):
        several.submit([propose()])
    several.close()


def test_a_model_that_is_not_served_is_named_with_near_misses(url):
    model = HttpModel.at(f"{url}#scriptet", SETTINGS, Told(), name="x")
    with pytest.raises(UnknownName, match=r"'scriptet'; did you mean scripted"):
        model.submit([propose()])
    model.close()


def test_nobody_there():
    model = HttpModel.at("http://127.0.0.1:9#x", replace(SETTINGS, retries=0), Told(), name="x")
    with pytest.raises(EndpointError, match=r"http://127\.0\.0\.1:9/v1/models failed"):
        model.submit([propose()])
    model.close()


def test_the_key_is_sent_and_never_shown(serve, url, monkeypatch, capsys):
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    settings = replace(SETTINGS, key_variable="MY_KEY")
    model = HttpModel.at(f"{url}#scripted+401", settings, Told(), name="x")
    with pytest.raises(EndpointError, match=r"401.*MY_KEY") as caught:
        model.submit([propose()])
    assert stats(url)["keys"] == ["Bearer sk-very-secret"]
    assert "[key]" in str(caught.value)
    assert "secret" not in str(caught.value) + repr(model.address) + model.identity + capsys.readouterr().err
    model.close()


def test_an_id_in_flight_is_refused(serve):
    model = serve("slow")
    model.submit([propose()])
    with pytest.raises(ValueError, match="in flight"):
        model.submit([propose()])


def test_closing_amid_answers(serve, url):
    model = serve("slow")
    model.submit([propose(text="long", n=4, max_tokens=400)])
    model.step()
    model.close()
    model.close()


def test_it_says_how_many_requests_an_ask_becomes(serve):
    model = serve(draws_per_request=4)
    weigh = Weigh("w", prefix("a "), (Segment("b"), Segment("c")))
    likeliest = Weigh("n", prefix("a", chat=True), (), tops=3)
    asked = [propose(n=9), weigh, likeliest]
    assert [model.requests(ask) for ask in asked] == [Requests(3, 0), Requests(2, 2), Requests(1, 1)]
    assert [Remembering(model, None).requests(ask) for ask in asked] == [model.requests(ask) for ask in asked]
    sampled = run(model, weigh)[0]["w"].usage.sampled_tokens
    assert sampled == model.requests(weigh).sampled


@pytest.mark.parametrize(("draws_per_request", "requests", "draws"), [(1, 3, 3), (4, 3, 12)])
def test_money_pays_the_prompt_of_every_request(serve, url, draws_per_request, requests, draws):
    task = Task(Item("i", {}, None, "k"), Prompt(text="word " * 600), Sampling(4))
    job = Job(Vote(16), task, Noise((0,)), Budget(usd=0.0312))
    model = serve(draws_per_request=draws_per_request)
    [trace] = Drive(model, price=Price(prompt=10.0, sampled=10.0)).run([job])
    bodies = stats(url)["bodies"]
    assert len(bodies) == requests, "a thousand tokens of prompt, by the estimate, are a cent"
    assert sum(body.get("n", 1) for body in bodies) == draws
    assert trace.stopped == "budget"
