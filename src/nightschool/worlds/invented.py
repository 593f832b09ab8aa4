"""Words that nobody has heard: built of syllables, so that a model cannot know them and can still say them."""

from __future__ import annotations

from nightschool.worlds.dice import Dice

_ONSETS = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "z",
)
_VOWELS = ("a", "e", "i", "o", "u")
_CODAS = ("l", "n", "r", "s", "m", "k", "nd", "rt", "lm", "x")
_TOWNS = ("burg", "ford", "haven", "mouth", "stead", "wick", "dale", "moor")
_FAMILIES = ("ard", "bane", "ell", "ov", "sen", "quist", "ridge", "well", "yar")


def word(dice: Dice) -> str:
    """Return a noun in small letters: two syllables, the second one closed.

    >>> from nightschool.items import Noise
    >>> word(Dice(Noise(("a",))))
    'graklal'
    """
    return _open(dice) + _open(dice) + dice.pick(_CODAS)


def given_name(dice: Dice) -> str:
    """Return a first name that is nobody's."""
    return (_open(dice) + _open(dice) + dice.pick(("", "l", "n", "s"))).capitalize()


def family_name(dice: Dice) -> str:
    """Return a last name that is nobody's."""
    return (_open(dice) + dice.pick(_CODAS[:6]) + dice.pick(_FAMILIES)).capitalize()


def town(dice: Dice) -> str:
    """Return the name of a town that is on no map."""
    return (_open(dice) + dice.pick(_CODAS[:6]) + dice.pick(_TOWNS)).capitalize()


def _open(dice: Dice) -> str:
    return dice.pick(_ONSETS) + dice.pick(_VOWELS)
