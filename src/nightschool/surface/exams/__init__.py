"""Behind `exam`, `view`, `scale` and `unmask`: what exams are sat with, and how their reports are shown.

analyses                  which analyses an exam does
training                  what the rungs that train are handed
family                    the same exam over many models, for `scale`
unmask, unmask_findings   the exam of the exam, and what it wrote down
shown, report_files       a report on the terminal and its page; as files for other tools
"""
