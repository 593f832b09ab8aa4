"""`nightschool recognise`: which concept explains a drawing, shown in a page."""

from __future__ import annotations

from pathlib import Path

import click

from nightschool.surface.concepts import library
from nightschool.surface.options import Settings, shared
from nightschool.surface.say import answer, remark


@click.command("recognise", short_help="Say which concept explains a drawing.")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@shared(report=True)
def command(images: tuple[str, ...], settings: Settings) -> int:
    """Say which of the concepts in the library explains each IMAGE, by analysis by synthesis.

    Concepts are learned from one example each: nightschool concept add NAME IMAGE. Where no concept explains a drawing,
    that is the answer, and the exit code is 1.
    """
    shelf = library()
    from nightschool.society.strokes.ink import read_image
    from nightschool.society.strokes.recognise import recognise
    from nightschool.surface.recognitions import told, write_page

    known = {kept.name: shelf.image(kept) for kept in shelf if kept.kind == "drawing"}
    inks = [read_image(path) for path in images]
    seen = [(path, ink, recognise(ink, known)) for path, ink in zip(images, inks, strict=True)]
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
