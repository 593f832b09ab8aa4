"""A small family from nothing: models of several sizes, or one at several times, taught the same texts of some worlds.

A text is a question of a world as a document, in one of its wordings, with some worked examples before it; from its
first answer on it is learned. Only practice items are in it. Questions without task information (controls) are never
shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nightschool.errors import BadSpec, UsageError
from nightschool.items import Item, Noise, Split, Wording, digest
from nightschool.models.local.model import LocalModel
from nightschool.ports import Watcher, World
from nightschool.prompts.render import answer_of
from nightschool.train.examples import Example
from nightschool.train.scratch import (
    Schooling,
    Size,
    begin,
    byte_tokenizer,
    grown,
    load,
    newborn,
    save,
    teach,
    text_example,
)
from nightschool.worlds.dice import Dice

CONTEXT = 1024
_SHAPE = re.compile(r"(\d+)x(\d+)")
_SHOTS = (0, 1, 3, 3)  # as often as each is here
_KNOWN = 4000  # practice items of each world


@dataclass(frozen=True, slots=True)
class Born:
    """One of the family. size: parameters; steps: of learning; folder: where it is kept."""

    name: str
    size: int
    steps: int
    folder: Path
    schooling: Schooling
    taught: str

    def open(self) -> LocalModel:
        """Return it as a model to be asked."""
        return grown(load(self.folder), byte_tokenizer(), self.name, self.schooling, f"{self.taught} {self.steps}")


def read_sizes(text: str) -> tuple[Size, ...]:
    """Return the sizes that `text` lists: hidden numbers and layers, `32x1,64x2`. Raises BadSpec.

    >>> [(size.hidden, size.layers) for size in read_sizes("32x1,64x2")]
    [(32, 1), (64, 2)]
    """
    found = []
    for part in text.split(","):
        match = _SHAPE.fullmatch(part.strip())
        if match is None:
            raise BadSpec(f"a size is hidden numbers and layers, such as 64x2, not {part!r}")
        try:
            found.append(Size(int(match[1]), int(match[2]), context=CONTEXT))
        except UsageError as error:
            raise BadSpec(f"{part}: {error}") from error
    return tuple(found)


def documents(world: World) -> list[Wording]:
    """Return the wordings that a model without a chat template can be taught in: documents that say what is wanted."""
    return [each for each in world.wordings if each.document and each.style != "control"]


def texts(worlds: Sequence[World], batch: int, seed: int) -> Callable[[int], list[Example]]:
    """Return what gives the texts of each step, whoever learns them. Raises UsageError where there are none."""
    known: list[tuple[World, list[Wording], Sequence[Item]]] = []
    for world in worlds:
        ways, items = documents(world), [i for i in world.items(Split.PRACTICE, _KNOWN) if i.target is not None]
        if not ways or len(items) < 8:
            raise UsageError(
                f"{world.spec} cannot be taught from nothing: {len(ways)} wordings are documents and {len(items)} "
                "practice items have answers"
            )
        known.append((world, ways, items))
    tokenizer = byte_tokenizer()

    def given(step: int) -> list[Example]:
        dice = Dice(Noise((seed, "family", step)))
        return [_text(tokenizer, dice, *dice.pick(known)) for _ in range(batch)]

    return given


def _text(tokenizer: Any, dice: Dice, world: World, ways: Sequence[Wording], items: Sequence[Item]) -> Example:
    for shots in (dice.pick(_SHOTS), 0):
        wording, item = dice.pick(ways), dice.pick(items)
        picked = [other for _ in range(shots) if (other := dice.pick(items)).key != item.key]
        shown = list({other.id: other for other in picked}.values())
        prompt = world.pose(item, wording, shown)
        whole = f"{prompt.text}{prompt.prefill}"
        example = text_example(tokenizer, whole, answer_of(wording, item))
        if len(example.tokens) > CONTEXT:
            continue
        if shown:  # the worked answers are learned as well: four for the price of one text
            first = world.pose(shown[0], wording)
            begun = f"{first.text}{first.prefill}"
            if whole.startswith(begun):
                return replace(example, start=len(begun.encode()))
        return example
    raise UsageError(f"an item of {world.spec} is longer than {CONTEXT} bytes; make it smaller")


def raise_family(
    sizes: Sequence[Size],
    worlds: Sequence[World],
    folder: Path,
    *,
    steps: int = 1000,
    batch: int = 32,
    rate: float = 3e-3,
    seed: int = 0,
    checkpoints: int = 1,
    watch: Watcher | None = None,
) -> list[Born]:
    """Return the family: each size after `steps` steps, or the one size at `checkpoints` times, doubling up to them.

    What `folder` holds already is not taught again. Raises UsageError for checkpoints of several sizes.
    """
    if checkpoints > 1 and len(sizes) > 1:
        raise UsageError("checkpoints are those of one size; name one")
    times = sorted({max(1, steps >> back) for back in range(checkpoints)})
    born = []
    for size in sizes:
        schooling = Schooling(steps, rate, seed=seed)
        taught = digest("family", asdict(size), asdict(schooling), [world.spec for world in worlds], batch, seed)[:12]
        name = f"{size.hidden}x{size.layers}"
        wanted = [
            Born(
                name if len(times) == 1 else f"{name}@{at}", 0, at, folder / f"{name}-{taught}-{at}", schooling, taught
            )
            for at in times
        ]
        if not all(each.folder.exists() for each in wanted):
            module = newborn(size, byte_tokenizer(), seed)
            given, optimizer, done = texts(worlds, batch, seed), begin(module, schooling), 0
            for each in wanted:  # one schooling, looked at on its way
                teach(module, given, schooling, watch, optimizer, until=each.steps, begun=done)
                if not each.folder.exists():
                    save(module, each.folder, byte_tokenizer())
                done = each.steps
        born += [_counted(each) for each in wanted]
    return born


def _counted(each: Born) -> Born:
    module = load(each.folder)
    size = sum(parameter.numel() for parameter in module.parameters())  # type: ignore[union-attr]  # it was saved
    return Born(each.name, size, each.steps, each.folder, each.schooling, each.taught)
