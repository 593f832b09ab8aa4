"""A recogniser of drawings that dreams them: it learns which concept each imagined drawing was of, so that among many
concepts only the likely ones need be fitted. It proposes; `recognise` judges what it proposed by synthesis.

A dream is a concept's one example under a warp from the prior, with points missing and shaken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from safetensors.torch import load, save
from torch import nn

from nightschool.errors import BadFile, UsageError
from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.strokes.ink import Ink, trace_ink
from nightschool.society.strokes.warp import Bendable, Prior, Warp

_CELLS, _EDGE = 24, 2.4  # of the picture that is looked at: cells a side, and where it ends, in units of spread


def pictures(place: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return [n, cells] pictures of points [n, p, 2], centred and scaled anew, each point a small blot."""
    weight = mask[..., None] / mask.sum(1)[:, None, None].clamp_min(1)
    place = place - (place * weight).sum(1, keepdim=True)
    place = place / ((place**2) * weight).sum((1, 2)).div(2).sqrt().clamp_min(1e-6)[:, None, None]
    cells = torch.linspace(-_EDGE, _EDGE, _CELLS)
    width = 2 * _EDGE / _CELLS
    near = torch.exp(-((place[..., None] - cells) ** 2) / (2 * width**2)) * mask[:, :, None, None]
    return torch.einsum("npx,npy->nyx", near[:, :, 0], near[:, :, 1]).clamp_max(2.0).flatten(1)


@dataclass(frozen=True, slots=True, eq=False)
class Shortlist:
    """Which of `names` a drawing may be of, likeliest first. digest: of the concepts that it dreamt of."""

    names: tuple[str, ...]
    digest: str
    network: nn.Module

    def propose(self, image: torch.Tensor, n: int) -> list[str]:
        """Return the `n` likeliest names for `image` [height, width], ink 1."""
        ink = trace_ink([image])
        with torch.no_grad():
            scores = self.network(pictures(ink.place, ink.mask))[0]
        return [self.names[i] for i in scores.topk(min(n, len(self.names))).indices.tolist()]

    def pack(self) -> bytes:
        """Return it as bytes."""
        state = {name: tensor.detach().clone().contiguous() for name, tensor in self.network.state_dict().items()}
        return save(state, metadata={"shortlist": json.dumps({"names": self.names, "digest": self.digest})})

    @classmethod
    def unpack(cls, data: bytes) -> Shortlist:
        """Return what `pack` wrote. Raises BadFile."""
        try:
            size = int.from_bytes(data[:8], "little")
            told = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["shortlist"])
            network = _network(len(told["names"]), 0)
            network.load_state_dict(load(data))
        except Exception as error:
            raise BadFile(f"these {len(data)} bytes hold no recogniser of drawings: {error}; sleep again") from error
        return cls(tuple(told["names"]), told["digest"], network.requires_grad_(False))


def dream(known: Ink, prior: Prior, noise: Noise, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures [n, cells] of imagined drawings of `known`, and which of them each is of [n]."""
    lanes = Lanes.of(noise, n)
    which = (lanes.child("which").uniform() * len(known)).long()
    ink = known.take(which)
    place, _, _ = Bendable.of(ink, prior).warped(Warp.drawn(noise.child("warp"), n, prior, 0.7))
    place = place + 0.05 * lanes.child("shake").normal(place.shape[1:]).float()
    kept = (lanes.child("kept").uniform(ink.mask.shape[1:]) > 0.1).float() * ink.mask
    return pictures(place, kept), which


def learn_shortlist(
    known: Mapping[str, torch.Tensor], digest: str, noise: Noise, *, steps: int = 300, batch: int = 96,
    prior: Prior = Prior(),  # noqa: B008
) -> tuple[Shortlist, list[float]]:  # fmt: skip
    """Return a recogniser of the drawings `known` that has dreamt of them for `steps`, and its loss at each, nats.

    Raises UsageError for fewer than two, among which there is nothing to choose.
    """
    if len(known) < 2:
        raise UsageError(f"there is nothing to choose among {len(known)} drawings; learn two or more")
    names, inks = tuple(known), trace_ink(list(known.values()))
    network = _network(len(names), 1)
    climber = torch.optim.Adam(network.parameters(), lr=2e-3)
    losses: list[float] = []
    for step in range(steps):
        for group in climber.param_groups:
            group["lr"] = 2e-3 * (1 - step / steps)
        seen, which = dream(inks, prior, noise.child(step), batch)
        loss = nn.functional.cross_entropy(network(seen), which)
        climber.zero_grad()
        loss.backward()
        climber.step()
        losses.append(float(loss.detach()))
    return Shortlist(names, digest, network.requires_grad_(False)), losses


def _network(kinds: int, seed: int) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(_CELLS * _CELLS, 256), nn.GELU(), nn.Linear(256, 128), nn.GELU(), nn.Linear(128, kinds)
        )


def nearest(image: torch.Tensor, known: Mapping[str, torch.Tensor], n: int) -> Sequence[str]:
    """Return the `n` names whose examples look most like `image` as they are: what there is to go by without dreams."""
    ink, inks = trace_ink([image]), trace_ink(list(known.values()))
    apart = torch.cdist(pictures(ink.place, ink.mask), pictures(inks.place, inks.mask))[0]
    names = list(known)
    return [names[i] for i in apart.topk(min(n, len(names)), largest=False).indices.tolist()]
