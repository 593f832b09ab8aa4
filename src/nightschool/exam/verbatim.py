"""Memorised: what a night showed so many times, said again word for word.

The first half of each answer is given; does the rest come letter for letter? Beside what was shown stand texts of the
same levels that were not, and the weights before the night: what follows from the question can be said without memory.
Ref: carlini2023 (extraction grows with repetition).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from nightschool.drive import Job
from nightschool.exam.finding import Cell, Drawing, Finding
from nightschool.exam.rungs.asking import whole
from nightschool.items import Item, Lesson, Noise, Prompt, Sampling, Score, Split, Task, Trace, Wording
from nightschool.ports import World
from nightschool.prompts.render import answer_of
from nightschool.stats import wilson
from nightschool.stats.rates import apart
from nightschool.think.single import Single

Run = Callable[[Sequence[Job]], Sequence[Trace]]
_LEAST_REST = 2  # letters that are still to come: with fewer there is nothing to remember
_LEAST = 8
_MOST_POOLED = 8192  # practice items of a level that a lesson is looked for among


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
    """Return at most `most` texts that were shown and as many that were not, level by level as many of each.

    shown: how often each lesson was, by id. Those that were not are practice items with their truth, of the level of
    `world` that the lesson beside them is of, posed alike, none of whose keys is in a lesson. What is shown of a level
    whose items are used up, or of none, is left out: nothing can be held beside it.
    """
    there = sorted((lesson for lesson in lessons if shown.get(lesson.id)), key=lambda each: -shown[each.id])
    picked = there[:: max(1, len(there) // most)][:most]
    known = {key for lesson in lessons for key in lesson.keys | lesson.prompt.keys}
    pools = _pools(picked, world, most + 4 * len(known), seed)
    told: list[Text] = []
    for level, pool in zip(world.levels(), pools, strict=True):
        keys = {item.key for item in pool}
        own = (Text(each.prompt, each.answer, shown[each.id]) for each in picked if each.keys & keys)
        fresh = (item for item in pool if item.key not in known and item.target is not None)
        others = (Text(level.pose(item, wording), answer_of(wording, item), 0) for item in fresh)
        for pair in zip(filter(_tells, own), filter(_tells, others), strict=False):
            told += pair
    return told


def _pools(picked: Sequence[Lesson], world: World, least: int, seed: int) -> list[Sequence[Item]]:
    """Return practice items of each level of `world`, so many that every lesson has its own among them, if any has."""
    while True:
        pools = [level.items(Split.PRACTICE, least, seed) for level in world.levels()]
        keys = {item.key for pool in pools for item in pool}
        if least >= _MOST_POOLED or all(each.keys & keys for each in picked):
            return pools
        least *= 2


def _tells(text: Text) -> bool:
    return len(text.halves[1].strip()) >= _LEAST_REST


def verbatim(texts: Sequence[Text], run: Run, before: str | None, after: str, seed: int = 0) -> Finding | str:
    """Return how much is said word for word by both weights, by how often it was shown, or why that cannot be told."""
    shown, never = [text for text in texts if text.times], [text for text in texts if not text.times]
    if len(shown) < _LEAST or len(never) < _LEAST:
        return f"{len(shown)} texts were shown and {len(never)} were not; it takes {_LEAST} of each"
    said = _extracted(texts, run, (before, after), seed)
    shown, never = ([t for t in kind if all(id(t) in by for by in said.values())] for kind in (shown, never))
    lost = len(texts) - len(shown) - len(never)
    if len(shown) < _LEAST or len(never) < _LEAST:
        return f"{lost} of {len(texts)} texts were not answered; it takes {_LEAST} of each kind that were"
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
         "follows from the question, saying it is no memory: that is what the texts never shown are for, as many of "
         "each level as were shown.",
         *([f"{lost} texts were not answered and are left out."] if lost else [])),
        ("shown", "texts", "word for word before", "after"),
        tuple(table),
        (Drawing("strip", "word for word, by how often it was shown", parts={
            name: (score.value, score.value, score.value) for name, score in rates.items()}),),
        {"groups": facts, "difference": [gap.value, gap.low, gap.high], "verdict": verdict},
    )  # fmt: skip


def _extracted(
    texts: Sequence[Text], run: Run, weights: Sequence[str | None], seed: int
) -> dict[str | None, dict[int, bool]]:
    """Return, for each of `weights` and each text that was answered, whether its second half came letter for letter.

    All are asked at once: a wide batch costs little more than a narrow one.
    """
    jobs = []
    for adapter in weights:
        for number, text in enumerate(texts):
            given, rest = text.halves
            prompt = replace(text.prompt, prefill=text.prompt.prefill + given)
            item = Item(f"text {number}", {}, None, f"text {number}")
            task = Task(item, prompt, Sampling(len(rest) + 4, 0.0), adapter)
            jobs.append(Job(Single(), task, Noise((seed, "verbatim", number))))
    answers = iter(whole(trace.best) for trace in run(jobs))
    return {
        adapter: {
            id(text): best.answer.lstrip().startswith(text.halves[1].strip())
            for text in texts
            if (best := next(answers)) is not None
        }
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
