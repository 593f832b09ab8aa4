"""The report: one JSON file and one HTML page that reads well without a network.

    schema    what a page is made of, as plain dictionaries
    words     numbers as a reader wants them, and the sentences made of them
    svg       the elements of a drawing, escaped
    charts    the drawings: intervals, slope, cost against accuracy, rounds, loss, gate
    plots     the drawings of findings: curves with bands, parts of a whole
    view      from the dictionaries to what the template shows
    write     both files, whole or not at all; the sections alone, for the server's page
    look/     colours, elements and the table of items, which reports and the server's page share

A page is composed of sections; those that `data` lacks are left out. Everything that a model, a user or a file wrote is
escaped, and the page's own policy lets no script run but the one that came with it.
"""

from nightschool.exam.report.schema import (
    ChangeData,
    ChosenData,
    GateData,
    PageData,
    PracticeData,
    RecommendationData,
    RoundData,
    ScoreData,
    SelectionData,
    SleepData,
    StageData,
    TestData,
    WatchedData,
)
from nightschool.exam.report.write import LOOK, check_folder, sections, write

__all__ = [
    "LOOK",
    "ChangeData",
    "ChosenData",
    "GateData",
    "PageData",
    "PracticeData",
    "RecommendationData",
    "RoundData",
    "ScoreData",
    "SelectionData",
    "SleepData",
    "StageData",
    "TestData",
    "WatchedData",
    "check_folder",
    "sections",
    "write",
]
