import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.items import Item
from nightschool.worlds.calculation import Step, Worked, WorkedSoFar, expression, steps_of, working


def item(text):
    return Item(text, {"expression": text}, None, "k")


@st.composite
def calculations(draw):
    value = draw(st.integers(0, 50))
    steps = []
    for _ in range(draw(st.integers(1, 5))):
        sign = draw(st.sampled_from("+-*/"))
        if sign == "-":
            right = draw(st.integers(0, value))
        elif sign == "/":
            right = draw(st.sampled_from([d for d in range(1, max(value, 1) + 1) if value % d == 0][:20]))
        else:
            right = draw(st.integers(0, 50))
        steps.append(Step(value, sign, right))
        value = steps[-1].result
    return tuple(steps)


@given(calculations())
def test_an_expression_says_what_its_steps_say(steps):
    text = expression(steps)
    assert steps_of(text) == steps
    assert eval(text.replace("/", "//"), {"__builtins__": {}}) == steps[-1].result


@given(calculations())
def test_every_beginning_of_the_working_can_become_right(steps):
    asked, written = item(expression(steps)), working(steps)
    assert Worked(shown=True).judge(asked, written).passed
    scores = [WorkedSoFar(shown=True).judge(asked, written[:end]) for end in range(len(written) + 1)]
    assert all(verdict.passed for verdict in scores)
    assert scores[-1].score == 1.0
    assert not WorkedSoFar(shown=True).judge(asked, written + "; 1").passed


@pytest.mark.parametrize("text", ["", "3", "3 +", "+ 3", "abc"])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(ValueError, match="not an expression"):
        steps_of(text)


@pytest.mark.parametrize("answer", ["43", " 43.", "31 + 12 = 43"])
def test_a_result_alone_is_right(answer):
    assert Worked(shown=False).judge(item("31 + 12"), answer).passed


@pytest.mark.parametrize("answer", ["44", "43, 44", "", "forty-three", "31 + 12 = 44"])
def test_anything_else_is_wrong(answer):
    assert not Worked(shown=False).judge(item("31 + 12"), answer).passed


@pytest.mark.parametrize(
    ("answer", "score", "said"),
    [
        ("3 + 4 = 7; 7 - 2 = 5", 1.0, ""),
        ("3+4=7, 7-2=5.", 1.0, ""),
        ("3 + 4 = 7\n7 - 2 = 5", 1.0, ""),
        ("3 + 4 = 7; 7 - 2 = 6", 0.5, "Step 2 is wrong"),
        ("3 + 4 = 8; 8 - 2 = 6", 0.0, "Step 1 is wrong"),
        ("3 + 4 = 7", 0.5, "Write every step: there are 2"),
        ("5", 0.0, "Step 1 is wrong"),
        ("", 0.0, "Write every step"),
        ("3 + 4 = 7; 7 - 2 = 5; 5", 0.5, "nothing after"),
    ],
)
def test_working_is_judged_step_by_step(answer, score, said):
    verdict = Worked(shown=True).judge(item("3 + 4 - 2"), answer)
    assert (verdict.score, verdict.passed) == (score, score == 1.0)
    assert said in verdict.feedback


def test_a_wrong_turn_is_seen_at_once():
    critic = WorkedSoFar(shown=True)
    assert critic.judge(item("3 + 4 - 2"), "3 + 4 = 7; 7").passed
    assert not critic.judge(item("3 + 4 - 2"), "3 + 4 = 8").passed
    assert WorkedSoFar(shown=False).judge(item("3 + 4 - 2"), "5").passed
    assert not WorkedSoFar(shown=False).judge(item("3 + 4 - 2"), "6").passed


def test_a_family_is_one_fact_said_in_four_ways():
    sums = [Step(31, "+", 12), Step(12, "+", 31), Step(43, "-", 12), Step(43, "-", 31)]
    products = [Step(6, "*", 7), Step(7, "*", 6), Step(42, "/", 6), Step(42, "/", 7)]
    assert len({step.family for step in sums}) == len({step.family for step in products}) == 1
    assert Step(2, "*", 2).family != Step(2, "+", 2).family
