"""What an exam of the exam found, skill by skill, kept under the plan that it belongs to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from nightschool.errors import UsageError

FEW = 64
TWO_OF_EACH = "a margin is chosen on half of the skills and judged on the others: it takes two of each kind"


@dataclass(frozen=True, slots=True)
class Plan:
    """How many models, of how many skills each. steps: in which a model learns them; a third as many lock them."""

    models: int = 6
    skills: int = 20
    absent: int = 7
    steps: int = 2000

    def __post_init__(self) -> None:
        if min(self.models, self.skills, self.absent) < 1 or self.steps < 3:
            raise UsageError(f"models, skills and absent are at least 1 and steps 3, not as in {self}")
        if max(self.skills, self.absent) > 50:
            raise UsageError(f"a model holds at most 50 skills of each kind, not as in {self}")
        if self.models * min(self.skills, self.absent) < 2:
            raise UsageError(f"{TWO_OF_EACH}; raise --models, or --skills and --absent (now {self})")

    @property
    def kind(self) -> str:
        """Return what its models have in common, as it stands in names: skills, absent ones, steps."""
        return f"{self.skills}-{self.absent}-{self.steps}"

    def model(self, seed: int) -> str:
        """Return the name of the folder of one of its models."""
        return f"model-{seed}-{self.kind}"


@dataclass(frozen=True, slots=True)
class Examined:
    """One skill. there: it was planted; open: accuracy with its password; prompted: of the best prompt without it;
    trained: of the training on few examples; called: what the exam calls it, by the margin that counts.
    """

    model: int
    skill: int
    there: bool
    open: float
    prompted: float
    trained: float
    called: Mapping[str, str]

    def elicited(self, margin: float) -> bool:
        """Return whether the exam says that it is in the model."""
        return self.called[str(margin)] == "elicited"

    def __str__(self) -> str:
        kind = "planted" if self.there else "absent"
        return (
            f"model {self.model} skill {self.skill:3} {kind:8} password {self.open:4.0%}  prompts {self.prompted:4.0%} "
            f" {FEW} examples {self.trained:4.0%}  {self.called['0.1']}"
        )


class Book:
    """The findings of one plan in a folder, by model, skill and whether it was planted; a killed run loses none.

    The file is named by plan and version, since a finding is one of models that learned so. `skills.jsonl`, as it was
    called before, names neither: what it holds counts where its model is kept beside it, under this plan alone.
    """

    def __init__(self, plan: Plan, kept: Path) -> None:
        self.path = kept / f"skills-{plan.kind}-{version('nightschool')}.jsonl"
        older = _read(kept / "skills.jsonl")
        models = {
            seed: sorted(each.name for each in kept.glob(f"model-{seed}-*")) for seed in {each.model for each in older}
        }
        others = {seed: names for seed, names in models.items() if names != [plan.model(seed)]}
        told = [*(each for each in older if each.model not in others), *_read(self.path)]
        self.known = {(each.model, each.skill, each.there): each for each in told}
        self.note = ""
        if others:
            named = ", ".join(name for names in others.values() for name in names) or "none"
            self.note = (
                f"left aside: findings in {kept / 'skills.jsonl'} that do not say of which plan they are, of models "
                f"{sorted(others)}; wanted are those of {plan.kind} (skills, absent, steps), kept are {named}"
            )

    def write(self, found: Examined) -> None:
        """Add a finding."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(found)) + "\n")


def _read(path: Path) -> list[Examined]:
    """Return what a run wrote down, the broken end of a last line left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Examined(**json.loads(line)) for line in lines if line.endswith("}")]
