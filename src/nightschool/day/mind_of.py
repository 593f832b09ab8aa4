"""From a way that was measured to the mind that does it again."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.exam.rung import Way
from nightschool.items import Adapter, Item, Sampling, Split
from nightschool.mind import WORLD, Mind
from nightschool.ports import Model, World


def mind_of(
    world: World,
    model: Model,
    way: Way,
    *,
    seed: int,
    adapter: Adapter | None = None,
    night: str | None = None,
    own: Sequence[Item] = (),
) -> Mind:
    """Return the mind that answers in this way.

    adapter, night: the weights of the way, where it has any; own: examples that the model solved itself, which stand
    in for practice items of the same id.
    """
    wording = next(each for each in world.wordings if each.name == way.wording)
    known = {item.id: item for item in world.items(Split.PRACTICE, max(len(way.examples), 1), seed)}
    known |= {item.id: item for item in own}
    return Mind(
        model=model.name,
        wording=wording,
        strategy=way.strategy,
        sampling=Sampling(world.max_answer_tokens, way.temperature, stop=wording.stop),
        examples=tuple(known[id] for id in way.examples),
        critic=WORLD if way.needs_verifier else None,
        step_critic=WORLD if way.needs_step else None,
        adapter=adapter if way.adapter is not None else None,
        night=night if way.adapter is not None else None,
        task=world.spec,
        identity=model.identity,
        seed=seed,
    )
