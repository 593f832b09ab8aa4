"""From tokens to text that can be shown, token by token: unfinished characters wait, stop strings end it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nightschool.models.stops import cut, shown

Decode = Callable[[Sequence[int]], str]
CONTEXT = 5  # tokens of context with which decoding begins: some tokenizers drop a space in front of the first token
_BROKEN = "\N{REPLACEMENT CHARACTER}"


class Words:
    """The text of a growing list of tokens after `context`.

    text: what is certain; tokens: the ids taken in; stopped_by: the stop string that came, if any; then `text` ends
    before it, and `tokens` are those whose text ends before it: a token that straddles the beginning of the stop string
    is dropped, and what it wrote before that is in `text` alone (whoever continues must encode that remainder anew).
    """

    def __init__(self, decode: Decode, context: Sequence[int], stops: Sequence[str]) -> None:
        self._decode = decode
        self._ids = list(context[-CONTEXT:])
        self._context = len(self._ids)
        self._from, self._to = 0, self._context  # decoded text of ids[_from:_to] is in `text` or before it
        self._stops = tuple(stop for stop in stops if stop)
        self._longest = max((len(stop) for stop in self._stops), default=0)
        self._ends: list[int | None] = []  # length of `text` after each token; None within a character
        self._shown = 0
        self.text = ""
        self.stopped_by: str | None = None

    @property
    def tokens(self) -> list[int]:
        """Return the ids that belong to the text."""
        return self._ids[self._context :]

    def add(self, token: int) -> None:
        """Take in one more token."""
        self._ids.append(token)
        known = self._decode(self._ids[self._from : self._to])
        now = self._decode(self._ids[self._from :])
        if now.endswith(_BROKEN):
            self._ends.append(None)
            return
        self._take(now[len(known) :])
        self._from, self._to = self._to, len(self._ids)

    def finish(self) -> None:
        """Take in what is left: characters that will now never be finished."""
        if self.stopped_by is None and self._to < len(self._ids):
            known = self._decode(self._ids[self._from : self._to])
            self._ends.pop()
            self._take(self._decode(self._ids[self._from :])[len(known) :])
            self._to = len(self._ids)

    def _take(self, more: str) -> None:
        begin = max(0, len(self.text) - self._longest + 1)
        self.text += more
        self._ends.append(len(self.text))
        at = cut(self.text[begin:], self._stops)
        if at is None:
            return
        end = begin + at
        self.stopped_by = max((stop for stop in self._stops if self.text.startswith(stop, end)), key=len)
        self.text = self.text[:end]
        keep = max((i + 1 for i, length in enumerate(self._ends) if length is not None and length <= end), default=0)
        del self._ids[self._context + keep :]

    def news(self) -> str:
        """Return the text that became certain since the last call: none of it can still become a stop string."""
        end = len(self.text) if self.stopped_by else shown(self.text, self._stops)
        new = self.text[self._shown : end]
        self._shown = max(self._shown, end)
        return new

    def rest(self) -> str:
        """Return the text that was held back and, the draw having ended, no longer has to be."""
        new = self.text[self._shown :]
        self._shown = len(self.text)
        return new


def render(decode: Decode, context: Sequence[int], tokens: Sequence[int]) -> str:
    """Return the text of `tokens` after `context`, as a Words of the same tokens would."""
    head = list(context[-CONTEXT:])
    return decode([*head, *tokens])[len(decode(head)) :]
