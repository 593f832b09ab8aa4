from collections.abc import Iterator

import pytest

from nightschool.asks import Propose, Weigh
from nightschool.errors import ModelNotFound
from nightschool.items import Message, Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.local.model import LocalModel
from support.local_runs import Reference, finish

pytestmark = pytest.mark.slow
CHAT = Prefix(Prompt((Message("user", "Which animal says meow? Answer with one word."),)))


@pytest.fixture(scope="module")
def smollm2() -> Iterator[LocalModel]:
    from nightschool.models.resolve import open_model

    try:
        model = open_model("smollm2", dtype="float32")
    except ModelNotFound as error:
        pytest.skip(f"the weights of smollm2 cannot be had: {error}")
    yield model
    model.close()


def test_a_conversation_is_opened_as_the_template_says(smollm2: LocalModel) -> None:
    text = smollm2.decode(smollm2.encode(CHAT.prompt))
    assert text.startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")
    assert text.endswith("<|im_end|>\n<|im_start|>assistant\n")
    assert smollm2.end_ids == {2}


def test_sampling_and_weighing_are_exact(smollm2: LocalModel) -> None:
    stories = Prefix(Prompt(text="Once upon a time there was a"))
    asks = [
        Propose("greedy", CHAT, 1, Sampling(max_tokens=12, temperature=0), Noise((0,))),
        Propose("free", stories, 6, Sampling(max_tokens=12, temperature=0.9, top_p=0.95), Noise((1,))),
        Weigh("w", stories, (Segment(" little girl"), Segment(" dragon"), Segment(" 😀"))),
    ]
    replies = finish(smollm2, asks)
    reference = Reference(smollm2)
    assert all(reference.error(ask, replies[ask.id]) < 1e-4 for ask in asks)
    girl, dragon, smile = (segment.logp / len(segment.tokens) for segment in replies["w"].segments)
    assert girl > smile
    assert dragon > smile


def test_greedy_text_is_that_of_generate(smollm2: LocalModel) -> None:
    import torch

    reply = finish(smollm2, [Propose("g", CHAT, 1, Sampling(max_tokens=16, temperature=0), Noise((0,)))])["g"]
    ids = torch.tensor([smollm2.encode(CHAT.prompt)])
    out = smollm2.fresh_module().generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=16, do_sample=False)
    new = [token for token in out[0, ids.shape[1] :].tolist() if token not in smollm2.end_ids]
    assert list(reply.draws[0].segment.tokens) == new
