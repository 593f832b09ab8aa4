"""The default model, as it is fetched, against llama.cpp reading the same file."""

import json
import subprocess
import sys

import pytest

from nightschool.asks import Propose, Weigh
from nightschool.items import Message, Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models import resolve
from nightschool.models.weights import kept, packaged

pytestmark = pytest.mark.slow
TEXTS = [
    "12 345 67,89", "[53, 7, 12]", "Hello world  x\n\n\tdef f(): it's 2024!", "3.14159 and 1e-9",
    "Größe: 10 µm, 北京 1984",
    "a\u00a0b 👍🏽 2nd 3rd", "<|im_start|>user\n53, 12<|im_end|>", "   leading", "tail   ", "x=1;y=22;z=333",
]  # fmt: skip
TOKENIZE = """
import json, sys, urllib.request, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.port, params.cpuparams.n_threads = sys.argv[1], 256, 0, 1
server = xllamacpp.Server(params)
for text in json.load(sys.stdin):
    body = json.dumps({"content": text}).encode()
    request = urllib.request.Request(server.listening_address + "/tokenize", body, {"Content-Type": "application/json"})
    print(urllib.request.urlopen(request).read().decode())
"""


@pytest.fixture(scope="module")
def model():
    return resolve.open_model("smollm2")


def run(model, ask):
    model.submit([ask])
    while not (replies := model.step().replies):
        pass
    return replies[0]


def test_it_is_kept_under_its_content(model):
    manifest = kept.manifest_of(resolve.get("smollm2"))
    assert manifest.sha256 == packaged.SMOLLM2.sha256
    assert model.identity == manifest.identity


def test_its_tokens_are_those_of_llama_cpp(model, smollm2_gguf):
    pytest.importorskip("xllamacpp")
    command = [sys.executable, "-c", TOKENIZE, str(smollm2_gguf)]
    done = subprocess.run(command, input=json.dumps(TEXTS), capture_output=True, text=True, check=True)
    theirs = [json.loads(line)["tokens"] for line in done.stdout.splitlines()]
    assert [model.encode_segment(text) for text in TEXTS] == theirs


def test_it_answers_in_its_chat_template(model):
    prompt = Prompt((Message("user", "What is the capital of France?"),))
    reply = run(model, Propose("q", Prefix(prompt), 1, Sampling(24, temperature=0), Noise((0,))))
    assert "Paris" in reply.draws[0].segment.text
    assert reply.draws[0].finish == "end"


def test_it_weighs_sense_above_nonsense(model):
    words = (Segment(" Paris"), Segment(" Rome"), Segment(" seventeen"))
    reply = run(model, Weigh("w", Prefix(Prompt(text="The capital of France is")), words))
    logps = [segment.logp for segment in reply.segments]
    assert logps == sorted(logps, reverse=True)
    assert logps[0] == pytest.approx(-0.26, abs=0.05)  # as llama.cpp has it, which computes on the quantised weights


def test_the_second_start_reads_the_cache_alone():
    script = (
        "import socket, sys\nfrom nightschool.models.weights import convert, packaged\n"
        "def never(*words, **more): raise SystemExit('looked further than the cache')\n"
        "socket.socket.connect = packaged.gguf_of = convert.converted = never\n"
        "from nightschool.models.resolve import open_model\nopen_model('smollm2')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
