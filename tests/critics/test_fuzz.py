"""No answer that a model could write harms a critic: a verdict comes back, in time, fit to print."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.callable import CallableCritic
from nightschool.critics.choice import Choice
from nightschool.critics.contains import Contains
from nightschool.critics.exact import Exact
from nightschool.critics.fields import Fields
from nightschool.critics.judging import judge
from nightschool.critics.numeric import Numeric
from nightschool.critics.regex import Regex
from nightschool.critics.sorted_list import SortedList
from nightschool.critics.sorted_prefix import SortedPrefix
from nightschool.items import Item
from nightschool.ports import Critic

PLAIN = Item("i", {"numbers": "12, 3, 45", "message": "Pay $45 to Ann by 3 March 2025."}, "42", "k", ("42", "43"))
NAMED = Item("i", PLAIN.inputs, "who: Ann\nday: 2025-03-03\nsum: $45", "k")
EXPECT = "who day=date sum=amount count=number? mail=email?"
CRITICS: list[tuple[Critic, Item]] = [
    (Exact(), PLAIN), (Exact(case=False, space=False), PLAIN), (Numeric(), PLAIN), (Numeric(find="last"), PLAIN),
    (Regex(r"(\w+\s?)*\d", limit_s=0.2), PLAIN), (Contains(), PLAIN), (Contains("a"), PLAIN), (Choice(), PLAIN),
    (Choice(find="any"), PLAIN), (SortedList(), PLAIN), (SortedPrefix(), PLAIN), (Fields(EXPECT), NAMED),
    (Fields(EXPECT, "verifier"), NAMED), (CallableCritic(lambda answer: answer == "42"), PLAIN),
    (Exact() & SortedList(), PLAIN), (~Numeric() | Contains("x"), PLAIN),
]  # fmt: skip
IDS = [f"{critic.name}-{number}" for number, (critic, _) in enumerate(CRITICS)]

ANY_TEXT = st.text(st.characters(blacklist_categories=()))
LIKE_ANSWERS = st.text(st.sampled_from('0123456789,;.:/-+eE[](){}" \n\tAnnwhodaysum$€\x00\x1b\ud800٣−'), max_size=80)
FORMS = st.sampled_from(
    ["who: {}\nday: {}\nsum: {}", '{{"who": "{}", "day": "{}", "sum": {}}}', "[{}, {}, {}]", "{} {} {}"]
)


def check(critic: Critic, item: Item, answer: str) -> None:
    verdict = judge(critic, item, answer)
    assert 0 <= verdict.score <= 1
    assert not (verdict.error and verdict.passed)
    (verdict.feedback + (verdict.error or "")).encode()
    assert len(verdict.feedback) < 2100
    if not isinstance(critic, Regex):
        assert verdict.error is None


@pytest.mark.parametrize(("critic", "item"), CRITICS, ids=IDS)
def test_any_text(critic: Critic, item: Item) -> None:
    @given(ANY_TEXT | LIKE_ANSWERS | st.builds(str.format, FORMS, LIKE_ANSWERS, LIKE_ANSWERS, LIKE_ANSWERS))
    def run(answer: str) -> None:
        check(critic, item, answer)

    run()


MONSTERS = {
    "letters": "a" * 400_000,
    "digits": "9" * 400_000,
    "spaces": "1" + " " * 400_000 + "2",
    "blank": " " * 400_000,
    "numbers": "1, " * 32_000,
    "thousands": "1,000" * 20_000,
    "dots": "1." * 50_000,
    "words": "3 March 2025 " * 8_000,
    "amounts": "$1,0 EUR " * 10_000,
    "lines": "who: x\n" * 16_000,
    "colons": ":" * 100_000,
    "brackets": "[" * 100_000,
    "nested": '{"a":' * 20_000,
    "fences": "```\n" * 24_000,
    "dashes": "-" * 100_000,
    "ats": "a@" * 50_000,
    "mail": "who: " + "a." * 160_000 + "@b",
    "exponents": "1e9" * 32_000,
    "huge": "1e99999999999",
    "nulls": "\x00" * 100_000,
    "surrogates": "\ud800\udfff" * 50_000,
    "combining": "e" + "\u0301" * 40_000,
}


@pytest.mark.parametrize("name", MONSTERS)
@pytest.mark.parametrize(("critic", "item"), CRITICS[:-2], ids=IDS[:-2])
def test_monsters(critic: Critic, item: Item, name: str) -> None:
    start = time.monotonic()
    check(critic, item, MONSTERS[name])
    assert time.monotonic() - start < 10
