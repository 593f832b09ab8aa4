"""One module for each command; its name is the command's, and `command` in it is the click command.

A module imports click and this package only: rooms below are imported when the command runs, so that `--help` and
typing errors are answered at once.
"""
