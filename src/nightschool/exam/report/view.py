"""From the dictionaries of a page to what its template shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nightschool.exam.report import charts
from nightschool.exam.report.plots import plot
from nightschool.exam.report.words import headline, short

SHOWN_FAILURES = 6


def view(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of the template: the data with drawings, rows in groups, and facts worth a tile."""
    exam = data.get("exam") or {}
    rows = [_row(row) for row in exam.get("rungs", ())]
    measured = [row for row in rows if row.get("accuracy") is not None]
    return {
        "data": data,
        "headline": headline(data),
        "rows": rows,
        "base": next((each["first"] for each in exam.get("comparisons", ())), None),
        "compared": {each["second"]: each for each in exam.get("comparisons", ())},
        "cost": charts.scatter(_costs(measured)) if len(measured) > 1 else None,
        "wordings": _wordings(measured),
        "findings": [_finding(each) for each in exam.get("findings", ())],
        "failures": list(data.get("failures") or _failures(exam, measured)),
        "warnings": list(dict.fromkeys((*data.get("warnings", ()), *exam.get("warnings", ())))),
        "disclosure": _disclosure(data, exam),
        "has_items": bool(exam.get("items")) and any(row["records"] for row in exam["rungs"]),
        "charts": charts,
    }


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding with its drawings made."""
    pictures = [(each["title"], plot(each)) for each in finding["drawings"]]
    table = [[_cell(cell) for cell in row] for row in finding["table"]]
    return {**finding, "pictures": pictures, "rows": table}


def _cell(cell: Any) -> str:
    if cell is None:
        return "–"
    return cell if isinstance(cell, str) else str(cell) if isinstance(cell, int) else short(cell)


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its drawing, its colour, and whether it is a variant of the row above."""
    kind = "trained" if row.get("trained") else "muted" if row.get("never") else "strong"
    picture = None
    if row.get("accuracy") is not None:
        picture = charts.interval(row["accuracy"], row["low"], row["high"], kind)
    variant = row["rung"] in ("zero-shot", "code-style", "control") and row["name"].startswith(row["rung"] + "/")
    label = row["name"].partition("/")[2] if variant else row["name"]
    return {**row, "kind": kind, "picture": picture, "variant": variant, "label": label}


def _costs(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the points of the drawing of costs; of a rung's other wordings the best, where it beats the first."""
    best: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if not row["never"] and row["accuracy"] > best.get(row["rung"], {"accuracy": -1.0})["accuracy"]:
            best[row["rung"]] = row
    kept = [row for row in rows if not row["variant"] or row is best.get(row["rung"])]
    return [
        {
            "name": row["name"],
            "accuracy": row["accuracy"],
            "low": row["low"],
            "high": row["high"],
            "tokens": row["each"]["tokens"] + row["each"]["prompt_tokens"],
            "kind": row["kind"],
        }
        for row in kept
    ]


def _wordings(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return how accuracy depends on the wording, or None where only one was tried."""
    for row in rows:
        known = {name: rate for name, rate in (row.get("spread") or {}).items() if rate is not None}
        if len(known) > 1:
            names = {each["name"]: (each.get("way") or {}).get("wording", each["name"]) for each in rows}
            named = {str(names.get(name, name)): rate for name, rate in known.items()}
            worst, best = min(known.values()), max(known.values())
            return {"row": row, "worst": worst, "best": best, "drawing": charts.strip(named)}
    return None


def _failures(exam: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a few items that the plain question failed, with what was said."""
    plain = next((row for row in rows if row["name"] == "zero-shot"), rows[0] if rows else None)
    if plain is None:
        return []
    items = {item["id"]: item for item in exam.get("items", ())}
    found = []
    for record in plain["records"]:
        if record["outcome"] == 0 and record["answers"] and record["item"] in items:
            item = items[record["item"]]
            found.append(
                {
                    "inputs": item["inputs"],
                    "answer": record["answers"][0],
                    "target": item["target"],
                    "feedback": record["feedback"],
                    "row": plain["name"],
                }
            )
    return found[:SHOWN_FAILURES]


def samples_of(exam: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the table of items is made of, smaller than the report: rows of lists, prompts by number."""
    if not exam.get("items"):
        return None
    rows = []
    for row in exam["rungs"]:
        if row["records"]:
            records = [
                [r["item"], r["prompt"], r["answers"], r["outcome"], r["feedback"], r["tokens"], r["missing"]]
                for r in row["records"]
            ]
            rows.append({"name": row["name"], "records": records})
    items = {item["id"]: [item["inputs"], item["target"]] for item in exam["items"]}
    return {"rows": rows, "items": items, "prompts": exam.get("prompts", [])} if rows else None


def plain_first(names: Sequence[str]) -> list[str]:
    """Return the names of ways with the plain question in front: what one looks at first."""
    return sorted(names, key=lambda name: name != "zero-shot")


def _disclosure(data: Mapping[str, Any], exam: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that a reader needs to repeat or to doubt the numbers."""
    facts: dict[str, Any] = {}
    if exam:
        shown = list(exam.get("example_truths", ()))
        listed = ", ".join(map(str, shown[:8])) + (" ..." if len(shown) > 8 else "")
        truth = f"{len(shown)} practice items: {listed}" if shown else "of no item"
        facts |= {
            "model": exam.get("model"),
            "identity of weights, tokenizer and template": exam.get("identity"),
            "adapter": exam.get("adapter") or "none",
            "task": exam.get("task"),
            "items": f"{len(exam.get('items', ()))} of the split {exam.get('split')}; they chose nothing",
            "seed": exam.get("seed"),
            "true answers shown in prompts": truth,
            "tokens sampled in this exam": exam.get("tokens"),
            "nightschool": exam.get("version"),
        }
    return {**facts, **(data.get("disclosure") or {})}
