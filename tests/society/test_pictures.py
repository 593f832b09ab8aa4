"""Pictures of every mode are read as grey; what is no picture is named, with what was expected."""

import matplotlib.image
import numpy as np
import pytest
import torch
from PIL import Image

from nightschool.errors import BadFile
from nightschool.society.digits.pictures import read_picture
from nightschool.society.pictures import read_grey
from nightschool.society.strokes.ink import read_image
from support.drawings import drawing, write_png

INK = (drawing("house").numpy() > 0.5).astype(np.uint8)


def saved(path, mode, white_ink=False, transparent=False):
    """Write the house in a mode of Pillow, black on white or the other way round, and return where."""
    tone = 255 * (INK if white_ink else 1 - INK)
    picture = Image.fromarray(tone.astype(np.uint8))
    if transparent:
        picture = picture.convert("LA" if mode == "LA" else "RGBA")
        picture.putalpha(Image.fromarray(255 * INK))
    else:
        picture = picture.convert(mode)
    picture.save(path)
    return path


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_is_the_same_drawing(tmp_path, mode):
    path = saved(tmp_path / "house.png", "L" if mode == "I;16" else mode)
    if mode == "I;16":
        Image.fromarray(65535 * (1 - INK).astype(np.uint16)).save(path)
    assert torch.equal(read_image(path), drawing("house"))
    assert torch.equal(read_picture(path), drawing("house"))


@pytest.mark.parametrize("white_ink", [False, True])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_is_paper(tmp_path, mode, white_ink):
    path = saved(tmp_path / "house.png", mode, white_ink, transparent=True)
    assert torch.equal(read_image(path), drawing("house"))
    assert torch.equal(read_picture(path), drawing("house"))


def test_a_photograph_is_read_too(tmp_path):
    saved(tmp_path / "house.jpg", "RGB")
    assert float((read_image(tmp_path / "house.jpg") != drawing("house")).float().mean()) < 0.01


def test_one_tone_has_no_ink(tmp_path):
    matplotlib.image.imsave(tmp_path / "grey.png", np.full((40, 30), 0.5), cmap="gray", vmin=0, vmax=1)
    assert float(read_grey(tmp_path / "grey.png", 8, 64, "a picture").abs().max()) == 0


@pytest.mark.parametrize("cut", [0, 90])
def test_what_is_no_picture_is_named_with_what_was_expected(tmp_path, cut):
    whole = write_png(tmp_path / "whole.png", drawing("cross")).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:cut])
    with pytest.raises(BadFile, match=r"cannot read .*cut.png: .*; expected a picture, 8 to 64 pixels a side"):
        read_grey(tmp_path / "cut.png", 8, 64, "a picture")
    with pytest.raises(BadFile, match=r"cannot read .*none.png"):
        read_grey(tmp_path / "none.png", 8, 64, "a picture")
    with pytest.raises(BadFile, match=r"whole.png is 105 by 105 pixels; expected a picture, 8 to 64 pixels"):
        read_grey(tmp_path / "whole.png", 8, 64, "a picture")
