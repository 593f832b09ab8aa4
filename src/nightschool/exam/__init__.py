"""The exam: what a model can do, by every way that is tried, on items that chose nothing, with intervals and costs.

    rung, rungs   the ways, and the contract of one
    sit           all rungs over the same items
    analysis, finding, analyses
                  ways to look at what was answered, and what they find; readings, formats and weighing serve them
    grade, measure, compare, warn
                  answers -> outcomes -> rows -> paired comparisons -> what the reader must be told
    result        the report as plain data and JSON
    report        the report as a page

It knows no sleep: an adapter comes by its name, and what trains one is handed in. Called, `ns.exam("sorting")` holds
one: see `surface.python.exam`.
"""

from nightschool.called import let_be_called
from nightschool.exam.analysis import Analysis, open_analyses
from nightschool.exam.finding import Drawing, Finding, Series
from nightschool.exam.result import Comparison, ExamReport, Question, Record, Row
from nightschool.exam.rung import Absent, Line, Part, Plan, Room, Rung, Said, Way
from nightschool.exam.sit import LADDER, PROBES, open_rungs, sit

__all__ = [
    "LADDER",
    "PROBES",
    "Absent",
    "Analysis",
    "Comparison",
    "Drawing",
    "ExamReport",
    "Finding",
    "Line",
    "Part",
    "Plan",
    "Question",
    "Record",
    "Room",
    "Row",
    "Rung",
    "Said",
    "Series",
    "Way",
    "open_analyses",
    "open_rungs",
    "sit",
]

let_be_called(__name__)
