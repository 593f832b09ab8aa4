from nightschool.exam.compare import adjusted, compare, with_plain
from nightschool.exam.result import Record, Row


def row(name: str, *outcomes: float | None) -> Row:
    records = tuple(Record(f"i{i}", "?", ("x",), outcome) for i, outcome in enumerate(outcomes))
    known = [each for each in outcomes if each is not None]
    return Row(name, name, accuracy=sum(known) / len(known) if known else None, n=len(known), records=records)


def test_only_items_that_both_answered_are_compared() -> None:
    found = compare(row("a", 0, 0, None, 1), row("b", 1, 1, 1, None))
    assert found is not None
    assert (found.n, found.gained, found.lost, found.difference) == (2, 2, 0, 1.0)


def test_nothing_in_common_gives_no_comparison() -> None:
    assert compare(row("a", None, 1), row("b", 1, None)) is None


def test_shares_get_an_interval_and_no_p_value() -> None:
    found = compare(row("a", 0.25, 0.5, 0.0), row("b", 1.0, 0.75, 0.5), seed=1)
    assert found is not None
    assert found.p_value is None
    assert found.low <= found.difference <= found.high
    assert found == compare(row("a", 0.25, 0.5, 0.0), row("b", 1.0, 0.75, 0.5), seed=1)


def test_the_family_is_adjusted_without_what_has_no_p_value() -> None:
    rows = [
        row("a", *[0.0] * 12),
        row("b", *[1.0] * 12),
        row("half", *[0.5, 0.6] * 6),
        row("c", *[1.0] * 6, *[0.0] * 6),
    ]
    found = with_plain(rows)
    assert [each.second for each in found] == ["b", "half", "c"]
    tested = [each for each in found if each.p_value is not None]
    assert len(tested) == 2
    assert tested[0].adjusted == 2 * (tested[0].p_value or 0)
    assert found[1].adjusted is None


def test_rows_without_an_accuracy_take_no_part() -> None:
    assert with_plain([row("none", None)]) == ()
    assert [c.first for c in with_plain([row("none", None), row("a", 1.0), row("b", 0.0)])] == ["a"]
    assert adjusted([None]) == ()
