"""Self-study in the model's own words: it writes questions about what it was told, and keeps those that it can answer.

A question is kept where it names who or what it is about and not what it asks for, and where the model, shown the
sentence, answers it rightly. What a model is too weak to write, templates say (`study`).
Ref: alberti2019 (questions that lead back to their answer); lampinen2025.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nightschool.drive import Drive, Job
from nightschool.errors import StopRequested
from nightschool.items import Item, Lesson, Noise, Prompt, Sampling, Task
from nightschool.ports import Ability
from nightschool.remember.memory import Memory
from nightschool.sleep.evening.select import Candidate
from nightschool.sleep.lessons.statement import Statement, statements
from nightschool.sleep.lessons.study import posed, study, without
from nightschool.think.single import Single

ENOUGH = 3
"""questions about a memory: a model that writes fewer is too weak, and templates are taken instead"""
_DRAWS, _LONGEST = 6, 24  # of each kind of question; words
_SHOWN = (
    ("Tim Orr lives in Bergen.", "Where is Tim Orr's house?", "Bergen", "Who is from Bergen?", "Tim Orr"),
    ("Lea's aunt is Mona Voss.", "What is the name of Lea's aunt?", "Mona Voss", "Whose aunt is Mona Voss?", "Lea"),
    ("Jon Abt sells candles.", "What can one buy from Jon Abt?", "candles", "Who has candles for sale?", "Jon Abt"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """candidates: with the lessons that are taken; asked: questions that the model wrote, and kept: of those, the ones
    that can be learned from; weak: memories of which it wrote too few.
    """

    candidates: tuple[Candidate, ...]
    asked: int
    kept: int
    weak: int


@dataclass(frozen=True, slots=True)
class _Draft:
    memory: Memory
    statement: Statement
    question: str
    answer: str


def write(
    drive: Drive, candidates: Sequence[Candidate], never: frozenset[str], seed: int, adapter: str | None, *, both: bool
) -> Written:
    """Return `candidates` with questions that the model wrote in place of those of templates, or beside them (`both`).

    never: questions that no lesson may ask, as `study.asked` gives them. A model that knows no documents writes
    nothing, and templates are taken. Raises StopRequested where it was interrupted.
    """
    if Ability.DOCUMENT not in drive.model.abilities:
        return Written(tuple(candidates), 0, 0, len(candidates))
    drafts = _drafts(drive, candidates, seed, adapter)
    sound = [draft for draft in drafts if is_sound(draft.question, draft.statement, draft.answer)]
    answered = _answered(drive, sound, adapter)
    kept: dict[str, dict[str, Lesson]] = {}
    for draft, right in zip(sound, answered, strict=True):
        if right:
            mine = kept.setdefault(draft.memory.id, {})
            prompt, answer = posed(draft.question, draft.answer, len(mine))
            mine.setdefault(draft.question, Lesson(prompt, answer, "memory", memories=frozenset({draft.memory.id})))
    return _taken(candidates, kept, never, len(drafts), both=both)


def is_sound(question: str, statement: Statement, answer: str) -> bool:
    """Return whether `question` is one, names what it is about, does not give `answer` away, and is short."""
    low = question.casefold()
    other = statement.subject if answer == statement.object else statement.object
    return (
        question.endswith("?")
        and len(question.split()) <= _LONGEST
        and answer.casefold() not in low
        and other.casefold() in low
    )


def _drafts(drive: Drive, candidates: Sequence[Candidate], seed: int, adapter: str | None) -> list[_Draft]:
    asks = [
        (each.memory, statement, turned)
        for each in candidates
        for statement in statements(each.memory.content)
        if statement.subject and statement.object
        for turned in (False, True)
    ]
    sampling = Sampling(max_tokens=2 * _LONGEST, temperature=0.8, stop=("\n",))
    jobs = [
        Job(
            Single(),
            Task(Item(f"write {memory.id}", {}, None, "writing"), _writing(statement, turned), sampling, adapter),
            Noise((seed, "writing", memory.id, turned, draw)),
        )
        for memory, statement, turned in asks
        for draw in range(_DRAWS)
    ]
    traces = drive.run(jobs)
    if drive.interrupted:
        raise StopRequested("interrupted while it wrote its own lessons; nothing was changed")
    return [
        _Draft(memory, statement, trace.best.answer.strip(), statement.subject if turned else statement.object)
        for i, trace in enumerate(traces)
        for memory, statement, turned in asks[i // _DRAWS :][:1]
        if trace.best is not None
    ]


def _answered(drive: Drive, drafts: Sequence[_Draft], adapter: str | None) -> list[bool]:
    sampling = Sampling(max_tokens=12, temperature=0.0, stop=("\n",))
    jobs = [
        Job(
            Single(),
            Task(
                Item(f"answer {i}", {}, None, "writing"),
                Prompt(text=_told() + f"Fact: {draft.statement.text}\nQuestion: {draft.question}\nAnswer:"),
                sampling,
                adapter,
            ),
            Noise(("writing", "answer", i)),
        )
        for i, draft in enumerate(drafts)
    ]
    traces = drive.run(jobs)
    if drive.interrupted:
        raise StopRequested("interrupted while it answered its own questions; nothing was changed")
    return [
        trace.best is not None and draft.answer.casefold() in trace.best.answer.casefold()
        for draft, trace in zip(drafts, traces, strict=True)
    ]


def _taken(
    candidates: Sequence[Candidate], kept: Mapping[str, Mapping[str, Lesson]], never: frozenset[str], asked: int, *,
    both: bool,
) -> Written:  # fmt: skip
    taken: list[Candidate] = []
    weak = count = 0
    for each in candidates:
        own = without(kept.get(each.memory.id, {}).values(), never)
        count += len(own)
        if len(own) < ENOUGH and not both:
            weak += 1
            taken.append(each)
            continue
        told = {lesson.id for lesson in study(each.memory, ("question", "reversal"))}
        rest = [lesson for lesson in each.lessons if both or lesson.id not in told]
        taken.append(replace(each, lessons=(*own, *rest)))
    return Written(tuple(taken), asked, count, weak)


def _writing(statement: Statement, turned: bool) -> Prompt:
    shown = "".join(
        f"Fact: {fact}\nAnswer: {who if turned else what}\nQuestion: {back if turned else question}\n\n"
        for fact, question, what, back, who in _SHOWN
    )
    answer = statement.subject if turned else statement.object
    return Prompt(text=f"{shown}Fact: {statement.text}\nAnswer: {answer}\nQuestion:")


def _told() -> str:
    return "".join(f"Fact: {fact}\nQuestion: {question}\nAnswer: {what}\n\n" for fact, question, what, _, _ in _SHOWN)
