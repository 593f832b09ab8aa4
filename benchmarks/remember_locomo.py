"""Evidence retrieval on LoCoMo, turn level: which of the turns that answer a question are among the first 5 or 10?

    python benchmarks/remember_locomo.py [DATA_FOLDER] [--embedder minilm] [--mem0 ENVIRONMENT] [--tagger smollm2]

DATA_FOLDER holds conversations of snap-research/locomo (CC BY-NC 4.0, for benchmarks only; not part of this project),
one JSON file each; default: ../shared/data/locomo. Questions of categories 1 to 4. No language model is called; the
ranker is fitted leaving one conversation out, and the weights fitted on all of them are printed last. --tagger: has a
model write the tags, as a chat does, in place of keyphrases; --hops 2: follows up with a second cue. --mem0 compares
with mem0, given the same vectors, in a virtual environment of its own: the folder is made where it is missing, and pip
fetches mem0 into it. Its BM25 stays off: it needs data that no package has.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np

from nightschool.drive import Drive, Job
from nightschool.items import Item, Noise, Sampling, Task
from nightschool.models.resolve import open_model
from nightschool.ports import Model
from nightschool.registry import make
from nightschool.remember import topics
from nightschool.remember.embed.named import open_embedder
from nightschool.remember.embed.port import Embedder, Rows
from nightschool.remember.memory import Memory
from nightschool.remember.recall.cue import content_words
from nightschool.remember.recall.features import NAMES
from nightschool.remember.recall.fuse import fused
from nightschool.remember.recall.rank import PLAIN, Example, Ranker, fitted
from nightschool.remember.recall.recall import recall
from nightschool.remember.store.port import Entry, Store
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.remember.tags import tags_of
from nightschool.stats.bootstrap import bootstrap_mean

KS = (5, 10)
ALL = 1000
MEM0 = "mem0ai==2.2.1"
Rates: TypeAlias = list[list[float]]
"""of each question, how much of its evidence is among the first of KS"""


@dataclass
class Question:
    """What is asked, and the ids of the turns that answer it."""

    text: str
    category: int
    wanted: frozenset[str]


class Kept:
    """An embedder that remembers what it embedded: every fold asks the same questions."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._cues = embedder, {}
        self.name, self.dims = embedder.name, embedder.dims

    def memories(self, texts: list[str]) -> list[Rows]:
        """Return each text's vectors."""
        return self._embedder.memories(texts)

    def cues(self, texts: list[str]) -> Rows:
        """Return one vector for each text."""
        for text in texts:
            if text not in self._cues:
                self._cues[text] = self._embedder.cues([text])[0]
        return np.stack([self._cues[text] for text in texts])


def conversation(path: Path) -> tuple[list[Memory], list[Question]]:
    """Return the turns as memories, and the questions with the ids of their evidence."""
    data = json.loads(path.read_text())
    memories: dict[str, Memory] = {}
    for n in range(1, 100):
        said = datetime.strptime(data[f"session_{n}_date_time"], "%I:%M %p on %d %B, %Y").replace(
            tzinfo=UTC
        ) if f"session_{n}_date_time" in data else None  # fmt: skip
        for turn, each in enumerate(data.get(f"session_{n}", [])):
            shown = f" [shares {each['blip_caption']}]" if each.get("blip_caption") else ""
            memories[each["dia_id"]] = Memory(
                each["text"] + shown, said.timestamp(), source="user", who=each["speaker"], session=str(n), turn=turn,
                tags=tags_of(each["text"]),
            )  # fmt: skip
    questions = []
    for each in data["qa"]:
        named = re.findall(r"D\d+:\d+", " ".join(each.get("evidence", [])))
        wanted = frozenset(memories[name].id for name in named if name in memories)
        if each["category"] in (1, 2, 3, 4) and wanted:
            questions.append(Question(each["question"], each["category"], wanted))
    return list(memories.values()), questions


def tagged(model: Model, memories: list[Memory]) -> list[Memory]:
    """Return the memories with the tags that `model` writes for them, where they say enough."""
    sampling = Sampling(topics.LONGEST, temperature=0.0, stop=(topics.STOP,))
    asked = [memory for memory in memories if topics.worth_asking(memory.content)]
    tasks = [Task(Item(m.id, {}, None, m.id), topics.asked(m.content, chat=False), sampling) for m in asked]
    jobs = [Job(make("strategies", "single"), task, Noise((0, task.item.id))) for task in tasks]
    traces = Drive(model).run(jobs)
    said = {m.id: trace.best.prefix.text for m, trace in zip(asked, traces, strict=True) if trace.best}
    return [replace(m, tags=topics.read(said[m.id], m.content)) if m.id in said else m for m in memories]


def rate(found: list[str], wanted: frozenset[str]) -> list[float]:
    return [len(set(found[:k]) & wanted) / len(wanted) for k in KS]


def bm25(store: Store, question: Question) -> list[str]:
    return [hit.id for hit in store.lexical(content_words(question.text), ALL)]


def dense(store: Store, question: Question, embedder: Embedder) -> list[str]:
    return [hit.id for hit in store.dense(embedder.name, embedder.cues([question.text])[0], ALL)]


def windowed(store: Store, question: Question, embedder: Embedder, near: dict[str, list[str]]) -> list[str]:
    """Return both rankings fused, each turn lending half of its score to its neighbours."""
    both = fused([
        store.lexical(content_words(question.text), ALL),
        store.dense(embedder.name, embedder.cues([question.text])[0], ALL),
    ])  # fmt: skip
    lent = {id: score + 0.5 * sum(both.get(other, 0.0) for other in near[id]) for id, score in both.items()}
    return sorted(lent, key=lambda id: -lent[id])


def example(store: Store, question: Question, embedder: Embedder | None, hops: int) -> Example | None:
    """Return the candidates of a question with their features, and which of them are its evidence."""
    found = recall(store, question.text, embedder, 0.0, ALL, hops=hops)
    rows = np.array([[each.features.get(name, 0.0) for name in NAMES] for each in found], np.float32)
    return Example(rows, [i for i, each in enumerate(found) if each.memory.id in question.wanted])


def mem0(environment: Path, conversations: dict[str, tuple[list[Memory], list[Question]]], embedder: Embedder) -> Rates:
    """Return how much of the evidence mem0 finds, asked as it comes, with the same vectors."""
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", MEM0], check=True)
    asked = {
        name: {"turns": [(m.id, m.text) for m in memories], "asked": [q.text for q in questions]}
        for name, (memories, questions) in conversations.items()
    }
    turns = list(dict.fromkeys(m.text for memories, _ in conversations.values() for m in memories))
    cues = [q.text for _, questions in conversations.values() for q in questions]
    cues = [text for text in dict.fromkeys(cues) if text not in set(turns)]
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        at.joinpath("asked.json").write_text(json.dumps(asked))
        at.joinpath("texts.json").write_text(json.dumps([*turns, *cues]))
        np.save(at / "vectors.npy", np.stack([*(rows[0] for rows in embedder.memories(turns)), *embedder.cues(cues)]))
        subprocess.run([str(python), str(Path(__file__).with_name("remember_mem0.py")), folder], check=True)
        found = json.loads(at.joinpath("found.json").read_text())
    return [
        rate(ids, question.wanted)
        for name, (_, questions) in conversations.items()
        for ids, question in zip(found[name], questions, strict=True)
    ]


def score(name: str, rates: Rates, seconds: float | None = None) -> None:
    columns = np.array(rates)
    shown = []
    for k, column in zip(KS, columns.T, strict=True):
        got = bootstrap_mean([[value] for value in column], np.random.default_rng(0))
        shown.append(f"R@{k} {100 * got.value:.1f} ({100 * got.low:.1f} to {100 * got.high:.1f})")
    took = f"   {1000 * seconds / len(rates):.0f} ms CPU per question" if seconds else ""
    print(f"{name:34} {'   '.join(shown)}{took}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=Path("../shared/data/locomo"))
    parser.add_argument("--embedder", default="minilm")
    parser.add_argument("--hops", type=int, default=1)
    parser.add_argument("--mem0", type=Path, metavar="ENVIRONMENT")
    parser.add_argument("--tagger", metavar="MODEL")
    options = parser.parse_args()
    paths = sorted(options.data.glob("*.json"))
    if not paths:
        sys.exit(
            f"no conversations in {options.data}; they are data/locomo10.json of snap-research/locomo, one file each"
        )
    opened = open_embedder(options.embedder)
    embedder = Kept(opened) if opened else None
    tagger = open_model(options.tagger) if options.tagger else None
    rates: dict[str, Rates] = {}
    conversations: dict[str, tuple[list[Memory], list[Question]]] = {}
    examples: list[list[Example]] = []
    stores, asked = [], []
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            memories, questions = conversation(path)
            memories = tagged(tagger, memories) if tagger else memories
            conversations[path.stem] = memories, questions
            store = SqliteStore(Path(folder) / f"{path.stem}.sqlite", path.stem)
            vectors = embedder.memories([m.text for m in memories]) if embedder else [None] * len(memories)
            store.write(
                Entry(m, {embedder.name: v} if embedder else {}) for m, v in zip(memories, vectors, strict=True)
            )
            place = {(m.session, m.turn): m.id for m in memories}
            near = {m.id: [place[at] for d in (-1, 1) if (at := (m.session, m.turn + d)) in place] for m in memories}
            for question in questions:
                rates.setdefault("BM25", []).append(rate(bm25(store, question), question.wanted))
                if embedder:
                    rates.setdefault(embedder.name, []).append(rate(dense(store, question, embedder), question.wanted))
                    found = windowed(store, question, embedder, near)
                    rates.setdefault("fused, one-turn window", []).append(rate(found, question.wanted))
            examples.append([example(store, question, embedder, options.hops) for question in questions])
            stores.append(store)
            asked.append(questions)
            print(f"{path.name}: {len(memories)} turns, {len(questions)} questions", file=sys.stderr, flush=True)
        if options.mem0 and embedder:
            rates["mem0, infer=False"] = mem0(options.mem0, conversations, embedder)
        for name, each in rates.items():
            score(name, each)
        for label, ranker_of in (
            ("recall, weights by hand", lambda _: PLAIN),
            ("recall, fitted on the others", lambda i: _fit(examples[:i] + examples[i + 1 :])),
        ):
            started = time.process_time()
            each: Rates = []
            kinds: dict[int, Rates] = {}
            spent = 0.0
            for i, (store, questions) in enumerate(zip(stores, asked, strict=True)):
                ranker, mine = ranker_of(i), []
                started = time.process_time()
                for question in questions:
                    found = recall(store, question.text, embedder, 0.0, 10, ranker=ranker, hops=options.hops)
                    mine.append(rate([f.memory.id for f in found], question.wanted))
                    kinds.setdefault(question.category, []).append(mine[-1])
                spent += time.process_time() - started
                print(f"  {paths[i].stem}: {np.round(100 * np.mean(mine, axis=0), 1)}")
                each += mine
            score(label, each, spent)
            for kind, values in sorted(kinds.items()):
                print(f"  category {kind}: {np.round(100 * np.mean(values, axis=0), 1)} of {len(values)}")
        print(_fit(examples).weights)


def _fit(parts: list[list[Example]]) -> Ranker:
    return fitted([each for part in parts for each in part], prior=PLAIN)


if __name__ == "__main__":
    main()
