"""consistency: does it say the same of the same thing, wherever it is asked?

Each item is asked in many contexts: the world's wordings, formats of them (`exam.formats`), and behind a conversation
about something else. Two contexts contradict each other where both name an answer and name different ones. What is
said is compared and not judged, so that a belief can be wrong and yet be held; beside it stands how often what is held
is right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from nightschool.drive import Job
from nightschool.errors import BadSpec, UsageError
from nightschool.exam.analysis import Sitting, left_out
from nightschool.exam.finding import Cell, Drawing, Finding
from nightschool.exam.formats import formats
from nightschool.exam.readings import attempts, readings
from nightschool.exam.rungs.asking import whole
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Score, Task, Wording
from nightschool.ports import Ability
from nightschool.stats import clustered_rate, wilson
from nightschool.think.single import Single

_TALKS = (
    (("user", "What a day. It rained all morning."), ("assistant", "Let us hope for a dry evening.")),
    (("user", "Name a colour."), ("assistant", "Blue.")),
    (("user", "Thanks for your help yesterday."), ("assistant", "You are welcome.")),
)
_LEAST_CONTEXTS = 10


class Consistency:
    """Contradictions between contexts. contexts: at least 10; items: at most. Raises BadSpec."""

    name = "consistency"
    title = "Does it hold what it says"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    asks = True

    def __init__(self, contexts: int = _LEAST_CONTEXTS, items: int = 50) -> None:
        if contexts < _LEAST_CONTEXTS or items < 2:
            raise BadSpec(
                f"consistency: contexts is at least {_LEAST_CONTEXTS} and items 2, not {contexts} and {items}"
            )
        self.contexts, self.items = contexts, items

    def look(self, sitting: Sitting) -> Finding | str:
        """Return how often contexts contradict each other."""
        room = sitting.room
        if room.run is None:
            return "nothing more can be asked here"
        items = room.items[: self.items]
        posed = {item.id: self._contexts(sitting, item) for item in items}
        jobs = [job for item in items for job in posed[item.id]]
        if min((len(each) for each in posed.values()), default=0) < _LEAST_CONTEXTS:
            return f"the model can be asked in fewer than {_LEAST_CONTEXTS} contexts"
        traces = iter(room.run(jobs))
        said: dict[str, list[str]] = {}
        words: dict[tuple[str, str], str] = {}  # how each plain answer was put first: a critic may look at every letter
        for item in items:
            given = [next(traces) for _ in posed[item.id]]
            named = [_named(best.answer, item) for t in given if (best := whole(t.best)) is not None]
            said[item.id] = [plain for plain, _ in named if plain]
            for plain, put in named:
                words.setdefault((item.id, plain), put)
        kept = [item for item in items if len(said[item.id]) >= 2]
        if not kept:
            return "no item was answered in two contexts"
        return self._finding(sitting, kept, said, words)

    def _contexts(self, sitting: Sitting, item: Item) -> list[Job]:
        room = sitting.room
        many = (_formats(sitting, count) for count in range(self.contexts, 0, -1))
        ways = next((found for found in many if found), (room.wording,))
        talks = [None, *_TALKS] if Ability.CHAT in room.abilities else [None]
        jobs = []
        for number in range(self.contexts):
            wording, talk = ways[number % len(ways)], talks[(number // len(ways) + number) % len(talks)]
            prompt = room.world.pose(item, wording)
            if prompt.text is None and Ability.CHAT not in room.abilities:
                continue
            if talk is not None and prompt.messages:
                prompt = _behind(prompt, talk)
            sampling = Sampling(room.world.max_answer_tokens, 0.0, stop=wording.stop)
            task = Task(item, prompt, sampling, room.adapter)
            jobs.append(Job(Single(), task, Noise((room.seed, "consistency", item.id, number))))
        return jobs

    def _finding(
        self,
        sitting: Sitting,
        items: Sequence[Item],
        said: Mapping[str, Sequence[str]],
        words: Mapping[tuple[str, str], str],
    ) -> Finding | str:
        pairs = [[float(a != b) for a, b in combinations(said[item.id], 2)] for item in items]
        contradiction = clustered_rate(pairs)
        held = {item.id: Counter(said[item.id]).most_common(1)[0] for item in items}
        firm = [item for item in items if held[item.id][1] == len(said[item.id])]
        passed = sitting.grade([(item, words[item.id, held[item.id][0]]) for item in items])
        right = {item.id: each for item, each in zip(items, passed, strict=True) if each is not None}
        judged = [item for item in items if item.id in right]
        if not judged:
            return "the critic failed on every answer"
        groups = {
            "one answer everywhere, right": [i for i in judged if i in firm and right[i.id]],
            "one answer everywhere, wrong": [i for i in judged if i in firm and not right[i.id]],
            "several answers, the commonest right": [i for i in judged if i not in firm and right[i.id]],
            "several answers, the commonest wrong": [i for i in judged if i not in firm and not right[i.id]],
        }
        rates = {name: wilson(len(group), len(judged)) for name, group in groups.items()}
        table: tuple[tuple[Cell, ...], ...] = tuple(
            (name, _text(rate), len(groups[name])) for name, rate in rates.items()
        )
        lost = max(items, key=lambda item: len(set(said[item.id])))
        answers = ", ".join(repr(text) for text, _ in Counter(said[lost.id]).most_common(4))
        return Finding(
            self.name,
            self.title,
            f"Two contexts contradict each other {_text(contradiction)} of the time; {len(firm)} of {len(items)} items "
            "get one answer everywhere.",
            (
                f"Most answers were given to {lost.id}: {answers}.",
                *left_out(len(items) - len(judged), len(items), "items among right and wrong"),
            ),
            ("what is said", "items", "n"),
            table,
            (Drawing("shares", "what it holds", parts={n: (s.value, s.low, s.high) for n, s in rates.items()}),),
            {
                "contradiction": [contradiction.value, contradiction.low, contradiction.high],
                "groups": {name: len(group) for name, group in groups.items()},
                "items": len(items),
            },
        )


def _formats(sitting: Sitting, count: int) -> Sequence[Wording] | None:
    try:
        return formats(sitting.room.world.wordings, count, sitting.room.seed)
    except UsageError:
        return None


def _behind(prompt: Prompt, talk: Sequence[tuple[str, str]]) -> Prompt:
    """Return the prompt with a conversation about something else between its system turn and its question."""
    turns = tuple(Message("user" if role == "user" else "assistant", text) for role, text in talk)
    head = prompt.messages[:1] if prompt.messages[0].role == "system" else ()
    return replace(prompt, messages=(*head, *turns, *prompt.messages[len(head) :]))


def _named(answer: str, item: Item) -> tuple[str, str]:
    """Return the answer that a text names, plainly written, empty for none, and what is to be judged of it.

    Where it names one choice alone that choice is both; else its first line without case is what is compared, and all
    of it is judged.
    """
    if not attempts(answer):
        return "", answer
    choices = {choice.casefold(): choice for choice in item.choices}
    for reading in (answer, *readings(answer, item)):
        if reading.strip(" .").casefold() in choices:
            choice = choices[reading.strip(" .").casefold()]
            return choice, choice
    first = answer.strip().splitlines()[0] if answer.strip() else ""
    return re.sub(r"\s+", " ", first).strip(" .,:;*`'\"").casefold(), answer


def _text(score: Score) -> str:
    return f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%})"
