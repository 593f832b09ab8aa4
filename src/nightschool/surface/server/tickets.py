"""Links that open one page without a key, for a while: a browser sends no key with a link that it follows."""

from __future__ import annotations

import hashlib
import hmac
import secrets

GOOD_FOR_S = 3600


class Tickets:
    """Tickets of one server; a restart makes them worthless."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def issue(self, path: str, now: float) -> str:
        """Return a ticket that opens `path` for an hour. now: seconds on any clock that `opens` is read on too."""
        until = int(now) + GOOD_FOR_S
        return f"{until}.{self._signed(path, until)}"

    def opens(self, path: str, ticket: str, now: float) -> bool:
        """Return whether `ticket` opens `path` now."""
        until, _, signed = ticket.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 15):
            return False
        good = hmac.compare_digest(signed.encode(), self._signed(path, int(until)).encode())
        return good and now < int(until)

    def _signed(self, path: str, until: int) -> str:
        return hmac.new(self._secret, f"{until} {path}".encode(), hashlib.sha256).hexdigest()
