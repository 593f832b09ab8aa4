"""Pages of two overlaid digits for society_mnist: how they are made, and why those that are called wrong are."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nightschool.society.digits.guessing import guesses
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.leftover import Leftover
from nightschool.society.digits.newton import ascend
from nightschool.society.digits.overlaid import MOVE, PAGE, REACH
from nightschool.society.digits.page import PageModel
from nightschool.society.digits.pairing import PairSearch, hoped
from nightschool.society.digits.shapes import SIDE


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """shown[n, page]; kinds[n, 2] and moves[n, 2, 2] of the two; single[n, 2, pixels]: each alone; shared: mean part of
    the smaller digit's ink that lies under the other's."""

    shown: torch.Tensor
    kinds: torch.Tensor
    moves: torch.Tensor
    single: torch.Tensor
    shared: float


def pages_of(images: torch.Tensor, labels: torch.Tensor, n: int, seed: int = 5) -> Pages:
    """Return `n` pages of two digits of unlike kinds, each moved by up to REACH pixels; ink adds up to at most 1."""
    dice = torch.Generator().manual_seed(seed)
    shown, kinds, moves, single, shared = [], [], [], [], []
    while len(shown) < n:
        i, j = torch.randint(len(images), (2,), generator=dice).tolist()
        if labels[i] == labels[j]:
            continue
        move = torch.randint(-REACH, REACH + 1, (2, 2), generator=dice)
        both = [_page_of(images[k], places) for k, places in zip((i, j), move.tolist(), strict=True)]
        shown.append((both[0] + both[1]).clamp_max(1).reshape(-1))
        shared.append(float(torch.minimum(*both).sum() / torch.minimum(both[0].sum(), both[1].sum())))
        kinds.append(labels[[i, j]])
        moves.append(move.float())
        single.append(images[[i, j]])
    return Pages(torch.stack(shown), torch.stack(kinds), torch.stack(moves), torch.stack(single), sum(shared) / n)


def _page_of(image: torch.Tensor, move: list[int]) -> torch.Tensor:
    page = torch.zeros(PAGE, PAGE)
    page[REACH + move[1] : REACH + move[1] + SIDE, REACH + move[0] : REACH + move[0] + SIDE] = image.reshape(SIDE, SIDE)
    return page


def shown_the_truth(digits: Digits, leftover: Leftover, pages: Pages, rows: torch.Tensor, search: PairSearch
                    ) -> torch.Tensor:  # fmt: skip
    """Return [m] what the true pairs of pages `rows` come to, nats, begun at what each digit alone looks like."""
    m, d = len(rows), digits.shapes.settings.latents
    with torch.no_grad():
        kinds, single = pages.kinds[rows], pages.single[rows].reshape(2 * m, -1)
        shape = guesses(digits.recogniser, single, len(digits.shapes.names))[1]
        own = shape[kinds.reshape(-1), torch.arange(2 * m)].reshape(m, 2, d)
        at = torch.cat([own, pages.moves[rows] / MOVE], 2).reshape(m, -1)
        model = PageModel(digits.shapes, kinds, pages.shown[rows], search.sigma)
        peak = ascend(model.look, at, 20)
        return hoped(model, leftover, peak, search)
