"""What a person types and sees: the command line, its progress bars and its tables.

cli        the command group and the one place where errors become one line and an exit code
lazy       a group that knows its commands without importing them
options    the options that commands share, read into one `Settings`
say        answers to stdout, or one JSON object
watch      progress on stderr
table      tables for a terminal
commands/  one module for each command

Not known here: how anything is done. A command checks what was typed, calls the room below, and shows what came back.
"""
