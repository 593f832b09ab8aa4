"""What mem0 finds, for `remember_locomo`, which runs this with a Python that has mem0 and nothing of nightschool.

    PYTHON_WITH_MEM0 benchmarks/remember_mem0.py FOLDER

FOLDER/asked.json: for each conversation its turns (id, text) and its questions; FOLDER/texts.json and
FOLDER/vectors.npy: what an embedder makes of each. Writes FOLDER/found.json: for each conversation and question, the
ids of the ten turns that mem0 finds. No language model infers anything (`infer=False`), nothing leaves the machine.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np


class Known:
    """An embedder of texts whose vectors are known already."""

    def __init__(self, texts: list[str], vectors: np.ndarray) -> None:
        self._vectors = {_plain(text): vector for text, vector in zip(texts, vectors.tolist(), strict=True)}

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        """Return the vector of one text."""
        return self._vectors[_plain(text)]

    def embed_batch(self, texts: list[str], memory_action: str | None = None) -> list[list[float]]:
        """Return the vectors of several."""
        return [self.embed(text) for text in texts]


def _plain(text: str) -> str:
    return " ".join(text.split())  # mem0 trims what it is asked


def main() -> None:
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "asked.json").read_text())
    vectors = np.load(folder / "vectors.npy")
    embedder = Known(json.loads((folder / "texts.json").read_text()), vectors)
    found = {}
    with tempfile.TemporaryDirectory() as own:
        os.environ |= {"MEM0_TELEMETRY": "False", "MEM0_DIR": own, "OPENAI_API_KEY": "none is asked"}
        from mem0 import Memory

        for name, conversation in asked.items():
            store = {"collection_name": f"c{name}", "path": f"{own}/{name}", "embedding_model_dims": vectors.shape[1]}
            memory = Memory.from_config({
                "vector_store": {"provider": "qdrant", "config": store},
                "history_db_path": f"{own}/{name}.db",
            })  # fmt: skip
            memory.embedding_model = embedder
            for id, text in conversation["turns"]:
                memory.add(text, user_id=name, infer=False, metadata={"turn": id})
            rows = [memory.search(q, filters={"user_id": name}, top_k=10, threshold=0.0) for q in conversation["asked"]]
            found[name] = [[each["metadata"]["turn"] for each in row["results"]] for row in rows]
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
