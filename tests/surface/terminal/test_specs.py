import pytest

from nightschool.surface.terminal.specs import specs


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b", ("a", "b")),
        ("search:n=8,k=3,vote", ("search:n=8,k=3", "vote")),
        (" control , few-shot:k=3 , temperature=1", ("control", "few-shot:k=3 , temperature=1")),
        ("", ()),
        (",,a,", ("a",)),
    ],
)
def test_commas_separate_specifications_and_their_parameters(text: str, found: tuple[str, ...]) -> None:
    assert specs(text) == found
