"""Self-study: what one says to oneself about a memory, so that it is known from every side and not as a string.

A statement that can be taken apart is asked for and answered, said in other words, turned round, completed, and told as
a whole; of one that cannot, every end is learned after every beginning, written on and in a conversation. Each keeps
some questions back: the gate asks them, and no lesson ever does.
Ref: allenzhu2024 (facts seen in one form alone are kept and cannot be got at); berglund2024 (a fact learned one way
round is not known the other way round); lampinen2025 (asking oneself what follows before it is trained on).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from nightschool.items import Item, Lesson, Message, Prompt, digest
from nightschool.remember.memory import Memory
from nightschool.sleep.lessons.statement import Statement, statements

Kind = Literal["question", "reversal", "completion", "backward", "whole"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_SYSTEM = "Answer briefly."
_WORDS_AT_ONCE = 60  # of a sentence that is not taken apart: longer ones come in pieces
_WAYS = (0, 1, 3)  # of posing a question, each once
_GO_ON = ("How does this go on? {}", "Say the rest of it: {}", "What comes after these words? {}")
_ENDS = ("Finish this sentence: {}", "How does it end? {}")  # for the gate, which no lesson ever asks


@dataclass(frozen=True, slots=True)
class Check:
    """A question that the gate asks of what was learned. item: with the truth; prompt: how it is posed."""

    item: Item
    prompt: Prompt


def study(memory: Memory, kinds: Iterable[Kind] = KINDS) -> list[Lesson]:
    """Return the lessons that one memory makes, without those of other `kinds`; none for what states nothing."""
    wanted = frozenset(kinds)
    lessons: dict[str, Lesson] = {}
    for statement in statements(memory.content):
        for kind, prompt, answer in _said(statement, memory):
            if kind in wanted:
                lesson = Lesson(prompt, answer, "memory", memories=frozenset({memory.id}))
                lessons.setdefault(lesson.id, lesson)
    return list(lessons.values())


def checks(memory: Memory, ways: int = 1) -> list[Check]:
    """Return the questions about one memory that no lesson asks; none for what is too short to have a beginning.

    ways: in how many each is put (1 to 3): in a conversation, with an instruction, and in a document. In three of them
    a statement is asked for at least six times, of whatever form it is.
    """
    found = []
    for statement in statements(memory.content):
        for prompt, target in _held_back(statement, ways):
            name = digest(memory.id, str(prompt))[:16]
            found.append(Check(Item(name, {"question": str(prompt)}, target, f"memory {memory.id}"), prompt))
    return found


def asked(prompt: Prompt) -> str:
    """Return the bare question of a prompt, in small letters, however it is posed: what lessons and exams compare.

    >>> asked(Prompt(text="Question: Who is Ann?\\nAnswer:")) == asked(Prompt((Message("user", "Who is  Ann?"),)))
    True
    """
    text = prompt.messages[-1].content if prompt.messages else str(prompt.text)
    return " ".join(text.removeprefix("Question: ").removesuffix("Answer:").casefold().split())


def without(lessons: Iterable[Lesson], examined: Iterable[str]) -> list[Lesson]:
    """Return the lessons that ask none of the `examined` questions, by hash (bare ones, as `asked` gives them)."""
    never = {digest(question) for question in examined}
    return [lesson for lesson in lessons if digest(asked(lesson.prompt)) not in never]


def _said(statement: Statement, memory: Memory) -> Iterable[tuple[Kind, Prompt, str]]:
    relation = statement.relation
    if relation is None:
        yield from _by_heart(statement, memory)
        return
    for i, template in enumerate(relation.questions):
        yield "question", *posed(statement.fill(template), statement.object, i)
    for i, template in enumerate(relation.reversals):
        yield "reversal", *posed(statement.fill(template), statement.subject or statement.text, i)
    for kind, templates in (("completion", relation.completions), ("backward", relation.backwards)):
        for template in templates:
            begun, _, rest = statement.fill(template).partition("|")
            yield ("completion" if kind == "completion" else "backward"), Prompt(text=begun), rest
    about = statement.subject or dict(statement.parts).get("r", "")
    yield "whole", _posed(f"What were you told about {about}?", 0), statement.text


def _by_heart(statement: Statement, memory: Memory) -> Iterable[tuple[Kind, Prompt, str]]:
    for part in _pieces(statement.text):
        words = part.split()
        cuts = sorted({max(1, len(words) * k // 4) for k in (1, 2, 3)})
        for i, cut in enumerate(cut for cut in cuts if cut < len(words) - 1):  # the last word alone is kept back
            begun, rest = " ".join(words[:cut]), " ".join(words[cut:])
            yield "completion", Prompt(text=begun), f" {rest}"
            yield "question", *posed(_GO_ON[i].format(begun), rest, _WAYS[i])
        for i, tag in enumerate(memory.tags[:2]):
            yield "whole", _posed(f"What were you told about {tag}?", i), part


def _held_back(statement: Statement, ways: int) -> Iterable[tuple[Prompt, str]]:
    if statement.relation is not None:
        for template in statement.relation.checks:
            for way in _WAYS[:ways]:
                yield _posed(statement.fill(template), way), statement.object
        return
    for part in _pieces(statement.text):
        words = part.rstrip(".!").split()
        if len(words) > 2:
            begun = " ".join(words[:-1])
            yield Prompt(text=begun), words[-1]
            for template in _ENDS:
                for way in _WAYS[:ways]:
                    yield _posed(template.format(begun), way), words[-1]


def posed(question: str, answer: str, i: int) -> tuple[Prompt, str]:
    """Return how the `i`th question about something is posed, and its answer as it is written there."""
    return _posed(question, i), f" {answer}" if i % 4 == 3 else answer


def _posed(question: str, i: int) -> Prompt:
    """Return the question as one is asked: in a conversation, with and without instructions, and in a document."""
    if i % 4 == 1:
        return Prompt((Message("system", _SYSTEM), Message("user", question)))
    if i % 4 == 3:
        return Prompt(text=f"Question: {question}\nAnswer:")
    return Prompt((Message("user", question),))


def _pieces(text: str) -> Sequence[str]:
    words = text.split()
    return [" ".join(words[i : i + _WORDS_AT_ONCE]) for i in range(0, len(words), _WORDS_AT_ONCE)]
