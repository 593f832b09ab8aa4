"""A family from nothing: what it is taught, that it is kept, and that its checkpoints are one schooling."""

import pytest
import torch

from nightschool.errors import BadSpec, UsageError
from nightschool.train.family import raise_family, read_sizes, texts
from nightschool.train.scratch import byte_tokenizer, load
from nightschool.worlds.copying import Copying
from support.tiny_worlds import WORDINGS, Doubling

WORLD = Copying("all", n=3)


def test_what_is_taught_is_questions_with_answers_and_never_a_control() -> None:
    tokenizer = byte_tokenizer()
    for example in texts([WORLD], 8, 0)(0):
        asked = tokenizer.decode(list(example.tokens[: example.start]))
        learned = tokenizer.decode(list(example.tokens[example.start : -1]))
        row = asked.replace('"', " ").splitlines()[-2 if asked.endswith(("Copy:", "'")) else -1]
        first = learned.splitlines()[0].strip(" '").split()
        assert len(first) == 3
        assert all(letter in row for letter in first)  # the first answer copies the row that stands before it
        assert not asked.startswith("Question")


def test_the_same_texts_whoever_learns_them() -> None:
    one, other = (texts([WORLD], 4, 3)(7) for _ in range(2))
    assert one == other


def test_a_family_is_kept_and_not_taught_again(tmp_path) -> None:
    sizes = read_sizes("8x1,16x1")
    first = raise_family(sizes, [WORLD], tmp_path, steps=3, batch=2)
    assert [each.name for each in first] == ["8x1", "16x1"]
    assert first[0].size < first[1].size
    times = {each.folder: each.folder.stat().st_mtime_ns for each in first}
    again = raise_family(sizes, [WORLD], tmp_path, steps=3, batch=2)
    assert {each.folder: each.folder.stat().st_mtime_ns for each in again} == times
    assert [each.open().identity for each in again] == [each.open().identity for each in first]


def test_checkpoints_are_one_schooling_looked_at_on_its_way(tmp_path) -> None:
    (size,) = read_sizes("8x1")
    looked = raise_family([size], [WORLD], tmp_path / "a", steps=8, batch=2, checkpoints=3)
    assert [each.steps for each in looked] == [2, 4, 8]
    (whole,) = raise_family([size], [WORLD], tmp_path / "b", steps=8, batch=2)
    one, other = (load(each.folder).lm_head.weight for each in (looked[-1], whole))
    assert torch.equal(one, other)
    assert looked[0].open().identity != looked[1].open().identity


def test_what_cannot_be_is_refused(tmp_path) -> None:
    with pytest.raises(BadSpec, match="64x2"):
        read_sizes("64")
    with pytest.raises(BadSpec, match="multiple"):
        read_sizes("7x1")
    with pytest.raises(UsageError, match="name one"):
        raise_family(read_sizes("8x1,16x1"), [WORLD], tmp_path, checkpoints=2)
    with pytest.raises(UsageError, match="from nothing"):
        texts([Doubling(wordings=WORDINGS[:2])], 2, 0)
