"""Translation: a small sentence said in another language.

Shows whether a task is understood. Half of the sentences are questions, and who takes them to be asked answers them
instead of translating them; others are said again in English, or in the wrong language. Grammar and words are small
enough that every right translation is known (`worlds.phrasebook`), so that a failure is one of the task, of the words,
or of the form, and can be told apart (`exam.analyses.failures`).

The leak key is the content words: a statement and a question of the same words are in one split.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.phrasebook import ADJECTIVES, FORMS, LANGUAGES, NOUNS, form_of, translations
from nightschool.worlds.truth import Informed

KINDS = ("all", "questions", "statements")
_OTHER = re.compile(r"[^\w']+")


class Translation(Drawn):
    """A world of English sentences to be said in `language`. ask: `questions`, `statements` or `all`.

    Raises BadSpec.
    """

    def __init__(self, language: str = "french", ask: str = "all") -> None:
        if language not in LANGUAGES or ask not in KINDS:
            raise BadSpec(
                f"translation: language is one of {', '.join(LANGUAGES)} and ask one of {', '.join(KINDS)}, "
                f"not {language!r} and {ask!r}"
            )
        self.language, self.ask = language, ask
        self.spec = f"translation:language={language}" + ("" if ask == "all" else f",ask={ask}")
        self.wordings: Sequence[Wording] = built_in("translation")
        self.reference: Critic = Translated()
        self.verifier: Critic | None = self.reference  # the sentence determines its translations
        self.step_critic: Critic | None = None
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = 32

    def levels(self) -> Sequence[Translation]:
        """Return this world alone: which sentences are harder depends on the model."""
        return (self,)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return the translation of another sentence of the same form."""
        dice = Dice(noise)
        number, _ = form_of(item.inputs["sentence"])
        return translations(_sentence(dice, number), self.language)[0]

    def misreadings(self, item: Item) -> Mapping[str, str]:
        """Return what one would answer who did another task than this one."""
        sentence = item.inputs["sentence"]
        said = {"says it again": sentence}
        said |= {
            f"speaks {other.capitalize()}": translations(sentence, other)[0]
            for other in LANGUAGES
            if other != self.language
        }
        if sentence.endswith("?"):
            said |= {"answers yes": "Yes.", "answers no": "No.", "answers that it does not know": "I don't know."}
        return said

    def _draw(self, dice: Dice) -> Item | None:
        asks = {"all": range(len(FORMS)), "questions": (1, 2), "statements": (0, 3, 4, 5)}[self.ask]
        sentence = _sentence(dice, dice.pick(list(asks)))
        _, words = form_of(sentence)
        if words.get("other") == words["noun"]:
            return None
        inputs = {"sentence": sentence, "language": self.language.capitalize()}
        key = f"translation {' '.join(sorted(words.values()))}"
        return Item(f"{self.language} {sentence}", inputs, translations(sentence, self.language)[0], key)


def _sentence(dice: Dice, number: int) -> str:
    nouns = list(NOUNS)
    return FORMS[number].format(noun=dice.pick(nouns), adjective=dice.pick(list(ADJECTIVES)), other=dice.pick(nouns))


class Translated:
    """The verifier of translations: passed for each right one, whatever its capitals and points.

    An accent that is missing is a mistake, and is said.
    """

    name = "translated"
    sight = Sight.VERIFIER
    timeout_s = None

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return all or nothing."""
        right = [_plain(each) for each in translations(item.inputs["sentence"], item.inputs["language"].casefold())]
        given = _plain(answer)
        if given in right:
            return Verdict.of(True)
        if _bare(given) in map(_bare, right):
            return Verdict.of(False, "An accent is wrong or missing.")
        return Verdict.of(False, f"This is not how one says it in {item.inputs['language']}.")


def _plain(text: str) -> str:
    return _OTHER.sub(" ", unicodedata.normalize("NFC", text).replace("’", "'").casefold()).strip()


def _bare(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
