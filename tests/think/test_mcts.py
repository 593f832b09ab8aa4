from __future__ import annotations

import pytest

from nightschool.asks import Judge, Propose
from nightschool.drive import Drive, Job
from nightschool.errors import BadSpec
from nightschool.items import Draw, Noise, Sampling, Trace, Verdict
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.mcts import Mcts
from support.thinking import Likes, digits, draw, replies, run, sorted_so_far, task

SAMPLING = Sampling(max_tokens=40)


def trace(search: Mcts, seed: int = 0, step: bool = True, verifier: bool = True) -> Trace:
    critics = {
        **({"step": Likes(sorted_so_far, least=0.1)} if step else {}),
        **({"verifier": Likes(lambda a: sorted_so_far(a) if a == "1, 2, 3, 4" else 0.0)} if verifier else {}),
    }
    (done,) = Drive(Scripted(rule=digits)).run([Job(search, task(sampling=SAMPLING), Noise((seed,)), critics=critics)])
    return done


def solved(done: Trace) -> bool:
    return done.best is not None and done.best.verdict is not None and done.best.verdict.passed


def test_a_step_critic_finds_what_single_draws_do_not() -> None:
    traces = [trace(Mcts(n=64, split="comma"), seed) for seed in range(20)]
    assert sum(map(solved, traces)) >= 19, "a single draw is right one time in 256"
    assert all(t.usage.sampled_tokens < 400 for t in traces)


def test_rollouts_find_it_from_the_verifiers_scores_alone() -> None:
    partial = Likes(lambda a: sum(x == y for x, y in zip(a.split(", "), "1234", strict=False)) / 4)

    def rate(spec: str) -> int:
        jobs = [
            Job(make("strategies", spec), task(sampling=SAMPLING), Noise((seed,)), critics={"verifier": partial})
            for seed in range(20)
        ]
        return sum(map(solved, Drive(Scripted(rule=digits)).run(jobs)))

    assert rate("mcts:n=80,split=comma,value=rollout,widen=2,explore=0.4") > rate("best-of-n:n=80") + 3


def test_draws_at_the_root_are_those_of_best_of_n() -> None:
    done = trace(Mcts(n=40, split="comma"))
    model = Scripted(rule=digits)
    jobs = [Job(make("strategies", "vote:n=8"), task(sampling=SAMPLING), Noise((0,)))]
    (draws,) = Drive(model).run(jobs)
    roots = [t.answer[0] for t in done.thoughts if t.parent is None]
    firsts = [t.answer[0] for t in draws.thoughts]
    again = next(i for i, digit in enumerate(firsts) if digit in firsts[:i])  # from there on it draws others
    assert roots[:again] == firsts[:again]
    plain = trace(Mcts(n=40, split="comma", distinct=False))
    roots = [t.answer[0] for t in plain.thoughts if t.parent is None]
    assert roots[:3] == list(dict.fromkeys(firsts))[:3]  # what was drawn before is no new child


def test_no_step_is_drawn_twice_and_all_of_them_are_found() -> None:
    def steps(distinct: bool) -> list[str]:
        done = trace(Mcts(n=1000, split="comma", value="model", distinct=distinct), step=False, verifier=False)
        return [t.prefix.text for t in done.thoughts]

    found = steps(distinct=True)
    assert len(found) == len(set(found)) == 4 + 16 + 64 + 256, "each step of four digits, and then it ends"
    assert len(set(steps(distinct=False))) < 340


def test_without_critics_the_likelier_text_wins() -> None:
    said = {"1, 2": 0.2, "3, 4": 0.8}
    job = Job(Mcts(n=12, split="comma"), task(sampling=SAMPLING), Noise((1,)))
    (done,) = Drive(Scripted(said)).run([job])
    assert done.best is not None
    assert done.best.answer == "3, 4"


def test_a_closed_beginning_is_never_continued() -> None:
    continued: list[str] = []

    def propose(ask: Propose) -> list[Draw]:
        continued.append(ask.prefix.text)
        return [draw("bad" if len(continued) % 2 else f"good{len(continued)}", finish="stop", stopped_by="\n")]

    def judge(ask: Judge) -> Verdict:
        return Verdict(0.5, not ask.answer.endswith("bad"))

    run(Mcts(n=20), task(sampling=Sampling(max_tokens=200)), replies(propose, judge))
    assert not [text for text in continued if text.endswith("bad\n")]


def test_a_node_grows_wider_as_it_is_visited() -> None:
    widths = []
    for n in (4, 16, 64):
        done = trace(Mcts(n=n, split="comma"), verifier=False, step=False)
        widths.append(len([t for t in done.thoughts if t.parent is None]))
    assert widths == sorted(widths)
    assert widths[-1] <= 9


def test_values_are_means_of_what_came_behind() -> None:
    done = trace(Mcts(n=30, split="comma"))
    assert all(t.value is None or 0 <= t.value <= 1 for t in done.thoughts)
    assert all(t.verdict is None or t.parent is not None for t in done.thoughts)


@pytest.mark.parametrize("value", ["auto", "rollout"])
def test_a_failed_draw_has_no_value_and_counts_as_a_simulation(value: str) -> None:
    asked: list[Propose] = []

    def propose(ask: Propose) -> list[Draw]:
        asked.append(ask)
        fails = len(asked) % 2 == 0
        return [draw(f"a{len(asked)}", finish="error" if fails else "stop", stopped_by=None if fails else "\n")]

    def judge(ask: Judge) -> Verdict | None:
        return None if value == "rollout" and ask.role == "step" else Verdict(0.8, ask.role == "step")

    state = run(Mcts(n=12, value=value), task(sampling=Sampling(max_tokens=200)), replies(propose, judge))  # type: ignore[arg-type]
    assert state.simulations == 12
    failed = [t.id for t in state.tree if t.finish == "error"]
    assert len(failed) >= 6
    assert all(state.nodes[id].visits == 0 for id in failed)
    assert all(node.mean == pytest.approx(0.8) for node in state.nodes.values() if node.visits)


def test_a_whole_answer_is_judged_though_a_draw_failed_at_the_same_text() -> None:
    said = iter([draw("yes", finish="error"), draw("yes")])
    state = run(Mcts(n=2), task(), replies(lambda ask: [next(said)], lambda ask: Verdict(1.0, True)))
    best = Mcts(n=2).best(state)
    assert best is not None
    assert best.verdict == Verdict(1.0, True)


@pytest.mark.parametrize(
    "spec", ["mcts:n=0", "mcts:value=best", "mcts:alpha=2", "mcts:explore=-1", "mcts:split=tokens"]
)
def test_bad_parameters_are_named(spec: str) -> None:
    with pytest.raises(BadSpec):
        make("strategies", spec)


def test_a_critic_that_value_names_must_be_there() -> None:
    assert Mcts(value="critic").needs == {"step"}
    assert Mcts(value="rollout").needs == {"verifier"}
