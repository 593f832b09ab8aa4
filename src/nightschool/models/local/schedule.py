"""What runs next on one set of weights: which runs to compute, which draws to let in, what each result belongs to."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
import torch

from nightschool.asks import Delta, ModelReply, Refused
from nightschool.items import Sampling
from nightschool.models.local.flight import AnyJob, Branch, Proposal, Reading, Weighing
from nightschool.models.local.pick import pick, uniforms
from nightschool.models.local.runner import Outcome, Piece, Runner
from nightschool.models.local.trie import Node
from nightschool.models.local.words import Decode, Words

CHUNK = 1024  # tokens of prompts computed in one pass, beside the live branches
_LOGITS = 1 << 25  # logits held at once for weighing


class Schedule:
    """Continuous batching: draws leave when they end and others join, prompts are computed in chunks beside them.

    branches: how many draws may be live at once.
    """

    def __init__(self, runner: Runner, branches: int, ends: frozenset[int], decode: Decode) -> None:
        self.runner = runner
        self.branches = branches
        self.jobs: dict[str, AnyJob] = {}
        self._live: list[Branch] = []  # in the runner's packed order
        self._alone = False  # whether the first ask has what memory there is to itself
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

    def step(self) -> tuple[list[ModelReply], list[Delta]]:
        """Do one pass and return what came of it."""
        began = time.perf_counter()
        replies: list[ModelReply] = []
        if not self.jobs:
            return replies, []
        pieces, again, spent = self._plan()
        busy = bool(self._live or pieces or again)
        if busy:
            states = any(isinstance(job, Reading) and job.leaf in again for job in self.jobs.values())
            outcome = self.runner.run(pieces, list(again), states=states)
        else:
            outcome = Outcome(torch.empty(0), [], [])
        for branch in self._live:
            spent[branch.job] = spent.get(branch.job, 0) + 1
        self._settle(pieces, again, outcome)
        deltas = self._sample(outcome.decoded)
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
        stuck = not (busy or deltas or replies)
        if stuck and self._alone:
            replies.append(self._refuse())
        elif stuck:
            self._make_way()
        self._alone = stuck and not self._alone
        return replies, deltas

    def _plan(self) -> tuple[list[Piece], dict[Node, None], dict[AnyJob, int]]:
        """Return what to compute beside the live branches, and how many tokens of it are for whom."""
        chosen: dict[Node, tuple[int, bool]] = {}  # how many tokens, and whether the last one's logits are wanted
        weighed: dict[Node, int] = {}
        again: dict[Node, None] = {}
        spent: dict[AnyJob, int] = {}
        jobs = list(self.jobs.values())[: 1 if self._alone else None]
        for job in jobs:  # all of them first: taking in a prefix may split a run that another needs
            self._leaf(job)
        left, logits, ahead = CHUNK, max(1, _LOGITS // self._vocabulary), len(self._live)
        for job in jobs:
            if left <= 0 or logits <= 0:
                break
            if not (job.waiting or isinstance(job, Weighing)):
                continue
            if isinstance(job, Proposal):
                if ahead >= self.branches:  # what cannot be let in soon would only fill the memory
                    continue
                ahead += job.ask.n - job.begun
            before = left
            leaf = self._leaf(job)
            node = next((node for node in leaf.path() if not node.complete), None)
            if node is not None:
                if node not in chosen:
                    take = min(left, len(node) - node.done)
                    chosen[node] = (take, False)
                    left -= take
                if node is leaf and not isinstance(job, Reading):
                    chosen[node] = (chosen[node][0], True)
            elif isinstance(job, Reading) or (job.waiting and leaf.logits is None):
                again[leaf] = None
                left -= 1
            if node is None and isinstance(job, Weighing):
                for _, twig in self._twigs(job, leaf):
                    take = min(left, logits, len(twig) - twig.done)
                    if take <= 0:
                        break
                    weighed[twig] = take
                    left -= take
                    logits -= take
            spent[job] = spent.get(job, 0) + max(before - left, 1)
        placed = self.runner.place([*chosen, *weighed])
        pieces = []
        for node in placed:
            take, last = chosen.get(node, (0, False))
            if node in weighed:
                end = node.done + weighed[node]
                pieces.append(Piece(node, node.done, end, range(node.done, end)))
            else:
                end = node.done + take
                pieces.append(Piece(node, node.done, end, [end - 1] if last and end == len(node) else []))
        return pieces, again, spent

    def _leaf(self, job: AnyJob) -> Node:
        if job.leaf is None:
            job.leaf = self.runner.trie.insert(job.ids)
            job.leaf.pins += 1
        return job.leaf

    def _twigs(self, job: Weighing, leaf: Node) -> list[tuple[int, Node]]:
        """Return the unfinished runs of continuations: all but their last tokens, which nothing has to follow."""
        for number, ids in enumerate(job.continuations):
            if len(ids) > 1 and number not in job.twigs:
                job.twigs[number] = Node(ids[:-1], leaf, leaf.end)
        return [(number, twig) for number, twig in job.twigs.items() if not twig.complete]

    def _settle(self, pieces: list[Piece], again: dict[Node, None], outcome: Outcome) -> None:
        """Hand what a pass computed to the nodes, weighings and readings that wanted it."""
        twigs = {
            twig: (job, number)
            for job in self.jobs.values()
            if isinstance(job, Weighing)
            for number, twig in job.twigs.items()
        }
        for node, logits in zip(again, outcome.asked, strict=True):
            self._hold(node, logits)
        fresh: list[tuple[Weighing, int, torch.Tensor]] = []
        for piece, logits in zip(pieces, outcome.pieces, strict=True):
            piece.node.done = piece.b
            if piece.node in twigs:
                fresh.append((*twigs[piece.node], logits))
            elif len(logits):
                self._hold(piece.node, logits[-1])
        at = {node: i for i, node in enumerate(again)}
        for job in self.jobs.values():
            if job.leaf is None:
                continue
            if isinstance(job, Weighing) and job.leaf.logits is not None and job.waiting:
                for number, ids in enumerate(job.continuations):
                    if len(ids) and not job.logps[number]:
                        job.take(number, job.leaf.logits[None])
            elif isinstance(job, Reading) and job.leaf in at and outcome.hidden:
                job.state = outcome.hidden[at[job.leaf]][job.ask.layer].cpu().numpy().copy()
        for job, number, logits in fresh:
            job.take(number, logits)
            if job.twigs[number].complete:
                job.twigs[number].block = None

    # --- sampling -----------------------------------------------------------------------------------------------

    def _sample(self, decoded: torch.Tensor) -> list[Delta]:
        joined = self._admit()
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
        tokens, logps = pick(torch.cat(parts) if len(parts) > 1 else parts[0], how, noise)
        deltas, ended = [], []
        count = len(self._live)
        for i, branch in enumerate(branches):
            token = int(tokens[i])
            finish = branch.take(token, float(logps[i]), self._ends)
            job = branch.job
            text = branch.words.news() if finish is None else branch.words.rest()
            sampled = () if finish else ((token, branch.logps[-1]),)
            deltas.append(Delta(job.ask.id, job.ask.first_draw + branch.number, text, 1, sampled))
            if finish is not None:
                job.draws[branch.number] = branch.draw(finish)
                job.live.remove(branch)
                if i < count:
                    ended.append(branch)
                    if finish in ("stop", "length"):
                        kept = np.array(branch.words.tokens[len(job.ask.begun) :], dtype=np.int64)
                        self.runner.freeze(i, np.concatenate([job.ids, kept]))
            elif i < count:
                self.runner.rows[i].token = token
            else:
                assert job.leaf is not None
                self.runner.add(job.leaf, token, job.ask.sampling.max_tokens - 1)
                self._live.append(branch)
        self._remove(ended)
        return deltas

    def _admit(self) -> list[Branch]:
        """Return new branches for draws whose prefix is computed, as many as there is room for."""
        joined: list[Branch] = []
        limits: list[int] = []
        for job in self.jobs.values():
            if not isinstance(job, Proposal) or not job.waiting:
                continue
            if job.leaf is None or not job.leaf.complete or job.leaf.logits is None:
                continue
            _, private = self.runner.divide(job.leaf)
            limit = job.ask.sampling.max_tokens - 1 + sum(len(node) for node in private)
            while job.waiting and len(self._live) + len(joined) < self.branches:
                if not self.runner.room(0, [*limits, limit]):
                    return joined
                limits.append(limit)
                prefix = job.ids[: len(job.ids) - len(job.ask.begun)]
                words = Words(self._decode, prefix[-8:].tolist(), job.ask.sampling.stop)
                number = job.begun
                key = job.ask.noise.child(job.ask.first_draw + number).key()
                branch = Branch(job, number, key, words)
                branch.resume(job.ask.begun)
                job.begun += 1
                job.live.append(branch)
                joined.append(branch)
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

    def _make_way(self) -> None:
        """Give back what waiting asks hold, but for the first."""
        others = list(self.jobs.values())[1:]
        for job in others:
            if isinstance(job, Weighing):
                job.start_over()
            if not (isinstance(job, Proposal) and job.live):
                job.release()

    def _refuse(self) -> ModelReply:
        """Give up the first ask, for which there is not memory enough even alone."""
        id, job = next(iter(self.jobs.items()))
        job.release()
        del self.jobs[id]
        limit = self.runner.memory >> 20
        return Refused(id, f"{len(job.ids)} tokens and their answer do not fit in {limit} MB; raise memory_mb", "error")
