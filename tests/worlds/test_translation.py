import pytest

from nightschool.errors import BadSpec
from nightschool.items import Item, Split
from nightschool.worlds.phrasebook import translations
from nightschool.worlds.translation import Translated, Translation


@pytest.mark.parametrize(
    ("sentence", "french", "spanish", "german"),
    [
        ("The house is old.", "La maison est vieille.", "La casa es vieja.", "Das Haus ist alt."),
        ("Is the dog red?", "Est-ce que le chien est rouge ?", "¿Es el perro rojo?", "Ist der Hund rot?"),
        ("Where is the queen?", "Où est la reine ?", "¿Dónde está la reina?", "Wo ist die Königin?"),
        ("I see the dog.", "Je vois le chien.", "Veo al perro.", "Ich sehe den Hund."),
        ("I have a hat.", "J'ai un chapeau.", "Tengo un sombrero.", "Ich habe einen Hut."),
        ("The cat is behind the door.", "Le chat est derrière la porte.", "El gato está detrás de la puerta.",
         "Die Katze ist hinter der Tür."),
    ],
)  # fmt: skip
def test_the_grammar_is_that_of_the_language(sentence: str, french: str, spanish: str, german: str) -> None:
    found = [translations(sentence, language)[0] for language in ("french", "spanish", "german")]
    assert found == [french, spanish, german]


def judged(sentence: str, answer: str, language: str = "French") -> tuple[bool, str]:
    verdict = Translated().judge(Item("i", {"sentence": sentence, "language": language}, None, "k"), answer)
    return verdict.passed, verdict.feedback


def test_other_right_ways_pass_and_points_do_not_count() -> None:
    assert judged("Is the dog red?", "le chien est-il rouge")[0]
    assert judged("I have a hat.", "J’ai un chapeau!")[0]
    assert judged("I see the house.", "yo veo la casa", "Spanish")[0]
    assert not judged("I see the house.", "I see the house.", "Spanish")[0]


def test_a_missing_accent_is_wrong_and_said() -> None:
    assert judged("Where is the dog?", "Ou est le chien ?") == (False, "An accent is wrong or missing.")


def test_whoever_answers_the_question_has_misread_the_task() -> None:
    world = Translation(ask="questions")
    for item in world.items(Split.EXAM, 20):
        read = world.misreadings(item)
        assert read["says it again"] == item.inputs["sentence"]
        assert {"answers yes", "speaks German", "speaks Spanish"} <= set(read)
        assert not any(world.reference.judge(item, text).passed for text in read.values())


def test_statements_and_questions_of_the_same_words_are_in_one_split() -> None:
    keys = {item.inputs["sentence"]: item.key for item in Translation().items(Split.EXAM, 200)}
    for sentence, key in keys.items():
        if sentence.startswith("The ") and "behind" not in sentence:
            asked = f"Is the {sentence[4:-1].replace(' is ', ' ')}?"
            assert keys.get(asked, key) == key
    assert len(Translation().items(Split.EXAM, 120)) == 120


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(BadSpec, match="french, spanish, german"):
        Translation("latin")
    with pytest.raises(ValueError, match="not a sentence"):
        translations("The dog sings.", "french")
