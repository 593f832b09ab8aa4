"""A twin that has learned nothing: the same architecture, tokenizer and scale of weights, their places shuffled."""

from __future__ import annotations

import torch

from nightschool.items import digest
from nightschool.models.local import folder
from nightschool.models.local.model import LocalModel


def random_twin(model: LocalModel, seed: int = 0) -> LocalModel:
    """Return a model whose weight matrices hold the numbers of `model`'s, each matrix shuffled by `seed`.

    Shuffling keeps the distribution of every matrix, so that no layer saturates; vectors (norms, biases) stay. The
    memory of the shuffled matrices is its own: a second model's worth.
    """
    module = folder.twin(model.module)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() > 1:
                order = torch.randperm(parameter.numel(), generator=generator)
                flat = parameter.data.reshape(-1)
                parameter.data = flat[order.to(flat.device)].reshape(parameter.shape)
    return LocalModel(
        module,
        model.tokenizer,
        name=f"{model.name} with shuffled weights",
        identity=digest("shuffled", model.identity, seed),
    )
