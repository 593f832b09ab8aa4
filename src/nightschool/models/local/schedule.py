"""What runs next on one set of weights: which runs to compute, which draws to let in, what each result belongs to."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable

import numpy as np
import torch

from nightschool.asks import Delta, ModelReply, Refused
from nightschool.items import Sampling
from nightschool.models.local.compose import Piece, divide
from nightschool.models.local.flight import AnyJob, Branch, Proposal, Reading, Weighing
from nightschool.models.local.form import ruled_out
from nightschool.models.local.pick import logps_of, pick, taken_out, uniforms
from nightschool.models.local.plan import plan
from nightschool.models.local.runner import Outcome, Runner
from nightschool.models.local.trie import Node
from nightschool.models.local.words import Decode, Words
from nightschool.models.without import Without

_LOGITS = 1 << 25  # logits held at once for weighing


class Schedule:
    """Continuous batching: draws leave when they end and others join, prompts are computed in chunks beside them.

    branches: how many draws may be live at once; moved: whether the last step did anything; short: which ask (`since`)
    was the first in it that waits for memory, `inf` for none.
    """

    def __init__(self, runner: Runner, branches: int, ends: frozenset[int], decode: Decode) -> None:
        self.runner = runner
        self.branches = branches
        self.jobs: dict[str, AnyJob] = {}
        self._live: list[Branch] = []  # in the runner's packed order
        self.moved, self.short = False, math.inf
        self._held: set[Node] = set()  # nodes that keep logits
        self._ends, self._decode = ends, decode
        self._vocabulary = int(runner.module.config.get_text_config().vocab_size)

    # --- taking in and giving up --------------------------------------------------------------------------------

    def cancel(self, id: str) -> ModelReply:
        """End the ask `id` and return its reply."""
        job = self.jobs.pop(id)
        if isinstance(job, Proposal):
            self._remove(job.live)
        job.release()
        return job.cancelled()

    def clear(self) -> None:
        """Forget all asks in flight."""
        self._remove(list(self._live))
        for job in self.jobs.values():
            job.release()
        self.jobs.clear()

    def _remove(self, branches: Iterable[Branch]) -> None:
        rows = [self._live.index(branch) for branch in branches]
        for source, target in self.runner.remove(rows):
            self._live[target] = self._live[source]
        del self._live[len(self.runner.rows) :]

    # --- one step -----------------------------------------------------------------------------------------------

    def step(self, first: float = math.inf) -> tuple[list[ModelReply], list[Delta]]:
        """Do one pass and return what came of it.

        first: the ask that memory is kept for; what came later begins nothing until that was let in.
        """
        began = time.perf_counter()
        replies: list[ModelReply] = []
        self.short = math.inf
        jobs = self._served(first)
        pieces, again, spent, short = plan(
            jobs, self.runner, draws=self.branches - len(self._live), logits=max(1, _LOGITS // self._vocabulary)
        )
        if short is not None:
            self._wait(short)
        busy = bool(self._live or pieces or again)
        if busy:
            states = any(isinstance(job, Reading) and job.leaf in again for job in self.jobs.values())
            outcome = self.runner.run(pieces, list(again), states=states)
        else:
            outcome = Outcome(torch.empty(0), [], [])
        for branch in self._live:
            spent[branch.job] = spent.get(branch.job, 0) + 1
        self._settle(pieces, again, outcome)
        deltas = self._sample(outcome.decoded, first)
        elapsed = time.perf_counter() - began
        total = max(1, sum(spent.values()))
        for job, share in spent.items():
            job.seconds += elapsed * share / total
        for id, job in list(self.jobs.items()):
            reply = job.reply()
            if reply is not None:
                job.release()
                del self.jobs[id]
                replies.append(reply)
        self._forget_logits()
        self.moved = bool(busy or deltas or replies)
        return replies, deltas

    def _served(self, first: float) -> list[AnyJob]:
        """Return the asks that may take memory: those up to `first`, and texts that are being weighed already."""
        served: list[AnyJob] = []
        for job in self.jobs.values():
            if job.since <= first or (isinstance(job, Weighing) and job.begun):
                served.append(job)
            elif isinstance(job, Proposal) and job.waiting:
                self._note(job)
        return served

    def _settle(self, pieces: list[Piece], again: dict[Node, None], outcome: Outcome) -> None:
        """Hand what a pass computed to the nodes, weighings and readings that wanted it."""
        weighing = [job for job in self.jobs.values() if isinstance(job, Weighing)]
        twigs = {twig: job for job in weighing for twig in job.twigs}
        for node, logits in zip(again, outcome.asked, strict=True):
            self._hold(node, logits)
        for piece, logits in zip(pieces, outcome.pieces, strict=True):
            piece.node.done = piece.b
            if piece.node in twigs:
                twigs[piece.node].take(piece.node, piece.a, logits)
            elif len(logits):
                self._hold(piece.node, logits[-1])
        at = {node: i for i, node in enumerate(again)}
        for job in self.jobs.values():
            if job.leaf is None:
                continue
            if isinstance(job, Weighing) and job.leaf.logits is not None and job.waiting:
                job.take(None, 0, job.leaf.logits[None])
            elif isinstance(job, Reading) and job.leaf in at and outcome.hidden:
                job.state = outcome.hidden[at[job.leaf]][job.ask.layer].cpu().numpy().copy()

    # --- sampling -----------------------------------------------------------------------------------------------

    def _sample(self, decoded: torch.Tensor, first: float) -> list[Delta]:
        admitted = self._admit(first)
        joined, split = [branch for branch, *_ in admitted], [(shared, private) for _, shared, private in admitted]
        rows = [branch.job.leaf.logits for branch in joined if branch.job.leaf is not None]
        parts = [decoded] if len(decoded) else []
        parts += [torch.stack([row for row in rows if row is not None])] if rows else []
        if not parts:
            return []
        branches = [*self._live, *joined]
        how: list[Sampling] = [branch.job.ask.sampling for branch in branches]
        noise = uniforms(
            np.array([branch.key for branch in branches], dtype=np.uint64),
            np.array([branch.sampled for branch in branches], dtype=np.uint64),
        )
        logits = torch.cat(parts) if len(parts) > 1 else parts[0]
        left = ruled_out(logits, [branch.form for branch in branches])
        left = taken_out(left, [branch.without for branch in branches], how)
        tokens, logps = pick(left, how, noise)
        shaped = [i for i, branch in enumerate(branches) if branch.form is not None or branch.without]
        if shaped:  # what was ruled out counts in none of the log-probabilities
            logps[shaped] = logps_of(logits[shaped], tokens[shaped])
        deltas, ended = [], []
        kept: list[tuple[int, np.ndarray]] = []
        count = len(self._live)
        for i, branch in enumerate(branches):
            token = int(tokens[i])
            finish = branch.take(token, float(logps[i]), self._ends)
            job = branch.job
            text = branch.words.news() if finish is None else branch.words.rest()
            sampled = () if finish else (branch.spent[-1],)
            deltas.append(Delta(job.ask.id, job.ask.first_draw + branch.number, text, 1, sampled))
            if finish is not None:
                job.draws[branch.number] = branch.draw(finish)
                job.live.remove(branch)
                if i < count:
                    ended.append(branch)
                    if finish in ("stop", "length"):
                        wrote = np.array(branch.words.tokens[len(job.ask.begun) :], dtype=np.int64)
                        kept.append((i, np.concatenate([job.ids, wrote])))
            elif i < count:
                self.runner.rows[i].token = token
            else:
                self.runner.add(*split[i - count], token, job.ask.sampling.max_tokens - 1)
                self._live.append(branch)
        self.runner.freeze(kept)
        self._remove(ended)
        return deltas

    def _admit(self, first: float) -> list[tuple[Branch, Node, list[Node]]]:
        """Return new branches for draws whose prefix is computed, as many as there is room for, each with its path.

        A path is what the branch shares with others, by its last node, and the nodes that it copies.
        """
        ready: list[Proposal] = []
        for job in self.jobs.values():
            if job.since > first:
                break
            if isinstance(job, Proposal) and job.waiting and job.leaf is not None and job.leaf.logits is not None:
                ready.append(job)
        free = self.branches - len(self._live)
        if not ready or free <= 0:
            return []
        among: Counter[Node] = Counter()
        for job in self.jobs.values():
            if isinstance(job, Proposal) and job.leaf is not None:
                among.update(job.leaf.path())
        wanted: list[tuple[Proposal, Node, list[Node], int]] = []
        for job in ready:
            assert job.leaf is not None
            shared, private = divide(job.leaf, among, job.ask.n, self.runner.trie.root)
            limit = job.ask.sampling.max_tokens - 1 + sum(len(node) for node in private)
            wanted += [(job, shared, private, limit)] * min(job.ask.n - job.begun, free - len(wanted))
            if len(wanted) == free:
                break
        asked = list(wanted)
        while wanted and not self.runner.room(0, [limit for *_, limit in wanted]):
            del wanted[len(wanted) // 2 :]
        if not wanted:  # a copy of what nobody else has takes more than seeing it where it lies
            job, limit = asked[0][0], asked[0][0].ask.sampling.max_tokens - 1
            if asked[0][2] and job.leaf is not None and self.runner.room(0, [limit]):
                wanted = [(job, job.leaf, [], limit)]
        for job, *_ in asked[len(wanted) :]:
            self._note(job)
        joined = []
        for job, shared, private, _ in wanted:
            prefix = job.ids[: len(job.ids) - len(job.ask.begun)]
            words = Words(self._decode, prefix[-8:].tolist(), job.ask.sampling.stop)
            key = job.ask.noise.child(job.ask.first_draw + job.begun).key()
            branch = Branch(job, job.begun, key, words, without=Without(job.ask.without))
            branch.resume(job.ask.begun)
            branch.form = job.form() if job.form is not None else None
            job.begun += 1
            job.live.append(branch)
            joined.append((branch, shared, private))
        for job, *_ in asked[len(wanted) :]:
            if not job.live:
                self._wait(job)
        return joined

    # --- memory -------------------------------------------------------------------------------------------------

    def _hold(self, node: Node, logits: torch.Tensor) -> None:
        node.logits = logits.clone()  # a view would keep the logits of the whole pass
        self._held.add(node)

    def _forget_logits(self) -> None:
        """Drop what follows a prefix where nobody waits for it any more."""
        needed = {job.leaf for job in self.jobs.values() if job.leaf is not None and job.waiting}
        for node in self._held - needed:
            node.logits = None
        self._held &= needed

    def _note(self, job: Proposal) -> None:
        most_mb = self.runner.memory / 2**20
        job.note = f"fewer draws were live at once: {most_mb:.4g} MB (memory_mb) hold no more keys and values"

    def _wait(self, job: AnyJob) -> None:
        self.short = min(self.short, job.since)
        if isinstance(job, Proposal):
            self._note(job)

    def make_way(self, first: float) -> None:
        """Give back what asks later than `first` hold that have no draws live."""
        for job in self.jobs.values():
            if job.since > first and not (isinstance(job, Proposal) and job.live):
                job.release()

    def refuse(self, since: float) -> ModelReply:
        """Give up the ask `since`, for which there was not memory enough even alone."""
        id, job = next((id, job) for id, job in self.jobs.items() if job.since == since)
        job.release()
        del self.jobs[id]
        limit = self.runner.memory >> 20
        return Refused(id, f"{job.longest} tokens with their answer do not fit in {limit} MB; raise memory_mb", "error")
