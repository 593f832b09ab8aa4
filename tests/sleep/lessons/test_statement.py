import pytest

from nightschool.sleep.lessons.statement import read, relations, statements


@pytest.mark.parametrize(
    ("sentence", "relation", "subject", "said"),
    [
        ("Ada Molbane now lives in Vekburg.", "home", "Ada Molbane", "Vekburg"),
        ("Ada works as a glass blower.", "job", "Ada", "glass blower"),
        ("Ada plays the harp.", "plays", "Ada", "harp"),
        ("Ada has a dog called Rex.", "called", "Ada", "Rex"),
        ("Actually, Ada's brother is Ben Molbane.", "role", "Ada", "Ben Molbane"),
        ("The capital of Freedonia is Glim.", "role of", "Freedonia", "Glim"),
        ("My dog's name is Rex!", "own", "", "Rex"),
        ("Ada likes green tea.", "liking", "Ada", "green tea"),
        ("A topil is a green fruit.", "meaning", "topil", "a green fruit"),
        ("Ada is the mayor now.", "being", "Ada", "the mayor now"),
    ],
)
def test_plain_statements_are_taken_apart(sentence: str, relation: str, subject: str, said: str) -> None:
    found = read(sentence)
    assert found.relation is not None
    assert (found.relation.name, found.subject, found.object) == (relation, subject, said)


def test_whatever_else_is_said_stays_whole() -> None:
    found = read("Yesterday we went to the zoo.")
    assert found.relation is None
    assert (found.subject, found.object) == ("", "")


def test_questions_and_single_words_state_nothing() -> None:
    assert statements("Hello! Where is Ada?\nThanks.") == []
    assert [s.text for s in statements("Dr. Lund lives in Oslo. I saw Mr. Moe there.")] == [
        "Dr. Lund lives in Oslo.",
        "I saw Mr. Moe there.",
    ]


def test_no_relation_teaches_what_it_checks() -> None:
    for relation in relations():
        taught = {*relation.questions, *relation.reversals}
        assert len(taught) == len(relation.questions) + len(relation.reversals)
        assert len(set(relation.checks) - taught) == 2
        assert all(text.count("|") == 1 for text in (*relation.completions, *relation.backwards))
