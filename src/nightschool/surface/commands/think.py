"""`nightschool think`: answer what is typed, or practice items of a task, by search."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from nightschool.errors import StopRequested, UsageError
from nightschool.surface.awake import awaken, check_night, night_option
from nightschool.surface.options import Settings, shared
from nightschool.surface.say import answer, remark
from nightschool.surface.watch import watching

if TYPE_CHECKING:
    from nightschool.drive import Job
    from nightschool.items import Trace
    from nightschool.ports import Critic, Model


@click.command("think", short_help="Answer by search.")
@click.argument("text", metavar="TEXT", required=False)
@click.option("--task", metavar="TASK", help="Answer practice items of a task in place of TEXT.")
@click.option("--items", type=click.IntRange(min=1), metavar="N", help="How many items of the task.  [default: 5]")
@click.option("--wording", metavar="NAME", help="How the task is posed.  [default: its first wording]")
@click.option(
    "--strategy", default="single", show_default=True, metavar="S", help="As nightschool ls strategies: best-of-n:n=8."
)
@click.option("--critic", metavar="C", help="Judges the answers: regex:pattern=[0-9]+, or all(C; C).")
@click.option("--system", metavar="TEXT", help="A system prompt.")
@click.option("--temperature", type=click.FloatRange(min=0), metavar="T", help="[default: 0 for single, else 1]")
@click.option(
    "--max-tokens", type=click.IntRange(min=1), metavar="N", help="Longest answer.  [default: 256, or the task's]"
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
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    mind: str | None,
    night: str | None,
    verbose: bool,
    settings: Settings,
) -> int:
    """Answer TEXT (or what stdin holds, for TEXT -) by search, and print the answer.

    A strategy that chooses between answers needs a critic that sees the question only. With --task, practice items are
    answered and judged by the task's own critics, one line each. With --mind, the file says how.
    """
    _refuse_contradictions(text, task, items, wording, system, verbose, settings)
    if mind is not None:
        return _think_as(mind, text, verbose, settings)
    check_night(night)
    from nightschool import registry
    from nightschool.surface.thinking import jobs_of_task, jobs_of_text

    search = registry.make("strategies", strategy)
    if temperature is None:
        temperature = 0.0 if search.spec.partition(":")[0] == "single" else 1.0
    judge = _critic(critic)
    if task is None:
        jobs = jobs_of_text(
            _read(text),
            search,
            settings.seed,
            critic=judge,
            system=system,
            temperature=temperature,
            max_tokens=max_tokens or 256,
        )
    else:
        jobs = jobs_of_task(
            task, items or 5, search, settings.seed, critic=judge, wording=wording, temperature=temperature,
            max_tokens=max_tokens,
        )  # fmt: skip
    traces, interrupted = _run(jobs, settings, settings.model, lambda model: _awake(model, night, settings))
    graders = [job.critics.get("reference") for job in jobs]
    return _show(traces, graders, interrupted, settings, settings.model, listed=task is not None, verbose=verbose)


def _awake(model: Model, night: str | None, settings: Settings) -> str | None:
    """Return the name of the weights that `model` answers with, loaded."""
    awake = awaken(model, night)
    if awake is not None:
        remark(settings, f"awake with night {awake.name} of {awake.task}; --night none asks the bare model")
    return awake.adapter if awake else None


def _think_as(file: str, text: str | None, verbose: bool, settings: Settings) -> int:
    """Answer `text` as the mind in `file` does."""
    context = click.get_current_context()
    typed = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if clash := sorted(typed & {"task", "strategy", "critic", "system", "temperature", "max_tokens", "night", "model"}):
        names = ", ".join("--" + name.replace("_", "-") for name in clash)
        raise UsageError(f"the mind in {file} settles {names}; change the file, or leave --mind out")
    from nightschool.mind import read_mind

    mind = read_mind(file)
    if "seed" in typed:
        mind = replace(mind, seed=settings.seed)
    job = mind.job(_read(text))

    def equip(model: Model) -> str | None:
        mind.equip(model)
        return mind.adapter.name if mind.adapter else None

    traces, interrupted = _run([job], settings, mind.model, equip)
    return _show(traces, [None], interrupted, settings, mind.model, listed=False, verbose=verbose)


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


def _run(
    jobs: Sequence[Job], settings: Settings, model_name: str, prepare: Callable[[Model], str | None]
) -> tuple[list[Trace], bool]:
    """Return the traces, and whether they were cut short. prepare: loads weights and returns their name."""
    from nightschool.drive import Drive, Price
    from nightschool.models.resolve import open_model

    assert settings.config is not None  # `shared(model=True)` reads one
    with watching(settings.quiet) as watch:
        watch.stage(f"loading {model_name}")
        model = open_model(model_name, settings.config, watch=watch)
        try:
            adapter = prepare(model)
            price = settings.config.price(model_name)
            drive = Drive(model, watch=watch, price=Price(price.prompt, price.sampled) if price else None)
            watch.stage("thinking", len(jobs), "questions")
            asked = [replace(job, task=replace(job.task, adapter=adapter)) for job in jobs]
            return drive.run(asked, settings.budget), drive.interrupted
        finally:
            model.close()


def _show(
    traces: Sequence[Trace],
    graders: Sequence[Critic | None],
    interrupted: bool,
    settings: Settings,
    model_name: str,
    *,
    listed: bool,
    verbose: bool,
) -> int:
    """Print the answers and return the exit code. Raises StopRequested where they were cut short."""
    from nightschool.surface.thinking import described, drawn, graded, one_line

    verdicts = [graded(trace, grader) for trace, grader in zip(traces, graders, strict=True)]
    for trace in traces:
        if verbose:
            remark(settings, drawn(trace))
        for error in trace.errors:
            remark(settings, f"went wrong: {error}")
        if trace.best is not None and trace.stopped == "budget":
            remark(settings, "the budget ended the search; this is the best so far")
        if trace.best is None:
            remark(settings, f"no answer to {trace.task.item.id}: {trace.stopped}")
        elif trace.best.finish == "length":
            remark(settings, f"cut at {trace.task.sampling.max_tokens} tokens; --max-tokens allows more")
    alone = traces[0].best.answer if traces[0].best else ""
    text = "\n".join(map(one_line, traces, verdicts)) if listed else alone
    answers = list(map(described, traces, verdicts))
    data = {"model": model_name, "seed": settings.seed, "strategy": traces[0].strategy, "answers": answers}
    answer(settings, text, data)
    if interrupted:
        raise StopRequested("stopped; shown is what was found so far")
    return 0 if any(trace.best for trace in traces) else 1
