import torch

from nightschool.items import Noise
from nightschool.society.strokes.ink import trace_ink
from nightschool.society.strokes.judge import judge
from nightschool.society.strokes.match import Settings, _Mixtures, match
from nightschool.society.strokes.warp import Bendable, Prior, Warp
from support.drawings import SHAPES, drawing

QUICK = Settings(steps=20)


def test_the_written_gradient_is_the_right_one():
    torch.manual_seed(0)
    ours = torch.randn(2, 4, 6, dtype=torch.float64, requires_grad=True)
    theirs = torch.randn(2, 5, 6, dtype=torch.float64)
    masks = torch.ones(2, 4, dtype=torch.float64), torch.tensor([[1.0] * 5, [1, 1, 1, 0, 0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: _Mixtures.apply(x, theirs, *masks, 0.3, 0.001), [ours], eps=1e-5)


def test_a_warp_that_changes_nothing_changes_nothing():
    ink, prior = trace_ink([drawing("house")]), Prior()
    place, line, beyond = Bendable.of(ink, prior).warped(Warp.none(1, prior))
    assert torch.allclose(place, ink.place)
    assert torch.allclose(line, ink.line, atol=1e-5)
    assert torch.allclose(beyond, ink.beyond)
    assert Warp.none(1, prior).energy(prior).tolist() == [0.0]


def test_directions_go_with_the_map():
    """The warp's derivative, by differences: a point moved along its direction moves along the carried one."""
    ink, prior = trace_ink([drawing("house")]), Prior()
    warp = Warp.drawn(Noise(("warp",)), 1, prior)
    place, line, _ = Bendable.of(ink, prior).warped(warp)
    moved = type(ink)(ink.place + 1e-3 * ink.line, *(getattr(ink, n) for n in ink.__slots__[1:]))
    there, _, _ = Bendable.of(moved, prior).warped(warp)
    step = there - place
    assert torch.allclose(step / step.norm(dim=-1, keepdim=True), line, atol=2e-2)


def test_a_turned_and_stretched_drawing_is_explained():
    known, new = trace_ink([drawing("house")]), trace_ink([drawing("house", turn=0.2, stretch=0.8)])
    still, moved = match(known, new, Settings(steps=0)), match(known, new, QUICK)
    assert float(moved.forth) > float(still.forth) + 0.5
    assert float(moved.forth) > float(moved.alone_other) - 0.5


def test_a_drawing_is_judged_to_be_what_it_is():
    known = trace_ink([drawing(name) for name in SHAPES])
    for number, name in enumerate(SHAPES):
        new = trace_ink([drawing(name, turn=0.15, stretch=0.85, shake=3.0)])
        judged = judge(new, known, QUICK)
        assert int(judged.evidence.argmax()) == number
        assert float(judged.posterior.sum()) == 1.0 or abs(float(judged.posterior.sum()) - 1) < 1e-9
        assert int(judged.fit.argmax()) == number
