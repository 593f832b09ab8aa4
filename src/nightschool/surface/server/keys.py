"""Who may ask: keys are random, handed out once, and kept as hashes.

    {"keys": [{"name": "anna", "sha256": "...", "space": "anna"}]}

A key opens one space: its own memories and its own lineage of nights. A random key of 256 bits needs no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nightschool.errors import BadFile, UnknownName, UsageError
from nightschool.paths import write_durably

OWNER = "default"
"""The space of the one who runs the server: the nights, memories and reports that the command line shows."""
_SPACE = re.compile(r"[\w][\w.@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Key:
    """One key. sha256: of the key, which is kept nowhere; space: whose nights it opens."""

    name: str
    sha256: str
    space: str


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of a server; none: nobody is asked for one."""

    keys: tuple[Key, ...] = ()

    def __bool__(self) -> bool:
        """Return whether keys are asked for."""
        return bool(self.keys)

    def find(self, given: str) -> Key | None:
        """Return the key that `given` is, or None, in a time that does not tell which or how nearly."""
        hashed = _hash(given)
        found = None
        for key in self.keys:
            if hmac.compare_digest(key.sha256, hashed):
                found = key
        return found

    def added(self, name: str, space: str | None = None) -> tuple[Keys, str]:
        """Return the keys with a new one, and that one itself, told this once. Raises UsageError for a name twice."""
        if not name.strip() or any(key.name == name for key in self.keys):
            raise UsageError(f"there is a key called {name!r} already; give another name, or take the old one away")
        opened = space or name
        if not _SPACE.fullmatch(opened):
            raise UsageError(
                f"{opened!r} cannot name a space; take letters, digits and . _ - @, at most 64 of them, or give "
                "one with --space"
            )
        told = "ns-" + secrets.token_urlsafe(32)
        return Keys((*self.keys, Key(name, _hash(told), opened))), told

    def without(self, name: str) -> Keys:
        """Return the keys without the one called `name`. Raises UnknownName."""
        if all(key.name != name for key in self.keys):
            raise UnknownName("key", name, [key.name for key in self.keys])
        return Keys(tuple(key for key in self.keys if key.name != name))


def read_keys(path: Path) -> Keys:
    """Return the keys in the file at `path`; none where there is no file. Raises BadFile."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        listed: Sequence[dict[str, str]] = data["keys"]
        return Keys(tuple(Key(str(key["name"]), str(key["sha256"]), str(key["space"])) for key in listed))
    except FileNotFoundError:
        return Keys()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadFile(f"cannot read the keys in {path}: {error}; mend it, or delete it and add keys anew") from error


def write_keys(path: Path, keys: Keys) -> None:
    """Write the hashes, whole or not at all. Raises BadFile."""
    try:
        write_durably(path, json.dumps({"keys": [asdict(key) for key in keys.keys]}, indent=1) + "\n")
        path.chmod(0o600)
    except OSError as error:
        raise BadFile(f"cannot write the keys to {path}: {error.strerror or error}") from error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
