import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from nightschool.asks import Propose, Weigh
from nightschool.errors import BadSpec, ModelDamaged, ModelNotFound, PromptTooLong, Unsupported
from nightschool.items import Message, Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.kinds import GGUF
from nightschool.models.llama_cpp.model import LlamaCpp
from nightschool.models.resolve import describe, open_model
from nightschool.models.weights.told import Told
from nightschool.ports import Ability, Model
from support.tiny_gguf import tiny_gguf

pytest.importorskip("xllamacpp", reason="pip install 'nightschool[llama]'")
OWNER = """
import sys
from nightschool.models.resolve import open_model
print(open_model("gguf:" + sys.argv[1], threads=1).process, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    tiny_gguf(file)
    return file


@pytest.fixture(scope="module")
def tiny(file: Path) -> Iterator[Model]:
    model = open_model(f"gguf:{file}", branches=2, threads=1)
    yield model
    model.close()


def run(model: Model, *asks: Propose) -> dict[str, list]:
    model.submit(asks)
    replies: dict[str, list] = {}
    until = time.monotonic() + 120
    while len(replies) < len(asks):
        replies |= {reply.id: list(reply.draws) for reply in model.step().replies}
        assert time.monotonic() < until
    return replies


def document(text: str) -> Prefix:
    return Prefix(Prompt(text=text))


def test_what_it_is_and_can_do(tiny: Model, file: Path) -> None:
    assert isinstance(tiny, Model)
    assert tiny.name == f"gguf:{file}"
    assert describe(tiny.name) is GGUF
    assert tiny.abilities == GGUF.abilities
    assert tiny.context_tokens == 128  # what the file was made for, though more was asked for
    assert tiny.count_tokens("a12") == 3
    with pytest.raises(BadSpec, match=r"'thread'; did you mean threads"):
        open_model(f"gguf:{file}", thread=1)


def test_draws_have_seeds_tokens_and_log_probabilities(tiny: Model) -> None:
    ask = Propose("q", document("ab"), 4, Sampling(6), Noise(("seed",)))
    draws = run(tiny, ask)["q"]
    assert len({draw.segment.text for draw in draws}) > 1
    for draw in draws:
        if draw.segment.tokens is not None:
            assert len(draw.segment.tokens) == len(draw.segment.logps) <= 6
            assert draw.segment.logp < 0
    [third] = run(tiny, Propose("q", document("ab"), 1, Sampling(6), Noise(("seed",)), first_draw=2))["q"]
    assert third.segment.text == draws[2].segment.text


def test_what_does_not_fit_is_refused_with_both_counts_and_nothing_taken_in(tiny: Model) -> None:
    fits = Propose("fits", document("ab"), 1, Sampling(2), Noise((0,)))
    for prompt in (Prompt(text="x" * 127), Prompt((Message("user", "x" * 127),))):
        with pytest.raises(PromptTooLong, match=r"prompt of 1\d\d tokens and 8 more do not fit the 128 tokens"):
            tiny.submit([fits, Propose("q", Prefix(prompt), 1, Sampling(8), Noise((0,)))])
    assert list(run(tiny, fits)) == ["fits"]


def test_what_it_cannot_do_names_what_can(tiny: Model) -> None:
    with pytest.raises(Unsupported, match=r"cannot weigh given text.*these can: smollm2"):
        tiny.submit([Weigh("w", document("a"), (Segment("b"),))])


def test_files_that_are_none_are_damaged_or_of_another_kind(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no such file"):
        open_model(f"gguf:{tmp_path / 'none.gguf'}")
    other = tmp_path / "other.gguf"
    other.write_bytes(b"PK\3\4 something else")
    with pytest.raises(ModelDamaged, match=r"begins with b'PK"):
        open_model(f"gguf:{other}")
    other.write_bytes(file.read_bytes()[:30_000])
    with pytest.raises(ModelDamaged, match=r"other.gguf \(30,000 bytes\): .*not within the file.*fetch it again"):
        open_model(f"gguf:{other}")
    tiny_gguf(other, architecture="abacus")
    with pytest.raises(ModelDamaged, match=r"other.gguf .*unknown model architecture: 'abacus'; a newer"):
        open_model(f"gguf:{other}")


def test_it_ends_with_whoever_opened_it_though_that_was_killed(file: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    process = psutil.Process(int(owner.stdout.readline()))
    assert process.is_running()
    owner.kill()
    owner.communicate()
    process.wait(60)  # raises where it goes on


def test_nobody_without_the_key_is_answered(tiny: LlamaCpp) -> None:
    import httpx

    url = tiny._child.url
    assert httpx.post(f"{url}/v1/completions", json={"prompt": "a"}, trust_env=False).status_code == 401
    arguments = " ".join(psutil.Process(tiny.process).cmdline())
    assert tiny._child.key not in arguments


@pytest.mark.slow
def test_the_packaged_file_answers_in_sense_and_form(smollm2_gguf: Path) -> None:
    model = LlamaCpp(smollm2_gguf, Told(), name="packaged", branches=2, context_tokens=512)
    schema = '{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}'
    capital = Prompt((Message("user", "Name the capital of France."),), prefill="The capital of France is")
    asks = [
        Propose("stop", document("The capital of France is"), 1, Sampling(8, 0, stop=(".",)), Noise((0,))),
        Propose("chat", Prefix(capital), 1, Sampling(6, 0), Noise((0,))),
        Propose("form", document("As JSON: "), 2, Sampling(60, 0.5, json_schema=schema), Noise((0,))),
    ]
    try:
        draws = run(model, *asks)
    finally:
        model.close()
    [stopped] = draws["stop"]
    assert (stopped.segment.text, stopped.finish, stopped.stopped_by) == (" Paris", "stop", ".")
    assert -1 < stopped.segment.logp < 0
    assert draws["chat"][0].segment.text.startswith(" Paris")
    for draw in draws["form"]:
        if draw.finish == "end":
            assert isinstance(json.loads(draw.segment.text)["a"], int)
    assert not psutil.pid_exists(model.process)


def test_a_schema_is_not_begun_anew_behind_half_an_answer(tiny: LlamaCpp) -> None:
    half = document("As JSON: ").append(Segment('{"a": '))
    with pytest.raises(Unsupported, match="does not go on in it"):
        tiny.submit([Propose("form", half, 1, Sampling(9, json_schema='{"type":"object"}'), Noise((0,)))])


def test_a_file_without_a_chat_template_does_not_say_that_it_chats(tmp_path: Path) -> None:
    tiny_gguf(tmp_path / "base.gguf", template=None)
    model = open_model(f"gguf:{tmp_path}/base.gguf", threads=1)
    assert Ability.CHAT not in model.abilities
    assert Ability.DOCUMENT in model.abilities
    model.close()
