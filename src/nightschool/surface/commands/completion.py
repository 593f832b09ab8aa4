"""`nightschool completion`: what a shell needs to complete commands, options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from nightschool.errors import UnknownName
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer

_WHERE = {
    "bash": 'eval "$(nightschool completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(nightschool completion zsh)" in ~/.zshrc',
    "fish": "nightschool completion fish > ~/.config/fish/completions/nightschool.fish",
}


@click.command("completion", short_help="Complete commands in a shell.")
@click.argument("shell", metavar="bash|zsh|fish")
@shared()
def command(shell: str, settings: Settings) -> None:
    """Print the script that lets SHELL complete commands, options, models, strategies and tasks.

    \b
    bash: eval "$(nightschool completion bash)" in ~/.bashrc
    zsh:  eval "$(nightschool completion zsh)" in ~/.zshrc
    fish: nightschool completion fish > ~/.config/fish/completions/nightschool.fish
    """
    made = get_completion_class(shell) if shell in _WHERE else None
    if made is None:
        raise UnknownName("shell", shell, _WHERE)
    root = click.get_current_context().find_root().command
    script = made(root, {}, "nightschool", "_NIGHTSCHOOL_COMPLETE").source()
    answer(settings, script, {"shell": shell, "script": script, "where": _WHERE[shell]})
