"""A page that shows how concepts fought over what was said or seen: each variable, and every message that it got."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightschool.paths import write_durably
from nightschool.surface.concepts.recognition_page import DATA, NARROW, STYLE

if TYPE_CHECKING:
    from nightschool.society.words.fight import Fought, Variable


def write_page(folder: Path, name: str, fought: Fought, version: str) -> Path:
    """Return the page, written to `folder`, with what `nightschool serve` shows of it beside it.

    name: what was said and seen; version: of the library that was asked.
    """
    mark = " class='none'" if fought.conflicts else ""
    settled = "Messages settled" if fought.settled else "Messages did not settle"
    parts = [
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{html.escape(name)}</title>"
        f"{NARROW}<style>{STYLE}</style><h1>{html.escape(name)}</h1><p{mark}>{html.escape(fought.said)}</p>",
        f"<p>Concepts of library version <code>{html.escape(version)}</code>. {settled} after {fought.rounds} rounds. "
        "A message says, in nats, how much more one factor tells of a value than of an even chance; the sum of all "
        "that a variable is told is what it comes to believe.</p>",
    ]
    if fought.unread:
        parts.append(f"<p>Not understood, and left out: {html.escape(', '.join(fought.unread))}.</p>")
    parts += [_table(one, "port ") for one in fought.ports] + [_table(one, "concept ") for one in fought.members]
    page = folder / "index.html"
    write_durably(page, "\n".join(parts) + "</html>\n")
    data = {"library": version, "images": [], "fights": [told(name, fought)]}
    write_durably(folder / DATA, json.dumps(data) + "\n")
    return page


def told(name: str, fought: Fought) -> dict[str, Any]:
    """Return what came of a fight as JSON."""
    return {
        "fight": name, "said": fought.said, "holds": not fought.conflicts, "settled": fought.settled,
        "rounds": fought.rounds, "unread": list(fought.unread), "dropped": dict(fought.dropped),
        "conflicts": [
            {"first": one.first, "second": one.second, "port": one.port, "nats": one.nats} for one in fought.conflicts
        ],
        "concepts": [_variable(one) for one in fought.members],
        "ports": [_variable(one) for one in fought.ports],
    }  # fmt: skip


def _variable(one: Variable) -> dict[str, Any]:
    return {"name": one.name, "values": dict(one.values),
            "messages": [{"by": message.by, "nats": list(message.nats)} for message in one.messages]}  # fmt: skip


def _table(one: Variable, what: str) -> str:
    head = "".join(f"<th scope='col'>{html.escape(value)}</th>" for value in one.values)
    rows = [(message.by, [f"{nats:+.2f}" for nats in message.nats]) for message in one.messages]
    rows.append(("posterior", [f"<b>{chance:.1%}</b>" for chance in one.values.values()]))
    body = "".join(
        f"<tr><th scope='row'>{html.escape(by)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for by, cells in rows
    )
    return (f"<div class='wide'><table><caption>{what}<b>{html.escape(one.name)}</b></caption>"
            f"<tr><th scope='col'>told by</th>{head}</tr>{body}</table></div>")  # fmt: skip
