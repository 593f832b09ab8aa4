"""`nightschool label`: say which of two answers is better, and have a critic learn from it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nightschool.errors import UsageError
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark
from nightschool.surface.terminal.progress import watching

if TYPE_CHECKING:
    from nightschool.items import Score
    from nightschool.ports import Model
    from nightschool.surface.thinking.preferences import Choice, Duel

_SHOWN = 2000


@click.command("label", short_help="Say which answer is better; teach a critic.")
@click.argument("a", metavar="[A]", required=False, type=click.Path())
@click.argument("b", metavar="[B]", required=False, type=click.Path())
@click.option("--out", default="labels.jsonl", show_default=True, metavar="FILE", help="Where judgements are kept.")
@click.option("--most", type=click.IntRange(min=1), metavar="N", help="Ask at most so many.  [default: all]")
@click.option("--learn", metavar="FILE", help="Have a critic learn from the judgements: use it as learned:path=FILE.")
@click.option(
    "--features",
    type=click.Choice(("text", "hidden", "judge")),
    default="text",
    show_default=True,
    help="What the critic looks at: the text, the model's hidden states, or the model's own yes or no.",
)
@click.option("--question", metavar="TEXT", help="With --features judge: what the model is asked.")
@shared(model=True)
def command(
    a: str | None,
    b: str | None,
    out: str,
    most: int | None,
    learn: str | None,
    features: str,
    question: str | None,
    settings: Settings,
) -> int:
    """Say blind which of two answers is better: A and B are files of `nightschool think --json`.

    Which side is whose is settled by --seed and not shown. Each judgement is on disk before the next question; the same
    line goes on where it was left. Without A and B nothing is asked, and --learn learns from the file. A critic is held
    to judgements that it has not seen: its accuracy is that on items left out of learning.
    """
    if (a is None) != (b is None):
        raise UsageError("compare what with what? give two files, A and B, or neither and --learn FILE")
    if a is None and learn is None:
        raise UsageError("there is nothing to do: give two files of answers, A and B, or --learn FILE")
    if question is not None and features != "judge":
        raise UsageError("--question is what the model is asked as a judge; add --features judge")
    told: dict[str, Any] = {"labels": out}
    lines = []
    if a is not None and b is not None:
        lines += _compare(a, b, Path(out), most, settings, told)
    if learn is not None:
        lines.append(_learn(Path(out), Path(learn), features, question, settings, told))
    answer(settings, "\n".join(lines), told)
    return 0


def _compare(a: str, b: str, out: Path, most: int | None, settings: Settings, told: dict[str, Any]) -> list[str]:
    """Ask, and return what was said as lines."""
    from nightschool.surface.thinking.preferences import ask_all, duels, known, preference, read_answers

    names = (Path(a).name, Path(b).name)
    names = names if names[0] != names[1] else (a, b)
    found = duels(read_answers(a), read_answers(b), settings.seed)
    rows = known(out)
    todo = [duel for duel in found if duel.id not in rows][:most]
    if todo and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"{len(todo)} judgements are to be made and there is no terminal to ask at; run it in a terminal"
        )
    remark(settings, f"{len(todo)} to judge, {len(found) - len(todo)} done or left for later; Ctrl-C stops at any time")
    made = ask_all(todo, out, _Asker(len(todo)), names=names)
    rows = known(out)
    chosen, left = preference(rows.values(), names)
    told |= {"judged": len(made), "all": len(rows), "a": names[0], "b": names[1], "chose_a": chosen, "chose_left": left}
    if chosen is None or left is None:
        return [f"nothing chosen yet between {names[0]} and {names[1]}"]
    return [
        f"{names[0]} was better than {names[1]} in {_rate(chosen)}",
        f"the left side was chosen in {_rate(left)}",
    ]


def _learn(
    out: Path, learn: Path, features: Any, question: str | None, settings: Settings, told: dict[str, Any]
) -> str:
    """Have a critic learn, and return how well it did."""
    from nightschool.critics.learning.labels import read_labels
    from nightschool.critics.lm_judge import QUESTION
    from nightschool.surface.thinking.learned_critic import learn_file

    labels = read_labels(out)
    with watching(settings.quiet) as watch:

        def model() -> Model:
            from nightschool.models.resolve import open_model

            watch.stage(f"loading {settings.model}")
            opened = open_model(settings.model, settings.config, watch=watch)
            watch.stage("reading answers", len(labels), "labels")
            return opened

        found = learn_file(
            labels, learn, features, model=model, question=question or QUESTION, watch=watch, budget=settings.budget
        )
    taught = found.taught
    told["learned"] = {
        "path": learn, "critic": f"learned:path={learn}", "features": features, "labels": taught.labels,
        "pairs": taught.pairs, "held_out": taught.held_out, "usual": taught.usual, "before": found.before,
    }  # fmt: skip
    assert taught.held_out is not None
    lines = [
        f"learned from {len(labels)} judgements; agrees with those left out of learning in {_rate(taught.held_out)}"
    ]
    if taught.held_out.low <= taught.usual:
        lines.append(f"that is not clearly more than the {taught.usual:.2f} of always saying the usual: label more")
    if found.before is not None:
        lines.append(f"the critic of before agreed with what was new to it in {_rate(found.before)}")
    return "\n".join([*lines, f"use it: nightschool think --critic learned:path={learn} --strategy best-of-n:n=8 ..."])


def _rate(score: Score) -> str:
    return f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}] of {score.n}"


class _Asker:
    """Shows two answers on stderr and reads one key from the terminal."""

    def __init__(self, total: int) -> None:
        self.total, self.number = total, 0

    def __call__(self, duel: Duel) -> Choice:
        """Return what was chosen."""
        from nightschool.critics.texts.legible import legible
        from nightschool.surface.thinking.preferences import KEYS

        self.number += 1
        left, right = duel.shown
        asked = "\n".join(duel.a.inputs.values())
        click.echo(f"\n--- {self.number} of {self.total} ---\n{legible(asked, _SHOWN)}", err=True)
        for key, text in (("1", left), ("2", right)):
            click.echo(f"\n[{key}] {legible(text, _SHOWN)}", err=True)
        while True:
            click.echo("\nbetter: 1 or 2; 0 neither, s skip, q quit: ", nl=False, err=True)
            try:
                pressed = click.getchar().lower()
            except (KeyboardInterrupt, EOFError):
                return "quit"
            click.echo(pressed, err=True)
            if pressed in KEYS:
                return KEYS[pressed]
