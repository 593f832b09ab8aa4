import os

import pytest

from nightschool.errors import ModelDamaged
from nightschool.models.weights import kept


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "model.safetensors").write_bytes(b"12345")
    kept.write_manifest(tmp_path / "w", "here", "ab" * 32, {"torch": "1"})
    return tmp_path / "w"


def test_a_whole_folder(folder, tmp_path):
    manifest = kept.manifest_of(folder)
    assert manifest.files == {"model.safetensors": 5}
    assert manifest.identity == kept.identity_for("ab" * 32)
    assert kept.manifest_of(tmp_path / "none") is None


@pytest.mark.parametrize(("content", "words"), [(b"123", "3 bytes long and was 5"), (None, "missing")])
def test_a_file_that_shrank_or_went_is_damage(folder, content, words):
    file = folder / "model.safetensors"
    file.unlink()
    if content:
        file.write_bytes(content)
    with pytest.raises(ModelDamaged, match=rf"model.safetensors is {words}.*delete"):
        kept.manifest_of(folder)


def test_a_broken_manifest_is_damage(folder):
    (folder / kept.MANIFEST).write_text("{")
    with pytest.raises(ModelDamaged, match="not a manifest"):
        kept.manifest_of(folder)


def test_a_hash_is_computed_again_when_the_file_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "f"
    file.write_bytes(b"one")
    first = kept.remembered_sha256_of(file)
    with monkeypatch.context() as patch:
        patch.setattr(kept, "sha256_of", lambda file: pytest.fail("read again"))
        assert kept.remembered_sha256_of(file) == first
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert kept.remembered_sha256_of(file) == kept.sha256_of(file) != first
