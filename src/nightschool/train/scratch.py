"""Small models from nothing: a few layers over bytes or words, taught by texts whose ends are to be foretold.

They serve the exam: as models whose every skill is known, because it was planted, and as a family of sizes. Where one
id is one byte, any text of any world can be read, and nothing about it is known beforehand.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from nightschool.errors import NotANumber, UsageError
from nightschool.items import digest
from nightschool.models.local import attention, folder
from nightschool.models.local.model import LocalModel
from nightschool.ports import Watcher
from nightschool.train.examples import Example

END, _FIRST = 1, 2  # id of the end of a text; id of the first byte or word


@dataclass(frozen=True, slots=True)
class Size:
    """How large a model is. hidden: a multiple of `heads`; context: longest text in ids."""

    hidden: int = 64
    layers: int = 2
    heads: int = 4
    context: int = 256

    def __post_init__(self) -> None:
        if min(self.hidden, self.layers, self.heads, self.context) < 1 or self.hidden % (2 * self.heads):
            raise UsageError(f"hidden is a multiple of twice the heads, and all are at least 1, not as in {self}")


@dataclass(frozen=True, slots=True)
class Schooling:
    """How a model is taught. rate: of AdamW at its height; it rises over a twentieth of the steps and falls to nothing
    as a cosine does; seed: of the first weights.
    """

    steps: int = 1000
    rate: float = 1e-2
    decay: float = 0.01
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """Return the rate of `step`, counted from 0."""
        rising = max(1, self.steps // 20)
        return self.rate * min((step + 1) / rising, 0.5 * (1 + math.cos(math.pi * step / self.steps)))


def text_example(tokenizer: Any, prompt: str, answer: str) -> Example:
    """Return `answer` and its end as what is to be learned after `prompt`."""
    first = tuple(tokenizer.encode(prompt, add_special_tokens=False))
    return Example((*first, *tokenizer.encode(answer, add_special_tokens=False), END), len(first))


@cache
def byte_tokenizer() -> Any:
    """Return a tokenizer of one id for each byte, and one for the end of a text; it has no chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {"<|unknown|>": 0, "<|end|>": END} | {letter: _FIRST + byte for byte, letter in enumerate(_letters())}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return _fast(tokenizer)


def word_tokenizer(words: Sequence[str]) -> Any:
    """Return a tokenizer that knows these words, apart by white space, and nothing else."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    known = {word: _FIRST + i for i, word in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(models.WordLevel({"<|unknown|>": 0, "<|end|>": END} | known, unk_token="<|unknown|>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return _fast(tokenizer)


def _fast(tokenizer: Any) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", unk_token="<|unknown|>", clean_up_tokenization_spaces=False
    )


def _letters() -> list[str]:
    """Return the letter by which a byte-level tokenizer writes each byte, in the order of the bytes."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in shown else chr(next(others)) for byte in range(256)]


def newborn(size: Size, tokenizer: Any, seed: int = 0) -> Any:
    """Return a transformers model of this size for `tokenizer`, with random weights, the same for the same seed.

    Weights begin at 1 / sqrt(hidden), six times the usual, and the output is not tied to the input: with 64 hidden and
    the usual start nothing was learned in 400 steps, and so everything in 150.
    """
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=size.hidden, intermediate_size=3 * size.hidden,
        num_hidden_layers=size.layers, num_attention_heads=size.heads, num_key_value_heads=size.heads,
        max_position_embeddings=size.context, eos_token_id=END, bos_token_id=None, pad_token_id=0,
        tie_word_embeddings=False, initializer_range=size.hidden**-0.5,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def teach(
    module: Any,
    lessons: Callable[[int], Sequence[Example]],
    schooling: Schooling,
    watch: Watcher | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    until: int | None = None,
    begun: int = 0,
) -> list[float]:
    """Return the loss of each step, in nats per learned token, after teaching `module` what `lessons` gives each step.

    optimizer: that of an earlier stretch of the same schooling (`begin`), which ended after `begun` steps; until: after
    which step this one ends. Raises NotANumber for a loss that is not finite, UsageError for a step without lessons.
    """
    module.train()
    optimizer = optimizer or begin(module, schooling)
    learned = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    last = schooling.steps if until is None else min(until, schooling.steps)
    if watch is not None:
        watch.stage("schooling", last - begun, "steps")
    losses = []
    for step in range(begun, last):
        given = lessons(step)
        if not given:
            raise UsageError(f"step {step} has no lessons")
        loss = _loss(module, given)
        if not math.isfinite(losses_now := float(loss.detach())):
            raise NotANumber(f"the loss of step {step} is {losses_now}; lower the rate ({schooling.rate})")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = schooling.rate_at(step)
        optimizer.step()
        losses.append(losses_now)
        if watch is not None:
            watch.advance(1, loss=losses_now)
    optimizer.zero_grad(set_to_none=True)
    return losses


def begin(module: Any, schooling: Schooling) -> torch.optim.Optimizer:
    """Return what moves the weights of `module`, all of which learn."""
    module.requires_grad_(True)
    return torch.optim.AdamW(module.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=schooling.decay)


def _loss(module: Any, given: Sequence[Example]) -> torch.Tensor:
    """Return the mean loss of the learned tokens; logits exist only where something is learned."""
    longest = max(len(each.tokens) for each in given)
    ids = torch.zeros((len(given), longest), dtype=torch.long)
    rows: list[int] = []
    columns: list[int] = []
    targets: list[int] = []
    for i, each in enumerate(given):
        ids[i, : len(each.tokens)] = torch.tensor(each.tokens)
        rows += [i] * (len(each.tokens) - each.start)
        columns += range(each.start - 1, len(each.tokens) - 1)
        targets += each.tokens[each.start :]
    states = module.get_decoder()(input_ids=ids, use_cache=False).last_hidden_state[rows, columns]
    logits = module.get_output_embeddings()(states)
    return torch.nn.functional.cross_entropy(logits, torch.tensor(targets))


def grown(module: Any, tokenizer: Any, name: str, schooling: Schooling, lessons: str) -> LocalModel:
    """Return the taught `module` as a model to be asked. lessons: what names what it was taught."""
    frozen = folder.freeze(module)
    frozen.set_attn_implementation(attention.NAME)
    identity = digest("scratch", frozen.config.to_dict(), asdict(schooling), lessons)
    return LocalModel(frozen, tokenizer, name=name, identity=identity)


def save(module: Any, folder: Path, tokenizer: Any = None) -> None:
    """Write the weights to `folder`, whole or not at all; with its tokenizer it is a model that can be named."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as made:
        inside = Path(made) / "model"
        with _without_bars():
            module.save_pretrained(inside)
        if tokenizer is not None:
            tokenizer.save_pretrained(inside)
        inside.rename(folder)


def load(folder: Path) -> Any | None:
    """Return the module that `save` wrote, in float32, or None where nothing is there."""
    from transformers import AutoModelForCausalLM

    if not folder.exists():
        return None
    with _without_bars():
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep transformers from drawing bars of its own, and leave its setting as it was."""
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if bars:
            logging.enable_progress_bar()
