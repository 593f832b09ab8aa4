import pytest

from nightschool.errors import UsageError
from nightschool.society.words.definitions import SURE, USUALLY, forms, read_definition

KNOWN = ["small", "purple", "red", "jar", "ring", "ringing", "humming", "dancing", "still", "glass", "zorp"]


def read(text):
    found = read_definition(text, KNOWN)
    return [(part.known, part.true) for part in found.parts], list(found.unread)


@pytest.mark.parametrize(
    ("text", "parts", "unread"),
    [
        ("A blick is a small purple jar that hums.", "small purple jar humming", ""),
        ("Blicks are zorps. They never dance.", "zorp -dancing", ""),
        ("A blick is a jar which is not red but small", "jar -red small", ""),
        ("A blick is a kind of jar without glass, and it isn't still!", "jar -glass -still", ""),
        ("A blick is a ring that rings.", "ring ringing", ""),
        ("A blick is a jar made of brass.", "jar", "brass"),
        ("A blick is a jar. It is red or purple.", "jar", "red purple"),
        ("A blick is a jar, sometimes still.", "jar", "still"),
        ("A blick is a jar that does not wobble.", "jar", "wobble"),
    ],
)
def test_known_words_are_affirmed_or_denied_and_the_rest_is_told(text, parts, unread):
    wanted = [(word.removeprefix("-"), not word.startswith("-")) for word in parts.split()]
    assert read(text) == (wanted, unread.split())


def test_many_are_named_by_one():
    assert read_definition("Blicks are jars.", KNOWN).name == "blick"


def test_usually_is_less_sure():
    found = read_definition("A blick is a jar. It usually hums.", KNOWN)
    assert [part.sure for part in found.parts] == [SURE, USUALLY]


def test_what_is_denied_of_unknown_words_is_remembered():
    assert read_definition("A blick is a jar that does not wobble.", KNOWN).denied == {"wobble"}


@pytest.mark.parametrize("text", ["", "Hello there!", "A small purple jar."])
def test_a_text_that_defines_nothing_is_refused(text):
    with pytest.raises(UsageError, match="no definition in"):
        read_definition(text, KNOWN)


def test_endings_are_taken_off():
    assert "dance" in forms("dancing") & forms("dances")
    assert "hum" in forms("humming") & forms("hums")
    assert forms("is") == {"is"}
