from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest

from nightschool.errors import (
    BadSpec,
    EndpointError,
    MissingDependency,
    ModelDamaged,
    ModelError,
    ModelNotFound,
    UnknownName,
    Unsupported,
)
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.remember.embed.bert import Bert
from nightschool.remember.embed.endpoint import EndpointEmbedder
from nightschool.remember.embed.hidden import HiddenStates
from nightschool.remember.embed.named import open_embedder
from nightschool.remember.embed.port import grouped, unit, windows
from nightschool.remember.embed.tensors import read_tensors


def test_windows_leave_nothing_out() -> None:
    for length in (0, 1, 254, 255, 1000):
        pieces = list(windows(range(length), 254))
        assert [n for piece in pieces for n in piece] == list(range(length))
        assert max(len(piece) for piece in pieces) <= 254
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    assert [len(group) for group in grouped(rows, [1, 3, 2])] == [1, 3, 2]


def server(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    if body["model"] != "good":
        return httpx.Response(404, json={"error": "no such model"})
    data = [{"index": i, "embedding": [float(len(text)), 1.0]} for i, text in enumerate(body["input"])]
    return httpx.Response(200, json={"data": data[::-1]})


def test_an_endpoint_embeds_in_order_and_all_of_a_long_text() -> None:
    embedder = EndpointEmbedder("http://localhost:9#good", transport=httpx.MockTransport(server))
    assert embedder.dims == 2
    rows = embedder.memories(["a", "b" * 2500])
    assert [len(each) for each in rows] == [1, 3]
    assert embedder.cues(["aaa"])[0] == pytest.approx(unit(np.array([3.0, 1.0])))


def test_an_endpoint_that_does_not_embed_is_an_error() -> None:
    with pytest.raises(EndpointError, match="is 'bad' an embedder"):
        EndpointEmbedder("http://localhost:9#bad", transport=httpx.MockTransport(server))


def test_hidden_states_are_vectors_of_the_model_itself() -> None:
    embedder = HiddenStates(Scripted(answers="a"))
    same, again, other = embedder.cues(["a cat", "a cat", "a dog"])
    assert same == pytest.approx(again)
    assert np.linalg.norm(other) == pytest.approx(1.0)
    assert [len(rows) for rows in embedder.memories(["x" * 1500, "y"])] == [2, 1]
    with pytest.raises(Unsupported):
        HiddenStates(Scripted(answers="a", lacks=[Ability.HIDDEN]))
    with pytest.raises(ModelError):
        HiddenStates(Scripted(answers="a", faults=lambda ask: "refuse"))


def test_names_are_checked() -> None:
    assert open_embedder("none") is None
    for wrong in ("minilmm", "st:", "openai:"):
        with pytest.raises(UnknownName, match="minilm"):
            open_embedder(wrong)
    with pytest.raises(BadSpec, match="of which model"):
        open_embedder("hidden")
    with pytest.raises(BadSpec, match="a layer is a number"):
        open_embedder("hidden:scripted#top")


def test_hidden_states_are_named_by_their_model_and_layer() -> None:
    model = Scripted(answers="a")
    named = open_embedder("hidden:scripted:answers=a#3")
    assert named is not None
    assert named.name.endswith(":3")
    given = open_embedder("hidden", model=model)
    assert given is not None
    assert given.name == f"hidden:{model.identity[:16]}:-1"
    assert given.cues(["a cat"]) == pytest.approx(HiddenStates(model).cues(["a cat"]))


def sentence_model(folder: Path) -> Path:
    """Write a model with random weights and a few words, and return its folder."""
    pytest.importorskip("sentence_transformers", reason="pip install 'nightschool[sentence]'")
    transformers = pytest.importorskip("transformers", reason="pip install 'nightschool[local]'")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog", "sat", "word"]
    folder.joinpath("vocab.txt").write_text("\n".join(words))
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(folder / "bert")
    transformers.BertTokenizer(str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder / "bert")
    return folder / "bert"


@pytest.mark.filterwarnings("ignore")
def test_any_model_of_sentence_transformers_embeds(tmp_path: Path) -> None:
    embedder = open_embedder(f"st:{sentence_model(tmp_path)}")
    assert embedder is not None
    assert embedder.dims == 16
    assert embedder.name.startswith("st:bert:")
    same, again, other = embedder.cues(["a cat sat", "a cat sat", "a dog"])
    assert same == pytest.approx(again, abs=1e-5)
    assert np.linalg.norm(other) == pytest.approx(1.0)
    assert [rows.shape for rows in embedder.memories(["a cat", "word " * 75])] == [(1, 16), (3, 16)]
    with pytest.raises(ModelNotFound, match="name ORG/NAME or a folder"):
        open_embedder(f"st:{tmp_path}")


def test_without_the_library_its_install_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingDependency, match=r"nightschool\[sentence\]"):
        open_embedder("st:some/model")


def written(path: Path, tensors: dict[str, np.ndarray]) -> Path:
    head, blob = {}, b""
    for name, values in tensors.items():
        head[name] = {
            "dtype": "F32", "shape": list(values.shape), "data_offsets": [len(blob), len(blob) + values.nbytes]
        }  # fmt: skip
        blob += values.tobytes()
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + blob)
    return path


def test_tensors_are_read_and_damage_is_said(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    path = written(tmp_path / "a.safetensors", {"x": values})
    assert read_tensors(path)["x"].tolist() == values.tolist()
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ModelDamaged):
        read_tensors(path)


def tiny_bert(dims: int = 8, layers: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes: dict[str, Sequence[int]] = {
        "embeddings.word_embeddings.weight": (20, dims), "embeddings.position_embeddings.weight": (16, dims),
        "embeddings.token_type_embeddings.weight": (2, dims),
        "embeddings.LayerNorm.weight": (dims,), "embeddings.LayerNorm.bias": (dims,),
    }  # fmt: skip
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{at}{name}.weight": (dims, dims), f"{at}{name}.bias": (dims,)}
        shapes |= {f"{at}intermediate.dense.weight": (4 * dims, dims), f"{at}intermediate.dense.bias": (4 * dims,)}
        shapes |= {f"{at}output.dense.weight": (dims, 4 * dims), f"{at}output.dense.bias": (dims,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{at}{name}.weight": (dims,), f"{at}{name}.bias": (dims,)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_filling_changes_nothing() -> None:
    bert = Bert(tiny_bert(), heads=2)
    ids = np.array([[3, 4, 5, 0, 0], [6, 7, 8, 9, 1]])
    real = np.array([[True] * 3 + [False] * 2, [True] * 5])
    alone = bert.states(ids[:1, :3], real[:1, :3])
    assert bert.states(ids, real)[0, :3] == pytest.approx(alone[0], abs=1e-5)


def test_the_forward_pass_is_that_of_transformers() -> None:
    torch = pytest.importorskip("torch", reason="pip install 'nightschool[local]'")
    transformers = pytest.importorskip("transformers", reason="pip install 'nightschool[local]'")
    weights = tiny_bert()
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=16,
    )  # fmt: skip
    theirs = transformers.BertModel(config, add_pooling_layer=False).eval()
    theirs.load_state_dict({name: torch.tensor(values) for name, values in weights.items()}, strict=False)
    ids = np.array([[3, 4, 5, 0], [6, 7, 8, 9]])
    real = np.array([[True, True, True, False], [True] * 4])
    with torch.inference_mode():
        expected = theirs(torch.tensor(ids), attention_mask=torch.tensor(real)).last_hidden_state.numpy()
    assert Bert(weights, heads=2).states(ids, real)[real] == pytest.approx(expected[real], abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["minilm", "wordllama"])
def test_packaged_embedders_know_what_is_near(name: str) -> None:
    pytest.importorskip("tokenizers", reason="pip install 'nightschool[memory]'")
    embedder = open_embedder(name)
    assert embedder is not None
    meal, food, stocks = embedder.cues(["Somebody has a meal.", "A man eats food.", "The stock market fell."])
    assert meal @ food > meal @ stocks + 0.2
    assert [rows.shape for rows in embedder.memories(["short", "word " * 700])] == [
        (1, embedder.dims),
        (3, embedder.dims),
    ]
    assert np.linalg.norm(embedder.cues(["", "x"]), axis=1)[1] == pytest.approx(1.0)
