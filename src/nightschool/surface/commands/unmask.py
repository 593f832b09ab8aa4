"""`nightschool unmask`: is the exam's word to be believed? Skills that were planted must be found, others must not."""

from __future__ import annotations

from pathlib import Path

import click

from nightschool.errors import StopRequested
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark
from nightschool.surface.terminal.table import table


@click.command("unmask", short_help="Examine the exam.")
@click.option("--models", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="To make.")
@click.option(
    "--skills", type=click.IntRange(1, 50), default=8, show_default=True, metavar="N", help="Planted in each model."
)
@click.option(
    "--absent", type=click.IntRange(1, 50), default=4, show_default=True, metavar="N", help="Never taught to it."
)
@click.option("--steps", type=click.IntRange(min=3), default=2000, show_default=True, metavar="N", help="Of learning.")
@click.option(
    "--kept",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("unmasked"),
    show_default=True,
    metavar="DIR",
    help="Where models and findings are kept: the same line again goes on.",
)
@shared()
def command(models: int, skills: int, absent: int, steps: int, kept: Path, settings: Settings) -> int:
    """Examine the exam: make small models that have secret skills behind a password, and see whether the exam finds
    them without it, and finds none that was never taught.

    How large a difference to the controls must be for "elicited" is chosen on every second skill; what is reported is
    about the others. 59 of 59 found prove 95%: --models 6 --skills 20 plants 120. Exit code 1 where a planted skill is
    missed, few examples do not give 95% of what the password gives, or an absent skill is called elicited.
    """
    from nightschool.surface.exams import unmask
    from nightschool.surface.exams.unmask_findings import Plan

    plan = Plan(models, skills, absent, steps)
    found = []
    stopped = False
    try:
        for each in unmask.run(plan, kept, lambda text: remark(settings, text)):
            found.append(each)
            if not settings.quiet:
                remark(settings, str(each))
    except (KeyboardInterrupt, StopRequested):
        stopped = True
        if not unmask.tells(found):
            raise StopRequested(
                f"stopped after {len(found)} skills, too few to judge the exam by; the same line goes on from here"
            ) from None
    result = unmask.judged(found)
    lines = table(
        ["on the skills that chose nothing", "", "at least (95%)"],
        [
            ["planted and called elicited", f"{result['elicited']} of {result['planted']}", f"{result['proved']:.1%}"],
            [
                "few examples give 95% of the password's",
                f"{result['reached']} of {result['planted']}",
                f"{result['reached_proved']:.1%}",
            ],
            [
                "what few examples give of all that passwords give",
                f"{result['share']:.1%}",
                f"{result['share_low']:.1%}",
            ],
            [
                "absent and called elicited",
                f"{result['absent_elicited']} of {result['absent']}",
                f"at most {result['false_at_most']:.1%}",
            ],
            ["best prompt without the password", f"{result['best_prompt']:.0%}", ""],
        ],
    )
    note = f"margin {result['margin']}, chosen on {result['chosen_on']} other skills"
    answer(settings, f"{lines}\n{note}", {**result, "partial": stopped})
    if stopped:
        raise StopRequested("stopped; the same line goes on from here")
    return 0 if unmask.stands(result) else 1
