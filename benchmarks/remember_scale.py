"""Speed and size of the embedded store: durable writes per second, recall's latency, exactness of the shortlist.

    python benchmarks/remember_scale.py [--memories 100000] [--kills 0] [--sqlite-vec ENVIRONMENT]

Texts are made of a seeded vocabulary with Zipf's frequencies, vectors are random mixtures of topics: what is measured
is the store, not a model. Durable writes are one transaction each, as fast as this disk syncs; the rest is filled in
transactions of a thousand. --kills N kills a writer N times with SIGKILL and counts what was lost. --sqlite-vec holds
the shortlist of signs against sqlite-vec's search over bits, on the same vectors and cues: the folder is a virtual
environment, made where it is missing, into which pip fetches the extension.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nightschool.remember.embed.port import Rows, unit
from nightschool.remember.keep import entry_of
from nightschool.remember.memory import Memory
from nightschool.remember.recall.recall import recall
from nightschool.remember.store.bits import Shortlist, packed
from nightschool.remember.store.port import Entry
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.remember.tags import tags_of

DIMS = 384
WORDS = 30_000
SHORTLIST = 1000
SQLITE_VEC = ("sqlite-vec==0.1.9", "pysqlite3-binary==0.5.4.post2")


class Topics:
    """An embedder of mixtures: a text's vector is the mean of those of its words, each near one of 500 topics."""

    name = "topics"
    dims = DIMS

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        topics = rng.normal(size=(500, DIMS))
        self._words = unit(topics[rng.integers(500, size=WORDS)] + 0.7 * rng.normal(size=(WORDS, DIMS)))

    def cues(self, texts: list[str]) -> Rows:
        """Return one vector for each text."""
        return unit(np.stack([self._words[[int(w[1:]) for w in t.split() if w[1:].isdigit()]].mean(0) for t in texts]))

    def memories(self, texts: list[str]) -> list[Rows]:
        """Return one passage for each text."""
        return list(self.cues(texts)[:, None, :])


def texts(count: int, seed: int, words: int = 20) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield " ".join(f"w{n}" for n in np.minimum(rng.zipf(1.3, size=words) - 1, WORDS - 1))


def durable(folder: Path, embedder: Topics | None, count: int) -> str:
    """Write memories, each durable before the next; in turns with single pages, so that both meet the same disk."""
    wall = work = disk = 0.0
    with SqliteStore(folder / f"durable-{bool(embedder)}.sqlite") as store, (folder / "page").open("wb") as page:
        for turn, text in enumerate(texts(count, 1)):
            started, busy = time.perf_counter(), time.process_time()
            store.write([entry_of(store, Memory(text, float(turn), session="s", turn=turn), embedder)])
            wall, work = wall + time.perf_counter() - started, work + time.process_time() - busy
            started = time.perf_counter()
            page.write(b"x" * 4096)
            page.flush()
            os.fsync(page.fileno())
            disk += time.perf_counter() - started
    return f"{count / wall:.0f}/s ({count / work:.0f} per CPU second; the disk alone syncs {count / disk:.0f} pages/s)"


def filled(path: Path, embedder: Topics, count: int) -> SqliteStore:
    """Return the store with `count` memories; one that was begun before is gone on with."""
    store = SqliteStore(path)
    started = time.perf_counter()
    for first in range(store.count(), count, 1000):
        some = list(texts(min(1000, count - first), 1000 + first))
        rows = embedder.memories(some)
        memories = [
            Memory(text, 60.0 * (first + i), session=str((first + i) // 50), turn=(first + i) % 50, tags=tags_of(text))
            for i, text in enumerate(some)
        ]
        store.write(Entry(m, {embedder.name: v}) for m, v in zip(memories, rows, strict=True))
    took = time.perf_counter() - started
    print(f"filled with {count:,} in {took:.0f} s; {path.stat().st_size / 2**20:.0f} MiB on disk", flush=True)
    return store


def latency(store: SqliteStore, embedder: Topics, cues: int) -> None:
    asked = [" ".join(text.split()[:6]) for text in texts(cues, 7)]
    started = time.perf_counter()
    recall(store, asked[0], embedder, 0.0)
    print(f"first recall, which reads the signs of all vectors: {time.perf_counter() - started:.1f} s", flush=True)
    wall, work = [], []
    for cue in asked:
        started, busy = time.perf_counter(), time.process_time()
        recall(store, cue, embedder, 0.0)
        wall.append(time.perf_counter() - started)
        work.append(time.process_time() - busy)
    for name, seconds in (("wall", wall), ("CPU", work)):
        print(
            f"recall {name}: median {1000 * np.median(seconds):.1f} ms, p95 {1000 * np.quantile(seconds, 0.95):.1f} ms"
        )


def exactness(store: SqliteStore, embedder: Topics, cues: int) -> None:
    queries = embedder.cues([" ".join(text.split()[:6]) for text in texts(cues, 7)])
    best: list[list[tuple[float, str]]] = [[] for _ in queries]
    memories = store.each()
    while some := list(itertools.islice(memories, 10_000)):
        rows = np.concatenate(embedder.memories([memory.text for memory in some])).astype(np.float16)
        for kept, scores in zip(best, queries @ rows.astype(np.float32).T, strict=True):
            near = [(float(scores[i]), some[i].id) for i in np.argpartition(-scores, 10)[:10]]
            kept[:] = sorted([*kept, *near], reverse=True)[:10]
    shares = [
        len({id for _, id in kept} & {hit.id for hit in store.dense(embedder.name, query, 10)}) / 10
        for kept, query in zip(best, queries, strict=True)
    ]
    print(f"dense recall@10 against exact: {np.mean(shares):.3f}")


def shortlists(environment: Path, folder: Path, store: SqliteStore, embedder: Topics, cues: int) -> None:
    """Print what it takes to find the `SHORTLIST` vectors with the fewest unlike signs, here and with sqlite-vec."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *SQLITE_VEC], check=True)
    rows = store._db.execute("SELECT number, bits FROM bits ORDER BY number").fetchall()
    queries = embedder.cues([" ".join(text.split()[:6]) for text in texts(cues, 7)])
    folder.joinpath("bits").write_bytes(b"".join(bits for _, bits in rows))
    folder.joinpath("cues").write_bytes(packed(queries).tobytes())
    theirs = [str(python), str(Path(__file__).with_name("remember_sqlite_vec.py")), str(folder)]
    told = subprocess.run([*theirs, str(DIMS), str(SHORTLIST)], check=True, capture_output=True, text=True).stdout
    signs = Shortlist(DIMS // 64)
    bits = np.frombuffer(folder.joinpath("bits").read_bytes(), np.uint64).reshape(len(rows), -1)
    signs.extend(np.array([number for number, _ in rows]), bits)
    ours = []
    for query in queries:
        busy = time.process_time()
        assert len(signs.nearest(query, SHORTLIST)) == SHORTLIST
        ours.append(time.process_time() - busy)
    for name, seconds in (("sqlite-vec", json.loads(told)), ("signs in memory", ours)):
        took = f"median {1000 * np.median(seconds):.1f} ms, most {1000 * np.max(seconds):.1f} ms of CPU"
        print(f"{SHORTLIST:,} of {len(rows):,} by {name}: {took} ({cues} cues)", flush=True)


def written_until_killed(path: Path, number: int, out: int) -> None:
    """Write memories for ever, naming each on `out` once the store has acknowledged it."""
    with SqliteStore(path) as store:
        for turn in itertools.count():
            text = f"round {number} number {turn} " + "x" * 1000
            memory = Memory(text, float(turn), session=str(number), turn=turn)
            store.write([Entry(memory)])
            os.write(out, memory.id.encode() + b"\n")


def kills(path: Path, rounds: int) -> None:
    """Kill a writer at random moments; whatever it had acknowledged has to be there, and whole."""
    rng, said = np.random.default_rng(0), set()
    for number in range(rounds):
        inlet, outlet = os.pipe()
        writer = os.fork()  # a fresh interpreter would spend its time on imports
        if not writer:
            try:
                written_until_killed(path, number, outlet)
            finally:
                os._exit(1)
        os.close(outlet)
        with os.fdopen(inlet, "rb") as lines:
            said.add(lines.readline().strip())
            time.sleep(float(rng.uniform(0, 0.05)))
            os.kill(writer, signal.SIGKILL)
            said |= {line for line in lines.read().split(b"\n") if len(line) == 16}
        if not os.WIFSIGNALED(os.waitpid(writer, 0)[1]):
            sys.exit(f"the writer of round {number} ended by itself")
    with SqliteStore(path) as store:
        kept = {memory.id.encode(): len(memory.content) for memory in store.each()}
        found = {hit.id.encode() for hit in store.lexical(["round"], 10**9)}
    lost, torn = len(said - set(kept)), sum(size < 1000 for size in kept.values()) + len(found ^ set(kept))
    print(f"{rounds:,} kills: {len(said):,} memories acknowledged, {len(kept):,} kept, {lost} lost, {torn} torn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--durable", type=int, default=2000)
    parser.add_argument("--cues", type=int, default=200)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--sqlite-vec", type=Path, metavar="ENVIRONMENT")
    parser.add_argument("--folder", type=Path, help="keep the store there, and go on with the one that is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, embedder = Path(name), Topics()
        large = (options.folder or folder) / "large.sqlite"
        if options.durable:
            print(f"durable writes: {durable(folder, None, options.durable)}", flush=True)
            print(f"with vectors: {durable(folder, embedder, options.durable // 2)}", flush=True)
        filled(large, embedder, options.memories).close()
        with SqliteStore(large) as fresh:
            latency(fresh, embedder, options.cues)
            print(f"memory: at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB", flush=True)
            exactness(fresh, embedder, 40)
            if options.sqlite_vec:
                shortlists(options.sqlite_vec, folder, fresh, embedder, 40)
        if options.kills:
            kills(folder / "killed.sqlite", options.kills)


if __name__ == "__main__":
    main()
