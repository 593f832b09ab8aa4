import json

import numpy as np
import pytest

from nightschool.errors import ModelDamaged, ModelNotFound
from nightschool.models.weights import convert, kept
from nightschool.models.weights.told import Told
from support.tiny_gguf import TEMPLATE, tiny_gguf


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path):
    tiny_gguf(tmp_path / "tiny.gguf")
    return tmp_path / "tiny.gguf"


def test_a_file_becomes_a_folder_that_transformers_reads(tmp_path, cache, capsys):
    import transformers

    tensors = tiny_gguf(tmp_path / "tiny.gguf")
    sha256 = kept.sha256_of(tmp_path / "tiny.gguf")
    folder = convert.converted(tmp_path / "tiny.gguf", sha256, "tiny", Told())
    assert capsys.readouterr().err.splitlines() == ["Dequantising tiny.gguf (once)"]
    module = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    state = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    np.testing.assert_array_equal(state["model.embed_tokens.weight"], tensors["token_embd.weight"])
    np.testing.assert_array_equal(state["model.layers.0.mlp.down_proj.weight"], tensors["blk.0.ffn_down.weight"])
    np.testing.assert_array_equal(state["model.layers.0.self_attn.v_proj.weight"], tensors["blk.0.attn_v.weight"])
    config = json.loads((folder / "config.json").read_text())
    assert "quantization_config" not in config
    assert config["dtype"] == "float32"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert tokenizer.chat_template == TEMPLATE
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("a12")) == ["a", "1", "2"]  # digits stand apart
    manifest = kept.manifest_of(folder)
    assert (manifest.source, manifest.sha256, manifest.identity) == ("tiny", sha256, kept.identity_for(sha256))


def test_it_is_done_once(file, cache):
    sha256 = kept.sha256_of(file)
    folder = convert.converted(file, sha256, "tiny", Told())
    file.unlink()
    assert convert.converted(file, sha256, "tiny", Told()) == folder
    assert [path.name for path in (cache / "models").iterdir()] == [folder.name]


def test_other_tokenizers_keep_digits_together(tmp_path):
    import transformers

    tiny_gguf(tmp_path / "other.gguf", pre="gpt-2")
    folder = convert.converted(tmp_path / "other.gguf", kept.sha256_of(tmp_path / "other.gguf"), "other", Told())
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("a12")) == ["a", "12"]


@pytest.mark.parametrize("kept_bytes", [10, 2_000, 30_000])
def test_a_file_cut_short_is_damaged(file, cache, kept_bytes):
    file.write_bytes(file.read_bytes()[:kept_bytes])
    with pytest.raises(ModelDamaged, match=rf"tiny.gguf \({kept_bytes} bytes\) is cut short"):
        convert.converted(file, "0" * 64, "tiny", Told())
    assert not (cache / "models").exists()


def test_what_is_no_gguf_file(file):
    file.write_bytes(b"PK\3\4 something else")
    with pytest.raises(ModelDamaged, match=r"begins with b'PK"):
        convert.converted(file, "0" * 64, "tiny", Told())
    with pytest.raises(ModelNotFound):
        convert.converted(file.with_name("none.gguf"), "0" * 64, "none", Told())


def test_an_unsupported_architecture_names_the_supported(tmp_path):
    tiny_gguf(tmp_path / "t.gguf", architecture="abacus")
    with pytest.raises(ModelDamaged, match=r"architecture 'abacus'.*supported: .*llama.*qwen2"):
        convert.converted(tmp_path / "t.gguf", "0" * 64, "t", Told())
