"""Bias-only tuning: the numbers that shift and scale, and none that mix (zaken2022).

Models of today have no biases. There the scales of the norms learn, and a bias is added to every linear layer but the
output, zero at first; a model that has biases learns those that it has.
"""

from __future__ import annotations

from typing import Any

import torch


def put_in(module: Any) -> tuple[list[torch.nn.Parameter], bool]:
    """Return the parameters of `module` that learn, all else frozen, and whether biases were added.

    Each has memory of its own, so that what else uses the same weights stays as it is.
    """
    module.requires_grad_(False)
    output = module.get_output_embeddings()
    layers = [layer for layer in module.modules() if isinstance(layer, torch.nn.Linear) and layer is not output]
    own = [parameter for name, parameter in module.named_parameters() if name.endswith("bias")]
    if not own:
        for layer in layers:
            zeros = torch.zeros(layer.out_features, dtype=layer.weight.dtype, device=layer.weight.device)
            layer.bias = torch.nn.Parameter(zeros)
    scales = [parameter for parameter in module.parameters() if parameter.dim() == 1]
    learned = own or scales  # of a model without biases: its norms' scales, and the biases that it has now
    for parameter in learned:
        parameter.data = parameter.data.clone()
        parameter.requires_grad_(True)
    return learned, not own
