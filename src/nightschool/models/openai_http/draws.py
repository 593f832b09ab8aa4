"""What has come of one draw: its text, where a stop string ends it, and its tokens as counted here."""

from __future__ import annotations

from dataclasses import dataclass, field

from nightschool.items import Draw, Finish, Sampling, Segment
from nightschool.models.openai_http.shapes import Piece, Token
from nightschool.models.stops import cut, shown

_FINISHES: dict[str, Finish] = {"stop": "end", "eos": "end", "end_turn": "end", "length": "length"}


@dataclass(slots=True)
class Growing:
    """A draw on its way. sampled: tokens counted so far, each chunk being one at least."""

    sampling: Sampling
    text: str = ""
    sampled: int = 0
    finish: Finish | None = None
    error: str | None = None
    stopped_by: str | None = None
    _tokens: list[Token] = field(default_factory=list)
    _told: bool = True
    _shown: int = 0

    def take(self, piece: Piece) -> int:
        """Take in what a chunk added, and return how many tokens that was; after the end nothing is taken in."""
        if self.finish is not None:
            return 0
        news = piece.tokens if piece.tokens is not None else ()
        sampled = len(news) or int(bool(piece.text or piece.thought))
        self.sampled += sampled
        self._tokens += news
        self._told = self._told and (bool(news) or not piece.text)
        self.text += piece.text
        if (end := cut(self.text, self.sampling.stop)) is not None:
            self.stopped_by = max((s for s in self.sampling.stop if s and self.text.startswith(s, end)), key=len)
            self.text, self.finish = self.text[:end], "stop"
        elif piece.finish is not None:
            self.finish = _FINISHES.get(piece.finish, "error")
            if self.finish == "error":
                self.error = f"the server ended the answer with {piece.finish!r}"
        elif self.sampled > self.sampling.max_tokens and self._told:
            self._too_many()
        return sampled

    def _too_many(self) -> None:
        kept = self._tokens[: self.sampling.max_tokens]
        self.text, self.finish = self.text[: sum(len(token.text) for token in kept)], "length"

    def fail(self, reason: str) -> None:
        """End the draw in an error, keeping what there is."""
        if self.finish is None:
            self.finish, self.error = "error", reason

    def news(self) -> str:
        """Return what became readable since the last time."""
        end = len(self.text) if self.finish else shown(self.text, self.sampling.stop)
        text, self._shown = self.text[self._shown : end], max(end, self._shown)
        return text

    def draw(self, logps: bool) -> Draw:
        """Return what there is. logps: whether log-probabilities are wanted.

        They are left out where the tokens do not add up to the text; ids, where the server does not say them.
        """
        return Draw(
            self._segment() if logps else Segment(self.text), self.finish or "cancelled", self.error, self.stopped_by
        )

    def _segment(self) -> Segment:
        kept: list[Token] = []
        length = 0
        for token in self._tokens:
            if length + len(token.text) > len(self.text) or not self.text.startswith(token.text, length):
                break
            length += len(token.text)
            kept.append(token)
        if length != len(self.text) or not self._told:
            return Segment(self.text)
        ids = tuple(token.id for token in kept if token.id is not None)
        return Segment(self.text, ids if len(ids) == len(kept) else None, tuple(token.logp for token in kept))
