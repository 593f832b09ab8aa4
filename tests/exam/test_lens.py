"""The lens on a tiny model: at the last layer it says what the model says, and at the first what the embedding does."""

import pytest
import torch

from nightschool.exam.lens import layers_of
from nightschool.items import Prompt
from nightschool.models.local.model import LocalModel
from nightschool.worlds.presidents import Presidents
from support.sittings import sat
from support.tiny_models import tiny_model_folder


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def model(request, tmp_path_factory):
    return LocalModel.from_folder(
        tiny_model_folder(tmp_path_factory.mktemp("tiny"), kind=request.param), dtype="float32", name="tiny"
    )


def test_the_last_layer_says_what_the_model_says(model):
    ids = torch.tensor([model.encode(Prompt(text="The first president was"))])
    with torch.no_grad():
        out = model.fresh_module()(input_ids=ids, output_hidden_states=True)
    truth = out.logits[0, -1].log_softmax(-1)
    for token in (5, 70):
        logps, ranks = model.lens(out.hidden_states[-1][:, -1], model.depth, [token])
        assert logps[0] == pytest.approx(float(truth[token]), abs=1e-4)
        assert ranks[0] == int((truth > truth[token]).sum())
    first, _ = model.lens(out.hidden_states[0][:, -1], 0, [5])
    assert first[0] != pytest.approx(float(truth[5]), abs=1e-3)


def test_truth_rank_goes_through_the_layers(model):
    report = sat(Presidents("number"), model, rungs=("zero-shot:wordings=1",), look=("truth-rank:layers=3",), items=12)
    facts = report.findings[0].facts
    assert facts["layers"][0][0] == 0
    assert facts["layers"][-1][0] == model.depth
    last = {item: rank for item, rank, *_ in facts["items"]}
    assert facts["layers"][-1][1] == pytest.approx(sorted(last.values())[len(last) // 2], rel=0.35)
    names = [drawing.title for drawing in report.findings[0].drawings]
    assert "rank along the list, by layer" in names
    none = sat(Presidents("number"), model, rungs=("zero-shot:wordings=1",), look=("truth-rank:layers=0",), items=4)
    assert "layers" not in none.findings[0].facts


def test_layers_are_spread_from_the_embedding_to_the_last():
    assert layers_of(30, 8)[0] == 0
    assert layers_of(30, 8)[-1] == 30
    assert layers_of(1, 8) == [0, 1]
