"""What two kinds draw on a page, its log joint, and what each digit tells the other: all that it leaves unexplained."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from nightschool.society.digits.leftover import Leftover, left_by
from nightschool.society.digits.newton import Looked, drawn_with_slopes
from nightschool.society.digits.overlaid import MOVE, PAGE, cropped, laid, moved
from nightschool.society.digits.shapes import Shapes


@dataclass(frozen=True, slots=True, eq=False)
class PageModel:
    """Two kinds [m, 2] on each of `pages` [m, page]. Places are [m, 2 * (latents + 2)]: shape and move of the first,
    then of the second. sigma: of the page's noise; pool: pixels a side that are looked at as one."""

    shapes: Shapes
    kinds: torch.Tensor
    pages: torch.Tensor
    sigma: float
    pool: int = 1

    def look(self, at: torch.Tensor) -> Looked:
        """Return the log joint at places, nats, with its slope and curvature."""
        m, d = len(at), self.shapes.settings.latents
        scale = self.pool**2 / self.sigma**2
        each, ways = self.drawn(at)
        cover = 1 - each.flip(1)  # ink shows where the other left none
        ways = self._pooled((ways * cover[:, :, None]).reshape(m, -1, PAGE * PAGE))
        left = self._pooled((self.pages - laid(each[:, 0], each[:, 1]))[:, None])[:, 0]
        fit = -scale * (left**2).sum(1) / 2 - PAGE * PAGE * math.log(self.sigma * math.sqrt(2 * math.pi))
        odds = torch.log_softmax(self.shapes.odds, 0)[self.kinds].sum(1)
        prior = -(at**2).sum(1) / 2 - (d + 2) * math.log(2 * math.pi)
        slope = scale * (ways @ left[..., None])[..., 0] - at
        return Looked(fit + prior + odds, slope, scale * (ways @ ways.mT) + torch.eye(at.shape[1]))

    def drawn(self, at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what each draws alone [m, 2, page], and how that changes with shape and move [m, 2, d + 2, page]."""
        m, d = len(at), self.shapes.settings.latents
        one = at.reshape(2 * m, d + 2)
        drawn, ways = drawn_with_slopes(self.shapes, self.kinds.reshape(-1), one[:, :d])
        move = one[:, d:] * MOVE
        laid_out = moved(torch.cat([drawn[:, None], ways], 1), move)
        sides = [moved(drawn, move + 0.5 * step) - moved(drawn, move - 0.5 * step) for step in torch.eye(2)]
        ways = torch.cat([laid_out[:, 1:], MOVE * torch.stack(sides, 1)], 1)
        return laid_out[:, 0].reshape(m, 2, -1), ways.reshape(m, 2, d + 2, -1)

    def alone(self, at: torch.Tensor) -> torch.Tensor:
        """Return [m, 2, page] what each draws."""
        m, d = len(at), self.shapes.settings.latents
        one = at.reshape(2 * m, d + 2)
        with torch.no_grad():
            drawn = self.shapes.draw(self.kinds.reshape(-1), one[:, :d]).float()
        return moved(drawn, one[:, d:] * MOVE).reshape(m, 2, -1)

    def height(self, at: torch.Tensor) -> torch.Tensor:
        """Return [m] the log joint at places, nats, up to what is the same for all places."""
        each = self.alone(at)
        left = self._pooled((self.pages - laid(each[:, 0], each[:, 1]))[:, None])[:, 0]
        return -(self.pool**2 / self.sigma**2) * (left**2).sum(1) / 2 - (at**2).sum(1) / 2

    def told(self, leftover: Leftover, at: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return [m] the log-probability that both are of their kinds, each looked at in what the other leaves; and
        places that begin elsewhere: the first guessed anew from that, the second, and both."""
        m, d = len(at), self.shapes.settings.latents
        others = self.alone(at).flip(1).reshape(2 * m, -1)
        move = at.reshape(2 * m, d + 2)[:, d:] * MOVE
        logq, shapes, moves = leftover(left_by(others, self.pages.repeat_interleave(2, 0), move))
        rows, kind = torch.arange(2 * m), self.kinds.reshape(-1)
        fresh = torch.cat([shapes[rows, kind], (move + moves[rows, kind]) / MOVE], 1).reshape(m, 2, d + 2)
        old = at.reshape(m, 2, d + 2)
        starts = [torch.stack(pair, 1) for pair in ((fresh[:, 0], old[:, 1]), (old[:, 0], fresh[:, 1]))]
        return logq[rows, kind].reshape(m, 2).sum(1), [place.reshape(m, -1) for place in (*starts, fresh)]

    def views(self, at: torch.Tensor) -> torch.Tensor:
        """Return [2 * m, 3, pixels] what can be seen of each digit at its place: what the other leaves, the ink of the
        other, and what its own network draws."""
        m, d = len(at), self.shapes.settings.latents
        each = self.alone(at)
        move = at.reshape(2 * m, d + 2)[:, d:] * MOVE
        seen = left_by(each.flip(1).reshape(2 * m, -1), self.pages.repeat_interleave(2, 0), move)
        return torch.cat([seen, cropped(each.reshape(2 * m, -1), move)[:, None]], 1)

    def _pooled(self, pages: torch.Tensor) -> torch.Tensor:
        """Return [m, k, page] with blocks of pixels taken together."""
        if self.pool == 1:
            return pages
        return nn.functional.avg_pool2d(pages.reshape(*pages.shape[:2], PAGE, PAGE), self.pool).flatten(2)


def exchanged(model: PageModel, leftover: Leftover, at: torch.Tensor, messages: int) -> torch.Tensor:
    """Return places [m, ...] after each digit told the other `messages` times what it leaves; what explains the page
    best of the old places and those that are guessed anew is kept."""
    for _ in range(messages):
        places = torch.stack([at, *model.told(leftover, at)[1]])
        best = torch.stack([model.height(place) for place in places]).argmax(0)
        at = places[best, torch.arange(len(at))]
    return at
