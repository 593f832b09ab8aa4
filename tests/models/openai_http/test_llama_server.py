"""Against a server that nobody here wrote: llama.cpp, in a process of its own."""

import json
import subprocess
import sys
import time
import urllib.request

import pytest

from nightschool.asks import Propose, Weigh
from nightschool.config import Endpoint
from nightschool.errors import Unsupported
from nightschool.items import Message, Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.openai_http.model import HttpModel
from nightschool.models.weights.told import Told
from nightschool.ports import Ability

pytestmark = pytest.mark.slow
SERVER = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.port, params.cpuparams.n_threads = 2048, 2, 0, 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def model(smollm2_gguf):
    pytest.importorskip("xllamacpp")
    command = [sys.executable, "-c", SERVER, str(smollm2_gguf)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:
        url = process.stdout.readline().strip()
        model = HttpModel.at(url, Endpoint(requests=2, timeout_s=60), Told(), name="llama.cpp")
        yield model
        model.close()
        process.stdin.close()
        process.wait(30)


def run(model, *asks):
    model.submit(asks)
    replies = {}
    until = time.monotonic() + 120
    while len(replies) < len(asks):
        replies |= {reply.id: reply for reply in model.step().replies}
        assert time.monotonic() < until
    return replies


def document(text, *segments):
    return Prefix(Prompt(text=text), tuple(map(Segment, segments)))


def test_what_it_can_do(model):
    assert model.abilities >= {Ability.CHAT, Ability.DOCUMENT, Ability.SAMPLE, Ability.LOGPS}
    assert 0 < model.context_tokens <= 2048


def test_it_continues_documents_with_log_probabilities_and_ids(model):
    ask = Propose("q", document("The capital of France is"), 1, Sampling(8, temperature=0, stop=(".",)), Noise((0,)))
    [draw] = run(model, ask)["q"].draws
    assert (draw.segment.text, draw.finish, draw.stopped_by) == (" Paris", "stop", ".")
    assert len(draw.segment.tokens) == len(draw.segment.logps) == 1
    assert -1 < draw.segment.logp < 0


def test_it_answers_and_goes_on_with_an_answer_begun(model):
    prompt = Prompt((Message("user", "Name the capital of France."),), prefill="The capital of France is")
    ask = Propose("q", Prefix(prompt), 1, Sampling(6, temperature=0), Noise((0,)))
    [draw] = run(model, ask)["q"].draws
    assert draw.segment.text.startswith(" Paris")


def test_seeds_make_draws_and_all_are_counted(model):
    ask = Propose("q", document("Once upon a time"), 6, Sampling(8), Noise(("seed",)))
    reply = run(model, ask)["q"]
    texts = [draw.segment.text for draw in reply.draws]
    assert len(set(texts)) > 1
    assert reply.usage.sampled_tokens >= 6 * 8 - sum(draw.finish == "end" for draw in reply.draws) * 8
    again = run(model, Propose("q", document("Once upon a time"), 1, Sampling(8), Noise(("seed",)), first_draw=3))["q"]
    assert again.draws[0].segment.text == texts[3]


def test_it_does_not_weigh_and_says_so(model):
    if Ability.WEIGH in model.abilities:
        reply = run(model, Weigh("w", document("The capital of France is"), (Segment(" Paris"), Segment(" Rome"))))["w"]
        assert reply.segments[0].logp > reply.segments[1].logp
    else:
        with pytest.raises(Unsupported, match="these can: smollm2"):
            model.submit([Weigh("w", document("The capital of France is"), (Segment(" Paris"),))])


def test_cancelling_frees_its_slot(model):
    url = model.address.url.removesuffix("/v1")
    model.submit([Propose("q", document("Once upon a time"), 2, Sampling(900), Noise((0,)))])
    while not model.step().deltas:
        pass
    model.cancel(["q"])
    [reply] = model.step().replies
    assert {draw.finish for draw in reply.draws} == {"cancelled"}
    for _ in range(100):
        with urllib.request.urlopen(f"{url}/slots") as slots:
            if not any(slot["is_processing"] for slot in json.load(slots)):
                return
        time.sleep(0.1)
    raise AssertionError("the server went on")
