"""A local model behind the port: asks in, replies out; any transformers folder, wide over shared prefixes."""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nightschool.asks import Delta, ModelAsk, ModelReply, Progress, Weigh
from nightschool.errors import ModelError, UnknownName, Unsupported, UsageError
from nightschool.items import Adapter, Prefix, Prompt
from nightschool.models.kinds import LOCAL
from nightschool.models.local import adapters, check, folder, packed
from nightschool.models.local.flight import AnyJob
from nightschool.models.local.form import Forms
from nightschool.models.local.heap import free_memory, trim
from nightschool.models.local.intake import Intake
from nightschool.models.local.runner import Runner
from nightschool.models.local.schedule import Schedule
from nightschool.models.local.text import Text
from nightschool.ports import Ability

_NORMS = ("norm", "final_layer_norm", "ln_f", "final_layernorm")  # as architectures call what stands before the head
_TWINS = 1  # adapters whose merged (and packed) weights are held


@dataclass(frozen=True, slots=True)
class _Weights:
    """Which weights an ask runs on."""

    adapter: str | None
    dtype: torch.dtype


class LocalModel:
    """A causal language model of transformers, run on this machine.

    module: the frozen transformers model that samples; tokenizer; device; dtype; end_ids: every id that ends a turn;
    context_tokens: longest prompt and answer together; bytes_per_token: of keys and values, as sampling keeps them.

    The tokens of a draw: what ended it (an end token; for a stop string, every token whose text does not end before the
    stop string) is spent but not part of `Segment.tokens`. Where such a token also wrote something in front of the
    stop string, `Segment.text` has it though `tokens` has not, and a prefix continued from that segment encodes this
    remainder anew.
    """

    def __init__(
        self,
        module: Any,
        tokenizer: Any,
        *,
        name: str,
        identity: str,
        memory_mb: int | None = None,
        weigh_dtype: str = "float32",
        kv_dtype: str = "same",
        branches: int | None = None,
        computed_bytes: int | None = None,
    ) -> None:
        """Serve `module`, which must attend through this engine (see `from_folder`).

        memory_mb: for keys and values, None for a share of what is free (on a CPU 2 GiB at most); weigh_dtype: float32,
        or `same` as sampling; kv_dtype: in which keys and values are kept, `same` as they are computed, or bfloat16 or
        float16 for half the memory of float32, no longer exact and slower where the hardware has neither;
        branches: live draws at most, None for 256 on a CPU and 512 on a GPU; computed_bytes: of a token's keys and
        values as sampling computes them, where the engine was checked on this module before; None to check it now.
        """
        self.name, self.identity = name, identity
        self.module, self.tokenizer = module, tokenizer
        self.abilities = LOCAL.abilities - (frozenset() if tokenizer.chat_template else {Ability.CHAT})
        self.device: torch.device = next(module.parameters()).device
        self.dtype: torch.dtype = next(module.parameters()).dtype
        self.end_ids = folder.end_ids(module, tokenizer)
        self.context_tokens = folder.context_of(module.config.get_text_config())
        self._weigh_dtype = self.dtype if weigh_dtype == "same" else folder.dtype_of(weigh_dtype, self.device)
        self._kept = None if kv_dtype == "same" else folder.dtype_of(kv_dtype, self.device)
        self._memory = memory_mb << 20 if memory_mb is not None else free_memory(self.device)
        self._branches = branches or (512 if self.device.type == "cuda" else 256)
        self._adapters: dict[str, Adapter] = {}
        self._schedules: OrderedDict[_Weights, Schedule] = OrderedDict()
        self._family: list[Runner] = []
        self._asked = itertools.count()
        self._first, self._alone = math.inf, False  # the ask that memory is kept for; whether it has all there is
        self._replies: list[ModelReply] = []
        config = module.config.get_text_config()
        self._text = Text(tokenizer, name=name, first=min(self.end_ids, default=0), vocabulary=int(config.vocab_size))
        forms = Forms(tokenizer, int(config.vocab_size), sorted(self.end_ids))
        self._intake = Intake(
            self._text, forms, name=name, context_tokens=self.context_tokens, layers=int(config.num_hidden_layers)
        )
        self._computed = check.same_as_plain(module) if computed_bytes is None else computed_bytes
        self.bytes_per_token = self._size(self.dtype)

    @classmethod
    def from_folder(
        cls,
        path: str | Path,
        *,
        name: str,
        identity: str | None = None,
        dtype: str = "auto",
        device: str = "auto",
        memory_mb: int | None = None,
        weigh_dtype: str = "float32",
        kv_dtype: str = "same",
        branches: int | None = None,
        checks: Path | None = None,
    ) -> LocalModel:
        """Return the model in the transformers folder `path` (config.json, *.safetensors, tokenizer).

        identity: content hash, computed from the files where it is not known; dtype: `auto` is bfloat16 where the
        hardware has it and float32 elsewhere; device: `auto` is the GPU where there is one; checks: a folder of these
        weights alone, in which is noted that the engine was found to run them exactly.
        Raises ModelNotFound, ModelDamaged, Unsupported.
        """
        where, folder_path = folder.device_of(device), Path(path)
        folder.set_threads()
        module, tokenizer = folder.load(folder_path, folder.dtype_of(dtype, where), where)
        return cls(
            module, tokenizer, name=name, identity=identity or folder.identity_of(folder_path), memory_mb=memory_mb,
            weigh_dtype=weigh_dtype, kv_dtype=kv_dtype, branches=branches,
            computed_bytes=None if checks is None else check.remembered(module, checks),
        )  # fmt: skip

    # --- text and tokens ----------------------------------------------------------------------------------------

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the ids of `prompt`: its chat template applied, the assistant's turn opened, the prefill behind it."""
        return self._text.encode(prompt)

    def encode_segment(self, text: str) -> list[int]:
        """Return the ids of `text` on its own, without special tokens around it."""
        return self._text.encode_segment(text)

    def encode_prefix(self, prefix: Prefix) -> list[int]:
        """Return the ids of `prefix`: tokens that were sampled are taken as they are, only inserted text is encoded."""
        return self._text.encode_prefix(prefix)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`, special tokens shown."""
        return self._text.decode(ids)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` is, without special tokens."""
        return len(self.encode_segment(text))

    # --- the port -----------------------------------------------------------------------------------------------

    def submit(self, asks: Sequence[ModelAsk]) -> None:
        """Take asks in, all or none. Raises PromptTooLong, UnknownName for an adapter not loaded, UsageError."""
        flying = {id for schedule in self._schedules.values() for id in schedule.jobs}
        flying.update(reply.id for reply in self._replies)
        jobs: list[tuple[_Weights, AnyJob]] = []
        for ask in asks:
            if ask.id in flying:
                raise UsageError(f"an ask with id {ask.id!r} is in flight already; give every ask an id of its own")
            flying.add(ask.id)
            if ask.adapter is not None and ask.adapter not in self._adapters:
                raise UnknownName("adapter loaded", ask.adapter, self._adapters, "load_adapter makes one known")
            jobs.append((self._weights(ask), self._intake.job(ask)))
        needed = {weights: None for weights, _ in jobs}
        for weights in needed:  # all of them before any ask is taken in: an adapter's file may turn out damaged
            self._schedule(weights, needed)
        for weights, job in jobs:
            job.since = next(self._asked)
            self._schedules[weights].jobs[job.ask.id] = job

    def _weights(self, ask: ModelAsk) -> _Weights:
        return _Weights(ask.adapter, self._weigh_dtype if isinstance(ask, Weigh) else self.dtype)

    def _schedule(self, weights: _Weights, needed: Container[_Weights]) -> None:
        if weights not in self._schedules:
            idle = [
                key for key, known in self._schedules.items() if key.adapter and not known.jobs and key not in needed
            ]
            for key in idle[: max(0, len(idle) + 1 - _TWINS)] if weights.adapter else ():
                self._family.remove(self._schedules.pop(key).runner)
            module = self._module(weights)
            runner = Runner(module, self._memory, self._size(weights.dtype), self._family, self._kept)
            self._schedules[weights] = Schedule(runner, self._branches, self.end_ids, self.decode)
        self._schedules.move_to_end(weights)

    @property
    def numerics(self) -> str:
        """Return in what numbers it samples and weighs: part of every cache key, nothing for float32."""
        kinds = [kind for kind in (self.dtype, self._kept) if kind not in (None, torch.float32)]
        names = [str(kind).removeprefix("torch.") for kind in kinds]
        if self._weigh_dtype != torch.float32:
            names.append(f"weighing {str(self._weigh_dtype).removeprefix('torch.')}")
        return " ".join(names)

    def _size(self, dtype: torch.dtype) -> int:
        return self._computed * (self._kept or dtype).itemsize // self.dtype.itemsize

    def _module(self, weights: _Weights) -> Any:
        module = self.module
        if weights.dtype != self.dtype:
            plain = self._schedules.get(_Weights(None, weights.dtype))
            module = plain.runner.module if plain is not None else folder.freeze(folder.twin(module).to(weights.dtype))
        if weights.adapter is not None:
            module = adapters.merged(module, self._adapters[weights.adapter])
        return module

    def step(self) -> Progress:
        """Decode one token of every live draw, compute a chunk of prompts beside them, and tell of it.

        Raises ModelError, such as NotANumber, naming the layer; what was in flight on those weights is given up.
        """
        replies, self._replies = self._replies, []
        deltas: list[Delta] = []
        schedules = [schedule for schedule in self._schedules.values() if schedule.jobs]
        if self._alone:
            for schedule in schedules:
                schedule.make_way(self._first)
        for schedule in schedules:
            try:
                done, news = schedule.step(self._first)
            except ModelError:
                schedule.clear()
                self._replies = replies
                raise
            replies += done
            deltas += news
        replies += self._take_turns(schedules)
        return Progress(tuple(replies), tuple(deltas))

    def _take_turns(self, schedules: Sequence[Schedule]) -> list[ModelReply]:
        """Settle who has memory next, where it is short: who asked first. Return the refusal of who had all of it."""
        shortest = min(schedules, key=lambda schedule: schedule.short, default=None)
        first = shortest.short if shortest is not None else math.inf
        stuck = first < math.inf and not any(schedule.moved for schedule in schedules)
        if shortest is not None and stuck and self._alone and first == self._first:
            self._first, self._alone = math.inf, False
            return [shortest.refuse(first)]
        self._first, self._alone = first, stuck
        return []

    def cancel(self, ids: Sequence[str]) -> None:
        """End these asks; the next step replies with what they have."""
        for schedule in self._schedules.values():
            self._replies += [schedule.cancel(id) for id in dict.fromkeys(ids) if id in schedule.jobs]

    def load_adapter(self, adapter: Adapter) -> None:
        """Make `adapter` available by its name. Raises Unsupported for one of another model or not mergeable."""
        adapters.check(adapter, self.identity, self.name)
        self._adapters[adapter.name] = adapter

    def fresh_module(self) -> Any:
        """Return a new transformers model, frozen, that shares the memory of this one's parameters.

        Its parameters are objects of their own, so that LoRA can be put into it, and it attends as transformers does.
        Full tuning must first give it tensors of its own: what is written in place here is written there.
        """
        return folder.twin(self.module, check.plain_attention(self.module))

    @property
    def depth(self) -> int:
        """Return the number of layers: states are of layer 0, the embedding, to this one, after the last norm."""
        return int(self.module.config.get_text_config().num_hidden_layers)

    def lens(self, states: Any, layer: int, tokens: Sequence[int]) -> tuple[list[float], list[int]]:
        """Return log-probability and rank (0 is likeliest) of tokens[n] as `states` [n, d] of `layer` would tell them.

        States before the last layer go through the last norm first. Raises Unsupported where no last norm is known.
        Ref: nostalgebraist2020 (the logit lens).
        """
        body, head = self.module.get_decoder(), self.module.get_output_embeddings()
        norm = next((found for name in _NORMS if (found := getattr(body, name, None)) is not None), None)
        if norm is None or head is None:
            raise Unsupported(f"{self.name}: where its last norm is is not known, so its layers tell no words")
        with torch.no_grad():
            given = torch.as_tensor(states, device=self.device).to(head.weight.dtype)
            logits = head(given if layer in (self.depth, -1) else norm(given)).float()
            logps = logits.log_softmax(-1)
            own = logps[torch.arange(len(tokens)), torch.as_tensor(tokens, device=self.device)]
            ranks = (logps > own[:, None]).sum(-1)
        return own.tolist(), ranks.tolist()

    @property
    def held_bytes(self) -> int:
        """Return the bytes that keys and values take now."""
        return sum(runner.held_bytes for runner in self._family)

    def rest(self) -> None:
        """Give back what is held only to answer faster, and is made again when it is needed.

        These are keys and values, and merged and packed weights, of all that nobody is asking: two to three times the
        memory of the model itself, which training has a better use for.
        """
        idle = [key for key, known in self._schedules.items() if not known.jobs]
        for weights in idle:
            self._family.remove(self._schedules.pop(weights).runner)
        if not self._schedules:
            packed.unpack(self.module)
        if idle:
            trim()

    def close(self) -> None:
        """Give up what is in flight, and the memory."""
        for schedule in self._schedules.values():
            schedule.clear()
        self._schedules.clear()
        self._family.clear()
