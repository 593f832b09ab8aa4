"""smc against enumeration: what it samples, and its estimate of Z."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import pytest

from nightschool.asks import Ask, Judge, Propose, Refused, Reply
from nightschool.drive import Budget, Drive, Job
from nightschool.errors import BadSpec
from nightschool.items import Draw, Noise, Sampling, Segment, Verdict
from nightschool.models.distribution import normal, token_id
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.smc import Smc
from support.thinking import NOISE, Likes, draw, replies, run, task

LENGTH = 3


def rule(prompt: str, written: str) -> dict[str, float]:
    """A small language with memory: letters a and b, likelier to end the longer they are."""
    weights = {"a": 3.0, "b": 1.0}
    weights[written[-1:] or "a"] += 1.0
    return weights if not written else weights | {"": 0.5 * len(written)}


def texts() -> Iterator[tuple[str, float]]:
    """Yield every text of at most LENGTH tokens with its probability."""

    def grow(text: str, p: float) -> Iterator[tuple[str, float]]:
        if len(text) == LENGTH:
            yield text, p
            return
        for token, q in normal(rule("", text)).items():
            if token:
                yield from grow(text + token, p * q)
            else:
                yield text, p * q

    yield from grow("", 1.0)


def phi(text: str) -> float:
    """Few texts are worth much: those with many b, none of them worth nothing."""
    return (0.02, 0.2, 0.5, 1.0)[text.count("b")]


def psi(text: str) -> float:
    return (0.15, 0.5, 0.8, 1.0)[text.count("b")]


def exact(score: Callable[[str], float]) -> tuple[dict[str, float], float]:
    """Return the posterior and Z."""
    joint = {text: p * score(text) for text, p in texts()}
    z = math.fsum(joint.values())
    return {text: p / z for text, p in joint.items()}, z


def sweeps(search: Smc, count: int, final: Callable[[str], float] = phi, twist: Callable[[str], float] | None = psi):
    """Return for each of `count` runs its answers with their weights, and its evidence."""
    reply = _answering(final, twist)
    of = task(sampling=Sampling(max_tokens=LENGTH))
    for seed in range(count):
        state = search.start(of, Noise((seed,)))
        while asks := search.ask(state):
            state = search.tell(state, [reply(ask) for ask in asks])
        weighed = {}
        for thought in search.thoughts(state):
            if thought.logw > -math.inf:
                weighed[thought.id] = (thought.answer, math.exp(thought.logw) / search.n)
        evidence = search.evidence(state)
        assert evidence is not None
        yield list(weighed.values()), evidence


def _answering(final: Callable[[str], float], twist: Callable[[str], float] | None) -> Callable[[Ask], Reply]:
    """Return what samples one token at a time from `rule`, each under its own noise."""

    def one(ask: Propose, number: int) -> Draw:
        written = ask.prefix.text
        weights = normal(rule("", written))
        dice = random.Random(ask.noise.child(ask.first_draw + number).key())
        token = dice.choices(list(weights), list(weights.values()))[0]
        segment = Segment(token, (token_id(token),) if token else (), (math.log(weights[token]),) if token else ())
        return Draw(segment, "length" if token else "end")

    def judge(ask: Judge) -> Verdict | None:
        if ask.role == "step":
            return None if twist is None else Verdict(twist(ask.answer), True)
        return Verdict(final(ask.answer), False)

    return replies(lambda ask: [one(ask, i) for i in range(ask.n)], judge)


def test_it_samples_the_exact_posterior_and_z_is_unbiased() -> None:
    search = Smc(n=64, split="tokens", step_tokens=1, resample=1.0)
    posterior, z = exact(phi)
    mass: dict[str, float] = defaultdict(float)
    found = []
    for weighed, evidence in sweeps(search, 140):
        for answer, weight in weighed:
            mass[answer] += weight
        found.append(math.exp(evidence.log_z))
        assert math.isclose(sum(w for _, w in weighed), math.exp(evidence.log_z), rel_tol=1e-9)
    mean = sum(found) / len(found)
    deviation = math.sqrt(sum((f - mean) ** 2 for f in found) / (len(found) - 1) / len(found))
    assert abs(mean - z) < 4 * deviation
    assert deviation < 0.02 * z
    total = sum(mass.values())
    assert sum(abs(p - mass[text] / total) for text, p in posterior.items()) / 2 <= 0.02


def test_the_twist_changes_the_variance_and_nothing_else() -> None:
    search = Smc(n=32, split="tokens", step_tokens=1, resample=1.0)
    _, z = exact(phi)
    spread = []
    for twist in (None, psi):
        found = [math.exp(evidence.log_z) for _, evidence in sweeps(search, 60, twist=twist)]
        mean = sum(found) / len(found)
        deviation = math.sqrt(sum((f - mean) ** 2 for f in found) / (len(found) - 1))
        assert abs(mean - z) < 4 * deviation / math.sqrt(len(found))
        spread.append(deviation)
    assert spread[1] < spread[0], "a good twist lowers the variance of Z"


def test_the_variance_is_told_about_right() -> None:
    """The mean of what single sweeps say lies between the true variance and a few times of it."""
    for resample in (0.0, 1.0):
        search = Smc(n=32, split="tokens", step_tokens=1, resample=resample)
        found = [evidence for _, evidence in sweeps(search, 60)]
        logs = [evidence.log_z for evidence in found]
        mean = sum(logs) / len(logs)
        true = sum((log - mean) ** 2 for log in logs) / (len(logs) - 1)
        said = [evidence.variance for evidence in found if evidence.variance < math.inf]
        assert len(said) > 0.9 * len(found)
        assert 0.6 * true < sum(said) / len(said) < 5 * true


def test_several_sweeps_measure_their_own_variance() -> None:
    search = Smc(n=8, split="tokens", step_tokens=1, sweeps=40, first_pass=False)
    ((_, evidence),) = sweeps(search, 1)
    _, z = exact(phi)
    assert evidence.sweeps == 40
    assert abs(evidence.log_z - math.log(z)) < 4 * math.sqrt(evidence.variance)
    assert 0 < evidence.variance < 0.05


def test_populations_grow_and_each_counts_by_its_size() -> None:
    search = Smc(n=4, split="tokens", step_tokens=1, sweeps=5, grow=2, first_pass=False)
    _, z = exact(phi)
    found = [evidence for _, evidence in sweeps(search, 60)]
    assert {(evidence.sweeps, evidence.particles) for evidence in found} == {(5, 4 + 8 + 16 + 32 + 64)}
    each = [math.exp(evidence.log_z) for evidence in found]
    mean = sum(each) / len(each)
    deviation = math.sqrt(sum((f - mean) ** 2 for f in each) / (len(each) - 1))
    assert abs(mean - z) < 4 * deviation / math.sqrt(len(each))
    told = sum(evidence.variance for evidence in found) / len(found)
    assert 0.3 < told / (deviation / z) ** 2 < 3


def test_a_step_critic_that_does_not_pass_ends_a_beginning() -> None:
    step = Likes(lambda a: float("a" not in a), least=0.5)
    of = Job(
        Smc(n=16, split="tokens", step_tokens=1), task(sampling=Sampling(max_tokens=6)), NOISE,
        critics={"step": step, "verifier": Likes(lambda a: a.count("b") / 6)},
    )  # fmt: skip
    (trace,) = Drive(Scripted(rule=rule)).run([of])
    whole = [t for t in trace.thoughts if t.logw > -math.inf]
    assert whole
    assert all("a" not in t.answer[:-1] for t in whole)  # the last step of a whole answer is the verifier's


def test_where_nothing_survives_z_is_zero_and_the_best_beginning_is_kept() -> None:
    search = Smc(n=4, split="tokens", step_tokens=1, sweeps=2)
    reply = replies(lambda ask: [draw("a", finish="length")] * ask.n, lambda ask: Verdict.of(False))
    state = run(search, task(), reply)
    evidence = search.evidence(state)
    assert evidence is not None
    assert (evidence.log_z, evidence.sweeps) == (-math.inf, 2)
    best = search.best(state)
    assert best is not None
    assert best.answer == "a"


def test_the_first_step_is_that_of_best_of_n() -> None:
    firsts = []
    for spec in ("smc:n=6,split=tokens,step_tokens=1", "best-of-n:n=6"):
        critics = {"verifier": Likes(phi)}
        job = Job(make("strategies", spec), task(sampling=Sampling(max_tokens=4)), NOISE, critics=critics)
        (trace,) = Drive(Scripted(rule=rule)).run([job])
        firsts.append(sorted(t.answer[0] for t in trace.thoughts if t.parent is None))
    assert firsts[0] == firsts[1]


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_replies_is_nothing(seed: int) -> None:
    search = Smc(n=6, split="tokens", step_tokens=1, sweeps=2)
    reply = _answering(phi, psi)
    of = task(sampling=Sampling(max_tokens=LENGTH))
    one, other = (run(search, of, reply, r) for r in (None, random.Random(seed)))
    assert search.thoughts(one) == search.thoughts(other)
    assert search.best(one) == search.best(other)
    assert search.evidence(one) == search.evidence(other)


def test_a_critic_that_fails_leaves_the_weights_as_they_were() -> None:
    def failing(ask: Judge) -> Verdict:
        return Verdict.failed("out of order")

    search = Smc(n=8, split="tokens", step_tokens=1)
    propose = _answering(phi, None)
    reply = replies(lambda ask: propose(ask).draws, failing)
    state = run(search, task(sampling=Sampling(max_tokens=LENGTH)), reply)
    evidence = search.evidence(state)
    assert evidence is not None
    assert evidence.log_z == 0.0


def test_a_failed_draw_spoils_the_estimate_and_not_the_search() -> None:
    search = Smc(n=3, split="line")
    reply = replies(
        lambda ask: [draw("x", finish="error"), *[draw("good")] * (ask.n - 1)], lambda ask: Verdict(0.5, False)
    )
    state = run(search, task(), reply)
    assert search.evidence(state) is None
    best = search.best(state)
    assert best is not None
    assert best.answer == "good"


def test_a_budget_ends_it_with_the_best_so_far_judged() -> None:
    job = Job(
        Smc(n=8, split="tokens", step_tokens=1), task(sampling=Sampling(max_tokens=8)), NOISE, Budget(tokens=30),
        {"verifier": Likes(phi)},
    )  # fmt: skip
    (trace,) = Drive(Scripted(rule=rule)).run([job])
    assert trace.stopped == "budget"
    assert trace.usage.tokens <= 30
    assert trace.best is not None


def test_a_refusal_ends_it() -> None:
    search = Smc(n=2)
    state = search.start(task(), NOISE)
    (ask,) = search.ask(state)
    state = search.tell(state, [Refused(ask.id, "no", "budget")])
    assert search.ask(state) == ()
    assert search.best(state) is None


@pytest.mark.parametrize("by", ["budget", "cancelled"])
def test_a_refused_judgement_is_no_missing_critic(by: str) -> None:
    def propose(ask: Propose) -> list[Draw]:
        return [draw(text) for text in ("good", "fair", "unjudged")][: ask.n]

    judged = {"good": Verdict(0.5, False), "fair": Verdict(0.25, False)}
    search = Smc(n=3)

    def reply(ask: Ask) -> Reply:
        if isinstance(ask, Judge) and ask.answer == "unjudged":
            return Refused(ask.id, "the budget is used up", by)  # type: ignore[arg-type]
        return replies(propose, lambda judge: judged[judge.answer])(ask)

    state = run(search, task(), reply)
    assert search.evidence(state) is None
    best = search.best(state)
    assert best is not None
    assert best.answer == "good"
    assert all(thought.logw == -math.inf for thought in search.thoughts(state))


def test_copies_of_one_beginning_are_drawn_together() -> None:
    model = Scripted(rule=rule)
    job = Job(
        Smc(n=16, split="tokens", step_tokens=1, resample=1.0), task(sampling=Sampling(max_tokens=4)), NOISE,
        critics={"step": Likes(psi, least=0), "verifier": Likes(phi)},
    )  # fmt: skip
    Drive(model).run([job])
    prefixes = Counter((ask.id.split("-")[2], ask.prefix) for ask in model.asked)
    merged = [ask for ask in model.asked if isinstance(ask, Propose) and ask.n > 1 and ask.prefix.text]
    assert merged
    assert prefixes


@pytest.mark.parametrize(
    "spec", ["smc:n=0", "smc:resample=2", "smc:split=tokens", "smc:power=-1", "smc:first_pass=3", "smc:split=word"]
)
def test_bad_parameters_are_named(spec: str) -> None:
    with pytest.raises(BadSpec):
        make("strategies", spec)


def test_the_spec_makes_it_again() -> None:
    search = Smc(n=3, split="tokens", step_tokens=5, power=2.0)
    assert make("strategies", search.spec) == search
