import pytest

from nightschool.errors import UsageError
from nightschool.models.scripted import Scripted
from nightschool.society.claims.claims import active
from nightschool.society.words.beginning import PORTS, beginning
from nightschool.society.words.define import define, society_of
from support.asked import Asked

SOCIETY = beginning()


def levels(society, name):
    """Return the likeliest value of each port where `name` is active, by what it implies."""
    names = {port.name: port for port in PORTS}
    return {c.port: names[c.port].levels[int(c.belief.argmax())] for c in society.implied(name, {})}


def test_a_definition_becomes_a_concept_with_ports_linked_to_known_concepts():
    found = define(SOCIETY, "A zorp is a small purple jar that hums.")
    assert [claim.port for claim in found.concept.claims] == [
        active("small"), active("purple"), active("jar"), "sound",
    ]  # fmt: skip
    assert levels(SOCIETY.joined(found.concept), "zorp") == {
        "size": "small", "colour": "purple", "shape": "jar", "material": "glass", "sound": "humming",
    }  # fmt: skip
    assert found.conflicts == ()


def test_words_are_defined_by_words_that_were_defined():
    first = define(SOCIETY, "A zorp is a purple jar.")
    second = define(society_of([first.definition]), "A blick is a huge zorp.")
    society = society_of([second.definition, first.definition])  # in any order
    assert levels(society, "blick")["colour"] == "purple"
    assert levels(society, "blick")["size"] == "huge"


@pytest.mark.parametrize(
    ("text", "pair", "port"),
    [
        ("A stelp is a dancing jar that is still.", ("dancing", "still"), "motion"),
        ("A stelp is a red zorp.", ("red", "zorp"), "colour"),
        ("A stelp is a jar that is not glass.", ("jar", "not glass"), "material"),
        ("A stelp is a zorp. It is not a jar.", ("zorp", "not jar"), "active(jar)"),
    ],
)
def test_what_cannot_be_is_named(text, pair, port):
    society = society_of([define(SOCIETY, "A zorp is a purple jar.").definition])
    (conflict,) = define(society, text).conflicts
    assert {conflict.first, conflict.second} == set(pair)
    assert conflict.port == port
    assert f"on {'whether it is jar' if 'jar' in port else port} (" in str(conflict)
    assert conflict.nats < -1


@pytest.mark.parametrize("text", ["A stelp is a small red cup that dances.", "A stelp is a jar that is not red."])
def test_what_can_be_is_not_called_a_contradiction(text):
    assert define(SOCIETY, text).conflicts == ()


def test_bad_input_is_refused():
    with pytest.raises(UsageError, match="'jar' is a word that is known from the beginning"):
        define(SOCIETY, "A jar is a red cup.")
    with pytest.raises(UsageError, match="says nothing in known words"):
        define(SOCIETY, "A zorp is a frumious bandersnatch.")
    zorp = define(SOCIETY, "A zorp is a purple jar.")
    blick = define(society_of([zorp.definition]), "A blick is a huge zorp.")
    with pytest.raises(UsageError, match="'zorp', a part of 'blick', is not known"):
        society_of([blick.definition])


def test_a_word_that_is_defined_by_itself_is_refused():
    zorp = define(SOCIETY, "A zorp is a purple jar.")
    blick = define(society_of([zorp.definition]), "A blick is a huge zorp.").definition
    left = society_of([blick, zorp.definition]).left("zorp")  # blick stays, and speaks of what is not there
    with pytest.raises(UsageError, match="zorp -> blick -> zorp"):
        define(left, "A zorp is a blick.")


def means(prompt, written):
    """Finds words again, and takes crimson for red."""
    word = prompt.rpartition('The word "')[2].split('"')[0]
    return {" " + {"crimson": "red"}.get(word, word): 0.95, " none of these": 0.05}


def test_a_model_links_what_patterns_do_not_know():
    found = define(SOCIETY, "A zorp is a crimson jar with flimflam.", Asked(Scripted(rule=means)))
    assert [(part.known, part.by) for part in found.definition.parts] == [("jar", "patterns"), ("red", "model")]
    assert found.definition.unread == ("flimflam",)


def test_a_weak_model_is_not_asked():
    same = Scripted(rule=lambda prompt, written: {" jar": 0.9, " red": 0.1})
    found = define(SOCIETY, "A zorp is a crimson jar.", Asked(same))
    assert [part.known for part in found.definition.parts] == ["jar"]
    assert "too few" in found.model
