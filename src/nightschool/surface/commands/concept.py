"""`nightschool concept`: learn a concept from one drawing, and look after those that were learned."""

from __future__ import annotations

import click

from nightschool.surface.concepts import library
from nightschool.surface.options import Settings, shared
from nightschool.surface.say import answer


@click.group("concept", short_help="Learn concepts from one drawing each.")
def command() -> None:
    """Learn concepts from one drawing each, list, show and remove them. nightschool recognise uses them."""


@command.command("add", short_help="Learn a concept from one drawing.")
@click.argument("name")
@click.argument("image")
@shared()
def add(name: str, image: str, settings: Settings) -> None:
    """Learn the concept NAME from the drawing in IMAGE, for good."""
    shelf = library()
    from nightschool.society.strokes.ink import read_image

    kept = shelf.add(name, read_image(image))
    data = {"name": kept.name, "digest": kept.digest, "library": shelf.version}
    answer(settings, f"{kept.name} is learned ({kept.digest[:12]})", data)


@command.command("ls", short_help="List the concepts.")
@shared()
def listing(settings: Settings) -> None:
    """List the concepts in the library, by name."""
    shelf = library()
    kept = list(shelf)
    text = "\n".join(f"{one.digest[:12]}  {one.name}" for one in kept)
    data = {"library": shelf.version, "concepts": [{"name": one.name, "digest": one.digest} for one in kept]}
    answer(settings, text or "no concept is known yet; type: nightschool concept add NAME IMAGE", data)


@command.command("show", short_help="Show what a concept looks like.")
@click.argument("name")
@shared()
def show(name: str, settings: Settings) -> None:
    """Show the drawing that the concept NAME was learned from, in characters."""
    shelf = library()
    kept = shelf.find(name)
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
