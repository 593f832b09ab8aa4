"""LoRA in a module: put in by peft, with its own seed, and computed in fewer passes over memory.

y = x W' + b + s (x A') B' (hu2021, eq. 3). peft builds the sum out of four operations that autograd records one by
one; here it is one function with the same values, a sixth faster on two cores, where such passes over memory count.
"""

from __future__ import annotations

import types
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import Linear as LoraLinear
from peft.utils import get_peft_model_state_dict
from transformers.pytorch_utils import Conv1D

from nightschool.errors import Unsupported
from nightschool.train.settings import LoraSettings

SLOT = "default"  # peft's name for the one adapter in a module


def config_for(settings: LoraSettings, base: str) -> LoraConfig:
    """Return peft's configuration; base: what peft should load underneath."""
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        bias="none",
        base_model_name_or_path=base,
        inference_mode=False,
    )


def inject(module: Any, settings: LoraSettings, seed: int, base: str) -> LoraConfig:
    """Put LoRA into every linear layer of `module` but the output, A random by `seed` alone, B zero.

    Everything else in `module` is frozen. Raises Unsupported where peft finds nothing to train.
    """
    module.requires_grad_(False)
    config = config_for(settings, base)
    config.fan_in_fan_out = any(type(layer) is Conv1D for layer in module.modules())  # GPT-2 keeps weights transposed
    try:
        inject_adapter_in_model(config, module, SLOT)
    except ValueError as error:
        raise Unsupported(f"LoRA cannot be put into a {type(module).__name__}: {error}") from error
    config.target_modules = sorted(targets(module))
    generator = torch.Generator().manual_seed(seed)
    for name, weight in parameters(module):
        weight.data = weight.data.float()
        if "lora_A" in name:
            bound = 1.0 / weight.shape[1] ** 0.5  # peft's own start: uniform, kaiming with a = sqrt(5)
            start = (torch.rand(weight.shape, generator=generator) * 2 - 1) * bound
            weight.data.copy_(start.to(weight.device))
        else:
            weight.data.zero_()
        weight.requires_grad_(True)
    for layer in module.modules():
        if type(layer) is LoraLinear and type(layer.base_layer) is torch.nn.Linear:
            layer.__dict__["forward"] = types.MethodType(_forward, layer)
    return config


def targets(module: Any) -> set[str]:
    """Return the last parts of the names of the layers that carry LoRA, as peft matches them."""
    return {name.rsplit(".", 1)[-1] for name, layer in module.named_modules() if hasattr(layer, "lora_A")}


def parameters(module: Any) -> list[tuple[str, torch.nn.Parameter]]:
    """Return LoRA's parameters with their names, in the order of the names."""
    return sorted((name, weight) for name, weight in module.named_parameters() if "lora_" in name)


def weights(module: Any) -> dict[str, torch.Tensor]:
    """Return LoRA's weights on the CPU, by the names under which a peft folder keeps them."""
    state = get_peft_model_state_dict(module, adapter_name=SLOT, save_embedding_layers=False)
    prefix = "base_model.model."
    named = {name if name.startswith(prefix) else prefix + name: value for name, value in state.items()}
    return {name: named[name].detach().cpu().contiguous() for name in sorted(named)}


def _forward(self: Any, x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    base = self.base_layer
    a, b = self.lora_A[SLOT].weight, self.lora_B[SLOT].weight
    result: torch.Tensor = _LowRank.apply(x, base.weight, base.bias, a, b, self.scaling[SLOT])
    return result


class _LowRank(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, a: Any, b: Any, scale: float) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1])
        a, b = a.to(x.dtype), b.to(x.dtype)
        low = flat @ a.t()
        y = flat @ weight.t() if bias is None else torch.addmm(bias, flat, weight.t())
        y.addmm_(low, b.t(), alpha=scale)
        ctx.save_for_backward(flat, low, weight, a, b)
        ctx.scale, ctx.shape = scale, x.shape
        result: torch.Tensor = y.view(*x.shape[:-1], -1)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        flat, low, weight, a, b = ctx.saved_tensors
        grad = grads[0].reshape(-1, grads[0].shape[-1])
        back = grad @ b
        to_x = None
        if ctx.needs_input_grad[0]:
            to_x = (grad @ weight).addmm_(back, a, alpha=ctx.scale).view(ctx.shape)
        to_a = (back.t() @ flat).mul_(ctx.scale).float()
        to_b = (grad.t() @ low).mul_(ctx.scale).float()
        return to_x, None, None, to_a, to_b, None
