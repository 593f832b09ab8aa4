"""Is the answer the target's number?"""

from __future__ import annotations

from fractions import Fraction

from nightschool.critics.compose import Combines
from nightschool.critics.parameters import at_least_zero, one_of
from nightschool.critics.texts.numerals import numbers_in, read_number
from nightschool.items import Item, Verdict
from nightschool.ports import Sight


class Numeric(Combines):
    """Passed when the answer's number is the target's, within tolerance. Exact by default: 0.5, .50, 1/2 are equal.

    find: `only` (strict, the default) wants one number and nothing else, though a full stop may follow; `last`
    (lenient) takes the last number in the text, so that "The answer is 42." counts.
    tolerance: absolute; relative: a share of the target's size; the more generous of the two holds.
    Thousands separators (1,250), fractions (3/4), exponents (1e3) and the minus sign U+2212 are read; percent signs,
    currencies, infinity and NaN are not numbers here.
    """

    name = "numeric"
    sight = Sight.REFERENCE

    def __init__(self, tolerance: float = 0.0, relative: float = 0.0, find: str = "only") -> None:
        self.tolerance = Fraction(at_least_zero(tolerance, "tolerance", self.name))
        self.relative = Fraction(at_least_zero(relative, "relative", self.name))
        self.find = one_of(find, ["only", "last"], "find", self.name)

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return all or nothing. Raises ValueError when the target is no number."""
        target = None if item.target is None else read_number(item.target)
        if target is None:
            raise ValueError(f"the target {item.target!r} is not a number")
        number = self._read(answer)
        if number is None:
            wanted = "Answer with one number and nothing else." if self.find == "only" else "There is no number in it."
            return Verdict.of(False, wanted)
        if abs(number - target) <= max(self.tolerance, self.relative * abs(target)):
            return Verdict.of(True)
        return Verdict.of(False, "This is not the right number.")

    def _read(self, answer: str) -> Fraction | None:
        if self.find == "only":
            answer = answer.strip()
            return read_number(answer[:-1] if answer.endswith(".") else answer)
        found = numbers_in(answer)
        return read_number(found[-1]) if found else None
