"""Any model of sentence-transformers, of the Hugging Face hub or in a folder.

Ref: reimers2019.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nightschool.errors import MissingDependency, ModelError, ModelNotFound
from nightschool.remember.embed.port import Rows, grouped, means, unit, windows


class SentenceTransformer:
    """The model called `name` (`ORG/NAME`, fetched from the hub by that library, or a folder) as an embedder.

    Queries and documents get the prompts that the model was trained with, where it has some. Raises MissingDependency,
    ModelNotFound, ModelError.
    """

    def __init__(self, name: str) -> None:
        try:
            library: Any = importlib.import_module("sentence_transformers")
        except ModuleNotFoundError as error:
            raise MissingDependency(
                "models of sentence-transformers need that library; type: pip install 'nightschool[sentence]'"
            ) from error
        folder = Path(name).expanduser()
        if folder.is_dir():
            name = str(folder.resolve())
        try:
            self._model = library.SentenceTransformer(name)
        except (OSError, ValueError) as error:
            why = str(error).strip().splitlines()[0]
            raise ModelNotFound(
                f"no sentence-transformers model in {name!r}: {why}; name ORG/NAME or a folder"
            ) from error
        self._longest = max(8, int(self._model.max_seq_length or 512) - 2)
        width: Any = getattr(self._model, "get_embedding_dimension", self._model.get_sentence_embedding_dimension)
        self.dims = int(width())
        # what it makes of one sentence names the weights: two models in one folder are two embedders
        print_of = hashlib.sha256(np.round(self.cues(["What is it?"]), 3).tobytes()).hexdigest()
        self.name = f"st:{Path(name).name}:{print_of[:12]}"

    def memories(self, texts: Sequence[str]) -> list[Rows]:
        """Return each text's vectors [passages, dims]: a passage is as long as the model reads at once."""
        passages = [list(self._pieces(text)) for text in texts]
        rows = self._embedded([piece for some in passages for piece in some], "document")
        return grouped(rows, [len(some) for some in passages])

    def cues(self, texts: Sequence[str]) -> Rows:
        """Return one vector for each text [n, dims]: the mean of its passages."""
        passages = [list(self._pieces(text)) for text in texts]
        rows = self._embedded([piece for some in passages for piece in some], "query")
        return means(grouped(rows, [len(some) for some in passages]), self.dims)

    def _pieces(self, text: str) -> list[str]:
        tokenizer: Any = self._model.tokenizer
        ids = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        if len(ids) <= self._longest:
            return [text]
        return [str(tokenizer.decode(list(some))) for some in windows(ids, self._longest)]

    def _embedded(self, texts: Sequence[str], kind: str) -> Rows:
        if not texts:
            return np.empty((0, self.dims), np.float32)
        embed: Any = getattr(self._model, f"encode_{kind}", self._model.encode)
        try:
            return unit(np.asarray(embed(list(texts), show_progress_bar=False), np.float32))
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{self.name} did not embed: {error}") from error
