"""Whether this engine runs a model exactly: asked of the model itself when it is loaded, not of a list of names."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
import transformers

from nightschool import paths
from nightschool.errors import Unsupported
from nightschool.items import digest
from nightschool.models.local import attention, folder
from nightschool.models.local.compose import Piece
from nightschool.models.local.runner import Runner
from nightschool.models.local.trie import Node

_TOKENS = 12
_EXACT = 1e-3  # nats by which float32 may differ
_ROUNDING = 2.0  # times what rounding does to a plain forward, that it may do here
_UNKNOWN = 0.25  # nats that rounding is taken to do where it cannot be measured
_SHARE = 0.25  # of what memory is free, that a float32 copy may take for a moment


def plain_attention(module: Any) -> str:
    """Return the name of transformers' own attention that is exact for `module`."""
    text = module.config.get_text_config()
    capped = getattr(text, "attn_logit_softcapping", None) is not None
    return "sdpa" if module._supports_sdpa and not capped else "eager"


def remembered(module: Any, notes: Path) -> int:
    """Return what `same_as_plain` does; without running anything where it passed before, as a note in `notes` says.

    notes: a folder of the model's weights alone. A note is of the libraries, this engine's own code, dtype and device.
    """
    first = next(module.parameters())
    code = [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.glob("*.py"))]
    told = torch.__version__, transformers.__version__, str(first.dtype), first.device.type, platform.processor()
    note = notes / digest(told, code)[:32]
    try:
        return int(note.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        size = same_as_plain(module)
        paths.write_durably(note, str(size))
        return size


def same_as_plain(module: Any) -> int:
    """Return the bytes of one token's keys and values, after a few tokens were run plainly and over a trie.

    Raises Unsupported where the two differ: by more than 1e-3 in float32; in fewer bits by more than rounding explains,
    which is measured, since it differs from model to model. Where there is memory, the same weights in float32 say what
    rounding did, and must be run exactly too; otherwise a second plain attention says how far two right answers lie
    apart. Logits that are not numbers pass: that is said when the model samples.
    """
    plain = _plain(module, plain_attention(module))
    finite = bool(torch.isfinite(plain).all())
    ours, size = _over_a_trie(module, finite)
    if not finite:
        return size
    if next(module.parameters()).dtype == torch.float32:
        _refuse_above(_EXACT, _furthest(ours, plain), module)
    elif _fits_in_float32(module):
        twin = folder.freeze(folder.twin(module).to(torch.float32))
        truth = _plain(twin, plain_attention(twin))
        _refuse_above(_EXACT, _furthest(_over_a_trie(twin, True)[0], truth), module)
        _refuse_above(_ROUNDING * _distance(plain, truth) + _EXACT, _distance(ours, truth), module)
    else:
        other = _plain(module, "eager") if plain_attention(module) == "sdpa" else None
        apart = _UNKNOWN if other is None else _distance(plain, other)
        _refuse_above(_ROUNDING * apart + _EXACT, _distance(ours, plain), module)
    return size


def _ids(module: Any) -> np.ndarray:
    return np.arange(_TOKENS, dtype=np.int64) * 7919 % int(module.config.get_text_config().vocab_size)


def _plain(module: Any, attention_name: str) -> torch.Tensor:
    """Return float32 log-probabilities [_TOKENS, V] of transformers' own forward; not numbers where logits are not."""
    ids = torch.from_numpy(_ids(module)).to(next(module.parameters()).device)
    module.set_attn_implementation(attention_name)
    try:
        with torch.no_grad():
            logits: torch.Tensor = module(input_ids=ids[None], use_cache=False).logits[0].float()
        return logits.log_softmax(-1)
    finally:
        module.set_attn_implementation(attention.NAME)


def _over_a_trie(module: Any, finite: bool) -> tuple[torch.Tensor, int]:
    """Return the same by this engine, in two passes (nothing where logits are not `finite`), and bytes per token."""
    ids = _ids(module)
    runner = Runner(module, 1 << 40, 1)
    first = runner.trie.insert(ids[: _TOKENS // 2])
    second = Node(ids[_TOKENS // 2 :], first, _TOKENS // 2)
    found = []
    for node in (first, second):
        runner.place([node])
        found.append(runner.run([Piece(node, 0, len(node), range(len(node)) if finite else ())]).pieces[0])
        node.done = len(node)
    held = [*runner.pool.keys.values(), *runner.pool.values.values()]
    return torch.cat(found).float().log_softmax(-1), sum(tensor.nbytes for tensor in held) // runner.pool.capacity


def _furthest(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max())


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the root of the mean square of the difference, which unlike its maximum is much the same for all noise."""
    return float((one - other).square().mean().sqrt())


def _fits_in_float32(module: Any) -> bool:
    first = next(module.parameters())
    size = sum(parameter.numel() for parameter in module.parameters()) * torch.float32.itemsize
    if first.device.type == "cuda":
        return size <= _SHARE * int(torch.cuda.mem_get_info(first.device)[0])
    return size <= _SHARE * int(psutil.virtual_memory().available)


def _refuse_above(most: float, difference: float, module: Any) -> None:
    if not difference <= most:
        raise Unsupported(
            f"the local engine does not run {module.config.model_type} models exactly (log-probabilities differ by "
            f"{difference:.2g}, and {most:.2g} would be rounding); serve it and use openai:URL#MODEL"
        )
