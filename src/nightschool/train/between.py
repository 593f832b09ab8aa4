"""A part of what was learned: weights on the way from one adapter to the next."""

from __future__ import annotations

from pathlib import Path

import torch

from nightschool.errors import BadFile
from nightschool.items import Adapter
from nightschool.train.adapter_folder import read_weights, write_described
from nightschool.train.adapter_name import CONFIG


def between(old: Adapter | None, new: Adapter, share: float, folder: Path) -> Adapter:
    """Return the adapter that lies `share` of the way from `old` to `new`, written within `folder`.

    share: in (0, 1]; 1 is `new` itself. Both factors of each low-rank update move in a straight line; from the bare
    model (`old` is None) the second alone does, which began at zero, so that the update is scaled by `share` exactly.

    Raises BadFile for adapters of different shape, ValueError for a share outside (0, 1].
    Ref: wortsman2022.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"a share of what was learned is above 0 and at most 1, not {share}")
    if share == 1.0:
        return new
    learned = read_weights(new)
    known = {} if old is None else read_weights(old)
    if old is not None and {n: t.shape for n, t in known.items()} != {n: t.shape for n, t in learned.items()}:
        raise BadFile(f"the adapters {old.name} and {new.name} have other layers or another rank")
    made: dict[str, torch.Tensor] = {}
    for name, weight in learned.items():
        if old is not None:
            made[name] = torch.lerp(known[name], weight, share)
        else:
            made[name] = weight * share if ".lora_B." in name else weight
    settings = (Path(new.path) / CONFIG).read_text(encoding="utf-8")
    return write_described(folder, made, settings, new.base)
