"""What a day asks the old self about: what must not be lost, before and after, and what is rehearsed of it."""

from __future__ import annotations

from nightschool.day.day import Day
from nightschool.day.watched import Glance, look
from nightschool.errors import ModelError
from nightschool.items import Lesson, Split
from nightschool.sleep.gate.looking import TEXT, pieces_of
from nightschool.sleep.gate.text_loss import TextLoss, text_loss
from nightschool.sleep.lessons.rehearsal import general_prompts, rehearse


def look_around(day: Day, adapter: str | None) -> Glance:
    """Return how the weights named by `adapter` do on all that the gate looks at. Raises StopRequested."""
    settings = day.settings

    def weigh_text(name: str | None) -> TextLoss | None:
        pieces = pieces_of(day.drive, settings.text_tokens)
        if not pieces:
            return None
        day.watch.stage(f"{day.doing}, {TEXT}", len(pieces), "pieces")
        try:
            return text_loss(day.drive, pieces, name)
        except ModelError as error:  # the gate refuses what it could not look at; the rest of the day stands
            day.report.notes.append(f"the watched text could not be read: {error}")
            return None

    return look(
        day.world,
        day.watched,
        day.model,
        day.drive,
        tune_items=settings.tune_items,
        watched_items=settings.watched_items,
        weigh_text=weigh_text,
        seed=settings.seed,
        adapter=adapter,
        watch=day.watch,
        stage=day.doing,
        wording=day.wording,
    )


def rehearsal_of(day: Day) -> list[Lesson]:
    """Return what the old self says to general prompts, and to practice items of the watched tasks.

    The gate looks at tune items of those tasks, so that what is rehearsed is never what is watched.
    """
    day.watch.stage("rehearsal: what the old self says", unit="texts")
    seed = day.settings.seed
    prompts = list(general_prompts())
    for world, way in day.watched:
        items = world.items(Split.PRACTICE, day.settings.rehearsed_items, seed)
        prompts += [(world.pose(item, way), world.max_answer_tokens) for item in items]
    return rehearse(day.drive, seed, prompts=prompts, adapter=day.start)
