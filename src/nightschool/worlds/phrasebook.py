"""Small sentences in four languages: enough grammar that every right translation can be listed.

    The dog is red.   Is the dog red?   Where is the dog?   I see the dog.   I have a dog.   The dog is behind the door.

Words are chosen so that nothing is doubtful: no word with two common translations, none that begins with a vowel in
French, no adjective that changes the Spanish verb.
"""

from __future__ import annotations

import re

LANGUAGES = ("french", "spanish", "german")

# English: French, Spanish, German, each with its gender
NOUNS: dict[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str]]] = {
    "house": (("maison", "f"), ("casa", "f"), ("Haus", "n")), "dog": (("chien", "m"), ("perro", "m"), ("Hund", "m")),
    "cat": (("chat", "m"), ("gato", "m"), ("Katze", "f")), "book": (("livre", "m"), ("libro", "m"), ("Buch", "n")),
    "table": (("table", "f"), ("mesa", "f"), ("Tisch", "m")), "door": (("porte", "f"), ("puerta", "f"), ("Tür", "f")),
    "window": (("fenêtre", "f"), ("ventana", "f"), ("Fenster", "n")),
    "garden": (("jardin", "m"), ("jardín", "m"), ("Garten", "m")),
    "chair": (("chaise", "f"), ("silla", "f"), ("Stuhl", "m")), "bed": (("lit", "m"), ("cama", "f"), ("Bett", "n")),
    "train": (("train", "m"), ("tren", "m"), ("Zug", "m")),
    "horse": (("cheval", "m"), ("caballo", "m"), ("Pferd", "n")),
    "bridge": (("pont", "m"), ("puente", "m"), ("Brücke", "f")),
    "letter": (("lettre", "f"), ("carta", "f"), ("Brief", "m")),
    "flower": (("fleur", "f"), ("flor", "f"), ("Blume", "f")),
    "hat": (("chapeau", "m"), ("sombrero", "m"), ("Hut", "m")),
    "shirt": (("chemise", "f"), ("camisa", "f"), ("Hemd", "n")),
    "knife": (("couteau", "m"), ("cuchillo", "m"), ("Messer", "n")),
    "lamp": (("lampe", "f"), ("lámpara", "f"), ("Lampe", "f")),
    "king": (("roi", "m"), ("rey", "m"), ("König", "m")), "queen": (("reine", "f"), ("reina", "f"), ("Königin", "f")),
}  # fmt: skip

# English: French m f, Spanish m f, German (which does not change behind `is`)
ADJECTIVES: dict[str, tuple[tuple[str, str], tuple[str, str], str]] = {
    "big": (("grand", "grande"), ("grande", "grande"), "groß"),
    "small": (("petit", "petite"), ("pequeño", "pequeña"), "klein"),
    "old": (("vieux", "vieille"), ("viejo", "vieja"), "alt"),
    "red": (("rouge", "rouge"), ("rojo", "roja"), "rot"),
    "white": (("blanc", "blanche"), ("blanco", "blanca"), "weiß"),
    "green": (("vert", "verte"), ("verde", "verde"), "grün"),
    "black": (("noir", "noire"), ("negro", "negra"), "schwarz"),
    "yellow": (("jaune", "jaune"), ("amarillo", "amarilla"), "gelb"),
    "heavy": (("lourd", "lourde"), ("pesado", "pesada"), "schwer"),
}

FORMS = (
    "The {noun} is {adjective}.", "Is the {noun} {adjective}?", "Where is the {noun}?", "I see the {noun}.",
    "I have a {noun}.", "The {noun} is behind the {other}.",
)  # fmt: skip
_ARTICLES = {
    "french": {"m": ("le", "un"), "f": ("la", "une")},
    "spanish": {"m": ("el", "un"), "f": ("la", "una")},
    "german": {"m": ("der", "ein"), "f": ("die", "eine"), "n": ("das", "ein")},
}
_SEEN = {"m": "den", "f": "die", "n": "das"}  # German, what is seen
_HAD = {"m": "einen", "f": "eine", "n": "ein"}
_BEHIND = {"m": "dem", "f": "der", "n": "dem"}


def form_of(sentence: str) -> tuple[int, dict[str, str]]:
    """Return which of FORMS an English sentence is, and its words. Raises ValueError for any other sentence."""
    for number, form in enumerate(FORMS):
        match = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\w+)", re.escape(form)), sentence)
        if match is not None and all(
            word in (ADJECTIVES if name == "adjective" else NOUNS) for name, word in match.groupdict().items()
        ):
            return number, match.groupdict()
    raise ValueError(f"not a sentence of the phrasebook: {sentence!r}")


def translations(sentence: str, language: str) -> tuple[str, ...]:
    """Return every right translation of an English sentence, the plainest first. Raises ValueError for others."""
    number, words = form_of(sentence)
    place = LANGUAGES.index(language)
    noun, gender = NOUNS[words["noun"]][place]
    the, a = _ARTICLES[language][gender]
    other, others = NOUNS[words["other"]][place] if "other" in words else ("", "m")
    quality = _agreeing(words["adjective"], place, gender) if "adjective" in words else ""
    found = (_french, _spanish, _german)[place](number, f"{the} {noun}", f"{a} {noun}", quality, other, others, gender)
    return tuple(text[0].upper() + text[1:] if text[0].isalpha() else text for text in found)


def _agreeing(adjective: str, place: int, gender: str) -> str:
    if place == 2:
        return ADJECTIVES[adjective][2]
    return ADJECTIVES[adjective][place][gender == "f"]


def _french(n: int, the: str, a: str, quality: str, other: str, others: str, gender: str) -> tuple[str, ...]:
    he = "il" if gender == "m" else "elle"
    return (
        (f"{the} est {quality}.",),
        (f"Est-ce que {the} est {quality} ?", f"{the} est-{he} {quality} ?", f"{the} est {quality} ?"),
        (f"Où est {the} ?", f"Où se trouve {the} ?", f"{the} est où ?", f"Où est-ce que {the} est ?"),
        (f"Je vois {the}.",),
        (f"J'ai {a}.",),
        (f"{the} est derrière {'le' if others == 'm' else 'la'} {other}.",),
    )[n]


def _spanish(n: int, the: str, a: str, quality: str, other: str, others: str, gender: str) -> tuple[str, ...]:
    of = f"del {other}" if others == "m" else f"de la {other}"
    seen = the.split(" ", 1)[1]
    person = ("rey", "reina", "perro", "gato", "caballo")
    see = f"{'al' if gender == 'm' else 'a la'} {seen}" if seen in person else the
    return (
        (f"{the} es {quality}.",),
        (f"¿Es {the} {quality}?", f"¿Es {quality} {the}?", f"¿{the} es {quality}?"),
        (f"¿Dónde está {the}?",),
        (f"Veo {see}.", f"Yo veo {see}.", f"Veo {the}.", f"Yo veo {the}."),
        (f"Tengo {a}.", f"Yo tengo {a}."),
        (f"{the} está detrás {of}.",),
    )[n]


def _german(n: int, the: str, a: str, quality: str, other: str, others: str, gender: str) -> tuple[str, ...]:
    noun = the.split(" ", 1)[1]
    return (
        (f"{the} ist {quality}.",),
        (f"Ist {the} {quality}?",),
        (f"Wo ist {the}?",),
        (f"Ich sehe {_SEEN[gender]} {noun}.",),
        (f"Ich habe {_HAD[gender]} {noun}.",),
        (f"{the} ist hinter {_BEHIND[others]} {other}.",),
    )[n]
