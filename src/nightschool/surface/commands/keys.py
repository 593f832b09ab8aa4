"""`nightschool keys`: who may ask a server, one key each, told once and kept as hashes."""

from __future__ import annotations

from pathlib import Path

import click

from nightschool.errors import UnknownName, UsageError
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark


@click.command("keys", short_help="Hand out keys for `serve`.")
@click.argument("what", metavar="[ls|add|remove]", default="ls")
@click.argument("name", metavar="[NAME]", default="")
@click.option("--keys", "file", metavar="FILE", help="Where the hashes are kept.  [default: among this user's data]")
@click.option("--space", metavar="SPACE", help="Whose nights a new key opens; `default`: yours.  [default: its NAME]")
@shared()
def command(what: str, name: str, file: str | None, space: str | None, settings: Settings) -> None:
    """List, add or remove the keys that `nightschool serve` asks for. A new key is printed once and kept nowhere.

    Each key has nights of its own: nobody reads another's.
    """
    from nightschool.surface.server.keys import read_keys, write_keys

    if what not in ("ls", "add", "remove"):
        raise UnknownName("thing to do with keys", what, ("ls", "add", "remove"))
    if (what == "ls") == bool(name):
        raise UsageError("keys ls takes no name; keys add and keys remove take one")
    path = Path(file) if file else default_file()
    keys = read_keys(path)
    if what == "add":
        keys, told = keys.added(name, space)
        write_keys(path, keys)
        remark(settings, "this key is shown once; a server that is running knows it after a restart")
        answer(settings, told, {"name": name, "key": told, "space": keys.keys[-1].space})
    elif what == "remove":
        write_keys(path, keys.without(name))
        answer(settings, f"{name} opens nothing any more, once the server is restarted", {"removed": name})
    else:
        listed = [{"name": key.name, "space": key.space} for key in keys.keys]
        lines = [f"{key.name}  {key.space}" for key in keys.keys]
        answer(settings, "\n".join(lines) or "no keys; type: nightschool keys add NAME", {"keys": listed})


def default_file() -> Path:
    """Return where keys are kept unless another file is named."""
    from nightschool.paths import data_folder

    return data_folder() / "keys.json"
