"""Presidents: who held the office first, sixteenth, or after whom.

Shows what a model knows by heart, and in which direction: the same man is asked for by number, by predecessor and by
successor. The truth cannot be checked from the question, so there is a reference and no verifier, and no search can
be guided here. `choices` names every president, so that the probability and the rank of the truth can be weighed.

The leak key is the man asked for: no answer is in two splits, whatever the question. The office's 47 numbers belong
to 45 men, since Cleveland and Trump came back; nobody is asked who came before or after those two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Split, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Posed
from nightschool.worlds.truth import Informed

PRESIDENTS = (
    "George Washington", "John Adams", "Thomas Jefferson", "James Madison", "James Monroe", "John Quincy Adams",
    "Andrew Jackson", "Martin Van Buren", "William Henry Harrison", "John Tyler", "James K. Polk", "Zachary Taylor",
    "Millard Fillmore", "Franklin Pierce", "James Buchanan", "Abraham Lincoln", "Andrew Johnson", "Ulysses S. Grant",
    "Rutherford B. Hayes", "James A. Garfield", "Chester A. Arthur", "Grover Cleveland", "Benjamin Harrison",
    "Grover Cleveland", "William McKinley", "Theodore Roosevelt", "William Howard Taft", "Woodrow Wilson",
    "Warren G. Harding", "Calvin Coolidge", "Herbert Hoover", "Franklin D. Roosevelt", "Harry S. Truman",
    "Dwight D. Eisenhower", "John F. Kennedy", "Lyndon B. Johnson", "Richard Nixon", "Gerald Ford", "Jimmy Carter",
    "Ronald Reagan", "George H. W. Bush", "Bill Clinton", "George W. Bush", "Barack Obama", "Donald Trump",
    "Joe Biden", "Donald Trump",
)  # fmt: skip
"""By number of the office, the first being number 1."""

NAMES = tuple(dict.fromkeys(PRESIDENTS))

_ALSO = {
    "John Quincy Adams": ("J. Q. Adams", "John Q. Adams"),
    "James K. Polk": ("James Knox Polk",),
    "Ulysses S. Grant": ("Ulysses Simpson Grant",),
    "Rutherford B. Hayes": ("Rutherford Birchard Hayes",),
    "James A. Garfield": ("James Abram Garfield",),
    "Chester A. Arthur": ("Chester Alan Arthur",),
    "William Henry Harrison": ("William H. Harrison", "W. H. Harrison"),
    "Theodore Roosevelt": ("Teddy Roosevelt", "T. Roosevelt"),
    "William Howard Taft": ("William H. Taft",),
    "Warren G. Harding": ("Warren Gamaliel Harding",),
    "Franklin D. Roosevelt": ("Franklin Delano Roosevelt", "F. D. Roosevelt", "FDR"),
    "Harry S. Truman": ("Harry S Truman",),
    "Dwight D. Eisenhower": ("Dwight David Eisenhower", "Ike Eisenhower"),
    "John F. Kennedy": ("John Fitzgerald Kennedy", "JFK", "Jack Kennedy"),
    "Lyndon B. Johnson": ("Lyndon Baines Johnson", "LBJ"),
    "Richard Nixon": ("Richard M. Nixon", "Richard Milhous Nixon"),
    "Gerald Ford": ("Gerald R. Ford", "Gerald Rudolph Ford"),
    "Jimmy Carter": ("James Earl Carter", "James Carter"),
    "Ronald Reagan": ("Ronald Wilson Reagan",),
    "George H. W. Bush": ("George Herbert Walker Bush", "George Bush Sr", "George Bush Senior", "George H. Bush"),
    "Bill Clinton": ("William Jefferson Clinton", "William J. Clinton", "William Clinton"),
    "George W. Bush": ("George Walker Bush", "George Bush Jr", "George Bush Junior"),
    "Barack Obama": ("Barack Hussein Obama", "Barack H. Obama"),
    "Donald Trump": ("Donald J. Trump", "Donald John Trump"),
    "Joe Biden": ("Joseph Biden", "Joseph R. Biden", "Joseph Robinette Biden"),
}
_KINDS = ("number", "after", "before")


class Presidents(Posed):
    """A world of questions about the order of the presidents of the United States, up to the 47th.

    ask: `number`, `after`, `before`, or `all`. The items are fixed; a seed changes their order alone. Raises BadSpec.
    """

    def __init__(self, ask: str = "all") -> None:
        if ask not in (*_KINDS, "all"):
            raise BadSpec(f"presidents: ask is one of {', '.join(_KINDS)} or all, not {ask!r}")
        self.ask = ask
        self.spec = "presidents" if ask == "all" else f"presidents:ask={ask}"
        self.wordings: Sequence[Wording] = built_in("presidents")
        self.verifier: Critic | None = None
        self.reference: Critic = NamesPresident()
        self.step_critic: Critic | None = None
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = 24

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> Sequence[Item]:
        """Return items of `split`, at most `limit`: every man once before any man a second time."""
        shuffled = Dice(Noise(("presidents", seed))).shuffled([item for item in self._all() if item.split == split])
        rounds: dict[str, int] = {}
        turns = []
        for item in shuffled:
            rounds[item.key] = turn = rounds.get(item.key, 0) + 1
            turns.append(turn)
        ordered = [item for _, item in sorted(zip(turns, shuffled, strict=True), key=lambda pair: pair[0])]
        return ordered[:limit]

    def levels(self) -> Sequence[Presidents]:
        """Return this world alone: nobody knows which president is easier."""
        return (self,)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return any president."""
        return Dice(noise).pick(NAMES)

    def _all(self) -> list[Item]:
        items = []
        for number, name in enumerate(PRESIDENTS, start=1):
            if self.ask in ("number", "all"):
                items.append(_item("number", f"Who was the {ordinal(number)} president", f"{number}", name))
        for before, after in pairwise(PRESIDENTS):
            if self.ask in ("after", "all") and PRESIDENTS.count(before) == 1:
                items.append(_item("after", f"Who became president directly after {before}", before, after))
            if self.ask in ("before", "all") and PRESIDENTS.count(after) == 1:
                items.append(_item("before", f"Who was president directly before {after}", after, before))
        return items


def _item(kind: str, question: str, subject: str, answer: str) -> Item:
    where = " of the United States?" if kind == "number" else " in the United States?"
    call = f"president({subject})" if kind == "number" else f'president_{kind}("{subject}")'
    inputs = {"question": question + where, "subject": subject, "call": call}
    return Item(f"{kind} {subject}", inputs, answer, f"president {answer}", NAMES)


def ordinal(number: int) -> str:
    """Return `number` as 1st, 2nd, 3rd, 4th, 11th, 21st.

    >>> [ordinal(n) for n in (1, 12, 22, 43)]
    ['1st', '12th', '22nd', '43rd']
    """
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


class NamesPresident:
    """The reference of this world: passed when the answer names the target, and no other president.

    Full names, usual variants and, where only one man had it, the last name alone are read; who is named in the
    question may be named in the answer as well.
    """

    name = "names-president"
    sight = Sight.REFERENCE
    timeout_s = None

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return all or nothing. Raises ValueError where the target is no president."""
        if item.target not in NAMES:
            raise ValueError(f"the target {item.target!r} is no president of the United States")
        named = presidents_in(answer) - {item.inputs.get("subject", "")}
        if not named:
            return Verdict.of(False, "Name a president, in full where the last name is not enough.")
        if named == {item.target}:
            return Verdict.of(True)
        return Verdict.of(False, "Name one president only." if item.target in named else "This is another president.")


def presidents_in(text: str) -> set[str]:
    """Return the full names of the presidents that `text` names beyond doubt."""
    return {_MEANT[_plain(match.group())] for match in _NAMED.finditer(_plain(text))}


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(re.sub(r"[^\w\s]", " ", text).split())


def _meant() -> dict[str, str]:
    last = [_plain(name).split()[-1] for name in NAMES]
    meant = {_plain(other): name for name in NAMES for other in (name, *_ALSO.get(name, ()))}
    for name in NAMES:
        words = _plain(name).split()
        if len(words) > 2 and words[0] != "george":
            meant.setdefault(f"{words[0]} {words[-1]}", name)  # without the middle name: James Polk
        if last.count(words[-1]) == 1:
            meant.setdefault(words[-1], name)
    return meant


_MEANT = _meant()
_NAMED = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(_MEANT, key=len, reverse=True))) + r")\b")
