"""Python functions of somebody else's: found by name, called in time, run in processes of their own, and tested.

find       a function from `module:function` or `FILE.py:function`, and what it says of an answer
timelimit  waiting for one no longer than promised
apart      the same function in processes that can be killed
cases      tests of a function, one a line
"""
