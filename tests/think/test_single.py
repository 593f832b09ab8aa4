from nightschool.asks import Propose, Refused
from nightschool.think.single import Single
from support.thinking import draw, replies, run, task


def test_asks_for_one_draw_and_has_it() -> None:
    asked: list[Propose] = []

    def propose(ask: Propose) -> list:
        asked.append(ask)
        return [draw(" 1, 2, 3 ")]

    search = Single()
    state = run(search, task(), replies(propose, lambda ask: None))
    best = search.best(state)
    assert best is not None
    assert best.answer == "1, 2, 3"
    assert [(ask.n, ask.first_draw) for ask in asked] == [(1, 0)]
    assert search.spec == "single"
    assert search.needs == frozenset()


def test_a_failed_draw_is_no_answer() -> None:
    search = Single()
    state = run(search, task(), replies(lambda ask: [draw("1", finish="error")], lambda ask: None))
    assert search.best(state) is None
    assert len(search.thoughts(state)) == 1


def test_a_refusal_ends_it() -> None:
    search = Single()
    state = run(search, task(), lambda ask: Refused(ask.id, "no", "budget"))
    assert search.best(state) is None
    assert search.thoughts(state) == ()
