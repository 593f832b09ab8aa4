"""Stories: people go, take, put down and die; who is where at the end, and who is still alive?

Shows whether a model keeps the state of a small world while it reads: what somebody holds goes where they go, and who
is dead stays dead, also when the death was told many sentences ago. The truth is computed from the story's own
sentences, so that a verifier needs no target. More events or more people make it harder, and the answer no longer.

The leak key is the story: all questions about one story are in one split.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import whole
from nightschool.worlds.story import PEOPLE, PLACES, State, read_story, write_story
from nightschool.worlds.truth import Informed

KINDS = ("person", "thing", "alive")
_ASKED = re.compile(r"Where is (?:the )?(\w+)\?|Is (\w+) alive\?")


class Stories(Drawn):
    """A world of stories of `people` people and about `events` events.

    ask: where a `person` is, where a `thing` is, who is `alive`, or `all`. Raises BadSpec.
    """

    def __init__(self, people: int = 3, events: int = 10, ask: str = "all") -> None:
        _refuse(people, events, ask)
        self.people, self.events, self.ask = people, events, ask
        self.spec = f"stories:people={people},events={events}" + ("" if ask == "all" else f",ask={ask}")
        self.wordings: Sequence[Wording] = built_in("stories")
        self.reference: Critic = Follows()
        self.verifier: Critic | None = self.reference  # the story determines the answer
        self.step_critic: Critic | None = None
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = 12

    def levels(self) -> Sequence[Stories]:
        """Return stories of the entrances and one event more, then twice as many events, ending with this world."""
        sizes, events = [], self.people + 1
        while events < self.events:
            sizes.append(events)
            events *= 2
        return (*(Stories(self.people, size, self.ask) for size in sizes), self)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return any place, or yes or no where that is asked."""
        return Dice(noise).pick(item.choices)

    def misreadings(self, item: Item) -> Mapping[str, str]:
        """Return what one would answer who did another task than this one."""
        went = re.findall(r"to the (\w+)", item.inputs["story"])
        said = {"names the first place": went[0], "names the last place": went[-1]}
        return {name: text for name, text in said.items() if text != item.target}

    def _draw(self, dice: Dice) -> Item | None:
        story = write_story(dice, self.people, self.events)
        state = read_story(story)
        kind = dice.pick(KINDS) if self.ask == "all" else self.ask
        if kind == "alive":
            wanted = dice.chance(0.5)  # as many dead as living, where there are any
            those = [name for name in PEOPLE[: self.people] if (name in state.dead) is not wanted]
            question = f"Is {dice.pick(those)} alive?" if those else None
        else:
            known = list(state.people) if kind == "person" else [*state.held, *state.lying]
            name = dice.pick(known) if known else ""
            question = f"Where is {'the ' if kind == 'thing' else ''}{name}?" if known else None
        if question is None:
            return None
        choices = ("yes", "no") if kind == "alive" else PLACES
        inputs = {"story": story, "question": question}
        return Item(f"{story} {question}", inputs, answer(state, question), f"stories {story}", choices)


def answer(state: State, question: str) -> str:
    """Return the right answer. Raises ValueError for a question that is none, or about somebody unheard of."""
    match = _ASKED.fullmatch(question)
    if match is None:
        raise ValueError(f"not a question about a story: {question!r}")
    if match[2]:
        return "no" if match[2] in state.dead else "yes"
    place = state.people.get(match[1]) or state.place_of(match[1])
    if place is None:
        raise ValueError(f"the story does not say where {match[1]} is")
    return place


class Follows:
    """The verifier of stories: reads the story. Passed when the answer names the right place, or yes or no, alone.

    `The lamp is in the garden.` is as good as `garden`; an answer that names two places, or yes and no, is wrong.
    """

    name = "follows"
    sight = Sight.VERIFIER
    timeout_s = None

    def judge(self, item: Item, answer_text: str) -> Verdict:
        """Return all or nothing."""
        right = answer(read_story(item.inputs["story"]), item.inputs["question"])
        words = set(re.findall(r"\w+", answer_text.casefold()))
        options = {"yes", "no"} if right in ("yes", "no") else set(PLACES)
        named = words & options
        if not named:
            return Verdict.of(False, "Name a place." if right in PLACES else "Answer yes or no.")
        return Verdict.of(named == {right}, "" if named == {right} else "This is not how the story ends.")


def _refuse(people: int, events: int, ask: str) -> None:
    whole("stories", people=(people, 2, len(PEOPLE)), events=(events, 3, 200))
    if events <= people:
        raise BadSpec(f"stories: {people} people need more than {people} events, the first being their entrances")
    if ask not in (*KINDS, "all"):
        raise BadSpec(f"stories: ask is one of {', '.join(KINDS)} or all, not {ask!r}")
