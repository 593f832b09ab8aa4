from nightschool.surface.terminal.table import table


def test_columns_are_aligned_and_markup_is_text() -> None:
    shown = table(["name", "n"], [["a [b]", "1"], ["longer", "1,000"]], numbers=[1])
    assert shown.splitlines()[0] == "name         n"
    assert shown.splitlines()[-2:] == ["a [b]        1", "longer   1,000"]


def test_no_row_is_wrapped_or_cut() -> None:
    wide = "x" * 300
    assert table(["name"], [[wide]]).splitlines()[-1] == wide
