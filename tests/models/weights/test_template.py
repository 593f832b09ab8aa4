from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.errors import ModelDamaged
from nightschool.models.resolve import chats
from nightschool.models.weights import gguf_file, hub
from nightschool.models.weights.template import has_template
from support.tiny_gguf import tiny_gguf


@pytest.mark.parametrize("template", ["{{ messages }}", None])
def test_a_gguf_file_says_whether_it_has_one(tmp_path: Path, template: str | None) -> None:
    file = tmp_path / "tiny.gguf"
    tiny_gguf(file, template=template)
    assert "tokenizer.ggml.tokens" in list(gguf_file.keys(file))
    assert has_template(file) is chats(str(file)) is chats(f"gguf:{file}") is (template is not None)


def test_a_file_that_is_cut_or_damaged_is_left_to_whoever_loads_it(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    tiny_gguf(file, template=None)
    whole = file.read_bytes()
    for damaged in (whole[:4], whole[:700], whole[:16] + b"\xff" * 200, b"not gguf", b""):
        file.write_bytes(damaged)
        with pytest.raises(ModelDamaged):
            list(gguf_file.keys(file))
        assert has_template(file) is None


def test_a_folder_says_so_in_a_file_of_its_own_or_in_that_of_the_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert chats(str(tmp_path)) is None
    tokenizer = tmp_path / "tokenizer_config.json"
    tokenizer.write_text("[")
    assert chats(str(tmp_path)) is None
    tokenizer.write_text(json.dumps({"chat_template": None}))
    assert chats(str(tmp_path)) is False
    tokenizer.write_text(json.dumps({"chat_template": "{{ messages }}"}))
    assert chats(str(tmp_path)) is True
    tokenizer.write_text("{}")
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    assert chats(str(tmp_path)) is True


def test_other_names_need_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chats("gemma3-270m:dtype=float32") is False
    assert chats("gguf:gemma3-270m") is False
    assert chats("smollm2") is chats("gguf:smollm2") is True
    assert chats("./nowhere") is chats("gguf:nowhere") is chats("scripted") is chats("openai:http://nowhere#m") is None
    (tmp_path / "tokenizer_config.json").write_text("{}")
    monkeypatch.setattr(hub, "here", lambda repository: tmp_path if repository == "o/base" else None)
    assert chats("hf:o/base") is False
    assert chats("hf:o/other") is None
