import os
import subprocess
import sys

import pytest

from nightschool.errors import BadSpec
from nightschool.models.weights import hub
from nightschool.models.weights.told import Told

COMMIT = "a" * 40


def ask(repository, **environ):
    """Ask in a process of its own: the hub's library reads its environment once."""
    script = (
        "import sys\nfrom nightschool.errors import NightschoolError\n"
        "from nightschool.models.weights import hub\nfrom nightschool.models.weights.told import Told\n"
        "try: print(hub.snapshot(sys.argv[1], Told()))\n"
        "except NightschoolError as error: print(type(error).__name__, error)"
    )
    command = [sys.executable, "-c", script, repository]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("HF_")} | environ
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def home(tmp_path):
    repository = tmp_path / "hub" / "models--org--name"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    (snapshot / "config.json").write_text("{}")
    (snapshot / "model.safetensors").write_bytes(b"")
    return tmp_path


def test_a_copy_on_this_machine_is_used_without_asking_anybody(home):
    folder = home / "hub" / "models--org--name" / "snapshots" / COMMIT
    assert ask("org/name", HF_HOME=str(home), HF_HUB_OFFLINE="1") == str(folder)
    assert ask("org/name", HF_HOME=str(home), HF_ENDPOINT="http://127.0.0.1:9") == str(folder)


@pytest.mark.parametrize("environ", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}])
def test_without_a_network_one_line_says_how_to_pass_a_path(home, environ):
    said = ask("org/other", HF_HOME=str(home), **environ)
    assert said.startswith("ModelNotFound org/other is not on this machine and the hub cannot be reached")
    assert said.endswith("--model ./other")
    assert "\n" not in said


def test_half_a_copy_is_not_used(home):
    (home / "hub" / "models--org--name" / "snapshots" / COMMIT / "model.safetensors").unlink()
    assert "ModelNotFound hf:org/name is not whole" in ask("org/name", HF_HOME=str(home), HF_HUB_OFFLINE="1")


def test_a_folder_is_whole_when_all_shards_are_there(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert not hub.whole(tmp_path)
    shards = '{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}'
    (tmp_path / "model.safetensors.index.json").write_text(shards)
    (tmp_path / "1.safetensors").write_bytes(b"")
    assert not hub.whole(tmp_path)
    (tmp_path / "2.safetensors").write_bytes(b"")
    assert hub.whole(tmp_path)


@pytest.mark.parametrize("name", ["", "name", "a/b/c", "org/na me"])
def test_what_is_no_repository(name):
    with pytest.raises(BadSpec, match="write hf:ORG/NAME"):
        hub.snapshot(name, Told())
