"""prompt-search: the machine looks for a better prompt by itself, and the exam sees the one that it chose.

Candidates are formats of the world's wordings (`exam.formats`), and its instructions in the model's own words: it is
asked to say them differently. All candidates answer a few tune items, the better half goes on to more, until one is
left (successive halving). Exam items are asked in that one alone, so what is reported was chosen on other items.
Ref: zhou2023 (models write prompts); karnin2013 (successive halving).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nightschool.asks import CriticRole
from nightschool.critics.judging import judge
from nightschool.drive import Job
from nightschool.errors import BadSpec, UsageError
from nightschool.exam.formats import formats
from nightschool.exam.rung import Absent, Done, Line, Part, Plan, Room
from nightschool.exam.rungs.asking import line, part, planned
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Split, Task, Wording
from nightschool.ports import Ability
from nightschool.think.single import Single

_ASKS = (
    "Write this instruction again in other words, as clearly as you can. Write the instruction only.\n\n{text}",
    "Improve this instruction so that nobody can misunderstand it. Write the improved instruction only.\n\n{text}",
    "Write a shorter instruction that means the same as this one. Write the instruction only.\n\n{text}",
)


class PromptSearchRung:
    """The row `prompt-search`: greedy answers in the wording that did best on tune items.

    candidates: formats and wordings that take part; proposals: instructions that the model is asked to write beside
    them; items: of tune, at most. Raises BadSpec.
    """

    name = "prompt-search"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()
    trained = False

    def __init__(self, candidates: int = 16, proposals: int = 8, items: int = 48) -> None:
        if candidates < 1 or proposals < 0 or items < 4:
            raise BadSpec(
                f"prompt-search: candidates is at least 1, proposals 0 and items 4, "
                f"not {candidates}, {proposals} and {items}"
            )
        self.candidates, self.proposals, self.items = candidates, proposals, items

    def plan(self, room: Room) -> Plan:
        """Return the exam in the wording that is found, after the search for it on tune items."""
        if room.run is None:
            return Plan(absent=(Absent(self.name, "nothing more can be asked here"),))
        tune = [item for item in room.world.items(Split.TUNE, self.items, room.seed) if item.target is not None]
        if len(tune) < 4:
            return Plan(absent=(Absent(self.name, f"a choice takes 4 tune items with answers; there are {len(tune)}"),))
        best = self._choose(room, [*self._formats(room), *self._proposed(room)], tune)
        if isinstance(best, Absent):
            return Plan(absent=(best,))
        return planned([part(room, self.name, best)])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return the one row, with the wording that was found."""
        return [line(each, traces, f"its wording was made here; as a file of your own: {_shown(each)}")
                for each, traces in done]  # fmt: skip

    def _formats(self, room: Room) -> Sequence[Wording]:
        for count in range(self.candidates, 0, -1):
            try:
                return formats(room.world.wordings, count, room.seed)
            except UsageError:  # the world's wordings have fewer
                continue
        return (room.wording,)

    def _proposed(self, room: Room) -> list[Wording]:
        """Return the room's wording with instructions that the model wrote, each once."""
        base = room.wording
        if not base.system or not self.proposals or Ability.CHAT not in room.abilities:
            return []
        jobs = []
        for number in range(self.proposals):
            asked = _ASKS[number % len(_ASKS)].replace("{text}", base.system)
            item = Item(f"instruction {number}", {"text": base.system}, None, f"instruction {base.id}")
            task = Task(item, Prompt((Message("user", asked),)), Sampling(96, 0.8), room.adapter)
            jobs.append(Job(Single(), task, Noise((room.seed, "instruction", base.id, number))))
        assert room.run is not None
        said = [trace.best.answer.strip().strip('"') for trace in room.run(jobs) if trace.best is not None]
        kept = [text for text in dict.fromkeys(said) if 8 <= len(text) <= 6 * len(base.system) and "{" not in text]
        return [replace(base, name=f"proposed {i + 1}", system=text) for i, text in enumerate(kept)]

    def _choose(self, room: Room, wordings: Sequence[Wording], tune: Sequence[Item]) -> Wording | Absent:
        """Return the wording that is left when the worse half has gone again and again; ties keep the earlier."""
        passed: dict[str, list[bool]] = {wording.id: [] for wording in wordings}
        left = list({wording.id: wording for wording in wordings}.values())
        seen, share = 0, max(2, len(tune) // 6)
        asking = replace(room, items=tuple(tune))
        while seen < len(tune) and len(left) > 1:
            fresh = tune[seen : seen + share]
            able = []
            for wording in left:
                posed = part(replace(asking, items=tuple(fresh)), self.name, wording)
                if isinstance(posed, Part):
                    able.append(wording)
                    passed[wording.id] += _passed(room, posed)
            if not able:
                return Absent(self.name, "the model can be given none of the wordings")
            seen, share = seen + share, 2 * share
            able.sort(key=lambda wording: -sum(passed[wording.id]))
            left = able[: max(1, len(able) // 2)] if seen < len(tune) else able[:1]
        return left[0]


def _passed(room: Room, posed: Part) -> list[bool]:
    assert room.run is not None
    found = []
    for trace in room.run(posed.jobs):
        answer = None if trace.best is None else trace.best.answer
        found.append(answer is not None and judge(room.world.reference, trace.task.item, answer).passed)
    return found


def _shown(each: Part) -> str:
    """Return the prompt of the first item, as a sample of the wording."""
    return " ".join(str(each.jobs[0].task.prompt).split())[:300] if each.jobs else ""
