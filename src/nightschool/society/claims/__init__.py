"""A society of members that claim something of common ports, and fight over it.

claims   what a member predicts, how surely, and how well two claims go together
society  members, the graph in which they fight, and who contradicts whom
once     claims that agree count as one
explain  whom to consult in a large society, until the best explanation stands
"""
