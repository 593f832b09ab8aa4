import math

import pytest
import torch

from nightschool.errors import NotANumber, UsageError
from nightschool.items import Noise
from nightschool.society.claims.claims import Claim, agreement, learned
from nightschool.society.words.beginning import ATTRIBUTES, OBJECTS, PORTS
from nightschool.society.words.scenes import scene

RED = torch.tensor([1.0, 0.0, 0.0, 0.0])
BLUE = torch.tensor([0.0, 1.0, 0.0, 0.0])


def test_confident_claims_that_overlap_little_disagree():
    assert agreement(Claim("a", "colour", RED), Claim("b", "colour", RED)) == pytest.approx(math.log(4))
    assert agreement(Claim("a", "colour", RED, 0.9), Claim("b", "colour", BLUE, 0.9)) < -1.5
    assert agreement(Claim("a", "colour", RED, 1.0), Claim("b", "colour", BLUE, 1.0)) == -math.inf
    assert agreement(Claim("a", "colour", RED, 0.0), Claim("b", "colour", BLUE, 1.0)) == pytest.approx(0.0)


def test_a_claim_without_confidence_changes_nothing():
    assert Claim("a", "colour", RED, 0.0).factor().table.abs().max() < 1e-12


def test_bad_claims_are_refused_by_name():
    with pytest.raises(UsageError, match=r"the claim of a on colour adds up to 2"):
        Claim("a", "colour", 2 * RED)
    with pytest.raises(NotANumber, match="the claim of a on colour is NaN"):
        Claim("a", "colour", RED * float("nan"))


def test_what_the_attribute_explains_is_not_put_down_to_the_object():
    """Every jar that was seen was red or green; a jar still has no colour of its own."""
    pairs = [(a, o) for a in ("red", "green", "blue", "purple") for o in ("jar", "cup", "ball")
             if o != "jar" or a in ("red", "green")]  # fmt: skip
    scenes = [scene(pair, Noise(("explained", k, *pair))) for pair in pairs for k in range(12)]
    concepts = {c.name: c for c in learned([(s.words, s.values) for s in scenes], {p.name: p for p in PORTS})}
    on = {name: {claim.port: claim for claim in concept.claims} for name, concept in concepts.items()}
    assert int(on["purple"]["colour"].belief.argmax()) == ATTRIBUTES["purple"]["colour"]
    assert int(on["jar"]["shape"].belief.argmax()) == OBJECTS["jar"]["shape"]
    colour = on["jar"].get("colour")
    assert colour is None or agreement(on["purple"]["colour"], colour) > -1.0
