"""Extraction: copy named fields out of a short message.

An everyday job in words, judged by what it should have found. Shows how far a check of the form goes: the verifier
sees the message alone and asks that every field is there, is of its kind and occurs in the message; it cannot tell the
customer's name from the clerk's. The reference can. Values are copied, so knowing things does not help.

The leak key is the facts of the message: the same facts in another template, or asked for with more or fewer fields,
are of the same split.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.items import Item, Noise, Wording, digest
from nightschool.ports import Critic, Expert
from nightschool.prompts import built_in
from nightschool.registry import make
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import whole
from nightschool.worlds.messages import FIELDS, write_message
from nightschool.worlds.truth import Informed


class Extraction(Drawn):
    """A world of messages, each asked for its first `fields` of name, date, amount, city and order. Raises BadSpec."""

    _space = "extraction"  # the same messages whatever is asked of them

    def __init__(self, fields: int = 3) -> None:
        whole("extraction", fields=(fields, 1, len(FIELDS)))
        self.fields = tuple(FIELDS)[:fields]
        self.spec = f"extraction:fields={fields}"
        self.wordings: Sequence[Wording] = built_in("extraction")
        kinds = {name: FIELDS[name] for name in self.fields}
        self.verifier: Critic | None = make("critics", "fields", expect=kinds, sight="verifier", source="message")
        self.reference: Critic = make("critics", "fields", expect=kinds, sight="reference", source="message")
        self.step_critic: Critic | None = None
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = 8 + 24 * fields

    def levels(self) -> Sequence[Extraction]:
        """Return one field, then one more at a time, ending with this world."""
        return (*(Extraction(n) for n in range(1, len(self.fields))), self)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return lines of the right form, with one to three words of the message, any of them, for each field."""
        dice, words = Dice(noise), item.inputs["message"].split()
        spans = []
        for _ in self.fields:
            start = dice.below(len(words))
            spans.append(" ".join(words[start : start + dice.between(1, 3)]).strip(" .,:;!?()"))
        return _lines(dict(zip(self.fields, spans, strict=True)))

    def _draw(self, dice: Dice) -> Item:
        message = write_message(dice)
        truth = {name: message.facts[name] for name in self.fields}
        key = f"extraction {digest(message.facts)[:24]}"
        inputs = {
            "message": message.text,
            "fields": ", ".join(self.fields),
            "form": _lines(dict.fromkeys(self.fields, "...")),
        }
        return Item(f"{key[11:23]}-{message.template}", inputs, _lines(truth), key)


def _lines(values: dict[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in values.items())
