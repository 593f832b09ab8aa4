"""The day: exam, practise, sleep, gate, exam, recommend.

run         the day as its sentence
settings    how it is spent
curriculum  where to practise next: the hardest place where search finds something
practise    search with a verifier on practice items, beside random proposals
term        practise, learn, climb, with one adapter that carries on; resumable
watched     what must not be lost
recommend   the cheapest way that reaches a target
result      the day as JSON and as a page
"""
