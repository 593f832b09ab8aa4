"""What a pass computes beside the live branches: a chunk of the prompts that somebody waits for, first come first."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from nightschool.models.local.compose import Piece
from nightschool.models.local.flight import AnyJob, Proposal, Reading, Weighing
from nightschool.models.local.runner import Runner
from nightschool.models.local.trie import Node

CHUNK = 1024  # tokens of prompts computed in one pass


class Plan(NamedTuple):
    """pieces: a parent's before its children's; again: complete nodes whose last token is fed once more for what
    follows it; spent: how many tokens of all that are for whom; short: the first for whom there was no room, if any.
    """

    pieces: list[Piece]
    again: dict[Node, None]
    spent: dict[AnyJob, int]
    short: AnyJob | None


def plan(jobs: Sequence[AnyJob], runner: Runner, *, draws: int, logits: int) -> Plan:
    """Return what to compute of the prefixes of `jobs` and of what they weigh, as far as `runner` has room for it.

    draws: how many may join those that are live; logits: rows of logits that may be held at once for weighing.
    """
    chosen: dict[Node, int] = {}  # of prefixes, and how many tokens
    last: dict[Node, None] = {}  # of those, where the last token's logits are wanted
    weighed: dict[Node, int] = {}
    owners: dict[Node, AnyJob] = {}  # of both, in the order in which they have a claim on memory
    again: dict[Node, None] = {}
    spent: dict[AnyJob, int] = {}
    for job in jobs:  # all of them first: taking in a prefix may split a run that another needs
        job.enter(runner.trie)
    left = CHUNK
    for job in jobs:
        if left <= 0 or logits <= 0:
            break
        if not (job.waiting or isinstance(job, Weighing)):
            continue
        if isinstance(job, Proposal):
            if draws <= 0:  # what cannot be let in soon would only fill the memory
                continue
            draws -= job.ask.n - job.begun
        before = left
        leaf = job.enter(runner.trie)
        for node in leaf.path():
            if node.complete:
                continue
            if node not in chosen:
                if left <= 0:
                    break
                chosen[node] = min(left, len(node) - node.done)
                owners[node] = job
                left -= chosen[node]
            if node.done + chosen[node] < len(node):
                break
        else:
            if isinstance(job, Reading) or (job.waiting and leaf.logits is None and leaf not in chosen):
                again[leaf] = None
                left -= 1
            elif leaf in chosen:
                last[leaf] = None
            for twig in job.grow(leaf) if isinstance(job, Weighing) else ():
                parent = twig.parent
                assert parent is not None
                if not (parent is leaf or parent.complete or weighed.get(parent, 0) == len(parent) - parent.done):
                    continue
                take = min(left, logits, len(twig) - twig.done)
                if take <= 0:
                    break
                weighed[twig] = take
                owners[twig] = job
                left -= take
                logits -= take
        spent[job] = spent.get(job, 0) + max(before - left, 1)
    pieces = []
    placed = runner.place(list(owners))
    for node in placed:
        if node in weighed:
            end = node.done + weighed[node]
            pieces.append(Piece(node, node.done, end, range(node.done, end)))
        else:
            end = node.done + chosen[node]
            pieces.append(Piece(node, node.done, end, [end - 1] if node in last else []))
    known = {piece.node for piece in pieces}
    again = {node: None for node in again if all(step.complete or step in known for step in node.path())}
    return Plan(pieces, again, spent, next(itertools.islice(owners.values(), len(placed), None), None))
