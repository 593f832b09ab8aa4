"""Run a local model to the end of some asks, and judge what it said by the model's own plain forward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightschool.asks import Hidden, ModelAsk, Proposed, Weighed


def finish(model: Any, asks: Sequence[ModelAsk] = (), steps: int = 3000) -> dict[str, Any]:
    """Return the reply to every ask, stepping until nothing is left."""
    model.submit(asks)
    replies: dict[str, Any] = {}
    waiting = {ask.id for ask in asks}
    for _ in range(steps):
        progress = model.step()
        replies |= {reply.id: reply for reply in progress.replies}
        if waiting <= set(replies) and not progress.replies and not progress.deltas:
            return replies
    raise AssertionError(f"no reply to {waiting - set(replies)} after {steps} steps")


class Reference:
    """A model's own forward, one sequence at a time."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.module = model.fresh_module()

    def logps(self, ids: Sequence[int]) -> Any:
        """Return log-probabilities [len(ids), V] after each of `ids`."""
        import torch

        with torch.no_grad():
            return self.module(torch.tensor([ids], device=self.model.device)).logits[0].float().log_softmax(-1).cpu()

    def error(self, ask: ModelAsk, reply: Any) -> float:
        """Return the largest difference between `reply` and the plain forward; ranks and counts must be equal."""
        import torch

        ids = self.model.encode_prefix(ask.prefix)
        if isinstance(reply, Hidden):
            with torch.no_grad():
                given = torch.tensor([ids], device=self.model.device)
                state = self.module(given, output_hidden_states=True).hidden_states[ask.layer][0, -1].cpu()
            return float((torch.from_numpy(reply.state) - state).abs().max())
        assert isinstance(reply, (Proposed, Weighed)), reply
        segments = [draw.segment for draw in reply.draws] if isinstance(reply, Proposed) else reply.segments
        worst = 0.0
        for number, segment in enumerate(segments):
            assert segment.logps is not None
            assert len(segment.tokens) == len(segment.logps)
            if not segment.tokens:
                continue
            table = self.logps([*ids, *segment.tokens])[len(ids) - 1 : -1]
            for place, (token, logp) in enumerate(zip(segment.tokens, segment.logps, strict=True)):
                worst = max(worst, abs(float(table[place, token]) - logp))
                if isinstance(reply, Weighed):
                    low = int((table[place] > table[place, token] + 1e-4).sum())
                    high = int((table[place] > table[place, token] - 1e-4).sum())
                    assert low <= reply.ranks[number][place] <= high
        return worst
