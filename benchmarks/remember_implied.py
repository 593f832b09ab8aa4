"""Does it help to write first what the memories imply? Questions about invented people, at equal tokens.

    python benchmarks/remember_implied.py [--model smollm2] [--households 12]

The statements about the people are memories, recalled by words; an answer is right where it contains the truth. Three
ways answer the same questions from the same memories: one greedy answer; the vote of several drawn answers, which may
sample as many tokens as the third way does; and one greedy answer behind what the model first wrote that the memories
imply. Tokens are counted as sampled, and as read.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nightschool.drive import Drive, Job
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Split, Task, Trace, digest
from nightschool.models.resolve import open_model
from nightschool.registry import make
from nightschool.remember.context import quoted
from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory
from nightschool.remember.recall import implied
from nightschool.remember.recall.recall import recall
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.stats.paired import Paired, mcnemar
from nightschool.stats.rates import wilson
from nightschool.worlds.facts import households
from nightschool.worlds.told import KINDS

RECALLED = 6
ANSWER = 24  # tokens at most
DRAWS = 3


@dataclass
class Question:
    """What is asked, with the truth and what was recalled for it."""

    kind: str
    text: str
    truth: str
    memories: list[Memory]


def asked(count: int) -> list[Question]:
    """Return the questions, one of each kind for each household."""
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "facts.sqlite") as store:
        people = households(Split.TUNE, count, 0)
        told = [text for one in people for text in one.statements] + [one.news for one in people]
        for second, text in enumerate(told):
            keep(store, Memory(text, float(second)))
        questions = [one.questions(kind)[0] for one in people for kind in KINDS]
        return [
            Question(q.kind, q.question, q.answer, [
                each.memory for each in recall(store, q.question, None, float(len(told)), RECALLED)
            ])
            for q in questions
        ]  # fmt: skip


def answers(model: Drive, prompts: list[Prompt], search: str, sampling: Sampling) -> list[Trace]:
    jobs = []
    for number, prompt in enumerate(prompts):
        item = Item(f"q{number}", {"text": prompt.messages[-1].content}, None, digest(str(prompt)))
        jobs.append(Job(make("strategies", search), Task(item, prompt, sampling), Noise((0, number, search))))
    return model.run(jobs)


def right(traces: list[Trace], questions: list[Question]) -> list[bool]:
    said = [trace.best.prefix.text if trace.best else "" for trace in traces]
    return [question.truth.casefold() in text.casefold() for question, text in zip(questions, said, strict=True)]


def sampled(*runs: list[Trace]) -> float:
    return sum(trace.usage.sampled_tokens for traces in runs for trace in traces) / len(runs[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--households", type=int, default=12)
    options = parser.parse_args()
    questions = asked(options.households)
    there = [any(q.truth in memory.content for memory in q.memories) for q in questions]
    print(f"{len(questions)} questions; the truth stands in what was recalled for {np.mean(there):.0%}", flush=True)
    drive = Drive(open_model(options.model))
    greedy, drawn = Sampling(ANSWER, temperature=0.0), Sampling(ANSWER, temperature=0.7)
    plain = [
        Prompt((Message("system", "Answer in a few words."), Message("user", quoted(q.memories, q.text))))
        for q in questions
    ]
    one = answers(drive, plain, "single", greedy)
    vote = answers(drive, plain, f"vote:n={DRAWS}", drawn)
    first = answers(
        drive, [implied.asked(q.memories, q.text) for q in questions], "single", Sampling(implied.LONGEST, 0.0)
    )
    said = [trace.best.prefix.text if trace.best else "" for trace in first]
    goal = answers(drive, [implied.with_goal(p, text) for p, text in zip(plain, said, strict=True)], "single", greedy)
    outcomes = {
        "one answer": (right(one, questions), sampled(one)),
        f"vote of {DRAWS}": (right(vote, questions), sampled(vote)),
        "implied first": (right(goal, questions), sampled(first, goal)),
    }
    for name, (passed, tokens) in outcomes.items():
        got = wilson(sum(passed), len(passed))
        kinds = ", ".join(
            f"{kind} {np.mean([p for p, q in zip(passed, questions, strict=True) if q.kind == kind]):.0%}"
            for kind in KINDS
        )
        rate = f"{got.value:.1%} ({got.low:.1%} to {got.high:.1%})"
        print(f"{name:14} {rate}   {tokens:.0f} tokens sampled per question   {kinds}")
    with_goal = outcomes["implied first"][0]
    for name in list(outcomes)[:2]:
        print(f"implied first against {name}: mid-p McNemar {mcnemar(Paired.of(outcomes[name][0], with_goal)):.3f}")


if __name__ == "__main__":
    main()
