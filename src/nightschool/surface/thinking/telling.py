"""What `think` prints when a search is over: the answers on stdout, what there is to say of them on stderr."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.errors import StopRequested
from nightschool.items import Trace
from nightschool.ports import Critic
from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.output import answer, remark
from nightschool.surface.thinking.shown import described, drawn, graded, judged, one_line, turned
from nightschool.think.turning import told

_SHOWN_ERRORS = 3


def tell(
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
    verdicts = [graded(trace, grader) for trace, grader in zip(traces, graders, strict=True)]
    turns = [turned(trace, grader) for trace, grader in zip(traces, graders, strict=True)]
    for trace in traces:
        if verbose:
            remark(settings, drawn(trace))
        for error in trace.errors[:_SHOWN_ERRORS]:
            remark(settings, f"went wrong: {error}")
        if len(trace.errors) > _SHOWN_ERRORS:
            remark(settings, f"went wrong {len(trace.errors)} times on {trace.task.item.id}; --json lists them all")
        if trace.best is None:
            remark(settings, f"no answer to {trace.task.item.id}: {trace.stopped}")
    _remark_on_ends(traces, settings)
    if not listed and verdicts[0] is not None and not (verdicts[0].passed or verdicts[0].error):
        remark(settings, f"no answer passed; the best one:{judged(verdicts[0])}")
    alone = traces[0].best.answer if traces[0].best else ""
    if summary := told(turns):
        remark(settings, summary)
    text = "\n".join(map(one_line, traces, verdicts, turns)) if listed else alone
    answers = list(map(described, traces, verdicts, turns))
    data = {"model": model_name, "seed": settings.seed, "strategy": traces[0].strategy, "answers": answers}
    answer(settings, text, data)
    if interrupted:
        raise StopRequested("stopped; shown is what was found so far")
    return 0 if any(trace.best for trace in traces) else 1


def _remark_on_ends(traces: Sequence[Trace], settings: Settings) -> None:
    """Say which answers a limit cut short: once, however many there are."""
    whole = len(traces)
    spent = sum(trace.best is not None and trace.stopped == "budget" for trace in traces)
    cut = sum(trace.best is not None and trace.best.finish == "length" for trace in traces)
    if spent:
        which = "the search" if whole == 1 else f"{spent} of {whole} searches"
        remark(settings, f"the budget ended {which}; this is the best so far")
    if cut:
        which = "" if whole == 1 else f"{cut} of {whole} answers are "
        remark(settings, f"{which}cut at {traces[0].task.sampling.max_tokens} tokens; --max-tokens allows more")
