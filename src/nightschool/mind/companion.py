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
from nightschool.mind.scribe import Scribe
from nightschool.ports import Model
from nightschool.registry import make
from nightschool.remember.answered import keep_answer
from nightschool.remember.compact import compacted
from nightschool.remember.context import Turn, assemble
from nightschool.remember.embed.port import Embedder
from nightschool.remember.identity import Card
from nightschool.remember.keep import keep, noted
from nightschool.remember.memory import Memory, Salience
from nightschool.remember.recall import implied
from nightschool.remember.recall.learn import ranker_of
from nightschool.remember.recall.recall import Recollection, recall
from nightschool.remember.store.port import Entry, Store

SYSTEM = "You are a helpful companion. Answer in a few words."
_RECALLED = 8


class Companion:
    """A model, a store, and the conversation of this session.

    card: what it is and can do; session: names this conversation in the store; adapter: of the weights, loaded already;
    imply: let the model first write what the recalled memories come to, as a goal for its answer; notes: let it tag
    what is said, weigh how surprising that is, and summarise what leaves, beside its answers; context_tokens: that it
    is shown and answers with at most, None for all that it reads.
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
        notes: bool = True,
        context_tokens: int | None = None,
    ) -> None:
        self._model, self._store, self._embedder, self._clock = model, store, embedder, clock
        self._session, self._system, self._seed, self._adapter = session, system, seed, adapter
        self._imply, self._notes = imply, notes
        self._card = card or Card("")
        self._sampling = sampling or Sampling(max_tokens=256, temperature=0.7)
        most = model.context_tokens if context_tokens is None else min(context_tokens, model.context_tokens)
        self._budget = most - self._sampling.max_tokens
        self._turns: list[Turn] = []
        self._number = 0
        self._unnoted: list[Memory] = []
        self._leaving: list[Memory] = []
        self._gist: list[Memory] = []
        self._scribe: Scribe | None = None
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
        heard = self._keep(text)
        self._turns.append(Turn("user", text, heard.id))
        self._unnoted.append(heard)
        self.recalled, self.implied = self._recall(text), ""
        said: list[str] = []
        try:
            yield from self._think(said)
        finally:
            self._write_notes()
            if whole := "".join(said).strip():
                self._answered(text, whole)
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
        kept: list[Turn] = []
        for turn in self._turns:
            # an answer goes with its question: the turns that are shown begin with the user's
            if turn.memory not in ids and (turn.role == "user" or kept):
                kept.append(turn)
        self._turns = kept
        self.recalled = [each for each in self.recalled if each.memory.id not in ids]
        self._unnoted = [memory for memory in self._unnoted if memory.id not in ids]
        self._card = replace(self._card, kept=tuple(m for m in self._card.kept if m.id not in ids))
        # a summary that lost lines stands in the same place under another name
        at = self._store.beside([(memory.session, memory.turn) for memory in self._gist])
        self._gist = list(self._store.get([each.id for each in at.values()]).values())

    def woken(self, adapter: str | None, card: Card) -> None:
        """Answer with these weights from now on. adapter: loaded already; card: what it is now."""
        self._adapter, self._card = adapter, card

    def _recall(self, text: str) -> list[Recollection]:
        # what is shown as conversation, or in its summaries, need not be recalled
        here = {*(turn.memory for turn in self._turns), *(memory.id for memory in self._gist)}
        ranker = ranker_of(self._store)
        found = recall(self._store, text, self._embedder, self._clock(), _RECALLED + len(here), ranker=ranker)
        return [each for each in found if each.fits and each.memory.id not in here][:_RECALLED]

    def _think(self, said: list[str]) -> Iterator[str]:
        """Give the answer piece by piece, putting each into `said` first."""
        context = assemble(
            self._turns,
            budget_tokens=self._budget,
            count=self._model.count_tokens,
            system=self._system,
            card=self._card.text,
            kept=self._card.kept,
            recalled=[each.memory for each in self.recalled],
            gist=self._gist,
            gone=self.gone,
        )
        self._let_go(context.left)
        prompt = Prompt(context.messages)
        with closing(Service(self._model)) as service:
            if self._imply and context.shown:
                self.implied = self._implied(service, context.shown, self._budget - context.tokens)
                prompt = implied.with_goal(prompt, self.implied)
            if self._notes:
                self._scribe = Scribe(service, self._adapter, Noise((self._seed, self._session, self._number, "notes")))
                for memory in self._unnoted:
                    self._scribe.note(memory)
                self._scribe.summarise(self._leaving)
            for piece in self._streamed(service, self._job(prompt, self._sampling, "chat")):
                said.append(piece)
                yield piece
            if self._scribe:
                self._scribe.finish()

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

    def _streamed(self, service: Service, job: Job) -> Iterator[str]:
        number = service.join(job)
        said = ""
        while True:
            over = []
            for each in service.turn():
                if each.number == number:
                    over.append(each)
                elif self._scribe:
                    self._scribe.hear(each)
            for heard in service.heard():
                if heard.number == number:
                    said += heard.text
                    yield heard.text
            if over:
                if over[0].fault is not None:
                    raise over[0].fault
                whole = _answer(over[0].trace)
                if whole.startswith(said) and len(whole) > len(said):  # what became readable only at the end
                    yield whole[len(said) :]
                return

    def _let_go(self, left: Sequence[Turn]) -> None:
        """Take turns out of the conversation; they are in the store themselves, and are summarised."""
        if left:
            self._turns = [turn for turn in self._turns if not any(turn is each for each in left)]
            self.gone += len(left)
            self._leaving = list(self._store.get([turn.memory for turn in left if turn.memory]).values())

    def _write_notes(self) -> None:
        """Keep what the model noted, and a summary of what left, without a model's words where it wrote none."""
        scribe, self._scribe = self._scribe, None
        for memory in self._unnoted if scribe else ():
            assert scribe is not None
            tags, surprise = scribe.tags.get(memory.id, ()), scribe.surprise.get(memory.id)
            noted(self._store, memory.id, tags=tags, surprise=surprise)
        leaving, self._leaving, self._unnoted = self._leaving, [], []
        if made := compacted(leaving, self._clock(), written=scribe.sentences if scribe else ()):
            summary, links = made
            vectors = {self._embedder.name: self._embedder.memories([summary.text])[0]} if self._embedder else {}
            self._store.write([Entry(summary, vectors, links)])
            self._gist.append(summary)

    def _answered(self, cue: str, answer: str) -> None:
        """Keep what is new in the answer, and strengthen what was recalled and then used."""
        memory = Memory(answer, self._clock(), "assistant", "I", self._session, self._number)
        said = self._store.get([turn.memory for turn in self._turns if turn.memory]).values()
        shown = [*self._card.kept, *said]
        kept = keep_answer(self._store, memory, cue, self.recalled, kept=shown, embedder=self._embedder)
        self._number += 1
        again = [m.id for m in (*(each.memory for each in self.recalled), *shown) if answer in m.content]
        self._turns.append(Turn("assistant", answer, kept.id if kept else again[0] if again else None))
        if kept:
            self._unnoted.append(kept)

    def _keep(self, text: str) -> Memory:
        memory = Memory(text, self._clock(), "user", "", self._session, self._number)
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
