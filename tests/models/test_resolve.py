import os
import subprocess
import sys

import pytest

from nightschool import registry
from nightschool.config import Config
from nightschool.errors import BadSpec, ModelNotFound, UnknownName, Unsupported
from nightschool.models import resolve
from nightschool.models.kinds import ENDPOINT, LOCAL, SCRIPTED
from nightschool.models.openai_http.model import HttpModel
from nightschool.models.scripted import Scripted
from nightschool.models.weights import hub, kept, packaged
from nightschool.ports import Ability
from support.tiny_gguf import tiny_gguf
from support.tiny_models import tiny_model_folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(tmp_path / "cache"))


def test_a_registered_name_with_options():
    assert isinstance(resolve.open_model("scripted"), Scripted)
    assert resolve.open_model("scripted:context_tokens=9").context_tokens == 9
    assert resolve.open_model("scripted:context_tokens=9", context_tokens=8).context_tokens == 8
    assert resolve.open_model("scripted:context_tokens=9").name == "scripted:context_tokens=9"
    for wrong in ({"dtype": "float32"}, {}):
        with pytest.raises(BadSpec, match="dtype"):
            resolve.open_model("scripted" if wrong else "scripted:dtype=float32", **wrong)


def test_an_unknown_name_has_near_misses():
    with pytest.raises(UnknownName, match=r"no model called 'smolm2'; did you mean smollm2.*or hf:ORG/NAME"):
        resolve.open_model("smolm2")
    with pytest.raises(UnknownName, match="smollm2"):
        resolve.get("smolm2")


def test_an_endpoint_is_not_touched_before_it_is_needed():
    model = resolve.open_model("openai:http://127.0.0.1:9#m", Config())
    assert isinstance(model, HttpModel)
    assert model.name == "openai:http://127.0.0.1:9#m"
    model.close()
    with pytest.raises(BadSpec, match="no option 'dtype'"):
        resolve.open_model("openai:http://127.0.0.1:9#m", dtype="float32")


def test_a_transformers_folder(tmp_path, monkeypatch):
    folder = tiny_model_folder(tmp_path, kind="llama")
    model = resolve.open_model(str(folder), dtype="float32")
    assert model.name == str(folder)
    assert Ability.TRAIN in model.abilities
    monkeypatch.chdir(folder.parent)
    assert resolve.open_model(folder.name).identity == model.identity
    assert resolve.get(f"./{folder.name}").resolve() == folder
    with pytest.raises(BadSpec, match=r"'dtyp'; did you mean dtype"):
        resolve.open_model(str(folder), dtyp="float32")


def test_a_gguf_file_is_converted_once_and_named_by_its_content(tmp_path):
    tiny_gguf(tmp_path / "t.gguf")
    model = resolve.open_model(str(tmp_path / "t.gguf"))
    assert model.identity == kept.identity_for(kept.sha256_of(tmp_path / "t.gguf"))
    assert resolve.get(str(tmp_path / "t.gguf")) == kept.folder_for(kept.sha256_of(tmp_path / "t.gguf"))


def test_paths_that_lead_nowhere(tmp_path):
    with pytest.raises(ModelNotFound, match="there is no"):
        resolve.open_model("./nowhere")
    with pytest.raises(ModelNotFound, match="there is no"):
        resolve.open_model("nowhere.gguf")
    (tmp_path / "a.gguf").touch()
    with pytest.raises(ModelNotFound, match=r"no config.json.*it holds a.gguf: name that file"):
        resolve.open_model(str(tmp_path))


def test_where_a_packaged_model_is_looked_for(monkeypatch, tmp_path):
    def missing(*words):
        raise ModelNotFound("not this way")

    monkeypatch.setattr(packaged, "_downloaded", missing)
    monkeypatch.setattr(packaged, "_installed", lambda part: None)
    monkeypatch.setattr(hub, "snapshot", missing)
    with pytest.raises(ModelNotFound, match=r"smollm2 could not be had.*nightschool get smollm2, then copy .*models"):
        resolve.get("smollm2")
    monkeypatch.setattr(hub, "snapshot", lambda repository, watch: tmp_path / repository)
    assert resolve.get("smollm2") == tmp_path / "HuggingFaceTB" / "SmolLM2-135M-Instruct"


def test_kinds_are_known_without_loading():
    assert [resolve.describe(name) for name in ("smollm2", "hf:org/name", "./x", "a.gguf")] == [LOCAL] * 4
    assert resolve.describe("openai:http://x#m") is ENDPOINT
    assert resolve.describe("scripted") is SCRIPTED
    assert Scripted().abilities == SCRIPTED.abilities
    with pytest.raises(UnknownName):
        resolve.describe("none")
    with pytest.raises(Unsupported, match="no weights"):
        resolve.get("scripted")


def test_a_plugin_gets_what_it_takes_and_must_keep_the_port(monkeypatch):
    def stranger(config):
        assert isinstance(config, Config)
        return Scripted("hello")

    monkeypatch.setattr(registry, "names", lambda kind: ["stranger"])
    monkeypatch.setattr(registry, "load", lambda kind, name: stranger)
    assert isinstance(resolve.open_model("stranger"), Scripted)
    assert resolve.describe("stranger") is None
    monkeypatch.setattr(registry, "load", lambda kind, name: lambda: object())
    with pytest.raises(BadSpec, match="keeps not the port"):
        resolve.open_model("stranger")


def test_without_torch_the_line_that_installs_it(tmp_path):
    folder = tiny_model_folder(tmp_path, kind="llama")
    script = (
        "import sys; sys.modules['torch'] = None\nfrom nightschool.models import resolve\n"
        "try: resolve.open_model(sys.argv[1])\nexcept ImportError as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], env=os.environ, capture_output=True, text=True, check=True
    )
    assert "MissingDependency" in done.stdout
    assert "needs torch; type: pip install 'nightschool[local]'" in done.stdout
