from dataclasses import asdict
from xml.etree import ElementTree

import pytest

from nightschool.exam import Drawing, Finding, Series
from nightschool.exam.report.plots import plot
from nightschool.exam.report.write import render

CURVE = Series("a < b", ((0.0, 0.1), (1.0, 0.5), (2.0, 0.9)), ((0.0, 0.0, 0.2), (1.0, 0.4, 0.6), (2.0, 0.8, 1.0)))
DRAWINGS = (
    Drawing("lines", "curve", "x", "y", rate=True, series=(CURVE, Series("other", ((0.0, 1.0),), kind="dashed"))),
    Drawing("lines", "below zero", "x", "y", series=(Series("c", ((1.0, -2.0), (4.0, 7.5))),)),
    Drawing("dots", "ranks", "place", "rank", log_y=True, series=(Series("r", ((1.0, 1.0), (40.0, 9000.0))),)),
    Drawing("lines", "nothing", "x", "y"),
    Drawing("shares", "parts", parts={"one": (0.25, 0.1, 0.4), "two": (0.75, 0.6, 0.9)}),
    Drawing("strip", "rates", parts={"worst": (0.1, 0.0, 0.2), "best": (0.9, 0.8, 1.0)}),
)


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda each: each.title)
def test_a_drawing_is_well_formed_and_tells_its_title(drawing: Drawing) -> None:
    svg = ElementTree.fromstring(str(plot(asdict(drawing))))
    label = svg.get("aria-label") or ""
    assert label
    for element in svg.iter():
        for name in ("x", "y", "cx", "cy", "width", "height"):
            value = element.get(name)
            assert value is None or -1 <= float(value) <= 760, (drawing.title, element.tag, name, value)


def test_a_page_shows_findings_and_escapes_them() -> None:
    finding = Finding(
        "horizon", "How <far>", "It gets & goes.", ("a <note>",), ("way", "n"), (("<b>", 3), ("x", None)), DRAWINGS
    )
    absent = Finding("drift", "How far it drifts", unavailable="there is no source")
    exam = {"rungs": [], "items": [], "findings": [asdict(finding), asdict(absent)]}
    page = render({"title": "t", "exam": exam})
    for text in ("How &lt;far&gt;", "a &lt;note&gt;", "&lt;b&gt;", "Not available: there is no source"):
        assert text in page
    assert "<far>" not in page
