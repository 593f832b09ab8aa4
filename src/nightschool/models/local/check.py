"""Whether this engine runs a model exactly: asked of the model itself when it is loaded, not of a list of names."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from nightschool import paths
from nightschool.errors import Unsupported
from nightschool.items import digest
from nightschool.models.local import attention
from nightschool.models.local.compose import Piece
from nightschool.models.local.runner import Runner
from nightschool.models.local.trie import Node

_TOKENS = 12


def plain_attention(module: Any) -> str:
    """Return the name of transformers' own attention that is exact for `module`."""
    text = module.config.get_text_config()
    capped = getattr(text, "attn_logit_softcapping", None) is not None
    return "sdpa" if module._supports_sdpa and not capped else "eager"


def remembered(module: Any, folder: Path) -> int:
    """Return what `same_as_plain` does; without running anything where it passed before, as a note in `folder` says.

    folder: of the model's weights alone. A note is of the libraries, this engine's own code, dtype and device.
    """
    first = next(module.parameters())
    code = [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parent.glob("*.py"))]
    told = torch.__version__, transformers.__version__, str(first.dtype), first.device.type, platform.processor()
    note = folder / digest(told, code)[:32]
    try:
        return int(note.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        size = same_as_plain(module)
        paths.write_durably(note, str(size))
        return size


def same_as_plain(module: Any) -> int:
    """Return the bytes of one token's keys and values, after a few tokens were run plainly and over a trie.

    Raises Unsupported where the two differ. Logits that are not numbers pass: that is said when the model samples.
    """
    vocabulary = module.config.get_text_config().vocab_size
    ids = np.arange(_TOKENS, dtype=np.int64) * 7919 % vocabulary
    device = next(module.parameters()).device
    module.set_attn_implementation(plain_attention(module))
    try:
        with torch.no_grad():
            plain = module(input_ids=torch.from_numpy(ids).to(device)[None], use_cache=False).logits[0].float()
    finally:
        module.set_attn_implementation(attention.NAME)
    finite = bool(torch.isfinite(plain).all())
    runner = Runner(module, 1 << 40, 1)
    first = runner.trie.insert(ids[: _TOKENS // 2])
    second = Node(ids[_TOKENS // 2 :], first, _TOKENS // 2)
    found = []
    for node in (first, second):
        runner.place([node])
        found.append(runner.run([Piece(node, 0, len(node), range(len(node)) if finite else ())]).pieces[0])
        node.done = len(node)
    held = [*runner.pool.keys.values(), *runner.pool.values.values()]
    size = sum(tensor.nbytes for tensor in held) // runner.pool.capacity
    if not finite:
        return size
    difference = float((torch.cat(found).log_softmax(-1) - plain.log_softmax(-1)).abs().max())
    exact = next(module.parameters()).dtype == torch.float32
    if difference > (1e-3 if exact else 0.5):
        raise Unsupported(
            f"the local engine does not run {module.config.model_type} models exactly (log-probabilities differ by "
            f"{difference:.2g}); serve it and use openai:URL#MODEL"
        )
    return size
