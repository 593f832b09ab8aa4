"""What a term of school is planned to be, and what it brought, kept on disk round by round."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nightschool.day.curriculum import Place, Tally
from nightschool.day.guiding import Position
from nightschool.errors import NightError
from nightschool.items import Adapter, Lesson, Usage
from nightschool.paths import write_durably

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Stopped = Literal["mastered", "rounds", "seconds", "budget", "nothing solved", "nothing whole"]


@dataclass(frozen=True, slots=True)
class TermPlan:
    """How much school there is.

    rounds: at most; steps: gradient steps after each round of practice, at most; learned: three steps in a row whose
    loss (nats per token) is below it end them, since more would only wear on what else is known; batch: lessons in a
    step; older: share of a batch drawn from earlier rounds; rehearsal: share drawn from the old self's own text;
    seconds: no round begins after so many, None for no limit. settle: steps at the end, at a rate that falls to
    nothing, on lessons of all rounds, with `settling_rehearsal` of the old self's text: what a large rate jogged out
    of place returns to it.
    """

    rounds: int = 4
    steps: int = 12
    learned: float = 0.02
    batch: int = 24
    older: float = 0.17
    rehearsal: float = 0.5
    settle: int = 8
    settling_rehearsal: float = 0.67
    seconds: float | None = 300.0


@dataclass(frozen=True, slots=True)
class Round:
    """One round: what practice found, what was learned from it, and what it cost.

    tally: by search; babble: by random proposals of the right form, as many on the same items; looks: what the looks
    before it gave, by place; lessons: new ones.
    """

    level: str
    place: Place
    tally: Tally
    babble: Tally | None
    looks: dict[str, Tally]
    usage: Usage
    lessons: int
    losses: tuple[float, ...]
    practice_s: float
    learning_s: float


@dataclass(frozen=True, slots=True)
class Practised:
    """A round that was practised and is still to be learned. The fields are those of `Round`; lessons: the new ones."""

    level: str
    place: Place
    tally: Tally
    babble: Tally | None
    looks: dict[str, Tally]
    usage: Usage
    lessons: tuple[Lesson, ...]
    practice_s: float


@dataclass(frozen=True, slots=True)
class Term:
    """What the whole term brought.

    adapter: None when there was nothing to learn; record: what each item gave; settling, settling_s: losses and
    seconds of the steps at the end; shown: how often each lesson was learned from, by its id; open: where a drill
    stands; begun: a round of which the practice is done, which is not sampled again.
    """

    rounds: tuple[Round, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    adapter: Adapter | None = None
    stopped: Stopped = "rounds"
    record: dict[str, Tally] = field(default_factory=dict)
    failures: tuple[tuple[str, str, str], ...] = ()
    settling: tuple[float, ...] = ()
    settling_s: float = 0.0
    shown: dict[str, int] = field(default_factory=dict)
    open: tuple[Position, ...] = ()
    begun: Practised | None = None

    @property
    def usage(self) -> Usage:
        """Return what practice spent."""
        return sum((r.usage for r in self.rounds), Usage())

    @property
    def steps(self) -> int:
        """Return the number of gradient steps."""
        return len(self.losses)

    @property
    def losses(self) -> tuple[float, ...]:
        """Return the loss of every step."""
        return (*(loss for r in self.rounds for loss in r.losses), *self.settling)

    @property
    def marks(self) -> tuple[int, ...]:
        """Return the steps at which a round of lessons, or the settling, began."""
        starts = [sum(len(r.losses) for r in self.rounds[:i]) for i in range(len(self.rounds) + bool(self.settling))]
        return tuple(starts)

    @property
    def learning_s(self) -> float:
        """Return the seconds that learning took."""
        return sum(r.learning_s for r in self.rounds) + self.settling_s


def read_term(folder: Path) -> Term:
    """Return the term kept in `folder`, an empty one where there is none. Raises NightError for a damaged file."""
    from pydantic import ValidationError

    path = folder / "term.json"
    if not path.exists():
        return Term()
    try:
        return _form().validate_json(path.read_bytes())
    except ValidationError as error:
        raise NightError(f"the unfinished night in {folder} cannot be read ({error.error_count()} faults)") from error


def write_term(folder: Path, term: Term) -> None:
    """Keep `term` in `folder`; a kill leaves the old or the new one."""
    write_durably(folder / "term.json", _form().dump_json(term))


@cache
def _form() -> TypeAdapter[Term]:
    from pydantic import TypeAdapter  # slow to import, and the form slow to make

    return TypeAdapter(Term)
