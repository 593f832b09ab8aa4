"""What decides is the log joint of a generative model of the society, and nothing else."""

import torch

from nightschool.items import Noise
from nightschool.society.infer import Importance, infer
from nightschool.society.lanes import Lanes
from support.digits import bars, drawing_bars


def test_the_log_joint_is_that_of_the_program():
    shapes = drawing_bars()
    images = bars()[:4] * 0.9
    place = torch.randn(10, 4, 3, generator=torch.Generator().manual_seed(0))
    table = shapes.log_joint(images, place)
    for kind in (0, 3, 7):
        given = {"kind": torch.full((4,), kind), "shape": place[kind].double(), "image": images.double()}
        trace, _ = shapes.program().model.generate((), given, Lanes.of(Noise(("digit",)), 4))
        assert torch.allclose(trace.logp.float(), table[kind], atol=0.05)


def test_the_program_recognises_by_importance():
    shapes = drawing_bars()
    found = infer(shapes.program(), {"image": bars()[6:7].double()}, Noise(("see",)), Importance(200))
    assert found.table("kind")[6] > 0.99


def test_drawing_one_by_one_is_drawing_all_at_once():
    shapes = drawing_bars()
    place = torch.randn(10, 2, 3, generator=torch.Generator().manual_seed(1))
    together = shapes.decode(place)
    alone = shapes.draw(torch.tensor([4, 4, 9]), torch.stack([place[4, 0], place[4, 1], place[9, 0]]))
    assert torch.allclose(alone.float(), torch.stack([together[4, 0], together[4, 1], together[9, 0]]), atol=1e-5)
