"""From rows to items, and a sentence for every row that cannot be one.

Nothing is repaired and nothing is left out: a set of items with one broken row is refused as a whole, with all of its
problems, because a silently shorter exam is another exam.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nightschool.errors import BadItems, NightschoolError, UnknownName
from nightschool.items import Item, Split, digest, split_of
from nightschool.ports import Critic, Sight
from nightschool.registry import make
from nightschool.worlds.rows import Bare, Cell, Row, Sheet

_SPLITS = {
    "practice": Split.PRACTICE, "train": Split.PRACTICE, "training": Split.PRACTICE,
    "tune": Split.TUNE, "dev": Split.TUNE, "valid": Split.TUNE, "validation": Split.TUNE,
    "exam": Split.EXAM, "test": Split.EXAM,
}  # fmt: skip
_MOST_PART = 0.9


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what. needed: columns, beside the input, that the prompt shows, so that they are its identity."""

    input: str = "input"
    target: str = "target"
    critic: str = "critic"
    choices: str = "choices"
    key: str = "key"
    split: str = "split"
    needed: tuple[str, ...] = ()


_USUAL = Columns()


@dataclass(frozen=True, slots=True)
class Audited:
    """What a sheet's rows became: the items, and the critic of each by item id."""

    items: tuple[Item, ...]
    critics: Mapping[str, Critic]


@dataclass(slots=True)
class _Audit:
    path: Path
    columns: Columns
    critic: Critic | None
    only: Split | None
    problems: list[tuple[int, str]]
    items: list[tuple[int, Item]] = field(default_factory=list)
    specs: dict[str, str] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    inputs: dict[str, tuple[int, Item]] = field(default_factory=dict)
    chosen: dict[str, tuple[int, Split]] = field(default_factory=dict)

    def say(self, line: int, problem: str) -> None:
        self.problems.append((line, problem))


def audit(sheet: Sheet, columns: Columns = _USUAL, critic: Critic | None = None, only: Split | None = None) -> Audited:
    """Return the items in `sheet`. critic: of rows that name none (None chooses by the targets); only: split of all.

    Raises BadItems with one sentence for each broken line, in order, when there is any.
    """
    found = _Audit(sheet.path, columns, critic, only, list(sheet.problems))
    if _has_columns(sheet, found):
        for number, row in enumerate(sheet.rows, start=1):
            _take(row, f"{sheet.path.name}#{number}", found)
    kept = [item for _, item in found.items]
    default = critic or _default(found)
    made: dict[str, Critic] = {}
    critics: dict[str, Critic] = {}
    for line, item in found.items:
        spec = found.specs.get(item.id)
        try:
            if spec is not None and spec not in made:
                made[spec] = make_critic(spec)
        except NightschoolError as error:
            found.say(line, f"names a critic that cannot be had: {error}")
            continue
        critics[item.id] = own = default if spec is None else made[spec]
        if item.target is None and own.sight is Sight.REFERENCE:
            found.say(line, f"has no {columns.target!r}, which the critic {own.name} compares with")
    if found.problems:
        lines = sorted(found.problems, key=lambda problem: problem[0])
        raise BadItems([f"{sheet.path}, line {line}: {problem}" for line, problem in lines])
    return Audited(tuple(kept), critics)


def make_critic(spec: str) -> Critic:
    """Return the critic that `spec` describes, compositions included. Raises UnknownName, BadSpec."""
    critic: Critic = make("critics", "composed", text=spec)
    return critic


def _has_columns(sheet: Sheet, found: _Audit) -> bool:
    if not sheet.rows:
        if not sheet.problems:
            found.say(1, "there are no items in it")
        return False
    there = {name for row in sheet.rows for name in row.cells}
    optional = found.critic is not None and found.critic.sight is Sight.VERIFIER
    wanted = [found.columns.input, *found.columns.needed, *([] if optional else [found.columns.target])]
    missing = [name for name in dict.fromkeys(wanted) if name not in there]
    for name in missing:
        found.say(sheet.rows[0].line, str(UnknownName("column", name, there)))
    return not missing


def _take(row: Row, name: str, found: _Audit) -> None:
    before = len(found.problems)
    columns = found.columns
    texts = {c: _text(row, c, found, needed=True) for c in dict.fromkeys((columns.input, *columns.needed))}
    target = _text(row, columns.target, found, needed=columns.critic not in row.cells and found.critic is None)
    choices = _choices(row, found)
    if choices and target is not None and _plain(target) not in map(_plain, choices):
        found.say(row.line, f"the target {target!r} is none of the choices {', '.join(choices)}")
    spec, base = _text(row, columns.critic, found), _text(row, columns.key, found)
    wanted = _split(row, found)
    if len(found.problems) > before:
        return
    identity = "\0".join(_plain(text or "") for text in texts.values())
    key = f"file {base if base is not None else digest(identity)[:32]}"
    if wanted is not None:
        key = key_in(key, wanted)
        line, other = found.chosen.setdefault(base or identity, (row.line, wanted))
        if other is not wanted:
            found.say(row.line, f"is an item of {wanted}, but line {line}, of the same key, is an item of {other}")
            return
    item = Item(name, _inputs(row, found), target, key, choices)
    line, twin = found.inputs.setdefault(identity, (row.line, item))
    if twin is not item:
        found.say(row.line, _twins(item, twin, line))
        return
    if spec is not None:
        found.specs[item.id] = spec
    if isinstance(row.cells.get(columns.target), Bare):
        found.bare.add(item.id)
    found.items.append((row.line, item))


def _twins(item: Item, twin: Item, line: int) -> str:
    if item.split is not twin.split:
        return f"asks the same as line {line} under another key: {item.split} here and {twin.split} there"
    if item.target != twin.target:
        return f"asks the same as line {line}, where the target is {twin.target!r} and not {item.target!r}"
    return f"is the same item as line {line}"


def key_in(base: str, split: Split) -> str:
    """Return the first of `base`, `base (1)`, `base (2)`, ... that is a leak key of `split`."""
    if split_of(base) is split:
        return base
    number = 1
    while split_of(key := f"{base} ({number})") is not split:
        number += 1
    return key


def _text(row: Row, column: str, found: _Audit, *, needed: bool = False) -> str | None:
    cell: Cell = row.cells.get(column)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        if needed:
            found.say(row.line, f"{column!r} is empty" if column in row.cells else f"has no {column!r}")
        return None
    if not isinstance(cell, str):
        kind = "a list" if isinstance(cell, tuple) else "neither a text nor a number"
        found.say(row.line, f"{column!r} is {kind}; write it as text")
        return None
    return cell.strip()


def _choices(row: Row, found: _Audit) -> tuple[str, ...]:
    cell = row.cells.get(found.columns.choices)
    if cell is None or cell == "":
        return ()
    if isinstance(cell, str):
        cell = tuple(cell.split("|"))
    if not isinstance(cell, tuple):
        found.say(row.line, f"{found.columns.choices!r} is not a list of texts")
        return ()
    choices = tuple(choice.strip() for choice in cell)
    if len(choices) < 2 or not all(choices) or len(set(map(_plain, choices))) < len(choices):
        found.say(row.line, f"{found.columns.choices!r} needs two or more unlike texts (in CSV: red|green|blue)")
        return ()
    return choices


def _split(row: Row, found: _Audit) -> Split | None:
    if found.only is not None:
        return found.only
    name = _text(row, found.columns.split, found)
    if name is None:
        return None
    if name.lower() not in _SPLITS:
        found.say(row.line, str(UnknownName("split", name, _SPLITS)))
    return _SPLITS.get(name.lower())


def _inputs(row: Row, found: _Audit) -> dict[str, str]:
    columns = found.columns
    hidden = {columns.target, columns.critic, columns.choices, columns.key, columns.split}
    inputs = {name: cell.strip() for name, cell in row.cells.items() if isinstance(cell, str) and name not in hidden}
    inputs["input"] = inputs[columns.input]
    if choices := _choices(row, found):
        inputs["choices"] = ", ".join(choices)
    return inputs


def _default(found: _Audit) -> Critic:
    """Return the critic that the targets ask for: choice, numeric where all are numbers, else exact."""
    rows = [(line, item) for line, item in found.items if item.id not in found.specs]
    chosen = [item for _, item in rows if item.choices]
    if chosen and len(chosen) == len(rows):
        return _make("choice")
    for line, item in rows:
        if chosen and not item.choices:
            found.say(line, f"has no {found.columns.choices!r}, which other lines have; add it or name a critic")
    numeric = _make("numeric")
    text = [(line, item) for line, item in rows if not _is_number(item, numeric)]
    if rows and not text:
        return numeric
    if 0 < len(text) <= (1 - _MOST_PART) * len(rows):
        for line, item in text:
            found.say(line, f"the target {item.target!r} is not a number, as nearly all are; or name critic=exact")
    elif found.bare:
        _refuse_mixed(rows, found)
    return _make("exact")


def _refuse_mixed(rows: list[tuple[int, Item]], found: _Audit) -> None:
    """Say of the fewer of JSON's texts and of its numbers, true and false, that the others are of another type."""
    kinds = [[each for each in rows if (each[1].id in found.bare) is bare] for bare in (True, False)]
    few = min(kinds, key=len)
    words = ("a number, true or false", "a text")
    this, others = words if few is kinds[0] else words[::-1]
    for line, item in few:
        found.say(
            line, f"the target {item.target!r} is {this}, and {len(rows) - len(few)} others are {others}; write all "
            "in quotes or none, or name critic=exact"
        )  # fmt: skip


def _is_number(item: Item, numeric: Critic) -> bool:
    digits = (item.target or "").lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return False  # 007 is a name
    try:
        return numeric.judge(item, item.target or "").passed
    except ValueError:
        return False


def _make(name: str) -> Critic:
    critic: Critic = make("critics", name)
    return critic


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
