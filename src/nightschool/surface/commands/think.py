"""`nightschool think`: answer what is typed, or practice items of a task, by search."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from nightschool.errors import NightschoolError, UsageError
from nightschool.surface.nights.in_force import awaken, check_night, night_option
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark

if TYPE_CHECKING:
    from nightschool.items import Trace
    from nightschool.ports import Model

_STEPLESS = {"single", "vote", "best-of-n", "revise", "monologue", "evolve"}
_SETTLED = {"task", "strategy", "critic", "step_critic", "system", "temperature", "max_tokens", "night", "model"}


@click.command("think", short_help="Answer by search.")
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--task", metavar="TASK", help="Answer practice items of a task in place of TEXT.")
@click.option("--items", type=click.IntRange(min=1), metavar="N", help="How many items of the task.  [default: 5]")
@click.option("--wording", metavar="NAME", help="How the task is posed.  [default: its first wording]")
@click.option(
    "--strategy", default="single", show_default=True, metavar="S", help="As nightschool ls strategies: best-of-n:n=8."
)
@click.option("--critic", metavar="C", help="Judges the answers: regex:pattern=[0-9]+, or all(C; C).")
@click.option("--step-critic", metavar="C", help="Judges beginnings of them, for beam, mcts and smc.")
@click.option("--system", metavar="TEXT", help="A system prompt.")
@click.option("--temperature", type=click.FloatRange(min=0), metavar="T", help="[default: 0 for single, else 1]")
@click.option(
    "--max-tokens", type=click.IntRange(min=1), metavar="N", help="Longest answer.  [default: 256, or the task's]"
)
@click.option("--resume", metavar="ID", help="Go on with a run that was stopped or killed; `last` is the latest.")
@click.option("--drop", metavar="ID", help="Give up a run that was stopped or killed; `all`: every one (ls runs).")
@click.option("--teach", metavar="FILE", help="With --task: learn a value head from these answers (mcts:head=FILE).")
@click.option(
    "--step", type=click.Choice(("line", "sentence", "comma", "semicolon")), help="With --teach: where a step ends."
)
@click.option("--mind", metavar="FILE", help="A mind.toml that settles all of this; TEXT is its input.")
@night_option
@click.option("--verbose", "-v", is_flag=True, help="Show every thought on stderr.")
@shared(model=True)
def command(
    text: str | None,
    task: str | None,
    items: int | None,
    wording: str | None,
    strategy: str,
    critic: str | None,
    step_critic: str | None,
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    resume: str | None,
    drop: str | None,
    teach: str | None,
    step: str | None,
    mind: str | None,
    night: str | None,
    verbose: bool,
    settings: Settings,
) -> int:
    """Answer TEXT (or what stdin holds, for TEXT -) by search, and print the answer.

    A strategy that chooses between answers needs a critic that sees the question only. With --task, practice items are
    answered and judged by the task's own critics, one line each. With --mind, the file says how. A run that was killed
    goes on with --resume, to the same answer and within the same budget; a run that ends leaves no record.
    """
    if drop is not None:
        return _drop(drop, settings)
    if resume is not None:
        return _resume(resume, verbose, settings)
    _refuse_contradictions(text, task, items, wording, system, verbose, settings)
    if mind is not None:
        return _think_as(mind, None if text is None else _read(text), verbose, settings)
    check_night(night)
    if (teach is not None and task is None) or (step is not None and teach is None):
        raise UsageError("a value head learns from judged practice items: give --task TASK, --teach FILE and --step")
    options = {
        "text": None if text is None else _read(text), "task": task, "items": items, "wording": wording,
        "strategy": strategy, "critic": critic, "step_critic": step_critic, "system": system,
        "temperature": temperature, "max_tokens": max_tokens, "night": night, "teach": teach, "step": step,
        "model": settings.model, "seed": settings.seed, "budget": str(settings.budget or ""),
    }  # fmt: skip
    return _think(options, settings, verbose)


def _think(options: Mapping[str, Any], settings: Settings, verbose: bool, resuming: str | None = None) -> int:
    """Answer what `options` ask for."""
    from nightschool import registry
    from nightschool.surface.thinking.jobs import jobs_of_task, jobs_of_text
    from nightschool.surface.thinking.running import run_open
    from nightschool.surface.thinking.telling import tell

    search = registry.make("strategies", options["strategy"])
    temperature, task = options["temperature"], options["task"]
    if temperature is None:
        temperature = 0.0 if search.spec.partition(":")[0] == "single" else 1.0
    judge, of_steps = _critic(options["critic"]), _critic(options.get("step_critic"))
    if of_steps is not None and search.spec.partition(":")[0] in _STEPLESS:
        raise UsageError(f"{search.spec} judges no steps; --step-critic is for beam, mcts, smc, chain and auto")
    if task is None:
        jobs = jobs_of_text(
            options["text"], search, settings.seed, critic=judge, step_critic=of_steps, system=options["system"],
            temperature=temperature, max_tokens=options["max_tokens"] or 256,
        )  # fmt: skip
    else:
        jobs = jobs_of_task(
            task, options["items"] or 5, search, settings.seed, critic=judge, step_critic=of_steps,
            wording=options["wording"], temperature=temperature, max_tokens=options["max_tokens"],
            critic_text=options["critic"],
        )  # fmt: skip
    night, after, model_name = options["night"], None, settings.model
    untaught: list[NightschoolError] = []
    if task is None and all(getattr(one, "needs", None) is None for one in (judge, of_steps)):
        model_name = _narrow(settings, search.spec, night)
    if options.get("teach") is not None:
        after = _teacher(search, options["teach"], options["step"], settings, untaught)
    traces, interrupted = run_open(
        jobs, settings, model_name, lambda model: _awake(model, night, settings), options, resuming, after
    )
    graders = [job.critics.get("reference") for job in jobs]
    code = tell(traces, graders, interrupted, settings, model_name, listed=task is not None, verbose=verbose)
    for error in untaught:
        raise error
    return code


def _narrow(settings: Settings, strategy: str, night: str | None) -> str:
    """Return the name of the model that answers one question, and say so where it is another than was asked for."""
    from nightschool.surface.thinking.engine_choice import for_one_answer

    name = for_one_answer(settings.model, strategy, night)
    if name != settings.model:
        remark(settings, f"one answer: llama.cpp writes it ({name}); {settings.model}:dtype=auto is the local engine")
    return name


def _teacher(
    search: Any, path: str, step: Any, settings: Settings, untaught: list[NightschoolError]
) -> Callable[[Model, Sequence[Trace]], None]:
    """Return what has a value head learn from traces, and says how well it did.

    untaught: gets why it could not, to be raised once the answers, which cost so much, are shown.
    """
    from nightschool.surface.thinking.value_heads import split_of_search, teach, told

    split = split_of_search(search, step)

    def learn(model: Model, traces: Sequence[Trace]) -> None:
        try:
            taught = teach(model, traces, Path(path), split)
        except NightschoolError as error:
            untaught.append(error)
            return
        remark(settings, f"{path}: {told(taught)}; use it: mcts:value=head,head={path}")

    return learn


def _drop(name: str, settings: Settings) -> int:
    """Give up the run `name`, or all of them."""
    from nightschool.surface.thinking.unfinished_runs import drop

    _alone("drop", {"drop", "json", "quiet", "config"})
    dropped = drop(name)
    what = ", ".join(dropped) if dropped else "no run was stopped or killed"
    answer(settings, f"dropped: {what}" if dropped else what, {"dropped": dropped})
    return 0


def _typed() -> set[str]:
    """Return the names of what stands on the command line."""
    context = click.get_current_context()
    return {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}


def _alone(option: str, allowed: set[str]) -> set[str]:
    """Return what was typed. Raises UsageError where it is more than goes with --`option`."""
    typed = _typed()
    if clash := sorted(typed - allowed):
        given = ", ".join("TEXT" if each == "text" else "--" + each.replace("_", "-") for each in clash)
        raise UsageError(f"the run that was begun settles {given}; type --{option} ID alone")
    return typed


def _resume(name: str, verbose: bool, settings: Settings) -> int:
    """Go on with the run `name`."""
    from nightschool.search.budget import Budget
    from nightschool.surface.thinking.resume import options_of

    typed = _alone("resume", {"resume", "model", "verbose", "json", "quiet", "config"})
    name, options = options_of(name)
    budget = Budget.parse(options["budget"]) if options["budget"] else None
    if options.get("mind"):
        settings = replace(settings, budget=budget)
        return _think_as(options["mind"], options["text"], verbose, settings, (name, options["seed"]))
    model = settings.model if "model" in typed else options["model"]
    return _think(options, replace(settings, model=model, seed=options["seed"], budget=budget), verbose, name)


def _awake(model: Model, night: str | None, settings: Settings) -> str | None:
    """Return the name of the weights that `model` answers with, loaded."""
    awake = awaken(model, night)
    if awake is not None:
        remark(settings, f"awake with night {awake.name} of {awake.task}; --night none asks the bare model")
    return awake.adapter if awake else None


def _think_as(
    file: str, text: str | None, verbose: bool, settings: Settings, resuming: tuple[str, int] | None = None
) -> int:
    """Answer `text` as the mind in `file` does. resuming: a record to go on with, and its seed."""
    typed = _typed()
    if clash := sorted(typed & _SETTLED):
        names = ", ".join("--" + name.replace("_", "-") for name in clash)
        raise UsageError(f"the mind in {file} settles {names}; change the file, or leave --mind out")
    from nightschool.mind import read_mind
    from nightschool.surface.thinking.running import run_open
    from nightschool.surface.thinking.telling import tell

    mind = read_mind(file)
    if "seed" in typed or resuming is not None:
        mind = replace(mind, seed=settings.seed if resuming is None else resuming[1])
    job = mind.job(str(text))

    def equip(model: Model) -> str | None:
        mind.equip(model)
        return mind.adapter.name if mind.adapter else None

    options = {
        "mind": str(Path(file).resolve()), "text": text, "task": None, "night": mind.night, "seed": mind.seed,
        "model": mind.model, "budget": str(settings.budget or ""),
    }  # fmt: skip
    name = None if resuming is None else resuming[0]
    traces, interrupted = run_open([job], replace(settings, model=mind.model), mind.model, equip, options, name)
    return tell(traces, [None], interrupted, settings, mind.model, listed=False, verbose=verbose)


def _read(text: str | None) -> str:
    read = sys.stdin.read() if text == "-" else str(text)
    if not read.strip():
        raise UsageError("there is nothing to think about: the input is empty")
    return read


def _refuse_contradictions(
    text: str | None,
    task: str | None,
    items: int | None,
    wording: str | None,
    system: str | None,
    verbose: bool,
    settings: Settings,
) -> None:
    if (text is None) == (task is None):
        raise UsageError("think about what? give a TEXT, - for stdin, or --task TASK, and not both")
    if task is None and items is not None:
        raise UsageError("--items counts the items of a task; add --task TASK")
    if task is None and wording is not None:
        raise UsageError("--wording is a way to pose a task; add --task TASK")
    if task is not None and system is not None:
        raise UsageError("--system goes with a TEXT; a task's wording has its own system prompt")
    if verbose and settings.quiet:
        raise UsageError("--verbose and --quiet contradict each other; leave one out")


def _critic(text: str | None) -> Any:
    if text is None:
        return None
    from nightschool.critics.named import critic

    return critic(text)
