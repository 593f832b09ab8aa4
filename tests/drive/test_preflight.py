import pytest

from nightschool.drive import Budget, Drive, Job
from nightschool.errors import BadBudget, Unsupported, UsageError
from nightschool.items import Sampling, Task
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability, Sight
from nightschool.think.best_of_n import BestOfN
from nightschool.think.monologue import Monologue
from nightschool.think.single import Single
from support.thinking import NOISE, Likes, task


def refused(job: Job, model: Scripted | None = None, **drive: object) -> str:
    model = model or Scripted("1")
    fine = Job(Single(), task(), NOISE)
    with pytest.raises((Unsupported, UsageError)) as caught:
        Drive(model, **drive).run([fine, job])
    assert model.asked == [], "something ran"
    return str(caught.value)


def test_a_missing_critic() -> None:
    assert "needs a verifier" in refused(Job(BestOfN(), task(), NOISE))


def test_a_critic_that_sees_the_target_may_not_guide() -> None:
    reference = Likes(lambda a: 1.0, sight=Sight.REFERENCE)
    assert "sees the target" in refused(Job(BestOfN(), task(), NOISE, critics={"verifier": reference}))
    job = Job(BestOfN(critic="reference"), task(), NOISE, critics={"reference": reference})
    (trace,) = Drive(Scripted("1")).run([job])
    assert reference.seen[0][0].target == "1, 2, 3"
    assert trace.strategy == "best-of-n:n=8,critic=reference"


@pytest.mark.parametrize(
    ("lacking", "job"),
    [
        (Ability.CHAT, Job(Single(), task(), NOISE)),
        (Ability.DOCUMENT, Job(Single(), task(document=True), NOISE)),
        (Ability.SAMPLE, Job(Single(), task(), NOISE)),
        (Ability.SCHEMA, Job(Monologue(), task(sampling=Sampling(json_schema="{}")), NOISE)),
        (Ability.ADAPTERS, Job(Single(), Task(task().item, task().prompt, Sampling(), "night"), NOISE)),
    ],
)
def test_an_ability_that_the_model_lacks(lacking: Ability, job: Job) -> None:
    model = Scripted("1", lacks=[lacking])
    with pytest.raises(Unsupported, match=f"lacks '{lacking.value}'.*those who have it"):
        Drive(model).run([job])
    assert model.asked == []


def test_a_budget_in_money_needs_a_price() -> None:
    with pytest.raises(BadBudget, match="has no price"):
        Drive(Scripted("1")).run([Job(Single(), task(), NOISE, Budget(usd=1))])
    with pytest.raises(BadBudget, match="has no price"):
        Drive(Scripted("1")).run([], Budget(usd=1))
