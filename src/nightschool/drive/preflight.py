"""What can be known to fail before anything runs is said before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.asks import Ask, Propose, Read, Weigh
from nightschool.config import Price
from nightschool.drive.job import Job
from nightschool.errors import BadBudget, Unsupported, UsageError
from nightschool.models.kinds import asked_for
from nightschool.ports import Ability, Consulting, Model, Sight
from nightschool.search.budget import Budget

_HAVE_IT = {
    Ability.CHAT: "instruction-tuned local models and chat endpoints",
    Ability.DOCUMENT: "local models and endpoints with /completions",
    Ability.SAMPLE: "all but scoring models",
    Ability.WEIGH: "local models, and endpoints that give log-probabilities of a prompt",
    Ability.NEXT: "chat endpoints that tell top_logprobs",
    Ability.HIDDEN: "local models",
    Ability.SCHEMA: "local models",
    Ability.ADAPTERS: "local models, and servers that load adapters",
}


def check_job(model: Model, job: Job) -> None:
    """Raise where this model or these critics cannot serve `job`.

    Raises Unsupported, naming who can, and what `check_critics` raises.
    """
    check_critics(job)
    for critic in job.critics.values():
        if isinstance(critic, Consulting):
            _check_consulting(model, critic)


def check_critics(job: Job) -> None:
    """Raise UsageError for a critic that is missing, or that sees the target and yet was to guide a search."""
    spec = job.search.spec
    for role in sorted(job.search.needs - job.critics.keys()):
        raise UsageError(f"{spec} needs a {role}, and none was given; name a critic, or think with single or vote")
    for role, critic in job.critics.items():
        if role != "reference" and critic.sight is Sight.REFERENCE:
            raise UsageError(
                f"the critic {critic.name} sees the target and may not be the {role} of {spec}; "
                "give a critic that sees the input only, or ask for an oracle with best-of-n:critic=reference"
            )


def _check_consulting(model: Model, critic: Consulting) -> None:
    for ability in (critic.needs, Ability.DOCUMENT):
        if ability not in model.abilities:
            raise Unsupported(
                f"{model.name} lacks {ability.value!r}, which the critic {critic.name} needs; those who have it: "
                f"{_HAVE_IT.get(ability, 'other models')}"
            )
    if critic.identity and critic.identity != model.identity:
        raise UsageError(
            f"the critic {critic.name} learned from another model than {model.name} ({critic.identity[:12]}, not "
            f"{model.identity[:12]}); name that model with --model, or learn it anew: nightschool label --learn FILE"
        )


def check_asks(model: Model, job: Job, asks: Sequence[Ask]) -> None:
    """Raise Unsupported where `asks`, the first of `job`, are beyond the model."""
    for ask in asks:
        if not isinstance(ask, (Propose, Weigh, Read)):
            continue
        kind = Ability.CHAT if ask.prefix.prompt.text is None else Ability.DOCUMENT
        needed = [asked_for(ask), kind] + ([Ability.ADAPTERS] if ask.adapter else [])
        if job.task.sampling.json_schema is not None:  # of what is answered, though something else is asked first
            needed.append(Ability.SCHEMA)
        for ability in needed:
            if ability not in model.abilities:
                raise lacking(model.name, ability, job.search.spec)


def lacking(model: str, ability: Ability, spec: str) -> Unsupported:
    """Return the error for a model that lacks what a search asks of it first."""
    return Unsupported(
        f"{model} lacks {ability.value!r}, which {spec} needs here; "
        f"those who have it: {_HAVE_IT.get(ability, 'other models')}"
    )


def check_budget(model: Model, budget: Budget | None, price: Price | None) -> None:
    """Raise BadBudget where a budget is in money and the model has no price."""
    if budget is not None and budget.usd is not None and price is None:
        raise BadBudget(
            f"a budget of {budget.usd} usd, and {model.name} has no price; set its price per million tokens in the "
            "configuration, or give the budget in tok, calls or s"
        )
