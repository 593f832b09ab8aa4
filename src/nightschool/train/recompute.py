"""Gradient checkpointing: what a layer computed is forgotten on the way forwards and computed again on the way back.

A step then holds the states between layers and the inside of one layer, instead of the inside of all, for one more
forward pass. The gradient is the same.
Ref: chen2016.
"""

from __future__ import annotations

import types
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from nightschool.errors import Unsupported
from nightschool.train import branching


def put_in(module: Any) -> int:
    """Return how many layers of `module` compute again from now on, where a gradient is wanted.

    Raises Unsupported for a model of transformers that has no such layers.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, GradientCheckpointingLayer)]
    if not layers:
        raise Unsupported(
            f"a {type(module).__name__} has no layers that can be computed again; train it without `recompute`"
        )
    for layer in layers:
        layer.__dict__["forward"] = types.MethodType(_again(layer.forward.__func__), layer)
    return len(layers)


def _again(forward: Any) -> Any:
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(self, *args, **kwargs)
        now = branching.read_now()  # the way back may be on another thread, and long after the row was read

        def once(*given: Any) -> Any:
            with branching.reading_again(now):
                return forward(self, *given, **kwargs)

        return checkpoint(once, *args, use_reentrant=False, preserve_rng_state=False)

    return run
