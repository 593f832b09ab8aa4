"""The command `nightschool`: its commands, and the one place where an error becomes one line and an exit code.

Exit codes: 0 done; 2 what was typed makes no sense, nothing was run; 1 any other error that nightschool raises on
purpose; 130 stopped by Ctrl-C. Anything else that is raised is a defect and shows its traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from nightschool.errors import NightschoolError, StopRequested, UsageError
from nightschool.surface.terminal.interrupts import no_interrupt_lost
from nightschool.surface.terminal.lazy_group import LazyGroup
from nightschool.surface.terminal.options import traceback_option

_HERE = "nightschool.surface.commands"
COMMANDS = {
    "day": (f"{_HERE}.day", "Exam a model, let it practise and sleep, exam it again."),
    "exam": (f"{_HERE}.exam", "Measure what a model can do, and what it takes to get it out."),
    "view": (f"{_HERE}.view", "Show reports, and compare them item by item."),
    "scale": (f"{_HERE}.scale", "Examine a family of models, and say what size brings."),
    "unmask": (f"{_HERE}.unmask", "Examine the exam: are planted skills found, and no others?"),
    "sleep": (f"{_HERE}.sleep", "Practise a task and hold one night."),
    "think": (f"{_HERE}.think", "Answer a question, or practice items of a task, by search."),
    "label": (f"{_HERE}.label", "Say which of two answers is better, and teach a critic."),
    "chat": (f"{_HERE}.chat", "Talk with a mind that remembers."),
    "remember": (f"{_HERE}.remember", "Keep a text, durably; or move memories in and out."),
    "recall": (f"{_HERE}.recall", "Find what was kept, and say why."),
    "forget": (f"{_HERE}.forget", "Take a memory off the disk, with all that was made of it."),
    "wake": (f"{_HERE}.wake", "Say or choose which night is in force."),
    "serve": (f"{_HERE}.serve", "Serve minds to any OpenAI client, with a page to look at."),
    "mcp": (f"{_HERE}.mcp", "Offer thinking, exams and memory as tools (MCP)."),
    "keys": (f"{_HERE}.keys", "Hand out keys for `serve`."),
    "export": (f"{_HERE}.export", "Write a night for peft, vLLM, Ollama or llama.cpp."),
    "recognise": (f"{_HERE}.recognise", "Say which concept explains a drawing."),
    "concept": (f"{_HERE}.concept", "Learn concepts from one example each."),
    "ls": (f"{_HERE}.ls", "List models, critics, worlds, strategies, rungs, nights or memories."),
    "get": (f"{_HERE}.get", "Fetch models ahead of time."),
    "completion": (f"{_HERE}.completion", "Complete commands in bash, zsh or fish."),
    "doctor": (f"{_HERE}.doctor", "Say what is installed, what is switched off, and how to get it."),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A TASK is a world with parameters (sorting, sorting:n=5,high=99) or a file of your own (file:PATH). "
    "Start with: nightschool day sorting",
)
@click.version_option(package_name="nightschool", message="%(prog)s %(version)s")
@traceback_option
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A language model inside a larger machine that thinks, sleeps and sits exams."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(args: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; an expected error is one line on stderr."""
    state = {"traceback": False}
    try:
        with no_interrupt_lost():
            result = cli.main(args, prog_name="nightschool", standalone_mode=False, obj=state)
    except (KeyboardInterrupt, click.Abort, StopRequested) as stop:
        if state["traceback"]:
            raise
        return _fail(str(stop) or "stopped", 130)
    except click.ClickException as error:
        if state["traceback"]:
            raise
        return _fail(error.format_message(), error.exit_code)
    except NightschoolError as error:
        if state["traceback"]:
            raise
        return _fail(str(error), 2 if isinstance(error, UsageError) else 1)
    return result if isinstance(result, int) else 0


def _fail(message: str, code: int) -> int:
    click.echo(f"nightschool: {message}", err=True)
    return code


def main() -> None:
    """Run the command line of this process and exit with its code."""
    sys.exit(run())
