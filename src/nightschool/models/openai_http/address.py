"""What `URL#MODEL` means."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from nightschool.errors import BadSpec


@dataclass(frozen=True, slots=True)
class Address:
    """A server and one of its models. url: ends in its API's version; model: empty for the only one that it has.

    >>> Address.parse("http://localhost:8000#qwen3")
    Address(url='http://localhost:8000/v1', model='qwen3')
    """

    url: str
    model: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address in `text`. Raises BadSpec, never repeating a password."""
        try:
            parts = urlsplit(text)
            host = parts.hostname
            _ = parts.port
        except ValueError as error:
            raise BadSpec(f"cannot read this URL ({error}); {_EXAMPLE}") from error
        if parts.username is not None or parts.password is not None:
            raise BadSpec("a URL with a user or password would be written down; put the key into OPENAI_API_KEY")
        if parts.scheme not in ("http", "https") or not host:
            raise BadSpec(f"cannot read {'openai:' + text!r}; {_EXAMPLE}")
        if parts.query:
            raise BadSpec(f"the URL of a model has no query, and this one has; {_EXAMPLE}")
        path = parts.path.rstrip("/") or "/v1"
        return cls(urlunsplit((parts.scheme, parts.netloc, path, "", "")), parts.fragment)

    @property
    def host(self) -> str:
        """Return the name of the host."""
        return urlsplit(self.url).hostname or ""

    @property
    def stays(self) -> bool:
        """Return whether what is sent there stays on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


_EXAMPLE = "write openai:URL#MODEL, as in openai:http://localhost:8000/v1#qwen3"
