from __future__ import annotations

import pytest
import torch

from nightschool.errors import Unsupported
from nightschool.train import recompute
from nightschool.train.lora import Learner
from nightschool.train.settings import LoraSettings
from support.pupils import Pupil, lessons, rehearsals


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gemma2"])
@pytest.mark.parametrize("share_prefix", [True, False])
def test_layers_computed_again_give_the_same_weights(kind, share_prefix):
    settings = LoraSettings(rank=4, rate=1e-2, share_prefix=share_prefix)
    learned = []
    for again in (False, True):
        learner = Learner.fresh(Pupil(kind), LoraSettings(**(settings.as_dict() | {"recompute": again})), seed=3)
        infos = [learner.step(lessons(5) + rehearsals(2)) for _ in range(3)]
        learned.append(([info.loss for info in infos], [weight.detach() for _, weight in learner._weights]))
    assert learned[0][0] == pytest.approx(learned[1][0], rel=1e-5)
    for one, two in zip(learned[0][1], learned[1][1], strict=True):
        assert torch.allclose(one, two, atol=1e-5)


def test_less_is_held_for_the_way_back():
    held = []
    for again in (False, True):
        learner = Learner.fresh(Pupil("llama"), LoraSettings(rank=4, recompute=again), seed=3)
        sizes: list[int] = []

        def keep(tensor, sizes=sizes):
            sizes.append(tensor.nbytes)
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            learner.step(lessons(5))
        held.append(sum(sizes))
    assert held[1] < held[0]


def test_what_has_no_layers_of_transformers_is_refused():
    with pytest.raises(Unsupported, match="without `recompute`"):
        recompute.put_in(torch.nn.Linear(2, 2))
