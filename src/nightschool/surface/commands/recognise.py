"""`nightschool recognise`: which concept explains a drawing, shown in a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nightschool.errors import UsageError
from nightschool.surface.concepts.library import library
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark
from nightschool.surface.terminal.progress import watching

if TYPE_CHECKING:
    from nightschool.society.library import Library


@click.command("recognise", short_help="Say which concept explains a drawing.")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--among", type=click.Choice(["drawings", "digits"]),
              help="What IMAGE may be.  [default: drawings, or digits where only those are known]")  # fmt: skip
@shared(report=True)
def command(images: tuple[str, ...], among: str | None, settings: Settings) -> int:
    """Say which of the concepts in the library explains each IMAGE, by analysis by synthesis.

    Concepts are learned from one example each, nightschool concept add NAME IMAGE, or from many, nightschool concept
    digits FOLDER. After a night (nightschool sleep) that dreamt of many, those that its recogniser proposes are fitted.
    Where no concept explains a drawing, that is the answer, and the exit code is 1.
    """
    shelf = library()
    from nightschool.surface.concepts.recognition_page import told, write_page

    kinds = {kept.kind for kept in shelf}
    digits = among == "digits" or (among is None and "networks" in kinds and "drawing" not in kinds)
    seen: list[tuple[str, Any, Any]] = []
    with watching(settings.quiet or len(images) == 1) as watch:
        watch.stage("recognising", len(images), "pictures")
        for each in _digits(shelf, images) if digits else _drawings(shelf, images):
            seen.append(each)
            watch.advance()
    assert settings.report is not None  # `shared(report=True)` makes one
    page = write_page(settings.report, seen, shelf.version)
    remark(settings, f"the picture: {page}")
    text = "\n".join(f"{Path(path).name}: {found.said}" if len(seen) > 1 else found.said for path, _, found in seen)
    data = {
        "library": shelf.version,
        "report": str(page),
        "images": [told(path, found) for path, _, found in seen],
    }
    answer(settings, text, data)
    return 0 if all(found.explained for _, _, found in seen) else 1


def _drawings(shelf: Library, images: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    from nightschool.society.strokes.ink import LEAST, read_image
    from nightschool.society.strokes.recognise import recognise
    from nightschool.surface.concepts.dreams import FITTED, MANY, shortlist_of

    known = shelf.drawings()
    inks = [read_image(path) for path in images]
    shortlist = shortlist_of(shelf) if len(known) >= MANY else None
    for path, ink in zip(images, inks, strict=True):
        names = known if shortlist is None or int(ink.sum()) < LEAST else shortlist.propose(ink, FITTED)
        yield path, ink, recognise(ink, {name: known[name] for name in names})


def _digits(shelf: Library, images: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    from nightschool.society.digits.kept import Digits
    from nightschool.society.digits.pictures import read_picture
    from nightschool.society.digits.recognise import recognise_digit

    sets = [kept for kept in shelf if kept.kind == "networks"]
    if not sets:
        raise UsageError("no digits are known; learn them: nightschool concept digits FOLDER")
    digits = Digits.unpack(shelf.networks(sets[-1]))
    pictures = [read_picture(path) for path in images]
    for path, picture in zip(images, pictures, strict=True):
        found = recognise_digit(picture, digits)
        yield path, found.ink, found
