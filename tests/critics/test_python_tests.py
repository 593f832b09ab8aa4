from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from nightschool.critics.judging import judge
from nightschool.critics.python_tests import PythonTests, code_in
from nightschool.errors import BadSpec, MissingDependency
from nightschool.items import Item, Verdict
from nightschool.ports import Outcome
from nightschool.sandbox import Bubblewrap, available, bubblewrap

TESTS = "add(1, 2) == 3\nadd(2, 2) == 4\nadd('a', 'b') == 'ab'"
ITEM = Item("add", {"tests": "add(1, 2) == 3", "head": "def add(a, b):\n"}, TESTS, "k")
RIGHT = "def add(a, b): return a + b"


@pytest.fixture(scope="module")
def sandbox() -> Bubblewrap:
    if (reason := available()) is not None:
        pytest.skip(f"no sandbox here: {reason}")
    return Bubblewrap()


def test_right_code_passes_hidden_tests_and_examples(sandbox: Bubblewrap) -> None:
    assert judge(PythonTests(sandbox=sandbox), ITEM, RIGHT) == Verdict(1.0, True)
    assert judge(PythonTests("verifier", sandbox=sandbox), ITEM, RIGHT) == Verdict(1.0, True)


def test_partly_right_code_gets_its_share(sandbox: Bubblewrap) -> None:
    partly = "def add(a, b):\n    return 3 if a == 1 else a / b"
    assert judge(PythonTests(sandbox=sandbox), ITEM, partly) == Verdict(
        1 / 3,
        False,
        "test 2 gave a wrong value. test 3 raised TypeError: unsupported operand type(s) for /: 'str' and 'str'.",
    )


def test_examples_are_told_in_full_and_hidden_tests_never(sandbox: Bubblewrap) -> None:
    wrong = "def add(a, b): return a - b"
    assert judge(PythonTests("verifier", sandbox=sandbox), ITEM, wrong).feedback == "add(1, 2) gave -1, not 3."
    hidden = judge(PythonTests(sandbox=sandbox), ITEM, wrong).feedback
    assert "add(" not in hidden
    assert "3" not in hidden.replace("test 3", "")


def test_fenced_code_and_code_that_continues(sandbox: Bubblewrap) -> None:
    critic = PythonTests(sandbox=sandbox)
    assert judge(critic, ITEM, f"Here:\n```python\n{RIGHT}\n```\nDone.").passed
    assert judge(PythonTests(sandbox=sandbox, before="head"), ITEM, "    return a + b").passed
    assert code_in("```py\nx = 1\n```") == "x = 1"
    assert code_in("```\nx = 1") == "x = 1"
    assert code_in("x = 1") == "x = 1"


def test_how_code_ends_is_told(sandbox: Bubblewrap) -> None:
    def feedback(code: str, limit_s: float = 20) -> str:
        return judge(PythonTests(limit_s=limit_s, sandbox=sandbox), ITEM, code).feedback

    assert feedback("def add(a, b):").startswith("The code does not load: IndentationError")
    assert feedback("import os\nos._exit(0)") == "test 1: the code ended the program before it gave a value."
    assert (
        feedback("def add(a, b):\n    while a == 2: pass\n    return 3", 2)
        == "test 2: the code did not end within 2 s."
    )


def test_tests_that_cannot_be_read_are_the_critics_failure(sandbox: Bubblewrap) -> None:
    error = judge(PythonTests(sandbox=sandbox), Item("i", {}, "add(1, 2)", "k"), RIGHT).error
    assert error is not None
    assert "line 1 of the tests is 'add(1, 2)'" in error


class Recording:
    """A sandbox that runs nothing and remembers what it was given."""

    given = b""

    def run(self, argv: Sequence[str], *, stdin: bytes, files: Mapping[str, bytes], timeout_s: float) -> Outcome:
        self.given = stdin + b"".join(files.values()) + " ".join(argv).encode()
        return Outcome(1, b"", b"broken", 0.0, "exit")


def test_expected_values_never_enter_the_sandbox() -> None:
    recording = Recording()
    verdict = judge(PythonTests(sandbox=recording), Item("i", {}, "add(1, 2) == 918273645", "k"), RIGHT)
    assert b"add(1, 2)" in recording.given
    assert b"918273645" not in recording.given
    assert json.dumps(RIGHT).encode() in recording.given
    assert verdict.error is not None
    assert "the sandbox did not start (ended by exit, 1): broken" in verdict.error


def test_without_a_sandbox_it_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        bubblewrap, "available", lambda: "bubblewrap is not installed; type: apt-get install bubblewrap"
    )
    with pytest.raises(MissingDependency, match="apt-get install bubblewrap"):
        PythonTests()


@pytest.mark.parametrize("how", [{"limit_s": 0}, {"memory_mb": -1}, {"sight": "both"}])
def test_parameters_that_make_no_sense(how: dict[str, object]) -> None:
    with pytest.raises(BadSpec, match="python-tests"):
        PythonTests(sandbox=Recording(), **how)  # type: ignore[arg-type]
