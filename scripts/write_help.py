"""Write docs/cli.md from the real --help of every command; with --check, say whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from nightschool.surface.cli import COMMANDS, cli

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
_HEAD = """# The command line

Written by `scripts/write_help.py` from the real `--help`; `./check` fails when the two differ.

Exit codes: 0 done, 2 what was typed makes no sense and nothing was run, 1 any other error, 130 stopped by Ctrl-C.
Answers go to stdout, progress and remarks to stderr; with `--json`, stdout holds exactly one JSON object.
"""


def page() -> str:
    """Return docs/cli.md as it should be."""
    parts = [_HEAD, _block("nightschool", cli)]
    root = click.Context(cli, info_name="nightschool")
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        parts.append(_block(f"nightschool {name}", command))
    return "\n".join(parts)


def _block(name: str, command: click.Command) -> str:
    settings = {**cli.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=name, **settings)
    return f"## {name}\n\n```console\n$ {name} --help\n{command.get_help(context)}\n```\n"


def main() -> int:
    """Write the page, or check it; return an exit code."""
    if "--check" in sys.argv[1:]:
        if PAGE.exists() and PAGE.read_text() == page():
            return 0
        print("docs/cli.md is not what --help says; type: python scripts/write_help.py", file=sys.stderr)
        return 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
