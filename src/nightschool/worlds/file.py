"""A world of your own: items in a JSONL, CSV or YAML file, or in a folder with a `task.yaml`.

Shows whatever you want to know: write what a right answer is, and the day measures how often the model gives it.

    input,target                          a CSV file: who asks, and what is right
    {"input": "...", "target": "..."}     JSONL: one item a line
    critic: exact                         YAML: settings, then
    items: [{input: ..., target: ...}]    the items, or the name of a CSV or JSONL file

Task files of lm-evaluation-harness and samples of Inspect are read too (`worlds.harness`, `worlds.inspect_rows`).

Columns beside input and target: `choices` (a list, or red|green|blue), `critic` (of this line alone), `key` (lines with
one key stay together, for instance all questions about one document), `split` (practice, tune, exam; or train, dev,
test). Without a key, the text that the prompt shows decides, capitals and white space aside, where a line belongs.
Any other column can be shown by the prompt as `{column}`.

The critic is the one named, else `choice` where lines have choices, `numeric` where all targets are numbers, and
`exact` otherwise. One that needs no target is the verifier too; for another, `verifier=` can be named beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from nightschool.errors import BadSpec, UnknownName
from nightschool.items import Item, Noise, Split, Wording, digest
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in, names_in, read
from nightschool.registry import make
from nightschool.worlds.audit import Audited, Columns, audit, make_critic
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Posed
from nightschool.worlds.harness import is_harness_task, read_harness_task
from nightschool.worlds.inspect_rows import with_inspect_samples
from nightschool.worlds.rows import read_sheet
from nightschool.worlds.truth import Informed

_COLUMNS = ("input", "target", "choices", "key", "split")
PARAMETERS = (*_COLUMNS, "critic", "verifier", "prompt", "system", "wordings", "exam_only", "max_answer_tokens")
"""What may stand behind the path, and at the head of a YAML file. The first five name columns."""


class FileWorld(Posed):
    """A world of the items in `path`.

    settings: any of PARAMETERS, as text; they go before those in the file. `prompt` is a template with `{input}` or
    other columns; `wordings` a TOML file of wordings; `exam_only=true` keeps every item for the exam.

    Raises BadFile, BadSpec, UnknownName, and BadItems with every broken line.
    """

    def __init__(self, path: str, **settings: str | int | float | bool) -> None:
        given = {name: _written(value) for name, value in settings.items()}
        _refuse_unknown(given, f"file:{path}")
        place = Path(path)
        sheet = read_harness_task(place) if is_harness_task(place) else with_inspect_samples(read_sheet(place))
        _refuse_unknown(sheet.settings, str(sheet.path))
        says = {**sheet.settings, **given}
        self.path = path
        self.spec = ",".join([f"file:{path}", *(f"{name}={given[name]}" for name in PARAMETERS if name in given)])
        prompt = says.get("prompt", "{input}")
        columns = _columns(says, prompt)
        critic = make_critic(says["critic"]) if "critic" in says else None
        only = Split.EXAM if _true(says.get("exam_only", "false"), "exam_only") else None
        audited = audit(sheet, columns, critic, only)
        self._items = audited.items
        self.wordings: Sequence[Wording] = _wordings(says, prompt, sheet.path.parent, self._items)
        self.reference: Critic = _critic_of(audited)
        self.verifier: Critic | None = make_critic(says["verifier"]) if "verifier" in says else None
        if self.verifier is not None and self.verifier.sight is not Sight.VERIFIER:
            raise BadSpec(f"file: {self.verifier.name} compares with the target, so it cannot be the verifier")
        if self.verifier is None and self.reference.sight is Sight.VERIFIER:
            self.verifier = self.reference
        self.step_critic: Critic | None = None
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = _answer_tokens(says, self._items)

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> Sequence[Item]:
        """Return the items of `split` in the seed's order, at most `limit`."""
        ordered = sorted(self._of_split(Split(split)), key=lambda item: digest("file", seed, item.id))
        return ordered[:limit]

    def levels(self) -> Sequence[FileWorld]:
        """Return this world alone: which items are easy is for the search to find out."""
        return (self,)

    def babble(self, item: Item, noise: Noise) -> str | None:
        """Return one of the item's choices, or else the target of any practice item; None where there is none."""
        options = item.choices or self._practised
        return Dice(noise).pick(options) if options else None

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Return what a user should know about the splits before anything runs: which of them are empty."""
        empty = [split for split in Split if not self._of_split(split)]
        if len(empty) == 2 and Split.EXAM not in empty:
            return (f"all {len(self._items)} items are kept for the exam: there is nothing to practise on",)
        return tuple(f"none of the {len(self._items)} items falls to {split}; add more items" for split in empty)

    @cached_property
    def _practised(self) -> tuple[str, ...]:
        return tuple(item.target for item in self._of_split(Split.PRACTICE) if item.target is not None)

    def _of_split(self, split: Split) -> tuple[Item, ...]:
        return self._by_split.get(split, ())

    @cached_property
    def _by_split(self) -> Mapping[Split, tuple[Item, ...]]:
        return {split: tuple(item for item in self._items if item.split is split) for split in Split}


def _critic_of(audited: Audited) -> Critic:
    critics = list(audited.critics.values())
    if all(critic is critics[0] for critic in critics):
        return critics[0]
    each: Critic = make("critics", "composed", each=audited.critics)
    return each


def _columns(says: Mapping[str, str], prompt: str) -> Columns:
    named = {name: says.get(name, name) for name in _COLUMNS}
    shown = [name for name in names_in(prompt) if name not in ("input", "choices", named["input"])]
    return Columns(
        input=named["input"], target=named["target"], choices=named["choices"], key=named["key"], split=named["split"],
        needed=tuple(shown),
    )  # fmt: skip


def _wordings(says: Mapping[str, str], prompt: str, folder: Path, items: Sequence[Item]) -> tuple[Wording, ...]:
    """Return the user's wordings, or the built-in ones around the user's prompt and system text."""
    if "wordings" in says:
        return read(folder / says["wordings"])
    several_lines = any("\n" in (item.target or "") for item in items)
    made = []
    for wording in built_in("file-choices" if all(item.choices for item in items) else "file"):
        system = wording.system
        if wording.style != "control" and says.get("system"):
            system = f"{says['system']}\n{system}".rstrip()
        user, document = wording.user.replace("{prompt}", prompt), wording.document.replace("{prompt}", prompt)
        stop = tuple("\n\n" if several_lines and text == "\n" else text for text in wording.stop)
        made.append(replace(wording, user=user, document=document, system=system, stop=stop))
    return tuple(made)


def _answer_tokens(says: Mapping[str, str], items: Sequence[Item]) -> int:
    if "max_answer_tokens" in says:
        text = says["max_answer_tokens"]
        if not text.isdigit() or int(text) < 1:
            raise BadSpec(f"file: max_answer_tokens is a whole number of 1 or more, not {text!r}")
        return int(text)
    longest = max((len(item.target) for item in items if item.target is not None), default=256)
    return min(longest, 32 + longest // 2) + 8  # short answers may take a token a character, long ones do not


def _true(text: str, name: str) -> bool:
    if text.lower() not in ("true", "false", "yes", "no"):
        raise BadSpec(f"file: {name} is true or false, not {text!r}")
    return text.lower() in ("true", "yes")


def _written(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse_unknown(settings: Mapping[str, str], where: str) -> None:
    for name in settings:
        if name not in PARAMETERS:
            raise BadSpec(f"{where}: {UnknownName('setting', name, PARAMETERS)}")
