import subprocess
import sys

import pytest

from nightschool import config
from nightschool.errors import BadFile
from nightschool.items import Usage


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


def test_without_a_file_there_are_defaults(tmp_path):
    assert config.read(environ={"NIGHTSCHOOL_HOME": str(tmp_path)}) == config.Config()
    assert config.Config().model == "smollm2"


def test_the_file_is_read_where_it_was_named_or_where_it_belongs(file, tmp_path):
    path = file('model = "scripted"\n[endpoint]\nrequests = 3\ntimeout_s = 2\n[prices."gpt-*"]\nsampled = 2.0')
    read = config.read(path, {})
    assert (read.model, read.endpoint.requests, read.endpoint.timeout_s, read.source) == ("scripted", 3, 2.0, path)
    assert config.read(environ={"NIGHTSCHOOL_CONFIG": str(path)}) == read
    (tmp_path / "config").mkdir()
    belongs = path.rename(tmp_path / "config" / "config.toml")
    assert config.read(environ={"NIGHTSCHOOL_HOME": str(tmp_path)}).source == belongs


def test_the_environment_goes_before_the_file(file):
    read = config.read(file('model = "scripted"'), {"NIGHTSCHOOL_MODEL": "smollm2", "NIGHTSCHOOL_REQUESTS": "2"})
    assert (read.model, read.endpoint.requests) == ("smollm2", 2)
    with pytest.raises(BadFile, match="NIGHTSCHOOL_REQUESTS='many'"):
        config.read(None, {"NIGHTSCHOOL_HOME": "/nowhere", "NIGHTSCHOOL_REQUESTS": "many"})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("modle = 1", r"config.toml: unknown key 'modle'; did you mean model\?"),
        ("[endpoint]\nrequest = 1", "unknown key 'endpoint.request'; did you mean requests"),
        ("[endpoint]\nrequests = 0", "'endpoint.requests': input should be greater than or equal to 1, not 0"),
        ('[prices.a]\nprompt = "x"', "'prices.a.prompt': .* not 'x'"),
        ("[prices.a]\nsample = 1.0", "unknown key 'prices.a.sample'; did you mean sampled"),
        ("model = ", "not TOML"),
    ],
)
def test_a_broken_file_names_file_key_and_near_misses(file, text, problem):
    with pytest.raises(BadFile, match=problem):
        config.read(file(text), {})


def test_a_key_pasted_into_the_file_is_refused_and_not_repeated(file):
    with pytest.raises(BadFile, match="never a key") as caught:
        config.read(file('[endpoint]\nkey_variable = "sk-secret"'), {})
    assert "secret" not in str(caught.value)


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(BadFile, match="no such"):
        config.read(tmp_path / "none.toml", {})


def test_prices_by_name_before_pattern_and_by_the_part_behind_the_url():
    cheap, dear = config.Price(1, 2), config.Price(3, 4)
    prices = config.Config(prices={"gpt-*": cheap, "gpt-5": dear, "*": config.Price()})
    assert prices.price("gpt-5") is dear
    assert prices.price("openai:https://api.example/v1#gpt-4") is cheap
    assert config.Config().price("gpt-5") is None
    assert dear.of(Usage(prompt_tokens=1_000_000, weighed_tokens=1_000_000, sampled_tokens=500_000)) == 8.0


def test_pydantic_is_not_imported_without_a_file(tmp_path):
    script = "import sys; from nightschool import config; config.read(environ={'NIGHTSCHOOL_HOME': sys.argv[1]}); "
    script += "sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 0
