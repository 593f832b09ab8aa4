"""Randomness for many runs side by side: lane i's numbers depend on its name and on i alone, whatever else runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nightschool.items import Noise

_GAMMA = -0x61C8864680B583EB  # 0x9E3779B97F4A7C15 as a signed number
_MIX = (-0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15)


@dataclass(frozen=True, slots=True)
class Lanes:
    """n streams of random numbers. noise: their common name; index[n]: int64, which stream each run draws from."""

    noise: Noise
    index: torch.Tensor

    @classmethod
    def of(cls, noise: Noise, n: int) -> Lanes:
        """Return the lanes 0 to n - 1: the first k of them are those of a smaller n."""
        return cls(noise, torch.arange(n))

    def __len__(self) -> int:
        return len(self.index)

    def child(self, *words: str | int) -> Lanes:
        """Return the lanes of the noise named by these words and then `words`."""
        return Lanes(self.noise.child(*words), self.index)

    def take(self, rows: torch.Tensor) -> Lanes:
        """Return the lanes of these runs alone, each drawing what it would have drawn among the others."""
        return Lanes(self.noise, self.index[rows])

    def uniform(self, shape: Sequence[int] = ()) -> torch.Tensor:
        """Return [n, *shape] numbers in the open interval (0, 1), float64. Ref: steele2014."""
        key = self.noise.key()
        key -= (key >> 63) << 64
        count = math.prod(shape)
        lanes = _mixed(self.index * _GAMMA + key)
        bits = _mixed(lanes[:, None] + (torch.arange(count) + 1) * _GAMMA)
        return ((_shifted(bits, 11).double() + 0.5) * 2.0**-53).reshape(len(self), *shape)

    def normal(self, shape: Sequence[int] = ()) -> torch.Tensor:
        """Return [n, *shape] standard normal numbers, float64."""
        return torch.special.ndtri(self.uniform(shape))


def _shifted(bits: torch.Tensor, by: int) -> torch.Tensor:
    """Return `bits` shifted right with zeros coming in, for a signed shift brings in the sign."""
    return (bits >> by) & ((1 << (64 - by)) - 1)


def _mixed(bits: torch.Tensor) -> torch.Tensor:
    bits = (bits ^ _shifted(bits, 30)) * _MIX[0]
    bits = (bits ^ _shifted(bits, 27)) * _MIX[1]
    return bits ^ _shifted(bits, 31)
