from __future__ import annotations

import pytest

from nightschool.remember.claims import claim_of


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("My phone number is 555.", "ann's phone number"), ("Actually, my name is Bo.", "ann's name"),
        ("I live in Oslo.", "ann live in"), ("Cy lives in Rome now.", "cy live in"), ("I work at Y", "ann work at"),
        ("Bo's favourite colour is red", "bo's favourite colour"), ("The code of gate six is 1.", "gate six's code"),
        ("My friends are coming.", None), ("I went home.", None), ("Is my name Bo?", None), ("", None),
        ("My day is good.", None), ("The name is on the door.", None),
    ],
)  # fmt: skip
def test_only_what_has_one_value_is_a_claim(text: str, claim: str | None) -> None:
    assert claim_of(text, "Ann") == claim
