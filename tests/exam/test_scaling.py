"""What size brings, on families of which it is known: planted growth, shares, steps and failures."""

import pytest

from nightschool.errors import UsageError
from nightschool.exam.family import Member, from_one_step, reached, row_named
from nightschool.exam.scaling import scaling
from nightschool.items import Item, Split
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from support.sittings import sat
from support.tiny_worlds import Doubling

ITEMS = 60


def number(prompt: str) -> int:
    return int("".join(char for char in prompt.splitlines()[-2 if "assistant" in prompt else -1] if char.isdigit()))


def member(size: float, able: float, sure: float, *, shown: float = 1.0, world: Doubling | None = None) -> Member:
    """One that answers the share `able` of plain questions, gives the truth the probability `sure` there, and answers
    the share `shown` after examples, and a tenth of bare numbers.
    """

    def says(prompt: str) -> dict[str, float]:
        value = number(prompt)
        share = shown if prompt.count("user:") > 1 else (able if "Double" in prompt or "twice" in prompt else 0.1)
        right, rank = str(2 * value), value * 7919 % 100 / 100
        likely = max(sure, 0.51) if rank < share else min(sure, 0.49)
        return {right: likely, "no": 1 - likely}

    report = sat(
        world or Doubling(), Scripted(says, name=f"of {size:g}"), items=ITEMS, look=("truth-rank", "failures"),
        rungs=("control", "zero-shot", "few-shot:k=3"),
    )  # fmt: skip
    return Member(f"m{size:g}", size, report)


SMOOTH = [member(10.0**k, able, sure) for k, (able, sure) in
          enumerate([(0.1, 0.1), (0.3, 0.2), (0.5, 0.4), (0.7, 0.6), (0.95, 0.9)], 3)]  # fmt: skip
SWITCH = [member(10.0**k, able, sure) for k, (able, sure) in
          enumerate([(0.05, 0.1), (0.05, 0.2), (0.95, 0.4), (0.95, 0.6), (0.95, 0.9)], 3)]  # fmt: skip


def test_smooth_growth_is_called_so() -> None:
    finding = scaling(SMOOTH)
    assert finding.facts["shapes"]["accuracy"]["shape"] == "smooth"
    assert "grows smoothly" in finding.sentence
    assert [each["name"] for each in finding.facts["members"]] == ["m1000", "m10000", "m100000", "m1e+06", "m1e+07"]
    nats = [each["nats"] for each in finding.facts["members"]]
    assert nats == sorted(nats, reverse=True)
    assert len(set(map(tuple, finding.facts["prompts_tried"].values()))) == 1
    assert "in the same" in " ".join(finding.notes)


def test_a_switch_is_called_so_and_placed() -> None:
    found = scaling(SWITCH).facts["shapes"]["accuracy"]
    assert found["shape"] == "switch-like"
    assert found["before"] == "m100000"


def test_the_share_reached_unshown_is_that_of_the_three_accuracies() -> None:
    half = member(1e3, 0.5, 0.9)
    rows = [row_named(half, name) for name in ("control", "zero-shot", "few-shot/k=3")]
    control, plain, few = (row for row in rows if row is not None)
    found = reached(control, plain, few)
    assert found is not None
    a, b, c = (row.accuracy or 0.0 for row in (control, plain, few))
    assert found.value == pytest.approx((b - a) / (c - a))
    assert found.low < found.value < found.high
    assert reached(few, plain, control) is None  # nothing is added, so there is no share


def test_failures_are_told_by_how_far_they_lie() -> None:
    near, far = (scaling([member(1e3, 0.1, sure), SMOOTH[-1]]).facts["members"][0]["failures"] for sure in (0.45, 0.05))
    assert near[0] < far[0]


def test_bounds_on_the_truth_are_not_its_probability() -> None:
    model = Scripted({"": {"2": 0.6, "4": 0.4}}, lacks=[Ability.WEIGH])
    model.abilities |= {Ability.NEXT}
    served = Member("served", 1e4, sat(Doubling(), model, items=ITEMS, look=("truth-rank",), rungs=("zero-shot",)))
    assert served.report.findings[0].facts["bounds"]
    finding = scaling([SMOOTH[0], served])
    assert finding.facts["members"][1]["nats"] is None
    assert finding.facts["members"][1]["failures"] is None
    assert any(note.startswith("served: ") and "bounds" in note for note in finding.notes)


class Digits(Doubling):
    """Doubling, the answer's digits as steps."""

    def marks(self, item: Item, answer: str) -> tuple[bool, ...]:
        return tuple(a == b for a, b in zip(str(item.target), answer, strict=False))


def test_the_whole_is_foretold_from_the_error_of_a_step() -> None:
    def says(prompt: str) -> str:
        value = number(prompt)
        return str(2 * value) if value % 4 else "0" + str(2 * value)[1:]

    world = Digits()
    report = sat(world, Scripted(says), items=ITEMS, look=("horizon",))
    steps = {item.id: len(str(item.target)) for item in world.items(Split.EXAM, ITEMS)}
    one = Member("one", 1.0, report, steps)
    row = row_named(one, "zero-shot")
    assert row is not None
    found = from_one_step(one, row)
    assert found is not None
    error = report.findings[0].facts["zero-shot"]["error"][0]
    assert found.value == pytest.approx(sum((1 - error) ** n for n in steps.values()) / len(steps))
    assert found.low <= found.value <= found.high


def test_unlike_exams_and_families_of_one_are_refused() -> None:
    with pytest.raises(UsageError, match="two members"):
        scaling(SMOOTH[:1])
    other = Digits()
    other.spec = "other"
    with pytest.raises(UsageError, match="same task"):
        scaling([SMOOTH[0], member(2.0, 0.5, 0.5, world=other)])


def test_three_sizes_tell_no_shape() -> None:
    assert "takes four sizes" in scaling(SMOOTH[:3]).sentence
