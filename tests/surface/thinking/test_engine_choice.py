from pathlib import Path
from types import SimpleNamespace

import pytest

from nightschool.models.weights import kept, packaged
from nightschool.surface.thinking import engine_choice


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with llama.cpp, the file of smollm2, no GPU and no night."""
    monkeypatch.setattr(engine_choice.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(packaged, "file_here", lambda model: tmp_path if model.name == "smollm2" else None)
    monkeypatch.setattr(engine_choice, "_has_gpu", lambda: False)
    monkeypatch.setattr(engine_choice, "ledger", lambda: None)


@pytest.mark.parametrize("strategy", ["single", "monologue:draft=true"])
@pytest.mark.parametrize("night", [None, "none"])
def test_one_answer_of_the_default_model_is_written_by_llama_cpp(here: None, strategy: str, night: str | None) -> None:
    assert engine_choice.for_one_answer("smollm2", strategy, night) == "gguf:smollm2"


@pytest.mark.parametrize(
    ("name", "strategy", "night"),
    [
        ("smollm2", "best-of-n:n=8", None),
        ("smollm2", "single", "3f2a"),
        ("smollm2:dtype=auto", "single", None),
        ("gemma3-270m", "single", None),
        ("hf:org/name", "single", None),
        ("./folder", "single", None),
        ("scripted", "single", None),
    ],
)
def test_all_else_is_for_the_model_that_was_named(here: None, name: str, strategy: str, night: str | None) -> None:
    assert engine_choice.for_one_answer(name, strategy, night) == name


@pytest.mark.parametrize("lacks", ["wheel", "file", "CPU alone"])
def test_what_llama_cpp_needs_must_be_here(here: None, lacks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if lacks == "wheel":
        monkeypatch.setattr(engine_choice.importlib.util, "find_spec", lambda name: None)
    elif lacks == "file":
        monkeypatch.setattr(packaged, "file_here", lambda model: None)
    else:
        monkeypatch.setattr(engine_choice, "_has_gpu", lambda: True)
    assert engine_choice.for_one_answer("smollm2", "single", None) == "smollm2"


def test_a_mind_that_slept_answers_with_its_night(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = kept.identity_for(packaged.SMOLLM2.sha256)
    nights = SimpleNamespace(current=lambda base: "night" if base == identity else None)
    monkeypatch.setattr(engine_choice, "ledger", lambda: nights)
    assert engine_choice.for_one_answer("smollm2", "single", None) == "smollm2"
    assert engine_choice.for_one_answer("smollm2", "single", "none") == "gguf:smollm2"
