"""A mind that meets its user again and again: it perceives, recalls, thinks, acts, and stores.

companion = Companion(model, store, clock=time.time)
for piece in companion.hear("Where did I leave the key?"): ...
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from nightschool.drive.job import Job
from nightschool.drive.service import Service
from nightschool.errors import ModelError
from nightschool.items import Item, Noise, Prompt, Sampling, Task, Trace, digest
from nightschool.ports import Model
from nightschool.registry import make
from nightschool.remember.compact import compacted
from nightschool.remember.context import Turn, assemble
from nightschool.remember.embed.port import Embedder
from nightschool.remember.identity import Card
from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory, Salience
from nightschool.remember.recall import implied
from nightschool.remember.recall.learn import praise, ranker_of
from nightschool.remember.recall.recall import Recollection, recall
from nightschool.remember.store.port import Entry, Store

SYSTEM = "You are a helpful companion. Answer in a few words."
_RECALLED = 8
_USED = 0.5  # of a memory's own words in the answer: then it was of use


class Companion:
    """A model, a store, and the conversation of this session.

    card: what it is and can do; session: names this conversation in the store; adapter: of the weights, loaded already;
    imply: let the model first write what the recalled memories come to, as a goal for its answer.
    What it says is drawn with `Noise((seed, session, turn))`.
    """

    def __init__(
        self,
        model: Model,
        store: Store,
        embedder: Embedder | None = None,
        *,
        clock: Callable[[], float],
        session: str,
        card: Card | None = None,
        system: str = SYSTEM,
        sampling: Sampling | None = None,
        adapter: str | None = None,
        seed: int = 0,
        imply: bool = False,
    ) -> None:
        self._model, self._store, self._embedder, self._clock = model, store, embedder, clock
        self._session, self._system, self._seed, self._adapter = session, system, seed, adapter
        self._imply = imply
        self._card = card or Card("")
        self._sampling = sampling or Sampling(max_tokens=256, temperature=0.7)
        self._turns: list[Turn] = []
        self._number = 0
        self.gone = 0
        """turns of this session that are no longer shown to the model"""
        self.recalled: list[Recollection] = []
        """what the last turn called up"""
        self.implied = ""
        """what the model made of it, where it was asked to"""

    def hear(self, text: str) -> Generator[str, None, None]:
        """Give the answer to `text` piece by piece. Both turns are durable: the user's before the model is asked.

        An answer that is broken off (the iterator is closed) is kept as far as it went. Raises BadMemory for an odd
        `text`, PromptTooLong, and ModelError where the model failed.
        """
        heard = self._keep(text, "user")
        self._turns.append(Turn("user", text, heard.id))
        self.recalled, self.implied = self._recall(text), ""
        said: list[str] = []
        try:
            for piece in self._think():
                said.append(piece)
                yield piece
        finally:
            if whole := "".join(said).strip():
                # what was recalled and said again is no new experience
                again = [each.memory.id for each in self.recalled if whole in each.memory.content]
                self._turns.append(Turn("assistant", whole, again[0] if again else self._keep(whole, "assistant").id))
                self._learn(text, whole)
            else:  # without an answer, the question was not asked
                self._turns.pop()

    def remember(self, text: str) -> Memory:
        """Return what was kept because the user said so: marked, and on the identity card from now on."""
        memory = Memory(text, self._clock(), salience=Salience(marked=True))
        kept = keep(self._store, memory, self._embedder)
        self._card = replace(self._card, kept=(*self._card.kept, kept))
        self._check_card()
        return kept

    def forgotten(self, ids: Sequence[str]) -> None:
        """Take memories that the store has forgotten out of the conversation and off the card too."""
        self._turns = [turn for turn in self._turns if turn.memory not in ids]
        self.recalled = [each for each in self.recalled if each.memory.id not in ids]
        self._card = replace(self._card, kept=tuple(m for m in self._card.kept if m.id not in ids))

    def _recall(self, text: str) -> list[Recollection]:
        # what is shown as conversation need not be recalled
        here = {turn.memory for turn in self._turns}
        ranker = ranker_of(self._store)
        found = recall(self._store, text, self._embedder, self._clock(), _RECALLED + len(here), ranker=ranker)
        return [each for each in found if each.memory.id not in here][:_RECALLED]

    def _think(self) -> Iterator[str]:
        budget = self._model.context_tokens - self._sampling.max_tokens
        context = assemble(
            self._turns,
            budget_tokens=budget,
            count=self._model.count_tokens,
            system=self._system,
            card=self._card.text,
            kept=self._card.kept,
            recalled=[each.memory for each in self.recalled],
            gone=self.gone,
        )
        self._compact(context.left)
        prompt = Prompt(context.messages)
        with closing(Service(self._model)) as service:
            if self._imply and context.shown:
                self.implied = self._implied(service, context.shown, budget - context.tokens)
                prompt = implied.with_goal(prompt, self.implied)
            yield from self._streamed(service, self._job(prompt, self._sampling, "chat"))

    def _implied(self, service: Service, shown: Sequence[Memory], room: int) -> str:
        """Return what the model makes of the memories that it is shown; nothing where `room` tokens do not hold it."""
        if room < 3 * implied.LONGEST:  # itself, what stands around it, and more text than tokens
            return ""
        sampling = replace(self._sampling, max_tokens=implied.LONGEST, temperature=0.0)
        prompt = implied.asked(shown, self._turns[-1].content)
        return "".join(self._streamed(service, self._job(prompt, sampling, "implied")))

    def _job(self, prompt: Prompt, sampling: Sampling, purpose: str) -> Job:
        key = digest([message.content for message in prompt.messages])
        item = Item(f"turn-{self._number}", {"text": self._turns[-1].content}, None, key)
        noise = Noise((self._seed, self._session, self._number, purpose))
        return Job(make("strategies", "single"), Task(item, prompt, sampling, self._adapter), noise)

    @staticmethod
    def _streamed(service: Service, job: Job) -> Iterator[str]:
        number = service.join(job)
        said = ""
        while True:
            over = [each for each in service.turn() if each.number == number]
            for heard in service.heard():
                said += heard.text
                yield heard.text
            if over:
                if over[0].fault is not None:
                    raise over[0].fault
                whole = _answer(over[0].trace)
                if whole.startswith(said) and len(whole) > len(said):  # what became readable only at the end
                    yield whole[len(said) :]
                return

    def _compact(self, left: Sequence[Turn]) -> None:
        """Store a summary of the turns that leave the context; they are in the store themselves."""
        if not left:
            return
        self._turns = self._turns[len(left) :]
        self.gone += len(left)
        memories = list(self._store.get([turn.memory for turn in left if turn.memory]).values())
        if made := compacted(memories, self._clock()):
            summary, links = made
            vectors = {self._embedder.name: self._embedder.memories([summary.text])[0]} if self._embedder else {}
            self._store.write([Entry(summary, vectors, links)])

    def _learn(self, cue: str, answer: str) -> None:
        """Strengthen what was recalled and then used."""
        if helped := used(self.recalled, cue, answer):
            praise(self._store, cue, self.recalled, helped, self._clock())

    def _keep(self, text: str, source: str) -> Memory:
        who = "" if source == "user" else "I"
        memory = Memory(text, self._clock(), source, who, self._session, self._number)
        self._number += 1
        kept = keep(self._store, memory, self._embedder)
        if kept.claim:
            self._check_card()
        return kept

    def _check_card(self) -> None:
        """Take off the card what the store says is superseded by now."""
        known = self._store.get([memory.id for memory in self._card.kept])
        self._card = replace(self._card, kept=tuple(m for m in known.values() if m.superseded_by is None))


def _answer(trace: Trace) -> str:
    if trace.best is None:
        raise ModelError("; ".join(trace.errors) or f"there is no answer: {trace.stopped}")
    return trace.best.prefix.text


def used(recalled: Sequence[Recollection], cue: str, answer: str) -> list[str]:
    """Return the ids of what was recalled for `cue` and then said in `answer`."""
    return [each.memory.id for each in recalled if _share(each.memory.content, answer, cue) >= _USED]


def _share(memory: str, answer: str, cue: str) -> float:
    """Return how much of what a memory says, beyond the cue, the answer says too."""
    from nightschool.remember.recall.cue import content_words

    own = set(content_words(memory)) - set(content_words(cue))
    return len(own & set(content_words(answer))) / len(own) if own else 0.0
