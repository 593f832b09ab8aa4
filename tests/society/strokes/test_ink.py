import pytest
import torch

from nightschool.errors import BadFile
from nightschool.society.strokes.ink import Ink, read_image, trace_ink
from support.drawings import drawing, write_png


def test_points_lie_on_the_strokes_and_directions_along_them():
    ink = trace_ink([drawing("cross")])
    places = ink.place[0] * ink.spread + ink.centre
    lying = (places[:, 1] - 52).abs() < 2
    standing = (places[:, 0] - 52).abs() < 2
    assert bool((lying | standing).all())
    far = ((places - 52).abs().max(1).values > 12) & (ink.sure[0] > 0.8)
    assert bool((ink.line[0, far & lying, 0].abs() > 0.95).all())
    assert bool((ink.line[0, far & standing, 1].abs() > 0.95).all())
    ends = (places - 52).abs().max(1).values > 30
    assert ink.beyond[0, ends].norm(dim=1).mean() > 1.5 * ink.beyond[0, ~ends].norm(dim=1).mean()


def test_place_and_size_make_no_difference():
    small, large = trace_ink([drawing("house")]), trace_ink([drawing("house", side=210)])
    gap = torch.cdist(small.place[0], large.place[0]).min(1).values
    assert float(gap.max()) < 0.12
    assert float(large.spread / small.spread) == pytest.approx(2.0, rel=0.05)


def test_drawings_are_padded_and_trimmed():
    both = trace_ink([drawing("cross"), drawing("house")])
    assert both.mask.sum(1)[0] < both.mask.sum(1)[1] == both.mask.shape[1]
    one = both.take(torch.tensor([0])).trimmed()
    assert one.mask.shape[1] == int(both.mask.sum(1)[0])
    again = Ink.join([one, both.take(torch.tensor([1]))])
    assert torch.equal(again.place, both.place)


def test_light_on_dark_is_the_same_drawing(tmp_path):
    ink = drawing("corner")
    assert torch.equal(read_image(write_png(tmp_path / "a.png", ink)), ink)
    assert torch.equal(read_image(write_png(tmp_path / "b.png", 1 - ink)), ink)


def test_an_empty_picture_has_no_ink(tmp_path):
    assert read_image(write_png(tmp_path / "empty.png", torch.zeros(64, 64))).sum() == 0


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "cut.png").write_bytes(write_png(tmp_path / "a.png", drawing("cross")).read_bytes()[:90])
    with pytest.raises(BadFile, match=r"cannot read .*cut.png: .*expected a picture of strokes"):
        read_image(tmp_path / "cut.png")
    with pytest.raises(BadFile, match=r"cannot read .*none.png"):
        read_image(tmp_path / "none.png")
    with pytest.raises(BadFile, match="is 8 by 8 pixels; expected"):
        read_image(write_png(tmp_path / "small.png", torch.zeros(8, 8)))
