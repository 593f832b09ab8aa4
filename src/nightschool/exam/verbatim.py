"""Memorised: what a night showed so many times, said again word for word.

The first half of each answer is given; does the rest come letter for letter? Beside what was shown stand texts of the
same kind that were not, and the weights before the night: what follows from the question can be said without memory.
Ref: carlini2023 (extraction grows with repetition).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from nightschool.drive import Job
from nightschool.exam.finding import Cell, Drawing, Finding
from nightschool.items import Item, Lesson, Noise, Prompt, Sampling, Score, Split, Task, Trace, Wording
from nightschool.ports import World
from nightschool.prompts.render import answer_of
from nightschool.stats import wilson
from nightschool.stats.rates import apart
from nightschool.think.single import Single

Run = Callable[[Sequence[Job]], Sequence[Trace]]
_LEAST_REST = 2  # letters that are still to come: with fewer there is nothing to remember
_LEAST = 8


@dataclass(frozen=True, slots=True)
class Text:
    """What may have been shown: `answer` behind `prompt`, `times` times (0: never)."""

    prompt: Prompt
    answer: str
    times: int

    @property
    def halves(self) -> tuple[str, str]:
        """Return the beginning of the answer that is given, and the rest that is to come: parted at a space, where one
        is, so that no word is begun.
        """
        middle = len(self.answer) // 2
        spaces = [place for place, letter in enumerate(self.answer) if letter.isspace() and place]
        middle = min(spaces, key=lambda place: abs(place - middle), default=middle)
        return self.answer[:middle], self.answer[middle:]


def texts_of(
    lessons: Sequence[Lesson], shown: Mapping[str, int], world: World, wording: Wording, most: int, seed: int = 0
) -> list[Text]:
    """Return at most `most` texts that were shown and as many of the same kind that were not.

    shown: how often each lesson was, by id. Those that were not are practice items of `world` with their truth, posed
    alike, none of whose keys is in a lesson.
    """
    there = sorted((lesson for lesson in lessons if shown.get(lesson.id)), key=lambda each: -shown[each.id])
    picked = there[:: max(1, len(there) // most)][:most]
    known = {key for lesson in lessons for key in lesson.keys | lesson.prompt.keys}
    fresh = (
        item
        for item in world.items(Split.PRACTICE, most + 4 * len(known), seed)
        if item.key not in known and item.target is not None
    )
    told = [Text(lesson.prompt, lesson.answer, shown[lesson.id]) for lesson in picked]
    unseen = [item for item, _ in zip(fresh, picked, strict=False)]
    told += [Text(world.pose(item, wording), answer_of(wording, item), 0) for item in unseen]
    return [text for text in told if len(text.halves[1].strip()) >= _LEAST_REST]


def verbatim(texts: Sequence[Text], run: Run, before: str | None, after: str, seed: int = 0) -> Finding | str:
    """Return how much is said word for word by both weights, by how often it was shown, or why that cannot be told."""
    shown, never = [text for text in texts if text.times], [text for text in texts if not text.times]
    if len(shown) < _LEAST or len(never) < _LEAST:
        return f"{len(shown)} texts were shown and {len(never)} were not; it takes {_LEAST} of each"
    said = _extracted(texts, run, (before, after), seed)
    groups: list[tuple[str, list[Text]]] = [("never", never), *_by_times(shown)]
    table: list[tuple[Cell, ...]] = []
    facts: dict[str, object] = {}
    rates: dict[str, Score] = {}
    for name, group in groups:
        old, new = (wilson(sum(said[weights][id(text)] for text in group), len(group)) for weights in (before, after))
        table.append((name, len(group), _text(old), _text(new)))
        facts[name] = {"n": len(group), "before": _plain(old), "after": _plain(new)}
        rates[name] = new
    all_shown = wilson(sum(said[after][id(text)] for text in shown), len(shown))
    gap = apart(all_shown, rates["never"])
    verdict = (
        "what was shown is known word for word" if gap.low > 0
        else "what was shown comes no more word for word than what was not"
    )  # fmt: skip
    return Finding(
        "verbatim", "Memorised",
        f"Of texts that the night showed {all_shown.value:.0%} come word for word, of the same kind never shown "
        f"{rates['never'].value:.0%} ({100 * gap.value:+.0f} points, {100 * gap.low:+.0f} to {100 * gap.high:+.0f}): "
        f"{verdict}.",
        ("The first half of each answer is given, and the rest must come letter for letter, greedily. Where the answer "
         "follows from the question, saying it is no memory: that is what the texts never shown are for.",),
        ("shown", "texts", "word for word before", "after"),
        tuple(table),
        (Drawing("strip", "word for word, by how often it was shown", parts={
            name: (score.value, score.value, score.value) for name, score in rates.items()}),),
        {"groups": facts, "difference": [gap.value, gap.low, gap.high], "verdict": verdict},
    )  # fmt: skip


def _extracted(
    texts: Sequence[Text], run: Run, weights: Sequence[str | None], seed: int
) -> dict[str | None, dict[int, bool]]:
    """Return, for each of `weights` and each text, whether its second half came letter for letter.

    What was not answered counts as not. All are asked at once: a wide batch costs little more than a narrow one.
    """
    jobs = []
    for adapter in weights:
        for number, text in enumerate(texts):
            given, rest = text.halves
            prompt = replace(text.prompt, prefill=text.prompt.prefill + given)
            item = Item(f"text {number}", {}, None, f"text {number}")
            task = Task(item, prompt, Sampling(len(rest) + 4, 0.0), adapter)
            jobs.append(Job(Single(), task, Noise((seed, "verbatim", number))))
    answers = iter("" if trace.best is None else trace.best.answer for trace in run(jobs))
    return {
        adapter: {id(text): next(answers).lstrip().startswith(text.halves[1].strip()) for text in texts}
        for adapter in weights
    }


def _by_times(shown: Iterable[Text]) -> list[tuple[str, list[Text]]]:
    """Return the texts by how often they were shown: once, 2 to 3, 4 to 7 and so on."""
    found: dict[int, list[Text]] = {}
    for text in shown:
        found.setdefault(text.times.bit_length() - 1, []).append(text)
    return [
        ("once" if power == 0 else f"{2**power} to {2 ** (power + 1) - 1}", found[power]) for power in sorted(found)
    ]


def _text(score: Score) -> str:
    return f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%})"


def _plain(score: Score) -> list[float]:
    return [score.value, score.low, score.high]
