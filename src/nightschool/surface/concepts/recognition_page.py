"""A page that shows what explained a drawing: the picture, each try drawn over it, and how they stand."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightschool.paths import write_durably

if TYPE_CHECKING:
    from nightschool.society.digits.recognise import DigitFound, Drawn
    from nightschool.society.strokes.recognise import Explanation, Recognition

    Found = Recognition | DigitFound
    Try = Explanation | Drawn

DATA = "recognition.json"
"""beside the page, what is drawn in it"""
_SHOWN = 5
NARROW = "<meta name='viewport' content='width=device-width, initial-scale=1'>"
"""a phone shows the page as wide as itself"""
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
figure { display: inline-block; margin: 0 .6rem 1rem 0; width: 9rem; vertical-align: top }
svg { width: 9rem; border: 1px solid #bbb; background: #fff } figcaption { font-size: 13px }
h1, h2, p, figcaption { overflow-wrap: anywhere } .wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px; margin: 0 0 1rem } caption { text-align: left; padding: 4px 0 }
th, td { padding: 2px 8px; text-align: right; border-bottom: 1px solid #ddd; font-weight: normal }
.sheet svg { width: 5rem; height: 5rem; margin-right: .5rem }
.bar { height: 6px; background: #2a6fb0; min-width: 1px } .none { color: #a33 }
"""


def write_page(folder: Path, seen: Sequence[tuple[str, Any, Found]], version: str) -> Path:
    """Return the page, written to `folder`: for each image its recognition, the best tries drawn over it.

    seen: name, ink (a tensor [height, width]), and what came of it; version: of the library that was asked.
    """
    parts = [
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Recognition</title>"
        f"{NARROW}<style>{STYLE}</style>",
        f"<h1>What explains these drawings</h1><p>Concepts of library version <code>{html.escape(version)}</code>. "
        "Black is the drawing; blue is a concept's one example, bent until it explains the drawing best, or the "
        "outline of what a digit's network would draw.</p>",
    ]
    for name, ink, found in seen:
        mark = "" if found.explained else " class='none'"
        parts.append(f"<h2>{html.escape(name)}</h2><p{mark}>{html.escape(found.said)}</p>")
        parts.append(f"<figure>{_drawing(ink)}<figcaption>as it is</figcaption></figure>")
        parts += [_try(ink, one) for one in found.tries[:_SHOWN]]
        parts += [_fight(found.tries[:_SHOWN]), _again(ink, found)]
        if len(found.tries) > _SHOWN:
            parts.append(f"<p>{len(found.tries) - _SHOWN} more concepts explain it less well.</p>")
    page = folder / "index.html"
    write_durably(page, "\n".join(parts) + "</html>\n")
    drawn = [{**told(name, found), "ink": _ink(ink), "size": list(ink.shape)[::-1]} for name, ink, found in seen]
    for each, (_, ink, found) in zip(drawn, seen, strict=True):
        tries: tuple[Try, ...] = found.tries
        for shown, one in zip(each["tries"][:_SHOWN], tries, strict=False):
            shown["strokes"], shown["width"] = _strokes(ink, one)
    write_durably(folder / DATA, json.dumps({"library": version, "images": drawn}) + "\n")
    return page


def told(image: str, found: Found) -> dict[str, Any]:
    """Return what came of one image as JSON, without its drawing."""
    return {
        "image": image,
        "explained": found.explained,
        "said": found.said,
        "tries": [
            {
                "name": one.name,
                "probability": one.probability,
                "nats": one.nats,
                "fit": one.fit,
                "terms": dict(getattr(one, "terms", {})),
            }
            for one in found.tries
        ],
    }


def _try(ink: Any, one: Try) -> str:
    return (
        f"<figure>{_drawing(ink, one)}<figcaption><div class='bar' style='width:{100 * one.probability:.1f}%'></div>"
        f"<b>{html.escape(one.name)}</b> {one.probability:.1%}<br>evidence {one.nats:+.1f} nats, fit {one.fit:.2f}"
        "</figcaption></figure>"
    )


def _fight(tries: Sequence[Try]) -> str:
    """Return a table of what the evidence of each try is made of, as far as it tells."""
    terms: list[tuple[Try, dict[str, float]]] = [(one, getattr(one, "terms", {})) for one in tries]
    if len(terms) < 2 or not terms[0][1]:
        return ""
    best = terms[0][1]
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in best)
    rows = []
    for one, made_of in terms:
        cells = "".join(f"<td>{made_of[name] - best[name]:+.1f}</td>" for name in best)
        rows.append(f"<tr><th scope='row'>{html.escape(one.name)}</th>{cells}<td><b>{one.nats:+.1f}</b></td></tr>")
    return (
        "<div class='wide'><table><caption>How they fought: nats of evidence, less what the best one has</caption>"
        f"<tr><th scope='col'>concept</th>{head}<th scope='col'>together</th></tr>{''.join(rows)}</table></div>"
    )


def _again(ink: Any, found: Found) -> str:
    """Return the best concept drawn again a few times, where that is known."""
    again = getattr(found, "again", ())
    if not again:
        return ""
    sheet = "".join(_exemplar(points, lines) for points, lines in again)
    return f"<div class='sheet'><p><b>{html.escape(found.tries[0].name)}</b>, drawn again</p>{sheet}</div>"


def _exemplar(points: Any, lines: Any) -> str:
    low, high = points.min(0).values.tolist(), points.max(0).values.tolist()
    size = max(high[0] - low[0], high[1] - low[1], 1.0)
    edge = 0.1 * size
    box = f"{low[0] - edge:.1f} {low[1] - edge:.1f} {high[0] - low[0] + 2 * edge:.1f} {high[1] - low[1] + 2 * edge:.1f}"
    path = _lines(points, lines, size / 45)
    stroke = f"<path d='{path}' stroke='#000' stroke-width='{size / 30:.2f}' stroke-linecap='round'/>"
    return f"<svg viewBox='{box}' role='img' aria-label='drawn again'>{stroke}</svg>"


def _lines(points: Any, lines: Any, reach: float) -> str:
    ends = zip(points.tolist(), lines.tolist(), strict=True)
    return "".join(
        f"M{x - reach * dx:.1f} {y - reach * dy:.1f}L{x + reach * dx:.1f} {y + reach * dy:.1f}"
        for (x, y), (dx, dy) in ends
    )


def _drawing(ink: Any, one: Try | None = None) -> str:
    height, width = ink.shape
    shade = "#000" if one is None else "#ccc"
    strokes = ""
    if one is not None:
        lines, reach = _strokes(ink, one)
        strokes = f"<path d='{lines}' stroke='#2a6fb0' stroke-width='{reach:.2f}' stroke-linecap='round'/>"
    return f"<svg viewBox='0 0 {width} {height}'><path d='{_ink(ink)}' fill='{shade}'/>{strokes}</svg>"


def _ink(ink: Any) -> str:
    """Return the path of an SVG that covers every pixel of ink."""
    return "".join(f"M{x} {y}h1v1h-1z" for y, x in (ink > 0.5).nonzero().tolist())


def _strokes(ink: Any, one: Try) -> tuple[str, float]:
    """Return the path of an SVG that draws an explanation over the ink, and how wide to draw it."""
    from nightschool.society.digits.recognise import Drawn

    reach = max(ink.shape) / 70
    if isinstance(one, Drawn):
        return _outline(one.picture), reach
    ends = zip(one.points.tolist(), one.lines.tolist(), strict=True)
    lines = "".join(
        f"M{x - reach * dx:.1f} {y - reach * dy:.1f}L{x + reach * dx:.1f} {y + reach * dy:.1f}"
        for (x, y), (dx, dy) in ends
    )
    return lines, reach


def _outline(picture: Any) -> str:
    """Return the path of an SVG along the edges of the ink of `picture`, grey levels in [0, 1]."""
    from contourpy import contour_generator

    lines: Any = contour_generator(z=picture.numpy()).lines(0.5)
    return "".join("M" + "L".join(f"{x + 0.5:.1f} {y + 0.5:.1f}" for x, y in line) for line in lines)
